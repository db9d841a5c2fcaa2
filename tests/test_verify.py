"""Verifying ops and functions: what is found in wrong ones, how it is explained, and what right ones get."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given

from tests.support import call
from tinypytorch import Array, Variable, exp, gradients, split, tanh
from tinypytorch.function import Kink, Spec, T, is_unary, lift
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.elementwise import Sin
from tinypytorch.ops.reductions import Sum
from tinypytorch.ops.selection import Keep
from tinypytorch.testing import (
    Program,
    Settings,
    Verdict,
    VerificationError,
    check_first,
    check_function,
    check_op,
    extras,
    in_domain,
    op_inputs,
    programs,
    verify_builtin,
    verify_function,
    verify_op,
)
from tinypytorch.testing.pool import NAMES
from tinypytorch.testing.recorded import recorded


class Softplus:
    """log(1 + exp(x)), with the rule that one is tempted to write."""

    def forward(self, x: Array, /) -> Array:
        y: Array = np.log1p(np.exp(x))
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * y


def plain(x: object) -> Array:
    """The values without their graph."""
    return x.data if isinstance(x, Variable) else np.asarray(x, np.float64)


class Cube:
    """x**3, with a second derivative that is cut."""

    def forward(self, x: Array, /) -> Array:
        return x**3

    def backward(self, gy: T, y: T, x: T, /) -> T:
        held = plain(x)
        return gy * (held * held * 3.0)


class Outer:
    """a b^T of vectors; the gradient of b comes back as a matrix."""

    def forward(self, a: Array, b: Array, /) -> Array:
        if a.ndim != 1 or b.ndim != 1:
            raise ValueError("vectors only")
        return a.reshape(-1, 1) * b

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return lift(Sum(1), gy * b)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        column: T = a.reshape((a.size, 1))
        return lift(Sum(1), gy * column)


class Buffered:
    """The sine, through a buffer of floats that holds no dual numbers; the sign is wrong."""

    def forward(self, x: Array, /) -> Array:
        y = np.empty(x.shape)
        y[...] = u.sin(x)
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return -gy * u.cos(x)


class Leaky:
    """The identity; its rule writes into the upstream gradient."""

    def forward(self, x: Array, /) -> Array:
        return x * 1.0

    def backward(self, gy: T, y: T, x: T, /) -> T:
        if isinstance(gy, np.ndarray):
            gy *= 1.0
        return gy


@dataclass(frozen=True)
class Ramp:
    """max(x, 0), which states another convention than it has."""

    spec: ClassVar[Spec] = Spec(kink="1 at 0", kinks=(Kink((0.0,), (1.0,)),))

    def forward(self, x: Array, /) -> Array:
        return u.maximum(x, 0.0)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift(Keep(x > 0.0), gy)


class Arctan:
    """A right op that the package does not have."""

    def forward(self, x: Array, /) -> Array:
        y: Array = np.arctan(x)
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy / (x * x + 1.0)


class Choosy:
    """A forward that takes nothing."""

    def forward(self, x: Array, /) -> Array:
        raise ValueError("no")

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy


def said(op: object) -> str:
    with pytest.raises(VerificationError) as caught:
        call(check_op, op)
    return str(caught.value)


def test_a_wrong_rule_is_found_and_explained() -> None:
    text = said(Softplus())
    assert "at fault: v1 = Softplus, gradient of operand 0: its rule is wrong" in text
    assert "expected: [[0.73105857863000" in text
    assert "got: [[1.3132616875182" in text
    assert "@example(Program.of([np.array(1.0)], (Softplus(), 0)))" in text


def test_the_printed_program_runs_and_shows_the_wrong_gradient() -> None:
    text = said(Softplus())
    lines = [line.strip() for line in text.split("to run:")[1].split("to keep")[0].splitlines() if line.strip()]
    names: dict[str, object] = {}
    exec("\n".join(lines), names)
    v0, v1 = names["v0"], names["v1"]
    assert isinstance(v0, Variable)
    assert isinstance(v1, Variable)
    assert v0.grad is not None
    assert abs(v0.grad.item() / 0.5 - 1.3132616875182228) < 1e-12


def test_a_cut_second_derivative_is_explained() -> None:
    text = said(Cube())
    assert "second derivative" in text
    assert "zero where the reference is not: a saved intermediate" in text


def test_a_transposed_sum_is_explained() -> None:
    report = verify_op(Outer())
    assert report.failure is not None
    assert report.blame is not None
    assert report.blame.operand == 1
    assert len(report.failure.program.code) == 1


def test_a_forward_that_holds_no_dual_numbers_is_checked_by_differences() -> None:
    report = verify_op(Buffered())
    assert report.verdict is Verdict.FAIL
    assert set(report.references) == {"differences"}
    assert report.blame is not None
    assert report.blame.suspicion == "the sign"


def test_a_rule_that_writes_into_its_cotangent_is_found() -> None:
    assert "read-only" in said(Leaky())


def test_a_wrong_convention_is_found() -> None:
    assert "kink convention: at 0.0 the gradient of operand 0 is 0.0, not 1.0 as stated" in said(Ramp())


class Steep:
    """|x| with a rule that is wrong at 0 only, where it states nothing."""

    def forward(self, x: Array, /) -> Array:
        return np.abs(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (u.sign(x) + 2.0 * (1.0 - u.absolute(u.sign(x))))


class Sized:
    """A sum that is a Python float, where an array is wanted."""

    def forward(self, x: Array, /) -> float:
        return float(np.sum(x))

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * u.exp(x * 0.0)


def test_a_forward_that_gives_no_array_is_named() -> None:
    text = said(Sized())
    assert "at fault: v1 = Sized: applying it raises TypeError: Sized: forward gave float" in text
    assert "suspicion: its forward gives what is no array" in text


def test_a_rule_that_is_wrong_at_its_kink_only_is_found() -> None:
    text = said(Steep())
    assert "at a kink, where anything from" in text
    assert "at fault: v1 = Steep: at its kink:" in text
    assert "suspicion: the convention, or the mask" in text


def test_a_graph_is_a_program_that_can_be_checked() -> None:
    x, c = Variable(np.array([0.5, 2.0])), np.array([3.0, 4.0])
    a, b = split(x * x, 2)
    y = exp(a * 0.25) * b + c * x
    p = recorded([y])
    assert p is not None
    assert np.array_equal(p.values[p.ends[0]], y.data)
    assert len(p.leaves) == 3
    assert check_first(p).verdict is Verdict.PASS
    (g,) = gradients(y, x, create_graph=True)
    again = recorded([g])
    assert again is not None
    assert any(np.array_equal(v, g.data) for v in again.values)
    assert recorded([x]) is None


def test_an_op_that_takes_nothing_is_inconclusive() -> None:
    assert verify_op(Choosy(), settings=Settings(examples=5)).verdict is Verdict.INCONCLUSIVE
    assert "no operands were found" in said(Choosy())


def test_right_ops_pass() -> None:
    report = check_op(Arctan(), examples=60, dtypes=("float64", "float32"))
    assert report.verdict is Verdict.PASS
    assert report.programs == 60
    assert report.references["50-digit duals"] > 0
    assert report.references["differences"] > 0
    assert report.coverage.ops["Arctan"] >= 60
    assert len(report.coverage.ops) > 20
    assert set(report.coverage.dtypes) == {"float64", "float32"}
    assert report.worst_ulps < 100


def test_the_same_seed_gives_the_same_report() -> None:
    one, two = (verify_op(Softplus(), settings=Settings(examples=30, seed=9)) for _ in range(2))
    assert one.text == two.text
    assert one.programs == two.programs
    assert verify_op(Sin(), settings=Settings(30, seed=1)).coverage != verify_op(Sin(), settings=Settings(30)).coverage


@pytest.mark.parametrize("name", [*NAMES, *extras.steps()])
def test_every_built_in_op_is_verified(name: str) -> None:
    report = verify_builtin(name, Settings(examples=40, seed=4))
    assert report.verdict is Verdict.PASS, report.text
    assert report.programs == 40
    assert not any("disagree" in reason for reason in report.inconclusive)


def test_functions_are_verified() -> None:
    def plain(x: Variable, w: Variable) -> Variable:
        return (1.0 / (x * x + 1.0) * w).sum()

    def with_functions(x: Variable) -> Variable:
        return tanh(x) * 2.0

    assert (
        "rounded duals" in check_function(plain, np.array([1.0, -2.0]), np.array([0.5, 0.25]), examples=10).references
    )
    assert set(check_function(with_functions, examples=10).references) == {"differences"}

    def cut(x: Variable) -> Variable:
        return x * x.data

    report = verify_function(cut, np.array([1.0, 2.0]))
    assert report.verdict is Verdict.FAIL
    with pytest.raises(VerificationError, match="first derivative"):
        check_function(cut, np.array([1.0, 2.0]))


@given(programs([Arctan(), "sin", "mul"], dtypes=("float32",), max_nodes=4))
def test_programs_draw_from_the_ops_given(p: Program) -> None:
    names = {type(i.op).__name__ for i in p.code}
    assert all(x.dtype == np.float32 for x in p.leaves)
    assert names <= {"Arctan", "Sin", "Mul", "Sum", "Mean", "Add", "Square", "GetItem", "Reshape"}


@given(op_inputs(Outer()))
def test_inputs_fit_the_op(operands: tuple[Array, Array]) -> None:
    a, b = operands
    assert Outer().forward(a, b).shape == (a.size, b.size)


@given(in_domain(shape=(2, 2), dtype="float32"))
def test_arrays_in_a_domain(x: Array) -> None:
    assert x.shape == (2, 2)
    assert x.dtype == np.float32


def test_names_that_are_no_ops_are_refused() -> None:
    with pytest.raises(ValueError, match="'sine' is no built-in op"):
        programs(["sine"])


def test_the_readme_shows_what_the_checker_says() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    section = readme.split("## Is my gradient right?")[1]
    names: dict[str, object] = {"__name__": "softplus"}
    exec(section.split("```python\n")[1].split("```")[0], names)
    wrong = names["Softplus"]
    assert callable(wrong)
    op: object = wrong()
    assert is_unary(op)
    assert verify_op(op).text == section.split("```text\n")[1].split("```")[0].rstrip()
