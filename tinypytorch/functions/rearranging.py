"""Floor 4: functions that move entries along axes, and axes among each other. Imports floors 1 to 3.

All of them are permutations of entries, so the gradient is permuted back. What NumPy writes of the arguments, holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, overload

import numpy as np

from tinypytorch.arrays import Axis, Slice, along, normalize_axes, normalize_axis
from tinypytorch.core.apply import constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.ops.shaping import Roll


def ravel(x: Operand, order: Literal["C", "F"] = "C") -> Variable:
    """All entries along one axis, the last index running fastest ("C") or the first ("F").

    >>> ravel(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])), "F")
    variable([1. 3. 2. 4.])
    """
    return constant(x).ravel(order)


def squeeze(x: Operand, axis: Axis = None) -> Variable:
    """The axes of length 1 taken out, or those of them that are named; `ValueError` for another length.

    >>> squeeze(Variable(np.zeros((1, 3, 1))), axis=0).shape
    (3, 1)
    """
    return constant(x).squeeze(axis)


def expand_dims(x: Operand, axis: int | tuple[int, ...]) -> Variable:
    """New axes of length 1, that have the numbers `axis` in the result.

    >>> expand_dims(Variable(np.zeros(3)), (0, -1)).shape
    (1, 3, 1)
    """
    y = constant(x)
    new = axis if isinstance(axis, tuple) else (axis,)
    ndim = y.ndim + len(new)
    axes = normalize_axes(new, ndim)
    rest = iter(y.shape)
    return y.reshape(tuple(1 if i in axes else next(rest) for i in range(ndim)))


def moveaxis(x: Operand, source: int | Sequence[int], destination: int | Sequence[int]) -> Variable:
    """The axes `source` moved to where `destination` says; the others stay in order.

    Raises `ValueError` if there are not as many of one as of the other, or an axis is named twice.

    >>> moveaxis(Variable(np.zeros((2, 3, 4))), 0, -1).shape
    (3, 4, 2)
    """
    y = constant(x)
    start = _axes(source, y.ndim)
    stop = _axes(destination, y.ndim)
    if len(start) != len(stop):
        raise ValueError(f"moveaxis: {len(start)} axes to {len(stop)} places")
    moved = dict(zip(stop, start, strict=True))
    rest = (i for i in range(y.ndim) if i not in start)
    return y.transpose([moved[i] if i in moved else next(rest) for i in range(y.ndim)])


def _axes(axis: int | Sequence[int], ndim: int) -> list[int]:
    """Axes in the order given, each non-negative and named once."""
    given = (axis,) if isinstance(axis, int) else tuple(axis)
    normalize_axes(given, ndim)
    return [i % ndim for i in given]


def rollaxis(x: Operand, axis: int, start: int = 0) -> Variable:
    """The axis moved before the one that is at `start` now; `moveaxis` is easier to read.

    >>> rollaxis(Variable(np.zeros((2, 3, 4))), 2).shape
    (4, 2, 3)
    """
    y = constant(x)
    i = normalize_axis(axis, y.ndim)
    if not -y.ndim <= start <= y.ndim:
        raise np.exceptions.AxisError(f"rollaxis: start is {start}, for {y.ndim} axes")
    before = start + y.ndim if start < 0 else start
    order = [k for k in range(y.ndim) if k != i]
    order.insert(before - (i < before), i)
    return y.transpose(order)


def swapaxes(x: Operand, axis1: int, axis2: int) -> Variable:
    """Two axes exchanged.

    >>> swapaxes(Variable(np.zeros((2, 3, 4))), 0, -1).shape
    (4, 3, 2)
    """
    return constant(x).swapaxes(axis1, axis2)


def permute_dims(x: Operand, axes: Sequence[int] | None = None) -> Variable:
    """The axes in another order, reversed by default: the same as `transpose`.

    >>> permute_dims(Variable(np.zeros((2, 3, 4))), (1, 2, 0)).shape
    (3, 4, 2)
    """
    return constant(x).transpose(axes)


def matrix_transpose(x: Operand) -> Variable:
    """The last two axes exchanged; `ValueError` below two.

    >>> matrix_transpose(Variable(np.zeros((2, 3, 4)))).shape
    (2, 4, 3)
    """
    return constant(x).mT


def flip(x: Operand, axis: Axis = None) -> Variable:
    """The entries in reverse order along `axis`, or along all axes.

    >>> flip(Variable(np.array([1.0, 2.0, 3.0])))
    variable([3. 2. 1.])
    """
    y = constant(x)
    axes = normalize_axes(axis, y.ndim)
    backwards: Slice = slice(None, None, -1)
    whole: Slice = slice(None)
    return y[tuple(backwards if i in axes else whole for i in range(y.ndim))]


def fliplr(x: Operand) -> Variable:
    """The entries in reverse order along the second axis; `ValueError` below two.

    >>> fliplr(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])))
    variable([[2. 1.]
              [4. 3.]])
    """
    y = constant(x)
    if y.ndim < 2:
        raise ValueError(f"fliplr: takes at least two axes, but the shape is {y.shape}")
    return flip(y, 1)


def flipud(x: Operand) -> Variable:
    """The entries in reverse order along the first axis; `ValueError` if there is none.

    >>> flipud(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])))
    variable([[3. 4.]
              [1. 2.]])
    """
    y = constant(x)
    if y.ndim < 1:
        raise ValueError("flipud: takes at least one axis, but the shape is ()")
    return flip(y, 0)


def rot90(x: Operand, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Variable:
    """Turned by k right angles in the plane of two axes, from the first to the second.

    >>> rot90(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])))
    variable([[2. 4.]
              [1. 3.]])
    """
    y = constant(x)
    if len(axes) != 2:
        raise ValueError(f"rot90: takes two axes, not {len(axes)}")
    i, j = _axes(axes, y.ndim)
    if k % 4 == 0:
        return y[...]
    if k % 4 == 2:
        return flip(y, (i, j))
    return flip(y, j).swapaxes(i, j) if k % 4 == 1 else flip(y.swapaxes(i, j), j)


def roll(x: Operand, shift: int | Sequence[int], axis: int | Sequence[int] | None = None) -> Variable:
    """Every entry moved by `shift` places along `axis`, what falls off the end coming in at the beginning.

    Without axis all entries in C order are rolled, in the shape that they have. Of several shifts and axes each belongs
    to one of the other; one of either goes with all, and an axis named twice is rolled twice.

    >>> roll(Variable(np.array([1.0, 2.0, 3.0])), 1)
    variable([3. 1. 2.])
    """
    y = constant(x)
    shifts = (shift,) if isinstance(shift, int) else tuple(shift)
    if axis is None:
        return y.flat.record(Roll((sum(shifts),), (0,))).reshape(y.shape)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    if len(shifts) != len(axes) and 1 not in (len(shifts), len(axes)):
        raise ValueError(f"roll: {len(shifts)} shifts for {len(axes)} axes")
    count = max(len(shifts), len(axes)) if shifts and axes else 0
    for i in axes:
        normalize_axis(i, y.ndim)
    shifts, axes = (given * count if len(given) == 1 else given for given in (shifts, axes))
    return y.record(Roll(shifts, axes)) if count else y[...]


@overload
def atleast_1d(x: Operand, /) -> Variable: ...
@overload
def atleast_1d(x: Operand, y: Operand, /, *xs: Operand) -> tuple[Variable, ...]: ...
def atleast_1d(*xs: Operand) -> Variable | tuple[Variable, ...]:
    """A number with one axis, anything else as it is; of several operands a tuple.

    >>> atleast_1d(Variable(np.array(2.0)))
    variable([2.])
    """
    return _each([at_least(1, x) for x in xs])


@overload
def atleast_2d(x: Operand, /) -> Variable: ...
@overload
def atleast_2d(x: Operand, y: Operand, /, *xs: Operand) -> tuple[Variable, ...]: ...
def atleast_2d(*xs: Operand) -> Variable | tuple[Variable, ...]:
    """At least two axes, new ones in front; of several operands a tuple.

    >>> atleast_2d(Variable(np.zeros(3)))
    variable([[0. 0. 0.]])
    """
    return _each([at_least(2, x) for x in xs])


@overload
def atleast_3d(x: Operand, /) -> Variable: ...
@overload
def atleast_3d(x: Operand, y: Operand, /, *xs: Operand) -> tuple[Variable, ...]: ...
def atleast_3d(*xs: Operand) -> Variable | tuple[Variable, ...]:
    """At least three axes: a vector of n becomes (1, n, 1), a matrix (m, n, 1); of several operands a tuple.

    >>> atleast_3d(Variable(np.zeros(3))).shape
    (1, 3, 1)
    """
    return _each([at_least_3(x) for x in xs])


def _each(ys: list[Variable]) -> Variable | tuple[Variable, ...]:
    return ys[0] if len(ys) == 1 else tuple(ys)


def at_least(ndim: int, x: Operand) -> Variable:
    """x with new axes in front, if it has fewer than so many."""
    y = constant(x)
    return y if y.ndim >= ndim else y.reshape((*(1,) * (ndim - y.ndim), *y.shape))


def at_least_3(x: Operand) -> Variable:
    """x with three axes, as `atleast_3d` places them."""
    y = at_least(2, x)
    return y if y.ndim >= 3 else y.reshape((*y.shape, 1))


def between(y: Variable, axis: int, start: int | None, stop: int | None) -> Variable:
    """The part y[start:stop] along one (non-negative) axis."""
    part: Slice = slice(start, stop)
    return y[along(axis, part)]
