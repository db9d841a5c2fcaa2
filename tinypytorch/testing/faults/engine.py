"""Floor 6: wrong engines. Imports floors 1 to 3, and `fault`.

Left out, because nothing that is computed would change: gradients computed for operands that want none (the sweep
passes over them), and inner gradients kept in a wider dtype than their values (that of a leaf is cast back).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from typing import Final, TypeAlias
from weakref import ref

import numpy as np

from tinypytorch.arrays import Array, Shape, sum_leading
from tinypytorch.core import gradients, graph, reverse, variable, vertex
from tinypytorch.core.graph import Swept, World
from tinypytorch.core.variable import Variable
from tinypytorch.core.vertex import Edge, MultiNode, Node, Vertex
from tinypytorch.function import T
from tinypytorch.testing.faults.fault import Fault, Patch, always, engine, is_ndarray

_Edges: TypeAlias = Sequence[Edge[Array]]
_Pulled: TypeAlias = tuple[Array | None, Array]
Pull: TypeAlias = Callable[[reverse.ArrayWorld, Vertex, Array, int], _Pulled]
Step: TypeAlias = Callable[[reverse.ArrayWorld, Vertex, Array, dict[Vertex, Array], list[Vertex], int], None]
Cotangents: TypeAlias = Callable[[object, MultiNode, dict[Vertex, Array]], tuple[Array, ...]]

# The right engine, from before any fault was planted.
_sweep = graph.sweep
_pull_node = reverse.ArrayWorld.pull_node
_write = reverse.write
_cotangent = reverse.cotangent
_cotangents: Callable[[object, MultiNode, dict[Vertex, Array]], tuple[Array, ...]] = vars(reverse.ArrayWorld)[
    "_cotangents"
]


def pull(world: reverse.ArrayWorld, y: Vertex, gy: Array, i: int, /) -> _Pulled:
    """The gradient of operand `i` of the op that gave `y`, and the operand: what `ArrayWorld.step` begins with."""
    result, a, binary = y.result if y.raw is None else y.raw, y.a, y.binary
    if binary is None:
        return None if y.unary is None else y.unary.backward(gy, result, a), a
    return (binary.backward_b(gy, result, a, y.b), y.b) if i else (binary.backward_a(gy, result, a, y.b), a)


def stepping(wrong: Pull) -> Step:
    """`ArrayWorld.step` by another `pull`."""

    def step(
        world: reverse.ArrayWorld, y: Vertex, gy: Array, grads: dict[Vertex, Array], arrived: list[Vertex], floor: int
    ) -> None:
        graph.step_by(lambda y, gy, i: wrong(world, y, gy, i), world, y, gy, grads, arrived)

    return step


def _overwrite(world: object, grads: dict[Vertex, Array], v: Vertex, g: Array, /) -> None:
    grads[v] = g


def _third_dropped() -> Callable[[object, dict[Vertex, Array], Vertex, Array], None]:
    """Two gradients of a value are added, those after them are not."""
    added: dict[int, tuple[ref[Vertex], int]] = {}  # by identity: a vertex compares as its values do

    def add(world: object, grads: dict[Vertex, Array], v: Vertex, g: Array, /) -> None:
        last = added.get(id(v))
        if last is None or last[0]() is not v or last[1] != id(grads):
            added[id(v)] = ref(v), id(grads)
            grads[v] = grads[v] + g

    return add


def _add_into(world: object, grads: dict[Vertex, Array], v: Vertex, g: Array, /) -> None:
    grads[v] += g


def _add_rounded(world: object, grads: dict[Vertex, Array], v: Vertex, g: Array, /) -> None:
    grads[v] = grads[v] + g.astype(np.float32).astype(g.dtype)


def _sum_leading(x: Array, shape: Shape) -> Array:
    y: Array = np.add.reduce(x, tuple(range(x.ndim - len(shape))))
    return y[tuple(slice(0, n) for n in shape)]


def _one_row(x: Array, lead: int) -> Array:
    return x[0] if lead == 1 and len(x) else sum_leading(x, lead)


def _average_to(x: Array, shape: Shape) -> Array:
    lead = x.ndim - len(shape)
    y: Array = x.mean(tuple(i for i, n in enumerate(x.shape) if i < lead or shape[i - lead] != n)) if x.size else x
    return y.reshape(shape) if x.size else np.zeros(shape, x.dtype)


def _not_fitted(world: object, g: Array | None, x: Array, y: Vertex, i: int, /) -> Array:
    return np.zeros_like(x) if g is None else g


def _depth_first(
    seeds: Sequence[tuple[Vertex, T]], world: World[T], keep: Container[Vertex] | None, oldest: int
) -> Swept[T]:
    """What arrives last is visited first, and each once."""
    grads: dict[Vertex, T] = {}
    arrived: list[Vertex] = []
    seen: set[int] = set()
    for v, g in seeds:
        graph.put(world, v, g, g, v, 0, grads, arrived)
    while arrived:
        y = arrived.pop()
        gy = grads.pop(y, None)
        if gy is None or id(y) in seen:
            continue
        seen.add(id(y))
        node = y.node
        if node is None:
            latest = world.step(y, gy, grads, arrived, y.generation)
            if latest is not None:
                arrived.append(latest)
        else:
            grads[y] = gy
            for v, gx, x, i in world.pull_node(node, y, grads):
                graph.put(world, v, gx, x, y, i, grads, arrived)
    return Swept(grads, {}, [])


def _write_shared(swept: Swept[Array]) -> None:
    for v, g in (swept.ends | swept.kept).items():
        v.kept_grad = g if v.kept_grad is None else v.kept_grad + g
    for v in swept.stale:
        v.kept_grad = None


def _write_again(swept: Swept[Array]) -> None:
    for v in swept.ends | swept.kept:
        v.kept_grad = None
    _write(swept)


def _written(change: Callable[[Array], Array]) -> Callable[[Swept[Array]], None]:
    """Gradients written with a change."""

    def write(swept: Swept[Array]) -> None:
        _write(swept)
        for v in swept.ends:
            if v.kept_grad is not None:
                v.kept_grad = change(v.kept_grad)

    return write


def _write_stale(swept: Swept[Array]) -> None:
    _write(Swept(swept.ends, swept.kept, []))


def _write_kept_twice(swept: Swept[Array]) -> None:
    _write(Swept(swept.ends, {v: g + g for v, g in swept.kept.items()}, swept.stale))


def _write_unlocked(swept: Swept[Array]) -> None:
    for v, g in (swept.ends | swept.kept).items():
        old = v.kept_grad
        time.sleep(1e-4)
        v.kept_grad = np.array(g if old is None else old + g)
    for v in swept.stale:
        v.kept_grad = None


def _keep_everything(
    seeds: Sequence[tuple[Vertex, Array]], world: World[Array], keep: Container[Vertex] | None, oldest: int
) -> Swept[Array]:
    return _sweep(seeds, world, None, oldest)


def _stop_early(
    seeds: Sequence[tuple[Vertex, T]], world: World[T], keep: Container[Vertex] | None, oldest: int
) -> Swept[T]:
    return _sweep(seeds, world, keep, oldest + 1)


def _unused_get_ones(
    seeds: Sequence[tuple[Vertex, Array]], world: World[Array], keep: set[Vertex], oldest: int
) -> Swept[Array]:
    swept = _sweep(seeds, world, keep, oldest)
    for v in keep:
        if isinstance(v, Variable) and v not in swept.ends and v not in swept.kept:
            swept.ends[v] = np.ones(v.shape, v.dtype)
    return swept


def _pull_stale(world: reverse.ArrayWorld, y: Vertex, gy: Array, i: int, /) -> _Pulled:
    return pull(world, y, gy if y.kept_grad is None else gy + y.kept_grad, i)


def _pull_once(world: reverse.ArrayWorld, y: Vertex, gy: Array, i: int, /) -> _Pulled:
    g, x = pull(world, y, gy, i)
    return (None if g is None else g * 0.0 if i and y.left is y.right else g), x


def _pull_twice(world: reverse.ArrayWorld, y: Vertex, gy: Array, i: int, /) -> _Pulled:
    g, x = pull(world, y, gy, i)
    return (None if g is None else g + g if y.binary is not None and y.left is y.right else g), x


def _pull_and_consume(world: reverse.ArrayWorld, y: Vertex, gy: Array, i: int, /) -> _Pulled:
    found = pull(world, y, gy, i)
    if i:
        y.b = np.zeros_like(y.b)
    elif y.binary is None:
        y.a = np.zeros_like(y.a)
    return found


def _pull_and_go_on(world: reverse.ArrayWorld, node: Node, y: Vertex, grads: dict[Vertex, Array], /) -> _Edges:
    """An exception in a rule is swallowed."""
    try:
        return _pull_node(world, node, y, grads)
    except Exception:
        return node.edges([np.zeros_like(x) for x in node.values], node.values)


def _pull_and_write(world: reverse.ArrayWorld, node: Node, y: Vertex, grads: dict[Vertex, Array], /) -> _Edges:
    """What is known when a rule raises is written into the leaves."""
    try:
        return _pull_node(world, node, y, grads)
    except Exception:
        for v, g in grads.items():
            v.kept_grad = np.array(g)
        raise


def _pull_rounded(world: reverse.ArrayWorld, y: Vertex, gy: Array, i: int, /) -> _Pulled:
    """Whatever the precision, gradients go through double precision."""
    g, x = pull(world, y, gy, i)
    return None if g is None else np.asarray(g, np.float64).astype(g.dtype)[()], x


def _pull_bases(world: reverse.ArrayWorld, y: Vertex, gy: Array, i: int, /) -> _Pulled:
    """Operands are read from the memory that they are views of."""
    if y.binary is None:
        a, y.a = y.a, _base(y.a)
        g, _ = pull(world, y, gy, i)
        y.a = a
        return g, a
    a, b, y.a, y.b = y.a, y.b, _base(y.a), _base(y.b)
    g, _ = pull(world, y, gy, i)
    y.a, y.b = a, b
    return g, b if i else a


def _base(x: Array) -> Array:
    base: object = x.base if is_ndarray(x) else None
    if not is_ndarray(base) or base.size < x.size or base.dtype != x.dtype:
        return x
    return base.reshape((-1,))[: x.size].reshape(x.shape)


def _without_seed(value: Array, gradient: object, what: str) -> Array:
    return _cotangent(value, None, what)


def _pull_swapped(world: reverse.ArrayWorld, y: Vertex, gy: Array, i: int, /) -> _Pulled:
    """Operands of one shape get each other's gradients."""
    g, x = pull(world, y, gy, i)
    if y.binary is not None and y.left is not None and y.right is not None and y.a.shape == y.b.shape:
        g, _ = pull(world, y, gy, 1 - i)
    return g, x


def _pull_as_it_is_now(world: reverse.ArrayWorld, y: Vertex, gy: Array, i: int, /) -> _Pulled:
    """Operands are what their Variables hold when the pass comes to them, not what they held in the forward pass."""
    if y.binary is None:
        a, y.a = y.a, _now(y.left, y.a)
        found = pull(world, y, gy, i)
        y.a = a
        return found
    a, b, y.a, y.b = y.a, y.b, _now(y.left, y.a), _now(y.right, y.b)
    found = pull(world, y, gy, i)
    y.a, y.b = a, b
    return found


def _now(operand: Vertex | None, recorded: Array) -> Array:
    return operand.data if isinstance(operand, Variable) else recorded


def _strong(output: Vertex) -> Callable[[], Vertex]:
    return lambda: output


def _leaking() -> Step:
    """Every gradient that was ever computed is kept in a list."""
    log: list[object] = []

    def logged(world: reverse.ArrayWorld, y: Vertex, gy: Array, i: int, /) -> _Pulled:
        found = pull(world, y, gy, i)
        log.append(found)
        return found

    return stepping(logged)


def _unused_are_ones(world: object, node: MultiNode, grads: dict[Vertex, Array]) -> tuple[Array, ...]:
    used = [v is not None and v in grads for v in (output() for output in node.outputs)]
    found = _cotangents(world, node, grads)
    return tuple(g if u else np.ones_like(g) for g, u in zip(found, used, strict=True))


def _last_used_only(world: object, node: MultiNode, grads: dict[Vertex, Array]) -> tuple[Array, ...]:
    found = _cotangents(world, node, grads)
    return (*(np.zeros_like(g) for g in found[:-1]), found[-1])


def _array_world(name: str, method: str, wrong: object, apt: str = "engine") -> Fault:
    return engine(name, Patch(reverse.ArrayWorld, method, always(wrong)), apt=apt)


def _pulls(name: str, wrong: Pull, apt: str = "engine") -> Fault:
    return _array_world(name, "step", stepping(wrong), apt)


def _writes(name: str, wrong: object) -> Fault:
    return engine(name, Patch(variable, "write", always(wrong)))


FAULTS: Final[tuple[Fault, ...]] = (
    _array_world("overwrites instead of accumulating", "add", _overwrite),
    engine("third use dropped", Patch(reverse.ArrayWorld, "add", _third_dropped), apt="engine"),
    _array_world("adds into arrays of others", "add", _add_into, ""),
    _array_world("accumulates rounded to float32", "add", _add_rounded),
    _pulls("stale inner gradients counted again", _pull_stale, ""),
    _pulls("f(x, x) counted once", _pull_once),
    _pulls("f(x, x) counted twice", _pull_twice),
    _pulls("a pass uses up the graph", _pull_and_consume, ""),
    _array_world("an exception in a rule is swallowed", "pull_node", _pull_and_go_on, ""),
    _array_world("an exception leaves half a pass", "pull_node", _pull_and_write, ""),
    _pulls("operands read from the base of a view", _pull_bases),
    _pulls("operands read again in the backward pass", _pull_as_it_is_now, ""),
    engine("every gradient is kept for ever", Patch(reverse.ArrayWorld, "step", _leaking)),
    _array_world("no sum_to", "fit", _not_fitted, "sum_to|engine"),
    engine("sums leading axes only", Patch(reverse, "sum_to", always(_sum_leading)), apt="engine|sum_to"),
    engine("a bias gets the gradient of one row", Patch(reverse, "sum_leading", always(_one_row)), apt="engine"),
    engine("mean instead of sum over broadcast axes", Patch(reverse, "sum_to", always(_average_to)), apt="engine"),
    _pulls("rounds to float64 in extended precision", _pull_rounded, ""),
    _array_world("unused output of several is not zero", "_cotangents", _unused_are_ones),
    _array_world("last output of several only", "_cotangents", _last_used_only),
    engine("depth first", *(Patch(m, "sweep", always(_depth_first)) for m in (variable, gradients)), apt="engine"),
    _pulls("operands' gradients swapped", _pull_swapped),
    engine(
        "cotangent ignored",
        *(Patch(m, "cotangent", always(_without_seed)) for m in (variable, gradients)),
        apt="engine",
    ),
    engine("stops one generation early", Patch(gradients, "sweep", always(_stop_early)), apt="engine|no contribution"),
    engine("unused inputs get ones", Patch(gradients, "sweep", always(_unused_get_ones))),
    engine("inner gradients kept without being asked", Patch(variable, "sweep", always(_keep_everything))),
    _writes("inner gradients of an earlier pass stay", _write_stale),
    _writes("retained gradients doubled", _write_kept_twice),
    _writes("a second pass replaces the gradient", _write_again),
    _writes("gradients shared with others", _write_shared),
    _writes("gradients written without a lock", _write_unlocked),
    _writes("0-d gradients become (1,)", _written(np.atleast_1d)),
    _writes("float32 becomes float64", _written(lambda g: g.astype(np.float64))),
    _writes("gradients rounded to float32", _written(lambda g: g.astype(np.float32).astype(g.dtype))),
    engine("strong reference from node to output", Patch(vertex, "ref", always(_strong))),
)
