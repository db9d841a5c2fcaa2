"""Floor 4: exponentials, logarithms, roots, and the activations made of them. Imports floors 1 to 3."""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np

from tinypytorch.core.apply import constant, ordered
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.ops import exponential as ex
from tinypytorch.ops.elementwise import Sigmoid
from tinypytorch.ops.selection import Clip, Keep, Where

_EXP2 = ex.Exp2()
_EXPM1 = ex.Expm1()
_LOG2 = ex.Log2()
_LOG10 = ex.Log10()
_LOG1P = ex.Log1p()
_CBRT = ex.Cbrt()
_RECIPROCAL = ex.Reciprocal()
_SOFTPLUS = ex.Softplus()
_LOGSIGMOID = ex.LogSigmoid()
_LOGIT = ex.Logit()
_LOGADDEXP = ex.Logaddexp()
_LOGADDEXP2 = ex.Logaddexp2()
_XLOGY = ex.Xlogy()
_SOFTSIGN = ex.Softsign()
_SIGMOID = Sigmoid()
_GELU_SCALE: Final = math.sqrt(8.0 / math.pi)
_GELU_END: Final = 30.0


def exp2(x: Operand) -> Variable:
    """2**x. dx = 2**x log 2.

    >>> exp2(Variable(np.array(3.0)))
    variable(8.0)
    """
    return constant(x).record(_EXP2)


def expm1(x: Operand) -> Variable:
    """e**x - 1, accurate near 0. dx = e**x.

    >>> expm1(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_EXPM1)


def log2(x: Operand) -> Variable:
    """The logarithm of x > 0 to base 2. dx = 1 / (x log 2).

    >>> log2(Variable(np.array(8.0)))
    variable(3.0)
    """
    return constant(x).record(_LOG2)


def log10(x: Operand) -> Variable:
    """The logarithm of x > 0 to base 10. dx = 1 / (x log 10).

    >>> log10(Variable(np.array(100.0)))
    variable(2.0)
    """
    return constant(x).record(_LOG10)


def log1p(x: Operand) -> Variable:
    """log(1 + x) for x > -1, accurate near 0. dx = 1 / (1 + x).

    >>> log1p(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_LOG1P)


def cbrt(x: Operand) -> Variable:
    """The cube root, negative for negative x. With y for it, dx = 1 / (3 y**2), infinite at 0.

    >>> cbrt(Variable(np.array(-8.0)))
    variable(-2.0)
    """
    return constant(x).record(_CBRT)


def reciprocal(x: Operand) -> Variable:
    """1 / x for x != 0. dx = -1 / x**2.

    >>> reciprocal(Variable(np.array(4.0)))
    variable(0.25)
    """
    return constant(x).record(_RECIPROCAL)


def softplus(x: Operand) -> Variable:
    """log(1 + e**x) without overflow. dx = sigmoid(x) (Blanchard, Higham & Higham 2021).

    >>> softplus(Variable(np.array(-1000.0)))
    variable(0.0)
    """
    return constant(x).record(_SOFTPLUS)


def log_sigmoid(x: Operand) -> Variable:
    """log(sigmoid(x)) = -softplus(-x), without overflow. dx = sigmoid(-x).

    >>> log_sigmoid(Variable(np.array(1000.0)))
    variable(-0.0)
    """
    return constant(x).record(_LOGSIGMOID)


def logit(x: Operand) -> Variable:
    """log(x / (1 - x)) for 0 < x < 1, the inverse of `sigmoid`, accurate near 1/2. dx = 1 / (x (1 - x)).

    >>> logit(Variable(np.array(0.5)))
    variable(0.0)
    """
    return constant(x).record(_LOGIT)


def logaddexp(a: Operand, b: Operand) -> Variable:
    """log(e**a + e**b) without overflow, broadcast. da = sigmoid(a - b), db = sigmoid(b - a).

    Both are 0 where a and b are -inf. Source: Blanchard, Higham & Higham (2021).

    >>> logaddexp(Variable(np.array(1000.0)), -np.inf)
    variable(1000.0)
    """
    return constant(a).combine(_LOGADDEXP, a, b)


def logaddexp2(a: Operand, b: Operand) -> Variable:
    """log2(2**a + 2**b) without overflow, broadcast; derivatives as of `logaddexp`, of operands times log 2.

    >>> logaddexp2(Variable(np.array(3.0)), 3.0)
    variable(4.0)
    """
    return constant(a).combine(_LOGADDEXP2, a, b)


def xlogy(a: Operand, b: Operand) -> Variable:
    """a log b for b > 0, and 0 where a = 0, whatever number b is; broadcast. da = log b, db = a / b; 0 at (0, 0).

    >>> xlogy(Variable(np.array(0.0)), 0.0)
    variable(0.0)
    """
    return constant(a).combine(_XLOGY, a, b)


def float_power(a: Operand, b: Operand) -> Variable:
    """a ** b in at least double precision, whatever the operands' dtypes; derivatives as of `pow`.

    >>> float_power(Variable(np.array(3.0, np.float32)), 2).dtype
    dtype('float64')
    """
    return _double(a) ** (b if isinstance(b, (int, float, complex)) else _double(b))


def _double(x: Operand) -> Variable:
    """`x` as float64, or complex128; as it is where it is longer."""
    v = constant(x)
    wide: np.dtype[np.float64] = np.result_type(v.dtype, np.float64)
    if v.dtype == wide:
        return v
    return v.astype(wide) if v.dtype.kind in "fc" else Variable(v.data.astype(np.float64), requires_grad=False)


def silu(x: Operand) -> Variable:
    """x sigmoid(x), also called swish (Elfwing, Uchibe & Doya, Sigmoid-weighted linear units, 2018).

    >>> silu(Variable(np.array(0.0)))
    variable(0.0)
    """
    v = constant(x)
    return v * v.record(_SIGMOID)


def gelu(x: Operand, approximate: Literal["tanh"] = "tanh") -> Variable:
    """x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x**3))) / 2 (Hendrycks & Gimpel, Gaussian error linear units, 2016).

    It is computed as x sigmoid(2 ...), which does not cancel for negative x. The exact form, by the error function,
    which NumPy does not have, is not offered: `ValueError` for any `approximate` but "tanh".

    >>> gelu(Variable(np.array([0.0, 1.0])))
    variable([0.         0.84119199])
    """
    if approximate != "tanh":
        raise ValueError(f"gelu: approximate is 'tanh', not {approximate!r}")
    v = constant(x)
    inner = v.record(Clip(-_GELU_END, _GELU_END))  # beyond it the sigmoid is 0 or 1, and the cube could overflow
    return v * (inner * (inner * inner * (0.044715 * _GELU_SCALE) + _GELU_SCALE)).record(_SIGMOID)


def elu(x: Operand, alpha: float = 1.0) -> Variable:
    """x for x > 0, else alpha (e**x - 1) (Clevert, Unterthiner & Hochreiter, 2016). dx = 1 or alpha e**x; alpha at 0.

    >>> elu(Variable(np.array([2.0, 0.0])))
    variable([2. 0.])
    """
    v = ordered("elu", x)
    right = v > 0.0
    left = v.record(Keep(~right)).record(_EXPM1) * alpha
    return v.combine(Where(right), v, left)


def leaky_relu(x: Operand, slope: float = 0.01) -> Variable:
    """x for x > 0, else slope x (Maas, Hannun & Ng, 2013). dx = 1 or slope; slope at 0.

    >>> leaky_relu(Variable(np.array([2.0, -1.0])))
    variable([ 2. -0.01])
    """
    v = ordered("leaky_relu", x)
    return v.combine(Where(v > 0.0), v, v * slope)


def softsign(x: Operand) -> Variable:
    """x / (1 + |x|). dx = 1 / (1 + |x|)**2 (Glorot & Bengio, 2010).

    >>> softsign(Variable(np.array(-1.0)))
    variable(-0.5)
    """
    return constant(x).record(_SOFTSIGN)
