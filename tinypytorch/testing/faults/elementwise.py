"""Floor 6: wrong rules of elementwise ops. Imports floors 1 and 2, and `fault`.

Left out, because nothing that is computed would change: `Add` with its rules exchanged (both are the cotangent);
`Square` as gy * (x + x) (the same rounding); `Neg` as gy * -1.0 (exact).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from tinypytorch.arrays import Array, is_numpy_scalar
from tinypytorch.core.variable import Variable
from tinypytorch.ops import arithmetic as ar
from tinypytorch.ops import elementwise as el
from tinypytorch.ops import selection as se
from tinypytorch.ops import ufuncs as u
from tinypytorch.testing.faults.fault import ELEMENTWISE, Fault, Patch, Rule, always, is_ndarray, rule, rule_a, rule_b


def _plain(x: object) -> bool:
    """Whether a rule runs on arrays, not on Variables."""
    return is_ndarray(x) or is_numpy_scalar(x)


def _mask(condition: object) -> Array:
    """A condition as zeros and ones."""
    return np.asarray(condition, np.float64)


def _value(x: object) -> Array:
    """What a Variable holds, as a constant."""
    return x.data if isinstance(x, Variable) else np.asarray(x)


def _in_place(op: object, gy: Array, y: Array, x: Array, /) -> Array:
    return np.negative(gy, out=gy) if is_ndarray(gy) else -gy


def _rounded(op: object, gy: Array, y: Array, x: Array, /) -> Array:
    return gy * np.asarray(np.asarray(y, np.float32), np.float64) if _plain(y) else gy * y


def _all_but_last(op: object, gy: Array, y: Array, x: Array, /) -> Array:
    keep = np.ones(x.size)
    keep[1:] = np.arange(1, x.size) < x.size - 1
    return gy * (x * 2.0) * keep.reshape(x.shape)


def _no_entries(op: object, gy: Array, y: Array, x: Array, /) -> Array:
    return -gy if gy.reshape((-1,))[0] is not None else gy


def _cached_by_shape() -> Rule:
    cache: dict[tuple[int, ...], Array] = {}

    def cos_of_the_first(op: object, gy: Array, y: Array, x: Array, /) -> Array:
        return gy * (cache.setdefault(x.shape, u.cos(x)) if _plain(x) else u.cos(x))

    return cos_of_the_first


def _cached_by_id() -> Rule:
    cache: dict[int, Array] = {}

    def by_id(op: object, gy: Array, y: Array, x: Array, /) -> Array:
        if not is_ndarray(x):
            return gy * u.cos(x)
        found = cache.setdefault(id(x), u.cos(x))
        return gy * (found if found.shape == x.shape else u.cos(x))

    return by_id


def _one_buffer() -> Callable[[object, Array], Array]:
    """A forward that gives the same memory for every array of a shape."""
    buffers: dict[object, Array] = {}

    def tanh(op: object, x: Array, /) -> Array:
        if not is_ndarray(x) or x.dtype == object:
            return u.tanh(x)
        y = buffers.setdefault((x.shape, x.dtype), np.empty_like(x))
        return np.tanh(x, out=y)

    return tanh


def _overwriting(op: object, x: Array, /) -> Array:
    """A forward that writes its result into its operand, which others have saved."""
    if is_ndarray(x) and x.flags.writeable:
        return np.maximum(x, 0.0, out=x)
    return u.maximum(x, 0.0)


def _of_base(op: object, gy: Array, y: Array, x: Array, /) -> Array:
    base: object = x.base if is_ndarray(x) else None
    if is_ndarray(base) and base.dtype == x.dtype and base.size >= x.size:
        return gy * (base.reshape((-1,))[: x.size].reshape(x.shape) * 2.0)
    return gy * (x * 2.0)


def _stopped_exp(op: object, gy: Array, y: Array, x: Array, /) -> Array:
    return gy * _value(y)


def _stopped_mul(op: object, gy: Array, y: Array, a: Array, b: Array, /) -> Array:
    return gy * _value(b)


def _of_first(op: object, gy: Array, y: Array, a: Array, b: Array, /) -> Array:
    return gy * a


def _of_second(op: object, gy: Array, y: Array, a: Array, b: Array, /) -> Array:
    return gy * b


def _swapped_on_variables(op: object, gy: Array, y: Array, a: Array, b: Array, /) -> Array:
    return gy * b if _plain(gy) else gy * a


def _at_least(op: object, gy: Array, y: Array, a: Array, b: Array, /) -> Array:
    return gy * _mask(a >= b)


def _below(op: object, gy: Array, y: Array, a: Array, b: Array, /) -> Array:
    return gy * _mask(a < b)


_SIGN = "sign"
_FACTOR = "factor"
_ZERO = "zero|dropped"

FAULTS: Final[tuple[Fault, ...]] = (
    rule("sign flipped", el.Sin, lambda op, gy, y, x: -gy * u.cos(x), _SIGN),
    rule("sign missing", el.Cos, lambda op, gy, y, x: gy * u.sin(x), _SIGN),
    rule("factor 2 missing", ar.Square, lambda op, gy, y, x: gy * x, _FACTOR),
    rule("half", el.Sqrt, lambda op, gy, y, x: gy / y, _FACTOR),
    rule("zero times an infinite slope", el.Sqrt, lambda op, gy, y, x: gy / (y * 2.0), "", lone=False),
    rule_b("zero times an infinite quotient", ar.Div, lambda op, gy, y, a, b: -(gy / b) * y, "", lone=False),
    rule("output used for input", el.Log, lambda op, gy, y, x: gy / y, "factor|finite|output"),
    rule("input used for output", el.Exp, lambda op, gy, y, x: gy * x, "factor|zero|differ|input"),
    rule("upstream gradient ignored", el.Sigmoid, lambda op, gy, y, x: y * (1 - y), "upstream"),
    rule("inner derivative of the square lost", el.Tanh, lambda op, gy, y, x: gy * (1 - y), _FACTOR),
    rule("wrong below zero", el.Tanh, lambda op, gy, y, x: gy * (1 - y * u.absolute(y)), "factor|zero|differ"),
    rule_a("the square lost", el.OverCoshSquared, lambda op, gy, y, a, b: gy / u.cosh(b), _FACTOR),
    rule_b("factor lost", el.OverCoshSquared, lambda op, gy, y, a, b: gy * y * u.tanh(b) * -1.0, _FACTOR),
    rule("second derivative cut", el.Exp, _stopped_exp, "plain array|saved", lone=False),
    rule("kept positive", el.Abs, lambda op, gy, y, x: gy, _SIGN),
    rule("mask inverted", se.Relu, lambda op, gy, y, x: gy * _mask(x < 0), "zero|mask|dropped"),
    rule("leaks below zero", se.Relu, lambda op, gy, y, x: gy * (0.99 * _mask(x > 0) + 0.01), "must not|zero"),
    rule("1 at 0", se.Relu, lambda op, gy, y, x: gy * _mask(x >= 0), ""),
    rule("1 at 0", el.Abs, lambda op, gy, y, x: gy * (_mask(x >= 0) - _mask(x < 0)), ""),
    rule("0 at the bounds", se.Clip, lambda op, gy, y, x: gy * _mask(u.absolute(x) < 1.0), ""),
    Fault(
        "Maximum: the first gets it at a tie",
        ELEMENTWISE,
        (
            Patch(se.Maximum, "backward_a", always(_at_least)),
            Patch(se.Maximum, "backward_b", always(_below)),
        ),
    ),
    rule("mask ignored", se.Clip, lambda op, gy, y, x: gy, "must not|zero"),
    rule("bounds taken for the output", se.Clip, lambda op, gy, y, x: gy * _mask(u.absolute(y) < 0.5), _ZERO),
    rule(
        "exponent off by one",
        ar.PowConst,
        lambda op, gy, y, x: gy * x ** vars(op)["c"] * vars(op)["c"],
        "exponent|factor",
    ),
    rule("upstream gradient changed in place", ar.Neg, _in_place, ""),
    rule("rounded through float32", el.Exp, _rounded, "relative error"),
    rule("last entry dropped", ar.Square, _all_but_last, _ZERO),
    rule("crashes on no entries", ar.Neg, _no_entries, "exception"),
    rule("reads the base of a view", ar.Square, _of_base, "", lone=False),
    Fault("Sin: cache keyed by shape", ELEMENTWISE, (Patch(el.Sin, "backward", _cached_by_shape),), True),
    Fault("Sin: cache keyed by id", ELEMENTWISE, (Patch(el.Sin, "backward", _cached_by_id),), False),
    Fault(
        "Relu: forward overwrites its operand", ELEMENTWISE, (Patch(se.Relu, "forward", always(_overwriting)),), False
    ),
    Fault("Tanh: output memory used again", ELEMENTWISE, (Patch(el.Tanh, "forward", _one_buffer),), False),
    rule_b("operand taken for the other", ar.Mul, _of_second, "swapped|factor|other|confused"),
    Fault(
        "Mul: two operands swapped",
        ELEMENTWISE,
        (
            Patch(ar.Mul, "backward_a", always(_of_first)),
            Patch(ar.Mul, "backward_b", always(_of_second)),
        ),
        True,
        apt="swapped|factor|other|confused",
    ),
    rule_a("second derivative cut", ar.Mul, _stopped_mul, "plain array|saved", lone=False),
    rule_a("differs between arrays and Variables", ar.Mul, _swapped_on_variables, "", lone=False),
    rule_a("operand dropped", ar.Add, lambda op, gy, y, a, b: gy * 0.0, _ZERO),
    rule_b("sign missing", ar.Sub, lambda op, gy, y, a, b: gy, _SIGN),
    rule_b("quotient's sign", ar.Div, lambda op, gy, y, a, b: gy / b * y, _SIGN),
    rule_b("quotient's square", ar.Div, lambda op, gy, y, a, b: -gy * y, _FACTOR),
    rule_a("multiplied instead of divided", ar.Div, lambda op, gy, y, a, b: gy * b, _FACTOR),
    rule_b("logarithm of the wrong operand", ar.Pow, lambda op, gy, y, a, b: gy * y * u.log(u.absolute(b)), ""),
    rule_a("exponent off by one", ar.Pow, lambda op, gy, y, a, b: gy * b * a**b, "exponent|factor"),
    rule_a("the smaller gets it", se.Maximum, _below, "zero|swapped|other|confused"),
    rule_a("both get it at a tie", se.Maximum, _at_least, ""),
    rule_b("mask of the maximum", se.Minimum, _below, "zero|swapped|other|confused"),
)
