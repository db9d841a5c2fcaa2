"""Floor 6: what must hold of a program beyond the value of its derivative. Imports floors 1 to 4 and `testing`.

Each check gives a sentence that says what is wrong, or None.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Final, TypeAlias
from weakref import ref

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.gradients import gradients
from tinypytorch.core.variable import Variable
from tinypytorch.function import T
from tinypytorch.testing.checks import outputs_of, spread
from tinypytorch.testing.programs import Program

Invariant: TypeAlias = Callable[[Program], str | None]


def _leaves(p: Program, dtype: str = "float64") -> list[Variable]:
    return [Variable(x.astype(dtype)) for x in p.leaves]


def _end(p: Program, values: list[Variable]) -> tuple[Variable, Array] | None:
    """The last output that depends on a leaf, with its cotangent in its dtype."""
    for o in reversed(outputs_of(p)):
        if values[o].requires_grad:
            return values[o], spread(values[o].shape, o).astype(values[o].dtype)
    return None


def _grads(xs: list[Variable]) -> list[Array]:
    return [np.zeros(x.shape, x.dtype) if x.grad is None else x.grad for x in xs]


def _bits(arrays: list[Array]) -> list[bytes]:
    """Contents, with -0.0 as 0.0; extended precision as two doubles, since its padding holds anything."""
    halves = [(np.asarray(a + 0.0, np.float64), a) for a in arrays]
    return [high.tobytes() + np.asarray(a - high, np.float64).tobytes() for high, a in halves]


def check_agreement(p: Program) -> str | None:
    """`backward`, `gradients` and `gradients(create_graph=True)` give the same bits, and give them again."""
    found: list[list[bytes]] = []
    for way in ("backward", "gradients", "recorded", "backward"):
        xs = _leaves(p)
        end = _end(p, p.record(xs))
        if end is None:
            return None
        y, seed = end
        if way == "backward":
            y.backward(seed)
            found.append(_bits(_grads(xs)))
        else:
            pulled = gradients(y, xs, seed, create_graph=way == "recorded", allow_unused=True)
            found.append(_bits([g.data for g in pulled]))
    return None if all(f == found[0] for f in found) else "backward, gradients and recorded gradients differ in bits"


def check_linear(p: Program) -> str | None:
    """Half the cotangent gives exactly half the gradient, a second pass exactly twice, and zeros give zeros."""
    results: list[list[Array]] = []
    for scales in ((1.0,), (0.5, 0.5), (1.0, 1.0), (0.0,)):
        xs = _leaves(p)
        end = _end(p, p.record(xs))
        if end is None:
            return None
        y, seed = end
        for i, scale in enumerate(scales):
            y.backward(seed * scale, retain_grad=i % 2 == 0)
        results.append(_grads(xs))
    once, halves, twice, zero = results
    if _bits(once) != _bits(halves):
        return "two passes with half the cotangent do not add up to one pass"
    if _bits([g * 2 for g in once]) != _bits(twice):
        return "two passes do not give twice the gradient"
    return "a cotangent of zeros gives a gradient" if any(np.any(g != 0) for g in zero) else None


def check_pure(p: Program) -> str | None:
    """Gradients have their data's shape and dtype and share memory with nothing; nothing else is changed."""
    for dtype in ("float64", "float32", "longdouble"):
        xs = _leaves(p, dtype)
        values = p.record(xs)
        end = _end(p, values)
        if end is None:
            return None
        y, seed = end
        before = _bits([v.data for v in values] + [seed])
        y.backward(seed)
        if _bits([v.data for v in values] + [seed]) != before:
            return f"the backward pass changed a value or the cotangent ({dtype})"
        grads = [x.grad for x in xs if x.grad is not None]
        for x in xs:
            if x.grad is not None and (x.grad.shape != x.shape or x.grad.dtype != x.dtype):
                return f"a gradient of {x.grad.shape} {x.grad.dtype} for data of {x.shape} {x.dtype}"
        others = [v.data for v in values] + [seed]
        for i, g in enumerate(grads):
            if any(np.shares_memory(g, o) for o in others + grads[:i]):
                return f"a gradient shares memory with a value, the cotangent or another gradient ({dtype})"
    return None


class _Probe:
    """The identity; remembers the values whose rule it ran."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def forward(self, x: Array, /) -> Array:
        return x.copy()

    def backward(self, gy: T, y: T, x: T, /) -> T:
        self.seen.append(id(y))
        return gy


def check_visited_once(p: Program) -> str | None:
    """Every node's rule runs at most once in a pass, and an identity after every op changes no bit."""
    plain, probed, probe = _leaves(p), _leaves(p), _Probe()
    values = p.record(probed, probe)
    ends = _end(p, p.record(plain)), _end(p, values)
    if ends[0] is None or ends[1] is None:
        return None
    for y, seed in (ends[0], ends[1]):
        y.backward(seed)
    if len(set(probe.seen)) != len(probe.seen):
        return "a rule ran more than once in a pass"
    return None if _bits(_grads(plain)) == _bits(_grads(probed)) else "an identity after every op changes the gradient"


def check_retained(p: Program) -> str | None:
    """Interior gradients stay only if asked for, also those of an earlier pass."""
    xs = _leaves(p)
    values = p.record(xs)
    end = _end(p, values)
    if end is None:
        return None
    y, seed = end
    y.backward(seed, retain_grad=True)
    if y.creator is not None and y.grad is None:
        return "retain_grad=True kept no gradient of the output"
    y.backward(seed)
    if any(v.grad is not None for v in values if v.creator is not None):
        return "an interior gradient is left after backward(retain_grad=False)"
    return None


def check_released(p: Program) -> str | None:
    """With the collector off, dropping the outputs frees every result and node at once, also after a pass."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        for passes in ("none", "backward", "recorded"):
            xs = _leaves(p)
            values = p.record(xs)
            watched = [ref(v) for v in values if v.creator is not None]
            end = _end(p, values)
            del values
            if end is not None and passes == "backward":
                end[0].backward(end[1])
            kept = (
                gradients(end[0], xs, end[1], create_graph=True, allow_unused=True)
                if end and passes == "recorded"
                else ()
            )
            del end, kept
            alive = sum(w() is not None for w in watched)
            if alive:
                return f"{alive} of {len(watched)} results outlive their graph (pass: {passes})"
    finally:
        if enabled:
            gc.enable()
    return None


INVARIANTS: Final[tuple[Invariant, ...]] = (
    check_agreement,
    check_linear,
    check_pure,
    check_retained,
    check_visited_once,
    check_released,
)
