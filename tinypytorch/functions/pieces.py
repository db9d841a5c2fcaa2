"""Floor 4: parts of numbers, copies, and functions that call a function on parts of an array.

Imports floors 1 to 3 and other functions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tinypytorch.arrays import (
    Array,
    Mask,
    Positions,
    Precision,
    Shape,
    is_array,
    is_numpy_scalar,
    normalize_axis,
    real_array,
)
from tinypytorch.core.apply import as_array, constant
from tinypytorch.core.hooks import is_served
from tinypytorch.core.methods import Places, places
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.rearranging import expand_dims, moveaxis
from tinypytorch.functions.rounding import fmod, positive, remainder
from tinypytorch.functions.selecting import at_set
from tinypytorch.functions.selection import where
from tinypytorch.functions.shaping import stack


def copy(x: Operand) -> Variable:
    """The same values in an array of their own.

    >>> copy(Variable(np.array(3.0)))
    variable(3.0)
    """
    return positive(x)


def astype(x: Operand, dtype: Precision) -> Variable:
    """The same values in another floating dtype; the gradient comes back in that of x.

    >>> astype(Variable(np.array(3.0)), np.float32).dtype
    dtype('float32')
    """
    return constant(x).astype(dtype)


def modf(x: Operand) -> tuple[Variable, Array]:
    """The part behind the dot, with dx = 1, and the whole part, a plain array; both have the sign of x.

    >>> modf(Variable(np.array(-3.5)))
    (variable(-0.5), array(-3.))
    """
    y = constant(x)
    whole: Array = np.trunc(y.data)
    endless: Mask = np.isinf(y.data)
    if not endless.any():
        return fmod(y, 1.0), np.asarray(whole)
    nothing: Array = np.copysign(0.0, y.data)
    return where(endless, nothing, fmod(where(endless, 0.0, y), 1.0)), np.asarray(whole)


def divmod(a: Operand, b: Operand) -> tuple[Array, Variable]:
    """The quotient rounded down, a plain array, and `remainder`, with its gradients.

    >>> divmod(Variable(np.array(7.5)), 2.0)
    (array(3.), variable(1.5))
    """
    quotient: Array = np.floor_divide(constant(a).value(), constant(b).value())
    return np.asarray(quotient), remainder(a, b)


def frexp(x: Operand) -> tuple[Variable, Positions]:
    """m with 0.5 <= |m| < 1 and integers e, a plain array, so that x = m 2**e. dx = 2**-e.

    >>> frexp(Variable(np.array(6.0)))
    (variable(0.75), array(3, dtype=int32))
    """
    y = constant(x)
    parts: tuple[Array, Positions] = np.frexp(y.data)
    e: Positions = np.array(parts[1])
    down: Positions = -e
    return ldexp(y, down), e


def ldexp(x: Operand, e: Places) -> Variable:
    """x 2**e for integers e, which are constants; broadcast. dx = 2**e.

    >>> ldexp(Variable(np.array(0.75)), 3)
    variable(6.0)
    """
    y = constant(x)
    exponents = places("ldexp", e)
    half: Positions = exponents // 2  # 2**e may overflow where x 2**e does not
    one: Array = np.ones((), y.dtype)
    first: Array = np.ldexp(one, half)
    other: Positions = exponents - half
    second: Array = np.ldexp(one, other)
    return y * first * second


def unwrap(x: Operand, discont: float | None = None, axis: int = -1, *, period: float = 2 * math.pi) -> Variable:
    """Angles without their jumps: where neighbours along `axis` differ by more than half a period (or `discont`), whole
    periods are added. dx = 1.

    >>> unwrap(Variable(np.array([0.0, 3.0, 6.0, 2.5])), period=4.0)
    variable([ 0.  -1.  -2.  -1.5])
    """
    y = constant(x)
    changed: Array = np.unwrap(y.data, discont, axis, period=period)
    turns: Array = np.rint((changed - y.data) / period)
    return y + (turns * period).astype(y.dtype)


def piecewise(
    x: Operand, condlist: Sequence[Operand] | Operand, funclist: Sequence[object], *args: object, **kw: object
) -> Variable:
    """Each function of the entries of x for which its condition holds (the last one that does); numbers are constants.

    One function more than conditions is for the entries without any, which are 0 otherwise. Functions get a vector, and
    the arguments that follow.

    >>> piecewise(Variable(np.array([-2.0, 3.0])), [np.array([True, False])], [lambda x: -x, lambda x: x**2])
    variable([2. 9.])
    """
    y = constant(x)
    given: Sequence[Operand] = condlist if isinstance(condlist, list | tuple) else (_one(condlist),)
    masks: list[Mask] = [np.broadcast_to(as_array(condition).astype(np.bool), y.shape) for condition in given]
    if len(funclist) == len(masks) + 1:
        rest = np.ones(y.shape, np.bool)
        for mask in masks:
            rest &= ~mask
        masks.append(rest)
    if len(funclist) != len(masks):
        raise ValueError(f"piecewise: {len(funclist)} functions for {len(masks)} conditions")
    answer = constant(np.zeros_like(y.data))
    for mask, f in zip(masks, funclist, strict=True):
        if mask.any():
            answer = at_set(answer, mask, _operand("piecewise", f(y[mask], *args, **kw) if is_served(f) else f))
    return answer


def _one(condition: Sequence[Operand] | Operand) -> Operand:
    if isinstance(condition, Sequence):
        raise TypeError("piecewise: takes a list or tuple of conditions")
    return condition


def apply_along_axis(func1d: object, axis: int, arr: Operand, *args: object, **kwargs: object) -> Variable:
    """What a function makes of each line along an axis, in place of the line.

    >>> apply_along_axis(lambda line: line[0] * line[1], 1, Variable(np.array([[1.0, 2.0], [3.0, 4.0]])))
    variable([ 2. 12.])
    """
    x = constant(arr)
    i = normalize_axis(axis, x.ndim)
    if not is_served(func1d):
        raise TypeError("apply_along_axis: the first argument is a function")
    if not x.size:
        raise ValueError("apply_along_axis: there are no lines")
    last = moveaxis(x, i, -1)
    others: Shape = last.shape[:-1]
    lines = last.reshape((-1, x.shape[i]))
    made = stack([_operand("apply_along_axis", func1d(line, *args, **kwargs)) for line in lines])
    part: Shape = made.shape[1:]
    inside = range(len(others), len(others) + len(part))
    return moveaxis(made.reshape((*others, *part)), tuple(inside), tuple(range(i, i + len(part))))


def apply_over_axes(func: object, a: Operand, axes: int | Sequence[int]) -> Variable:
    """A function of an array and an axis, over several axes one after the other; axes that go are left with length 1.

    >>> apply_over_axes(np.sum, Variable(np.ones((2, 3, 4))), (0, 2)).shape
    (1, 3, 1)
    """
    y = constant(a)
    if not is_served(func):
        raise TypeError("apply_over_axes: the first argument is a function")
    for axis in (axes,) if isinstance(axes, int) else axes:
        i = normalize_axis(axis, y.ndim)
        made = constant(_operand("apply_over_axes", func(y, i)))
        made = made if made.ndim == y.ndim else expand_dims(made, i)
        if made.ndim != y.ndim:
            raise ValueError(f"apply_over_axes: the function gives {made.ndim - 1} axes of {y.ndim}")
        y = made
    return y


def _operand(name: str, x: object) -> Operand:
    """What a function gave, if it is an operand."""
    if isinstance(x, (Variable, int, float)):
        return x
    if is_array(x) or is_numpy_scalar(x):
        values = real_array(x)
        if values is not None:
            return values
    raise TypeError(f"{name}: the function gave {type(x).__name__}, not a Variable, an array or a number")
