"""Floor 6: wrong rules of products, running sums, norms, and of ops that move or put. Imports floors 1, 2, and `fault`.

Left out: `var` with another `ddof`, which is made of other functions (`Mean: divisor off by one` is the mistake in an
op).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tinypytorch.arrays import Slice, along, normalize_axis
from tinypytorch.function import T, join, lift
from tinypytorch.ops import accumulations as ac
from tinypytorch.ops import exponential as ex
from tinypytorch.ops import indexing as ix
from tinypytorch.ops import shaping as sh
from tinypytorch.ops import trigonometric as tr
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.convolution import Convolve
from tinypytorch.ops.reductions import Sum, restore
from tinypytorch.testing.faults.fault import Fault, rule, structural

_BACK: Slice = slice(None, None, -1)


def _reversed(x: T, axis: int) -> T:
    return x[along(normalize_axis(axis, x.ndim), _BACK)]


def _over(g: T, x: T) -> T:
    with np.errstate(all="ignore"):
        return g / x


def _divided(op: ac.Prod, gy: T, y: T, x: T, /) -> T:
    """Right but where an entry is zero."""
    return _over(restore(gy * y, x.shape, op.axis), x)


def _all_of_it(op: ac.Prod, gy: T, y: T, x: T, /) -> T:
    return restore(gy * y, x.shape, op.axis) + x * 0.0


def _not_from_the_end(op: ac.CumSum, gy: T, y: T, x: T, /) -> T:
    return lift(op, gy)


def _sums_divided(op: ac.CumProd, gy: T, y: T, x: T, /) -> T:
    """Right but where an entry is zero."""
    return _over(_reversed(lift(ac.CumSum(op.axis), _reversed(gy * y, op.axis)), op.axis), x)


def _last_only(op: ac.CumProd, gy: T, y: T, x: T, /) -> T:
    return _over(gy * y, x)


def _not_divided(op: ac.Norm, gy: T, y: T, x: T, /) -> T:
    return restore(gy, x.shape, op.axis) * x


def _sum_forgotten(op: ac.LogSoftmax, gy: T, y: T, x: T, /) -> T:
    return gy - u.exp(y) * gy


def _all_alike(op: ac.LogSoftmax, gy: T, y: T, x: T, /) -> T:
    return gy - lift(Sum(op.axis, keepdims=True), gy * u.exp(y))


def _forwards(op: Convolve, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
    """Convolved with the other operand as it is, not backwards."""
    a, b = xs
    of_a: Slice = slice(b.size - 1, b.size - 1 + a.size, None)
    of_b: Slice = slice(a.size - 1, a.size - 1 + b.size, None)
    return join(Convolve(), (gy, b))[of_a], join(Convolve(), (gy, a))[of_b]


def _from_the_start(op: Convolve, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
    a, b = xs
    of_a: Slice = slice(0, a.size, None)
    of_b: Slice = slice(0, b.size, None)
    return join(Convolve(), (gy, b[_BACK]))[of_a], join(Convolve(), (gy, a[_BACK]))[of_b]


def _rolled_on(op: sh.Roll, gy: T, y: T, x: T, /) -> T:
    return lift(op, gy)


def _kept_everywhere(op: ix.SetAt, gy: T, y: T, a: T, b: T, /) -> T:
    return gy


def _every_value(op: ix.SetAt, gy: T, y: T, a: T, b: T, /) -> T:
    """Values that others have replaced get a gradient, too."""
    return gy[op.index]


def _root_once(op: tr.Direction, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
    a, b = xs
    g = gy * join(op, (b, a))
    return g * join(op, (b, a)), -g * y


_MOVED: Final = "places|zero|must not|swapped|differ|other"

FAULTS: Final[tuple[Fault, ...]] = (
    structural("divided by the entry", ac.Prod, "backward", _divided, "nan|roundings"),
    structural("the whole product for every entry", ac.Prod, "backward", _all_of_it, "factor|differ|must not|saved"),
    structural("not from the other end", ac.CumSum, "backward", _not_from_the_end, _MOVED),
    structural("divided by the entry", ac.CumProd, "backward", _sums_divided, "nan|roundings"),
    structural("later products dropped", ac.CumProd, "backward", _last_only, "zero|dropped|nan"),
    structural("not divided by the norm", ac.Norm, "backward", _not_divided, "factor|zero|differ|must not"),
    structural("sum missing", ac.LogSoftmax, "backward", _sum_forgotten, "zero|dropped"),
    structural("sum weighted", ac.LogSoftmax, "backward", _all_alike, "differ|places|sum|factor"),
    structural("operand not backwards", Convolve, "backward_all", _forwards, _MOVED),
    structural("overlap from the start", Convolve, "backward_all", _from_the_start, _MOVED),
    structural(
        "rolled on instead of back",
        sh.Roll,
        "backward",
        _rolled_on,
        "places",
        entries=3,
        because="on and back are the same for two entries",
    ),
    structural("gradient of what is replaced", ix.SetAt, "backward_a", _kept_everywhere, "must not"),
    structural("values that do not stay get it", ix.SetAt, "backward_b", _every_value, "must not"),
    structural("not divided by the length", tr.Direction, "backward_all", _root_once, "factor"),
    rule("sign of the next order", tr.Sinc, lambda op, gy, y, x: -gy * lift(tr.Sinc(1), x), ""),
    rule("divisor not squared", ex.Softsign, lambda op, gy, y, x: gy / (1.0 + u.absolute(x)), "factor|differ"),
)
