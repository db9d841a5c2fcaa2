"""Floor 2: NumPy's linear algebra in every floating dtype. Imports `arrays` and `elimination`.

LAPACK computes in single and double precision. Half precision is computed in single and rounded once. Extended
precision is computed by `elimination`, where eigenvectors start from those in double. Of complex
eigenvectors the first entry is real, as LAPACK has it (see `fixed`).
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Final, Protocol, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Mask, Shape
from tinypytorch.ops import elimination as el

Pair: TypeAlias = tuple[Array, Array]
Triple: TypeAlias = tuple[Array, Array, Array]


class _Svd(Protocol):
    def __call__(self, a: Array, /, *, full_matrices: bool = True) -> Triple: ...


class _Cholesky(Protocol):
    def __call__(self, a: Array, /, *, upper: bool) -> Array: ...


# NumPy's functions with the types that are used here; `attrgetter` gives `Any`, so these are not checked.
_solve: Callable[[Array, Array], Array] = attrgetter("solve")(np.linalg)
_inv: Callable[[Array], Array] = attrgetter("inv")(np.linalg)
_det: Callable[[Array], Array] = attrgetter("det")(np.linalg)
_slogdet: Callable[[Array], Pair] = attrgetter("slogdet")(np.linalg)
_cholesky: _Cholesky = attrgetter("cholesky")(np.linalg)
_qr: Callable[[Array], Pair] = attrgetter("qr")(np.linalg)
_eigh: Callable[[Array, str], Pair] = attrgetter("eigh")(np.linalg)
_svd: _Svd = attrgetter("svd")(np.linalg)
_pinv: Callable[[Array, float], Array] = attrgetter("pinv")(np.linalg)
# A condition number (of Frobenius norms) from which on cofactors are not computed from the inverse.
_WELL: Final = 1e6
# Up to so many rows a cofactor is computed as the determinant that it is.
FEW: Final = 4


def _half(x: Array) -> bool:
    return x.dtype.char == "e"


def _wide(x: Array) -> bool:
    """Whether x is in extended precision."""
    return x.dtype.char in "gG"


def _single(x: Array) -> Array:
    y: Array = x.astype("complex64" if x.dtype.kind == "c" else "float32")
    return y


def _double(x: Array) -> Array:
    y: Array = x.astype("complex128" if x.dtype.kind == "c" else "float64")
    return y


def _extended(a: Array, b: Array) -> Pair:
    """Both in extended precision, complex if one of them is."""
    name = "clongdouble" if "c" in (a.dtype.kind, b.dtype.kind) else "longdouble"
    x: Array = a.astype(name)
    y: Array = b.astype(name)
    return x, y


def _as(x: Array, y: Array) -> Array:
    """y in the dtype of x."""
    z: Array = y.astype(x.dtype)
    return z


def _as_real(x: Array, y: Array) -> Array:
    """Real y in the precision of x."""
    return _as(x.real, y)


def mirrored(a: Array, low: bool) -> Array:
    """The Hermitian matrices that have one triangle of a's, and the real parts of the diagonal."""
    n: int = a.shape[-1]
    rest: Array = np.tril(a, -1) if low else np.triu(a, 1)
    on: Mask = np.eye(n, dtype=np.bool)
    middle: Array = np.where(on, el.real_part(a), 0)
    return rest + middle + el.adjoint(rest)


def solve(a: Array, b: Array) -> Array:
    """The x with a x = b, for matrices a and b; `ValueError` for vectors."""
    if b.ndim < 2:
        raise ValueError(f"b is a matrix or a stack of them, not of shape {b.shape}")
    if _half(a) or _half(b):
        x = solve(_single(a), _single(b))
        return x if a.dtype != b.dtype else _as(a, x)
    if _wide(a) or _wide(b):
        return el.solve(*_extended(a, b))
    return _solve(a, b)


def inv(a: Array) -> Array:
    """The inverses."""
    if _half(a):
        return _as(a, inv(_single(a)))
    if _wide(a):
        return el.solve(a, el.identity(a, a.shape[-1]))
    return _inv(a)


def det(a: Array) -> Array:
    """The determinants."""
    if _half(a):
        return _as(a, det(_single(a)))
    if _wide(a):
        return el.det(a)
    return _det(a)


def log_size_of_det(a: Array) -> Array:
    """The logarithms of the sizes of the determinants."""
    if _half(a):
        return _as(a, log_size_of_det(_single(a)))
    if _wide(a):
        return el.log_size_of_det(a)
    return _slogdet(a)[1]


def sign_of_det(a: Array) -> Array:
    """The signs of the determinants: 1, -1, or 0; of complex matrices, numbers of size 1, or 0."""
    if _half(a):
        return _as(a, sign_of_det(_single(a)))
    if _wide(a):
        return el.sign_of_det(a)
    return _slogdet(a)[0]


def cofactors(a: Array) -> Array:
    """The cofactors: what det(a) inv(a)^T is where a is invertible.

    Else, and where inverting would lose digits, from the singular values: in their bases the matrix is diagonal, and a
    cofactor the product of the others on the diagonal.
    """
    if _half(a):
        return _as(a, cofactors(_single(a)))
    n: int = a.shape[-1]
    if n <= FEW or a.dtype.kind == "O" or _wide(a):
        return el.cofactors(a, det)
    u, s, vh = full_svd(a)
    if (s[..., -1] * _WELL > s[..., 0]).all():
        return det(a)[..., None, None] * inv(a).mT
    others = np.stack([_product(np.delete(s, i, -1)) for i in range(n)], -1)
    signs: Array = _det(u) * _det(vh)
    signs = signs / np.absolute(signs)
    product: Array = el.conjugate(u * (others * el.conjugate(signs)[..., None])[..., None, :]) @ el.conjugate(vh)
    return product


def _product(s: Array) -> Array:
    y: Array = np.multiply.reduce(s, -1)
    return y


def least_share(a: Array) -> Array:
    """The least singular value over the largest; 0 for a matrix of zeros."""
    if _half(a):
        return _as(a, least_share(_single(a)))
    s = full_svd(_double(a) if _wide(a) else a)[1]
    zero: Mask = s[..., 0] == 0.0
    share: Array = s[..., -1] / np.where(zero, 1.0, s[..., 0])
    return _as_real(a, share)


def cholesky(a: Array, upper: bool) -> Array:
    """The triangular factor."""
    if _half(a):
        return _as(a, cholesky(_single(a), upper))
    if _wide(a):
        return el.adjoint(el.cholesky(el.adjoint(a))) if upper else el.cholesky(a)
    return _cholesky(a, upper=upper)


def qr(a: Array) -> Pair:
    """q and r of the reduced decomposition."""
    if _half(a):
        q, r = qr(_single(a))
        return _as(a, q), _as(a, r)
    if _wide(a):
        return el.qr(a, plane=a.dtype.kind == "c")
    q, r = _qr(a)
    return q, r


def eigh(a: Array, low: bool) -> Pair:
    """Eigenvalues in ascending order, and eigenvectors, of which one triangle is read."""
    if _half(a):
        w, v = eigh(_single(a), low)
        return _as(a, w), _as(a, v)
    if _wide(a):
        symmetric = mirrored(a, low)
        start = _eigh(_double(symmetric), "L" if low else "U")
        w, v = el.eigen(symmetric, _as(a, start[1]), close(start[0]), 2)
    else:
        w, v = _eigh(a, "L" if low else "U")
    return (w, v * el.phase(fixed(v, low))[..., None, :]) if _turnable(v) else (w, v)


def _turnable(v: Array) -> bool:
    return v.dtype.kind == "c" and v.size > 0


def fixed(v: Array, low: bool) -> Array:
    """The entry of each eigenvector that LAPACK has real: the first, or the last if the upper triangle was read."""
    entries: Array = v[..., 0 if low else -1, :]
    return entries


def fixed_of_pairs(u: Array, vh: Array) -> Array:
    """The same of pairs of singular vectors: of the right one, or of the left one if there are more columns than rows.

    That a reduction to two diagonals leaves them so: Golub & Van Loan, Matrix Computations, 5.4.8.
    """
    of_u: Shape = u.shape
    of_vh: Shape = vh.shape
    if of_u[-2] < of_vh[-1]:
        return fixed(u, True)
    return fixed(el.adjoint(vh), True)


def close(w: Array, share: float = 2.0**-40) -> Mask:
    """Which pairs of eigenvalues are the same, up to a share of the largest; by default, to double precision."""
    largest: Array = np.maximum.reduce(np.absolute(w), -1, initial=0.0)
    gaps: Array = np.absolute(w[..., None, :] - w[..., :, None])
    near: Mask = gaps <= largest[..., None, None] * share
    return near


def svd(a: Array) -> Triple:
    """Left singular vectors, singular values in descending order, right singular vectors as rows: the reduced ones."""
    if _half(a):
        u, s, vh = svd(_single(a))
        return _as(a, u), _as(a, s), _as(a, vh)
    if _wide(a):
        start = _svd(_double(a))
        apart = close(el.paired(start[1], *a.shape[-2:]))
        u, s, vh = el.singular(a, _as(a, start[0]), _as(a, el.adjoint(start[2])), apart, 2)
    else:
        u, s, vh = _svd(a, full_matrices=False)
    if not (_turnable(u) and _turnable(vh)):
        return u, s, vh
    turn = el.phase(fixed_of_pairs(u, vh))
    return u * turn[..., None, :], s, el.conjugate(turn)[..., :, None] * vh


def full_svd(a: Array) -> Triple:
    """The same with square matrices of singular vectors; in single and double precision."""
    u, s, vh = _svd(a)
    return u, s, vh


def pinv(a: Array, rcond: float) -> Array:
    """The pseudoinverses; singular values up to `rcond` times the largest count as 0."""
    if _half(a):
        return _as(a, pinv(_single(a), rcond))
    if _wide(a):
        u, s, vh = svd(a)
        largest: Array = np.maximum.reduce(s, -1, keepdims=True, initial=0.0)
        kept: Mask = s > rcond * largest
        inverse = _as(a, np.where(kept, 1.0 / np.where(kept, s, 1.0), 0.0))
        product: Array = (el.adjoint(vh) * inverse[..., None, :]) @ el.adjoint(u)
        return product
    return _pinv(a, rcond)


def epsilon(dtype: np.dtype[np.float64]) -> float:
    """The distance from 1 to the next number."""
    return float(np.finfo(dtype).eps)
