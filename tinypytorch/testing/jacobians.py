"""Floor 6: the Jacobian of one instruction, by its rule and by its forward. Imports floors 1 and 2, and `testing`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Shape, broadcasts_to, is_array, is_numpy_scalar, real_array
from tinypytorch.testing.differences import along
from tinypytorch.testing.engines import local, summed_to
from tinypytorch.testing.numbers.dual import WATCH, Watch
from tinypytorch.testing.numbers.elements import duals
from tinypytorch.testing.numbers.kinds import NotRepresentableError
from tinypytorch.testing.numbers.rounded import ROUNDED
from tinypytorch.testing.programs import Instruction, Program
from tinypytorch.testing.references import UnavailableError, run_on

# The cotangents' entries: not 1, so that a rule that ignores them is seen.
SCALE: Final = 1.5


class KinkError(UnavailableError):
    """Where the Jacobian is not one matrix."""


# The outputs and operands that a rule is given, in place of others.
Confused: TypeAlias = Callable[[Sequence[Array], Sequence[Array]], tuple[Sequence[Array], Sequence[Array]]]


def _as_it_is(ys: Sequence[Array], xs: Sequence[Array]) -> tuple[Sequence[Array], Sequence[Array]]:
    return ys, xs


def alone(p: Program, i: Instruction) -> Program:
    """The instruction on leaves that have its operands' values, in float64."""
    q = Program()
    refs = [q.leaf(p.values[r].astype(np.float64)) if isinstance(r, int) else r for r in i.operands]
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
    """The derivative of one entry of the outputs along the directions."""

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


def rule_jacobians(q: Program, scale: float = SCALE, confused: Confused | None = None) -> list[Array | str]:
    """What the rule gives for the same matrices; in words what is wrong if it gives no gradient of the right shape.

    scale: the entry of the cotangents, by which the result is divided.
    confused: what the rule is given in place of the outputs and the operands.
    """
    (i,) = q.code
    ys = q.values[len(q.leaves) :]
    xs = [q.values[r] if isinstance(r, int) else np.asarray(r) for r in i.operands]
    rows: list[list[Array | str]] = []
    for y in range(len(ys)):
        for k in range(ys[y].size):
            gys = [np.zeros(v.shape, v.dtype) for v in ys]
            gys[y].reshape(-1)[k] = scale
            given = local(i.op, gys, *(confused or _as_it_is)(ys, xs))
            rows.append([_in_shape(g, x, scale) for g, x in zip(given, xs, strict=True)])
    if not rows:  # no entries: that it runs, and gives the right shapes, is all there is to see
        given = local(i.op, [np.zeros_like(v) for v in ys], *(confused or _as_it_is)(ys, xs))
        return [_in_shape(given[n], xs[n], scale) for n, r in enumerate(i.operands) if isinstance(r, int)]
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
