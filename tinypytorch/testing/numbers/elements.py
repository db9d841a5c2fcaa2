"""Floor 6: object arrays of dual numbers, and the bridge from arrays of floats. Imports `dual`, `kinds` and NumPy.

A plain object array of no dimensions turns into its element at the first operation, and a forward that then asks for
its shape fails. `Elements` stays an array. It also answers the few NumPy functions that have no loop for objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeGuard

import numpy as np

from tinypytorch.arrays import Array, is_array, is_numpy_scalar
from tinypytorch.compat import override
from tinypytorch.testing.numbers.dual import Dual, dual_kind
from tinypytorch.testing.numbers.kinds import Kind, NotRepresentableError, R
from tinypytorch.testing.numbers.pairs import PAIRS

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


class _Loop(Protocol):
    def __call__(self, *inputs: object, **kwargs: object) -> object: ...


class Elements(np.ndarray[tuple[int, ...], np.dtype[np.object_]]):
    """An object array of dual numbers."""

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
        return elements(result) if is_dual(result) or isinstance(result, (int, float)) else result


def is_tuple(x: object) -> TypeGuard[tuple[object, ...]]:
    """Whether x is a tuple (`isinstance` alone leaves the type of its parts unknown)."""
    return isinstance(x, tuple)


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
    doubles = x if x.dtype == np.float64 else x.astype(np.float64)
    if x.dtype.itemsize > doubles.dtype.itemsize and not np.array_equal(x, doubles, equal_nan=True):
        raise NotRepresentableError("a leaf in extended precision is between two doubles")
    return doubles.ravel().tolist()


def duals(x: Array, direction: Array, kind: Kind[R]) -> Elements:
    """The floats of `x` as dual numbers whose derivatives are the entries of `direction`."""
    number = kind.number
    moving = zip(floats(x), floats(direction), strict=True)
    result = np.empty(x.size, object)
    result[:] = [Dual(number(v), number(t), kind) for v, t in moving]
    return result.reshape(x.shape).view(Elements)


def nested(x: Array, v: Array, w: Array, kind: Kind[R]) -> Elements:
    """The floats of `x` as duals of duals: the inner derivatives are those along `v`, the outer ones along `w`."""
    outer, number = dual_kind(kind), kind.number
    result = np.empty(x.size, object)
    moving = zip(floats(x), floats(v), floats(w), strict=True)
    for i, (a, b, c) in enumerate(moving):
        result[i] = Dual(Dual(number(a), number(b), kind), Dual(number(c), number(0.0), kind), outer)
    return result.reshape(x.shape).view(Elements)


def constant(x: object, kind: Kind[R]) -> Dual[R]:
    """A number as a dual number without derivative."""
    if not isinstance(x, (int, float)):
        number: object = x.item() if is_numpy_scalar(x) else None
        if not isinstance(number, (int, float)):
            raise TypeError(f"a forward made {type(x).__name__} of dual numbers")
        x = number
    return Dual(kind.number(float(x)), kind.number(0.0), kind)


def settled(x: object, kind: Kind[R]) -> Elements:
    """`x` with every plain number in it made a dual number without derivative."""
    array = elements(x)
    entries: list[object] = array.ravel().tolist()
    plain = [i for i, entry in enumerate(entries) if type(entry) is not Dual]
    if plain:
        flat = array.reshape(-1).view(np.ndarray).copy()
        for i in plain:
            entry = entries[i]
            held: object = entry.item() if is_array(entry) else entry  # a 0-d array in an array
            flat[i] = held if is_dual(held) else constant(held, kind)
        array = flat.reshape(array.shape).view(Elements)
    return array
