"""Floor 5: the tangents of an op by transposing its rule. Imports floors 1 to 3.

A rule is linear in the cotangent. Recorded once on a cotangent that is a Variable, it is transposed by a backward pass
through it: J t is the gradient of <gx(gy), t> by gy (Christianson 1992, Radul et al. 2023).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinypytorch.core.apply import apply
from tinypytorch.core.errors import bad_gradient, op_name
from tinypytorch.core.gradients import gradients
from tinypytorch.core.operators import value_of
from tinypytorch.core.variable import Variable
from tinypytorch.core.vertex import Vertex
from tinypytorch.function import Function, Tracked, is_binary, is_many, is_multi, is_unary, is_variadic
from tinypytorch.ops.shaping import SumTo


def variable(x: Tracked | Vertex) -> Variable:
    """The Variable that x is."""
    if not isinstance(x, Variable):
        raise TypeError(f"jvp: expected a Variable, got {type(x).__name__}")
    return x


def applied(op: Function | None, xs: Sequence[Variable]) -> tuple[Variable, ...]:
    """An op of several operands applied to Variables, recorded."""
    if is_binary(op):
        return (xs[0].combine(op, xs[0], xs[1]),)
    if not is_many(op):
        raise TypeError(f"jvp: {op_name(op)} is no op")
    made = apply(op, *xs)
    return made if isinstance(made, tuple) else (made,)


def pulled(
    op: Function,
    gys: Sequence[Variable],
    ys: Sequence[Variable],
    xs: Sequence[Variable],
    needs: tuple[bool, ...],
    several: bool,
) -> Sequence[Variable | Tracked | None]:
    """What the rule of an op gives, run on Variables, for the operands that are needed."""
    if is_unary(op):
        return [op.backward(gys[0], ys[0], xs[0])]
    if is_binary(op):
        gy, y, (a, b) = gys[0], ys[0], xs
        return [
            op.backward_a(gy, y, a, b) if needs[0] else None,
            op.backward_b(gy, y, a, b) if needs[1] else None,
        ]
    if not is_many(op):
        raise TypeError(f"jvp: {op_name(op)} is no op")
    if is_multi(op, tuple(ys) if several else ys[0]):
        return op.backward_all(tuple(gys), tuple(ys), tuple(xs), needs)
    if is_variadic(op, ys[0]):
        return op.backward_all(gys[0], ys[0], tuple(xs), needs)
    return []


def transposed(
    op: Function,
    ys: Sequence[Variable],
    xs: Sequence[Variable],
    ts: Sequence[Variable | None],
    several: bool,
    again: bool,
) -> tuple[Variable, ...]:
    """Tangents of the results: the op's rule, run on cotangents that are Variables, and a pass back through it.

    The cotangents are ones, not zeros: rules may take a shortcut where a cotangent is zero.
    """
    gys = [Variable(np.ones(y.shape, y.dtype)) for y in ys]
    gxs = pulled(op, gys, ys, xs, tuple(t is not None for t in ts), several)
    found: list[tuple[Variable, Variable]] = []
    for i, (gx, t) in enumerate(zip(gxs, ts, strict=True)):
        if t is None:
            continue
        if gx is None:
            raise bad_gradient(op, i, gx, xs[i].value())
        g = gx if isinstance(gx, Variable) else None
        if g is not None and g.requires_grad:
            found.append((g if g.shape == t.shape else g.record(SumTo(t.shape)), t))
        elif value_of(gx).any():
            raise TypeError(
                f"jvp: what the rule of {op_name(op)} gives for input {i} is not recorded as depending on its "
                "cotangent, so it has no forward derivative; write it in operators, methods and NumPy's ufuncs of `gy`"
            )
    return gradients([g for g, _ in found], gys, [t for _, t in found], create_graph=again, allow_unused=True)
