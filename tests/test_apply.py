"""`apply` checks ops of every number of operands alike, and `gradients` what it is asked for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tinypytorch as tp
from tests.support import call, var
from tinypytorch import Array, Variable, apply
from tinypytorch.compat import override
from tinypytorch.function import T
from tinypytorch.transforms.trees import is_sequence


def write(y: object) -> None:
    assert isinstance(y, np.ndarray)
    y[...] = 0.0


class Op:
    """Gives what `made` makes of its first operand; the rules write into the result."""

    def __init__(self, made: Callable[[Array], Array]) -> None:
        self.made: Callable[[Array], Array] = made


class One(Op):
    def forward(self, x: Array, /) -> Array:
        return self.made(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        write(y)
        return gy


class Two(Op):
    def forward(self, a: Array, b: Array, /) -> Array:
        return self.made(a)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        write(y)
        return gy

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return self.backward_a(gy, y, b, a)


class Many(Op):
    def forward(self, /, *xs: Array) -> Array:
        return self.made(xs[0])

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        write(y)
        return (gy,) * len(xs)


class Parts(Op):
    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        return xs[0], self.made(xs[0])

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        write(ys[1])
        return (gys[1],) * len(xs)


KINDS = [(One, 1), (Two, 2), (Many, 3), (Parts, 3)]
every_kind = pytest.mark.parametrize(("kind", "count"), KINDS, ids=[kind.__name__ for kind, _ in KINDS])


def run(op: Op, count: int) -> Variable:
    made = call(apply, op, *(var([1.0, 2.0]) for _ in range(count)))
    y = made[-1] if is_sequence(made) else made
    assert isinstance(y, Variable)
    return y


def integers(x: Array) -> Array:
    found: Array = x.astype(int)
    return found


def broken(x: Array) -> Array:
    raise ValueError("broken")


@every_kind
def test_a_result_without_derivative_is_an_error(kind: type[Op], count: int) -> None:
    with pytest.raises(TypeError, match="forward gave dtype int64, which has no derivative"):
        run(kind(integers), count)
    with tp.no_grad():
        assert run(kind(integers), count).dtype == np.dtype(int)


@every_kind
def test_a_rule_cannot_write_into_the_result(kind: type[Op], count: int) -> None:
    y = run(kind(np.copy), count)
    with pytest.raises(ValueError, match="read-only"):
        y.backward()
    assert y.data.tolist() == [1.0, 2.0]


@every_kind
def test_what_goes_wrong_in_a_forward_is_the_cause(kind: type[Op], count: int) -> None:
    with pytest.raises(ValueError, match=kind.__name__) as error:
        run(kind(broken), count)
    assert str(error.value.__cause__) == "broken"


@pytest.mark.parametrize(("kind", "takes"), KINDS[:2], ids=["One", "Two"])
@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_an_op_gets_as_many_operands_as_it_takes(kind: type[Op], takes: int, count: int) -> None:
    if count == takes:
        assert run(kind(np.copy), count).data.tolist() == [1.0, 2.0]
    else:
        with pytest.raises(TypeError, match=f"takes {takes} operands?, got {count}$"):
            run(kind(np.copy), count)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("create_graph", [False, True])
def test_a_gradient_that_is_a_sum_is_in_the_byte_order_of_its_input(order: str, create_graph: bool) -> None:
    for dtype in (f"{order}f8", f"{order}f4", f"{order}c16"):
        x = Variable(np.array([1.0, 2.0]).astype(dtype))
        (g,) = tp.gradients([x * x, x, tp.sum(x)], x, create_graph=create_graph)
        assert g.dtype == x.dtype
        assert g.data.tolist() == [4.0, 6.0]


def test_an_input_that_nothing_depends_on_is_named_if_it_has_a_name() -> None:
    x = var([1.0, 2.0])
    with pytest.raises(ValueError, match=r"depends on input 1, of shape \(2,\)"):
        tp.gradients(x * x, [x, var([1.0, 2.0])])
    with pytest.raises(ValueError, match=r"depends on input 0 \(w\), of shape \(2,\)"):
        tp.gradients(x * x, Variable(np.ones(2), "w"))


def rows_together(x: Array) -> Array:
    found: Array = x.sum(0)
    return found


class Summed(Two):
    """Its rule forgets that the operand has an axis more than the result."""

    @override
    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy


@pytest.mark.parametrize("create_graph", [False, True])
def test_a_gradient_in_the_shape_of_the_result_is_summed_for_operands_that_are_broadcast_alone(
    create_graph: bool,
) -> None:
    x = var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    with pytest.raises(ValueError, match=r"gave a gradient of shape \(3,\), but the input has shape \(2, 3\)"):
        tp.gradients(apply(Summed(rows_together), x, 1.0), x, create_graph=create_graph)


class Sealed:
    """y = 2 x; its rule gives a new array that is not to be written into."""

    def forward(self, x: Array, /) -> Array:
        return x * 2.0

    def backward(self, gy: T, y: T, x: T, /) -> T:
        g = gy * 2.0
        if isinstance(g, np.ndarray):
            g.flags.writeable = False
        return g


@pytest.mark.parametrize("uses", [1, 2, 3])
def test_a_gradient_that_a_rule_made_read_only_is_added_to_and_written_all_the_same(uses: int) -> None:
    x = Variable(np.ones(2))
    y = x * 0.0
    for _ in range(uses):
        y = y + apply(Sealed(), x)
    y.backward()
    assert x.grad is not None
    x.grad += 1.0
    np.testing.assert_array_equal(x.grad, 2.0 * uses + 1.0)
