"""Floor 6: how many programs a second are checked: `python -m tinypytorch.testing.speed`.

Drawn, built, differentiated and checked, on one core: first derivatives, the quick check (one reference). Rounds of the
seeded generator and of Hypothesis, whose own work is most of the second figure; the median of the rounds, and the best:
a busy machine only ever makes it slower.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from itertools import islice
from statistics import median
from typing import Final

from hypothesis import HealthCheck, given, settings

from tinypytorch.testing.checks import check_first
from tinypytorch.testing.draws import random_plans
from tinypytorch.testing.pool import build
from tinypytorch.testing.programs import Program
from tinypytorch.testing.strategies import programs

ROUNDS: Final = 9
PROGRAMS: Final = 1000
MAX_NODES: Final = 4
_SLOW: Final = [HealthCheck.too_slow, HealthCheck.data_too_large]


def seeded() -> None:
    """Check programs of the seeded generator."""
    for plan in islice(random_plans(0, MAX_NODES), PROGRAMS):
        check_first(build(plan), thorough=False)


@settings(max_examples=PROGRAMS, deadline=None, database=None, derandomize=True, suppress_health_check=_SLOW)
@given(programs(max_nodes=MAX_NODES))
def generated(p: Program) -> None:
    """Check programs that Hypothesis draws."""
    check_first(p, thorough=False)


def rates(run: Callable[[], None]) -> list[float]:
    """Programs a second, a figure for each round."""
    found: list[float] = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        run()
        found.append(PROGRAMS / (time.perf_counter() - start))
    return found


def main() -> None:
    """Measure and print."""
    for name, run in (("seeded generator", seeded), ("Hypothesis", generated)):
        found = rates(run)
        sys.stdout.write(f"{name}: {median(found):,.0f} programs/s (best {max(found):,.0f}, of {ROUNDS} rounds)\n")


if __name__ == "__main__":
    main()
