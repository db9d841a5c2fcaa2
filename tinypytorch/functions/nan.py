"""Floor 4: functions over axes that pass over nan. Imports floors 1 to 3 and other functions.

The gradient of a nan is exactly 0. Where there is nothing else, the result is NumPy's, without its warning.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import methodcaller

import numpy as np

from tinypytorch.arrays import Array, Axis, Mask, Precision
from tinypytorch.core.apply import constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.reductions import holding, in_type
from tinypytorch.functions.reductions import max as _max
from tinypytorch.functions.reductions import min as _min
from tinypytorch.functions.selection import where
from tinypytorch.functions.statistics import Method, chosen, cumprod, cumsum, prod, same, std, var
from tinypytorch.ops.selection import Keep


def nansum(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Variable:
    """The sum over `axis` of what is not nan. The gradient of a nan is 0.

    >>> nansum(Variable(np.array([1.0, np.nan, 2.0])))
    variable(3.0)
    """
    x = constant(a)
    return x.record(Keep(~np.isnan(x.data))).sum(axis, keepdims=keepdims)


def nanmean(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Variable:
    """The mean over `axis` of what is not nan, nan if there is nothing else. The gradient of a nan is 0.

    >>> nanmean(Variable(np.array([1.0, np.nan, 2.0])))
    variable(1.5)
    """
    x = constant(a)
    good: Mask = ~np.isnan(x.data)
    count = holding(good, axis, x.data.real.dtype, keepdims)
    return x.record(Keep(good)).sum(axis, keepdims=keepdims) / count


def nanmax(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Variable:
    """The largest entry over `axis` that is not nan, nan if there is nothing else. The gradient of a nan is 0.

    >>> nanmax(Variable(np.array([1.0, np.nan, 2.0])))
    variable(2.0)
    """
    x = constant(a)
    bad: Mask = np.isnan(x.data)
    return _known(bad, _max(where(bad, same(x, -np.inf), x), axis, keepdims), axis, keepdims)


def nanmin(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Variable:
    """The smallest entry over `axis` that is not nan, nan if there is nothing else. The gradient of a nan is 0.

    >>> nanmin(Variable(np.array([1.0, np.nan, 2.0])))
    variable(1.0)
    """
    x = constant(a)
    bad: Mask = np.isnan(x.data)
    return _known(bad, _min(where(bad, same(x, np.inf), x), axis, keepdims), axis, keepdims)


def nanprod(a: Operand, axis: Axis = None, *, keepdims: bool = False, dtype: Precision | None = None) -> Variable:
    """The product over `axis` of what is not nan, 1 if there is nothing else.

    >>> nanprod(Variable(np.array([3.0, np.nan, 2.0])))
    variable(6.0)
    """
    x = constant(a)
    return prod(x, axis, keepdims=keepdims, dtype=dtype, where=~np.isnan(x.data))


def nancumsum(a: Operand, axis: int | None = None, *, dtype: Precision | None = None) -> Variable:
    """`cumsum`, nan counting as 0.

    >>> nancumsum(Variable(np.array([3.0, np.nan, 2.0])))
    variable([3. 3. 5.])
    """
    x = in_type(constant(a), dtype)
    return cumsum(x.record(Keep(~np.isnan(x.data))), axis)


def nancumprod(a: Operand, axis: int | None = None, *, dtype: Precision | None = None) -> Variable:
    """`cumprod`, nan counting as 1.

    >>> nancumprod(Variable(np.array([3.0, np.nan, 2.0])))
    variable([3. 3. 6.])
    """
    x = in_type(constant(a), dtype)
    return cumprod(where(np.isnan(x.data), same(x, 1.0), x), axis)


def nanvar(
    a: Operand,
    axis: Axis = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    correction: float | None = None,
    dtype: Precision | None = None,
) -> Variable:
    """`var` of what is not nan, nan if that is not more than `ddof` entries.

    >>> nanvar(Variable(np.array([1.0, np.nan, 3.0])))
    variable(1.0)
    """
    x = in_type(constant(a), dtype)
    return var(x, axis, ddof=ddof, keepdims=keepdims, correction=correction, where=~np.isnan(x.data))


def nanstd(
    a: Operand,
    axis: Axis = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    correction: float | None = None,
    dtype: Precision | None = None,
) -> Variable:
    """`std` of what is not nan, nan if that is not more than `ddof` entries.

    >>> nanstd(Variable(np.array([1.0, np.nan, 3.0])))
    variable(1.0)
    """
    x = in_type(constant(a), dtype)
    return std(x, axis, ddof=ddof, keepdims=keepdims, correction=correction, where=~np.isnan(x.data))


def nanmedian(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Variable:
    """`median` of what is not nan, nan if there is nothing else.

    >>> nanmedian(Variable(np.array([1.0, np.nan, 3.0])))
    variable(2.0)
    """
    return chosen("nanmedian", constant(a), 0.5, axis, "linear", keepdims, True)


def nanquantile(
    a: Operand,
    q: float | Sequence[float] | Array,
    axis: Axis = None,
    *,
    method: Method = "linear",
    keepdims: bool = False,
    weights: Array | None = None,
) -> Variable:
    """`quantile` of what is not nan, nan if there is nothing else.

    >>> nanquantile(Variable(np.array([1.0, np.nan, 3.0])), 0.75)
    variable(2.5)
    """
    return chosen("nanquantile", constant(a), q, axis, method, keepdims, True, weights)


def nanpercentile(
    a: Operand,
    q: float | Sequence[float] | Array,
    axis: Axis = None,
    *,
    method: Method = "linear",
    keepdims: bool = False,
    weights: Array | None = None,
) -> Variable:
    """`percentile` of what is not nan, nan if there is nothing else.

    >>> nanpercentile(Variable(np.array([1.0, np.nan, 3.0])), 75)
    variable(2.5)
    """
    return chosen(
        "nanpercentile", constant(a), np.asarray(q, np.float64) / 100.0, axis, method, keepdims, True, weights
    )


def _known(bad: Mask, y: Variable, axis: Axis, keepdims: bool) -> Variable:
    """y, but nan where everything was bad."""
    all_bad: Mask = methodcaller("all", axis, keepdims=keepdims)(bad)
    nothing = np.asarray(all_bad)
    return where(nothing, same(y, np.nan), y) if nothing.any() else y
