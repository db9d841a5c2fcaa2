"""Floor 2: functions of one variable, element by element. Imports `arrays`, `function` and other op files.

Formulas: Abramowitz & Stegun, Handbook of Mathematical Functions, 4.2 (exp, log), 4.3 (circular), 4.5 (hyperbolic).
"""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from tinypytorch.arrays import Array, quietly
from tinypytorch.function import BROADCASTING, NONZERO, POSITIVE, Kink, Spec, T, lift, lift_pair, shared, value
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.corners import over, times
from tinypytorch.ops.parts import slope_of_size


@value
class Exp:
    """y = e**x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.exp, holomorphic=True)
    forward: u.Map = shared(u.exp)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, y)


@value
class Log:
    """y = log x, the natural logarithm."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), ufunc=np.log, holomorphic=True)
    forward: u.Map = shared(u.log)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(gy, x)


@value
class Sqrt:
    """y = sqrt(x). The derivative at 0 is infinite."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), ufunc=np.sqrt, holomorphic=True)
    forward: u.Map = shared(u.sqrt)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(gy, y * 2.0)


@value
class Sin:
    """y = sin x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.sin, holomorphic=True)
    forward: u.Map = shared(u.sin)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * u.cos(x)


@value
class Cos:
    """y = cos x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.cos, holomorphic=True)
    forward: u.Map = shared(u.cos)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return -gy * u.sin(x)


@value
class Tanh:
    """y = tanh x. The rule is 1 / cosh**2, since 1 - y**2 cancels: at x = 15 it keeps four digits of sixteen."""

    spec: ClassVar[Spec] = Spec(ufunc=np.tanh, holomorphic=True)
    forward: u.Map = shared(u.tanh)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift_pair(OVER_COSH_SQUARED, gy, x)


@value
class OverCoshSquared:
    """y = a / cosh(b)**2, the rule of tanh in one op and one new array. da = gy / cosh(b)**2, db = -2 gy y tanh b."""

    spec: ClassVar[Spec] = Spec(takes=BROADCASTING, holomorphic=True)

    def forward(self, a: Array, b: Array, /) -> Array:
        return quietly(u.over_cosh_squared, a, b)  # 0 where the square overflows, and 1 by it is subnormal

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return lift_pair(self, gy, b)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * (y * u.tanh(b) * -2.0)


OVER_COSH_SQUARED: Final = OverCoshSquared()


@value
class Abs:
    """y = |x|. The rule is the sign of x; of complex numbers conj(x) / |x|."""

    spec: ClassVar[Spec] = Spec(
        domain=(NONZERO,), kink="0 at 0", kinks=(Kink((0.0,), (0.0,)),), ufunc=np.absolute, numbers="complex"
    )
    forward: u.Map = shared(u.absolute)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * slope_of_size(x, y)


@value
class Sigmoid:
    """y = 1 / (1 + exp(-x)), without overflow; the rule uses sigmoid(-x), since 1 - y cancels for large x."""

    spec: ClassVar[Spec] = Spec()

    def forward(self, x: Array, /) -> Array:
        e = u.exp(-u.absolute(x))
        return np.where(x >= 0, e.dtype.type(1), e) / (e + 1.0)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (y * lift(self, -x))
