"""Floor 3: the graph and the order of the backward pass. Imports floors 1 and 2, and knows no `Variable` class.

A `Vertex` (every Variable is one) points at the `Node` that made it; a node points at the vertices it was made from,
and holds its outputs weakly. So there is no reference cycle, and a graph dies with its last output.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush, heappushpop
from typing import Generic, Protocol, TypeAlias, TypeVar
from weakref import ref

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.errors import op_name, wrong_count
from tinypytorch.function import Binary, Multi, T, Unary, Variadic

# What `Vertex.tracking` can be: no gradient, a gradient, a gradient that an interior vertex keeps.
CONSTANT, TRACKED, RETAINED = 0, 1, 2

# Types of 0-d values, equal in shape and dtype if they are equal themselves.
SCALARS: frozenset[object] = frozenset((np.float64, np.float32, np.float16, np.longdouble))

F = TypeVar("F", Unary, Binary, Variadic, Multi)


class Vertex:
    """What the graph knows of a Variable: the node that made it, its gradient, and whether it wants one."""

    __slots__ = ("__weakref__", "creator", "kept_grad", "tracking")

    creator: Node | None
    tracking: int
    kept_grad: Array | None

    @property
    def generation(self) -> int:
        """0 for a leaf; one more than the largest among its creator's inputs for a result."""
        return 0 if self.creator is None else self.creator.generation + 1


class Application(Generic[F]):
    """One application of an op: what every node holds.

    parents: the input vertices, None for an operand that is no Variable.
    values: the operands as the forward pass saw them, by reference.
    generation: the largest among the parents.
    guarded: whether the op is from outside the package, and gets arrays that it cannot write into.
    prints: fingerprints of values and results, if mutations are to be detected.
    """

    __slots__ = ("generation", "guarded", "op", "parents", "prints", "values")

    op: F
    parents: tuple[Vertex | None, ...]
    values: tuple[Array, ...]
    generation: int
    guarded: bool
    prints: tuple[int, ...] | None

    @property
    def needs(self) -> tuple[bool, ...]:
        """For each input, whether anybody wants its gradient."""
        return tuple(p is not None and p.tracking != CONSTANT for p in self.parents)


class SingleNode(Application[F]):
    """An application with one output, which it holds weakly, and whose value it keeps for the rule."""

    __slots__ = ("_output", "result")

    def __init__(
        self,
        op: F,
        parents: tuple[Vertex | None, ...],
        values: tuple[Array, ...],
        generation: int,
        output: Vertex,
        result: Array,
    ) -> None:
        self.op: F = op
        self.parents: tuple[Vertex | None, ...] = parents
        self.values: tuple[Array, ...] = values
        self.generation: int = generation
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

    def pull(self, gy: T, y: T, xs: tuple[T, ...]) -> tuple[T | None, ...]:
        """The gradients of the inputs that want one."""
        p, q = self.parents
        a, b = xs
        return (
            self.op.backward_a(gy, y, a, b) if p is not None and p.tracking else None,
            self.op.backward_b(gy, y, a, b) if q is not None and q.tracking else None,
        )


class VariadicNode(SingleNode[Variadic]):
    """An application of a `Variadic` op."""

    __slots__ = ()

    def pull(self, gy: T, y: T, xs: tuple[T, ...]) -> tuple[T | None, ...]:
        """The gradients of the inputs; those that nobody wants may be None."""
        return self.op.backward_all(gy, y, xs, self.needs)


class MultiNode(Application[Multi]):
    """An application of a `Multi` op, with several outputs, each held weakly."""

    __slots__ = ("outputs", "results")

    def __init__(
        self,
        op: Multi,
        parents: tuple[Vertex | None, ...],
        values: tuple[Array, ...],
        generation: int,
        outputs: tuple[Vertex, ...],
        results: tuple[Array, ...],
    ) -> None:
        self.op: Multi = op
        self.parents: tuple[Vertex | None, ...] = parents
        self.values: tuple[Array, ...] = values
        self.generation: int = generation
        self.guarded: bool = False
        self.prints: tuple[int, ...] | None = None
        self.results: tuple[Array, ...] = results
        self.outputs: list[ref[Vertex]] = [ref(y) for y in outputs]

    def pull(self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...]) -> tuple[T | None, ...]:
        """The gradients of the inputs; those that nobody wants may be None."""
        return self.op.backward_all(gys, ys, xs, self.needs)


Node: TypeAlias = UnaryNode | BinaryNode | VariadicNode | MultiNode


class World(Protocol[T]):
    """What gradients are made of during a pass: arrays, or Variables for a derivative to be differentiated again."""

    def pull(self, node: Node, y: Vertex, grads: dict[Vertex, T], /) -> tuple[tuple[T, ...], tuple[T | None, ...]]:
        """Take the gradients of the node's outputs out of `grads`; give its operands, and their gradients."""
        ...

    def fit(self, g: T | None, node: Node, i: int, /) -> T:
        """The gradient of the node's input `i` in exactly that input's shape and dtype, or a clear error."""
        ...

    def add(self, a: T, b: T, owned: bool, /) -> T:
        """a + b; into a itself if the pass owns it, never otherwise."""
        ...


@dataclass(slots=True)
class Swept(Generic[T]):
    """What a pass leaves.

    ends: gradients of the vertices where the pass ended: leaves, and results older than it went.
    kept: gradients of interior vertices that keep theirs.
    stale: interior vertices that hold a gradient from an earlier pass, and should not after this one.
    owned: the vertices in `ends` whose gradient is an array that the pass made and nobody else holds.
    """

    ends: dict[Vertex, T]
    kept: dict[Vertex, T]
    stale: list[Vertex]
    owned: set[Vertex]


def sweep(seeds: Sequence[tuple[Vertex, T]], world: World[T], keep: Container[Vertex] | None, oldest: int) -> Swept[T]:
    """Visit the nodes behind `seeds` by generation, the latest first, each once, and accumulate gradients.

    Nodes of a generation below `oldest` are left alone. `keep` holds the interior vertices whose gradient is
    kept; None keeps all. Nothing outside the pass is written, so an exception leaves everything as it was.

    The heap is keyed by (-generation, arrival): linear in edges up to the logarithm, and no recursion.
    """
    grads: dict[Vertex, T] = {}
    kept: dict[Vertex, T] = {}
    stale: list[Vertex] = []
    owned: set[Vertex] = set()
    heap: list[tuple[int, int, Node, Vertex]] = []
    latest: tuple[int, int, Node, Vertex] | None = None  # one item beside the heap: in a chain nothing is ever in it
    arrivals = 0
    node: Node | None = None
    parents: Sequence[Vertex | None] = [v for v, _ in seeds]
    xs: Sequence[T] = [g for _, g in seeds]
    gxs: Sequence[T | None] = xs
    while True:
        i = -1
        for v, g, x in zip(parents, gxs, xs):
            i += 1
            if v is None or not v.tracking:
                continue
            # A scalar's type says all; arrays and Variables have a shape to compare.
            if g is None or type(g) is not type(x) or (type(g) not in SCALARS and _differ(g, x)):
                if node is None:
                    raise TypeError("a seed does not fit its output")
                g = world.fit(g, node, i)
            if v in grads:
                grads[v] = world.add(grads[v], g, v in owned)
                owned.add(v)
                continue
            grads[v] = g
            creator = v.creator
            if creator is not None and creator.generation >= oldest:
                arrivals += 1
                if latest is not None:
                    heappush(heap, latest)
                latest = (-creator.generation, arrivals, creator, v)
        if latest is not None:
            _, _, node, y = heappushpop(heap, latest)
            latest = None
        elif heap:
            _, _, node, y = heappop(heap)
        else:
            return Swept(grads, kept, stale, owned)
        if y not in grads:  # another output of a node already visited
            parents = ()
            continue
        for v in (y,) if not isinstance(node, MultiNode) else _arrived(node, grads):
            if keep is None or v.tracking == RETAINED or v in keep:
                kept[v] = grads[v]
            elif v.kept_grad is not None:
                stale.append(v)
            if owned:
                owned.discard(v)
        try:
            xs, gxs = world.pull(node, y, grads)
        except Exception as error:
            error.add_note(f"in the derivative rule of {op_name(node.op)}")
            raise
        parents = node.parents
        if len(gxs) != len(parents):
            raise wrong_count(node.op, len(gxs), len(parents))


def _differ(g: T, x: T) -> bool:
    return g.shape != x.shape or g.dtype != x.dtype


def _arrived(node: MultiNode, grads: dict[Vertex, T]) -> list[Vertex]:
    """The outputs of a node that got a gradient."""
    return [v for output in node.outputs if (v := output()) is not None and v in grads]
