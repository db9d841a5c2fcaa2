"""Circular, exponential and rounding functions: as NumPy's, by either name, and right where it is difficult."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad, slopes, var
from tinypytorch import Variable
from tinypytorch.ops import UFUNCS, spec_of
from tinypytorch.ops.trigonometric import Sinc

INF, NAN = math.inf, math.nan
# Ufuncs that give no float, whose result is no derivative of anything, or that have two results.
ELSEWHERE = {
    *("bitwise_and", "bitwise_count", "bitwise_or", "bitwise_xor", "invert", "left_shift", "right_shift", "gcd", "lcm"),
    *("isnat", "ldexp", "frexp", "modf", "divmod", "sign", "floor", "ceil", "rint"),
    *("trunc", "spacing", "nextafter", "floor_divide", "isnan", "isinf", "isfinite", "signbit", "less", "less_equal"),
    *("greater", "greater_equal", "equal", "not_equal", "logical_and", "logical_or", "logical_xor", "logical_not"),
}
NAMES = sorted(name for name in vars(np) if isinstance(getattr(np, name), np.ufunc))
SHAPES = st.sampled_from([(), (3,), (2, 3), (1, 3), (2, 1), (0, 3)])


def ufunc_of(name: str) -> np.ufunc:
    found: object = getattr(np, name)
    assert isinstance(found, np.ufunc)
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_differentiable_ufunc_has_a_rule_under_all_its_names(name: str) -> None:
    ufunc = ufunc_of(name)
    assert (ufunc in UFUNCS or ufunc is np.float_power) == (ufunc.__name__ not in ELSEWHERE)


@pytest.mark.parametrize("ufunc", [u for u in UFUNCS if hasattr(tp, u.__name__)], ids=lambda u: u.__name__)
@given(shapes=st.tuples(SHAPES, SHAPES), seed=st.integers(0, 99), dtype=st.sampled_from(["float32", "float64"]))
def test_both_names_give_what_numpy_gives(
    ufunc: np.ufunc, shapes: tuple[tuple[int, ...], tuple[int, ...]], seed: int, dtype: str
) -> None:
    domain = spec_of(UFUNCS[ufunc]).domain
    draw = np.random.default_rng(seed)
    arrays = [
        draw.uniform(max(domain[min(i, len(domain) - 1)].low, -4.0), min(domain[0].high, 4.0), shape).astype(dtype)
        for i, shape in enumerate(shapes[: ufunc.nin])
    ]
    if ufunc is np.matmul:
        return
    mine: object = getattr(tp, ufunc.__name__)
    try:
        expected = np.asarray(call(ufunc, *arrays))
    except ValueError:
        with pytest.raises(ValueError, match="broadcast"):
            call(mine, *map(Variable, arrays))
        return
    for y in (call(mine, *map(Variable, arrays)), call(ufunc, *map(Variable, arrays))):
        assert isinstance(y, Variable)
        np.testing.assert_array_equal(y.data, expected, strict=True)


def second(f: Callable[[Variable], Variable], at: float) -> tuple[float, float, float]:
    """The value, the derivative and the second derivative."""
    x = var(at)
    y = f(x)
    (g,) = tp.gradients(y, [x], create_graph=True)
    h = tp.gradients(g, [x], allow_unused=True)[0].item() if g.creator else 0.0
    return y.item(), g.item(), h


# Value, first and second derivative.
ONE: list[tuple[str, Callable[[Variable], Variable], float, tuple[float, float, float]]] = [
    ("sinc at 0", tp.sinc, 0.0, (1.0, 0.0, -(math.pi**2) / 3)),
    ("sinc near 0", tp.sinc, 1e-9, (1.0, -(math.pi**2) / 3 * 1e-9, -(math.pi**2) / 3)),
    ("sinc at 1", tp.sinc, 1.0, (3.8981718325193755e-17, -1.0, 2.0)),
    ("arcsin near 1", tp.arcsin, 1 - 2.0**-52, (1.5707963057214724, 2.0**25.5, 2.0**76.5)),
    ("arctanh near -1", tp.arctanh, 2.0**-52 - 1, (-18.36840028483855, 2.0**51, -(2.0**103))),
    ("arctan of much", tp.arctan, 1e200, (math.pi / 2, 0.0, 0.0)),
    ("arcsinh of much", tp.arcsinh, -1e200, (-461.2101657793691, 1e-200, 0.0)),
    ("arccosh of much", tp.arccosh, 1e200, (461.2101657793691, 1e-200, 0.0)),
    ("expm1 near 0", tp.expm1, 1e-20, (1e-20, 1.0, 1.0)),
    ("expm1 of -40", tp.expm1, -40.0, (-1.0, math.exp(-40), math.exp(-40))),
    ("log1p near 0", tp.log1p, 1e-20, (1e-20, 1.0, -1.0)),
    ("log1p of much", tp.log1p, 1e300, (690.7755278982137, 1e-300, 0.0)),
    ("log10 of the most", tp.log10, 1.7e308, (308.2304489213783, 1 / 1.7e308 / math.log(10), 0.0)),
    ("cbrt of little", tp.cbrt, -1e-300, (-1e-100, 1e200 / 3, INF)),
    ("reciprocal of much", tp.reciprocal, 1e150, (1e-150, -1e-300, 0.0)),
    ("softplus of much", tp.softplus, 1000.0, (1000.0, 1.0, 0.0)),
    ("softplus of -800", tp.softplus, -800.0, (0.0, 0.0, 0.0)),
    ("softplus of -40", tp.softplus, -40.0, (math.exp(-40), math.exp(-40), math.exp(-40))),
    ("log_sigmoid of -1e4", tp.log_sigmoid, -1e4, (-1e4, 1.0, 0.0)),
    ("log_sigmoid of 40", tp.log_sigmoid, 40.0, (-math.exp(-40), math.exp(-40), -math.exp(-40))),
    ("logit near 1/2", tp.logit, 0.5 + 2.0**-50, (2.0**-48, 4.0, 2.0**-45)),
    ("logit near 0", tp.logit, 1e-200, (-460.51701859880916, 1e200, -INF)),
    ("softsign at 0", tp.softsign, 0.0, (0.0, 1.0, 0.0)),
    ("softsign of much", tp.softsign, 1e160, (1.0, 0.0, 0.0)),
    ("elu at 0", tp.elu, 0.0, (0.0, 1.0, 1.0)),
    ("elu of much", tp.elu, 1e4, (1e4, 1.0, 0.0)),
    ("elu of -1e4", tp.elu, -1e4, (-1.0, 0.0, 0.0)),
    ("gelu of much", tp.gelu, 1e200, (1e200, 1.0, 0.0)),
    ("gelu of -much", tp.gelu, -1e200, (0.0, 0.0, 0.0)),
    ("silu at 0", tp.silu, 0.0, (0.0, 0.5, 0.5)),
    ("silu of -1e4", tp.silu, -1e4, (0.0, 0.0, 0.0)),
    ("leaky_relu of -3", tp.leaky_relu, -3.0, (-0.03, 0.01, 0.0)),
    ("fabs at 0", tp.fabs, 0.0, (0.0, 0.0, 0.0)),
    ("nan_to_num of nan", tp.nan_to_num, NAN, (0.0, 0.0, 0.0)),
    ("hypot of much", lambda x: tp.hypot(x, 1e200), 1e200, (2**0.5 * 1e200, 0.5**0.5, 0.5**1.5 * 1e-200)),
    ("hypot beside an axis", lambda x: tp.hypot(x, 1.0), 1e9, (1e9, 1.0, 1e-27)),
    ("hypot(x, 0)", lambda x: tp.hypot(x, 0.0), -2.0, (2.0, -1.0, 0.0)),
    ("arctan2(x, 0)", lambda x: tp.arctan2(x, 0.0), 2.0, (math.pi / 2, 0.0, 0.0)),
    ("arctan2(0, x)", lambda x: tp.arctan2(0.0, x), -2.0, (math.pi, 0.0, 0.0)),
    ("arctan2(x, -2) at 0", lambda x: tp.arctan2(x, -2.0), 0.0, (math.pi, -0.5, 0.0)),
    ("arctan2 of much", lambda x: tp.arctan2(x, 1e200), 1e200, (math.pi / 4, 0.5e-200, 0.0)),
    ("logaddexp(x, -inf)", lambda x: tp.logaddexp(x, -INF), 3.0, (3.0, 1.0, 0.0)),
    ("logaddexp(-inf, x)", lambda x: tp.logaddexp(-INF, x), 3.0, (3.0, 1.0, 0.0)),
    ("logaddexp(-inf, -inf)", lambda x: tp.logaddexp(x, -INF), -INF, (-INF, 0.0, 0.0)),
    ("logaddexp2(-inf, -inf)", lambda x: tp.logaddexp2(x, -INF), -INF, (-INF, 0.0, 0.0)),
    ("logaddexp of far operands", lambda x: tp.logaddexp(x, 1000.0), 960.0, (1000.0, math.exp(-40), math.exp(-40))),
    ("xlogy(x, 0) at 0", lambda x: tp.xlogy(x, 0.0), 0.0, (0.0, 0.0, 0.0)),
    ("xlogy(0, x)", lambda x: tp.xlogy(0.0, x), INF, (0.0, 0.0, 0.0)),
    ("copysign at 0", lambda x: tp.copysign(x, -2.0), 0.0, (0.0, 0.0, 0.0)),
    ("copysign of -0.0", lambda x: tp.copysign(x, -0.0), 3.0, (-3.0, -1.0, 0.0)),
    ("fmod by inf", lambda x: tp.fmod(5.0, x), INF, (5.0, 0.0, 0.0)),
    ("remainder by inf", lambda x: tp.remainder(5.0, x), INF, (5.0, 0.0, 0.0)),
    ("fmod at a jump", lambda x: tp.fmod(6.0, x), 3.0, (0.0, -2.0, 0.0)),
    ("remainder at a jump", lambda x: tp.remainder(-6.0, x), 3.0, (0.0, 2.0, 0.0)),
    ("remainder before a jump", lambda x: tp.remainder(-1e-20, x), 3.0, (3.0, 1.0, 0.0)),
    ("float_power", lambda x: tp.float_power(x, 3), -2.0, (-8.0, 12.0, -12.0)),
]


@pytest.mark.parametrize(("f", "at", "expected"), [c[1:] for c in ONE], ids=[c[0] for c in ONE])
def test_corners(f: Callable[[Variable], Variable], at: float, expected: tuple[float, float, float]) -> None:
    with np.errstate(over="ignore"):
        got = second(f, at)
    np.testing.assert_allclose(got, expected, rtol=1e-14, atol=1e-300)


@pytest.mark.parametrize("order", range(6))
def test_sinc_is_continuous_where_its_formula_changes(order: int) -> None:
    x = np.array([0.99 - 1e-12, 0.99, -0.99, 1e-12 - 0.99])
    y = Sinc(order).forward(x)
    np.testing.assert_allclose(y[::2], y[1::2], rtol=1e-9)


# Operands and the gradients of both.
TWO: list[tuple[Callable[[Variable, Variable], Variable], float, float, tuple[float, float]]] = [
    (tp.hypot, 0.0, 0.0, (0.0, 0.0)),
    (tp.arctan2, 0.0, 0.0, (0.0, 0.0)),
    (tp.fmax, NAN, 1.0, (0.0, 1.0)),
    (tp.fmax, 1.0, NAN, (1.0, 0.0)),
    (tp.fmax, NAN, NAN, (0.0, 0.0)),
    (tp.fmax, 2.0, 2.0, (0.5, 0.5)),
    (tp.fmin, NAN, 1.0, (0.0, 1.0)),
    (tp.fmin, 1.0, NAN, (1.0, 0.0)),
    (tp.fmin, -INF, -INF, (0.5, 0.5)),
    (tp.heaviside, 0.0, 0.5, (0.0, 1.0)),
    (tp.heaviside, 1.0, 0.5, (0.0, 0.0)),
    (tp.logaddexp, INF, 1.0, (1.0, 0.0)),
    (tp.logaddexp, -INF, -INF, (0.0, 0.0)),
    (tp.logaddexp, 2.0, 2.0, (0.5, 0.5)),
    (tp.xlogy, 0.0, 0.0, (0.0, 0.0)),
    (tp.xlogy, 2.0, 1.0, (0.0, 2.0)),
    (tp.copysign, -3.0, -0.0, (1.0, 0.0)),
    (tp.mod, -7.0, 3.0, (1.0, 3.0)),
    (tp.fmod, -7.0, 3.0, (1.0, 2.0)),
]


@pytest.mark.parametrize(("f", "a", "b", "expected"), TWO)
def test_corners_of_two(
    f: Callable[[Variable, Variable], Variable], a: float, b: float, expected: tuple[float, float]
) -> None:
    x, y = var(a), var(b)
    f(x, y).backward()
    assert slopes(x, y) == expected


@given(st.floats(-30.0, 30.0))
def test_activations_are_their_formulas(at: float) -> None:
    s = 1 / (1 + math.exp(-at))
    inner = math.sqrt(2 / math.pi) * (at + 0.044715 * at**3)
    expected = {
        tp.silu: at * s,
        tp.gelu: at * (1 + math.tanh(inner)) / 2,
        tp.elu: at if at > 0 else math.expm1(at),
        tp.leaky_relu: at if at > 0 else at / 100,
        tp.softsign: at / (1 + abs(at)),
        tp.softplus: math.log1p(math.exp(-abs(at))) + max(at, 0.0),
        tp.log_sigmoid: min(at, 0.0) - math.log1p(math.exp(-abs(at))),
    }
    for f, y in expected.items():
        assert math.isclose(call_on(f, at), y, rel_tol=1e-13, abs_tol=1e-14)
    if -20 < at < 20:
        assert math.isclose(tp.logit(tp.sigmoid(at)).item(), at, rel_tol=1e-6, abs_tol=1e-14)


def call_on(f: Callable[[Variable], Variable], at: float) -> float:
    return f(var(at)).item()


def test_gelu_has_one_form_only() -> None:
    with pytest.raises(ValueError, match="gelu: approximate is 'tanh', not 'none'"):
        call(tp.gelu, 1.0, approximate="none")


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", "int32"])
@pytest.mark.parametrize("exponent", [2, 2.5, np.float32(2), np.ones(2, np.float32), np.ones(2, np.longdouble)])
def test_float_power_is_double_at_least(dtype: str, exponent: float) -> None:
    x = Variable(np.array([1.0, 3.0], dtype))
    expected = np.float_power(x.data, exponent)
    for y in (tp.float_power(x, exponent), call(np.float_power, x, exponent)):
        assert isinstance(y, Variable)
        assert y.dtype == expected.dtype
        np.testing.assert_allclose(y.data, expected, rtol=1e-15)
        if x.requires_grad:
            x.cleargrad()
            y.backward()
            assert grad(x).dtype == x.dtype


def test_numpys_functions_that_are_no_ufuncs() -> None:
    x = var([0.0, 0.5, -3.25])
    y = call(np.sinc, x)
    assert isinstance(y, Variable)
    np.testing.assert_allclose(y.data, np.sinc(x.data), rtol=1e-15)
    z = var([NAN, INF, -INF, 2.0])
    w = call(np.nan_to_num, z, nan=1.0, posinf=5.0)
    assert isinstance(w, Variable)
    np.testing.assert_array_equal(w.data, np.nan_to_num(z.data, nan=1.0, posinf=5.0))
    w.backward()
    assert grad(z).tolist() == [0.0, 0.0, 0.0, 1.0]
    assert call(np.floor_divide, x, 0.5).__class__ is np.ndarray
    with pytest.raises(TypeError, match=r"np.nan_to_num of Variables takes no copy=False: results are new"):
        call(np.nan_to_num, z, copy=False)
