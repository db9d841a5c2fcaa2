"""How near the targets are that are missed: `python -m benchmarks.bounds` (also `--markdown FILE`).

The chain: NumPy by hand with every pass over an array in place, which no library does that runs one op after another,
with the slope of tanh exact as it is here, and as 1 - y * y. The network: the least that a tape in Python does, without
checks, settings, threads or higher derivatives, and with the same calls of NumPy as here. Deep graphs: with and without
the garbage collector. In each round all have a turn, and the medians of the rounds' ratios are given.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from benchmarks.libraries import OURS, library
from benchmarks.libraries.library import AbsentError, Results, Step
from benchmarks.table import give
from benchmarks.workloads import chain, deep, mlp
from benchmarks.workloads.workload import normal
from tinypytorch import Array

ROUNDS: Final = 31
TURN: Final = 0.01  # seconds of a turn, at least
ONES: Final = np.ones(64)  # times a matrix gives the sum over its rows
LIBRARIES: Final = ("torch", "jax.jit", OURS)


def in_place(x: Array, exact: bool) -> Results:
    """The chain, with one array for what is computed in between."""
    y, kept = x, list[tuple[Array, Array]]()
    for _ in range(chain.STEPS):
        t = np.tanh(y)
        kept.append((t, y))
        y = t * x
    value = np.sum(y)
    gy, gx, spare = np.ones_like(x), np.zeros_like(x), np.empty_like(x)
    for t, y in reversed(kept):
        np.multiply(gy, t, spare)
        gx += spare
        if exact:
            np.cosh(y, spare)
            spare *= spare
            gy *= x
            gy /= spare
        else:
            np.multiply(t, t, spare)
            np.subtract(1.0, spare, spare)
            gy *= x
            gy *= spare
    gx += gy
    return value, gx


class Taped:
    """A value on a tape: what gave it, and its gradient."""

    __slots__ = ("gradient", "left", "right", "rule", "value", "wanted")

    rule: Callable[[Taped, Array], None]
    left: Taped
    right: Taped

    def __init__(self, value: Array, wanted: bool) -> None:
        self.value: Array = value
        self.wanted: bool = wanted
        self.gradient: Array | None = None


class Tape:
    """Results in the order in which they were made; the backward pass is that order turned round."""

    def __init__(self) -> None:
        self.made: list[Taped] = []

    def put(self, value: Array, rule: Callable[[Taped, Array], None], left: Taped, right: Taped) -> Taped:
        """A new result."""
        y = Taped(value, wanted=True)
        y.rule, y.left, y.right = rule, left, right
        self.made.append(y)
        return y

    def backward(self) -> None:
        """Gradients of all that is wanted."""
        self.made[-1].gradient = np.array(1.0)
        while self.made:
            y = self.made.pop()
            if y.gradient is not None:
                y.rule(y, y.gradient)
                y.gradient = None


def _add(x: Taped, g: Array) -> None:
    x.gradient = g if x.gradient is None else x.gradient + g


def _matmul(y: Taped, g: Array) -> None:
    if y.left.wanted:
        _add(y.left, g.dot(y.right.value.T))
    _add(y.right, y.left.value.T.dot(g))


def _plus(y: Taped, g: Array) -> None:
    _add(y.right, ONES[: len(g)].dot(g))
    _add(y.left, g)


def _minus(y: Taped, g: Array) -> None:
    _add(y.left, g)


def _tanh(y: Taped, g: Array) -> None:
    c = np.cosh(y.left.value)
    c *= c
    _add(y.left, np.divide(g, c, c))


def _square(y: Taped, g: Array) -> None:
    _add(y.left, g * (y.left.value * 2.0))


def _sum(y: Taped, g: Array) -> None:
    spread = np.empty_like(y.left.value)
    spread.fill(g)
    _add(y.left, spread)


def taped() -> Step:
    """The network's step."""
    parameters, data = mlp.arrays()
    leaves, (x, t) = [Taped(p, wanted=True) for p in parameters], [Taped(d, wanted=False) for d in data]
    w1, b1, w2, b2 = leaves
    tape = Tape()
    put = tape.put

    def step() -> Results:
        for leaf in leaves:
            leaf.gradient = None
        y = put(x.value @ w1.value, _matmul, x, w1)
        y = put(y.value + b1.value, _plus, y, b1)
        y = put(np.tanh(y.value), _tanh, y, y)
        y = put(y.value @ w2.value, _matmul, y, w2)
        y = put(y.value + b2.value, _plus, y, b2)
        y = put(y.value - t.value, _minus, y, t)
        y = put(np.square(y.value), _square, y, y)
        y = put(np.add.reduce(y.value, None), _sum, y, y)
        tape.backward()
        return y.value, *[leaf.gradient for leaf in leaves]

    return step


def _seconds(step: Step, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        step()
    return (time.perf_counter() - start) / calls


def _medians(steps: Mapping[str, Step], over: str) -> list[str]:
    """The time of each over that of one of them, as rows of a table."""
    calls: dict[str, int] = {}
    for key, step in steps.items():
        step()  # the first time, some compile
        calls[key] = max(1, round(TURN / _seconds(step, 2)))
    found: dict[str, list[float]] = {key: [] for key in steps}
    for _ in range(ROUNDS):
        seconds = {key: _seconds(step, calls[key]) for key, step in steps.items()}
        for key, ratios in found.items():
            ratios.append(seconds[key] / seconds[over])
    return [f"| {key} | {statistics.median(ratios):.2f} |" for key, ratios in found.items()]


def _with(steps: dict[str, Step], prepare: Callable[[str], Step]) -> dict[str, Step]:
    for key in LIBRARIES:
        try:
            steps[key] = prepare(key)
        except AbsentError:
            continue
    return steps


def network() -> dict[str, Step]:
    """The steps of the network."""
    (case,) = mlp.cases(quick=False)
    return _with({"by hand": case.by_hand, "the least tape": taped()}, lambda key: case.prepare(library(key)))


def arrays(quick: bool = False) -> dict[str, Step]:
    """The steps of the chain."""
    (case,) = chain.cases(quick)
    x = normal(0, chain.QUICK_ENTRIES if quick else chain.ENTRIES)
    steps: dict[str, Step] = {
        "by hand": case.by_hand,
        "by hand, in place": lambda: in_place(x, exact=True),
        "by hand, in place, 1 - y * y": lambda: in_place(x, exact=False),
    }
    return _with(steps, lambda key: case.prepare(library(key)))


def _growth() -> float:
    """The time of an addition among the most over that of one among the fewest."""
    few, many = deep.SIZES[0], deep.SIZES[-1]
    seconds = [min(_seconds(deep.case(n).prepare(library(OURS)), many // n) for _ in range(3)) / n for n in (few, many)]
    return seconds[1] / seconds[0]


def main() -> None:
    """Print the table, or write it as Markdown."""
    lines = ["| the network's step | over by hand |", "|---|---|", *_medians(network(), "by hand"), ""]
    lines += ["| the chain | over PyTorch |", "|---|---|", *_medians(arrays(), "torch"), ""]
    lines += ["| a deep graph | growth |", "|---|---|", f"| collector on | {_growth():.2f} |"]
    gc.disable()
    lines.append(f"| collector off | {_growth():.2f} |")
    gc.enable()
    give(*lines)


if __name__ == "__main__":
    main()
