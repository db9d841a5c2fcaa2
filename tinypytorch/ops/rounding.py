"""Floor 2: ops on the parts of a number: sign, remainder, what is finite. Imports `arrays`, `function`, other op files.

Rounding itself (`np.floor`, `np.rint`, …) and `np.sign` have derivative 0 wherever they have one, and give constants.
"""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from tinypytorch.arrays import Array, Mask
from tinypytorch.function import BROADCASTING, NONZERO, REAL, Case, Kink, Spec, T, lift, shared, value
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.corners import times
from tinypytorch.ops.selection import Keep

_NOWHERE: Final = Keep(np.zeros((), np.bool))


@value
class Positive:
    """y = +x, a copy."""

    spec: ClassVar[Spec] = Spec(ufunc=np.positive, holomorphic=True)
    forward: u.Map = shared(u.positive)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy


@value
class Fabs:
    """y = |x|, as `Abs`; a floating array of integers, too."""

    spec: ClassVar[Spec] = Spec(domain=(NONZERO,), kink="0 at 0", kinks=(Kink((0.0,), (0.0,)),), ufunc=np.fabs)

    def forward(self, x: Array, /) -> Array:
        return u.fabs(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * u.sign(x)


_TIE = (Kink((2.0, 2.0), (0.5, 0.5)),)


def _chosen(first: Mask, a: T, b: T, gy: T) -> T:
    """The gradient of operand a: all of it where a is chosen or b is nan, half at a tie, none where a is nan."""
    gx: T = lift(Keep((first | u.isnan(b)) & ~u.isnan(a)), gy)
    tied = u.equal(a, b)
    return gx + lift(Keep(tied), gy) * 0.5 if tied.any() else gx


@value
class Fmax:
    """y = max(a, b) elementwise, as `Maximum`, but of a number and nan the number; the gradient goes to it."""

    spec: ClassVar[Spec] = Spec(kink="half to each operand at a tie", kinks=_TIE, takes=BROADCASTING, ufunc=np.fmax)

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.fmax(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _chosen(a > b, a, b, gy)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _chosen(b > a, b, a, gy)


@value
class Fmin:
    """y = min(a, b) elementwise, as `Minimum`, but of a number and nan the number; the gradient goes to it."""

    spec: ClassVar[Spec] = Spec(kink="half to each operand at a tie", kinks=_TIE, takes=BROADCASTING, ufunc=np.fmin)

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.fmin(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _chosen(a < b, a, b, gy)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _chosen(b < a, b, a, gy)


@value
class Fmod:
    """y = a - n b with the integer n = trunc(a / b), so that y has the sign of a. The rules are 1 and -n.

    Where n jumps, they are those of the n that gave the value.
    """

    spec: ClassVar[Spec] = Spec(domain=(REAL, NONZERO), takes=BROADCASTING, ufunc=np.fmod)

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.fmod(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return times(-gy, u.rint((a - y) / b))


@value
class Remainder:
    """y = a - n b with the integer n = floor(a / b), so that y has the sign of b. The rules as of `Fmod`."""

    spec: ClassVar[Spec] = Spec(domain=(REAL, NONZERO), takes=BROADCASTING, ufunc=np.remainder)

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.remainder(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return times(-gy, u.floor_divide(a, b))


@value
class Copysign:
    """y = |a| with the sign of b, that of a zero, too. The rule for a is sign(a) sign(y), 0 at 0; b has none."""

    spec: ClassVar[Spec] = Spec(
        domain=(NONZERO, NONZERO),
        kink="0 at a = 0; 0 by b everywhere",
        kinks=(Kink((0.0, 2.0), (0.0, 0.0)), Kink((0.0, -2.0), (0.0, 0.0)), Kink((-2.0, 0.0), (-1.0, 0.0))),
        takes=BROADCASTING,
        ufunc=np.copysign,
    )

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.copysign(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * (u.sign(a) * u.sign(y))

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return lift(_NOWHERE, gy)


@value
class Heaviside:
    """y = 0 for a < 0, 1 for a > 0, b at 0. The rule for a is 0, at the jump, too; b gets 1 where a = 0."""

    spec: ClassVar[Spec] = Spec(
        domain=(NONZERO, REAL),
        kink="0 by a at the jump",
        kinks=(Kink((0.0, 2.0), (0.0, 1.0)),),
        takes=BROADCASTING,
        ufunc=np.heaviside,
    )

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.heaviside(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return lift(_NOWHERE, gy)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return lift(Keep(u.equal(a, 0.0)), gy)


@value
class NanToNum:
    """y = x with nan and the infinities replaced by numbers; the gradient passes where x is finite."""

    nan: float = 0.0
    posinf: float | None = None
    neginf: float | None = None
    spec: ClassVar[Spec] = Spec(
        cases=lambda: (Case(NanToNum(), ((2, 3),)), Case(NanToNum(1.0, 2.0, 3.0), ((),))), symmetric=True
    )

    def forward(self, x: Array, /) -> Array:
        y: Array = np.nan_to_num(x, nan=self.nan, posinf=self.posinf, neginf=self.neginf)
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift(Keep(u.isfinite(x)), gy)
