"""Floor 6: the Jacobian of one instruction, by its rule and by its forward. Imports floors 1 and 2, and `testing`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from tinypytorch.arrays import (
    IMAGINARY,
    Array,
    Shape,
    broadcasts_to,
    in_kind,
    is_array,
    is_complex,
    is_numpy_scalar,
    numeric_array,
)
from tinypytorch.testing.differences import along
from tinypytorch.testing.engines import local, summed_to
from tinypytorch.testing.numbers.dual import WATCH, Dual, Watch
from tinypytorch.testing.numbers.elements import duals, imaginary_parts, real_parts
from tinypytorch.testing.numbers.kinds import NotRepresentableError
from tinypytorch.testing.numbers.rounded import ROUNDED, Rounded
from tinypytorch.testing.programs import Instruction, Program, in_precision
from tinypytorch.testing.references import UnavailableError, run_on

# The cotangents' entries: not 1, so that a rule that ignores them is seen.
SCALE: Final = 1.5


class KinkError(UnavailableError):
    """Where the Jacobian is not one matrix."""


@dataclass(frozen=True)
class Jacobian:
    """Entries of an (outputs, inputs) matrix, and how far each may be off by rounding."""

    entries: Array
    error: Array


# An entry and how far it may be off.
_Entry: TypeAlias = tuple[float, float]


# The outputs and operands that a rule is given, in place of others.
Confused: TypeAlias = Callable[[Sequence[Array], Sequence[Array]], tuple[Sequence[Array], Sequence[Array]]]


def _as_it_is(ys: Sequence[Array], xs: Sequence[Array]) -> tuple[Sequence[Array], Sequence[Array]]:
    return ys, xs


def alone(p: Program, i: Instruction) -> Program:
    """The instruction on leaves that have its operands' values, in double precision."""
    q = Program()
    refs = [q.leaf(in_precision(p.values[r], "float64")) if isinstance(r, int) else r for r in i.operands]
    q.emit(i.op, *refs)
    return q


def jacobians(q: Program) -> list[Jacobian]:
    """For each leaf of a program of one instruction, d (all entries of all outputs) / d (each entry of the leaf).

    By dual numbers; where the op does not run on them, by differences. Raises `UnavailableError` at a kink. Complex
    outputs have two rows for each entry, the derivatives of Re(y) and of Re(i y); the entry for a complex x is the g of
    which Re(g dx) is the derivative along dx.
    """
    rows = len(_weights_of_rows(q))
    found: list[Jacobian] = []
    for leaf, x in enumerate(q.leaves):
        columns: list[Array] = []
        errors: list[Array] = []
        for k in range(x.size):
            directions = [np.zeros_like(y) for y in q.leaves]
            directions[leaf].flat[k] = 1.0  # whatever their order in memory
            column, error = np.array(_entries(q, directions)).reshape(rows, 2).T
            if is_complex(x):
                directions[leaf].flat[k] = IMAGINARY
                across, more = np.array(_entries(q, directions)).reshape(rows, 2).T
                column, error = column - across * IMAGINARY, error + more
            columns.append(column)
            errors.append(error)
        shape = (x.size, rows)
        found.append(Jacobian(np.array(columns).reshape(shape).T, np.array(errors).reshape(shape).T))
    return found


def _entries(q: Program, directions: Sequence[Array]) -> list[_Entry]:
    """A column: the derivatives of all rows along the directions."""
    try:
        return _column(q, directions)
    except KinkError:
        raise
    except (UnavailableError, NotRepresentableError):
        return [_by_differences(q, directions, row) for row in range(len(_weights_of_rows(q)))]


def _weights_of_rows(q: Program) -> list[list[Array]]:
    """For each row of a Jacobian the cotangents of all outputs: 1 for an entry, and of a complex one i, too."""
    ys = q.values[len(q.leaves) :]
    rows: list[list[Array]] = []
    for n, y in enumerate(ys):
        for k in range(y.size):
            for weight in (1.0, IMAGINARY) if is_complex(y) else (1.0,):
                row = [np.zeros_like(v) for v in ys]
                row[n].flat[k] = weight
                rows.append(row)
    return rows


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


def _by_differences(q: Program, directions: Sequence[Array], row: int) -> _Entry:
    """The derivative of one entry of the outputs along the directions."""
    weighted = _weights_of_rows(q)[row]

    def entry(leaves: Sequence[Array]) -> np.longdouble:
        outputs = q.run(leaves)[len(q.leaves) :]
        return np.longdouble(sum((y * c).sum().real for y, c in zip(outputs, weighted, strict=True)))

    found = along(q, entry, directions)
    if not found.smooth:
        raise KinkError("a branch changes under the smallest stencil")
    return float(found.value), float(found.bound)


def _column(q: Program, directions: Sequence[Array]) -> list[_Entry]:
    """The derivatives of all entries of all outputs along the directions."""
    sides: list[list[_Entry]] = []
    for side in (1, -1):
        watch = Watch(side)
        token = WATCH.set(watch)
        try:
            leaves = [duals(x, d, ROUNDED) for x, d in zip(q.leaves, directions, strict=True)]
            values = run_on(q, leaves, ROUNDED)[len(q.leaves) :]
        finally:
            WATCH.reset(token)
        side_of: list[_Entry] = []
        for value, y in zip(values, q.values[len(q.leaves) :], strict=True):
            real: list[Dual[Rounded]] = real_parts(value).ravel().tolist()
            imag: list[Dual[Rounded]] = imaginary_parts(value).ravel().tolist()
            for a, b in zip(real, imag, strict=True):
                side_of += [(a.t.v, a.t.e), (-b.t.v, b.t.e)] if is_complex(y) else [(a.t.v, a.t.e)]
        sides.append(side_of)
        if not watch.kinks:
            return sides[0]
    if [v for v, _ in sides[0]] != [v for v, _ in sides[1]]:
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
    for row in _weights_of_rows(q):
        given = local(i.op, [gy * scale for gy in row], *(confused or _as_it_is)(ys, xs))
        rows.append([_in_shape(g, x, scale) for g, x in zip(given, xs, strict=True)])
    if not rows:  # no entries: that it runs, and gives the right shapes, is all there is to see
        given = local(i.op, [np.zeros_like(v) for v in ys], *(confused or _as_it_is)(ys, xs))
        shaped = [_in_shape(given[n], xs[n], scale) for n, r in enumerate(i.operands) if isinstance(r, int)]
        return [g if isinstance(g, str) else g.reshape(-1)[:0].reshape(0, g.size) for g in shaped]
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
    found = numeric_array(g) if is_array(g) or is_numpy_scalar(g) else None
    if found is None:
        return f"the rule gives {type(g).__name__}, not an array of numbers"
    shape: Shape = found.shape
    if shape != x.shape and not broadcasts_to(x.shape, shape):
        return f"the gradient has shape {shape}, the operand {x.shape}"
    return in_kind(summed_to(found, x.shape), x.dtype) / scale
