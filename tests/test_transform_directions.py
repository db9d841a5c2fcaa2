"""Transforms along directions: what tangents and cotangents may be, whole Jacobians, and rules that are transposed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call
from tinypytorch import Array, Variable, apply
from tinypytorch.arrays import Shape
from tinypytorch.core.hooks import is_tuple
from tinypytorch.function import T
from tinypytorch.transforms.tracing import plain
from tinypytorch.transforms.trees import is_sequence

Run: TypeAlias = Callable[[], object]
One: TypeAlias = Callable[[Variable], object]
Two: TypeAlias = Callable[[Variable, Variable], object]
Rule: TypeAlias = Callable[[Variable, Variable, Variable], object]

A, B = np.array([1.0, 2.0]), np.array([3.0, 5.0])


def cube(x: Variable) -> Variable:
    return x * x * x


def total(x: Variable) -> Variable:
    return tp.sum(cube(x))


def both(a: Variable, b: Variable) -> Variable:
    return tp.sum(a * a * b * b)


def moved(f: One, x: object, t: object) -> Array:
    found: Array = np.asarray(tp.jvp(f, (x,), (t,))[1])
    return found


def moved_by_two(f: Two, xs: tuple[object, object], ts: tuple[object, object]) -> Array:
    found: Array = np.asarray(tp.jvp(f, xs, ts)[1])
    return found


def held(x: Variable) -> Array:
    found: Array = np.array(plain(x))
    return found


def ruled(rule: Rule) -> Callable[[Variable], Variable]:
    """The identity, with a rule that is transposed."""
    return tp.custom_vjp(held, rule)


def tracked(x: object) -> Variable:
    assert isinstance(x, Variable)
    return x


REFUSED: list[tuple[Run, type[Exception], str]] = [
    (lambda: tp.jvp(cube, (A,), ((A,),)), ValueError, r"the tangents are \(\(\*,\),\), but the arguments are \(\*,\)"),
    (lambda: tp.jvp(cube, (A,), (A * 1.0j,)), TypeError, "a complex tangent for a real argument"),
    (lambda: tp.jvp(cube, (A,), ("text",)), TypeError, "a tangent is an array, a number or a Variable, not str"),
    (lambda: call(tp.jvp, cube, (A,), A), TypeError, "their tangents in another"),
    (lambda: call(tp.hvp(total), A, (A,)), ValueError, "hvp: the tangents"),
    (lambda: call(call(tp.hvp, both, (0, 1)), A, B, A), ValueError, r"are \*, but the arguments are \(\*, \*\)"),
    (lambda: tp.vjp(cube, A)[1]("text"), TypeError, "a cotangent is an array, a number or a Variable, not str"),
]


@pytest.mark.parametrize(("run", "kind", "text"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(run: Run, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        run()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_derivative_is_differentiated_by_its_direction(dtype: str) -> None:
    """Also if one direction alone is a Variable, and of another dtype than the argument."""
    a, b = A.astype("float32"), B.astype("float32")
    v = Variable(np.ones(2, dtype))
    along = tracked(tp.jvp(both, (a, b), (v, b))[1])
    product = tracked(call(tp.hvp(total), a, v))
    crossed = call(call(tp.hvp, both, (0, 1)), a, b, (v, b))
    assert is_sequence(crossed)
    for y, slope in ((along, 2 * a * b * b), (product, 6 * a), (tracked(crossed[0]), 2 * b * b)):
        assert y.dtype == a.dtype
        v.cleargrad()
        y.backward()
        assert v.grad is not None
        assert v.grad.dtype == v.dtype
        np.testing.assert_array_equal(v.grad, slope)


def test_directions_are_taken_in_the_dtype_of_the_argument() -> None:
    a = A.astype("float32")
    assert moved(cube, a, B).dtype == a.dtype
    assert moved(cube, 1.0 + 2.0j, 1.0).dtype == np.dtype("complex128")
    assert np.asarray(call(tp.hvp(total), a, B)).dtype == a.dtype


def same(x: Variable) -> Variable:
    return x


def twofold(x: Variable) -> tuple[Variable, Variable]:
    return x, x


def test_single_numbers_come_back_as_numpys_scalars() -> None:
    """Also where nothing is computed, and where nothing moves."""
    one = np.array(1.0)
    still = ruled(lambda g, y, x: Variable(np.array(0.0), requires_grad=False))
    both_ways = call(call(tp.jacobian, twofold), 2.0)
    assert is_sequence(both_ways)
    numbers = [tp.jvp(f, (2.0,), (one,))[1] for f in (same, still)]
    numbers += [tp.vjp(f, 2.0)[1](one)[0] for f in (same, still)]
    numbers += [tp.grad(same)(2.0), call(tp.hvp(cube), 2.0, one), tp.jacobian(same)(2.0), *both_ways]
    assert {type(x) for x in numbers} == {np.float64}


def test_constant_variables_as_directions_give_variables() -> None:
    one = Variable(np.ones(2), requires_grad=False)
    for y in (tp.jvp(cube, (A,), (one,))[1], tp.jvp(both, (A, B), (A, one))[1]):
        assert isinstance(y, Variable)


def test_products_with_a_hessian_by_several_arguments() -> None:
    found = call(call(tp.hvp, both, (1, 0)), A, B, (A, B))
    assert is_tuple(found)
    np.testing.assert_array_equal(np.asarray(found[0], float), 2 * A * A * A + 4 * A * B * B)
    np.testing.assert_array_equal(np.asarray(found[1], float), 4 * A * B * A + 2 * B * B * B)


def test_results_that_do_not_move_take_any_cotangent() -> None:
    def f(x: Variable) -> tuple[Variable, float, Variable]:
        return x * x, 3.0, tp.stop_gradient(x)

    _, pull = tp.vjp(f, A)
    np.testing.assert_array_equal(np.asarray(pull((B, 7.0, B))[0], float), 2 * A * B)


SHAPES: list[Shape] = [(), (0,), (1,), (3,), (2, 2), (0, 2)]


@given(
    st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3), st.sampled_from(["float32", "float64"]), st.booleans()
)
def test_jacobians_have_a_block_for_each_result_and_argument(shapes: list[Shape], dtype: str, nested: bool) -> None:
    """In the shape of both and the dtype of the arguments, on either side, as arrays and as Variables."""
    xs = [np.arange(1.0, 1.0 + math.prod(shape)).reshape(shape).astype(dtype) for shape in shapes]
    given: list[Variable] | list[Array] = [Variable(x) for x in xs] if nested else xs

    def f(*vs: Variable) -> list[Variable]:
        return [v * v for v in vs] + [vs[0].reshape(-1)[:1], tp.concatenate([v.reshape(-1) for v in vs])]

    rows = call(call(tp.jacobian, f, tuple(range(len(xs)))), *given)
    assert is_sequence(rows)
    assert len(rows) == len(xs) + 2
    for i, row in enumerate(rows):
        assert is_sequence(row)
        for k, (block, x) in enumerate(zip(row, xs, strict=True)):
            assert isinstance(block, Variable) is nested
            found: Array = np.asarray(plain(block))
            assert found.dtype == dtype
            if i < len(xs):
                expected = np.diag(2 * x.reshape(-1)) if i == k else np.zeros(xs[i].size * x.size)
                np.testing.assert_array_equal(found, expected.reshape(xs[i].shape + x.shape))


class Counted:
    """x**2; counts how often its rules are used."""

    def __init__(self) -> None:
        self.ahead: int = 0
        self.back: int = 0

    def forward(self, x: Array, /) -> Array:
        return x * x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        self.back += 1
        return gy * (x * 2.0)

    def tangent(self, t: T, y: T, x: T, /) -> T:
        self.ahead += 1
        return t * (x * 2.0)


@given(st.integers(1, 3), st.integers(1, 3), st.integers(1, 6))
def test_a_jacobian_takes_as_few_passes_as_it_can(n: int, m: int, rows: int) -> None:
    op = Counted()

    def f(a: Variable, b: Variable) -> Variable:
        return tp.broadcast_to(tp.sum(apply(op, tp.concatenate([a, b]))), (rows,))

    call(call(tp.jacobian, f, (0, 1)), np.ones(n), np.ones(m))
    assert (op.ahead, op.back) == ((n + m, 0) if n + m < rows else (0, rows))


def test_forward_mode_works_without_recording() -> None:
    """Also through a rule that is transposed."""
    with tp.no_grad():
        assert moved(ruled(lambda g, y, x: g * (x * x)), 2.0, 1.0) == 4.0


RULES: list[tuple[str, Rule]] = [
    ("of the argument", lambda g, y, x: g * x),
    ("zero", lambda g, y, x: Variable(np.zeros(2), requires_grad=False)),
]


@pytest.mark.parametrize("rule", [rule for _, rule in RULES], ids=[name for name, _ in RULES])
def test_the_dtype_stays_where_a_rule_is_transposed(rule: Rule) -> None:
    x = np.array([1.0, 2.0], np.float32)
    assert moved(ruled(rule), x, x).dtype == x.dtype


class Plain:
    """a b, of which nothing is declared; a rule may be asked for one operand alone."""

    def __init__(self, wanted: str) -> None:
        self.wanted: str = wanted

    def forward(self, a: Array, b: Array, /) -> Array:
        return a * b

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        assert "a" in self.wanted
        return gy * b

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        assert "b" in self.wanted
        return gy * a


@pytest.mark.parametrize("shapes", [((2,), ()), ((), (2,)), ((2, 1), (3,))])
def test_a_rule_of_two_operands_is_transposed(shapes: tuple[Shape, Shape]) -> None:
    """For those operands alone that move; its gradients may have the shape of the result."""
    a, b = (np.arange(2.0, 2.0 + math.prod(shape)).reshape(shape)[()] for shape in shapes)
    np.testing.assert_array_equal(moved(lambda v: apply(Plain("a"), v, b), a, a), a * b)
    np.testing.assert_array_equal(moved(lambda w: apply(Plain("b"), a, w), b, b), a * b)
    found = moved_by_two(lambda v, w: apply(Plain("ab"), v, w), (a, b), (a, b))
    np.testing.assert_array_equal(found, 2 * a * b)


def test_an_operand_that_moves_has_a_gradient_in_either_mode() -> None:
    def product(a: Variable, b: Variable) -> Array:
        return held(a) * held(b)

    def rule(g: Variable, y: Variable, a: Variable, b: Variable) -> object:
        return g * b, None

    f = tp.custom_vjp(product, rule)

    def of_a(a: Variable) -> Variable:
        return f(a, Variable(B, requires_grad=False))

    np.testing.assert_array_equal(moved(of_a, A, A), A * B)
    text = "Ruled: the rule for input 1 gave NoneType, not an array"
    with pytest.raises(TypeError, match=text):
        tp.jvp(f, (2.0, 3.0), (1.0, 1.0))
    with pytest.raises(TypeError, match=text):
        call(call(tp.grad, f, (0, 1)), 2.0, 3.0)


def test_a_rule_that_does_not_use_its_cotangent_is_an_error() -> None:
    """Unless what it gives is zero; and it may use it where that is not zero."""
    fixed = ruled(lambda g, y, x: Variable(np.array([0.0, 1.0]), requires_grad=False))
    with pytest.raises(TypeError, match="for input 0 is not recorded as depending on its cotangent"):
        moved(fixed, A, A)
    lazy = ruled(lambda g, y, x: g * 2.0 if np.any(g.data) else np.zeros(2))
    np.testing.assert_array_equal(moved(lazy, A, A), 2 * A)


class Halves:
    """x**2, and x rounded down, which has no derivative."""

    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        return xs[0] * xs[0], np.floor(xs[0])

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        return (gys[0] * (xs[0] * 2.0),)


def test_a_result_whose_cotangent_a_rule_leaves_out_has_the_tangent_zero() -> None:
    np.testing.assert_array_equal(moved(lambda x: apply(Halves(), x), 2.5, 1.0), [5.0, 0.0])
