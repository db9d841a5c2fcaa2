"""Floor 2: decompositions of matrices. Imports `arrays`, `function` and other op files.

All on stacks of matrices. What is symmetric is read from one triangle, as by LAPACK; so the gradient is in this
triangle, an entry off the diagonal standing for two, and 0 in the other.

Eigenvectors and singular vectors have no derivative where two eigenvalues or singular values coincide: there the
differences that the rules divide by count as infinite. Eigenvalues and singular values alone never need them.
"""

from __future__ import annotations

from typing import ClassVar, Final, Literal

import numpy as np

from tinypytorch.arrays import Array, Index, Mask, Shape, Slice
from tinypytorch.function import Case, Domain, Spec, T, join, lift, value
from tinypytorch.ops import lapack
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.reductions import Sum
from tinypytorch.ops.selection import Keep
from tinypytorch.ops.shaping import Concatenate
from tinypytorch.ops.solving import SQUARE, Solve, one

SEPARATE: Final = Domain(matrices="separate")


def _triangle(x: T, low: bool) -> T:
    """The lower or upper triangle, with half of the diagonal."""
    shape: Shape = x.shape
    mask: Mask = np.tri(shape[-1], dtype=np.bool)
    return lift(Keep(mask if low else mask.T), x) * (1.0 - 0.5 * one(x))


def _folded(x: T, low: bool) -> T:
    """The gradient of one triangle, from that of the symmetric matrix."""
    return _triangle(x + x.mT, low)


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
    """The triangular l with positive diagonal and l l^T = x, or u = l^T from the upper triangle of x.

    dx is the lower triangle of s + s^T, with half of the diagonal, where s = l^-T p l^-1 and p is the lower triangle,
    with half of the diagonal, of l^T g. Source: Murray, Differentiation of the Cholesky decomposition (2016), 3.2.
    """

    upper: bool = False
    spec: ClassVar[Spec] = Spec(
        domain=(SEPARATE,),
        takes="symmetric positive definite matrices in the last two axes, of which one triangle is read",
        cases=lambda: tuple(
            Case(Cholesky(upper), (shape,))
            for upper, shape in ((False, (2, 2)), (True, (3, 3)), (False, (3, 3)), (True, (2, 2, 2)), (False, (1, 1)))
        ),
    )

    def forward(self, x: Array, /) -> Array:
        return lapack.cholesky(x, self.upper)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        factor, g = (y.mT, gy.mT) if self.upper else (y, gy)
        inner: T = _triangle(factor.mT @ g, True)
        half: T = join(Solve(), (factor.mT, inner))
        found: T = join(Solve(), (factor.mT, half.mT))
        return _folded(found, not self.upper)


@value
class Qr:
    """q with orthonormal columns and the upper triangular r, with q r = x; the reduced ones.

    With as many rows as columns or more: dx = (gq + q c) r^-T, where c is the symmetric matrix with the lower triangle
    of r gr^T - gq^T q. With fewer rows the columns that are left over are q times those of r. Source: Walter, Lehmann &
    Lamour, On evaluating higher-order derivatives of the QR decomposition of tall matrices with full column rank in
    forward and reverse mode algorithmic differentiation (2012); Roberts & Roberts, QR and LQ decomposition matrix
    backpropagation algorithms (2020).
    """

    spec: ClassVar[Spec] = Spec(
        domain=(SEPARATE,),
        takes="matrices in the last two axes, whose first columns, as many as there are rows, are independent",
        cases=lambda: tuple(Case(Qr(), (shape,)) for shape in ((2, 2), (3, 2), (2, 3), (2, 3, 3), (1, 2), (2, 1))),
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
        ours: T = _tall(gq + x[rest] @ left.mT, gr[first], q, r[first])
        return (join(Concatenate(-1), (ours, q @ left)),)


def _tall(gq: T, gr: T, q: T, r: T) -> T:
    inner = r @ gr.mT - gq.mT @ q
    shape: Shape = inner.shape
    mask: Mask = np.tri(shape[-1], k=-1, dtype=np.bool)
    below = lift(Keep(mask), inner)
    symmetric = below + below.mT + inner * one(inner)
    found: T = join(Solve(), (r, (gq + q @ symmetric).mT))
    return found.mT


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


@value
class Eigh:
    """The eigenvalues of a symmetric matrix in ascending order, and the eigenvectors as columns of v.

    With f_ij = 1 / (w_j - w_i): dx = v (diag(gw) + f * (v^T gv)) v^T. Source: Giles (2008), 3.1.
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
        turned: T = _reciprocal(gap, _near(gap, w)) * (v.mT @ gv)
        inner = _row(gw) * one(v) + turned
        return (_folded(v @ inner @ v.mT, self.uplo == "L"),)


@value
class Svd:
    """u, s, vh with u diag(s) vh = x: the reduced ones, s in descending order.

    With f_ij = 1 / (s_j^2 - s_i^2), a = f * (u^T gu - gu^T u), b = f * (v^T gv - gv^T v): dx = u (a s + s b + diag(gs))
    v^T + (1 - u u^T) gu s^-1 v^T + u s^-1 gv^T (1 - v v^T). Where a singular value is 0, its reciprocal counts as 0.
    Source: Townsend, Differentiating the singular value decomposition (2016).
    """

    spec: ClassVar[Spec] = Spec(
        domain=(SEPARATE,),
        takes="matrices in the last two axes",
        cases=lambda: tuple(Case(Svd(), (shape,)) for shape in ((2, 2), (3, 2), (2, 3), (2, 3, 3), (1, 2), (3, 1))),
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
        of_u, of_v = left.mT @ gu, vh @ gvh.mT
        inner = share * (of_u - of_u.mT) * row + column * (share * (of_v - of_v.mT))
        gx: T = left @ (inner + _row(gs) * one(inner)) @ vh
        inverse: T = _reciprocal(s, u.equal(s, 0.0))
        if shape[-2] > k:
            beside = gu * _row(inverse)
            gx = gx + (beside - left @ (left.mT @ beside)) @ vh
        if shape[-1] > k:
            above = _column(inverse) * gvh
            gx = gx + left @ (above - (above @ vh.mT) @ vh)
        return (gx,)
