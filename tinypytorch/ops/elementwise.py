"""Floor 2: functions of one variable, element by element. Imports `arrays`, `function` and other op files.

Formulas: Abramowitz & Stegun, Handbook of Mathematical Functions, 4.2 (exp, log), 4.3 (circular), 4.5 (hyperbolic).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.function import NONZERO, POSITIVE, Kink, Spec, T, lift, value
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.corners import over, times
from tinypytorch.ops.parts import slope_of_size


@value
class Exp:
    """y = e**x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.exp, holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        return u.exp(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, y)


@value
class Log:
    """y = log x, the natural logarithm."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), ufunc=np.log, holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        return u.log(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(gy, x)


@value
class Sqrt:
    """y = sqrt(x). The derivative at 0 is infinite."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), ufunc=np.sqrt, holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        return u.sqrt(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(gy, y * 2.0)


@value
class Sin:
    """y = sin x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.sin, holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        return u.sin(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * u.cos(x)


@value
class Cos:
    """y = cos x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.cos, holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        return u.cos(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return -gy * u.sin(x)


@value
class Tanh:
    """y = tanh x. The rule is sech**2, since 1 - y**2 cancels: at x = 15 it keeps four digits of sixteen."""

    spec: ClassVar[Spec] = Spec(ufunc=np.tanh, holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        return u.tanh(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * lift(_SECH_SQUARED, x)


@value
class SechSquared:
    """y = 1 / cosh(x)**2: the square of the reciprocal, since that of cosh overflows twice as early."""

    spec: ClassVar[Spec] = Spec(holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        y = u.sech(x)
        y *= y
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (y * u.tanh(x) * -2.0)


_SECH_SQUARED = SechSquared()


@value
class Abs:
    """y = |x|. The rule is the sign of x; of complex numbers conj(x) / |x|."""

    spec: ClassVar[Spec] = Spec(
        domain=(NONZERO,), kink="0 at 0", kinks=(Kink((0.0,), (0.0,)),), ufunc=np.absolute, numbers="complex"
    )

    def forward(self, x: Array, /) -> Array:
        return u.absolute(x)

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
