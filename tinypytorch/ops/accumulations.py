"""Floor 2: products, running sums and products, and norms over axes. Imports `arrays`, `function` and other op files.

No rule divides by an entry: what is right for entries that are zero is right at every order.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

import numpy as np

from tinypytorch.arrays import (
    Array,
    Axis,
    Index,
    Shape,
    Slice,
    add_reduce,
    along,
    inverse_permutation,
    is_complex,
    normalize_axes,
    normalize_axis,
    one,
    widened,
)
from tinypytorch.function import NONZERO, Case, Function, Kink, Spec, T, join, lift, value
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.parts import turned
from tinypytorch.ops.reductions import Sum, restore
from tinypytorch.ops.selection import Keep
from tinypytorch.ops.shaping import Concatenate

_BACK: Slice = slice(None, None, -1)


def _part(start: int | None, stop: int | None) -> Index:
    """The index of a part of the last axis."""
    part: Slice = slice(start, stop)
    return ..., part


def _order(axis: Axis, ndim: int) -> tuple[int, ...]:
    """The axes with those in `axis` moved to the end."""
    axes = normalize_axes(axis, ndim)
    return (*(i for i in range(ndim) if i not in axes), *axes)


def _others(x: T) -> T:
    """For every entry along the last axis, the product of all the others, by halves and without a division."""
    shape: Shape = x.shape
    n = shape[-1]
    if n < 2:
        return x * 0.0 + 1.0 if u.isfinite(x).all() else lift(Keep(np.zeros(shape, np.bool)), x) + 1.0
    h = n // 2
    a, b, rest = x[_part(0, h)], x[_part(h, 2 * h)], x[_part(2 * h, None)]
    pairs: T = join(Concatenate(-1), (a * b, rest)) if n % 2 else a * b
    around: T = _others(pairs)
    inner: T = around[_part(0, h)]
    both = (inner * b, inner * a, around[_part(h, None)]) if n % 2 else (inner * b, inner * a)
    return join(Concatenate(-1), both)


def _reducing(op: type[Prod]) -> tuple[Case, ...]:
    made: list[tuple[Function, Shape]] = [
        (op(), (2, 3)),
        (op(), ()),
        (op(keepdims=True), (2, 2)),
        (op(0), (3, 2)),
        (op(-1, True), (2, 3)),
        (op((0, 2)), (2, 2, 3)),
        (op(()), (2, 3)),
    ]
    return tuple(Case(o, (shape,)) for o, shape in made)


@value
class Prod:
    """The product over `axis`. dx_i is the product of the other entries, of which none is divided by."""

    axis: Axis = None
    keepdims: bool = False
    spec: ClassVar[Spec] = Spec(cases=lambda: _reducing(Prod), holomorphic=True, reduces=True)

    def forward(self, x: Array, /) -> Array:
        return u.multiply_reduce(x, self.axis, self.keepdims)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        shape: Shape = x.shape
        g = restore(gy, shape, self.axis)
        if not shape or x.size == 0:
            return g + x * 0.0
        order = _order(self.axis, len(shape))
        count = math.prod(shape[a] for a in normalize_axes(self.axis, len(shape)))
        moved: T = x.transpose(order)
        wide: Shape = moved.shape
        others = _others(moved.reshape((x.size // count, count)))
        return g * others.reshape(wide).transpose(inverse_permutation(order))


def _along(op: Callable[[int], Function]) -> tuple[Case, ...]:
    made: tuple[tuple[int, Shape], ...] = (
        (-1, (3,)),
        (-1, (2, 3)),
        (0, (3, 2)),
        (1, (2, 3, 2)),
        (-1, (2, 1)),
        (0, (5,)),
    )
    return tuple(Case(op(axis), (shape,)) for axis, shape in made)


@value
class CumSum:
    """The sums of the entries up to each, along an axis; the adjoint is the same from the other end."""

    axis: int = -1
    spec: ClassVar[Spec] = Spec(takes="an axis", cases=lambda: _along(CumSum), holomorphic=True, linear=True)

    def forward(self, x: Array, /) -> Array:
        y: Array = np.add.accumulate(x, self.axis)
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        flip = along(normalize_axis(self.axis, gy.ndim), _BACK)
        return lift(self, gy[flip])[flip]


def _scan(s: T, factor: T) -> T:
    """s_i + factor_i s_{i+1} along the last axis, run through from the end, by doubling steps."""
    shape: Shape = s.shape
    n = shape[-1]
    step = 1
    while step < n:
        s = join(Concatenate(-1), (s[_part(0, -step)] + factor * s[_part(step, None)], s[_part(n - step, None)]))
        if 2 * step < n:
            factor = factor[_part(0, n - 2 * step)] * factor[_part(step, None)]  # leads from s[i + step] to s[i]
        step *= 2
    return s


def _times_before(s: T, y: T) -> T:
    """Each entry along the last axis, but the first, times the entry before it of y."""
    shape: Shape = s.shape
    if shape[-1] < 2:
        return s
    return join(Concatenate(-1), (s[_part(0, 1)], s[_part(1, None)] * y[_part(0, -1)]))


@value
class CumProd:
    """The products of the entries up to each, along an axis.

    dx_i = (x_0 ... x_{i-1}) s_i, where s_i = g_i + x_{i+1} s_{i+1} is run through from the end, by doubling steps:
    sums and products alone, so that zeros are nothing special, at any order.
    """

    axis: int = -1
    spec: ClassVar[Spec] = Spec(takes="an axis", cases=lambda: _along(CumProd), holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        y: Array = np.multiply.accumulate(x, self.axis)
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        order = _order(self.axis, x.ndim)
        g, factor, before = gy.transpose(order), x.transpose(order), y.transpose(order)
        s = _times_before(_scan(g, factor[_part(1, None)]), before)
        return s.transpose(inverse_permutation(order))

    def tangent(self, t: T, y: T, x: T, /) -> T:
        """t_i (x_0 ... x_{i-1}) + x_i s_{i-1}, run through from the beginning."""
        order = _order(self.axis, x.ndim)
        moved, factor, before = t.transpose(order), x.transpose(order), y.transpose(order)
        back: Index = (..., _BACK)
        s = _scan(_times_before(moved, before)[back], factor[back][_part(0, -1)])
        return s[back].transpose(inverse_permutation(order))


def _norms() -> tuple[Case, ...]:
    made: list[tuple[Function, Shape]] = [
        *((Norm(), (3,)), (Norm(), (2, 3)), (Norm(2.0, -1), (2, 3)), (Norm(2.0, (0, 2), True), (2, 3, 2))),
        *((Norm(4.0), (3,)), (Norm(4.0, 0), (3, 2)), (Norm(0.5, -1, True), (2, 3)), (Norm(), ())),
    ]
    return tuple(Case(o, (shape,)) for o, shape in made)


@value
class Norm:
    """y = (sum |x|**p)**(1/p) over `axis`. dx = sign(x) (|x| / y)**(p - 1); 0 where x is 0.

    Of complex entries the sign is conj(x) / |x|.
    For p < 1 that is infinite where an entry is 0 and y is not, for p < 2 its own derivative; both are given as 0.
    """

    p: float = 2.0
    axis: Axis = None
    keepdims: bool = False
    spec: ClassVar[Spec] = Spec(
        domain=(NONZERO,),
        kink="0 where all entries are 0; for p < 1 to any entry that is 0",
        kinks=(Kink(((0.0, 0.0, 0.0),), ((0.0, 0.0, 0.0),)),),
        cases=_norms,
        numbers="complex",
        reduces=True,
    )

    def forward(self, x: Array, /) -> Array:
        if x.dtype.char == "e":
            return self.forward(widened(x)).astype(x.dtype)
        if self.p == 2:
            squares = x * x if x.dtype.kind == "f" else (x * u.conjugate(x)).real
            y: Array = u.sqrt(add_reduce(squares, self.axis, keepdims=self.keepdims))
            return y
        total = add_reduce(u.absolute(x) ** self.p, self.axis, keepdims=self.keepdims)
        return total ** (one(total.dtype) / self.p)  # 1.0 / p is rounded to float64, which extended precision would see

    def backward(self, gy: T, y: T, x: T, /) -> T:
        top = restore(y, x.shape, self.axis)
        zero = u.equal(top, 0.0)
        if zero.any():
            top = top + zero.astype(y.dtype)
        if is_complex(x):
            if self.p == 2:
                return restore(gy, x.shape, self.axis) * (u.conjugate(x) / top)
            size = u.absolute(x)
            slope: T = turned(x, size)
            size = (size + u.equal(x, 0.0).astype(y.dtype)) / top
            return restore(gy, x.shape, self.axis) * (size ** (self.p - 1.0) * slope)
        slope = x / top
        if self.p != 2:
            still = u.equal(slope, 0.0)  # a negative power of 0 is infinite, and times the sign of 0 nan
            slope = (u.absolute(slope) + still.astype(x.dtype)) ** (self.p - 1.0) * u.sign(x)
        return restore(gy, x.shape, self.axis) * slope


@value
class LogSoftmax:
    """y = x - log(sum(exp(x))) along `axis`, shifted by the maximum. dx = g - exp(y) sum(g). Source: as `LogSumExp`."""

    axis: int = -1
    spec: ClassVar[Spec] = Spec(
        takes="an axis",
        cases=lambda: (Case(LogSoftmax(), ((2, 3),)), Case(LogSoftmax(0), ((3, 2, 2),)), Case(LogSoftmax(), ((1,),))),
    )

    def forward(self, x: Array, /) -> Array:
        shifted = x - u.largest(x, self.axis)
        if not x.size:
            return shifted
        y = shifted - u.log(add_reduce(widened(u.exp(shifted)), self.axis, keepdims=True))
        return y if y.dtype == x.dtype else y.astype(x.dtype)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy - u.exp(y) * lift(Sum(self.axis, keepdims=True), gy)

    def tangent(self, t: T, y: T, x: T, /) -> T:
        """The transpose of the rule."""
        return t - lift(Sum(self.axis, keepdims=True), u.exp(y) * t)
