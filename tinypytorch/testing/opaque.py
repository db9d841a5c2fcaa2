"""Floor 6: a function of Variables as one instruction of a program. Imports floors 1 to 4."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.compat import override
from tinypytorch.core.config import no_grad
from tinypytorch.core.gradients import gradients
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
