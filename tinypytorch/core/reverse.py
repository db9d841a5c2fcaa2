"""Floor 3: the backward pass on arrays. Imports `graph`, `errors` and floors 1 and 2; knows no `Variable` class.

Rules get plain arrays here: no graph, no wrapper, NumPy's own speed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from sys import getrefcount
from threading import Lock
from typing import Final, TypeVar

import numpy as np

from tinypytorch.arrays import (
    NDARRAY,
    Array,
    Shape,
    broadcasts_to,
    in_kind,
    is_array,
    is_complex,
    is_numpy_scalar,
    numeric_array,
    one,
    read_only,
    sum_leading,
    sum_to,
)
from tinypytorch.core.errors import bad_gradient, note_rule, op_name, shape_and_dtype
from tinypytorch.core.graph import FLOAT64, Swept
from tinypytorch.core.operators import ArrayOperators
from tinypytorch.core.vertex import TRACKED, BinaryNode, Edge, MultiNode, Node, VariadicNode, Vertex

# Threads that share a leaf add to the same gradient: what one reads, another must not change before it has written.
_writing = Lock()
K = TypeVar("K")

# The seed of most passes.
_ONE: Final = one(np.dtype(np.float64))
# The array that another is a view of, or None: NumPy's stubs know no more of it than `Any`.
_base: Callable[[Array], object] = attrgetter("base")


def fingerprints(arrays: tuple[Array, ...]) -> tuple[int, ...]:
    """A hash of the contents of each array; of numbers nothing, for they cannot change."""
    return tuple(hash(x.tobytes()) if is_array(x) else 0 for x in arrays)


def check_unchanged(node: Node, prints: tuple[int, ...]) -> None:
    """Raise `RuntimeError` if an array that the node recorded has changed since `prints` were taken."""
    now = fingerprints((*node.values, *node.results))
    for i, (before, after) in enumerate(zip(prints, now, strict=True)):
        if before != after:
            what = f"input {i}" if i < len(node.values) else "its result"
            raise RuntimeError(
                f"{op_name(node.op)}: {what} was changed in place after the forward pass, so its gradient would be "
                "wrong; change a copy, or run the forward pass again"
            )


def may_sum_down(y: Vertex, got: Shape) -> bool:
    """Whether a rule's gradient in the shape of the result `y` is to be summed to a broadcast operand's shape."""
    node = y.node
    if node is None:
        result = y.raw
        return y.binary is not None and got == (y.result if result is None else result).shape
    return isinstance(node, BinaryNode | VariadicNode) and got == node.result.shape


def fit(g: object, x: Array, y: Vertex, i: int) -> Array:
    """The gradient `g` of input `i`, whose value is `x`, of the op that gave `y`, in exactly its shape and dtype.

    Of a complex gradient a real input gets the real part: only that pairs with a real direction.

    Raises `ValueError` for a shape, and `TypeError` for a type, that no gradient of x can have.
    """
    if isinstance(g, ArrayOperators):  # a rule that used this package's functions on arrays
        g = g.value()
    found = numeric_array(g) if is_array(g) or is_numpy_scalar(g) or isinstance(g, (float, int, complex)) else None
    if found is None:
        raise bad_gradient(y.op, i, g, x)
    shape: Shape = x.shape
    if found.shape != shape:
        if not may_sum_down(y, found.shape) or not broadcasts_to(shape, found.shape):
            raise bad_gradient(y.op, i, found, x)
        found = sum_to(found, shape)
    fitted = in_kind(found, x.dtype)
    return fitted if shape else fitted[()]


def cotangent(value: Array, gradient: object, what: str) -> Array:
    """A seed for an output in exactly the form of its value: ones for None; errors name the function `what`."""
    if gradient is None and type(value) is FLOAT64:
        return _ONE
    shape: Shape = value.shape
    if gradient is None:
        return np.ones(shape, value.dtype) if shape else one(value.dtype)
    if isinstance(gradient, ArrayOperators):
        gradient = gradient.value()
    given = numeric_array(gradient)
    if given is None:
        raise TypeError(f"{what}: a gradient of {shape_and_dtype(gradient)} is no array of numbers like the data")
    if is_complex(given) and not is_complex(value):
        raise TypeError(
            f"{what}: a gradient of {shape_and_dtype(gradient)} for data of dtype {value.dtype}, which is real; "
            "give its real part"
        )
    if given.shape != shape:
        raise ValueError(f"{what}: the gradient has shape {given.shape}, but the data has {shape}; they must be equal")
    seed: Array = given.astype(value.dtype, copy=False)[()]
    return seed


def holders(grads: dict[K, Array], v: K) -> int:
    """How many hold the gradient of `v`, as CPython counts: where `grads` alone does, `ALONE`."""
    g = grads[v]
    return getrefcount(g)


ALONE: Final = holders({0: np.empty(1)}, 0)


def is_free(grads: dict[Vertex, Array], v: Vertex) -> bool:
    """Whether the gradient of `v` is an array with memory of its own, which `grads` holds and nobody else.

    It looks as `holders` does, so that it counts the same.
    """
    g = grads[v]
    return getrefcount(g) == ALONE and type(g) is NDARRAY and _base(g) is None


def foreign(g: Array | None) -> Array | None:
    """What a rule from outside gave: as a view, which has a base, if a pass must not write into it (see `is_free`)."""
    if type(g) is not NDARRAY or g is None or _base(g) is not None or (g.flags.owndata and g.flags.writeable):
        return g
    return g[...]


class ArrayWorld:
    """Gradients as arrays (see `graph.World`)."""

    __slots__ = ()

    def step(
        self, y: Vertex, gy: Array, grads: dict[Vertex, Array], arrived: list[Vertex], floor: int, /
    ) -> Vertex | None:
        """As `World.step`, with what `put` does in place: its calls would take longer than some rules."""
        try:
            while True:
                result, a, binary, v = y.raw, y.a, y.binary, y.left
                latest: Vertex | None = None
                if result is None:
                    result = y.result
                if binary is None:
                    unary = y.unary
                    if unary is None or v is None or not v.tracking:
                        return None
                    g = unary.backward(gy, result, a)
                else:
                    b, w = y.b, y.right
                    if w is not None and w.tracking:
                        g = binary.backward_b(gy, result, a, b)
                        kind = type(g)
                        if (kind is not NDARRAY or g.shape != b.shape or g.dtype is not b.dtype) and (
                            kind is not FLOAT64 or type(b) is not FLOAT64
                        ):
                            g = self.fit(g, b, y, 1)
                        if w in grads:
                            self.add(grads, w, g)
                            del g  # it is gone before the next is made
                        else:
                            grads[w] = g
                            if w.generation:
                                latest = w
                    if v is None or not v.tracking:
                        return latest
                    g = binary.backward_a(gy, result, a, b)
                kind = type(g)
                if (kind is not NDARRAY or g.shape != a.shape or g.dtype is not a.dtype) and (
                    kind is not FLOAT64 or type(a) is not FLOAT64
                ):
                    g = self.fit(g, a, y, 0)
                if v in grads:
                    self.add(grads, v, g)
                    return latest
                if latest is None and v.generation > floor and v.tracking == TRACKED and v.node is None:
                    y, gy = v, g
                    continue
                grads[v] = g
                if not v.generation:
                    return latest
                if latest is not None:
                    arrived.append(latest)
                return v
        except Exception as error:
            note_rule(error, y.op)
            raise

    def pull_node(self, node: Node, y: Vertex, grads: dict[Vertex, Array], /) -> Sequence[Edge[Array]]:
        """As `World.pull_node`."""
        values = node.values
        if node.prints is not None:
            check_unchanged(node, node.prints)
        if isinstance(node, MultiNode):
            gxs = node.pull(self._cotangents(node, grads), node.results, values)
        else:
            gy = grads.pop(y)
            gxs = node.pull(read_only(gy) if node.guarded else gy, node.result, values)
        return node.edges([foreign(g) for g in gxs] if node.guarded else gxs, values)

    def fit(self, g: Array | None, x: Array, y: Vertex, i: int, /) -> Array:
        """As `World.fit`."""
        if type(g) is NDARRAY and g is not None and y.binary is not None and g.dtype is x.dtype:
            result, got = y.raw, g.shape
            if result is not None and got == result.shape and got[1:] == x.shape:
                return sum_leading(g, 1)  # nearly always: a bias, which every row has
        return fit(g, x, y, i)

    def add(self, grads: dict[Vertex, Array], v: Vertex, g: Array, /) -> None:
        """As `World.add`."""
        if type(g) is not NDARRAY:
            grads[v] = grads[v] + g
        elif is_free(grads, v):
            total = grads[v]
            total += g
        else:
            grads[v] = in_kind(grads[v] + g, g.dtype)  # a sum loses the byte order

    def _cotangents(self, node: MultiNode, grads: dict[Vertex, Array]) -> tuple[Array, ...]:
        """The gradients of all outputs: zeros for one that is gone or was not used."""
        gys: list[Array] = []
        for output, value in zip(node.outputs, node.results, strict=True):
            v = output()
            g = None if v is None else grads.pop(v, None)
            gys.append(np.zeros_like(value) if g is None else read_only(g) if node.guarded else g)
        return tuple(gys)


ARRAYS: Final = ArrayWorld()


def write(swept: Swept[Array]) -> None:
    """Write what a pass found: computed in full before the first `.grad` changes, and by one thread at a time."""
    ends, kept, stale = swept.ends, swept.kept, swept.stale
    with _writing:
        for grads in (ends, kept) if kept else (ends,):
            for v in grads:
                g = grads[v]
                mine = getrefcount(g) == ALONE and type(g) is NDARRAY and _base(g) is None  # as `is_free`
                if (not mine or v.tracking != TRACKED or v.kept_grad is not None or v.raw is None) and v.tracking:
                    grads[v] = _written(v, g)
        for v in ends:
            if v.tracking:  # a rule may have made it a constant
                v.kept_grad = ends[v]
        if kept or stale:
            for v in stale:
                v.kept_grad = None
            for v, g in kept.items():
                v.hold(g)


def _written(v: Vertex, g: Array) -> Array:
    """The gradient `g` added to what `v` has, in an array that only `v` will hold, in the form of its data."""
    if not isinstance(v, ArrayOperators):
        raise TypeError("a gradient is written to Variables only")
    old, value = v.kept_grad, v.raw
    shape: Shape = v.shape if value is None else value.shape
    dtype = v.dtype if value is None else value.dtype
    if g.shape != shape:
        raise RuntimeError(
            f"backward: the data of a leaf was replaced: it has shape {shape} now, its gradient "
            f"{g.shape}; differentiate first, or run the forward pass again"
        )
    if old is None:
        return np.array(g, dtype)
    g = old + g
    return g if type(g) is NDARRAY and g.dtype == dtype else np.array(g, dtype)
