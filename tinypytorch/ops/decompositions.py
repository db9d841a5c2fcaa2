"""Floor 2: decompositions of matrices. Imports `arrays`, `function` and other op files.

All on stacks of matrices, complex ones, too, where x^H is the conjugate transpose. What is symmetric, or Hermitian, is
read from one triangle, as by LAPACK; so the gradient is in this triangle, an entry off the diagonal standing for two
and one on it for its real part, and 0 in the other.

Eigenvectors and singular vectors have no derivative where two eigenvalues or singular values coincide: there the
differences that the rules divide by count as infinite. Eigenvalues and singular values alone never need them.

Complex vectors have a phase, too. It is LAPACK's, in which one entry of each is real (see `lapack.fixed`), and the
derivative is that of these vectors: `_phases` puts what a phase would change onto this entry. What then remains does
not depend on phases, so that it may use the simplest derivative there is: vectors do not turn along themselves.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

import numpy as np

from tinypytorch.arrays import IMAGINARY, Array, Index, Mask, Shape, Slice, is_complex
from tinypytorch.function import Case, Domain, Spec, T, join, lift, value
from tinypytorch.ops import lapack
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.parts import Imag, Real, adjoint, conjugate
from tinypytorch.ops.reductions import Sum
from tinypytorch.ops.selection import Keep
from tinypytorch.ops.shaping import Concatenate
from tinypytorch.ops.solving import SQUARE, Solve, one

SEPARATE: Final = Domain(matrices="separate")
_ALL: Final[Slice] = slice(None)
# The first, or the last, entries of columns.
_FIRST: Final[Index] = (..., 0, _ALL)
_LAST: Final[Index] = (..., -1, _ALL)


def _triangle(x: T, low: bool) -> T:
    """The lower or upper triangle, with half of the diagonal."""
    shape: Shape = x.shape
    mask: Mask = np.tri(shape[-1], dtype=np.bool)
    return lift(Keep(mask if low else mask.T), x) * (1.0 - 0.5 * one(x))


def _folded(x: T, low: bool) -> T:
    """The gradient of one triangle, from that of the Hermitian matrix."""
    return _triangle(x + adjoint(x), low)


def _row(x: T) -> T:
    shape: Shape = x.shape
    return x.reshape((*shape[:-1], 1, shape[-1]))


def _column(x: T) -> T:
    shape: Shape = x.shape
    return x.reshape((*shape, 1))


def _part(start: int | None, stop: int | None) -> Index:
    part: Slice = slice(start, stop)
    return ..., part


@value
class Cholesky:
    """The triangular l with positive diagonal and l l^H = x, or u = l^H from the upper triangle of x.

    dx is the lower triangle of s + s^H, with half of the diagonal, where s = l^-T p conj(l)^-1 and p is the lower
    triangle, with half of the diagonal, of l^T g. Source: Murray, Differentiation of the Cholesky decomposition (2016),
    3.2; the conjugates follow from it.
    """

    upper: bool = False
    spec: ClassVar[Spec] = Spec(
        domain=(SEPARATE,),
        takes="symmetric (or Hermitian) positive definite matrices in the last two axes, of which one triangle is read",
        cases=lambda: tuple(
            Case(Cholesky(upper), (shape,))
            for upper, shape in ((False, (2, 2)), (True, (3, 3)), (False, (3, 3)), (True, (2, 2, 2)), (False, (1, 1)))
        ),
        numbers="complex",
    )

    def forward(self, x: Array, /) -> Array:
        return lapack.cholesky(x, self.upper)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        factor, g = (adjoint(y), adjoint(gy)) if self.upper else (y, gy)
        inner: T = _triangle(factor.mT @ g, True)
        half: T = join(Solve(), (factor.mT, inner))
        found: T = join(Solve(), (adjoint(factor), half.mT))
        return _folded(found.mT, not self.upper)

    def tangent(self, t: T, y: T, x: T, /) -> T:
        """l p, where p is the lower triangle, with half of the diagonal, of l^-1 s l^-H; s is the Hermitian tangent."""
        factor: T = adjoint(y) if self.upper else y
        triangle: T = _triangle(t, not self.upper)
        left: T = join(Solve(), (factor, triangle + adjoint(triangle)))
        both: T = join(Solve(), (factor, adjoint(left)))
        moved: T = factor @ _triangle(both, True)
        return adjoint(moved) if self.upper else moved


@value
class Qr:
    """q with orthonormal columns and the upper triangular r, with q r = x; the reduced ones.

    With as many rows as columns or more: dx = (gq + conj(q) c) r^-T, where c is the Hermitian matrix with the upper
    triangle of gr r^T - q^T gq, and the real part of its diagonal: that of r is real. With fewer rows the columns that
    are left over are q times those of r.

    Source: Walter, Lehmann & Lamour, On evaluating higher-order derivatives of the QR decomposition of tall matrices
    with full column rank in forward and reverse mode algorithmic differentiation (2012); Roberts & Roberts, QR and LQ
    decomposition matrix backpropagation algorithms (2020). The conjugates follow from it.
    """

    spec: ClassVar[Spec] = Spec(
        domain=(SEPARATE,),
        takes="matrices in the last two axes, whose first columns, as many as there are rows, are independent",
        cases=lambda: tuple(Case(Qr(), (shape,)) for shape in ((2, 2), (3, 2), (2, 3), (2, 3, 3), (1, 2), (2, 1))),
        numbers="complex",
    )

    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        (x,) = xs
        return lapack.qr(x)

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        (x,) = xs
        q, r = ys
        gq, gr = gys
        shape: Shape = x.shape
        m, n = shape[-2:]
        if m >= n:
            return (_tall(gq, gr, q, r),)
        first, rest = _part(0, m), _part(m, None)
        left = gr[rest]
        ours: T = _tall(gq + conjugate(x[rest] @ left.mT), gr[first], q, r[first])
        return (join(Concatenate(-1), (ours, conjugate(q) @ left)),)


def _tall(gq: T, gr: T, q: T, r: T) -> T:
    inner = r @ gr.mT - gq.mT @ q
    shape: Shape = inner.shape
    mask: Mask = np.tri(shape[-1], k=-1, dtype=np.bool)
    below = lift(Keep(mask), inner)
    symmetric = below.mT + conjugate(below) + _real(inner) * one(inner)
    found: T = join(Solve(), (r, (gq + conjugate(q) @ symmetric).mT))
    return found.mT


def _real(x: T) -> T:
    return lift(Real(), x) if is_complex(x) else x


def _reciprocal(x: T, near: Mask) -> T:
    """1 / x, and 0 where x is nearly 0."""
    return lift(Keep(~near), 1.0 / (x + near.astype(x.dtype)))


def _near(difference: T, values: T) -> Mask:
    """Which differences of values may be nothing but rounding."""
    shape: Shape = values.shape
    share = lapack.epsilon(values.dtype) * max(shape[-1], 4)
    largest: T = lift(Sum(-1, keepdims=True), values * values)
    near: Mask = difference * difference <= _column(largest) * (share * share)
    return near


def _diagonal(x: T) -> T:
    return lift(Sum(-2), x * one(x))


def _squares(x: T, axis: int) -> T:
    """The sums of the squares of sizes."""
    return lift(Sum(axis), _real(x * conjugate(x)))


def _phases(entry: T, along: T, squares: T) -> T:
    """What is to be added to v^T gv for complex v, so that a phase of a column of v does not change anything.

    entry: the entries of the columns that are real. Turning a column by i changes the loss by minus the imaginary part
    of what is `along` it; that part goes onto this entry, since it is what the entry would not be real by.
    `squares`, of what `along` is summed up from, tell where it is nothing but rounding: there it counts as 0, so that
    a function that does not depend on phases does not suffer from an entry that is small. One that is 0 has no phase.
    """
    part: T = lift(Imag(), along)
    real = _real(entry)
    shape: Shape = real.shape
    share = lapack.epsilon(real.dtype) * max(shape[-1], 4)
    noise: Mask = part * part <= squares * (share * share)
    left: T = lift(Keep(~noise | u.equal(part, 0.0)), part)
    return _column(real) * _row(left * _reciprocal(real, real * real <= share * share)) * -IMAGINARY


@value
class Eigh:
    """The eigenvalues of a Hermitian matrix in ascending order, and the eigenvectors as columns of v.

    With f_ij = 1 / (w_j - w_i): dx = conj(v) (diag(gw) + f * (v^T gv)) v^T. Source: Giles (2008), 3.1; the conjugates
    follow from it, and for phases see `_phases`.
    """

    uplo: Literal["L", "U"] = "L"
    spec: ClassVar[Spec] = Spec(
        domain=(SEPARATE,),
        takes=f"{SQUARE}, of which one triangle is read",
        cases=lambda: (
            Case(Eigh(), ((2, 2),)),
            Case(Eigh("U"), ((3, 3),)),
            Case(Eigh(), ((3, 3),)),
            Case(Eigh("U"), ((2, 2, 2),)),
            Case(Eigh(), ((1, 1),)),
        ),
        numbers="complex",
    )

    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        (x,) = xs
        return lapack.eigh(x, self.uplo == "L")

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        w, v = ys
        gw, gv = gys
        gap = _row(w) - _column(w)
        of_v: T = v.mT @ gv
        if is_complex(v) and v.size:
            of_v = of_v + _phases(v[_FIRST if self.uplo == "L" else _LAST], _diagonal(of_v), _squares(gv, -2))
        turned: T = _reciprocal(gap, _near(gap, w)) * of_v
        inner = _row(gw) * one(v) + turned
        return (_folded(conjugate(v) @ inner @ v.mT, self.uplo == "L"),)


def _turning(of_u: T, inverse: T) -> T:
    """What turns left singular vectors along themselves: Wan & Zhang (2019). The right ones do not turn then."""
    turned: T = lift(Imag(), _diagonal(of_u))
    return turned * inverse


@value
class Svd:
    """u, s, vh with u diag(s) vh = x: the reduced ones, s in descending order.

    With f_ij = 1 / (s_j^2 - s_i^2), p = u^T gu, q = v^T gv, a = f * (p - p^H), b = f * (q - q^H), and c the diagonal of
    i Im(p) / s: dx = conj(u) (a s + s b + diag(gs) + c) v^T + conj(1 - u u^H) gu s^-1 v^T + conj(u) s^-1 gv^H conj(1 -
    v v^H). Where a singular value is 0, its reciprocal counts as 0.

    Source: Townsend, Differentiating the singular value decomposition (2016); of complex matrices Wan & Zhang,
    Automatic differentiation for complex valued SVD (2019), where c is from; for phases see `_phases`.
    """

    spec: ClassVar[Spec] = Spec(
        domain=(SEPARATE,),
        takes="matrices in the last two axes",
        cases=lambda: tuple(Case(Svd(), (shape,)) for shape in ((2, 2), (3, 2), (2, 3), (2, 3, 3), (1, 2), (3, 1))),
        numbers="complex",
    )

    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        (x,) = xs
        return lapack.svd(x)

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        shape: Shape = xs[0].shape
        left, s, vh = ys
        gu, gs, gvh = gys
        row, column = _row(s), _column(s)
        lengths: Shape = s.shape
        k = lengths[-1]
        gap = row - column
        near = _near(gap, s)
        share: T = _reciprocal(gap, near) * _reciprocal(row + column, near)
        of_u: T = left.mT @ gu
        of_v: T = conjugate(vh @ gvh.mT)
        inverse: T = _reciprocal(s, u.equal(s, 0.0))
        stretched = _row(gs)
        if is_complex(left) and xs[0].size:
            along = _diagonal(of_u) + _diagonal(of_v), _squares(gu, -2) + _squares(gvh, -1)
            if shape[-2] >= shape[-1]:
                of_v = of_v + _phases(vh.mT[_FIRST], *along)
            else:
                of_u = of_u + _phases(left[_FIRST], *along)
            stretched = stretched + _row(_turning(of_u, inverse)) * IMAGINARY
        inner = share * (of_u - adjoint(of_u)) * row + column * (share * (of_v - adjoint(of_v)))
        us, vs = conjugate(left), conjugate(vh)
        gx: T = us @ (inner + stretched * one(inner)) @ vs
        if shape[-2] > k:
            beside = gu * _row(inverse)
            gx = gx + (beside - us @ (left.mT @ beside)) @ vs
        if shape[-1] > k:
            above = _column(inverse) * gvh
            gx = gx + us @ (above - (above @ vh.mT) @ vs)
        return (gx,)
