"""Random programs with shared nodes, against differences of first and second order, and the invariants."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import event, given

from tests.support import grad
from tinypytorch import Variable, gradients
from tinypytorch.ops import ALL
from tinypytorch.testing.checks import Verdict, check_first, check_second, outputs_of, spread
from tinypytorch.testing.faults import FAULTS, Fault, finds
from tinypytorch.testing.invariants import INVARIANTS
from tinypytorch.testing.pool import NAMES, build
from tinypytorch.testing.programs import Plan, Program
from tinypytorch.testing.strategies import plans, programs, random_plan


@given(programs())
def test_first_derivatives(p: Program) -> None:
    event("reuses an inner node" if p.reused else "a tree")
    finding = check_first(p)
    event(finding.verdict.value)
    assert finding.verdict is not Verdict.FAIL, finding


@given(programs(max_steps=6))
def test_second_derivatives(p: Program) -> None:
    finding = check_second(p)
    event(finding.verdict.value)
    assert finding.verdict is not Verdict.FAIL, finding


@given(programs())
def test_invariants(p: Program) -> None:
    for invariant in INVARIANTS:
        assert invariant(p) is None


@given(programs())
def test_the_order_of_outputs_does_not_matter(p: Program) -> None:
    """One pass from all outputs, in any order, agrees with a pass from each, up to the rounding of sums."""
    found: list[list[list[float]]] = []
    for way in ("together", "reversed", "one by one"):
        xs = [Variable(x.copy()) for x in p.leaves]
        values = p.record(xs)
        ends = [o for o in outputs_of(p) if values[o].requires_grad]
        if way == "reversed":
            ends.reverse()
        seeds = [spread(values[o].shape, o) for o in ends]
        if way == "one by one":
            for o, seed in zip(ends, seeds, strict=True):
                values[o].backward(seed)
            grads = [np.zeros(x.shape) if x.grad is None else grad(x) for x in xs]
        else:
            grads = [g.data for g in gradients([values[o] for o in ends], xs, seeds, allow_unused=True)]
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


def test_programs_share_nodes_and_use_every_op() -> None:
    rng = np.random.default_rng(0)
    made = [build(random_plan(rng)) for _ in range(600)]
    used = Counter(type(i.op).__name__ for p in made for i in p.code)
    assert set(used) == set(ALL)
    assert sum(p.reused > 0 for p in made) > 300
    assert len(NAMES) >= 40


def test_the_reference_is_conclusive() -> None:
    rng = np.random.default_rng(1)
    verdicts = Counter(check_first(build(random_plan(rng))).verdict for _ in range(200))
    assert verdicts[Verdict.FAIL] == 0
    assert verdicts[Verdict.INCONCLUSIVE] <= 10


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.name if isinstance(f, Fault) else "")
def test_planted_faults_are_found(fault: Fault) -> None:
    rng = np.random.default_rng(2)
    with np.errstate(all="ignore"):
        for _ in range(200):
            p = build(random_plan(rng))
            with fault.planted():
                if finds(p) is not None:
                    return
    pytest.fail("the fault survives 200 programs")


def test_at_least_thirty_faults_are_planted() -> None:
    assert len({f.name for f in FAULTS}) >= 30


def test_a_stencil_that_leaves_the_domain_shrinks() -> None:
    """The square root of a logarithm that is 0.07 somewhere: the first stencil steps beyond zero."""
    steps = ((32, 0, 1, 2), (25, 9, 2, 4), (16, 3, 2, 5), (10, 0, 10, 1), (37, 0, 10, 2), (34, 2, 12, 6))
    p = build(Plan(((6, 7), (1, 4), (1, 7)), (*steps, (26, 0, 13, 1), (20, 13, 10, 7), (27, 1, 2, 7), (23, 0, 12, 6))))
    assert check_first(p).verdict is Verdict.PASS
    assert check_second(p).verdict is Verdict.PASS
