"""Floor 6: dual numbers, the elements on which a forward differentiates itself. Imports `kinds` and NumPy only.

A dual number is v + t d with d**2 = 0: arithmetic on it computes a value and its derivative along one direction.
NumPy's functions on an object array call the elements' operators and their methods of the function's name, so that the
forward under test runs on dual numbers as it is: there is no second table of rules for ops, only the derivatives of
arithmetic and of the elementary functions below (Abramowitz & Stegun, chapter 4).

Dual numbers are ordered as germs: v + t d stands for what a function does just beside 0. Where two values are equal and
their derivatives are not, a comparison meets a **kink**: it is counted, and decided for the side that is asked for, so
that the derivative is exactly the one-sided one.

Dual numbers of dual numbers give second derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from fractions import Fraction
from operator import methodcaller
from typing import Final, Generic, TypeAlias, TypeGuard

import numpy as np

from tinypytorch.arrays import AnyArray, Scalar
from tinypytorch.compat import override
from tinypytorch.testing.numbers.kinds import Kind, Orders, R, raised


@dataclass
class Watch:
    """What comparisons met, and from which side of a kink the derivative is taken (1 or -1).

    kinks: equal values with different derivatives. ties: equal values with equal derivatives.
    turned: the kinks, counted from 0, that are decided for the other side.
    others: the kinks that are not between two branches: jumps, cones, derivatives that are nan.
    doubt: says of two values whether rounding may have decided which is less; `doubts`: how often it did.
    """

    side: int = 1
    kinks: int = 0
    ties: int = 0
    turned: frozenset[int] = frozenset()
    others: int = 0
    doubt: Callable[[object, object], bool] | None = None
    doubts: int = 0

    def other(self) -> None:
        """Count a kink that is not between two branches."""
        self.kinks += 1
        self.others += 1


WATCH: Final[ContextVar[Watch]] = ContextVar("WATCH")
UNWATCHED: Final = Watch()
_NUMBERS: Final = (int, float, np.floating, np.integer, np.bool_, Fraction)


# What stands beside a dual number in arithmetic; an array has its own way with it.
Operand: TypeAlias = Scalar | Fraction | AnyArray


class Dual(Generic[R]):
    """A value `v` and its derivative `t` along a direction, both numbers of a kind.

    >>> from tinypytorch.testing.numbers.kinds import FLOATS
    >>> x = Dual(3.0, 1.0, FLOATS)
    >>> x * x + 1.0
    Dual(10.0, 6.0)
    >>> np.exp(np.array([Dual(0.0, 2.0, FLOATS)]))
    array([Dual(1.0, 2.0)], dtype=object)
    """

    __slots__ = ("kind", "t", "v")

    def __init__(self, v: R, t: R, kind: Kind[R]) -> None:
        self.v: R = v
        self.t: R = t
        self.kind: Kind[R] = kind

    def _lift(self, other: object) -> Dual[R] | None:
        """A number as a dual number without derivative; None for anything else (an array: NumPy's turn)."""
        if _is_dual(other, self):
            return other
        if _is_number(other):
            return Dual(self.kind.number(float(other)), self.kind.number(0.0), self.kind)
        return None

    def __add__(self, other: Dual[R] | Operand) -> Dual[R]:
        if isinstance(other, Dual):
            return Dual(self.v + other.v, self.t + other.t, self.kind)
        if isinstance(other, _NUMBERS):
            return Dual(self.v + self.kind.number(float(other)), self.t, self.kind)
        return NotImplemented

    __radd__ = __add__

    def __sub__(self, other: Dual[R] | Operand) -> Dual[R]:
        if isinstance(other, Dual):
            return Dual(self.v - other.v, self.t - other.t, self.kind)
        if isinstance(other, _NUMBERS):
            return Dual(self.v - self.kind.number(float(other)), self.t, self.kind)
        return NotImplemented

    def __rsub__(self, other: Dual[R] | Operand) -> Dual[R]:
        if isinstance(other, _NUMBERS):
            return Dual(self.kind.number(float(other)) - self.v, -self.t, self.kind)
        return NotImplemented

    def __mul__(self, other: Dual[R] | Operand) -> Dual[R]:
        if isinstance(other, Dual):
            return Dual(self.v * other.v, self.t * other.v + self.v * other.t, self.kind)
        if isinstance(other, _NUMBERS):
            c = self.kind.number(float(other))
            return Dual(self.v * c, self.t * c, self.kind)
        return NotImplemented

    __rmul__ = __mul__

    def __truediv__(self, other: Dual[R] | Operand) -> Dual[R]:
        if isinstance(other, Dual):
            return _quotient(self, other)
        if isinstance(other, _NUMBERS):
            c = self.kind.number(float(other))
            return Dual(self.v / c, self.t / c, self.kind)
        return NotImplemented

    def __rtruediv__(self, other: Dual[R] | Operand) -> Dual[R]:
        b = self._lift(other)
        return NotImplemented if b is None else _quotient(b, self)

    def __neg__(self) -> Dual[R]:
        return Dual(-self.v, -self.t, self.kind)

    def __pos__(self) -> Dual[R]:
        return self

    def __abs__(self) -> Dual[R]:
        return -self if self < 0.0 else self

    def __pow__(self, other: Dual[R] | Operand) -> Dual[R]:
        if isinstance(other, Dual):
            return power(self, other)
        if isinstance(other, _NUMBERS):
            return constant_power(self, float(other))
        return NotImplemented

    def __rpow__(self, other: Dual[R] | Operand) -> Dual[R]:
        b = self._lift(other)
        return NotImplemented if b is None else power(b, self)

    def _order(self, other: object) -> int | None:
        """-1, 0 or 1 as this number is less, equal or greater as a germ; None where neither, as with nan."""
        b = self._lift(other)
        if b is None:
            return None
        watch = WATCH.get(UNWATCHED)
        if watch.doubt is not None:
            watch.doubts += watch.doubt(self.v, b.v)
        if self.v < b.v:
            return -1
        if b.v < self.v:
            return 1
        if self.v != b.v:
            return None
        below, above = self.t < b.t, b.t < self.t
        if not (below or above):
            if self.t == b.t:
                watch.ties += 1
            else:
                watch.other()
            return 0
        side = -watch.side if watch.kinks in watch.turned else watch.side
        watch.kinks += 1
        return -side if below else side

    def __lt__(self, other: object) -> bool:
        return self._order(other) == -1

    def __gt__(self, other: object) -> bool:
        return self._order(other) == 1

    def __le__(self, other: object) -> bool:
        return self._order(other) in (-1, 0)

    def __ge__(self, other: object) -> bool:
        return self._order(other) in (0, 1)

    @override
    def __eq__(self, other: object) -> bool:
        return self._order(other) == 0

    @override
    def __ne__(self, other: object) -> bool:
        return self._order(other) != 0

    def __bool__(self) -> bool:
        return self._order(0.0) != 0

    def __float__(self) -> float:
        raise TypeError("a float has no room for a derivative: this forward converts its values")

    @override
    def __repr__(self) -> str:
        return f"Dual({self.v!r}, {self.t!r})"

    def exactly(self) -> Dual[R]:
        """The same, of numbers as if they had no error."""
        return Dual(self.kind.exactly(self.v), self.kind.exactly(self.t), self.kind)

    def at(self, value: float) -> Dual[R]:
        """The same, of numbers that have this value, which somebody else computed."""
        return Dual(self.kind.at(self.v, value), self.t, self.kind)

    def conjugate(self) -> Dual[R]:
        return self

    def exp(self) -> Dual[R]:
        y = self.kind.functions["exp"](self.v)
        return Dual(y, self.t * y, self.kind)

    def log(self) -> Dual[R]:
        return Dual(self.kind.functions["log"](self.v), self.t / self.v, self.kind)

    def sin(self) -> Dual[R]:
        f = self.kind.functions
        return Dual(f["sin"](self.v), self.t * f["cos"](self.v), self.kind)

    def cos(self) -> Dual[R]:
        f = self.kind.functions
        return Dual(f["cos"](self.v), -(self.t * f["sin"](self.v)), self.kind)

    def tan(self) -> Dual[R]:
        f = self.kind.functions
        c = f["cos"](self.v)
        return Dual(f["tan"](self.v), self.t / (c * c), self.kind)

    def sinh(self) -> Dual[R]:
        f = self.kind.functions
        return Dual(f["sinh"](self.v), self.t * f["cosh"](self.v), self.kind)

    def cosh(self) -> Dual[R]:
        f = self.kind.functions
        return Dual(f["cosh"](self.v), self.t * f["sinh"](self.v), self.kind)

    def tanh(self) -> Dual[R]:
        f = self.kind.functions
        c = f["cosh"](self.v)
        return Dual(f["tanh"](self.v), self.t / c / c, self.kind)

    def arcsin(self) -> Dual[R]:
        slope = self._root(self._one() - self.v * self.v)
        return Dual(self.kind.functions["arcsin"](self.v), self.t / slope, self.kind)

    def arccos(self) -> Dual[R]:
        slope = self._root(self._one() - self.v * self.v)
        return Dual(self.kind.functions["arccos"](self.v), -(self.t / slope), self.kind)

    def arctan(self) -> Dual[R]:
        return Dual(self.kind.functions["arctan"](self.v), self.t / (self._one() + self.v * self.v), self.kind)

    def arcsinh(self) -> Dual[R]:
        slope = self._root(self._one() + self.v * self.v)
        return Dual(self.kind.functions["arcsinh"](self.v), self.t / slope, self.kind)

    def arccosh(self) -> Dual[R]:
        slope = self._root(self.v * self.v - self._one())
        return Dual(self.kind.functions["arccosh"](self.v), self.t / slope, self.kind)

    def arctanh(self) -> Dual[R]:
        return Dual(self.kind.functions["arctanh"](self.v), self.t / (self._one() - self.v * self.v), self.kind)

    def sqrt(self) -> Dual[R]:
        y = self._root(self.v)
        return Dual(y, self.t / (y + y), self.kind)

    def cbrt(self) -> Dual[R]:
        y = self.kind.functions["cbrt"](self.v)
        return Dual(y, self.t / (y * y * self.kind.number(3.0)), self.kind)

    def exp2(self) -> Dual[R]:
        y = self.kind.functions["exp2"](self.v)
        return Dual(y, self.t * y * self._log_of(2.0), self.kind)

    def expm1(self) -> Dual[R]:
        f = self.kind.functions
        return Dual(f["expm1"](self.v), self.t * f["exp"](self.v), self.kind)

    def log2(self) -> Dual[R]:
        return Dual(self.kind.functions["log2"](self.v), self.t / (self.v * self._log_of(2.0)), self.kind)

    def log10(self) -> Dual[R]:
        return Dual(self.kind.functions["log10"](self.v), self.t / (self.v * self._log_of(10.0)), self.kind)

    def log1p(self) -> Dual[R]:
        return Dual(self.kind.functions["log1p"](self.v), self.t / (self._one() + self.v), self.kind)

    def fabs(self) -> Dual[R]:
        return abs(self)

    def deg2rad(self) -> Dual[R]:
        c = self._half_circle() / self.kind.number(180.0)
        return Dual(self.v * c, self.t * c, self.kind)

    def rad2deg(self) -> Dual[R]:
        c = self.kind.number(180.0) / self._half_circle()
        return Dual(self.v * c, self.t * c, self.kind)

    def radians(self) -> Dual[R]:
        return self.deg2rad()

    def degrees(self) -> Dual[R]:
        return self.rad2deg()

    def floor(self) -> Dual[R]:
        y = self.kind.functions["floor"](self.v)
        watch = WATCH.get(UNWATCHED)
        if watch.doubt is not None:
            watch.doubts += watch.doubt(self.v, y) or watch.doubt(self.v, y + self._one())
        return Dual(y, self.kind.number(0.0), self.kind)

    __floor__ = floor

    def _half_circle(self) -> R:
        return self.kind.functions["arctan"](self._one()) * self.kind.number(4.0)

    def _one(self) -> R:
        return self.kind.number(1.0)

    def _root(self, x: R) -> R:
        return self.kind.functions["sqrt"](x)

    def _log_of(self, base: float) -> R:
        return self.kind.functions["log"](self.kind.number(base))


def _is_number(x: object) -> TypeGuard[Scalar | Fraction]:
    return isinstance(x, _NUMBERS)


def _is_dual(x: object, like: Dual[R]) -> TypeGuard[Dual[R]]:
    """Whether x is a dual number, of the same kind as others here."""
    return isinstance(x, Dual)


def _quotient(a: Dual[R], b: Dual[R]) -> Dual[R]:
    y = a.v / b.v
    return Dual(y, (a.t - y * b.t) / b.v, a.kind)


def constant_power(x: Dual[R], c: float) -> Dual[R]:
    """x**c for a constant c; x**0 is 1 with derivative 0 everywhere."""
    number, raised = x.kind.number, x.kind.power
    if c == 0:
        return Dual(number(1.0), x.t - x.t, x.kind)
    if c == 1:
        return x
    slope = raised(x.v, number(c - 1.0)) * number(c)
    return Dual(raised(x.v, number(c)), x.t * slope, x.kind)


def power(a: Dual[R], b: Dual[R]) -> Dual[R]:
    """a**b; the logarithm of a is taken only where b moves."""
    y = a.kind.power(a.v, b.v)
    t = a.t * (b.v * a.kind.power(a.v, b.v - a.kind.number(1.0)))
    if not a.kind.still(b.t):
        t = t + b.t * (y * a.kind.functions["log"](a.v))
    return Dual(y, t, a.kind)


def special(name: str, orders: Orders, xs: Sequence[Dual[R]]) -> Dual[R]:
    """A partial derivative of one of SciPy's functions: what moves, moves it by the next ones."""
    kind, values = xs[0].kind, [x.v for x in xs]
    t = kind.number(0.0)
    for k, x in enumerate(xs):
        if not kind.still(x.t):
            t = t + x.t * kind.special(name, raised(orders, k), values)
    return Dual(kind.special(name, orders, values), t, kind)


def dual_kind(kind: Kind[R]) -> Kind[Dual[R]]:
    """Dual numbers as a kind of number themselves: dual numbers over it give second derivatives."""

    def number(x: float) -> Dual[R]:
        return Dual(kind.number(x), kind.number(0.0), kind)

    def still(x: Dual[R]) -> bool:
        return kind.still(x.v) and kind.still(x.t)

    def exactly(x: Dual[R]) -> Dual[R]:
        return x.exactly()

    def at(x: Dual[R], value: float) -> Dual[R]:
        return x.at(value)

    functions = {name: methodcaller(name) for name in kind.functions}
    return Kind(f"dual {kind.name}", number, functions, power, still, exactly, at, special)
