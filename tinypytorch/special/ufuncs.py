"""Floor 2: SciPy's special functions on arrays, with the types that ops need. Imports SciPy and `arrays`."""

from __future__ import annotations

from operator import attrgetter
from typing import Protocol

import numpy as np
from scipy import special

from tinypytorch.arrays import Array


class Ufunc(Protocol):
    """One of SciPy's ufuncs, on arrays."""

    def __call__(self, /, *xs: Array | float) -> Array:
        """Call it."""
        ...


def named(name: str) -> np.ufunc:
    """SciPy's ufunc of that name (`attrgetter` gives `Any`, so that no stubs of SciPy are needed)."""
    found: np.ufunc = attrgetter(name)(special)
    return found


def on(name: str, *xs: Array | float) -> Array:
    """The values of SciPy's function; extended precision, which it does not have, is computed in double."""
    f: Ufunc = attrgetter(name)(special)
    return f(*[_double(x) for x in xs])


def _double(x: Array | float) -> Array | float:
    if isinstance(x, (int, float)) or x.dtype.char != "g":
        return x
    double: Array = x.astype("float64")
    return double
