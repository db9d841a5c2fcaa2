"""Where gradients go in a pass: whose array each is, in what form, and when it is let go."""

from __future__ import annotations

import math
from collections.abc import Callable
from weakref import ref

import numpy as np
import pytest

import tinypytorch as tp
from tests.support import grad, var
from tinypytorch import Array, Variable, apply
from tinypytorch.function import T
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.arithmetic import Mul

Map = Callable[[Variable], Variable]
Pair = Callable[[Variable, Variable], Variable]
SUMS: list[Pair] = [
    lambda a, b: (a + b) * 2.0,
    lambda a, b: (a - b) * 2.0,
    lambda a, b: ((a + b) + (b + a)) * 2.0,
]
USES: list[Map] = [tp.sin, lambda x: x * 2.0, lambda x: 2.0 * x, lambda x: x * x]


@pytest.mark.parametrize("f", SUMS)
def test_leaves_that_get_the_same_gradient_get_an_array_each(f: Pair) -> None:
    a, b = var([1.0, 2.0]), var([3.0, 4.0])
    f(a, b).backward()
    assert not np.shares_memory(grad(a), grad(b))
    expected = grad(b).copy()
    a.grad = None
    f(a, b).backward()
    np.testing.assert_array_equal(grad(b), 2.0 * expected)


@pytest.mark.parametrize("scale", [None, 2.0])
def test_a_gradient_is_no_view_of_a_larger_one_or_of_the_seed(scale: float | None) -> None:
    x, seed = var([1.0, 2.0]), np.ones((2, 1))
    y = x.reshape(2, 1)
    (y if scale is None else y * scale).backward(seed)
    assert grad(x).base is None
    assert not np.shares_memory(grad(x), seed)


def test_a_leaf_whose_dtype_was_replaced_gets_a_gradient_in_the_new_one() -> None:
    x = var([1.0, 2.0])
    y = x * 2.0
    x.data = np.array([1.0, 2.0], np.float32)
    y.backward()
    assert grad(x).dtype == np.float32


def test_a_result_that_was_asked_for_as_an_array_is_what_its_rule_gets() -> None:
    x = var(0.5)
    y = tp.exp(x)
    assert y.data.shape == ()
    y.backward()
    assert math.isclose(grad(x).item(), math.exp(0.5), rel_tol=1e-15)


@pytest.mark.parametrize("f", USES)
def test_a_leaf_that_wants_no_gradient_any_more_gets_none(f: Map) -> None:
    x = var([1.0, 2.0])
    y = f(x)
    x.requires_grad = False
    y.backward()
    assert x.grad is None


@pytest.mark.parametrize(("method", "i"), [("backward_a", 0), ("backward_b", 1)])
def test_a_gradient_in_a_wrong_shape_is_of_the_operand_that_the_error_names(
    monkeypatch: pytest.MonkeyPatch, method: str, i: int
) -> None:
    def wrong(op: Mul, gy: Array, y: Array, a: Array, b: Array) -> Array:
        return np.ones(3)

    monkeypatch.setattr(Mul, method, wrong)
    with pytest.raises(ValueError, match=f"Mul: the rule for input {i}"):
        (var([1.0, 2.0]) * var([3.0, 4.0])).backward()


def test_what_was_added_to_a_gradient_is_gone_before_the_next_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[ref[Array]] = []
    right, left = Mul.backward_b, Mul.backward_a
    held: list[bool] = []

    def for_b(op: Mul, gy: Array, y: Array, a: Array, b: Array) -> Array:
        g = right(op, gy, y, a, b)
        made.append(ref(g))
        return g

    def for_a(op: Mul, gy: Array, y: Array, a: Array, b: Array) -> Array:
        held.append(made[-1]() is not None)
        return left(op, gy, y, a, b)

    x = var([1.0, 2.0])
    y = tp.sin(x) * x  # the last product is the first to be gone through: x has no gradient yet, and keeps this one
    z = tp.sin(y) * x
    monkeypatch.setattr(Mul, "backward_b", for_b)
    monkeypatch.setattr(Mul, "backward_a", for_a)
    z.backward()
    assert held == [True, False]


def replace_by_another_shape(x: Variable) -> None:
    x.data = np.ones(3)


def replace_by_another_dtype_while_constant(x: Variable) -> None:
    x.requires_grad = False
    x.data = np.ones(2, np.float32)
    x.requires_grad = True


def replace_twice(x: Variable) -> None:
    x.data = None
    x.data = np.ones((1, 2))


@pytest.mark.parametrize("replace", [replace_by_another_shape, replace_twice])
def test_a_pass_over_a_graph_of_replaced_data_is_refused(replace: Callable[[Variable], None]) -> None:
    x, z = var([1.0, 2.0]), var([3.0, 4.0])
    y = x * z
    replace(x)
    with pytest.raises(RuntimeError, match="the data of a leaf was replaced: it has shape"):
        y.backward()
    assert (x.grad, z.grad) == (None, None)
    (x * 2.0).backward()
    np.testing.assert_array_equal(grad(x), np.full_like(x.data, 2.0))


def test_a_gradient_is_in_the_dtype_of_replaced_data() -> None:
    x = var([1.0, 2.0])
    y = x * 2.0
    replace_by_another_dtype_while_constant(x)
    y.backward()
    assert (grad(x).dtype.name, grad(x).tolist()) == ("float32", [2.0, 2.0])


def test_data_of_the_same_kind_is_replaced_as_often_as_one_likes() -> None:
    x = var([1.0, 2.0])
    y = x * x
    x.data = np.array([5.0, 6.0])
    y.backward()
    assert grad(x).tolist() == [2.0, 4.0]
    x.data = np.array([7.0, 8.0])
    assert grad(x).tolist() == [2.0, 4.0]


def retain(y: Variable) -> None:
    y.backward(retain_grad=True)


def assign(y: Variable) -> None:
    y.grad = np.ones(2)


@pytest.mark.parametrize("give", [retain, assign])
def test_what_a_result_held_is_gone_after_the_next_pass(give: Callable[[Variable], None]) -> None:
    x = var([1.0, 2.0])
    y = tp.sin(x)
    z = y * 2.0
    give(y)
    held = grad(y)
    z.backward()
    assert (held.size, y.grad) == (2, None)
    z.backward(retain_grad=True)
    assert grad(y).tolist() == [2.0, 2.0]


WITH_VIEWS: list[Map] = [lambda x: (2.0 * x) * x.reshape(2), lambda x: x.reshape(2) * (2.0 * x), lambda x: x + x]


@pytest.mark.parametrize("f", WITH_VIEWS)
def test_a_sum_of_gradients_keeps_the_byte_order(f: Map) -> None:
    x, same = Variable(np.array([1.0, 2.0], ">f8")), var([1.0, 2.0])
    f(x).backward()
    f(same).backward()
    assert (grad(x).dtype.str, grad(x).tolist()) == (">f8", grad(same).tolist())


class Stops:
    """y = x, whose rule makes a leaf a constant."""

    def __init__(self, leaf: Variable) -> None:
        self.leaf: Variable = leaf

    def forward(self, x: Array) -> Array:
        return x.copy()

    def backward(self, gy: T, y: T, x: T) -> T:
        self.leaf.requires_grad = False
        return gy


@pytest.mark.parametrize("value", [[1.0, 2.0], 3.0])
def test_what_a_rule_makes_a_constant_gets_no_gradient(value: list[float] | float) -> None:
    x, z = Variable(np.array(value)), Variable(np.array(value))
    y = apply(Stops(x), z) * x
    y.backward()
    assert x.grad is None
    np.testing.assert_array_equal(grad(z), z.data)


class Counted:
    """sin, and how often its rule ran."""

    def __init__(self, ran: list[Counted]) -> None:
        self.ran = ran

    def forward(self, x: Array, /) -> Array:
        return np.sin(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        self.ran.append(self)
        return gy * u.cos(x)


# Graphs of f, one after another, in which results meet again: short ways beside long ones.
GRAPHS: list[Callable[[Map, Variable], Variable]] = [
    lambda f, x: f(f(f(x))),
    lambda f, x: f(f(f(x)) + x),
    lambda f, x: (lambda y: f(f(f(y))) + f(y))(f(x)),
    lambda f, x: (lambda y: f(y) + f(f(f(y))))(f(x)),
    lambda f, x: (lambda y: f(f(y)) * (f(y) + f(f(f(y)))))(f(x)),
    lambda f, x: (lambda y: (lambda z: f(f(z)) + y + f(z))(f(f(y))) * y)(f(x)),
]


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("shape", [(), (2,)])
def test_each_rule_runs_once_and_gradients_inside_can_be_kept(
    graph: Callable[[Map, Variable], Variable], shape: tuple[int, ...]
) -> None:
    ran: list[Counted] = []
    made: list[Variable] = []

    def f(x: Variable) -> Variable:
        made.append(x.record(Counted(ran)))
        return made[-1]

    x = Variable(np.full(shape, 0.5))
    y = graph(f, x)
    y.backward()
    assert len(ran) == len(set(map(id, ran))) == len(made)
    assert all(z.grad is None for z in made)
    ran.clear()
    before = grad(x).copy()
    y.backward(retain_grad=True)
    assert len(ran) == len(made)
    np.testing.assert_array_equal(grad(x), 2.0 * before)
    assert all(type(z.grad) is np.ndarray and z.grad.shape == shape for z in made)
    for z in made:
        ran.clear()
        (g,) = tp.gradients(y, z)
        np.testing.assert_array_equal(g.data, grad(z))
        assert len(ran) == len(set(map(id, ran)))
        assert all(made[[m.op for m in made].index(op)].generation > z.generation for op in ran)
