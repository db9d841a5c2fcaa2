"""Floor 5: discrete Fourier transforms on Variables, by the names and signatures of `numpy.fft`. Imports floors 1 to 4.

>>> import numpy as np
>>> from tinypytorch import Variable
>>> x = Variable(np.array([1.0, 2.0, 3.0, 4.0]))
>>> y = abs(rfft(x)) ** 2
>>> y[1].backward()
>>> y, x.grad
(variable([100.   8.   4.]), array([-4., -4.,  4.,  4.]))

`n` and `s` say how many entries are used along an axis: more than there are is zeros behind them, fewer cuts the rest
off (-1 in `s` is all there are). `norm` is in which direction the sum is divided by n: "backward" (None), "forward", or
by its root in both, "ortho". The transforms of float32 are complex64, as in NumPy.

Each transform is linear; its rule is a transform of the same family (see `tinypytorch.ops.fourier`), at every order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinypytorch.arrays import Array, Slice, along, normalize_axis
from tinypytorch.core.apply import constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions.rearranging import roll
from tinypytorch.ops.fourier import SWAPPED, Fourier, HalfFourier, Norm, RealFourier
from tinypytorch.ops.indexing import PutAdd

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "irfft",
    "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip


def fft(a: Operand, n: int | None = None, axis: int = -1, norm: Norm | None = None) -> Variable:
    """y[k] = sum over m of a[m] exp(-2 pi i k m / n) along `axis`. da = the same transform of g.

    >>> fft(Variable(np.array([1.0, 0.0, 0.0])))
    variable([1.+0.j 1.+0.j 1.+0.j])
    """
    return _transform("fft", a, n, axis, norm, False)


def ifft(a: Operand, n: int | None = None, axis: int = -1, norm: Norm | None = None) -> Variable:
    """The inverse of `fft`. da = the same transform of g.

    >>> ifft(fft(Variable(np.array([1.0, 2.0, 3.0])))).real
    variable([1. 2. 3.])
    """
    return _transform("ifft", a, n, axis, norm, True)


def rfft(a: Operand, n: int | None = None, axis: int = -1, norm: Norm | None = None) -> Variable:
    """The first n // 2 + 1 entries of `fft` of real numbers; the others are conjugates of these.

    Raises `TypeError` for complex numbers.

    >>> rfft(Variable(np.array([1.0, 0.0, 0.0])))
    variable([1.+0.j 1.+0.j])
    """
    x = _resized("rfft", constant(a), n, axis)
    return x.record(RealFourier(axis, _norm("rfft", norm)))


def irfft(a: Operand, n: int | None = None, axis: int = -1, norm: Norm | None = None) -> Variable:
    """The inverse of `rfft`: n real numbers, 2 (m - 1) by default for m entries of a.

    The imaginary part of a[0], and for even n that of a[n // 2], is not used: its gradient is 0.

    >>> irfft(rfft(Variable(np.array([1.0, 2.0, 4.0]))), 3)
    variable([1. 2. 4.])
    """
    x = constant(a)
    length = 2 * (x.shape[normalize_axis(axis, x.ndim)] - 1) if n is None else n
    _check("irfft", length)
    return _resized("irfft", x, length // 2 + 1, axis).record(HalfFourier(length, axis, _norm("irfft", norm)))


def hfft(a: Operand, n: int | None = None, axis: int = -1, norm: Norm | None = None) -> Variable:
    """The transform, n real numbers, of a Hermitian signal, of which a holds the first half.

    >>> hfft(Variable(np.array([1.0, 0.0])))
    variable([1. 1.])
    """
    return irfft(constant(a).conj(), n, axis, SWAPPED[_norm("hfft", norm)])


def ihfft(a: Operand, n: int | None = None, axis: int = -1, norm: Norm | None = None) -> Variable:
    """The inverse of `hfft`: the first half of a Hermitian signal whose transform is the real numbers a.

    >>> ihfft(Variable(np.array([1.0, 1.0])))
    variable([1.-0.j 0.-0.j])
    """
    return rfft(a, n, axis, SWAPPED[_norm("ihfft", norm)]).conj()


def fftn(
    a: Operand, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: Norm | None = None
) -> Variable:
    """`fft` along several axes: all by default, or the last ones for lengths `s` without `axes`.

    >>> fftn(Variable(np.eye(2)))
    variable([[2.+0.j 0.+0.j]
              [0.+0.j 2.+0.j]])
    """
    return _several("fftn", constant(a), s, axes, norm, False)


def ifftn(
    a: Operand, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: Norm | None = None
) -> Variable:
    """The inverse of `fftn`.

    >>> ifftn(Variable(np.array([[4.0, 0.0], [0.0, 0.0]])))[1, 1]
    variable((1+0j))
    """
    return _several("ifftn", constant(a), s, axes, norm, True)


def fft2(
    a: Operand, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1), norm: Norm | None = None
) -> Variable:
    """`fftn` along two axes, the last ones by default.

    >>> fft2(Variable(np.ones((2, 2))))[0, 0]
    variable((4+0j))
    """
    return _several("fft2", constant(a), s, axes, norm, False)


def ifft2(
    a: Operand, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1), norm: Norm | None = None
) -> Variable:
    """The inverse of `fft2`.

    >>> ifft2(Variable(np.ones((2, 2))))[0, 0]
    variable((1+0j))
    """
    return _several("ifft2", constant(a), s, axes, norm, True)


def rfftn(
    a: Operand, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: Norm | None = None
) -> Variable:
    """`rfft` along the last of the axes, then `fft` along the others.

    >>> rfftn(Variable(np.ones((2, 2))))
    variable([[4.+0.j 0.+0.j]
              [0.+0.j 0.+0.j]])
    """
    return _real_several("rfftn", a, s, axes, norm)


def irfftn(
    a: Operand, s: Sequence[int] | None = None, axes: Sequence[int] | None = None, norm: Norm | None = None
) -> Variable:
    """The inverse of `rfftn`: `ifft` along all axes but the last, then `irfft` along that one.

    >>> irfftn(rfftn(Variable(np.eye(2))))
    variable([[1. 0.]
              [0. 1.]])
    """
    return _half_several("irfftn", a, s, axes, norm)


def rfft2(
    a: Operand, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1), norm: Norm | None = None
) -> Variable:
    """`rfftn` along two axes, the last ones by default.

    >>> rfft2(Variable(np.ones((2, 2))))[0, 0]
    variable((4+0j))
    """
    return _real_several("rfft2", a, s, axes, norm)


def irfft2(
    a: Operand, s: Sequence[int] | None = None, axes: Sequence[int] = (-2, -1), norm: Norm | None = None
) -> Variable:
    """The inverse of `rfft2`.

    >>> irfft2(rfft2(Variable(np.eye(2))))[0]
    variable([1. 0.])
    """
    return _half_several("irfft2", a, s, axes, norm)


def fftshift(x: Operand, axes: int | Sequence[int] | None = None) -> Variable:
    """The entry of frequency zero moved to the middle, along all axes or those that are named.

    >>> fftshift(Variable(np.array([0.0, 1.0, 2.0, -2.0, -1.0])))
    variable([-2. -1.  0.  1.  2.])
    """
    return _shifted(constant(x), axes, 0)


def ifftshift(x: Operand, axes: int | Sequence[int] | None = None) -> Variable:
    """The inverse of `fftshift`, which differs from it for odd lengths.

    >>> ifftshift(Variable(np.array([-2.0, -1.0, 0.0, 1.0, 2.0])))
    variable([ 0.  1.  2. -2. -1.])
    """
    return _shifted(constant(x), axes, 1)


def fftfreq(n: int, d: float = 1.0) -> Array:
    """The frequencies of the entries of `fft`, as an array: those of `numpy.fft.fftfreq`.

    >>> fftfreq(4).tolist()
    [0.0, 0.25, -0.5, -0.25]
    """
    k: Array = np.arange(float(n))
    return np.where(k > (n - 1) // 2, k - n, k) * (1.0 / (n * d))


def rfftfreq(n: int, d: float = 1.0) -> Array:
    """The frequencies of the entries of `rfft`, as an array: those of `numpy.fft.rfftfreq`.

    >>> rfftfreq(4).tolist()
    [0.0, 0.25, 0.5]
    """
    k: Array = np.arange(float(n // 2 + 1))
    return k * (1.0 / (n * d))


def _norm(name: str, norm: Norm | None) -> Norm:
    if norm is None:
        return "backward"
    if norm not in SWAPPED:
        raise ValueError(f'{name}: norm is "backward", "ortho" or "forward", not {norm!r}')
    return norm


def _check(name: str, n: int) -> None:
    if n < 1:
        raise ValueError(f"{name}: a transform has at least one entry, not {n}")


def _resized(name: str, x: Variable, n: int | None, axis: int) -> Variable:
    """The first n entries along an axis, or all of them and zeros behind."""
    i = normalize_axis(axis, x.ndim)
    have = x.shape[i]
    wanted = have if n is None else n
    _check(name, wanted)
    if wanted == have:
        return x
    part: Slice = slice(0, min(have, wanted), None)
    if wanted < have:
        return x[along(i, part)]
    return x.record(PutAdd(along(i, part), (*x.shape[:i], wanted, *x.shape[i + 1 :])))


def _transform(name: str, a: Operand, n: int | None, axis: int, norm: Norm | None, inverse: bool) -> Variable:
    x = _resized(name, constant(a), n, axis)
    return x.record(Fourier((axis,), inverse, _norm(name, norm)))


def _places(
    name: str, x: Variable, s: Sequence[int] | None, axes: Sequence[int] | None
) -> tuple[list[int], list[int | None]]:
    """The axes, as non-negative numbers, and for each the length that is asked for; None for what there is."""
    if axes is None:
        axes = range(x.ndim) if s is None else range(x.ndim - len(s), x.ndim)
    found = [normalize_axis(i, x.ndim) for i in axes]
    if s is None:
        return found, [None] * len(found)
    if len(s) != len(found):
        raise ValueError(f"{name}: {len(s)} lengths for {len(found)} axes; give one for each")
    return found, [None if n == -1 else n for n in s]


def _several(
    name: str, x: Variable, s: Sequence[int] | None, axes: Sequence[int] | None, norm: Norm | None, inverse: bool
) -> Variable:
    found, lengths = _places(name, x, s, axes)
    for i, n in zip(found, lengths, strict=True):
        x = _resized(name, x, n, i)
    if len(set(found)) == len(found):
        return x.record(Fourier(tuple(found), inverse, _norm(name, norm)))
    for i in reversed(found):  # an axis that is named twice is transformed twice
        x = x.record(Fourier((i,), inverse, _norm(name, norm)))
    return x


def _real_several(
    name: str, a: Operand, s: Sequence[int] | None, axes: Sequence[int] | None, norm: Norm | None
) -> Variable:
    x = constant(a)
    found, lengths = _last(name, *_places(name, x, s, axes))
    y = rfft(x, lengths[-1], found[-1], norm)
    return _several(name, y, _lengths(y, found[:-1], lengths[:-1]), found[:-1], norm, False) if found[1:] else y


def _half_several(
    name: str, a: Operand, s: Sequence[int] | None, axes: Sequence[int] | None, norm: Norm | None
) -> Variable:
    x = constant(a)
    found, lengths = _last(name, *_places(name, x, s, axes))
    if found[1:]:
        x = _several(name, x, _lengths(x, found[:-1], lengths[:-1]), found[:-1], norm, True)
    return irfft(x, lengths[-1], found[-1], norm)


def _last(name: str, found: list[int], lengths: list[int | None]) -> tuple[list[int], list[int | None]]:
    if not found:
        raise ValueError(f"{name}: needs at least one axis")
    return found, lengths


def _lengths(x: Variable, axes: Sequence[int], lengths: Sequence[int | None]) -> list[int]:
    return [x.shape[i] if n is None else n for i, n in zip(axes, lengths, strict=True)]


def _shifted(x: Variable, axes: int | Sequence[int] | None, up: int) -> Variable:
    """Every axis rolled by half of its length, forth (0) or back (1)."""
    given = range(x.ndim) if axes is None else (axes,) if isinstance(axes, int) else axes
    found = tuple(normalize_axis(i, x.ndim) for i in given)
    shifts = tuple(-(x.shape[i] // 2) if up else x.shape[i] // 2 for i in found)
    return roll(x, shifts, found) if found else x
