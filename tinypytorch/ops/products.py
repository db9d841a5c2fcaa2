"""Floor 2: products of vectors and matrices. Imports `arrays`, `function` and other op files."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinypytorch.arrays import NDARRAY, Array, Shape
from tinypytorch.function import Case, Spec, T, join, lift, shared, value
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.parts import conjugate
from tinypytorch.ops.shaping import SumTo


def _column(x: T) -> T:
    """A vector, or a stack of them, as matrices of one column."""
    shape: Shape = x.shape
    return x.reshape((*shape, 1))


def _row(x: T) -> T:
    """A vector, or a stack of them, as matrices of one row."""
    shape: Shape = x.shape
    return x.reshape((*shape[:-1], 1, shape[-1]))


def _flat(x: T) -> T:
    """Matrices of one column as vectors."""
    shape: Shape = x.shape
    return x.reshape(shape[:-1])


def _summed(g: T, shape: Shape) -> T:
    """A gradient, summed over the axes along which its operand was repeated."""
    return g if g.shape == shape else lift(SumTo(shape), g)


def _product(a: T, b: T) -> T:
    """a @ b for two matrices: of arrays by `dot`, which small ones leave in two thirds of the time."""
    return u.dot(a, b) if type(a) is NDARRAY else a @ b


@value
class MatMul:
    """y = a @ b with all of NumPy's shapes: vectors, matrices, and stacks of matrices that broadcast.

    A vector is a matrix of one row (a) or one column (b); with that, dL/da = gy b^T and dL/db = a^T gy,
    summed over the axes along which the stacks broadcast.
    Source: Giles, Collected matrix derivative results for forward and reverse mode AD (2008), 2.2.2.
    """

    spec: ClassVar[Spec] = Spec(
        takes="a last axis of a as long as the last but one of b (a vector's only axis), and stacks that broadcast",
        ufunc=np.matmul,
        cases=lambda: tuple(
            Case(MatMul(), shapes)
            for shapes in (
                ((3,), (3,)),
                ((2, 3), (3,)),
                ((3,), (3, 2)),
                ((2, 3), (3, 4)),
                ((2, 2), (2, 2)),
                ((2, 2, 3), (3,)),
                ((3,), (2, 3, 2)),
                ((2, 1, 2, 3), (3, 3, 2)),
                ((2, 3), (2, 3, 2)),
            )
        ),
        holomorphic=True,
        multilinear=True,
    )
    forward: u.Zip = shared(u.matmul)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        if a.ndim == 2 and b.ndim == 2:
            return _product(gy, b.T)
        if b.ndim == 1:
            ga: T = _column(gy) * b
        elif a.ndim == 1:
            ga = _flat(b @ _column(gy))
        else:
            ga = gy @ b.mT
        return _summed(ga, a.shape)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        if a.ndim == 2 and b.ndim == 2:
            return _product(a.T, gy)
        if a.ndim == 1 and b.ndim == 1:
            gb: T = gy * a
        elif a.ndim == 1:
            gb = _column(a) * _row(gy)
        elif b.ndim == 1:
            gb = _flat(a.mT @ _column(gy))
        else:
            gb = a.mT @ gy
        return _summed(gb, b.shape)


@value
class VecDot:
    """y = sum over the last axis of conj(a) b, for vectors and stacks of them that broadcast.

    da = conj(gy b), db = gy conj(a).
    """

    spec: ClassVar[Spec] = Spec(
        takes="last axes of the same length, and stacks that broadcast",
        ufunc=np.vecdot,
        cases=lambda: tuple(
            Case(VecDot(), shapes)
            for shapes in (((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (3, 3)), ((1,), (2, 1)), ((0, 2), (2,)))
        ),
        numbers="complex",
        multilinear=True,
    )

    def forward(self, a: Array, b: Array, /) -> Array:
        y: Array = np.vecdot(a, b)
        return y

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _summed(conjugate(_column(gy) * b), a.shape)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _summed(_column(gy) * conjugate(a), b.shape)


@value
class MatVec:
    """y = a b for matrices a and vectors b, and stacks of both that broadcast. da = gy b^T, db = a^T gy."""

    spec: ClassVar[Spec] = Spec(
        takes="a last axis of a as long as that of b, and stacks that broadcast",
        ufunc=np.matvec,
        cases=lambda: tuple(
            Case(MatVec(), shapes)
            for shapes in (((2, 3), (3,)), ((2, 2), (3, 2)), ((2, 2, 3), (2, 3)), ((3, 1, 2, 1), (2, 1)))
        ),
        holomorphic=True,
        multilinear=True,
    )

    def forward(self, a: Array, b: Array, /) -> Array:
        y: Array = np.matvec(a, b)
        return y

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _summed(_column(gy) * _row(b), a.shape)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _summed(_flat(a.mT @ _column(gy)), b.shape)


@value
class VecMat:
    """y = a^H b for vectors a and matrices b, and stacks of both that broadcast. da = conj(b gy), db = conj(a) gy^T."""

    spec: ClassVar[Spec] = Spec(
        takes="a last axis of a as long as the last but one of b, and stacks that broadcast",
        ufunc=np.vecmat,
        cases=lambda: tuple(
            Case(VecMat(), shapes)
            for shapes in (((2,), (2, 3)), ((3, 2), (2, 2)), ((2, 2), (2, 2, 3)), ((2, 1), (3, 1, 1, 2)))
        ),
        numbers="complex",
        multilinear=True,
    )

    def forward(self, a: Array, b: Array, /) -> Array:
        y: Array = np.vecmat(a, b)
        return y

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _summed(conjugate(_flat(b @ _column(gy))), a.shape)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _summed(conjugate(_column(a)) * _row(gy), b.shape)


@value
class Cross:
    """y = a x b, of vectors of three along the last axis, in stacks that broadcast. da = b x gy, db = gy x a."""

    spec: ClassVar[Spec] = Spec(
        takes="last axes of length 3, and stacks that broadcast",
        cases=lambda: tuple(
            Case(Cross(), shapes) for shapes in (((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (2, 3)), ((3,), (2, 3)))
        ),
        holomorphic=True,
        multilinear=True,
    )

    def forward(self, /, *xs: Array) -> Array:
        a, b = xs
        return np.cross(a, b)

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        a, b = xs
        return (
            _summed(join(self, (b, gy)), a.shape) if needs[0] else None,
            _summed(join(self, (gy, a)), b.shape) if needs[1] else None,
        )
