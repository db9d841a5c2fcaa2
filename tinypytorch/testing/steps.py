"""Floor 6: how an op of your own takes part in random programs. Imports floors 1 and 2, and `operands`.

A step needs operands that the op takes: in its domain, and of shapes that fit. An op that declares a `spec` says so
(`domain`, and `cases` for the shapes); for others it is found by trying.
"""

from __future__ import annotations

import math

import numpy as np

from tinypytorch.arrays import Array, Positions, Shape
from tinypytorch.function import REAL, Case, Function, is_binary, is_unary
from tinypytorch.ops import arithmetic as ar
from tinypytorch.ops import elementwise as el
from tinypytorch.ops import shaping as sh
from tinypytorch.ops import spec_of
from tinypytorch.ops.indexing import GetItem
from tinypytorch.testing.operands import Step, imaginary, inside
from tinypytorch.testing.programs import Program, Ref, leaf_values, run_one
from tinypytorch.testing.whose import said

# Shapes that are tried for an op that takes neither the operands' own shapes nor says which it takes.
SHAPES: tuple[Shape, ...] = ((3,), (2, 3), (3, 3), (), (2, 3, 3), (4,), (2, 2))


def step_of(op: Function) -> Step:
    """The step that applies `op`; where it does not take what the step has for it, the step does nothing."""

    def step(p: Program, i: int, j: int, k: int) -> int:
        chosen, operands = _operands(p, op, i, j, k)
        return p.emit(chosen, *operands) if operands else i

    return step


def step_of_cases(kind: type[object]) -> Step:
    """The step that applies an op in one of the instances that its class declares."""

    def step(p: Program, i: int, j: int, k: int) -> int:
        cases = _cases(kind)
        first = p.emit(*_case(p, cases[k % len(cases)], i, j))
        return first + k % (len(p.values) - first)  # one of the outputs

    return step


def _cases(kind: type[object]) -> list[Case]:
    """The instances that a class declares, with shapes that they take."""
    declared = spec_of(kind).cases
    return [] if declared is None else [case for case in declared() if type(case.op) is kind]


def _case(p: Program, case: Case, i: int, j: int) -> tuple[Function, *tuple[int, ...]]:
    """The instance, and operands of the shapes that it takes."""
    shaped = [_shaped(p, (i, j)[n % 2], shape) for n, shape in enumerate(case.shapes)]
    if case.imaginary:
        shaped = [imaginary(p, r) for r in shaped]
    return case.op, *(inside(p, case.op, r, n) for n, r in enumerate(shaped))


def _operands(p: Program, op: Function, i: int, j: int, k: int) -> tuple[Function, tuple[Ref, ...]]:
    """An instance of the op, and operands that it takes; none if none are found."""
    same = _cases(type(op))
    fitting = [case for case in same if repr(case.op) == repr(op)] or same
    if fitting:
        chosen, *found = _case(p, fitting[k % len(fitting)], i, j)
        return chosen, tuple(found)
    for refs in _candidates(p, op, i, j):
        for moved in _moved(p, op, refs):
            if takes(op, [p.values[r] for r in moved]):
                return op, moved
    return op, ()


def _candidates(p: Program, op: Function, i: int, j: int) -> list[tuple[int, ...]]:
    """Operands to try: as they are, and in other shapes."""
    count = 1 if is_unary(op) else 2 if is_binary(op) else 0
    counts = (count,) if count else (1, 2, 3)
    own = [tuple((i, j, i)[:n]) for n in counts]
    shape: Shape = p.values[i].shape
    alike = [tuple(_shaped(p, r, shape) for r in (i, j, i)[:n]) for n in counts if n > 1 and p.values[i].size]
    return own + alike if takes_any(p, op, own + alike) else _in_shapes(p, counts, i, j)


def takes_any(p: Program, op: Function, candidates: list[tuple[int, ...]]) -> bool:
    """Whether the op takes any of the candidates, wherever they lie."""
    return any(takes(op, [np.abs(p.values[r]) + 0.5 for r in refs], anything=True) for refs in candidates)


def _in_shapes(p: Program, counts: tuple[int, ...], i: int, j: int) -> list[tuple[int, ...]]:
    return [tuple(_shaped(p, r, shape) for r in (i, j, i)[:n]) for shape in SHAPES for n in counts]


def takes(op: Function, values: list[Array], anything: bool = False) -> bool:
    """Whether the op's forward takes these values, and gives finite ones (or anything)."""
    try:
        with np.errstate(all="ignore"):
            found = run_one(op, values)
    except Exception:
        return False
    return anything or all(y.dtype.kind in "fc" and bool(np.isfinite(y).all()) for y in found)


def refusal(op: Function) -> str:
    """What the op raises on arrays of small shapes, in words; empty if it takes some."""
    count = 1 if is_unary(op) else 2 if is_binary(op) else 1
    words = ""
    for shape in SHAPES:
        try:
            run_one(op, [leaf_values(shape, 0)] * count)
        except Exception as error:
            words = said(error)
        else:
            return ""
    return words


def _moved(p: Program, op: Function, refs: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The operands, moved to where the op may be defined: its domain, or else (0, ∞), (0, 1), (1, ∞)."""
    if any(d is not REAL for d in spec_of(op).domain):
        return [tuple(inside(p, op, r, n) for n, r in enumerate(refs))]
    if takes(op, [p.values[r] for r in refs]):
        return [refs]
    positive = tuple(p.emit(ar.Add(), p.emit(ar.Square(), r), 0.5) for r in refs)
    if takes(op, [p.values[r] for r in positive]):
        return [positive]
    small = tuple(p.emit(el.Sigmoid(), r) for r in refs)
    if takes(op, [p.values[r] for r in small]):
        return [small]
    return [tuple(p.emit(ar.Add(), r, 1.0) for r in positive)]


def _shaped(p: Program, i: int, shape: Shape) -> int:
    """The entries of a value, repeated as often as it takes, in another shape."""
    have: Array = p.values[i]
    if have.shape == shape:
        return i
    if not have.size or not math.prod(shape):
        return p.emit(sh.BroadcastTo(shape), p.emit(sh.SumTo(()), i))
    positions: Positions = (np.arange(math.prod(shape)) % have.size).reshape(shape)
    flat = p.emit(sh.Reshape((-1,)), i) if have.ndim != 1 else i
    return p.emit(GetItem(positions), flat)
