"""Random programs with shared nodes, against all references, first and second order, and the invariants."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest
from hypothesis import event, given, settings

from tests.support import grad
from tinypytorch import Variable, gradients
from tinypytorch.ops import ALL, fourier, parts
from tinypytorch.testing.checks import Verdict, check_first, check_second
from tinypytorch.testing.draws import random_plans
from tinypytorch.testing.engines import kernel, naive
from tinypytorch.testing.invariants import INVARIANTS
from tinypytorch.testing.pool import EVERYWHERE, NAMES, build
from tinypytorch.testing.programs import Plan, Program
from tinypytorch.testing.strategies import plans, programs


@given(programs())
def test_first_derivatives(p: Program) -> None:
    event("reuses an inner node" if p.reused else "a tree")
    finding = check_first(p)
    event(finding.verdict.value)
    assert finding.verdict is not Verdict.FAIL, finding
    assert "disagree" not in finding.reason


@given(programs(max_nodes=6))
def test_second_derivatives(p: Program) -> None:
    finding = check_second(p)
    event(finding.verdict.value)
    assert finding.verdict is not Verdict.FAIL, finding
    assert "disagree" not in finding.reason


@given(programs(dtypes=("float32", "longdouble", "float16")))
def test_derivatives_in_other_dtypes(p: Program) -> None:
    for finding in (check_first(p, thorough=False), check_second(p, thorough=False)):
        assert finding.verdict is not Verdict.FAIL, finding


@given(programs())
def test_invariants(p: Program) -> None:
    for invariant in INVARIANTS:
        assert invariant(p) is None


@given(programs())
def test_the_engine_agrees_with_a_naive_one(p: Program) -> None:
    for mine, textbook in zip(kernel(p, p.leaves), naive(p, p.leaves), strict=True):
        np.testing.assert_allclose(mine, textbook, rtol=1e-12, atol=1e-12)


@given(programs())
def test_the_order_of_outputs_does_not_matter(p: Program) -> None:
    """One pass from all outputs, in any order, agrees with a pass from each, up to the rounding of sums."""
    found: list[list[list[float]]] = []
    for way in ("together", "reversed", "one by one"):
        xs = [Variable(x.copy()) for x in p.leaves]
        values = p.record(xs)
        ends = [(values[o], c) for o, c in zip(p.ends, p.cotangents(), strict=True) if values[o].requires_grad]
        if way == "reversed":
            ends.reverse()
        if way == "one by one":
            for y, c in ends:
                y.backward(c)
            grads = [np.zeros(x.shape) if x.grad is None else grad(x) for x in xs]
        else:
            grads = [g.data for g in gradients([y for y, _ in ends], xs, [c for _, c in ends], allow_unused=True)]
        found.append([g.ravel().tolist() for g in grads])
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9)


@given(plans())
def test_every_plan_is_a_program(plan: Plan) -> None:
    """No draw is rejected, and a plan with any step taken out is still one."""
    p = build(plan)
    assert all(np.isfinite(x).all() for x in p.values)
    for i in range(len(plan.steps)):
        build(Plan(plan.leaves, plan.steps[:i] + plan.steps[i + 1 :]))


@pytest.mark.parametrize("most", [4, 6, 8])
def test_programs_share_nodes_and_use_every_op(most: int) -> None:
    made = [build(plan) for plan in itertools.islice(random_plans(0, most), 1000)]
    used = Counter(type(i.op).__name__ for p in made for i in p.code)
    in_the_plane = {name for name, kind in ALL.items() if kind.__module__ in (parts.__name__, fourier.__name__)}
    assert set(used) == set(ALL) - in_the_plane - {"DetSign"}  # of real matrices it is a constant
    assert sum(p.reused > 0 for p in made) > 500
    assert any(set(i.operands) == {r} for p in made for i in p.code for r in i.operands if len(i.operands) > 1)
    kinds = set[str]().union(*(p.broadcasts() for p in made))
    assert kinds == {"same shape", "0-d", "leading axes", "axes of length 1", "number"}
    assert len(NAMES) >= 40


def test_complex_programs_use_every_op() -> None:
    """Those that refuse complex operands get parts of them."""
    plans = itertools.islice(random_plans(0, 8, ("complex64", "complex128")), 1000)
    made = [build(plan, EVERYWHERE) for plan in plans]
    assert {type(i.op).__name__ for p in made for i in p.code} == set(ALL)
    assert {x.dtype.name for p in made for x in p.leaves} == {"complex64", "complex128"}
    assert all(np.isfinite(v).all() for p in made for v in p.values)


def test_a_clean_kernel_raises_no_alarm_on_complex_programs() -> None:
    made = [build(plan, EVERYWHERE) for plan in itertools.islice(random_plans(2, 5, ("complex128",)), 150)]
    verdicts = Counter(check(p, thorough=False).verdict for p in made for check in (check_first, check_second))
    assert verdicts[Verdict.FAIL] == 0
    assert verdicts[Verdict.PASS] > 250


def test_programs_from_hypothesis_share_nodes() -> None:
    shared: list[bool] = []

    @settings(max_examples=600, derandomize=True, database=None)
    @given(programs())
    def count(p: Program) -> None:
        shared.append(p.reused > 0)

    count()
    assert sum(shared) > len(shared) / 2


def test_the_same_seed_draws_the_same_programs() -> None:
    one, two, other = (list(itertools.islice(random_plans(seed), 300)) for seed in (3, 3, 4))
    assert one == two != other


def test_a_clean_kernel_raises_no_alarm() -> None:
    """Few programs are inconclusive: those that meet several kinks at once."""
    verdicts = Counter(
        check_first(build(plan), thorough=False).verdict for plan in itertools.islice(random_plans(1), 1000)
    )
    assert verdicts[Verdict.FAIL] == 0
    assert verdicts[Verdict.INCONCLUSIVE] <= 20
