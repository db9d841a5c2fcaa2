"""Floor 6: the ops of `tinypytorch.special` in random programs. Imports SciPy, floors 2 and 5, `pool` and `composed`.

`extras` imports this where SciPy is installed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tinypytorch import special
from tinypytorch.special import ops
from tinypytorch.testing.composed import Composed, of_one
from tinypytorch.testing.extras import PREFIX
from tinypytorch.testing.operands import Step
from tinypytorch.testing.pool import small, step_for


def _kinds() -> dict[str, type[object]]:
    """Every class with a `spec` that is defined there."""
    held: Mapping[str, object] = vars(ops)
    return {
        PREFIX + small(name): kind
        for name, kind in held.items()
        if isinstance(kind, type) and kind.__module__ == ops.__name__ and hasattr(kind, "spec")
    }


KINDS: Final[Mapping[str, type[object]]] = _kinds()
STEPS: Final[Mapping[str, Step]] = {name: step_for(kind) for name, kind in KINDS.items()}
COMPOSED: Final[Mapping[str, Composed]] = {
    f"{PREFIX}log_softmax": of_one(special.log_softmax),
    f"{PREFIX}softmax": of_one(special.softmax),
}
