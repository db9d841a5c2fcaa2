"""Floor 6: random expression programs as data. Imports floors 1 to 4 and NumPy only.

A `Program` is a list of instructions, each an op with the indices of its operands among the values so far. It runs on
arrays (any floating dtype) and on Variables, and any other interpreter can run it. A `Plan` is what is drawn: a flat
list of small integers. Operands are taken modulo what exists so far and every step is total, so that deleting or
lowering any entry of a plan leaves a valid one: plans shrink well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Shape
from tinypytorch.compat import override
from tinypytorch.core.apply import apply
from tinypytorch.core.variable import Variable
from tinypytorch.function import Binary, Function, Multi, Unary, Variadic, is_binary, is_many, is_unary

# An operand: the index of a value, or a constant number.
Ref: TypeAlias = int | float

# Leaves have one of these shapes: they broadcast with each other in every way, and tell the axes apart by length.
LEAF_SHAPES: tuple[Shape, ...] = ((), (3,), (2, 3), (2, 1), (1, 3), (1, 1), (2, 1, 3))


@dataclass(frozen=True)
class Instruction:
    """One application: `op` on the values named by `operands`; `outputs` is how many values it adds."""

    op: Function
    operands: tuple[Ref, ...]
    outputs: int = 1


@dataclass(frozen=True)
class Plan:
    """What is drawn: leaves as (shape, values) and steps as (op, operand, operand, parameter), all small integers."""

    leaves: tuple[tuple[int, int], ...]
    steps: tuple[tuple[int, int, int, int], ...]


def leaf_values(shape: Shape, seed: int) -> Array:
    """Distinct multiples of 1/64 in [-2, 2], in an order that `seed` decides; small and exact in every dtype."""
    n = int(np.prod(shape))
    return (((np.arange(n) * 41 + seed * 29 + 7) % 257 - 128) / 64.0).reshape(shape)


@dataclass
class Program:
    """Leaves, instructions, and every value in order: the leaves first.

    `emit` adds an instruction as it is run; the values are those of the float64 forward pass.
    """

    leaves: list[Array] = field(default_factory=list)
    code: list[Instruction] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)

    def leaf(self, value: Array) -> int:
        """Add a leaf; only before the first instruction."""
        value = np.asarray(value)
        self.leaves.append(value)
        self.values.append(value)
        return len(self.values) - 1

    def emit(self, op: Function, *operands: Ref) -> int:
        """Add an instruction and give the index of its (first) value."""
        found = run_one(op, [self.values[r] if isinstance(r, int) else np.asarray(r) for r in operands])
        self.code.append(Instruction(op, operands, len(found)))
        self.values.extend(found)
        return len(self.values) - len(found)

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
            operands = [values[r] if isinstance(r, int) else r for r in i.operands]
            if is_unary(i.op):
                values.append(apply(i.op, operands[0]))
            elif is_binary(i.op):
                values.append(apply(i.op, operands[0], operands[1]))
            elif is_many(i.op):
                found = apply(i.op, *operands)
                values += found if isinstance(found, tuple) else (found,)
            if probe is not None:
                values[done:] = [apply(probe, v) for v in values[done:]]
                done = len(values)
        return values

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
            lines.append(f"{names} = {i.op!r}({given})")
            at += i.outputs
        return "\n".join(lines)


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
