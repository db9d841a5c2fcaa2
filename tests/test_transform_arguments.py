"""Transforms: which arguments and results they take, in what form they answer, and closures over outer arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call
from tinypytorch import Variable

F: TypeAlias = Callable[[Variable], object]
Slope: TypeAlias = Callable[[F, object], object]

A = np.array([1.0, 2.0])


def cube(x: Variable) -> Variable:
    """The third power."""
    return x * x * x


def ignoring(x: Variable) -> Variable:
    return tp.sum(tp.stop_gradient(x))


def square(x: Variable) -> Variable:
    return x * x


def product(a: Variable, b: Variable) -> Variable:
    return a * b


def slope_by_reverse(f: F, x: object) -> object:
    return call(call(tp.grad, f), x)


def slope_by_forward(f: F, x: object) -> object:
    found = tp.jvp(f, (x,), (1.0,))
    return found[1]


SLOPES = [slope_by_reverse, slope_by_forward]


@pytest.mark.parametrize("outer", SLOPES)
@pytest.mark.parametrize("inner", SLOPES)
@given(a=st.integers(-8, 8), b=st.integers(-8, 8))
def test_an_inner_derivative_is_differentiated_through_what_its_function_closes_over(
    outer: Slope, inner: Slope, a: int, b: int
) -> None:
    """d/dx of (d/dy x² y³ at y = b), at x = a."""

    def slope(x: Variable) -> object:
        return inner(lambda y: x * x * cube(y), float(b))

    assert outer(slope, float(a)) == 6.0 * a * b * b


@pytest.mark.parametrize("outer", SLOPES)
@pytest.mark.parametrize("inner", SLOPES)
def test_a_derivative_made_without_recording_is_a_constant(outer: Slope, inner: Slope) -> None:
    def f(x: Variable) -> Variable:
        with tp.no_grad():
            held = inner(cube, x)
        assert isinstance(held, Variable)
        return held * x

    assert outer(f, 2.0) == 12.0


@pytest.mark.parametrize("dtype", ["float16", "float32", "longdouble"])
def test_derivatives_that_are_zero_have_the_arguments_form(dtype: str) -> None:
    x, one = np.array([1.0, 2.0], dtype), np.array(3.0, dtype)[()]
    assert tp.grad(ignoring)(x).dtype == x.dtype
    for found in (tp.grad(ignoring)(one), tp.jvp(ignoring, (one,), (one,))[1], tp.jacobian(ignoring)(one)):
        assert type(found) is type(one)
        assert found == 0.0
    assert tp.jacobian(lambda v: tp.stop_gradient(v) * 1.0)(x).dtype == x.dtype
    assert np.asarray(tp.jvp(ignoring, (x,), (x,))[1]).dtype == x.dtype


def test_complex_numbers_are_arguments_and_tangents() -> None:
    assert call(tp.grad(lambda z: tp.sum((z * z).real)), 3.0 + 4.0j) == 6.0 + 8.0j
    assert tp.jvp(square, (3.0 + 4.0j,), (1.0j,))[1] == -8.0 + 6.0j


def test_a_position_may_be_counted_from_the_end() -> None:
    def f(a: Variable, b: Variable) -> Variable:
        return a * a * b

    for i, expected in ((0, 12.0), (1, 4.0), (-1, 4.0), (-2, 12.0), ((-2, -1), (12.0, 4.0)), ((), ())):
        assert call(call(tp.grad, f, i), 2.0, 3.0) == expected
        assert call(call(tp.elementwise_grad, f, i), 2.0, 3.0) == expected


REFUSED: list[tuple[object, type[Exception], str]] = [
    (2, ValueError, "argument 2, but 2 positional arguments were"),
    (-3, ValueError, "argument -3, but 2"),
    ((0, -2), ValueError, "twice"),
    (True, TypeError, "not True"),
    ((0, 1.0), TypeError, "argnums is an integer"),
]


@pytest.mark.parametrize(("argnums", "kind", "text"), REFUSED, ids=str)
def test_positions_that_are_refused(argnums: object, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        call(call(tp.grad, product, argnums), 2.0, 3.0)
    with pytest.raises(kind, match=text):
        call(call(tp.hvp, product, argnums), 2.0, 3.0, 1.0)


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_one_number_in_any_shape_has_a_gradient(shape: tuple[int, ...]) -> None:
    assert np.all(tp.grad(lambda x: tp.sum(x * x).reshape(shape))(A) == 2.0 * A)
    with pytest.raises(TypeError, match=r"one number as result, this one gave .*\(0,\)"):
        tp.grad(lambda x: x[:0])(A)


def test_results_that_are_refused() -> None:
    lists: tuple[list[F], list[F]] = (
        [lambda x: (x, x), lambda x: None, lambda x: "text"],
        [lambda x: (x, 1.0, 2.0), lambda x: (x,), lambda x: x],
    )
    for f in lists[0]:
        with pytest.raises(TypeError, match="gives one array"):
            call(call(tp.elementwise_grad, f), 2.0)
    for f in lists[1]:
        with pytest.raises(TypeError, match="a pair"):
            call(call(tp.grad, f, has_aux=True), 2.0)
        with pytest.raises(TypeError, match="a pair"):
            call(call(tp.jacobian, f, has_aux=True), 2.0)

    def half(x: Variable) -> object:
        return x, "text"

    with pytest.raises(TypeError, match="the function gave str, which has no derivative"):
        call(call(tp.jacobian, half), 2.0)


def test_the_auxiliary_part_stands_beside_what_is_asked_for() -> None:
    def f(x: Variable) -> tuple[Variable, str]:
        return x * x, "aux"

    assert call(tp.grad(f, has_aux=True), 3.0) == (6.0, "aux")
    assert call(tp.value_and_grad(f, has_aux=True), 3.0) == ((9.0, "aux"), 6.0)
    assert call(tp.jacobian(f, has_aux=True), 3.0) == (6.0, "aux")


def test_a_derivative_is_named_and_documented_after_its_function() -> None:
    class Called:
        def __call__(self, x: Variable) -> Variable:
            return x * x

    for transform in (tp.grad, tp.value_and_grad, tp.elementwise_grad, tp.hvp, tp.jacobian, tp.hessian):
        derivative = call(transform, cube)
        assert getattr(derivative, "__doc__", None) == "The third power."
        assert getattr(derivative, "__name__", None) == f"{transform.__name__}_of_cube"
        assert getattr(call(transform, Called()), "__name__", None) == f"{transform.__name__}_of_Called"
    for wrapped in (tp.checkpoint(cube), tp.custom_vjp(cube, lambda g, y, x: g)):
        assert (wrapped.__name__, wrapped.__doc__) == ("cube", "The third power.")


def test_a_pullback_is_differentiated_by_its_cotangent() -> None:
    def pulled(g: Variable) -> Variable:
        _, pull = tp.vjp(cube, A)
        found = pull(g)[0]
        assert isinstance(found, Variable)
        return tp.sum(found)

    assert np.all(tp.grad(pulled)(np.ones(2)) == 3.0 * A * A)
