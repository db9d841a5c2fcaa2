"""Floor 3: the backward pass on arrays. Imports `graph`, `errors` and floors 1 and 2; knows no `Variable` class.

Rules get plain arrays here: no graph, no wrapper, NumPy's own speed.
"""

from __future__ import annotations

import numpy as np

from tinypytorch.arrays import (
    Array,
    Shape,
    broadcasts_to,
    is_array,
    is_numpy_scalar,
    one,
    read_only,
    real_array,
    sum_to,
)
from tinypytorch.core.errors import bad_gradient, op_name, shape_and_dtype
from tinypytorch.core.graph import BinaryNode, MultiNode, Node, VariadicNode, Vertex
from tinypytorch.core.operators import ArrayOperators

# What `type(x)` is compared with: half the time of `isinstance`, and no type parameters to lose.
NDARRAY: type[object] = np.ndarray


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


def may_sum_down(node: Node, got: Shape, wanted: Shape) -> bool:
    """Whether a gradient in the shape of the node's output is to be summed to a broadcast operand's shape."""
    return isinstance(node, BinaryNode | VariadicNode) and got == node.result.shape and broadcasts_to(wanted, got)


def fit(g: object, x: Array, node: Node, i: int) -> Array:
    """The gradient `g` of the node's input `i`, whose value is `x`, in exactly its shape and dtype.

    Raises `ValueError` for a shape, and `TypeError` for a type, that no gradient of x can have.
    """
    if isinstance(g, ArrayOperators):  # a rule that used this package's functions on arrays
        g = g.value()
    real = real_array(g) if is_array(g) or is_numpy_scalar(g) or isinstance(g, (float, int)) else None
    if real is None:
        raise bad_gradient(node.op, i, g, x)
    if real.shape != x.shape:
        if not may_sum_down(node, real.shape, x.shape):
            raise bad_gradient(node.op, i, real, x)
        real = sum_to(real, x.shape)
    return real.astype(x.dtype, copy=False)


def cotangent(value: Array, gradient: object, what: str) -> Array:
    """A seed for an output in exactly the form of its value: ones for None; errors name the function `what`."""
    shape: Shape = value.shape
    if gradient is None:
        return np.ones(shape, value.dtype) if shape else one(value.dtype)
    if isinstance(gradient, ArrayOperators):
        gradient = gradient.value()
    given = real_array(gradient)
    if given is None:
        raise TypeError(f"{what}: a gradient of {shape_and_dtype(gradient)} is not real; give an array like the data")
    if given.shape != shape:
        raise ValueError(f"{what}: the gradient has shape {given.shape}, but the data has {shape}; they must be equal")
    seed: Array = given.astype(value.dtype, copy=False)[()]
    return seed


class ArrayWorld:
    """Gradients as arrays (see `graph.World`)."""

    __slots__ = ()

    def pull(
        self, node: Node, y: Vertex, grads: dict[Vertex, Array], /
    ) -> tuple[tuple[Array, ...], tuple[Array | None, ...]]:
        """As `World.pull`."""
        values = node.values
        if node.prints is not None:
            check_unchanged(node, node.prints)
        if isinstance(node, MultiNode):
            return values, node.pull(self._cotangents(node, grads), node.results, values)
        gy = grads.pop(y)
        return values, node.pull(read_only(gy) if node.guarded else gy, node.result, values)

    def fit(self, g: Array | None, node: Node, i: int, /) -> Array:
        """As `World.fit`."""
        return fit(g, node.values[i], node, i)

    def add(self, a: Array, b: Array, owned: bool, /) -> Array:
        """As `World.add`."""
        if owned and type(a) is NDARRAY:
            a += b
            return a
        return a + b

    def _cotangents(self, node: MultiNode, grads: dict[Vertex, Array]) -> tuple[Array, ...]:
        """The gradients of all outputs: zeros for one that is gone or was not used."""
        gys: list[Array] = []
        for output, value in zip(node.outputs, node.results, strict=True):
            v = output()
            g = None if v is None else grads.pop(v, None)
            gys.append(np.zeros_like(value) if g is None else read_only(g) if node.guarded else g)
        return tuple(gys)
