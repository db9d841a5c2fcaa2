"""Floor 2: the ops behind Python's operators. Imports `arrays`, `function` and other op files.

Gradients of broadcast operands are summed to their shape by the engine (see `function.Binary`).
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinypytorch.arrays import Array, is_complex, one, quietly
from tinypytorch.function import BROADCASTING, NONZERO, POSITIVE, REAL, Kink, Spec, T, lift, shared, value
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.corners import every, over, times
from tinypytorch.ops.selection import Keep


@value
class Add:
    """y = a + b."""

    spec: ClassVar[Spec] = Spec(takes=BROADCASTING, ufunc=np.add, holomorphic=True)
    forward: u.Zip = shared(u.add)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy


@value
class Sub:
    """y = a - b."""

    spec: ClassVar[Spec] = Spec(takes=BROADCASTING, ufunc=np.subtract, holomorphic=True)
    forward: u.Zip = shared(u.subtract)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return -gy


@value
class Mul:
    """y = a b."""

    spec: ClassVar[Spec] = Spec(takes=BROADCASTING, ufunc=np.multiply, holomorphic=True)
    forward: u.Zip = shared(u.multiply)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * b

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * a


def _product(a: T, b: T) -> T:
    return a * b


def _difference(a: T, b: T) -> T:
    return a - b


def _quotient(a: T, b: T) -> T:
    return a / b


@value
class Div:
    """y = a / b. The rule for b is -(g / b) y, not -g a / b**2, whose square overflows long before y does."""

    spec: ClassVar[Spec] = Spec(domain=(REAL, NONZERO), takes=BROADCASTING, ufunc=np.divide, holomorphic=True)
    forward: u.Zip = shared(u.divide)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return over(gy, b)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return -times(over(gy, b), y)

    def tangent(self, ta: T, tb: T, y: T, a: T, b: T, /) -> T:
        """Both quotients in one, where the two rules divide twice; with their zeros if it is not all numbers."""
        t = quietly(_quotient, quietly(_difference, ta, quietly(_product, tb, y)), b)
        return t if every(u.isfinite(t)) else over(ta - times(tb, y), b)


@value
class Neg:
    """y = -x."""

    spec: ClassVar[Spec] = Spec(ufunc=np.negative, holomorphic=True)
    forward: u.Map = shared(u.negative)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return -gy


@value
class Pow:
    """y = a ** b, both operands arrays. dy/da = b a**(b-1); dy/db = y log a.

    At a = 0 both factors of a rule can be infinite while their product has a limit: d(a**0)/da = 0,
    and d(0**b)/db = 0 for b > 0. The rule steers around the infinite factor, not around the point.
    """

    spec: ClassVar[Spec] = Spec(
        domain=(POSITIVE, REAL),
        kink="d(0**b)/db at b = 0: 0",
        kinks=(Kink((0.0, 0.0), (0.0, 0.0)),),
        takes=BROADCASTING,
        ufunc=np.power,
        holomorphic=True,
    )

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.power(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        both_zero = u.equal(a, 0.0) & u.equal(b, 0.0)
        if both_zero.any():
            a = a + both_zero.astype(y.dtype)
        slope: T = a ** (b - 1.0)
        return times(gy * b, slope)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        zero = u.equal(a, 0.0)
        if zero.any():
            return times(times(lift(Keep(~zero), gy), y), u.log(a + zero.astype(y.dtype)))
        if zero.ndim == 0 or (is_complex(y) and not is_complex(a)):
            a = a * one(y.dtype)  # the logarithm of a Python number is double, that of a negative one may be complex
        return times(times(gy, y), u.log(a))


@value
class PowConst:
    """y = x ** c with a constant number c; 0 is the derivative of x**0 everywhere, 0 included."""

    c: float = 3.0
    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        return x**self.c

    def backward(self, gy: T, y: T, x: T, /) -> T:
        if self.c == 0:
            return gy * 0.0
        if self.c == 1:
            return gy
        return times(gy, x ** (self.c - 1) * self.c)


@value
class Square:
    """y = x**2."""

    spec: ClassVar[Spec] = Spec(ufunc=np.square, holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        return x * x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (x + x)
