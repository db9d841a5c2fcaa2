"""Floor 6: wrong rules of circular, exponential and rounding ops. Imports floors 1 and 2, and `fault`."""

from __future__ import annotations

from typing import Final

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.ops import exponential as ex
from tinypytorch.ops import rounding as ro
from tinypytorch.ops import trigonometric as tr
from tinypytorch.ops import ufuncs as u
from tinypytorch.testing.faults.fault import Fault, rule, rule_a, rule_b


def _mask(condition: object) -> Array:
    """A condition as zeros and ones."""
    return np.asarray(condition, np.float64)


FAULTS: Final[tuple[Fault, ...]] = (
    rule("secant not squared", tr.Tan, lambda op, gy, y, x: gy / u.cos(x), ""),
    rule("root missing", tr.Arcsin, lambda op, gy, y, x: gy / (1.0 - x * x), ""),
    rule("minus lost", tr.Arccos, lambda op, gy, y, x: gy / u.sqrt(1.0 - x * x), "sign"),
    rule("factor missing", tr.Complement, lambda op, gy, y, x: -gy * x, "factor"),
    rule("rule of arctanh", tr.Arctan, lambda op, gy, y, x: gy / (1.0 - x * x), ""),
    rule("one factor of y missing", tr.Witch, lambda op, gy, y, x: gy * (x * y * -2.0), ""),
    rule("itself", tr.Sinh, lambda op, gy, y, x: gy * y, ""),
    rule("sign of the cosine", tr.Cosh, lambda op, gy, y, x: -gy * u.sinh(x), "sign"),
    rule("rule of arccosh", tr.Arcsinh, lambda op, gy, y, x: gy / u.sqrt(u.absolute(x * x - 1.0)), ""),
    rule("rule of arcsinh", tr.Arccosh, lambda op, gy, y, x: gy / u.sqrt(x * x + 1.0), ""),
    rule("rule of arctan", tr.Arctanh, lambda op, gy, y, x: gy / (1.0 + x * x), ""),
    rule("not converted", tr.Radians, lambda op, gy, y, x: gy, "factor"),
    rule("converted back", tr.Degrees, lambda op, gy, y, x: u.deg2rad(gy), "factor"),
    rule_a("not divided by the length", tr.Hypot, lambda op, gy, y, a, b: gy * a, ""),
    rule_b("the other operand", tr.Hypot, lambda op, gy, y, a, b: gy * (a / y), ""),
    rule_a("sine and cosine swapped", tr.Arctan2, lambda op, gy, y, a, b: gy * (a / (a * a + b * b)), ""),
    rule_b("sign missing", tr.Arctan2, lambda op, gy, y, a, b: gy * (a / (a * a + b * b)), "sign"),
    rule("logarithm missing", ex.Exp2, lambda op, gy, y, x: gy * y, "factor"),
    rule("itself", ex.Expm1, lambda op, gy, y, x: gy * y, ""),
    rule("natural logarithm", ex.Log2, lambda op, gy, y, x: gy / x, "factor"),
    rule("natural logarithm", ex.Log10, lambda op, gy, y, x: gy / x, "factor"),
    rule("one missing", ex.Log1p, lambda op, gy, y, x: gy / x, ""),
    rule("third missing", ex.Cbrt, lambda op, gy, y, x: gy / (y * y), "factor"),
    rule("sign missing", ex.Reciprocal, lambda op, gy, y, x: gy * y * y, "sign"),
    rule_a("the other operand's share", ex.Logaddexp, lambda op, gy, y, a, b: gy * u.exp(b - y), ""),
    rule_b("half to each", ex.Logaddexp2, lambda op, gy, y, a, b: gy * 0.5, ""),
    rule("a step", ex.Softplus, lambda op, gy, y, x: gy * _mask(x > 0.0), ""),
    rule("sigmoid of x", ex.LogSigmoid, lambda op, gy, y, x: gy * u.exp(y), ""),
    rule("rule of the sigmoid", ex.Logit, lambda op, gy, y, x: gy * (x * (1.0 - x)), ""),
    rule_b("reciprocal only", ex.Xlogy, lambda op, gy, y, a, b: gy / b, ""),
    rule("sign flipped", ro.Positive, lambda op, gy, y, x: -gy, "sign"),
    rule("kept positive", ro.Fabs, lambda op, gy, y, x: gy, "sign"),
    rule_a("the smaller gets it", ro.Fmax, lambda op, gy, y, a, b: gy * _mask(a < b), ""),
    rule_b("both get it", ro.Fmin, lambda op, gy, y, a, b: gy, ""),
    rule_b("floor for trunc", ro.Fmod, lambda op, gy, y, a, b: -gy * u.floor_divide(a, b), ""),
    rule_b("quotient not rounded", ro.Remainder, lambda op, gy, y, a, b: -gy * (a / b), ""),
    rule_a("sign of a ignored", ro.Copysign, lambda op, gy, y, a, b: gy * u.sign(y), ""),
    rule_a("passes", ro.Heaviside, lambda op, gy, y, a, b: gy, ""),
    rule("halved", ro.NanToNum, lambda op, gy, y, x: gy * 0.5, "factor"),
)
