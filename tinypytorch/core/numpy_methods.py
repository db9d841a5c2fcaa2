"""Floor 3: the methods of NumPy's arrays that are functions of a floor above, or constants. Imports `methods`.

Their parameters are NumPy's, by name and place. What writes into the array, or is about its memory, raises an
`AttributeError` that says what to do.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import methodcaller
from typing import TYPE_CHECKING, Final, Literal, NoReturn, Self

import numpy as np

from tinypytorch.arrays import Array, Axis, Mask, Positions, Precision
from tinypytorch.core.methods import ArrayMethods, Places, places
from tinypytorch.core.operators import Plain, value_of
from tinypytorch.ops.reductions import Max, Mean, Min
from tinypytorch.ops.rounding import Positive
from tinypytorch.ops.selection import Clip

_POSITIVE: Final = Positive()

_WRITES: Final = "it writes into the array, and results are new here; "
_MEMORY: Final = "it is about memory; take x.data"
# The methods and attributes of NumPy's arrays that there are not, and what to do.
REFUSED: Final = {
    "sort": f"{_WRITES}use np.sort(x)",
    "partition": f"{_WRITES}use np.partition(x, kth)",
    "fill": f"{_WRITES}use np.full_like(x, value)",
    "put": f"{_WRITES}use tinypytorch.at_set(x.ravel(), indices, values)",
    "resize": f"{_WRITES}use np.resize(x, shape)",
    "byteswap": _MEMORY,
    "setfield": f"{_WRITES}use tinypytorch.at_set(x, index, value)",
    "getfield": _MEMORY,
    "setflags": f"{_MEMORY}, or x.detach() for a constant",
    "view": "Variables share no memory; use x.astype(dtype), x.reshape(shape) or x[...]",
    **dict.fromkeys(("base", "ctypes", "flags", "strides", "tobytes"), _MEMORY),
    **dict.fromkeys(("dump", "dumps", "tofile"), "files hold no graph; take x.data"),
}


class NumpyMethods(ArrayMethods):
    """What `numpy.ndarray` does besides, by the same names."""

    __slots__ = ()

    def mean(
        self,
        axis: Axis = None,
        dtype: Precision | None = None,
        out: None = None,
        keepdims: bool = False,
        *,
        where: Mask | bool | None = None,
    ) -> Self:
        """The mean over `axis`, of the entries where `where` holds."""
        if dtype is out is where is None:
            return self.record(Mean(axis, keepdims))
        return self.answer("mean", axis, dtype, out, keepdims, where=where)

    def max(
        self,
        axis: Axis = None,
        out: None = None,
        keepdims: bool = False,
        initial: Self | Plain | None = None,
        where: Mask | bool | None = None,
    ) -> Self:
        """The largest entry over `axis`; tied entries share the gradient equally."""
        if out is initial is where is None:
            return self.record(Max(axis, keepdims))
        return self.answer("max", axis, out, keepdims, initial, where)

    def min(
        self,
        axis: Axis = None,
        out: None = None,
        keepdims: bool = False,
        initial: Self | Plain | None = None,
        where: Mask | bool | None = None,
    ) -> Self:
        """The smallest entry over `axis`; tied entries share the gradient equally."""
        if out is initial is where is None:
            return self.record(Min(axis, keepdims))
        return self.answer("min", axis, out, keepdims, initial, where)

    def prod(
        self,
        axis: Axis = None,
        dtype: Precision | None = None,
        out: None = None,
        keepdims: bool = False,
        *,
        initial: Self | Plain | None = None,
        where: Mask | bool | None = None,
    ) -> Self:
        """The product over `axis`, times `initial`, of the entries where `where` holds."""
        return self.answer("prod", axis, dtype, out, keepdims, initial, where)

    def cumsum(self, axis: int | None = None, dtype: Precision | None = None, out: None = None) -> Self:
        """The sums of the entries up to each, along `axis`; with None, of all entries in C order."""
        return self.answer("cumsum", axis, dtype, out)

    def cumprod(self, axis: int | None = None, dtype: Precision | None = None, out: None = None) -> Self:
        """The products of the entries up to each, along `axis`; with None, of all entries in C order."""
        return self.answer("cumprod", axis, dtype, out)

    def var(
        self,
        axis: Axis = None,
        dtype: Precision | None = None,
        out: None = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        where: Mask | bool | None = None,
        mean: Self | Plain | None = None,
        correction: float | None = None,
    ) -> Self:
        """The mean over `axis` of the squared distances from the mean; see `tinypytorch.var`."""
        return self.answer("var", axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction)

    def std(
        self,
        axis: Axis = None,
        dtype: Precision | None = None,
        out: None = None,
        ddof: float = 0,
        keepdims: bool = False,
        *,
        where: Mask | bool | None = None,
        mean: Self | Plain | None = None,
        correction: float | None = None,
    ) -> Self:
        """The square root of `var`; see `tinypytorch.std`."""
        return self.answer("std", axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction)

    def clip(
        self,
        low: Self | Plain | None = None,
        high: Self | Plain | None = None,
        out: None = None,
        *,
        min: Self | Plain | None = None,
        max: Self | Plain | None = None,
    ) -> Self:
        """The values limited to [low, high]; at a bound itself that is a number the gradient passes.

        NumPy calls the bounds `min` and `max`. Arrays and Variables as bounds: see `tinypytorch.clip`.
        """
        low, high = low if min is None else min, high if max is None else max
        if (
            (low is None or isinstance(low, float | int))
            and (high is None or isinstance(high, float | int))
            and out is None
        ):
            return self.record(Clip(low, high))
        return self.answer("clip", low, high, out)

    def compress(self, condition: Mask | Sequence[bool], axis: int | None = None, out: None = None) -> Self:
        """The entries along `axis`, or of all in C order, for which `condition`, a vector, holds."""
        given = value_of(condition)
        if given.ndim != 1:
            raise ValueError(f"compress: the condition is a vector, not of shape {given.shape}")
        if out is not None:
            raise TypeError("compress takes no out: results are new; assign the result")
        return self.take(np.flatnonzero(given), axis)

    def choose(
        self,
        choices: Sequence[Self | Plain] | Self,
        out: None = None,
        mode: Literal["raise", "wrap", "clip"] = "raise",
    ) -> Self:
        """From choice number x, for each entry of these integers, the entry at the same place."""
        return self.answer("choose", choices, out, mode)

    def copy(self, order: Literal["C", "F", "A", "K"] = "C") -> Self:
        """The same values in an array of their own, with their gradient. A Variable has no order in memory."""
        return self.record(_POSITIVE)

    # Constants.

    def round(self, decimals: int = 0) -> Array:
        """The values rounded to even, with so many digits behind the dot: an array."""
        y: Array = np.round(self.value(), decimals)
        return y

    def all(self, axis: Axis = None, out: None = None, keepdims: bool = False) -> Mask:
        """Whether all entries over `axis` are other than 0."""
        y: Mask = methodcaller("all", axis=axis, out=out, keepdims=keepdims)(self.value())
        return y

    def any(self, axis: Axis = None, out: None = None, keepdims: bool = False) -> Mask:
        """Whether an entry over `axis` is other than 0."""
        y: Mask = methodcaller("any", axis=axis, out=out, keepdims=keepdims)(self.value())
        return y

    def argmax(self, axis: int | None = None, out: None = None, *, keepdims: bool = False) -> Positions:
        """The index of the (first) largest entry along `axis`, or among all in C order."""
        y: Positions = methodcaller("argmax", axis, out, keepdims=keepdims)(self.value())
        return y

    def argmin(self, axis: int | None = None, out: None = None, *, keepdims: bool = False) -> Positions:
        """The index of the (first) smallest entry along `axis`, or among all in C order."""
        y: Positions = methodcaller("argmin", axis, out, keepdims=keepdims)(self.value())
        return y

    def argsort(
        self,
        axis: int | None = -1,
        kind: Literal["quicksort", "heapsort", "stable", "mergesort"] | None = None,
        *,
        stable: bool | None = None,
    ) -> Positions:
        """The indices that sort the entries along `axis`."""
        return np.argsort(self.value(), axis, kind, stable=stable)

    def argpartition(self, kth: Places, axis: int | None = -1) -> Positions:
        """The indices that place the entry at `kth` along `axis` where sorting would."""
        y: Positions = np.argpartition(self.value(), places("argpartition", kth), axis)
        return y

    def nonzero(self) -> tuple[Positions, ...]:
        """The indices of the entries other than 0, for each axis."""
        return np.nonzero(self.value())

    def searchsorted(
        self, v: Self | Plain, side: Literal["left", "right"] = "left", sorter: Positions | None = None
    ) -> Positions:
        """Where values belong in these sorted entries."""
        y: Positions = np.searchsorted(self.value(), value_of(v), side, sorter)
        return y

    def tolist(self) -> object:
        """The values as Python numbers, in lists as nested as there are axes."""
        values: object = self.value().tolist()
        return values

    @property
    def itemsize(self) -> int:
        """The bytes of an entry."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """The bytes of all entries."""
        return self.size * self.itemsize

    @property
    def device(self) -> str:
        """Where the data is: "cpu"."""
        return "cpu"

    def to_device(self, device: str, /) -> Self:
        """The array itself, for "cpu"; `ValueError` for any other device."""
        if device != "cpu":
            raise ValueError(f'to_device: arrays are on "cpu", not on {device!r}')
        return self

    if not TYPE_CHECKING:  # type checkers say themselves that this cannot be

        def __setitem__(self, index: object, value: object) -> None:
            """Say what there is instead."""
            raise TypeError(f"x[i] = v: {_WRITES}use x = tinypytorch.at_set(x, i, v), at_add or np.where")


class Missing:
    """A name of NumPy's arrays that there is not: an `AttributeError` that says what there is instead.

    In place of a `__getattr__`, with which CPython looks up every attribute of a Variable a slower way.
    """

    def __init__(self, name: str, reason: str) -> None:
        self._name: str = name
        self._reason: str = reason

    def __get__(self, x: object, owner: type[object]) -> NoReturn:
        """Say so."""
        text = f"{owner.__name__!r} object has no attribute {self._name!r}: {self._reason}"
        raise AttributeError(text, name=self._name, obj=owner if x is None else x)


for _name, _reason in REFUSED.items():
    setattr(NumpyMethods, _name, Missing(_name, _reason))
