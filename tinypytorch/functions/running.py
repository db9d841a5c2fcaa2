"""Floor 4: the largest and the smallest entry so far. Imports floors 1 to 3 and other functions."""

from __future__ import annotations

import numpy as np

from tinypytorch.arrays import Array, Mask, Positions, normalize_axis
from tinypytorch.core.apply import ordered
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.selecting import take_along_axis


def cummax(x: Operand, axis: int | None = None) -> Variable:
    """The largest entry up to each, along `axis`; with None, among all entries in C order. nan, once one is there.

    Of equal entries the first one has the gradient.

    >>> y = Variable(np.array([1.0, 3.0, 2.0, 4.0]))
    >>> cummax(y).backward()
    >>> cummax(y), y.grad
    (variable([1. 3. 3. 4.]), array([1., 2., 0., 1.]))
    """
    y = ordered("cummax", x)
    return _running(y, axis, y.data)


def cummin(x: Operand, axis: int | None = None) -> Variable:
    """The smallest entry up to each, likewise.

    >>> cummin(Variable(np.array([3.0, 1.0, 2.0])))
    variable([3. 1. 1.])
    """
    y = ordered("cummin", x)
    return _running(y, axis, -y.data if y.dtype.kind == "f" else -1.0 * y.data)


def _running(y: Variable, axis: int | None, heights: Array) -> Variable:
    """The entries of y that are the highest so far."""
    if axis is None:
        return _running(y.flat, 0, heights.reshape(-1))
    i = normalize_axis(axis, y.ndim)
    lines: Array = np.moveaxis(heights, i, -1)
    highest: Array = np.maximum.accumulate(lines, -1)
    # An entry is new where it is higher than all before, or the first nan.
    new: Mask = np.ones(lines.shape, np.bool)
    higher: Mask = lines[..., 1:] > highest[..., :-1]
    bad: Mask = np.isnan(lines)
    was_bad: Mask = np.isnan(highest)
    new[..., 1:] = higher | (bad[..., 1:] & ~was_bad[..., :-1])
    every: Positions = np.arange(y.shape[i])
    places: Positions = np.where(new, every, 0)
    last: Positions = np.maximum.accumulate(places, -1)
    found: Positions = np.moveaxis(last, -1, i)
    return take_along_axis(y, found, i)
