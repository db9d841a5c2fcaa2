"""What type checkers must accept, with the types they must find: ops, operators and indexing.

`tests/test_types.py` has mypy and basedpyright check this file, and runs every function here whose name begins
with `check_`, so that what is promised statically also happens.
"""

# ruff: noqa: SIM300  on which side an operand stands is what is checked

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import tinypytorch as tp
from tinypytorch import Array, T, Variable
from tinypytorch.arrays import Mask, Positions, Slice
from tinypytorch.ops import ufuncs
from tinypytorch.ops.indexing import GetItem
from tinypytorch.ops.reductions import Sum
from tinypytorch.ops.shaping import BroadcastTo, Stack, SumTo

F64: NDArray[np.float64] = np.array([1.0, 2.0])
F32: NDArray[np.float32] = np.array([1.0, 2.0], np.float32)
I64: NDArray[np.int64] = np.array([1, 2])
I32: NDArray[np.int32] = np.array([1, 2], np.int32)
BOOLS: NDArray[np.bool] = np.array([True, False])
MATRIX: NDArray[np.float64] = np.array([[1.0, 2.0], [3.0, 4.0]])


def vector() -> Variable:
    return Variable(np.array([1.0, 2.0]))


def matrix() -> Variable:
    return Variable(np.array([[1.0, 2.0], [3.0, 4.0]]))


# Ops in the style of the protocols.


class Cube:
    """A `Unary` op."""

    def forward(self, x: Array, /) -> Array:
        return x**3

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (3.0 * x**2)


class Named:
    """A `Unary` op whose parameters are not positional-only."""

    def forward(self, x: Array) -> Array:
        return -x

    def backward(self, gy: T, y: T, x: T) -> T:
        return -gy


class Sine:
    """A `Unary` op whose rule calls a ufunc: NumPy's own, by a name with the types that rules need."""

    def forward(self, x: Array, /) -> Array:
        y: Array = np.sin(x)
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * ufuncs.cos(x)


@dataclass(frozen=True)
class Scale:
    """A `Unary` op with a parameter; its rule uses what arrays and Variables share."""

    factor: float = 2.0

    def forward(self, x: Array, /) -> Array:
        return x * self.factor

    def backward(self, gy: T, y: T, x: T, /) -> T:
        shape: tuple[int, ...] = x.shape
        flat = gy.reshape((gy.size,))
        return (
            (flat * self.factor - 0.0 + (1.0 - 1.0) / (2.0 + flat * 0.0))
            .reshape(shape)
            .T.transpose(tuple(range(x.ndim))[::-1])
        )


class Total:
    """A `Unary` op whose adjoint is another op: `lift`."""

    def forward(self, x: Array, /) -> Array:
        return Sum().forward(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return tp.lift(BroadcastTo(x.shape), gy)


class Hypot:
    """A `Binary` op."""

    def forward(self, a: Array, b: Array, /) -> Array:
        return (a * a + b * b) ** 0.5

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * a / y

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * b / y


class Product:
    """A `Binary` op whose rules use matrix products."""

    def forward(self, a: Array, b: Array, /) -> Array:
        return a @ b

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy @ b.T

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return a.mT @ gy


class Plus:
    """A `Variadic` op."""

    def forward(self, /, *xs: Array) -> Array:
        total = xs[0] * 1.0
        for x in xs[1:]:
            total = total + x
        return total

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        return tuple(gy if need else None for need in needs)


class Halves:
    """A `Multi` op whose adjoint joins: `join`."""

    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        (x,) = xs
        return x[0], x[1]

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        return (tp.join(Stack(0), gys),)


def check_apply() -> None:
    x, m = vector(), matrix()
    for operand in (x, F64, F32, I64, 2.0, 2, True, np.float64(2.0), np.float32(2.0)):
        assert_type(tp.apply(Cube(), operand), Variable)
    assert_type(tp.apply(Named(), x), Variable)
    assert_type(tp.apply(Sine(), x), Variable)
    assert_type(tp.apply(Scale(3.0), m), Variable)
    assert_type(tp.apply(Total(), m), Variable)
    assert_type(tp.apply(Hypot(), x, x), Variable)
    assert_type(tp.apply(Hypot(), x, F64), Variable)
    assert_type(tp.apply(Hypot(), 1.0, x), Variable)
    assert_type(tp.apply(Product(), m, MATRIX), Variable)
    assert_type(tp.apply(Plus(), x), Variable)
    assert_type(tp.apply(Plus(), x, F64, 1.0), Variable)
    assert_type(tp.apply(Plus(), *[x, x]), Variable)
    assert_type(tp.apply(Halves(), m), tuple[Variable, ...])
    top, bottom = tp.apply(Halves(), m)
    assert_type(top, Variable)
    for y in (tp.apply(Sine(), x), tp.apply(Hypot(), x, x), tp.apply(Plus(), x, x), top * bottom):
        y.backward()
    for y in (tp.apply(Scale(), m), tp.apply(Total(), m), tp.apply(Product(), m, m)):
        y.backward()
    (g,) = tp.gradients(tp.apply(Halves(), m), m, create_graph=True)
    assert_type(g, Variable)


def twice(x: tp.Tracked) -> tp.Tracked:
    assert_type(x.shape, tuple[int, ...])
    assert_type(x > 1.0, Mask)
    return x * 2.0


def check_protocols() -> None:
    unary: tp.Unary = Cube()
    binary: tp.Binary = Hypot()
    variadic: tp.Variadic = Plus()
    multi: tp.Multi = Halves()
    functions: list[tp.Function] = [unary, binary, variadic, multi, GetItem(0), SumTo(())]
    assert_type(functions[0], tp.Function)
    assert_type(tp.apply(unary, vector()), Variable)
    assert_type(tp.apply(binary, vector(), 1.0), Variable)
    assert_type(tp.apply(variadic, vector(), 1.0), Variable)
    assert_type(tp.apply(multi, matrix()), tuple[Variable, ...])
    assert_type(twice(vector()), tp.Tracked)
    assert_type(vector().record(Cube()), Variable)
    assert_type(vector().record_all(Plus(), 1.0), Variable)
    assert_type(vector().combine(Hypot(), 1.0, vector()), Variable)
    spec = tp.Spec(domain=(tp.Domain(low=0.0),), kink="at 0", cases=lambda: (tp.Case(Cube(), ((2,),)),))
    assert_type(spec.domain, tuple[tp.Domain, ...])
    assert_type(tp.Domain(avoid=(0.0,)).contains(1.0), bool)


def check_lift_and_join() -> None:
    assert_type(tp.lift(Cube(), F64), Array)
    assert_type(tp.join(Plus(), (F64, F64)), Array)


# Operators.


def check_operators_with_variables() -> None:
    x, y = vector(), vector()
    assert_type(x + y, Variable)
    assert_type(x - y, Variable)
    assert_type(x * y, Variable)
    assert_type(x / y, Variable)
    assert_type(x**y, Variable)
    assert_type(x @ y, Variable)
    assert_type(-x, Variable)
    assert_type(+x, Variable)
    assert_type(abs(x), Variable)
    x += y
    assert_type(x, Variable)


def check_operators_with_numbers() -> None:
    x = vector()
    assert_type(x + 1, Variable)
    assert_type(x + 1.0, Variable)
    assert_type(x + True, Variable)
    assert_type(x + np.float64(1.0), Variable)
    assert_type(x + np.float32(1.0), Variable)
    assert_type(x + np.int64(1), Variable)
    assert_type(x - 1, Variable)
    assert_type(x - 1.0, Variable)
    assert_type(x - np.float64(1.0), Variable)
    assert_type(x * 2, Variable)
    assert_type(x * 2.0, Variable)
    assert_type(x * np.float64(2.0), Variable)
    assert_type(x / 2, Variable)
    assert_type(x / 2.0, Variable)
    assert_type(x / np.float64(2.0), Variable)
    assert_type(x**2, Variable)
    assert_type(x**0.5, Variable)
    assert_type(x ** np.float64(0.5), Variable)


def check_reflected_operators_with_numbers() -> None:
    x = vector()
    assert_type(1 + x, Variable)
    assert_type(1.0 + x, Variable)
    assert_type(True + x, Variable)
    assert_type(np.float64(1.0) + x, Variable)
    assert_type(np.float32(1.0) + x, Variable)
    assert_type(np.int64(1) + x, Variable)
    assert_type(1 - x, Variable)
    assert_type(1.0 - x, Variable)
    assert_type(np.float64(1.0) - x, Variable)
    assert_type(2 * x, Variable)
    assert_type(2.0 * x, Variable)
    assert_type(np.float64(2.0) * x, Variable)
    assert_type(2 / x, Variable)
    assert_type(2.0 / x, Variable)
    assert_type(np.float64(2.0) / x, Variable)
    assert_type(2**x, Variable)
    assert_type(2.0**x, Variable)
    assert_type(np.float64(2.0) ** x, Variable)


def check_operators_with_arrays() -> None:
    x = vector()
    assert_type(x + F64, Variable)
    assert_type(x - F64, Variable)
    assert_type(x * F64, Variable)
    assert_type(x / F64, Variable)
    assert_type(x**F64, Variable)
    assert_type(x @ F64, Variable)
    assert_type(x + F32, Variable)
    assert_type(x * F32, Variable)
    assert_type(x @ F32, Variable)
    assert_type(x + I64, Variable)
    assert_type(x * I32, Variable)
    assert_type(x * BOOLS, Variable)
    assert_type(x @ np.eye(2), Variable)
    assert_type(x + np.zeros((3, 2)), Variable)


def check_reflected_operators_with_arrays() -> None:
    x = vector()
    assert_type(F64 + x, Variable)
    assert_type(F64 - x, Variable)
    assert_type(F64 * x, Variable)
    assert_type(F64 / x, Variable)
    assert_type(F64**x, Variable)
    assert_type(F64 @ x, Variable)
    assert_type(F32 + x, Variable)
    assert_type(F32 - x, Variable)
    assert_type(F32 * x, Variable)
    assert_type(F32 / x, Variable)
    assert_type(F32**x, Variable)
    assert_type(F32 @ x, Variable)
    assert_type(I64 + x, Variable)
    assert_type(I64 - x, Variable)
    assert_type(I64 * x, Variable)
    assert_type(I64 / x, Variable)
    assert_type(I64**x, Variable)
    assert_type(I64 @ x, Variable)
    assert_type(I32 * x, Variable)
    assert_type(BOOLS * x, Variable)
    assert_type(np.eye(2) @ x, Variable)
    assert_type(np.zeros((3, 2)) - x, Variable)
    # An array without a known dtype: NumPy leaves the result to the annotation.
    annotated: Variable = np.array([1.0, 2.0]) * x
    assert_type(annotated, Variable)


def check_comparisons() -> None:
    x, y = vector(), vector()
    assert_type(x < y, Mask)
    assert_type(x <= y, Mask)
    assert_type(x > y, Mask)
    assert_type(x >= y, Mask)
    assert_type(x < 1, Mask)
    assert_type(x <= 1.0, Mask)
    assert_type(x > np.float64(1.0), Mask)
    assert_type(x >= F64, Mask)
    assert_type(x > F32, Mask)
    assert_type(x < I64, Mask)
    assert_type(1 < x, Mask)
    assert_type(1.0 >= x, Mask)
    assert_type(F64 < x, Mask)
    assert_type(F64 <= x, Mask)
    assert_type(F32 > x, Mask)
    assert_type(I64 >= x, Mask)
    assert_type((x > 1.0).any(), np.bool)
    assert_type(x == y, bool)
    assert_type(x == 1.0, bool)
    assert_type(x != y, bool)
    assert_type(1.0 in x, bool)
    assert_type({x: 1}[x], int)


def check_indexing() -> None:
    x, m = vector(), matrix()
    part: Slice = slice(None, None, -1)
    positions: Positions = np.array([0, 1])
    assert_type(x[0], Variable)
    assert_type(x[-1], Variable)
    assert_type(x[True], Variable)
    assert_type(x[1:], Variable)
    assert_type(x[:], Variable)
    assert_type(x[::-1], Variable)
    assert_type(x[part], Variable)
    assert_type(x[...], Variable)
    assert_type(x[None], Variable)
    assert_type(x[np.newaxis, :], Variable)
    assert_type(x[()], Variable)
    assert_type(m[0, 1], Variable)
    assert_type(m[:, 0], Variable)
    assert_type(m[..., None, 1:], Variable)
    assert_type(x[[0, 0, 1]], Variable)
    assert_type(x[(0,)], Variable)
    assert_type(x[positions], Variable)
    assert_type(x[np.array([0, 1])], Variable)
    assert_type(x[np.arange(2)], Variable)
    assert_type(x[BOOLS], Variable)
    assert_type(x[x > 1.0], Variable)
    assert_type(m[m > 2.0], Variable)
    assert_type(m[positions, positions], Variable)
    assert_type(m[positions, 1:], Variable)
    assert_type(m[:, BOOLS], Variable)
    assert_type(x[Variable(np.array([0, 1]))], Variable)


def check_iteration() -> None:
    x = vector()
    for entry in x:
        assert_type(entry, Variable)
    a, b = x
    assert_type(a, Variable)
    assert_type(iter(x), Iterator[Variable])
    assert_type([e for e in x], list[Variable])  # noqa: C416  the comprehension is what is checked
    assert_type(list(x), list[Variable])
    assert_type(max(a, b), Variable)
    assert_type(len(x), int)
