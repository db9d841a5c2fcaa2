"""Floor 6: a function of Variables as one instruction of a program. Imports floors 1 to 4."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, numeric_array
from tinypytorch.compat import override
from tinypytorch.core.config import no_grad
from tinypytorch.core.gradients import gradients
from tinypytorch.core.hooks import is_served
from tinypytorch.core.variable import Variable
from tinypytorch.function import T


class _OfAny(Protocol):
    def __call__(self, /, *xs: Variable) -> Variable: ...


# A function of one to five Variables, or of any number, that gives one.
Traced: TypeAlias = (
    Callable[[Variable], Variable]
    | Callable[[Variable, Variable], Variable]
    | Callable[[Variable, Variable, Variable], Variable]
    | Callable[[Variable, Variable, Variable, Variable], Variable]
    | Callable[[Variable, Variable, Variable, Variable, Variable], Variable]
    | _OfAny
)


@dataclass(frozen=True, eq=False)
class Opaque:
    """A function as an op: its forward is the function itself; its rule, the engine's derivative."""

    function: Traced

    def __call__(self, /, *xs: Variable) -> Variable:
        """Call the function on as many Variables as it takes."""
        function: object = self.function
        if not callable(function):
            raise TypeError(f"{function!r} is no function")
        y: object = function(*xs)
        if not isinstance(y, Variable):
            raise TypeError(f"{self!r} gave {type(y).__name__}, not a Variable")
        return y

    def forward(self, /, *xs: Array) -> Array:
        """The function's value, as an array."""
        with no_grad():
            return self(*(Variable(np.array(x)) for x in xs)).data

    def told_apart(self, *xs: Array) -> str:
        """Where plain arrays give another value than Variables, in words.

        Empty if they give the same, and of a function that does not take arrays, or gives none.
        """
        if not is_served(self.function):
            return ""
        try:
            y = self.function(*(np.array(x) for x in xs))
            values = numeric_array(y.data if isinstance(y, Variable) else y)
        except Exception:  # whatever it is: the function is for Variables
            return ""
        if values is None:
            return ""
        expected = self.forward(*xs)
        if values.shape != expected.shape:
            return f"the shape is {expected.shape} for Variables, {values.shape} for plain arrays of the same values"
        size = float(np.abs(expected).max(initial=0.0, where=np.isfinite(expected)))
        same = np.isclose(values, expected, rtol=1e-6, atol=1e-9 * size, equal_nan=True)
        if same.all():
            return ""
        at = tuple(int(n) for n in np.argwhere(~same)[0])
        place = f"entry {at} is" if at else "it gives"
        return f"{place} {expected[at]} for Variables, {values[at]} for plain arrays of the same values"

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        """A function has no rule: see `pulled`."""
        raise TypeError("a function has no rule of its own; the engine differentiates it")

    def pulled(self, gy: Array, xs: Sequence[Array]) -> list[Array]:
        """The engine's gradients of the function, weighted with gy."""
        variables = [Variable(np.array(x)) for x in xs]
        return [g.data for g in gradients(self(*variables), variables, gy, allow_unused=True)]

    @override
    def __repr__(self) -> str:
        name: object = getattr(self.function, "__name__", "function")
        return str(name)
