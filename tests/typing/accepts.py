"""What type checkers must accept, with the types they must find.

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
from tinypytorch.core.config import Settings, using_config
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
    """A `Unary` op whose rule calls a ufunc: NumPy leaves the result to the annotation."""

    def forward(self, x: Array, /) -> Array:
        y: Array = np.sin(x)
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        slope: T = np.cos(x)
        return gy * slope


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


# Variables.


def check_construction() -> None:
    assert_type(Variable(F64), Variable)
    assert_type(Variable(F32), Variable)
    assert_type(Variable(I64), Variable)
    assert_type(Variable(np.array(1.0)), Variable)
    assert_type(Variable(None), Variable)
    assert_type(Variable(F64, "x"), Variable)
    assert_type(Variable(F64, name="x", requires_grad=False), Variable)
    assert_type(Variable(data=F64, requires_grad=None), Variable)


def check_attributes() -> None:
    x = vector()
    assert_type(x.data, Array)
    x.data = F32
    x.data = np.array([5.0, 6.0])
    x.data = None
    x.data = F64
    assert_type(x.grad, "Array | None")
    x.grad = np.array([1.0, 1.0])
    x.grad = None
    assert_type(x.name, str | None)
    x.name = "x"
    x.name = None
    assert_type(x.requires_grad, bool)
    x.requires_grad = False
    x.requires_grad = True
    assert_type(x.shape, tuple[int, ...])
    assert_type(x.ndim, int)
    assert_type(x.size, int)
    assert_type(x.dtype, np.dtype[np.float64])
    assert_type(x.generation, int)
    assert_type(x.T, Variable)
    assert_type(matrix().mT, Variable)
    assert_type(x.flat, Variable)


def check_methods() -> None:
    x, m = vector(), matrix()
    assert_type(m.sum(), Variable)
    assert_type(m.sum(0), Variable)
    assert_type(m.sum(axis=(0, 1), keepdims=True), Variable)
    assert_type(m.mean(), Variable)
    assert_type(m.mean(axis=1, keepdims=True), Variable)
    assert_type(m.max(axis=-1), Variable)
    assert_type(m.min(axis=None, keepdims=False), Variable)
    assert_type(m.reshape(4), Variable)
    assert_type(m.reshape(1, 4), Variable)
    assert_type(m.reshape((1, 4)), Variable)
    assert_type(m.reshape(m.shape), Variable)
    assert_type(m.reshape(-1), Variable)
    assert_type(m.transpose(), Variable)
    assert_type(m.transpose(1, 0), Variable)
    assert_type(m.transpose((1, 0)), Variable)
    assert_type(m.transpose([1, 0]), Variable)
    assert_type(m.transpose(None), Variable)
    assert_type(m.swapaxes(0, 1), Variable)
    assert_type(x.astype(np.float32), Variable)
    assert_type(x.astype("float32"), Variable)
    assert_type(x.astype(float), Variable)
    assert_type(x.astype(F32.dtype), Variable)
    assert_type(x.clip(0.0, 1.0), Variable)
    assert_type(x.clip(low=0), Variable)
    assert_type(x.clip(None, np.float64(1.0)), Variable)
    assert_type(x.sum().item(), float)
    assert_type(float(x.sum()), float)
    assert_type(int(x.sum()), int)
    assert_type(bool(x.sum()), bool)
    assert_type(x.detach(), Variable)
    assert_type(x.numpy(), Array)
    assert_type(repr(x), str)


def check_backward() -> None:
    x = vector()
    (x**2).backward()
    y = x * 2.0
    y.retain_grad()
    y.backward(F64)
    y.backward(gradient=F32, retain_grad=True)
    y.sum().backward(1.0)
    y.sum().backward(np.float64(1.0))
    y.backward(None)
    grad = y.grad
    assert_type(grad, "Array | None")
    if grad is not None:
        assert_type(grad, Array)
    x.cleargrad()
    x.zero_grad()


# Functions.


def check_elementwise() -> None:
    x = vector()
    for f in (tp.exp, tp.log, tp.sqrt, tp.square, tp.sin, tp.cos, tp.tanh, tp.abs, tp.neg, tp.sigmoid, tp.relu):
        assert_type(f(x), Variable)
        assert_type(f(F64), Variable)
        assert_type(f(2.0), Variable)
    for g in (tp.add, tp.sub, tp.mul, tp.div, tp.pow, tp.maximum, tp.minimum):
        assert_type(g(x, x), Variable)
        assert_type(g(x, F32), Variable)
        assert_type(g(I64, x), Variable)
        assert_type(g(2, x), Variable)
        assert_type(g(x, np.float64(2.0)), Variable)
    assert_type(tp.exp(x), Variable)
    assert_type(tp.log(x=x), Variable)
    assert_type(tp.add(a=x, b=1.0), Variable)
    assert_type(tp.pow(x, 2), Variable)


def check_reductions() -> None:
    m = matrix()
    assert_type(tp.sum(m), Variable)
    assert_type(tp.sum(m, 0), Variable)
    assert_type(tp.sum(m, axis=(0, 1), keepdims=True), Variable)
    assert_type(tp.sum(MATRIX), Variable)
    assert_type(tp.mean(m, axis=1), Variable)
    assert_type(tp.max(m, None, True), Variable)
    assert_type(tp.min(m, -1), Variable)
    assert_type(tp.logsumexp(m, axis=1, keepdims=True), Variable)
    assert_type(tp.softmax(m), Variable)
    assert_type(tp.softmax(m, axis=0), Variable)


def check_selection() -> None:
    x = vector()
    assert_type(tp.where(x > 1.0, x, 0.0), Variable)
    assert_type(tp.where(BOOLS, F64, x), Variable)
    assert_type(tp.where(I64, 1, 2.0), Variable)
    assert_type(tp.where(True, x, x), Variable)
    assert_type(tp.clip(x, 0.0, 1.0), Variable)
    assert_type(tp.clip(x, low=0), Variable)
    assert_type(tp.clip(x, None, F64), Variable)
    assert_type(tp.clip(x, x, high=np.float64(9.0)), Variable)


def check_shaping() -> None:
    x, m = vector(), matrix()
    assert_type(tp.reshape(m, (4, 1)), Variable)
    assert_type(tp.reshape(m, -1), Variable)
    assert_type(tp.transpose(m), Variable)
    assert_type(tp.transpose(m, (1, 0)), Variable)
    assert_type(tp.transpose(m, axes=[1, 0]), Variable)
    assert_type(tp.broadcast_to(x, (3, 2)), Variable)
    assert_type(tp.sum_to(m, (1, 2)), Variable)
    assert_type(tp.getitem(m, (0, slice(None))), Variable)
    assert_type(tp.getitem(x, [0, 1]), Variable)
    assert_type(tp.concatenate([x, x]), Variable)
    assert_type(tp.concatenate([x, F64]), Variable)
    assert_type(tp.concatenate((m, MATRIX), axis=1), Variable)
    assert_type(tp.concatenate((m, x), axis=None), Variable)
    assert_type(tp.stack([x, F32], axis=-1), Variable)
    assert_type(tp.stack((x, x)), Variable)
    assert_type(tp.split(m, 2), tuple[Variable, ...])
    assert_type(tp.split(m, [1], axis=1), tuple[Variable, ...])
    assert_type(tp.matmul(m, x), Variable)
    assert_type(tp.matmul(MATRIX, x), Variable)


def check_conversions() -> None:
    x = vector()
    assert_type(tp.as_array(x), Array)
    assert_type(tp.as_array(F32), Array)
    assert_type(tp.as_array(2), Array)
    assert_type(tp.as_array(np.float64(2.0)), Array)
    assert_type(tp.as_variable(x), Variable)
    assert_type(tp.as_variable(F64), Variable)
    assert_type(tp.as_variable(2.0), Variable)


def check_gradients() -> None:
    x, w = vector(), vector()
    y, z = x * w, x**2
    assert_type(tp.gradients(y, x), tuple[Variable, ...])
    assert_type(tp.gradients(y, [x, w]), tuple[Variable, ...])
    assert_type(tp.gradients([y, z], (x, w)), tuple[Variable, ...])
    assert_type(tp.gradients(y, x, F64), tuple[Variable, ...])
    assert_type(tp.gradients(y.sum(), x, 2.0), tuple[Variable, ...])
    assert_type(tp.gradients([y, z], x, [F64, None]), tuple[Variable, ...])
    assert_type(tp.gradients(y, x, Variable(np.array([1.0, 1.0])), create_graph=True), tuple[Variable, ...])
    assert_type(tp.gradients(z, w, allow_unused=True), tuple[Variable, ...])
    (gx,) = tp.gradients(z, x, create_graph=True)
    assert_type(gx, Variable)
    assert_type(tp.gradients(gx, x)[0].data, Array)


def check_numerical_diff() -> None:
    assert_type(tp.numerical_diff(lambda v: v**2, vector()), Array)
    assert_type(tp.numerical_diff(tp.exp, vector(), eps=1e-5), Array)


# Settings.


@tp.no_grad()
def predict(x: Variable, scale: float = 1.0, *, label: str) -> tuple[Variable, str]:
    return x * scale, label


@tp.using_config("detect_mutation", True)
def careful(x: Variable) -> bool:
    return x.requires_grad


class Model:
    def __init__(self) -> None:
        self.w: Variable = vector()

    @tp.no_grad()
    def predict(self, x: Variable) -> Variable:
        return x * self.w


def check_settings() -> None:
    assert_type(tp.Config, Settings)
    assert_type(tp.Config.enable_backprop, bool)
    assert_type(tp.Config.detect_mutation, bool)
    assert_type(tp.no_grad(), using_config)
    with tp.no_grad():
        assert_type(tp.Config.enable_backprop, bool)
    with tp.using_config("enable_backprop", False) as nothing:
        assert_type(nothing, None)
    with tp.using_config(name="detect_mutation", value=True):
        y = vector() * 2.0
    assert_type(y, Variable)
    tp.Config.enable_backprop = True
    tp.Config.detect_mutation = False


def check_decorators_keep_the_signature() -> None:
    assert_type(predict(vector(), label="a"), tuple[Variable, str])
    assert_type(predict(x=vector(), scale=2.0, label="a"), tuple[Variable, str])
    assert_type(predict(vector(), 2, label="a")[1], str)
    assert_type(careful(vector()), bool)
    assert_type(Model().predict(vector()), Variable)
    assert_type(tp.no_grad()(tp.exp)(vector()), Variable)


# NumPy's own functions: what its stubs let through, they leave to the annotation.


def check_ufuncs() -> None:
    y: Variable = np.exp(vector())
    assert_type(y, Variable)
    flags: Mask = np.isnan(vector())
    assert_type(flags, Mask)
    assert_type(np.shape(vector()), tuple[int, ...])
