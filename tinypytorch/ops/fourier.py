"""Floor 2: discrete Fourier transforms along axes, as `numpy.fft` has them. Imports `arrays`, `function`.

Lengths stay as they are: to cut and to fill up with zeros are ops of their own. The matrix of the transform is
symmetric, so that under the pairing Re(sum(g dx)), without a conjugate, it is its own adjoint, scale and all.
Source: Briggs & Henson, The DFT: an owner's manual for the discrete Fourier transform (1995), chapters 2 and 4.
"""

from __future__ import annotations

from operator import attrgetter
from typing import ClassVar, Final, Literal, Protocol, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Shape, normalize_axis
from tinypytorch.function import Case, Function, Spec, T, lift, value
from tinypytorch.ops import ufuncs as u

Norm: TypeAlias = Literal["backward", "ortho", "forward"]

# Scaled by 1/n in the other direction: what scales a transform without a conjugate like its adjoint.
SWAPPED: Final[dict[Norm, Norm]] = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


class _Along(Protocol):
    def __call__(self, a: Array, s: None, axes: tuple[int, ...], norm: str, /) -> Array: ...


class _Line(Protocol):
    def __call__(self, a: Array, n: int, axis: int, norm: str, /) -> Array: ...


class _Find(Protocol):
    def __call__(self, module: object, /) -> _Along: ...


class _FindLine(Protocol):
    def __call__(self, module: object, /) -> _Line: ...


# `numpy.fft` is loaded when a transform is computed. `attrgetter` gives `Any`: NumPy's stubs know only its own dtypes.
_fftn: _Find = attrgetter("fft.fftn")
_ifftn: _Find = attrgetter("fft.ifftn")
_rfft: _FindLine = attrgetter("fft.rfft")
_irfft: _FindLine = attrgetter("fft.irfft")


def _cases(made: tuple[tuple[Function, Shape], ...], imaginary: bool = False) -> tuple[Case, ...]:
    return tuple(Case(op, (shape,), imaginary) for op, shape in made)


@value
class Fourier:
    """y[k] = sum over m of x[m] exp(-2 pi i k m / n) along each of the axes; +2 pi i for the inverse. Self-adjoint.

    norm: in which direction the sum is divided by n ("backward": in the inverse), or by its root in both ("ortho").
    """

    axes: tuple[int, ...] = (-1,)
    inverse: bool = False
    norm: Norm = "backward"
    spec: ClassVar[Spec] = Spec(
        takes="axes of at least one entry",
        cases=lambda: _cases(
            (
                (Fourier(), (3,)),
                (Fourier((0,), True), (4, 2)),
                (Fourier((-1, 0), False, "ortho"), (2, 3)),
                (Fourier((1,), True, "forward"), (2, 3)),
            ),
            True,
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, x: Array, /) -> Array:
        return (_ifftn if self.inverse else _fftn)(np)(x, None, self.axes, self.norm)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift(self, gy)


@value
class RealFourier:
    """The first n // 2 + 1 entries of the transform of real numbers along an axis of length n.

    Its adjoint is Re(sum over k of g[k] exp(-2 pi i k m / n)) over these entries, which `HalfFourier` computes from
    conj(g), where it counts those twice of which the other half holds a conjugate.
    """

    axis: int = -1
    norm: Norm = "backward"
    spec: ClassVar[Spec] = Spec(
        takes="an axis of at least one entry, and real numbers",
        cases=lambda: _cases(
            (
                (RealFourier(), (4,)),
                (RealFourier(), (5,)),
                (RealFourier(0, "ortho"), (3, 2)),
                (RealFourier(-1, "forward"), (2, 2)),
                (RealFourier(), (1,)),
            )
        ),
        linear=True,
    )

    def forward(self, x: Array, /) -> Array:
        return _rfft(np)(x, x.shape[self.axis], self.axis, self.norm)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        shape: Shape = x.shape
        n = shape[self.axis]
        once = u.conjugate(gy) * (1.0 / _counts(n, self.axis, x))
        return lift(HalfFourier(n, self.axis, SWAPPED[self.norm]), once)


@value
class HalfFourier:
    """The inverse transform, of length n, of which the axis holds the first n // 2 + 1 entries: real numbers.

    The entries of the other half are conjugates of these, so that all but the first, and for even n the last, count
    twice; of those the imaginary parts are not used.
    """

    n: int = 4
    axis: int = -1
    norm: Norm = "backward"
    spec: ClassVar[Spec] = Spec(
        takes="an axis of n // 2 + 1 entries",
        cases=lambda: _cases(
            (
                (HalfFourier(), (3,)),
                (HalfFourier(5), (3,)),
                (HalfFourier(3, 0, "ortho"), (2, 2)),
                (HalfFourier(2, -1, "forward"), (2, 2)),
                (HalfFourier(1), (1,)),
            ),
            True,
        ),
        numbers="complex",
        linear=True,
    )

    def forward(self, x: Array, /) -> Array:
        shape: Shape = x.shape
        if shape[self.axis] != self.n // 2 + 1:
            raise ValueError(f"axis {self.axis} has {shape[self.axis]} entries, not {self.n // 2 + 1}")
        return _irfft(np)(x, self.n, self.axis, self.norm)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        half = lift(RealFourier(self.axis, SWAPPED[self.norm]), gy)
        return u.conjugate(half) * _counts(self.n, self.axis, y)


def _counts(n: int, axis: int, like: T) -> Array:
    """How often each of the first n // 2 + 1 entries stands among n: 2, but 1 at its ends; in the dtype of `like`."""
    counts = np.full(n // 2 + 1, 2.0, like.dtype)
    counts[0] = 1.0
    if n % 2 == 0:
        counts[-1] = 1.0
    ndim: int = like.ndim
    return counts.reshape((-1, *(1,) * (ndim - 1 - normalize_axis(axis, ndim))))
