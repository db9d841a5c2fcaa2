"""The command, from options to the exit status."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks import plot, report
from benchmarks.arguments import Options
from benchmarks.files import Run, as_json, as_markdown, facts
from benchmarks.judge import Outcome, judged
from benchmarks.libraries import LIBRARIES, OURS, version
from benchmarks.libraries.library import AbsentError
from benchmarks.measure import Effort, measured
from benchmarks.targets import TARGETS
from benchmarks.workloads import workloads
from benchmarks.workloads.workload import Workload

INTERRUPTED: Final = 130
_QUICK_ROUNDS: Final = 3


def main(options: Options) -> int:
    """Do what was asked for; the exit status."""
    out, errors = report.console(), report.console(stderr=True)
    known = workloads()
    trouble = _trouble(options, known)
    if trouble:
        errors.print(trouble, soft_wrap=True)
        return 2
    if options.list:
        _list(list(known.values()), out)
        return 0
    run, interrupted = _run(options, [known[name] for name in options.workloads or known], out, errors)
    out.print("\n".join(report.sum_of(run.outcomes)), soft_wrap=True)
    if interrupted:
        out.print("interrupted: this is what was done so far", style="yellow")
    if not _written(options, run, errors):
        return 2
    missed = any(v.met is False for outcome in run.outcomes for v in outcome.verdicts)
    return INTERRUPTED if interrupted else int(options.strict and missed)


def _trouble(options: Options, known: Mapping[str, Workload]) -> str:
    """What is wrong with the options, if anything is."""
    for name in options.workloads:
        if name not in known:
            return f"no workload {name!r}; there are {', '.join(known)}"
    for key in options.peers or ():
        if key not in LIBRARIES:
            return f"no library {key!r}; there are {', '.join(LIBRARIES)}"
    if options.plot:
        try:
            plot.load()
        except AbsentError as error:
            return f'{error}: pip install "tinypytorch[bench]"'
    return ""


def _list(known: Sequence[Workload], out: Console) -> None:
    for workload in known:
        out.print(f"{workload.name:<12}{workload.title}", soft_wrap=True)
    out.print()
    for key, library in LIBRARIES.items():
        out.print(f"{key:<12}{library.title} {version(key) or '(absent)'}", soft_wrap=True)


def _run(options: Options, chosen: Sequence[Workload], out: Console, errors: Console) -> tuple[Run, bool]:
    """Run the workloads, and show each as it is done; whether it was interrupted, too."""
    plain = Effort()
    rounds = options.rounds or (_QUICK_ROUNDS if options.quick else plain.rounds)
    effort = Effort(rounds, options.seconds or plain.seconds, options.quick, options.seed)
    keys = [key for key in LIBRARIES if key == OURS or options.peers is None or key in options.peers]
    outcomes: list[Outcome] = []
    run = Run(options.written, effort, outcomes)
    try:
        for workload in chosen:
            with errors.status(workload.name) as status:
                series = measured(workload, keys, effort, status.update)
            outcomes.append(judged(workload, series, () if effort.quick else TARGETS))
            report.show(outcomes[-1], out)
    except KeyboardInterrupt:
        return run, True
    return run, False


def _written(options: Options, run: Run, errors: Console) -> bool:
    """Write the files that were asked for; whether that was possible."""
    try:
        if options.json:
            Path(options.json).write_text(as_json(run), encoding="utf-8")
        if options.markdown:
            Path(options.markdown).write_text(as_markdown(run), encoding="utf-8")
        if options.plot:
            plot.draw(run.outcomes, Path(options.plot), "   ".join(facts(run)[1:]))
    except OSError as error:
        errors.print(f"{error.filename}: cannot be written: {error.strerror}", style="red", soft_wrap=True)
        return False
    return True
