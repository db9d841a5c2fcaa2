"""Floor 5: parts of a function that are differentiated in another way. Imports floors 1 to 3, `tracing` and `trees`.

`stop_gradient` not at all, `checkpoint` after running them once more, `custom_vjp` by a rule that is given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Concatenate, ParamSpec, TypeVar, overload

import numpy as np

from tinypytorch.arrays import Array, weak
from tinypytorch.core.apply import apply
from tinypytorch.core.config import using_config
from tinypytorch.core.gradients import gradients
from tinypytorch.core.hooks import Served
from tinypytorch.core.variable import Variable, result
from tinypytorch.function import T, Tracked
from tinypytorch.transforms.reverse import function_of
from tinypytorch.transforms.tracing import alias, number_or_array
from tinypytorch.transforms.trees import Structure, describe, flatten, is_sequence, map_leaves, trees, unflatten

A = TypeVar("A")
P = ParamSpec("P")


@overload
def stop_gradient(tree: Variable) -> Variable: ...
@overload
def stop_gradient(tree: A) -> A: ...
def stop_gradient(tree: object) -> object:
    """The same values as constants: nothing is differentiated through them.

    tree: a Variable, or nested tuples, lists and dicts of them; anything else stays as it is.

    >>> from tinypytorch import grad
    >>> print(grad(lambda x: x * stop_gradient(x))(3.0))
    3.0
    """
    return map_leaves(_detached, tree)


def _detached(x: object) -> object:
    return x.detach() if isinstance(x, Variable) else x


class Call:
    """A call of a function whose Variables, wherever they stand in its arguments, are the inputs of an op."""

    def __init__(self, name: str, function: Served, args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        self.name: str = name
        self.function: Served = function
        self.names: tuple[str, ...] = tuple(kwargs)
        leaves, structure = flatten((*args, *kwargs.values()))
        self.leaves: list[object] = leaves
        self.structure: Structure = structure
        self.inputs: list[Variable] = [x for x in self.leaves if isinstance(x, Variable)]
        self.results: Structure | None = None

    def arguments(self, xs: Sequence[object]) -> tuple[Sequence[object], dict[str, object]]:
        """The arguments with these Variables in place of those that there were."""
        given = iter(xs)
        parts = trees(self.structure, [next(given) if isinstance(x, Variable) else x for x in self.leaves])
        count = len(parts) - len(self.names)
        return parts[:count], dict(zip(self.names, parts[count:], strict=True))

    def run(self, xs: Sequence[object]) -> list[Variable]:
        """The function's results with these for its Variables, recorded if one of them is tracked."""
        args, kwargs = self.arguments(xs)
        with using_config("enable_backprop", True):
            outputs, self.results = flatten(self.function(*args, **kwargs))
        return [_output(self.name, y) for y in outputs]

    def values(self, xs: Sequence[object]) -> list[Array]:
        """The function's results with these, which are not tracked, for its Variables.

        Raises `ValueError` if they depend on a Variable that is not among the arguments.
        """
        ys = self.run(xs)
        if any(y.requires_grad for y in ys):
            raise ValueError(
                f"{self.name}: the function uses a Variable that is not among its arguments, whose gradient would be "
                "lost; give it as an argument, or stop_gradient of it"
            )
        return [y.value() for y in ys]


def scalar(x: Array) -> Array:
    """An array of no axes as the NumPy scalar in it; others as they are."""
    value: Array = x[()]
    return value


def _output(name: str, y: object) -> Variable:
    if isinstance(y, Variable):
        return y
    value = number_or_array(y)
    if value is None:
        raise TypeError(f"{name}: the function gives arrays, numbers and trees of them, not {type(y).__name__}")
    return result(scalar(value))


def held(x: T) -> Variable:
    """What a rule is given, as a Variable: itself, or a constant with the value of an array."""
    if isinstance(x, (np.ndarray, np.generic)):
        return result(scalar(x))
    return x if isinstance(x, Variable) else result(weak(0.0))


def as_array_or_variable(like: T, found: Variable) -> T:
    """A gradient in the world that a rule runs in."""
    if isinstance(like, (np.ndarray, np.generic)):
        return _value(like, found)
    return _itself(like, found)


def _value(like: Array, found: Variable) -> Array:
    return found.value()


def _itself(like: Tracked, found: Variable) -> Tracked:
    return found


class Recomputed:
    """A call as an op that keeps nothing but its inputs: its rule runs the function again, and back through it."""

    def __init__(self, call: Call) -> None:
        self.call: Call = call

    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        """The function's results."""
        return tuple(self.call.values([result(scalar(x)) for x in xs]))

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        """A pass back through the function, recorded if the rule is."""
        again = not isinstance(xs[0], (np.ndarray, np.generic))
        inputs = [alias("checkpoint", held(x)) if need else held(x) for x, need in zip(xs, needs, strict=True)]
        outputs = self.call.run(inputs)
        wanted = [x for x, need in zip(inputs, needs, strict=True) if need]
        seeds = [(y, held(g)) for y, g in zip(outputs, gys, strict=True) if y.requires_grad]
        with using_config("enable_backprop", True):
            found = iter(gradients([y for y, _ in seeds], wanted, [g for _, g in seeds], again, allow_unused=True))
        return tuple(as_array_or_variable(x, next(found)) if need else None for x, need in zip(xs, needs, strict=True))


@overload
def checkpoint(f: Callable[P, Variable]) -> Callable[P, Variable]: ...
@overload
def checkpoint(f: Callable[P, A]) -> Callable[P, A]: ...
def checkpoint(f: object) -> object:
    """f, but its intermediate results are not kept: the backward pass runs it again, to have them then.

    A chain of n operations in checkpoints of √n keeps √n results at a time, for one more forward pass (Griewank &
    Walther, Evaluating Derivatives, 2nd ed., 12). Derivatives of every order.

    f: gives Variables, or trees of them; all Variables that it depends on are in its arguments, in trees or not.

    Raises `ValueError` where f uses another Variable that wants a gradient.

    >>> from tinypytorch import grad
    >>> import numpy as np
    >>> print(grad(checkpoint(lambda x: np.exp(np.sin(x))))(0.0))
    1.0
    """
    function = function_of("checkpoint", f)

    def run(*args: object, **kwargs: object) -> object:
        call = Call("checkpoint", function, args, kwargs)
        if not any(x.requires_grad for x in call.inputs):
            return function(*args, **kwargs)
        ys = apply(Recomputed(call), *call.inputs)
        return None if call.results is None else unflatten(call.results, ys)

    update_wrapper(run, function)
    return run


class Ruled:
    """A call as an op with a rule that somebody gave."""

    def __init__(self, call: Call, rule: Served) -> None:
        self.call: Call = call
        self.rule: Served = rule

    def forward(self, /, *xs: Array) -> Array:
        """The function's one result."""
        ys = self.call.values(xs)
        if len(ys) != 1:
            raise TypeError(f"the function gives one array; this one gave {len(ys)}")
        return ys[0]

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        """What the rule gives."""
        args, kwargs = self.call.arguments([held(x) for x in xs])
        given = self.rule(held(gy), held(y), *args, **kwargs)
        gxs: Sequence[object] = given if is_sequence(given) else (given,)
        if len(gxs) != len(args):
            raise ValueError(
                f"custom_vjp: the rule gave {len(gxs)} gradients for {len(args)} arguments; "
                "give one for each, None for those that are constants"
            )
        mine = [g for g, x in zip(gxs, args, strict=True) if isinstance(x, Variable)]
        return tuple(
            None if g is None else as_array_or_variable(x, _output("custom_vjp", g))
            for g, x in zip(mine, xs, strict=True)
        )


def custom_vjp(
    f: Callable[P, object], rule: Callable[Concatenate[Variable, Variable, P], object]
) -> Callable[P, Variable]:
    """f, differentiated by a rule of yours.

    f: called with arrays in place of Variables, so that it may compute in any way; gives one array.
    rule: called as `rule(gy, y, ...)` with the cotangent of the result, the result, and the arguments of f; gives the
        gradient of each positional argument, None for a constant; a bare one if there is one argument. It gets
        Variables, and what it does with them is differentiated for higher orders.

    Raises `ValueError` for a wrong number of gradients, and where f uses a Variable that wants a gradient and is not
    among its arguments; `TypeError` for Variables within lists, tuples or dicts.

    >>> import numpy as np
    >>> from tinypytorch import grad
    >>> softplus = custom_vjp(lambda x: np.log(1.0 + np.exp(x)), lambda gy, y, x: gy / (1.0 + np.exp(-x)))
    >>> print(grad(softplus)(0.0), grad(grad(softplus))(0.0))
    0.5 0.25
    """
    function, back = function_of("custom_vjp", f), function_of("custom_vjp", rule)

    def run(*args: P.args, **kwargs: P.kwargs) -> Variable:
        call = Call("custom_vjp", function, args, kwargs)
        if len(call.inputs) != sum(isinstance(x, Variable) for x in args):
            raise TypeError(
                "custom_vjp: Variables are positional arguments by themselves, not within lists, tuples or dicts; "
                f"the arguments are {describe(call.structure)}"
            )
        return apply(Ruled(call, back), *call.inputs)

    update_wrapper(run, function)
    return run
