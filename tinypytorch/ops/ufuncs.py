"""Floor 2: NumPy's ufuncs with the types that rules need; the very same objects at run time.

Imports `arrays` and `function`. NumPy types the result of every ufunc `Any`; here an array gives an array and a
Variable gives a Variable (NEP 13), so a rule needs no annotations inside.
"""

from __future__ import annotations

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


class Zip(Protocol):
    """A ufunc of two arrays."""

    def __call__(self, a: Array, b: Array | float, /) -> Array: ...


exp: Map = np.exp
log: Map = np.log
sin: Map = np.sin
cos: Map = np.cos
tanh: Map = np.tanh
sqrt: Map = np.sqrt
absolute: Map = np.absolute
square: Map = np.square
sign: Map = np.sign
isfinite: Test = np.isfinite
maximum: Zip = np.maximum
minimum: Zip = np.minimum
power: Zip = np.power


def equal(a: T, b: T | float, /) -> Mask:
    """Where a and b are the same number (`==` between Variables is identity, as dictionaries need it)."""
    same: Mask = np.logical_and(a >= b, a <= b)
    return same


@np.errstate(over="ignore")
def sech(x: Array) -> Array:
    """1 / cosh x, in a new array: 0 where cosh overflows, without a warning."""
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
