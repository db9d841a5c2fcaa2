"""SciPy's special functions on Variables, under SciPy's names. Needs SciPy: `pip install "tinypytorch[scipy]"`.

Once this is imported, `scipy.special.erf(x)` of a Variable is recorded, too. Half precision gives single, and extended
precision is computed in double, as SciPy has no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from tinypytorch.core.apply import constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.function import Binary, Unary, is_binary, is_unary
from tinypytorch.functions.exponential import xlogy
from tinypytorch.functions.reductions import logsumexp
from tinypytorch.functions.reductions import softmax as _softmax
from tinypytorch.functions.statistics import log_softmax as _log_softmax
from tinypytorch.ops import BINARY_UFUNCS, UNARY_UFUNCS, spec_of
from tinypytorch.ops.exponential import Xlogy
from tinypytorch.special import ops as _o
from tinypytorch.special.ufuncs import named

__all__ = [
    "beta", "betaln", "digamma", "entr", "erf", "erfc", "erfcinv", "erfinv", "expit", "gamma", "gammainc",
    "gammaincc", "gammaln", "i0", "i1", "j0", "j1", "jn", "k0", "k1", "kl_div", "log_expit", "log_ndtr",
    "log_softmax", "loggamma", "logit", "logsumexp", "ndtr", "ndtri", "polygamma", "psi", "rel_entr", "softmax",
    "xlog1py", "xlogy", "y0", "y1", "yn",
]  # fmt: skip


def _ufuncs() -> tuple[dict[np.ufunc, Unary], dict[np.ufunc, Binary]]:
    """SciPy's ufuncs with the ops that differentiate them."""
    unary: dict[np.ufunc, Unary] = {named(f"{k}{n}"): _o.Bessel(k, n) for k in "jyik" for n in (0, 1)}
    binary: dict[np.ufunc, Binary] = {named("xlogy"): Xlogy()}
    names: Mapping[str, object] = vars(_o)
    for kind in names.values():
        ufunc = spec_of(kind).ufunc
        if ufunc is not None and callable(kind):
            op: object = kind()
            if is_unary(op):
                unary[ufunc] = op
            elif is_binary(op):
                binary[ufunc] = op
    return unary, binary


_UNARY, _BINARY = _ufuncs()
UNARY_UFUNCS.update(_UNARY)
BINARY_UFUNCS.update(_BINARY)


def erf(x: Operand) -> Variable:
    """The error function. dx = 2 exp(-x**2) / sqrt(pi). DLMF 7.2.1.

    >>> erf(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_o.Erf())


def erfc(x: Operand) -> Variable:
    """1 - erf(x), accurate for large x. dx = -2 exp(-x**2) / sqrt(pi). DLMF 7.2.2.

    >>> erfc(Variable(np.array(0.0)))
    variable(1.0)
    """
    return constant(x).record(_o.Erfc())


def erfinv(x: Operand) -> Variable:
    """The inverse of `erf`, for -1 < x < 1. dx = exp(y**2) sqrt(pi) / 2.

    >>> erfinv(Variable(np.array(0.0)))
    variable(0.0)
    """
    return constant(x).record(_o.Erfinv())


def erfcinv(x: Operand) -> Variable:
    """The inverse of `erfc`, for 0 < x < 2. dx = -exp(y**2) sqrt(pi) / 2.

    >>> erfcinv(Variable(np.array(1.0)))
    variable(-0.0)
    """
    return constant(x).record(_o.Erfcinv())


def gammaln(x: Operand) -> Variable:
    """The logarithm of |gamma(x)|. dx = digamma(x). DLMF 5.2.2.

    >>> gammaln(Variable(np.array(1.0)))
    variable(0.0)
    """
    return constant(x).record(_o.Gammaln())


def loggamma(x: Operand) -> Variable:
    """The logarithm of gamma(x) for real x > 0. dx = digamma(x). DLMF 5.2.2.

    >>> loggamma(Variable(np.array(1.0)))
    variable(0.0)
    """
    return constant(x).record(_o.Loggamma())


def digamma(x: Operand) -> Variable:
    """The derivative of `gammaln`. dx = polygamma(1, x). DLMF 5.2.2."""
    return constant(x).record(_o.Digamma())


def gamma(x: Operand) -> Variable:
    """The gamma function. dx is it times digamma. DLMF 5.2.2.

    >>> gamma(Variable(np.array(4.0)))
    variable(6.0)
    """
    return constant(x).record(_o.Gamma())


def expit(x: Operand) -> Variable:
    """1 / (1 + exp(-x)), the logistic function. dx = y (1 - y).

    >>> expit(Variable(np.array(0.0)))
    variable(0.5)
    """
    return constant(x).record(_o.Expit())


def logit(x: Operand) -> Variable:
    """log(x / (1 - x)) for 0 < x < 1. dx = 1 / (x (1 - x)).

    >>> logit(Variable(np.array(0.5)))
    variable(0.0)
    """
    return constant(x).record(_o.Logit())


def log_expit(x: Operand) -> Variable:
    """log expit(x), accurate for large |x|. dx = expit(-x).

    >>> log_expit(Variable(np.array(1000.0)))
    variable(-0.0)
    """
    return constant(x).record(_o.LogExpit())


def entr(x: Operand) -> Variable:
    """-x log x, and 0 at 0. dx = -log x - 1."""
    return constant(x).record(_o.Entr())


def ndtr(x: Operand) -> Variable:
    """The normal distribution's integral up to x. dx = exp(-x**2 / 2) / sqrt(2 pi).

    >>> ndtr(Variable(np.array(0.0)))
    variable(0.5)
    """
    return constant(x).record(_o.Ndtr())


def log_ndtr(x: Operand) -> Variable:
    """log ndtr(x), far to the left, too. dx = exp(-x**2 / 2) / sqrt(2 pi) / ndtr(x)."""
    return constant(x).record(_o.LogNdtr())


def ndtri(x: Operand) -> Variable:
    """The inverse of `ndtr`, for 0 < x < 1. dx = sqrt(2 pi) exp(y**2 / 2).

    >>> ndtri(Variable(np.array(0.5)))
    variable(0.0)
    """
    return constant(x).record(_o.Ndtri())


def j0(x: Operand) -> Variable:
    """The Bessel function of the first kind and order 0. DLMF 10.6.1 and 10.29.1."""
    return constant(x).record(_o.Bessel("j", 0))


def j1(x: Operand) -> Variable:
    """The Bessel function of the first kind and order 1. DLMF 10.6.1 and 10.29.1."""
    return constant(x).record(_o.Bessel("j", 1))


def y0(x: Operand) -> Variable:
    """The Bessel function of the second kind and order 0. DLMF 10.6.1 and 10.29.1."""
    return constant(x).record(_o.Bessel("y", 0))


def y1(x: Operand) -> Variable:
    """The Bessel function of the second kind and order 1. DLMF 10.6.1 and 10.29.1."""
    return constant(x).record(_o.Bessel("y", 1))


def i0(x: Operand) -> Variable:
    """The Bessel function of the modified first kind and order 0. DLMF 10.6.1 and 10.29.1."""
    return constant(x).record(_o.Bessel("i", 0))


def i1(x: Operand) -> Variable:
    """The Bessel function of the modified first kind and order 1. DLMF 10.6.1 and 10.29.1."""
    return constant(x).record(_o.Bessel("i", 1))


def k0(x: Operand) -> Variable:
    """The Bessel function of the modified second kind and order 0. DLMF 10.6.1 and 10.29.1."""
    return constant(x).record(_o.Bessel("k", 0))


def k1(x: Operand) -> Variable:
    """The Bessel function of the modified second kind and order 1. DLMF 10.6.1 and 10.29.1."""
    return constant(x).record(_o.Bessel("k", 1))


def _still(name: str, parameter: object) -> None:
    """Refuse a Variable for a parameter: to take its value alone would be a gradient of zero."""
    if isinstance(parameter, Variable):
        raise TypeError(f"{name}: there is no derivative for its first argument; give a number, such as x.item()")


def jn(n: int, x: Operand) -> Variable:
    """The Bessel function of the first kind and integer order n, a constant. DLMF 10.6.1."""
    _still("jn", n)
    return constant(x).record(_o.Bessel("j", n))


def yn(n: int, x: Operand) -> Variable:
    """The Bessel function of the second kind and integer order n, a constant. DLMF 10.6.1."""
    _still("yn", n)
    return constant(x).record(_o.Bessel("y", n))


def beta(a: Operand, b: Operand) -> Variable:
    """gamma(a) gamma(b) / gamma(a + b), broadcast. da = y (digamma(a) - digamma(a + b)). DLMF 5.12.1."""
    return constant(a).combine(_o.Beta(), a, b)


def betaln(a: Operand, b: Operand) -> Variable:
    """log |beta(a, b)|, broadcast. da = digamma(a) - digamma(a + b)."""
    return constant(a).combine(_o.Betaln(), a, b)


def xlog1py(a: Operand, b: Operand) -> Variable:
    """a log(1 + b), and 0 where a = 0; broadcast. da = log(1 + b), db = a / (1 + b)."""
    return constant(a).combine(_o.Xlog1py(), a, b)


def rel_entr(a: Operand, b: Operand) -> Variable:
    """a log(a / b), broadcast. da = log(a / b) + 1, db = -a / b."""
    return constant(a).combine(_o.RelEntr(), a, b)


def kl_div(a: Operand, b: Operand) -> Variable:
    """a log(a / b) - a + b, broadcast. da = log(a / b), db = 1 - a / b."""
    return constant(a).combine(_o.KlDiv(), a, b)


def polygamma(n: int, x: Operand) -> Variable:
    """The derivative of order n >= 0 of `digamma`, for x > 0. dx is that of order n + 1. DLMF 5.15.1."""
    _still("polygamma", n)
    if n < 0:
        raise ValueError(f"polygamma: the order {n} is negative; give 0 for digamma, 1 for its derivative, …")
    return constant(x).record(_o.Polygamma(n)) if n else digamma(x)


def gammainc(a: float, x: Operand) -> Variable:
    """The regularized lower incomplete gamma function, a > 0 a constant. DLMF 8.2.4.

    dx = x**(a - 1) exp(-x) / gamma(a).
    """
    _still("gammainc", a)
    return constant(x).record(_o.Gammainc(float(a)))


def gammaincc(a: float, x: Operand) -> Variable:
    """The regularized upper incomplete gamma function, 1 - gammainc(a, x). DLMF 8.2.4."""
    _still("gammaincc", a)
    return constant(x).record(_o.Gammainc(float(a), upper=True))


def softmax(x: Operand, axis: int | None = None) -> Variable:
    """exp(x) / sum(exp(x)) along `axis`, and with None over all entries, as SciPy has it."""
    v = constant(x)
    return _softmax(v.reshape(-1)).reshape(v.shape) if axis is None else _softmax(v, axis)


def log_softmax(x: Operand, axis: int | None = None) -> Variable:
    """log(softmax(x)) along `axis`, and with None over all entries, as SciPy has it."""
    v = constant(x)
    return _log_softmax(v.reshape(-1)).reshape(v.shape) if axis is None else _log_softmax(v, axis)


psi: Final = digamma
