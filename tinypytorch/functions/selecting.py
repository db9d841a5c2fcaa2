"""Floor 4: functions that take entries, put entries, and order them. Imports floors 1 to 3 and other functions.

Which entries these are is a constant. An entry that is taken twice gets both gradients, one that is not, exactly zero.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from tinypytorch.arrays import Array, Index, IndexPart, Mask, Positions, Shape, normalize_axis, real_array
from tinypytorch.core.apply import as_array, constant, ordered
from tinypytorch.core.methods import Places, places, within
from tinypytorch.core.operators import Given, own_index
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.joining import in_dtype
from tinypytorch.functions.repeating import broadcast_arrays
from tinypytorch.functions.selection import where
from tinypytorch.functions.shaping import broadcast_to, several, stack
from tinypytorch.ops.indexing import PutAdd, SetAt


def take(
    x: Operand, indices: Places, axis: int | None = None, *, mode: Literal["raise", "wrap", "clip"] = "raise"
) -> Variable:
    """The entries at `indices` along `axis`, or of all in C order.

    mode: what becomes of an index out of range: an `IndexError`, what remains of it ("wrap"), the nearest ("clip").

    >>> take(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])), [3, 0])
    variable([4. 1.])
    """
    return constant(x).take(indices, axis, mode=mode)


def take_along_axis(x: Operand, indices: Places, axis: int | None = -1) -> Variable:
    """For every line along `axis` the entries at the indices of the same line; without axis, of all in C order.

    The indices have as many axes as x, and broadcast with it along the others.

    >>> take_along_axis(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])), np.array([[1], [0]]), axis=1)
    variable([[2.]
              [3.]])
    """
    y = constant(x)
    found = places("take_along_axis", indices)
    if axis is None:
        y, i = y.flat, 0
    else:
        i = normalize_axis(axis, y.ndim)
    if found.ndim != y.ndim:
        raise ValueError(f"take_along_axis: indices of {found.ndim} axes for {y.ndim}")
    return y[_along_lines(found, y.shape, i)]


def _along_lines(indices: Positions, shape: Shape, axis: int) -> Index:
    """The index that takes, in every line along an axis, what the indices of that line name."""
    parts: list[IndexPart] = []
    for i, n in enumerate(shape):
        lines: Positions = np.arange(n).reshape((*(1,) * i, -1, *(1,) * (len(shape) - 1 - i)))
        parts.append(indices if i == axis else lines)
    return tuple(parts)


def compress(condition: Operand | Sequence[bool], x: Operand, axis: int | None = None) -> Variable:
    """The entries along `axis`, or of all in C order, for which `condition`, a vector, holds. It may be shorter.

    >>> compress([False, True], Variable(np.array([[1.0, 2.0], [3.0, 4.0]])), axis=0)
    variable([[3. 4.]])
    """
    mask = _mask("compress", condition)
    if mask.ndim != 1:
        raise ValueError(f"compress: the condition is a vector, not of shape {mask.shape}")
    return constant(x).take(np.flatnonzero(mask), axis)


def extract(condition: Operand | Sequence[bool], x: Operand) -> Variable:
    """The entries, in C order, for which `condition`, of the same size, holds.

    >>> extract(np.array([True, False]), Variable(np.array([1.0, 2.0])))
    variable([1.])
    """
    return constant(x).take(np.flatnonzero(_mask("extract", condition)))


def _mask(name: str, condition: Operand | Sequence[bool]) -> Mask:
    given = condition.data if isinstance(condition, Variable) else real_array(condition)
    if given is None:
        raise TypeError(f"{name}: the condition is boolean, not {type(condition).__name__}")
    return np.array(given, np.bool)


def select(condlist: Sequence[Operand], choicelist: Sequence[Operand], default: Operand = 0) -> Variable:
    """From each choice the entries for which its condition is the first to hold; elsewhere the default. Broadcast.

    Raises `ValueError` if there are not as many of one as of the other, or none; `TypeError` if a condition is not
    boolean.

    >>> x = Variable(np.array([1.0, 2.0, 3.0]))
    >>> select([x < 2.0, x < 3.0], [x, x**2], -1.0)
    variable([ 1.  4. -1.])
    """
    if len(condlist) != len(choicelist):
        raise ValueError(f"select: {len(condlist)} conditions for {len(choicelist)} choices")
    y: Operand = default
    for condition, choice in reversed(list(zip(several("select", condlist), choicelist, strict=True))):
        mask = as_array(condition)
        if mask.dtype.kind != "b":
            raise TypeError(f"select: a condition is boolean, not {mask.dtype}")
        y = where(condition, choice, y)
    return constant(y)


def choose(x: Places, choices: Sequence[Operand], *, mode: Literal["raise", "wrap", "clip"] = "raise") -> Variable:
    """From choice number x, for each entry of the integers x, the entry at the same place. All broadcast together.

    mode: what becomes of a number that no choice has: a `ValueError`, what remains of it ("wrap"), the nearest
        ("clip").

    >>> choose([1, 0], [Variable(np.array([1.0, 2.0])), np.array([3.0, 4.0])])
    variable([3. 2.])
    """
    options = broadcast_arrays(*several("choose", choices))
    numbers = within("choose", places("choose", x), len(options), mode)
    wrong: Mask = (numbers < 0) | (numbers >= len(options))
    if wrong.any():
        raise ValueError(f"choose: there are {len(options)} choices, from 0 on")
    shape = np.broadcast_shapes(numbers.shape, options[0].shape)
    every: Positions = np.broadcast_to(numbers, shape).reshape(1, *shape)
    among = stack([broadcast_to(option, shape) for option in options])
    return take_along_axis(among, every, 0)[0]


def at_set(x: Operand, index: Given | tuple[Given, ...], value: Operand) -> Variable:
    """x with `value` at `index`: what `x[index] = value` makes of an array, as a new Variable, with both gradients.

    The value broadcasts, and the result has x's dtype. Of several values for one entry the last one stays, and has its
    gradient; the entries of x that were replaced have none. Raises `TypeError` if x is not floating.

    >>> x, v = Variable(np.array([1.0, 2.0, 3.0])), Variable(np.array(5.0))
    >>> y = at_set(x, slice(1, None), v)
    >>> y.backward()
    >>> y, x.grad, v.grad
    (variable([1. 5. 5.]), array([1., 0., 0.]), array(2.))
    """
    y, own, v = _at("at_set", x, index, value)
    return y.combine(SetAt(own), y, v)


def at_add(x: Operand, index: Given | tuple[Given, ...], value: Operand) -> Variable:
    """x with `value` added at `index`, as by `np.add.at`: to an entry that is named twice, twice. A new Variable.

    The value broadcasts, and the result has x's dtype. Raises `TypeError` if x is not floating.

    >>> at_add(Variable(np.array([1.0, 2.0])), [0, 0], Variable(np.array([3.0, 4.0])))
    variable([8. 2.])
    """
    y, own, v = _at("at_add", x, index, value)
    return y + v.record(PutAdd(own, y.shape))


def _at(name: str, x: Operand, index: Given | tuple[Given, ...], value: Operand) -> tuple[Variable, Index, Variable]:
    """The array, an index that is the op's own, and the values in the shape and dtype that belong there."""
    y = constant(x)
    if y.dtype.kind not in "fc":
        raise TypeError(f"{name}: x is floating, not {y.dtype}")
    own = own_index(index)
    nothing: Array = np.zeros((), y.dtype)
    place: Array = np.broadcast_to(nothing, y.shape)[own]
    shape: Shape = place.shape
    return y, own, in_dtype(broadcast_to(constant(value), shape), y)


def sort(x: Operand, axis: int | None = -1, *, stable: bool | None = None) -> Variable:
    """The entries in ascending order along `axis`, or all of them without axis; nan comes last.

    Each gradient goes back to where its entry came from; equal entries stay in their order, whatever `stable` says.

    >>> x = Variable(np.array([3.0, 1.0, 2.0]))
    >>> (sort(x) * np.array([1.0, 10.0, 100.0])).backward()
    >>> x.grad
    array([100.,   1.,  10.])
    """
    y = ordered("sort", x)
    if axis is None:
        y, axis = y.flat, 0
    i = normalize_axis(axis, y.ndim)
    order: Positions = np.argsort(y.data, i, "stable")
    return y[_along_lines(order, y.shape, i)]


def partition(x: Operand, kth: Places, axis: int | None = -1) -> Variable:
    """The entry (or several) that sorting would place at `kth` at its place, no larger ones before, no smaller behind.

    Each gradient goes back to where its entry came from.

    >>> partition(Variable(np.array([3.0, 1.0, 2.0])), 0)[0]
    variable(1.0)
    """
    y = ordered("partition", x)
    if axis is None:
        y, axis = y.flat, 0
    i = normalize_axis(axis, y.ndim)
    return y[_along_lines(np.argpartition(y.data, places("partition", kth), i), y.shape, i)]
