"""Floor 6: what must hold of a program beyond the value of its derivative. Imports floors 1 to 4 and `testing`.

Each check gives a sentence that says what is wrong, or None.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias
from weakref import ref

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.gradients import gradients
from tinypytorch.core.variable import Variable
from tinypytorch.function import T
from tinypytorch.testing.disturbances import check_failure as check_failure
from tinypytorch.testing.disturbances import check_growth as check_growth
from tinypytorch.testing.disturbances import check_settings as check_settings
from tinypytorch.testing.disturbances import check_threads as check_threads
from tinypytorch.testing.disturbances import no_collector
from tinypytorch.testing.forward import check_forward as check_forward
from tinypytorch.testing.passes import NARROW, bits, end_of, ends_of, exactly, grads_of, leaves_of, settled
from tinypytorch.testing.programs import Program, in_precision, weights

Invariant: TypeAlias = Callable[[Program], str | None]


def check_agreement(p: Program) -> str | None:
    """`backward`, `gradients` and `gradients(create_graph=True)` give the same bits, and give them again."""
    found: list[list[bytes]] = []
    for way in ("backward", "gradients", "recorded", "backward"):
        xs = leaves_of(p)
        end = end_of(p, p.record(xs))
        if end is None:
            return None
        y, seed = end
        if way == "backward":
            y.backward(seed)
            found.append(bits(grads_of(xs)))
        else:
            pulled = gradients(y, xs, seed, create_graph=way == "recorded", allow_unused=True)
            found.append(bits([g.data for g in pulled]))
    return None if all(f == found[0] for f in found) else "backward, gradients and recorded gradients differ in bits"


def check_linear(p: Program) -> str | None:
    """Half the cotangent gives exactly half the gradient, a second pass exactly twice, and zeros give zeros."""
    results: list[list[Array]] = []
    for scales in ((1.0,), (0.5, 0.5), (1.0, 1.0), (0.0,)):
        xs = leaves_of(p)
        end = end_of(p, p.record(xs))
        if end is None:
            return None
        y, seed = end
        for i, scale in enumerate(scales):
            y.backward(seed * scale, retain_grad=i % 2 == 0)
        results.append(grads_of(xs))
    once, halves, twice, zero = results
    if bits(once) != bits(halves):
        return "two passes with half the cotangent do not add up to one pass"
    if bits([g * 2 for g in once]) != bits(twice):
        return "two passes do not give twice the gradient"
    return "a cotangent of zeros gives a gradient" if any(np.any(g != 0) for g in zero) else None


def check_additive(p: Program) -> str | None:
    """The gradients of each output, for two cotangents each, add up to that of all outputs for the cotangents' sums.

    Compared where nothing is rounded: see `passes.exactly`.
    """
    ends = ends_of(p)
    both = [(o, seed, weights(seed, o + 7)) for o, seed in ends]
    together = exactly(p, [(o, seed + other) for o, seed, other in both])
    if together is None or not ends:
        return None
    parts = [exactly(p, [(o, s)]) for o, *seeds in both for s in seeds]
    for i in range(len(p.leaves)):
        total = np.zeros_like(in_precision(p.leaves[i], NARROW))
        for part in parts:
            if part is None:
                return None
            total = total + part[i]
        if bits([total]) != bits([together[i]]):
            return f"leaf {i}: the gradients for single outputs and cotangents do not add up to the one for their sum"
    return None


def check_pure(p: Program) -> str | None:
    """Gradients have their data's shape and dtype and share memory with nothing; nothing else is changed."""
    for dtype in ("float64", "float32", "longdouble"):
        xs = leaves_of(p, dtype)
        values = p.record(xs)
        end = end_of(p, values)
        if end is None:
            return None
        y, seed = end
        before = bits([v.data for v in values] + [seed])
        y.backward(seed)
        if bits([v.data for v in values] + [seed]) != before:
            return f"the backward pass changed a value or the cotangent ({dtype})"
        grads = [x.grad for x in xs if x.grad is not None]
        for x in xs:
            if x.grad is not None and (x.grad.shape != x.shape or x.grad.dtype != x.dtype):
                return f"a gradient of {x.grad.shape} {x.grad.dtype} for data of {x.shape} {x.dtype}"
        others = [v.data for v in values] + [seed]
        for i, g in enumerate(grads):
            if any(np.shares_memory(g, o) for o in others + grads[:i]):
                return f"a gradient shares memory with a value, the cotangent or another gradient ({dtype})"
        leaf, seed = xs[0], in_precision(weights(xs[0].data, 1), dtype)
        leaf.cleargrad()
        leaf.backward(seed)
        if leaf.grad is not None and np.shares_memory(leaf.grad, seed):
            return f"the gradient of a leaf by itself is the cotangent, not a copy ({dtype})"
    return None


class _Probe:
    """The identity, memory layout and all; remembers the values whose rule it ran."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def forward(self, x: Array, /) -> Array:
        return x.view()

    def backward(self, gy: T, y: T, x: T, /) -> T:
        self.seen.append(id(y))
        return gy


def check_visited_once(p: Program) -> str | None:
    """Every node's rule runs at most once in a pass, and an identity after every op changes no bit."""
    plain, probed, probe = leaves_of(p), leaves_of(p), _Probe()
    values = p.record(probed, probe)
    ends = end_of(p, p.record(plain)), end_of(p, values)
    if ends[0] is None or ends[1] is None:
        return None
    for y, seed in (ends[0], ends[1]):
        y.backward(seed)
    if len(set(probe.seen)) != len(probe.seen):
        return "a rule ran more than once in a pass"
    return (
        None if bits(grads_of(plain)) == bits(grads_of(probed)) else "an identity after every op changes the gradient"
    )


def check_retained(p: Program) -> str | None:
    """Interior gradients stay only if asked for, also those of an earlier pass, and are those `gradients` gives."""
    xs = leaves_of(p)
    values = p.record(xs)
    end = end_of(p, values)
    if end is None:
        return None
    y, seed = end
    y.backward(seed, retain_grad=True)
    if not y.is_leaf and y.grad is None:
        return "retain_grad=True kept no gradient of the output"
    kept = [(v, v.grad) for v in values if not v.is_leaf and v.grad is not None]
    for v, g in {id(v): (v, g) for v, g in kept[:1] + kept[len(kept) // 2 :][:1] + kept[-1:]}.values():
        (pulled,) = gradients(y, v, seed)
        if bits([pulled.data]) != bits([g]):
            return "the gradient of an inner value that backward keeps and the one that gradients gives differ in bits"
    y.backward(seed)
    if any(v.grad is not None for v in values if not v.is_leaf):
        return "an interior gradient is left after backward(retain_grad=False)"
    return None


def check_released(p: Program) -> str | None:
    """With the collector off, dropping the outputs frees every result and node at once, also after a pass."""
    with no_collector():
        for passes in ("none", "backward", "recorded"):
            xs = leaves_of(p)
            values = p.record(xs)
            watched = [ref(v) for v in values if not v.is_leaf]  # asking for the creator would make a node
            end = end_of(p, values)
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
    return None


def check_constants(p: Program) -> str | None:
    """A leaf that wants no gradient gets none, and changes no bit of the others'.

    It may change the order in which gradients are added: compared where that cannot matter, see `passes.settled`.
    """
    for k in range(len(p.leaves)):
        ends = ends_of(p, constant=k)
        if not ends or not settled(p, ends):
            continue
        xs, others = leaves_of(p, constant=k), leaves_of(p)
        for leaves in (xs, others):
            values = p.record(leaves)
            for o, seed in ends:
                values[o].backward(seed)
        if xs[k].grad is not None:
            return f"leaf {k} has requires_grad=False, and gets a gradient"
        del xs[k], others[k]
        if bits(grads_of(xs)) != bits(grads_of(others)):
            return f"requires_grad=False of leaf {k} changes the gradient of another leaf"
    values = p.record([Variable(x.copy(), requires_grad=False) for x in p.leaves])
    return "a result of constants wants a gradient" if any(v.requires_grad for v in values) else None


def check_unreached(p: Program) -> str | None:
    """An input that the output does not depend on is an error, or zeros if allowed; others' gradients do not change."""
    xs = leaves_of(p)
    end = end_of(p, p.record(xs))
    if end is None:
        return None
    y, seed = end
    other = Variable(np.ones((2, 1), np.float32))
    inner = -other
    expected = bits([g.data for g in gradients(y, xs, seed, allow_unused=True)])
    for unused in (other, inner):
        *found, zero = gradients(y, [*xs, unused], seed, allow_unused=True)
        if (zero.shape, zero.dtype) != (unused.shape, unused.dtype) or np.any(zero.data != 0):
            return f"an input that is not used gets {zero.data.tolist()} {zero.dtype} with allow_unused=True, not zeros"
        if bits([g.data for g in found]) != expected:
            return "an input that is not used changes the gradient of another"
        try:
            gradients(y, unused, seed)
        except ValueError:
            continue
        return "an input that is not used is no ValueError without allow_unused=True"
    return None


def check_replaced(p: Program) -> str | None:
    """Data that a leaf is given after the forward pass changes no gradient: the values that were recorded count."""
    found: list[list[bytes]] = []
    for replaced in (False, True):
        xs = leaves_of(p)
        end = end_of(p, p.record(xs))
        if end is None:
            return None
        y, seed = end
        for x in xs if replaced else ():
            x.data = np.asarray(x.data * 0.5 + 1.0)
        y.backward(seed)
        found.append(bits(grads_of(xs)))
    return None if found[0] == found[1] else "new data of a leaf changes the gradient of what was computed before"


INVARIANTS: Final[tuple[Invariant, ...]] = (
    check_agreement,
    check_linear,
    check_pure,
    check_retained,
    check_visited_once,
    check_released,
    check_unreached,
    check_constants,
    check_additive,
    check_failure,
    check_growth,
    check_threads,
    check_settings,
    check_replaced,
    check_forward,
)
