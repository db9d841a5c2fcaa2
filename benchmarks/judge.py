"""Whether targets are met: the median of what was measured in the same rounds is held against the limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.libraries import BY_HAND, OURS
from benchmarks.measure import Series
from benchmarks.spread import Spread, differences, ratios, spread
from benchmarks.targets import TARGETS, Kind, Target
from benchmarks.workloads.workload import Workload


@dataclass(frozen=True)
class Verdict:
    """What came of a target.

    case, library: the row that it belongs to; where several are the target's, that of the fastest.
    found: what was measured; None where that was impossible.
    ceiling: what our figure may be at most, given the others'.
    """

    target: Target
    case: str
    library: str
    found: Spread | None = None
    ceiling: float = 0.0

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where it was not measured."""
        if self.found is None:
            return None
        return self.found.median < self.target.limit or (
            self.found.median == self.target.limit and not self.target.below
        )


@dataclass(frozen=True)
class Outcome:
    """What was measured of a workload, and what came of its targets."""

    workload: Workload
    series: Sequence[Series]
    verdicts: Sequence[Verdict]

    def find(self, case: str, library: str) -> Series | None:
        """What was measured of a library in a case, if anything was."""
        found = [s for s in self.series if (s.case, s.library) == (case, library) and s.figures]
        return found[0] if found else None

    def ratio(self, series: Series) -> Spread | None:
        """Our figures over these."""
        ours = self.find(series.case, OURS)
        if ours is None or series.library == OURS or not series.figures:
            return None
        return spread(ratios(ours.figures, series.figures))


def judged(workload: Workload, series: Sequence[Series], targets: Sequence[Target] = TARGETS) -> Outcome:
    """The outcome, with a verdict for each target of the workload."""
    plain = Outcome(workload, series, ())
    labels = list(dict.fromkeys(s.case for s in series))
    own = [t for t in targets if t.workload == workload.name]
    return Outcome(workload, series, [_verdict(t, plain, labels) for t in own] if labels else ())


def _verdict(target: Target, outcome: Outcome, labels: Sequence[str]) -> Verdict:
    case = target.case or labels[-1]
    ours = outcome.find(case, OURS)
    if target.kind is Kind.RATIO:
        return _against(target, case, ours, [outcome.find(case, key) for key in target.against])
    if ours is None:
        return Verdict(target, case, OURS)
    if target.kind is Kind.AMOUNT:
        return Verdict(target, case, OURS, spread(ours.figures), target.limit)
    if target.kind is Kind.GROWTH:
        first = outcome.find(labels[0], OURS)
        if first is None or labels[0] == case:
            return Verdict(target, case, OURS)
        ceiling = target.limit * spread(first.figures).median
        return Verdict(target, case, OURS, spread(ratios(ours.figures, first.figures)), ceiling)
    numpy = outcome.find(case, BY_HAND)
    if numpy is None:
        return Verdict(target, case, OURS)
    over = [d / ours.ops for d in differences(ours.figures, numpy.figures)]
    return Verdict(target, case, OURS, spread(over), spread(numpy.figures).median + target.limit * ours.ops)


def _against(target: Target, case: str, ours: Series | None, others: Sequence[Series | None]) -> Verdict:
    """A ratio to the fastest of the others."""
    there = [s for s in others if s is not None]
    if ours is None or not there:
        return Verdict(target, case, target.against[0])
    fastest = min(there, key=lambda s: spread(s.figures).median)
    median = spread(fastest.figures).median
    found = spread(ratios(ours.figures, fastest.figures))
    return Verdict(target, case, fastest.library, found, target.limit * median)
