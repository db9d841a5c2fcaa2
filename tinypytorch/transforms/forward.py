"""Floor 5: forward mode: derivatives pushed along the recorded graph, in the order in which it was made.

Imports floors 1 to 3, and `transposing`. What an op declares decides how its tangent comes about:

- an op that is linear (`Spec.linear`, `Spec.multilinear`) is its own derivative: `forward` of the tangent;
- of an op that works entry by entry, the Jacobian is diagonal, so that its transpose, the rule, is the same thing; the
  same holds of any other symmetric one (`Spec.symmetric`);
- of an op that reduces axes (`Spec.reduces`), each result depends on entries of its own alone: the rule, given ones,
  has the slope by every entry, and the tangent is the sum of the tangents times these;
- a few ops have a second rule, `tangent`, where what follows from the first takes much longer;
- any other rule is transposed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Protocol, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, is_complex, read_only, weak
from tinypytorch.core.errors import op_name, shape_and_dtype
from tinypytorch.core.gradients import operand_of, output_of
from tinypytorch.core.variable import result
from tinypytorch.core.vertex import MultiNode, Vertex
from tinypytorch.function import (
    Binary,
    Function,
    Spec,
    T,
    Tracked,
    Unary,
    is_binary,
    is_many,
    is_unary,
    lift,
)
from tinypytorch.ops.corners import times
from tinypytorch.ops.reductions import Sum
from tinypytorch.ops.shaping import broadcast_to
from tinypytorch.tangents import is_reduction, pushes_one, pushes_two
from tinypytorch.transforms.transposing import applied, transposed, variable

# A result on the way of the tangents, and the operands on that way that no later result needs.
Step: TypeAlias = tuple[Vertex, Sequence[Vertex]]

_generation: Callable[[Vertex], int] = attrgetter("generation")
_NOTHING = Spec(cases=tuple)


class Side(Protocol[T]):
    """What tangents are made of: arrays, or Variables where they are to be differentiated again."""

    def operands(self, y: Vertex, /) -> tuple[T, ...]:
        """The operands of the op that gave y."""
        ...

    def results(self, y: Vertex, /) -> tuple[T, ...]:
        """Its results."""
        ...

    def run(self, op: Function, xs: Sequence[T], /) -> tuple[T, ...]:
        """What an op of several operands gives for these."""
        ...

    def filled(self, x: T, by: float, /) -> T:
        """One number for each entry of x."""
        ...

    def guarded(self, t: T, /) -> T:
        """A tangent that an op from outside cannot write into."""
        ...

    def transposed(self, y: Vertex, op: Function, ts: Sequence[T | None], /) -> tuple[T, ...]:
        """The tangents of the results by transposing the op's rule."""
        ...


def _said(op: Function) -> Spec:
    """What an op declares; nothing of one that declares nothing."""
    spec: object = getattr(op, "spec", None)
    return spec if isinstance(spec, Spec) else _NOTHING


def _fitting(op: Function, t: T, z: T) -> T:
    """What a `tangent` gave, if it has the shape of the result."""
    given: object = getattr(t, "shape", None)
    if given != z.shape:
        raise ValueError(
            f"jvp: {op_name(op)}.tangent gave {shape_and_dtype(t)}, but the result is {shape_and_dtype(z)}; "
            "a tangent has the shape of what it is the tangent of"
        )
    return t


def along_one(side: Side[T], op: Unary, y: Vertex, t: T) -> T:
    """The tangent of the result y of a unary op from that of its operand."""
    spec = _said(op)
    if spec.linear:
        return lift(op, t)
    (z,), (x,) = side.results(y), side.operands(y)
    if pushes_one(op):
        return _fitting(op, op.tangent(t, z, x), z)
    if spec.holomorphic or not is_complex(x):  # of others the Jacobian by real and imaginary part is a matrix
        if spec.symmetric or spec.entrywise:
            return op.backward(t, z, x)
        if spec.reduces and is_reduction(op):
            return lift(Sum(op.axis, op.keepdims), times(t, op.backward(side.filled(z, 1.0), z, x)))
    return side.transposed(y, op, (t,))[0]


def along_two(side: Side[T], op: Binary, y: Vertex, ta: T | None, tb: T | None) -> T:
    """The tangent of the result y of a binary op from those of its operands, of which one at most is None."""
    spec = _said(op)
    a, b = side.operands(y)
    if ta is not None and tb is not None and pushes_two(op):
        (z,) = side.results(y)
        return _fitting(op, op.tangent(ta, tb, z, a, b), z)
    if not spec.entrywise or not (spec.holomorphic or not (is_complex(a) or is_complex(b))):
        return _along_any(side, op, y, (ta, tb))[0]
    (z,) = side.results(y)
    if ta is not None and ta.shape != z.shape:
        ta = broadcast_to(ta, z.shape)
    if tb is not None and tb.shape != z.shape:
        tb = broadcast_to(tb, z.shape)
    if ta is None:
        return side.filled(z, 0.0) if tb is None else op.backward_b(tb, z, a, b)
    if tb is None:
        return op.backward_a(ta, z, a, b)
    return op.backward_a(ta, z, a, b) + op.backward_b(tb, z, a, b)


def _along_any(side: Side[T], op: Function, y: Vertex, ts: Sequence[T | None]) -> tuple[T, ...]:
    """The tangents of all results of an op from those of its operands, None for one that does not move."""
    spec = _said(op)
    if spec.linear:
        xs = side.operands(y)
        return side.run(op, [side.filled(x, 0.0) if t is None else t for x, t in zip(xs, ts, strict=True)])
    if spec.multilinear:
        xs = side.operands(y)
        first, *others = [side.run(op, replaced(xs, i, t))[0] for i, t in enumerate(ts) if t is not None]
        for part in others:
            first = first + part
        return (first,)
    return side.transposed(y, op, ts)


def replaced(xs: Sequence[T], i: int, x: T) -> list[T]:
    """Operands with x for number i."""
    return [x if k == i else other for k, other in enumerate(xs)]


def parents_of(y: Vertex) -> tuple[Vertex | None, ...]:
    """The vertices of the operands of the op that gave y, None for one that is no Variable."""
    if y.unary is not None:
        return (y.left,)
    if y.binary is not None:
        return y.left, y.right
    return () if y.node is None else y.node.parents


def ancestors(ys: Iterable[Vertex], starts: Iterable[Vertex]) -> tuple[list[Vertex], list[Vertex]]:
    """The results behind `ys` and including them, later than all of `starts`, and the others that want a gradient."""
    oldest = min(map(_generation, starts), default=0)
    seen = set(starts)
    waiting = [y for y in ys if y not in seen]
    found: list[Vertex] = []
    others: list[Vertex] = []
    while waiting:
        y = waiting.pop()
        if y in seen:
            continue
        seen.add(y)
        if y.generation > oldest:
            found.append(y)
            for p in parents_of(y):
                if p is not None and p not in seen:
                    waiting.append(p)
        elif y.tracking:
            others.append(y)
    return found, others


def in_order(found: Iterable[Vertex], ys: Iterable[Vertex]) -> list[Step]:
    """Results as steps on the way to `ys`: each after its operands."""
    needed = set(ys)
    steps: list[Step] = []
    for y in sorted(found, key=_generation, reverse=True):
        spent: list[Vertex] = []
        for p in parents_of(y):
            if p is not None and p not in needed:
                needed.add(p)
                spent.append(p)
        steps.append((y, spent))
    steps.reverse()
    return steps


def behind(ys: Sequence[Vertex], starts: Iterable[Vertex]) -> list[Step]:
    """The steps from `starts` to `ys`."""
    return in_order(ancestors(ys, starts)[0], ys)


def pushed(side: Side[T], steps: Sequence[Step], tangents: dict[Vertex, T]) -> None:
    """Replace those of the starts in `tangents` by those of the ends, along the steps between them.

    Each is let go where it is needed no more: the next one finds its memory in the cache.
    """
    for y, spent in steps:
        if y.unary is not None:
            t = _of(y.left, tangents)
            if t is not None:
                tangents[y] = along_one(side, y.unary, y, t)
        elif y.binary is not None:
            ta, tb = _of(y.left, tangents), _of(y.right, tangents)
            if ta is not None or tb is not None:
                tangents[y] = along_two(side, y.binary, y, ta, tb)
        elif y not in tangents:  # else another output of a node that had its turn
            _advance(side, y, tangents)
        for v in spent:
            tangents.pop(v, None)


def _of(p: Vertex | None, tangents: dict[Vertex, T]) -> T | None:
    """The tangent of an operand, None if it does not move."""
    return None if p is None else tangents.get(p)


def _advance(side: Side[T], y: Vertex, tangents: dict[Vertex, T]) -> None:
    """Add to the tangents of the operands of the node that gave y those of its results."""
    node, ts = y.node, [_of(p, tangents) for p in parents_of(y)]
    if node is None or all(t is None for t in ts):
        return
    if node.guarded:
        ts = [None if t is None else side.guarded(t) for t in ts]
        if hasattr(node.op, "tangent") and not is_unary(node.op) and not is_binary(node.op):
            raise TypeError(f"jvp: {op_name(node.op)} has a tangent, which ops of one or two operands have")
    if isinstance(node, MultiNode):
        for output, t in zip(node.outputs, _along_any(side, node.op, y, ts), strict=True):
            v = output()
            if v is not None:
                tangents[v] = t
    elif is_unary(node.op) and ts[0] is not None:
        tangents[y] = along_one(side, node.op, y, ts[0])
    elif is_binary(node.op):
        tangents[y] = along_two(side, node.op, y, ts[0], ts[1])
    else:
        tangents[y] = _along_any(side, node.op, y, ts)[0]


class ArraySide:
    """Tangents as arrays."""

    def operands(self, y: Vertex, /) -> tuple[Array, ...]:
        """As `Side.operands`."""
        if y.unary is not None:
            return (y.a,)
        if y.binary is not None:
            return y.a, y.b
        return () if y.node is None else y.node.values

    def results(self, y: Vertex, /) -> tuple[Array, ...]:
        """As `Side.results`."""
        if y.unary is None and y.binary is None and y.node is not None:
            return tuple(y.node.results)
        return (y.result if y.raw is None else y.raw,)

    def run(self, op: Function, xs: Sequence[Array], /) -> tuple[Array, ...]:
        """As `Side.run`."""
        if is_binary(op):
            return (op.forward(xs[0], xs[1]),)
        if is_many(op):
            made = op.forward(*xs)
            return made if isinstance(made, tuple) else (made,)
        raise TypeError(f"jvp: {op_name(op)} is no op")

    def filled(self, x: Array, by: float, /) -> Array:
        """As `Side.filled`."""
        if not hasattr(x, "dtype"):  # a number, weak in the dtype
            return weak(by)
        made: Array = np.full_like(x, by)[()]
        return made

    def guarded(self, t: Array, /) -> Array:
        """As `Side.guarded`."""
        return read_only(t)

    def transposed(self, y: Vertex, op: Function, ts: Sequence[Array | None], /) -> tuple[Array, ...]:
        """As `Side.transposed`."""
        ys, xs = [result(v) for v in self.results(y)], [result(x) for x in self.operands(y)]
        tangents = [None if t is None else result(t) for t in ts]
        made = transposed(op, ys, xs, tangents, isinstance(y.node, MultiNode), again=False)
        return tuple(v.value() for v in made)


class VariableSide:
    """Tangents as Variables: what is done with them is recorded."""

    def operands(self, y: Vertex, /) -> tuple[Tracked, ...]:
        """As `Side.operands`."""
        values = ARRAYS.operands(y)
        return tuple(operand_of(y.op, p, x, i) for i, (p, x) in enumerate(zip(parents_of(y), values, strict=True)))

    def results(self, y: Vertex, /) -> tuple[Tracked, ...]:
        """As `Side.results`."""
        if isinstance(y.node, MultiNode):
            return tuple(output_of(y.node, i) for i in range(len(y.node.results)))
        return (variable(y),)

    def run(self, op: Function, xs: Sequence[Tracked], /) -> tuple[Tracked, ...]:
        """As `Side.run`."""
        return applied(op, [variable(x) for x in xs])

    def filled(self, x: Tracked, by: float, /) -> Tracked:
        """As `Side.filled`."""
        return result(ARRAYS.filled(variable(x).value(), by))

    def guarded(self, t: Tracked, /) -> Tracked:
        """As `Side.guarded`: a Variable has no way to be written into but its data."""
        return t

    def transposed(self, y: Vertex, op: Function, ts: Sequence[Tracked | None], /) -> tuple[Tracked, ...]:
        """As `Side.transposed`."""
        ys, xs = [variable(v) for v in self.results(y)], [variable(x) for x in self.operands(y)]
        tangents = [None if t is None else variable(t) for t in ts]
        return transposed(op, ys, xs, tangents, isinstance(y.node, MultiNode), again=True)


ARRAYS = ArraySide()
VARIABLES = VariableSide()
