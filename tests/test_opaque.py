"""Verifying functions: which arguments they get, what they refuse, and whether Variables are told apart from arrays."""

from __future__ import annotations

import math
import re
from itertools import islice

import numpy as np
import pytest

import tinypytorch as tp
from tests.support import call
from tinypytorch import Array, Variable
from tinypytorch.ops.rounding import Positive
from tinypytorch.testing import Verdict, VerificationError, check_function, verify_function
from tinypytorch.testing.functions import opaque_programs
from tinypytorch.testing.opaque import Opaque, Traced


def test_functions_that_take_nothing_say_why() -> None:
    words = "TypeError: number takes none of the arrays that were tried: TypeError: number gave int, not a Variable"
    with pytest.raises(VerificationError, match=words):
        call(check_function, number)
    assert "that were tried: RuntimeError: never" in verify_function(never).text


def number(x: Variable) -> int:
    return 7


def never(x: Variable) -> Variable:
    raise RuntimeError("never")


def branching(x: Variable | Array) -> Variable:
    return tp.sin(x) if isinstance(x, Variable) else tp.cos(x)


def shrinking(x: Variable | Array) -> Variable:
    return tp.sin(x[:1] if isinstance(x, Variable) else x)


def test_a_function_that_tells_variables_apart_from_arrays() -> None:
    report = verify_function(branching, np.array([0.0, 1.0]))
    words = r"told apart from arrays: entry \(0,\) is 0.0 for Variables, 1.0 for plain arrays of the same values"
    assert report.verdict is Verdict.FAIL
    assert re.search(words, report.text)
    with pytest.raises(VerificationError, match=words):
        call(check_function, branching, np.array([0.0, 1.0]))
    assert "the shape is (1,) for Variables, (2,) for plain arrays" in verify_function(shrinking, np.ones(2)).text
    assert "it gives " in verify_function(branching, np.array(1.0)).text


def with_nan(x: Variable | Array) -> Variable:
    return tp.sin(x) * math.nan


def of_variables_alone(x: Variable) -> Variable:
    return x.record(Positive())


def text_for_arrays(x: Variable | Array) -> Variable | str:
    return tp.sin(x) if isinstance(x, Variable) else "text"


def ragged_for_arrays(x: Variable | Array) -> Variable | list[object]:
    return tp.sin(x) if isinstance(x, Variable) else [1.0, [2.0]]


@pytest.mark.parametrize("f", [with_nan, of_variables_alone, text_for_arrays, ragged_for_arrays])
def test_a_function_that_does_not(f: Traced) -> None:
    assert not Opaque(f).told_apart(np.array([0.5]))


def test_points_that_are_refused() -> None:
    """The first arrays are taken again where others are refused; a function that refuses them, too, is given up."""
    takes = {1.0, 0.75}

    def some(x: Variable) -> Variable:
        if x.data.item() not in takes:
            raise ValueError("elsewhere")
        return x * x

    drawn = opaque_programs(some, [np.array(1.0)])
    assert {p.leaves[0].item() for p in islice(drawn, 20)} <= takes
    takes.clear()
    with pytest.raises(TypeError, match="does not take these arrays: "):
        next(drawn)
