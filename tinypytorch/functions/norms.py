"""Floor 4: norms of vectors and matrices, and what is made of them. Imports floors 1 to 3 and other functions.

All by the names and signatures of `numpy.linalg`; `tinypytorch.linalg` is where they are found.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Axis, Mask, Positions, keepdims_shape, normalize_axis
from tinypytorch.core.apply import constant
from tinypytorch.core.operators import ABS
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.decomposing import svdvals
from tinypytorch.functions.reductions import holding
from tinypytorch.functions.solving import inv, matrices, square
from tinypytorch.ops.accumulations import Norm

Order: TypeAlias = float | Literal["fro", "nuc"] | None


def norm(x: Operand, ord: Order = None, axis: Axis = None, keepdims: bool = False) -> Variable:
    """The norm of vectors along one axis, or of matrices in two.

    ord: for vectors any number, p: (sum |x|^p)^(1/p), inf and -inf for the largest and the least size, 0 for the number
    of entries that are not 0 (a constant). For matrices "fro" (the default), "nuc" (the sum of singular values), 2 and
    -2 (the largest, the least), 1, -1, inf and -inf (sums of sizes in a column, or in a row). None: of all entries.

    Where a norm has a kink its gradient is that of its parts: 0 where all entries are 0, an equal share where several
    are largest. Raises `ValueError` for another order, and for other than one or two axes.

    >>> norm(Variable(np.array([3.0, 4.0]))), norm(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])), 1)
    (variable(5.0), variable(6.0))
    """
    y = constant(x)
    if axis is None:
        if ord is None:
            return y.record(Norm(2.0, None, keepdims))
        axis = tuple(range(y.ndim))
    axes = tuple(normalize_axis(i, y.ndim) for i in (axis if isinstance(axis, tuple) else (axis,)))
    if len(axes) == 1:
        return _vector(y, ord, axes[0], keepdims)
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"norm: of one axis or two different ones, not {axes} of shape {y.shape}")
    return _matrix(y, ord, axes, keepdims)


def vector_norm(x: Operand, /, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Variable:
    """The norm of vectors along an axis, or of all entries in several axes (None: all). `ord` as in `norm`.

    >>> vector_norm(Variable(np.array([[3.0, 0.0], [0.0, 4.0]])))
    variable(5.0)
    """
    return _vector(constant(x), ord, axis, keepdims)


def matrix_norm(x: Operand, /, *, keepdims: bool = False, ord: Order = "fro") -> Variable:
    """The norm of the matrices in the last two axes. `ord` as in `norm`.

    >>> matrix_norm(Variable(np.array([[3.0, 0.0], [0.0, 4.0]])), ord="nuc")
    variable(7.0)
    """
    y = matrices("matrix_norm", x)
    return _matrix(y, ord, (y.ndim - 2, y.ndim - 1), keepdims)


def _vector(x: Variable, ord: Order, axis: Axis, keepdims: bool) -> Variable:
    if ord is None or ord == 2:
        return x.record(Norm(2.0, axis, keepdims))
    if isinstance(ord, str):
        raise ValueError(f"norm: order {ord!r} is for matrices")
    sizes = x.record(ABS)
    if ord == math.inf:
        return sizes.max(axis, keepdims=keepdims)
    if ord == -math.inf:
        return sizes.min(axis, keepdims=keepdims)
    if ord == 0:
        nonzero: Mask = np.not_equal(x.data, 0.0)
        count = holding(nonzero, axis, x.data.real.dtype, keepdims)
        return Variable(np.asarray(count), requires_grad=False)
    return sizes.sum(axis, keepdims=keepdims) if ord == 1 else x.record(Norm(float(ord), axis, keepdims))


def _matrix(x: Variable, ord: Order, axes: tuple[int, int] | tuple[int, ...], keepdims: bool) -> Variable:
    if ord in (None, "fro"):
        return x.record(Norm(2.0, axes, keepdims))
    y = x.transpose([*(i for i in range(x.ndim) if i not in axes), *axes])
    if ord == "nuc":
        found = svdvals(y).sum(-1)
    elif ord in (2, -2):
        found = svdvals(y)[..., 0 if ord == 2 else -1]
    elif ord in (1, -1, math.inf, -math.inf):
        sums = y.record(ABS).sum(-2 if ord in (1, -1) else -1)
        found = sums.max(-1) if ord in (1, math.inf) else sums.min(-1)
    else:
        raise ValueError(f'norm: the order of matrices is "fro", "nuc", 1, 2, inf or minus these, not {ord!r}')
    return found.reshape(keepdims_shape(x.shape, axes)) if keepdims else found


def cond(x: Operand, p: Order = None) -> Variable:
    """The condition number: the largest singular value over the least, or norm(x, p) norm(inv(x), p).

    With p None, 2 or -2 also of matrices that are not square. Raises `LinAlgError` for a singular matrix with another
    p.

    >>> cond(Variable(np.array([[4.0, 0.0], [0.0, 2.0]])))
    variable(2.0)
    """
    if p in (None, 2, -2):
        s = svdvals(matrices("cond", x))
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    y = square("cond", x)
    return matrix_norm(y, ord=p) * matrix_norm(inv(y), ord=p)


def matrix_rank(
    A: Operand, tol: float | None = None, hermitian: bool = False, *, rtol: float | None = None
) -> int | Positions:
    """The number of singular values above `tol`, or above `rtol` times the largest: a constant.

    >>> matrix_rank(Variable(np.ones((2, 2))))
    1
    """
    s = svdvals(np.atleast_2d(constant(A).data)).data
    y = constant(A)
    if y.ndim < 2:
        return int(bool(np.any(y.data)))
    share = max(y.shape[-2:]) * float(np.finfo(y.dtype).eps) if rtol is None else rtol
    given: Array = np.full((1,), tol or 0.0)
    least = s[..., :1] * share if tol is None else given
    above: Mask = s > least
    ranks: Positions = np.add.reduce(above, -1, np.int64)
    return ranks if y.ndim > 2 else int(ranks)
