"""The references: dual numbers of every kind against closed forms and each other, bounds that hold, kinks seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Final

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tinypytorch import Array
from tinypytorch.function import T, is_binary, is_unary
from tinypytorch.ops import ALL, spec_of
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.arithmetic import Add, Mul, Square
from tinypytorch.ops.elementwise import Abs, Log, Sin
from tinypytorch.ops.reductions import Max
from tinypytorch.ops.selection import Maximum, Relu
from tinypytorch.testing import references
from tinypytorch.testing.checks import Verdict, as_fraction, check_first, check_second
from tinypytorch.testing.conventions import check_conventions
from tinypytorch.testing.differences import along, branches, objective
from tinypytorch.testing.draws import random_plans
from tinypytorch.testing.numbers.dual import WATCH, Dual, Watch
from tinypytorch.testing.numbers.exact import EXACT
from tinypytorch.testing.numbers.kinds import FLOATS, NotRepresentableError
from tinypytorch.testing.numbers.precise import PRECISE
from tinypytorch.testing.numbers.precise import as_fraction as precise_fraction
from tinypytorch.testing.numbers.rounded import ROUNDED, Rounded
from tinypytorch.testing.pool import build
from tinypytorch.testing.programs import Program
from tinypytorch.testing.strategies import programs

# The derivative of each function that dual numbers know, in a form of its own, and a point.
_SLOPES: Final[dict[str, tuple[Callable[[float], float], float]]] = {
    "exp": (math.exp, 0.7),
    "log": (lambda x: 1 / x, 0.7),
    "sin": (math.cos, 0.7),
    "cos": (lambda x: -math.sin(x), 0.7),
    "tan": (lambda x: 1 + math.tan(x) ** 2, 0.7),
    "sinh": (math.cosh, 0.7),
    "cosh": (math.sinh, 0.7),
    "tanh": (lambda x: 1 - math.tanh(x) ** 2, 0.7),
    "arcsin": (lambda x: 1 / math.cos(math.asin(x)), 0.7),
    "arccos": (lambda x: -1 / math.sin(math.acos(x)), 0.7),
    "arctan": (lambda x: math.cos(math.atan(x)) ** 2, 0.7),
    "arcsinh": (lambda x: 1 / math.cosh(math.asinh(x)), 0.7),
    "arccosh": (lambda x: 1 / math.sinh(math.acosh(x)), 1.7),
    "arctanh": (lambda x: math.cosh(math.atanh(x)) ** 2, 0.7),
    "sqrt": (lambda x: 0.5 * x**-0.5, 0.7),
    "cbrt": (lambda x: x ** (-2 / 3) / 3, 0.7),
    "exp2": (lambda x: math.log(2) * 2**x, 0.7),
    "expm1": (math.exp, 0.7),
    "log2": (lambda x: 1 / (x * math.log(2)), 0.7),
    "log10": (lambda x: 1 / (x * math.log(10)), 0.7),
    "log1p": (lambda x: 1 / (1 + x), 0.7),
    "floor": (lambda x: 0.0, 0.7),
}


@pytest.mark.parametrize("name", _SLOPES)
def test_elementary_functions(name: str) -> None:
    """Each kind of number knows each function; NumPy finds it by its name; value and derivative are right."""
    slope, x = _SLOPES[name]
    f: Callable[[object], object] = getattr(np, name)
    value = getattr(np, name)(x)
    duals: list[object] = [Dual(x, 2.0, FLOATS), Dual(ROUNDED.number(x), ROUNDED.number(2.0), ROUNDED)]
    duals.append(Dual(PRECISE.number(x), PRECISE.number(2.0), PRECISE))
    for dual in duals:
        y = f(np.array([dual], object))
        assert isinstance(y, np.ndarray)
        (found,) = y.tolist()
        v, t = (float(part.v if isinstance(part, Rounded) else part) for part in (found.v, found.t))
        assert math.isclose(v, value, rel_tol=1e-15)
        assert math.isclose(t, 2 * slope(x), rel_tol=1e-14)


def test_every_kind_knows_the_same_functions() -> None:
    assert set(FLOATS.functions) == set(PRECISE.functions) == set(ROUNDED.functions) == set(_SLOPES)


@given(programs())
def test_bounds_on_rounding_hold(p: Program) -> None:
    """The float64 reference is as near the 50-digit one as it says, for both orders."""
    for order in (1, 2):
        try:
            near, true = references.rounded(p, order), references.precise(p, order)
        except references.UnavailableError:
            continue
        assert abs(as_fraction(near.value) - as_fraction(true.value)) <= near.bound + Fraction(1, 10**45)


@given(programs(("neg", "add", "sub", "mul", "square", "sum", "matmul", "getitem", "broadcast_to", "maximum", "max")))
def test_exact_programs_are_exact(p: Program) -> None:
    """Where fractions prove that floats are exact, the float64 reference and the engine are equal to them."""
    try:
        answer = references.exact(p)
    except references.UnavailableError:
        return
    assume(answer.exact and not answer.kinks)
    assert references.rounded(p).value == answer.value
    finding = check_first(p)
    assert finding.engine == finding.expected


def test_the_bound_of_differences_holds() -> None:
    """Against fifty digits, for every smooth program of a thousand: the one factor that is not derived."""
    smooth = 0
    for plan in itertools.islice(random_plans(8, 6), 1000):
        p = build(plan)
        try:
            true = references.precise(p)
        except references.UnavailableError:
            continue
        if true.kinks:
            continue
        found = along(p, partial(objective, p), p.directions(), references.roundings(p, references.rounded(p)))
        if found.smooth:
            smooth += 1
            assert abs(as_fraction(found.value) - as_fraction(true.value)) <= found.bound
    assert smooth > 600


def _kinks(p: Program) -> tuple[int, float, float]:
    right, left = references.rounded(p, side=1), references.rounded(p, side=-1)
    return right.kinks, float(right.value), float(left.value)


def test_kinks_are_seen_with_both_sides() -> None:
    d, c = Program.of([np.array(0.0)], (Abs(), 0)).directions()[0].item(), 0.0
    p = Program.of([np.array(0.0)], (Abs(), 0))
    c = p.cotangents()[0].item()
    assert _kinks(p) == (1, abs(d) * c, -abs(d) * c)
    assert _kinks(Program.of([np.array(0.5)], (Abs(), 0)))[0] == 0
    assert _kinks(Program.of([np.array([1.0, 1.0])], (Max(), 0)))[0] == 1
    assert _kinks(Program.of([np.array(2.0)], (Maximum(), 0, 0)))[0] == 0  # the same value: nothing to decide
    assert check_first(p).verdict is Verdict.PASS


def test_a_smooth_sum_of_kinks_is_inconclusive_not_wrong() -> None:
    """relu(x) - relu(-x) is x, but the chain rule cannot know at 0."""
    p = Program.of([np.array(0.0)], (Relu(), 0), (Mul(), 0, -1.0), (Relu(), 2), (Mul(), 3, -1.0), (Add(), 1, 4))
    finding = check_first(p)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "kink" in finding.reason


def test_conventions_hold_and_are_declared_where_there_is_a_kink() -> None:
    for kind in ALL.values():
        spec = spec_of(kind)
        assert bool(spec.kink) == bool(spec.kinks), kind
        if spec.kinks:
            op = kind()
            assert is_unary(op) or is_binary(op)
            assert check_conventions(op) is None


@pytest.mark.parametrize("steps", [2.0**-10, 2.0**-20, 2.0**-30, 2.0**-37])
def test_the_smallest_error_that_is_told(steps: float) -> None:
    """A relative error of 1e-11 in one rule fails in double precision; an honest rule does not."""

    class Nearly:
        def forward(self, x: Array, /) -> Array:
            return u.sin(x)

        def backward(self, gy: T, y: T, x: T, /) -> T:
            return gy * u.cos(x) * (1 + steps)

    x = np.array([0.5, 1.25])
    assert check_first(Program.of([x], (Nearly(), 0)), thorough=False).verdict is Verdict.FAIL
    assert check_first(Program.of([x], (Sin(), 0))).verdict is Verdict.PASS


def test_second_derivatives_are_exact_where_floats_are() -> None:
    p = Program.of([np.array([1.0, 2.0])], (Square(), 0), (Mul(), 0, 1))
    finding = check_second(p)
    assert finding.verdict is Verdict.PASS
    assert finding.engine == finding.expected
    assert "exact duals" in finding.references


@given(st.floats(-4, 4))
def test_fractions_refuse_what_they_cannot_hold(x: float) -> None:
    half = EXACT.number(x) / EXACT.number(2.0)
    assert half.q == Fraction(x) / 2
    with pytest.raises(NotRepresentableError):
        _ = EXACT.number(1.0) / EXACT.number(3.0)
    with pytest.raises(NotRepresentableError):
        EXACT.number(math.inf)
    assert precise_fraction(PRECISE.number(x)) == Fraction(x)


def test_an_array_of_no_dimensions_stays_one() -> None:
    token = WATCH.set(Watch())
    try:
        p = Program.of([np.array(0.25)], (Sin(), 0), (Mul(), 0, 1))
        assert references.rounded(p).kinks == 0
    finally:
        WATCH.reset(token)


def test_branches_are_the_same_for_the_same_numbers() -> None:
    """Of the bytes of an extended number, six are anything."""
    p = Program.of([np.array([1.5, 2.5])], (Log(), 0))
    values = p.run([p.leaves[0].astype("longdouble")])
    seen: set[bytes] = set()
    for n in range(50):
        np.full(32, n, np.uint8)  # what may lie where the next array will
        seen.add(branches(p, values))
    assert len(seen) == 1
