"""Floor 6: functions of two dual numbers, by the ufuncs that they are. Imports `dual`, `kinds` and NumPy only.

`elements.Elements` calls them: for most of these ufuncs NumPy has no loop for objects, and the others would not know a
kink where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeGuard

import numpy as np

from tinypytorch.testing.numbers.dual import UNWATCHED, WATCH, Dual
from tinypytorch.testing.numbers.kinds import Kind, R


def _hypot(a: Dual[R], b: Dual[R]) -> Dual[R]:
    """The length of (a, b), with a kink at (0, 0)."""
    kind = a.kind
    square = a.v * a.v + b.v * b.v
    if square < kind.number(0.0) or kind.number(0.0) < square:
        return (a * a + b * b).sqrt()
    watch = WATCH.get(UNWATCHED)
    watch.other()
    if _nested(square):  # the second derivative is infinite there
        return Dual(square, square, kind)
    return Dual(square, kind.functions["sqrt"](a.t * a.t + b.t * b.t) * kind.number(float(watch.side)), kind)


def _arctan2(a: Dual[R], b: Dual[R]) -> Dual[R]:
    """The angle of the point (b, a). How its value is found are branches, but no kinks."""
    y = _angle(a.v, b.v, (_side(a), _side(b)), a.kind)
    return Dual(y, (a.t * b.v - b.t * a.v) / (a.v * a.v + b.v * b.v), a.kind)


def _nested(x: object) -> bool:
    return isinstance(x, Dual)


def _is_dual(x: object) -> TypeGuard[Dual[float]]:
    """Whether x is a dual number, of whatever kind."""
    return isinstance(x, Dual)


def _side(x: Dual[R]) -> int:
    """The sign of the innermost value."""
    return _sign(x.v, x.kind)


def _meet(x: Dual[R]) -> None:
    """Count a kink if x, which is 0, moves."""
    if x.t < x.kind.number(0.0) or x.kind.number(0.0) < x.t:
        WATCH.get(UNWATCHED).other()


def _sign(x: R, kind: Kind[R]) -> int:
    """-1, 0 or 1: the sign of the innermost value, whatever it does beside it."""
    if _is_dual(x):
        return _sign(x.v, x.kind)
    zero = kind.number(0.0)
    return -1 if x < zero else 1 if zero < x else 0


def _angle(a: R, b: R, signs: tuple[int, int], kind: Kind[R]) -> R:
    """arctan2(a, b) by arctangents of what is at most 1 in size."""
    arctan = kind.functions["arctan"]
    quarter = arctan(kind.number(1.0)) * kind.number(2.0)
    if _sign(a * a - b * b, kind) > 0:
        return (quarter if signs[0] > 0 else -quarter) - arctan(b / a)
    y = arctan(a / b)
    return y if signs[1] > 0 else y - (quarter + quarter) if signs[0] < 0 else y + (quarter + quarter)


def _logaddexp(a: Dual[R], b: Dual[R]) -> Dual[R]:
    return (a.exp() + b.exp()).log()


def _logaddexp2(a: Dual[R], b: Dual[R]) -> Dual[R]:
    return (a.exp2() + b.exp2()).log2()


def _copysign(a: Dual[R], b: Dual[R]) -> Dual[R]:
    """|a| with the sign of b: that of a zero, which dual numbers do not know, is taken for positive, and a kink."""
    side = _side(b)
    if side == 0:
        WATCH.get(UNWATCHED).other()
    return -abs(a) if side < 0 else abs(a)


def _heaviside(a: Dual[R], b: Dual[R]) -> Dual[R]:
    """At the jump it is b, as it is for floats, and a kink if a moves."""
    nothing = a * 0.0
    side = _side(a)
    if side == 0:
        _meet(a)
        return b
    return nothing + 1.0 if side > 0 else nothing


def _remainder(a: Dual[R], b: Dual[R]) -> Dual[R]:
    """The remainder with the sign of b. Where it jumps it is 0, as it is for floats, and a kink if that moves."""
    r = a - (a / b).floor() * b
    forward = _side(b)
    if _side(r) * forward < 0:  # the quotient was rounded to an integer
        r = r + b
    elif _side(r - b) * forward >= 0:
        r = r - b
    if _side(r) == 0:
        _meet(r)
    return r


def _fmod(a: Dual[R], b: Dual[R]) -> Dual[R]:
    """The remainder with the sign of a, which has no kink at 0."""
    size = abs(b)
    if _side(size - a) > 0 and _side(size + a) > 0:
        return a
    return -_remainder(-a, size) if _side(a) < 0 else _remainder(a, size)


PAIRS: Final[dict[np.ufunc, Callable[[Dual[float], Dual[float]], Dual[float]]]] = {
    np.hypot: _hypot,
    np.arctan2: _arctan2,
    np.logaddexp: _logaddexp,
    np.logaddexp2: _logaddexp2,
    np.copysign: _copysign,
    np.heaviside: _heaviside,
    np.remainder: _remainder,
    np.fmod: _fmod,
}
