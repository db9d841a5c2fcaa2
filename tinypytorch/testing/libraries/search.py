"""Floor 6: search a library for faults with random programs, shrunk and grouped. Imports `judge` and `shrink`.

The same seed gives the same search. A program uses a few words of the vocabulary only (swarm testing), so that a fault
that every program would meet does not hide the others. A failing program whose words include those of a discovery with
the same symptom counts as that discovery; any other is shrunk, and is a new one. Some symptoms are of the library as a
whole, and are one discovery each.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from tinypytorch.testing.libraries.calls import Call, Line, assembled, lines_of
from tinypytorch.testing.libraries.judge import GENERAL, INACCURATE, LEAK, Fault, judge
from tinypytorch.testing.libraries.library import Library, UnsupportedError
from tinypytorch.testing.libraries.scripts import script
from tinypytorch.testing.libraries.shrink import shrunk
from tinypytorch.testing.libraries.truth import UnjudgedError
from tinypytorch.testing.libraries.vocabulary import FILLS, THEMES, VOCABULARY, build, fits
from tinypytorch.testing.programs import Plan, Program

# How many words a program draws from at most, and how many steps it has at most.
WORDS: Final = 6
STEPS: Final = 5
# The length of a chain, and how many are judged; of those drawn many overflow.
DEEP: Final = 1500
CHAINS: Final = 4
# After so many programs the report so far is shared, whatever was found.
_SHARED: Final = 100


@dataclass
class Discovery:
    """A fault of a library: the smallest program that shows it, and how many random programs met it."""

    library: Library
    program: Program
    fault: Fault
    count: int = 1

    @property
    def words(self) -> frozenset[str]:
        """What the program calls."""
        return frozenset(call.word for call, _ in lines_of(self.program))

    def explains(self, fault: Fault, words: frozenset[str]) -> bool:
        """Whether a fault of a program with these words is this one again."""
        if self.fault.symptom != fault.symptom:
            return False
        if fault.symptom in GENERAL:
            return True
        return self.fault.step == fault.step if fault.symptom == LEAK else self.words <= words

    @property
    def title(self) -> str:
        """The symptom, and what it takes."""
        step = f" ({self.fault.step})" if self.fault.step else ""
        return f"{self.fault.symptom}{step}: {', '.join(sorted(self.words)) or 'a leaf'}"

    @property
    def script(self) -> str:
        """A script that shows it, with the library and NumPy alone."""
        return script(self.library, self.program, self.fault)


@dataclass
class Report:
    """What a search found, and how many programs were right, were not judged, or are not supported, and why."""

    library: str
    version: str
    right: int = 0
    unjudged: Counter[str] = field(default_factory=Counter[str])
    unsupported: Counter[str] = field(default_factory=Counter[str])
    discoveries: list[Discovery] = field(default_factory=list[Discovery])
    seconds: float = 0.0


def drawn(library: Library, rng: np.random.Generator) -> Program:
    """A random program of a few words that the library has."""
    words = _words(library, rng)
    leaves = tuple((int(rng.integers(64)), int(rng.integers(4 * len(FILLS)))) for _ in range(int(rng.integers(1, 4))))
    n = int(rng.integers(1, STEPS + 1))
    steps: list[list[int]] = rng.integers(0, (64, 4, 8, 64), (n, 4)).tolist()
    return build(Plan(leaves, tuple((w, i, j, k) for w, i, j, k in steps)), words, library.allows, library.shapes)


def _words(library: Library, rng: np.random.Generator) -> list[str]:
    theme: list[str] = [w for w in THEMES[int(rng.integers(len(THEMES)))] if w in library.words]
    if theme and rng.integers(4) == 0:
        return theme
    return [library.words[int(n)] for n in rng.integers(0, len(library.words), int(rng.integers(1, WORDS + 1)))]


def chain(library: Library, rng: np.random.Generator) -> Program:
    """One random call on a number, again and again."""
    start = np.asarray(0.5)
    calls = [Call(t) for w in library.words for t in VOCABULARY[w]((), ()) if library.allows(t)]
    calls = [c for c in calls if c.arity == 1 and (y := fits([start], c, (0,))) is not None and not y.ndim]
    call = calls[int(rng.integers(len(calls)))]
    lines: list[Line] = [(call, (n,)) for n in range(DEEP)]
    return assembled([start], lines)


def search(
    library: Library,
    examples: int,
    seed: int = 0,
    chains: int = CHAINS,
    tell: Callable[[int], None] = lambda done: None,
    share: Callable[[Report], None] = lambda report: None,
    seconds: float | None = None,
) -> Report:
    """Run so many random programs in a library, and so many long chains.

    tell: told how many programs are done; `share`: given the report whenever something new is found, and at times.
    seconds: stop earlier, after this time.

    Raises `ModuleNotFoundError` where the library is not installed.
    """
    began = time.perf_counter()
    library.load()
    report = Report(library.name, library.version)
    rng = np.random.default_rng(seed)
    known = -1
    for done in range(examples):
        report.seconds = time.perf_counter() - began
        if seconds is not None and report.seconds > seconds:
            chains = 0
            break
        if len(report.discoveries) > known or done % _SHARED == 0:
            known = len(report.discoveries)
            share(report)
        _examined(report, library, drawn(library, rng))
        tell(done + 1)
    for _ in range(16 * chains):
        if not chains:
            break
        chains -= _examined(report, library, chain(library, rng))
    report.discoveries.sort(key=lambda d: (d.fault.symptom, len(d.program.code), -d.count))
    report.seconds = time.perf_counter() - began
    return report


def _examined(report: Report, library: Library, p: Program) -> bool:
    """Judge a program, and note what is found; whether it could be judged."""
    try:
        faults = judge(library, p)
    except UnjudgedError as why:
        report.unjudged[str(why)] += 1
        return False
    except UnsupportedError as why:
        report.unsupported[str(why)] += 1
        return False
    report.right += not faults
    for fault in faults if len(p.code) < DEEP else [f for f in faults if f.symptom != INACCURATE]:
        _noted(report, library, p, fault)
    return True


def _noted(report: Report, library: Library, p: Program, fault: Fault) -> None:
    if _known(report, fault, frozenset(call.word for call, _ in lines_of(p))):
        return

    def fails(q: Program) -> bool:
        return _again(library, q, fault) is not None

    small = shrunk(p, fails) if len(p.code) < DEEP else p
    found = Discovery(library, small, _again(library, small, fault) or fault)
    if not _known(report, found.fault, found.words):
        report.discoveries.append(found)


def _known(report: Report, fault: Fault, words: frozenset[str]) -> bool:
    """Whether it has been found before; then it counts there."""
    for known in report.discoveries:
        if known.explains(fault, words):
            known.count += 1
            return True
    return False


def _again(library: Library, p: Program, fault: Fault) -> Fault | None:
    """The same symptom, if the program shows it."""
    try:
        return next((f for f in judge(library, p) if (f.symptom, f.step) == (fault.symptom, fault.step)), None)
    except (UnjudgedError, UnsupportedError):
        return None
