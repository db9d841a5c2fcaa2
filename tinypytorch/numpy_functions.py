"""Floor 5: NumPy's own functions on Variables (NEP 18). Imports floors 1 to 4.

`np.sum(x, axis=0)` calls `tinypytorch.sum(x, axis=0)`. NumPy asks the first Variable among the arguments, which looks
here; what is not here is an error that names the function, never a silent detour without gradient.
"""

from __future__ import annotations

import numpy as np

from tinypytorch import fft, linalg
from tinypytorch.arrays import Shape
from tinypytorch.core.hooks import FUNCTIONS, Served, is_served
from tinypytorch.core.variable import Variable
from tinypytorch.functions import (
    diagonals,
    differences,
    joining,
    parts,
    products,
    rearranging,
    reductions,
    repeating,
    rounding,
    selecting,
    selection,
    shaping,
    statistics,
    trigonometric,
)


def _shape(x: Variable) -> Shape:
    return x.shape


def _ndim(x: Variable) -> int:
    return x.ndim


def _size(x: Variable) -> int:
    return x.size


_TABLE: dict[object, object] = {
    np.sum: reductions.sum,
    np.mean: reductions.mean,
    np.max: reductions.max,
    np.min: reductions.min,
    np.amax: reductions.max,
    np.amin: reductions.min,
    np.reshape: shaping.reshape,
    np.transpose: shaping.transpose,
    np.broadcast_to: shaping.broadcast_to,
    np.concatenate: shaping.concatenate,
    np.stack: shaping.stack,
    np.split: shaping.split,
    np.where: selection.where,
    np.clip: selection.clip,
    np.sinc: trigonometric.sinc,
    np.nan_to_num: rounding.nan_to_num,
    np.shape: _shape,
    np.ndim: _ndim,
    np.size: _size,
}


# Functions whose value has no derivative: they see the data, and give what NumPy gives.
_CONSTANT = (
    *(np.zeros_like, np.ones_like, np.empty_like, np.full_like, np.round, np.isclose, np.allclose, np.array_equal),
    *(np.argmax, np.argmin, np.argsort, np.argwhere, np.nonzero, np.count_nonzero, np.any, np.all, np.isin),
    *(np.argpartition, np.flatnonzero, np.lexsort),
    *(np.isreal, np.iscomplex, np.isrealobj, np.iscomplexobj),
    *(np.searchsorted, np.einsum_path, np.result_type, np.shares_memory, np.may_share_memory, np.fix),
)


def _plain(x: object) -> object:
    return x.data if isinstance(x, Variable) else x


def _on_data(function: object) -> Served:
    """`function`, on the data of the Variables among its arguments."""

    def answer(*args: object, **kwargs: object) -> object:
        if not is_served(function):
            raise TypeError(f"{function} is no function")
        return function(*map(_plain, args), **{name: _plain(value) for name, value in kwargs.items()})

    return answer


# Files whose functions have the names of NumPy's.
_FILES = (diagonals, differences, joining, parts, products, rearranging, repeating, selecting, statistics)


def _named() -> dict[object, object]:
    """The functions of the files above, and of `linalg`, by NumPy's of the same names."""
    found: dict[object, object] = {}
    for file in _FILES:
        for name, function in vars(file).items():
            if getattr(function, "__module__", None) == file.__name__ and hasattr(np, name):
                found[getattr(np, name)] = function
    for name in linalg.__all__:
        if name not in ("LinAlgError", "eig", "eigvals") and hasattr(np.linalg, name):
            found.setdefault(getattr(np.linalg, name), getattr(linalg, name))
    return found


def serve() -> None:
    """Let NumPy's functions find these (once, when the package is imported)."""
    FUNCTIONS.update(_TABLE)
    FUNCTIONS.update(_named())
    FUNCTIONS.update({f"np.fft.{name}": getattr(fft, name) for name in fft.__all__})
    FUNCTIONS.update({function: _on_data(function) for function in _CONSTANT})
