"""Floor 5: NumPy's functions, which look for Variables in all of their arguments. Imports floors 2 to 4 and of 5.

NumPy asks some arguments of each function whether they know better (NEP 18): not those inside of lists, and few that
are given by name. It would raise an error for `np.sum([x, y])`, and take `np.sum(a, initial=x)` for a number, without
its graph. Here every argument is asked, and plain arrays go to NumPy as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import ModuleType

import numpy as np

from tinypytorch.core.hooks import FUNCTIONS, Served, is_sequence, is_served, name_of, refused
from tinypytorch.core.nested import holds_variables
from tinypytorch.core.variable import Variable
from tinypytorch.numpy_functions import plain
from tinypytorch.numpy_names import makes, why


def seeing(space: ModuleType, prefix: str = "") -> dict[str, object]:
    """By their names, the functions of one of NumPy's namespaces that meet Variables."""
    found: dict[str, object] = {}
    for name, thing in vars(space).items():
        if name.startswith("_") or isinstance(thing, type | ModuleType | np.ufunc) or not is_served(thing):
            continue
        if thing in FUNCTIONS:
            found[name] = _asking(space.__name__, thing, _served)
        elif why(prefix + name):
            found[name] = _asking(space.__name__, thing, _refused)
        elif makes(prefix + name):
            found[name] = _asking(space.__name__, thing, _numbers)
    return found


def drawing(space: ModuleType) -> dict[str, object]:
    """By their names, the functions that draw random numbers, of `numpy.random`."""
    return {
        name: _asking(space.__name__, thing, _drawn)
        for name, thing in vars(space).items()
        if name.islower() and not name.startswith("_") and not isinstance(thing, type | ModuleType) and is_served(thing)
    }


def _asking(home: str, own: Served, meeting: Callable[[Served], Served]) -> Served:
    """A function of NumPy's, or what it is when it meets Variables."""

    @wraps(own)
    def call(*args: object, **kwargs: object) -> object:
        if any(map(holds_variables, args)) or (kwargs and any(map(holds_variables, kwargs.values()))):
            return meeting(own)(*args, **kwargs)
        return own(*args, **kwargs)

    call.__module__, call.__qualname__ = f"tinypytorch.{home}", call.__name__
    call.__doc__ = (own.__doc__ or "").partition("Examples\n")[0].partition(">>>")[0]  # NumPy's are no tests of ours
    return call


def _served(own: Served) -> Served:
    mine = FUNCTIONS[own]
    if not is_served(mine):
        raise refused(own)
    return mine


def _refused(own: Served) -> Served:
    raise refused(own)


def _numbers(own: Served) -> Served:
    """What takes shapes and numbers: those of constants."""
    return _of_constants(own, "it takes shapes and numbers, which are constants; give x.item()")


def _drawn(own: Served) -> Served:
    """What takes the parameters of a distribution."""
    return _of_constants(
        own, "samples have no graph; shift and scale those of a fixed distribution: m + s * np.random..."
    )


def _of_constants(own: Served, reason: str) -> Served:
    def answer(*args: object, **kwargs: object) -> object:
        if any(map(_differentiated, (*args, *kwargs.values()))):
            raise TypeError(f"{name_of(own)} takes no Variables: {reason}")
        return own(*map(plain, args), **{name: plain(content) for name, content in kwargs.items()})

    return answer


def _differentiated(x: object) -> bool:
    """Whether x is a Variable that gets a gradient, or holds one."""
    if isinstance(x, Variable):
        return x.requires_grad
    return is_sequence(x) and any(map(_differentiated, x))
