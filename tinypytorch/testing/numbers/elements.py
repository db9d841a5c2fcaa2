"""Floor 6: object arrays of dual numbers, and the bridge from arrays of floats. Imports other files here, and NumPy.

A plain object array of no dimensions turns into its element at the first operation, and a forward that then asks for
its shape fails. `Elements` stays an array. It also answers the few NumPy functions that have no loop for objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol, TypeGuard

import numpy as np

from tinypytorch.arrays import Array, is_array, is_complex, is_numpy_scalar
from tinypytorch.compat import override
from tinypytorch.testing.numbers.dual import Dual, dual_kind, special
from tinypytorch.testing.numbers.fourier import TRANSFORMS
from tinypytorch.testing.numbers.kinds import Kind, NotRepresentableError, R
from tinypytorch.testing.numbers.matrices import answered, is_tuple
from tinypytorch.testing.numbers.pairs import PAIRS
from tinypytorch.testing.numbers.plane import Plane, is_plane, plane
from tinypytorch.testing.numbers.special import NAMES

# Questions that NumPy does not put to objects; here they are about the values.
_QUESTIONS: Final[dict[np.ufunc, Callable[[Dual[float]], bool]]] = {
    np.isfinite: lambda x: x > -np.inf and x < np.inf,  # an absolute value would meet a kink at 0
    np.isinf: lambda x: x == np.inf or x == -np.inf,
    np.isnan: lambda x: not x <= np.inf,
    np.signbit: lambda x: x < 0.0,
}


def _pair(ufunc: np.ufunc) -> Callable[[object, object], object]:
    """A ufunc as a function of two numbers, one of which is dual."""

    def on(a: object, b: object) -> object:
        like = a if is_dual(a) else b if is_dual(b) else None
        if like is None:
            raise TypeError(f"{ufunc.__name__} of no dual number")
        left, right = (x if is_dual(x) else constant(x, like.kind) for x in (a, b))
        return PAIRS[ufunc](left, right)

    return on


def _special(name: str) -> _Entries:
    """One of SciPy's functions, as one of numbers some of which are dual."""

    def on(*xs: object) -> object:
        like = next((x for x in xs if is_dual(x)), None)
        if like is None:
            raise TypeError(f"{name} of no dual number")
        return special(name, (0,) * len(xs), [x if is_dual(x) else constant(x, like.kind) for x in xs])

    return on


class _Entries(Protocol):
    def __call__(self, *xs: object) -> object: ...


class _Loop(Protocol):
    def __call__(self, *inputs: object, **kwargs: object) -> object: ...


class Elements(np.ndarray[tuple[int, ...], np.dtype[np.object_]]):
    """An object array of dual numbers, or of complex ones with dual parts."""

    if not TYPE_CHECKING:  # NumPy's stubs know no arrays of numbers like these

        @property
        def real(self):
            """The real parts: of NumPy's own object arrays, everything."""
            return real_parts(self)

        @property
        def imag(self):
            """The imaginary parts."""
            return imaginary_parts(self)

        def __array_function__(self, func, types, args, kwargs):
            """NumPy's functions as they are; `fft` and `linalg`, which know no objects, by other algorithms."""
            transform = TRANSFORMS.get(func.__name__) if func.__module__ == "numpy.fft" else None
            if transform is not None:
                return elements(transform(args[0].view(np.ndarray), *args[1:]))
            made = answered(func, [x.view(np.ndarray) if type(x) is Elements else x for x in args], kwargs)
            if made is None:
                return super().__array_function__(func, types, args, kwargs)
            return tuple(elements(x) for x in made) if is_tuple(made) else elements(made)

    @override
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: object, **kwargs: object) -> object:
        plain = [x.view(np.ndarray) if type(x) is Elements else x for x in inputs]
        if ufunc in _QUESTIONS and method == "__call__":
            asked = elements(inputs[0])
            entries: list[Dual[float]] = asked.ravel().tolist()
            return np.array([_QUESTIONS[ufunc](x) for x in entries], np.bool_).reshape(asked.shape)
        if ufunc in PAIRS and method == "__call__" and not kwargs:
            a, b = plain
            with np.errstate(all="ignore"):  # what the numbers say is enough
                made: object = np.frompyfunc(_pair(ufunc), 2, 1)(np.asarray(a, object), np.asarray(b, object))
            return elements(made)
        if ufunc.__name__ in NAMES and method == "__call__" and not kwargs:
            found: object = np.frompyfunc(_special(ufunc.__name__), len(plain), 1)(
                *(np.asarray(x, object) for x in plain)
            )
            return elements(found)
        if kwargs:
            out = kwargs.pop("out", None)
            if is_tuple(out) and is_array(out[0]):
                kwargs["out"] = out[0].view(np.ndarray)
        loop: _Loop = ufunc if method == "__call__" else getattr(ufunc, method)
        result = loop(*plain, **kwargs)
        if is_array(result):
            return result.view(Elements) if result.dtype.char == "O" else result
        if isinstance(result, bool):
            return np.bool_(result)
        return elements(result) if is_dual(result) or is_plane(result) or isinstance(result, (int, float)) else result


def real_parts(x: Elements) -> Elements:
    """The real parts of dual numbers and complex ones."""
    return _each(x, lambda entry: entry.real if is_plane(entry) else entry)


def imaginary_parts(x: Elements) -> Elements:
    """The imaginary parts likewise."""
    return _each(x, lambda entry: entry.imag if is_plane(entry) else entry * 0.0 if is_dual(entry) else 0.0)


def _each(x: Elements, part: Callable[[object], object]) -> Elements:
    """A function of every entry."""
    found = np.empty(x.size, object)
    entries: list[object] = x.ravel().tolist()
    found[:] = [part(entry) for entry in entries]
    return found.reshape(x.shape).view(Elements)


def is_dual(x: object) -> TypeGuard[Dual[float]]:
    """Whether x is a dual number, of whatever kind."""
    return isinstance(x, Dual)


def elements(x: object) -> Elements:
    """Whatever a forward made of dual numbers, as an array of them."""
    if type(x) is Elements:
        return x
    if is_array(x):
        return (x if x.dtype.char == "O" else x.astype(object)).view(Elements)
    single = np.empty((), object)
    single[()] = x
    return single.view(Elements)


def floats(x: Array) -> list[float]:
    """The entries of an array of whatever dtype, as floats; raises `NotRepresentableError` where they are none."""
    if is_complex(x):
        raise NotRepresentableError("dual numbers are real here")
    doubles = x if x.dtype == np.float64 else x.astype(np.float64)
    if x.dtype.itemsize > doubles.dtype.itemsize and not np.array_equal(x, doubles, equal_nan=True):
        raise NotRepresentableError("a leaf in extended precision is between two doubles")
    return doubles.ravel().tolist()


def duals(x: Array, direction: Array, kind: Kind[R]) -> Elements:
    """The floats of `x` as dual numbers whose derivatives are the entries of `direction`; complex ones by parts."""
    if is_complex(x):
        return _planes(duals(x.real, direction.real, kind), duals(x.imag, direction.imag, kind))
    number = kind.number
    moving = zip(floats(x), floats(direction), strict=True)
    result = np.empty(x.size, object)
    result[:] = [Dual(number(v), number(t), kind) for v, t in moving]
    return result.reshape(x.shape).view(Elements)


def nested(x: Array, v: Array, w: Array, kind: Kind[R]) -> Elements:
    """The floats of `x` as duals of duals: the inner derivatives are those along `v`, the outer ones along `w`."""
    if is_complex(x):
        return _planes(nested(x.real, v.real, w.real, kind), nested(x.imag, v.imag, w.imag, kind))
    outer, number = dual_kind(kind), kind.number
    result = np.empty(x.size, object)
    moving = zip(floats(x), floats(v), floats(w), strict=True)
    for i, (a, b, c) in enumerate(moving):
        result[i] = Dual(Dual(number(a), number(b), kind), Dual(number(c), number(0.0), kind), outer)
    return result.reshape(x.shape).view(Elements)


def _planes(real: Elements, imag: Elements) -> Elements:
    """Complex numbers of these parts."""
    found = np.empty(real.size, object)
    found[:] = [Plane(a, b) for a, b in zip(real.ravel().tolist(), imag.ravel().tolist(), strict=True)]
    return found.reshape(real.shape).view(Elements)


def constant(x: object, kind: Kind[R]) -> Dual[R]:
    """A number as a dual number without derivative."""
    if not isinstance(x, (int, float)):
        number: object = x.item() if is_numpy_scalar(x) else None
        if not isinstance(number, (int, float)):
            raise TypeError(f"a forward made {type(x).__name__} of dual numbers")
        x = number
    return Dual(kind.number(float(x)), kind.number(0.0), kind)


def still(x: object, kind: Kind[R]) -> Dual[R] | Plane[R]:
    """`constant`, of a complex number, too."""
    number: object = x.item() if is_numpy_scalar(x) else x
    return plane(number, 0.0, kind) if isinstance(number, complex) else constant(number, kind)


def settled(x: object, kind: Kind[R]) -> Elements:
    """`x` with every plain number in it made a dual number without derivative."""
    array = elements(x)
    entries: list[object] = array.ravel().tolist()
    plain = [i for i, entry in enumerate(entries) if type(entry) is not Dual and type(entry) is not Plane]
    if plain:
        flat = array.reshape(-1).view(np.ndarray).copy()
        for i in plain:
            entry = entries[i]
            held: object = entry.item() if is_array(entry) else entry  # a 0-d array in an array
            flat[i] = held if is_dual(held) or is_plane(held) else still(held, kind)
        array = flat.reshape(array.shape).view(Elements)
    return array
