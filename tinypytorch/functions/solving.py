"""Floor 4: linear systems, inverses and determinants. Imports floors 1 to 3 and other functions.

All by the names and signatures of `numpy.linalg`; `tinypytorch.linalg` is where they are found. Giles (2008) is: Giles,
Collected matrix derivative results for forward and reverse mode AD.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import EllipsisType
from typing import Final, NamedTuple

import numpy as np

from tinypytorch.arrays import Array, Shape, is_complex, normalize_axis
from tinypytorch.core.apply import apply, constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.shaping import several
from tinypytorch.ops import lapack
from tinypytorch.ops.solving import Det, DetSign, Inv, LogAbsDet, Pinv, Solve

_SOLVE, _INV, _DET, _SIGN, _LOGABSDET = Solve(), Inv(), Det(), DetSign(), LogAbsDet()
# Singular values up to this share of the largest count as 0, if the caller does not say.
_SHARE: Final = 1e-15


class SlogdetResult(NamedTuple):
    """The sign of a determinant, a constant of real matrices, and the logarithm of its size."""

    sign: Variable
    logabsdet: Variable


def solve(a: Operand, b: Operand) -> Variable:
    """The x with a x = b, for a vector b or a matrix (whose columns are solved for). db = a^-T g, da = -db x^T.

    Source: Giles (2008), 2.3.1. Raises `LinAlgError` if a is not square, or singular.

    >>> solve(np.array([[2.0, 0.0], [0.0, 4.0]]), Variable(np.array([2.0, 2.0])))
    variable([1.  0.5])
    """
    x, y = square("solve", a), constant(b)
    if y.ndim == 1:
        found = apply(_SOLVE, x, y.reshape(-1, 1))
        return found.reshape(found.shape[:-1])
    return apply(_SOLVE, x, y)


def inv(a: Operand) -> Variable:
    """The inverse. da = -y^T g y^T (Giles, 2008, 2.2.3). Raises `LinAlgError` if a is not square, or singular.

    >>> inv(Variable(np.array([[2.0, 0.0], [0.0, 4.0]])))
    variable([[0.5  0.  ]
              [0.   0.25]])
    """
    return square("inv", a).record(_INV)


def det(a: Operand) -> Variable:
    """The determinant. da = g times the cofactors: also right, at every order, where a is singular.

    Source: Giles (2008), 2.2.4. Raises `LinAlgError` if a is not square.

    >>> a = Variable(np.array([[1.0, 2.0], [2.0, 4.0]]))
    >>> det(a).backward()
    >>> a.grad
    array([[ 4., -2.],
           [-2.,  1.]])
    """
    return square("det", a).record(_DET)


def slogdet(a: Operand) -> SlogdetResult:
    """The sign of the determinant, and the logarithm of its size: da = g a^-T.

    Of real matrices the sign is 1 or -1, a constant. Of complex ones it is det a / |det a|, with a derivative: da = i
    Im(g sign) a^-T; the logarithm is real. Of a singular matrix the sign is 0 and the logarithm -inf, and
    differentiating them raises `LinAlgError`.

    >>> slogdet(Variable(np.array([[0.0, 2.0], [2.0, 0.0]]))).sign
    variable(-1.0)
    """
    x = square("slogdet", a)
    if is_complex(x):
        return SlogdetResult(x.record(_SIGN), x.record(_LOGABSDET))
    return SlogdetResult(Variable(np.asarray(lapack.sign_of_det(x.data)), requires_grad=False), x.record(_LOGABSDET))


def pinv(
    a: Operand, rcond: float | None = None, hermitian: bool = False, *, rtol: float | EllipsisType | None = ...
) -> Variable:
    """The pseudoinverse. Singular values up to `rcond` (or `rtol`) times the largest count as 0.

    By default 1e-15, as in NumPy; with rtol=None, the longer side of the matrix times the distance from 1 to the next
    number.

    Where it has a derivative, the rank does not change. Source: Golub & Pereyra (1973). `hermitian` changes how NumPy
    computes it, not what.

    >>> pinv(Variable(np.array([[1.0], [1.0]])))
    variable([[0.5 0.5]])
    """
    x = matrices("pinv", a)
    if rcond is None:
        rcond = _SHARE if rtol is ... else rtol
    elif rtol is not ...:
        raise ValueError("pinv: rcond and rtol are the same; give one")
    return x.record(Pinv(_default_share(x) if rcond is None else rcond))


def _default_share(x: Variable) -> float:
    return max(x.shape[-2:]) * lapack.epsilon(x.dtype)


def lstsq(a: Operand, b: Operand, rcond: float | None = None) -> tuple[Variable, Variable, int, Variable]:
    """The x of least length for which |b - a x| is least; the squares of these lengths; the rank of a; singular values.

    x is pinv(a, rcond) b, with its derivative; by default rcond is the longer side of a times the distance from 1 to
    the next number. The squares are there for more rows than columns and full rank, else the second result is empty.

    Raises `LinAlgError` if a is no matrix or b has more than two axes, or if they do not fit.

    >>> x, squares, rank, s = lstsq(np.array([[1.0], [1.0]]), Variable(np.array([1.0, 2.0])))
    >>> x, squares, rank
    (variable([1.5]), variable([0.5]), 1)
    """
    x, y = matrices("lstsq", a), constant(b)
    if x.ndim != 2 or y.ndim not in (1, 2) or y.shape[0] != x.shape[0]:
        raise np.linalg.LinAlgError(f"lstsq: takes a matrix, and b of as many rows, not {x.shape} and {y.shape}")
    share = _default_share(x) if rcond is None else lapack.epsilon(x.dtype) if rcond < 0 else rcond
    found = x.record(Pinv(share)) @ y
    s = lapack.svd(x.data)[1]
    rank = int(np.count_nonzero(s > share * s[:1]))
    left = y - x @ found
    squares = (left * left.conj()).real.sum(0, keepdims=y.ndim == 1)
    if rank < x.shape[1] or x.shape[0] <= x.shape[1]:
        squares = Variable(np.zeros(0, squares.dtype), requires_grad=False)
    return found, squares, rank, Variable(s, requires_grad=False)


def tensorinv(a: Operand, ind: int = 2) -> Variable:
    """The inverse of a as a map from its last axes to its first `ind` ones: with tensordot they make one.

    >>> tensorinv(Variable(np.eye(4).reshape(2, 2, 4))).shape
    (4, 2, 2)
    """
    x = constant(a)
    if ind <= 0:
        raise ValueError("tensorinv: ind is positive")
    rows, columns = x.shape[:ind], x.shape[ind:]
    count = math.prod(columns)
    return inv(x.reshape((-1, count))).reshape((*columns, *rows))


def tensorsolve(a: Operand, b: Operand, axes: Sequence[int] | None = None) -> Variable:
    """The x with tensordot(a, x, x.ndim) = b, after `axes` of a are moved to the end.

    >>> tensorsolve(np.eye(4).reshape(2, 2, 4), Variable(np.ones((2, 2))))
    variable([1. 1. 1. 1.])
    """
    x, y = constant(a), constant(b)
    if axes is not None:
        last = [normalize_axis(i, x.ndim) for i in axes]
        x = x.transpose([*(i for i in range(x.ndim) if i not in last), *last])
    shape: Shape = x.shape[y.ndim :]
    count = math.prod(shape)
    if x.size != count * count:
        raise np.linalg.LinAlgError(f"tensorsolve: {x.shape} is not square with {y.ndim} axes for the right side")
    return solve(x.reshape((count, count)), y.flat).reshape(shape)


def matrix_power(a: Operand, n: int) -> Variable:
    """The product of n matrices a; for n < 0 of -n inverses; the identity for 0.

    >>> matrix_power(Variable(np.array([[1.0, 1.0], [0.0, 1.0]])), 3)
    variable([[1. 3.]
              [0. 1.]])
    """
    x = square("matrix_power", a)
    if n == 0:
        eye: Array = np.broadcast_to(np.eye(x.shape[-1], dtype=x.dtype), x.shape).copy()
        return Variable(eye, requires_grad=False)
    power = x if n > 0 else inv(x)
    found: Variable | None = None
    count = abs(n)
    while True:
        if count % 2:
            found = power if found is None else found @ power
        count //= 2
        if not count:
            break
        power = power @ power
    return power if found is None else found


def multi_dot(arrays: Sequence[Operand]) -> Variable:
    """The product of two matrices or more, in the order that takes the fewest multiplications; vectors at the ends.

    Source of the order: Cormen, Leiserson, Rivest & Stein, Introduction to algorithms, 15.2. Raises `ValueError` for
    fewer than two, `LinAlgError` for others than matrices.

    >>> multi_dot([np.ones((2, 3)), np.ones((3, 4)), Variable(np.ones(4))])
    variable([12. 12.])
    """
    xs = [constant(x) for x in several("multi_dot", arrays)]
    if len(xs) < 2:
        raise ValueError("multi_dot: needs at least two arrays")
    ends = [xs[0].ndim, xs[-1].ndim]
    if any(n not in (1, 2) for n in ends) or any(x.ndim != 2 for x in xs[1:-1]):
        raise np.linalg.LinAlgError(f"multi_dot: takes matrices, and vectors at the ends, not {[x.shape for x in xs]}")
    if ends[0] == 1:
        xs[0] = xs[0].reshape(1, -1)
    if ends[1] == 1:
        xs[-1] = xs[-1].reshape(-1, 1)
    product = _in_order(xs)
    return product.reshape(product.shape[ends[0] == 1 : 2 - (ends[1] == 1)])


def _in_order(xs: Sequence[Variable]) -> Variable:
    """The product of matrices, in the best order."""
    sizes = [*(x.shape[0] for x in xs), xs[-1].shape[1]]
    best: dict[tuple[int, int], tuple[int, int]] = {(i, i): (0, i) for i in range(len(xs))}
    for length in range(1, len(xs)):
        for i in range(len(xs) - length):
            j = i + length
            best[i, j] = min(
                (best[i, k][0] + best[k + 1, j][0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )

    return _product(xs, best, 0, len(xs) - 1)


def _product(xs: Sequence[Variable], best: dict[tuple[int, int], tuple[int, int]], i: int, j: int) -> Variable:
    """The product of matrices i to j, parted where `best` says. (A recursive closure would be a reference cycle.)"""
    k = best[i, j][1]
    return xs[i] if i == j else _product(xs, best, i, k) @ _product(xs, best, k + 1, j)


def matrices(name: str, a: Operand) -> Variable:
    """Operands of at least two axes; `LinAlgError` for fewer."""
    x = constant(a)
    if x.ndim < 2:
        raise np.linalg.LinAlgError(f"{name}: takes matrices in the last two axes, but the shape is {x.shape}")
    return x


def square(name: str, a: Operand) -> Variable:
    """The same if they are square."""
    x = matrices(name, a)
    if x.shape[-1] != x.shape[-2]:
        raise np.linalg.LinAlgError(f"{name}: takes square matrices, but the shape is {x.shape}")
    return x
