"""Floor 6: what is verified where SciPy is installed: the ops of `tinypytorch.special`. Imports `steps` and `composed`.

SciPy takes longer to import than this package and its checker together, so these ops are in no list of the pool: they
take part in programs that are asked for one of them, among the package's other ops, and are imported for that. The
programs of the other ops are the same with SciPy and without it, and so is what a certificate says of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import Final

from tinypytorch.testing.composed import Composed
from tinypytorch.testing.operands import Step

# What their names begin with.
PREFIX: Final = "special."
NEEDED: Final = 'SciPy, which is not installed: pip install "tinypytorch[scipy]"'
# What imports SciPy.
_MODULE: Final = "tinypytorch.testing.special"
_OPS: Final = "tinypytorch.special.ops"


def installed() -> bool:
    """Whether SciPy is there; it is not imported."""
    return find_spec("scipy") is not None


def is_extra(name: str) -> bool:
    """Whether a name is that of something here, be SciPy installed or not."""
    return name.startswith(PREFIX)


def is_special(kind: type[object]) -> bool:
    """Whether an op's class is one of those here."""
    return kind.__module__ == _OPS


def kinds() -> Mapping[str, type[object]]:
    """The classes of the ops, by their names in the table; none without SciPy."""
    found: Mapping[str, type[object]] = vars(import_module(_MODULE))["KINDS"] if installed() else {}
    return found


def steps() -> Mapping[str, Step]:
    """The steps that apply the ops, by the same names."""
    found: Mapping[str, Step] = vars(import_module(_MODULE))["STEPS"] if installed() else {}
    return found


def composed() -> Mapping[str, Composed]:
    """The functions that are made of ops."""
    found: Mapping[str, Composed] = vars(import_module(_MODULE))["COMPOSED"] if installed() else {}
    return found


def names() -> tuple[str, ...]:
    """The names of all of them, ops first."""
    return (*steps(), *composed())
