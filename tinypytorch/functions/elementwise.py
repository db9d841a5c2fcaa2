"""Floor 4: functions of one or two arrays, element by element. Imports floors 1 to 3.

Every function takes Variables, arrays and numbers, and gives a Variable; of constants only, a constant.
"""

from __future__ import annotations

from tinypytorch.core.apply import constant
from tinypytorch.core.operators import ABS, ADD, DIV, MUL, NEG, SQUARE, SUB
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.ops import elementwise as el
from tinypytorch.ops.selection import Relu

_EXP, _LOG, _SQRT, _SIN, _COS, _TANH = el.Exp(), el.Log(), el.Sqrt(), el.Sin(), el.Cos(), el.Tanh()
_SIGMOID, _RELU = el.Sigmoid(), Relu()


def add(a: Operand, b: Operand) -> Variable:
    """a + b, broadcast. da = db = 1.

    >>> x = Variable(np.array(3.0))
    >>> add(x, x).backward()
    >>> x.grad
    array(2.)
    """
    return constant(a).combine(ADD, a, b)


def sub(a: Operand, b: Operand) -> Variable:
    """a - b, broadcast. da = 1, db = -1.

    >>> sub(5.0, Variable(np.array(3.0)))
    variable(2.0)
    """
    return constant(a).combine(SUB, a, b)


def mul(a: Operand, b: Operand) -> Variable:
    """a b, broadcast. da = b, db = a.

    >>> mul(Variable(np.array(3.0)), 2.0)
    variable(6.0)
    """
    return constant(a).combine(MUL, a, b)


def div(a: Operand, b: Operand) -> Variable:
    """a / b for b != 0, broadcast. da = 1 / b, db = -a / b**2.

    >>> div(Variable(np.array(3.0)), 2.0)
    variable(1.5)
    """
    return constant(a).combine(DIV, a, b)


def neg(x: Operand) -> Variable:
    """-x.

    >>> neg(Variable(np.array(3.0)))
    variable(-3.0)
    """
    return constant(x).record(NEG)


def pow(a: Operand, b: Operand) -> Variable:
    """a ** b, broadcast. da = b a**(b-1), 0 for b = 0; db = a**b log a for a > 0.

    A number b is taken as a constant, and then a may be negative as far as NumPy allows.

    >>> pow(Variable(np.array(-3.0)), 3), pow(2.0, Variable(np.array(3.0)))
    (variable(-27.0), variable(8.0))
    """
    return constant(a) ** b


def square(x: Operand) -> Variable:
    """x**2. dx = 2 x.

    >>> x = Variable(np.array(3.0))
    >>> square(x).backward()
    >>> x.grad
    array(6.)
    """
    return constant(x).record(SQUARE)


def sqrt(x: Operand) -> Variable:
    """The square root of x >= 0. dx = 1 / (2 sqrt x): infinite at 0.

    >>> sqrt(Variable(np.array(9.0)))
    variable(3.0)
    """
    return constant(x).record(_SQRT)


def exp(x: Operand) -> Variable:
    """e**x. dx = e**x (Abramowitz & Stegun 4.2.4).

    >>> exp(Variable(np.array(0.0)))
    variable(1.0)
    """
    return constant(x).record(_EXP)


def log(x: Operand) -> Variable:
    """The natural logarithm of x > 0. dx = 1 / x (Abramowitz & Stegun 4.1.46).

    >>> log(Variable(np.array(1.0)))
    variable(0.0)
    """
    return constant(x).record(_LOG)


def sin(x: Operand) -> Variable:
    """The sine of x radians. dx = cos x (Abramowitz & Stegun 4.3.105).

    >>> sin(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_SIN)


def cos(x: Operand) -> Variable:
    """The cosine of x radians. dx = -sin x (Abramowitz & Stegun 4.3.106).

    >>> cos(Variable(np.array(0.0)))
    variable(1.0)
    """
    return constant(x).record(_COS)


def tanh(x: Operand) -> Variable:
    """The hyperbolic tangent. dx = sech(x)**2 (Abramowitz & Stegun 4.5.73), without the cancellation of 1 - tanh**2.

    >>> tanh(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_TANH)


def abs(x: Operand) -> Variable:
    """|x|. dx = sign x, 0 at 0.

    >>> abs(Variable(np.array(-3.0)))
    variable(3.0)
    """
    return constant(x).record(ABS)


def sigmoid(x: Operand) -> Variable:
    """The logistic function, 1 / (1 + e**-x), without overflow.

    With s for it, dx = s(x) s(-x), which does not cancel for large x as s(x) (1 - s(x)) does.

    >>> sigmoid(Variable(np.array([0.0, -1000.0])))
    variable([0.5 0. ])
    """
    return constant(x).record(_SIGMOID)


def relu(x: Operand) -> Variable:
    """max(x, 0). dx = 1 for x > 0, else 0 (at 0, too).

    >>> relu(Variable(np.array([-1.0, 2.0])))
    variable([0. 2.])
    """
    return constant(x).record(_RELU)
