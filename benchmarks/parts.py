"""What an operation is made of, each part timed alone: `python -m benchmarks.parts` (also `--markdown FILE`)."""

from __future__ import annotations

import gc
import timeit
from collections.abc import Callable
from typing import Final

import numpy as np

import tinypytorch as tp
from benchmarks.table import give
from tinypytorch import Variable
from tinypytorch.arrays import one
from tinypytorch.core.config import mode
from tinypytorch.core.graph import sweep
from tinypytorch.core.operators import MUL
from tinypytorch.core.reverse import ARRAYS, write

_CALLS: Final = 20_000
_ROUNDS: Final = 15
_LONG: Final = 1_000


def nanoseconds(run: Callable[[], object], calls: int = _CALLS) -> float:
    """The best of several rounds, less an empty call."""
    best = min(timeit.repeat(run, number=calls, repeat=_ROUNDS))
    empty = min(timeit.repeat(lambda: None, number=calls, repeat=_ROUNDS))
    return (best - empty) / calls * 1e9


def _chain(n: int) -> tuple[Variable, Variable]:
    x = Variable(np.array(1.0))
    y = x
    for _ in range(n):
        y = y * x
    return x, y


def parts() -> list[tuple[str, float]]:
    """What is timed, and its nanoseconds."""
    a = one(np.dtype(np.float64))
    x = tp.sin(Variable(np.array(1.5)))
    make = Variable.__new__
    first, long = _chain(_LONG)
    leaf, short = _chain(1)
    swept = sweep([(short, a)], ARRAYS, (), 0)

    def no_graph() -> object:
        with tp.no_grad():
            return None

    def visits() -> None:
        first.cleargrad()
        long.backward()

    def writes() -> None:
        leaf.cleargrad()
        write(swept)

    array = np.array(1.5)
    found = [
        ("`a * a`, NumPy scalars", nanoseconds(lambda: a * a)),
        ("`a * a`, 0-d arrays", nanoseconds(lambda: array * array)),
        ("an op's `forward`", nanoseconds(lambda: MUL.forward(a, a))),
        ("an empty Variable", nanoseconds(lambda: make(Variable))),
        ("asking for the mode", nanoseconds(lambda: mode.get())),
        ("`x * x`, recorded", nanoseconds(lambda: x * x)),
        ("`Variable(array)`", nanoseconds(lambda: Variable(array))),
        ("`with no_grad()`", nanoseconds(no_graph)),
        ("a visit with two operands, in a pass over 1,000", nanoseconds(visits, 20) / _LONG),
        ("a pass over one result", nanoseconds(lambda: sweep([(short, a)], ARRAYS, (), 0))),
        ("writing one leaf's `.grad`", nanoseconds(writes)),
    ]
    with tp.no_grad():
        found.insert(6, ("`x * x` under `no_grad`", nanoseconds(lambda: x * x)))
    return found


def main() -> None:
    """Print the table, or write it as Markdown."""
    gc.disable()
    rows = [f"| {name} | {time:.0f} |" for name, time in parts()]
    give("| part | ns |", "|---|---|", *rows)


if __name__ == "__main__":
    main()
