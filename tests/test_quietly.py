"""What a rule computes without NumPy's floating-point warnings: settings and context variables are as they were."""

from __future__ import annotations

import math
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tinypytorch import Array, Variable
from tinypytorch.arrays import quietly
from tinypytorch.ops.corners import over

MANY = 2000
LARGE = np.array([1000.0])


def exp(x: Array, times: float) -> Array:
    y: Array = np.exp(x * times)
    return y


def twice(x: Array, times: float) -> Array:
    return quietly(exp, quietly(exp, x, times), times)


def test_nothing_is_raised_and_afterwards_all_is_as_before() -> None:
    with np.errstate(over="raise", divide="raise"):
        assert quietly(exp, LARGE, 1.0).tolist() == [math.inf]
        assert quietly(twice, LARGE, 1.0).tolist() == [math.inf]
        with pytest.raises(FloatingPointError):
            np.exp(LARGE)


def test_an_exception_passes() -> None:
    with pytest.raises(ValueError, match="operands could not be broadcast"):
        quietly(np.hypot, np.ones(2), np.ones(3))
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        np.exp(LARGE)


def test_in_threads() -> None:
    wrong: list[object] = []

    def work() -> None:
        try:
            wrong.extend(y for _ in range(MANY) if (y := quietly(exp, LARGE, 1.0).tolist()) != [math.inf])
        except RuntimeError as error:
            wrong.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_variables_keep_the_settings_of_the_thread() -> None:
    a, b = Variable(np.ones(2)), Variable(np.array([2.0, 4.0]))
    recorded = over(a, b)
    with tp.no_grad():
        constant = over(a, b)
    assert isinstance(recorded, Variable)
    assert isinstance(constant, Variable)
    assert recorded.requires_grad
    assert not constant.requires_grad


# What is below the smallest normal number has no digits to be held to.
TINY = float(np.finfo(np.float64).tiny)


@given(st.floats(-800.0, 800.0), st.floats(-1e3, 1e3))
def test_the_slope_of_tanh_keeps_its_digits(x: float, g: float) -> None:
    v = Variable(np.array([x]))
    with np.errstate(all="raise"):
        tp.tanh(v).backward(np.array([g]))
    e = math.exp(-2 * abs(x))
    expected = g * 4 * e / (1 + e) ** 2
    assert v.grad is not None
    assert math.isclose(v.grad[0], expected, rel_tol=1e-12, abs_tol=1e3 * TINY)


def test_at_infinity_the_slope_of_tanh_is_zero() -> None:
    v = Variable(np.array([-math.inf, math.inf, 1e308]))
    with np.errstate(all="raise"):
        tp.tanh(v).backward()
    assert v.grad is not None
    assert v.grad.tolist() == [0.0, 0.0, 0.0]


def number_over(a: float, b: Variable) -> Variable:
    return a / b


def over_number(a: Variable, b: float) -> Variable:
    return a / b


def test_a_variable_on_either_side_sees_the_settings() -> None:
    x = Variable(np.array([1.0, 2.0]))
    assert quietly(number_over, 1.0, x).requires_grad
    with tp.no_grad():
        assert not quietly(number_over, 1.0, x).requires_grad
        assert not quietly(over_number, x, 2.0).requires_grad
