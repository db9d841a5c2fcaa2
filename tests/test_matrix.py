"""Every memory layout and dtype gives the same gradient, and ops that one is too much for are found."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from tinypytorch import Array, T, Variable
from tinypytorch.arrays import Shape, is_array
from tinypytorch.core import reverse
from tinypytorch.function import Binary, Function, Unary
from tinypytorch.ops import ALL, spec_of
from tinypytorch.ops.arithmetic import Mul, Neg
from tinypytorch.ops.elementwise import Log
from tinypytorch.ops.selection import Maximum, Relu
from tinypytorch.testing import matrix
from tinypytorch.testing.matrix import check_layouts, check_op, check_sizes
from tinypytorch.testing.metamorphic import EXACT
from tinypytorch.testing.programs import Program
from tinypytorch.testing.strategies import programs


@given(programs(EXACT, max_nodes=5))
@settings(max_examples=15)
def test_layouts(p: Program) -> None:
    assert check_layouts(p) is None


@pytest.mark.parametrize("op", [Mul(), Maximum(), Relu(), Log()], ids=repr)
def test_sizes_of_elementwise_ops(op: Unary | Binary) -> None:
    assert check_sizes(op) is None


@pytest.mark.parametrize("name", [name for name, kind in ALL.items() if spec_of(kind).cases])
def test_layouts_of_ops_with_cases(name: str) -> None:
    cases = spec_of(ALL[name]).cases
    for case in cases() if cases else ():
        operands = [np.arange(1.0, 1.0 + np.prod(shape)).reshape(shape) for shape in case.shapes]
        if spec_of(case.op).domain[0].matrices:
            rows, columns = case.shapes[0][-2:]
            operands[0] = operands[0] / 64.0 + np.eye(rows, columns) * np.arange(2.0, 2.0 + columns)
        assert check_layouts(matrix.program_of(case.op, *operands), ("float32", "float64")) is None


# Ops that a memory layout or a dtype is too much for.


class ReadsBase:
    """Takes the array that x is a view of for x."""

    def forward(self, x: Array, /) -> Array:
        base: object = x.base
        whole = base if isinstance(base, np.ndarray) and base.size == x.size else x
        y: Array = np.asarray(whole).reshape(x.shape) * 2.0
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * 2.0


class MemoryOrder:
    """The rule flattens in the order of memory."""

    def forward(self, x: Array, /) -> Array:
        return x * x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        if isinstance(x, np.ndarray):
            flat = x.ravel(order="K").reshape(x.shape)
            return gy * flat * 2.0
        return gy * x * 2.0


class Writes:
    """The forward pass changes its operand."""

    def forward(self, x: Array, /) -> Array:
        x.setflags(write=True)
        x *= 2.0
        return x.copy()

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * 2.0


class NeedsContiguous:
    """Views the bytes of its operand."""

    def forward(self, x: Array, /) -> Array:
        if not x.flags.c_contiguous:
            raise ValueError("give a contiguous array")
        return x * 1.0

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * 1.0


class DoubleOnly:
    """Goes through float32, whatever it is given."""

    def forward(self, x: Array, /) -> Array:
        return np.asarray(x, np.float64) * 1.0

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * 1.0


class FailsOnNothing:
    """Looks at the first entry."""

    def forward(self, x: Array, /) -> Array:
        if x.ndim and x.ravel()[0] > 1e300:
            raise OverflowError
        return x * 1.0

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * 1.0


@pytest.mark.parametrize(
    ("op", "says"),
    [
        (ReadsBase(), "reversed float16: values or gradients are not those of a contiguous copy"),
        (MemoryOrder(), "Fortran float16: values or gradients are not those of a contiguous copy"),
        (NeedsContiguous(), "Fortran float16: ValueError: NeedsContiguous: give a contiguous array"),
        (Writes(), "Writes: cannot set WRITEABLE flag"),
    ],
    ids=lambda x: type(x).__name__,
)
def test_ops_that_a_layout_is_too_much_for_are_found(op: Function, says: str) -> None:
    said = check_op(op, np.arange(6.0).reshape(2, 3))
    assert said is not None
    assert says in said


def test_an_op_that_empty_operands_are_too_much_for_is_found() -> None:
    said = check_sizes(FailsOnNothing())
    assert said is not None
    assert said.startswith("operands of (0,): forward: IndexError")


def test_an_engine_that_writes_into_the_cotangent_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def in_place(op: object, gy: Array, y: Array, x: Array, /) -> Array:
        return np.negative(gy, out=gy) if is_array(gy) else -gy

    def writable(x: Array) -> Array:
        return x

    monkeypatch.setattr(Neg, "backward", in_place)
    monkeypatch.setattr(reverse, "read_only", writable)
    said = check_op(Neg(), np.arange(6.0).reshape(2, 3))
    assert said == "contiguous float16: a leaf, the cotangent, or the memory around them, was written to"


def test_a_gradient_in_another_dtype_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def wide(y: Variable, xs: list[Variable], seed: Array, allow_unused: bool) -> list[Variable]:
        return [Variable(x.data.astype("float64")) for x in xs]

    monkeypatch.setattr(matrix, "gradients", wide)
    said = check_op(Neg(), np.arange(6.0))
    assert said == "contiguous float16: leaf 0 is of (6,) float16, its gradient by gradients of (6,) float64"


def test_layouts_are_what_they_are_called() -> None:
    x = np.arange(6.0).reshape(2, 3)
    strides: dict[str, Shape] = {name: change(x).strides for name, change in matrix.LAYOUTS.items()}
    assert strides["Fortran"] == (8, 16)
    assert strides["strided"] == (96, 16)
    assert strides["reversed"] == (-24, -8)
    assert strides["zero-stride"] == (0, 0)
    assert not matrix.LAYOUTS["unaligned"](x).flags.aligned
    assert not matrix.LAYOUTS["read-only"](x).flags.writeable
    assert not matrix.LAYOUTS["foreign byte order"](x).dtype.isnative
    for name, change in matrix.LAYOUTS.items():
        assert np.array_equal(change(x), x) == (name != "zero-stride")
        assert change(np.array(3.0)).shape == ()
        assert change(np.zeros((2, 0))).shape == (2, 0)
