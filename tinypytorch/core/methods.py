"""Floor 3: the methods of NumPy's arrays that move and choose entries, and the parts of complex numbers.

Imports `operators`, whose operators they use.

`ndarray.sort`, `put`, `fill` and others that write into the array have no counterpart: results are new.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Self, TypeAlias

import numpy as np

from tinypytorch.arrays import Axis, Mask, Positions, Whole, along, normalize_axes, normalize_axis, real_array
from tinypytorch.core.operators import MATMUL, ArrayOperators, Plain, value_of
from tinypytorch.ops.contractions import LETTERS, Einsum
from tinypytorch.ops.parts import Conj, Imag, Real
from tinypytorch.ops.shaping import BroadcastTo

_REAL, _IMAG, _CONJ = Real(), Imag(), Conj()

# Integers as they are given.
Places: TypeAlias = int | Sequence[int] | Sequence[Sequence[int]] | Whole | ArrayOperators


class ArrayMethods(ArrayOperators):
    """What moves and chooses entries, by the names of `numpy.ndarray`'s methods."""

    __slots__ = ()

    @property
    def real(self) -> Self:
        """The real part; of real data the same values."""
        return self.record(_REAL)

    @property
    def imag(self) -> Self:
        """The imaginary part; zeros of real data."""
        return self.record(_IMAG)

    def conj(self) -> Self:
        """The complex conjugate."""
        return self.record(_CONJ)

    def conjugate(self) -> Self:
        """The same as `conj`."""
        return self.record(_CONJ)

    def ravel(self, order: Literal["C", "F"] = "C") -> Self:
        """All entries along one axis, the last index running fastest ("C") or the first ("F")."""
        if order == "F":
            return self.T.flat
        if order != "C":
            raise ValueError(f'ravel: order is "C" or "F", not {order!r}: a Variable has no order in memory')
        return self.flat

    def flatten(self, order: Literal["C", "F"] = "C") -> Self:
        """The same as `ravel`."""
        return self.ravel(order)

    def squeeze(self, axis: Axis = None) -> Self:
        """The axes of length 1 taken out, or those of them that are named; `ValueError` for another length."""
        shape = self.shape
        axes = tuple(i for i, n in enumerate(shape) if n == 1) if axis is None else normalize_axes(axis, len(shape))
        if any(shape[i] != 1 for i in axes):
            raise ValueError(f"squeeze: axis {axis} of shape {shape} is not of length 1")
        return self.reshape(tuple(n for i, n in enumerate(shape) if i not in axes))

    def repeat(self, repeats: Places, axis: int | None = None) -> Self:
        """Each entry along `axis` (or each of all) as often as `repeats` says: one number, or one for each entry."""
        if axis is None:
            return self.flat.repeat(repeats, 0)
        i = normalize_axis(axis, self.ndim)
        counts = places("repeat", repeats)
        shape = self.shape
        negative: Mask = counts < 0
        if negative.any():
            raise ValueError("repeat: repeats are not negative")
        if counts.size != 1:
            if counts.shape != shape[i : i + 1]:
                raise ValueError(f"repeat: repeats of shape {counts.shape} for {shape[i]} entries along axis {i}")
            return self[along(i, np.repeat(np.arange(shape[i]), counts))]
        first: np.int64 = counts.reshape(-1)[0]
        count = int(first)
        wide = self.reshape((*shape[: i + 1], 1, *shape[i + 1 :]))
        wide = wide.record(BroadcastTo((*shape[: i + 1], count, *shape[i + 1 :])))
        return wide.reshape((*shape[:i], shape[i] * count, *shape[i + 1 :]))

    def take(
        self, indices: Places, axis: int | None = None, *, mode: Literal["raise", "wrap", "clip"] = "raise"
    ) -> Self:
        """The entries at `indices` along `axis`, or of all in C order; an entry taken twice gets both gradients.

        mode: what becomes of an index out of range: an error, what remains of it ("wrap"), the nearest one ("clip").
        """
        if axis is None:
            return self.flat.take(indices, 0, mode=mode)
        i = normalize_axis(axis, self.ndim)
        return self[along(i, within("take", places("take", indices), self.shape[i], mode))]

    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        """The entries whose indices along `axis1` and `axis2` differ by `offset`, along a new last axis."""
        i, j = normalize_axis(axis1, self.ndim), normalize_axis(axis2, self.ndim)
        if i == j:
            raise ValueError(f"diagonal: axis1 and axis2 are both {i}")
        rest = [k for k in range(self.ndim) if k not in (i, j)]
        count = max(min(self.shape[i] + min(offset, 0), self.shape[j] - max(offset, 0)), 0)
        rows, columns = np.arange(count) - min(offset, 0), np.arange(count) + max(offset, 0)
        return self.transpose([*rest, i, j])[(..., rows, columns)]

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        """The sum of the entries whose indices along `axis1` and `axis2` differ by `offset`."""
        return self.diagonal(offset, axis1, axis2).sum(-1)

    def dot(self, b: Self | Plain, /) -> Self:
        """The sum of products over the last axis, and the last but one of b (a vector's only one)."""
        n, m = self.ndim, value_of(b).ndim
        if not n or not m:
            return self * b
        if m <= 2:
            return self.combine(MATMUL, self, b)
        ours, theirs = LETTERS[:n], LETTERS[n : n + m - 2]
        summed, last = ours[-1], LETTERS[n + m]
        return self.record_all(Einsum(f"{ours},{theirs}{summed}{last}->{ours[:-1]}{theirs}{last}", True), b)


def places(name: str, given: object) -> Positions:
    """Integers (booleans count as 0 and 1) in an array that nobody else can change; `TypeError` for anything else."""
    values = given.value() if isinstance(given, ArrayOperators) else real_array(given)
    if values is None or (values.size and values.dtype.kind not in "iub"):
        raise TypeError(f"{name}: takes integers, not {given if values is None else values.dtype}")
    return np.array(values, np.int64)


def within(name: str, indices: Positions, n: int, mode: Literal["raise", "wrap", "clip"]) -> Positions:
    """The indices brought into range(n), if `mode` is not "raise": then what indexes says it."""
    if mode == "raise":
        return indices
    if mode not in ("wrap", "clip"):
        raise ValueError(f'{name}: mode is "raise", "wrap" or "clip", not {mode!r}')
    if not n:
        if indices.size:
            raise IndexError(f"{name}: there is nothing to take from")
        return indices
    inside: Positions = indices % n if mode == "wrap" else np.clip(indices, 0, n - 1)
    return inside
