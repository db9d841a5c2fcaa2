"""Floor 6: `python -m tinypytorch.testing.faults`. Imports the rest of this package."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path

from tinypytorch.testing.faults import FAULTS
from tinypytorch.testing.faults.fault import Fault
from tinypytorch.testing.faults.measure import Budget, Clean, Measured, clean, measure, named
from tinypytorch.testing.faults.peers import rivals
from tinypytorch.testing.faults.report import Results, as_json, clean_lines, line, markdown, peers_table, summary

# So many programs are checked in one go by a process.
_PART = 2000


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the arguments say, print it, and give 1 if a fault survived a run or there was a false alarm."""
    asked = _parser().parse_args(arguments, _Asked())
    budget = Budget(asked.seeds, asked.programs, asked.shrunk, asked.every)
    try:
        faults = named(asked.only)
    except ValueError as error:
        _say(f"error: {error}")
        return 2
    found = _measured(faults, budget, asked.jobs)
    calm = _clean(asked.clean, budget, asked.jobs) if asked.clean else None
    others = rivals(faults) if asked.peers else []
    results = Results(_command(asked), budget, found, others, calm)
    _say("", *summary(results))
    if others:
        _say("", *peers_table(results))
    if calm is not None:
        _say("", *clean_lines(calm))
    for path, text in ((asked.json, as_json), (asked.markdown, markdown)):
        if path:
            Path(path).write_text(text(results), encoding="utf-8")
    return int(any(m.killed < len(m.kills) for m in found) or bool(calm and calm.alarms))


class _Asked(argparse.Namespace):
    """The arguments."""

    seeds: int
    programs: int
    shrunk: int
    every: int
    only: list[str]
    peers: bool
    clean: int
    jobs: int
    json: str
    markdown: str


def _command(asked: _Asked) -> str:
    """The command that measures the same again, wherever its results go."""
    words = ["python -m tinypytorch.testing.faults", "--seeds", asked.seeds, "--programs", asked.programs]
    words += ["--every", asked.every, "--shrunk", asked.shrunk]
    words += ["--only", *map(shlex.quote, asked.only)] if asked.only else []
    words += ["--clean", asked.clean] if asked.clean else []
    words += ["--peers"] if asked.peers else []
    return " ".join(map(str, [*words, "--markdown", "docs/power.md"]))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tinypytorch.testing.faults",
        description=f"Plant each of {len(FAULTS)} faults and report which check finds it, and after how many programs.",
    )
    parser.add_argument("--seeds", type=int, default=20, help="runs for each fault (20)")
    parser.add_argument("--programs", type=int, default=200, help="programs in a run at most (200)")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="faults with one of these in their name")
    parser.add_argument(
        "--every", type=int, default=Budget.every, help="one program of so many is checked by everything"
    )
    parser.add_argument("--shrunk", type=int, default=Budget.shrunk, help="failures of a fault that are made small (3)")
    parser.add_argument("--peers", action="store_true", help="run the checkers of torch, jax and autograd, too")
    parser.add_argument("--clean", type=int, default=0, metavar="N", help="check N programs with no fault planted, too")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--json", default="", metavar="FILE", help="write everything there")
    parser.add_argument("--markdown", default="", metavar="FILE", help="write a page there")
    return parser


def _say(*lines: str) -> None:
    for text in lines:
        sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _measured(faults: Sequence[Fault], budget: Budget, jobs: int) -> list[Measured]:
    """Every fault measured, with a line for each as it is done; in the order of the catalogue."""
    names = [f.name for f in faults]
    found: list[Measured] = []
    with ProcessPoolExecutor(jobs) as pool:
        for done in as_completed([pool.submit(_one, name, budget) for name in names]):
            m = done.result()
            found.append(m)
            _say(f"{len(found):3}/{len(names)}  {line(m, budget.seeds)}")
    return sorted(found, key=lambda m: names.index(m.name))


def _one(name: str, budget: Budget) -> Measured:
    return measure(next(f for f in FAULTS if f.name == name), budget)


def _clean(programs: int, budget: Budget, jobs: int) -> Clean:
    """Programs with no fault planted, in parts of their own seeds, after those of the faults."""
    parts = [min(_PART, programs - n) for n in range(0, programs, _PART)]
    total = Clean()
    with ProcessPoolExecutor(jobs) as pool:
        for part in pool.map(partial(_part, budget), range(1000, 1000 + len(parts)), parts):
            total += part
            _say(f"{total.programs} of {programs} clean programs, {len(total.alarms)} false alarms")
    return total


def _part(budget: Budget, seed: int, programs: int) -> Clean:
    return clean(seed, programs, budget)


if __name__ == "__main__":
    sys.exit(main())
