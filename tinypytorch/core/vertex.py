"""Floor 3: what a graph consists of. Imports floors 1 and 2, and knows no `Variable` class.

A `Vertex` (every Variable is one) holds how it was made: the op, the vertices it was made from, and their values.
Nothing points from there to what was made, or weakly. So there is no cycle, and a graph dies with its last output.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeAlias, TypeVar
from weakref import ref

from tinypytorch.arrays import Array
from tinypytorch.compat import override
from tinypytorch.core.errors import wrong_count
from tinypytorch.function import Binary, Function, Multi, T, Unary, Variadic

# What `Vertex.tracking` can be: no gradient; one; one, and a second look (an interior vertex that has held one, a leaf
# whose data was replaced); one that an interior vertex keeps.
CONSTANT, TRACKED, MARKED, RETAINED = 0, 1, 2, 3

F = TypeVar("F", Unary, Binary, Variadic, Multi)


class Vertex:
    """What the graph knows of a Variable: its value, how it was made, its gradient, and whether it wants one.

    A result of a built-in op of one or two operands holds the op, the operands and their values itself: one object to
    make, and for the collector to look at, where there would be four. A node is made when somebody asks for one.

    raw: the value: an ndarray, or a NumPy scalar for 0-d. None of a 0-d leaf, and of a 0-d result that was asked for as
        an array, which may have been written into since; then its value is in `result`.
    unary, binary, node: what gave this vertex: one of them, and the node made of it when asked for; unset for a leaf,
        as all that follows.
    left, right, a, b: the operands' vertices (None for an operand that is no Variable) and their values as the forward
        pass saw them; `left` and `a` alone of a unary op, nothing of a node.
    generation: 0 for a leaf, and only for one; one more than the largest among the operands for a result.
    """

    __slots__ = (
        *("__weakref__", "a", "b", "binary", "generation", "kept_grad", "left", "node", "raw", "result", "right"),
        *("tracking", "unary"),
    )

    raw: Array | None
    result: Array
    unary: Unary | None
    binary: Binary | None
    node: Node | None
    left: Vertex | None
    right: Vertex | None
    a: Array
    b: Array
    generation: int
    tracking: int
    kept_grad: Array | None

    def hold(self, g: Array) -> None:
        """Keep a gradient. The next pass has a second look at an interior vertex that did."""
        self.kept_grad = g
        if self.generation and self.tracking == TRACKED:
            self.tracking = MARKED

    @property
    def is_leaf(self) -> bool:
        """Whether no recorded op gave this vertex."""
        return self.generation == 0

    @property
    def op(self) -> Function | None:
        """The op that gave this vertex, None for a leaf."""
        if self.is_leaf:
            return None
        if self.unary is not None:
            return self.unary
        if self.binary is not None:
            return self.binary
        return None if self.node is None else self.node.op

    @property
    def creator(self) -> Node | None:
        """The application of an op that gave this vertex, None for a leaf.

        The slots stay as they are beside the node: some pass, of this thread or another, may be reading them.
        """
        if self.is_leaf:
            return None
        if self.node is None:
            y = self.result if self.raw is None else self.raw
            if self.unary is not None:
                self.node = UnaryNode(self.unary, (self.left,), (self.a,), self, y)
            elif self.binary is not None:
                self.node = BinaryNode(self.binary, (self.left, self.right), (self.a, self.b), self, y)
        return self.node


class Application(Generic[F]):
    """One application of an op: what every node holds.

    parents: the input vertices, None for an operand that is no Variable.
    values: the operands as the forward pass saw them, by reference.
    guarded: whether the op is from outside the package, and gets arrays that it cannot write into.
    prints: fingerprints of values and results, if mutations are to be detected.
    """

    __slots__ = ("guarded", "op", "parents", "prints", "values")

    op: F
    parents: tuple[Vertex | None, ...]
    values: tuple[Array, ...]
    guarded: bool
    prints: tuple[int, ...] | None

    @property
    def generation(self) -> int:
        """The largest among the parents."""
        return max((p.generation for p in self.parents if p is not None), default=0)

    @property
    def needs(self) -> tuple[bool, ...]:
        """For each input, whether anybody wants its gradient."""
        return tuple(p is not None and p.tracking != CONSTANT for p in self.parents)

    def edges(self, gxs: Sequence[T | None], xs: Sequence[T]) -> Sequence[Edge[T]]:
        """Gradients and operands, one of each for each parent, as edges to those that want a gradient."""
        return [(p, g, x, i) for i, (p, g, x) in enumerate(zip(self.parents, gxs, xs)) if p is not None and p.tracking]


class SingleNode(Application[F]):
    """An application with one output, which it holds weakly, and whose value it keeps for the rule."""

    __slots__ = ("_output", "result")

    def __init__(
        self,
        op: F,
        parents: tuple[Vertex | None, ...],
        values: tuple[Array, ...],
        output: Vertex,
        result: Array,
    ) -> None:
        self.op: F = op
        self.parents: tuple[Vertex | None, ...] = parents
        self.values: tuple[Array, ...] = values
        self.guarded: bool = False
        self.prints: tuple[int, ...] | None = None
        self.result: Array = result
        self._output: ref[Vertex] = ref(output)

    @property
    def outputs(self) -> tuple[ref[Vertex], ...]:
        """The output, as a tuple of one weak reference."""
        return (self._output,)

    @property
    def results(self) -> tuple[Array, ...]:
        """The value of the output, as a tuple of one."""
        return (self.result,)


class UnaryNode(SingleNode[Unary]):
    """An application of a `Unary` op; recorded only if its input wants a gradient."""

    __slots__ = ()

    def pull(self, gy: T, y: T, xs: tuple[T, ...]) -> tuple[T | None, ...]:
        """The gradient of the input from that of the output."""
        return (self.op.backward(gy, y, xs[0]),)


class BinaryNode(SingleNode[Binary]):
    """An application of a `Binary` op."""

    __slots__ = ()

    @override
    def edges(self, gxs: Sequence[T | None], xs: Sequence[T]) -> Sequence[Edge[T]]:
        """As of every node, in the order of `TWO`: a pass adds in the same order whether there is a node or not."""
        return super().edges(gxs, xs)[::-1]

    def pull(self, gy: T, y: T, xs: tuple[T, ...]) -> tuple[T | None, ...]:
        """The gradients of the inputs that want one."""
        p, q = self.parents
        a, b = xs
        return (
            self.op.backward_a(gy, y, a, b) if p is not None and p.tracking else None,
            self.op.backward_b(gy, y, a, b) if q is not None and q.tracking else None,
        )


def counted(op: Variadic | Multi, gxs: tuple[T | None, ...], xs: tuple[T, ...]) -> tuple[T | None, ...]:
    """The gradients that a rule gave, if there is one for each input."""
    if len(gxs) != len(xs):
        raise wrong_count(op, len(gxs), len(xs))
    return gxs


class VariadicNode(SingleNode[Variadic]):
    """An application of a `Variadic` op."""

    __slots__ = ()

    def pull(self, gy: T, y: T, xs: tuple[T, ...]) -> tuple[T | None, ...]:
        """The gradients of the inputs; those that nobody wants may be None."""
        return counted(self.op, self.op.backward_all(gy, y, xs, self.needs), xs)


class MultiNode(Application[Multi]):
    """An application of a `Multi` op, with several outputs, each held weakly."""

    __slots__ = ("outputs", "results")

    def __init__(
        self,
        op: Multi,
        parents: tuple[Vertex | None, ...],
        values: tuple[Array, ...],
        outputs: tuple[Vertex, ...],
        results: tuple[Array, ...],
    ) -> None:
        self.op: Multi = op
        self.parents: tuple[Vertex | None, ...] = parents
        self.values: tuple[Array, ...] = values
        self.guarded: bool = False
        self.prints: tuple[int, ...] | None = None
        self.results: tuple[Array, ...] = results
        self.outputs: list[ref[Vertex]] = [ref(y) for y in outputs]

    def pull(self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...]) -> tuple[T | None, ...]:
        """The gradients of the inputs; those that nobody wants may be None."""
        return counted(self.op, self.op.backward_all(gys, ys, xs, self.needs), xs)


Node: TypeAlias = UnaryNode | BinaryNode | VariadicNode | MultiNode

# What a rule gave for one operand: its vertex, its gradient, its value, and its place among the operands.
Edge: TypeAlias = tuple[Vertex, T | None, T, int]
