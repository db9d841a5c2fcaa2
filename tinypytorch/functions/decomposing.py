"""Floor 4: decompositions of matrices. Imports floors 1 to 3, `solving`, and what takes entries.

All by the names and signatures of `numpy.linalg`; `tinypytorch.linalg` is where they are found.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, overload

import numpy as np

from tinypytorch.core.apply import apply
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.elementwise import abs
from tinypytorch.functions.parts import conj
from tinypytorch.functions.selecting import take_along_axis
from tinypytorch.functions.solving import matrices, square
from tinypytorch.ops.decompositions import Cholesky, Eigh, Qr, Svd

_QR, _SVD = Qr(), Svd()


class EighResult(NamedTuple):
    """Eigenvalues, in ascending order, and eigenvectors, as columns."""

    eigenvalues: Variable
    eigenvectors: Variable


class QRResult(NamedTuple):
    """Orthonormal columns, and an upper triangular matrix."""

    Q: Variable
    R: Variable


class SVDResult(NamedTuple):
    """Left singular vectors as columns, singular values in descending order, right singular vectors as rows."""

    U: Variable
    S: Variable
    Vh: Variable


def cholesky(a: Operand, /, *, upper: bool = False) -> Variable:
    """The lower triangular l with l l^H = a and a positive diagonal; `upper`: l^H. One triangle of a is read: that one.

    The imaginary parts of the diagonal of a complex matrix are not read. Source: Murray, Differentiation of the
    Cholesky decomposition (2016). Raises `LinAlgError` if a is not square, or not positive definite.

    >>> cholesky(Variable(np.array([[4.0, 2.0], [2.0, 5.0]])))
    variable([[2. 0.]
              [1. 2.]])
    """
    return square("cholesky", a).record(Cholesky(upper))


@overload
def qr(a: Operand, mode: Literal["reduced", "complete"] = "reduced") -> QRResult: ...
@overload
def qr(a: Operand, mode: Literal["r"]) -> Variable: ...
def qr(a: Operand, mode: Literal["reduced", "complete", "r"] = "reduced") -> QRResult | Variable:
    """q with orthonormal columns and r upper triangular, with q r = a; or r alone. The diagonal of r is real.

    Differentiable where the first columns, as many as there are rows, are independent. Where they depend,
    differentiating raises `LinAlgError`. Source: Walter, Lehmann & Lamour (2012); Roberts & Roberts (2020).

    Raises `ValueError` for mode "complete" with more rows than columns (the columns that are added to q are not
    determined by a, so they have no derivative), and for "raw".

    >>> qr(Variable(np.array([[3.0, 1.0], [4.0, 2.0]])), "r").shape
    (2, 2)
    """
    x = matrices("qr", a)
    if mode not in ("reduced", "complete", "r"):
        raise ValueError(f'qr: mode is "reduced", "complete" or "r", not {mode!r}; the others are LAPACK\'s own forms')
    if mode == "complete" and x.shape[-2] > x.shape[-1]:
        raise ValueError(
            f'qr: the columns that mode "complete" adds to q for shape {x.shape} have no derivative; take "reduced", '
            "or np.linalg.qr of x.data"
        )
    q, r = apply(_QR, x)
    return r if mode == "r" else QRResult(q, r)


def eigh(a: Operand, UPLO: Literal["L", "U"] = "L") -> EighResult:
    """Eigenvalues, which are real, and eigenvectors of a symmetric or Hermitian matrix, of which one triangle is read.

    dw alone needs no differences of eigenvalues, and is right for the sum of equal ones. Eigenvectors have no
    derivative where eigenvalues coincide: what would divide by the difference is 0. The sign of an eigenvector is
    LAPACK's choice: differentiate functions that do not depend on it. So is the phase of a complex one, by which its
    first entry is real (with UPLO="U" its last): the derivative is that of these vectors, and infinite where this entry
    is 0; of functions that do not depend on phases it is what it is with any. Source: Giles (2008), 3.1.

    Raises `LinAlgError` if a is not square.

    >>> a = Variable(np.array([[1.0, 0.0], [0.0, 1.0]]))
    >>> eigh(a).eigenvalues.sum().backward()
    >>> a.grad
    array([[1., 0.],
           [0., 1.]])
    """
    if UPLO not in ("L", "U"):
        raise ValueError(f'eigh: UPLO is "L" or "U", not {UPLO!r}')
    w, v = apply(Eigh(UPLO), square("eigh", a))
    return EighResult(w, v)


def eigvalsh(a: Operand, UPLO: Literal["L", "U"] = "L") -> Variable:
    """The eigenvalues of a symmetric or Hermitian matrix, in ascending order: those of `eigh`.

    >>> eigvalsh(Variable(np.array([[2.0, 0.0], [0.0, 1.0]])))
    variable([1. 2.])
    """
    return eigh(a, UPLO).eigenvalues


@overload
def svd(
    a: Operand, full_matrices: bool = True, compute_uv: Literal[True] = True, hermitian: bool = False
) -> SVDResult: ...
@overload
def svd(a: Operand, full_matrices: bool = True, *, compute_uv: Literal[False], hermitian: bool = False) -> Variable: ...
def svd(
    a: Operand, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> SVDResult | Variable:
    """u, s, vh with u diag(s) vh = a: orthonormal vectors, and s >= 0 in descending order; or s alone.

    ds alone is right for the sum of equal ones. Singular vectors have no derivative where singular values coincide:
    what would divide by their difference is 0; so is what would divide by a singular value that is 0. The signs of the
    vectors are LAPACK's choice: differentiate functions that do not depend on them. So are the phases of complex ones,
    by which the first column of vh is real, or with more columns than rows the first row of u: the derivative is that
    of these vectors. Source: Townsend, Differentiating the singular value decomposition (2016); Wan & Zhang, Automatic
    differentiation for complex valued SVD (2019).

    hermitian: a is symmetric, or Hermitian, and only its lower triangle is read: made of `eigh`, as NumPy's, whose rule
        for equal and opposite eigenvalues holds.

    Raises `ValueError` for full matrices, which are the default, of a matrix that is not square: the vectors that are
    added are not determined by a, so they have no derivative.

    >>> svd(Variable(np.array([[0.0, 2.0], [1.0, 0.0]]))).S
    variable([2. 1.])
    """
    x = matrices("svd", a)
    if hermitian:
        return _of_hermitian(x, compute_uv)
    if full_matrices and compute_uv and x.shape[-1] != x.shape[-2]:
        raise ValueError(
            f"svd: the vectors that full_matrices=True adds for shape {x.shape} have no derivative; give "
            "full_matrices=False, or take np.linalg.svd of x.data"
        )
    u, s, vh = apply(_SVD, x)
    return SVDResult(u, s, vh) if compute_uv else s


def _of_hermitian(x: Variable, compute_uv: bool) -> SVDResult | Variable:
    """The decomposition from eigenvalues: their sizes in descending order, and their signs in the rows of vh."""
    w, v = eigh(x)
    order = np.argsort(np.abs(w.data), axis=-1)[..., ::-1]
    w = take_along_axis(w, order, -1)
    if not compute_uv:
        return abs(w)
    columns = np.expand_dims(order, -2)
    u = take_along_axis(v, np.broadcast_to(columns, v.shape), -1)
    signs = np.expand_dims(np.where(w.data < 0, -1.0, 1.0).astype(w.dtype), -2)
    return SVDResult(u, abs(w), conj(u * signs).mT)


def svdvals(x: Operand, /) -> Variable:
    """The singular values, in descending order: those of `svd`.

    >>> svdvals(Variable(np.array([[0.0, 2.0], [1.0, 0.0]])))
    variable([2. 1.])
    """
    return svd(x, compute_uv=False)
