"""Floor 2: the exponential of matrices. Imports `arrays`, `function` and other op files.

NumPy has none, and that of SciPy 1.17 is off by hundreds of units in the last place on ordinary matrices; the one here,
by its authors' algorithm, by few. It is in NumPy alone, and in every precision.
"""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from tinypytorch.arrays import Array, Index, Mask, Shape, Slice
from tinypytorch.function import Case, Spec, T, join, lift, value
from tinypytorch.ops import lapack
from tinypytorch.ops.indexing import GetItem, PutAdd
from tinypytorch.ops.solving import SQUARE

# The coefficients of the numerator of Padé's approximation of degree 13, from x**0 to x**13; those of the denominator
# have alternating signs.
_PADE: Final = (
    *(64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0),
    *(10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0),
)
# It is good to double precision for matrices of this size, where the first term that it leaves out is c x**27.
_SIZE: Final = 4.25
_FIRST_LEFT_OUT: Final = 1.0 / 113250775606021113483283660800000000.0
_UNIT: Final = 2.0**-53
# Taylor's series of a matrix of this size is good for fifty digits with so many terms.
_SMALL: Final = 0.11
_TERMS: Final = 30
# So often a matrix is halved at most: one that takes more has an exponential beyond all floats.
_MOST: Final = 64


@value
class Expm:
    """y = 1 + x + x x / 2 + x x x / 6 + ..., for square matrices x.

    dx = L(x^T, g), where L(a, e) is the derivative at a along e: the upper right block of expm([[a, e], [0, a]]).
    Source: Najfeld & Havel, Derivatives of the matrix exponential and their computation (1995); Mathias, A chain rule
    for matrix functions and applications (1996); Higham, Functions of matrices (2008), 3.16.
    """

    spec: ClassVar[Spec] = Spec(
        takes=SQUARE,
        cases=lambda: tuple(Case(Expm(), (shape,)) for shape in ((2, 2), (3, 3), (2, 2, 2), (1, 1))),
        holomorphic=True,
    )

    def forward(self, x: Array, /) -> Array:
        if x.dtype.char == "e":
            single: Array = x.astype("float32")
            half: Array = self.forward(single).astype("float16")
            return half
        if not x.size:
            return x.copy()
        return _by_taylor(x) if x.dtype.char in "gGO" else _by_pade(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return along(x.mT, gy)

    def tangent(self, t: T, y: T, x: T, /) -> T:
        """L(x, t)."""
        return along(x, t)


@value
class _Share:
    """A power of two near the size of g over that of x, for a rule to scale by; a constant."""

    def forward(self, /, *xs: Array) -> Array:
        return _share(*xs)

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        return xs[0] * 0.0, xs[1] * 0.0


def along(x: T, g: T) -> T:
    """The derivative of the exponential at x along g: a block of the exponential of a matrix twice as large.

    It is linear in g, which is scaled to the size of x, so that how often the matrix is halved does not depend on g.
    """
    shape: Shape = x.shape
    share: T = join(_Share(), (x, g))
    n = shape[-1]
    wide = (*shape[:-2], 2 * n, 2 * n)
    first: Slice = slice(0, n, None)
    last: Slice = slice(n, 2 * n, None)
    upper: Index = (..., first, first)
    right: Index = (..., first, last)
    lower: Index = (..., last, last)
    blocks: T = lift(PutAdd(upper, wide), x) + lift(PutAdd(lower, wide), x) + lift(PutAdd(right, wide), g / share)
    return lift(GetItem(right), lift(Expm(), blocks)) * share


def _norm(x: Array) -> Array:
    """The largest sum of absolute values in a column."""
    sums: Array = np.add.reduce(np.absolute(x), -2)
    largest: Array = np.maximum.reduce(sums, -1, initial=0.0)
    return largest


def _share(x: Array, g: Array) -> Array:
    exponents: list[Array] = []
    for y in (g, x):
        size = _norm(y)
        known: Mask = (size > 0.0) & (size < np.inf)
        exponents.append(np.where(known, np.ceil(np.log2(np.where(known, size, 1.0))), 0.0))
    limit = float(np.finfo(g.dtype).maxexp - 2)
    share: Array = np.exp2(np.clip(exponents[0] - exponents[1], -limit, limit))
    return share.astype(g.dtype)[..., None, None]


def _halvings(x: Array, size: float) -> Array:
    """How often to halve each matrix to bring it to a size: not that of a norm, but of the powers that series have.

    Where a matrix is far from normal, as with a large block above the diagonal, those are much smaller. Al-Mohy &
    Higham, A new scaling and squaring algorithm for the matrix exponential (2009), 5.
    """
    one = _norm(x)
    known: Mask = (one > 0.0) & (one < np.inf)
    first: Array = np.where(known, np.ceil(np.log2(np.where(known, one, 1.0))), 0.0)
    unit: Array = np.where(known[..., None, None], x, 0.0) * np.exp2(-first)[..., None, None]  # no power overflows
    two = unit @ unit
    four = two @ two
    six = two @ four
    of_6: Array = _norm(six) ** (1.0 / 6.0)
    of_8: Array = _norm(four @ four) ** (1.0 / 8.0)
    of_10: Array = _norm(four @ six) ** (1.0 / 10.0)
    least: Array = np.minimum(np.maximum(of_6, of_8), np.maximum(of_8, of_10))
    some: Mask = least > 0.0
    halvings: Array = np.ceil(np.log2(np.where(some, least, 1.0) / size)) + first
    found: Array = np.where(some, halvings, 0.0)
    return np.minimum(np.maximum(found, 0.0), float(_MOST))


def _more_halvings(x: Array) -> Array:
    """How many more it takes, by the first term that Padé's approximation leaves out, with absolute values."""
    size: Array = np.absolute(x)
    row: Array = np.ones_like(size[..., :1, :])
    with np.errstate(all="ignore"):  # a power that is infinite or nan says nothing
        for _ in range(2 * len(_PADE) - 1):
            row = row @ size
        term: Array = np.maximum.reduce(row, (-2, -1)) * _FIRST_LEFT_OUT
    known: Mask = (term > 0.0) & (term < np.inf)
    relative: Array = np.where(known, term, 1.0) / np.where(known, _norm(x), 1.0)
    found: Array = np.ceil(np.log2(relative / _UNIT) / (2 * len(_PADE) - 2))
    return np.where(known, np.maximum(found, 0.0), 0.0)


def _by_pade(x: Array) -> Array:
    """The exponential by Padé's approximation, halving and squaring: in single and double precision.

    Al-Mohy & Higham (2009); its evaluation: Higham, Functions of matrices (2008), 10.33.
    """
    half = _halvings(x, _SIZE)
    a: Array = x * np.exp2(-half)[..., None, None].astype(x.dtype)
    more = _more_halvings(a)
    a = a * np.exp2(-more)[..., None, None].astype(x.dtype)
    half = half + more
    one: Array = np.eye(x.shape[-1], dtype=x.dtype)
    two = a @ a
    four = two @ two
    six = two @ four
    b = _PADE
    odd = a @ (six @ (six * b[13] + four * b[11] + two * b[9]) + six * b[7] + four * b[5] + two * b[3] + one * b[1])
    even = six @ (six * b[12] + four * b[10] + two * b[8]) + six * b[6] + four * b[4] + two * b[2] + one * b[0]
    return _squared(lapack.solve(even - odd, even + odd), half)


def _squared(y: Array, times: Array) -> Array:
    """Each matrix squared so often."""
    most: float = max(times.ravel().tolist())
    for k in range(int(most)):
        again: Mask = times > k
        y = np.where(again[..., None, None], y @ y, y)
    return y


def _by_taylor(x: Array) -> Array:
    """The exponential by Taylor's series, halving and squaring, in the arithmetic of whatever the entries are.

    For extended precision, and for objects such as dual numbers, of which nothing but arithmetic is known. The mean of
    the diagonal is taken out first. Higham, Functions of matrices (2008), 10.3 and 10.7.
    """
    n: int = x.shape[-1]
    eye: Array = np.eye(n)
    mean: Array = np.add.reduce(x * eye, (-2, -1), keepdims=True) / float(n)
    rest: Array = x - mean * eye
    half = _halvings_of_objects(rest) if x.dtype.char == "O" else _halvings(rest, _SMALL)
    rest = rest * np.exp2(-half)[..., None, None]
    y: Array = rest / float(_TERMS) + eye
    for k in range(_TERMS - 1, 0, -1):
        y = (rest @ y) / float(k) + eye
    return _squared(y, half) * np.exp(mean)


def _halvings_of_objects(x: Array) -> Array:
    """How often to halve all matrices, by the largest sum of squares."""
    sizes: Array = np.add.reduce(x.real * x.real + x.imag * x.imag, (-2, -1), keepdims=True)
    half = 0
    while half < _MOST and (sizes > _SMALL * _SMALL * 4.0**half).any():
        half += 1
    shape: Shape = x.shape
    return np.zeros(shape[:-2]) + float(half)
