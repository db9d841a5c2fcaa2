"""What several test files use."""

from __future__ import annotations

import numpy as np

from tinypytorch import Array, Variable

# Whether NumPy is 2.4 or newer. 2.3 pads by no dictionary.
SINCE_2_4 = np.lib.NumpyVersion(np.__version__) >= "2.4.0"


def var(x: float | list[float] | list[list[float]], dtype: str = "float64") -> Variable:
    """A leaf that holds a new array."""
    return Variable(np.array(x, dtype=dtype))


def grad(x: Variable) -> Array:
    """The gradient, which must be there."""
    assert x.grad is not None
    return x.grad


def slopes(*xs: Variable) -> tuple[float, ...]:
    """The gradients of 0-d Variables."""
    return tuple(grad(x).item() for x in xs)


def call(f: object, *args: object, **kwargs: object) -> object:
    """Call f as somebody does who runs no type checker."""
    assert callable(f)
    result: object = f(*args, **kwargs)
    return result
