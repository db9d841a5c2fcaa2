"""Floor 6: how a step brings its operands to where an op is defined. Imports floors 1 and 2, and `programs`.

By instructions of its own: into the op's `Domain`, to shapes that fit, to ordinary sizes; so that no draw is ever
rejected. Kinks are allowed: the reference sees them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Shape
from tinypytorch.function import REAL, Binary, Domain, Function, Unary
from tinypytorch.ops import arithmetic as ar
from tinypytorch.ops import elementwise as el
from tinypytorch.ops import reductions as re
from tinypytorch.ops import spec_of
from tinypytorch.testing.programs import Program

# (program, operand, operand, parameter) -> index of the result.
Step: TypeAlias = Callable[[Program, int, int, int], int]

# How far operands stay from poles and from the ends of a domain.
MARGIN: Final = 1 / 64
# Values beyond this are scaled down, and arrays beyond this size summed up, before they go on.
LARGEST: Final = 16.0
MOST: Final = 48


class TooLargeError(ArithmeticError):
    """Of a value that cannot be scaled down."""


def positive(p: Program, i: int) -> int:
    """x**2 + 1/2: away from zero, and never equal to x."""
    return p.emit(ar.Add(), p.emit(ar.Square(), i), 0.5)


def _clear(x: Array, domain: Domain, kinked: bool) -> bool:
    """Whether all entries are well inside the domain; points that it avoids because of a kink do not count."""
    entries: list[float] = x.ravel().tolist()  # for a few entries Python is faster than NumPy
    low, high = domain.low + MARGIN, domain.high - MARGIN
    if not all(low < e < high for e in entries):
        return False
    return kinked or all(abs(e - a) > MARGIN for e in entries for a in domain.avoid)


def inside(p: Program, op: Function, i: int, operand: int) -> int:
    """Operand `i`, moved into the op's domain if it is not well inside."""
    spec = spec_of(op)
    domain = spec.domain[min(operand, len(spec.domain) - 1)]
    if domain is REAL or _clear(p.values[i], domain, bool(spec.kink)):
        return i
    if math.isfinite(domain.high):  # a sine has values in between only
        half = (domain.high - domain.low) / 2
        between = p.emit(ar.Mul(), p.emit(el.Sin(), i), half * 7 / 8)
        return p.emit(ar.Add(), between, domain.low + half) if domain.low + half else between
    i = positive(p, i)
    return i if _clear(p.values[i], domain, bool(spec.kink)) else p.emit(ar.Add(), i, 2.0)


def tame(p: Program, i: int) -> int:
    """The value scaled below LARGEST and of a size below MOST; raises `TooLargeError` for inf."""
    if p.values[i].size > MOST:
        i = p.emit(re.Sum(0), i)
    entries: list[float] = p.values[i].ravel().tolist()
    largest = max(map(abs, entries), default=0.0)
    if largest == math.inf:
        raise TooLargeError
    return p.emit(ar.Mul(), i, 2.0 ** -math.ceil(math.log2(largest / LARGEST))) if largest > LARGEST else i


def number(p: Program, i: int) -> int:
    """The mean of all entries; zero if there are none."""
    return p.emit(re.Mean() if p.values[i].size else re.Sum(), i)


def fitting(p: Program, i: int, j: int) -> tuple[int, int]:
    """Two operands that broadcast: the second is averaged to a number if it does not fit."""
    if p.values[i].shape == p.values[j].shape:
        return i, j
    try:
        shape: Shape = np.broadcast_shapes(p.values[i].shape, p.values[j].shape)
    except ValueError:
        return i, number(p, j)
    return (i, j) if math.prod(shape) <= MOST else (i, number(p, j))


def unary_step(op: Unary) -> Step:
    """The step of an elementwise op of one operand."""
    return lambda p, i, j, k: p.emit(op, inside(p, op, i, 0))


def binary_step(op: Binary) -> Step:
    """The step of a broadcasting op of two operands, one of which may be a number."""

    def step(p: Program, i: int, j: int, k: int) -> int:
        i, j = fitting(p, i, j)
        a, b = inside(p, op, i, 0), inside(p, op, j, 1)
        return p.emit(op, a, b) if k % 4 else p.emit(op, a, float(k % 3) + 1.5) if k % 8 else p.emit(op, 1.5, b)

    return step
