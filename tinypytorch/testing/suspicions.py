"""Floor 6: what kind of mistake turns the right Jacobian into a wrong one. Imports `jacobians` and `reduce`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.testing.examine import RAISED
from tinypytorch.testing.jacobians import SCALE, Confused, jacobians, rule_jacobians
from tinypytorch.testing.programs import Program, spread
from tinypytorch.testing.reduce import rebuilt

# Entries of a Jacobian that differ by less are taken for equal when a mistake is named.
_NOISE: Final = 2.0**-40
# How far beside its operands a rule is looked at, too.
BESIDE: Final = 0.25
_OF_ONE: Final[dict[str, Confused]] = {
    "the input is used where the output is meant": lambda ys, xs: (ys, ys),
    "the output is used where the input is meant": lambda ys, xs: (xs, xs),
}
_OF_TWO: Final[dict[str, Confused]] = {
    "the operands are confused: the rule is right for the other order": lambda ys, xs: (ys, xs[::-1]),
    "the first operand is used where the output is meant": lambda ys, xs: (ys, (*ys, xs[1])),
    "the second operand is used where the output is meant": lambda ys, xs: (ys, (xs[0], *ys)),
}


def suspicion(q: Program, position: int, expected: Array, actual: Array, others: Sequence[Array]) -> str:
    """What kind of mistake makes the rule of a program's only instruction give `actual` instead of `expected`.

    position: of the operand, among those that are values; others: the Jacobians of the other operands.
    """
    xs = [q.values[r] if isinstance(r, int) else np.asarray(r) for r in q.code[0].operands]
    if np.isfinite(actual).all() and close(actual, expected):
        some = expected != 0
        return f"a relative error of {np.abs(actual[some] / expected[some] - 1).max(initial=0.0):.0e}"
    by_trial = _ignores_cotangent(q, position, actual) or _confusion(q, position, expected, xs)
    return by_trial or suspect(_cleared(expected), _cleared(actual), xs, q.values[-1], [_cleared(o) for o in others])


def _cleared(a: Array) -> Array:
    """With zeros where there is nothing but rounding."""
    return np.where(abs(a) <= _NOISE / 2**5 * abs(a).max(initial=0.0), 0.0, a) if np.isfinite(a).all() else a


def _confusion(q: Program, position: int, expected: Array, xs: Sequence[Array]) -> str:
    """Whether the rule would be right if its arguments were others: then they are confused in it."""
    if any(v.shape != xs[0].shape for v in (*xs, q.values[-1])) or len(xs) > 2 or len(q.code[0].operands) > 2:
        return ""
    for what, confused in (_OF_ONE if len(xs) == 1 else _OF_TWO).items():
        with np.errstate(all="ignore"), suppress(*RAISED):
            found = rule_jacobians(q, confused=confused)[position]
            if not isinstance(found, str) and close(found, expected) and not _by_chance(q, position, confused):
                return what
    return ""


def _by_chance(q: Program, position: int, confused: Confused) -> bool:
    """Whether a confusion that explains a rule does not explain it beside these operands, of which many are 1."""
    moved = rebuilt([x + BESIDE * spread(x.shape, n) for n, x in enumerate(q.leaves)], q.code)
    if moved is None:
        return False
    try:
        found = rule_jacobians(moved, confused=confused)[position]
        return isinstance(found, str) or not close(found, jacobians(moved)[position].entries)
    except RAISED:
        return False


def _ignores_cotangent(q: Program, position: int, actual: Array) -> str:
    """Whether the rule gives the same for twice the cotangent, or something else that is not twice as much."""
    if not np.isfinite(actual).all():
        return ""
    with np.errstate(all="ignore"):
        doubled = rule_jacobians(q, 2 * SCALE)[position]
    if isinstance(doubled, str) or close(doubled, actual):
        return ""
    if close(doubled * 2, actual):
        return "the upstream gradient is ignored: the same for twice the cotangent"
    return "not linear in the cotangent"


def suspect(expected: Array, actual: Array, xs: Sequence[Array], y: Array, others: Sequence[Array]) -> str:
    """What kind of mistake turns the expected Jacobian into the actual one."""
    if not np.isfinite(actual).all():
        return "nan or inf where the derivative is finite: a division by zero, or 0 * inf"
    if not actual.any():
        return "zero where the reference is not: a dropped path"
    if close(actual, -expected):
        return "the sign"
    if not expected[actual != expected].any():
        return "not zero where the reference is: entries get the gradient that must not"
    if close(actual, expected.conj()):
        return "the conjugate"
    if close(actual * actual, expected * expected):
        return "the sign, for some entries"
    moved = expected != 0
    ratio = actual[moved] / expected[moved]
    if moved.any() and close(ratio, np.full_like(ratio, ratio[0])) and not actual[~moved].any():
        return _factor(complex(ratio[0]), xs, y)
    if any(o.shape == actual.shape and close(actual, o) for o in others):
        return "two operands swapped: this is the gradient of the other one"
    if not actual[~moved].any() and _some_zero(actual[moved]):
        return "zero where the reference is not, for some entries: a mask, or a path dropped"
    by_entry = _factor_by_entry(expected, actual, xs, y)
    if by_entry:
        return by_entry
    if close(np.sort(actual, axis=None), np.sort(expected, axis=None)):
        return "the right entries in the wrong places: transposed, permuted, or in another order"
    if close(actual.sum(axis=0), expected.sum(axis=0)):
        return "the right sum, spread wrongly over the outputs"
    if (actual == actual[:1]).all() and len(actual) > 1:
        return "the same for every output: the upstream gradient is ignored, or summed"
    return "the values differ"


def _factor(c: complex, xs: Sequence[Array], y: Array) -> str:
    """A factor in words; what it equals among the operands' values, if there is just one."""
    if abs(c - 1) < 1e-2:
        return f"a relative error of {abs(c - 1):.0e}"
    text = f"a factor of {c if c.imag else c.real:.6g}"
    names = [(f"operand {n}", x) for n, x in enumerate(xs)] + [("the output", y)]
    for name, value in names:
        if value.size == 1 and abs(complex(value.reshape(-1)[0]) - c) <= 1e-12 * abs(c) and c not in (2.0, 0.5):
            return f"{text}, which is {name}: one taken for the other, or an exponent off by one"
    return text


def _factor_by_entry(expected: Array, actual: Array, xs: Sequence[Array], y: Array) -> str:
    """Whether the entries differ by a factor that one of the operands, or the output, has."""
    names = [(f"operand {n}", x) for n, x in enumerate(xs)] + [("the output", y)]
    for name, value in names:
        if value.size != expected.shape[0]:
            continue
        column = value.reshape(-1, 1)
        with np.errstate(all="ignore"):
            if close(actual, expected * column):
                return f"a factor too much: {name}"
            if close(actual * column, expected):
                return f"a factor missing: {name}"
    return ""


def close(a: Array, b: Array) -> bool:
    """Whether two Jacobians are the same, and finite, as far as naming a mistake goes."""
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return False
    return bool((abs(a - b) <= _NOISE * (abs(a) + abs(b))).all())


def _some_zero(a: Array) -> bool:
    return bool((a == 0).any())
