"""Floor 6: the smallest program that still fails. Imports `programs`, two ops and NumPy.

Greedy, on the program itself: fewer instructions first, then fewer entries, then rounder numbers. A change is kept if
the program still runs and fails in the same way. Cutting is what makes it work: any inner value can become a leaf.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import fields, is_dataclass
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from tinypytorch.arrays import AnyArray, Array, Shape, is_array
from tinypytorch.function import fields_of, is_many
from tinypytorch.ops.arithmetic import Mul, Neg
from tinypytorch.testing.numbers.matrices import is_tuple
from tinypytorch.testing.programs import Instruction, Program, Ref, starts_of

# Whether a program still fails, in the same way; must not raise.
Fails: TypeAlias = Callable[[Program], bool]

# Programs that are smaller than one in respect of its instruction, or its leaf, of that number.
Change: TypeAlias = Callable[[Program, int], Iterator[Program]]

# How many programs are tried at most.
TRIES: Final = 2000
# What is aimed at: so many instructions, and entries of the largest array, at most.
INSTRUCTIONS: Final = 3
ENTRIES: Final = 2
# Small shapes, and what they can be turned into.
_FEW: Final[tuple[Shape, ...]] = ((), (1,), (2,), (1, 2), (2, 1), (3,), (1, 3), (3, 1), (4,), (2, 2))
_SHAPES: Final = tuple((a, b) for a in _FEW for b in _FEW if math.prod(a) == math.prod(b))
_PLAIN: Final = (Mul, Neg)
_ROUND: Final = (1.0, 2.0, 0.5, -1.0, 3.0, 1.5)


def reduced(p: Program, fails: Fails, until: float = math.inf) -> Program:
    """The smallest program that fails as `p` does, or nearly so: no single change makes it smaller.

    until: when to stop, by `time.monotonic`.
    """
    left = TRIES
    best = p
    while left > 0 and time.monotonic() < until:
        for candidate in _smaller(best):
            left -= 1
            if fails(candidate):
                best = candidate
                break
            if left <= 0 or time.monotonic() > until:
                return best
        else:
            return best
    return best


def is_small(p: Program) -> bool:
    """Whether a program is as small as is aimed at."""
    return len(p.code) <= INSTRUCTIONS and max([v.size for v in p.values]) <= ENTRIES


def rebuilt(leaves: Sequence[Array], code: Sequence[Instruction]) -> Program | None:
    """The program of these leaves and instructions; None if an instruction does not take its operands any more."""
    p = Program()
    for leaf in leaves:
        p.leaf(leaf)
    with np.errstate(all="ignore"):
        for i in code:
            at = len(p.values)
            try:
                p.emit(i.op, *i.operands)
            except Exception:
                return None
            if len(p.values) - at != i.outputs:
                return None
    if not p.code or not all(np.isfinite(v).all() for v in p.values):
        return None
    return p


def _smaller(p: Program) -> Iterator[Program]:
    """Programs that are smaller in one respect, the largest steps first."""
    yield from _without_unused(p)
    yield from _one_end(p)
    for k in range(len(p.code)):
        yield from _cut(p, k)
    of_code: tuple[Change, ...] = (_bypassed, _fewer_operands, _smaller_parameters, _reshaped)
    of_leaves: tuple[Change, ...] = (_fewer_entries, _merged_leaves, _rounder)
    for changes, count in ((of_code, len(p.code)), (of_leaves, len(p.leaves))):
        for change in changes:
            for k in range(count):
                yield from change(p, k)
    yield from _shorter_together(p)
    yield from (q for k in range(len(p.code)) for q in _plainer(p, k))


def _unused(p: Program) -> set[int]:
    """Leaves and results that nothing uses, and that are not differentiated: that they are there may be what fails."""
    used = {r for i in p.code for r in i.operands if isinstance(r, int)}
    return set(range(len(p.values))) - used - set(p.ends)


def _only(wanted: set[int], leaves: Sequence[Array], code: Sequence[Instruction]) -> Program | None:
    """The leaves and instructions that the wanted values need, renumbered."""
    starts = starts_of(len(leaves), code)
    need = set(wanted)
    for start, i in zip(reversed(starts), reversed(code), strict=True):
        if any(start + n in need for n in range(i.outputs)):
            need.update(r for r in i.operands if isinstance(r, int))
    number: dict[int, int] = {}
    for n in range(len(leaves)):
        if n in need:
            number[n] = len(number)
    kept_leaves = [leaf for n, leaf in enumerate(leaves) if n in need]
    kept: list[Instruction] = []
    for start, i in zip(starts, code, strict=True):
        if any(start + n in need for n in range(i.outputs)):
            operands: tuple[Ref, ...] = tuple(number[r] if isinstance(r, int) else r for r in i.operands)
            for n in range(i.outputs):
                number[start + n] = len(number)
            kept.append(Instruction(i.op, operands, i.outputs))
    return rebuilt(kept_leaves, kept)


def _without_unused(p: Program) -> Iterator[Program]:
    """Without what no output needs, or without a part of it."""
    unused = _unused(p)
    for stay in (set[int](), *(unused - {one} for one in unused)):
        q = _only(set(p.ends) | stay, p.leaves, p.code)
        if q is not None and _size(q) < _size(p):
            yield q


def _one_end(p: Program) -> Iterator[Program]:
    """Differentiated from one output only."""
    if len(p.ends) > 1:
        for end in p.ends:
            q = _only({end} | _unused(p), p.leaves, p.code)
            if q is not None and _size(q) < _size(p):
                yield q


def _cut(p: Program, k: int) -> Iterator[Program]:
    """With the results of instruction k as leaves; one that was differentiated is no more."""
    start = p.starts[k]
    results = range(start, start + p.code[k].outputs)
    ends = set(p.ends) - set(results)
    if not ends:
        return
    n = len(p.leaves)

    def moved(r: Ref) -> Ref:
        if not isinstance(r, int) or r < n or r >= results.stop:
            return r
        return n + r - start if r in results else r + len(results)

    leaves = [*p.leaves, *(p.values[r] for r in results)]
    code = [Instruction(i.op, tuple(moved(r) for r in i.operands), i.outputs) for j, i in enumerate(p.code) if j != k]
    stay = {m for m in map(moved, ends | _unused(p)) if isinstance(m, int)}
    q = _only(stay, leaves, code)
    if q is not None and _size(q) < _size(p):
        yield q


def _bypassed(p: Program, k: int) -> Iterator[Program]:
    """With an operand of instruction k in place of its results."""
    i = p.code[k]
    results = range(p.starts[k], p.starts[k] + i.outputs)
    for operand in dict.fromkeys(r for r in i.operands if isinstance(r, int)):
        if set(results) & set(p.ends) and operand < len(p.leaves):
            continue

        def moved(r: Ref, results: range = results, instead: int = operand) -> Ref:
            if not isinstance(r, int) or r < results.start:
                return r
            return instead if r in results else r - len(results)

        code = [
            Instruction(j.op, tuple(moved(r) for r in j.operands), j.outputs) for j in (*p.code[:k], *p.code[k + 1 :])
        ]
        stay = {m for m in map(moved, {*p.ends, *_unused(p)}) if isinstance(m, int)}
        q = _only(stay, p.leaves, code)
        if q is not None:
            yield q


def _fewer_operands(p: Program, k: int) -> Iterator[Program]:
    """With one operand less for an op that takes any number."""
    i = p.code[k]
    if len(i.operands) > 1 and is_many(i.op):
        for n in range(len(i.operands)):
            operands = (*i.operands[:n], *i.operands[n + 1 :])
            yield from _with(p, k, Instruction(i.op, operands, i.outputs))


def _smaller_parameters(p: Program, k: int) -> Iterator[Program]:
    """With smaller arrays or smaller numbers among an op's parameters."""
    i = p.code[k]
    for name in _fields(i.op):
        value: object = getattr(i.op, name)
        for less in _less(value):
            op = copy(i.op)
            object.__setattr__(op, name, less)  # as dataclasses.replace, whose types know no optional fields
            yield from _with(p, k, Instruction(op, i.operands, i.outputs))


def _reshaped(p: Program, k: int) -> Iterator[Program]:
    """With fewer entries in a leaf that is put into another shape, which has to shrink with it."""
    i = p.code[k]
    for r in dict.fromkeys(r for r in i.operands if isinstance(r, int) and r < len(p.leaves)):
        x = p.leaves[r]
        for name in _fields(i.op):
            value: object = getattr(i.op, name)
            if is_tuple(value) and all(type(n) is int for n in value) and len(value):
                for before, after in _SHAPES:
                    if math.prod(before) < x.size:
                        op = copy(i.op)
                        object.__setattr__(op, name, after)
                        leaf = x.reshape(-1)[: math.prod(before)].reshape(before)
                        q = rebuilt(
                            [leaf if n == r else y for n, y in enumerate(p.leaves)],
                            [*p.code[:k], Instruction(op, i.operands, i.outputs), *p.code[k + 1 :]],
                        )
                        if q is not None and _size(q) < _size(p):
                            yield q


def _fields(op: object) -> list[str]:
    """The parameters of an op that is a dataclass, or one of this package."""
    return [f.name for f in fields(op)] if is_dataclass(op) else list(fields_of(type(op)))


def _less(value: object) -> Iterator[object]:
    """Smaller values of a parameter; a tuple has one smaller part."""
    if is_array(value):
        for n in (1, 2):
            for axis in range(value.ndim):
                if value.shape[axis] > n:
                    yield value[tuple(slice(0, n) if a == axis else slice(None) for a in range(value.ndim))]
        if value.ndim and len(value):
            yield value[0]
    elif is_tuple(value):
        for n, part in enumerate(value):
            yield (*value[:n], *value[n + 1 :])
            for less in _less(part):
                yield (*value[:n], less, *value[n + 1 :])
    elif isinstance(value, int) and not isinstance(value, bool) and value > 1:
        yield from (1, value - 1)


def _with(p: Program, k: int, instead: Instruction) -> Iterator[Program]:
    """With another instruction in place of number k."""
    q = rebuilt(p.leaves, [*p.code[:k], instead, *p.code[k + 1 :]])
    if q is not None:
        q = _only(set(q.ends) | _unused(p), q.leaves, q.code)
    if q is not None and _size(q) < _size(p):
        yield q


def _plainer(p: Program, k: int) -> Iterator[Program]:
    """With a product, or a sign, in place of instruction k: if that fails, too, the op does not matter."""
    i = p.code[k]
    operands = tuple(r for r in i.operands if isinstance(r, int))
    if i.outputs == 1:
        for op, count in ((Mul(), 2), (Neg(), 1)):
            if len(operands) >= count:
                yield from _with(p, k, Instruction(op, operands[:count], 1))


def _fewer_entries(p: Program, leaf: int) -> Iterator[Program]:
    """With a smaller leaf: another shape for all leaves of its shape, or one axis shorter, or the leaf alone."""
    x = p.leaves[leaf]
    if not x.size or not x.ndim:
        return
    shorter: list[Array] = [
        x[tuple(slice(0, 1) if a == axis else slice(None) for a in range(x.ndim))] for axis in range(x.ndim)
    ]
    shorter += [x[tuple(slice(0, 2) if a == axis else slice(None) for a in range(x.ndim))] for axis in range(x.ndim)]
    flat = x.reshape(-1)
    candidates = [flat[:1].reshape(()), flat[:1], flat[:2], *(x[0] for _ in range(min(1, x.ndim)) if len(x)), *shorter]
    for candidate in candidates:
        if (candidate.size, candidate.ndim) >= (x.size, x.ndim):
            continue
        same = [candidate if y is x else _as(y, x, candidate) for y in p.leaves]
        for leaves in (same, [candidate if n == leaf else y for n, y in enumerate(p.leaves)]):
            q = rebuilt(leaves, p.code)
            if q is not None and _size(q) < _size(p):
                yield q


def _as(y: Array, x: Array, smaller: Array) -> Array:
    """`y`, cut as `x` was, if it has the same shape."""
    if y.shape != x.shape:
        return y
    return y.reshape(-1)[: smaller.size].reshape(smaller.shape)


def _shorter_together(p: Program) -> Iterator[Program]:
    """Without one entry of every axis of some length, in leaves and parameters at once: for shapes that must fit."""
    arrays = [*p.leaves, *(a for i in p.code for name in _fields(i.op) for a in _arrays(getattr(i.op, name)))]
    places = [None, *range(max(x.ndim for x in p.leaves))]
    for n in sorted({k for x in arrays for k in x.shape if k > 1}, reverse=True):
        for entry in reversed(range(n)):
            for place in places:
                leaves = [_without(x, n, entry, place) for x in p.leaves]
                cut = partial(_part_without, n=n, entry=entry, place=place)
                for code in ([_changed(i, cut) for i in p.code], p.code, [_changed(i, _less_by_one) for i in p.code]):
                    q = rebuilt(leaves, code)
                    if q is not None and _size(q) < _size(p):
                        yield q


def _without(x: Array, n: int, entry: int, place: int | None) -> Array:
    """Without an entry of the axes of length n: of all of them, or of the one in that place."""
    for axis in range(x.ndim):
        if x.shape[axis] == n and place in (None, axis):
            x = np.delete(x, entry, axis)
    return x


def _changed(i: Instruction, change: Callable[[object], object]) -> Instruction:
    """With each of the op's parameters changed."""
    op = copy(i.op)
    for name in _fields(op):
        object.__setattr__(op, name, change(getattr(op, name)))
    return Instruction(op, i.operands, i.outputs)


def _less_by_one(value: object) -> object:
    """A number, such as a length, less by one."""
    return value - 1 if type(value) is int and value > 1 else value


def _part_without(value: object, n: int, entry: int, place: int | None) -> object:
    if is_array(value):
        return np.delete(value, entry, value.shape.index(n)) if n in value.shape else value
    if is_tuple(value):
        return tuple(
            (n - 1 if part == n and place in (None, at) else part)
            if type(part) is int
            else _part_without(part, n, entry, place)
            for at, part in enumerate(value)
        )
    return value


def _arrays(value: object) -> list[AnyArray]:
    """The arrays in a parameter."""
    if is_tuple(value):
        return [array for part in value for array in _arrays(part)]
    return [value] if is_array(value) else []


def _merged_leaves(p: Program, leaf: int) -> Iterator[Program]:
    """With an earlier leaf of the same shape and dtype in this one's place."""
    for other in range(leaf):
        if p.leaves[other].shape == p.leaves[leaf].shape and p.leaves[other].dtype == p.leaves[leaf].dtype:
            code = [
                Instruction(
                    i.op, tuple(other if r == leaf and isinstance(r, int) else r for r in i.operands), i.outputs
                )
                for i in p.code
            ]
            q = _only(set(p.ends) | _unused(p), p.leaves, code)
            if q is not None and _size(q) < _size(p):
                yield q


def _rounder(p: Program, leaf: int) -> Iterator[Program]:
    """With rounder numbers."""
    x = p.leaves[leaf]
    for start in range(len(_ROUND)):
        entries = [_ROUND[(start + n) % len(_ROUND)] for n in range(x.size)]
        candidate = np.asarray(entries, x.dtype).reshape(x.shape)
        if _roundness(candidate) < _roundness(x):
            q = rebuilt([candidate if n == leaf else y for n, y in enumerate(p.leaves)], p.code)
            if q is not None:
                yield q


def _roundness(x: Array) -> tuple[int, int]:
    entries: list[float] = x.reshape(-1).tolist()
    return sum(e not in _ROUND for e in entries), sum(_ROUND.index(e) if e in _ROUND else 0 for e in entries)


def _size(p: Program) -> tuple[int, int, int, int, int]:
    """Instructions, entries, leaves, axes, ops that are not plain: what is to become less, in this order."""
    return (
        len(p.code),
        max(v.size for v in p.values),
        sum(v.size for v in p.values) + len(p.leaves) + sum(len(i.operands) for i in p.code),
        sum(v.ndim for v in p.values),
        sum(type(i.op) not in _PLAIN for i in p.code),
    )
