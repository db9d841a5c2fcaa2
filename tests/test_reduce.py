"""Programs are made small as far as what fails in them allows, and no further."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from tinypytorch.testing.programs import Program
from tinypytorch.testing.reduce import reduced
from tinypytorch.testing.strategies import programs


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


@given(programs())
def test_what_is_small_still_fails_and_runs(p: Program) -> None:
    def fails(q: Program) -> bool:
        return any(v.size > 1 for v in q.values)

    assume(fails(p))
    small = reduced(p, fails)
    assert fails(small)
    again = Program.of(small.leaves, *((i.op, *i.operands) for i in small.code))
    assert all(np.array_equal(a, b) for a, b in zip(small.values, again.values, strict=True))
