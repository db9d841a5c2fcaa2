"""Floor 2: ops that move entries without changing them, and their adjoints. Imports floor 1 and `indexing`."""

from __future__ import annotations

import math
from typing import ClassVar, Final

import numpy as np
from numpy import empty, generic, ndarray

from tinypytorch.arrays import (
    Array,
    Shape,
    Slice,
    along,
    inverse_permutation,
    is_complex,
    normalize_axis,
    sum_to,
)
from tinypytorch.function import Case, Spec, T, join, lift, value
from tinypytorch.ops.indexing import PutAdd
from tinypytorch.ops.parts import Real


@value
class Reshape:
    """The same entries in another shape, in C order; one length may be -1."""

    shape: Shape
    spec: ClassVar[Spec] = Spec(
        takes="a shape of the same size; one length may be -1",
        cases=lambda: (
            Case(Reshape((3, 2)), ((2, 3),)),
            Case(Reshape((-1,)), ((2, 1, 3),)),
            Case(Reshape(()), ((1, 1),)),
            Case(Reshape((1, 1)), ((),)),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, x: Array, /) -> Array:
        return x.reshape(self.shape)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy.reshape(x.shape)


@value
class Transpose:
    """The axes in another order: reversed when `axes` is None."""

    axes: tuple[int, ...] | None = None
    spec: ClassVar[Spec] = Spec(
        takes="every axis once",
        cases=lambda: (
            Case(Transpose(), ((2, 3),)),
            Case(Transpose((1, 2, 0)), ((2, 3, 4),)),
            Case(Transpose((-1, 0, 1)), ((2, 3, 4),)),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, x: Array, /) -> Array:
        return x.transpose(self.axes)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy.T if self.axes is None else gy.transpose(inverse_permutation(self.axes))


@value
class Roll:
    """Entries moved along axes, around the end, by as many places as `shift` says; its adjoint moves them back."""

    shift: tuple[int, ...] = (1,)
    axis: tuple[int, ...] = (0,)
    spec: ClassVar[Spec] = Spec(
        takes="as many shifts as axes",
        cases=lambda: (
            Case(Roll(), ((3,),)),
            Case(Roll((-1,), (-1,)), ((2, 3),)),
            Case(Roll((1, 2, -4), (0, 1, 0)), ((2, 3, 2),)),
            Case(Roll((5,), (0,)), ((0, 2),)),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, x: Array, /) -> Array:
        return np.roll(x, self.shift, self.axis)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift(Roll(tuple(-n for n in self.shift), self.axis), gy)


# Up to this size a copy takes a fifth of the time that `np.broadcast_to` takes to make a view.
SMALL: Final = 4096


@value
class BroadcastTo:
    """Repeat along new axes and axes of length 1; the adjoint of `SumTo`."""

    shape: Shape
    spec: ClassVar[Spec] = Spec(
        takes="a shape that the operand broadcasts to: equal lengths, counted from the end, or 1",
        cases=lambda: (
            Case(BroadcastTo((2, 3)), ((3,),)),
            Case(BroadcastTo((2, 3)), ((2, 1),)),
            Case(BroadcastTo((2, 3)), ((),)),
            Case(BroadcastTo((2, 3, 2)), ((3, 1),)),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, x: Array, /) -> Array:
        return _repeated(x, self.shape)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift(SumTo(x.shape), gy)


def _repeated(x: Array, shape: Shape) -> Array:
    ndim = x.ndim
    if len(shape) < ndim or math.prod(shape) > SMALL:
        return np.broadcast_to(x, shape)
    y = empty(shape, x.dtype)
    if ndim:
        y[...] = x
    else:
        y.fill(x)
    return y


def broadcast_to(x: T, shape: Shape) -> T:
    """`lift(BroadcastTo(shape), x)`; for arrays no op is made, which would take as long as they do."""
    if isinstance(x, (ndarray, generic)):
        return _repeated(x, shape)
    return x.record(BroadcastTo(shape))


@value
class SumTo:
    """Sum over the axes along which `shape` broadcasts; the adjoint of `BroadcastTo`."""

    shape: Shape
    spec: ClassVar[Spec] = Spec(
        takes="a shape that broadcasts to the operand",
        cases=lambda: (
            Case(SumTo((3,)), ((2, 3),)),
            Case(SumTo((2, 1)), ((2, 3),)),
            Case(SumTo(()), ((2, 3),)),
            Case(SumTo((3, 1)), ((2, 3, 2),)),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, x: Array, /) -> Array:
        return sum_to(x, self.shape)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return broadcast_to(gy, x.shape)


@value
class Concatenate:
    """The inputs one after another along an existing axis; the adjoint of `Split`."""

    axis: int = 0
    spec: ClassVar[Spec] = Spec(
        takes="at least one operand, all of the same shape but along the axis",
        cases=lambda: (
            Case(Concatenate(), ((2, 3), (1, 3), (3, 3))),
            Case(Concatenate(-1), ((2, 1), (2, 2))),
            Case(Concatenate(), ((2,),)),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, /, *xs: Array) -> Array:
        return np.concatenate(xs, self.axis)

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        axis = normalize_axis(self.axis, gy.ndim)
        gxs: list[T | None] = []
        start = 0
        for x, need in zip(xs, needs, strict=True):
            shape: Shape = x.shape
            stop = start + shape[axis]
            part: Slice = slice(start, stop, None)
            gxs.append(gy[along(axis, part)] if need else None)
            start = stop
        return tuple(gxs)


@value
class Stack:
    """The inputs, all of one shape, one after another along a new axis."""

    axis: int = 0
    spec: ClassVar[Spec] = Spec(
        takes="at least one operand, all of the same shape",
        cases=lambda: (
            Case(Stack(), ((2, 3), (2, 3))),
            Case(Stack(-1), ((2, 3), (2, 3), (2, 3))),
            Case(Stack(1), ((2,), (2,))),
            Case(Stack(), ((), ())),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, /, *xs: Array) -> Array:
        return np.stack(xs, self.axis)

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        axis = normalize_axis(self.axis, gy.ndim)
        return tuple(gy[along(axis, i)] if need else None for i, need in enumerate(needs))


@value
class Split:
    """Several outputs: a number of equal parts, or the parts between the given indices, along an axis."""

    sections: int | tuple[int, ...] = 2
    axis: int = 0
    spec: ClassVar[Spec] = Spec(
        takes="a number of parts that divides the axis, or the indices between the parts",
        cases=lambda: (
            Case(Split(2), ((4, 2),)),
            Case(Split((1, 3), -1), ((2, 4),)),
            Case(Split((2, 2)), ((3,),)),
            Case(Split((2, 1)), ((3, 2),)),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        (x,) = xs
        return tuple(np.split(x, self.sections, self.axis))

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        shape: Shape = xs[0].shape
        axis = normalize_axis(self.axis, len(shape))
        total = 0
        for gy in gys:
            given: Shape = gy.shape
            total += given[axis]
        bounds = _bounds(self.sections, shape[axis])
        if not bounds or total == shape[axis]:
            return (join(Concatenate(self.axis), gys),)
        # The indices do not ascend, so parts overlap.
        parts: list[T] = []
        for i, gy in enumerate(gys):
            part: Slice = slice(bounds[i], bounds[i + 1], None)
            parts.append(lift(PutAdd(along(axis, part), shape), gy))
        gx = parts[0]
        for more in parts[1:]:
            gx = gx + more
        return (gx,)


def _bounds(sections: int | tuple[int, ...], n: int) -> tuple[int, ...]:
    """Where the parts between given indices begin and end; empty for a number of parts."""
    return () if isinstance(sections, int) else (0, *sections, n)


@value
class AsType:
    """The same values in another floating or complex dtype, given by its name; the gradient comes back in the old one.

    Real values become complex ones, not the other way: what is to become of the imaginary parts is to be said.
    """

    dtype: str
    spec: ClassVar[Spec] = Spec(
        takes="a complex dtype for complex values; their real parts are x.real",
        cases=lambda: (Case(AsType("longdouble"), ((2, 3),)), Case(AsType("clongdouble"), ((2, 3),))),
        numbers="complex",
        linear=True,
    )

    def forward(self, x: Array, /) -> Array:
        like: Array = np.zeros((), self.dtype)
        if is_complex(x) and not is_complex(like):
            raise TypeError("complex values are not cast to real ones")
        y: Array = x.astype(self.dtype)
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        if is_complex(gy) and not is_complex(x):
            gy = lift(Real(), gy)
        return lift(AsType(x.dtype.str), gy)
