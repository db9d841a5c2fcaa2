"""Floor 6: where plans come from: Hypothesis, or a seeded NumPy generator. Imports `testing`, and Hypothesis.

Needs the extra `tinypytorch[verify]`.
"""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from tinypytorch.testing.pool import NAMES, build
from tinypytorch.testing.programs import LEAF_SHAPES, Plan, Program

# Operand numbers count back from the latest result. Small ones chain, repeated ones share: about as often each.
_OPERAND = st.integers(0, 3) | st.integers(0, 15)


def plans(names: tuple[str, ...] = NAMES, max_steps: int = 10) -> st.SearchStrategy[Plan]:
    """Plans over the ops of `names`: one flat list of tuples of small integers; they shrink to fewer, simpler steps."""
    leaves = st.lists(st.tuples(st.integers(0, len(LEAF_SHAPES) - 1), st.integers(0, 7)), min_size=1, max_size=3).map(
        tuple
    )
    step = st.tuples(st.integers(0, len(names) - 1), _OPERAND, _OPERAND, st.integers(0, 7))
    return st.builds(Plan, leaves, st.lists(step, min_size=1, max_size=max_steps).map(tuple))


def programs(names: tuple[str, ...] = NAMES, max_steps: int = 10) -> st.SearchStrategy[Program]:
    """Random programs over the ops of `names` (see `pool.POOL`), with shared nodes."""
    return plans(names, max_steps).map(lambda plan: build(plan, names))


def random_plan(rng: np.random.Generator, names: tuple[str, ...] = NAMES, steps: int = 10) -> Plan:
    """A plan from a seeded generator, for runs that need many and no shrinking."""
    leaves = tuple((int(rng.integers(len(LEAF_SHAPES))), int(rng.integers(8))) for _ in range(rng.integers(1, 4)))
    n = int(rng.integers(1, steps + 1))
    near = rng.integers(0, 4, (n, 2))
    far = rng.integers(0, 16, (n, 2))
    operands = np.where(rng.integers(0, 2, (n, 2)) > 0, near, far)
    return Plan(
        leaves,
        tuple(
            (int(rng.integers(len(names))), int(operands[s, 0]), int(operands[s, 1]), int(rng.integers(8)))
            for s in range(n)
        ),
    )
