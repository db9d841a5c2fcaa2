"""Floor 6: where a failure comes from, and what kind of mistake it looks like. Imports floors 1 to 4 and `testing`.

Each instruction of the failing program is taken alone: the Jacobian that its rule gives, entry by entry, is held
against the one that dual numbers give. If a rule is wrong, the way in which the two matrices differ suggests the
mistake. If all rules are right, the engine is wrong: then the first value whose cotangent differs from the textbook's
is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from tinypytorch.arrays import Array, Shape, broadcasts_to, is_array, is_numpy_scalar, real_array
from tinypytorch.core.variable import Variable
from tinypytorch.testing.checks import Verdict, check_second, granted
from tinypytorch.testing.differences import along
from tinypytorch.testing.engines import adjoints, local, pulled_back, summed_to
from tinypytorch.testing.examine import RAISED, Failure
from tinypytorch.testing.numbers.dual import WATCH, Watch
from tinypytorch.testing.numbers.elements import duals
from tinypytorch.testing.numbers.kinds import NotRepresentableError
from tinypytorch.testing.numbers.rounded import ROUNDED
from tinypytorch.testing.programs import Instruction, Program
from tinypytorch.testing.reduce import rebuilt
from tinypytorch.testing.references import UnavailableError, run_on


class KinkError(UnavailableError):
    """Where the Jacobian is not one matrix."""


@dataclass(frozen=True)
class Blame:
    """What is at fault: the value (its index), the operand (its position; None if the whole), and why."""

    value: int
    operand: int | None
    what: str
    suspicion: str
    expected: Array | None = None
    actual: Array | None = None


# Entries of a Jacobian that differ by less are taken for equal when a mistake is named.
_NOISE: Final = 2.0**-40
# What is left of a derivative by differences is only to point at a mistake that has been found already.
_NUMERIC: Final = 2.0**-20
_NEEDS_ARRAYS: Final = (
    "a rule that needs arrays, not Variables; if nobody wants second derivatives, verify the first alone: orders=(1,)"
)


def explain(failure: Failure) -> Blame | None:
    """What is at fault in a (small) failing program; None if nothing can be told."""
    p = failure.program
    starts = [(i, at) for i, at in zip(p.code, p.starts, strict=True)]
    for i, at in starts:
        blame = _rule_at_fault(p, i, at)
        if blame is not None:
            return blame
    if failure.check == "second derivative":
        for i, at in starts:
            blame = _second_at_fault(p, i, at)
            if blame is not None:
                return blame
    if failure.finding is None and failure.error is None:
        return None
    return _engine_at_fault(p)


def alone(p: Program, i: Instruction) -> Program:
    """The instruction on leaves that have its operands' values."""
    q = Program()
    refs = [q.leaf(p.values[r]) if isinstance(r, int) else r for r in i.operands]
    q.emit(i.op, *refs)
    return q


def jacobians(q: Program) -> list[Array]:
    """For each leaf of a program of one instruction, d (all entries of all outputs) / d (each entry of the leaf).

    By dual numbers; where the op does not run on them, by differences. Raises `UnavailableError` at a kink.
    """
    rows = sum(y.size for y in q.values[len(q.leaves) :])
    found: list[Array] = []
    for leaf, x in enumerate(q.leaves):
        columns: list[list[float]] = []
        for k in range(x.size):
            directions = [np.zeros(y.shape) for y in q.leaves]
            directions[leaf].reshape(-1)[k] = 1.0
            try:
                columns.append(_column(q, directions))
            except KinkError:
                raise
            except (UnavailableError, NotRepresentableError):
                columns.append([_by_differences(q, directions, row) for row in range(rows)])
        found.append(np.array(columns).reshape(x.size, rows).T)
    return found


def runs_on_duals(q: Program) -> bool:
    """Whether the ops of a program run on dual numbers."""
    token = WATCH.set(Watch())
    try:
        run_on(q, [duals(x, x, ROUNDED) for x in q.leaves], ROUNDED)
    except (UnavailableError, NotRepresentableError):
        return False
    finally:
        WATCH.reset(token)
    return True


def _by_differences(q: Program, directions: Sequence[Array], row: int) -> float:
    """The derivative of one entry of the outputs along the directions, rounded to what its bound leaves."""

    def entry(leaves: Sequence[Array]) -> np.longdouble:
        outputs = q.run(leaves)[len(q.leaves) :]
        return np.longdouble(np.concatenate([y.reshape(-1) for y in outputs])[row])

    found = along(q, entry, directions)
    if not found.smooth:
        raise KinkError("a branch changes under the smallest stencil")
    return float(found.value)


def _column(q: Program, directions: Sequence[Array]) -> list[float]:
    """The derivatives of all entries of all outputs along the directions."""
    sides: list[list[float]] = []
    for side in (1, -1):
        watch = Watch(side)
        token = WATCH.set(watch)
        try:
            leaves = [duals(x, d, ROUNDED) for x, d in zip(q.leaves, directions, strict=True)]
            values = run_on(q, leaves, ROUNDED)[len(q.leaves) :]
        finally:
            WATCH.reset(token)
        sides.append([entry.t.v for value in values for entry in value.ravel().tolist()])
        if not watch.kinks:
            return sides[0]
    if sides[0] != sides[1]:
        raise KinkError("a kink, where the Jacobian is not one matrix")
    return sides[0]


def rule_jacobians(q: Program, scale: float = 1.0) -> list[Array | str]:
    """What the rule gives for the same matrices; in words what is wrong if it gives no gradient of the right shape.

    scale: the entry of the cotangents, by which the result is divided.
    """
    (i,) = q.code
    ys = q.values[len(q.leaves) :]
    xs = [q.values[r] if isinstance(r, int) else np.asarray(r) for r in i.operands]
    rows: list[list[Array | str]] = []
    for y in range(len(ys)):
        for k in range(ys[y].size):
            gys = [np.zeros(v.shape, v.dtype) for v in ys]
            gys[y].reshape(-1)[k] = scale
            rows.append([_in_shape(g, x, scale) for g, x in zip(local(i.op, gys, ys, xs), xs, strict=True)])
    found: list[Array | str] = []
    for n, r in enumerate(i.operands):
        if isinstance(r, int):
            column = [row[n] for row in rows]
            words = next((c for c in column if isinstance(c, str)), None)
            entries = [c.reshape(-1) for c in column if not isinstance(c, str)]
            found.append(words or np.array(entries).reshape(len(column), xs[n].size))
    return found


def _in_shape(g: object, x: Array, scale: float) -> Array | str:
    """A gradient in its operand's shape, or what is wrong with it."""
    found = real_array(g) if is_array(g) or is_numpy_scalar(g) else None
    if found is None:
        return f"the rule gives {type(g).__name__}, not an array of real numbers"
    shape: Shape = found.shape
    if shape != x.shape and not broadcasts_to(x.shape, shape):
        return f"the gradient has shape {shape}, the operand {x.shape}"
    return summed_to(found, x.shape) / scale


def _rule_at_fault(p: Program, i: Instruction, at: int) -> Blame | None:
    """What is wrong with the rule of an instruction, at the values of the program."""
    q = alone(p, i)
    positions = [n for n, r in enumerate(i.operands) if isinstance(r, int)]
    try:
        right = jacobians(q)
    except (UnavailableError, NotRepresentableError):
        return None
    try:
        with np.errstate(all="ignore"):
            given = rule_jacobians(q)
    except RAISED as error:
        return Blame(at, None, f"the rule raises {type(error).__name__}: {error}", "an exception in the rule")
    for n, expected, actual in zip(positions, right, given, strict=True):
        if isinstance(actual, str):
            suspicion = "missing sum_to, or a reshape" if "shape" in actual else "a missing return"
            return Blame(at, n, actual, suspicion, expected)
        allowed = granted(q, 1) * 2.0**-52 * (abs(expected) + abs(actual)) + 2.0**-1000
        if not runs_on_duals(q):
            allowed = allowed + _NUMERIC * (1 + abs(expected))
        if not bool((abs(expected - actual) <= allowed).all()):
            others = [m for k, m in zip(positions, right, strict=True) if k != n]
            xs = [q.values[r] if isinstance(r, int) else np.asarray(r) for r in i.operands]
            ignored = _ignores_cotangent(q, positions.index(n), actual)
            suspicion = ignored or suspect(expected, actual, xs, q.values[-1], others)
            return Blame(at, n, "its rule is wrong", suspicion, expected, actual)
    return None


def _ignores_cotangent(q: Program, position: int, actual: Array) -> str:
    """Whether the rule gives the same for twice the cotangent, or something else that is not twice as much."""
    with np.errstate(all="ignore"):
        doubled = rule_jacobians(q, 2.0)[position]
    if isinstance(doubled, str) or _close(doubled, actual):
        return ""
    if _close(doubled * 2, actual):
        return "the upstream gradient is ignored: the same for twice the cotangent"
    return "not linear in the cotangent"


def suspect(expected: Array, actual: Array, xs: Sequence[Array], y: Array, others: Sequence[Array]) -> str:
    """What kind of mistake turns the expected Jacobian into the actual one."""
    if not np.isfinite(actual).all():
        return "nan or inf where the derivative is finite: a division by zero, or 0 * inf"
    if not actual.any():
        return "zero where the reference is not: a dropped path"
    if _close(actual, -expected):
        return "the sign"
    moved = expected != 0
    ratio = actual[moved] / expected[moved]
    if moved.any() and _close(ratio, np.full_like(ratio, ratio[0])) and not actual[~moved].any():
        return _factor(float(ratio[0]), xs, y)
    if any(o.shape == actual.shape and _close(actual, o) for o in others):
        return "two operands swapped: this is the gradient of the other one"
    if not actual[~moved].any() and _some_zero(actual[moved]):
        return "zero where the reference is not, for some entries: a mask, or a path dropped"
    by_entry = _factor_by_entry(expected, actual, xs, y)
    if by_entry:
        return by_entry
    if _close(np.sort(actual, axis=None), np.sort(expected, axis=None)):
        return "the right entries in the wrong places: transposed, permuted, or in another order"
    if _close(actual.sum(axis=0), expected.sum(axis=0)):
        return "the right sum, spread wrongly over the outputs"
    if (actual == actual[:1]).all() and len(actual) > 1:
        return "the same for every output: the upstream gradient is ignored, or summed"
    if not expected[actual != expected].any():
        return "not zero where the reference is: entries get the gradient that must not"
    return "the values differ"


def _factor(c: float, xs: Sequence[Array], y: Array) -> str:
    """A factor in words; what it equals among the operands' values, if there is just one."""
    if abs(c - 1) < 1e-2:
        return f"a relative error of {abs(c - 1):.0e}"
    names = [(f"operand {n}", x) for n, x in enumerate(xs)] + [("the output", y)]
    for name, value in names:
        if value.size == 1 and np.isclose(c, float(value.reshape(-1)[0]), rtol=1e-12, atol=0) and c not in (2.0, 0.5):
            return f"a factor of {c:.6g}, which is {name}: one taken for the other, or an exponent off by one"
    return f"a factor of {c:.6g}"


def _factor_by_entry(expected: Array, actual: Array, xs: Sequence[Array], y: Array) -> str:
    """Whether the entries differ by a factor that one of the operands, or the output, has."""
    names = [(f"operand {n}", x) for n, x in enumerate(xs)] + [("the output", y)]
    for name, value in names:
        if value.size != expected.shape[0]:
            continue
        column = value.reshape(-1, 1)
        with np.errstate(all="ignore"):
            if _close(actual, expected * column):
                return f"a factor too much: {name}"
            if _close(actual * column, expected):
                return f"a factor missing: {name}"
    return ""


def _close(a: Array, b: Array) -> bool:
    return a.shape == b.shape and bool((abs(a - b) <= _NOISE * (abs(a) + abs(b))).all())


def _some_zero(a: Array) -> bool:
    return bool((a == 0).any())


def _second_at_fault(p: Program, i: Instruction, at: int) -> Blame | None:
    """What is wrong with the second derivative of an instruction whose rule is right."""
    q = alone(p, i)
    try:
        found = check_second(q, thorough=False)
    except RAISED as error:
        return Blame(at, None, f"its rule does not differentiate: {error}", _NEEDS_ARRAYS)
    if found.verdict is not Verdict.FAIL:
        return None
    for name, inner_op in _inside_rule(q):
        blame = _rule_at_fault(inner_op, inner_op.code[0], len(inner_op.leaves))
        if blame is not None:
            return replace(blame, value=at, what=f"its rule is made of {name}, {blame.what}")
    said = "its rule is right, its second derivative is not"
    cause = "zero where the reference is not: " if found.engine == 0 else ""
    return Blame(at, None, said, cause + "a saved intermediate: a plain array in the rule that depends on the input")


def _inside_rule(q: Program) -> list[tuple[str, Program]]:
    """The ops that the rule of a program's only instruction is made of, each alone with the values it had there."""
    found: list[tuple[str, Program]] = []
    waiting = [g.creator for g in pulled_back(q, [Variable(x) for x in q.leaves], create_graph=True)]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        waiting += [parent.creator for parent in node.parents if parent is not None]
        alone_there = rebuilt(
            [np.asarray(v) for v in node.values], [Instruction(node.op, tuple(range(len(node.values))), 1)]
        )
        if alone_there is not None:
            found.append((type(node.op).__name__, alone_there))
    return found


def _engine_at_fault(p: Program) -> Blame | None:
    """The last value whose cotangent in the engine differs from the sum of its contributions."""
    xs = [Variable(x) for x in p.leaves]
    try:
        values = p.record(xs)
        for o, c in zip(p.ends, p.cotangents(), strict=True):
            if values[o].requires_grad:
                values[o].backward(c.astype(values[o].dtype), retain_grad=len(p.ends) == 1)
        right = adjoints(p, p.leaves)
    except RAISED as error:
        return Blame(len(p.values) - 1, None, f"the engine raises {type(error).__name__}: {error}", "the engine")
    for n in range(len(p.values) - 1, -1, -1):
        if len(p.ends) > 1 and n >= len(p.leaves):
            continue
        actual = values[n].grad
        if actual is None:
            actual = np.zeros(p.values[n].shape)
        uses = sum(r == n for i in p.code for r in i.operands if isinstance(r, int))
        if actual.shape != right[n].shape:
            said = f"its gradient has shape {actual.shape}, its data {right[n].shape}"
            return Blame(n, None, said, "missing sum_to, or leading axes only", right[n], actual)
        if not _close(actual, right[n]):
            return Blame(
                n,
                None,
                f"all rules are right; used {uses} times",
                _accumulated(right[n], actual, uses),
                right[n],
                actual,
            )
    return None


def _accumulated(expected: Array, actual: Array, uses: int) -> str:
    """How the engine's sum of contributions is wrong."""
    if not actual.any():
        return "the engine: no contribution arrives"
    if _close(actual, expected * 2):
        return "the engine: counted twice"
    if uses > 1:
        return "the engine: contributions overwritten, dropped, or added too late"
    return "the engine: the cotangent is changed on its way"
