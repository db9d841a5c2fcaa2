"""Floor 4: the parts of complex numbers. Imports floors 1 to 3.

A gradient g of a complex x says what a direction does by Re(sum(g dx)): see "Complex numbers" in docs/design.md.
"""

from __future__ import annotations

from tinypytorch.core.apply import constant
from tinypytorch.core.operators import ABS
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.ops.parts import Angle
from tinypytorch.ops.trigonometric import Degrees

_ANGLE, _DEGREES = Angle(), Degrees()


def real(val: Operand) -> Variable:
    """The real part, of real x itself. dx = g.

    >>> real(Variable(np.array([1.0 + 2.0j, 3.0j])))
    variable([1. 0.])
    """
    return constant(val).real


def imag(val: Operand) -> Variable:
    """The imaginary part, zeros of real x. dx = -i g.

    >>> x = Variable(np.array([1.0 + 2.0j, 3.0j]))
    >>> imag(x).backward()
    >>> x.grad
    array([0.-1.j, 0.-1.j])
    """
    return constant(val).imag


def conj(x: Operand) -> Variable:
    """The complex conjugate. dx is that of g.

    >>> conj(Variable(np.array(1.0 + 2.0j)))
    variable((1-2j))
    """
    return constant(x).conj()


def conjugate(x: Operand) -> Variable:
    """`conj` by its other name.

    >>> conjugate(Variable(np.array(1.0 + 2.0j)))
    variable((1-2j))
    """
    return constant(x).conj()


def angle(z: Operand, deg: bool = False) -> Variable:
    """The angle of complex numbers in (-pi, pi], in degrees with `deg`. dz = -i g / z, and 0 at 0.

    >>> angle(Variable(np.array(2.0j)), deg=True)
    variable(90.0)
    """
    y = constant(z).record(_ANGLE)
    return y.record(_DEGREES) if deg else y


def absolute(x: Operand) -> Variable:
    """|x|. dx = g sign x; of complex x, g conj(x) / |x|; 0 at 0.

    >>> x = Variable(np.array(3.0 + 4.0j))
    >>> y = absolute(x)
    >>> y.backward()
    >>> y, x.grad
    (variable(5.0), array(0.6-0.8j))
    """
    return constant(x).record(ABS)
