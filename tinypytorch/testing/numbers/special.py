"""Floor 6: SciPy's special functions and all their derivatives, by mpmath. Imports `kinds`, and mpmath.

A forward that calls one of SciPy's ufuncs calls it on dual numbers, too, and `elements.Elements` looks here, by the
ufunc's name; SciPy is not imported. What is here are values alone, by mpmath's algorithms, which are not SciPy's. No
derivative is written down: those of every order are central differences of the values, in so many more digits that
what they leave out, and what cancels in them, is below the digits asked for. So there is no formula to share a mistake
with a rule.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import Final

from mpmath import MPContext, mpf

from tinypytorch.testing.numbers.kinds import NotRepresentableError, Orders

# A derivative that is smaller than its values by so many digits takes as many more; beyond the last, it is 0.
_MORE: Final = (0, 60, 300)
# So many derivatives are remembered: a program asks for the same ones again and again.
_KEPT: Final = 1 << 14

# A context of our own, whose precision is set for every call.
_mp = MPContext()


def _ndtr(x: mpf) -> mpf:
    return _mp.erfc(-x / _mp.sqrt(_mp.mpf(2.0))) / 2.0


def _log_beta(a: mpf, b: mpf) -> mpf:
    return _mp.loggamma(a) + _mp.loggamma(b) - _mp.loggamma(a + b)


# By the names of SciPy's ufuncs: of one operand, and of two.
ONE: Final[dict[str, Callable[[mpf], mpf]]] = {
    "entr": lambda x: -x * _mp.log(x),
    "erf": lambda x: _mp.erf(x),
    "erfc": lambda x: _mp.erfc(x),
    "erfcinv": lambda x: _mp.erfinv(-x + 1.0),
    "erfcx": lambda x: _mp.exp(x * x) * _mp.erfc(x),
    "erfinv": lambda x: _mp.erfinv(x),
    "expit": lambda x: _mp.mpf(1.0) / (_mp.exp(-x) + 1.0),
    "gamma": lambda x: _mp.gamma(x),
    "gammaln": lambda x: _mp.loggamma(x),
    "i0": lambda x: _mp.besseli(0, x),
    "i1": lambda x: _mp.besseli(1, x),
    "j0": lambda x: _mp.besselj(0, x),
    "j1": lambda x: _mp.besselj(1, x),
    "k0": lambda x: _mp.besselk(0, x),
    "k1": lambda x: _mp.besselk(1, x),
    "log_expit": lambda x: -_mp.log1p(_mp.exp(-x)),
    "log_ndtr": lambda x: _mp.log(_ndtr(x)),
    "loggamma": lambda x: _mp.loggamma(x),
    "logit": lambda x: _mp.log(x / (-x + 1.0)),
    "ndtr": _ndtr,
    "ndtri": lambda x: _mp.sqrt(_mp.mpf(2.0)) * _mp.erfinv(x * 2.0 - 1.0),
    "psi": lambda x: _mp.digamma(x),
    "y0": lambda x: _mp.bessely(0, x),
    "y1": lambda x: _mp.bessely(1, x),
}
TWO: Final[dict[str, Callable[[mpf, mpf], mpf]]] = {
    "_zeta": lambda s, x: _mp.zeta(s, x),
    "beta": lambda a, b: _mp.exp(_log_beta(a, b)),
    "betaln": _log_beta,
    "gammainc": lambda a, x: _mp.gammainc(a, 0.0, x, True),
    "gammaincc": lambda a, x: _mp.gammainc(a, x, math.inf, True),
    "iv": lambda n, x: _mp.besseli(n, x),
    "jv": lambda n, x: _mp.besselj(n, x),
    "kl_div": lambda a, b: a * _mp.log(a / b) - a + b,
    "kv": lambda n, x: _mp.besselk(n, x),
    "rel_entr": lambda a, b: a * _mp.log(a / b),
    "xlog1py": lambda a, b: a * _mp.log1p(b),
    "yv": lambda n, x: _mp.bessely(n, x),
}
NAMES: Final = frozenset((*ONE, *TWO))
# Those whose first operand is a parameter: nothing moves it.
PARAMETERS: Final = frozenset({"_zeta", "jv", "yv", "iv", "kv", "gammainc", "gammaincc"})


@lru_cache(_KEPT)
def derivative(name: str, orders: Orders, xs: tuple[mpf | float, ...], digits: int) -> mpf:
    """A partial derivative of a function, to so many digits; raises `NotRepresentableError` where there is none."""
    try:
        _mp.dps = digits
        if not _mp.isfinite(_value(name, [_mp.mpf(x) for x in xs])):  # an odd order steps over a pole
            raise ValueError("a pole")
        for more in _MORE:
            found, size = _difference(name, orders, xs, digits + more)
            if not sum(orders) or abs(found) > size * 10.0 ** -(more + 6):
                break
        else:
            found = _mp.mpf(0.0)
    except (ArithmeticError, TypeError, ValueError) as error:
        raise NotRepresentableError(f"{name} at {', '.join(map(str, xs))}: {error}") from error
    if not _mp.isfinite(found):
        raise NotRepresentableError(f"{name} at {', '.join(map(str, xs))} has no derivative")
    return found


def _difference(name: str, orders: Orders, xs: tuple[mpf | float, ...], digits: int) -> tuple[mpf, mpf]:
    """A central difference, and the largest of the values that it is made of, of which it is good to so many digits.

    Fornberg, Generation of finite difference formulas on arbitrarily spaced grids (1988), 3.
    """
    n = sum(orders)
    places = digits // 2 + 8
    _mp.dps = digits + n * places + 10
    h = _mp.power(_mp.mpf(10.0), _mp.mpf(-float(places)))
    total = size = _mp.mpf(0.0)
    for at in product(*(range(k + 1) for k in orders)):
        moved = [h * (k / 2.0 - i) + _mp.mpf(x) for x, k, i in zip(xs, orders, at, strict=True)]
        weight = math.prod((-1.0) ** i * math.comb(k, i) for k, i in zip(orders, at, strict=True))
        value = _value(name, moved)
        total = total + value * weight
        size = max(size, abs(value))
    return total / _mp.power(h, _mp.mpf(float(n))), size


def _value(name: str, xs: list[mpf]) -> mpf:
    found = ONE[name](xs[0]) if name in ONE else TWO[name](*xs)
    if not isinstance(found, _mp.mpf):
        raise ValueError("complex values")
    return found
