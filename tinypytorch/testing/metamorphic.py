"""Floor 6: other programs for the same function, whose gradients must agree. Imports floors 1 to 4 and `testing`.

Each check rewrites a program, differentiates both, and gives a sentence that says what is wrong, or None. Gradients
agree bit for bit where both add the same numbers in the same order (`dead`, `reordered`: the order follows from the
graph, not from when nodes were made); within a bound that follows from the numbers where only the last sum differs
(`copied`); and bit for bit again where the order may differ but nothing is rounded (`unshared`, `forked`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from tinypytorch.arrays import Array, is_complex
from tinypytorch.core.gradients import gradients
from tinypytorch.function import T
from tinypytorch.testing.invariants import Invariant
from tinypytorch.testing.passes import adjoints, bits, ends_of, exactly, leaves_of
from tinypytorch.testing.programs import Instruction, Program, Ref

# Names in `pool.POOL` of ops that round nothing on the pool's small multiples of 1/64: most programs over them are
# computed exactly, so that `check_unshared` and `invariants.check_additive` compare.
EXACT: Final = (
    *("neg", "add", "sub", "mul", "square", "sum", "reshape", "transpose", "getitem", "broadcast_to", "sum_to"),
    *("concatenate", "stack", "split", "matmul", "where", "keep", "put_add", "abs", "relu", "clip"),
    *("maximum", "minimum", "max", "min"),
)
# How often an instruction is made again, at most, for those who use it.
COPIES: Final = 4


@dataclass(frozen=True)
class Variant:
    """Another program for the same function.

    leaves: for each of its leaves, the index of the one that it stands for.
    values: for each value of the original, the index of one that must be equal to it.
    """

    program: Program
    leaves: tuple[int, ...]
    values: tuple[int, ...]


def _starts(p: Program) -> list[int]:
    """The index of each instruction's first value."""
    found, at = list[int](), len(p.leaves)
    for i in p.code:
        found.append(at)
        at += i.outputs
    return found


def _copy_of_leaves(p: Program) -> Program:
    q = Program()
    for x in p.leaves:
        q.leaf(x)
    return q


def _variant(p: Program, q: Program, at: dict[int, int]) -> Variant:
    """A variant with the same leaves."""
    return Variant(q, tuple(range(len(p.leaves))), tuple(at[i] for i in range(len(p.values))))


def _emit(q: Program, i: Instruction, at: dict[int, int], start: int) -> None:
    """Add an instruction of another program, with its operands where `at` has them, and note where its values are."""
    first = q.emit(i.op, *(at[r] if isinstance(r, int) else r for r in i.operands))
    at.update({start + k: first + k for k in range(i.outputs)})


def copied(p: Program) -> Variant:
    """Every use of a leaf gets a leaf of its own: f(x, x) becomes f(x, x')."""
    q, stands = Program(), list[int]()

    def copy(leaf: int) -> int:
        stands.append(leaf)
        return q.leaf(p.leaves[leaf])

    at = {i: copy(i) for i in range(len(p.leaves))}
    fresh: list[list[Ref]] = []
    for i in p.code:
        fresh.append([copy(r) if isinstance(r, int) and r < len(p.leaves) else r for r in i.operands])
    for i, start, operands in zip(p.code, _starts(p), fresh):
        mapped = (
            new if new != old else at[old] if isinstance(old, int) else old for new, old in zip(operands, i.operands)
        )
        first = q.emit(i.op, *mapped)
        at.update({start + k: first + k for k in range(i.outputs)})
    return Variant(q, tuple(stands), tuple(at[i] for i in range(len(p.values))))


def unshared(p: Program, most: int = COPIES) -> Variant:
    """Every inner value is computed again for each use, as in a tree; at most `most` times, and shared beyond that."""
    starts, ends = _starts(p), [o for o, _ in ends_of(p)]
    uses = [ends.count(i) for i in range(len(p.values))]
    times: list[int] = []
    for i, start in zip(reversed(p.code), reversed(starts)):
        n = min(max(sum(uses[start : start + i.outputs]), 1), most)
        times.insert(0, n)
        for r in i.operands:
            if isinstance(r, int):
                uses[r] += n
    q = _copy_of_leaves(p)
    made: list[list[int]] = [[i] for i in range(len(p.leaves))]
    taken = [0] * len(p.values)

    def take(r: Ref) -> Ref:
        if not isinstance(r, int):
            return r
        taken[r] += 1
        return made[r][taken[r] % len(made[r])]

    for i, n in zip(p.code, times):
        firsts = [q.emit(i.op, *map(take, i.operands)) for _ in range(n)]
        made += [[first + k for first in firsts] for k in range(i.outputs)]
    return _variant(p, q, {i: places[0] for i, places in enumerate(made)})


def reordered(p: Program) -> Variant:
    """The instructions in another order that keeps operands before those who use them: the last one that can be."""
    starts = _starts(p)
    q, at = _copy_of_leaves(p), {i: i for i in range(len(p.leaves))}
    left = list(range(len(p.code)))
    while left:
        k = next(k for k in reversed(left) if all(r in at for r in p.code[k].operands if isinstance(r, int)))
        left.remove(k)
        _emit(q, p.code[k], at, starts[k])
    return _variant(p, q, at)


class _Idle:
    """The identity; counts how often its rule ran."""

    def __init__(self) -> None:
        self.ran: int = 0

    def forward(self, x: Array, /) -> Array:
        return x.view()

    def backward(self, gy: T, y: T, x: T, /) -> T:
        self.ran += 1
        return gy


def dead(p: Program, idle: _Idle) -> Variant:
    """Every value is also used by a branch of two nodes that leads nowhere."""
    q, at = _copy_of_leaves(p), {i: i for i in range(len(p.leaves))}
    for leaf in range(len(p.leaves)):
        q.emit(idle, q.emit(idle, leaf))
    for i, start in zip(p.code, _starts(p)):
        _emit(q, i, at, start)
        for k in range(start, start + i.outputs):
            q.emit(idle, q.emit(idle, at[k]))
    return _variant(p, q, at)


class _Fork:
    """x, -x and 2 x."""

    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        x = xs[0]
        return x.view(), -x, x * 2.0

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        return (gys[0] - gys[1] + gys[2] * 2.0,)


def forked(p: Program) -> Variant:
    """Every value goes through an op of three outputs, of which nobody uses two."""
    q, fork = _copy_of_leaves(p), _Fork()
    at = {i: q.emit(fork, i) for i in range(len(p.leaves))}
    for i, start in zip(p.code, _starts(p)):
        _emit(q, i, at, start)
        for k in range(start, start + i.outputs):
            at[k] = q.emit(fork, at[k])
    return _variant(p, q, at)


def _moved(ends: Sequence[tuple[int, Array]], v: Variant) -> list[tuple[int, Array]]:
    """The same ends, in the variant."""
    return [(v.values[o], seed) for o, seed in ends]


def _gradients(p: Program, ends: Sequence[tuple[int, Array]]) -> list[Array]:
    """The gradient of the ends with respect to each leaf."""
    return adjoints(p, ends)[: len(p.leaves)]


def _same(p: Program, v: Variant, what: str) -> str | None:
    """A sentence if values or gradients of a variant with the same leaves are not those of the program, bit for bit."""
    ends = ends_of(p)
    if not ends:
        return None
    if bits(_gradients(p, ends)) != bits(_gradients(v.program, _moved(ends, v))):
        return f"{what} changes the gradient of a leaf"
    return None


def _unrounded(p: Program, v: Variant) -> bool:
    """Whether nothing is rounded in either."""
    ends = ends_of(p)
    return exactly(p, ends) is not None and exactly(v.program, _moved(ends, v)) is not None


def _sums_to(parts: list[Array], total: Array) -> bool:
    """Whether `total` is a sum of the parts, in whatever order they were added.

    Of two, exactly that sum, for addition commutes. Of n, within n u / (1 - n u) times the sum of their sizes, where u
    is half a unit in the last place of 1 (Higham, Accuracy and Stability of Numerical Algorithms, 2002, section 4.2,
    and one rounding for the exact sum to compare with).
    """
    if is_complex(total):
        halves = ([part.real for part in parts], total.real), ([part.imag for part in parts], total.imag)
        return all(_sums_to(mine, whole) for mine, whole in halves)
    if len(parts) < 3:
        return bits([sum(parts, np.zeros_like(total))]) == bits([total])
    nu = len(parts) * float(np.finfo(total.dtype).eps) / 2
    columns = zip(*(part.ravel().tolist() for part in parts))
    return all(
        abs(t - math.fsum(column)) <= nu / (1 - nu) * math.fsum(map(abs, column))
        for t, column in zip(total.ravel().tolist(), columns)
        if all(map(math.isfinite, column))
    )


def check_copied(p: Program) -> str | None:
    """The gradient of a leaf is the sum of those of separate copies of it, one for each use."""
    v, ends = copied(p), ends_of(p)
    if not ends or ends[0][0] < len(p.leaves):
        return None
    parts = _gradients(v.program, _moved(ends, v))
    for i, total in enumerate(_gradients(p, ends)):
        # The first of the copies is used by nobody.
        mine = [part for part, leaf in zip(parts, v.leaves) if leaf == i][1:]
        if not _sums_to(mine, total):
            return f"leaf {i}: the gradients of {len(mine)} copies, one for each use, do not add up to its gradient"
    return None


def check_unshared(p: Program) -> str | None:
    """A shared value gets the gradient that separate computations of it get together.

    Compared where nothing is rounded: see `passes.exactly`, and `EXACT`.
    """
    v, ends = unshared(p), ends_of(p)
    shared = exactly(p, ends)
    alone = None if shared is None else exactly(v.program, _moved(ends, v))
    if shared is None or alone is None:
        return None
    n = len(p.leaves)
    if bits(shared[:n]) != bits(alone[:n]):
        return "shared inner values give another gradient than values that are computed again for each use"
    return None


def check_reordered(p: Program) -> str | None:
    """Running independent instructions in another order changes no bit of a gradient."""
    return _same(p, reordered(p), "running independent instructions in another order")


def check_dead(p: Program) -> str | None:
    """Branches that lead nowhere change no bit of a gradient, and their rules do not run."""
    idle = _Idle()
    said = _same(p, dead(p, idle), "a branch that no output depends on")
    return said or (f"rules of {idle.ran} nodes ran that no output depends on" if idle.ran else None)


def check_dead_outputs(p: Program) -> str | None:
    """Outputs that nobody uses, of ops with several, do not change a gradient, kept or dropped.

    The zeros that are added for them may change how a gradient lies in memory, and so how NumPy rounds its sum: a
    difference counts where nothing is rounded.
    """
    v, ends = forked(p), ends_of(p)
    said = _same(p, v, "an op with outputs that nobody uses")
    if said or not ends:
        return said if _unrounded(p, v) else None
    xs = leaves_of(v.program)
    values = v.program.record(xs)
    ys = [values[v.values[o]] for o, _ in ends]
    del values
    seeds = [seed.astype(y.dtype) for y, (_, seed) in zip(ys, ends)]
    dropped = gradients(ys, xs, seeds, allow_unused=True)
    if bits([g.data for g in dropped]) != bits(_gradients(v.program, _moved(ends, v))):
        return "dropping outputs that nobody uses changes the gradient of a leaf"
    return None


METAMORPHIC: Final[tuple[Invariant, ...]] = (
    check_copied,
    check_unshared,
    check_reordered,
    check_dead,
    check_dead_outputs,
)
