"""Floor 6: what the search has to know of a library: how its users write. Imports `calls` and `programs`.

A library is a few lines of text. The script that a finding is reported with, and the code that found it, are made of
the same lines, so that what is shown is what was run.
"""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeGuard

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.testing.libraries.calls import Call, Line, lines_of
from tinypytorch.testing.libraries.vocabulary import NAMES, SHAPES
from tinypytorch.testing.programs import Program

_CALL: Final = re.compile(r"np\.([\w.]+)\((.*)\)")
# So many equal steps in a row are written as a loop.
_LOOP: Final = 4


class UnsupportedError(Exception):
    """The library does not have this function, and says so."""


@dataclass(frozen=True)
class Outcome:
    """What a library gave: the value, the gradients (None for none), and the arrays that it was given, afterwards."""

    value: Array
    gradients: list[Array | None]
    arrays: list[Array]


@dataclass(frozen=True)
class Library:
    """A library as its users see it.

    name: the module, and the distribution.
    imports: the lines that import it.
    np: what its functions are attributes of.
    renamed: functions that it writes differently, with {args} for NumPy's arguments.
    forward: lines that set `value` from the function `loss` and the list `arrays`. If these raise, the library does not
        support the program.
    backward: lines that follow these, and set `gradients`. If these raise, it is a fault.
    again: lines that follow these, zero what has to be zeroed, and set `gradients` from a second pass of the same
        graph; or "" if it has no such thing.
    without: words that it does not have.
    forbidden: a regular expression for what else it does not have, searched in a call.
    shapes: of the arrays that it takes.
    typed: whether its gradients are arrays, with a dtype and memory of their own.
    lacks: says of an exception whether it means that something is not supported.
    """

    name: str
    imports: str
    np: str
    forward: str
    backward: str
    again: str = ""
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    without: frozenset[str] = frozenset()
    forbidden: str = "$^"
    shapes: tuple[tuple[int, ...], ...] = SHAPES
    typed: bool = True
    lacks: Callable[[Exception], bool] = lambda error: isinstance(error, NotImplementedError)

    @property
    def version(self) -> str:
        """The version that is installed, "" if it is no distribution."""
        try:
            return importlib.metadata.version(self.name)
        except importlib.metadata.PackageNotFoundError:
            return ""

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the vocabulary that it has."""
        return tuple(w for w in NAMES if w not in self.without)

    def allows(self, text: str) -> bool:
        """Whether it has this call."""
        return re.search(self.forbidden, text) is None

    def spelled(self, call: Call, operands: Sequence[str]) -> str:
        """The call as this library writes it."""
        found = _CALL.fullmatch(call.text)
        text = call.text
        if found is not None:
            name, args = found.groups()
            text = self.renamed.get(name, f"{self.np}.{name}({{args}})").replace("{args}", args)
        return text.format(*operands)

    def loss(self, p: Program) -> str:
        """The program as the source of a function."""
        lines, n = lines_of(p), len(p.leaves)
        body: list[str] = []
        at = 0
        while at < len(lines):
            run = _run(lines, n, at)
            y = f"v{n + at + run - 1}"
            call, operands = lines[at]
            if run > 1:
                head = [f"{y} = {_value(operands[0], n)}", f"for _ in range({run}):"]
                body += [*head, f"    {y} = {self.spelled(call, [y] * call.arity)}"]
            else:
                body.append(f"{y} = {self.spelled(call, [_value(r, n) for r in operands])}")
            at += run
        last = body.pop().split(" = ", 1)[1] if body and not body[-1].startswith(" ") else f"v{n + len(lines) - 1}"
        result = last if lines else "x0"
        return "".join(
            f"{line}\n"
            for line in [
                f"def loss({', '.join(f'x{k}' for k in range(n))}):",
                *(f"    {line}" for line in [*body, f"return {result}"]),
            ]
        )

    def load(self) -> None:
        """Import it; raises `ModuleNotFoundError` where it is not installed."""
        _execute(self.imports, {})

    def run(self, p: Program, again: bool = False) -> Outcome:
        """The program in this library; raises `UnsupportedError`, or whatever the library raises."""
        arrays = [np.array(x) for x in p.leaves]
        names: dict[str, object] = {"arrays": list(arrays)}
        try:
            _execute("\n".join([self.imports, self.loss(p), self.forward]), names)
        except RecursionError:
            raise
        except Exception as error:
            raise UnsupportedError(str(error)) from error
        try:
            _execute(self.backward + (self.again if again else ""), names)
        except Exception as error:
            if self.lacks(error):
                raise UnsupportedError(str(error)) from error
            raise
        found = names["gradients"]
        gradients = [None if g is None else np.asarray(g) for g in (found if _is_many(found) else [found])]
        return Outcome(np.asarray(names["value"]), gradients, arrays)


def _is_many(x: object) -> TypeGuard[Sequence[object]]:
    return isinstance(x, (list, tuple))


def _execute(text: str, names: dict[str, object]) -> None:
    exec(compile(text, "<library>", "exec"), names)


def _value(r: int, n: int) -> str:
    return f"x{r}" if r < n else f"v{r}"


def _run(lines: Sequence[Line], n: int, at: int) -> int:
    """How many lines from here on do the same to the value before, and to nothing else."""
    call, operands = lines[at]
    if len(set(operands)) != 1:
        return 1
    end = at + 1
    while end < len(lines) and lines[end][0] == call and set(lines[end][1]) == {n + end - 1}:
        end += 1
    inner = range(n + at, n + end - 1)
    used = any(r in inner for _, operands in lines[end:] for r in operands)
    return end - at if end - at >= _LOOP and not used else 1
