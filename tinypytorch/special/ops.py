"""Floor 2: ops on SciPy's special functions. Imports `special.ufuncs`, `arrays`, `function` and other op files.

SciPy computes in single and double precision: half comes back as single, extended as double, and is no more exact.
Formulas: NIST Digital Library of Mathematical Functions (DLMF), https://dlmf.nist.gov.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

from tinypytorch.arrays import Array
from tinypytorch.function import BROADCASTING, POSITIVE, REAL, Case, Domain, Spec, T, lift, value
from tinypytorch.ops import ufuncs as u
from tinypytorch.ops.corners import over, times
from tinypytorch.special.ufuncs import named, on

_TWO_BY_ROOT_PI: Final = 2.0 / math.sqrt(math.pi)
_DENSITY: Final = 1.0 / math.sqrt(2.0 * math.pi)


@value
class Erf:
    """y = 2 / sqrt(pi) times the integral of exp(-t**2) from 0 to x. DLMF 7.2.1."""

    spec: ClassVar[Spec] = Spec(ufunc=named("erf"))

    def forward(self, x: Array, /) -> Array:
        return on("erf", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, u.exp(-x * x) * _TWO_BY_ROOT_PI)


@value
class Erfc:
    """y = 1 - erf(x), without the cancellation. DLMF 7.2.2."""

    spec: ClassVar[Spec] = Spec(ufunc=named("erfc"))

    def forward(self, x: Array, /) -> Array:
        return on("erfc", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, u.exp(-x * x) * -_TWO_BY_ROOT_PI)


@value
class Erfinv:
    """y = the x with erf(x) = y, for -1 < x < 1."""

    spec: ClassVar[Spec] = Spec(domain=(Domain(low=-1.0, high=1.0),), ufunc=named("erfinv"))

    def forward(self, x: Array, /) -> Array:
        return on("erfinv", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, u.exp(y * y) / _TWO_BY_ROOT_PI)


@value
class Erfcinv:
    """y = the x with erfc(x) = y, for 0 < x < 2."""

    spec: ClassVar[Spec] = Spec(domain=(Domain(low=0.0, high=2.0),), ufunc=named("erfcinv"))

    def forward(self, x: Array, /) -> Array:
        return on("erfcinv", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, u.exp(y * y) / -_TWO_BY_ROOT_PI)


@value
class Gammaln:
    """y = log |gamma(x)|. The rule is digamma. DLMF 5.2.2."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), ufunc=named("gammaln"))

    def forward(self, x: Array, /) -> Array:
        return on("gammaln", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, lift(_DIGAMMA, x))


@value
class Loggamma:
    """y = log gamma(x) for x > 0. The rule is digamma. DLMF 5.2.2."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), ufunc=named("loggamma"))

    def forward(self, x: Array, /) -> Array:
        return on("loggamma", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, lift(_DIGAMMA, x))


@value
class Digamma:
    """y = the logarithmic derivative of the gamma function. The rule is the trigamma function. DLMF 5.15.1."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), ufunc=named("digamma"))

    def forward(self, x: Array, /) -> Array:
        return on("digamma", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, lift(Polygamma(1), x))


@value
class Gamma:
    """y = the gamma function. The rule is gamma(x) digamma(x). DLMF 5.2.2."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), ufunc=named("gamma"))

    def forward(self, x: Array, /) -> Array:
        return on("gamma", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, y * lift(_DIGAMMA, x))


@value
class Expit:
    """y = 1 / (1 + exp(-x)). The rule is y expit(-x), since 1 - y cancels."""

    spec: ClassVar[Spec] = Spec(ufunc=named("expit"))

    def forward(self, x: Array, /) -> Array:
        return on("expit", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (y * lift(self, -x))


@value
class Logit:
    """y = log(x / (1 - x)) for 0 < x < 1."""

    spec: ClassVar[Spec] = Spec(domain=(Domain(low=0.0, high=1.0),), ufunc=named("logit"))

    def forward(self, x: Array, /) -> Array:
        return on("logit", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return over(over(gy, x), 1.0 - x)


@value
class LogExpit:
    """y = log expit(x), without cancellation. The rule is expit(-x)."""

    spec: ClassVar[Spec] = Spec(ufunc=named("log_expit"))

    def forward(self, x: Array, /) -> Array:
        return on("log_expit", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * lift(_EXPIT, -x)


@value
class Entr:
    """y = -x log x; 0 at 0. The rule is -log x - 1."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE,), ufunc=named("entr"))

    def forward(self, x: Array, /) -> Array:
        return on("entr", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, -u.log(x) - 1.0)


@value
class Ndtr:
    """y = the normal distribution's integral from -inf to x. DLMF 7.1."""

    spec: ClassVar[Spec] = Spec(ufunc=named("ndtr"))

    def forward(self, x: Array, /) -> Array:
        return on("ndtr", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, u.exp(x * x * -0.5) * _DENSITY)


@value
class LogNdtr:
    """y = log ndtr(x), far to the left, too. The rule is `HazardNdtr`."""

    spec: ClassVar[Spec] = Spec(ufunc=named("log_ndtr"))

    def forward(self, x: Array, /) -> Array:
        return on("log_ndtr", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * lift(HazardNdtr(), x)


@value
class Ndtri:
    """y = the x with ndtr(x) = y, for 0 < x < 1."""

    spec: ClassVar[Spec] = Spec(domain=(Domain(low=0.0, high=1.0),), ufunc=named("ndtri"))

    def forward(self, x: Array, /) -> Array:
        return on("ndtri", x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, u.exp(y * y * 0.5) / _DENSITY)


@value
class HazardNdtr:
    """y = the normal density at x by `ndtr(x)`, through erfcx, of which neither end is lost.

    The rule is -y (x + y), whose sum loses x**2 roundings far to the left.
    """

    spec: ClassVar[Spec] = Spec()

    def forward(self, x: Array, /) -> Array:
        return math.sqrt(2.0 / math.pi) / on("erfcx", x * -math.sqrt(0.5))

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (-y * (x + y))


@value
class Polygamma:
    """y = the derivative of order n of digamma, (-1)**(n + 1) n! zeta(n + 1, x). DLMF 5.15.1."""

    n: int = 1
    spec: ClassVar[Spec] = Spec(
        domain=(POSITIVE,), cases=lambda: (Case(Polygamma(), ((2, 3),)), Case(Polygamma(2), ((),)))
    )

    def forward(self, x: Array, /) -> Array:
        return on("zeta", self.n + 1.0, x) * ((-1.0) ** (self.n + 1) * math.factorial(self.n))

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return times(gy, lift(Polygamma(self.n + 1), x))


@value
class Bessel:
    """y = the Bessel function of that kind ("j", "y", "i" or "k") and integer order n.

    2 dJ_n = J_{n-1} - J_{n+1}, Y likewise; 2 dI_n = I_{n-1} + I_{n+1}; 2 dK_n = -K_{n-1} - K_{n+1}.
    DLMF 10.6.1 and 10.29.1.
    """

    kind: str = "j"
    n: int = 0
    spec: ClassVar[Spec] = Spec(
        domain=(POSITIVE,),
        cases=lambda: tuple(Case(Bessel(k, n), ((2, 3),)) for k in "jyik" for n in (0, 1, 2)),
    )

    def forward(self, x: Array, /) -> Array:
        if self.n in (0, 1):
            return on(f"{self.kind}{self.n}", x)
        return on(f"{self.kind}v", float(self.n), x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        before, after = lift(Bessel(self.kind, self.n - 1), x), lift(Bessel(self.kind, self.n + 1), x)
        if self.kind in "jy":
            return times(gy, (before - after) * 0.5)
        return times(gy, (before + after) * (0.5 if self.kind == "i" else -0.5))


@value
class Gammainc:
    """y = the regularized incomplete gamma function of x > 0 for a constant a > 0, lower or upper.

    The rule is its density exp((a - 1) log x - x - log gamma(a)). DLMF 8.2.4, 8.8.13.
    """

    a: float = 1.5
    upper: bool = False
    spec: ClassVar[Spec] = Spec(
        domain=(POSITIVE,), cases=lambda: (Case(Gammainc(), ((2, 3),)), Case(Gammainc(0.5, True), ((3,),)))
    )

    def forward(self, x: Array, /) -> Array:
        return on("gammaincc" if self.upper else "gammainc", self.a, x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        density = u.exp(u.log(x) * (self.a - 1.0) - x - math.lgamma(self.a))
        return times(-gy if self.upper else gy, density)


@value
class Beta:
    """y = gamma(a) gamma(b) / gamma(a + b). da = y (digamma(a) - digamma(a + b)). DLMF 5.12.1."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE, POSITIVE), takes=BROADCASTING, ufunc=named("beta"))

    def forward(self, a: Array, b: Array, /) -> Array:
        return on("beta", a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return times(gy, y * (lift(_DIGAMMA, a + y * 0.0) - lift(_DIGAMMA, a + b)))

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return times(gy, y * (lift(_DIGAMMA, b + y * 0.0) - lift(_DIGAMMA, a + b)))


@value
class Betaln:
    """y = log |beta(a, b)|. da = digamma(a) - digamma(a + b)."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE, POSITIVE), takes=BROADCASTING, ufunc=named("betaln"))

    def forward(self, a: Array, b: Array, /) -> Array:
        return on("betaln", a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return times(gy, lift(_DIGAMMA, a + y * 0.0) - lift(_DIGAMMA, a + b))

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return times(gy, lift(_DIGAMMA, b + y * 0.0) - lift(_DIGAMMA, a + b))


@value
class Xlog1py:
    """y = a log(1 + b), and 0 where a = 0. The rules are log(1 + b) and a / (1 + b)."""

    spec: ClassVar[Spec] = Spec(domain=(REAL, Domain(low=-1.0)), takes=BROADCASTING, ufunc=named("xlog1py"))

    def forward(self, a: Array, b: Array, /) -> Array:
        return on("xlog1py", a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return times(gy, u.log1p(b + y * 0.0))

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return over(gy, b + 1.0) * a


@value
class RelEntr:
    """y = a log(a / b). The rules are log(a / b) + 1 and -a / b."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE, POSITIVE), takes=BROADCASTING, ufunc=named("rel_entr"))

    def forward(self, a: Array, b: Array, /) -> Array:
        return on("rel_entr", a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return times(gy, u.log((a + y * 0.0) / b) + 1.0)

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return -(over(gy, b) * a)


@value
class KlDiv:
    """y = a log(a / b) - a + b. The rules are log(a / b) and (b - a) / b."""

    spec: ClassVar[Spec] = Spec(domain=(POSITIVE, POSITIVE), takes=BROADCASTING, ufunc=named("kl_div"))

    def forward(self, a: Array, b: Array, /) -> Array:
        return on("kl_div", a, b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return times(gy, u.log((a + y * 0.0) / b))

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return over(gy, b) * (b - a)


_DIGAMMA: Final = Digamma()
_EXPIT: Final = Expit()
