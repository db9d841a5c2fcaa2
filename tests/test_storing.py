"""`a[i] = x` with a Variable that has a graph is an error; what asks for the number itself, or has no graph, is not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.support import var
from tinypytorch import Variable, no_grad

STORED = ("a[0] = x", "a[1, 1] += x", "a[1, 1], n = x, 1", "i[0, 0] = x", "c[0, 0] = x")
GIVEN = (
    *("a[0, 0] = float(x)", "a[0] = x.item()", "a[0, 0] = x.detach()", "a[0, 0] = math.sqrt(x)", "items[0] = x"),
    *("items[int(x)] = 2.0", "a[int(x), 0] = 1.0", "c[0, 0] = complex(x)", "n = float(x)", "n = [float(x)][0]"),
)


def run(code: str, x: Variable) -> None:
    names = {"a": np.zeros((2, 2)), "i": np.zeros((2, 2), np.int64), "c": np.zeros((2, 2), np.complex128), "x": x}
    exec(code, {**names, "items": [1.0, 2.0], "math": math})


@pytest.mark.parametrize("code", STORED)
def test_a_graph_is_not_lost(code: str) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        run(code, var(1.0))
    said = error.value if isinstance(error.value, TypeError) else error.value.__cause__
    assert "at_set(a, i, x); for the number alone, a[i] = float(x)" in str(said) or "take x.data" in str(said)


@pytest.mark.parametrize("code", GIVEN)
def test_numbers_are_given(code: str) -> None:
    run(code, var(1.0))


def test_constants_are_stored() -> None:
    a, x = np.zeros(2), var(3.0)
    with no_grad():
        run("a[0, 0] = x", x * 2)
    run("a[0, 0] = x", Variable(np.array(3)))
    a[0] = float(x)
    assert a.tolist() == [3.0, 0.0]
