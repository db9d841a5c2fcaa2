"""Floor 6: programs that are one call of a function, at many points. Imports `opaque`, `programs` and `steps`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

import numpy as np

from tinypytorch.arrays import IMAGINARY, Array, is_complex
from tinypytorch.testing.opaque import Opaque, Traced
from tinypytorch.testing.programs import Program, leaf_values
from tinypytorch.testing.steps import SHAPES, takes
from tinypytorch.testing.whose import said

# How many arguments a function of any number is given.
_ANY = 2
# So many points may be refused one after the other, before the first is taken again.
_PATIENCE = 50


def opaque_programs(f: Traced, arrays: Sequence[Array] = (), seed: int = 0) -> Iterator[Program]:
    """Programs without end that call `f`: first on the arrays given, then on others of their shapes and range.

    Without arrays: on arrays of small shapes that `f` takes, found by trying; of real numbers.
    """
    op = Opaque(f)
    first = [x.astype("complex128" if is_complex(x) else "float64") for x in map(np.asarray, arrays)] or _found(op)
    if not first:
        raise TypeError(f"{op!r} takes none of the arrays that were tried: {_refusal(op)}")
    rng = np.random.default_rng(seed)
    point, refused = first, 0
    while True:
        if takes(op, point):
            yield Program.of(point, (op, *range(len(point))))
            refused = 0
        refused += 1
        point = first if refused > _PATIENCE else [_another(x, rng) for x in first]
        if refused > 2 * _PATIENCE:
            raise TypeError(f"{op!r} does not take these arrays: {_refused(op, first)}")


def _refusal(op: Opaque) -> str:
    """What the function does with one number for each parameter, in words."""
    return _refused(op, [leaf_values((), n) for n in range(_count(op))])


def _refused(op: Opaque, point: Sequence[Array]) -> str:
    """What the function does at a point, in words."""
    try:
        y = op.forward(*point)
    except Exception as error:
        return said(error)
    return f"it gives {y.dtype}" if np.isfinite(y).all() else f"it gives {y}"


def _count(op: Opaque) -> int:
    """How many arguments the function takes."""
    try:
        parameters = list(inspect.signature(op.function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    required = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    return len(required) or _ANY


def _found(op: Opaque) -> list[Array]:
    """Arrays that the function takes: as many as it has parameters, of one shape."""
    count = _count(op)
    for seed in (0, 3, 7):
        for shape in SHAPES:
            point = [leaf_values(shape, seed + n) for n in range(count)]
            if takes(op, point):
                return point
    return []


def _another(x: Array, rng: np.random.Generator) -> Array:
    """Other values in the range of these, of both parts of complex ones: multiples of 1/64."""
    if is_complex(x):
        return _another(x.real, rng) + _another(x.imag, rng) * IMAGINARY
    low, high = float(x.min(initial=np.inf)), float(x.max(initial=-np.inf))
    if not low < high:
        low, high = low - 0.5, high + 0.5
    return np.round(rng.uniform(low, high, x.shape) * 64) / 64 if x.size else x
