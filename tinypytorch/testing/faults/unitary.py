"""Floor 6: wrong rules of linear algebra for complex numbers. Imports floors 1 and 2, and `fault`.

Conjugates that are missing or too many, and phases of vectors forgotten: on real matrices nothing of this shows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tinypytorch.arrays import IMAGINARY, Shape
from tinypytorch.function import T, join, lift
from tinypytorch.ops import decompositions as de
from tinypytorch.ops import parts as pa
from tinypytorch.ops import products as pr
from tinypytorch.ops import solving as so
from tinypytorch.ops import ufuncs as u
from tinypytorch.testing.faults.fault import STRUCTURE, Fault, Patch, always, structural
from tinypytorch.testing.faults.plane import DTYPE
from tinypytorch.testing.reduce import ENTRIES

# The right rules, from before any fault was planted.
_COFACTORS = so.Cofactors.backward
_PINV = so.Pinv.backward
_CHOLESKY = de.Cholesky.backward
_QR = de.Qr.backward_all
_EIGH = de.Eigh.backward_all
_SVD = de.Svd.backward_all


def _unconjugated(op: pr.VecDot, gy: T, y: T, a: T, b: T, /) -> T:
    shape: Shape = gy.shape
    return gy.reshape((*shape, 1)) * b


def _unconjugated_rows(op: pr.VecMat, gy: T, y: T, a: T, b: T, /) -> T:
    of_a: Shape = a.shape
    of_g: Shape = gy.shape
    return a.reshape((*of_a, 1)) * gy.reshape((*of_g[:-1], 1, of_g[-1]))


def _solve_hermitian(op: so.Solve, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
    a, _ = xs
    gb: T = join(op, (pa.adjoint(a), gy))
    return -(gb @ y.mT), gb


def _inv_hermitian(op: so.Inv, gy: T, y: T, x: T, /) -> T:
    inverse = pa.adjoint(y)
    return -(inverse @ gy @ inverse)


def _det_hermitian(op: so.Det, gy: T, y: T, x: T, /) -> T:
    return so.of_matrices(gy) * u.conjugate(lift(so.Cofactors(), x))


def _cofactors_conjugate(op: so.Cofactors, gy: T, y: T, x: T, /) -> T:
    gx: T = _COFACTORS(op, u.conjugate(gy), y, x)
    return gx


def _log_hermitian(op: so.LogAbsDet, gy: T, y: T, x: T, /) -> T:
    return so.of_matrices(gy) * pa.adjoint(lift(so.Inv(), x))


def _other_way(op: so.DetSign, gy: T, y: T, x: T, /) -> T:
    turn: T = lift(pa.Imag(), gy * u.conjugate(y))
    return so.of_matrices(turn * IMAGINARY) * lift(so.Inv(), x).mT


def _holomorphic(op: so.DetSign, gy: T, y: T, x: T, /) -> T:
    return so.of_matrices(gy * y) * lift(so.Inv(), x).mT


def _pinv_conjugate(op: so.Pinv, gy: T, y: T, x: T, /) -> T:
    """All of it conjugate, not only what is not holomorphic."""
    first: T = -(y.mT @ gy @ y.mT)
    gx: T = _PINV(op, gy, y, x)
    return first + u.conjugate(gx - first)


def _cholesky_conjugate(op: de.Cholesky, gy: T, y: T, x: T, /) -> T:
    gx: T = _CHOLESKY(op, u.conjugate(gy), y, x)
    return gx


def _cholesky_triangle(op: de.Cholesky, gy: T, y: T, x: T, /) -> T:
    gx: T = _CHOLESKY(op, gy, y, x)
    return u.conjugate(gx)


def _q_conjugate(
    op: de.Qr, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
) -> tuple[T | None, ...]:
    return _QR(op, (u.conjugate(gys[0]), gys[1]), ys, xs, needs)


def _as_it_is(x: T) -> T:
    """The imaginary part of the diagonal kept."""
    return x


def _no_phases(entry: T, along: T, squares: T) -> T:
    shape: Shape = entry.shape
    return entry.reshape((*shape, 1)) * 0.0


def _vectors_conjugate(
    op: de.Eigh, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
) -> tuple[T | None, ...]:
    return _EIGH(op, (gys[0], u.conjugate(gys[1])), ys, xs, needs)


def _conjugate_triangle(
    op: de.Eigh, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
) -> tuple[T | None, ...]:
    (gx,) = _EIGH(op, gys, ys, xs, needs)
    return (None if gx is None else u.conjugate(gx),)


def _rows_conjugate(
    op: de.Svd, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
) -> tuple[T | None, ...]:
    return _SVD(op, (gys[0], gys[1], u.conjugate(gys[2])), ys, xs, needs)


def _no_turning(of_u: T, inverse: T) -> T:
    """Without what Wan and Zhang found."""
    return inverse * 0.0


def _fault(name: str, op: type[object], function: str, wrong: object, because: str = "") -> Fault:
    """A wrong function among those that rules of decompositions share; the op stays as it is, and is looked for."""
    patches = (Patch(op, "spec", always(vars(op)["spec"])), Patch(de, function, always(wrong)))
    return Fault(f"{op.__name__}: {name}", STRUCTURE, patches, entries=4 if because else ENTRIES, because=because)


_REAL_ROOT: Final = "the root of a matrix of one entry is real"
_CONSTANT: Final = "of a matrix of one entry the eigenvalue is real, and the eigenvector constant"

_UNITARY: Final = (
    structural("conjugate missing", pr.VecDot, "backward_a", _unconjugated, ""),
    structural("conjugate missing", pr.VecMat, "backward_b", _unconjugated_rows, ""),
    structural("conjugate transpose", so.Solve, "backward_all", _solve_hermitian, ""),
    structural("conjugate transpose", so.Inv, "backward", _inv_hermitian, ""),
    structural(
        "conjugate cofactors",
        so.Det,
        "backward",
        _det_hermitian,
        "",
        entries=4,
        because="the cofactor of a single entry is 1",
    ),
    structural(
        "cotangent conjugated",
        so.Cofactors,
        "backward",
        _cofactors_conjugate,
        "",
        entries=4,
        because="the cofactor of a single entry is 1",
    ),
    structural("conjugate transpose", so.LogAbsDet, "backward", _log_hermitian, ""),
    structural("conjugate of the sign", so.DetSign, "backward", _other_way, ""),
    structural("taken for holomorphic", so.DetSign, "backward", _holomorphic, ""),
    structural("all of it conjugate", so.Pinv, "backward", _pinv_conjugate, ""),
    structural("cotangent conjugated", de.Cholesky, "backward", _cholesky_conjugate, "", entries=4, because=_REAL_ROOT),
    structural("conjugate gradient", de.Cholesky, "backward", _cholesky_triangle, "", entries=4, because=_REAL_ROOT),
    structural("cotangent of q conjugated", de.Qr, "backward_all", _q_conjugate, ""),
    _fault("diagonal not real", de.Qr, "_real", _as_it_is),
    structural(
        "cotangent of vectors conjugated", de.Eigh, "backward_all", _vectors_conjugate, "", entries=4, because=_CONSTANT
    ),
    structural(
        "the conjugate triangle", de.Eigh, "backward_all", _conjugate_triangle, "", entries=4, because=_CONSTANT
    ),
    _fault("phases forgotten", de.Eigh, "_phases", _no_phases, _CONSTANT),
    structural("rows for columns", de.Svd, "backward_all", _rows_conjugate, ""),
    _fault("term missing", de.Svd, "_turning", _no_turning),
)

FAULTS: Final[tuple[Fault, ...]] = tuple(replace(fault, lone=False, dtype=DTYPE) for fault in _UNITARY)
