"""Floor 6: a smaller program with the same symptom. Imports `calls` and `programs`.

Hypothesis shrinks what it has drawn itself; here the program at hand is made smaller, step by step, also by what no
draw would give: the value of a step put in as a leaf.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Final

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.testing.libraries.calls import Call, Line, assembled, lines_of
from tinypytorch.testing.programs import Program

# So many programs are tried at most.
TRIES: Final = 300
# The simplest entries of a leaf, in order.
_SIMPLE: Final = (1.0, 2.0, 0.0, 3.0, -1.0, 0.5)


def size(p: Program) -> tuple[int, int, int, int, int, int]:
    """What shrinking makes smaller, the most important first."""
    lines = lines_of(p)
    entries: list[float] = [v for x in p.leaves for v in x.ravel().tolist()]
    return (
        len(lines),
        len(p.leaves),
        sum((x.size or 5) + x.ndim for x in p.leaves),
        sum(len(call.text) + sum(operands) for call, operands in lines),
        sum(x.dtype != np.float64 for x in p.leaves),
        sum(_SIMPLE.index(v) if v in _SIMPLE and repr(v) != "-0.0" else 6 + len(repr(v)) for v in entries),
    )


def ended(leaves: list[Array], lines: list[Line]) -> Program:
    """The program with the sum of its last value's entries at the end, unless that is a number already."""
    p = assembled(leaves, lines)
    return assembled(p.leaves, [*lines_of(p), (Call("np.sum({0})"), (len(p.values) - 1,))]) if p.values[-1].ndim else p


def _without(p: Program, n: int, r: int) -> Program:
    """The program with value `r` wherever the value of line `n` was."""
    lines, old = lines_of(p), len(p.leaves) + n
    moved: list[Line] = [(call, tuple(r if o == old else o for o in operands)) for call, operands in lines]
    if n < len(lines) - 1:
        return ended(p.leaves, moved)
    return ended(p.leaves, moved[: max(r - len(p.leaves) + 1, 0)]) if r >= len(p.leaves) else ended([p.leaves[r]], [])


def _frozen(p: Program, n: int) -> Program:
    """The program with the value of line `n` as a leaf."""
    lines, count = lines_of(p), len(p.leaves)
    old = count + n

    def at(o: int) -> int:
        return count if o == old else o + (o >= count)

    moved: list[Line] = [(call, tuple(at(o) for o in operands)) for call, operands in lines]
    return ended([*p.leaves, p.values[old]], moved)


def _replaced(p: Program, n: int, line: Line) -> Program:
    lines = lines_of(p)
    return ended(p.leaves, [*lines[:n], line, *lines[n + 1 :]])


def _simpler(call: Call) -> Iterator[Call]:
    """The call with fewer arguments."""
    for pattern in (r", keepdims=True", r", axis=(-?\d+|\([^)]*\))", r", ddof=1"):
        text = re.sub(pattern, "", call.text)
        if text != call.text:
            yield replace(call, text=text)


def _smaller(x: Array) -> Iterator[Array]:
    """The array with fewer axes, fewer entries, or simpler ones."""
    for axis in range(x.ndim):
        if x.shape[axis] == 1:
            yield np.squeeze(x, axis)
        for kept in (slice(1, None), slice(None, -1)) if x.shape[axis] > 1 else ():
            yield x[(slice(None),) * axis + (kept,)]
    if x.dtype != np.float64:
        yield x.astype(np.float64)
    yield np.ones_like(x)
    yield np.round(x)
    for n in range(x.size):
        for v in _SIMPLE:
            y = np.array(x)
            y.reshape(-1)[n] = v
            yield y


def candidates(p: Program) -> Iterator[Callable[[], Program]]:
    """Programs that may be smaller; some cannot be made."""
    lines, count = lines_of(p), len(p.leaves)
    for n in range(len(lines) - 1, -1, -1):
        for r in sorted({*lines[n][1]}):
            yield partial(_without, p, n, r)
    for n in range(len(lines) - 2, -1, -1):
        yield partial(_frozen, p, n)
    for n, (call, operands) in enumerate(lines):
        for other in _simpler(call):
            yield partial(_replaced, p, n, (other, operands))
        for r in range(count + n) if len(operands) > 1 else ():
            yield partial(_replaced, p, n, (call, (r,) * len(operands)))
    for k in range(count):
        for x in _smaller(p.leaves[k]):
            yield partial(ended, [*p.leaves[:k], x, *p.leaves[k + 1 :]], lines)


def shrunk(p: Program, fails: Callable[[Program], bool], tries: int = TRIES) -> Program:
    """The smallest program that `fails`, of those tried."""
    seen: set[str] = set()
    going = True
    while going:
        going = False
        for make in candidates(p):
            try:
                q = make()
            except (ValueError, TypeError, IndexError, ArithmeticError, np.linalg.LinAlgError):
                continue
            text = repr((lines_of(q), [(x.tolist(), x.shape, x.dtype) for x in q.leaves]))
            if text in seen or size(q) >= size(p):
                continue
            seen.add(text)
            tries -= 1
            if tries < 0:
                return p
            if fails(q):
                p, going = q, True
                break
    return p
