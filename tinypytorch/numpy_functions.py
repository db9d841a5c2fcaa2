"""Floor 5: NumPy's own functions on Variables (NEP 18). Imports floors 1 to 4 and others of floor 5.

`np.sum(x, axis=0)` calls `tinypytorch.sum(x, axis=0)`. NumPy asks the first Variable among the arguments, which looks
here; what is not here is an error that names the function, never a silent detour without gradient. What becomes of
each name is said in `numpy_names`, or follows from the names of the functions in the files below.
"""

from __future__ import annotations

from functools import partial
from types import FunctionType, ModuleType
from typing import Final

import numpy as np

from tinypytorch import fft, linalg
from tinypytorch.arrays import Precision, Shape
from tinypytorch.core.apply import as_array
from tinypytorch.core.hooks import CONSTANTS, FUNCTIONS, Served, is_list, is_served, is_tuple
from tinypytorch.core.nested import array_like
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions import (
    decomposing,
    diagonals,
    differences,
    exponential,
    joining,
    nan,
    norms,
    padding,
    parts,
    pieces,
    products,
    ranges,
    rearranging,
    reductions,
    repeating,
    rounding,
    selecting,
    selection,
    shaping,
    solving,
    statistics,
    trigonometric,
)
from tinypytorch.functions.shaping import broadcast_to
from tinypytorch.numpy_arguments import adapted
from tinypytorch.numpy_names import CONSTANT, why
from tinypytorch.numpy_ufuncs import call
from tinypytorch.ops import UFUNCS

# NumPy's namespaces, and what their names begin with in `numpy_names`.
NAMESPACES: Final = ((np, ""), (np.linalg, "linalg."), (np.fft, "fft."))

# Files whose functions have the names of NumPy's, and the namespace these are in. A new file goes here.
FILES: Final[tuple[tuple[ModuleType, ModuleType], ...]] = (
    *((np, file) for file in (diagonals, differences, exponential, joining, nan, parts, pieces, products, ranges)),
    *((np, file) for file in (rearranging, reductions, repeating, rounding, selecting, selection, shaping, statistics)),
    *((np, file) for file in (padding, trigonometric)),
    *((np.linalg, file) for file in (decomposing, norms, products, rearranging, solving, linalg)),
    (np.fft, fft),
)

# Ours have these names, too, but are not differentiable: `numpy_names` says what becomes of NumPy's.
_OTHERWISE = ("linalg.eig", "linalg.eigvals", "linalg.matrix_rank", "fft.fftfreq", "fft.rfftfreq")
# Other names of the same functions.
_ALIASES = {"amax": "max", "amin": "min", "concat": "concatenate"}


def full_like(a: Operand, fill_value: Operand, dtype: Precision | None = None, shape: Shape | None = None) -> object:
    """An array in the shape and dtype of a, filled: with a Variable, one that is recorded."""
    like = as_array(a)
    if not isinstance(fill_value, Variable):
        return np.full_like(like, fill_value, dtype, shape=shape)
    return broadcast_to(fill_value.astype(dtype or like.dtype), like.shape if shape is None else shape)


def where(condition: Operand, a: Operand | None = None, b: Operand | None = None) -> object:
    """a where the condition holds, else b; without both, the indices where it holds: plain arrays."""
    if a is None and b is None:
        return np.nonzero(as_array(condition))
    if a is None or b is None:
        raise ValueError("np.where: takes both x and y, or neither")
    return selection.where(condition, a, b)


def functions() -> dict[str, object]:
    """Our functions that have the name of one of NumPy's, by that name: `sum`, `linalg.inv`."""
    prefixes: dict[object, str] = {id(space): prefix for space, prefix in NAMESPACES}
    found: dict[str, object] = {}
    for space, file in FILES:
        for name, function in vars(file).items():
            if isinstance(function, FunctionType) and function.__module__ == file.__name__ and hasattr(space, name):
                found[prefixes[id(space)] + name] = function
    for name in _OTHERWISE:
        del found[name]
    for name, meant in _ALIASES.items():
        found[name] = found[meant]
    found["full_like"], found["where"] = full_like, where
    return found


def numpys(name: str) -> object:
    """NumPy's function (or whatever it is) of a name as in `numpy_names`; None if this NumPy has none."""
    for space, prefix in reversed(NAMESPACES):
        if name.startswith(prefix):
            found: object = getattr(space, name.removeprefix(prefix), None)
            return found
    return None


def plain(x: object) -> object:
    """x with the data of Variables in place of them, in lists and tuples, too."""
    if isinstance(x, Variable):
        return x.data
    if is_list(x):
        return [plain(part) for part in x]
    if is_tuple(x):
        return tuple(plain(part) for part in x)
    return x


def _on_data(function: object) -> Served:
    """`function`, on the data of the Variables among its arguments."""

    def answer(*args: object, **kwargs: object) -> object:
        if not is_served(function):
            raise TypeError(f"{function} is no function")
        return function(*map(plain, args), **{name: plain(value) for name, value in kwargs.items()})

    return answer


def serve() -> None:
    """Let NumPy's functions find these (once, when the package is imported)."""
    for name, function in functions().items():
        mine = numpys(name)
        if not isinstance(mine, np.ufunc):
            FUNCTIONS.setdefault(mine, partial(adapted, name, function))
        elif mine not in UFUNCS:
            FUNCTIONS[mine] = function
    for group in CONSTANT:
        for name in group.names.split():
            mine = numpys(name)
            if isinstance(mine, np.ufunc):
                CONSTANTS.add(mine)
            elif mine is not None:
                FUNCTIONS[mine] = _on_data(mine)
    FUNCTIONS["ufunc"] = call
    FUNCTIONS["array_like"] = array_like
    FUNCTIONS["why"] = why
