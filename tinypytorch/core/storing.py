"""Floor 3: what tells `a[i] = x` from `float(x)`, though both ask for a number. Imports `config`.

NumPy puts a 0-d Variable into an array by way of `__float__`, and its graph would be lost without a word. The bytecode
that is being run tells: an assignment to an item is an instruction of its own, with no call in it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

from tinypytorch.core.config import NO_BACKPROP, TRANSFORMED, mode

_frame: Callable[[int], FrameType] | None = getattr(sys, "_getframe", None)


def check_stored(x: object, depth: int) -> None:
    """`TypeError` if the Python code so many calls above stores x, which has a graph, in an item of something else.

    NumPy gives it as the cause of an error of its own. Where frames are not known, nothing is checked.
    """
    graph: object = getattr(x, "requires_grad", False)
    if graph and _frame is not None and _instruction(_frame(depth + 1)) == _storing():
        raise TypeError(
            "a[i] = x keeps a number, and would lose the graph of x; collect Variables in a list and join them with "
            "np.array (of tinypytorch.numpy) or tinypytorch.stack, or write tinypytorch.at_set(a, i, x); for the "
            "number alone, a[i] = float(x)"
        )


def check_lost(name: str, x: object) -> None:
    """`TypeError` where a transform would lose the derivative of x, because somebody asks for a number."""
    graph: object = getattr(x, "requires_grad", False)
    if graph and mode.get() & (NO_BACKPROP | TRANSFORMED) == TRANSFORMED:
        raise TypeError(
            f"{name}(x) in a function that is being differentiated: a number has no derivative, and that of x would be "
            f"lost. NumPy's functions keep it (np.exp(x), where math.exp(x) asks for a number); {name}(x.detach()) "
            "says that it is to be lost"
        )


def _instruction(frame: FrameType) -> int:
    """The bytecode that a frame is at."""
    return frame.f_code.co_code[frame.f_lasti]


class _Probe:
    """What sees the instruction of an assignment to its items."""

    seen: int = -1

    def __setitem__(self, index: int, value: int) -> None:
        if _frame is not None:
            self.seen = _instruction(_frame(1))


_PROBE = _Probe()


def _storing() -> int:
    """The instruction of an assignment to an item, in this version of Python."""
    _PROBE[0] = 0
    return _PROBE.seen
