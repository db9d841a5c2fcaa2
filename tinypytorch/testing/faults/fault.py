"""Floor 6: what a planted fault is: a patch in memory, never edited source. Imports floors 1 to 3, and `reduce`."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias, TypeGuard

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.config import mode
from tinypytorch.testing.reduce import ENTRIES

# Wrong rules, as (op, gy, y, operands …); at run time they get Variables, too, as right ones do.
Rule: TypeAlias = Callable[[object, Array, Array, Array], Array]
Forward: TypeAlias = Callable[[object, Array], Array]
Rule2: TypeAlias = Callable[[object, Array, Array, Array, Array], Array]

# The kinds of faults, as the report groups them.
RELATIVE: Final = "relative errors"
ELEMENTWISE: Final = "elementwise rules"
STRUCTURE: Final = "shape, reduction and product rules"
ENGINE: Final = "engine"

_ABSENT: Final = object()


@dataclass(frozen=True)
class Patch:
    """The attribute of `owner` (a class or a module) that is replaced by what `make` gives, a new one each time."""

    owner: object
    attribute: str
    make: Callable[[], object]

    def put(self) -> object:
        """Put the wrong thing in; gives what was there."""
        before: object = vars(self.owner).get(self.attribute, _ABSENT)
        setattr(self.owner, self.attribute, self.make())
        return before

    def back(self, before: object) -> None:
        """Put back what was there."""
        if before is _ABSENT:
            delattr(self.owner, self.attribute)
        else:
            setattr(self.owner, self.attribute, before)


@dataclass(frozen=True)
class Fault:
    """Something wrong, for as long as its context lasts.

    kind: one of `RELATIVE`, `ELEMENTWISE`, `STRUCTURE`, `ENGINE`.
    lone: whether a first derivative of a single call of the op (the first patch's owner) shows it: then the checkers of
        other libraries are given it, too.
    error: its size relative to the derivative, if that is what the fault is about.
    apt: a regular expression; the suspicion that `explain` gives is apt if it is found in it. Empty: not judged.
    entries: so many entries the largest array of the smallest case has, if that is more than `reduce` aims at; and
        `because`: why fewer cannot show it.
    """

    name: str
    kind: str
    patches: tuple[Patch, ...]
    lone: bool = True
    error: float | None = None
    apt: str = ""
    entries: int = ENTRIES
    because: str = ""

    @contextmanager
    def planted(self) -> Generator[None]:
        """Plant the fault for the duration of a `with` block; settings that it left behind are put back, too."""
        bits = mode.get()
        done: list[tuple[Patch, object]] = []
        try:
            for patch in self.patches:
                done.append((patch, patch.put()))
            yield
        finally:
            for patch, before in reversed(done):
                patch.back(before)
            mode.set(bits)


def is_ndarray(x: object) -> TypeGuard[Array]:
    """Whether x is an array: no Variable, and no number."""
    return isinstance(x, np.ndarray)


def always(wrong: object) -> Callable[[], object]:
    """The same wrong thing each time."""
    return lambda: wrong


def rule(
    name: str,
    op: type[object],
    wrong: Rule | Rule2 | Forward,
    apt: str,
    lone: bool = True,
    method: str = "backward",
) -> Fault:
    """A wrong rule, or another method, of an elementwise op."""
    return Fault(f"{op.__name__}: {name}", ELEMENTWISE, (Patch(op, method, always(wrong)),), lone, None, apt)


def rule_a(name: str, op: type[object], wrong: Rule2, apt: str, lone: bool = True) -> Fault:
    """A wrong rule for the first operand of an elementwise op."""
    return rule(name, op, wrong, apt, lone, "backward_a")


def rule_b(name: str, op: type[object], wrong: Rule2, apt: str, lone: bool = True) -> Fault:
    """A wrong rule for the second operand of an elementwise op."""
    return rule(name, op, wrong, apt, lone, "backward_b")


def structural(
    name: str,
    op: type[object],
    method: str,
    wrong: object,
    apt: str,
    lone: bool = True,
    entries: int = ENTRIES,
    because: str = "",
) -> Fault:
    """A wrong method of an op that moves, reduces or multiplies arrays."""
    patches = (Patch(op, method, always(wrong)),)
    return Fault(f"{op.__name__}: {name}", STRUCTURE, patches, lone, None, apt, entries, because)


def engine(name: str, *patches: Patch, apt: str = "") -> Fault:
    """A wrong engine."""
    return Fault(f"engine: {name}", ENGINE, patches, False, None, apt)
