"""Floor 2: NumPy's ufuncs with the types that rules need; the very same objects at run time.

Imports `arrays` and `function`. NumPy types the result of every ufunc `Any`; here an array gives an array and a
Variable gives a Variable (NEP 13), so a rule needs no annotations inside.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Protocol

import numpy as np

from tinypytorch.arrays import Array, Axis, Mask
from tinypytorch.function import T


class Map(Protocol):
    """A ufunc of one argument."""

    def __call__(self, x: T, /) -> T: ...


class Test(Protocol):
    """A ufunc of one argument that asks a question: a plain array of booleans for Variables, too."""

    def __call__(self, x: T, /) -> Mask: ...


class Same(Protocol):
    """A comparing ufunc of two arrays or Variables: likewise."""

    def __call__(self, a: T, b: T | float, /) -> Mask: ...


class Zip(Protocol):
    """A ufunc of two arrays."""

    def __call__(self, a: Array, b: Array | float, /) -> Array: ...


class Pair(Protocol):
    """A ufunc of two arrays or Variables."""

    def __call__(self, a: T, b: T | float, /) -> T: ...


exp: Map = np.exp
log: Map = np.log
sin: Map = np.sin
cos: Map = np.cos
tanh: Map = np.tanh
sqrt: Map = np.sqrt
absolute: Map = np.absolute
square: Map = np.square
sign: Map = np.sign
positive: Map = np.positive
conjugate: Map = np.conjugate
fabs: Map = np.fabs
tan: Map = np.tan
arcsin: Map = np.arcsin
arccos: Map = np.arccos
arctan: Map = np.arctan
sinh: Map = np.sinh
cosh: Map = np.cosh
arcsinh: Map = np.arcsinh
arccosh: Map = np.arccosh
arctanh: Map = np.arctanh
deg2rad: Map = np.deg2rad
rad2deg: Map = np.rad2deg
exp2: Map = np.exp2
expm1: Map = np.expm1
log2: Map = np.log2
log10: Map = np.log10
log1p: Map = np.log1p
cbrt: Map = np.cbrt
reciprocal: Map = np.reciprocal
rint: Map = np.rint
isfinite: Test = np.isfinite
isnan: Test = np.isnan
maximum: Zip = np.maximum
minimum: Zip = np.minimum
power: Zip = np.power
fmax: Zip = np.fmax
fmin: Zip = np.fmin
fmod: Zip = np.fmod
remainder: Zip = np.remainder
copysign: Zip = np.copysign
heaviside: Zip = np.heaviside
arctan2: Zip = np.arctan2
logaddexp: Zip = np.logaddexp
logaddexp2: Zip = np.logaddexp2
# NumPy's stubs have no Variable among two arguments; `attrgetter` gives `Any`, so these three are not checked.
hypot: Pair = attrgetter("hypot")(np)
floor_divide: Pair = attrgetter("floor_divide")(np)
# Where a and b are the same number (`==` between Variables is identity, as dictionaries need it).
equal: Same = attrgetter("equal")(np)


def ln(base: float, dtype: np.dtype[np.float64]) -> Array:
    """The natural logarithm of a number, as good as `dtype` has it."""
    y: Array = np.log(dtype.type(base))
    return y


@np.errstate(over="ignore")
def sech(x: Array) -> Array:
    """1 / cosh x, in a new array: 0 where cosh overflows, without a warning."""
    if x.dtype.kind == "c":  # the quotient by an infinite complex number is nan
        e: Array = np.exp(np.where(x.real < 0, x, -x))
        return e * 2.0 / (e * e + 1.0)
    y: Array = np.cosh(x)
    return np.divide(1.0, y, y) if y.ndim else 1.0 / y


def add_reduce(x: Array, axis: Axis, keepdims: bool) -> Array:
    """`np.sum` without the 2 microseconds of its dispatch."""
    y: Array = np.add.reduce(x, axis, keepdims=True) if keepdims else np.add.reduce(x, axis)
    return y


def multiply_reduce(x: Array, axis: Axis, keepdims: bool) -> Array:
    """`np.prod` likewise."""
    y: Array = np.multiply.reduce(x, axis, keepdims=True) if keepdims else np.multiply.reduce(x, axis)
    return y


def max_reduce(x: Array, axis: Axis, keepdims: bool) -> Array:
    """`np.max` likewise."""
    y: Array = np.maximum.reduce(x, axis, keepdims=True) if keepdims else np.maximum.reduce(x, axis)
    return y


def min_reduce(x: Array, axis: Axis, keepdims: bool) -> Array:
    """`np.min` likewise."""
    y: Array = np.minimum.reduce(x, axis, keepdims=True) if keepdims else np.minimum.reduce(x, axis)
    return y


def largest(x: Array, axis: Axis) -> Array:
    """The maximum with the axes kept; -inf, the identity, of nothing."""
    y: Array = np.maximum.reduce(x, axis, keepdims=True, initial=-np.inf)
    return y
