"""What a library does in the benchmarks. A peer is imported when it is asked for: it may be absent.

To type checkers a library's tensors are arrays: their types are known to the library only, and change nothing here.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from operator import methodcaller
from types import ModuleType
from typing import Final, Protocol, TypeAlias

import numpy as np

from tinypytorch import Array

Arrays: TypeAlias = tuple[Array, ...]
Results: TypeAlias = tuple[object, ...]
# One piece of work: a value and gradients come out of it, in the library's own types.
Step: TypeAlias = Callable[[], Results]

# Called on what a loss gives, where the library differentiates by a method of it.
backward: Final = methodcaller("backward")


class AbsentError(Exception):
    """The library is not installed."""


def module(name: str) -> ModuleType:
    """The module of that name; raises `AbsentError` where there is none."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise AbsentError(f"{name} is not installed") from error


@dataclass(frozen=True)
class Functions:
    """The functions that workloads are written in; operators, slices and `T` are the same everywhere."""

    tanh: Callable[[Array], Array]
    square: Callable[[Array], Array]
    sum: Callable[[Array], Array]
    softmax: Callable[[Array], Array]


def functions(of: ModuleType, softmax: Callable[[Array], Array]) -> Functions:
    """The functions of a module that calls them as NumPy does."""
    return Functions(of.tanh, of.square, of.sum, softmax)


class Loss(Protocol):
    """What is computed: a number, from arrays of any library."""

    def __call__(self, f: Functions, /, *xs: Array) -> Array:
        """The value, in the functions of the library whose arrays these are."""
        ...


class Library:
    """A library as its users use it. Each method makes things ready, and gives the step that is repeated."""

    def __init__(self, key: str) -> None:
        self.key: str = key

    def fresh(self, loss: Loss, numbers: tuple[float, ...]) -> Step:
        """Value and gradients at these numbers, which are made variables in every step."""
        raise NotImplementedError

    def gradients(self, loss: Loss, parameters: Arrays, data: Arrays = ()) -> Step:
        """Value and gradients by the parameters, which live on from step to step, as in learning."""
        raise NotImplementedError

    def forward(self, loss: Loss, parameters: Arrays, data: Arrays) -> Step:
        """The value alone, where no gradient is wanted."""
        raise NotImplementedError

    def product(self, loss: Loss, x: Array, v: Array) -> Step:
        """The product of the Hessian at x with v."""
        raise NotImplementedError

    def array(self, result: object) -> Array:
        """One of a step's results, as an array."""
        return np.asarray(result, np.float64)
