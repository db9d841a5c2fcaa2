"""Floor 6: wrong rules of the ops on SciPy's special functions. Imports SciPy, floors 1 and 2, and `fault`.

Here where SciPy is installed.
"""

from __future__ import annotations

import math
from typing import Final

from tinypytorch.function import T, lift
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.corners import over, times
from tinypytorch.special import ops as so
from tinypytorch.testing.faults.fault import ELEMENTWISE, Fault, Patch, always, rule, rule_a, rule_b

_TWO_BY_ROOT_PI: Final = 2.0 / math.sqrt(math.pi)
_DENSITY: Final = 1.0 / math.sqrt(2.0 * math.pi)
# The right rules, from before any fault was planted.
_BETA = so.Beta.backward_a


def _differential(op: so.Bessel, gy: T, y: T, x: T, /) -> T:
    """The recurrence of J and Y for all kinds."""
    before, after = lift(so.Bessel(op.kind, op.n - 1), x), lift(so.Bessel(op.kind, op.n + 1), x)
    return times(gy, (before - after) * 0.5)


def _next_order(op: so.Bessel, gy: T, y: T, x: T, /) -> T:
    """-J_1, the derivative of J_0, for every order."""
    return -times(gy, lift(so.Bessel(op.kind, op.n + 1), x))


def _same_order(op: so.Polygamma, gy: T, y: T, x: T, /) -> T:
    return gy * y


def _lower_always(op: so.Gammainc, gy: T, y: T, x: T, /) -> T:
    """The rule of the lower function for the upper one, too."""
    return gy * u.exp(u.log(x) * (op.a - 1.0) - x - math.lgamma(op.a))


def _exponent(op: so.Gammainc, gy: T, y: T, x: T, /) -> T:
    return (-gy if op.upper else gy) * u.exp(u.log(x) * op.a - x - math.lgamma(op.a))


def _sum_left_out(op: so.Beta, gy: T, y: T, a: T, b: T, /) -> T:
    return times(gy, y * lift(so.Digamma(), a + y * 0.0))


def _log_sum_left_out(op: so.Betaln, gy: T, y: T, a: T, b: T, /) -> T:
    return times(gy, lift(so.Digamma(), b + y * 0.0))


def _first_for_second(op: so.Beta, gy: T, y: T, a: T, b: T, /) -> T:
    return _BETA(op, gy, y, a, b)


def _digamma(op: object, gy: T, y: T, x: T, /) -> T:
    """The asymptotic digamma: right for large x only."""
    return times(gy, u.log(x) - 0.5 / x)


def _hazard(op: object, gy: T, y: T, x: T, /) -> T:
    """The density without the division by ndtr."""
    return gy * (u.exp(x * x * -0.5) * _DENSITY)


def _stopped(op: object, gy: T, y: T, x: T, /) -> T:
    return times(gy, lift(so.Polygamma(2), x))


_SIGN: Final = "sign"
_FACTOR: Final = "factor"

FAULTS: Final[tuple[Fault, ...]] = (
    rule("exponent halved", so.Erf, lambda op, gy, y, x: gy * u.exp(x * x * -0.5) * _TWO_BY_ROOT_PI, ""),
    rule("sign missing", so.Erfc, lambda op, gy, y, x: gy * u.exp(-x * x) * _TWO_BY_ROOT_PI, _SIGN),
    rule("input used for output", so.Erfinv, lambda op, gy, y, x: times(gy, u.exp(x * x) / _TWO_BY_ROOT_PI), ""),
    rule("sign missing", so.Erfcinv, lambda op, gy, y, x: times(gy, u.exp(y * y) / _TWO_BY_ROOT_PI), _SIGN),
    rule("order of polygamma off by one", so.Digamma, _stopped, ""),
    rule("logarithm for digamma", so.Gammaln, lambda op, gy, y, x: times(gy, u.log(x)), ""),
    rule("digamma of large numbers", so.Loggamma, _digamma, ""),
    rule("value left out", so.Gamma, lambda op, gy, y, x: times(gy, lift(so.Digamma(), x)), ""),
    rule("complement left out", so.Expit, lambda op, gy, y, x: gy * y, ""),
    rule("complement left out", so.Logit, lambda op, gy, y, x: over(gy, x), ""),
    rule("of the wrong side", so.LogExpit, lambda op, gy, y, x: gy * lift(so.Expit(), x), ""),
    rule("the 1 left out", so.Entr, lambda op, gy, y, x: -times(gy, u.log(x)), ""),
    rule("of the error function", so.Ndtr, lambda op, gy, y, x: gy * u.exp(-x * x) * _DENSITY, ""),
    rule("division left out", so.LogNdtr, _hazard, ""),
    rule("factor upside down", so.Ndtri, lambda op, gy, y, x: times(gy, u.exp(y * y * 0.5) * _DENSITY), _FACTOR),
    rule("term left out", so.HazardNdtr, lambda op, gy, y, x: -(gy * y * x), ""),
    Fault("Polygamma: its own derivative", ELEMENTWISE, (Patch(so.Polygamma, "backward", always(_same_order)),)),
    Fault("Bessel: recurrence of another kind", ELEMENTWISE, (Patch(so.Bessel, "backward", always(_differential)),)),
    Fault("Bessel: that of order 0", ELEMENTWISE, (Patch(so.Bessel, "backward", always(_next_order)),)),
    Fault("Gammainc: sign of the upper one", ELEMENTWISE, (Patch(so.Gammainc, "backward", always(_lower_always)),)),
    Fault("Gammainc: exponent off by one", ELEMENTWISE, (Patch(so.Gammainc, "backward", always(_exponent)),)),
    Fault("Beta: the sum left out", ELEMENTWISE, (Patch(so.Beta, "backward_a", always(_sum_left_out)),)),
    Fault("Beta: the first for the second", ELEMENTWISE, (Patch(so.Beta, "backward_b", always(_first_for_second)),)),
    Fault("Betaln: the sum left out", ELEMENTWISE, (Patch(so.Betaln, "backward_b", always(_log_sum_left_out)),)),
    rule_b("the 1 left out", so.Xlog1py, lambda op, gy, y, a, b: over(gy, b) * a, ""),
    rule_a("the 1 left out", so.RelEntr, lambda op, gy, y, a, b: times(gy, u.log((a + y * 0.0) / b)), ""),
    rule_b("of the relative entropy", so.KlDiv, lambda op, gy, y, a, b: -(over(gy, b) * a), ""),
)
