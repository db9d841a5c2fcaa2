"""Floor 4: products, running sums, spreads, quantiles and other functions over axes. Imports floors 1 to 3.

`axis`, `keepdims` and the defaults are NumPy's; so are `dtype`, `where` and `initial` where they are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, overload

import numpy as np

from tinypytorch.arrays import (
    Array,
    Axis,
    Mask,
    Positions,
    Precision,
    Shape,
    is_complex,
    keepdims_shape,
    normalize_axes,
    normalize_axis,
)
from tinypytorch.core.apply import constant, ordered
from tinypytorch.core.operators import SQUARE
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.reductions import Which, counted, in_type, kept, mask_of
from tinypytorch.functions.selection import where as _where
from tinypytorch.ops.accumulations import CumProd, CumSum, LogSoftmax, Norm, Prod
from tinypytorch.ops.shaping import AsType, BroadcastTo
from tinypytorch.ops.ufuncs import sqrt

_PROD, _CUMSUM, _CUMPROD, _LOG_SOFTMAX = Prod(), CumSum(), CumProd(), LogSoftmax()
# Half precision counts no further than 65,504: spreads are computed in single precision, as NumPy does.
_SINGLE, _HALF = AsType("float32"), AsType("float16")

Method: TypeAlias = Literal[
    "inverted_cdf",
    "averaged_inverted_cdf",
    "closest_observation",
    "interpolated_inverted_cdf",
    "hazen",
    "weibull",
    "linear",
    "median_unbiased",
    "normal_unbiased",
    "lower",
    "higher",
    "midpoint",
    "nearest",
]


def prod(
    a: Operand,
    axis: Axis = None,
    *,
    keepdims: bool = False,
    dtype: Precision | None = None,
    initial: Operand | None = None,
    where: Which = None,
) -> Variable:
    """The product over `axis`, times `initial`. da_i is the product of the other entries, zeros or not.

    >>> x = Variable(np.array([0.0, 2.0, 3.0]))
    >>> prod(x).backward()
    >>> x.grad
    array([6., 0., 0.])
    """
    x = in_type(constant(a), dtype)
    if not (where is None or where is True):
        x = _where(mask_of(where, x), x, 1.0)
    y = x.record(_PROD if axis is None and not keepdims else Prod(axis, keepdims))
    return y if initial is None else y * constant(initial)


def cumsum(a: Operand, axis: int | None = None, *, dtype: Precision | None = None) -> Variable:
    """The sums of the entries up to each, along `axis`; with None, of all entries in C order.

    >>> cumsum(Variable(np.array([1.0, 2.0, 3.0])))
    variable([1. 3. 6.])
    """
    x = in_type(constant(a), dtype)
    return x.reshape(-1).record(_CUMSUM) if axis is None else x.record(CumSum(axis))


def cumprod(a: Operand, axis: int | None = None, *, dtype: Precision | None = None) -> Variable:
    """The products of the entries up to each, along `axis`; with None, of all entries in C order.

    >>> x = Variable(np.array([0.0, 2.0, 3.0]))
    >>> cumprod(x)[-1].backward()
    >>> x.grad
    array([6., 0., 0.])
    """
    x = in_type(constant(a), dtype)
    return x.reshape(-1).record(_CUMPROD) if axis is None else x.record(CumProd(axis))


def ptp(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Variable:
    """The largest entry less the smallest over `axis`; tied entries share a gradient equally.

    >>> ptp(Variable(np.array([1.0, 5.0, 3.0])))
    variable(4.0)
    """
    x = constant(a)
    return x.max(axis, keepdims=keepdims) - x.min(axis, keepdims=keepdims)


def var(
    a: Operand,
    axis: Axis = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    correction: float | None = None,
    dtype: Precision | None = None,
    where: Which = None,
    mean: Operand | None = None,
) -> Variable:
    """The mean over `axis` of the squared distances from the mean, of n entries; divided by n - ddof. It is real.

    da = 2 (a - mean(a)) / (n - ddof). `correction` is another name for `ddof`; `ValueError` if both are given.
    where: which entries count. mean: the mean, if it is known, as with `keepdims`; a Variable gets its own gradient.

    >>> var(Variable(np.array([1.0, 3.0, 5.0])), ddof=1)
    variable(4.0)
    """
    x = in_type(constant(a), dtype)
    left = _left("var", x, axis, ddof, correction, where, keepdims)
    if x.dtype.char == "e":
        x = x.record(_SINGLE)
        return var(x, axis, ddof=ddof, keepdims=keepdims, correction=correction, where=where, mean=mean).record(_HALF)
    away = _centred(x, axis, where, mean)
    squares = away.real.record(SQUARE) + away.imag.record(SQUARE) if is_complex(away) else away.record(SQUARE)
    return squares.sum(axis, keepdims=keepdims) / left


def std(
    a: Operand,
    axis: Axis = None,
    *,
    ddof: float = 0,
    keepdims: bool = False,
    correction: float | None = None,
    dtype: Precision | None = None,
    where: Which = None,
    mean: Operand | None = None,
) -> Variable:
    """The square root of `var`. Where it is 0, because all entries are the same, so is the gradient.

    >>> std(Variable(np.array([1.0, 3.0, 5.0])), correction=1)
    variable(2.0)
    """
    x = in_type(constant(a), dtype)
    left = _left("std", x, axis, ddof, correction, where, keepdims)
    if x.dtype.char == "e":
        x = x.record(_SINGLE)
        return std(x, axis, ddof=ddof, keepdims=keepdims, correction=correction, where=where, mean=mean).record(_HALF)
    y = _centred(x, axis, where, mean).record(Norm(2.0, axis, keepdims))
    return y / root(left, y.dtype)


@overload
def average(
    a: Operand,
    axis: Axis = None,
    weights: Operand | None = None,
    returned: Literal[False] = False,
    *,
    keepdims: bool = False,
) -> Variable: ...
@overload
def average(
    a: Operand, axis: Axis = None, weights: Operand | None = None, *, returned: Literal[True], keepdims: bool = False
) -> tuple[Variable, Variable]: ...
def average(
    a: Operand, axis: Axis = None, weights: Operand | None = None, returned: bool = False, *, keepdims: bool = False
) -> Variable | tuple[Variable, Variable]:
    """sum(weights a) / sum(weights) over `axis`; with `returned`, the sum of the weights, too.

    weights: in the shape of a, or of the axes in `axis`, in their order; differentiated, too, if a Variable.

    Raises `ZeroDivisionError` if weights sum up to 0, `ValueError` if their shape fits neither, `TypeError` for weights
    of another shape without `axis`.

    >>> average(Variable(np.array([1.0, 4.0])), weights=np.array([2.0, 1.0]))
    variable(2.0)
    """
    x = constant(a)
    if weights is None:
        y = x.mean(axis, keepdims=keepdims)
        total = y * 0.0 + float(x.size / y.size) if y.size else y
        return (y, total) if returned else y
    w = _fitted("average", x, axis, constant(weights))
    total = w.sum(axis, keepdims=keepdims)
    if np.count_nonzero(total.data) < total.size:
        raise ZeroDivisionError("average: weights sum up to 0, and cannot be normalized")
    y = (x * w).sum(axis, keepdims=keepdims) / total
    return (y, total) if returned else y


def median(a: Operand, axis: Axis = None, *, keepdims: bool = False) -> Variable:
    """The middle entry over `axis`, or the mean of the two in the middle; nan if any entry is.

    The gradient goes to those entries; among equal ones to those that a stable sort puts there.

    >>> median(Variable(np.array([4.0, 1.0, 9.0, 3.0])))
    variable(3.5)
    """
    return quantile(a, 0.5, axis, keepdims=keepdims)


def percentile(
    a: Operand,
    q: float | Sequence[float] | Array,
    axis: Axis = None,
    *,
    method: Method = "linear",
    keepdims: bool = False,
    weights: Array | None = None,
) -> Variable:
    """`quantile` with q in percent.

    >>> percentile(Variable(np.array([1.0, 2.0, 4.0])), 75)
    variable(3.0)
    """
    return quantile(a, np.asarray(q, np.float64) / 100.0, axis, method=method, keepdims=keepdims, weights=weights)


def quantile(
    a: Operand,
    q: float | Sequence[float] | Array,
    axis: Axis = None,
    *,
    method: Method = "linear",
    keepdims: bool = False,
    weights: Array | None = None,
) -> Variable:
    """What a share q of the entries over `axis` lies below: between two sorted entries, by all of NumPy's methods.

    The gradient goes to these two, by their weights; among equal ones to those that a stable sort puts there. Several
    q's give a first axis. nan where any entry is. The dtype is that of a. q is a constant, and so are `weights`, of how
    often an entry counts: in the shape of a, or of the axes in `axis`; their method is "inverted_cdf".

    Raises `ValueError` for q outside of [0, 1]. Hyndman & Fan, Sample quantiles in statistical packages (1996).

    >>> x = Variable(np.array([3.0, 1.0, 2.0]))
    >>> y = quantile(x, 0.25)
    >>> y.backward()
    >>> y, x.grad
    (variable(1.5), array([0. , 0.5, 0.5]))
    """
    return chosen("quantile", ordered("quantile", a), q, axis, method, keepdims, False, weights)


def chosen(
    name: str,
    x: Variable,
    q: float | Sequence[float] | Array,
    axis: Axis,
    method: Method,
    keepdims: bool,
    without_nan: bool,
    weights: Array | None = None,
) -> Variable:
    """`quantile`, of all entries or of those that are not nan."""
    shares: Array = np.asarray(q, np.float64)
    axes = normalize_axes(axis, x.ndim)
    others = tuple(i for i in range(x.ndim) if i not in axes)
    kept: Shape = tuple(x.shape[i] for i in others)
    count = x.size // int(np.prod(kept)) if x.size else 0
    if count == 0:
        raise ValueError(f"{name}: an array of shape {x.shape} has no entries to choose from")
    rows = x.transpose((*others, *axes)).reshape((-1, count))
    bad: Mask = np.isnan(rows.data)
    spoiled: Positions = bad.sum(-1, dtype=np.int64)
    good: Positions = count - spoiled * without_nan
    order: Positions = np.argsort(rows.data, -1, kind="stable")
    among: Array | None = None
    if weights is not None:
        wide = _fitted(name, x, axis, constant(weights)).transpose((*others, *axes)).reshape((-1, count)).data
        among = np.take_along_axis(wide, order, -1)
    at = _placed(shares.reshape(-1), good, method, among)
    low: Positions = np.floor(at).astype(np.int64)
    high: Positions = np.ceil(at).astype(np.int64)
    share: Array = (at - low).astype(x.dtype)
    row: Positions = np.arange(len(order))
    below = rows[row, order[row, low]]
    y = below + (rows[row, order[row, high]] - below) * share if share.any() else below
    nan: Mask = np.equal(spoiled, count) if without_nan else np.greater(spoiled, 0)
    if nan.any():
        y = _where(nan, same(x, np.nan), y)
    return y.reshape((*shares.shape, *(keepdims_shape(x.shape, axis) if keepdims else kept)))


def _placed(shares: Array, good: Positions, method: Method, weights: Array | None) -> Array:
    """Where quantiles of rows are among sorted entries, with the weight behind the dot: those of 0, 1, 2, ..."""
    at: Array = np.zeros((shares.size, good.size))
    numbers: list[int] = good.tolist()
    every: Positions = np.arange(good.size)
    for row, n in enumerate(numbers) if weights is not None else ((-1, n) for n in set(numbers)):
        positions: Array = np.arange(float(n or 1))
        lines: Mask = np.equal(good, n) if weights is None else np.equal(every, row)
        of_row: Array | None = None
        if weights is not None:
            of_row = weights[row, : n or 1]
        places: Array = np.quantile(positions, shares.reshape(-1, 1), method=method, weights=of_row)
        at[:, lines] = places
    return at


def log_softmax(x: Operand, axis: int = -1) -> Variable:
    """log(softmax(x)) along `axis`, without overflow and without the logarithm of 0. dx = g - softmax(x) sum(g).

    >>> log_softmax(Variable(np.array([1000.0, 0.0])))
    variable([    0. -1000.])
    """
    return constant(x).record(_LOG_SOFTMAX if axis == -1 else LogSoftmax(axis))


def _centred(x: Variable, axis: Axis, where: Which, mean: Operand | None) -> Variable:
    """The distances from the mean; 0 for what does not count."""
    if mean is not None:
        return kept(kept(x, where) - constant(mean), where)
    if where is None or where is True:
        return x - x.mean(axis, keepdims=True)
    y = kept(x, where)
    count: Array = np.maximum(counted(x, where, axis, True), 1)
    return kept(y - y.sum(axis, keepdims=True) / count, where)


def _left(
    name: str, x: Variable, axis: Axis, ddof: float, correction: float | None, where: Which, keepdims: bool
) -> float | Array:
    """What the squares are divided by: the number of entries less `ddof`, not below 0; nan for 0."""
    if correction is not None:
        if ddof != 0:
            raise ValueError(f"{name}: ddof and correction are the same; give one")
        ddof = correction
    if not (where is None or where is True):
        number = counted(x, where, axis, keepdims)
        left: Array = np.where(number > ddof, number - x.dtype.type(ddof), x.dtype.type(np.nan))
        return left
    count = 1
    for i in normalize_axes(axis, x.ndim):
        count *= x.shape[i]
    return count - ddof if count > ddof else np.nan


def root(left: float | Array, like: np.dtype[np.float64]) -> Array:
    """The square root of a number or an array, as exact as a dtype is."""
    return sqrt(np.asarray(left, like))


def same(x: Variable, number: float) -> Array:
    """A number as an array of no axes in the dtype of x."""
    return np.full((), number, x.dtype)


def _fitted(name: str, x: Variable, axis: Axis, w: Variable) -> Variable:
    """Weights in the shape of x, or broadcasting to it along the axes that they are for."""
    if w.shape == x.shape:
        return w
    if axis is None:
        raise TypeError(f"{name}: weights in another shape than the array's need an axis")
    given = axis if isinstance(axis, tuple) else (axis,)
    axes = [normalize_axis(i, x.ndim) for i in given]
    if w.shape != tuple(x.shape[i] for i in axes):
        raise ValueError(f"{name}: weights of shape {w.shape} fit neither the array's shape {x.shape} nor its {axis=}")
    ordered = sorted(axes)
    wide = tuple(n if i in axes else 1 for i, n in enumerate(x.shape))
    spread = w.transpose([axes.index(i) for i in ordered]).reshape(wide)
    return spread.record(BroadcastTo(x.shape))
