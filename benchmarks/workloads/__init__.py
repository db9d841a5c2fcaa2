"""What is computed. Every module here that has a `WORKLOAD` is a workload; they are run in the order of `ORDER`."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from benchmarks.workloads.workload import Workload

# The others come after these, by name.
ORDER: Final = ("goldstein", "mlp", "chain", "deep", "wide", "hvp", "rnn", "attention", "inference", "import", "memory")


def workloads() -> dict[str, Workload]:
    """All workloads by name."""
    found: dict[str, Workload] = {}
    for entry in pkgutil.iter_modules(__path__):
        it: object = vars(importlib.import_module(f"{__name__}.{entry.name}")).get("WORKLOAD")
        if isinstance(it, Workload):
            found[it.name] = it
    known = [name for name in ORDER if name in found]
    return {name: found[name] for name in (*known, *sorted(found.keys() - set(known)))}
