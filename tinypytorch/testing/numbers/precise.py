"""Floor 6: numbers of fifty digits. Imports `kinds`, `special`, and mpmath (the extra `tinypytorch[verify]`)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from mpmath import MPContext, mpf

from tinypytorch.testing.numbers.kinds import Kind, NotRepresentableError, Orders
from tinypytorch.testing.numbers.special import derivative

DIGITS: Final = 50
ROUNDOFF: Final = 10.0**-DIGITS
# So many more for what is summed up afterwards.
_MORE: Final = 10
# A context of our own: mpmath's global precision is the user's.
_context = MPContext()
_context.dps = DIGITS


def _special(name: str, orders: Orders, xs: Sequence[mpf]) -> mpf:
    return _context.mpf(derivative(name, orders, tuple(xs), DIGITS + _MORE))


PRECISE: Final[Kind[mpf]] = Kind(
    f"{DIGITS} digits",
    _context.mpf,
    {
        "exp": _context.exp,
        "log": _context.log,
        "sin": _context.sin,
        "cos": _context.cos,
        "tan": _context.tan,
        "sinh": _context.sinh,
        "cosh": _context.cosh,
        "tanh": _context.tanh,
        "arcsin": _context.asin,
        "arccos": _context.acos,
        "arctan": _context.atan,
        "arcsinh": _context.asinh,
        "arccosh": _context.acosh,
        "arctanh": _context.atanh,
        "sqrt": _context.sqrt,
        "cbrt": lambda x: -_context.cbrt(-x) if x < 0 else _context.cbrt(x),  # mpmath's is complex for negative x
        "floor": _context.floor,
        "exp2": lambda x: _context.power(_context.mpf(2.0), x),
        "expm1": _context.expm1,
        "log2": lambda x: _context.log(x) / _context.log(_context.mpf(2.0)),
        "log10": _context.log10,
        "log1p": _context.log1p,
    },
    _context.power,
    lambda x: not (x < 0 or x > 0),
    special=_special,
)


def as_fraction(x: mpf) -> Fraction:
    """Exactly this number; raises `NotRepresentableError` for inf and nan."""
    if not _context.isfinite(x):
        raise NotRepresentableError(f"{x} is no fraction")
    mantissa, exponent = abs(x).man_exp  # mpmath keeps the sign elsewhere
    return Fraction(mantissa if x >= 0 else -mantissa) * Fraction(2) ** exponent
