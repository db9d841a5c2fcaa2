"""Floor 4: products of vectors, matrices and arrays of any number of axes. Imports floors 1 to 3 and other functions.

Those over many axes become one matrix product of the axes put together, as in NumPy. All are sums of products: the
gradient of an operand is the same sum with this operand's place taken by the gradient of the result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from types import EllipsisType
from typing import Final, TypeAlias

from tinypytorch.arrays import Shape, normalize_axis
from tinypytorch.core.apply import apply, constant
from tinypytorch.core.nested import array_like
from tinypytorch.core.operators import MATMUL
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.rearranging import moveaxis
from tinypytorch.ops.contractions import LETTERS, Einsum, Optimize
from tinypytorch.ops.products import Cross, MatVec, VecDot, VecMat

_VECDOT, _MATVEC, _VECMAT, _CROSS = VecDot(), MatVec(), VecMat(), Cross()

# The axes that `tensordot` sums over: how many, or which of each operand.
Axes: TypeAlias = int | tuple[int | Sequence[int], int | Sequence[int]] | Sequence[Sequence[int]]
_TAKEN: Final = "einsum: takes subscripts and arrays, or each array followed by a list of the numbers of its axes"
# The axes of an operand of `einsum`, as numbers.
Sublist: TypeAlias = list[int] | list[EllipsisType] | list[int | EllipsisType] | tuple[int | EllipsisType, ...]
Part: TypeAlias = Operand | str | Sublist


def matmul(a: Operand, b: Operand) -> Variable:
    """The matrix product a @ b of vectors, matrices and stacks of matrices, broadcast as in NumPy.

    dL/da = g b^T, dL/db = a^T g (Giles, Collected matrix derivative results for forward and reverse mode AD, 2008).

    >>> matmul(Variable(np.eye(2)), np.array([1.0, 2.0]))
    variable([1. 2.])
    """
    return constant(a).combine(MATMUL, a, b)


def dot(a: Operand, b: Operand) -> Variable:
    """The sum of products over the last axis of a and the last but one of b (a vector's only one).

    For vectors and matrices the matrix product; with a number, the product by it. Raises `ValueError` for lengths that
    differ.

    >>> dot(Variable(np.array([1.0, 2.0])), np.array([3.0, 4.0]))
    variable(11.0)
    """
    return constant(a).dot(b)


def vdot(a: Operand, b: Operand) -> Variable:
    """The sum of products of all entries in C order; of the conjugates of a complex a.

    Raises `ValueError` for sizes that differ.

    >>> vdot(np.ones((2, 2)), Variable(np.array([1.0, 2.0, 3.0, 4.0])))
    variable(10.0)
    """
    return constant(a).conj().flat @ constant(b).flat


def inner(a: Operand, b: Operand) -> Variable:
    """The sums of products over the last axis of both; with a number, the product by it.

    >>> inner(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])), np.array([1.0, 1.0]))
    variable([3. 7.])
    """
    x, y = constant(a), constant(b)
    return tensordot(x, y, (-1, -1)) if x.ndim and y.ndim else x * y


def outer(a: Operand, b: Operand) -> Variable:
    """Every product of an entry of a and one of b, both in C order: a matrix.

    >>> outer(Variable(np.array([1.0, 2.0])), np.array([3.0, 4.0]))
    variable([[3. 4.]
              [6. 8.]])
    """
    return constant(a).reshape(-1, 1) * constant(b).flat


def tensordot(a: Operand, b: Operand, axes: Axes = 2) -> Variable:
    """The sum of products over axes of a and of b: the axes of a that are left, then those of b.

    axes: how many, the last ones of a and the first ones of b in their order; or those of a, and those of b.

    Raises `ValueError` if they are not as many, or differ in length.

    >>> tensordot(Variable(np.ones((2, 3, 4))), np.ones((4, 3)), ([1, 2], [1, 0])).shape
    (2,)
    """
    x, y = constant(a), constant(b)
    if isinstance(axes, int):
        if not 0 <= axes <= min(x.ndim, y.ndim):
            raise ValueError(f"tensordot: {axes} axes of shapes {x.shape} and {y.shape}")
        ours, theirs = list(range(x.ndim - axes, x.ndim)), list(range(axes))
    else:
        first, second = axes
        ours, theirs = _axes(first, x.ndim), _axes(second, y.ndim)
    if [x.shape[i] for i in ours] != [y.shape[i] for i in theirs]:
        raise ValueError(f"tensordot: axes {ours} of shape {x.shape} do not fit axes {theirs} of shape {y.shape}")
    left = [i for i in range(x.ndim) if i not in ours]
    right = [i for i in range(y.ndim) if i not in theirs]
    count = math.prod(x.shape[i] for i in ours)
    shape: Shape = (*(x.shape[i] for i in left), *(y.shape[i] for i in right))
    rows = x.transpose([*left, *ours]).reshape((math.prod(x.shape[i] for i in left), count))
    columns = y.transpose([*theirs, *right]).reshape((count, math.prod(y.shape[i] for i in right)))
    return (rows @ columns).reshape(shape)


def _axes(given: int | Sequence[int], ndim: int) -> list[int]:
    axes = [normalize_axis(i, ndim) for i in ((given,) if isinstance(given, int) else given)]
    if len(set(axes)) < len(axes):
        raise ValueError(f"tensordot: {given} names an axis twice")
    return axes


def vecdot(x1: Operand, x2: Operand, /, *, axis: int = -1) -> Variable:
    """The sums of products over an axis of both, which are broadcast else; of the conjugates of a complex x1.

    >>> vecdot(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])), np.array([1.0, -1.0]))
    variable([-1. -1.])
    """
    if axis != -1:
        x1, x2 = moveaxis(x1, axis, -1), moveaxis(x2, axis, -1)
    return constant(x1).combine(_VECDOT, x1, x2)


def matvec(x1: Operand, x2: Operand, /) -> Variable:
    """The products of matrices and vectors, in the last two axes and the last one, which are broadcast else.

    >>> matvec(np.eye(2), Variable(np.array([[1.0, 2.0], [3.0, 4.0]])))
    variable([[1. 2.]
              [3. 4.]])
    """
    return constant(x1).combine(_MATVEC, x1, x2)


def vecmat(x1: Operand, x2: Operand, /) -> Variable:
    """The products of vectors and matrices, in the last axis and the last two, which are broadcast else.

    Of the conjugates of a complex x1.

    >>> vecmat(Variable(np.array([1.0, 2.0])), np.array([[1.0, 0.0], [0.0, 3.0]]))
    variable([1. 6.])
    """
    return constant(x1).combine(_VECMAT, x1, x2)


def cross(
    a: Operand, b: Operand, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Variable:
    """The vectors at right angles to those of a and b, which have three entries along `axisa` and `axisb`.

    da = b x g, db = g x a. `axis` stands for all three axes. Raises `ValueError` for vectors of another length: NumPy
    gives up those of two; their product is a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0].

    >>> cross(Variable(np.array([1.0, 0.0, 0.0])), np.array([0.0, 1.0, 0.0]))
    variable([0. 0. 1.])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    x, y = moveaxis(a, axisa, -1), moveaxis(b, axisb, -1)
    if x.shape[-1] != 3 or y.shape[-1] != 3:
        raise ValueError(
            f"cross: takes vectors of three entries, not of {x.shape[-1]} and {y.shape[-1]}; of two, take "
            "a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]"
        )
    return moveaxis(apply(_CROSS, x, y), -1, axisc)


def trace(a: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Variable:
    """The sum of the entries whose indices along two axes differ by `offset`.

    >>> trace(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])))
    variable(5.0)
    """
    return constant(a).trace(offset, axis1, axis2)


def einsum(*operands: Part, optimize: bool | str | Sequence[str | tuple[int, ...]] = False) -> Variable:
    """The sum of products that letters on the operands' axes say (Einstein's convention).

    "ij,jk->ik" is the matrix product, "ii" the trace, "ii->i" the diagonal, "ij->ji" the transpose. An axis of length 1
    is repeated; "..." stands for axes that broadcast; without "->" the result has the letters that are there once, in
    alphabetical order. Instead of letters, numbers: einsum(a, [0, 1], b, [1, 2], [0, 2]).

    optimize: how more than two operands are paired, as in NumPy: not, "greedy" (also True), "optimal", or a path that
        `np.einsum_path` gave. Pairs that are matrix products are computed as such, which for large ones is faster.

    Raises `ValueError` for subscripts that the operands do not fit.

    >>> x = Variable(np.array([[1.0, 2.0], [3.0, 4.0]]))
    >>> einsum("ij,j", x, np.array([1.0, 1.0])), einsum("ii", x)
    (variable([3. 7.]), variable(5.0))
    """
    terms, out, xs = _interleaved(operands) if not isinstance(operands[0], str) else _written(operands[0], operands[1:])
    pairing: Optimize = optimize if isinstance(optimize, bool | str) else tuple(optimize)
    return apply(Einsum(_spelled_out(terms, out, [x.ndim for x in xs]), pairing), *xs)


def _written(subscripts: str, operands: Sequence[Part]) -> tuple[list[str], str | None, list[Variable]]:
    """The terms, and that of the result if there is one, of subscripts in letters."""
    given, arrow, out = subscripts.replace(" ", "").partition("->")
    terms = given.split(",")
    if any(isinstance(x, str) for x in operands):
        raise TypeError("einsum: after the subscripts come arrays")
    xs = [constant(array_like(x)) for x in operands]
    if len(terms) != len(xs):
        raise ValueError(f"einsum: {len(xs)} operands for the {len(terms)} terms of {subscripts!r}")
    return terms, out if arrow else None, xs


def _interleaved(operands: Sequence[Part]) -> tuple[list[str], str | None, list[Variable]]:
    """The same of operands that are followed each by the numbers of its axes; at the end, those of the result."""
    terms: list[str] = []
    xs: list[Variable] = []
    for i, x in enumerate(operands):
        if i % 2 or i == len(operands) - 1:
            if not isinstance(x, (list, tuple)):
                raise TypeError(_TAKEN)
            terms.append("".join("..." if n is ... else _letter(n) for n in x))
        elif isinstance(x, str):
            raise TypeError(_TAKEN)
        else:
            xs.append(constant(array_like(x)))
    if not xs:
        raise TypeError(_TAKEN)
    return terms[: len(xs)], terms[-1] if len(terms) > len(xs) else None, xs


def _letter(n: int | EllipsisType) -> str:
    if not isinstance(n, int) or not 0 <= n < 52:
        raise ValueError(f"einsum: axes are numbered from 0 to 51, or `...`; not {n!r}")
    return LETTERS[n]


def _spelled_out(terms: Sequence[str], out: str | None, ndims: Sequence[int]) -> str:
    """The subscripts with a letter for every axis, and with the result's."""
    named = "".join(terms).replace(".", "")
    free = [letter for letter in LETTERS if letter not in named + (out or "")]
    hidden = [n - len(t.replace("...", "")) for t, n in zip(terms, ndims, strict=True) if "..." in t]
    most = max(hidden, default=0)
    if min(hidden, default=0) < 0:
        raise ValueError(f"einsum: {','.join(terms)!r} has more letters than operands of {list(ndims)} axes have")
    common = "".join(free[:most])
    written = [
        t.replace("...", common[most - n + len(t.replace("...", "")) :]) for t, n in zip(terms, ndims, strict=True)
    ]
    if out is None:
        out = "..." * bool(hidden) + "".join(sorted(c for c in set(named) if named.count(c) == 1))
    elif most and "..." not in out:
        raise ValueError(f"einsum: the result {out!r} has no '...' for the axes that stand for it in the operands")
    return f"{','.join(written)}->{out.replace('...', common)}"
