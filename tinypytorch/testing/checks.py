"""Floor 6: check the engine's derivatives of a program against differences. Imports floors 1 to 4 and `testing`.

The verdict has three values. The tolerance is the reference's bound and an allowance for the engine's rounding: 64
times how far its answer moves when every input moves by one unit in the last place, plus a term for cancellation. The
factor is chosen, not proved, and the movement is the engine's own. Second derivatives are held against differences of
the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Final

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.gradients import gradients
from tinypytorch.core.variable import Variable
from tinypytorch.ops import spec_of
from tinypytorch.ops.reductions import Max, Min
from tinypytorch.ops.selection import Maximum, Minimum
from tinypytorch.testing.differences import EPS64, EPS80, ridders
from tinypytorch.testing.programs import Program, run_one

# How many outputs a program is differentiated from at most: the last value, and others that nothing uses.
OUTPUTS: Final = 3


class Verdict(Enum):
    """What a check found: the derivative is right, wrong, or the reference cannot tell."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Finding:
    """A verdict with its evidence: what the engine gave, what the reference gave, and how far they may differ."""

    verdict: Verdict
    order: int
    engine: float
    reference: float
    tolerance: float
    reason: str = ""


def spread(shape: tuple[int, ...], seed: int) -> Array:
    """Directions and cotangents: entries in ±[1/2, 1], never all equal, so that errors do not cancel."""
    n = int(np.prod(shape))
    t = (np.arange(n) * 37 + seed * 53 + 11) % 64
    return ((0.5 + (t % 32) / 64.0) * np.where(t < 32, 1.0, -1.0)).reshape(shape)


def outputs_of(p: Program) -> list[int]:
    """The values that the program is differentiated from: the last ones that nothing uses."""
    used = {r for i in p.code for r in i.operands if isinstance(r, int)}
    ends = [i for i in range(len(p.leaves), len(p.values)) if i not in used]
    return ends[-OUTPUTS:] or [len(p.values) - 1]


def objective(p: Program, values: Sequence[Array]) -> np.longdouble:
    """The number that is differentiated: the outputs, each weighted by its cotangent."""
    total = np.longdouble(0)
    for o in outputs_of(p):
        total += np.longdouble((values[o] * spread(values[o].shape, o)).sum())
    return total


def branches(p: Program, values: Sequence[Array]) -> bytes:
    """Every decision taken on these values: which side of a kink or of a domain's end, which entry was largest."""
    taken: list[bytes] = []
    for i in p.code:
        spec = spec_of(i.op)
        operands = [values[r] if isinstance(r, int) else np.asarray(r) for r in i.operands]
        for k, x in enumerate(operands):
            domain = spec.domain[min(k, len(spec.domain) - 1)]
            ends = [end for end in (domain.low, domain.high) if np.isfinite(end)]
            taken += [(x > end).tobytes() for end in (*ends, *domain.avoid)]
        if isinstance(i.op, Max | Min):
            taken.append((operands[0] == run_one(replace(i.op, keepdims=True), operands)[0]).tobytes())
        elif isinstance(i.op, Maximum | Minimum):
            taken.append((operands[0] > operands[1]).tobytes())
    return b"|".join(taken)


def shifted(leaves: Sequence[Array], directions: Sequence[Array], t: np.longdouble) -> list[Array]:
    """The leaves moved by t along the directions, in extended precision."""
    return [widened(x) + np.asarray(t * w) for x, w in zip(leaves, directions, strict=True)]


def widened(x: Array) -> Array:
    """The array in extended precision."""
    wide: Array = x.astype("longdouble")
    return wide


def engine_first(p: Program, leaves: Sequence[Array], directions: Sequence[Array]) -> float | np.longdouble:
    """The engine's derivative of the objective along the directions."""
    xs = [Variable(np.array(x)) for x in leaves]
    values = p.record(xs)
    grads = _pull(p, xs, values, create_graph=False)
    return np.longdouble(sum((g.data * w).sum() for g, w in zip(grads, directions, strict=True)))


def engine_second(
    p: Program, leaves: Sequence[Array], directions: Sequence[Array], others: Sequence[Array]
) -> np.longdouble:
    """The engine's second derivative, along the directions and then along the others."""
    xs = [Variable(np.array(x)) for x in leaves]
    grads = _pull(p, xs, p.record(xs), create_graph=True)
    along = [(g * w).sum() for g, w in zip(grads, directions, strict=True) if g.requires_grad]
    if not along:
        return np.longdouble(0)
    second = gradients(along, xs, allow_unused=True)
    return np.longdouble(sum((g.data * w).sum() for g, w in zip(second, others, strict=True)))


def _pull(p: Program, xs: list[Variable], values: list[Variable], create_graph: bool) -> tuple[Variable, ...]:
    """The gradients of the objective with respect to the leaves."""
    ends = [o for o in outputs_of(p) if values[o].requires_grad]
    seeds = [spread(values[o].shape, o) for o in ends]
    return gradients([values[o] for o in ends], xs, seeds, create_graph=create_graph, allow_unused=True)


def _scale(p: Program, derivative: float | np.longdouble) -> float:
    """What a relative rounding error is relative to: terms as large as any value, that may cancel, one for each op."""
    largest = max(float(np.abs(x).max(initial=0.0)) for x in p.values)
    return (abs(float(derivative)) + largest) * len(p.code)


def _nudged(leaves: Sequence[Array], k: int) -> list[Array]:
    """The leaves with every entry moved up or down by one unit in the last place of its dtype."""
    return [np.asarray(x * (1 + np.finfo(x.dtype).eps * np.sign(spread(x.shape, k)))) for x in leaves]


def check_first(p: Program) -> Finding:
    """Check the first derivative of a program, in double and in extended precision."""
    directions = [spread(x.shape, i) for i, x in enumerate(p.leaves)]

    def f(t: np.longdouble) -> tuple[np.longdouble, bytes]:
        with np.errstate(all="ignore"):  # beyond a domain's end is another branch, and not differentiated
            values = p.run(shifted(p.leaves, directions, t))
            return objective(p, values), branches(p, values)

    at_zero = float(f(np.longdouble(0))[0])
    noise = abs(at_zero - float(objective(p, p.values))) * EPS80 / EPS64 + abs(at_zero) * EPS80
    reference = ridders(f, noise)
    got = engine_first(p, p.leaves, directions)
    wide = engine_first(p, [widened(x) for x in p.leaves], directions)
    moved = max(abs(float(engine_first(p, _nudged(p.leaves, k), directions) - got)) for k in range(3))
    rounding = 64 * (moved + _scale(p, got) * EPS64)
    wide_rounding = rounding * EPS80 / EPS64
    if not reference.smooth:
        return Finding(Verdict.INCONCLUSIVE, 1, float(got), 0.0, np.inf, "a branch changes under the smallest stencil")
    for engine, tolerance in ((wide, reference.bound + wide_rounding), (got, reference.bound + rounding)):
        if not abs(float(engine - reference.value)) <= tolerance:
            return Finding(Verdict.FAIL, 1, float(engine), reference.value, tolerance)
    return Finding(Verdict.PASS, 1, float(got), reference.value, reference.bound + rounding)


def check_second(p: Program) -> Finding:
    """Check the second derivative of a program: against differences of the first, and for symmetry."""
    v = [spread(x.shape, i) for i, x in enumerate(p.leaves)]
    w = [spread(x.shape, i + 5) for i, x in enumerate(p.leaves)]
    wide = [widened(x) for x in p.leaves]

    def f(t: np.longdouble) -> tuple[np.longdouble, bytes]:
        leaves = shifted(p.leaves, w, t)
        with np.errstate(all="ignore"):
            return np.longdouble(engine_first(p, leaves, v)), branches(p, p.run(leaves))

    at_zero = float(f(np.longdouble(0))[0])
    noise = abs(at_zero - float(engine_first(p, p.leaves, v))) * EPS80 / EPS64 + abs(at_zero) * EPS80
    reference = ridders(f, noise)
    if not reference.smooth:
        return Finding(Verdict.INCONCLUSIVE, 2, 0.0, 0.0, np.inf, "a branch changes under the smallest stencil")
    got, mirrored = engine_second(p, wide, v, w), engine_second(p, wide, w, v)
    moved = max(abs(float(engine_second(p, _nudged(wide, k), v, w) - got)) for k in range(3))
    rounding = 64 * (moved + _scale(p, got) * EPS80)
    for engine, tolerance in ((got, reference.bound + rounding), (mirrored, reference.bound + rounding)):
        if not abs(float(engine - reference.value)) <= tolerance:
            return Finding(Verdict.FAIL, 2, float(engine), reference.value, tolerance)
    return Finding(Verdict.PASS, 2, float(got), reference.value, reference.bound + rounding)
