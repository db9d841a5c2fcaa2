"""Floor 2: exponentials, logarithms, roots and what is made of them. Imports `arrays`, `function` and other op files.

Formulas: Abramowitz & Stegun, Handbook of Mathematical Functions, 4.1 and 4.2; for `logaddexp`, `softplus` and
`log_sigmoid` Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions (2021).
"""

from __future__ import annotations

import math
from typing import ClassVar

import numpy as np

from tinypytorch.arrays import Array, boxed, one
from tinypytorch.function import BROADCASTING, NONZERO, POSITIVE, REAL, Domain, Kink, Spec, T, lift, shared, value
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.corners import over, times
from tinypytorch.ops.elementwise import Sigmoid
from tinypytorch.ops.selection import Keep


@value
class Exp2:
    """y = 2**x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.exp2, holomorphic=True)
    forward: u.Map = shared(u.exp2)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, y * u.ln(2.0, x.dtype))


@value
class Expm1:
    """y = e**x - 1. The rule is e**x, since y + 1 cancels for large negative x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.expm1, holomorphic=True)
    forward: u.Map = shared(u.expm1)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, u.exp(x))


@value
class Log2:
    """y = log x / log 2."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), ufunc=np.log2, holomorphic=True)
    forward: u.Map = shared(u.log2)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(gy, x) / u.ln(2.0, x.dtype)


@value
class Log10:
    """y = log x / log 10."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), ufunc=np.log10, holomorphic=True)
    forward: u.Map = shared(u.log10)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(gy, x) / u.ln(10.0, x.dtype)


@value
class Log1p:
    """y = log(1 + x) for x > -1."""

    spec: ClassVar[Spec] = Spec(domain=(Domain(low=-1.0),), ufunc=np.log1p, holomorphic=True)
    forward: u.Map = shared(u.log1p)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(gy, x + 1.0)


@value
class Cbrt:
    """y = the cube root of x, negative for negative x. The derivative at 0 is infinite."""

    spec: ClassVar[Spec] = Spec(domain=(NONZERO,), ufunc=np.cbrt)

    def forward(self, x: Array, /) -> Array:
        return u.cbrt(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(gy, y * y * 3.0)


@value
class Reciprocal:
    """y = 1 / x."""

    spec: ClassVar[Spec] = Spec(domain=(NONZERO,), ufunc=np.reciprocal, holomorphic=True)
    forward: u.Map = shared(u.reciprocal)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(times(-gy, y), y)


def _share(gy: T, a: T, b: T, scale: Array | float) -> T:
    """The gradient of the first operand of log(e**a + e**b): gy times sigmoid(a - b), which does not cancel.

    Where both operands are -inf their difference is nan, the result does not move, and the gradient is 0.
    """
    nothing = (a <= -math.inf) & (b <= -math.inf)
    if nothing.any():
        with np.errstate(invalid="ignore"):
            d: T = lift(Keep(~nothing), a - b)
        gy = lift(Keep(~nothing), gy)
    else:
        d = a - b
    return gy * lift(Sigmoid(), d * scale)


@value
class Logaddexp:
    """y = log(e**a + e**b), without overflow; its gradient is 0 where both are -inf, and nan where both are inf."""

    spec: ClassVar[Spec] = Spec(takes=BROADCASTING, ufunc=np.logaddexp)

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.logaddexp(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _share(gy, a, b, 1.0)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _share(gy, b, a, 1.0)


@value
class Logaddexp2:
    """y = log2(2**a + 2**b), without overflow; corners as `Logaddexp`."""

    spec: ClassVar[Spec] = Spec(takes=BROADCASTING, ufunc=np.logaddexp2)

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.logaddexp2(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _share(gy, a, b, u.ln(2.0, y.dtype))

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _share(gy, b, a, u.ln(2.0, y.dtype))


@value
class Softplus:
    """y = log(1 + e**x), without overflow."""

    spec: ClassVar[Spec] = Spec()

    def forward(self, x: Array, /) -> Array:
        return u.logaddexp(x, 0.0)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * lift(Sigmoid(), x)


@value
class LogSigmoid:
    """y = log sigmoid(x) = -log(1 + e**-x), without overflow and cancellation."""

    spec: ClassVar[Spec] = Spec()

    def forward(self, x: Array, /) -> Array:
        return -u.logaddexp(-x, 0.0)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * lift(Sigmoid(), -x)


@value
class Logit:
    """y = log(x / (1 - x)) for 0 < x < 1, the inverse of the sigmoid.

    Around 1/2 it is log1p(s) - log1p(-s) with s = 2 x - 1, which is exact there, as the quotient is not.
    """

    spec: ClassVar[Spec] = Spec(domain=(Domain(low=0.0, high=1.0),))

    def forward(self, x: Array, /) -> Array:
        s = (x - 0.5) * 2.0
        middle = np.logical_and(s > -0.4, s < 0.4)
        if middle.any():
            s = np.where(middle, s, s * 0.0)
            return np.where(middle, u.log1p(s) - u.log1p(-s), u.log(x / (1.0 - x)))
        return u.log(x / (1.0 - x))

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(over(gy, x), 1.0 - x)


@value
class Xlogy:
    """y = a log b, and 0 where a = 0, whatever number b is.

    The rules are log b and a / b; at (0, 0), where a / b has no limit and log b is infinite, both give 0.
    """

    spec: ClassVar[Spec] = Spec(
        domain=(REAL, POSITIVE),
        kink="0 by both at (0, 0)",
        kinks=(Kink((0.0, 0.0), (0.0, 0.0)),),
        takes=BROADCASTING,
    )

    def forward(self, a: Array, b: Array, /) -> Array:
        a, b = boxed((a, b))  # the logarithm of a Python number in the precision of the other operand
        ordinary = np.logical_and(b > 0.0, b < math.inf)
        if ordinary.all():
            return a * u.log(b)
        zero = u.equal(a, 0.0) & ~(ordinary | u.isnan(b))
        return a * u.log(np.where(zero, 1.0, b))

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        zero = u.equal(a, 0.0) & u.equal(b, 0.0)
        return times(gy, u.log(b + zero.astype(y.dtype)) if zero.any() else u.log(b * one(y.dtype)))

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        zero = u.equal(a, 0.0) & u.equal(b, 0.0)
        return times(gy, a / (b + zero.astype(y.dtype)) if zero.any() else a / b)


@value
class Softsign:
    """y = x / (1 + |x|). The rule is 1 / (1 + |x|)**2, at 0, too."""

    spec: ClassVar[Spec] = Spec()

    def forward(self, x: Array, /) -> Array:
        return x / (1.0 + u.absolute(x))

    def backward(self, gy: T, y: T, x: T, /) -> T:
        d: T = u.absolute(x) + 1.0
        return gy / d / d
