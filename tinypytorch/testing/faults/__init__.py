"""Floor 6: planted faults, to measure what the checks find. Imports floors 1 to 5 and `testing`.

    python -m tinypytorch.testing.faults

plants each of `FAULTS`, one at a time, and reports which check finds it, after how many programs.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final

from tinypytorch.testing import extras
from tinypytorch.testing.examine import examine
from tinypytorch.testing.faults import (
    elementwise,
    engine,
    forward,
    functions,
    later,
    matrices,
    plane,
    recording,
    relative,
    structure,
    unitary,
)
from tinypytorch.testing.faults.fault import Fault as Fault
from tinypytorch.testing.programs import Program


def _special() -> tuple[Fault, ...]:
    """Those in ops that need SciPy; none where that is not installed."""
    if not extras.installed():
        return ()
    found: tuple[Fault, ...] = vars(import_module(f"{__name__}.special"))["FAULTS"]
    return found


FAULTS: Final[tuple[Fault, ...]] = (
    *(*relative.FAULTS, *elementwise.FAULTS, *functions.FAULTS, *structure.FAULTS, *matrices.FAULTS, *later.FAULTS),
    *(*engine.FAULTS, *recording.FAULTS, *plane.FAULTS, *unitary.FAULTS, *forward.FAULTS),
    *_special(),
)


def finds(p: Program) -> str | None:
    """What the checks find wrong with a program, in words, the cheapest first; None if nothing."""
    for failure in (examine(p, (1, 2), invariants=()).failure, examine(p, (1, 2), thorough=True).failure):
        if failure is not None:
            return f"{failure.check}: {failure.message}"
    return None
