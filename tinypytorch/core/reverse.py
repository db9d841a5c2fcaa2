"""Floor 3: the backward pass on arrays. Imports `graph`, `errors` and floors 1 and 2; knows no `Variable` class.

Rules get plain arrays here: no graph, no wrapper, NumPy's own speed.
"""

from __future__ import annotations

from collections.abc import Sequence
from sys import getrefcount
from threading import Lock
from typing import Final, TypeVar

import numpy as np

from tinypytorch.arrays import (
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
from tinypytorch.core.errors import bad_gradient, op_name, shape_and_dtype
from tinypytorch.core.graph import (
    BinaryNode,
    Edge,
    MultiNode,
    Node,
    Swept,
    VariadicNode,
    Vertex,
)
from tinypytorch.core.operators import ArrayOperators

# What `type(x)` is compared with: half the time of `isinstance`, and no type parameters to lose.
NDARRAY: type[object] = np.ndarray
# Threads that share a leaf add to the same gradient: what one reads, another must not change before it has written.
_writing = Lock()
K = TypeVar("K")


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
    """Whether the gradient of `v` is an array with memory of its own, which `grads` holds and nobody else."""
    if holders(grads, v) != ALONE:
        return False
    g = grads[v]
    if type(g) is not NDARRAY:
        return False
    flags = g.flags
    return flags.owndata and flags.writeable


class ArrayWorld:
    """Gradients as arrays (see `graph.World`)."""

    __slots__ = ()

    def pull(self, y: Vertex, gy: Array, i: int, /) -> tuple[Array | None, Array]:
        """As `World.pull`."""
        result = y.raw
        if result is None:
            result = y.result
        a, binary = y.a, y.binary
        if binary is None:
            return None if y.unary is None else y.unary.backward(gy, result, a), a
        b = y.b
        return (binary.backward_b(gy, result, a, b), b) if i else (binary.backward_a(gy, result, a, b), a)

    def pull_node(self, node: Node, y: Vertex, grads: dict[Vertex, Array], /) -> Sequence[Edge[Array]]:
        """As `World.pull_node`."""
        values = node.values
        if node.prints is not None:
            check_unchanged(node, node.prints)
        if isinstance(node, MultiNode):
            return node.edges(node.pull(self._cotangents(node, grads), node.results, values), values)
        gy = grads.pop(y)
        return node.edges(node.pull(read_only(gy) if node.guarded else gy, node.result, values), values)

    def fit(self, g: Array | None, x: Array, y: Vertex, i: int, /) -> Array:
        """As `World.fit`."""
        if type(g) is NDARRAY and g is not None and g.dtype is x.dtype:
            shape: Shape = x.shape
            got: Shape = g.shape
            if got[-len(shape) :] == shape and may_sum_down(y, got):  # nearly always: a bias, which every row has
                return sum_leading(g, len(got) - len(shape))
        return fit(g, x, y, i)

    def add(self, grads: dict[Vertex, Array], v: Vertex, g: Array, /) -> None:
        """As `World.add`."""
        if type(g) is NDARRAY and is_free(grads, v):
            total = grads[v]
            total += g
        else:
            grads[v] = grads[v] + g

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
    with _writing:
        found: list[tuple[Vertex, Array]] = []
        for grads in (swept.ends, swept.kept) if swept.kept else (swept.ends,):
            for v in grads:
                if not isinstance(v, ArrayOperators) or not v.tracking:
                    continue
                mine = is_free(grads, v)
                g, old, value = grads[v], v.kept_grad, v.raw
                shape: Shape = v.shape if value is None else value.shape
                dtype = v.dtype if value is None else value.dtype
                if g.shape != shape:
                    raise RuntimeError(
                        f"backward: the data of a leaf was replaced: it has shape {shape} now, its gradient "
                        f"{g.shape}; differentiate first, or run the forward pass again"
                    )
                if old is not None:
                    g = old + g
                    mine = type(g) is NDARRAY
                found.append((v, g if mine and (g.dtype is dtype or g.dtype == dtype) else np.array(g, dtype)))
        for v in swept.stale:
            v.kept_grad = None
        for v, g in found:
            v.kept_grad = g
