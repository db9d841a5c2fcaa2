"""Floor 6: what differentiates a program: this package's engine, and a naive one to hold it against.

Imports floors 1 to 4 and `programs`. Any other library becomes an engine by a function of the same kind.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Shape, in_kind
from tinypytorch.core.gradients import gradients
from tinypytorch.core.variable import Variable
from tinypytorch.function import Function, is_binary, is_many, is_multi, is_unary, is_variadic
from tinypytorch.testing.opaque import Opaque
from tinypytorch.testing.programs import Instruction, Program, number

# The derivatives of a program's outputs, weighted with their cotangents, with respect to each of these leaves.
Engine: TypeAlias = Callable[[Program, Sequence[Array]], list[Array]]


def kernel(p: Program, leaves: Sequence[Array]) -> list[Array]:
    """The engine of this package."""
    xs = [Variable(x) for x in leaves]
    return [g.data for g in pulled_back(p, xs, create_graph=False)]


def pulled_back(p: Program, xs: Sequence[Variable], create_graph: bool) -> tuple[Variable, ...]:
    """The gradients of the program's weighted outputs with respect to the leaves, as Variables."""
    values = p.record(xs)
    ends = [(values[o], c) for o, c in zip(p.ends, p.cotangents(), strict=True) if values[o].requires_grad]
    if not ends:
        return tuple(Variable(np.zeros(x.shape, x.dtype), requires_grad=False) for x in xs)
    return gradients([y for y, _ in ends], xs, [c for _, c in ends], create_graph=create_graph, allow_unused=True)


def kernel_second(p: Program, leaves: Sequence[Array], v: Sequence[Array], w: Sequence[Array]) -> float:
    """The second derivative of this package along v and w: the first along v, recorded, and differentiated along w."""
    xs = [Variable(x) for x in leaves]
    grads = pulled_back(p, xs, create_graph=True)
    along = [(g, d.astype(g.dtype)) for g, d in zip(grads, v, strict=True) if g.requires_grad]
    if not along:
        return 0.0
    second = gradients([g for g, _ in along], xs, [d for _, d in along], allow_unused=True)
    return inner([g.data for g in second], w)


def inner(xs: Sequence[Array], ys: Sequence[Array]) -> float:
    """The pairing Re(sum(x y)) of two lists of arrays, in the precision of the first (a NumPy scalar of its dtype)."""
    total: float = sum((x * y).sum().real for x, y in zip(xs, ys, strict=True))
    return total


def naive(p: Program, leaves: Sequence[Array]) -> list[Array]:
    """The textbook: a list of cotangents, one for each value, filled from the last instruction to the first."""
    return adjoints(p, leaves)[: len(p.leaves)]


def adjoints(p: Program, leaves: Sequence[Array]) -> list[Array]:
    """The cotangent of every value of the program, by the ops' own rules and nothing else of the engine."""
    values = p.run(leaves)
    bars = [np.zeros(v.shape, v.dtype) for v in values]
    for o, c in zip(p.ends, p.cotangents(), strict=True):
        bars[o] = bars[o] + c.astype(values[o].dtype)
    at = len(values)
    for i in reversed(p.code):
        at -= i.outputs
        operands = operands_of(i, values)
        found = local(i.op, bars[at : at + i.outputs], values[at : at + i.outputs], operands)
        for r, x, g in zip(i.operands, operands, found, strict=True):
            if isinstance(r, int):
                bars[r] = bars[r] + in_kind(summed_to(np.asarray(g), x.shape), x.dtype)
    return bars


def operands_of(i: Instruction, values: Sequence[Array]) -> list[Array]:
    """The operands of an instruction, numbers as 0-d arrays."""
    dtype = np.result_type(*values[:1]) if values else np.dtype(np.float64)
    return [values[r] if isinstance(r, int) else number(r, dtype) for r in i.operands]


def local(op: Function, gys: Sequence[Array], ys: Sequence[Array], xs: Sequence[Array]) -> list[Array]:
    """What an op's rule gives for each of its operands."""
    gy, y = gys[0], ys[0]
    if isinstance(op, Opaque):
        return op.pulled(gy, xs)
    if is_unary(op):
        return [op.backward(gy, y, xs[0])]
    if is_binary(op):
        return [op.backward_a(gy, y, xs[0], xs[1]), op.backward_b(gy, y, xs[0], xs[1])]
    if not is_many(op):
        raise TypeError(f"{op!r} is no op")
    needs = (True,) * len(xs)
    result = op.forward(*xs)
    found: Sequence[Array | None] = ()
    if is_multi(op, result):
        found = op.backward_all(tuple(gys), tuple(ys), tuple(xs), needs)
    elif is_variadic(op, result):
        found = op.backward_all(gy, y, tuple(xs), needs)
    return [np.zeros(x.shape, x.dtype) if g is None else g for g, x in zip(found, xs, strict=True)]


def summed_to(g: Array, shape: Shape) -> Array:
    """The adjoint of broadcasting, by looking up where each entry came from: slow, and nothing to do with `sum_to`."""
    if g.shape == shape:
        return g
    origin = np.broadcast_to(np.arange(math.prod(shape)).reshape(shape), g.shape)
    total = np.zeros(math.prod(shape), g.dtype)
    np.add.at(total, origin.reshape(-1), g.reshape(-1))
    return total.reshape(shape)
