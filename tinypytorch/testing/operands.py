"""Floor 6: how a step brings its operands to where an op is defined. Imports floors 1 and 2, and `programs`.

By instructions of its own: into the op's `Domain`, to shapes that fit, to ordinary sizes; so that no draw is ever
rejected. Kinks are allowed: the reference sees them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Mask, Shape, is_complex
from tinypytorch.function import REAL, Binary, Domain, Function, Unary
from tinypytorch.ops import arithmetic as ar
from tinypytorch.ops import elementwise as el
from tinypytorch.ops import reductions as re
from tinypytorch.ops import selection as se
from tinypytorch.ops import spec_of
from tinypytorch.ops.parts import Imag, Real
from tinypytorch.testing.programs import Program

# (program, operand, operand, parameter) -> index of the result.
Step: TypeAlias = Callable[[Program, int, int, int], int]

# How far operands stay from poles and from the ends of a domain.
MARGIN: Final = 1 / 64
# The least singular value of matrices that are left as they are.
_LEAST: Final = 0.2347
# Values beyond this are scaled down, and arrays beyond this size summed up, before they go on.
LARGEST: Final = 16.0
MOST: Final = 48


class TooLargeError(ArithmeticError):
    """Of a value that cannot be scaled down."""


def positive(p: Program, i: int) -> int:
    """x**2 + 1/2: away from zero, and never equal to x. Of complex x, x + 2 near 0: to the right of zero."""
    if is_complex(p.values[i]):
        return p.emit(ar.Add(), small(p, i), 2.0)
    return p.emit(ar.Add(), p.emit(ar.Square(), i), 0.5)


def small(p: Program, i: int) -> int:
    """The value scaled into the unit disc, where most functions are analytic."""
    largest = float(abs(p.values[i]).max(initial=0.0))
    return p.emit(ar.Mul(), i, 2.0 ** -math.ceil(math.log2(largest / (1 - 8 * MARGIN)))) if largest > 7 / 8 else i


def imaginary(p: Program, i: int) -> int:
    """x + i (x**2 + 1/4): complex, with entries of all angles."""
    if is_complex(p.values[i]):
        return i
    across = p.emit(ar.Mul(), p.emit(ar.Add(), p.emit(ar.Square(), i), 0.25), 1j)
    return p.emit(ar.Add(), i, across)


def done(p: Program, step: Step, i: int, j: int, k: int) -> int:
    """The result of a step; of one that refuses complex operands, on their real or imaginary parts."""
    values, code = len(p.values), len(p.code)
    if not (is_complex(p.values[i]) or is_complex(p.values[j])):
        return step(p, i, j, k)
    try:
        return step(p, i, j, k)
    except TypeError:
        p.cut(values, code)
    part = Imag() if k % 2 else Real()
    i, j = (p.emit(part, r) if is_complex(p.values[r]) else r for r in (i, j))
    return step(p, i, j, k)


def _clear_in_the_plane(x: Array, domain: Domain) -> bool:
    """Whether all complex entries are well to the right of a cut, or near 0 between two, and off poles."""
    entries: Sequence[complex] = x.ravel().tolist()
    if math.isfinite(domain.high):
        return all(abs(e) < 1 - 4 * MARGIN for e in entries)
    if not all(e.real > domain.low + 4 * MARGIN for e in entries):
        return False
    return all(abs(e - a) > 4 * MARGIN for e in entries for a in domain.avoid)


def _in_the_plane(p: Program, i: int, domain: Domain) -> int:
    """A complex operand, moved off cuts and poles by scaling it into the unit disc, and then to the right."""
    if _clear_in_the_plane(p.values[i], domain):
        return i
    i = small(p, i)
    if _clear_in_the_plane(p.values[i], domain):
        return i
    return p.emit(ar.Add(), i, (domain.low if math.isfinite(domain.low) else 1.0) + 1.0)


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
    if domain.matrices:
        return _matrices(p, i, domain.matrices)
    if is_complex(p.values[i]):
        return _in_the_plane(p, i, domain)
    if domain is REAL or _clear(p.values[i], domain, bool(spec.kink)):
        return i
    if math.isfinite(domain.high):  # a sine has values in between only
        half = (domain.high - domain.low) / 2
        between = p.emit(ar.Mul(), p.emit(el.Sin(), i), half * 7 / 8)
        return p.emit(ar.Add(), between, domain.low + half) if domain.low + half else between
    i = positive(p, i)
    return i if _clear(p.values[i], domain, bool(spec.kink)) else p.emit(ar.Add(), i, 2.0)


def _matrices(p: Program, i: int, kind: str) -> int:
    """Matrices that are as a domain says: far from singular; or made so that they are dominated by their diagonals.

    The diagonal then is about 3, 6, 9, ...; around it are entries between 1/8 and 3/8, so that by Weyl's inequality
    eigenvalues and singular values are apart.
    """
    x = p.values[i]
    if not x.size or (kind == "invertible" and _far_from_singular(x)):
        return i
    if is_complex(x):  # a sine of a number in the unit disc is at most 1.2 in size
        i = small(p, i)
    i = p.emit(ar.Add(), p.emit(ar.Mul(), p.emit(el.Sin(), i), 1 / 8), 1 / 4)
    for n in range(min(x.shape[-2:])):
        at: Mask = np.zeros(x.shape[-2:], np.bool)
        at[n, n] = True
        i = p.emit(se.Where(at), p.emit(ar.Add(), i, 3.0 * (n + 1)), i)
    return i


def _far_from_singular(x: Array) -> bool:
    """Whether singular values are of ordinary size; only a few digits of them count, so that rounding does not."""
    wide: Array = x.astype("complex128" if is_complex(x) else "float64")
    least: Array = np.linalg.svdvals(wide)[..., -1]
    return bool((least > _LEAST).all())


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
    """The step of an elementwise op of one operand, a complex one near 0: functions without edges on the real axis
    have some beside it.
    """
    return lambda p, i, j, k: p.emit(op, inside(p, op, small(p, i) if is_complex(p.values[i]) else i, 0))


def binary_step(op: Binary) -> Step:
    """The step of a broadcasting op of two operands, one of which may be a number."""

    def step(p: Program, i: int, j: int, k: int) -> int:
        i, j = fitting(p, i, j)
        a, b = inside(p, op, i, 0), inside(p, op, j, 1)
        return p.emit(op, a, b) if k % 4 else p.emit(op, a, float(k % 3) + 1.5) if k % 8 else p.emit(op, 1.5, b)

    return step
