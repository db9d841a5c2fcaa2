"""Floor 6: graphs recorded wrongly, settings, and derivatives of derivatives. Imports floors 1 to 3, and `fault`."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Final

from tinypytorch.arrays import Array, Shape
from tinypytorch.core import apply, config, gradients, variable
from tinypytorch.core.variable import Variable
from tinypytorch.core.vertex import Vertex
from tinypytorch.function import Binary, Tracked
from tinypytorch.testing.faults.fault import Fault, Patch, always, engine

# The right engine, from before any fault was planted.
_combine = Variable.combine
_pull = gradients.VariableWorld.pull
_fit = gradients.VariableWorld.fit


def _overwrite(world: object, grads: dict[Vertex, Tracked], v: Vertex, g: Tracked, /) -> None:
    grads[v] = g


def _combine_by_first(head: Variable, op: Binary, left: object, right: object, /) -> Variable:
    """A result is as old as its first operand says."""
    y = _combine(head, op, left, right)
    first = next(x for x in (left, right) if isinstance(x, Variable))
    y.generation = first.generation + 1 if not y.is_leaf else 0
    return y


def _always_recording(parents: tuple[Variable | None, ...]) -> bool:
    return True


def _not_put_back(
    setting: config.using_config,
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: TracebackType | None,
    /,
) -> None:
    """The setting is put back on leaving, but not by an exception."""
    saved: list[int] = getattr(setting, "_saved")  # by name, since it is private
    before = saved.pop()
    if kind is None:
        bit: int = getattr(setting, "_bit")  # likewise
        config.mode.set(config.mode.get() & ~bit | before)


class _OneForAll:
    """Settings that all threads share."""

    def __init__(self) -> None:
        self._bits = 0

    def get(self) -> int:
        return self._bits

    def set(self, bits: int) -> None:
        self._bits = bits


_SHARED: Final = _OneForAll()


def _contents(v: Vertex) -> tuple[Shape, bytes]:
    return (v.shape, v.value().tobytes()) if isinstance(v, Variable) else ((), b"")


def _hash_of_value(v: Vertex) -> int:
    return hash(_contents(v))


def _equal_values(v: Vertex, other: object) -> bool:
    return isinstance(other, Vertex) and _contents(v) == _contents(other)


def _constant_operand(op: object, p: Vertex | None, value: Array, i: int) -> Variable:
    return variable.result(value)


def _sum_dropped(world: gradients.VariableWorld, g: Tracked | None, x: Tracked, y: Vertex, i: int, /) -> Tracked:
    """The sum down to an operand's shape is computed, and not recorded."""
    found = _fit(world, g, x, y, i)
    if isinstance(g, Variable) and isinstance(found, Variable) and g.shape != found.shape:
        return variable.result(found.value())
    return found


def _half_recorded(world: gradients.VariableWorld, y: Vertex, gy: Tracked, i: int, /) -> tuple[Tracked | None, Tracked]:
    """On Variables the rules give the same values, of which half is recorded."""
    g, x = _pull(world, y, gy, i)
    if not isinstance(g, Variable):
        return g, x
    half = g * 0.5
    return half + variable.result(half.value()), x


def _shared_settings() -> _OneForAll:
    _SHARED.set(0)
    return _SHARED


def _shared_mode() -> Callable[[], int]:
    return _SHARED.get


def _variable_world(name: str, method: str, wrong: object) -> Fault:
    return engine(name, Patch(gradients.VariableWorld, method, always(wrong)))


FAULTS: Final[tuple[Fault, ...]] = (
    engine("generation of the first operand", Patch(Variable, "combine", always(_combine_by_first))),
    engine(
        "visited by value",
        Patch(Variable, "__eq__", always(_equal_values)),
        Patch(Variable, "__hash__", always(_hash_of_value)),
    ),
    engine(
        "results of constants want gradients",
        *(Patch(m, "recording", always(_always_recording)) for m in (variable, apply)),
    ),
    engine("setting not put back on an exception", Patch(config.using_config, "__exit__", always(_not_put_back))),
    engine(
        "settings shared by all threads",
        Patch(config, "mode", _shared_settings),
        Patch(variable, "current_mode", _shared_mode),
    ),
    engine("second derivative cut", Patch(gradients, "operand_of", always(_constant_operand))),
    _variable_world("half of the derivative recorded", "pull", _half_recorded),
    _variable_world("overwrites on Variables only", "add", _overwrite),
    _variable_world("sum to an operand's shape not recorded", "fit", _sum_dropped),
)
