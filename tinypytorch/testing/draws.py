"""Floor 6: plans from a seeded generator, by the thousand; no shrinking. Imports NumPy and `programs`.

The distribution is that of `strategies.plans`; a plan that fails here goes to Hypothesis to shrink.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from tinypytorch.testing.programs import CLOSING, LEAF_SHAPES, SEEDS, Plan

# How many plans are drawn at once, and the numbers that each takes: three leaves, their number, steps, banned ops.
_BATCH = 256
_LEAVES = 3
_BANNED = 3
# With at most so many steps.
_SHORT = 5


def random_plans(seed: int, max_nodes: int = 8, dtypes: tuple[str, ...] = ("float64",)) -> Iterator[Plan]:
    """Plans without end; the same ones for the same seed.

    >>> next(random_plans(1)) == next(random_plans(1))
    True
    """
    rng = np.random.default_rng(seed)
    while True:
        heads: list[list[int]] = rng.integers(0, 1 << 16, (_BATCH, 2 * _LEAVES + 5 + _BANNED)).tolist()
        draws: list[list[list[int]]] = rng.integers(0, 1 << 16, (_BATCH, max_nodes, 4)).tolist()
        for head, steps in zip(heads, draws, strict=True):
            yield _plan(head, steps, dtypes)


def _plan(head: list[int], draws: list[list[int]], dtypes: tuple[str, ...]) -> Plan:
    leaves = tuple(
        (head[2 * n] % len(LEAF_SHAPES), head[2 * n + 1] % SEEDS) for n in range(1 + head[2 * _LEAVES] % _LEAVES)
    )
    steps = tuple((op, operand(i), operand(j), k % 8) for op, i, j, k in draws[: 1 + head[7] % len(draws)])
    if head[9] % 8:
        # Short programs share by f(x, x) instead.
        back = head[9] // 32 % 2 + (len(draws) > _SHORT)
        steps = (*steps[: len(draws) - 1], (CLOSING[head[9] // 8 % 3], 0, back, 1))
    banned = tuple(head[-_BANNED:]) if head[8] % 2 else ()
    return Plan(leaves, steps, banned, dtypes[head[10] % len(dtypes)])


def operand(draw: int) -> int:
    """The latest result and the one before it chain and share; now and then, any other."""
    return draw // 2 % 2 if draw % 2 else draw // 2 % 16
