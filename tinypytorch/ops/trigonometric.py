"""Floor 2: circular and hyperbolic functions, inverses, and angles. Imports `arrays`, `function`, other op files.

Formulas: Abramowitz & Stegun, Handbook of Mathematical Functions, 4.3 and 4.4 (circular), 4.5 and 4.6 (hyperbolic).
"""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from tinypytorch.arrays import IMAGINARY, Array, is_complex
from tinypytorch.function import (
    BROADCASTING,
    NONZERO,
    REAL,
    Case,
    Domain,
    Kink,
    Spec,
    T,
    join,
    lift,
    lift_pair,
    shared,
    value,
)
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.corners import over, times
from tinypytorch.ops.elementwise import OVER_COSH_SQUARED
from tinypytorch.ops.selection import Keep

# The poles of the tangent between -18 and 18.
_POLES: Final = tuple((k + 0.5) * np.pi for k in range(-6, 6))


@value
class Tan:
    """y = tan x. The rule is 1 + y**2, a sum of positive terms; of complex ones, which may cancel, sech(i x)**2."""

    spec: ClassVar[Spec] = Spec(domain=(Domain(avoid=_POLES),), ufunc=np.tan, holomorphic=True)
    forward: u.Map = shared(u.tan)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift_pair(OVER_COSH_SQUARED, gy, x * IMAGINARY) if is_complex(x) else gy * (y * y + 1.0)


_INSIDE = Domain(low=-1.0, high=1.0)


@value
class Arcsin:
    """y = arcsin x for |x| < 1. The derivative at -1 and 1 is infinite."""

    spec: ClassVar[Spec] = Spec(domain=(_INSIDE,), ufunc=np.arcsin, holomorphic=True)
    forward: u.Map = shared(u.arcsin)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(gy, u.sqrt(lift(Complement(), x)))


@value
class Arccos:
    """y = arccos x for |x| < 1. The derivative at -1 and 1 is infinite."""

    spec: ClassVar[Spec] = Spec(domain=(_INSIDE,), ufunc=np.arccos, holomorphic=True)
    forward: u.Map = shared(u.arccos)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(-gy, u.sqrt(lift(Complement(), x)))


@value
class Complement:
    """y = 1 - x**2 as (1 - x)(1 + x), since 1 - x is exact near 1 where the square is not."""

    spec: ClassVar[Spec] = Spec(holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        return (1.0 - x) * (1.0 + x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (x * -2.0)


@value
class Arctan:
    """y = arctan x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.arctan, holomorphic=True)
    forward: u.Map = shared(u.arctan)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * lift(Witch(), x)


@value
class Witch:
    """y = 1 / (1 + x**2), Agnesi's curve, by way of a root: the square overflows where x does not."""

    spec: ClassVar[Spec] = Spec(numbers="complex")

    def forward(self, x: Array, /) -> Array:
        if is_complex(x):
            return 1.0 / (x * IMAGINARY + 1.0) / (1.0 - x * IMAGINARY)
        h = u.hypot(x, 1.0)
        return 1.0 / h / h

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (x * y * y * -2.0)


@value
class Sinh:
    """y = sinh x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.sinh, holomorphic=True)
    forward: u.Map = shared(u.sinh)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, u.cosh(x))


@value
class Cosh:
    """y = cosh x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.cosh, holomorphic=True)
    forward: u.Map = shared(u.cosh)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, u.sinh(x))


@value
class Arcsinh:
    """y = arcsinh x. The rule is 1 / sqrt(1 + x**2), without the square, which overflows early."""

    spec: ClassVar[Spec] = Spec(ufunc=np.arcsinh, holomorphic=True)
    forward: u.Map = shared(u.arcsinh)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        if is_complex(x):
            return gy / u.sqrt(x * IMAGINARY + 1.0) / u.sqrt(1.0 - x * IMAGINARY)
        return gy / u.hypot(x, 1.0)


@value
class Arccosh:
    """y = arccosh x for x > 1. The derivative at 1 is infinite. Two roots, since the square overflows early."""

    spec: ClassVar[Spec] = Spec(domain=(Domain(low=1.0),), ufunc=np.arccosh, holomorphic=True)
    forward: u.Map = shared(u.arccosh)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(over(gy, u.sqrt(x - 1.0)), u.sqrt(x + 1.0))


@value
class Arctanh:
    """y = arctanh x for |x| < 1."""

    spec: ClassVar[Spec] = Spec(domain=(_INSIDE,), ufunc=np.arctanh, holomorphic=True)
    forward: u.Map = shared(u.arctanh)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(gy, lift(Complement(), x))


@value
class Radians:
    """y = x pi / 180."""

    spec: ClassVar[Spec] = Spec(ufunc=np.radians, aliases=(np.deg2rad,))

    def forward(self, x: Array, /) -> Array:
        return u.deg2rad(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift(self, gy)


@value
class Degrees:
    """y = 180 x / pi."""

    spec: ClassVar[Spec] = Spec(ufunc=np.degrees, aliases=(np.rad2deg,))

    def forward(self, x: Array, /) -> Array:
        return u.rad2deg(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift(self, gy)


_ORIGIN = (Kink((0.0, 0.0), (0.0, 0.0)),)


@value
class Hypot:
    """y = sqrt(a**2 + b**2), without overflow; the rules are the cosine and sine of the point's direction."""

    spec: ClassVar[Spec] = Spec(kink="0 by both at (0, 0)", kinks=_ORIGIN, takes=BROADCASTING, ufunc=np.hypot)

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.hypot(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * _direction(a, b, y)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * _direction(b, a, y)


@value
class Direction:
    """y = a / sqrt(a**2 + b**2), 0 at (0, 0): its derivatives, b**2 / h**3 and -a b / h**3, without a difference."""

    spec: ClassVar[Spec] = Spec(
        domain=(REAL, NONZERO),
        takes="two operands whose shapes broadcast together",
        cases=lambda: tuple(Case(Direction(), s) for s in (((2, 3), (2, 3)), ((2, 1), (3,)), ((), ()))),
    )

    def forward(self, /, *xs: Array) -> Array:
        a, b = xs
        return a / _away(u.hypot(a, b))

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        a, b = xs
        g = gy * join(self, (b, a)) / _away(u.hypot(a, b))
        return (g * join(self, (b, a)) if needs[0] else None, -g * y if needs[1] else None)


def _direction(a: T, b: T, y: T) -> T:
    """`Direction` of operands of which one may be a number, y being a result of both."""
    if not hasattr(a, "shape"):
        a = lift(Keep(np.zeros((), np.bool)), y) + a
    if not hasattr(b, "shape"):
        b = lift(Keep(np.zeros((), np.bool)), y) + b
    return join(Direction(), (a, b))


def _away(h: T) -> T:
    """A length to divide by: 1 where it is 0."""
    zero = h <= 0.0
    return h + zero.astype(h.dtype) if zero.any() else h


@value
class Arctan2:
    """y = the angle of the point (b, a), in (-pi, pi]. Its derivatives are b / h**2 and -a / h**2 for h = hypot(a, b).

    The jump by 2 pi at a = 0, b < 0 is in the value only; at (0, 0) there is no derivative, and the rules give 0.
    """

    spec: ClassVar[Spec] = Spec(domain=(NONZERO, NONZERO), takes=BROADCASTING, ufunc=np.arctan2)

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.arctan2(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * _direction(b, a, y) / _away(u.hypot(a, b))

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * _direction(a, b, y) / -_away(u.hypot(a, b))


# Below this, where powers of pi x do not grow, the power series; no multiple of a power of two.
_NEAR: Final = 0.99
_TERMS: Final = 24


@value
class Sinc:
    """y = the derivative of that order of sin(pi x) / (pi x), the continuous one: order 0 is 1 at 0.

    Away from 0 by n f^(n-1) + x f^(n) = pi^(n-1) sin(pi x + n pi / 2), Leibniz' rule for x f(x), near 0 by
    f^(n)(x) = pi^n sum (-1)^k (pi x)^(2 k - n) / ((2 k + 1) (2 k - n)!), the power series term by term.
    """

    order: int = 0
    spec: ClassVar[Spec] = Spec(
        cases=lambda: tuple(Case(Sinc(n), s) for n, s in ((0, ((2, 3),)), (1, ((),)), (2, ((3,),)), (0, ((0, 3),)))),
        symmetric=True,
    )

    def forward(self, x: Array, /) -> Array:
        near = np.logical_and(x > -_NEAR, x < _NEAR)
        if not near.any():
            return self.far(x)
        return np.where(near, self.series(np.where(near, x, x * 0.0)), self.far(np.where(near, x * 0.0 + 1.0, x)))

    def far(self, x: Array) -> Array:
        """The values by Leibniz' rule, x not being near 0."""
        z = x * np.pi
        y = u.sin(z) / z
        for n in range(1, self.order + 1):
            wave = (u.sin(z), u.cos(z), -u.sin(z), -u.cos(z))[n % 4]
            y = (wave * np.pi ** (n - 1) - y * n) / x
        return y

    def series(self, x: Array) -> Array:
        """The values by the power series, x being near 0."""
        n = self.order
        first = (n + 1) // 2
        z = x * np.pi
        square = z * z
        term = (z if n % 2 else square * 0.0 + 1.0) * ((-1.0) ** first * np.pi**n)
        y = term / (2 * first + 1)
        for k in range(first + 1, first + _TERMS):
            term = -term * square / ((2 * k - n) * (2 * k - n - 1))
            y = y + term / (2 * k + 1)
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * lift(Sinc(self.order + 1), x)
