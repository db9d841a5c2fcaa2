"""Explanations accuse nobody falsely: of a right kernel no rule is at fault, whatever it is applied to."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from tinypytorch.ops.decompositions import Qr, Svd
from tinypytorch.ops.products import MatMul
from tinypytorch.ops.reductions import Mean
from tinypytorch.ops.shaping import Transpose
from tinypytorch.testing.examine import Failure
from tinypytorch.testing.explain import explain
from tinypytorch.testing.faults.measure import named
from tinypytorch.testing.pool import POOL
from tinypytorch.testing.programs import Program
from tinypytorch.testing.verify import Settings, with_step


def accused(p: Program, check: str = "first derivative") -> str:
    """What is found at fault in a program that is said to fail; nothing is, if all there is to say is that."""
    blame = explain(Failure(p, check, "nothing is wrong"))
    return "" if blame is None else f"{blame.what}: {blame.suspicion}"


@pytest.mark.parametrize("name", POOL)
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_no_right_rule_is_at_fault(name: str, dtype: str) -> None:
    with np.errstate(all="ignore"):
        for p in islice(with_step(POOL[name], Settings(seed=11, max_nodes=3, dtypes=(dtype,))), 6):
            assert accused(p) == "", p


@pytest.mark.parametrize("name", POOL)
def test_no_right_rule_is_at_fault_in_the_second_derivative(name: str) -> None:
    with np.errstate(all="ignore"):
        for p in islice(with_step(POOL[name], Settings(seed=12, max_nodes=2)), 3):
            assert accused(p, "second derivative") == "", p


@pytest.mark.parametrize(
    "p",
    [
        pytest.param(Program.of([np.zeros((0, 3)), np.ones((3, 0))], (MatMul(), 0, 1)), id="no entries"),
        pytest.param(Program.of([np.ones((2, 3), order="F")], (Mean(-1), 0)), id="columns first"),
        pytest.param(Program.of([np.arange(6.0).reshape(3, 2).T], (Transpose((1, 0)), 0)), id="a view"),
        pytest.param(Program.of([np.array([[1.0], [2.0]])], (Svd(), 0)), id="zeros but for rounding"),
    ],
)
def test_no_right_rule_is_at_fault_on_odd_operands(p: Program) -> None:
    with np.errstate(all="ignore"):
        assert accused(p) == accused(p, "second derivative") == ""


def test_an_op_inside_a_rule_is_named_however_far_inside() -> None:
    """The second derivative of a product of entries is wrong where `Reshape` is."""
    (fault,) = named(["Reshape: order of Fortran"])
    prod = POOL["prod"]
    with np.errstate(all="ignore"), fault.planted():
        found = [accused(p, "second derivative") for p in islice(with_step(prod, Settings(seed=2)), 40)]
    assert any("made of Reshape" in words and "places" in words for words in found)


def test_rounding_does_not_hide_what_a_mistake_is() -> None:
    """In the rule of `Qr` a product has entries that are zero but for rounding; transposed they are in other places."""
    (fault,) = named(["MatMul: transpose missing, square only"])
    p = Program.of([np.array([[1.0, 2.0], [0.5, -1.0]])], (Qr(), 0))
    with fault.planted():
        assert "places" in accused(p, "second derivative")
