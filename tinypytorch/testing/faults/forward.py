"""Floor 6: faults of forward mode: wrong declarations of ops, and tangents lost. Imports floors 1 to 5, and `fault`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from tinypytorch.arrays import Array, add_reduce
from tinypytorch.core.vertex import Vertex
from tinypytorch.function import Binary, Spec, T
from tinypytorch.ops.accumulations import CumProd, LogSoftmax
from tinypytorch.ops.arithmetic import Div
from tinypytorch.ops.decompositions import Cholesky
from tinypytorch.ops.elementwise import Tanh
from tinypytorch.ops.expm import Expm
from tinypytorch.ops.products import MatMul
from tinypytorch.ops.reductions import Max, Min
from tinypytorch.ops.solving import Inv
from tinypytorch.testing import forward as invariant
from tinypytorch.testing.faults.fault import STRUCTURE, Fault, Patch, always, engine
from tinypytorch.testing.reduce import ENTRIES
from tinypytorch.transforms import forward

_ONE = "a square matrix of one entry is its own transpose"
_NO_TRIANGLE = "a matrix of one entry has no triangle"
_along_two, _behind, _CHOLESKY = forward.along_two, forward.behind, Cholesky.tangent
_TANH, _CUMPROD, _MATMUL, _INV = Tanh.spec, CumProd.spec, MatMul.spec, Inv.spec


def _first_only(side: forward.Side[T], op: Binary, y: Vertex, ta: T | None, tb: T | None) -> T:
    return _along_two(side, op, y, ta, tb if ta is None else None)


def _at_the_end_only(ys: Sequence[Vertex], starts: Iterable[Vertex]) -> list[forward.Step]:
    return _behind(ys, starts)[::-1]


def _as_it_came(t: T, slope: T) -> T:
    return t


def _plus(op: object, ta: Array, tb: Array, y: Array, a: Array, b: Array) -> Array:
    return (ta + tb * y) / b


def _of_both_triangles(op: Cholesky, t: Array, y: Array, x: Array) -> Array:
    return _CHOLESKY(op, t + t.mT, y, x) / 2.0


def _sum_of_ties(op: Max | Min, t: Array, y: Array, x: Array) -> Array:
    top = y.reshape(np.maximum.reduce(x, op.axis, keepdims=True).shape)
    return add_reduce(np.where(x >= top, t, 0.0), op.axis, keepdims=op.keepdims)


def _fault(name: str, op: type[object], attribute: str, wrong: object, because: str) -> Fault:
    return Fault(
        f"{op.__name__}: {name}",
        STRUCTURE,
        (Patch(op, attribute, always(wrong)),),
        lone=False,
        entries=4 if because else ENTRIES,
        because=because,
    )


def _tangent(name: str, op: type[object], wrong: object, because: str = "") -> Fault:
    """A wrong rule of forward mode."""
    return _fault(name, op, "tangent", wrong, because)


def _declared(name: str, op: type[object], said: Spec, because: str = "") -> Fault:
    """An op that says something wrong of itself."""
    return _fault(f"declared {name}", op, "spec", said, because)


FAULTS: Final[tuple[Fault, ...]] = (
    _declared("linear", Tanh, Spec(ufunc=_TANH.ufunc, holomorphic=True, linear=True)),
    _declared("linear", CumProd, Spec(cases=_CUMPROD.cases, holomorphic=True, linear=True)),
    _declared("symmetric", Inv, Spec(domain=_INV.domain, cases=_INV.cases, holomorphic=True, symmetric=True), _ONE),
    _declared("to work entry by entry", Inv, Spec(domain=_INV.domain, holomorphic=True)),
    _declared(
        "linear in both operands together",
        MatMul,
        Spec(takes=_MATMUL.takes, ufunc=_MATMUL.ufunc, cases=_MATMUL.cases, holomorphic=True, linear=True),
    ),
    _tangent("the tangent of b with the wrong sign", Div, _plus),
    *(_tangent("the rule of reverse mode for the tangent", op, op.backward) for op in (LogSoftmax, CumProd)),
    _tangent("the rule of reverse mode for the tangent", Expm, Expm.backward, _ONE),
    _tangent("the tangent of the other triangle, too", Cholesky, _of_both_triangles, _NO_TRIANGLE),
    *(_tangent("the sum of tied tangents", op, _sum_of_ties) for op in (Max, Min)),
    engine("forward mode: a reduction sums tangents without slopes", Patch(forward, "times", always(_as_it_came))),
    engine("forward mode: the second of two tangents dropped", Patch(forward, "along_two", always(_first_only))),
    engine("forward mode: the latest result first", Patch(invariant, "behind", always(_at_the_end_only))),
)
