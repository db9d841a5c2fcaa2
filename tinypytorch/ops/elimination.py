"""Floor 2: factorizations in plain NumPy, for numbers that LAPACK has no routines for. Imports `arrays` only.

In extended precision, and in whatever other numbers an array of objects holds, such as dual numbers; complex ones, too.
All functions take stacks of matrices. They choose by size only through `size`, so that numbers which are more than a
value can say it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from operator import methodcaller
from typing import Final, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Mask, Positions, Shape, one

Map: TypeAlias = Callable[[Array], Array]


def stacked(a: Array) -> Array:
    """A copy of the matrices, along one first axis."""
    shape: Shape = a.shape
    copied: Array = np.array(a).reshape((math.prod(shape[:-2]), shape[-2], shape[-1]))
    return copied


def identity(a: Array, n: int) -> Array:
    """The identity matrix in the dtype of a."""
    eye: Array = np.eye(n).astype(a.dtype)
    return eye


def magnitude(a: Array) -> Array:
    """The absolute values."""
    size: Array = np.absolute(a)
    return size


def as_given(a: Array) -> Array:
    """The same."""
    return a


def conjugate(a: Array) -> Array:
    """The complex conjugates; real numbers as they are."""
    y: Array = a if a.dtype.kind == "f" else np.conjugate(a)
    return y


def adjoint(a: Array) -> Array:
    """The conjugate transposes."""
    return conjugate(a).mT


def _real(x: object) -> object:
    part: object = getattr(x, "real", x)
    return part


def _imaginary(x: object) -> object:
    part: object = getattr(x, "imag", 0.0)
    return part


def _each(f: Callable[[object], object]) -> Map:
    each: Map = methodcaller("frompyfunc", f, 1, 1)(np)  # `Any`: what it gives is an array of objects
    return each


_EACH_REAL: Final = _each(_real)
_EACH_IMAGINARY: Final = _each(_imaginary)


def real_part(a: Array) -> Array:
    """The real parts, of objects, too."""
    return a.real if a.dtype.char != "O" else _EACH_REAL(a)


def imaginary_part(a: Array) -> Array:
    """The imaginary parts, of objects, too."""
    return a.imag if a.dtype.char != "O" else _EACH_IMAGINARY(a)


def square_size(a: Array) -> Array:
    """The squares of the sizes."""
    return a * a if a.dtype.kind == "f" else real_part(conjugate(a) * a)


def phase(a: Array, size: Map = magnitude) -> Array:
    """The numbers of size 1 that turn complex entries onto the real axis, to the nearer side; 1 for 0."""
    left: Mask = real_part(a) < 0
    lengths: Array = np.sqrt(square_size(a))
    nothing: Mask = size(a) == 0
    unit = identity(a, 1)[:, 0]
    ends: Array = np.where(left, -lengths, lengths)
    turned: Array = conjugate(a) / np.where(nothing, unit, ends)
    return np.where(nothing, unit, turned)


def reduced(a: Array, b: Array, size: Map = magnitude) -> tuple[Array, Array, Array]:
    """Square matrices made upper triangular by row operations, with pivots; b after the same operations; the signs.

    Golub & Van Loan, Matrix Computations, 3.4.1. Where a matrix is singular, a 0 stays on its diagonal.
    """
    upper, right = stacked(a), stacked(b)
    shape: Shape = upper.shape
    count, n = shape[0], shape[-1]
    every: Positions = np.arange(count)
    signs = np.ones(count)
    for k in range(n):
        largest: Positions = np.argmax(size(upper[:, k:, k]), -1)
        pivots = k + largest
        for x in (upper, right):
            swapped = x[every, pivots].copy()
            x[every, pivots] = x[:, k]
            x[:, k] = swapped
        moved: Mask = pivots != k
        signs = np.where(moved, -signs, signs)
        nothing: Mask = size(upper[:, k, k]) == 0
        divisor: Array = np.where(nothing, identity(a, 1)[:, 0], upper[:, k, k])
        factors = upper[:, k + 1 :, k] / divisor[:, None]
        upper[:, k + 1 :] = upper[:, k + 1 :] - factors[:, :, None] * upper[:, None, k]
        right[:, k + 1 :] = right[:, k + 1 :] - factors[:, :, None] * right[:, None, k]
    return upper, right, signs


def diagonal(a: Array) -> Array:
    """The diagonals of matrices."""
    return np.diagonal(a, 0, -2, -1)


def solve(a: Array, b: Array, size: Map = magnitude) -> Array:
    """The x with a x = b, where stacks broadcast; raises `LinAlgError` for a singular matrix."""
    lead: Shape = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    of_a: Shape = a.shape
    of_b: Shape = b.shape
    wide_a, wide_b = np.broadcast_to(a, (*lead, *of_a[-2:])), np.broadcast_to(b, (*lead, *of_b[-2:]))
    upper, x, _ = reduced(wide_a, wide_b, size)
    zero: Mask = size(diagonal(upper)) == 0
    if zero.any():
        raise np.linalg.LinAlgError("Singular matrix")
    n: int = upper.shape[-1]
    for k in reversed(range(n)):
        x[:, k] = x[:, k] / upper[:, k, k, None]
        x[:, :k] = x[:, :k] - upper[:, :k, k, None] * x[:, None, k]
    return x.reshape(wide_b.shape)


def det(a: Array) -> Array:
    """The determinants."""
    upper, _, signs = reduced(a, a[..., :0])
    product: Array = np.multiply.reduce(diagonal(upper), -1) * signs.astype(a.dtype)
    return product.reshape(a.shape[:-2])


def log_size_of_det(a: Array) -> Array:
    """The logarithms of the sizes of the determinants."""
    upper, _, _ = reduced(a, a[..., :0])
    with np.errstate(divide="ignore"):
        logs: Array = np.log(np.absolute(diagonal(upper)))
    total: Array = np.add.reduce(logs, -1)
    return total.reshape(a.shape[:-2])


def sign_of_det(a: Array) -> Array:
    """The determinants over their sizes; 0 for 0."""
    upper, _, signs = reduced(a, a[..., :0])
    entries = diagonal(upper)
    sizes = magnitude(entries)
    zero: Mask = sizes == 0
    product: Array = np.multiply.reduce(entries / np.where(zero, one(sizes.dtype), sizes), -1) * signs.astype(a.dtype)
    return product.reshape(a.shape[:-2])


def cofactors(a: Array, det_of: Callable[[Array], Array]) -> Array:
    """For every entry the signed determinant of what is left without its row and column."""
    n: int = a.shape[-1]
    if n == 0:
        return a
    rows: list[Array] = []
    for i in range(n):
        row: list[Array] = []
        for j in range(n):
            left: Array = np.delete(np.delete(a, i, -2), j, -1)
            row.append(det_of(left) * (1.0 - 2.0 * ((i + j) % 2)))
        rows.append(np.stack(row, -1))
    return np.stack(rows, -2)


def cholesky(a: Array) -> Array:
    """The lower triangular l with a = l l^H, from the lower triangle of a. Golub & Van Loan, 4.2.5."""
    lower = stacked(a)
    n = len(lower.T)
    for k in range(n):
        left: Array = np.add.reduce(lower[:, k:, :k] * conjugate(lower[:, None, k, :k]), -1)
        column = lower[:, k:, k] - left if k else lower[:, k:, k]
        pivot = real_part(column[:, :1])
        if a.dtype.char != "O" and not (pivot > 0).all():
            raise np.linalg.LinAlgError("Matrix is not positive definite")
        root: Array = np.sqrt(pivot)
        lower[:, k:, k] = column / root
        lower[:, k, k] = root[:, 0]
        lower[:, k, k + 1 :] = lower[:, k, k + 1 :] * 0
    return lower.reshape(a.shape)


def qr(a: Array, size: Map = magnitude, plane: bool = False) -> tuple[Array, Array]:
    """q with orthonormal columns, and the upper triangular r, with a = q r: by reflections, with LAPACK's signs.

    Golub & Van Loan, 5.2.2. A column that is 0 below the diagonal already is not reflected. Of complex matrices
    (`plane`) the diagonal of r is real: a turn follows; it changes the sign, too, where nothing was reflected and the
    entry was not real (LAPACK's zlarfg).
    """
    r = stacked(a)
    shape: Shape = r.shape
    count, m, n = shape
    k = min(m, n)
    q: Array = np.broadcast_to(identity(a, m), (count, m, m)).copy()
    unit = identity(a, 1)[:, 0]
    for j in range(k):
        x = r[:, j:, j].copy()
        largest: Array = np.maximum.reduce(size(x[:, 1:]), -1, initial=0.0)
        flat: Mask = largest == 0
        top = x[:, 0]
        if not flat.all():
            below: Array = np.add.reduce(square_size(x[:, 1:]), -1)
            length: Array = np.sqrt(np.where(flat, unit, square_size(top) + below))
            back: Mask = real_part(top) < 0
            x[:, 0] = top + np.where(back, -length, length)
            # of x and the column: divided by it, x is the reflection that makes the column one entry
            pairing: Array = conjugate(x[:, 0]) * r[:, j, j] + below
            share: Array = np.where(flat, unit * 0, 1.0 / np.where(flat, unit, pairing))[:, None, None]
            part: Array = np.add.reduce(conjugate(x)[:, :, None] * r[:, j:], 1)
            side: Array = np.add.reduce(q[:, :, j:] * x[:, None], -1)
            r[:, j:] = r[:, j:] - share * x[:, :, None] * part[:, None]
            q[:, :, j:] = q[:, :, j:] - conjugate(share) * side[:, :, None] * conjugate(x)[:, None]
        if plane:
            turn = phase(r[:, j, j], size)
            beside: Mask = size(imaginary_part(r[:, j, j])) != 0
            turn = np.where(flat & beside, -turn, turn)[:, None]
            r[:, j] = r[:, j] * turn
            r[:, j, j] = real_part(r[:, j, j])
            q[:, :, j] = q[:, :, j] * conjugate(turn)
    below_diagonal: Mask = np.tri(k, n, -1, np.bool)
    upper: Array = np.where(below_diagonal, r[:, :k] * 0, r[:, :k])
    lead: Shape = a.shape[:-2]
    of_q: Shape = (*lead, m, k)
    of_r: Shape = (*lead, k, n)
    return q[:, :, :k].reshape(of_q), upper.reshape(of_r)


def eigen(a: Array, v: Array, close: Mask, steps: int, given: Map = as_given) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors of Hermitian matrices from approximate eigenvectors, as good as the dtype has them.

    Each step doubles the number of right digits. Where eigenvalues are `close` together, a pair of vectors is made
    orthonormal, and not turned. What a step starts from is what `given` makes of the vectors: numbers that know their
    error can forget it, since a step does not depend on it. Ogita & Aishima, Iterative refinement for symmetric
    eigenvalue decomposition (2018).
    """
    x = v
    n: int = a.shape[-1]
    lowered: Mask = close | np.eye(n, dtype=np.bool)
    for _ in range(steps):
        x = given(x)
        w, off, lack = _rayleigh(a, x)
        gap: Array = np.where(lowered, identity(a, 1), w[..., None, :] - w[..., :, None])
        turned: Array = (off + w[..., None, :] * lack) / gap
        x = x + x @ np.where(lowered, lack * 0.5, turned)
    top: Array = np.add.reduce(conjugate(x) * (a @ x), -2)
    length: Array = np.add.reduce(square_size(x), -2)
    return real_part(top) / length, x


def _rayleigh(a: Array, x: Array) -> tuple[Array, Array, Array]:
    """The Rayleigh quotients of the columns of x, x^H a x, and how much is missing from x^H x = 1."""
    turned = adjoint(x)
    off = turned @ (a @ x)
    n: int = x.shape[-1]
    lack = identity(a, n) - turned @ x
    return real_part(diagonal(off)) / (1.0 - real_part(diagonal(lack))), off, lack


def paired(s: Array, m: int, n: int) -> Array:
    """The eigenvalues of ((0, a), (a^H, 0)) for a matrix a of m rows and n columns with these singular values."""
    lead: Shape = s.shape[:-1]
    nothing = np.zeros((*lead, abs(m - n)))
    return np.concatenate((s, -s, nothing), -1)


def singular(
    a: Array, u: Array, v: Array, close: Mask, steps: int, given: Map = as_given
) -> tuple[Array, Array, Array]:
    """The reduced singular value decomposition from an approximate one (u, v), as `eigen` does it.

    Each step is that of `eigen` for the Hermitian matrix ((0, a), (a^H, 0)) with the eigenvectors (u, v) and (u, -v)
    (Golub & Van Loan, 8.6.1), in halves; `close` is of its eigenvalues as `paired` has them. Ogita & Aishima,
    Iterative refinement for singular value decomposition based on matrix multiplication (2020).
    """
    shape: Shape = a.shape
    m, n = shape[-2], shape[-1]
    k = min(m, n)
    unit, single = identity(a, 1), identity(a, 1)[:, 0]
    same: Mask = close[..., :k, :k] | np.eye(k, dtype=np.bool)
    opposite: Mask = close[..., :k, k : 2 * k]
    zero: Mask = np.diagonal(opposite, 0, -2, -1)
    left, right = u[..., :k], v[..., :k]
    for _ in range(steps):
        left, right = given(left), given(right)
        moved = a @ right
        p = adjoint(left) @ moved
        of_u, of_v = (identity(a, k) - adjoint(x) @ x for x in (left, right))
        s = real_part(diagonal(p)) / (1.0 - real_part(diagonal(of_u + of_v)) * 0.5)
        row, column = s[..., None, :], s[..., :, None]
        x, y = p + of_u * row, adjoint(p) + of_v * row
        both: Array = np.where(same, (of_u + of_v) * 0.5, (x + y) / np.where(same, unit, row - column))
        between: Array = np.where(opposite, (of_u - of_v) * 0.5, (x - y) / np.where(opposite, unit, row + column))
        inverse: Array = np.where(zero, single * 0, 1.0 / np.where(zero, single, s))[..., None, :]
        turned_u, turned_v = left @ ((both + between) * 0.5), right @ ((both - between) * 0.5)
        if m > k:
            turned_u = turned_u + (moved - left @ x) * inverse
        if n > k:
            turned_v = turned_v + (adjoint(a) @ left - right @ y) * inverse
        left, right = left + turned_u, right + turned_v
    top: Array = np.add.reduce(conjugate(left) * (a @ right), -2)
    of_left: Array = np.add.reduce(square_size(left), -2)
    of_right: Array = np.add.reduce(square_size(right), -2)
    return left, real_part(top) / ((of_left + of_right) * 0.5), adjoint(right)
