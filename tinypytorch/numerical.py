"""Floor 5: the tutorial's central difference. Imports floors 1 to 3."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.config import no_grad
from tinypytorch.core.variable import Variable


def numerical_diff(f: Callable[[Variable], Variable], x: Variable, eps: float = 1e-4) -> Array:
    """The central difference (f(x + eps) - f(x - eps)) / (2 eps), of error O(eps**2), in the shape of x.

    One entry of x is moved at a time, and all entries of f(x) are summed: the gradient that `f(x).backward()` gives.
    For a bound on the error instead of a guess at it, see `tinypytorch.testing`.

    >>> numerical_diff(lambda x: x**2, Variable(np.array([3.0, 4.0]))).round(6)
    array([6., 8.])
    """
    base = np.array(x.data, dtype=np.float64)
    gradient = np.empty(base.shape)
    with no_grad():
        for index in np.ndindex(base.shape):
            high, low = base.copy(), base.copy()
            high[index] += eps
            low[index] -= eps
            total: float = (f(Variable(high)).data - f(Variable(low)).data).sum()
            gradient[index] = total / (2 * eps)
    return gradient
