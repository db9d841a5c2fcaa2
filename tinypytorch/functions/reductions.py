"""Floor 4: functions that reduce axes. Imports floors 1 to 3.

`axis` is an int, a tuple of ints or None for all axes; `keepdims` leaves the reduced axes with length 1.
An axis that is out of range or named twice is an error that names the op.
"""

from __future__ import annotations

from operator import methodcaller
from typing import TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Axis, Mask, Precision, precision
from tinypytorch.core.apply import as_array, constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.exponential import logaddexp
from tinypytorch.functions.selection import maximum, minimum
from tinypytorch.functions.selection import where as _where
from tinypytorch.ops.reductions import LogSumExp, Softmax, summing
from tinypytorch.ops.selection import Keep

# Which entries count: booleans that broadcast to the shape of the array; None or True for all.
Which: TypeAlias = Operand | None


def sum(
    x: Operand,
    axis: Axis = None,
    keepdims: bool = False,
    *,
    dtype: Precision | None = None,
    initial: Operand | None = None,
    where: Which = None,
) -> Variable:
    """The sum over `axis`, and `initial`. dx = 1 everywhere, or where `where` holds.

    >>> sum(Variable(np.ones((2, 3))), axis=0)
    variable([2. 2. 2.])
    """
    x = constant(x)
    if dtype is None and initial is None and where is None:
        return x.record(summing(axis, keepdims))
    y = kept(in_type(x, dtype), where).sum(axis, keepdims=keepdims)
    return y if initial is None else y + initial


def mean(
    x: Operand, axis: Axis = None, keepdims: bool = False, *, dtype: Precision | None = None, where: Which = None
) -> Variable:
    """The mean over `axis`, of n entries: all, or those where `where` holds. dx = 1 / n there.

    >>> mean(Variable(np.array([1.0, 3.0])))
    variable(2.0)
    """
    y = in_type(constant(x), dtype)
    if where is None or where is True:
        return y.mean(axis, keepdims=keepdims)
    return kept(y, where).sum(axis, keepdims=keepdims) / counted(y, where, axis, keepdims)


def max(
    x: Operand,
    axis: Axis = None,
    keepdims: bool = False,
    *,
    initial: Operand | None = None,
    where: Which = None,
) -> Variable:
    """The largest entry over `axis`. dx = 1 at that entry; tied entries share it equally.

    initial: the least that comes out; at a tie the halves of `maximum`. It is needed with `where`: `ValueError`.

    >>> x = Variable(np.array([1.0, 3.0, 3.0]))
    >>> max(x).backward()
    >>> x.grad
    array([0. , 0.5, 0.5])
    """
    return _end("max", x, axis, keepdims, initial, where)


def min(
    x: Operand,
    axis: Axis = None,
    keepdims: bool = False,
    *,
    initial: Operand | None = None,
    where: Which = None,
) -> Variable:
    """The smallest entry over `axis`. dx = 1 at that entry; tied entries share it equally.

    initial: the most that comes out; at a tie the halves of `minimum`. It is needed with `where`: `ValueError`.

    >>> min(Variable(np.array([1.0, 3.0])))
    variable(1.0)
    """
    return _end("min", x, axis, keepdims, initial, where)


def _end(name: str, x: Operand, axis: Axis, keepdims: bool, initial: Operand | None, where: Which) -> Variable:
    """The end of the entries that `name` says, "max" or "min"."""
    y = constant(x)
    whole = where is None or where is True
    if initial is None:
        if not whole:
            raise ValueError(f"{name}: where `where` holds nowhere there is no entry; it needs `initial`")
        return y.max(axis, keepdims=keepdims) if name == "max" else y.min(axis, keepdims=keepdims)
    if not y.size:
        return _where(y.sum(axis, keepdims=keepdims) > 0.0, 0.0, initial)
    if not whole:
        y = _where(mask_of(where, y), y, initial)
    if name == "max":
        return maximum(y.max(axis, keepdims=keepdims), initial)
    return minimum(y.min(axis, keepdims=keepdims), initial)


def logsumexp(
    x: Operand, axis: Axis = None, keepdims: bool = False, *, initial: Operand | None = None, where: Which = None
) -> Variable:
    """log(sum(exp(x))) over `axis`, without overflow. dx = softmax(x); 0 where all entries are -inf.

    Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions (2021).

    >>> logsumexp(Variable(np.array([1000.0, 1000.0])))
    variable(1000.6931471805599)
    """
    y = constant(x)
    if not (where is None or where is True):
        y = _where(mask_of(where, y), y, -np.inf)
    y = y.record(LogSumExp(axis, keepdims))
    return y if initial is None else logaddexp(y, initial)


def softmax(x: Operand, axis: int = -1) -> Variable:
    """exp(x) / sum(exp(x)) along `axis`, without overflow. dx = y (g - sum(g y)).

    >>> softmax(Variable(np.array([1000.0, 1000.0])))
    variable([0.5 0.5])
    """
    return constant(x).record(Softmax(axis))


def in_type(x: Variable, dtype: Precision | None) -> Variable:
    """x in the dtype that a reduction is to be computed in, which is floating."""
    if dtype is None or x.dtype == precision(dtype):
        return x
    if x.dtype.kind == "f":
        return x.astype(precision(dtype))
    values: Array = x.data.astype(precision(dtype))
    return constant(values)


def mask_of(where: Which, x: Variable) -> Mask:
    """Which entries of x count, in its shape. `ValueError` if the shapes do not fit, `TypeError` for no booleans."""
    given = as_array(True if where is None else where)
    if given.dtype.kind != "b":
        raise TypeError(f"where: takes booleans, not {given.dtype}")
    mask: Mask = np.array(given, np.bool)
    return np.broadcast_to(mask, x.shape)


def kept(x: Variable, where: Which) -> Variable:
    """x with zeros where `where` does not hold."""
    return x if where is None or where is True else x.record(Keep(mask_of(where, x)))


def counted(x: Variable, where: Which, axis: Axis, keepdims: bool) -> Array:
    """How many entries count, over an axis."""
    return holding(mask_of(where, x), axis, x.dtype, keepdims)


def holding(mask: Mask, axis: Axis, dtype: np.dtype[np.float64], keepdims: bool) -> Array:
    """How many entries of a mask hold, over an axis, in a dtype."""
    count: Array = methodcaller("sum", axis, dtype, keepdims=keepdims)(mask)  # overloads know no bool, just literals
    return count
