"""Floor 6: faults of forward mode: wrong declarations of ops, and tangents lost. Imports floors 1 to 5, and `fault`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tinypytorch.arrays import Array
from tinypytorch.core.graph import Vertex
from tinypytorch.function import Binary, Spec, T
from tinypytorch.ops.accumulations import CumProd, LogSoftmax
from tinypytorch.ops.arithmetic import Div
from tinypytorch.ops.elementwise import Tanh
from tinypytorch.ops.products import MatMul
from tinypytorch.testing import forward as invariant
from tinypytorch.testing.faults.fault import STRUCTURE, Fault, Patch, always, engine
from tinypytorch.transforms import forward

_along_two, _behind = forward.along_two, forward.behind
_TANH, _CUMPROD, _MATMUL = Tanh.spec, CumProd.spec, MatMul.spec


def _first_only(side: forward.Side[T], op: Binary, y: Vertex, ta: T | None, tb: T | None) -> T:
    return _along_two(side, op, y, ta, tb if ta is None else None)


def _at_the_end_only(ys: Sequence[Vertex], starts: Iterable[Vertex]) -> list[forward.Step]:
    return _behind(ys, starts)[::-1]


def _as_it_came(t: T, slope: T) -> T:
    return t


def _plus(op: object, ta: Array, tb: Array, y: Array, a: Array, b: Array) -> Array:
    return (ta + tb * y) / b


def _tangent(name: str, op: type[object], wrong: object) -> Fault:
    """A wrong rule of forward mode."""
    return Fault(f"{op.__name__}: {name}", STRUCTURE, (Patch(op, "tangent", always(wrong)),), lone=False)


def _declared(name: str, op: type[object], said: Spec) -> Fault:
    """An op that says something wrong of itself."""
    return Fault(f"{op.__name__}: declared {name}", STRUCTURE, (Patch(op, "spec", always(said)),), lone=False)


FAULTS: Final[tuple[Fault, ...]] = (
    _declared("linear", Tanh, Spec(ufunc=_TANH.ufunc, holomorphic=True, linear=True)),
    _declared("linear", CumProd, Spec(cases=_CUMPROD.cases, holomorphic=True, linear=True)),
    _declared("symmetric", CumProd, Spec(cases=_CUMPROD.cases, symmetric=True)),
    _declared("to work entry by entry", CumProd, Spec()),
    _declared(
        "linear in both operands together",
        MatMul,
        Spec(takes=_MATMUL.takes, ufunc=_MATMUL.ufunc, cases=_MATMUL.cases, holomorphic=True, linear=True),
    ),
    _tangent("the tangent of b with the wrong sign", Div, _plus),
    _tangent("the rule of reverse mode for the tangent", LogSoftmax, LogSoftmax.backward),
    engine("forward mode: a reduction sums tangents without slopes", Patch(forward, "times", always(_as_it_came))),
    engine("forward mode: the second of two tangents dropped", Patch(forward, "along_two", always(_first_only))),
    engine("forward mode: the latest result first", Patch(invariant, "behind", always(_at_the_end_only))),
)
