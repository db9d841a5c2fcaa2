"""Floor 3: where NumPy and the floors above meet Variables. Imports floor 1 only."""

from __future__ import annotations

from typing import Protocol, TypeGuard

import numpy as np

from tinypytorch.arrays import Array, Mask

# Ufuncs whose derivative is zero or that have none: on Variables they give arrays.
CONSTANTS = {
    *(np.sign, np.floor, np.ceil, np.rint, np.trunc, np.spacing, np.isnan, np.isinf, np.isfinite, np.signbit),
    *(np.less, np.less_equal, np.greater, np.greater_equal, np.equal, np.not_equal),
    *(np.floor_divide, np.nextafter, np.logical_and, np.logical_or, np.logical_xor, np.logical_not),
}

# What floors above serve: NumPy's functions that are not ufuncs, each by itself or (in modules that NumPy
# loads late) by its name, and drawing as "svg".
FUNCTIONS: dict[object, object] = {}


class Served(Protocol):
    """Something to call with whatever it was given."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Call it."""
        ...


def is_served(f: object) -> TypeGuard[Served]:
    """Whether f can be called (`callable` alone makes type checkers invent a class)."""
    return callable(f)


class Comparison(Protocol):
    """A comparing ufunc on arrays."""

    def __call__(self, a: Array, b: Array, /) -> Mask:
        """Where the comparison holds."""
        ...


class Refusal:
    """What stands where NumPy looks for a conversion: without it, `np.asarray(x)` is an array of objects."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Raise `TypeError`: a Variable becomes an array only where that is written down."""
        raise TypeError("a Variable is not converted to an array silently, which would drop its graph; take x.data")
