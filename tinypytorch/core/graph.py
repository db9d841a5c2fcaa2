"""Floor 3: the order of the backward pass. Imports `vertex`, `errors` and floors 1 and 2; knows no `Variable` class."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from heapq import heappop, heappush
from typing import Final, Generic, Protocol

import numpy as np

from tinypytorch.core.errors import note_rule
from tinypytorch.core.vertex import RETAINED, TRACKED, Edge, Node, Vertex
from tinypytorch.function import T

# What most 0-d values are: where the types of two are this, so are shape and dtype the same.
FLOAT64: type[object] = np.float64
# The operands' turns. The right one is first: in `f(x) * x` what it adds is gone before the other's is made.
ONE: Final = (0,)
TWO: Final = (1, 0)


class World(Protocol[T]):
    """What gradients are made of during a pass: arrays, or Variables for a derivative to be differentiated again."""

    def step(self, y: Vertex, gy: T, grads: dict[Vertex, T], arrived: list[Vertex], floor: int, /) -> Vertex | None:
        """Run the rules of the op in the slots of `y`, whose gradient is `gy`, and `put` what they give.

        May give the last result that arrived instead of putting it into the list, which takes longer. And if it is the
        only one, of a generation above `floor`, it may be visited at once, and so on: all that wait are older.
        """
        ...

    def pull_node(self, node: Node, y: Vertex, grads: dict[Vertex, T], /) -> Sequence[Edge[T]]:
        """Run the rules of a node. Takes the gradients of its outputs out of `grads`."""
        ...

    def fit(self, g: T | None, x: T, y: Vertex, i: int, /) -> T:
        """The gradient of the operand `x`, number `i` of the op that gave `y`, in exactly its shape and dtype.

        Raises a clear error if `g` cannot be that.
        """
        ...

    def add(self, grads: dict[Vertex, T], v: Vertex, g: T, /) -> None:
        """Add `g` to the gradient of `v`; into the array itself only if nobody else holds it."""
        ...


class Swept(Generic[T]):
    """What a pass leaves.

    ends: gradients of the vertices where the pass ended: leaves, and results older than it went.
    kept: gradients of interior vertices that keep theirs.
    stale: interior vertices that hold a gradient from an earlier pass, and should not after this one.
    """

    __slots__ = ("ends", "kept", "stale")

    def __init__(self, ends: dict[Vertex, T], kept: dict[Vertex, T], stale: list[Vertex]) -> None:
        self.ends: dict[Vertex, T] = ends
        self.kept: dict[Vertex, T] = kept
        self.stale: list[Vertex] = stale


def put(
    world: World[T], v: Vertex, g: T | None, x: T, y: Vertex, i: int, grads: dict[Vertex, T], arrived: list[Vertex]
) -> None:
    """Add the gradient g of the operand x, number i of the op that gave `y`, to that of its vertex v.

    If it is the first that a result gets, the vertex goes to those that arrived.
    """
    kind = type(g)
    # A scalar's type says all; arrays and Variables have a shape to compare.
    if (
        g is None
        or kind is not type(x)
        or (kind is not FLOAT64 and (g.shape != x.shape or (g.dtype is not x.dtype and g.dtype != x.dtype)))
    ):
        g = world.fit(g, x, y, i)
    if v in grads:
        world.add(grads, v, g)
        return
    grads[v] = g
    if v.generation:
        arrived.append(v)


def step_by(
    pull: Callable[[Vertex, T, int], tuple[T | None, T]],
    world: World[T],
    y: Vertex,
    gy: T,
    grads: dict[Vertex, T],
    arrived: list[Vertex],
) -> None:
    """`World.step` by a function that runs the rule of one operand, and gives its gradient and the operand itself."""
    try:
        for i in ONE if y.binary is None else TWO:
            v = y.right if i else y.left
            if v is not None and v.tracking:  # a gradient that was added to another is gone before the next is made
                put(world, v, *pull(y, gy, i), y, i, grads, arrived)
    except Exception as error:
        note_rule(error, y.op)
        raise


def sweep(seeds: Sequence[tuple[Vertex, T]], world: World[T], keep: Container[Vertex] | None, oldest: int) -> Swept[T]:
    """Visit the results behind `seeds` by generation, the latest first, each once, and accumulate gradients.

    Results up to the generation `oldest` are left alone. `keep` holds the interior vertices whose gradient is
    kept; None keeps all. Nothing outside the pass is written, so an exception leaves everything as it was.

    Those of one generation wait in a list, in the order in which gradients arrived at them, and the generations in a
    heap: linear in edges, but for the logarithm of the number of generations that wait; no recursion.
    """
    grads: dict[Vertex, T] = {}
    swept = Swept(grads, {}, [])
    waiting: dict[int, list[Vertex]] = {}
    heap: list[int] = []
    level: list[Vertex] = []  # those of the generation that is being visited: nothing is added to them any more
    # From the last visit. The latest of them is mostly next, and does not wait; it may be in `latest` alone.
    arrived: list[Vertex] = []
    keeps = keep is None or keep != ()
    free = not (keeps or oldest)  # whether a result can be visited without a look at it
    latest: Vertex | None = None
    for v, g in seeds:
        if v.tracking and v in grads:
            world.add(grads, v, g)
        elif v.tracking:
            grads[v] = g
            if v.generation:
                if latest is not None:
                    arrived.append(latest)
                latest = v
    while True:
        y = latest
        if y is None or arrived or level or heap:
            if y is None and arrived:
                y = arrived.pop()
            if y is not None and arrived:
                for v in arrived:
                    if v.generation > y.generation:
                        y, v = v, y
                    wait(v, waiting, heap)
                arrived.clear()
            if y is None or level or (heap and y.generation <= -heap[0]):
                if y is not None:
                    wait(y, waiting, heap)
                if not level:
                    if not heap:
                        break
                    level = waiting.pop(-heappop(heap))
                    level.reverse()
                y = level.pop()
        if oldest and y.generation <= oldest:  # as is all that waits
            break
        node = y.node
        if node is None:
            if y.tracking > TRACKED or keeps:
                _keep(y, keep, grads, swept)
            floor = y.generation if level or not free else -heap[0] if heap else 0
            latest = world.step(y, grads.pop(y), grads, arrived, floor)
            continue
        latest = None
        if y in grads:  # else it is another output of a node already visited
            for output in node.outputs:
                if (z := output()) is not None and z in grads:
                    _keep(z, keep, grads, swept)
            try:
                for v, gx, x, i in world.pull_node(node, y, grads):
                    put(world, v, gx, x, y, i, grads, arrived)
            except Exception as error:
                note_rule(error, node.op)
                raise
    return swept


def _keep(v: Vertex, keep: Container[Vertex] | None, grads: dict[Vertex, T], swept: Swept[T]) -> None:
    if keep is None or v.tracking == RETAINED or v in keep:
        swept.kept[v] = grads[v]
    elif v.kept_grad is not None:
        swept.stale.append(v)


def wait(v: Vertex, waiting: dict[int, list[Vertex]], heap: list[int]) -> None:
    """Put `v` with those of its generation."""
    same = waiting.get(v.generation)
    if same is None:
        waiting[v.generation] = [v]
        heappush(heap, -v.generation)
    else:
        same.append(v)
