"""Floor 6: programs that are one call of a function, at many points. Imports `opaque`, `programs` and `steps`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.testing.opaque import Opaque, Traced
from tinypytorch.testing.programs import Program, leaf_values
from tinypytorch.testing.steps import SHAPES, takes

# How many arguments a function of any number is given.
_ANY = 2


def opaque_programs(f: Traced, arrays: Sequence[Array] = (), seed: int = 0) -> Iterator[Program]:
    """Programs without end that call `f`: first on the arrays given, then on others of their shapes and range.

    Without arrays: on arrays of small shapes that `f` takes, found by trying.
    """
    op = Opaque(f)
    first = [np.array(x, float) for x in arrays] or _found(op)
    if not first:
        raise TypeError(f"{op!r} takes none of the arrays that were tried; give it some")
    rng = np.random.default_rng(seed)
    point = first
    while True:
        if takes(op, point):
            yield Program.of(point, (op, *range(len(point))))
        point = [_another(x, rng) for x in first]


def _found(op: Opaque) -> list[Array]:
    """Arrays that the function takes: as many as it has parameters, of one shape."""
    try:
        parameters = list(inspect.signature(op.function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    required = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_POSITIONAL]
    count = len(required) or _ANY
    for seed in (0, 3, 7):
        for shape in SHAPES:
            point = [leaf_values(shape, seed + n) for n in range(count)]
            if takes(op, point):
                return point
    return []


def _another(x: Array, rng: np.random.Generator) -> Array:
    """Other values in the range of these: multiples of 1/64."""
    low, high = float(x.min(initial=np.inf)), float(x.max(initial=-np.inf))
    if not low < high:
        low, high = low - 0.5, high + 0.5
    return np.round(rng.uniform(low, high, x.shape) * 64) / 64 if x.size else x
