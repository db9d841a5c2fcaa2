"""Floor 6: floats that carry a bound on their rounding error. Imports `kinds` and `special`.

Running error analysis (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 3.3): beside each value goes a
bound `e` on how far it may be off, to first order in the unit roundoff u, when every operation and every elementary
function is off by at most u relative to its terms. What is new here is `m`, the sum of the absolute values of all the
terms that a value was summed up from, cancelled ones too. Derivatives are sums over paths, of products along each path;
forward and reverse mode sum the same products in different orders, so a bound that grows with `m` instead of |v| holds
for either order. This is how the tolerance for an engine is derived from an evaluation that the engine has no part in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from tinypytorch.compat import override
from tinypytorch.testing.numbers.kinds import FLOATS, Kind, Orders, raised
from tinypytorch.testing.numbers.special import PARAMETERS, derivative

# The unit roundoff of float64.
U: Final = 2.0**-53
# Integers below this are floats.
_EXACT: Final = 2.0**53
# A relative error beyond this is no longer small: bounds to first order end here.
LARGE: Final = 2.0**-13
# To so many digits special functions are computed for floats.
_DIGITS: Final = 20


class Rounded:
    """A float64 `v`, the absolute sum `m` of its terms, and a bound `e` on its rounding error.

    >>> one = Rounded(1.0, 1.0, 0.0)
    >>> (one - one).e == 2 * U
    True
    """

    __slots__ = ("e", "m", "v")

    def __init__(self, v: float, m: float, e: float) -> None:
        self.v: float = v
        self.m: float = m
        self.e: float = e

    def __add__(self, other: Rounded) -> Rounded:
        m = self.m + other.m
        return Rounded(self.v + other.v, m, self.e + other.e + U * m)

    def __sub__(self, other: Rounded) -> Rounded:
        m = self.m + other.m
        return Rounded(self.v - other.v, m, self.e + other.e + U * m)

    def __mul__(self, other: Rounded) -> Rounded:
        m = self.m * other.m
        return Rounded(self.v * other.v, m, self.m * other.e + other.m * self.e + U * m)

    def __truediv__(self, other: Rounded) -> Rounded:
        d = abs(other.v)
        if not other.e <= LARGE * d or d == 0:
            return Rounded(self.v / other.v if d else math.nan, math.inf, math.inf)
        m = self.m / d
        if self.e == other.e == 0 and m < _EXACT and math.fmod(self.v, other.v) == 0:  # an integer: `floor` is sure
            return Rounded(self.v / other.v, m, 0.0)
        return Rounded(self.v / other.v, m, (self.e + m * other.e) / d + U * m)

    def __neg__(self) -> Rounded:
        return Rounded(-self.v, self.m, self.e)

    def __lt__(self, other: Rounded) -> bool:
        return self.v < other.v

    def __gt__(self, other: Rounded) -> bool:
        return self.v > other.v

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rounded) and self.v == other.v

    @override
    def __repr__(self) -> str:
        return f"{self.v!r}±{self.e:.1e}"


def rounded(x: float) -> Rounded:
    """A float that is exactly what it is."""
    return Rounded(x, abs(x), 0.0)


def _function(name: str, slope: Callable[[float, float], float]) -> Callable[[Rounded], Rounded]:
    """The function of that name; `slope` gives its derivative from x and y, to see how it passes on an error in x."""
    f = FLOATS.functions[name]

    def on(x: Rounded) -> Rounded:
        y = f(x.v)
        e = abs(slope(x.v, y)) * x.e if x.e else 0.0
        if not e <= LARGE * max(1.0, abs(y)):
            e = math.inf
        return Rounded(y, abs(y), e + U * abs(y))

    return on


def _over(d: float) -> float:
    return 1 / d if d else math.inf


_cosh = FLOATS.functions["cosh"]
_sinh = FLOATS.functions["sinh"]
_root = FLOATS.functions["sqrt"]

_SLOPES: Final[dict[str, Callable[[float, float], float]]] = {
    "exp": lambda x, y: y,
    "log": lambda x, y: _over(x),
    "sin": lambda x, y: 1.0,
    "cos": lambda x, y: 1.0,
    "tan": lambda x, y: 1 + y * y,
    "sinh": lambda x, y: _cosh(x),
    "cosh": lambda x, y: _sinh(x),
    "tanh": lambda x, y: _over(_cosh(x)) ** 2,
    "arcsin": lambda x, y: _over(_root(1 - x * x)),
    "arccos": lambda x, y: _over(_root(1 - x * x)),
    "arctan": lambda x, y: 1 / (1 + x * x),
    "arcsinh": lambda x, y: 1 / _root(1 + x * x),
    "arccosh": lambda x, y: _over(_root(x * x - 1)),
    "arctanh": lambda x, y: _over(1 - x * x),
    "sqrt": lambda x, y: _over(2 * y),
    "cbrt": lambda x, y: _over(3 * y * y),
    "exp2": lambda x, y: y,
    "expm1": lambda x, y: y + 1,
    "log2": lambda x, y: _over(x) * 1.5,
    "log10": lambda x, y: _over(x),
    "log1p": lambda x, y: _over(1 + x),
}


def _floor(x: Rounded) -> Rounded:
    """The floor; of a number that may be on either side of an integer nothing is known."""
    y = FLOATS.functions["floor"](x.v)
    sure = y == FLOATS.functions["floor"](x.v - x.e) == FLOATS.functions["floor"](x.v + x.e)
    return Rounded(y, abs(y), 0.0 if sure else math.inf)


def _power(a: Rounded, b: Rounded) -> Rounded:
    y = FLOATS.power(a.v, b.v)
    e = 0.0
    if a.e:
        e += abs(b.v * y * _over(a.v)) * a.e if y else math.inf
    if b.e:
        e += abs(y * math.log(a.v)) * b.e if a.v > 0 else math.inf
    return Rounded(y, abs(y), e + U * abs(y))


def _special(name: str, orders: Orders, xs: Sequence[Rounded]) -> Rounded:
    """One of SciPy's functions. It is off by what a rounding of its operands makes of it, beside one of its own."""
    values = tuple(x.v for x in xs)
    y = float(derivative(name, orders, values, _DIGITS))
    m, e = abs(y), 0.0
    for k, x in enumerate(xs):
        if x.m and not (x.e == 0.0 and name in PARAMETERS and k == 0):
            slope = abs(float(derivative(name, raised(orders, k), values, _DIGITS)))
            m += slope * abs(x.v)
            e += slope * x.e
    if not e <= LARGE * max(1.0, m):
        e = math.inf
    return Rounded(y, m, e + U * m)


ROUNDED: Final[Kind[Rounded]] = Kind(
    "rounded float",
    rounded,
    {"floor": _floor} | {name: _function(name, slope) for name, slope in _SLOPES.items()},
    _power,
    lambda x: x.m == 0,
    lambda x: rounded(x.v),
    lambda x, value: Rounded(value, max(x.m, abs(value)), x.e),
    _special,
)
