"""Floor 2: linear systems, inverses and determinants. Imports `arrays`, `function` and other op files.

All on stacks of matrices. Source, if a rule names no other: Giles, Collected matrix derivative results for forward and
reverse mode AD (2008), 2.2. Of complex matrices inverse, solution and determinant are holomorphic, so that these rules
have no conjugates: x^T is the transpose.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

import numpy as np

from tinypytorch.arrays import IMAGINARY, Array, Mask, Shape
from tinypytorch.function import REAL, Case, Domain, Spec, T, join, lift, value
from tinypytorch.ops import lapack
from tinypytorch.ops.parts import Imag, adjoint, conjugate
from tinypytorch.ops.reductions import Sum
from tinypytorch.ops.shaping import SumTo

INVERTIBLE: Final = Domain(matrices="invertible")
SQUARE: Final = "square matrices in the last two axes"


def _summed(g: T, shape: Shape) -> T:
    return g if g.shape == shape else lift(SumTo(shape), g)


def of_matrices(x: T) -> T:
    """Numbers, one for each matrix, as matrices of one entry."""
    shape: Shape = x.shape
    return x.reshape((*shape, 1, 1))


def total(x: T) -> T:
    """The sums of the entries of each matrix."""
    return lift(Sum((-2, -1)), x)


def one(x: T) -> Array:
    """The identity matrix in the dtype of square matrices."""
    eye: Array = np.eye(x.shape[-1], dtype=x.dtype)
    return eye


@value
class Solve:
    """The x with a x = b, for matrices. db = a^-T g, da = -db x^T."""

    spec: ClassVar[Spec] = Spec(
        domain=(INVERTIBLE, REAL),
        takes="square matrices a, matrices b with as many rows, and stacks that broadcast",
        cases=lambda: tuple(
            Case(Solve(), shapes)
            for shapes in (
                ((2, 2), (2, 1)),
                ((3, 3), (3, 2)),
                ((2, 2, 2), (2, 2)),
                ((2, 2), (2, 2, 1)),
                ((1, 1), (1, 3)),
            )
        ),
        holomorphic=True,
    )

    def forward(self, /, *xs: Array) -> Array:
        a, b = xs
        return lapack.solve(a, b)

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        a, b = xs
        gb: T = join(self, (a.mT, gy))
        return (
            _summed(-(gb @ y.mT), a.shape) if needs[0] else None,
            _summed(gb, b.shape) if needs[1] else None,
        )


def _square() -> tuple[Shape, ...]:
    return (2, 2), (3, 3), (2, 2, 2), (1, 1)


@value
class Inv:
    """y = x^-1. dx = -y^T g y^T."""

    spec: ClassVar[Spec] = Spec(
        domain=(INVERTIBLE,),
        takes=SQUARE,
        cases=lambda: tuple(Case(Inv(), (shape,)) for shape in _square()),
        holomorphic=True,
    )

    def forward(self, x: Array, /) -> Array:
        return lapack.inv(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return -(y.mT @ gy @ y.mT)


@value
class Det:
    """y = det x. dx = g times the cofactors of x, which a singular matrix has, too."""

    spec: ClassVar[Spec] = Spec(
        takes=SQUARE, cases=lambda: tuple(Case(Det(), (shape,)) for shape in _square()), holomorphic=True
    )

    def forward(self, x: Array, /) -> Array:
        return lapack.det(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return of_matrices(gy) * lift(Cofactors(), x)


@value
class Cofactors:
    """y = det(x) x^-T, and where x is singular what that tends to: the derivative of the determinant.

    By symmetry of second derivatives, dx is the derivative of y along g: (<g, y> - y g^T) x^-T. Of few rows, and where
    x is singular or its condition costs half of the digits, that of Faddeev and Le Verrier's recursion, in sums and
    products: right at every order, for any rank.
    """

    spec: ClassVar[Spec] = Spec(
        takes=SQUARE, cases=lambda: tuple(Case(Cofactors(), (shape,)) for shape in _square()), holomorphic=True
    )

    def forward(self, x: Array, /) -> Array:
        return lapack.cofactors(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        shape: Shape = x.shape
        n = shape[-1]
        if n <= lapack.FEW:
            return _along(gy, x, n).mT
        share: T = lift(_LeastShare(), x)
        least = math.sqrt(math.sqrt(lapack.epsilon(x.dtype)))  # the terms below cancel as the square of it
        well: Mask = share > least
        if well.all():
            inverse: T = lift(Inv(), x).mT
            return of_matrices(total(gy * y)) * inverse - y @ gy.mT @ inverse
        return _along(gy, x, n).mT


@value
class _LeastShare:
    """The least singular value over the largest, for a rule to decide by; a constant."""

    def forward(self, x: Array, /) -> Array:
        return lapack.least_share(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return x * 0.0


def _along(g: T, x: T, n: int) -> T:
    """The derivative along g of the adjugate of x. Gantmacher, The theory of matrices (1959), IV.5."""
    eye = one(x)
    m: T = x * 0.0 + eye
    dm: T = x * 0.0
    for k in range(1, n):
        product, moved = x @ m, g @ m + x @ dm
        m = product - of_matrices(total(product * eye)) * eye / k
        dm = moved - of_matrices(total(moved * eye)) * eye / k
    return dm if n % 2 else -dm


@value
class LogAbsDet:
    """y = log |det x|, which is real. dx = g x^-T, of complex matrices, too: it is the real part of log det x."""

    spec: ClassVar[Spec] = Spec(
        domain=(INVERTIBLE,),
        takes=SQUARE,
        cases=lambda: tuple(Case(LogAbsDet(), (shape,)) for shape in _square()),
        numbers="complex",
    )

    def forward(self, x: Array, /) -> Array:
        return lapack.log_size_of_det(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return of_matrices(gy) * lift(Inv(), x).mT


@value
class DetSign:
    """y = det x / |det x|: of real matrices a constant, of complex ones a number of size 1.

    Along dx the angle turns by the imaginary part of tr(x^-1 dx), so that dx = i Im(g y) x^-T.
    """

    spec: ClassVar[Spec] = Spec(
        domain=(INVERTIBLE,),
        takes=SQUARE,
        cases=lambda: tuple(Case(DetSign(), (shape,), k != 1) for k, shape in enumerate(_square())),
        numbers="complex",
    )

    def forward(self, x: Array, /) -> Array:
        return lapack.sign_of_det(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        turn: T = lift(Imag(), gy * y)
        return of_matrices(turn * IMAGINARY) * lift(Inv(), x).mT


@value
class Pinv:
    """The pseudoinverse y of x, of constant rank; singular values up to `rcond` times the largest count as 0.

    dx = -y^T g y^T + conj((1 - x y) g^T y y^H + y^H y g^T (1 - y x)). Source: Golub & Pereyra, The differentiation of
    pseudo-inverses and nonlinear least squares problems whose variables separate (1973), 4.12.
    """

    rcond: float = 1e-15
    spec: ClassVar[Spec] = Spec(
        domain=(INVERTIBLE,),
        takes="matrices in the last two axes",
        cases=lambda: tuple(Case(Pinv(), (shape,)) for shape in ((3, 2), (2, 3), (2, 2), (2, 3, 1), (3, 3))),
        numbers="complex",
    )

    def forward(self, x: Array, /) -> Array:
        return lapack.pinv(x, self.rcond)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        g, turned = gy.mT, adjoint(y)
        rows, columns = g @ y, y @ g  # g^T y, y g^T
        gx: T = -(y.mT @ gy @ y.mT)
        left = rows @ turned
        right = turned @ columns
        return gx + conjugate((left - x @ (y @ left)) + (right - (right @ y) @ x))
