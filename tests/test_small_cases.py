"""Faults that take more than two entries to show: each does show in so many, and in no fewer, whatever the shapes."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

import numpy as np
import pytest

from tinypytorch.arrays import Array, Shape
from tinypytorch.function import Function
from tinypytorch.ops import spec_of
from tinypytorch.ops.fourier import HalfFourier
from tinypytorch.ops.shaping import Reshape, Roll
from tinypytorch.testing.faults import FAULTS, Fault, finds
from tinypytorch.testing.faults.measure import Budget, measure
from tinypytorch.testing.pool import POOL, build
from tinypytorch.testing.programs import Plan, Program, leaf_values

# All shapes of at most three entries and three axes.
_FEWER: Final = tuple(
    shape for ndim in range(4) for shape in itertools.product((1, 2, 3), repeat=ndim) if math.prod(shape) <= 3
)
_NORMS: Final = ("backward", "ortho", "forward")
_ALONE: Final = Plan(((1, 0),), ((0, 0, 0, 3),))
_OPS: Final[dict[object, Function]] = {
    type(op): op for op in (build(_ALONE, (step,)).code[-1].op for step in POOL.values())
}
_TAKES_MORE: Final = [f for f in FAULTS if f.because]


def _instances(owner: object) -> Iterator[tuple[Function, int]]:
    """An op, with the parameters that matter for small arrays, and the number of its operands."""
    if owner is Reshape:
        yield from ((Reshape(shape), 1) for shape in _FEWER)
    elif owner is Roll:
        yield from ((Roll((k,), (axis,)), 1) for k in (-3, -1, 0, 1, 2, 5) for axis in range(3))
    elif owner is HalfFourier:
        yield from ((HalfFourier(n, axis, norm), 1) for n in (1, 2) for axis in (0, 1, -1) for norm in _NORMS)
    else:
        op = _OPS[owner]
        cases = spec_of(op).cases
        found = [(case.op, len(case.shapes)) for case in cases()] if cases else [(op, 2)]
        yield from {repr(instance): instance for instance in found}.values()


def _leaf(shape: Shape, kind: int, dtype: str) -> Array:
    """Positive, so that a matrix of one entry has a triangular root; or not."""
    real = leaf_values(shape, kind)
    return np.abs(real) + 0.5 if kind % 2 else (real + 1j * leaf_values(shape, kind + 5)).astype(dtype)


def _with_fewer_entries(fault: Fault) -> Iterator[Program]:
    """One call of the op of a fault, on arrays of fewer entries than it takes, of all shapes."""
    for op, count in _instances(fault.patches[0].owner):
        for shapes in itertools.product(_FEWER, repeat=count):
            for kind in (3, 4) if fault.dtype == "complex128" else (3,):
                with suppress(ValueError, IndexError, TypeError, DeprecationWarning):
                    leaves = [_leaf(shape, kind + 2 * n, fault.dtype) for n, shape in enumerate(shapes)]
                    p = Program.of(leaves, (op, *range(count)))
                    if max(v.size for v in p.values) < fault.entries:
                        yield p


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in _TAKES_MORE])
def test_a_fault_that_takes_more_entries_does_not_show_in_fewer(fault: Fault) -> None:
    assert fault.entries in (3, 4)
    with np.errstate(all="ignore"), fault.planted():
        assert measure(fault, Budget(seeds=2, shrunk=2)).minimal == 2
        tried = list(_with_fewer_entries(fault))
        assert [finds(p) for p in tried] == [None] * len(tried)
        # Of vectors that have a cross product none has fewer entries.
        assert len(tried) >= (0 if "Cross" in fault.name else 3)


@pytest.mark.parametrize("name", ["Inv: minus lost", "Solve: minus lost"])
def test_what_is_tried_shows_other_faults_of_the_same_op(name: str) -> None:
    (fault,) = (f for f in FAULTS if f.name == name)
    more = next(f for f in _TAKES_MORE if f.patches[0].owner is fault.patches[0].owner)
    with np.errstate(all="ignore"), fault.planted():
        assert any(finds(p) for p in _with_fewer_entries(more))
