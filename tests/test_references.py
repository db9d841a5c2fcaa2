"""The references: dual numbers of every kind against closed forms and each other, bounds that hold, kinks seen."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import Final

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tinypytorch import Array
from tinypytorch.arrays import add_reduce
from tinypytorch.function import T, is_binary, is_unary
from tinypytorch.ops import ALL, spec_of
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.accumulations import LogSoftmax
from tinypytorch.ops.arithmetic import Add, Mul, Pow, Square, Sub
from tinypytorch.ops.elementwise import Abs, Log, Sin
from tinypytorch.ops.reductions import Max, Mean
from tinypytorch.ops.rounding import Copysign, Fmod
from tinypytorch.ops.selection import Maximum, Relu
from tinypytorch.ops.trigonometric import Sinc, Sinh
from tinypytorch.testing import checks, references
from tinypytorch.testing.checks import Verdict, as_fraction, check_first, check_second
from tinypytorch.testing.conventions import check_conventions
from tinypytorch.testing.differences import along, branches, objective, widened
from tinypytorch.testing.draws import random_plans
from tinypytorch.testing.engines import Engine, kernel, kernel_second
from tinypytorch.testing.numbers.dual import WATCH, Dual, Watch
from tinypytorch.testing.numbers.exact import EXACT
from tinypytorch.testing.numbers.kinds import FLOATS, NotRepresentableError
from tinypytorch.testing.numbers.precise import PRECISE
from tinypytorch.testing.numbers.precise import as_fraction as precise_fraction
from tinypytorch.testing.numbers.rounded import ROUNDED, Rounded, U, rounded
from tinypytorch.testing.pool import build
from tinypytorch.testing.programs import Plan, Program
from tinypytorch.testing.references import UnavailableError
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
            true, bounded = references.precise(p), references.rounded(p)
        except references.UnavailableError:
            continue
        if true.kinks:
            continue
        found = along(p, partial(objective, p), p.directions(), references.roundings(p, bounded))
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


def test_beyond_every_branch_at_kinks_is_wrong() -> None:
    """What no choice between branches explains is a wrong rule, also where the two one-sided derivatives agree."""
    one = Program.of([np.array(0.0)], (Relu(), 0))
    smooth = Program.of([np.array(0.0)], (Relu(), 0), (Mul(), 0, -1.0), (Relu(), 2), (Mul(), 3, -1.0), (Add(), 1, 4))
    chained = Program.of([np.array([0.0, 0.0])], (Relu(), 0), (Abs(), 1), (Max(), 2))

    def scaled(factor: float) -> Engine:
        return lambda p, leaves: [factor * np.ones_like(g) for g in kernel(p, leaves)]

    for p in (one, smooth, chained):
        assert check_first(p).verdict is not Verdict.FAIL
        finding = check_first(p, scaled(30.0))
        assert finding.verdict is Verdict.FAIL
        assert "kink" in finding.reason
        assert check_first(p, scaled(math.nan)).verdict is Verdict.FAIL
    assert check_first(smooth, scaled(-0.01)).verdict is Verdict.FAIL
    assert check_first(one, scaled(-0.01)).verdict is Verdict.FAIL
    assert check_first(one, scaled(0.99 * one.cotangents()[0].item())).verdict is Verdict.PASS


def test_branches_are_all_ways_to_decide() -> None:
    d = Program.of([np.zeros(3)], (Abs(), 0)).directions()[0]
    p = Program.of([np.zeros(3)], (Abs(), 0))
    c = p.cotangents()[0]
    found = sorted(float(a.value) for a in references.branches(p))
    signs = ((a, b, e) for a in (1, -1) for b in (1, -1) for e in (1, -1))
    assert np.allclose(found, sorted(float((np.array(s) * c * abs(d)).sum()) for s in signs), rtol=1e-14, atol=0)
    with pytest.raises(UnavailableError, match="too many"):
        references.branches(Program.of([np.zeros(8)], (Abs(), 0)))
    with pytest.raises(UnavailableError, match="no choices"):
        references.branches(Program.of([np.zeros(1)], (Copysign(), 0, 0)))


def test_a_branch_that_rounding_decides_is_inconclusive() -> None:
    """sinc(1) is 4e-17 in float64, and 0 in other hands: which side of its kink relu is on, nobody can say."""
    p = Program.of([np.array(1.0)], (Sinc(), 0), (Relu(), 1))
    assert references.decided_by_rounding(p, 1, U)
    assert not references.decided_by_rounding(Program.of([np.array(1.0)], (Sinc(), 0)), 1, U)
    assert not references.decided_by_rounding(Program.of([np.array(0.0)], (Relu(), 0)), 1, U)
    off = check_first(p, lambda q, leaves: [np.zeros_like(x) for x in leaves])
    assert off.verdict is Verdict.INCONCLUSIVE
    assert "rounding decides" in off.reason
    third = Program.of([np.array([1.0, 0.0, 0.0]).astype("float32")], (Mean(), 0), (Fmod(), 1.0, 1))
    assert references.decided_by_rounding(third, 1, 2.0**-24)
    assert not references.decided_by_rounding(Program.of(third.leaves, (Mean(), 0), (Fmod(), 1.1, 1)), 1, 2.0**-24)


def test_conventions_hold_and_are_declared_where_there_is_a_kink() -> None:
    for kind in ALL.values():
        spec = spec_of(kind)
        assert bool(spec.kink) == bool(spec.kinks), kind
        if spec.kinks:
            op = kind()
            assert is_unary(op) or is_binary(op)
            assert check_conventions(op) is None


def test_forward_mode_takes_the_side_of_the_rule_at_a_kink(monkeypatch: pytest.MonkeyPatch) -> None:
    def sum_of_ties(op: Max, t: Array, y: Array, x: Array, /) -> Array:
        return add_reduce(np.where(x >= y, t, 0.0), None)

    monkeypatch.setattr(Max, "tangent", sum_of_ties)
    assert "at [2.0, 2.0, 2.0, 2.0] forward mode gives" in (check_conventions(Max()) or "")


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


def test_a_derivative_that_cancels_is_not_none() -> None:
    """The exponents all move alike, so that they do not move: but an engine rounds on its way to see that."""
    p = Program.of([np.array([0.5]), np.zeros((1, 3))], (LogSoftmax(), 1), (Pow(), 0, 2))
    q = Program.of([np.array([1.0])], (Sub(), 0, 0), (Pow(), 0.5, 1))
    assert references.rounded(p).rounding > 0
    answer = references.rounded(q)
    assert answer.value == 0
    assert answer.rounding > 0
    assert ROUNDED.still(ROUNDED.number(0.0))
    assert not ROUNDED.still(ROUNDED.number(1.0))
    assert EXACT.still(EXACT.number(0.0))
    assert not EXACT.still(EXACT.number(1.0))
    assert PRECISE.still(PRECISE.number(0.0))
    assert not PRECISE.still(PRECISE.number(1.0))
    assert not ROUNDED.still(rounded(1.0) - rounded(1.0))


def test_numbers_in_programs_widen_nothing() -> None:
    """Short floats overflow in the values of a program where they do in an engine; such a step is left out."""
    short = np.array(57.28).astype("float16")
    with np.errstate(over="ignore"):
        p = Program.of([short], (Mul(), 0, 0.25), (Sinh(), 1))
    assert p.values[1].dtype == p.values[2].dtype == np.float16
    assert np.isinf(p.values[2])
    q = build(Plan(((0, 0),), ((0, 0, 0, 0),)), (lambda p, i, j, k: p.emit(Mul(), i, math.inf),))
    assert (q.code, len(q.values), q.ends) == ([], 1, [0])


def test_branches_are_the_same_whatever_was_in_memory_before() -> None:
    """Extended numbers have bytes that mean nothing, and hold what was there before."""
    p = Program.of([np.array([0.5, 2.0]), np.array([1.5, 0.25])], (Log(), 0), (Maximum(), 2, 1), (Fmod(), 3, 1))
    values = p.run([widened(x) for x in p.leaves])
    seen: set[bytes] = set()
    for dirt in range(1, 100):
        for size in (16, 32, 64):
            del [np.full(size, dirt, np.uint8) for _ in range(8)][:]
        seen.add(branches(p, values))
    assert len(seen) == 1


def test_what_is_exact_in_float64_is_not_in_short_floats() -> None:
    x = np.array(-0.921875).astype("float16")
    p = Program.of([x, np.array(1.0).astype("float16")], (Add(), 0, 1), (Add(), 1.5, 1), (Mul(), 3, 2))
    assert references.exact(p).exact
    assert check_first(p).verdict is Verdict.PASS


def test_both_orders_of_a_second_derivative_are_checked() -> None:
    """A Hessian that is wrong, but right along the directions in one order, is not symmetric."""
    p = Program.of([np.array([0.5, 2.0]), np.array([1.5, 0.25])], (Mul(), 0, 1), (Sin(), 2))
    given = [0.0, 1.0]

    def lopsided(q: Program, leaves: Sequence[Array], v: Sequence[Array], w: Sequence[Array]) -> float:
        return kernel_second(q, leaves, v, w) + given.pop(0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checks, "kernel_second", lopsided)
        assert check_second(p, thorough=False).verdict is Verdict.FAIL


def test_references_that_disagree_are_reported_as_that() -> None:
    p = Program.of([np.array(0.5)], (Square(), 0))
    right = references.exact(p)

    def off_by_one(p: Program, order: int) -> references.Answer:
        return replace(right, value=right.value + 1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(references, "exact", off_by_one)
        finding = check_first(p)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason.startswith("references disagree")


def test_an_exact_program_is_held_to_the_last_bit() -> None:
    p = Program.of([np.array(0.5)], (Square(), 0))
    assert check_first(p).verdict is Verdict.PASS
    off = check_first(p, lambda q, leaves: [np.nextafter(g, 4.0).astype(g.dtype) for g in kernel(q, leaves)])
    assert off.verdict is Verdict.FAIL
    assert off.tolerance == 0


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_wrong(wrong: float) -> None:
    """In the first comparison, and in those with the other references."""

    def in_float64(p: Program, leaves: Sequence[Array]) -> list[Array]:
        return [g * wrong for g in kernel(p, leaves)]

    def in_extended_precision(p: Program, leaves: Sequence[Array]) -> list[Array]:
        return [g if g.dtype == np.float64 else g * wrong for g in kernel(p, leaves)]

    for p in (Program.of([np.array(0.5)], (Sin(), 0)), Program.of([np.array(0.5)], (Square(), 0))):
        assert check_first(p, in_float64, thorough=False).verdict is Verdict.FAIL
        assert check_first(p, in_extended_precision).verdict is Verdict.FAIL


def test_a_bound_that_hides_the_derivative_is_inconclusive() -> None:
    """In float16 few digits are left of a sine of several hundreds: whatever an engine gives, nothing can be told."""
    p = Program.of([np.array(1.0).astype("float16")], (Mul(), 0, 300.0), (Mul(), 1, 1.1), (Sin(), 2))
    finding = check_first(p, thorough=False)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.reason == "rounding hides the derivative"


class _Asking:
    """relu, by a forward that plain arrays of objects do not take to the end."""

    def forward(self, x: Array, /) -> Array:
        y = np.maximum(x, 0.0)
        return np.where(np.isfinite(x), y, x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (u.sign(x) + 1.0) * 0.5


def test_a_forward_that_is_run_again_counts_its_kinks_once() -> None:
    assert references.rounded(Program.of([np.array([0.0])], (_Asking(), 0))).kinks == 1


def test_nothing_is_exact_where_values_tie() -> None:
    assert references.exact(Program.of([np.array(0.5)], (Square(), 0))).exact
    assert not references.exact(Program.of([np.array(0.5)], (Maximum(), 0, 0))).exact
