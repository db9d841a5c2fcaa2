"""Floor 6: real numbers of 150 digits that NumPy's functions run on, as elements of object arrays. Imports mpmath.

What floats answer at the edges, these answer, too: nan outside a function's domain, infinities at poles, and beyond
10**(10**5) where floats have long overflowed. There is no negative zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final, SupportsFloat, TypeAlias

import numpy as np
from mpmath import MPContext, mpf

from tinypytorch.arrays import Array, is_array
from tinypytorch.compat import override

DIGITS: Final = 150
_context = MPContext()
_context.dps = DIGITS
_NAN: Final = _context.mpf(math.nan)
_INF: Final = _context.mpf(math.inf)
_ZERO: Final = _context.mpf(0.0)
_ONE: Final = _context.mpf(1.0)
_PI: Final = _context.acos(-_ONE)
# Exponentials and powers beyond this many bits are infinite or zero.
_BITS: Final = 300_000.0


def _float(x: mpf) -> float:
    """The nearest float."""
    return float(x)


class Point:
    """A real number, or nan or an infinity.

    >>> np.sqrt(np.array([Point.of(9.0), Point.of(-9.0)]))
    array([Point(3.0), Point(nan)], dtype=object)
    """

    __slots__ = ("v",)

    def __init__(self, v: mpf) -> None:
        self.v: mpf = v

    @classmethod
    def of(cls, x: float) -> Point:
        """The float, exactly."""
        return cls(_context.mpf(float(x)))

    @staticmethod
    def step(power: int) -> Point:
        """10 to this power."""
        return Point(_context.power(_context.mpf(10.0), _context.mpf(float(power))))

    def _lift(self, other: object) -> mpf | None:
        if isinstance(other, Point):
            return other.v
        return _context.mpf(float(other)) if isinstance(other, SupportsFloat) and not is_array(other) else None

    def __add__(self, other: object) -> Point:
        b = self._lift(other)
        return NotImplemented if b is None else Point(self.v + b)

    __radd__ = __add__

    def __sub__(self, other: object) -> Point:
        b = self._lift(other)
        return NotImplemented if b is None else Point(self.v - b)

    def __rsub__(self, other: object) -> Point:
        b = self._lift(other)
        return NotImplemented if b is None else Point(b - self.v)

    def __mul__(self, other: object) -> Point:
        b = self._lift(other)
        return NotImplemented if b is None else Point(self.v * b)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Point:
        b = self._lift(other)
        return NotImplemented if b is None else Point(_quotient(self.v, b))

    def __rtruediv__(self, other: object) -> Point:
        b = self._lift(other)
        return NotImplemented if b is None else Point(_quotient(b, self.v))

    def __pow__(self, other: object) -> Point:
        b = self._lift(other)
        return NotImplemented if b is None else Point(_power(self.v, b))

    def __rpow__(self, other: object) -> Point:
        b = self._lift(other)
        return NotImplemented if b is None else Point(_power(b, self.v))

    def __neg__(self) -> Point:
        return Point(-self.v)

    def __pos__(self) -> Point:
        return self

    def __abs__(self) -> Point:
        return Point(-self.v if self.v < _ZERO else self.v)

    def __lt__(self, other: object) -> bool:
        b = self._lift(other)
        return b is not None and self.v < b

    def __gt__(self, other: object) -> bool:
        b = self._lift(other)
        return b is not None and b < self.v

    def __le__(self, other: object) -> bool:
        b = self._lift(other)
        return b is not None and (self.v < b or self.v == b)

    def __ge__(self, other: object) -> bool:
        b = self._lift(other)
        return b is not None and (b < self.v or self.v == b)

    @override
    def __eq__(self, other: object) -> bool:
        b = self._lift(other)
        return b is not None and self.v == b

    @override
    def __ne__(self, other: object) -> bool:
        return not self == other

    @override
    def __hash__(self) -> int:
        return hash(self.v)

    def __bool__(self) -> bool:
        return self.v != _ZERO

    def rounded(self) -> float:
        """The nearest float. Not `__float__`: NumPy would call it, and lose the digits."""
        return _float(self.v)

    def conjugate(self) -> Point:
        """Itself: it is real. NumPy asks for it."""
        return self

    @override
    def __repr__(self) -> str:
        return f"Point({self.rounded()!r})"

    def apply(self, f: Callable[[mpf], mpf]) -> Point:
        """`f` of it; nan where it is not real."""
        try:
            y = f(self.v)
        except (ValueError, ZeroDivisionError):
            return Point(_NAN)
        return Point(y if isinstance(y, _context.mpf) else _NAN)


def _quotient(a: mpf, b: mpf) -> mpf:
    if b != _ZERO:
        return a / b
    return _INF if a > _ZERO else -_INF if a < _ZERO else _NAN


def _power(a: mpf, b: mpf) -> mpf:
    whole = _float(b).is_integer()
    if b == _ZERO:
        return _ONE
    if a == _ZERO:
        return _INF if b < _ZERO else _ZERO
    if a != a or (a < _ZERO and not whole):
        return _NAN
    size = _float(b) * _float(_context.log(abs(a))) / math.log(2.0)
    if abs(size) > _BITS:
        return _INF if size > 0 else _ZERO
    y = _context.power(a, b)
    return y if isinstance(y, _context.mpf) else _NAN


def _bounded(f: Callable[[mpf], mpf]) -> Callable[[mpf], mpf]:
    """An exponential function that does not try to hold what has more than `_BITS` bits before its point."""
    return lambda x: f(x) if abs(_float(x)) < _BITS else _NAN


_FUNCTIONS: Final[dict[str, Callable[[mpf], mpf]]] = {
    "exp": _bounded(_context.exp),
    "exp2": _bounded(lambda x: _context.power(_context.mpf(2.0), x)),
    "expm1": _bounded(_context.expm1),
    "sinh": _bounded(_context.sinh),
    "cosh": _bounded(_context.cosh),
    "tanh": lambda x: _context.tanh(x) if abs(_float(x)) < _BITS else x / abs(x),
    "log": _context.log,
    "log2": lambda x: _context.log(x) / _context.log(_context.mpf(2.0)),
    "log10": _context.log10,
    "log1p": _context.log1p,
    "sqrt": _context.sqrt,
    "cbrt": lambda x: -_context.cbrt(-x) if x < _ZERO else _context.cbrt(x),
    "sin": _context.sin,
    "cos": _context.cos,
    "tan": _context.tan,
    "arcsin": _context.asin,
    "arccos": _context.acos,
    "arctan": _context.atan,
    "arcsinh": _context.asinh,
    "arccosh": _context.acosh,
    "arctanh": _context.atanh,
    "fabs": abs,
    "sinc": lambda x: _ONE if x == _ZERO else _context.sin(x * _PI) / (x * _PI),
}


def _method(f: Callable[[mpf], mpf]) -> Callable[[Point], Point]:
    return lambda x: x.apply(f)


for _name, _function in _FUNCTIONS.items():
    setattr(Point, _name, _method(_function))


Points: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.object_]]


def points(x: Array) -> Points:
    """The floats as numbers of 150 digits."""
    found = np.empty(x.size, object)
    for i, v in enumerate(x.ravel().tolist()):
        found[i] = Point.of(v)
    return found.reshape(x.shape)


def _entries(x: object) -> list[Point]:
    held: list[object] = np.asarray(x, object).ravel().tolist()
    return [v if isinstance(v, Point) else Point.of(v) for v in held if isinstance(v, (Point, float))]


def _shaped(entries: list[Point], like: object) -> Points:
    found = np.empty(len(entries), object)
    for n, v in enumerate(entries):
        found[n] = v
    return found.reshape(np.asarray(like, object).shape)


def _each(name: str) -> Callable[[object], Points]:
    """The function of that name on every entry."""
    return lambda x: _shaped([v.apply(_FUNCTIONS[name]) for v in _entries(x)], x)


def _pairs(f: Callable[[Point, Point], Point]) -> Callable[[object, object], Points]:
    """A function of two numbers on every pair of entries."""

    def on(a: object, b: object) -> Points:
        left, right = np.broadcast_arrays(np.asarray(a, object), np.asarray(b, object))
        return _shaped([f(x, y) for x, y in zip(_entries(left), _entries(right), strict=True)], left)

    return on


def _angle(y: Point, x: Point) -> Point:
    pi = Point(_PI)
    if x > 0:
        return (y / x).apply(_context.atan)
    if x < 0:
        return (y / x).apply(_context.atan) + (pi if y >= 0 else -pi)
    return pi / 2 if y > 0 else -pi / 2 if y < 0 else Point(_ZERO)


def _logaddexp(a: Point, b: Point) -> Point:
    return (a.apply(_FUNCTIONS["exp"]) + b.apply(_FUNCTIONS["exp"])).apply(_context.log)


def _hypot(a: Point, b: Point) -> Point:
    return (a * a + b * b).apply(_context.sqrt)


def _det(a: Points) -> Point:
    """By Laplace's expansion along the first row."""
    total = Point(_ZERO if a.shape[-1] else _ONE)
    for k, head in enumerate(_entries(a[0]) if a.shape[-1] else []):
        total = total + head * _det(np.delete(a[1:], k, 1)) * (-1.0) ** k
    return total


# NumPy, with what it lacks for objects.
REFERENCE: Final = SimpleNamespace(**vars(np))
REFERENCE.sinc = _each("sinc")
REFERENCE.fabs = _each("fabs")
REFERENCE.logaddexp = _pairs(_logaddexp)
REFERENCE.hypot = _pairs(_hypot)
REFERENCE.arctan2 = _pairs(_angle)
REFERENCE.linalg = SimpleNamespace(norm=np.linalg.norm, det=_det)
