"""Floor 4: functions that put arrays together, and take them apart. Imports floors 1 to 3 and other functions.

What is joined is a list or tuple of Variables, arrays and numbers; of one Variable, NumPy's functions take the entries
along its first axis. Parts come back as a tuple. Each operand gets the part of the gradient that is its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from tinypytorch.arrays import Positions, Slice, along, is_slice, normalize_axis, real_array
from tinypytorch.core.apply import constant
from tinypytorch.core.methods import Places, places
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.rearranging import at_least, at_least_3, moveaxis
from tinypytorch.functions.shaping import broadcast_to, concatenate, several, split

Nested: TypeAlias = Operand | Sequence["Nested"]


def hstack(xs: Sequence[Operand]) -> Variable:
    """One after another along the second axis; vectors and numbers along the first.

    >>> hstack([Variable(np.array([1.0, 2.0])), 3.0])
    variable([1. 2. 3.])
    """
    parts = [at_least(1, x) for x in several("hstack", xs)]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1)


def vstack(xs: Sequence[Operand]) -> Variable:
    """One below another along the first axis; a vector is a row.

    >>> vstack([Variable(np.array([1.0, 2.0])), np.array([3.0, 4.0])])
    variable([[1. 2.]
              [3. 4.]])
    """
    return concatenate([at_least(2, x) for x in several("vstack", xs)], 0)


def dstack(xs: Sequence[Operand]) -> Variable:
    """One behind another along the third axis; a vector of n counts as (1, n, 1), a matrix as (m, n, 1).

    >>> dstack([Variable(np.array([1.0, 2.0])), np.array([3.0, 4.0])])
    variable([[[1. 3.]
               [2. 4.]]])
    """
    return concatenate([at_least_3(x) for x in several("dstack", xs)], 2)


def column_stack(xs: Sequence[Operand]) -> Variable:
    """Vectors as columns, and matrices as they are, one after another along the second axis.

    >>> column_stack([Variable(np.array([1.0, 2.0])), np.array([3.0, 4.0])])
    variable([[1. 3.]
              [2. 4.]])
    """
    parts = [constant(x) for x in several("column_stack", xs)]
    return concatenate([x if x.ndim > 1 else x.reshape(-1, 1) for x in parts], 1)


def block(arrays: Nested) -> Variable:
    """An array put together of blocks in nested lists: the innermost are joined along the last axis, and so on.

    Raises `ValueError` where lists are nested more deeply than others, or empty.

    >>> block([[Variable(np.eye(2)), np.zeros((2, 1))], [np.ones((1, 3))]])
    variable([[1. 0. 0.]
              [0. 1. 0.]
              [1. 1. 1.]])
    """
    depth, ndim = _nesting(arrays)
    return _joined(arrays, depth, max(depth, ndim))


def _nesting(arrays: Nested) -> tuple[int, int]:
    """How deep the lists are, and how many axes the arrays in them have at most."""
    if not isinstance(arrays, Sequence):
        return 0, constant(arrays).ndim
    if not isinstance(arrays, list):
        raise TypeError(f"block: blocks are in lists, not in {type(arrays).__name__}")
    if not arrays:
        raise ValueError("block: a list is empty")
    found = [_nesting(part) for part in arrays]
    if len({depth for depth, _ in found}) > 1:
        raise ValueError("block: some lists are nested more deeply than others")
    return found[0][0] + 1, max(ndim for _, ndim in found)


def _joined(arrays: Nested, depth: int, ndim: int) -> Variable:
    if isinstance(arrays, Sequence):
        return concatenate([_joined(part, depth - 1, ndim) for part in arrays], -depth)
    return at_least(ndim, arrays)


def array_split(x: Operand, indices_or_sections: int | Sequence[int], axis: int = 0) -> tuple[Variable, ...]:
    """As `split`, but a number of parts need not divide the axis: the first parts are longer by one.

    >>> array_split(Variable(np.arange(3.0)), 2)
    (variable([0. 1.]), variable([2.]))
    """
    y = constant(x)
    if not isinstance(indices_or_sections, int):
        return split(y, indices_or_sections, axis)
    if indices_or_sections <= 0:
        raise ValueError(f"array_split: a number of parts is positive, not {indices_or_sections}")
    size, longer = divmod(y.shape[normalize_axis(axis, y.ndim)], indices_or_sections)
    return split(y, [size * i + min(i, longer) for i in range(1, indices_or_sections)], axis)


def hsplit(x: Operand, indices_or_sections: int | Sequence[int]) -> tuple[Variable, ...]:
    """`split` along the second axis, of a vector along the first.

    >>> hsplit(Variable(np.array([[1.0, 2.0]])), 2)
    (variable([[1.]]), variable([[2.]]))
    """
    y = _of_axes("hsplit", x, 1)
    return split(y, indices_or_sections, 0 if y.ndim == 1 else 1)


def vsplit(x: Operand, indices_or_sections: int | Sequence[int]) -> tuple[Variable, ...]:
    """`split` along the first of at least two axes.

    >>> vsplit(Variable(np.array([[1.0], [2.0]])), 2)
    (variable([[1.]]), variable([[2.]]))
    """
    return split(_of_axes("vsplit", x, 2), indices_or_sections, 0)


def dsplit(x: Operand, indices_or_sections: int | Sequence[int]) -> tuple[Variable, ...]:
    """`split` along the third of at least three axes.

    >>> dsplit(Variable(np.array([[[1.0, 2.0]]])), 2)
    (variable([[[1.]]]), variable([[[2.]]]))
    """
    return split(_of_axes("dsplit", x, 3), indices_or_sections, 2)


def _of_axes(name: str, x: Operand, count: int) -> Variable:
    y = constant(x)
    if y.ndim < count:
        raise ValueError(f"{name}: takes an array of at least {count} axes, but the shape is {y.shape}")
    return y


def unstack(x: Operand, *, axis: int = 0) -> tuple[Variable, ...]:
    """The entries along an axis, each by itself, without that axis: what `stack` puts together.

    >>> unstack(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])), axis=1)
    (variable([1. 3.]), variable([2. 4.]))
    """
    y = _of_axes("unstack", x, 1)
    return tuple(moveaxis(y, axis, 0))


def append(x: Operand, values: Operand, axis: int | None = None) -> Variable:
    """The values behind x along an axis; without axis, the entries of both in C order.

    >>> append(Variable(np.array([1.0, 2.0])), 3.0)
    variable([1. 2. 3.])
    """
    return concatenate([x, values], axis)


def delete(x: Operand, obj: Places | Slice, axis: int | None = None) -> Variable:
    """x without the entries at `obj` along an axis: an index, several, a slice or a mask; without axis, of x.flat.

    >>> delete(Variable(np.array([1.0, 2.0, 3.0])), [0, -1])
    variable([2.])
    """
    y = constant(x)
    if axis is None:
        return delete(y.flat, obj, 0)
    i = normalize_axis(axis, y.ndim)
    n = y.shape[i]
    kept = np.ones(n, np.bool)
    kept[spots("delete", obj, n)] = False
    return y[along(i, np.arange(n)[kept])]


def insert(x: Operand, obj: Places | Slice, values: Operand, axis: int | None = None) -> Variable:
    """x with `values` before the entries at `obj` along an axis; without axis, into x.flat.

    Indices are those of x. The values broadcast to what is inserted; at a single index there may be any number of
    entries along the axis. The result has x's dtype, as in NumPy, if that is floating.

    >>> insert(Variable(np.array([1.0, 3.0])), 1, 2.0)
    variable([1. 2. 3.])
    """
    y, v = constant(x), constant(values)
    if axis is None:
        return insert(y.flat, obj, v, 0)
    i = normalize_axis(axis, y.ndim)
    n = y.shape[i]
    at = spots("insert", obj, n)
    v = at_least(y.ndim, v)
    if at.ndim == 0:
        v = moveaxis(v, 0, i)
    count = v.shape[i] if at.size == 1 else at.size
    v = in_dtype(broadcast_to(v, (*y.shape[:i], count, *y.shape[i + 1 :])), y)
    order: Positions = np.insert(np.arange(n), at, np.arange(n, n + count))
    return concatenate([y, v], i)[along(i, order)]


def spots(name: str, obj: Places | Slice, n: int) -> Positions:
    """The entries of n that an index, several of them, a slice or a mask name."""
    if is_slice(obj):
        return np.arange(n)[obj]
    mask = obj.value() if isinstance(obj, Variable) else real_array(obj)
    if mask is None or mask.dtype.kind != "b":
        return places(name, obj)
    if mask.size > n:
        raise IndexError(f"{name}: a mask of {mask.size} entries for {n}")
    return np.flatnonzero(mask)


def in_dtype(v: Variable, x: Variable) -> Variable:
    """v in the dtype of x, if that is floating or complex."""
    if x.dtype.kind not in "fc" or v.dtype == x.dtype:
        return v
    return v.astype(x.dtype) if v.dtype.kind in "fc" else constant(v.data.astype(x.dtype))
