"""Floor 4: differences, slopes, the trapezoidal rule, convolution, interpolation. Imports floors 1 to 3.

All but convolution, which is an op, are composed of other functions, so that every operand gets its gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from tinypytorch.arrays import Array, Axis, Mask, Positions, is_complex, normalize_axes, normalize_axis
from tinypytorch.core.apply import apply, constant, ordered
from tinypytorch.core.nested import array_like, holds_variables
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.joining import in_dtype
from tinypytorch.functions.rearranging import at_least, between, flip
from tinypytorch.functions.selection import where
from tinypytorch.functions.shaping import broadcast_to, concatenate
from tinypytorch.ops.convolution import Convolve

_CONVOLVE = Convolve()


def diff(
    x: Operand, n: int = 1, axis: int = -1, prepend: Operand | None = None, append: Operand | None = None
) -> Variable:
    """The differences x[i + 1] - x[i] along `axis`, n times; before, `prepend` and `append` are put around x.

    A number to put there stands for one entry in every line.

    >>> diff(Variable(np.array([1.0, 4.0, 9.0])))
    variable([3. 5.])
    """
    y = constant(x)
    if n == 0:
        return y
    if n < 0:
        raise ValueError(f"diff: n is not negative, but {n}")
    i = normalize_axis(axis, y.ndim)
    parts: list[Variable] = []
    for part in (prepend, y, append):
        if part is not None:
            given = constant(part)
            line = (*y.shape[:i], 1, *y.shape[i + 1 :])
            parts.append(given if given.ndim else broadcast_to(given, line))
    y = concatenate(parts, i) if len(parts) > 1 else y
    for _ in range(n):
        y = between(y, i, 1, None) - between(y, i, None, -1)
    return y


def ediff1d(x: Operand, to_end: Operand | None = None, to_begin: Operand | None = None) -> Variable:
    """The differences of neighbours among all entries in C order, between all of `to_begin` and all of `to_end`.

    >>> ediff1d(Variable(np.array([1.0, 4.0, 9.0])), to_begin=0.0)
    variable([0. 3. 5.])
    """
    y = diff(constant(x).flat)
    parts = [part for part in (to_begin, y, to_end) if part is not None]
    return concatenate(parts, None) if len(parts) > 1 else y


def gradient(
    f: Operand, *varargs: Operand | Sequence[float], axis: Axis = None, edge_order: Literal[1, 2] = 1
) -> Variable | tuple[Variable, ...]:
    """Slopes of f along each axis (a tuple of them, for several) by central differences, at the ends one-sided.

    varargs: the spacing: one number for all axes, or for each a number or the coordinates along it. They get gradients,
        too, if they are Variables.
    edge_order: how accurate the ends are: first order, from two entries, or second order, from three.

    The weights for uneven coordinates are those of `np.gradient` (Quarteroni, Sacco & Saleri, Numerical mathematics,
    2007). Raises `ValueError` for too few entries, `TypeError` for a wrong number of spacings.

    >>> gradient(Variable(np.array([1.0, 4.0, 9.0])), 0.5)
    variable([ 6.  8. 10.])
    """
    y = constant(f)
    axes = normalize_axes(axis, y.ndim) if not isinstance(axis, tuple) else tuple(a % y.ndim for a in axis)
    normalize_axes(axes, y.ndim)
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order is 1 or 2, not {edge_order}")
    given = varargs or (1.0,)
    if len(given) == 1 and not _coordinates(given[0]).ndim:
        given = given * len(axes)
    if len(given) != len(axes):
        raise TypeError(f"gradient: {len(given)} spacings for {len(axes)} axes")
    slopes = [in_dtype(_slope(y, h, i, edge_order), y) for i, h in zip(axes, given, strict=True)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _coordinates(x: Operand | Sequence[float]) -> Variable:
    if isinstance(x, Sequence):
        return constant(array_like(x) if holds_variables(x) else np.array(x, np.float64))
    return constant(x)


def _slope(y: Variable, h: Operand | Sequence[float], i: int, edge_order: int) -> Variable:
    """The slopes along one axis, for one spacing or coordinates."""
    n = y.shape[i]
    if n < edge_order + 1:
        raise ValueError(
            f"gradient: needs at least {edge_order + 1} entries along axis {i}, but the shape is {y.shape}"
        )

    def at(k: int) -> Variable:
        """One entry along the axis, from the front or from the back."""
        return between(y, i, k, k + 1 or None)

    before, middle, behind = between(y, i, None, -2), between(y, i, 1, -1), between(y, i, 2, None)
    where_ = _coordinates(h)
    if not where_.ndim and not isinstance(h, Sequence):
        first, last = at(1) - at(0), at(-1) - at(-2)
        if edge_order == 2:
            first = at(0) * -1.5 + at(1) * 2.0 - at(2) * 0.5
            last = at(-3) * 0.5 - at(-2) * 2.0 + at(-1) * 1.5
        return concatenate([first, (behind - before) * 0.5, last], i) / h
    if where_.shape != (n,):
        raise ValueError(f"gradient: coordinates of shape {where_.shape} for {n} entries along axis {i}")
    steps = diff(where_)
    even: Mask = steps.data == steps.data[:1]
    if not where_.requires_grad and even.all():
        return _slope(y, steps[0], i, edge_order)
    steps = steps.reshape((-1, *(1,) * (y.ndim - 1 - i)))
    a, b = between(steps, 0, None, -1), between(steps, 0, 1, None)
    inner = before * (-b / (a * (a + b))) + middle * ((b - a) / (a * b)) + behind * (a / (b * (a + b)))
    a, b = steps[0:1], steps[-1:]
    if edge_order == 1:
        return concatenate([(at(1) - at(0)) / a, inner, (at(-1) - at(-2)) / b], i)
    c, d = steps[1:2], steps[-2:-1]
    first = at(0) * (-(a * 2.0 + c) / (a * (a + c))) + at(1) * ((a + c) / (a * c)) - at(2) * (a / (c * (a + c)))
    last = at(-3) * (b / (d * (d + b))) - at(-2) * ((b + d) / (d * b)) + at(-1) * ((b * 2.0 + d) / (b * (d + b)))
    return concatenate([first, inner, last], i)


def trapezoid(y: Operand, x: Operand | None = None, dx: Operand = 1.0, axis: int = -1) -> Variable:
    """The integral along `axis` by the trapezoidal rule: sum (x[i + 1] - x[i]) (y[i] + y[i + 1]) / 2.

    x: where the entries lie: along the axis, or in the shape of y; without it they are `dx` apart.

    >>> trapezoid(Variable(np.array([1.0, 2.0, 3.0])), dx=2.0)
    variable(8.0)
    """
    f = constant(y)
    i = normalize_axis(axis, f.ndim)
    pairs = between(f, i, 1, None) + between(f, i, None, -1)
    if x is None:
        return (pairs * dx / 2.0).sum(i)
    at = constant(x)
    steps = diff(at).reshape((-1, *(1,) * (f.ndim - 1 - i))) if at.ndim == 1 else diff(at, 1, i)
    return (steps * pairs / 2.0).sum(i)


def convolve(a: Operand, v: Operand, mode: Literal["full", "same", "valid"] = "full") -> Variable:
    """y[n] = sum over m of a[m] v[n - m], of two vectors: everywhere where they overlap ("full"), the middle of
    that, as long as the longer one ("same"), or where they overlap entirely ("valid").

    >>> convolve(Variable(np.array([1.0, 2.0, 3.0])), np.array([0.0, 1.0, 0.5]))
    variable([0.  1.  2.5 4.  1.5])
    """
    x, w = _vectors("convolve", at_least(1, a), at_least(1, v))
    shorter, longer = sorted((x.size, w.size))
    return _part(apply(_CONVOLVE, x, w), mode, longer, shorter, shorter - 1 - shorter // 2)


def correlate(a: Operand, v: Operand, mode: Literal["full", "same", "valid"] = "valid") -> Variable:
    """y[k] = sum over n of a[n + k] conj(v[n]), of two vectors; the modes are those of `convolve`.

    >>> correlate(Variable(np.array([1.0, 2.0, 3.0])), np.array([0.0, 1.0, 0.5]), "same")
    variable([2.  3.5 3. ])
    """
    x, w = _vectors("correlate", a, v)
    shorter, longer = sorted((x.size, w.size))
    start = shorter // 2 if x.size < w.size else shorter - 1 - shorter // 2
    return _part(apply(_CONVOLVE, x, flip(w.conj() if is_complex(w) else w)), mode, longer, shorter, start)


def _vectors(name: str, a: Operand, v: Operand) -> tuple[Variable, Variable]:
    x, w = constant(a), constant(v)
    if x.ndim != 1 or w.ndim != 1:
        raise ValueError(f"{name}: takes two vectors, not shapes {x.shape} and {w.shape}")
    if not x.size or not w.size:
        raise ValueError(f"{name}: takes vectors that are not empty")
    return x, w


def _part(y: Variable, mode: str, longer: int, shorter: int, start: int) -> Variable:
    if mode == "full":
        return y
    if mode == "same":
        return between(y, 0, start, start + longer)
    if mode == "valid":
        return between(y, 0, shorter - 1, longer)
    raise ValueError(f'mode is "full", "same" or "valid", not {mode!r}')


def interp(
    x: Operand,
    xp: Operand | Sequence[float],
    fp: Operand | Sequence[float],
    left: Operand | None = None,
    right: Operand | None = None,
    period: float | None = None,
) -> Variable:
    """Straight lines through the points (xp, fp), at x; before the first `left`, after the last `right`, or its value.

    x, fp, left and right get gradients; xp, which ascends, is a constant. dx is the slope; at a point the one to its
    right, so that it is 0 at the last. period: what is added to x without changing anything; xp need not ascend then.

    The result has the dtype of the operands together, where NumPy's is float64.
    Raises `ValueError` if xp and fp are not vectors of one length, `TypeError` if xp is to get a gradient.

    >>> interp(Variable(np.array([0.5, 2.0])), [0.0, 1.0], Variable(np.array([10.0, 20.0])))
    variable([15. 20.])
    """
    at, values, points = ordered("interp", x), _coordinates(fp), ordered("interp", _coordinates(xp))
    if points.requires_grad:
        raise TypeError("interp: xp is a constant here; give xp.data, or xp.detach()")
    knots = points.data
    if knots.ndim != 1 or values.shape != knots.shape or not knots.size:
        raise ValueError(f"interp: xp and fp are vectors of one length, not of shapes {knots.shape} and {values.shape}")
    if period is not None:
        if not period:
            raise ValueError("interp: a period is not 0")
        left = right = None
        length = abs(period)
        rest: Array = np.mod(at.data, length)
        at = at - at.detach() + rest
        folded: Array = np.mod(knots, length)
        order = np.argsort(folded, kind="stable")
        folded, values = folded[order], values[order]
        parts: list[Array] = [folded[-1:] - length, folded, folded[:1] + length]
        knots = np.concatenate(parts)
        values = concatenate([values[-1:], values, values[:1]])
    first: np.float64 = knots[0]
    last: np.float64 = knots[-1]
    below: Mask = at.data < first
    above: Mask = at.data > last
    end = where(below, values[0] if left is None else left, values[-1])
    end = end if right is None else where(above, right, end)
    if knots.size == 1:
        return end
    outside: Mask = below | (at.data >= last)
    inner = where(outside, first, at)
    found: Positions = np.searchsorted(knots, inner.data, "right") - 1
    i: Positions = np.clip(found, 0, knots.size - 2)
    width = knots[i + 1] - knots[i]
    width = np.where(width > 0, width, 1.0)
    return where(outside, end, (values[i + 1] - values[i]) / width * (inner - knots[i]) + values[i])
