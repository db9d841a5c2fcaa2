"""Floor 6: every public name of NumPy's, and what becomes of it when it meets a Variable. Imports floors 2 and 5."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from tinypytorch.numpy_functions import NAMESPACES, functions, numpys
from tinypytorch.numpy_names import CONSTANT, CONVERTING, NEVER, REFUSED
from tinypytorch.ops import UFUNCS

DIFFERENTIABLE = "differentiable"
GROUPS = (
    *(("constant", group) for group in CONSTANT),
    *(("refused", group) for group in (*REFUSED, CONVERTING)),
    *(("never sees a Variable", group) for group in NEVER),
)


def public() -> dict[str, object]:
    """NumPy's public names and what they are: `sum`, `linalg.inv`."""
    found: dict[str, object] = {}
    for space, prefix in NAMESPACES:
        for name in dir(space):
            if not name.startswith("_"):
                found[prefix + name] = getattr(space, name)
    return found


def is_function(thing: object) -> bool:
    """Whether it is a function or a ufunc: not a class, a module or a value."""
    return callable(thing) and not isinstance(thing, type | ModuleType)


def claims(name: str) -> list[tuple[str, str]]:
    """What is said of a name: the class and the reason. One entry, if nothing is forgotten or said twice."""
    mine = numpys(name)
    found = [(kind, group.reason) for kind, group in GROUPS if name in group]
    if name in functions() or (isinstance(mine, np.ufunc) and mine in UFUNCS):
        found.append((DIFFERENTIABLE, ""))
    return found
