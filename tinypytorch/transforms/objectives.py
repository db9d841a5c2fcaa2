"""Floor 5: functions of trees as SciPy's optimizers want them. Imports floors 1 to 4, `reverse`, `products`, `trees`.

SciPy is not imported: `scipy.optimize.minimize` calls a function of one flat float64 vector, and that is all.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ParamSpec

import numpy as np

from tinypytorch.arrays import Array, Shape
from tinypytorch.core.errors import shape_and_dtype
from tinypytorch.core.hooks import Served
from tinypytorch.core.operators import value_of
from tinypytorch.core.variable import Variable
from tinypytorch.transforms.products import hessian_product
from tinypytorch.transforms.reverse import function_of, gradient_of, trace
from tinypytorch.transforms.tracing import number_or_array, plain
from tinypytorch.transforms.trees import flatten, unflatten

P = ParamSpec("P")


class Objective:
    """A function of a tree of arrays as a function of one flat vector, with its gradient."""

    def __init__(self, f: Served, x0: object) -> None:
        self._f: Served = f
        leaves, self._structure = flatten(x0)
        self._forms: list[tuple[Shape, np.dtype[np.float64]]] = []
        for x in leaves:
            value = number_or_array(plain(x))
            if value is None or value.dtype.kind not in "fiu":
                raise TypeError(f"objective: a parameter is an array or a number, not {shape_and_dtype(x)}")
            dtype = value.dtype if value.dtype.kind == "f" else np.dtype(np.float64)
            self._forms.append((value.shape, dtype))

    def flatten(self, tree: object) -> Array:
        """A tree in the structure of the parameters as one float64 vector."""
        leaves, structure = flatten(tree)
        if structure != self._structure:
            raise ValueError("objective: a tree of another structure than the parameters'")
        return np.concatenate([np.empty(0), *(value_of(x).astype(np.float64).reshape(-1) for x in leaves)])

    def unflatten(self, x: Array) -> object:
        """The tree that a vector stands for: the parameters' structure, shapes and dtypes."""
        sizes = [math.prod(shape) for shape, _ in self._forms]
        if x.shape != (sum(sizes),):
            raise ValueError(f"objective: takes a vector of {sum(sizes)} numbers, not shape {x.shape}")
        leaves: list[object] = []
        at = 0
        for (shape, dtype), n in zip(self._forms, sizes, strict=True):
            leaves.append(x[at : at + n].reshape(shape).astype(dtype))
            at += n
        return unflatten(self._structure, leaves)

    def __call__(self, x: Array, /, *args: object) -> tuple[float, Array]:
        """The value at a vector, and the gradient as a vector."""
        t = trace("objective", self._f, 0, (self.unflatten(x), *args), {})
        slope = gradient_of(t, 0)
        return float(value_of(t.outputs[0])), self.flatten(slope)

    def hessp(self, x: Array, v: Array, /, *args: object) -> Array:
        """The Hessian at a vector times another."""
        return self.flatten(hessian_product("objective", self._f, 0)(self.unflatten(x), *args, self.unflatten(v)))


def objective(f: Callable[P, Variable], x0: object) -> tuple[Objective, Array]:
    """A function and a starting point as SciPy's optimizers take them.

    f: gives one number for a tree of arrays, and other arguments after it.
    x0: where to start: an array, or nested tuples, lists and dicts of arrays and numbers, of any floating dtype
        (integers count as float64).

    Gives a function of a flat float64 vector, which returns the value and the gradient, and x0 as such a vector. The
    function has `hessp(x, v)`, and `unflatten`, which makes a tree of SciPy's answer.

    Raises `TypeError` for a parameter that is no array.

    >>> fun, x = objective(lambda p: (p["a"] - 3.0) ** 2 + (p["b"] ** 2).sum(), {"a": 1.0, "b": np.ones(2)})
    >>> fun(x), fun.hessp(x, np.array([1.0, 0.0, 0.0]))
    ((6.0, array([-4.,  2.,  2.])), array([2., 0., 0.]))
    >>> fun.unflatten(np.array([3.0, 0.0, 0.0]))
    {'a': array(3.), 'b': array([0., 0.])}

    With SciPy: `answer = scipy.optimize.minimize(*objective(f, x0), jac=True)`.
    """
    fun = Objective(function_of("objective", f), x0)
    return fun, fun.flatten(x0)
