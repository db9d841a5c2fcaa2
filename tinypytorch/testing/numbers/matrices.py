"""Floor 6: NumPy's linear algebra on dual numbers, for forwards that call LAPACK. Imports floors 1 and 2, and `plane`.

Elimination, reflections and Newton's method instead of LAPACK's routines: other algorithms for the same values, and
none of them is a derivative rule. Pivots are chosen by the values, so that choosing one is no kink. Where a function is
not differentiable (matrices that are singular, eigenvalues that coincide) it raises `LinAlgError`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol, SupportsFloat, TypeGuard

import numpy as np

from tinypytorch.arrays import AnyArray, Array, Mask, NumericArray, is_array
from tinypytorch.ops import elimination as el
from tinypytorch.ops import lapack
from tinypytorch.testing.numbers.dual import Dual
from tinypytorch.testing.numbers.kinds import NotRepresentableError
from tinypytorch.testing.numbers.plane import Plane, is_plane
from tinypytorch.testing.numbers.rounded import Rounded

# Matrices with a larger condition number count as singular; eigenvalues that are closer, relatively, as the same.
_SINGULAR: Final = 1e8
_SAME: Final = 1e-6
# Newton steps from fifteen digits: two for fifteen digits of a second derivative, four for fifty.
_FLOAT_STEPS: Final = 2
_STEPS: Final = 4


def steps(a: Array) -> int:
    """How many steps the kind of number in an array takes."""
    entries: list[object] = a.reshape(-1)[:1].tolist()
    return _FLOAT_STEPS if all(_is_rounded(x) for x in entries) else _STEPS


def _is_rounded(x: object) -> bool:
    """Whether the number at the bottom of a dual number is a float with a bound on its error."""
    if is_plane(x):
        return _is_rounded(x.real)
    while not isinstance(x, Rounded) and hasattr(x, "v"):
        inner: object = getattr(x, "v", None)
        x = inner
    return isinstance(x, Rounded)


def floats(a: AnyArray) -> Array:
    """The values of dual numbers, as floats; as complex numbers if one of them is."""
    given: list[object] = a.ravel().tolist()
    if in_plane(given):
        numbers = [complex(_float(x.real), _float(x.imag)) if is_plane(x) else complex(_float(x)) for x in given]
        found: Array = np.array(numbers).reshape(a.shape)
        return found
    entries: list[float] = [_float(x) for x in given]
    return np.array(entries, np.float64).reshape(a.shape)


def in_plane(entries: Sequence[object]) -> bool:
    """Whether one of the entries is complex."""
    return any(is_plane(x) for x in entries)


def _float(x: object) -> float:
    """The number at the bottom of a dual number, whatever its kind."""
    if hasattr(x, "q"):
        raise NotRepresentableError("LAPACK rounds, and a fraction would be held against it as if it did not")
    held: object = getattr(x, "v", None)
    if held is not None:
        return _float(held)
    return float(x) if isinstance(x, SupportsFloat) else math.nan


def size(a: Array) -> Array:
    """The sizes of the values, by which pivots are chosen."""
    return np.absolute(floats(a))


def started(v: Array, like: Array) -> Array:
    """Vectors of floats as objects to compute with: complex ones as numbers of the kind that is in an array."""
    found: Sequence[object] = like.ravel().tolist()
    zeros = [x.real * 0.0 for x in found if is_plane(x)]
    if v.dtype.kind == "f":
        return v.astype(object)
    entries: Sequence[complex] = v.ravel().tolist()
    return objects([Plane(zeros[0] + z.real, zeros[0] + z.imag) for z in entries], v)


def exactly(a: Array) -> Array:
    """Numbers with a bound on their error, as if they had none."""
    return objects([_exactly(x) for x in a.ravel().tolist()], a)


def _exactly(x: object) -> object:
    if is_plane(x):
        return Plane(x.real.exactly(), x.imag.exactly())
    return x.exactly() if _is_dual(x) else x


def objects(entries: Sequence[object], like: Array) -> Array:
    """An array of objects in the shape of another."""
    found: Array = np.array([None, *entries], object)[1:]
    return found.reshape(like.shape)


def _is_dual(x: object) -> TypeGuard[Dual[float]]:
    return isinstance(x, Dual)


def is_tuple(x: object) -> TypeGuard[tuple[object, ...]]:
    """Whether x is a tuple (`isinstance` alone leaves the type of its parts unknown)."""
    return isinstance(x, tuple)


def _distinct(a: Array, values: Array, near: Mask, apart: Mask) -> None:
    """Raise where eigenvalues that must be apart are not."""
    same: Mask = near & apart
    if same.any() or not np.isfinite(values).all():
        raise np.linalg.LinAlgError("eigenvalues coincide")


def solve(a: Array, b: Array) -> Array:
    """As `np.linalg.solve`, for matrices."""
    return el.solve(a, b, size)


def inv(a: Array) -> Array:
    """As `np.linalg.inv`."""
    return el.solve(a, el.identity(a, a.shape[-1]), size)


def det(a: Array) -> Array:
    """As `np.linalg.det`: by the entries of the first row and what is left without their columns. No division."""
    n = a.shape[-1]
    if n == 0:
        one: Array = np.ones(a.shape[:-2]).astype(object)
        return one
    terms: list[Array] = []
    for j in range(n):
        rest: Array = np.delete(a[..., 1:, :], j, -1)
        terms.append(a[..., 0, j] * det(rest) * (1.0 - 2.0 * (j % 2)))
    total: Array = np.add.reduce(np.stack(terms, -1), -1)
    return total


def slogdet(a: Array) -> tuple[Array, Array]:
    """As `np.linalg.slogdet`."""
    found = np.asarray(det(a))
    values = floats(found)
    if not (np.absolute(values) > 0).all():
        raise np.linalg.LinAlgError("a matrix is singular")
    sizes = found * np.sign(values) if values.dtype.kind == "f" else np.absolute(found)
    signs: Array = np.sign(values) if values.dtype.kind == "f" else found / sizes
    logs: Array = np.log(sizes)
    return signs, logs


def cholesky(a: Array, *, upper: bool = False) -> Array:
    """As `np.linalg.cholesky`."""
    return el.adjoint(el.cholesky(el.adjoint(a))) if upper else el.cholesky(a)


def qr(a: Array) -> tuple[Array, Array]:
    """As `np.linalg.qr`."""
    return el.qr(a, size, in_plane(a.ravel().tolist()))


def eigh(a: Array, uplo: Literal["L", "U"] = "L") -> tuple[Array, Array]:
    """As `np.linalg.eigh`: Newton's method from the eigenvectors of the values, and a turn of complex ones."""
    low = uplo == "L"
    symmetric = lapack.mirrored(a, low)
    w, v = lapack.eigh(floats(symmetric), low)
    near = lapack.close(w, _SAME)
    _distinct(a, w, near, ~np.eye(w.shape[-1], dtype=np.bool))
    values, vectors = el.eigen(symmetric, started(v, symmetric), near, steps(a), exactly)
    if v.dtype.kind == "f":
        return values, vectors
    return values, vectors * el.phase(lapack.fixed(vectors, low), size)[..., None, :]


def svd(a: Array, *, full_matrices: bool = True) -> tuple[Array, Array, Array]:
    """As `np.linalg.svd` without full matrices, likewise."""
    m, n = a.shape[-2:]
    u, s, vh = lapack.full_svd(floats(a))
    near = lapack.close(el.paired(s, m, n), _SAME)
    k = s.shape[-1]
    apart: Mask = ~np.eye(m + n, dtype=np.bool)
    apart[2 * k :, 2 * k :] = False
    _distinct(a, s, near, apart)
    left, values, right = el.singular(a, started(u, a), started(el.adjoint(vh), a), near, steps(a), exactly)
    if u.dtype.kind == "f":
        return left, values, right
    turn = el.phase(lapack.fixed_of_pairs(left, right), size)
    return left * turn[..., None, :], values, el.conjugate(turn)[..., :, None] * right


def pinv(a: Array, rcond: float | None = None) -> Array:
    """As `np.linalg.pinv`, of matrices of full rank, by the normal equations."""
    s = lapack.full_svd(floats(a))[1]
    if s.size and not (s[..., -1] * _SINGULAR > s[..., 0]).all():
        raise np.linalg.LinAlgError("a matrix is not of full rank")
    turned = el.adjoint(a)
    if a.shape[-2] >= a.shape[-1]:
        return el.solve(turned @ a, turned, size)
    return el.adjoint(el.solve(a @ turned, a, size))


class _Answer(Protocol):
    def __call__(self, *args: object, **kwargs: object) -> object: ...


# What answers for which of NumPy's functions.
_ANSWERS: Final[dict[object, object]] = {
    np.linalg.solve: solve,
    np.linalg.inv: inv,
    np.linalg.det: det,
    np.linalg.slogdet: slogdet,
    np.linalg.cholesky: cholesky,
    np.linalg.qr: qr,
    np.linalg.eigh: eigh,
    np.linalg.svd: svd,
    np.linalg.pinv: pinv,
}


def _is_answer(f: object) -> TypeGuard[_Answer]:
    return callable(f)


def answered(function: object, args: Sequence[object], kwargs: Mapping[str, object]) -> object:
    """What one of NumPy's functions gives for matrices of dual numbers; None if it is none of those above.

    The values are those that LAPACK gives, so that whatever follows takes the branches that it takes there. Raises
    `LinAlgError` if the other algorithm gives others.
    """
    answer = _ANSWERS.get(function)
    if not _is_answer(answer) or not _is_answer(function):
        return None
    made = answer(*args, **kwargs)
    own = function(*(floats(x) if is_array(x) else x for x in args), **kwargs)
    if is_tuple(made) and is_tuple(own):
        return tuple(_valued(x, y) for x, y in zip(made, own, strict=True))
    return _valued(made, own)


def _valued(made: object, own: object) -> object:
    """Dual numbers with values of LAPACK's."""
    duals: Array = np.asarray(made, object)
    values: NumericArray = np.asarray(own)
    if not np.allclose(floats(duals), values, _SAME, _SAME):
        raise np.linalg.LinAlgError("there is more than one answer")
    entries = zip(duals.ravel().tolist(), values.ravel().tolist(), strict=True)
    return objects([_at(x, y) for x, y in entries], duals)


def _at(x: object, value: complex) -> object:
    if is_plane(x):
        return Plane(x.real.at(value.real), x.imag.at(value.imag))
    return x.at(value.real) if _is_dual(x) else x
