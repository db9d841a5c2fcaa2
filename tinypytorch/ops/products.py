"""Floor 2: matrix products. Imports `arrays`, `function` and other op files."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinypytorch.arrays import Array, Shape
from tinypytorch.function import Case, Spec, T, lift, value
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

    def forward(self, a: Array, b: Array, /) -> Array:
        return a @ b

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        if b.ndim == 1:
            ga: T = _column(gy) * b
        elif a.ndim == 1:
            ga = _flat(b @ _column(gy))
        else:
            ga = gy @ b.mT
        return ga if ga.shape == a.shape else lift(SumTo(a.shape), ga)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        if a.ndim == 1 and b.ndim == 1:
            gb: T = gy * a
        elif a.ndim == 1:
            gb = _column(a) * _row(gy)
        elif b.ndim == 1:
            gb = _flat(a.mT @ _column(gy))
        else:
            gb = a.mT @ gy
        return gb if gb.shape == b.shape else lift(SumTo(b.shape), gb)
