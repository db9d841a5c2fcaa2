"""Floor 2: the convolution of vectors. Imports `arrays` and `function`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinypytorch.arrays import Array, Slice
from tinypytorch.function import Case, Spec, T, join, value

_BACKWARDS: Slice = slice(None, None, -1)


@value
class Convolve:
    """y[n] = sum over m of a[m] b[n - m], for two vectors, wherever they overlap.

    The adjoint with respect to a is the correlation with b: convolution with b backwards, where they overlap entirely.
    """

    spec: ClassVar[Spec] = Spec(
        takes="two vectors that are not empty",
        cases=lambda: tuple(Case(Convolve(), shapes) for shapes in (((3,), (2,)), ((1,), (3,)), ((2,), (4,)))),
        holomorphic=True,
        multilinear=True,
    )

    def forward(self, /, *xs: Array) -> Array:
        a, b = xs
        return np.convolve(a, b)

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        a, b = xs
        n, m = a.size, b.size
        of_a: Slice = slice(m - 1, m - 1 + n, None)
        of_b: Slice = slice(n - 1, n - 1 + m, None)
        return (
            join(Convolve(), (gy, b[_BACKWARDS]))[of_a] if needs[0] else None,
            join(Convolve(), (gy, a[_BACKWARDS]))[of_b] if needs[1] else None,
        )
