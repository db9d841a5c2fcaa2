"""What a failure says can be run as it stands, and shows what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import numpy as np
import pytest

from tests.support import call
from tinypytorch import Array, Variable
from tinypytorch.core.operators import value_of
from tinypytorch.function import T
from tinypytorch.ops import ufuncs as u
from tinypytorch.testing import VerificationError, check_function, check_op


def failing(check: object, *given: object) -> str:
    with pytest.raises(VerificationError) as caught:
        call(check, *given)
    return str(caught.value)


def ran(text: str) -> dict[str, object]:
    """The names that the printed program leaves."""
    names: dict[str, object] = {}
    exec(dedent(text.split("to run:\n")[1].split("to keep")[0]), names)
    return names


class Halved:
    """sin x, whose tangent is half of what it should be."""

    def forward(self, x: Array, /) -> Array:
        return np.sin(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * u.cos(x)

    def tangent(self, t: T, y: T, x: T, /) -> T:
        return t * u.cos(x) * 0.5


def halves(x: Variable) -> Variable:
    """x**2, of which half the derivative is lost."""
    return x * value_of(x)


UNNAMED: dict[str, Callable[[Variable], object]] = {"halves": lambda x: x * value_of(x), "number": lambda x: 3.0}


def test_a_wrong_tangent(capsys: pytest.CaptureFixture[str]) -> None:
    text = failing(check_op, Halved())
    assert "Halved.tangent" in text
    ahead = "forward mode gives "
    assert ahead in text
    names = ran(text)
    v0 = names["v0"]
    assert isinstance(v0, Variable)
    assert v0.grad is not None
    shown = capsys.readouterr().out.splitlines()[0]
    assert shown.count("array(") + shown.count("float64(") == 2
    x = float(v0.data.reshape(-1)[0])
    assert f"{np.cos(x) / 2:.6f}"[:7] in shown


def test_a_function() -> None:
    text = failing(check_function, halves, np.array([1.0, 2.0]))
    assert "v1 = halves, gradient of operand 0" in text
    assert "from tests.test_render import halves" in text
    assert "(Opaque(halves), 0)" in text
    v0 = ran(text)["v0"]
    assert isinstance(v0, Variable)
    assert v0.grad is not None


def test_a_function_without_a_name() -> None:
    text = failing(check_function, UNNAMED["halves"], np.array([1.0, 2.0]))
    assert "# function: the function that was checked" in text
    assert "v1 = function(v0)" in text


class Writing:
    """2 x, written into x."""

    def forward(self, x: Array, /) -> Array:
        x *= 2.0
        return x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * 2.0


def test_a_forward_that_writes_into_its_operand() -> None:
    assert "suspicion: its forward writes into an operand" in failing(check_op, Writing())


def test_a_function_that_refuses_its_arrays_says_why() -> None:
    text = failing(check_function, UNNAMED["number"], np.ones(2))
    assert "does not take these arrays: TypeError: <lambda> gave float, not a Variable" in text
