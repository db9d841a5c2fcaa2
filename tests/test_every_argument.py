"""A Variable in every argument of every differentiable function of the namespace gets its gradient, or is refused."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from operator import attrgetter

import numpy as np
import pytest

import tinypytorch.numpy as tnp
from tests.support import call
from tests.test_names import DIFFERENTIABLES, X, arguments, parts
from tinypytorch import Variable
from tinypytorch.core.hooks import is_list, is_tuple

# What is not 0.5 as a Variable.
VALUES = {
    ("average", "weights"): X,
    ("cov", "y"): X,
    ("corrcoef", "y"): X,
    ("trapezoid", "x"): X,
    ("interp", "xp"): np.array([0.0, 1.0, 2.5]),
    ("interp", "fp"): np.array([1.0, 3.0, 2.0]),
    ("diff", "prepend"): X,
    ("diff", "append"): X,
}
# Arguments that are constants: conditions, whose values jump, and what gives its shape alone.
CONSTANTS = {
    ("where", "condition"),
    ("compress", "condition"),
    ("extract", "condition"),
    ("piecewise", "condlist"),
    ("full_like", "a"),
}


def described(name: str) -> bool:
    """Whether NumPy's function says what it takes: those in C do since NumPy 2.4."""
    try:
        inspect.signature(attrgetter(name)(np))
    except ValueError:
        return False
    return True


NAMES = [name for name in DIFFERENTIABLES if not isinstance(attrgetter(name)(np), np.ufunc) and described(name)]


def every() -> Iterator[tuple[str, str]]:
    """The names of functions with those of their arguments."""
    for name in NAMES:
        for parameter in inspect.signature(attrgetter(name)(np)).parameters.values():
            if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY, parameter.POSITIONAL_ONLY):
                yield name, parameter.name


def gets_a_gradient(y: object, x: Variable) -> bool:
    """Whether a result, or one of several, has a gradient for x."""
    found = [part for part in parts(y) if isinstance(part, Variable) and part.requires_grad]
    for part in found:
        part.backward(retain_grad=True)
    return x.grad is not None


@pytest.mark.parametrize(("name", "parameter"), list(every()))
def test_a_variable_is_never_lost(name: str, parameter: str) -> None:
    f: object = attrgetter(name)(tnp)
    bound = inspect.signature(attrgetter(name)(np)).bind(*arguments(name))
    given: object = bound.arguments.get(parameter)
    value = VALUES.get((name, parameter))
    if value is None:
        value = np.asarray(given, np.float64) if is_numbers(given) else np.array(0.5)
    several = is_list(given) and not is_numbers(given)
    if is_list(given) and several and not callable(given[0]):
        value = np.asarray(given[0], np.float64)
    x = Variable(value.copy())
    bound.arguments[parameter] = [x] * len(parts(given)) if several else x
    args = {k: v for k, v in bound.arguments.items() if k != "args"}
    y = outcome(f, name, args)
    if isinstance(y, str):
        assert "converted" not in y, "a conversion came before the function had a look"
        assert name.rpartition(".")[2] in y or parameter in y, y
        assert (name, parameter) not in CONSTANTS
    else:
        assert gets_a_gradient(y, x) or (name, parameter) in CONSTANTS, "a gradient is lost"


def is_numbers(x: object) -> bool:
    """Whether it makes an array of numbers."""
    return isinstance(x, np.ndarray | float | int) or (
        (is_list(x) or is_tuple(x)) and bool(x) and all(isinstance(part, float | int | bool) for part in x)
    )


def outcome(f: object, name: str, args: dict[str, object]) -> object:
    """What a call gives, or what its error says."""
    try:
        return call_bound(f, name, args)
    except (TypeError, ValueError) as error:
        return f"{error} {getattr(error, '__notes__', '')}"


def call_bound(f: object, name: str, args: dict[str, object]) -> object:
    """A call with arguments by place, as far as they are so alone, and the rest by name."""
    placed: list[object] = []
    named: dict[str, object] = {}
    for parameter in inspect.signature(attrgetter(name)(np)).parameters.values():
        if parameter.kind == parameter.VAR_POSITIONAL:
            continue
        if parameter.name in args:
            if parameter.kind == parameter.POSITIONAL_ONLY or (not named and parameter.default is parameter.empty):
                placed.append(args[parameter.name])
            else:
                named[parameter.name] = args[parameter.name]
    return call(f, *placed, **named)
