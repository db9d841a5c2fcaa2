"""Floor 6: faults of forward mode: wrong declarations of ops, and tangents lost. Imports floors 1 to 5, and `fault`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tinypytorch.core.graph import Vertex
from tinypytorch.function import Function, Spec, T
from tinypytorch.ops.accumulations import CumProd, LogSoftmax
from tinypytorch.ops.elementwise import Tanh
from tinypytorch.ops.products import MatMul
from tinypytorch.testing import forward as invariant
from tinypytorch.testing.faults.fault import STRUCTURE, Fault, Patch, always, engine
from tinypytorch.transforms import forward

_push, _behind = forward.push, forward.behind
_TANH, _CUMPROD, _MATMUL, _LOGSOFTMAX = Tanh.spec, CumProd.spec, MatMul.spec, LogSoftmax.spec


def _first_only(side: forward.Side[T], op: Function, y: Vertex, ts: Sequence[T | None]) -> tuple[T, ...]:
    if len(ts) == 2 and all(t is not None for t in ts):
        ts = [ts[0], None]
    return _push(side, op, y, ts)


def _at_the_end_only(ys: Sequence[Vertex], starts: set[Vertex]) -> list[forward.Step]:
    return _behind(ys, starts)[::-1]


def _declared(name: str, op: type[object], said: Spec) -> Fault:
    """An op that says something wrong of itself."""
    return Fault(f"{op.__name__}: declared {name}", STRUCTURE, (Patch(op, "spec", always(said)),), lone=False)


FAULTS: Final[tuple[Fault, ...]] = (
    _declared("linear", Tanh, Spec(ufunc=_TANH.ufunc, holomorphic=True, linear=True)),
    _declared("linear", CumProd, Spec(cases=_CUMPROD.cases, holomorphic=True, linear=True)),
    _declared("symmetric", LogSoftmax, Spec(cases=_LOGSOFTMAX.cases, symmetric=True)),
    _declared("to work entry by entry", LogSoftmax, Spec()),
    _declared(
        "linear in both operands together",
        MatMul,
        Spec(takes=_MATMUL.takes, ufunc=_MATMUL.ufunc, cases=_MATMUL.cases, holomorphic=True, linear=True),
    ),
    engine("forward mode: the second of two tangents dropped", Patch(forward, "push", always(_first_only))),
    engine("forward mode: the latest result first", Patch(invariant, "behind", always(_at_the_end_only))),
)
