"""Floor 5: what makes arrays of nested lists, for lists that hold Variables, too. Imports floors 1 to 4."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Literal, SupportsIndex, TypeAlias, overload

import numpy as np

from tinypytorch.arrays import Array, Mask, Precision, RealArray, Scalar, Shape
from tinypytorch.core.apply import constant
from tinypytorch.core.hooks import is_served
from tinypytorch.core.nested import array_like, holds_variables
from tinypytorch.core.variable import Variable
from tinypytorch.functions.pieces import copy as _copy
from tinypytorch.functions.rearranging import at_least
from tinypytorch.functions.shaping import broadcast_to

# The order in memory, which Variables do not have.
Order: TypeAlias = Literal["C", "F", "A", "K"] | None
Plain: TypeAlias = RealArray | Scalar | Sequence["Plain"]
Mixed: TypeAlias = Variable | RealArray | Scalar | Sequence["Mixed"]


@overload
def array(object: Variable, dtype: Precision | None = None, **kwargs: object) -> Variable: ...
@overload
def array(object: Plain, dtype: Precision | None = None, **kwargs: object) -> Array: ...
@overload
def array(object: Mixed, dtype: Precision | None = None, **kwargs: object) -> Variable | Array: ...
def array(object: Mixed, dtype: Precision | None = None, **kwargs: object) -> Variable | Array:
    """`numpy.array`; of a Variable a copy, and of nested lists that hold Variables what `stack` makes of them.

    dtype: of Variables a floating one. What else NumPy takes (`copy`, `ndmin`, …) is for arrays; of Variables, results
    are always new, and `ndmin` puts axes in front.

    >>> x = Variable(np.array(2.0))
    >>> array([[x, 1.0], [x * x, 0.0]])
    variable([[2. 1.]
              [4. 0.]])
    """
    if not holds_variables(object):
        return _numpys("array", object, dtype, kwargs)
    y = _joined("array", object, dtype, kwargs)
    return _copy(y) if y is object else y


@overload
def asarray(a: Variable, dtype: Precision | None = None, order: Order = None, **kwargs: object) -> Variable: ...
@overload
def asarray(a: Plain, dtype: Precision | None = None, order: Order = None, **kwargs: object) -> Array: ...
@overload
def asarray(a: Mixed, dtype: Precision | None = None, order: Order = None, **kwargs: object) -> Variable | Array: ...
def asarray(a: Mixed, dtype: Precision | None = None, order: Order = None, **kwargs: object) -> Variable | Array:
    """`numpy.asarray`; a Variable as it is, nested lists that hold Variables as `array` makes them.

    >>> asarray([Variable(np.array(2.0)), 1.0])
    variable([2. 1.])
    """
    if not holds_variables(a):
        return _numpys("asarray", a, dtype, {"order": order, **kwargs})
    return _joined("asarray", a, dtype, kwargs)


def asanyarray(a: Mixed, dtype: Precision | None = None, order: Order = None, **kwargs: object) -> Variable | Array:
    """`numpy.asanyarray`, which leaves subclasses of arrays as they are; of Variables as `asarray`."""
    if not holds_variables(a):
        return _numpys("asanyarray", a, dtype, {"order": order, **kwargs})
    return _joined("asanyarray", a, dtype, kwargs)


def asarray_chkfinite(a: Mixed, dtype: Precision | None = None, order: Order = None) -> Variable | Array:
    """`numpy.asarray_chkfinite`: as `asarray`, and a `ValueError` for nan and infinite numbers."""
    if not holds_variables(a):
        return _numpys("asarray_chkfinite", a, dtype, {"order": order})
    y = _joined("asarray_chkfinite", a, dtype, {})
    finite: Mask = np.isfinite(y.data)
    if not finite.all():
        raise ValueError("asarray_chkfinite: there are infs or nans among the numbers")
    return y


def require(
    a: Mixed, dtype: Precision | None = None, requirements: str | Sequence[str] | None = None, **kwargs: object
) -> Variable | Array:
    """`numpy.require`; of Variables, which have no layout in memory, as `asarray`."""
    if not holds_variables(a):
        return _numpys("require", a, dtype, {"requirements": requirements, **kwargs})
    return _joined("require", a, dtype, kwargs)


def ascontiguousarray(a: Mixed, dtype: Precision | None = None, **kwargs: object) -> Variable | Array:
    """`numpy.ascontiguousarray`, with one axis at least; of Variables, which have no order in memory, as `asarray`."""
    if not holds_variables(a):
        return _numpys("ascontiguousarray", a, dtype, kwargs)
    return at_least(1, _joined("ascontiguousarray", a, dtype, kwargs))


def asfortranarray(a: Mixed, dtype: Precision | None = None, **kwargs: object) -> Variable | Array:
    """`numpy.asfortranarray` likewise."""
    if not holds_variables(a):
        return _numpys("asfortranarray", a, dtype, kwargs)
    return at_least(1, _joined("asfortranarray", a, dtype, kwargs))


def full(
    shape: SupportsIndex | Shape,
    fill_value: Mixed,
    dtype: Precision | None = None,
    order: Order = None,
    **kwargs: object,
) -> Variable | Array:
    """`numpy.full`; filled with a Variable, a Variable.

    >>> full((2, 2), Variable(np.array(3.0)))
    variable([[3. 3.]
              [3. 3.]])
    """
    wide = tuple(shape) if isinstance(shape, tuple | list) else (operator.index(shape),)
    if holds_variables(fill_value):
        return broadcast_to(_joined("full", fill_value, dtype, kwargs), wide)
    filled: object = np.full
    answer = filled(wide, fill_value, dtype, order or "C", **kwargs) if is_served(filled) else None
    return _array(answer)


def _joined(name: str, x: object, dtype: Precision | None, kwargs: dict[str, object]) -> Variable:
    """Nested lists with a Variable in them as one Variable; `ValueError` for lists of different lengths."""
    ndmin = kwargs.get("ndmin", 0)
    unknown = set(kwargs) - {"copy", "order", "subok", "ndmin", "like", "device"}
    if unknown:
        raise TypeError(f"{name} of Variables takes no {', '.join(sorted(unknown))}")
    y = at_least(ndmin if isinstance(ndmin, int) else 0, constant(array_like(x)))
    return y if dtype is None else y.astype(dtype)


def _numpys(name: str, x: object, dtype: object, kwargs: dict[str, object]) -> Array:
    """What NumPy's own function of a name makes of it."""
    own: object = getattr(np, "array" if name == "full" else name, None)
    return _array(own(x, dtype, **kwargs) if is_served(own) else None)


def _array(x: object) -> Array:
    """What NumPy made: an array of whatever dtype, which static types call float64 (see `arrays.Array`)."""
    values: Array = np.asanyarray(x)
    return values
