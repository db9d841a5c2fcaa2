"""Floor 6: tables in the documentation that are made from declarations. Imports floors 2 and 5, `command`, `extras`.

`list --markdown docs/ops.md` writes what is said of the ops, `list --numpy docs/numpy.md` what NumPy's names become.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from tinypytorch.command.arguments import PROGRAM
from tinypytorch.command.certificate import read
from tinypytorch.command.listing import domain_text
from tinypytorch.command.names import DIFFERENTIABLE, GROUPS, claims, is_function, public
from tinypytorch.function import REAL, Spec
from tinypytorch.numpy_functions import functions
from tinypytorch.ops import ALL, spec_of
from tinypytorch.testing import extras

_OPS: Final = """\
Every op of the package, from its declaration. Orders are those that [the certificate](certificate.md) says are
verified; "–": it has no row of that name. A domain is where the derivative exists; at a kink, where it does not, the op
gives what is said there. The last column is the op's own text: what it computes, its rule, and a formula's source.
"""
_SPECIAL: Final = """\
The ops of `tinypytorch.special`, by the names that `verify` knows them by; its functions have the names of SciPy's.
"""
_COLUMNS: Final = ("orders verified", "differentiable where", "at kinks", "what, rule, source")
_NUMPY: Final = """\
What becomes of every public function of `numpy`, `numpy.linalg` and `numpy.fft` that meets a Variable, for this version
of NumPy; classes, modules and values are left out. A name of another version that is in no class fails a test.
"""


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    for row in rows:
        cells = [re.sub(r"\s+", " ", cell).strip().replace("|", "\\|") or "–" for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _names(spec: Spec, name: str) -> list[str]:
    """The names that NumPy has for what an op computes."""
    ufuncs = [u for u in (spec.ufunc, *spec.aliases) if u is not None]
    found = [n for n, thing in public().items() if isinstance(thing, np.ufunc) and thing in ufuncs]
    plain = name.lower()
    found += [n for n in functions() if n.replace("_", "").rpartition(".")[2] == plain and n not in found]
    return found


def ops(orders: dict[str, str]) -> str:
    """The table of the ops; `orders` is what is verified of each, by its name without underscores."""
    rows: list[list[str]] = []
    for name, kind in ALL.items():
        spec = spec_of(kind)
        ufunc = spec.ufunc.__name__ if spec.ufunc else ""
        known = [orders[key] for key in (name.lower(), ufunc) if key in orders]
        names = ", ".join(f"`{n}`" for n in _names(spec, name))
        rows.append([f"`{name}`", names, known[0] if known else "", *_said(kind)])
    head = f"# Ops\n\n{_OPS}\nMade by `{PROGRAM} list --markdown docs/ops.md`."
    table = _table(("op", "NumPy's names", *_COLUMNS), rows)
    return f"{head}\n\n{table}\n\n{len(rows)} ops.\n{_special(orders)}"


def _said(kind: type[object]) -> list[str]:
    """What the declaration of an op says, for the last columns."""
    spec = spec_of(kind)
    domains = "; ".join(domain_text(d) for d in spec.domain) if set(spec.domain) != {REAL} else "all"
    return [domains, spec.kink, inspect.getdoc(kind) or ""]


def _special(orders: dict[str, str]) -> str:
    """The table of the ops that need SciPy; nothing where that is not installed."""
    rows = [[f"`{n}`", orders.get(n.replace("_", ""), ""), *_said(kind)] for n, kind in extras.kinds().items()]
    return f"\n## With SciPy\n\n{_SPECIAL}\n{_table(('op', *_COLUMNS), rows)}\n\n{len(rows)} ops.\n" if rows else ""


def numpy_names() -> str:
    """The table of NumPy's names, by class and reason."""
    names = [name for name, thing in public().items() if is_function(thing)]
    rows: list[list[str]] = []
    for kind, reason in dict.fromkeys([(DIFFERENTIABLE, ""), *((kind, group.reason) for kind, group in GROUPS)]):
        found = [f"`{name}`" for name in names if (kind, reason) in claims(name)]
        if found:
            rows.append([kind, reason, ", ".join(found), str(len(found))])
    head = f"# NumPy's names\n\n{_NUMPY}\n- NumPy {np.__version__}\n- made by `{PROGRAM} list --numpy docs/numpy.md`"
    return f"{head}\n\n{_table(('class', 'why', 'names', 'how many'), rows)}\n"


def write_ops(path: Path) -> None:
    """Write the table of the ops. The certificate is the file of that name beside it, if there is one."""
    path.write_text(ops(verified(path.with_name("certificate.md"))), encoding="utf-8")


def verified(certificate: Path) -> dict[str, str]:
    """The orders of each op that a certificate says are verified; nothing if there is no such file."""
    if not certificate.exists():
        return {}
    kept = read(certificate.read_text(encoding="utf-8"))
    return {
        op.strip("`").replace("_", ""): claim["orders"]
        for op, claim in kept.claims.items()
        if claim["verdict"] == "verified"
    }
