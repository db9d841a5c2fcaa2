"""Floor 4: ranges between Variables, polynomials, running sums and covariances. Imports floors 1 to 3 and functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, overload

import numpy as np

from tinypytorch.arrays import Array, Mask, Positions, Precision, normalize_axis
from tinypytorch.core.apply import constant
from tinypytorch.core.operators import POW
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.diagonals import diag
from tinypytorch.functions.elementwise import exp, log, sqrt
from tinypytorch.functions.rearranging import at_least, moveaxis
from tinypytorch.functions.reductions import in_type
from tinypytorch.functions.selection import clip, where
from tinypytorch.functions.shaping import broadcast_to, concatenate, several
from tinypytorch.functions.statistics import cumprod, cumsum


@overload
def linspace(
    start: Operand,
    stop: Operand,
    num: int = 50,
    endpoint: bool = True,
    retstep: Literal[False] = False,
    *,
    dtype: Precision | None = None,
    axis: int = 0,
) -> Variable: ...
@overload
def linspace(
    start: Operand,
    stop: Operand,
    num: int = 50,
    endpoint: bool = True,
    *,
    retstep: Literal[True],
    dtype: Precision | None = None,
    axis: int = 0,
) -> tuple[Variable, Variable]: ...
def linspace(
    start: Operand,
    stop: Operand,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    *,
    dtype: Precision | None = None,
    axis: int = 0,
) -> Variable | tuple[Variable, Variable]:
    """`num` numbers from start to stop at equal distances, along a new axis; without endpoint, stop is not among them.

    start and stop broadcast. dstart = 1 - t, dstop = t, for t from 0 to 1. With `retstep`, the distances, too; nan, if
    there are none.

    >>> linspace(Variable(np.array(0.0)), 1.0, 3)
    variable([0.  0.5 1. ])
    """
    first, last = constant(start), constant(stop)
    y = in_type(_between("linspace", first, last, num, endpoint, axis), dtype)
    steps = num - 1 if endpoint else num
    return (y, (last - first) / (steps if steps > 0 else math.nan)) if retstep else y


def logspace(
    start: Operand,
    stop: Operand,
    num: int = 50,
    endpoint: bool = True,
    base: Operand = 10.0,
    *,
    dtype: Precision | None = None,
    axis: int = 0,
) -> Variable:
    """`base` to the power of `linspace`.

    >>> logspace(Variable(np.array(0.0)), 2.0, 3)
    variable([  1.  10. 100.])
    """
    y = _between("logspace", constant(start), constant(stop), num, endpoint, axis)
    return in_type(y.combine(POW, base, y), dtype)


def geomspace(
    start: Operand,
    stop: Operand,
    num: int = 50,
    endpoint: bool = True,
    *,
    dtype: Precision | None = None,
    axis: int = 0,
) -> Variable:
    """`num` numbers from start to stop at equal ratios, of one sign; `ValueError` if one is 0, or the signs differ.

    >>> geomspace(Variable(np.array(1.0)), 4.0, 3)
    variable([1. 2. 4.])
    """
    a, b = constant(start), constant(stop)
    sign: Array = np.sign(a.data)
    apart: Mask = sign * np.sign(b.data) <= 0
    if apart.any():
        raise ValueError("geomspace: start and stop are not 0, and have the same sign")
    y = exp(_between("geomspace", log(a * sign), log(b * sign), num, endpoint, axis)) * 1.0
    y = moveaxis(moveaxis(y, axis, 0) * sign, 0, axis)
    return in_type(y, dtype)


def _between(name: str, start: Variable, stop: Variable, num: int, endpoint: bool, axis: int) -> Variable:
    if num < 0:
        raise ValueError(f"{name}: a number of entries is not negative, but {num}")
    shape = np.broadcast_shapes(start.shape, stop.shape)
    count = max(num - 1 if endpoint else num, 1)
    steps: Array = np.arange(float(num))
    t = steps.reshape((num, *(1,) * len(shape)))
    kind: np.dtype[np.float64] = np.result_type(start.dtype, stop.dtype, 0.0)  # no wider than start and stop
    y = broadcast_to(start + (stop - start) / count * t.astype(kind), (num, *shape))
    if endpoint and num > 1:
        last: Mask = t == num - 1
        y = where(last, stop, y)
    return moveaxis(y, 0, axis)


def polyval(p: Operand | Sequence[Operand], x: Operand) -> Variable:
    """p[0] x**(n - 1) + ... + p[n - 1], by Horner's rule; both get gradients.

    >>> polyval(Variable(np.array([1.0, 0.0, 2.0])), Variable(np.array(3.0)))
    variable(11.0)
    """
    at = constant(x)
    if not isinstance(p, list | tuple):
        p = constant(_whole("polyval", p))
        if p.ndim != 1:
            raise ValueError(f"polyval: coefficients are a vector, not of shape {p.shape}")
    y = at * 0
    for coefficient in several("polyval", p):
        y = y * at + coefficient
    return y


def _whole(name: str, p: Operand | Sequence[Operand]) -> Operand:
    if isinstance(p, Sequence):
        raise TypeError(f"{name}: takes a vector, a list or a tuple")
    return p


def vander(x: Operand, n: int | None = None, increasing: bool = False) -> Variable:
    """The powers of a vector as columns, the highest first unless `increasing`.

    >>> vander(Variable(np.array([2.0, 3.0])), 3)
    variable([[4. 2. 1.]
              [9. 3. 1.]])
    """
    y = constant(x)
    if y.ndim != 1:
        raise ValueError(f"vander: takes a vector, not shape {y.shape}")
    powers: Positions = np.arange(y.size if n is None else n)
    return y.reshape((-1, 1)) ** (powers if increasing else powers[::-1])


def cumulative_sum(
    x: Operand, *, axis: int | None = None, dtype: Precision | None = None, include_initial: bool = False
) -> Variable:
    """`cumsum`, after a 0 if `include_initial`. Without axis x is a vector: `ValueError`.

    >>> cumulative_sum(Variable(np.array([1.0, 2.0])), include_initial=True)
    variable([0. 1. 3.])
    """
    y, i = _line("cumulative_sum", x, axis)
    return _after(cumsum(y, i, dtype=dtype), i, 0.0, include_initial)


def cumulative_prod(
    x: Operand, *, axis: int | None = None, dtype: Precision | None = None, include_initial: bool = False
) -> Variable:
    """`cumprod`, after a 1 if `include_initial`. Without axis x is a vector: `ValueError`.

    >>> cumulative_prod(Variable(np.array([3.0, 2.0])), include_initial=True)
    variable([1. 3. 6.])
    """
    y, i = _line("cumulative_prod", x, axis)
    return _after(cumprod(y, i, dtype=dtype), i, 1.0, include_initial)


def _line(name: str, x: Operand, axis: int | None) -> tuple[Variable, int]:
    y = at_least(1, x)
    if axis is None and y.ndim != 1:
        raise ValueError(f"{name}: an array of {y.ndim} axes needs `axis`")
    return y, normalize_axis(axis or 0, y.ndim)


def _after(y: Variable, i: int, first: float, included: bool) -> Variable:
    before: Array = np.full((*y.shape[:i], 1, *y.shape[i + 1 :]), first, y.dtype)
    return concatenate([before, y], i) if included else y


def cov(
    m: Operand,
    y: Operand | None = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Operand | None = None,
    aweights: Operand | None = None,
    *,
    dtype: Precision | None = None,
) -> Variable:
    """The covariances of the rows (or columns, without `rowvar`) of m and y, whose entries are observations.

    Divided by n - ddof, which is n - 1 by default, n with `bias`; nan where that is not positive. Weights, of how often
    (fweights) or how important (aweights) an observation is, are constants.

    >>> cov(Variable(np.array([[1.0, 2.0, 3.0], [1.0, 0.0, 2.0]])))
    variable([[1.  0.5]
              [0.5 1. ]])
    """
    x = _rows(m, rowvar)
    if y is not None:
        x = concatenate([x, _rows(y, rowvar)], 0)
    x = in_type(x, dtype)
    free = ddof if ddof is not None else 0 if bias else 1
    weights: Array | None = None
    for given in (fweights, aweights):
        if given is not None:
            part = constant(given).data
            if isinstance(given, Variable) and given.requires_grad:
                raise TypeError("cov: weights are constants, and would lose their gradient; give w.data")
            if part.shape != x.shape[1:]:
                raise ValueError(f"cov: weights of shape {part.shape} for {x.shape[1]} observations")
            weights = part if weights is None else weights * part
    if weights is None:
        total = left = float(x.shape[1])
        left -= free
        centred = x - x.mean(1, keepdims=True) if x.size else x
        right = centred.T
    else:
        every = constant(weights)
        total = every.sum().item()
        left = total - free * ((every * (1.0 if aweights is None else aweights)).sum().item() / total)
        centred = x - (x * weights).sum(1, keepdims=True) / total
        right = (centred * weights).T
    c = centred @ right / (left if left > 0 else math.nan)
    return c.squeeze()


def _rows(m: Operand, rowvar: bool) -> Variable:
    x = constant(m)
    if x.ndim > 2:
        raise ValueError(f"cov: takes at most two axes, but the shape is {x.shape}")
    return at_least(2, x) if rowvar or x.ndim < 2 else x.T


def corrcoef(m: Operand, y: Operand | None = None, rowvar: bool = True, *, dtype: Precision | None = None) -> Variable:
    """The correlations of rows (or columns): `cov`, divided by both standard deviations, between -1 and 1.

    >>> corrcoef(Variable(np.array([[1.0, 2.0, 3.0], [1.0, 0.0, 2.0]])))
    variable([[1.  0.5]
              [0.5 1. ]])
    """
    c = cov(m, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    spread = sqrt(diag(c))
    return clip(c / spread.reshape((-1, 1)) / spread, -1.0, 1.0)
