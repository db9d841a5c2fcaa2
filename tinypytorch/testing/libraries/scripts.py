"""Floor 6: a finding as a script that uses the library and NumPy, and nothing of this package. Imports `judge`."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from tinypytorch.arrays import Array
from tinypytorch.testing.libraries.judge import ALIASED, DTYPE, MUTATED, VALUE, Fault
from tinypytorch.testing.libraries.library import Library
from tinypytorch.testing.programs import Program


def _array(x: Array) -> str:
    dtype = "" if x.dtype == "float64" else f', "{x.dtype}"'
    if 0 in x.shape:
        return f"numpy.zeros({x.shape}{dtype})"
    return f"numpy.array({x.tolist()!r}{dtype})".replace("nan", "numpy.nan")


def _listed(arrays: Sequence[Array]) -> str:
    return f"[{', '.join(_array(x) for x in arrays)}]"


def shown(arrays: Sequence[Array | None]) -> str:
    """Arrays as short text."""
    return ", ".join("None" if x is None else f"{x.tolist()}" for x in arrays) or "nothing"


def _compared(fault: Fault) -> tuple[str, str]:
    """What to print that was expected, and the expression for what came."""
    if fault.symptom == DTYPE:
        return shown_dtypes(fault.expected), "[str(numpy.asarray(g).dtype) for g in gradients]"
    if fault.symptom == ALIASED:
        return (
            "no shared memory",
            "[numpy.shares_memory(g, h) for g in gradients for h in [*gradients, *arrays] if g is not h]",
        )
    if fault.symptom == VALUE:
        return shown(fault.expected), "value"
    return shown(fault.expected), "arrays" if fault.symptom == MUTATED else "gradients"


def shown_dtypes(arrays: Sequence[Array]) -> str:
    """Their dtypes as short text."""
    return str([str(x.dtype) for x in arrays])


def script(library: Library, p: Program, fault: Fault) -> str:
    """The script: it prints what is expected, and then what the library gives, or what it raises."""
    expected, actual = _compared(fault)
    again = library.again if "second pass" in fault.symptom else ""
    head = f"# {library.name} {library.version}: {fault.symptom}"
    body = [
        *dict.fromkeys(["import numpy", *library.imports.splitlines()]),
        "",
        "",
        library.loss(p),
        "",
        f"arrays = {_listed(p.leaves)}",
        f'print("expected:", {expected!r})',
        (library.forward + library.backward + again).rstrip(),
        f'print("actual:  ", {actual})',
    ]
    return textwrap.dedent("\n".join([head, *body, ""]))
