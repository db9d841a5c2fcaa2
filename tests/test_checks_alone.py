"""Each check by itself: on an op, a function or a program, without pytest."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from tests.support import call
from tests.test_verify import Cube
from tinypytorch import Variable, sin, testing
from tinypytorch.ops.elementwise import Exp, Sin, Tanh
from tinypytorch.testing import Program, VerificationError, check_linear, check_program, check_pure, check_released


def squared(x: Variable) -> Variable:
    return x * x


def test_single_checks_take_ops_functions_and_programs() -> None:
    p = Program.of([np.array([0.5, 1.0])], (Exp(), 0), (Tanh(), 1))
    for check in (check_pure, check_released, check_linear):
        check(p)
        check(Tanh())
        check(Tanh(), np.array([1.0]))
        check(squared, np.array([2.0]))
        assert check.__doc__
    check_program(p)
    with pytest.raises(VerificationError, match="second derivative"):
        check_program(Program.of([np.array(2.0)], (Cube(), 0)))
    with pytest.raises(TypeError, match="Tanh is a class; give an instance"):
        call(check_pure, Tanh)


def test_the_documentation_lists_every_check() -> None:
    text = (Path(__file__).parents[1] / "docs" / "verification.md").read_text(encoding="utf-8")
    table = text.split("## Each check alone")[1].split("\n## ")[0]
    assert set(re.findall(r"`(check_\w+)", table)) == {name for name in testing.__all__ if name.startswith("check_")}


@pytest.mark.parametrize("name", [name for name in testing.__all__ if name.startswith("check_")])
def test_every_check_is_usable_alone(name: str) -> None:
    """On an op, a function and a program; each says what it is for."""
    check: object = getattr(testing, name)
    p = Program.of([np.array([1.0, 2.0])], (Sin(), 0))
    assert check.__doc__
    subjects: list[tuple[object, ...]] = [(p,)]
    if name not in ("check_first", "check_second", "check_program"):
        subjects = [(Sin(),), (sin, np.array([1.0, 2.0]))]
        subjects = (
            subjects[:1] if name == "check_op" else subjects[1:] if name == "check_function" else [*subjects, (p,)]
        )
    for subject in subjects:
        call(check, *subject)
