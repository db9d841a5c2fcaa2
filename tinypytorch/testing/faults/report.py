"""Floor 6: what was measured, as text, JSON and Markdown. Imports `measure` and `peers`."""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Final

import numpy as np

from tinypytorch.testing.faults.fault import ELEMENTWISE, ENGINE, RELATIVE, STRUCTURE
from tinypytorch.testing.faults.measure import Budget, Clean, Measured, quantile
from tinypytorch.testing.faults.peers import OURS, Rival
from tinypytorch.testing.reduce import ENTRIES, INSTRUCTIONS

_KINDS: Final = (RELATIVE, ELEMENTWISE, STRUCTURE, ENGINE)
_WHAT: Final = """\
A fault is a wrong rule or a wrong engine, put in place in memory for as long as it is looked for (see
`tinypytorch/testing/faults/`). Random programs are drawn and checked: the quick check of the first and the second
derivative for each, all references and all that must hold beside the value for one in {every}. Faults in a rule meet
programs in which their op takes part, faults in the engine meet programs over all ops. The cases are the failures of
the first runs, made as small as the package can; instructions and entries are those of the largest of them. A suspicion
is what the package says of the cause; it is called apt if it names the kind of mistake.
"""
_HOW: Final = """\
Where a fault shows in the first derivative of one call of an op, each checker is given that op as a function of its own
library, whose forward is the op's and whose rule is the planted one, both on NumPy arrays (`torch.autograd.Function`,
`jax.custom_vjp` with `pure_callback`, `autograd.extend.primitive`). It is called as documented, with its default
tolerances, in float64, on the same inputs: for each shape that the op takes four sets of arrays with entries of
absolute value 1/4 to 2, and one of zeros and ones. An input counts for a checker only where it passes the right rule;
any complaint about any input, and any exception, counts as found. This package is given no more than that, either: one
call, the same inputs, the first derivative, and what the op states of its kinks; no programs, no invariants. `—`: the
checker cannot be given it. Faults of the engine, and of what only a second derivative or more than one call shows, are
left out: no other checker looks for them.
"""


@dataclass(frozen=True)
class Results:
    """Everything that one call of the command measured; empty or None where it was not asked for."""

    command: str
    budget: Budget
    faults: Sequence[Measured]
    rivals: Sequence[Rival] = ()
    clean: Clean | None = None


def line(m: Measured, seeds: int) -> str:
    """One fault as a line of text."""
    found = f"{m.killed}/{seeds}"
    size = f"{m.small[0].instructions} instr., {m.small[0].entries} entries" if m.small else ""
    count = f"median {middle(m.counts)}, 95% {quantile(m.counts, 0.95)}" if m.counts else "survives"
    return f"{m.name:55} {found:>6}  {count:24} {', '.join(m.checks[:2]):35} {size}"


def middle(counts: Sequence[int]) -> str:
    """The median, without a fraction that is zero."""
    return f"{median(counts):g}"


def as_json(results: Results) -> str:
    """Everything, for other programs."""
    rivals = [
        {name: value for name, value in vars(r).items() if name != "right"}  # arrays
        for r in results.rivals
    ]
    clean = None if results.clean is None else asdict(results.clean)
    faults = [asdict(m) for m in results.faults]
    everything = {"command": results.command, "budget": asdict(results.budget), "faults": faults}
    return json.dumps(everything | {"peers": rivals, "clean": clean}, indent=1)


def summary(results: Results) -> list[str]:
    """The few figures that matter."""
    faults, seeds = results.faults, results.budget.seeds
    runs = sum(len(m.kills) for m in faults)
    killed = sum(m.killed for m in faults)
    counts = [c for m in faults for c in m.counts]
    whole = sum(m.killed == seeds for m in faults)
    part = f"{100 * killed / max(runs, 1):.1f} %"
    most = results.budget.programs
    lines = [
        f"{whole} of {len(faults)} faults are found in every one of {seeds} runs of {most} programs.",
        f"{killed} of {runs} runs find their fault: {part}.",
    ]
    if counts:
        lines.append(f"Programs to find one: median {middle(counts)}, 95th percentile {quantile(counts, 0.95)}.")
    small = [s for m in faults for s in m.small]
    if small:
        lines.append(
            f"Of {len(small)} small failures, {sum(m.minimal for m in faults)} have at most {INSTRUCTIONS} "
            f"instructions and arrays of at most {ENTRIES} entries, or of as many as the fault takes to show; the "
            f"largest has {max(s.instructions for s in small)} instructions, and {max(s.entries for s in small)} "
            "entries is the largest array."
        )
        lines += [f"{m.name}: it takes {m.entries} entries, since {m.because}." for m in faults if m.because]
    judged = [m for m in faults if m.apt is not None]
    if judged:
        lines.append(f"The suspicion is apt for {sum(m.apt is True for m in judged)} of {len(judged)} faults.")
    return lines


def peers_table(results: Results) -> list[str]:
    """How many faults each checker finds, by the size of the error."""
    rivals = [r for r in results.rivals if r.version or r.name == OURS]
    absent = [r.name for r in results.rivals if r not in rivals]
    lines = [
        "| fault | " + " | ".join(f"{r.name} {r.version}".strip() for r in rivals) + " |",
        "|---|" + "---|" * len(rivals),
    ]
    sizes = sorted({m.error for m in results.faults if m.error is not None}, reverse=True)
    groups = [(f"relative error {e:.0e}", [m.name for m in results.faults if m.error == e]) for e in sizes]
    groups += [
        (kind, [m.name for m in results.faults if m.error is None and m.kind == kind])
        for kind in (ELEMENTWISE, STRUCTURE)
    ]
    groups.append(("**all**", [m.name for m in results.faults]))
    for title, names in groups:
        cells = [_of(r, names) for r in rivals]
        if any(cell != "—" for cell in cells):
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return lines + [f"\n{name}: absent (not installed)." for name in absent]


def _of(rival: Rival, names: Sequence[str]) -> str:
    given = [rival.found[n] for n in names if n in rival.found]
    return f"{sum(given)} of {len(given)}" if given else "—"


def clean_lines(clean: Clean) -> list[str]:
    """False alarms, and verdicts that say nothing."""
    part = f"{100 * clean.inconclusive / max(clean.verdicts, 1):.2f} %"
    return [
        f"{clean.programs} programs with no fault planted: {len(clean.alarms)} false alarms.",
        f"{clean.inconclusive} of {clean.verdicts} verdicts on them are INCONCLUSIVE: {part}.",
        f"{clean.programs / clean.seconds:.0f} of them are checked in a second by one process.",
        *clean.alarms[:5],
    ]


def markdown(results: Results) -> str:
    """The page."""
    b, faults = results.budget, results.faults
    lines = [
        "# How much the checks find",
        "",
        f"Made by `{results.command}`; nothing here is written by hand.",
        f"Python {platform.python_version()}, NumPy {np.__version__}, {platform.system()} {platform.machine()}.",
        "",
        _WHAT.format(every=b.every),
        *(f"- {text}" for text in summary(results)),
    ]
    if results.clean is not None:
        lines += [*(f"- {text}" for text in clean_lines(results.clean))]
    lines += ["", "| faults in | number | found in all runs | median | 95th percentile |", "|---|---|---|---|---|"]
    for kind in _KINDS:
        mine = [m for m in faults if m.kind == kind]
        counts = [c for m in mine for c in m.counts]
        if counts:
            whole = sum(m.killed == b.seeds for m in mine)
            lines.append(f"| {kind} | {len(mine)} | {whole} | {middle(counts)} | {quantile(counts, 0.95)} |")
    if results.rivals:
        lines += ["", *_peers(results)]
    lines += ["", *_details(results)]
    return "\n".join(lines) + "\n"


def _peers(results: Results) -> list[str]:
    refused = "; ".join(f"{r.name} {r.refused} of {r.inputs}" for r in results.rivals if r.inputs)
    return [
        "## The checkers of other libraries on the same faults",
        "",
        _HOW,
        *(f"- {r.name}: `{r.called}`" for r in results.rivals),
        "",
        *peers_table(results),
        "",
        f"Inputs that do not count, since the right rule was refused there: {refused}.",
    ]


def _details(results: Results) -> list[str]:
    rivals = [r for r in results.rivals if r.version]
    head = ["fault", "found", "median", "95 %", "by", "instructions", "entries", "suspicion", *(r.name for r in rivals)]
    lines = ["## Every fault", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for m in results.faults:
        cells = [
            m.name,
            f"{m.killed}/{len(m.kills)}",
            middle(m.counts) if m.counts else "",
            str(quantile(m.counts, 0.95)) if m.counts else "",
            ", ".join(m.checks[:3]),
            str(max((s.instructions for s in m.small), default="")),
            str(max((s.entries for s in m.small), default="")),
            (m.small[0].suspicion if m.small else "") + (" (not apt)" if m.apt is False else ""),
            *(_yes(r, m.name) for r in rivals),
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return lines


def _yes(rival: Rival, name: str) -> str:
    return "—" if name not in rival.found else "found" if rival.found[name] else "missed"
