"""Every public function is verified: as an op, or as one of the functions that are made of ops."""

from __future__ import annotations

import pytest

import tinypytorch as tp
from tinypytorch import Variable
from tinypytorch.testing import Settings, Verdict, extras, verify_function
from tinypytorch.testing.composed import COMPOSED
from tinypytorch.testing.pool import NAMES
from tinypytorch.testing.verify import verify_composed

# What is no function to differentiate.
OTHERS = {
    *("apply", "as_array", "as_variable", "get_dot_graph", "gradients", "join", "lift", "no_grad", "numerical_diff"),
    *("plot_dot_graph", "to_svg", "using_config", "fft", "linalg", "objective", "stop_gradient", "checkpoint"),
    *("custom_vjp", "grad", "value_and_grad", "elementwise_grad", "vjp", "jvp", "hvp", "jacobian", "hessian"),
}

# Refused, or constant.
IN_MODULES = {"fftfreq", "rfftfreq", "eig", "eigvals", "matrix_rank"}


def test_every_public_function_is_an_op_or_in_the_table() -> None:
    ops = {name.replace("_", "") for name in NAMES}
    known = {name.split()[0] for name in COMPOSED}
    public = {name for name in tp.__all__ if name[0].islower()} - OTHERS
    missing = sorted(name for name in public if name.replace("_", "") not in ops and name not in known)
    assert not missing, f"neither an op, nor in testing/composed.py: {', '.join(missing)}"
    assert not sorted(name for name in known - public if "." not in name), "no public function"
    for module in (tp.fft, tp.linalg):
        prefix = module.__name__.rpartition(".")[2]
        names = {name for name in module.__all__ if name[0].islower()} - IN_MODULES - set(tp.__all__)
        rest = {name for name in names if name.replace("_", "") not in ops and f"{prefix}.{name}" not in known}
        assert not rest, f"of {prefix}: {', '.join(sorted(rest))}"
    assert not set(COMPOSED) & set(NAMES)


@pytest.mark.parametrize("name", [*COMPOSED, *extras.composed()])
def test_the_functions_are_verified(name: str) -> None:
    report = verify_composed(name, Settings(examples=8))
    assert report.verdict is Verdict.PASS, report.text
    assert report.orders == (1, 2)


def test_a_wrong_function_is_found() -> None:
    """One that takes a part of its operand for a constant."""

    def wrong(x: Variable) -> Variable:
        return tp.sqrt(tp.var(x) + tp.mean(x * x.detach()))

    report = verify_function(wrong, *COMPOSED["var"].arrays(), settings=Settings(examples=8))
    assert report.verdict is Verdict.FAIL
