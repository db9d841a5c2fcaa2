"""The engine's contracts, one by one: what is computed, in which dtype, who owns it, and what a pass leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import grad, var
from tinypytorch import Array, T, Variable, gradients
from tinypytorch.compat import override
from tinypytorch.core.graph import sweep
from tinypytorch.core.reverse import ArrayWorld
from tinypytorch.core.variable import Operand
from tinypytorch.core.vertex import Vertex
from tinypytorch.ops.shaping import Concatenate, Stack

Way: TypeAlias = Callable[[Variable, list[Variable]], object]
Setting: TypeAlias = Literal["enable_backprop", "detect_mutation"]
WAYS: dict[str, Way] = {
    "backward": lambda y, xs: y.backward(),
    "gradients": gradients,
    "recorded": lambda y, xs: gradients(y, xs, create_graph=True),
}
every_way = pytest.mark.parametrize("way", WAYS.values(), ids=list(WAYS))


class Product:
    """a b; remembers which rules ran."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def forward(self, a: Array, b: Array, /) -> Array:
        return a * b

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        self.ran.append("a")
        return gy * b

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        self.ran.append("b")
        return gy * a


class Total:
    """The sum of its inputs; remembers who wanted a gradient."""

    def __init__(self) -> None:
        self.needs: list[tuple[bool, ...]] = []

    def forward(self, /, *xs: Array) -> Array:
        y: Array = np.add.reduce(xs)
        return y

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        self.needs.append(needs)
        return tuple(gy if need else None for need in needs)


class Wide:
    """The identity, with a rule that computes in double precision; remembers the cotangents it got."""

    def __init__(self) -> None:
        self.got: list[tuple[tuple[int, ...], str]] = []

    def forward(self, x: Array, /) -> Array:
        return x.copy()

    def backward(self, gy: T, y: T, x: T, /) -> T:
        self.got.append((gy.shape, gy.dtype.name))
        return gy * np.ones(x.shape)


@every_way
@pytest.mark.parametrize("wanted", ["a", "b", "ab"])
def test_a_gradient_that_nobody_wants_is_never_computed(wanted: str, way: Way) -> None:
    two, many = Product(), Total()
    a, b = (Variable(np.array([1.0, 2.0]), requires_grad=v in wanted) for v in "ab")
    for y in (tp.apply(two, a, b), tp.apply(many, a, b)):
        way(y, [v for v in (a, b) if v.requires_grad])
    assert two.ran == list(wanted)
    assert many.needs == [("a" in wanted, "b" in wanted)]


@pytest.mark.parametrize("op", [Concatenate(), Stack()])
@pytest.mark.parametrize("needs", [(True, False), (False, True), (True, True)])
def test_parts_that_nobody_wants_are_not_cut_out(op: Concatenate | Stack, needs: tuple[bool, ...]) -> None:
    xs = (np.ones(2), np.ones(2))
    y = op.forward(*xs)
    assert tuple(g is not None for g in op.backward_all(y, y, xs, needs)) == needs


@pytest.mark.parametrize("create_graph", [False, True])
def test_nothing_older_than_the_inputs_is_visited(create_graph: bool) -> None:
    old, x = Product(), var([1.0, 2.0])
    a = tp.apply(old, x, x)
    (g,) = gradients((a * a).sum(), a, create_graph=create_graph)
    assert g.data.tolist() == [2.0, 8.0]
    assert old.ran == []


@every_way
@pytest.mark.parametrize("dtype", ["float16", "float32", "longdouble"])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_rules_get_cotangents_in_the_results_shape_and_dtype(shape: tuple[int, ...], dtype: str, way: Way) -> None:
    op, x = Wide(), Variable(np.ones(shape, dtype))
    y = x
    for _ in range(3):
        y = tp.apply(op, y)
    y = y * np.ones(2)  # of another dtype
    way(tp.apply(op, y), [x])
    assert op.got == [((2,), y.dtype.name)] + [(shape, np.dtype(dtype).name)] * 3


class Tiled:
    """A Unary op that broadcasts, with a rule that does not sum up."""

    def forward(self, x: Array, /) -> Array:
        return np.broadcast_to(x, (2, 3))

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy


class Larger:
    """A Binary op whose rules give more than the shape of the result."""

    def forward(self, a: Array, b: Array, /) -> Array:
        return a + b

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * np.ones((2, 3))

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * np.ones((2, 3))


@every_way
def test_only_a_binary_ops_gradient_in_its_results_shape_is_summed_down(way: Way) -> None:
    x = var([1.0, 2.0, 3.0])
    for y in (tp.apply(Tiled(), x), tp.apply(Larger(), x, x)):
        with pytest.raises(ValueError, match=r"gave a gradient of shape \(2, 3\), but the input has shape \(3,\)"):
            way(y, [x])


def test_every_output_of_an_op_keeps_or_loses_its_gradient() -> None:
    x = var([1.0, 2.0, 3.0, 4.0])
    a, b = tp.split(x, 2)
    y = (a * b).sum()
    y.backward(retain_grad=True)
    assert (grad(a).tolist(), grad(b).tolist()) == ([3.0, 4.0], [1.0, 2.0])
    a.retain_grad()
    y.backward()
    assert a.grad is not None
    assert b.grad is None
    for create_graph in (False, True):
        found = gradients(y, [b, x, a], create_graph=create_graph)
        assert [g.data.tolist() for g in found] == [[1.0, 2.0], [3.0, 4.0, 1.0, 2.0], [3.0, 4.0]]


class Adding(ArrayWorld):
    """Arrays, and which sums were made in place."""

    __slots__ = ("in_place",)

    def __init__(self) -> None:
        self.in_place: list[bool] = []

    @override
    def add(self, grads: dict[Vertex, Array], v: Vertex, g: Array, /) -> None:
        before = id(grads[v])
        super().add(grads, v, g)
        self.in_place.append(id(grads[v]) == before)


def test_a_pass_adds_in_place_exactly_to_what_it_made() -> None:
    x, world = var([1.0, 2.0]), Adding()
    y = x + x + x + x
    seed = np.ones(2)
    sweep([(y, seed)], world, (), 0)
    assert world.in_place == [False, True, True]
    assert seed.tolist() == [1.0, 1.0]


def test_a_pass_adds_in_place_to_what_a_rule_made_for_it_alone() -> None:
    x, world = var([1.0, 2.0]), Adding()
    y = x * 2.0 + x * 3.0
    sweep([(y, np.ones(2))], world, (), 0)
    assert world.in_place == [True]


class Hoarding:
    """2 x; its rule gives an array, and keeps a reference to it, or gives a view of one."""

    def __init__(self, view: bool) -> None:
        self.view = view
        self.given: list[Array] = []

    def forward(self, x: Array, /) -> Array:
        return x * 2.0

    def backward(self, gy: T, y: T, x: T, /) -> T:
        g = gy * 2.0
        if isinstance(g, np.ndarray):
            self.given.append(g)
            return g[:] if self.view else g
        return g


@pytest.mark.parametrize("view", [False, True])
def test_what_a_rule_keeps_is_never_written_into(view: bool) -> None:
    x, op = var([1.0, 2.0]), Hoarding(view)
    (tp.apply(op, x) + x * 3.0).backward()
    grad(x)[...] = 7.0
    (tp.apply(op, x) * 1.0).backward()
    assert [g.tolist() for g in op.given] == [[2.0, 2.0], [2.0, 2.0]]


class By:
    """x**2, with whatever rule it is given."""

    def __init__(self, rule: object) -> None:
        self.rule = rule

    def forward(self, x: Array, /) -> Array:
        return x * x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        found: T = vars(self)["rule"](gy, x)
        return found


@every_way
def test_a_rule_may_use_the_functions_of_this_package(way: Way) -> None:
    x, z = var([1.0, 2.0]), var([1.0, 2.0])

    def rule(gy: Variable | Array, x: Variable | Array) -> Variable:
        return tp.mul(gy, tp.mul(x, 2.0))

    found, same = way(tp.apply(By(rule), x).sum(), [x]), way(tp.square(z).sum(), [z])
    assert repr((found, x.grad)) == repr((same, z.grad))


@every_way
@pytest.mark.parametrize("inside", [False, True])
def test_an_exception_of_a_rule_says_whose_rule(way: Way, inside: bool) -> None:
    def rule(gy: object, x: object) -> object:
        raise ZeroDivisionError("bad rule")

    x = var([1.0, 2.0])
    y = tp.sin(x)
    with pytest.raises(ZeroDivisionError, match="bad rule") as error:
        way(tp.exp(y.record(By(rule)) if inside else tp.apply(By(rule), y)), [x])
    assert error.value.__notes__ == ["in the derivative rule of By"]
    assert x.grad is None


class Thrice:
    """e**x, three times; the rule uses its first output. Remembers the dtypes of the cotangents it got."""

    def __init__(self) -> None:
        self.got: list[list[tuple[tuple[int, ...], str]]] = []

    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        return np.exp(xs[0]), np.exp(xs[0]), np.exp(xs[0])

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        self.got.append([(g.shape, g.dtype.name) for g in gys])
        return ((gys[0] + gys[1] + gys[2]) * ys[0],)


@pytest.mark.parametrize("kept", [{0}, {1}, {2}, {0, 2}, {1, 2}, {0, 1, 2}])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_outputs_that_nobody_kept_are_differentiated_through(kept: set[int], dtype: str) -> None:
    """e**x is its own derivative of every order, whichever of its outputs are still there."""
    op, x = Thrice(), Variable(np.array([0.5, 1.0], dtype))
    ys = [y for i, y in enumerate(tp.apply(op, x)) if i in kept]
    expected = len(ys) * np.exp(x.data)
    total = tp.stack(ys).sum()
    del ys
    for _ in range(3):
        (g,) = gradients(total, x, create_graph=True)
        np.testing.assert_allclose(g.data, expected, rtol=1e-6)
        (h,) = gradients(total, x)
        np.testing.assert_allclose(h.data, expected, rtol=1e-6)
        total = g.sum()
    assert {shape_and_name for got in op.got for shape_and_name in got} == {((2,), dtype)}


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 7), st.integers(0, 7)), max_size=12))
def test_a_result_is_one_generation_after_its_latest_operand(steps: list[tuple[int, int, int]]) -> None:
    values = [var(1.0)]
    for kind, i, j in steps:
        a, b = values[i % len(values)], values[j % len(values)]
        made = (a * b, -a, tp.apply(Total(), a, b), a.record_all(Total(), b), tp.apply(Product(), a, b))[kind]
        used = (a,) if kind == 1 else (a, b)
        assert made.generation == 1 + max(v.generation for v in used)
        values.append(made)


@pytest.mark.parametrize("seed", [2, 2.0, np.float64(2), np.array(2), np.array(2.0, np.longdouble), var(2.0)], ids=repr)
def test_a_cotangent_of_any_real_type_reaches_the_rule_in_the_outputs_dtype(seed: Operand) -> None:
    op, x = Wide(), Variable(np.array(1.0, np.float32))
    y = tp.apply(op, x)
    y.backward(seed)
    assert grad(x) == 2.0
    for create_graph in (False, True):
        (g,) = gradients(y, x, seed, create_graph=create_graph)
        assert (g.item(), g.dtype.name) == (2.0, "float32")
    assert op.got == [((), "float32")] * 3


class Curious(Product):
    """a b; its rules ask what made the result, as a drawing in another thread might, in the middle of a pass."""

    made: Variable

    @override
    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        assert self.made.creator is not None
        return gy * b

    @override
    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        assert self.made.creator is not None
        return gy * a


@every_way
def test_asking_what_made_a_result_does_not_disturb_a_pass(way: Way) -> None:
    op, a, b = Curious(), var(2.0), var(3.0)
    op.made = y = a.combine(op, a, b)
    way(y, [a, b])
    y.cleargrad()
    a.cleargrad()
    b.cleargrad()
    y.backward()
    assert grad(a) == 3.0
    assert grad(b) == 2.0


def test_a_number_is_held_as_one_whichever_way_it_was_made() -> None:
    """Arrays of no axes and NumPy's scalars are computed by different code, whose last bits may differ."""

    class Same:
        def forward(self, x: Array, /) -> Array:
            return x

        def backward(self, gy: T, y: T, x: T, /) -> T:
            return gy

    x = var(2.5)
    for y in (tp.apply(Same(), x), tp.exp(x), x * 2.0, tp.apply(Total(), x, x)):
        assert isinstance(y.value(), np.generic)
