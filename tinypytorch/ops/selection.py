"""Floor 2: ops that choose between values. Imports `arrays`, `function` and `ops.ufuncs`.

Convention at ties: `maximum` and `minimum` give half of the gradient to each operand, as NumPy-like libraries do;
`clip` and `relu` say theirs below. A value that is not chosen gets an exact zero, never 0 * inf or 0 * nan.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from tinypytorch.arrays import Array, Mask
from tinypytorch.function import BROADCASTING, Case, Domain, Kink, Spec, T, lift, value
from tinypytorch.ops import ufuncs as u


@value(eq=False)
class Keep:
    """y = x where `mask`, 0 elsewhere; its own adjoint. `mask` broadcasts within the shape of x."""

    mask: Mask
    spec: ClassVar[Spec] = Spec(
        cases=lambda: (Case(Keep(np.arange(3) % 2 < 1), ((2, 3),)),), holomorphic=True, linear=True
    )

    def forward(self, x: Array, /) -> Array:
        return np.where(self.mask, x, x.dtype.type(0))

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift(self, gy)


def _share(chosen: Mask, tied: Mask, gy: T) -> T:
    """The gradient of an operand: all of it where it was chosen, half where the operands tie."""
    gx = lift(Keep(chosen), gy)
    return gx + lift(Keep(tied), gy) * 0.5 if tied.any() else gx


_TIE = (Kink((2.0, 2.0), (0.5, 0.5)),)


@value
class Maximum:
    """y = max(a, b) elementwise; nan in either operand gives nan, and its gradient goes to neither."""

    spec: ClassVar[Spec] = Spec(kink="half to each operand at a tie", kinks=_TIE, takes=BROADCASTING, ufunc=np.maximum)

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.maximum(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _share(a > b, u.equal(a, b), gy)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _share(a < b, u.equal(a, b), gy)


@value
class Minimum:
    """y = min(a, b) elementwise; nan in either operand gives nan, and its gradient goes to neither."""

    spec: ClassVar[Spec] = Spec(kink="half to each operand at a tie", kinks=_TIE, takes=BROADCASTING, ufunc=np.minimum)

    def forward(self, a: Array, b: Array, /) -> Array:
        return u.minimum(a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _share(a < b, u.equal(a, b), gy)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return _share(a > b, u.equal(a, b), gy)


@value(eq=False)
class Where:
    """y = a where `condition`, else b. The condition is a constant and broadcasts with both."""

    condition: Mask
    spec: ClassVar[Spec] = Spec(
        takes="a condition and operands whose shapes broadcast together",
        cases=lambda: (
            Case(Where(np.arange(3) % 2 < 1), ((2, 3), (2, 3))),
            Case(Where(np.arange(2).reshape(2, 1) < 1), ((3,), ())),
        ),
        holomorphic=True,
        linear=True,
    )

    def forward(self, a: Array, b: Array, /) -> Array:
        return np.where(self.condition, a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return lift(Keep(self.condition), gy)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return lift(Keep(~self.condition), gy)


@value
class Clip:
    """y = x limited to [low, high]; either may be None. At a bound itself the gradient passes, as in PyTorch."""

    low: float | None = -1.0
    high: float | None = 1.0
    spec: ClassVar[Spec] = Spec(
        domain=(Domain(avoid=(-1.0, 1.0)),),
        kink="1 at both bounds",
        kinks=(Kink((-1.0,), (1.0,)), Kink((1.0,), (1.0,))),
    )

    def forward(self, x: Array, /) -> Array:
        y = x
        if self.low is not None:
            y = u.maximum(y, self.low)
        if self.high is not None:
            y = u.minimum(y, self.high)
        return y

    def backward(self, gy: T, y: T, x: T, /) -> T:
        inside = x >= (-np.inf if self.low is None else self.low)
        inside &= x <= (np.inf if self.high is None else self.high)
        return lift(Keep(inside), gy)


@value
class Relu:
    """y = max(x, 0)."""

    spec: ClassVar[Spec] = Spec(domain=(Domain(avoid=(0.0,)),), kink="0 at 0", kinks=(Kink((0.0,), (0.0,)),))

    def forward(self, x: Array, /) -> Array:
        return u.maximum(x, 0.0)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return lift(Keep(x > 0.0), gy)
