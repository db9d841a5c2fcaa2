"""Floor 2: a cotangent that is exactly zero contributes exactly zero, also where a slope is infinite or not a number.

Imports `arrays`, `function` and other op files. `where(x > 0, sqrt(x), 0)` at 0 would otherwise be 0 times infinity, so
nan, for an operand that was not chosen. Only entries where the slope has no number and the cotangent is 0 are touched;
there the contribution is the constant 0, at every order. So `sqrt(x)**2` at 0, whose two factors are 0 and infinity,
gets 0, too: what a rule is given does not say that the product has another limit.
"""

from __future__ import annotations

from tinypytorch.arrays import Mask, Shape, quietly
from tinypytorch.function import T, lift
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.selection import Keep
from tinypytorch.ops.shaping import broadcast_to


def every(mask: Mask) -> bool:
    """Whether a mask holds everywhere; the truth of a scalar costs a tenth of its `all`."""
    return bool(mask) if mask.ndim == 0 else bool(mask.all())


def _kept(x: T, shape: Shape, kept: Mask) -> T:
    """x, broadcast to `shape`, with a constant 0 where `kept` does not hold."""
    wide: T = x if x.shape == shape else broadcast_to(x, shape)
    return lift(Keep(kept), wide)


def _ratio(a: T, b: T) -> T:
    return a / b


def over(gy: T, d: T) -> T:
    """gy / d; a constant 0 where gy is 0 and d is 0 or nan."""
    if not hasattr(d, "shape"):  # a Python number
        return gy / d
    if d.shape != ():  # one look at the quotient takes half the time of three at the divisor
        quotient = quietly(_ratio, gy, d)
        if every(u.isfinite(quotient)):
            return quotient
    regular: Mask = (d < 0.0) | (d > 0.0)
    if every(regular):
        return gy / d
    still: Mask = u.equal(gy, 0.0) & ~regular
    if not still.any():
        return gy / d
    shape: Shape = still.shape
    return lift(Keep(~still), gy) / (_kept(d, shape, ~still) + still.astype(gy.dtype))


def times(gy: T, slope: T) -> T:
    """gy * slope; a constant 0 where gy is 0 and the slope infinite or nan."""
    regular = u.isfinite(slope)
    if every(regular):
        return gy * slope
    still: Mask = u.equal(gy, 0.0) & ~regular
    if not still.any():
        return gy * slope
    shape: Shape = still.shape
    return lift(Keep(~still), gy) * _kept(slope, shape, ~still)
