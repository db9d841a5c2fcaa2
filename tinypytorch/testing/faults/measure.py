"""Floor 6: how soon the checks find each planted fault, and how small they make the case. Imports `testing`.

A fault is planted, and programs are drawn and checked: the quick check of both orders for each, all references and all
that must hold beside the value for every n-th. Faults in a rule meet programs in which their op takes part (what
`verify` draws for an op), and what the op states of its kinks is checked with the first program; faults in the engine
meet programs over all ops.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from tinypytorch.function import Function
from tinypytorch.testing import extras
from tinypytorch.testing.checks import Verdict
from tinypytorch.testing.conventions import check_conventions
from tinypytorch.testing.draws import random_plans
from tinypytorch.testing.examine import BEYOND, RAISED, Failure, examine, smallest
from tinypytorch.testing.explain import explain
from tinypytorch.testing.faults import FAULTS
from tinypytorch.testing.faults.fault import ENGINE, Fault
from tinypytorch.testing.operands import Step
from tinypytorch.testing.pool import EVERYWHERE, POOL, STEPS, applied, build
from tinypytorch.testing.programs import Program
from tinypytorch.testing.reduce import ENTRIES, INSTRUCTIONS
from tinypytorch.testing.verify import Settings, with_step

# The check that a fault fails if a forward raises while a program is built.
BUILDING: Final = "forward pass"
# The check that it fails if an op does not do at a kink what it states.
KINKS: Final = "kink convention"


@dataclass(frozen=True)
class Budget:
    """How much is drawn for each fault.

    seeds: runs, of at most so many `programs`; `shrunk`: how many of the runs have their failure made smaller.
    every: of so many programs one is checked by all references and for all invariants.
    max_nodes: instructions of a program at most, before those that bring operands into an op's domain.
    """

    seeds: int = 20
    programs: int = 200
    shrunk: int = 3
    every: int = 2
    max_nodes: int = 7


@dataclass(frozen=True)
class Kill:
    """A fault that was found: by the check of that name, on the program of that number, counted from 1."""

    programs: int
    check: str
    message: str
    failure: Failure | None = None


@dataclass(frozen=True)
class Small:
    """A failure made small: instructions, entries of the largest array, the text, and what `explain` suspects."""

    instructions: int
    entries: int
    text: str
    suspicion: str


@dataclass(frozen=True)
class Measured:
    """What was found of one fault: one kill (None: it survived) for each seed."""

    name: str
    kind: str
    error: float | None
    kills: tuple[tuple[int, str] | None, ...]
    small: tuple[Small, ...]
    apt: bool | None
    seconds: float
    entries: int = ENTRIES
    because: str = ""

    @property
    def minimal(self) -> int:
        """How many of the small failures have no more than three instructions, and no more entries than it takes."""
        return sum(s.instructions <= INSTRUCTIONS and s.entries <= self.entries for s in self.small)

    @property
    def killed(self) -> int:
        """In how many runs it was found."""
        return sum(k is not None for k in self.kills)

    @property
    def counts(self) -> list[int]:
        """The programs that it took, where it was found."""
        return [k[0] for k in self.kills if k is not None]

    @property
    def checks(self) -> list[str]:
        """The checks that found it, the most frequent first."""
        names = [k[1] for k in self.kills if k is not None]
        return sorted(set(names), key=lambda name: -names.count(name))


# For each op, an instance, and the step of the pool that applies it last.
_APPLIED: Final = tuple((applied(step), step) for step in (*POOL.values(), *extras.steps().values()))
_OPS: Final[dict[object, Function]] = {type(op): op for op, _ in _APPLIED}
_STEPS: Final[dict[object, Step]] = {type(op): step for op, step in _APPLIED}


def programs_for(fault: Fault, seed: int, max_nodes: int) -> Iterator[Program]:
    """The programs that a fault is to be found in; built while it is planted, so a forward may raise."""
    step = step_for(fault)
    if step is not None:
        owner = fault.patches[0].owner
        more = tuple(extras.steps().values()) if isinstance(owner, type) and extras.is_special(owner) else ()
        return with_step(step, Settings(seed=seed, max_nodes=max_nodes, dtypes=(fault.dtype,)), more)
    steps = STEPS if fault.dtype == "float64" else EVERYWHERE
    return (build(plan, steps) for plan in random_plans(seed, max_nodes, (fault.dtype,)))


def step_for(fault: Fault) -> Step | None:
    """The step of the pool that applies the op whose rule is wrong; None for a fault of the engine."""
    return None if fault.kind == ENGINE else _STEPS.get(fault.patches[0].owner)


def kill(fault: Fault, seed: int, budget: Budget) -> Kill | None:
    """The first program that shows a fault that is planted now; None if it survives."""
    drawn = programs_for(fault, seed, budget.max_nodes)
    for n in range(budget.programs):
        try:
            p = next(drawn)
        except RAISED as error:
            return Kill(n + 1, BUILDING, f"{type(error).__name__}: {error}")
        thorough = n % budget.every == 0
        failure = examine(p, (1, 2), thorough, BEYOND if thorough else ()).failure
        if failure is not None:
            return Kill(n + 1, failure.check, failure.message, failure)
        said = _at_kinks(fault) if n == 0 else None
        if said is not None:
            return Kill(n + 1, KINKS, said)
    return None


def _at_kinks(fault: Fault) -> str | None:
    """What the op does at its kinks other than it states, if the fault is in an op."""
    op = None if fault.kind == ENGINE else _OPS.get(fault.patches[0].owner)
    try:
        return None if op is None else check_conventions(op)
    except RAISED as error:
        return f"{type(error).__name__}: {error}"


def measure(fault: Fault, budget: Budget) -> Measured:
    """Plant a fault and look for it, once for each seed."""
    start = time.monotonic()
    kills: list[tuple[int, str] | None] = []
    small: list[Small] = []
    with np.errstate(all="ignore"):
        for seed in range(budget.seeds):
            with fault.planted():
                found = kill(fault, seed, budget)
                if found is not None and found.failure is not None and len(small) < budget.shrunk:
                    small.append(_shrunk(found.failure, programs_for(fault, seed, INSTRUCTIONS)))
            kills.append(None if found is None else (found.programs, found.check))
    judged = [s.suspicion for s in small if s.suspicion or fault.kind != ENGINE] if fault.apt else []
    apt = all(re.search(fault.apt, suspicion) for suspicion in judged) if judged else None
    return Measured(
        fault.name,
        fault.kind,
        fault.error,
        tuple(kills),
        tuple(small),
        apt,
        time.monotonic() - start,
        fault.entries,
        fault.because,
    )


def _shrunk(failure: Failure, others: Iterator[Program]) -> Small:
    """The smallest form of a failure, and what it is said to come from."""
    thorough = bool(failure.finding and len(failure.finding.references) > 1)
    least = smallest(failure, thorough, others)
    try:
        blame = explain(least)
    except RAISED as error:
        suspicion = f"({type(error).__name__} while looking for it)"
    else:
        suspicion = "" if blame is None else blame.suspicion
    p = least.program
    return Small(len(p.code), max(v.size for v in p.values), repr(p), suspicion)


@dataclass
class Clean:
    """What the checks say of the kernel with no fault planted."""

    programs: int = 0
    verdicts: int = 0
    inconclusive: int = 0
    alarms: list[str] = field(default_factory=list[str])
    seconds: float = 0.0

    def __add__(self, other: Clean) -> Clean:
        """Both together."""
        return Clean(
            self.programs + other.programs,
            self.verdicts + other.verdicts,
            self.inconclusive + other.inconclusive,
            self.alarms + other.alarms,
            self.seconds + other.seconds,
        )


def clean(seed: int, programs: int, budget: Budget) -> Clean:
    """Check programs with no fault planted: false alarms, and verdicts that say nothing."""
    start = time.monotonic()
    found = Clean()
    with np.errstate(all="ignore"):
        for n, plan in enumerate(random_plans(seed, budget.max_nodes)):
            if n == programs:
                break
            p = build(plan)
            thorough = n % (budget.every * 16) == 0
            examined = examine(p, (1, 2), thorough, BEYOND if thorough else ())
            found.programs += 1
            found.verdicts += len(examined.findings)
            found.inconclusive += sum(f.verdict is Verdict.INCONCLUSIVE for f in examined.findings)
            if examined.failure is not None:
                found.alarms.append(f"{examined.failure.check}: {examined.failure.message}\n{p!r}")
    found.seconds = time.monotonic() - start
    return found


def quantile(counts: Sequence[int], q: float) -> int:
    """The smallest count that at least this part of the counts does not exceed."""
    ordered = sorted(counts)
    return ordered[max(0, -int(-q * len(ordered) // 1) - 1)]


def named(names: Sequence[str]) -> list[Fault]:
    """The faults that have one of these in their name, in whatever case; all for none. `ValueError` if nothing has."""
    for name in names:
        if not any(name.lower() in f.name.lower() for f in FAULTS):
            raise ValueError(f"no fault has {name!r} in its name")
    return [f for f in FAULTS if not names or any(name.lower() in f.name.lower() for name in names)]
