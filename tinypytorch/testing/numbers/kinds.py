"""Floor 6: what a dual number needs of the numbers it is made of. Imports the standard library only."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, Protocol, Self, TypeAlias, TypeVar


class NotRepresentableError(ArithmeticError):
    """A result that this kind of number cannot hold, such as the sine of a fraction: another reference is needed."""


class Real(Protocol):
    """Numbers of one kind: closed under arithmetic and ordered."""

    def __add__(self, other: Self, /) -> Self: ...
    def __sub__(self, other: Self, /) -> Self: ...
    def __mul__(self, other: Self, /) -> Self: ...
    def __truediv__(self, other: Self, /) -> Self: ...
    def __neg__(self) -> Self: ...
    def __lt__(self, other: Self, /) -> bool: ...


R = TypeVar("R", bound=Real)


def _same(x: R) -> R:
    return x


def _unmoved(x: R, value: float) -> R:
    return x


# The orders of a partial derivative, one for each operand.
Orders: TypeAlias = tuple[int, ...]


def raised(orders: Orders, at: int) -> Orders:
    """One order more for an operand."""
    return tuple(n + (k == at) for k, n in enumerate(orders))


def _unknown(name: str, orders: Orders, xs: Sequence[R]) -> R:
    raise NotRepresentableError(f"{name} of numbers of this kind")


@dataclass(frozen=True)
class Kind(Generic[R]):
    """A kind of number: how a float becomes one, its elementary functions by NumPy's names, and its powers.

    still: whether a derivative is that of a constant; not if it is a sum of terms that cancel, where that can be told.
    special: a partial derivative of one of SciPy's functions, by its name; of all orders 0, that function.
    exactly, at: the number as if it had no error, and with another value, for a kind that knows its error.
    """

    name: str
    number: Callable[[float], R]
    functions: Mapping[str, Callable[[R], R]]
    power: Callable[[R, R], R]
    still: Callable[[R], bool]
    exactly: Callable[[R], R] = _same
    at: Callable[[R, float], R] = _unmoved
    special: Callable[[str, Orders, Sequence[R]], R] = _unknown


def total(f: Callable[[float], float]) -> Callable[[float], float]:
    """`f` with NumPy's answers where Python raises: nan outside the domain, inf on overflow."""

    def safe(x: float) -> float:
        try:
            return f(x)
        except ValueError:
            return math.nan
        except OverflowError:
            return math.inf

    return safe


def float_power(a: float, b: float) -> float:
    """a**b as NumPy has it."""
    try:
        return math.pow(a, b)
    except ValueError:
        return math.inf if a == 0 else math.nan
    except OverflowError:
        return math.inf


def _log(x: float) -> float:
    return -math.inf if x == 0 else math.log(x)


FLOATS: Final[Kind[float]] = Kind(
    "float",
    float,
    {
        "exp": total(math.exp),
        "log": total(_log),
        "sin": total(math.sin),
        "cos": total(math.cos),
        "tan": total(math.tan),
        "tanh": math.tanh,
        "sinh": total(math.sinh),
        "cosh": total(math.cosh),
        "arcsin": total(math.asin),
        "arccos": total(math.acos),
        "arctan": math.atan,
        "arcsinh": math.asinh,
        "arccosh": total(math.acosh),
        "arctanh": total(math.atanh),
        "sqrt": total(math.sqrt),
        "cbrt": math.cbrt,
        "exp2": total(math.exp2),
        "expm1": total(math.expm1),
        "log2": total(math.log2),
        "log10": total(math.log10),
        "log1p": total(math.log1p),
        "floor": lambda x: float(math.floor(x)) if math.isfinite(x) else x,
    },
    float_power,
    lambda x: x == 0,
)
