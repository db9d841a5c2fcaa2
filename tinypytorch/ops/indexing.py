"""Floor 2: indexing and its adjoint. Imports `arrays`, `function` and `selection`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinypytorch.arrays import Array, Index, Mask, Positions, Shape, Slice, is_complex
from tinypytorch.function import Case, Spec, T, lift, value
from tinypytorch.ops.selection import Keep


def is_basic(index: Index) -> bool:
    """Whether the index only takes a view: integers, slices, None and Ellipsis, no entry twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return not any(hasattr(part, "dtype") for part in parts)


_EVERY_OTHER: Slice = slice(None, None, -2)
_REPEATED: Positions = np.arange(4) % 3


@value(eq=False)
class GetItem:
    """y = x[index], for every index NumPy takes. Arrays in the index are the op's own: nobody else may change them."""

    index: Index
    spec: ClassVar[Spec] = Spec(
        cases=lambda: (
            Case(GetItem(1), ((3, 2),)),
            Case(GetItem((_EVERY_OTHER, None, 0)), ((3, 2),)),
            Case(GetItem((..., -1)), ((2, 3, 2),)),
            Case(GetItem(_REPEATED), ((3, 2),)),
            Case(GetItem((_REPEATED.reshape(2, 2), _REPEATED[:2] - 1)), ((3, 4, 2),)),
            Case(GetItem((_EVERY_OTHER, _REPEATED)), ((3, 4),)),
            Case(GetItem((_REPEATED, None, _REPEATED)), ((3, 3),)),
            Case(GetItem(_REPEATED < 2), ((4, 2),)),
            Case(GetItem((_EVERY_OTHER, _REPEATED < 2)), ((2, 4),)),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, x: Array, /) -> Array:
        return x[self.index]

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift(PutAdd(self.index, x.shape), gy)


@value(eq=False)
class PutAdd:
    """y = zeros(shape), with x added in at `index`, once for every time an entry is named; the adjoint of `GetItem`."""

    index: Index
    shape: Shape
    spec: ClassVar[Spec] = Spec(
        cases=lambda: (
            Case(PutAdd(1, (3, 2)), ((2,),)),
            Case(PutAdd(_REPEATED, (3, 2)), ((4, 2),)),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, x: Array, /) -> Array:
        y = np.zeros(self.shape, x.dtype)
        if is_basic(self.index):
            y[self.index] = x
        else:
            positions = np.arange(y.size).reshape(self.shape)[self.index]
            np.add.at(y.reshape(-1), positions, x)
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy[self.index]


@value(eq=False)
class SetAt:
    """y = a, but with b at `index`; of several values for one entry the last one stays. The result has a's dtype."""

    index: Index
    spec: ClassVar[Spec] = Spec(
        takes="an array, and values in the shape that indexing it gives",
        cases=lambda: (
            Case(SetAt(1), ((3, 2), (2,))),
            Case(SetAt((_EVERY_OTHER, 0)), ((3, 2), (2,))),
            Case(SetAt(_REPEATED), ((3, 2), (4, 2))),
            Case(SetAt((_REPEATED, None, 1 - _REPEATED % 2)), ((3, 2), (4, 1))),
            Case(SetAt((_EVERY_OTHER, _REPEATED < 2)), ((3, 4), (2, 3))),
            Case(SetAt(()), ((), ())),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, a: Array, b: Array, /) -> Array:
        if is_complex(b) and not is_complex(a):
            raise TypeError("complex values do not fit into a real array; make it complex by astype")
        y = np.array(a)
        y[self.index] = b
        return y

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        kept: Mask = np.ones(a.shape, np.bool)
        kept[self.index] = False
        return lift(Keep(kept), gy)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        gb = gy[self.index]
        if is_basic(self.index):
            return gb
        # Which value is in each entry, and which values are in the entries that they were for.
        values = np.arange(b.size).reshape(b.shape)
        held: Positions = np.full(a.shape, -1)
        held[self.index] = values
        stayed: Mask = held[self.index] == values
        return lift(Keep(stayed), gb)
