"""Floor 4: functions that repeat entries. Imports floors 1 to 3 and other functions.

An entry that appears several times gets the sum of the gradients of all of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import numpy as np

from tinypytorch.arrays import Positions
from tinypytorch.core.apply import constant
from tinypytorch.core.methods import Places
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.rearranging import at_least
from tinypytorch.functions.shaping import broadcast_to
from tinypytorch.ops.indexing import PutAdd
from tinypytorch.ops.shaping import BroadcastTo


def repeat(x: Operand, repeats: Places, axis: int | None = None) -> Variable:
    """Each entry along `axis` (or each of all, in C order) as often as `repeats` says: one number, or one for each.

    >>> repeat(Variable(np.array([1.0, 2.0])), [2, 1])
    variable([1. 1. 2.])
    """
    return constant(x).repeat(repeats, axis)


def tile(x: Operand, reps: int | Sequence[int]) -> Variable:
    """x side by side with itself, so many times along each axis; fewer axes of either are taken for the last ones.

    >>> tile(Variable(np.array([1.0, 2.0])), (2, 2))
    variable([[1. 2. 1. 2.]
              [1. 2. 1. 2.]])
    """
    given = (reps,) if isinstance(reps, int) else tuple(reps)
    if any(n < 0 for n in given):
        raise ValueError(f"tile: repetitions are not negative: {given}")
    y = at_least(len(given), x)
    counts = (*(1,) * (y.ndim - len(given)), *given)
    shape = y.shape
    apart = y.reshape(tuple(m for n in shape for m in (1, n)))
    wide = apart.record(BroadcastTo(tuple(m for n, c in zip(shape, counts, strict=True) for m in (c, n))))
    return wide.reshape(tuple(n * c for n, c in zip(shape, counts, strict=True)))


def resize(x: Operand, new_shape: int | Sequence[int]) -> Variable:
    """The entries in C order, as often as it takes, in another shape; zeros, if there are none.

    >>> resize(Variable(np.array([1.0, 2.0])), (2, 3))
    variable([[1. 2. 1.]
              [2. 1. 2.]])
    """
    y = constant(x).flat
    shape = (new_shape,) if isinstance(new_shape, int) else tuple(new_shape)
    if any(n < 0 for n in shape):
        raise ValueError(f"resize: lengths are not negative: {shape}")
    if not y.size:
        return y.record(PutAdd((), (0,))) if not math.prod(shape) else constant(np.zeros(shape, y.dtype))
    positions: Positions = np.arange(math.prod(shape)) % y.size
    return y[positions.reshape(shape)]


def broadcast_arrays(*xs: Operand) -> tuple[Variable, ...]:
    """All of them in the shape to which they broadcast together.

    >>> broadcast_arrays(Variable(np.array([1.0, 2.0])), np.zeros((2, 1)))[0]
    variable([[1. 2.]
              [1. 2.]])
    """
    ys = [constant(x) for x in xs]
    shape = np.broadcast_shapes(*(y.shape for y in ys))
    return tuple(broadcast_to(y, shape) for y in ys)


def meshgrid(*xi: Operand, sparse: bool = False, indexing: Literal["xy", "ij"] = "xy") -> tuple[Variable, ...]:
    """The coordinates of a grid of which these vectors are the axes: the first two exchanged ("xy"), or not ("ij").

    sparse: each in the shape that broadcasts to the grid only, not repeated over it.

    >>> meshgrid(Variable(np.array([1.0, 2.0])), Variable(np.array([3.0, 4.0])))
    (variable([[1. 2.]
               [1. 2.]]), variable([[3. 3.]
                                    [4. 4.]]))
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f'meshgrid: indexing is "xy" or "ij", not {indexing!r}')
    count = len(xi)
    grid: list[Variable] = []
    for i, x in enumerate(xi):
        axis = 1 - i if indexing == "xy" and i < 2 <= count else i
        grid.append(constant(x).reshape((*(1,) * axis, -1, *(1,) * (count - 1 - axis))))
    return tuple(grid) if sparse else broadcast_arrays(*grid)


def kron(a: Operand, b: Operand) -> Variable:
    """The Kronecker product: every entry of a, times all of b, in blocks. Fewer axes of either get new ones in front.

    y[i m + k, ...] = a[i, ...] b[k, ...], for b of length m (Van Loan, The ubiquitous Kronecker product, 2000).

    >>> kron(Variable(np.array([1.0, 10.0])), np.array([1.0, 2.0]))
    variable([ 1.  2. 10. 20.])
    """
    ndim = max(constant(a).ndim, constant(b).ndim)
    left, right = at_least(ndim, a), at_least(ndim, b)
    shape = tuple(n * m for n, m in zip(left.shape, right.shape, strict=True))
    wide = left.reshape(tuple(m for n in left.shape for m in (n, 1)))
    return (wide * right.reshape(tuple(m for n in right.shape for m in (1, n)))).reshape(shape)
