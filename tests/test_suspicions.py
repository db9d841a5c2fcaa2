"""Every kind of mistake has its name: for each a wrong Jacobian beside the right one."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

from tinypytorch.arrays import Array
from tinypytorch.function import T
from tinypytorch.ops.arithmetic import Div
from tinypytorch.ops.elementwise import Exp
from tinypytorch.testing.examine import Failure
from tinypytorch.testing.explain import explain
from tinypytorch.testing.faults.measure import named
from tinypytorch.testing.programs import Program
from tinypytorch.testing.suspicions import suspect, suspicion

RIGHT: Final = [[1.0, 2.0, 4.0], [8.0, 16.0, 32.0]]
ZEROS: Final = [[1.0, 0.0, 0.0], [0.0, 2.0, 5.0]]
X: Final = np.array([3.0, 7.0])
Y: Final = np.array([0.5, 0.25])

NAMES: Final[dict[str, tuple[object, object]]] = {
    "nan or inf where the derivative is finite: a division by zero, or 0 * inf": (RIGHT, [[1, 2, 4], [8, 16, np.nan]]),
    "zero where the reference is not: a dropped path": (RIGHT, np.zeros((2, 3))),
    "the sign": (RIGHT, -np.array(RIGHT)),
    "not zero where the reference is: entries get the gradient that must not": (ZEROS, [[1, 0, 3], [0, 2, 5]]),
    "the sign, for some entries": (RIGHT, [[1, -2, 4], [8, 16, 32]]),
    "the conjugate": ([[1 + 2j, 3.0]], [[1 - 2j, 3.0]]),
    "a factor of 2": (RIGHT, 2 * np.array(RIGHT)),
    "a factor of 0+1j": (RIGHT, 1j * np.array(RIGHT)),
    "a relative error of 1e-05": (RIGHT, (1 + 1e-5) * np.array(RIGHT)),
    "two operands swapped: this is the gradient of the other one": (RIGHT, [[9, 1, 1], [1, 1, 1]]),
    "zero where the reference is not, for some entries: a mask, or a path dropped": (RIGHT, [[1, 0, 4], [8, 3, 32]]),
    "a factor too much: operand 0": (RIGHT, [[3, 6, 12], [56, 112, 224]]),
    "a factor missing: operand 0": (RIGHT, [[1 / 3, 2 / 3, 4 / 3], [8 / 7, 16 / 7, 32 / 7]]),
    "a factor too much: the output": (RIGHT, [[0.5, 1, 2], [2, 4, 8]]),
    "the right entries in the wrong places: transposed, permuted, or in another order": (
        RIGHT,
        [[2, 1, 4], [8, 16, 32]],
    ),
    "the right sum, spread wrongly over the outputs": (RIGHT, [[4, 9, 18], [5, 9, 18]]),
    "the same for every output: the upstream gradient is ignored, or summed": (RIGHT, [[3, 5, 7], [3, 5, 7]]),
    "the values differ": (RIGHT, [[3, 5, 7], [3, 5, 8]]),
}


def matrix(entries: object) -> Array:
    return np.array(entries)


@pytest.mark.parametrize("name", NAMES)
def test_each_kind_of_mistake_has_its_name(name: str) -> None:
    right, wrong = NAMES[name]
    others = [matrix([[9, 1, 1], [1, 1, 1]])]
    assert suspect(matrix(right), matrix(wrong), [X], Y, others) == name


def test_one_output_is_not_the_same_for_every_output() -> None:
    assert suspect(matrix([[1.0, 2.0]]), matrix([[3.0, 5.0]]), [X], Y, []) == "the values differ"


@pytest.mark.parametrize(("size", "which"), [(1, True), (2, False)])
def test_a_factor_that_an_operand_of_one_entry_has_is_that_operand(size: int, which: bool) -> None:
    said = suspect(matrix([[1.0]]), matrix([[7.0]]), [np.full(size, 7.0)], Y, [])
    assert said.startswith("a factor of 7")
    assert ("which is operand 0: one taken for the other, or an exponent off by one" in said) == which


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_two_and_a_half_are_factors_before_they_are_operands(factor: float) -> None:
    said = suspect(matrix([[1.0]]), matrix([[factor]]), [np.array(factor)], Y, [])
    assert said == f"a factor of {factor:g}"


class Rule:
    """exp with a wrong rule, which is told from its right one by what it is given."""

    def __init__(self, kind: str) -> None:
        self.kind: str = kind

    def forward(self, x: Array, /) -> Array:
        return Exp().forward(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        if self.kind == "ignored":
            return gy * 0.0 + y
        return gy * gy * y if self.kind == "squared" else gy * y * (1.0 + 1e-14)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("ignored", "the upstream gradient is ignored: the same for twice the cotangent"),
        ("squared", "not linear in the cotangent"),
    ],
)
def test_what_a_rule_does_with_its_cotangent(kind: str, words: str) -> None:
    p = Program.of([np.array([0.5])], (Rule(kind), 0))
    right = np.exp(p.leaves[0]).reshape(1, 1)
    given = {"ignored": right / 1.5, "squared": right * 1.5}[kind]
    assert suspicion(p, 0, right, given, []) == words


def test_a_relative_error_is_given_where_there_is_no_more() -> None:
    p = Program.of([np.array([0.5, 0.25])], (Rule("off"), 0))
    right = np.diag(np.exp(p.leaves[0]))
    assert suspicion(p, 0, right, right * (1 + 1e-14), []) == "a relative error of 1e-14"
    assert suspicion(p, 0, right, right * (1 + 1e-14) * np.array([1.0, 0.5]), []) != "a relative error of 1e-14"


@pytest.mark.parametrize(("factor", "said"), [(3.0, "a factor of 3"), (2.0 + 1.0j, "a factor of 2+1j")])
def test_a_factor_among_complex_derivatives_is_named(factor: complex, said: str) -> None:
    right = np.array([[1.0 + 2.0j, 0.0], [0.0, -0.5j]])
    wrong: Array = np.multiply(right, factor)
    y = np.array([1.0j, 2.0])
    assert suspect(right, wrong, [y], y, []) == said
    alone = np.array([factor])
    assert "which is operand 0" in suspect(right, wrong, [alone], y, [])


def test_a_confusion_by_chance_is_none() -> None:
    """With 1 divided, the quotient is one over the divisor: only beside it a product is no quotient confused."""
    (fault,) = named(["Div: multiplied instead"])
    p = Program.of([np.array(1.0), np.array(2.0)], (Div(), 0, 1))
    with fault.planted():
        blame = explain(Failure(p, "first derivative", ""))
    assert blame is not None
    assert blame.suspicion == "a factor of 4"
