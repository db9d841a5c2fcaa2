"""The peak memory of `chain`, in arrays of x's size beyond x itself, of libraries whose arrays are NumPy's."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from typing import Final

from benchmarks.libraries.library import Step
from benchmarks.workloads import chain
from benchmarks.workloads.workload import ARRAYS_HELD, Case, Workload

_BYTES: Final = 8


# What is not arrays is rounded off.
def peak(step: Step) -> int:
    """The most bytes that were taken at one time since the step began."""
    tracemalloc.start()
    try:
        step()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def cases(quick: bool) -> list[Case]:
    """The same as those of `chain`; entries are eight bytes each."""
    size = _BYTES * (chain.QUICK_ENTRIES if quick else chain.ENTRIES)

    def sample(step: Step) -> float:
        return round(peak(step) / size, 1)

    return [replace(case, sample=sample) for case in chain.cases(quick)]


WORKLOAD: Final = Workload(
    "memory",
    "peak memory of chain, in arrays of 8 MB beyond x",
    ("autograd", "mygrad"),
    cases,
    unit=ARRAYS_HELD,
    rounds=3,
)
