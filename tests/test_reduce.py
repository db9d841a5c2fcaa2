"""Programs are made small as far as what fails in them allows, and no further."""

from __future__ import annotations

import time

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from tinypytorch.arrays import Array
from tinypytorch.function import T
from tinypytorch.ops.arithmetic import Neg
from tinypytorch.ops.shaping import Reshape
from tinypytorch.testing.examine import Failure, smallest
from tinypytorch.testing.programs import Program
from tinypytorch.testing.reduce import reduced
from tinypytorch.testing.strategies import programs


class _Doubled:
    """The identity, with a rule that is wrong."""

    def forward(self, x: Array, /) -> Array:
        return x * 1.0

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * 2.0


def used(p: Program) -> set[int]:
    return {r for i in p.code for r in i.operands if isinstance(r, int)}


def unused_leaves(p: Program) -> int:
    return len(set(range(len(p.leaves))) - used(p))


@given(programs())
def test_nothing_that_is_not_needed_stays(p: Program) -> None:
    small = reduced(p, lambda q: True)
    assert len(small.code) == 1
    assert unused_leaves(small) == 0


@given(programs())
def test_a_leaf_that_nothing_uses_stays_if_it_is_what_fails(p: Program) -> None:
    assume(unused_leaves(p) > 0)
    small = reduced(p, lambda q: unused_leaves(q) > 0)
    assert len(small.code) == 1
    assert (unused_leaves(small), len(small.leaves)) == (1, 1 + len(used(small) & set(range(len(small.leaves)))))


@given(programs(), st.integers(0, 10))
def test_an_op_stays_if_it_is_what_fails(p: Program, k: int) -> None:
    kind = type(p.code[k % len(p.code)].op)
    small = reduced(p, lambda q: any(type(i.op) is kind for i in q.code))
    assert [type(i.op) for i in small.code] == [kind]


def test_it_stops_when_the_time_is_over() -> None:
    p = Program.of([np.ones(8)], (Neg(), 0), (Neg(), 1), (Neg(), 2), (Neg(), 3))
    asked: list[Program] = []

    def fails(q: Program) -> bool:
        asked.append(q)
        return True

    assert reduced(p, fails, until=time.monotonic()) is p
    assert asked == []

    def slowly(q: Program) -> bool:
        time.sleep(0.1)
        return fails(q)

    assert reduced(p, slowly, until=time.monotonic() + 0.05) is asked[0]
    assert len(asked) == 1
    assert len(reduced(p, lambda q: True, until=time.monotonic() + 60).code) == 1


def test_shapes_shrink_with_what_has_them() -> None:
    p = Program.of([np.arange(6.0).reshape(2, 1, 3)], (Reshape((3, 2)), 0))

    def wide(q: Program) -> bool:
        return any(isinstance(i.op, Reshape) and q.values[-1].ndim > 1 < max(q.values[-1].shape) for i in q.code)

    small = reduced(p, wide)
    assert small.values[-1].size == 2
    assert small.leaves[0].shape == (2,)


def test_a_failure_that_does_not_stay_is_looked_for_among_others() -> None:
    """A program that fails once only cannot be made smaller; another one can."""
    large = Program.of([np.ones(8)], (Neg(), 0), (Neg(), 1))
    failure = Failure(large, "first derivative", "it was wrong")
    assert smallest(failure) is failure
    twice = Program.of([np.ones(2)], (_Doubled(), 0), (Neg(), 1))
    found = smallest(failure, others=[Program.of([np.ones(3)], (_Doubled(), 0)), Program.of([np.ones(2)]), twice])
    assert [type(i.op) for i in found.program.code] == [_Doubled]
    assert found.program.leaves[0].size == 1
    assert smallest(failure, others=[twice], until=time.monotonic()) is failure

    raising = (Program.of([x], (_Doubled(), 0)) for x in [np.ones(2)] if 1 / (x.size - 2))
    assert smallest(failure, others=raising) is failure


@given(programs())
def test_what_is_small_still_fails_and_runs(p: Program) -> None:
    def fails(q: Program) -> bool:
        return any(v.size > 1 for v in q.values)

    assume(fails(p))
    small = reduced(p, fails)
    assert fails(small)
    again = Program.of(small.leaves, *((i.op, *i.operands) for i in small.code))
    assert all(np.array_equal(a, b) for a, b in zip(small.values, again.values, strict=True))
