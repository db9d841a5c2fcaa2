"""Floor 6: fractions, exact; and a proof that floats were exact, too. Imports `kinds` only.

Beside each fraction go `size`, a bound on the absolute sum of the terms that it was summed up from (of a zero: the
grain), and `grain`, the exponent of a power of two that divides all of them. When size < 2**(grain + 52), every partial
sum and product, in whatever order, is a float64: then an engine's answer is not nearly right but equal, and the check
is `==`.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

from tinypytorch.compat import override
from tinypytorch.testing.numbers.kinds import Kind, NotRepresentableError


class Exact:
    """A dyadic fraction `q`, with the `size` and the `grain` of its terms."""

    __slots__ = ("grain", "q", "size")

    def __init__(self, q: Fraction, size: float, grain: int) -> None:
        self.q: Fraction = q
        self.size: float = size
        self.grain: int = grain

    def __add__(self, other: Exact) -> Exact:
        return Exact(self.q + other.q, self.size + other.size, min(self.grain, other.grain))

    def __sub__(self, other: Exact) -> Exact:
        return Exact(self.q - other.q, self.size + other.size, min(self.grain, other.grain))

    def __mul__(self, other: Exact) -> Exact:
        return Exact(self.q * other.q, self.size * other.size, self.grain + other.grain)

    def __truediv__(self, other: Exact) -> Exact:
        numerator = abs(other.q.numerator)
        if numerator == 0 or numerator & (numerator - 1):
            raise NotRepresentableError(f"division by {other.q}, which is no power of two")
        return self * exact(1 / other.q)

    def __neg__(self) -> Exact:
        return Exact(-self.q, self.size, self.grain)

    def __lt__(self, other: Exact) -> bool:
        return self.q < other.q

    def __gt__(self, other: Exact) -> bool:
        return self.q > other.q

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exact) and self.q == other.q

    @override
    def __repr__(self) -> str:
        return str(self.q)

    @property
    def in_float64(self) -> bool:
        """Whether all the terms, and their partial sums, are float64 numbers."""
        return self.size < 2.0 ** min(self.grain + 52, 1000) and self.grain > -1000


def exact(x: float | Fraction) -> Exact:
    """A float as the dyadic fraction that it is."""
    if isinstance(x, float) and not math.isfinite(x):
        raise NotRepresentableError(f"{x} is no fraction")
    q = Fraction(x)
    grain = 1 - q.denominator.bit_length()
    return Exact(q, max(abs(float(q)), 2.0**grain), grain)


def _power(a: Exact, b: Exact) -> Exact:
    if b.q.denominator != 1 or not 0 <= b.q <= 64:
        raise NotRepresentableError(f"a power of {b.q}")
    y = exact(1.0)
    for _ in range(b.q.numerator):
        y = y * a
    return y


EXACT: Final[Kind[Exact]] = Kind(
    "fraction", exact, {"floor": lambda x: exact(Fraction(math.floor(x.q)))}, _power, lambda x: x.q == 0
)
