"""Floor 2: NumPy's ufuncs with the types that rules need; the very same objects at run time.

Imports `arrays` and `function`. NumPy types the result of a ufunc `Any`, or an array of `Any`; here an array gives an
array and a Variable gives a Variable (NEP 13), so a rule needs no annotations inside.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from operator import attrgetter
from typing import Protocol

import numpy as np

from tinypytorch.arrays import NDARRAY, Array, Axis, Mask, boxed
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


# NumPy's stubs know no ufunc that gives what it was given; `attrgetter` gives `Any`, so these are not checked.
exp: Map = attrgetter("exp")(np)
log: Map = attrgetter("log")(np)
sin: Map = attrgetter("sin")(np)
cos: Map = attrgetter("cos")(np)
tanh: Map = attrgetter("tanh")(np)
sqrt: Map = attrgetter("sqrt")(np)
absolute: Map = attrgetter("absolute")(np)
square: Map = attrgetter("square")(np)
sign: Map = attrgetter("sign")(np)
positive: Map = attrgetter("positive")(np)
conjugate: Map = attrgetter("conjugate")(np)
fabs: Map = attrgetter("fabs")(np)
tan: Map = attrgetter("tan")(np)
arcsin: Map = attrgetter("arcsin")(np)
arccos: Map = attrgetter("arccos")(np)
arctan: Map = attrgetter("arctan")(np)
sinh: Map = attrgetter("sinh")(np)
cosh: Map = attrgetter("cosh")(np)
arcsinh: Map = attrgetter("arcsinh")(np)
arccosh: Map = attrgetter("arccosh")(np)
arctanh: Map = attrgetter("arctanh")(np)
deg2rad: Map = attrgetter("deg2rad")(np)
rad2deg: Map = attrgetter("rad2deg")(np)
exp2: Map = attrgetter("exp2")(np)
expm1: Map = attrgetter("expm1")(np)
log2: Map = attrgetter("log2")(np)
log10: Map = attrgetter("log10")(np)
log1p: Map = attrgetter("log1p")(np)
cbrt: Map = attrgetter("cbrt")(np)
reciprocal: Map = attrgetter("reciprocal")(np)
rint: Map = attrgetter("rint")(np)
isfinite: Test = attrgetter("isfinite")(np)
isnan: Test = attrgetter("isnan")(np)
# As Python's operators, which compute with numbers in a tenth of the time that ufuncs take.
add: Zip = attrgetter("add")(operator)
subtract: Zip = attrgetter("sub")(operator)
multiply: Zip = attrgetter("mul")(operator)
divide: Zip = attrgetter("truediv")(operator)
negative: Map = attrgetter("neg")(operator)
matmul: Zip = attrgetter("matmul")(operator)
# The product of two matrices, of arrays only: past the ufunc, and past the dispatch of `np.dot`.
dot: Pair = attrgetter("ndarray.dot")(np)
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
# Nor have they a Variable among two arguments.
hypot: Pair = attrgetter("hypot")(np)
floor_divide: Pair = attrgetter("floor_divide")(np)
# As `==`, but typed as the array of booleans that it is, where `object` promises a bool.
equal: Same = attrgetter("equal")(np)


class _Into(Protocol):
    """A ufunc of two arrays, and the array that gets its result."""

    def __call__(self, a: Array, b: Array, out: Array, /) -> Array: ...


_quotient: _Into = attrgetter("divide")(np)


class _Reduce(Protocol):
    """A method of arrays that reduces axes."""

    def __call__(self, axis: Axis, /, *, keepdims: bool) -> Array: ...


_mean: Callable[[Array], _Reduce] = attrgetter("mean")


def ln(base: float, dtype: np.dtype[np.float64]) -> Array:
    """The natural logarithm of a number, as good as `dtype` has it."""
    y: Array = np.log(dtype.type(base))
    return y


def over_cosh_squared(a: Array, b: Array) -> Array:
    """a / cosh(b)**2, in a new array."""
    y: Array = cosh(b)
    dtype = y.dtype
    if type(a) is NDARRAY is type(y) and a.shape == y.shape and a.dtype is dtype and dtype.kind != "c":
        y *= y
        return _quotient(a, y, y)
    a, b = boxed((a, b))
    if b.dtype.kind == "c":  # the quotient by an infinite complex number is nan
        e: Array = np.exp(np.where(b.real < 0, b, -b))
        e = e * 2.0 / (e * e + 1.0)
        return a * (e * e)
    y = np.cosh(b)
    return a / (y * y)


def mean_reduce(x: Array, axis: Axis, keepdims: bool) -> Array:
    """The mean, as NumPy's method makes it; its stubs know no bool among the types of `keepdims`."""
    return _mean(x)(axis, keepdims=keepdims)


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
