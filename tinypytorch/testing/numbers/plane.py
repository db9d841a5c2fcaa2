"""Floor 6: complex numbers whose parts are dual numbers. Imports `dual`, `pairs` and NumPy only.

A forward on complex arrays runs on them as one on real arrays runs on dual numbers: the derivative along a complex
direction is that of both parts. Nothing is assumed of the function: `conj`, `abs` and the parts are not holomorphic.
The elementary functions are those of real numbers, put together (Abramowitz & Stegun, 3.7, 4.1 to 4.6).
"""

from __future__ import annotations

from typing import Generic, TypeAlias, TypeGuard

import numpy as np

from tinypytorch.arrays import AnyArray, Scalar
from tinypytorch.compat import override
from tinypytorch.testing.numbers.dual import Dual
from tinypytorch.testing.numbers.kinds import Kind, NotRepresentableError, R

_NUMBERS = (int, float, complex, np.number, np.bool_)
Other: TypeAlias = Scalar | complex | AnyArray


class Plane(Generic[R]):
    """The complex number with these parts.

    >>> from tinypytorch.testing.numbers.kinds import FLOATS
    >>> z = plane(1 + 2j, 1j, FLOATS)
    >>> z * z
    Plane(Dual(-3.0, -4.0), Dual(4.0, 2.0))
    """

    __slots__ = ("imag", "real")

    def __init__(self, real: Dual[R], imag: Dual[R]) -> None:
        self.real: Dual[R] = real
        self.imag: Dual[R] = imag

    def _lift(self, other: object) -> Plane[R] | None:
        """A number, or a dual one, as a complex one; None for anything else (an array: NumPy's turn)."""
        if _is_plane(other, self):
            return other
        if _is_dual(other, self.real):
            return Plane(other, other * 0.0)
        if is_number(other):
            c = complex(other)
            return plane(c, 0.0, self.real.kind)
        return None

    def __add__(self, other: Plane[R] | Dual[R] | Other) -> Plane[R]:
        b = self._lift(other)
        return NotImplemented if b is None else Plane(self.real + b.real, self.imag + b.imag)

    __radd__ = __add__

    def __sub__(self, other: Plane[R] | Dual[R] | Other) -> Plane[R]:
        b = self._lift(other)
        return NotImplemented if b is None else Plane(self.real - b.real, self.imag - b.imag)

    def __rsub__(self, other: Dual[R] | Other) -> Plane[R]:
        b = self._lift(other)
        return NotImplemented if b is None else b - self

    def __mul__(self, other: Plane[R] | Dual[R] | Other) -> Plane[R]:
        if _is_dual(other, self.real):
            return Plane(self.real * other, self.imag * other)
        b = self._lift(other)
        if b is None:
            return NotImplemented
        return Plane(self.real * b.real - self.imag * b.imag, self.real * b.imag + self.imag * b.real)

    __rmul__ = __mul__

    def __truediv__(self, other: Plane[R] | Dual[R] | Other) -> Plane[R]:
        if _is_dual(other, self.real):
            return Plane(self.real / other, self.imag / other)
        b = self._lift(other)
        if b is None:
            return NotImplemented
        d = b.real * b.real + b.imag * b.imag
        up = self * b.conjugate()
        return Plane(up.real / d, up.imag / d)

    def __rtruediv__(self, other: Dual[R] | Other) -> Plane[R]:
        b = self._lift(other)
        return NotImplemented if b is None else b / self

    def __neg__(self) -> Plane[R]:
        return Plane(-self.real, -self.imag)

    def __pos__(self) -> Plane[R]:
        return self

    def __abs__(self) -> Dual[R]:
        return (self.real * self.real + self.imag * self.imag).sqrt()

    def __pow__(self, other: Plane[R] | Dual[R] | Other) -> Plane[R]:
        if isinstance(other, (int, float)) and float(other) in range(5):
            y = self * 0.0 + 1.0
            for _ in range(int(other)):
                y = y * self
            return y
        b = self._lift(other)
        return NotImplemented if b is None else (self.log() * b).exp()

    def __rpow__(self, other: Dual[R] | Other) -> Plane[R]:
        b = self._lift(other)
        return NotImplemented if b is None else b**self

    def __lt__(self, other: object) -> bool:
        raise NotRepresentableError("complex numbers have no order")

    def __gt__(self, other: object) -> bool:
        return self < other

    def __le__(self, other: object) -> bool:
        return self < other

    def __ge__(self, other: object) -> bool:
        return self < other

    def __float__(self) -> float:
        raise TypeError("a float has no room for a complex number: this forward converts its values")

    @override
    def __repr__(self) -> str:
        return f"Plane({self.real!r}, {self.imag!r})"

    def conjugate(self) -> Plane[R]:
        return Plane(self.real, -self.imag)

    def exp(self) -> Plane[R]:
        size = self.real.exp()
        return Plane(size * self.imag.cos(), size * self.imag.sin())

    def log(self) -> Plane[R]:
        return Plane((self.real * self.real + self.imag * self.imag).log() * 0.5, self.angle())

    def angle(self) -> Dual[R]:
        """In (-pi, pi], as twice the angle of the square root, away from the cut."""
        root = self.sqrt()
        return (root.imag / root.real).arctan() * 2.0

    def sqrt(self) -> Plane[R]:
        size = abs(self)
        if self.real.v < self.real.kind.number(0.0):
            t = ((size - self.real) * 0.5).sqrt()
            if self.imag.v < self.imag.kind.number(0.0):
                t = -t
            return Plane(self.imag / (t + t), t)
        t = ((size + self.real) * 0.5).sqrt()
        return Plane(t, self.imag / (t + t))

    def sin(self) -> Plane[R]:
        a, b = self.real, self.imag
        return Plane(a.sin() * b.cosh(), a.cos() * b.sinh())

    def cos(self) -> Plane[R]:
        a, b = self.real, self.imag
        return Plane(a.cos() * b.cosh(), -(a.sin() * b.sinh()))

    def tan(self) -> Plane[R]:
        return self.sin() / self.cos()

    def sinh(self) -> Plane[R]:
        a, b = self.real, self.imag
        return Plane(a.sinh() * b.cos(), a.cosh() * b.sin())

    def cosh(self) -> Plane[R]:
        a, b = self.real, self.imag
        return Plane(a.cosh() * b.cos(), a.sinh() * b.sin())

    def tanh(self) -> Plane[R]:
        return self.sinh() / self.cosh()

    def arcsin(self) -> Plane[R]:
        return (self * 1j + ((1.0 - self) * (1.0 + self)).sqrt()).log() * -1j

    def arccos(self) -> Plane[R]:
        return (self + ((1.0 - self) * (1.0 + self)).sqrt() * 1j).log() * -1j

    def arctan(self) -> Plane[R]:
        return ((1.0 - self * 1j).log() - (1.0 + self * 1j).log()) * 0.5j

    def arcsinh(self) -> Plane[R]:
        return (self + (1.0 + self * 1j).sqrt() * (1.0 - self * 1j).sqrt()).log()

    def arccosh(self) -> Plane[R]:
        return (self + (self - 1.0).sqrt() * (self + 1.0).sqrt()).log()

    def arctanh(self) -> Plane[R]:
        return ((1.0 + self).log() - (1.0 - self).log()) * 0.5

    def exp2(self) -> Plane[R]:
        return (self * self._log_of(2.0)).exp()

    def expm1(self) -> Plane[R]:
        return self.exp() - 1.0

    def log2(self) -> Plane[R]:
        return self.log() / self._log_of(2.0)

    def log10(self) -> Plane[R]:
        return self.log() / self._log_of(10.0)

    def log1p(self) -> Plane[R]:
        return (self + 1.0).log()

    def _log_of(self, base: float) -> Dual[R]:
        return (self.real * 0.0 + base).log()


def plane(z: complex, direction: complex, kind: Kind[R]) -> Plane[R]:
    """A complex number that moves along a direction."""
    n = kind.number
    z, d = complex(z), complex(direction)
    return Plane(Dual(n(z.real), n(d.real), kind), Dual(n(z.imag), n(d.imag), kind))


def is_plane(x: object) -> TypeGuard[Plane[float]]:
    """Whether x is such a number, of whatever kind."""
    return isinstance(x, Plane)


def is_number(x: object) -> TypeGuard[complex]:
    """Whether x is a number of Python or NumPy."""
    return isinstance(x, _NUMBERS)


def _is_plane(x: object, like: Plane[R]) -> TypeGuard[Plane[R]]:
    return isinstance(x, Plane)


def _is_dual(x: object, like: Dual[R]) -> TypeGuard[Dual[R]]:
    return isinstance(x, Dual)
