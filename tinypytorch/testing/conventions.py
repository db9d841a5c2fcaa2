"""Floor 6: whether an op gives what it states at its kinks. Imports floors 1 to 4 and `testing`.

At a kink there is no derivative to be right about, but two things can be checked: that the rule gives what its `spec`
says, exactly, and that this lies between the one-sided derivatives (in Clarke's generalized gradient: Optimization and
Nonsmooth Analysis, 1983), which dual numbers give exactly. And forward mode takes the same side as the rule.

The package's own ops have one more to keep: at the ends of their domains, where slopes are infinite, a cotangent that
is exactly zero gives exactly zero.
"""

from __future__ import annotations

import itertools
import math
from typing import Final

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.apply import apply
from tinypytorch.core.variable import Variable
from tinypytorch.function import Function, Kink, is_binary, is_unary
from tinypytorch.ops import ALL, spec_of
from tinypytorch.testing import extras
from tinypytorch.testing.forward import check_forward
from tinypytorch.testing.numbers.dual import WATCH, Watch
from tinypytorch.testing.numbers.elements import duals
from tinypytorch.testing.numbers.rounded import ROUNDED
from tinypytorch.testing.programs import Program
from tinypytorch.testing.references import UnavailableError, run_on

_PACKAGE: Final = frozenset(ALL.values())


def check_conventions(op: Function) -> str | None:
    """What an op does at its kinks other than its `spec` states; None if it does as stated, or states none."""
    try:
        plain = type(op)()  # the points are for the default parameters
    except TypeError:
        plain = op
    for kink in spec_of(op).kinks:
        with np.errstate(all="ignore"):
            complaint = _check(plain, kink)
        if complaint is not None:
            return complaint
    return _still(plain) if type(op) in _PACKAGE or extras.is_special(type(op)) else None


def _still(op: Function) -> str | None:
    """Where on the borders of an op's domains a cotangent of zeros gives anything but zeros, in words."""
    spec = spec_of(op)
    if spec.cases is not None or not (is_unary(op) or is_binary(op)):
        return None
    domains = spec.domain if is_unary(op) else (spec.domain[0], spec.domain[-1])
    borders = [[x for x in (d.low, d.high, *d.avoid, 0.5) if math.isfinite(x)] for d in domains]
    for operands in itertools.product(*borders):
        arrays = [np.array(x) for x in operands]
        with np.errstate(all="ignore"):
            given = _given(op, arrays, 0.0)
        if any(g.any() for g in given):
            return f"at {_text(arrays)} a cotangent of zero gives {[g.tolist() for g in given]}"
    return None


def _check(op: Function, kink: Kink) -> str | None:
    operands = [np.array(x) for x in kink.operands]
    given = _given(op, operands)
    for n, (stated, gradient) in enumerate(zip(kink.gradients, given, strict=True)):
        if not np.array_equal(np.array(stated), gradient):
            return f"at {_text(operands)} the gradient of operand {n} is {gradient.tolist()}, not {stated} as stated"
    q = Program.of(operands, (op, *range(len(operands))))
    complaint = _outside(op, operands, given) or check_forward(q)
    return None if complaint is None else f"at {_text(operands)} {complaint}"


def _given(op: Function, operands: list[Array], cotangent: float = 1.0) -> list[Array]:
    """What the engine gives for a cotangent of ones, or of another number."""
    xs = [Variable(x) for x in operands]
    if is_unary(op):
        y = apply(op, xs[0])
    elif is_binary(op):
        y = apply(op, xs[0], xs[1])
    else:
        raise TypeError(f"{op!r}: kinks are declared of ops with one or two operands")
    (y * cotangent).sum().backward()
    return [np.zeros(x.shape) if x.grad is None else x.grad for x in xs]


def _outside(op: Function, operands: list[Array], given: list[Array]) -> str | None:
    """What does not lie between the one-sided derivatives along an axis, in words."""
    for n, x in enumerate(operands):
        for k in range(x.size):
            try:
                right, left = (_one_sided(op, operands, n, k, side) for side in (1, -1))
            except UnavailableError:
                continue
            entry = float(given[n].reshape(-1)[k])
            if not (math.isfinite(left) and math.isfinite(right)):  # no bounds to lie between
                continue
            if not min(left, right) <= entry <= max(left, right):
                return f"the gradient of operand {n} is {entry}, outside [{min(left, right)}, {max(left, right)}]"
    return None


def _one_sided(op: Function, operands: list[Array], n: int, k: int, side: int) -> float:
    """The derivative of the sum of the outputs along entry k of operand n, from one side."""
    q = Program.of(operands, (op, *range(len(operands))))
    directions = [np.zeros(x.shape) for x in operands]
    directions[n].reshape(-1)[k] = 1.0
    token = WATCH.set(Watch(side))
    try:
        leaves = [duals(x, d, ROUNDED) for x, d in zip(operands, directions, strict=True)]
        (y,) = run_on(q, leaves, ROUNDED)[len(operands) :]
    finally:
        WATCH.reset(token)
    return float(sum(entry.t.v for entry in y.ravel().tolist()))


def _text(operands: list[Array]) -> str:
    return ", ".join(str(x.tolist()) for x in operands)
