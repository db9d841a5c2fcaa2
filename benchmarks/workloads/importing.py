"""How long `import` takes in a fresh interpreter, where NumPy has been imported before.

The clock in the interpreter is what counts; -X importtime says the same from within, and slows everything down.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

import tinypytorch
from benchmarks.libraries import BY_HAND, LIBRARIES
from benchmarks.libraries.library import Library, Step
from benchmarks.workloads.workload import EAGER, Case, Workload

_CHILD: Final = """\
import time
{before}
start = time.perf_counter()
import {module}
print(time.perf_counter() - start)
"""
_LINE: Final = re.compile(r"import time:\s+\d+ \|\s+(\d+) \| (\s*)(\S+)")
_TIMEOUT: Final = 300.0


def child(module: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Import NumPy, then the module, in a process of its own; NumPy itself after nothing."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    places = [str(Path(tinypytorch.__file__).parents[1]), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, places))
    text = _CHILD.format(before="" if module == "numpy" else "import numpy", module=module)
    command = [sys.executable, *options, "-c", text]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=_TIMEOUT)


def by_clock(module: str) -> float:
    """Seconds, by the clock."""
    return float(child(module).stdout.split()[-1])


def cumulative(log: str, module: str) -> float:
    """Seconds from the lines of -X importtime: of the module, and of packages that were imported to get at it."""
    lines = [(int(time), len(indent), name) for time, indent, name in _LINE.findall(log)]
    names = [name for _, _, name in lines]
    start = names.index("numpy") + 1 if "numpy" in names and module != "numpy" else 0
    # The package comes first, at the same depth as the module in it.
    wanted = {module.rsplit(".", n)[0] for n in range(module.count(".") + 1)}
    return sum(time for time, indent, name in lines[start:] if name in wanted and not indent) / 1e6


def by_importtime(module: str) -> float:
    """Seconds, by -X importtime."""
    return cumulative(child(module, "-X", "importtime").stderr, module)


def _case(label: str, by_importtimes: bool) -> Case:
    timed = by_importtime if by_importtimes else by_clock

    def step_of(key: str) -> Step:
        return lambda: (timed(LIBRARIES[key].imports),)

    def prepare(library: Library) -> Step:
        return step_of(library.key)

    def sample(step: Step) -> float:
        (seconds,) = step()
        return seconds if isinstance(seconds, float) else 0.0

    return Case(step_of(BY_HAND), prepare, label=label, sample=sample, comparable=False)


def cases(quick: bool) -> list[Case]:
    """By the clock, and by -X importtime."""
    return [_case(CLOCK, False), _case(IMPORTTIME, True)]


CLOCK: Final = "by the clock"
IMPORTTIME: Final = "-X importtime"
WORKLOAD: Final = Workload(
    "import",
    "import in a fresh interpreter, after NumPy; NumPy's own: after nothing",
    (*EAGER, "micrograd"),
    cases,
    rounds=7,
)
