"""Floor 2: the ops, pure NumPy; they know no Variables.

An op is one class in one of the files here. Its `spec` says where it is differentiable, at what it has kinks and
which ufunc it is; `ALL` and `UFUNCS` are found from that, so that there is no list to keep.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tinypytorch.function import Binary, Function, Spec, Unary, is_binary, is_unary
from tinypytorch.ops import (
    accumulations,
    arithmetic,
    contractions,
    convolution,
    decompositions,
    elementwise,
    expm,
    exponential,
    fourier,
    indexing,
    parts,
    products,
    reductions,
    rounding,
    selection,
    shaping,
    solving,
    trigonometric,
)

_FILES: Final = (
    *(arithmetic, elementwise, trigonometric, exponential, rounding, parts),
    *(indexing, products, reductions, selection, shaping, accumulations, convolution),
    *(contractions, solving, decompositions, expm, fourier),
)


def _find() -> dict[str, type[object]]:
    """Every class with a `spec` that is defined in the files above."""
    found: dict[str, type[object]] = {}
    for file in _FILES:
        names: dict[str, object] = vars(file)
        for name, value in names.items():
            if isinstance(value, type) and value.__module__ == file.__name__ and hasattr(value, "spec"):
                found[name] = value
    return found


def spec_of(op: object) -> Spec:
    """The declaration of an op or an op's class; an empty one if it has none."""
    spec: object = getattr(op, "spec", None)
    return spec if isinstance(spec, Spec) else Spec()


def _by_ufunc() -> dict[np.ufunc, Function]:
    found: dict[np.ufunc, Function] = {}
    for kind in ALL.values():
        spec = spec_of(kind)
        if spec.ufunc is not None:
            op = kind()
            if is_unary(op) or is_binary(op):
                found.update((ufunc, op) for ufunc in (spec.ufunc, *spec.aliases))
    return found


ALL: Final[dict[str, type[object]]] = _find()
UFUNCS: Final[dict[np.ufunc, Function]] = _by_ufunc()
# The same by arity, so that a call of one asks once; without `power`, whose exponent may be a number.
UNARY_UFUNCS: Final[dict[np.ufunc, Unary]] = {u: op for u, op in UFUNCS.items() if is_unary(op)}
BINARY_UFUNCS: Final[dict[np.ufunc, Binary]] = {
    u: op for u, op in UFUNCS.items() if is_binary(op) and u is not np.power
}
