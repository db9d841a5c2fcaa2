"""Floor 6: random expression programs as data. Imports floors 1 to 4 and NumPy only.

A `Program` is a list of instructions, each an op with the indices of its operands among the values so far. It runs on
arrays (any floating dtype) and on Variables, and any other interpreter can run it. A `Plan` is what is drawn: a flat
list of small integers. Operands are taken modulo what exists so far and every step is total, so that deleting or
lowering any entry of a plan leaves a valid one: plans shrink well.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from typing import Final, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Shape, read_only
from tinypytorch.compat import override
from tinypytorch.core.apply import apply, as_variable
from tinypytorch.core.variable import Variable
from tinypytorch.function import Binary, Function, Multi, Unary, Variadic, is_binary, is_many, is_unary
from tinypytorch.ops import ALL
from tinypytorch.testing.opaque import Opaque

# An operand: the index of a value, or a constant number.
Ref: TypeAlias = int | float

# Leaves have one of these shapes, small ones first: they broadcast with each other in every way, and tell the axes
# apart by length.
LEAF_SHAPES: tuple[Shape, ...] = ((), (2,), (2, 1), (3,), (1, 1), (2, 3), (1, 3), (2, 1, 3), (0, 2))
# The seed of the directions that a second derivative is taken along, beside the first ones.
OTHER: Final = 5
# The ops of this package, by their classes.
PACKAGE: Final = frozenset(ALL.values())
# The last step of most programs is one of these, of the latest result and one before it: so they share inner nodes.
# These are positions in the list of built-in steps: sum, difference and product.
CLOSING: Final = (1, 2, 3)
# How many outputs a program is differentiated from at most: the last value, and others that nothing uses.
OUTPUTS: Final = 3


@dataclass(frozen=True)
class Instruction:
    """One application: `op` on the values named by `operands`; `outputs` is how many values it adds."""

    op: Function
    operands: tuple[Ref, ...]
    outputs: int = 1


@dataclass(frozen=True)
class Plan:
    """What is drawn, all of it small integers.

    leaves: the shape and the values of each, as positions in `LEAF_SHAPES` and below `SEEDS`.
    steps: (op, operand, operand, parameter) for each; operands count back from the latest result.
    banned: ops that this plan does without (swarm testing: Groce et al., ISSTA 2012); the next one takes their place.
    dtype: that of the leaves.
    """

    leaves: tuple[tuple[int, int], ...]
    steps: tuple[tuple[int, int, int, int], ...]
    banned: tuple[int, ...] = ()
    dtype: str = "float64"


# The last seeds of leaves give entries that tie and are zero; the others, entries that are all different.
SEEDS: Final = 16
_TIED: Final = SEEDS - 2


def leaf_values(shape: Shape, seed: int) -> Array:
    """Multiples of 1/64 in [-2, 2] in an order that `seed` decides, so small and exact in every dtype; read-only.

    The simplest, of seed 0, are positive; those of the last two seeds are 0 and 1, with ties. A leaf of shape (0, 2) is
    empty.
    """
    return _leaf_values(shape, seed)


@cache
def _leaf_values(shape: Shape, seed: int) -> Array:
    at = np.arange(math.prod(shape))
    entries: Array
    if seed == 0:
        entries = np.asarray(0.5 + at * 0.25, np.float64)
    elif seed >= _TIED:
        entries = np.asarray((at + seed) % 2, np.float64)
    else:
        entries = np.asarray(((at * 41 + seed * 29 + 7) % 257 - 128) / 64.0, np.float64)
    return read_only(entries.reshape(shape))


def spread(shape: Shape, seed: int) -> Array:
    """Directions and cotangents: entries in ±[1/2, 1], never all equal, so that errors do not cancel; read-only."""
    return _spread(shape, seed)


@cache
def _spread(shape: Shape, seed: int) -> Array:
    t = (np.arange(math.prod(shape)) * 37 + seed * 53 + 11) % 64
    return read_only(((0.5 + (t % 32) / 64.0) * np.where(t < 32, 1.0, -1.0)).reshape(shape))


@dataclass
class Program:
    """Leaves, instructions, and every value in order: the leaves first.

    `emit` adds an instruction as it is run; the values are those of the float64 forward pass.
    """

    leaves: list[Array] = field(default_factory=list)
    code: list[Instruction] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)
    _ends: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, leaves: Sequence[Array], *code: tuple[Function | Ref, ...]) -> Program:
        """The program of these leaves, and an (op, operand, …) for each instruction.

        >>> from tinypytorch.ops.arithmetic import Mul
        >>> Program.of([np.array(3.0)], (Mul(), 0, 0))
        v0 = leaf(3.0)
        v1 = Mul()(v0, v0)
        """
        p = cls()
        for leaf in leaves:
            p.leaf(leaf)
        for op, *operands in code:
            if isinstance(op, (int, float)):
                raise TypeError("Program.of: an instruction is (op, operand, ...)")
            p.emit(op, *(r for r in operands if isinstance(r, (int, float))))
        return p

    def leaf(self, value: Array) -> int:
        """Add a leaf; only before the first instruction."""
        value = np.asarray(value)
        self.leaves.append(value)
        self.values.append(value)
        return len(self.values) - 1

    def emit(self, op: Function, *operands: Ref) -> int:
        """Add an instruction and give the index of its (first) value."""
        found = run_one(op, [self.values[r] if isinstance(r, int) else self._constant(r) for r in operands])
        self.code.append(Instruction(op, operands, len(found)))
        self._ends = []
        self.values.extend(found)
        return len(self.values) - len(found)

    def _constant(self, number: float) -> Array:
        """A number as an array that widens nothing."""
        return np.asarray(number, np.result_type(*self.leaves))

    def cut(self, values: int, instructions: int) -> None:
        """Leave only so many values and instructions."""
        del self.values[values:], self.code[instructions:]
        self._ends = []

    def run(self, leaves: Sequence[Array]) -> list[Array]:
        """All values, computed on other leaves of the same shapes, of any floating dtype."""
        values = list(leaves)
        for i in self.code:
            dtype = np.result_type(*leaves)
            values += run_one(i.op, [values[r] if isinstance(r, int) else np.asarray(r, dtype) for r in i.operands])
        return values

    def record(self, leaves: Sequence[Variable], probe: Unary | None = None) -> list[Variable]:
        """All values, as Variables with their graph; each passed through `probe` where it is made."""
        values = list(leaves)
        done = len(values)
        for i in self.code:
            values += _recorded(i.op, [values[r] if isinstance(r, int) else r for r in i.operands])
            if probe is not None:
                values[done:] = [apply(probe, v) for v in values[done:]]
                done = len(values)
        return values

    @property
    def ends(self) -> list[int]:
        """The values that the program is differentiated from: the last ones that nothing uses."""
        if not self._ends:
            used = {r for i in self.code for r in i.operands if isinstance(r, int)}
            found = [i for i in range(len(self.leaves), len(self.values)) if i not in used]
            self._ends = found[-OUTPUTS:] or [len(self.values) - 1]
        return self._ends

    @property
    def starts(self) -> list[int]:
        """The index of the first value that each instruction gives."""
        return starts_of(len(self.leaves), self.code)

    def directions(self, seed: int = 0) -> list[Array]:
        """A direction for each leaf, along which the program is differentiated."""
        return [spread(x.shape, i + seed) for i, x in enumerate(self.leaves)]

    def cotangents(self) -> list[Array]:
        """The weights of the outputs, in the order of `ends`."""
        return [spread(self.values[o].shape, o) for o in self.ends]

    def broadcasts(self) -> set[str]:
        """The ways in which operands of the program's binary ops broadcast."""
        kinds: set[str] = set()
        for i in self.code:
            if is_binary(i.op):
                a, b = (self.values[r].shape if isinstance(r, int) else None for r in i.operands)
                kinds.add(_kind_of_broadcast(a, b))
        return kinds

    @property
    def reused(self) -> int:
        """How many inner values (not leaves) are used more than once."""
        uses = [r for i in self.code for r in i.operands if isinstance(r, int) and r >= len(self.leaves)]
        return sum(uses.count(r) > 1 for r in set(uses))

    @override
    def __repr__(self) -> str:
        """The program as text, a line for each value."""
        lines = [f"v{i} = leaf({leaf.tolist()})" for i, leaf in enumerate(self.leaves)]
        at = len(self.leaves)
        for i in self.code:
            names = ", ".join(f"v{at + k}" for k in range(i.outputs))
            given = ", ".join(f"v{r}" if isinstance(r, int) else repr(r) for r in i.operands)
            lines.append(f"{names} = {op_text(i.op)}({given})")
            at += i.outputs
        return "\n".join(lines)


def starts_of(leaves: int, code: Sequence[Instruction]) -> list[int]:
    """The index of the first value that each instruction gives, after so many leaves."""
    return list(accumulate((i.outputs for i in code), initial=leaves))[: len(code)]


def _kind_of_broadcast(a: Shape | None, b: Shape | None) -> str:
    """How two shapes broadcast, in words."""
    if a is None or b is None:
        return "number"
    if a == b:
        return "same shape"
    if () in (a, b):
        return "0-d"
    return "leading axes" if len(a) != len(b) else "axes of length 1"


def op_text(op: object) -> str:
    """An op as the expression that makes it, on one line; an op without a repr of its own, by its class."""
    text = " ".join(repr(op).split())
    return f"{type(op).__name__}()" if text.startswith("<") else text


def run_one(op: Unary | Binary | Variadic | Multi, operands: Sequence[Array]) -> list[Array]:
    """The outputs of one op on arrays, as arrays."""
    if is_unary(op):
        return [np.asarray(op.forward(operands[0]))]
    if is_binary(op):
        return [np.asarray(op.forward(operands[0], operands[1]))]
    if is_many(op):
        found = op.forward(*operands)
        return [np.asarray(y) for y in found] if isinstance(found, tuple) else [np.asarray(found)]
    raise TypeError(f"{op!r} is no op")


def _recorded(op: Function, operands: list[Variable | float]) -> Sequence[Variable]:
    """Apply an op as its users do: this package's through the methods of Variables, others through `apply`."""
    if isinstance(op, Opaque):
        return (op(*(as_variable(x) for x in operands)),)
    trusted = type(op) in PACKAGE
    head = operands[0]
    if is_unary(op):
        return (head.record(op) if trusted and isinstance(head, Variable) else apply(op, head),)
    if is_binary(op):
        other = operands[1]
        if trusted and isinstance(head, Variable):
            return (head.combine(op, head, other),)
        if trusted and isinstance(other, Variable):
            return (other.combine(op, head, other),)
        return (apply(op, head, other),)
    if is_many(op):
        found = apply(op, *operands)
        return found if isinstance(found, tuple) else (found,)
    raise TypeError(f"{op!r} is no op")
