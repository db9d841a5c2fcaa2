"""Floor 6: forward mode against reverse mode, on programs. Imports floors 1 to 5, `passes` and `programs`.

The forward derivative is that of the rules transposed, so <g, J t> = <Jᵀ g, t> for every cotangent g and tangent t.
It has rules of its own nowhere: what can be wrong is what an op declares of itself, and how tangents are pushed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.errors import op_name
from tinypytorch.core.gradients import gradients
from tinypytorch.core.variable import Variable, result
from tinypytorch.core.vertex import Vertex
from tinypytorch.function import Tracked
from tinypytorch.testing.passes import NARROW, WIDER, bits, end_of, leaves_of
from tinypytorch.testing.programs import Program, weights
from tinypytorch.transforms.forward import ARRAYS, VARIABLES, behind, pushed
from tinypytorch.transforms.transposing import variable


def _keeps(values: Sequence[Variable], dtype: str) -> bool:
    """Whether all values are in a precision, or in a wider one."""
    eps = float(np.finfo(dtype).eps)
    return all(float(np.finfo(v.dtype).eps) <= eps for v in values)


def _moved(p: Program, dtype: str) -> tuple[float, float, float, Array, Array, Array] | None:
    """<g, J t>, <Jᵀ g, t>, the size of their terms, the result, and J t as pushed in arrays and in Variables."""
    xs = leaves_of(p, dtype)
    end = end_of(p, p.record(xs))
    if end is None:
        return None
    y, seed = end
    ts = [weights(x.data, i + 3).astype(x.dtype)[()] for i, x in enumerate(xs)]
    steps = behind([y], xs)
    plain: dict[Vertex, Array] = dict(zip(xs, ts, strict=True))
    pushed(ARRAYS, steps, plain)
    recorded: dict[Vertex, Tracked] = {x: result(t) for x, t in zip(xs, ts, strict=True)}
    pushed(VARIABLES, steps, recorded)
    moved: Array = np.asarray(plain[y])
    again: Array = np.asarray(variable(recorded[y]).value())
    pulled = gradients(y, xs, seed, allow_unused=True)
    ahead = seed * moved
    back = [g.data * t for g, t in zip(pulled, ts, strict=True)]
    size = sum(float(np.abs(part).sum()) for part in (ahead, *back))
    return float(ahead.sum().real), float(sum(part.sum().real for part in back)), size, y.data, moved, again


def _bent(p: Program, dtype: str) -> tuple[float, float, float] | None:
    """The derivatives of <g, J t> and of <Jᵀ g, t> along one direction of leaves and tangents, and their size."""
    xs = leaves_of(p, dtype)
    end = end_of(p, p.record(xs))
    if end is None:
        return None
    y, seed = end
    ts = [Variable(np.array(weights(x.data, i + 3), x.dtype)) for i, x in enumerate(xs)]
    recorded: dict[Vertex, Tracked] = dict(zip(xs, ts, strict=True))
    pushed(VARIABLES, behind([y], xs), recorded)
    moved = variable(recorded[y])
    pulled = gradients(y, xs, seed, create_graph=True, allow_unused=True)
    turned = [(g, t.data) for g, t in zip(pulled, ts, strict=True) if g.requires_grad]
    ahead = gradients(moved, [*xs, *ts], seed, allow_unused=True) if moved.requires_grad else ()
    back = gradients([g for g, _ in turned], xs, [t for _, t in turned], allow_unused=True) if turned else ()
    along = [np.array(weights(x.data, i + 7), x.dtype) for i, x in enumerate([*xs, *ts])]
    first = [g.data * v for g, v in zip(ahead, along, strict=bool(ahead))]
    second = [g.data * v for g, v in zip(back, along[: len(back)], strict=True)]
    second += [g.data * v for g, v in zip(pulled, along[len(xs) :], strict=True)]
    size = sum(float(np.abs(part).sum()) for part in (*first, *second))
    return float(sum(part.sum().real for part in first)), float(sum(part.sum().real for part in second)), size


def _differ(narrow: tuple[float, float], wide: tuple[float, float], size: float, precision: str) -> bool:
    """Whether the two of the wide precision differ by more than their rounding."""
    allowed = sum(abs(w - n) for w, n in zip(wide, narrow, strict=True)) + float(np.finfo(precision).eps) / 2 * size
    return bool(np.isfinite(allowed) and np.isfinite(wide).all() and abs(wide[0] - wide[1]) > allowed)


def check_forward(p: Program) -> str | None:
    """Forward and reverse mode are each other's transposes, and tangents as arrays and as Variables are the same bits.

    So are their derivatives, where an op has a rule of its own for forward mode.

    Compared in the widest precision that all ops have; what the next narrower one gives otherwise is a bound on the
    rounding, and one rounding in that on what the wide one itself rounds.
    """
    with np.errstate(all="ignore"):
        precision = NARROW if _keeps(p.record(leaves_of(p, WIDER[NARROW])), WIDER[NARROW]) else "float32"
        narrow, wide = _moved(p, precision), _moved(p, WIDER[precision])
    if narrow is None or wide is None:
        return None
    ahead, back, size, y, moved, again = wide
    if moved.shape != y.shape or moved.dtype != y.dtype:
        return f"a tangent of {moved.shape} {moved.dtype} for a result of {y.shape} {y.dtype}{_own(p)}"
    if bits([narrow[4]]) != bits([narrow[5]]):
        return f"tangents as arrays and as Variables differ in bits{_own(p)}"
    if moved.shape != again.shape or moved.dtype != again.dtype:
        return f"tangents of {moved.shape} {moved.dtype} as arrays, of {again.shape} {again.dtype} as Variables"
    if _differ(narrow[:2], (ahead, back), size, precision):
        return (
            f"forward mode gives {ahead!r} along the cotangent where reverse mode gives {back!r} along the tangent"
            + _own(p)
        )
    if not _own(p):
        return None
    with np.errstate(all="ignore"):
        bent, straight = _bent(p, precision), _bent(p, WIDER[precision])
    if bent is None or straight is None or not _differ(bent[:2], straight[:2], straight[2], precision):
        return None
    return f"the derivative of forward mode is {straight[0]!r}, that of reverse mode {straight[1]!r}{_own(p)}"


def _own(p: Program) -> str:
    """The rules for forward mode that ops of a program have, in words; nothing if none has."""
    names = sorted({op_name(i.op) for i in p.code if hasattr(i.op, "tangent")})
    return f"; with {', '.join(name + '.tangent' for name in names)}" if names else ""
