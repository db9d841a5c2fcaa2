"""Floor 5: forward mode: derivatives pushed along the recorded graph, in the order in which it was made.

Imports floors 1 to 3. No op has a second rule for this. What an op declares decides how its tangent comes about:

- an op that is linear (`Spec.linear`, `Spec.multilinear`) is its own derivative: `forward` of the tangent;
- of an op that works entry by entry, the Jacobian is diagonal, so that its transpose, the rule, is the same thing; the
  same holds of any other symmetric one (`Spec.symmetric`);
- any other rule is linear in the cotangent: recorded once on a cotangent that is a Variable, it is transposed by a
  backward pass through it (J t is the gradient of <gx(gy), t> by gy; Christianson 1992, Radul et al. 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from tinypytorch.arrays import Array, is_complex, weak
from tinypytorch.core.apply import apply
from tinypytorch.core.errors import op_name
from tinypytorch.core.gradients import gradients, operand_of, output_of
from tinypytorch.core.graph import MultiNode, Vertex
from tinypytorch.core.operators import value_of
from tinypytorch.core.variable import Variable, result
from tinypytorch.function import Function, Spec, T, Tracked, is_binary, is_many, is_multi, is_unary, is_variadic, lift
from tinypytorch.ops.shaping import BroadcastTo, SumTo


def is_elementwise(spec: Spec, xs: Sequence[object]) -> bool:
    """Whether each entry of the result depends on the entries at its place alone, as an op's declaration says.

    Of complex operands only a holomorphic op counts: of any other the Jacobian by real and imaginary part is a matrix.
    """
    if spec.cases is not None or (spec.ufunc is not None and spec.ufunc.signature is not None):
        return False
    return spec.holomorphic or not any(map(is_complex, xs))


class Step(NamedTuple):
    """A result on the way of the tangents, the operands it was made of, and those that no later step needs."""

    y: Vertex
    parents: tuple[Vertex | None, ...]
    spent: tuple[Vertex, ...]


class Side(Protocol[T]):
    """What tangents are made of: arrays, or Variables where they are to be differentiated again."""

    def operands(self, y: Vertex, /) -> tuple[T, ...]:
        """The operands of the op that gave y."""
        ...

    def results(self, y: Vertex, /) -> tuple[T, ...]:
        """Its results."""
        ...

    def run(self, y: Vertex, xs: Sequence[T], /) -> tuple[T, ...]:
        """What the op that gave y gives for these operands."""
        ...

    def zeros(self, x: T, /) -> T:
        """A tangent of nothing."""
        ...

    def transposed(self, y: Vertex, op: Function, ts: Sequence[T | None], /) -> tuple[T, ...]:
        """The tangents of the results by transposing the op's rule."""
        ...


def push(side: Side[T], op: Function, y: Vertex, ts: Sequence[T | None]) -> tuple[T, ...]:
    """The tangents of all results of an op from those of its operands, None for one that does not move."""
    xs = side.operands(y)
    spec: object = getattr(op, "spec", None)
    if not isinstance(spec, Spec):
        return side.transposed(y, op, ts)
    if spec.linear:
        return side.run(y, [side.zeros(x) if t is None else t for x, t in zip(xs, ts, strict=True)])
    if spec.multilinear:
        first, *others = [side.run(y, replaced(xs, i, t))[0] for i, t in enumerate(ts) if t is not None]
        for part in others:
            first = first + part
        return (first,)
    if not (spec.symmetric or is_elementwise(spec, xs)):
        return side.transposed(y, op, ts)
    z = side.results(y)[0]
    if is_unary(op):
        (t,) = ts
        return () if t is None else (op.backward(t, z, xs[0]),)
    if is_binary(op):
        a, b = xs
        ta, tb = [None if t is None else t if t.shape == z.shape else lift(BroadcastTo(z.shape), t) for t in ts]
        if ta is None:
            return () if tb is None else (op.backward_b(tb, z, a, b),)
        by_a = op.backward_a(ta, z, a, b)
        return (by_a if tb is None else by_a + op.backward_b(tb, z, a, b),)
    return side.transposed(y, op, ts)


def replaced(xs: Sequence[T], i: int, x: T) -> list[T]:
    """Operands with x for number i."""
    return [x if k == i else other for k, other in enumerate(xs)]


def parents_of(y: Vertex) -> tuple[Vertex | None, ...]:
    """The vertices of the operands of the op that gave y, None for one that is no Variable."""
    node = y.node
    if node is not None:
        return node.parents
    return (y.left,) if y.binary is None else (y.left, y.right)


def behind(ys: Sequence[Vertex], starts: set[Vertex]) -> list[Step]:
    """The results behind `ys` up to `starts`, in an order in which each comes after its operands."""
    oldest = min((x.generation for x in starts), default=0)
    found: dict[Vertex, tuple[Vertex | None, ...]] = {}
    waiting = [y for y in ys if y.generation > oldest and y not in starts]
    while waiting:
        y = waiting.pop()
        if y not in found:
            found[y] = parents = parents_of(y)
            for p in parents:
                if p is not None and p.generation > oldest and p not in found and p not in starts:
                    waiting.append(p)
    needed = set(ys)
    steps: list[Step] = []
    for y in sorted(found, key=_generation, reverse=True):
        parents = found[y]
        spent = tuple([p for p in parents if p is not None and p not in needed])
        needed.update(spent)
        steps.append(Step(y, parents, spent))
    steps.reverse()
    return steps


def _generation(y: Vertex) -> int:
    return y.generation


def pushed(side: Side[T], steps: Sequence[Step], tangents: dict[Vertex, T]) -> None:
    """Replace those of the starts in `tangents` by those of the ends, along the steps between them.

    Each is let go where it is needed no more: the next one finds its memory in the cache.
    """
    for y, parents, spent in steps:
        if y not in tangents:  # else another output of a node that had its turn
            _advance(side, y, parents, tangents)
        for p in spent:
            tangents.pop(p, None)


def _advance(side: Side[T], y: Vertex, parents: Sequence[Vertex | None], tangents: dict[Vertex, T]) -> None:
    """Add to the tangents of the operands of the op that gave y those of its results."""
    ts = [None if p is None else tangents.get(p) for p in parents]
    op, node = y.op, y.node
    if op is None or all(t is None for t in ts):
        return
    made = push(side, op, y, ts)
    if isinstance(node, MultiNode):
        for output, t in zip(node.outputs, made, strict=True):
            v = output()
            if v is not None:
                tangents[v] = t
    elif made:
        tangents[y] = made[0]


class ArraySide:
    """Tangents as arrays."""

    def operands(self, y: Vertex, /) -> tuple[Array, ...]:
        """As `Side.operands`."""
        if y.node is not None:
            return y.node.values
        return (y.a,) if y.binary is None else (y.a, y.b)

    def results(self, y: Vertex, /) -> tuple[Array, ...]:
        """As `Side.results`."""
        if y.node is not None:
            return tuple(y.node.results)
        return (y.result if y.raw is None else y.raw,)

    def run(self, y: Vertex, xs: Sequence[Array], /) -> tuple[Array, ...]:
        """As `Side.run`."""
        if y.unary is not None:
            return (y.unary.forward(xs[0]),)
        if y.binary is not None:
            return (y.binary.forward(xs[0], xs[1]),)
        op = y.op
        if is_unary(op):
            return (op.forward(xs[0]),)
        if is_binary(op):
            return (op.forward(xs[0], xs[1]),)
        if is_many(op):
            made = op.forward(*xs)
            return made if isinstance(made, tuple) else (made,)
        raise TypeError(f"jvp: {op_name(op)} is no op")

    def zeros(self, x: Array, /) -> Array:
        """As `Side.zeros`."""
        if not hasattr(x, "dtype"):  # a number, weak in the dtype
            return weak(0.0)
        zeros: Array = np.zeros_like(x)[()]
        return zeros

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

    def run(self, y: Vertex, xs: Sequence[Tracked], /) -> tuple[Tracked, ...]:
        """As `Side.run`."""
        return applied(y.op, [variable(x) for x in xs])

    def zeros(self, x: Tracked, /) -> Tracked:
        """As `Side.zeros`."""
        return result(ARRAYS.zeros(variable(x).value()))

    def transposed(self, y: Vertex, op: Function, ts: Sequence[Tracked | None], /) -> tuple[Tracked, ...]:
        """As `Side.transposed`."""
        ys, xs = [variable(v) for v in self.results(y)], [variable(x) for x in self.operands(y)]
        tangents = [None if t is None else variable(t) for t in ts]
        return transposed(op, ys, xs, tangents, isinstance(y.node, MultiNode), again=True)


ARRAYS = ArraySide()
VARIABLES = VariableSide()


def variable(x: Tracked | Vertex) -> Variable:
    """The Variable that x is."""
    if not isinstance(x, Variable):
        raise TypeError(f"jvp: expected a Variable, got {type(x).__name__}")
    return x


def applied(op: Function | None, xs: Sequence[Variable]) -> tuple[Variable, ...]:
    """An op applied to Variables, recorded."""
    if is_unary(op):
        return (xs[0].record(op),)
    if is_binary(op):
        return (xs[0].combine(op, xs[0], xs[1]),)
    if not is_many(op):
        raise TypeError(f"jvp: {op_name(op)} is no op")
    made = apply(op, *xs)
    return made if isinstance(made, tuple) else (made,)


def pulled(
    op: Function,
    gys: Sequence[Variable],
    ys: Sequence[Variable],
    xs: Sequence[Variable],
    needs: tuple[bool, ...],
    several: bool,
) -> Sequence[Variable | Tracked | None]:
    """What the rule of an op gives, run on Variables, for the operands that are needed."""
    if is_unary(op):
        return [op.backward(gys[0], ys[0], xs[0])]
    if is_binary(op):
        gy, y, (a, b) = gys[0], ys[0], xs
        return [
            op.backward_a(gy, y, a, b) if needs[0] else None,
            op.backward_b(gy, y, a, b) if needs[1] else None,
        ]
    if not is_many(op):
        raise TypeError(f"jvp: {op_name(op)} is no op")
    if is_multi(op, tuple(ys) if several else ys[0]):
        return op.backward_all(tuple(gys), tuple(ys), tuple(xs), needs)
    if is_variadic(op, ys[0]):
        return op.backward_all(gys[0], ys[0], tuple(xs), needs)
    return []


def transposed(
    op: Function,
    ys: Sequence[Variable],
    xs: Sequence[Variable],
    ts: Sequence[Variable | None],
    several: bool,
    again: bool,
) -> tuple[Variable, ...]:
    """Tangents of the results: the op's rule, run on cotangents that are Variables, and a pass back through it.

    The cotangents are ones, not zeros: rules may take a shortcut where a cotangent is zero.
    """
    gys = [Variable(np.ones(y.shape, y.dtype)) for y in ys]
    gxs = pulled(op, gys, ys, xs, tuple(t is not None for t in ts), several)
    found: list[tuple[Variable, Variable]] = []
    for i, (gx, t) in enumerate(zip(gxs, ts, strict=True)):
        if t is None or gx is None:
            continue
        g = gx if isinstance(gx, Variable) else None
        if g is not None and g.requires_grad:
            found.append((g if g.shape == t.shape else g.record(SumTo(t.shape)), t))
        elif value_of(gx).any():
            raise TypeError(
                f"jvp: what the rule of {op_name(op)} gives for input {i} is not recorded as depending on its "
                "cotangent, so it has no forward derivative; write it in operators, methods and NumPy's ufuncs of `gy`"
            )
    if not found:
        return tuple(result(np.zeros(y.shape, y.dtype)[()]) for y in ys)
    return gradients([g for g, _ in found], gys, [t for _, t in found], create_graph=again, allow_unused=True)
