"""Floor 6: discrete Fourier transforms of dual numbers, by the sums that they are. Imports `dual`, `plane` and NumPy.

`elements.Elements` answers NumPy's functions of these names with them: slow, and nothing to do with NumPy's own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tinypytorch.testing.numbers.dual import Dual
from tinypytorch.testing.numbers.kinds import Kind, R
from tinypytorch.testing.numbers.plane import Plane

Objects: TypeAlias = NDArray[np.object_]
Number: TypeAlias = Dual[float] | Plane[float]


def _along(x: Objects, axis: int, line: Callable[[list[Number]], list[Number]]) -> Objects:
    """A function of every line along an axis."""
    moved = np.moveaxis(x, axis, -1)
    lines: list[list[Number]] = moved.reshape(-1, moved.shape[-1]).tolist()
    made = [line(entries) for entries in lines]
    found = np.empty((len(made), len(made[0]) if made else 0), object)
    for n, entries in enumerate(made):
        found[n] = entries
    return np.moveaxis(found.reshape((*moved.shape[:-1], found.shape[1])), -1, axis)


def _kind_of(x: Number) -> Kind[float]:
    return x.kind if isinstance(x, Dual) else x.real.kind


def _root(k: int, n: int, kind: Kind[R]) -> Plane[R]:
    """exp(2 pi i k / n), as good as the kind has it."""
    number, functions = kind.number, kind.functions
    zero = number(0.0)
    quarters = (4 * k) % (4 * n)
    if quarters % n == 0:
        exact = ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0))[quarters // n]
        return Plane(*(Dual(number(part), zero, kind) for part in exact))
    t = functions["arctan"](number(1.0)) * number(8.0 * (k % n)) / number(float(n))
    return Plane(Dual(functions["cos"](t), zero, kind), Dual(functions["sin"](t), zero, kind))


def _scale(n: int, inverse: bool, norm: object, kind: Kind[float]) -> Dual[float]:
    """What a sum over n entries is multiplied by."""
    number = kind.number
    one = number(1.0)
    if norm == "ortho":
        one = one / kind.functions["sqrt"](number(float(n)))
    elif inverse == (norm in (None, "backward")):
        one = one / number(float(n))
    return Dual(one, number(0.0), kind)


def _sum(x: Sequence[Number], k: int, sign: int) -> Number:
    n = len(x)
    total: Number = x[0] * 1.0
    for m in range(1, n):
        total = x[m] * _root(sign * k * m, n, _kind_of(x[0])) + total
    return total


def _transform(x: Objects, axes: Sequence[int], norm: object, inverse: bool) -> Objects:
    def line(entries: list[Number]) -> list[Number]:
        scale = _scale(len(entries), inverse, norm, _kind_of(entries[0]))
        return [_complex(_sum(entries, k, 1 if inverse else -1)) * scale for k in range(len(entries))]

    for axis in axes:
        x = _along(x, axis, line)
    return x


def _complex(x: Number) -> Plane[float]:
    return Plane(x, x * 0.0) if isinstance(x, Dual) else x


def fftn(x: Objects, s: int | None, axes: int | tuple[int, ...], norm: str, /) -> Objects:
    """As `numpy.fft.fftn`."""
    return _transform(x, _several(axes), norm, False)


def ifftn(x: Objects, s: int | None, axes: int | tuple[int, ...], norm: str, /) -> Objects:
    """As `numpy.fft.ifftn`."""
    return _transform(x, _several(axes), norm, True)


def rfft(x: Objects, n: int | None, axis: int | tuple[int, ...], norm: str, /) -> Objects:
    """As `numpy.fft.rfft`."""
    (at,) = _several(axis)
    return _along(_transform(x, (at,), norm, False), at, lambda line: line[: len(line) // 2 + 1])


def irfft(x: Objects, n: int | None, axis: int | tuple[int, ...], norm: str, /) -> Objects:
    """As `numpy.fft.irfft`: the other half are conjugates, and what is its own conjugate is real."""
    (at,) = _several(axis)

    def whole(line: list[Number]) -> list[Number]:
        half = [_complex(entry) for entry in line]
        length = 2 * (len(half) - 1) if n is None else n
        made: list[Number] = []
        for k in range(length):
            z = half[k] if 2 * k <= length else half[length - k].conjugate()
            made.append(z.real if k == 0 or 2 * k == length else z)
        return made

    def real(line: list[Number]) -> list[Number]:
        return [_complex(entry).real for entry in line]

    return _along(_transform(_along(x, at, whole), (at,), norm, True), at, real)


def _several(axes: int | tuple[int, ...]) -> tuple[int, ...]:
    return axes if isinstance(axes, tuple) else (axes,)


Transform: TypeAlias = Callable[[Objects, int | None, int | tuple[int, ...], str], Objects]
TRANSFORMS: Final[dict[str, Transform]] = {"fftn": fftn, "ifftn": ifftn, "rfft": rfft, "irfft": irfft}
