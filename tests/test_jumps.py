"""Where a value jumps it is judged if nothing was rounded, and else not: which side it is on, nobody can say."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinypytorch.ops.accumulations import CumSum
from tinypytorch.ops.arithmetic import Add, Square
from tinypytorch.ops.exponential import Log1p
from tinypytorch.ops.rounding import Fmod, Remainder
from tinypytorch.ops.shaping import BroadcastTo
from tinypytorch.testing.checks import Verdict, check_first
from tinypytorch.testing.numbers.rounded import rounded
from tinypytorch.testing.programs import Program


def test_a_jump_within_rounding_is_not_judged() -> None:
    """Five equal numbers summed up are five times the first, but for rounding: what is left over may be one of them."""
    p = Program.of(
        [np.array(-1.828125)],
        *((Square(), 0), (Add(), 1, 0.5), (Log1p(), 2), (BroadcastTo((5,)), 3), (CumSum(0), 4), (Fmod(), 5, 3)),
    )
    assert check_first(p, thorough=False).verdict is not Verdict.FAIL


@pytest.mark.parametrize("op", [Fmod(), Remainder()])
def test_a_jump_where_nothing_was_rounded_is_judged(op: Fmod | Remainder) -> None:
    p = Program.of([np.array([6.0, 4.5]), np.array([3.0, 1.5])], (op, 0, 1))
    assert check_first(p).verdict is Verdict.PASS


@given(st.integers(-(2**53), 2**53), st.integers(1, 2**20))
def test_a_quotient_that_is_an_integer_is_exact(n: int, d: int) -> None:
    quotient = rounded(float(n)) / rounded(float(d))
    assert (quotient.e == 0) == (n % d == 0 and abs(n // d) < 2**53)
    assert abs(Fraction(n, d) - Fraction(quotient.v)) <= Fraction(quotient.e)
