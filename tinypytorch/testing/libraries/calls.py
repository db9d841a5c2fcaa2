"""Floor 6: ops that have a forward only, written as NumPy would be: programs of them run in any library.

Imports floor 2, `points` and `programs`. A program here ends in a number of no dimensions, which is differentiated.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.function import T
from tinypytorch.testing.programs import Program

# A step of a program: what is called, and the values that it is called on.
Line: TypeAlias = "tuple[Call, tuple[int, ...]]"
_CALLED: Final = re.compile(r"np\.([\w.]+)\(")


@contextmanager
def quiet() -> Generator[None]:
    """No warnings: at corners there would be many."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


class _Expression(Protocol):
    def __call__(self, /, *xs: object) -> object: ...


_COMPILED: Final[dict[tuple[str, int], Callable[[object], _Expression]]] = {}


def _compiled(text: str, arity: int) -> Callable[[object], _Expression]:
    """The text as a function of its operands, given what `np` is."""
    if (text, arity) not in _COMPILED:
        names = [f"x{n}" for n in range(arity)]
        source = f"lambda np: lambda {', '.join(names)}: {text.format(*names)}"
        _COMPILED[text, arity] = eval(source)
    return _COMPILED[text, arity]


@dataclass(frozen=True)
class Call:
    """An expression of NumPy in which {0}, {1}, … stand for the operands. Whatever differentiates it, it is not we.

    >>> Call("np.where({0} >= 0, {0}, {1})").forward(np.array([1.0, -1.0]), np.array([5.0, 5.0]))
    array([1., 5.])
    """

    text: str

    @property
    def arity(self) -> int:
        """How many operands there are."""
        return 1 + max((int(n) for n in re.findall(r"\{(\d)\}", self.text)), default=-1)

    @property
    def word(self) -> str:
        """The function that is called, or the text around the operands."""
        called = _CALLED.search(self.text)
        return called[1] if called else re.sub(r"\{\d\}|[\d.() ]", "", self.text)

    def within(self, namespace: object, xs: Sequence[object]) -> object:
        """The expression's value where `np` is `namespace`."""
        return _compiled(self.text, len(xs))(namespace)(*xs)

    def forward(self, /, *xs: Array) -> Array:
        """The expression's value in NumPy."""
        with quiet():
            y: Array = np.asarray(self.within(np, xs))
        return y

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        """There is no rule: the library under test has one."""
        raise NotImplementedError(f"{self.text} has no rule here")


def assembled(leaves: Sequence[Array], lines: Sequence[Line]) -> Program:
    """The program of these leaves and lines, without what its last value does not depend on; one leaf stays."""
    used = {len(leaves) + len(lines) - 1}
    for n in range(len(lines) - 1, -1, -1):
        if len(leaves) + n in used:
            used.update(lines[n][1])
    kept = sorted(used) if any(u < len(leaves) for u in used) else [0, *sorted(used)]
    at: dict[int, int] = {}
    p = Program()
    for old in kept:
        if old < len(leaves):
            at[old] = p.leaf(leaves[old])
        else:
            call, operands = lines[old - len(leaves)]
            at[old] = p.emit(call, *(at[r] for r in operands))
    return p


def lines_of(p: Program) -> list[Line]:
    """The steps of a program made of calls."""
    found: list[Line] = []
    for i in p.code:
        if isinstance(i.op, Call):
            found.append((i.op, tuple(r for r in i.operands if isinstance(r, int))))
    return found
