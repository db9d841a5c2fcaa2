"""Floor 2: the parts of complex numbers. Imports `arrays`, `function` and other op files.

None of these is holomorphic. Their rules follow from the pairing Re(sum(g dx)) of a gradient g with a direction dx:
Im(dx) is Re(-i dx), and Re(g conj(dx)) is Re(conj(g) dx).
"""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from tinypytorch.arrays import Array, is_complex, weak
from tinypytorch.function import NONZERO, Case, Kink, Spec, T, Unary, lift, shared, value
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.selection import Keep

_MINUS_I: Final = weak(-1j)


def _of_complex(op: Unary) -> tuple[Case, ...]:
    """On complex numbers, and on real ones."""
    return Case(op, ((2, 3),), True), Case(op, ((),), True), Case(op, ((3,),)), Case(op, ((2, 1),), True)


@value
class Real:
    """y = Re x. The rule is gy itself: its real part pairs with that of a direction."""

    spec: ClassVar[Spec] = Spec(numbers="complex", cases=lambda: _of_complex(Real()), linear=True)

    def forward(self, x: Array, /) -> Array:
        return x.real

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy


@value
class Imag:
    """y = Im x, zeros of real numbers. The rule is -i gy."""

    spec: ClassVar[Spec] = Spec(numbers="complex", cases=lambda: _of_complex(Imag()), linear=True)

    def forward(self, x: Array, /) -> Array:
        return x.imag

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * _MINUS_I


@value
class Conj:
    """y = the complex conjugate of x. The rule is the conjugate of gy."""

    spec: ClassVar[Spec] = Spec(
        ufunc=np.conjugate,
        numbers="complex",
        cases=lambda: _of_complex(Conj()),
        linear=True,
    )
    forward: u.Map = shared(u.conjugate)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return u.conjugate(gy)


@value
class Angle:
    """y = the angle of x in (-pi, pi], the imaginary part of log x. The rule is -i gy / x, and 0 at 0.

    The jump by 2 pi on the negative axis is in the value only.
    """

    spec: ClassVar[Spec] = Spec(
        domain=(NONZERO,),
        kink="0 at 0",
        kinks=(Kink((0.0,), (0.0,)),),
        numbers="complex",
        cases=lambda: _of_complex(Angle()),
    )

    def forward(self, x: Array, /) -> Array:
        return u.arctan2(x.imag, x.real)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        zero = u.equal(x, 0.0)
        if zero.any():
            gy, x = lift(Keep(~zero), gy), x + zero.astype(y.dtype)
        return gy * _MINUS_I / x


def turned(x: T, size: T) -> T:
    """conj(x) / |x|, the derivative of the size |x|; 0 at 0."""
    zero = u.equal(size, 0.0)
    if zero.any():
        size = size + zero.astype(size.dtype)
    return u.conjugate(x) / size


def slope_of_size(x: T, size: T) -> T:
    """The derivative of |x| = `size`: the sign of real numbers, and of complex ones what is conjugate to it."""
    return turned(x, size) if is_complex(x) else u.sign(x)


def conjugate(x: T) -> T:
    """The complex conjugates; real numbers as they are."""
    return u.conjugate(x) if is_complex(x) else x


def adjoint(x: T) -> T:
    """The conjugate transposes of matrices."""
    return conjugate(x).mT
