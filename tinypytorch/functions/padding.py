"""Floor 4: entries put around an array. Imports floors 1 to 3 and other functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal, TypeAlias

import numpy as np

from tinypytorch.arrays import Mask, Positions, Slice
from tinypytorch.core.apply import constant
from tinypytorch.core.methods import places
from tinypytorch.core.nested import array_like
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.joining import in_dtype
from tinypytorch.functions.ranges import linspace
from tinypytorch.functions.rearranging import between, flip
from tinypytorch.functions.reductions import max as _max
from tinypytorch.functions.reductions import mean
from tinypytorch.functions.reductions import min as _min
from tinypytorch.functions.shaping import broadcast_to, concatenate
from tinypytorch.functions.statistics import median
from tinypytorch.ops.indexing import PutAdd

# How many entries to put around: everywhere, (before, after) of every axis, or that for each axis, or for those named.
Pairs: TypeAlias = int | Sequence[int] | Sequence[Sequence[int]]
Widths: TypeAlias = Pairs | Mapping[int, int | tuple[int, int]]
Constants: TypeAlias = Sequence[float] | Sequence[Sequence[float]]
_ALL: Final = 2**62
_REPEATING: Final = ("edge", "reflect", "symmetric", "wrap")
_STATISTICS: Final[dict[str, Callable[[Variable, int], Variable]]] = {
    "maximum": lambda y, i: _max(y, i, True),
    "mean": lambda y, i: mean(y, i, True),
    "median": lambda y, i: median(y, i, keepdims=True),
    "minimum": lambda y, i: _min(y, i, True),
}


def pad(
    x: Operand,
    pad_width: Widths,
    mode: Literal[
        "constant", "edge", "linear_ramp", "maximum", "mean", "median", "minimum", "reflect", "symmetric", "wrap"
    ] = "constant",
    *,
    constant_values: Operand | Constants | None = None,
    end_values: Operand | Constants | None = None,
    stat_length: Pairs | None = None,
) -> Variable:
    """x with `pad_width` entries around it: a number, (before, after), or such a pair for each axis.

    mode: "constant" (zeros, or constant_values, which broadcast as the widths do; a Variable gets its gradient),
        "edge" (the last entry), "reflect" (mirrored at the last entry), "symmetric" (at the edge), "wrap",
        "linear_ramp" (in equal steps to end_values, or 0), or the "maximum", "minimum", "mean" or "median" of the
        last stat_length entries (or of all) before that edge. The last five go along one axis after the other.

    The values are those of `np.pad`; its mode "empty", functions as modes and reflect_type are refused. Raises
    `ValueError` for negative widths, and where there is no entry to repeat.

    >>> x = Variable(np.array([1.0, 2.0, 4.5]))
    >>> pad(x, (1, 2), "reflect"), pad(x, (2, 1), "linear_ramp"), pad(x, 1, "mean")
    (variable([2.  1.  2.  4.5 2.  1. ]), variable([0.  0.5 1.  2.  4.5 0. ]), variable([2.5 1.  2.  4.5 2.5]))
    """
    y = constant(x)
    if mode not in ("constant", "linear_ramp", *_REPEATING, *_STATISTICS):
        known = ", ".join(("constant", "linear_ramp", *_REPEATING, *_STATISTICS))
        raise ValueError(f"pad: there is no rule for mode {mode!r}; it is one of {known}")
    for given, name, its in (
        (constant_values, "constant_values", ("constant",)),
        (end_values, "end_values", ("linear_ramp",)),
        (stat_length, "stat_length", _STATISTICS),
    ):
        if given is not None and mode not in its:
            raise TypeError(f"pad: mode {mode!r} takes no {name}")
    pairs = _pairs(pad_width, y.ndim)
    negative: Mask = pairs < 0
    if negative.any():
        raise ValueError(f"pad: widths are not negative: {pad_width}")
    if mode == "constant":
        return _constant(y, pairs, constant_values)
    if mode == "linear_ramp":
        return _ramps(y, pairs, 0.0 if end_values is None else end_values)
    if mode in _STATISTICS:
        return _statistics(y, pairs, mode, _pairs(_ALL if stat_length is None else stat_length, y.ndim))
    return y.flat[np.pad(np.arange(y.size).reshape(y.shape), pairs, mode)]


def _pairs(given: Widths, ndim: int) -> Positions:
    """Numbers before and after, for each axis."""
    if isinstance(given, Mapping):
        found: Positions = np.zeros((ndim, 2), np.int64)
        for axis, pair in given.items():
            found[axis] = pair
        return found
    return np.broadcast_to(places("pad", given), (ndim, 2))


def _constant(y: Variable, pairs: Positions, values: Operand | Constants | None) -> Variable:
    if values is None or (isinstance(values, (float, int)) and values == 0):
        starts: list[int] = pairs[:, 0].tolist()
        stops: list[int] = pairs[:, 1].tolist()
        inside: list[Slice] = []
        for start, n in zip(starts, y.shape, strict=True):
            part: Slice = slice(start, start + n, None)
            inside.append(part)
        shape = tuple(a + n + b for a, n, b in zip(starts, y.shape, stops, strict=True))
        return y.record(PutAdd(tuple(inside), shape))
    around = _around(values, y).flat
    outer = y.size + np.arange(2 * y.ndim).reshape(y.ndim, 2)
    inner: Positions = np.arange(y.size).reshape(y.shape)
    entries: Positions = np.pad(inner, pairs, constant_values=outer)
    return concatenate([y.flat, around])[entries]


def _around(values: Operand | Constants, y: Variable) -> Variable:
    """The values before and after, for each axis."""
    return in_dtype(broadcast_to(constant(array_like(values)), (y.ndim, 2)), y)


def _ramps(y: Variable, pairs: Positions, ends: Operand | Constants) -> Variable:
    around = _around(ends, y)
    widths: list[list[int]] = pairs.tolist()
    for i, (before, after) in enumerate(widths):
        first, last = (_edge(y, i, k) for k in (0, -1))
        ramps = [
            linspace(around[i, 0], first, before, False, axis=i),
            linspace(around[i, 1], last, after, False, axis=i),
        ]
        y = concatenate([in_dtype(ramps[0], y), y, in_dtype(flip(ramps[1], i), y)], i)
    return y


def _edge(y: Variable, i: int, k: int) -> Variable:
    """The first or the last entries along an axis, without it."""
    return between(y, i, k, k + 1 or None).squeeze(i)


def _statistics(y: Variable, pairs: Positions, mode: str, lengths: Positions) -> Variable:
    widths: list[list[int]] = pairs.tolist()
    asked: list[list[int]] = lengths.tolist()
    for i, (before, after) in enumerate(widths):
        n = y.shape[i]
        front, back = (min(length, n) for length in asked[i])
        if min(front, back) <= 0:
            raise ValueError(f"pad: there are no entries for mode {mode!r} along axis {i}")
        first = _STATISTICS[mode](between(y, i, None, front), i)
        last = first if front == back == n else _STATISTICS[mode](between(y, i, n - back, None), i)
        parts = [_repeated(first, i, before), y, _repeated(last, i, after)]
        y = concatenate(parts, i)
    return y


def _repeated(y: Variable, i: int, count: int) -> Variable:
    """An entry along an axis, so many times."""
    return broadcast_to(y, (*y.shape[:i], count, *y.shape[i + 1 :]))
