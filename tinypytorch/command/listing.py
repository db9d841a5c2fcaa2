"""Floor 6: `list`: the ops of the package. Imports floor 2, and `extras`."""

from __future__ import annotations

import math

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from tinypytorch.function import REAL, Domain
from tinypytorch.ops import ALL, spec_of
from tinypytorch.testing import extras


def domain_text(domain: Domain) -> str:
    """A domain in words.

    >>> [domain_text(d) for d in (Domain(), Domain(low=0.0), Domain(-1.0, 1.0), Domain(avoid=(0.0,)))]
    ['all', '> 0', '-1 < x < 1', 'not 0']
    """
    low, high = domain.low > -math.inf, domain.high < math.inf
    parts = [f"{domain.low:g} < x < {domain.high:g}"] if low and high else []
    parts += [f"> {domain.low:g}"] if low and not high else [f"< {domain.high:g}"] if high and not low else []
    parts += [f"not {x:g}" for x in domain.avoid]
    return ", ".join(parts) or "all"


def show(out: Console) -> None:
    """Print the ops, in the order of their source."""
    table = Table(box=SIMPLE, pad_edge=False)
    for name in ("op", "ufunc", "differentiable where", "at kinks", "holomorphic"):
        table.add_column(name)
    special = extras.kinds()
    for name, kind in (*ALL.items(), *special.items()):
        spec = spec_of(kind)
        domains = "; ".join(domain_text(d) for d in spec.domain) if set(spec.domain) != {REAL} else "all"
        ufunc = spec.ufunc.__name__ if spec.ufunc else ""
        table.add_row(name, ufunc, domains, spec.kink, "yes" if spec.holomorphic else "no")
    out.print(table)
    more = f", {len(special)} with SciPy" if special else f", without tinypytorch.special, which needs {extras.NEEDED}"
    out.print(
        f"{len(ALL)} ops{more}; where an op has two operands of different domains, they are given one after the other"
    )
