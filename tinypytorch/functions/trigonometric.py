"""Floor 4: circular and hyperbolic functions, and angles. Imports floors 1 to 3."""

from __future__ import annotations

from tinypytorch.core.apply import constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.ops import trigonometric as tr

_TAN = tr.Tan()
_ARCSIN = tr.Arcsin()
_ARCCOS = tr.Arccos()
_ARCTAN = tr.Arctan()
_SINH = tr.Sinh()
_COSH = tr.Cosh()
_ARCSINH = tr.Arcsinh()
_ARCCOSH = tr.Arccosh()
_ARCTANH = tr.Arctanh()
_RADIANS = tr.Radians()
_DEGREES = tr.Degrees()
_ARCTAN2 = tr.Arctan2()
_HYPOT = tr.Hypot()
_SINC = tr.Sinc()


def tan(x: Operand) -> Variable:
    """The tangent of x radians. With y for it, dx = 1 + y**2 (Abramowitz & Stegun 4.3.107).

    >>> tan(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_TAN)


def arcsin(x: Operand) -> Variable:
    """The angle in [-pi/2, pi/2] whose sine is x, for |x| <= 1. dx = 1 / sqrt(1 - x**2) (Abramowitz & Stegun 4.4.52).

    At -1 and 1 the derivative is infinite; it is accurate beside them.

    >>> arcsin(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_ARCSIN)


def arccos(x: Operand) -> Variable:
    """The angle in [0, pi] whose cosine is x, for |x| <= 1. dx = -1 / sqrt(1 - x**2) (Abramowitz & Stegun 4.4.53).

    At -1 and 1 the derivative is infinite; it is accurate beside them.

    >>> arccos(Variable(np.array(0.0)))
    variable(1.5707963267948966)
    """
    return constant(x).record(_ARCCOS)


def arctan(x: Operand) -> Variable:
    """The angle in (-pi/2, pi/2) whose tangent is x. dx = 1 / (1 + x**2), also where x**2 overflows
    (Abramowitz & Stegun 4.4.54).

    >>> arctan(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_ARCTAN)


def sinh(x: Operand) -> Variable:
    """The hyperbolic sine. dx = cosh x (Abramowitz & Stegun 4.5.71).

    >>> sinh(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_SINH)


def cosh(x: Operand) -> Variable:
    """The hyperbolic cosine. dx = sinh x (Abramowitz & Stegun 4.5.72).

    >>> cosh(Variable(np.array(0.0)))
    variable(1.0)
    """
    return constant(x).record(_COSH)


def arcsinh(x: Operand) -> Variable:
    """The inverse of `sinh`. dx = 1 / sqrt(1 + x**2), also where x**2 overflows (Abramowitz & Stegun 4.6.37).

    >>> arcsinh(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_ARCSINH)


def arccosh(x: Operand) -> Variable:
    """The inverse of `cosh`, for x >= 1. dx = 1 / sqrt(x**2 - 1), infinite at 1 (Abramowitz & Stegun 4.6.38).

    >>> arccosh(Variable(np.array(1.0)))
    variable(0.0)
    """
    return constant(x).record(_ARCCOSH)


def arctanh(x: Operand) -> Variable:
    """The inverse of `tanh`, for |x| < 1. dx = 1 / (1 - x**2) (Abramowitz & Stegun 4.6.39).

    >>> arctanh(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_ARCTANH)


def radians(x: Operand) -> Variable:
    """Degrees as radians: x pi / 180.

    >>> radians(Variable(np.array(180.0)))
    variable(3.141592653589793)
    """
    return constant(x).record(_RADIANS)


def deg2rad(x: Operand) -> Variable:
    """`radians` by its other name.

    >>> deg2rad(Variable(np.array(180.0)))
    variable(3.141592653589793)
    """
    return constant(x).record(_RADIANS)


def degrees(x: Operand) -> Variable:
    """Radians as degrees: 180 x / pi.

    >>> degrees(Variable(np.array(0.5)))
    variable(28.64788975654116)
    """
    return constant(x).record(_DEGREES)


def rad2deg(x: Operand) -> Variable:
    """`degrees` by its other name.

    >>> rad2deg(Variable(np.array(0.5)))
    variable(28.64788975654116)
    """
    return constant(x).record(_DEGREES)


def arctan2(a: Operand, b: Operand) -> Variable:
    """The angle of the point (b, a), broadcast. With h = hypot(a, b), da = b / h**2, db = -a / h**2; 0 at (0, 0).

    Source: Abramowitz & Stegun 4.4.54, with the chain rule. The jump at a = 0, b < 0 is in the value only.

    >>> arctan2(Variable(np.array(0.0)), 1.0)
    variable(0.0)
    """
    return constant(a).combine(_ARCTAN2, a, b)


def hypot(a: Operand, b: Operand) -> Variable:
    """sqrt(a**2 + b**2) without overflow, broadcast. da = a / hypot, db = b / hypot; 0 at (0, 0).

    >>> hypot(Variable(np.array(3.0)), 4.0)
    variable(5.0)
    """
    return constant(a).combine(_HYPOT, a, b)


def sinc(x: Operand) -> Variable:
    """sin(pi x) / (pi x), 1 at 0. With y for it, dx = (cos(pi x) - y) / x, near 0 by the power series.

    >>> sinc(Variable(np.array([0.0, 0.5])))
    variable([1.         0.63661977])
    """
    return constant(x).record(_SINC)
