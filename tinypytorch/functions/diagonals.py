"""Floor 4: functions of diagonals and triangles of matrices. Imports floors 1 to 3 and other functions."""

from __future__ import annotations

import numpy as np

from tinypytorch.arrays import Mask
from tinypytorch.core.apply import constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.shaping import broadcast_to
from tinypytorch.ops.indexing import PutAdd
from tinypytorch.ops.selection import Keep


def diagonal(x: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Variable:
    """The entries whose indices along two axes differ by `offset`, along a new last axis.

    Raises `ValueError` below two axes, or where both are the same.

    >>> diagonal(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])))
    variable([1. 4.])
    """
    y = constant(x)
    if y.ndim < 2:
        raise ValueError(f"diagonal: takes at least two axes, but the shape is {y.shape}")
    return y.diagonal(offset, axis1, axis2)


def diag(x: Operand, k: int = 0) -> Variable:
    """The k-th diagonal of a matrix; or a vector as the k-th diagonal of a matrix, which is zero elsewhere.

    Raises `ValueError` for another number of axes.

    >>> diag(Variable(np.array([1.0, 2.0])))
    variable([[1. 0.]
              [0. 2.]])
    """
    y = constant(x)
    if y.ndim == 2:
        return y.diagonal(k)
    if y.ndim != 1:
        raise ValueError(f"diag: takes a vector or a matrix, but the shape is {y.shape}")
    n = y.size + abs(k)
    return y.record(PutAdd((np.arange(y.size) + max(-k, 0), np.arange(y.size) + max(k, 0)), (n, n)))


def diagflat(x: Operand, k: int = 0) -> Variable:
    """All entries, in C order, as the k-th diagonal of a matrix, which is zero elsewhere.

    >>> diagflat(Variable(np.array([[1.0, 2.0]])), 1)
    variable([[0. 1. 0.]
              [0. 0. 2.]
              [0. 0. 0.]])
    """
    return diag(constant(x).flat, k)


def tril(x: Operand, k: int = 0) -> Variable:
    """The matrices in the last two axes, zero above the k-th diagonal. A vector of n counts as n equal rows.

    >>> tril(Variable(np.ones((2, 2))))
    variable([[1. 0.]
              [1. 1.]])
    """
    y = _matrices("tril", x)
    mask: Mask = np.tri(y.shape[-2], y.shape[-1], k, np.bool)
    return y.record(Keep(mask))


def triu(x: Operand, k: int = 0) -> Variable:
    """The matrices in the last two axes, zero below the k-th diagonal. A vector of n counts as n equal rows.

    >>> triu(Variable(np.ones((2, 2))))
    variable([[1. 1.]
              [0. 1.]])
    """
    y = _matrices("triu", x)
    below: Mask = np.tri(y.shape[-2], y.shape[-1], k - 1, np.bool)
    return y.record(Keep(~below))


def _matrices(name: str, x: Operand) -> Variable:
    y = constant(x)
    if not y.ndim:
        raise ValueError(f"{name}: takes at least one axis, but the shape is ()")
    return y if y.ndim > 1 else broadcast_to(y, (y.size, y.size))
