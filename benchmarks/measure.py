"""Interleaved rounds. In a round everybody has a turn, in an order that is drawn anew; ratios are of one round.

The garbage collector is on, as it is for users, and has nothing to collect at the start of a turn. What is there before
the rounds, such as the libraries' modules, is frozen: a collection costs what it would without the other libraries.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from benchmarks.libraries import BY_HAND, OURS, library
from benchmarks.libraries.library import AbsentError, Results, Step
from benchmarks.workloads.workload import Case, Workload
from tinypytorch import Array

# A turn takes at least this long, in seconds: short steps are repeated.
_TURN: Final = 0.02
_QUICK_TURN: Final = 0.001
# A turn that is shorter than this begins with a call that does not count.
_LONG: Final = 0.5
# So many rounds, whatever time they take.
_FEWEST: Final = 3
# How far results may be apart, relative to each entry, and to the largest one.
_RELATIVE: Final = 1e-8
_OF_LARGEST: Final = 1e-10
ABSENT: Final = "absent"


@dataclass(frozen=True)
class Effort:
    """How much is measured: so many rounds, or fewer if they take longer than so many seconds."""

    rounds: int = 25
    seconds: float = 60.0
    quick: bool = False
    seed: int = 0


@dataclass
class Series:
    """What was measured of one library in one case: a figure for each round; or in `note`, why there is none."""

    case: str
    library: str
    ops: int = 1
    calls: int = 1
    figures: list[float] = field(default_factory=list[float])
    note: str = ""


@dataclass(frozen=True)
class _Turn:
    """A series, and what gives it a figure."""

    series: Series
    sample: Callable[[], float]


def measured(workload: Workload, keys: Sequence[str], effort: Effort, tell: Callable[[str], None]) -> list[Series]:
    """Check that all libraries agree, then measure those that do."""
    found: list[Series] = []
    turns: list[_Turn] = []
    failed: dict[str, str] = {}
    for case in workload.cases(effort.quick):
        expected = _arrays(case.by_hand(), np.asarray) if case.comparable else None
        for key in keys:
            if key not in (OURS, BY_HAND, *workload.peers):
                continue
            series = Series(case.label, key, case.ops)
            found.append(series)
            series.note = failed.get(key) or case.left_out.get(key, "")
            if not series.note:
                tell(f"{workload.name} {case.label}: {key}")
                step, series.note = _prepared(case, key, expected)
                if step is not None:
                    turns.append(_turn(series, step, case, workload.per_op, effort.quick))
                elif series.note != ABSENT:
                    failed[key] = f"not run: at {case.label} it {series.note}" if case.label else series.note
    _rounds(
        turns,
        replace(effort, rounds=min(effort.rounds, workload.rounds)),
        lambda n: tell(f"{workload.name}: round {n}"),
    )
    return found


def _prepared(case: Case, key: str, expected: list[Array] | None) -> tuple[Step | None, str]:
    """The step, whose results are right; or why there is none."""
    if key == BY_HAND:
        return case.by_hand, ""
    try:
        loaded = library(key)
        step = case.prepare(loaded)
        results = step()
        trouble = "" if expected is None else disagreement(_arrays(results, loaded.array), expected)
    except AbsentError:
        return None, ABSENT
    except Exception as error:  # whatever a library raises at depth, the others are measured
        return None, f"fails: {type(error).__name__}"
    return (None, f"disagrees: {trouble}") if trouble else (step, "")


def _arrays(results: Results, array: Callable[[object], Array]) -> list[Array]:
    return [array(result) for result in results]


def disagreement(found: Sequence[Array], expected: Sequence[Array]) -> str:
    """Where results differ from what is right, in words; "" if they do not."""
    if len(found) != len(expected):
        return f"{len(found)} results for {len(expected)}"
    for n, (a, b) in enumerate(zip(found, expected, strict=True)):
        if a.shape != b.shape:
            return f"result {n} is of shape {a.shape}, not {b.shape}"
        largest = float(np.max(np.abs(b), initial=0.0))
        if not np.allclose(a, b, rtol=_RELATIVE, atol=_OF_LARGEST * largest):
            return f"result {n} is off by {float(np.max(np.abs(a - b))):.1g}, of {largest:.3g}"
    return ""


def _turn(series: Series, step: Step, case: Case, per_op: bool, quick: bool) -> _Turn:
    """How a figure is got."""
    sample, parts = case.sample, case.ops if per_op else 1
    if sample is not None:
        return _Turn(series, lambda: sample(step) / parts)
    calls, seconds = _calls(step, _QUICK_TURN if quick else _TURN)
    series.calls = calls

    def timed() -> float:
        if seconds < _LONG:  # not with caches and memory as another library left them
            step()
        return _timed(step, calls) / parts

    return _Turn(series, timed)


def _timed(step: Step, calls: int) -> float:
    """Seconds for a call; releasing its results is part of it."""
    start = time.perf_counter()
    for _ in range(calls):
        step()
    return (time.perf_counter() - start) / calls


def _calls(step: Step, turn: float) -> tuple[int, float]:
    """How many calls make a turn, and how long it takes."""
    calls = 1
    while (seconds := _timed(step, calls) * calls) < turn:
        calls = max(calls + 1, math.ceil(min(10.0, 1.1 * turn / max(seconds, 1e-9)) * calls))
    return calls, seconds


def _rounds(turns: Sequence[_Turn], effort: Effort, tell: Callable[[int], None]) -> None:
    rng = np.random.default_rng(effort.seed)
    start = time.monotonic()
    gc.collect()
    gc.freeze()
    try:
        for n in range(effort.rounds):
            if n >= _FEWEST and time.monotonic() - start > effort.seconds:
                break
            tell(n + 1)
            figures = {int(k): _sampled(turns[int(k)]) for k in rng.permutation(len(turns))}
            for k, figure in figures.items():
                turns[k].series.figures.append(figure)
    finally:
        gc.unfreeze()


def _sampled(turn: _Turn) -> float:
    gc.collect()
    return turn.sample()
