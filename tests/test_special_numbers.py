"""SciPy's functions in fifty digits: the values are SciPy's, the derivatives those of formulas from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("scipy")
pytest.importorskip("mpmath")
from hypothesis import given
from hypothesis import strategies as st
from mpmath import MPContext, mpf
from scipy import special as ss

from tests.support import call
from tinypytorch.function import Spec
from tinypytorch.special import ops
from tinypytorch.testing.forward import check_forward
from tinypytorch.testing.numbers.dual import Dual, dual_kind
from tinypytorch.testing.numbers.elements import duals, nested
from tinypytorch.testing.numbers.exact import EXACT
from tinypytorch.testing.numbers.kinds import NotRepresentableError
from tinypytorch.testing.numbers.precise import PRECISE
from tinypytorch.testing.numbers.rounded import ROUNDED, Rounded, U
from tinypytorch.testing.numbers.special import NAMES, ONE, PARAMETERS, derivative
from tinypytorch.testing.programs import Program
from tinypytorch.testing.references import run_on

mp = MPContext()
mp.dps = 60
HALF = np.array(0.5)
inside = st.integers(3, 60).map(lambda k: k / 64.0)


def scipys(name: str) -> object:
    found: object = getattr(ss, name.removeprefix("_"))
    return found


@pytest.mark.parametrize("name", sorted(NAMES))
@given(inside, inside)
def test_values_are_scipys(name: str, a: float, b: float) -> None:
    first = 2.0 if name in PARAMETERS else a
    xs = (a,) if name in ONE else (first, b)
    right = call(scipys(name), *xs)
    assert isinstance(right, float)
    found = float(derivative(name, (0,) * len(xs), xs, 20))
    assert found == pytest.approx(right, rel=1e-12, abs=1e-14)


def test_names_are_scipys_and_not_numpys() -> None:
    for name in NAMES - {"_zeta"}:
        assert getattr(scipys(name), "__name__", "") == name
        assert not isinstance(getattr(np, name, None), np.ufunc)


def of_erf(x: mpf) -> mpf:
    return mp.exp(-x * x) * 2.0 / mp.sqrt(mp.acos(mp.mpf(-1.0)))


# Derivatives by formulas (DLMF 5.7, 7.2, 10.6, 10.29), which the code has nowhere: their order, and how they are had.
FORMULAS: dict[str, tuple[int, Callable[[mpf], mpf]]] = {
    "erf": (1, of_erf),
    "erfc": (2, lambda x: of_erf(x) * x * 2.0),
    "erfcx": (1, lambda x: mp.exp(x * x) * mp.erfc(x) * x * 2.0 - of_erf(mp.mpf(0.0))),
    "gammaln": (1, lambda x: mp.digamma(x)),
    "psi": (2, lambda x: -mp.zeta(mp.mpf(3.0), x) * 2.0),
    "gamma": (1, lambda x: mp.gamma(x) * mp.digamma(x)),
    "j0": (1, lambda x: -mp.besselj(1, x)),
    "k0": (2, lambda x: mp.besselk(0, x) + mp.besselk(1, x) / x),
    "logit": (1, lambda x: mp.mpf(1.0) / (x - x * x)),
    "entr": (3, lambda x: mp.mpf(1.0) / (x * x)),
}


@pytest.mark.parametrize("name", FORMULAS)
@given(inside)
def test_derivatives_are_those_of_formulas(name: str, x: float) -> None:
    order, formula = FORMULAS[name]
    right = formula(mp.mpf(x))
    for digits in (20, 50):
        assert abs(derivative(name, (order,), (x,), digits) - right) < abs(right) * 10.0**-digits


@pytest.mark.parametrize("x", [0.0, 4.0, 9.0, -16.0, 25.0])
def test_a_derivative_far_below_the_value_has_all_its_digits(x: float) -> None:
    right = of_erf(mp.mpf(x))
    assert abs(derivative("erf", (1,), (x,), 50) - right) < right * 1e-50


def test_what_is_zero_is_zero() -> None:
    for digits in (20, 60):
        assert float(derivative("expit", (2,), (0.0,), digits)) == 0.0
        assert float(derivative("erf", (2,), (0.0,), digits)) == 0.0
        assert float(derivative("xlog1py", (2, 0), (0.75, 2.5), digits)) == 0.0
        assert float(derivative("rel_entr", (2, 1), (0.75, 2.5), digits)) == 0.0


def test_mixed_derivatives() -> None:
    """Of a log(a / b): -1 / b. Of log beta: minus the trigamma function of a + b."""
    assert abs(derivative("rel_entr", (1, 1), (0.75, 0.5), 50) + 2.0) < 1e-49
    trigamma = mp.zeta(mp.mpf(2.0), mp.mpf(1.25))
    assert abs(derivative("betaln", (1, 1), (0.75, 0.5), 50) + trigamma) < 1e-49


@pytest.mark.parametrize(
    ("name", "x"), [("erfinv", 1.5), ("logit", 0.0), ("logit", 2.0), ("gamma", 0.0), ("k0", 0.0), ("entr", -1.0)]
)
def test_outside_of_a_domain_there_is_none(name: str, x: float) -> None:
    with pytest.raises(NotRepresentableError, match=name):
        derivative(name, (1,), (x,), 20)


def test_fractions_have_no_such_functions() -> None:
    with pytest.raises(NotRepresentableError, match="erf"):
        run_on(Program.of([HALF], (ops.Erf(), 0)), [duals(HALF, np.array(1.0), EXACT)], EXACT)


def test_nested_duals_have_derivatives_of_both_orders() -> None:
    moving = nested(HALF, np.array(1.0), np.array(1.0), PRECISE)
    _, made = run_on(Program.of([HALF], (ops.Erf(), 0)), [moving], dual_kind(PRECISE))
    entries: list[Dual[Dual[mpf]]] = made.ravel().tolist()
    (y,) = entries
    first = of_erf(mp.mpf(0.5))
    assert abs(y.v.t - first) < 1e-49
    assert abs(y.t.v - first) < 1e-49
    assert abs(y.t.t + first) < 1e-49  # -2 x times it


@given(st.floats(0.0, 1e-6))
def test_an_error_of_the_operand_is_passed_on(e: float) -> None:
    x = Rounded(0.5, 0.5, e)
    y = ROUNDED.special("erf", (0,), [x])
    slope = float(of_erf(mp.mpf(0.5)))
    assert y.v == math.erf(0.5)
    assert slope * e <= y.e <= slope * e + 4 * U


def test_forward_mode_is_compared_in_a_precision_that_scipy_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """One rounding in double precision is no difference; an op that is taken for linear is."""
    p = Program.of([np.array([1.0, 0.25])], (ops.Erfcinv(), 0), (ops.Erfcinv(), 0), (ops.Expit(), 1))
    assert check_forward(p) is None
    q = Program.of([np.array([0.5, 0.25])], (ops.Erf(), 0))
    assert check_forward(q) is None
    monkeypatch.setattr(ops.Erf, "spec", Spec(linear=True))
    assert "forward mode gives" in (check_forward(q) or "")
