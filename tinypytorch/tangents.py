"""Floor 2: what an op may have beside its rules, for forward mode. Imports `arrays` and `function`.

Most ops need none of it: what their `spec` says is enough to use the rules of reverse mode.
"""

from __future__ import annotations

from typing import Protocol, TypeGuard

from tinypytorch.arrays import Axis
from tinypytorch.function import Binary, T, Unary


class PushesOne(Unary, Protocol):
    """A unary op with a rule for forward mode: `tangent` turns the tangent of `x` into that of `y`."""

    def tangent(self, t: T, y: T, x: T, /) -> T:
        """The tangent of the result."""
        ...


class PushesTwo(Binary, Protocol):
    """A binary op with a rule for forward mode: `tangent` turns those of both operands into that of `y`.

    Where one of them does not move, the rules of reverse mode are used.
    """

    def tangent(self, ta: T, tb: T, y: T, a: T, b: T, /) -> T:
        """The tangent of the result."""
        ...


class Reduction(Unary, Protocol):
    """An op that reduces axes."""

    @property
    def axis(self) -> Axis:
        """The axes."""
        ...

    @property
    def keepdims(self) -> bool:
        """Whether they stay, with length 1."""
        ...


def pushes_one(op: Unary) -> TypeGuard[PushesOne]:
    """Whether a unary op has a rule for forward mode."""
    return hasattr(op, "tangent")


def pushes_two(op: Binary) -> TypeGuard[PushesTwo]:
    """Whether a binary op has a rule for forward mode."""
    return hasattr(op, "tangent")


def is_reduction(op: Unary) -> TypeGuard[Reduction]:
    """Whether a unary op says over which axes it reduces."""
    return hasattr(op, "axis") and hasattr(op, "keepdims")
