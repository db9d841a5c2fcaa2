"""Floor 6: one program in one library: what is wrong with what it gives. Imports `library` and `truth`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.testing.libraries.calls import lines_of, quiet
from tinypytorch.testing.libraries.library import Library, Outcome, UnsupportedError
from tinypytorch.testing.libraries.truth import Slope, UnjudgedError, differentiable, faithful, slopes, tolerances
from tinypytorch.testing.libraries.vocabulary import weighted
from tinypytorch.testing.programs import Program, spread

# Symptoms, the gravest first.
RAISES: Final = "raises"
VALUE: Final = "wrong value"
MISSING: Final = "no gradient"
SHAPE: Final = "gradient of wrong shape"
NAN: Final = "gradient is not finite"
LEAK: Final = "gradient is not finite, from a step that has none"
WRONG: Final = "wrong gradient"
INACCURATE: Final = "inaccurate gradient"
DTYPE: Final = "gradient of wrong dtype"
MUTATED: Final = "input changed"
ALIASED: Final = "gradients share memory"
STALE: Final = "wrong gradient of a second pass"
# These do not depend on the functions that are called.
GENERAL: Final = frozenset({DTYPE, MUTATED, ALIASED, STALE, f"{RAISES} RecursionError"})
# An error of more than this is not for lack of digits.
_GROSS: Final = 1e-2
_SMALL: Final = 1e-6
# Gradients closer than this to the largest number of their dtype are not judged.
_ROOM: Final = 1e3
# Values may be this far off: what they are is not what is looked for.
_VALUE: Final = 1e-3
# Gradients this close, in units in the last place of their largest terms, are not looked into any further.
_CLOSE: Final = 1024.0


@dataclass(frozen=True)
class Fault:
    """A symptom, with what should have come and what came; nan in `expected` is where no derivative exists."""

    symptom: str
    expected: list[Array] = field(default_factory=list["Array"])
    actual: list[Array | None] = field(default_factory=list["Array | None"])
    detail: str = ""
    step: str = ""


def unit_of(p: Program) -> float:
    """The unit in the last place of the least precise leaf."""
    return max(float(np.finfo(x.dtype).eps) for x in p.leaves)


def judge(library: Library, p: Program) -> list[Fault]:
    """What is wrong. Raises `UnjudgedError` where there is no telling, `UnsupportedError` where a call is lacking."""
    with quiet():
        return _judged(library, p)


def _judged(library: Library, p: Program) -> list[Fault]:
    faithful(p)
    try:
        found = library.run(p)
    except UnsupportedError:
        raise
    except Exception as error:  # whatever a library raises is what is looked for
        return _raised(p, error)
    expected = float(p.values[-1])
    if not abs(float(np.real(found.value)) - expected) <= _VALUE * (1 + abs(expected)):
        return [Fault(VALUE, [p.values[-1]], [found.value])]
    faults = _form(library, p, found)
    if not any(f.symptom in (MISSING, SHAPE) for f in faults):
        faults += _values(p, found.gradients)
        if library.again and not faults:
            faults += _second(library, p, found.gradients)
    return faults


def _raised(p: Program, error: Exception) -> list[Fault]:
    """An exception is a fault where the derivative exists."""
    expected = slopes(p)
    if not all(bool(np.isfinite(g).all()) for g in expected):
        raise UnjudgedError("no derivative") from error
    return [Fault(f"{RAISES} {type(error).__name__}", expected, [], str(error)[:200])]


def _form(library: Library, p: Program, found: Outcome) -> list[Fault]:
    """What is wrong beside the values of the gradients."""
    grads = found.gradients
    faults: list[Fault] = []
    if any(g is None for g in grads):
        expected = slopes(p)
        if any(g is None and bool((np.abs(e) > 0).any()) for g, e in zip(grads, expected, strict=True)):
            return [Fault(MISSING, expected, grads)]
    if any(g is not None and g.shape != x.shape for g, x in zip(grads, p.leaves, strict=True)):
        return [Fault(SHAPE, slopes(p), grads)]
    if not library.typed:
        return faults
    if any(g is not None and g.dtype != x.dtype for g, x in zip(grads, p.leaves, strict=True)):
        faults.append(Fault(DTYPE, [g.astype(x.dtype) for g, x in zip(slopes(p), p.leaves, strict=True)], grads))
    if any(a.tobytes() != x.tobytes() for a, x in zip(found.arrays, p.leaves, strict=True)):
        faults.append(Fault(MUTATED, p.leaves, list(found.arrays)))
    if _aliased(grads, found.arrays):
        faults.append(Fault(ALIASED, slopes(p), grads))
    return faults


def _aliased(grads: Sequence[Array | None], arrays: Sequence[Array]) -> bool:
    """Whether writing to one gradient changes another, or an input."""
    written = [g for g in grads if g is not None and g.flags.writeable]
    others = [*written, *arrays]
    return any(np.shares_memory(g, other) for n, g in enumerate(written) for other in others[n + 1 :])


def _values(p: Program, grads: Sequence[Array | None]) -> list[Fault]:
    """Whether the gradients have the right values: along one direction first, and then entry by entry."""
    got = [np.zeros(x.shape) if g is None else np.asarray(g, np.float64) for g, x in zip(grads, p.leaves, strict=True)]
    if all(bool(np.isfinite(g).all()) for g in got):
        directions = [spread(g.shape, n) for n, g in enumerate(got)]
        along = Slope(p).limit(directions)
        terms = [g * d for g, d in zip(got, directions, strict=True)]
        size = sum(float(np.abs(t).sum()) for t in terms)
        if along is not None and abs(sum(float(t.sum()) for t in terms) - along) <= _CLOSE * unit_of(p) * size:
            return []
    return _entries(p, got)


def _entries(p: Program, got: Sequence[Array]) -> list[Fault]:
    expected = slopes(p)
    exists = [np.abs(e) < np.finfo(x.dtype).max / _ROOM for e, x in zip(expected, p.leaves, strict=True)]
    pairs = list(zip(got, expected, exists, strict=True))
    if all(bool((g[m] == e[m]).all()) for g, e, m in pairs) or not differentiable(p, expected):
        return []
    step = _singular(p)
    if step and not all(bool(m.all()) for m in exists):
        return []
    if any(not bool(np.isfinite(g[m]).all()) for g, _, m in pairs):
        return [Fault(LEAK if step else NAN, expected, list(got), step=step)]
    if step:  # what a library takes for the derivative at a kink is its convention
        return []
    bounds = tolerances(p, expected, unit_of(p))
    errors = [np.asarray(np.abs(g - e)[m]) for g, e, m in pairs]
    limits = [b[m] for b, m in zip(bounds, exists, strict=True)]
    if all(bool((error <= b).all()) for error, b in zip(errors, limits, strict=True)):
        return []
    gross = any(
        bool(((error > b) & (error > _GROSS * np.abs(e[m])) & (error > _SMALL)).any())
        for error, b, (_, e, m) in zip(errors, limits, pairs, strict=True)
    )
    return [Fault(WRONG if gross else INACCURATE, expected, list(got))]


def _singular(p: Program) -> str:
    """What is called by the first step that has no derivative of its own where it stands; "" if there is none.

    The program may have one all the same, as where(x >= 0, x, sqrt(-x)), or x * sqrt(x) at 0.
    """
    for call, operands in lines_of(p):
        xs = [p.values[r] for r in operands]
        line = (call, tuple(range(len(xs))))
        y = call.forward(*xs)
        if not bool(np.isfinite(y).all()):
            return f"{call.word}, whose value is not finite either"
        step = weighted(xs, [line], y)
        found = slopes(step)[: len(xs)]
        if not all(bool(np.isfinite(g).all()) for g in found):
            return call.word
    return ""


def _second(library: Library, p: Program, first: Sequence[Array | None]) -> list[Fault]:
    """Whether another pass over the same graph gives the same again."""
    try:
        second = library.run(p, again=True).gradients
    except Exception as error:
        return [Fault(f"{RAISES} {type(error).__name__} in a second pass", slopes(p), [], str(error)[:200])]
    same = [
        a is b or (a is not None and b is not None and bool(np.array_equal(a, b, equal_nan=True)))
        for a, b in zip(first, second, strict=True)
    ]
    if all(same):
        return []
    expected = slopes(p)
    close = [b is not None and bool(np.allclose(b, e, 1e-3, 1e-3, True)) for b, e in zip(second, expected, strict=True)]
    return [] if all(close) else [Fault(STALE, expected, list(second))]
