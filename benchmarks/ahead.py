"""Forward mode beside the function itself: `python -m benchmarks.ahead` (also `--markdown FILE`).

The function is run on a Variable, twenty times the same op in a row, and so it is by `jvp`; one after the other in each
round, and the median of the rounds' ratios is given. Memory once used stays with the process, as it does in one that
has run for a while: where the system hands it out anew each time, that takes longer than the arithmetic, of both.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np

import tinypytorch as tp
from benchmarks.table import give
from tinypytorch import Variable

Step: TypeAlias = Callable[[Variable, Variable], Variable]

_LENGTH: Final = 20
_ENTRIES: Final = (1_000, 10_000, 100_000, 1_000_000)
_ROUNDS: Final = 21
_KEPT: Final = 4_000_000  # 32 MB: more is always given back
_STEPS: Final[dict[str, Step]] = {
    "`sin(y)`": lambda y, x: tp.sin(y),
    "`tanh(y)`": lambda y, x: tp.tanh(y),
    "`exp(-y)`": lambda y, x: tp.exp(-y),
    "`y + x`": lambda y, x: y + x,
    "`y * x`": lambda y, x: y * x,
    "`y / x`": lambda y, x: y / x,
    "`cumsum(y)`": lambda y, x: tp.cumsum(y),
    "`softmax(y)`": lambda y, x: tp.softmax(y),
    "`logsumexp(y) + x`": lambda y, x: tp.logsumexp(y, 0) + x,
}


def _chain(step: Step) -> Callable[[Variable], Variable]:
    def run(x: Variable) -> Variable:
        y = x
        for _ in range(_LENGTH):
            y = step(y, x)
        return y

    return run


def _keep_memory() -> None:
    """Have the C library keep what is freed: it does so with all blocks up to the largest that it saw freed."""
    block = np.ones(_KEPT)
    del block


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def ratio(step: Step, entries: int, rounds: int = _ROUNDS) -> float:
    """The time of `jvp` over that of the function."""
    x, t = np.linspace(0.5, 1.0, entries), np.ones(entries)
    f, v = _chain(step), Variable(x)
    found: list[float] = []
    for _ in range(rounds):
        alone = _seconds(lambda: f(v))
        found.append(_seconds(lambda: tp.jvp(f, (x,), (t,))) / alone)
    return statistics.median(found)


def main() -> None:
    """Print the table, or write it as Markdown."""
    _keep_memory()
    lines = ["| op | " + " | ".join(f"{n:,} entries" for n in _ENTRIES) + " |", "|---|" + "---|" * len(_ENTRIES)]
    for name, step in _STEPS.items():
        lines.append(f"| {name} | " + " | ".join(f"{ratio(step, n):.1f}" for n in _ENTRIES) + " |")
    give(*lines)


if __name__ == "__main__":
    main()
