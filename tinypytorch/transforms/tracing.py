"""Floor 5: a function run on fresh aliases of its arguments, and what comes of it.

Imports floors 1 to 3, `forward` and `trees`.

A transform differentiates with respect to aliases, never to the arguments themselves: what a closure holds of an outer
argument is another vertex, so nested transforms do not confuse their perturbations. Within a transform results are
Variables with a graph, for the outer one to differentiate; at the outermost level they are arrays, unless a Variable
is among the arguments or the function uses one that wants a gradient.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Sequence
from types import FrameType
from typing import ClassVar, Final

import numpy as np

from tinypytorch.arrays import Array, is_array, is_floating, is_numpy_scalar, numeric_array
from tinypytorch.core.config import ARGUMENT, NO_BACKPROP, TRANSFORMED, mode, using_config
from tinypytorch.core.errors import shape_and_dtype
from tinypytorch.core.gradients import gradients
from tinypytorch.core.operators import Plain
from tinypytorch.core.variable import Variable, result
from tinypytorch.core.vertex import Vertex
from tinypytorch.function import Spec, T, value
from tinypytorch.transforms.forward import Step, ancestors, behind, in_order
from tinypytorch.transforms.trees import Leaf, Structure, describe, flatten, map_leaves, paths, trees


@value
class Alias:
    """y = x, as a vertex of its own."""

    spec: ClassVar[Spec] = Spec(linear=True, holomorphic=True)

    def forward(self, x: Array, /) -> Array:
        """Give x itself."""
        return x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        """Give gy itself."""
        return gy


_ALIAS: Final = Alias()


def alias(name: str, x: object, trace: Trace | None = None) -> Variable:
    """A Variable with the value of x, to differentiate by: a result of x if that is tracked, else a leaf.

    Raises `TypeError` for what has no derivative: integers, text, other objects. It says where x is, if that is the
    next leaf of a trace, and inside of an argument.
    """
    if is_floating(x):  # mostly
        return Variable(x, ARGUMENT)
    if isinstance(x, Variable):
        if x.requires_grad:
            return x.record(_ALIAS)
        x = x.data
    values = None if isinstance(x, int) else number_or_array(x)
    if values is None or values.dtype.kind not in "fc":
        at = "" if trace is None else paths(trace.structure)[len(trace.aliases)]
        inside = f", which is at {at} of an argument," if at else ""
        raise TypeError(
            f"{name}: {shape_and_dtype(x)}{inside} has no derivative; give floating numbers or "
            "arrays (x.astype(float), 3.0), or name other arguments with argnums"
        )
    return Variable(values, ARGUMENT)


_frame: Callable[[int], FrameType] | None = getattr(sys, "_getframe", None)


def _caller() -> int:
    """How many calls above the caller the first is that is not in the folder of the package: what warnings name."""
    frame = None if _frame is None else _frame(1)
    depth, folder = 0, __file__.rpartition("transforms")[0]
    while frame is not None and frame.f_code.co_filename.startswith(folder):
        frame, depth = frame.f_back, depth + 1
    return depth + 1


class Trace:
    """One run of a function on aliases of some of its arguments.

    aliases: a Variable for each leaf of those arguments, in order; structure: what unflattens them.
    outputs: the result's leaves; results: its structure.
    found: the results on the way to the outputs, where somebody has looked.
    nested: whether what is derived from it is to be Variables; recording: whether these are to have a graph.
    """

    __slots__ = ("aliases", "found", "name", "nested", "outputs", "recording", "results", "structure")

    def __init__(
        self, name: str, f: Callable[[tuple[object, ...]], object], args: Sequence[object], which: tuple[int, ...]
    ) -> None:
        self.name: str = name
        leaves, structure = flatten(tuple([args[i] for i in which]))
        self.structure: Structure = structure
        before = mode.get()
        inside = bool(before & TRANSFORMED)
        given = leaves if len(which) == len(args) else flatten(tuple(args))[0]
        self.nested: bool = inside or any(map(is_variable, given))
        self.recording: bool = not before & NO_BACKPROP
        own = NO_BACKPROP | TRANSFORMED
        mode.set(before & ~own | TRANSFORMED)
        try:
            self.aliases: list[Variable] = []
            for x in leaves:
                self.aliases.append(alias(name, x, self))
            replaced = list(args)
            for i, x in zip(which, trees(self.structure, self.aliases), strict=True):
                replaced[i] = x
            y = f(tuple(replaced))
        finally:
            mode.set(before & own | mode.get() & ~own)
        outputs, results = flatten(y)
        self.outputs: list[object] = outputs
        self.results: Structure = results
        if leaves and outputs and all(map(is_plain_value, outputs)):
            warnings.warn(
                f"{name}: the function gave no Variable, but plain values: {describe(results)}, whose derivative is 0; "
                "if they depend on the argument, something took a number or an array out of it",
                stacklevel=_caller(),
            )
        self.found: list[Vertex] | None = None
        if not self.nested:
            self.found, others = ancestors([y for y in outputs if isinstance(y, Variable)], self.aliases)
            self.nested = any(isinstance(x, Variable) and x.name is not ARGUMENT for x in others)

    def steps(self) -> list[Step]:
        """What was recorded from the aliases to the outputs, in its order."""
        ys = [y for y in self.outputs if isinstance(y, Variable)]
        return behind(ys, self.aliases) if self.found is None else in_order(self.found, ys)

    def scalar(self) -> Variable | None:
        """The one output of a function to be differentiated; None if it is a plain number, whose derivative is zero."""
        y = self.outputs[0] if isinstance(self.results, Leaf) else None
        if isinstance(y, Variable) and y.size == 1:
            return y
        value = number_or_array(plain(y))
        if value is None or value.size != 1:
            given = shape_and_dtype(plain(y)) if isinstance(self.results, Leaf) else describe(self.results)
            raise TypeError(
                f"{self.name}: takes a function with one number as result, this one gave {given}; "
                "jacobian, elementwise_grad and vjp take others, has_aux=True a pair whose second part is left alone"
            )
        return y if isinstance(y, Variable) else None

    def pull(self, ys: Sequence[Variable], seeds: Sequence[Variable | Plain | None]) -> list[Variable]:
        """The gradients of all aliases, as Variables: zeros where nothing depends on one."""
        tracked = [(y, g) for y, g in zip(ys, seeds, strict=True) if y.requires_grad]
        if not tracked or not self.aliases:
            return [result(np.zeros(x.shape, x.dtype)[()]) for x in self.aliases]
        outputs, cotangents = [y for y, _ in tracked], [g for _, g in tracked]
        if mode.get() & NO_BACKPROP:  # rules from outside may differentiate, too
            with using_config("enable_backprop", True):
                return self.pull(ys, seeds)
        return list(gradients(outputs, self.aliases, cotangents, create_graph=self.nested, allow_unused=True))

    def out(self, x: object) -> object:
        """A result of the transform as its caller gets it."""
        if not self.nested:
            return plain(x)
        return x if self.recording or not isinstance(x, Variable) else x.detach()

    def tree(self, leaves: Sequence[object]) -> tuple[object, ...]:
        """Leaves, one for each alias, as a tuple with one tree for each of the arguments differentiated by."""
        return trees(self.structure, [self.out(x) for x in leaves])


def is_variable(x: object) -> bool:
    """Whether x is a Variable."""
    return isinstance(x, Variable)


def is_plain_value(x: object) -> bool:
    """Whether x is an array of numbers, or a number."""
    return not isinstance(x, Variable) and number_or_array(x) is not None


def number_or_array(x: object) -> Array | None:
    """x as an array if it is one of numbers, or a number; else None."""
    return numeric_array(x) if is_array(x) or is_numpy_scalar(x) or isinstance(x, (float, int, complex)) else None


def plain(x: object) -> object:
    """A Variable's value, as NumPy gives results: an array, or a NumPy scalar; anything else as it is."""
    return x.value() if isinstance(x, Variable) else x


def plain_tree(tree: object) -> object:
    """The same of every leaf."""
    return map_leaves(plain, tree)
