"""Floor 6: wrong rules of products and of linear algebra. Imports floors 1 and 2, and `fault`."""

from __future__ import annotations

from typing import Final

from tinypytorch.arrays import Shape
from tinypytorch.function import T, join, lift
from tinypytorch.ops import contractions as co
from tinypytorch.ops import decompositions as de
from tinypytorch.ops import expm as ex
from tinypytorch.ops import products as pr
from tinypytorch.ops import solving as so
from tinypytorch.testing.faults.fault import Fault, structural

# The right rules, from before any fault was planted.
_ADJOINT = co.Einsum.adjoint_of
_CHOLESKY = de.Cholesky.backward
_QR = de.Qr.backward_all
_EIGH = de.Eigh.backward_all
_SOLVE = so.Solve.backward_all
_SVD = de.Svd.backward_all


def _transposed(op: co.Einsum, at: int, /) -> tuple[co.Einsum, str, str]:
    """The letters of the result backwards."""
    right, found, term = _ADJOINT(op, at)
    given = right.subscripts.partition("->")[0]
    return co.Einsum(f"{given}->{found[::-1]}", right.optimize), found, term


def _other_operand(op: pr.VecDot, gy: T, y: T, a: T, b: T, /) -> T:
    shape: Shape = gy.shape
    return gy.reshape((*shape, 1)) * a


def _not_transposed(op: pr.MatVec, gy: T, y: T, a: T, b: T, /) -> T:
    shape: Shape = gy.shape
    found: T = a @ gy.reshape((*shape, 1))
    wide: Shape = found.shape
    return found.reshape(wide[:-1])


def _minus(op: pr.VecMat, gy: T, y: T, a: T, b: T, /) -> T:
    shape: Shape = gy.shape
    found: T = b @ gy.reshape((*shape, 1))
    wide: Shape = found.shape
    return -found.reshape(wide[:-1])


def _turned(op: pr.Cross, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
    a, b = xs
    return join(op, (gy, b)), join(op, (gy, a))


def _solve_not_transposed(
    op: so.Solve, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /
) -> tuple[T | None, ...]:
    a, b = xs
    return _SOLVE(op, gy, y, (a.mT, b), needs)


def _solve_sign(op: so.Solve, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
    ga, gb = _SOLVE(op, gy, y, xs, needs)
    return None if ga is None else -ga, gb


def _inv_sign(op: so.Inv, gy: T, y: T, x: T, /) -> T:
    return y.mT @ gy @ y.mT


def _inv_not_transposed(op: so.Inv, gy: T, y: T, x: T, /) -> T:
    return -(y @ gy @ y)


def _adjugate(op: so.Det, gy: T, y: T, x: T, /) -> T:
    """Of the transposed matrix."""
    return so.of_matrices(gy) * lift(so.Cofactors(), x).mT


def _det_missing(op: so.Det, gy: T, y: T, x: T, /) -> T:
    return so.of_matrices(gy) * lift(so.Inv(), x).mT


def _trace_alone(op: so.Cofactors, gy: T, y: T, x: T, /) -> T:
    """One of two terms."""
    return so.of_matrices(so.total(gy * y)) * lift(so.Inv(), x).mT


def _log_not_transposed(op: so.LogAbsDet, gy: T, y: T, x: T, /) -> T:
    return so.of_matrices(gy) * lift(so.Inv(), x)


def _square_only(op: so.Pinv, gy: T, y: T, x: T, /) -> T:
    """The rule of the inverse."""
    return -(y.mT @ gy @ y.mT)


def _along_not_transposed(op: ex.Expm, gy: T, y: T, x: T, /) -> T:
    return ex.along(x, gy)


def _as_if_commuting(op: ex.Expm, gy: T, y: T, x: T, /) -> T:
    """The rule of the exponential of a number."""
    return gy @ y.mT


def _half_along(op: ex.Expm, gy: T, y: T, x: T, /) -> T:
    return ex.along(x.mT, gy) * 0.5


def _diagonal_block(op: ex.Expm, gy: T, y: T, x: T, /) -> T:
    """The block beside the one that is the derivative."""
    return ex.along(x.mT, gy) * 0.0 + y.mT


def _both_triangles(op: de.Cholesky, gy: T, y: T, x: T, /) -> T:
    found = _CHOLESKY(op, gy, y, x)
    return (found + found.mT) * 0.5


def _q_sign(
    op: de.Qr, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
) -> tuple[T | None, ...]:
    return _QR(op, (-gys[0], gys[1]), ys, xs, needs)


def _vector_sign(
    op: de.Eigh, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
) -> tuple[T | None, ...]:
    return _EIGH(op, (gys[0], -gys[1]), ys, xs, needs)


def _other_triangle(
    op: de.Eigh, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
) -> tuple[T | None, ...]:
    return _EIGH(de.Eigh("L" if op.uplo == "U" else "U"), gys, ys, xs, needs)


def _right_vectors_lost(
    op: de.Svd, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
) -> tuple[T | None, ...]:
    return _SVD(op, (gys[0], gys[1], gys[2] * 0.0), ys, xs, needs)


_ONE: Final = "a matrix of one entry is its own transpose"

FAULTS: Final[tuple[Fault, ...]] = (
    structural("letters backwards", co.Einsum, "adjoint_of", _transposed, ""),
    structural("the other operand", pr.VecDot, "backward_a", _other_operand, ""),
    structural("transpose missing", pr.MatVec, "backward_b", _not_transposed, ""),
    structural("sign flipped", pr.VecMat, "backward_a", _minus, "sign"),
    structural(
        "operands in the wrong order",
        pr.Cross,
        "backward_all",
        _turned,
        "",
        entries=3,
        because="vectors that have a cross product have three",
    ),
    structural(
        "transpose missing", so.Solve, "backward_all", _solve_not_transposed, "", lone=False, entries=4, because=_ONE
    ),
    structural("minus lost", so.Solve, "backward_all", _solve_sign, "", lone=False),
    structural("minus lost", so.Inv, "backward", _inv_sign, "sign", lone=False),
    structural("transposes missing", so.Inv, "backward", _inv_not_transposed, "", lone=False, entries=4, because=_ONE),
    structural("cofactors transposed", so.Det, "backward", _adjugate, "", lone=False, entries=4, because=_ONE),
    structural("determinant missing", so.Det, "backward", _det_missing, "", lone=False),
    structural("term missing", so.Cofactors, "backward", _trace_alone, "", lone=False),
    structural(
        "transpose missing", so.LogAbsDet, "backward", _log_not_transposed, "", lone=False, entries=4, because=_ONE
    ),
    structural("rule of the inverse", so.Pinv, "backward", _square_only, "", lone=False),
    structural("transpose missing", ex.Expm, "backward", _along_not_transposed, ""),
    structural(
        "as if it commuted", ex.Expm, "backward", _as_if_commuting, "", True, 4, "matrices of one entry commute"
    ),
    structural("half", ex.Expm, "backward", _half_along, "factor"),
    structural("another block", ex.Expm, "backward", _diagonal_block, ""),
    structural(
        "both triangles",
        de.Cholesky,
        "backward",
        _both_triangles,
        "",
        lone=False,
        entries=4,
        because="a matrix of one entry has nothing beside its diagonal",
    ),
    structural("sign of the orthogonal part", de.Qr, "backward_all", _q_sign, "", lone=False),
    structural(
        "sign of the eigenvector part",
        de.Eigh,
        "backward_all",
        _vector_sign,
        "",
        lone=False,
        entries=4,
        because="the eigenvector of a matrix of one entry is constant",
    ),
    structural(
        "the other triangle",
        de.Eigh,
        "backward_all",
        _other_triangle,
        "",
        lone=False,
        entries=4,
        because="a matrix of one entry has no triangle",
    ),
    structural("right vectors lost", de.Svd, "backward_all", _right_vectors_lost, "", lone=False),
)
