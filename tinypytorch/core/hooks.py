"""Floor 3: where NumPy and the floors above meet Variables. Imports floor 1 only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeGuard

import numpy as np

from tinypytorch.arrays import Array, Mask

# Ufuncs whose derivative is zero or that have none: on Variables they give arrays. A floor above says which.
CONSTANTS: set[np.ufunc] = set()

# What floors above serve: NumPy's functions that are not ufuncs and the ufuncs that are no ops, each by itself; the
# other calls of ufuncs as "ufunc"; why a function is refused as "why"; what lists become as "array_like"; drawing as
# "svg".
FUNCTIONS: dict[object, object] = {}


class Served(Protocol):
    """Something to call with whatever it was given."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        """Call it."""
        ...


def is_served(f: object) -> TypeGuard[Served]:
    """Whether f can be called (`callable` alone makes type checkers invent a class)."""
    return callable(f)


def is_tuple(x: object) -> TypeGuard[tuple[object, ...]]:
    """Whether x is a plain tuple (`isinstance` alone leaves its contents unknown)."""
    return type(x) is tuple


def is_list(x: object) -> TypeGuard[list[object]]:
    """Whether x is a plain list (likewise)."""
    return type(x) is list


def listed(x: object) -> object:
    """x as it is, but of nested lists the array or the Variable that the floor above makes of them."""
    make = FUNCTIONS.get("array_like")
    return make(x) if is_sequence(x) and is_served(make) else x


class Comparison(Protocol):
    """A comparing ufunc on arrays."""

    def __call__(self, a: Array, b: Array, /) -> Mask:
        """Where the comparison holds."""
        ...


def is_sequence(x: object) -> TypeGuard[Sequence[object]]:
    """Whether x is a list or a tuple, of whatever kind: what NumPy makes an array of."""
    return isinstance(x, (list, tuple))


class Conversion:
    """What NumPy looks for to convert a Variable: without it, `np.asarray(x)` is an array of objects.

    A constant gives its array, since nothing is lost; anything else is a `TypeError`.
    """

    def __get__(self, x: object, owner: type[object]) -> Served:
        """The conversion of one Variable."""

        def convert(*args: object, **kwargs: object) -> object:
            if getattr(x, "requires_grad", True):
                raise TypeError(
                    "a Variable is not converted to an array silently, which would drop its graph; take x.data; "
                    "or join Variables with tinypytorch.stack or tinypytorch.numpy.array"
                )
            data: object = getattr(x, "data", None)
            make: object = np.asarray
            return make(data, *args, **kwargs) if is_served(make) else data

        return convert


def name_of(function: object) -> str:
    """NumPy's function as people write it: `np.linalg.inv`."""
    home = str(getattr(function, "__module__", None) or "numpy").replace("numpy", "np", 1)
    return f"{home}.{getattr(function, '__name__', function)}"


def refused(function: object) -> TypeError:
    """The error of a function of NumPy's that Variables have no answer to: its name, why, and what to do."""
    name = name_of(function)
    why = FUNCTIONS.get("why")
    reason: object = why(name.removeprefix("np.")) if is_served(why) else None
    if isinstance(reason, str):
        return TypeError(f"{name} takes no Variables: {reason}")
    if isinstance(function, np.ufunc) and not hasattr(np, function.__name__):
        return TypeError(
            f"{function.__name__} is no ufunc of NumPy, and has no derivative rule here; for those of scipy.special "
            "import tinypytorch.special first; else use x.data for a constant, or write an op and `apply` it"
        )
    return TypeError(f"{name} has no derivative rule here; use x.data for a constant, or write an op and `apply` it")
