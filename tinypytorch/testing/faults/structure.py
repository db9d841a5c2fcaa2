"""Floor 6: wrong rules of ops that move, choose, reduce or multiply. Imports floors 1 and 2, and `fault`.

Left out, because nothing that is computed would change: `Transpose` with its permutation not inverted below three axes
(every one is its own inverse); `Keep` with another adjoint (it is its own); `Stack` by concatenation of views.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from tinypytorch.arrays import Array, Shape, Slice, along, normalize_axis
from tinypytorch.function import T, join, lift
from tinypytorch.ops import indexing as ix
from tinypytorch.ops import products as pr
from tinypytorch.ops import reductions as re
from tinypytorch.ops import selection as se
from tinypytorch.ops import shaping as sh
from tinypytorch.ops import ufuncs as u
from tinypytorch.testing.faults.fault import Fault, structural

# The right rules, from before any fault was planted.
_RIGHT_A = pr.MatMul.backward_a
_RIGHT_B = pr.MatMul.backward_b

_SPREAD: Final = "zero|must not|factor|differ|places|spread|same"


def _wide(g: T, shape: Shape) -> T:
    """Broadcast as NumPy does, without the axes put back first."""
    return lift(sh.BroadcastTo(shape), g)


def _sum_keepdims_lost(op: re.Sum, gy: T, y: T, x: T, /) -> T:
    shape: Shape = x.shape
    return _wide(gy, shape)


def _mean_by_size(op: re.Mean, gy: T, y: T, x: T, /) -> T:
    return re.spread(gy / float(max(x.size, 1)), x.shape, op.axis)


def _mean_divisor_missing(op: re.Mean, gy: T, y: T, x: T, /) -> T:
    return re.spread(gy, x.shape, op.axis)


def _mean_ddof(op: re.Mean, gy: T, y: T, x: T, /) -> T:
    shape: Shape = x.shape
    count = x.size // max(math.prod(1 if n == 0 else n for n in y.shape), 1)
    return re.spread(gy / float(max(count - 1, 1)), shape, op.axis)


def _everywhere(op: re.Max, gy: T, y: T, x: T, /) -> T:
    return re.spread(gy, x.shape, op.axis)


def _ties_in_full(op: re.Max, gy: T, y: T, x: T, /) -> T:
    tied = u.equal(x, re.restore(y, x.shape, op.axis))
    return lift(se.Keep(tied), re.spread(gy, x.shape, op.axis))


def _min_of_last(op: re.Min, gy: T, y: T, x: T, /) -> T:
    largest = u.equal(x, lift(re.Max(op.axis, keepdims=True), x))
    return lift(se.Keep(largest), re.spread(gy, x.shape, op.axis))


def _not_normalized(op: re.LogSumExp, gy: T, y: T, x: T, /) -> T:
    return re.spread(gy, x.shape, op.axis) * u.exp(x)


def _softmax_diagonal(op: re.Softmax, gy: T, y: T, x: T, /) -> T:
    return gy * y * (1.0 - y)


def _softmax_all_axes(op: re.Softmax, gy: T, y: T, x: T, /) -> T:
    return y * (gy - lift(re.Sum(), gy * y))


def _softmax_sign(op: re.Softmax, gy: T, y: T, x: T, /) -> T:
    return y * (gy + lift(re.Sum(op.axis, keepdims=True), gy * y))


def _not_inverted(op: sh.Transpose, gy: T, y: T, x: T, /) -> T:
    return gy.T if op.axes is None else gy.transpose(op.axes)


def _fortran(op: sh.Reshape, gy: T, y: T, x: T, /) -> T:
    shape: Shape = x.shape
    return gy.T.reshape(shape[::-1]).T


def _first_of_each(op: sh.BroadcastTo, gy: T, y: T, x: T, /) -> T:
    """The first of the entries that were copied, instead of their sum."""
    shape: Shape = x.shape
    grown: Shape = gy.shape
    if 0 in grown:
        return lift(sh.SumTo(shape), gy)
    firsts: list[int | Slice] = [0 for _ in grown[: len(grown) - len(shape)]]
    firsts += [slice(0, n, None) for n in shape]
    return gy[tuple(firsts)]


def _crash_on_nothing(op: sh.SumTo, gy: T, y: T, x: T, /) -> T:
    if x.size == 0:
        raise IndexError("index 0 is out of bounds")
    return lift(sh.BroadcastTo(x.shape), gy)


def _twice(op: sh.SumTo, gy: T, y: T, x: T, /) -> T:
    return lift(sh.BroadcastTo(x.shape), gy + gy)


def _offsets(op: sh.Concatenate, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
    """Every operand gets the slice at the beginning."""
    axis = normalize_axis(op.axis, gy.ndim)
    found: list[T | None] = []
    for x in xs:
        shape: Shape = x.shape
        part: Slice = slice(0, shape[axis], None)
        found.append(gy[along(axis, part)])
    return tuple(found)


def _stack_reversed(op: sh.Stack, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
    axis = normalize_axis(op.axis, gy.ndim)
    return tuple(gy[along(axis, len(xs) - 1 - i)] for i in range(len(xs)))


def _split_swapped(
    op: sh.Split, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
) -> tuple[T | None, ...]:
    return (join(sh.Concatenate(op.axis), gys[::-1]),)


def _rounded_cast(op: sh.AsType, gy: T, y: T, x: T, /) -> T:
    return lift(sh.AsType(x.dtype.str), lift(sh.AsType("float32"), gy))


def _assign(op: ix.PutAdd, x: Array, /) -> Array:
    y = np.zeros(op.shape, x.dtype)
    y[op.index] = x
    return y


def _everything(op: ix.GetItem, gy: T, y: T, x: T, /) -> T:
    """Every entry gets the sum, also those that were not taken."""
    return x * 0.0 + lift(re.Sum(), gy)


def _get_shifted(op: ix.PutAdd, gy: T, y: T, x: T, /) -> T:
    taken = gy[op.index]
    back: Slice = slice(None, None, -1)
    return taken[(..., back)] if taken.ndim else taken


def _where_swapped(op: se.Where, gy: T, y: T, a: T, b: T, /) -> T:
    return lift(se.Keep(~op.condition), gy)


def _where_both(op: se.Where, gy: T, y: T, a: T, b: T, /) -> T:
    return gy


def _keep_all(op: se.Keep, gy: T, y: T, x: T, /) -> T:
    return gy


def _transpose_missing(op: pr.MatMul, gy: T, y: T, a: T, b: T, /) -> T:
    return _RIGHT_A(op, gy, y, a, b) if b.ndim == 1 or a.ndim == 1 else gy @ b


def _transpose_missing_if_square(op: pr.MatMul, gy: T, y: T, a: T, b: T, /) -> T:
    square = a.ndim == 2 and b.ndim == 2 and a.shape == b.shape == y.shape
    return gy @ b if square else _RIGHT_A(op, gy, y, a, b)


def _wrong_order(op: pr.MatMul, gy: T, y: T, a: T, b: T, /) -> T:
    return gy @ a.mT if a.ndim == 2 and b.ndim == 2 else _RIGHT_B(op, gy, y, a, b)


def _first_of_stack(op: pr.MatMul, gy: T, y: T, a: T, b: T, /) -> T:
    found = _RIGHT_B(op, gy, y, a, b)
    return found * 2.0 if a.ndim == 1 or b.ndim == 1 else found


def _summed(op: pr.MatMul, gy: T, y: T, a: T, b: T, /) -> T:
    return a * lift(re.Sum(), gy)


FAULTS: Final[tuple[Fault, ...]] = (
    structural("keepdims lost", re.Sum, "backward", _sum_keepdims_lost, "exception|" + _SPREAD),
    structural("divisor missing", re.Mean, "backward", _mean_divisor_missing, "factor"),
    structural("divisor is the size, whatever the axis", re.Mean, "backward", _mean_by_size, "factor"),
    structural("divisor off by one", re.Mean, "backward", _mean_ddof, "factor"),
    structural("all entries get the gradient", re.Max, "backward", _everywhere, "must not"),
    structural("ties each get the gradient in full", re.Max, "backward", _ties_in_full, ""),
    structural("goes to the largest", re.Min, "backward", _min_of_last, "zero|places|must not"),
    structural("softmax not normalized", re.LogSumExp, "backward", _not_normalized, "factor"),
    structural("diagonal only", re.Softmax, "backward", _softmax_diagonal, "zero"),
    structural("sum over all axes", re.Softmax, "backward", _softmax_all_axes, "must not"),
    structural("sign of the sum", re.Softmax, "backward", _softmax_sign, "sign|differ|must not"),
    structural("permutation not inverted", sh.Transpose, "backward", _not_inverted, "places|sum_to|reshape"),
    structural(
        "order of Fortran",
        sh.Reshape,
        "backward",
        _fortran,
        "places|order",
        entries=4,
        because="the two orders differ where two axes are longer than 1",
    ),
    structural("first copy instead of the sum", sh.BroadcastTo, "backward", _first_of_each, "zero|dropped"),
    structural("crashes on no entries", sh.SumTo, "backward", _crash_on_nothing, "exception", lone=False),
    structural("twice as much", sh.SumTo, "backward", _twice, "factor"),
    structural("offsets forgotten", sh.Concatenate, "backward_all", _offsets, "places|zero|swapped|must not"),
    structural("parts in reverse", sh.Stack, "backward_all", _stack_reversed, "swapped|places|zero"),
    structural("outputs swapped", sh.Split, "backward_all", _split_swapped, "places|sum_to|reshape|zero"),
    structural("rounded through float32", sh.AsType, "backward", _rounded_cast, ""),
    structural("assigns instead of adding", ix.PutAdd, "forward", _assign, "zero|places|dropped|differ"),
    structural("every entry gets the sum", ix.GetItem, "backward", _everything, "must not|" + _SPREAD),
    structural("taken in reverse", ix.PutAdd, "backward", _get_shifted, "places|zero|must not"),
    structural("branches swapped", se.Where, "backward_a", _where_swapped, "zero|swapped|other|dropped"),
    structural("both branches get it", se.Where, "backward_b", _where_both, "must not"),
    structural("mask ignored", se.Keep, "backward", _keep_all, "must not"),
    structural("transpose missing", pr.MatMul, "backward_a", _transpose_missing, "exception|places|sum_to|reshape"),
    structural(
        "transpose missing, square only",
        pr.MatMul,
        "backward_a",
        _transpose_missing_if_square,
        "places",
        entries=4,
        because="a square matrix of one entry is its own transpose",
    ),
    structural("wrong factor", pr.MatMul, "backward_b", _wrong_order, "exception|places|sum_to|differ|factor|zero"),
    structural("vectors counted twice", pr.MatMul, "backward_b", _first_of_stack, "factor"),
    structural("summed over the wrong axis", pr.MatMul, "backward_a", _summed, ""),
)
