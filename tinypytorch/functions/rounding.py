"""Floor 4: functions of the parts of a number: sign, remainder, what is finite. Imports floors 1 to 3."""

from __future__ import annotations

from tinypytorch.core.apply import constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.ops import rounding as ro

_POSITIVE = ro.Positive()
_FABS = ro.Fabs()
_FMAX = ro.Fmax()
_FMIN = ro.Fmin()
_FMOD = ro.Fmod()
_REMAINDER = ro.Remainder()
_COPYSIGN = ro.Copysign()
_HEAVISIDE = ro.Heaviside()


def positive(x: Operand) -> Variable:
    """+x, a copy.

    >>> positive(Variable(np.array(3.0)))
    variable(3.0)
    """
    return constant(x).record(_POSITIVE)


def fabs(x: Operand) -> Variable:
    """|x|, floating even for integers. dx = sign x, 0 at 0.

    >>> fabs(Variable(np.array(-3.0)))
    variable(3.0)
    """
    return constant(x).record(_FABS)


def fmax(a: Operand, b: Operand) -> Variable:
    """The larger of a and b, or the one that is not nan, broadcast. The gradient goes to it; half to each at a tie.

    >>> fmax(Variable(np.array([1.0, np.nan])), 3.0)
    variable([3. 3.])
    """
    return constant(a).combine(_FMAX, a, b)


def fmin(a: Operand, b: Operand) -> Variable:
    """The smaller of a and b, or the one that is not nan, broadcast. The gradient goes to it; half to each at a tie.

    >>> fmin(Variable(np.array([1.0, np.nan])), 3.0)
    variable([1. 3.])
    """
    return constant(a).combine(_FMIN, a, b)


def fmod(a: Operand, b: Operand) -> Variable:
    """The remainder of a / b with the sign of a, as in C, broadcast. da = 1, db = -trunc(a / b).

    Where the quotient jumps, it is the one that gave the value.

    >>> fmod(Variable(np.array(-7.0)), 3.0)
    variable(-1.0)
    """
    return constant(a).combine(_FMOD, a, b)


def remainder(a: Operand, b: Operand) -> Variable:
    """The remainder of a / b with the sign of b, as Python's %, broadcast. da = 1, db = -floor(a / b).

    Where the quotient jumps, it is the one that gave the value.

    >>> remainder(Variable(np.array(-7.0)), 3.0)
    variable(2.0)
    """
    return constant(a).combine(_REMAINDER, a, b)


def mod(a: Operand, b: Operand) -> Variable:
    """`remainder` by its other name.

    >>> mod(Variable(np.array(-7.0)), 3.0)
    variable(2.0)
    """
    return constant(a).combine(_REMAINDER, a, b)


def copysign(a: Operand, b: Operand) -> Variable:
    """|a| with the sign of b, that of a zero, too; broadcast. da = sign(a) sign(b), 0 at a = 0; db = 0.

    >>> copysign(Variable(np.array(3.0)), -0.0)
    variable(-3.0)
    """
    return constant(a).combine(_COPYSIGN, a, b)


def heaviside(a: Operand, b: Operand) -> Variable:
    """0 for a < 0, 1 for a > 0, b at 0; broadcast. da = 0, at the jump, too; db = 1 where a = 0.

    >>> heaviside(Variable(np.array([-1.0, 0.0, 1.0])), 0.5)
    variable([0.  0.5 1. ])
    """
    return constant(a).combine(_HEAVISIDE, a, b)


def nan_to_num(x: Operand, *, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Variable:
    """x with numbers for nan, inf and -inf, by default 0 and the dtype's ends. dx = 1 where x is finite, else 0.

    The result is always a new array: there is no `copy`.

    >>> nan_to_num(Variable(np.array([np.nan, 2.0, np.inf])), posinf=9.0)
    variable([0. 2. 9.])
    """
    return constant(x).record(ro.NanToNum(nan, posinf, neginf))
