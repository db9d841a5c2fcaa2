"""Floor 2: ops that reduce axes. Imports `arrays`, `function` and other op files.

`axis` is an int, a tuple or None as in NumPy. A rule first restores the reduced axes (`_restore`), then broadcasts.
Convention at ties: `max` and `min` share the gradient equally among the tied entries.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

import numpy as np

from tinypytorch.arrays import Array, Axis, Mask, Shape, add_reduce, keepdims_shape, normalize_axes, widened
from tinypytorch.function import Case, Function, Kink, Spec, T, lift, value
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.selection import Keep
from tinypytorch.ops.shaping import broadcast_to


def restore(g: T, shape: Shape, axis: Axis) -> T:
    """Put the axes back, with length 1, that a reduction of an array of `shape` over `axis` took out."""
    return g.reshape(keepdims_shape(shape, axis))


def spread(g: T, shape: Shape, axis: Axis) -> T:
    """Broadcast a reduction's cotangent back to the shape it was reduced from."""
    return broadcast_to(g if axis is None else restore(g, shape, axis), shape)


def _over(op: type[Sum | Mean | Max | Min | LogSumExp]) -> tuple[Case, ...]:
    """Every way of naming axes, on shapes with sizes that tell the axes apart, size 1 and 0-d included."""
    made: list[tuple[Function, Shape]] = [
        (op(), ()),
        (op(), (2, 3)),
        (op(keepdims=True), (2, 3)),
        (op(0), (3, 2)),
        (op(-1, True), (2, 3)),
        (op((0, 2)), (2, 3, 4)),
        (op((-1, 0), True), (2, 1, 3)),
        (op(()), (2, 3)),
    ]
    return tuple(Case(o, (shape,)) for o, shape in made)


@value
class Sum:
    """The sum over `axis`."""

    axis: Axis = None
    keepdims: bool = False
    spec: ClassVar[Spec] = Spec(cases=lambda: _over(Sum), holomorphic=True, linear=True)

    def forward(self, x: Array, /) -> Array:
        return add_reduce(x, self.axis, keepdims=True) if self.keepdims else add_reduce(x, self.axis)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return broadcast_to(gy, x.shape) if self.axis is None else spread(gy, x.shape, self.axis)


SUM: Final = Sum()


def summing(axis: Axis, keepdims: bool) -> Sum:
    """The sum over `axis`; that over all is made once."""
    return SUM if axis is None and not keepdims else Sum(axis, keepdims)


@value
class Mean:
    """The mean over `axis`."""

    axis: Axis = None
    keepdims: bool = False
    spec: ClassVar[Spec] = Spec(cases=lambda: _over(Mean), holomorphic=True, linear=True)

    def forward(self, x: Array, /) -> Array:
        return u.mean_reduce(x, self.axis, self.keepdims)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        shape: Shape = x.shape
        count = math.prod(shape[a] for a in normalize_axes(self.axis, len(shape)))
        # 1 / count is rounded to float64, which extended precision would see; float16 has no count beyond 65,504.
        share = gy * (1.0 / count if count else math.nan) if count == 0 or count > 65_504 else gy / count
        return spread(share, shape, self.axis)


def _share_ties(gy: T, y: T, x: T, axis: Axis) -> T:
    """The rule of `max` and `min`: an equal share of the cotangent to every entry that attains the extremum."""
    tied, count = _ties(y, x, axis)
    share = restore(gy, x.shape, axis)
    if (count > 1).any():
        share = share / count
    return lift(Keep(tied), broadcast_to(share, x.shape))


def _ties(y: T, x: T, axis: Axis) -> tuple[Mask, Array]:
    """Which entries attain the extremum, and how many, with the reduced axes kept."""
    tied = u.equal(x, restore(y, x.shape, axis))
    count: Array = np.asarray(np.count_nonzero(tied, normalize_axes(axis, x.ndim), keepdims=True), np.float64)
    return tied, count


def _mean_of_ties(t: T, y: T, x: T, axis: Axis, keepdims: bool) -> T:
    """The tangent of `max` and `min`."""
    tied, count = _ties(y, x, axis)
    total = lift(Sum(axis, keepdims=True), lift(Keep(tied), t))
    if (count > 1).any():
        total = total / count
    return total if keepdims else total.reshape(_without(x.shape, axis))


_TIE = (Kink(((2.0, 2.0, 2.0, 2.0),), ((0.25, 0.25, 0.25, 0.25),)),)


@value
class Max:
    """The largest entry over `axis`."""

    axis: Axis = None
    keepdims: bool = False
    spec: ClassVar[Spec] = Spec(kink="an equal share to each tied entry", kinks=_TIE, cases=lambda: _over(Max))

    def forward(self, x: Array, /) -> Array:
        return u.max_reduce(x, self.axis, self.keepdims)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return _share_ties(gy, y, x, self.axis)

    def tangent(self, t: T, y: T, x: T, /) -> T:
        """The mean of those of the tied entries."""
        return _mean_of_ties(t, y, x, self.axis, self.keepdims)


@value
class Min:
    """The smallest entry over `axis`."""

    axis: Axis = None
    keepdims: bool = False
    spec: ClassVar[Spec] = Spec(kink="an equal share to each tied entry", kinks=_TIE, cases=lambda: _over(Min))

    def forward(self, x: Array, /) -> Array:
        return u.min_reduce(x, self.axis, self.keepdims)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return _share_ties(gy, y, x, self.axis)

    def tangent(self, t: T, y: T, x: T, /) -> T:
        """As that of `Max`."""
        return _mean_of_ties(t, y, x, self.axis, self.keepdims)


@value
class LogSumExp:
    """y = log(sum(exp(x))) over `axis`, shifted by the maximum, so that nothing overflows.

    The rule is the softmax exp(x - y). Where every entry is -inf, y is -inf too and the gradient is zero.
    Source: Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions (2021).
    """

    axis: Axis = None
    keepdims: bool = False
    spec: ClassVar[Spec] = Spec(cases=lambda: _over(LogSumExp), reduces=True)

    def forward(self, x: Array, /) -> Array:
        m = u.largest(x, self.axis)
        m = np.where(u.absolute(m) < math.inf, m, x.dtype.type(0))
        s = add_reduce(widened(u.exp(x - m)), self.axis, keepdims=True)
        with np.errstate(divide="ignore"):  # log(0) = -inf is the answer where every entry is -inf
            y = u.log(s) + m
        if y.dtype != x.dtype:
            y = y.astype(x.dtype)
        return y if self.keepdims else y.reshape(_without(x.shape, self.axis))

    def backward(self, gy: T, y: T, x: T, /) -> T:
        top: T = restore(y, x.shape, self.axis)
        nothing = top <= -math.inf
        if nothing.any():
            top = lift(Keep(~nothing), top)
        return restore(gy, x.shape, self.axis) * u.exp(x - top)


def _without(shape: Shape, axis: Axis) -> Shape:
    """`shape` less the axes in `axis`."""
    axes = normalize_axes(axis, len(shape))
    return tuple(n for i, n in enumerate(shape) if i not in axes)


@value
class Softmax:
    """y = exp(x) / sum(exp(x)) over `axis`, shifted by the maximum. Source: as `LogSumExp`."""

    axis: int = -1
    spec: ClassVar[Spec] = Spec(
        cases=lambda: (Case(Softmax(), ((2, 3),)), Case(Softmax(0), ((3, 2, 2),)), Case(Softmax(), ((1,),))),
        symmetric=True,
    )

    def forward(self, x: Array, /) -> Array:
        e = widened(u.exp(x - u.largest(x, self.axis)))
        y = e / add_reduce(e, self.axis, keepdims=True)
        return y if y.dtype == x.dtype else y.astype(x.dtype)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return y * (gy - lift(Sum(self.axis, keepdims=True), gy * y))
