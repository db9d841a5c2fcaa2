"""Corners: where a slope is infinite or an operand not a number, derivatives are right, or as stated."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import grad, var
from tinypytorch import Array, Variable
from tinypytorch.arrays import Mask
from tinypytorch.ops.accumulations import Norm

Map = Callable[[Variable], Variable]
INF = float("inf")


def orders(f: Map, x: float | list[float], n: int = 3) -> list[list[float]]:
    """The derivatives of order 1 to n of the sum of f(x), f being elementwise."""
    v = var(np.atleast_1d(x).tolist())
    y = f(v)
    found: list[list[float]] = []
    for _ in range(n):
        if not y.requires_grad:  # it is constant from here on
            found.append([0.0] * v.size)
            continue
        (y,) = tp.gradients(y.sum(), v, create_graph=True)
        found.append(y.data.tolist())
    return found


# Functions, where they are differentiable, and a first derivative.
EDGED: list[tuple[str, Map, Callable[[Array], Mask], Callable[[Array], Array]]] = [
    ("sqrt", tp.sqrt, lambda x: x > 0, lambda x: 0.5 / np.sqrt(x)),
    ("sqrt(-x)", lambda x: tp.sqrt(-x), lambda x: x < 0, lambda x: -0.5 / np.sqrt(-x)),
    ("log", tp.log, lambda x: x > 0, lambda x: 1 / x),
    ("log2", tp.log2, lambda x: x > 0, lambda x: 1 / x / np.log(2)),
    ("log10", tp.log10, lambda x: x > 0, lambda x: 1 / x / np.log(10)),
    ("log1p", tp.log1p, lambda x: x > -1, lambda x: 1 / (1 + x)),
    ("cbrt", tp.cbrt, lambda x: x != 0, lambda x: 1 / (3 * np.cbrt(x) ** 2)),
    ("reciprocal", tp.reciprocal, lambda x: x != 0, lambda x: -1 / x**2),
    ("1 / x", lambda x: 1.0 / x, lambda x: x != 0, lambda x: -1 / x**2),
    ("sin(x) / x", lambda x: tp.sin(x) / x, lambda x: x != 0, lambda x: np.cos(x) / x - np.sin(x) / x**2),
    ("1 / sqrt(x)", lambda x: 1.0 / tp.sqrt(x), lambda x: x > 0, lambda x: -0.5 * x**-1.5),
    ("x**0.5", lambda x: x**0.5, lambda x: x > 0, lambda x: 0.5 * x**-0.5),
    ("x**-1", lambda x: x**-1, lambda x: x != 0, lambda x: -1 / x**2),
    ("x**b", lambda x: x ** (x * 0.0 + 0.5), lambda x: x > 0, lambda x: 0.5 * x**-0.5),
    ("arcsin", tp.arcsin, lambda x: abs(x) < 1, lambda x: 1 / np.sqrt(1 - x * x)),
    ("arccos", tp.arccos, lambda x: abs(x) < 1, lambda x: -1 / np.sqrt(1 - x * x)),
    ("arccosh", tp.arccosh, lambda x: x > 1, lambda x: 1 / np.sqrt(x * x - 1)),
    ("arctanh", tp.arctanh, lambda x: abs(x) < 1, lambda x: 1 / (1 - x * x)),
    ("logit", tp.logit, lambda x: (x > 0) & (x < 1), lambda x: 1 / (x * (1 - x))),
    ("exp", lambda x: tp.exp(500.0 * x), lambda x: x < 1, lambda x: 500 * np.exp(500 * x)),
    ("expm1", lambda x: tp.expm1(500.0 * x), lambda x: x < 1, lambda x: 500 * np.exp(500 * x)),
    ("exp2", lambda x: tp.exp2(750.0 * x), lambda x: x < 1, lambda x: 750 * np.log(2) * 2 ** (750 * x)),
]


@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value|overflow):RuntimeWarning")
@pytest.mark.parametrize(("f", "inside", "slope"), [e[1:] for e in EDGED], ids=[e[0] for e in EDGED])
@given(st.lists(st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0]), min_size=1, max_size=4))
def test_what_where_does_not_choose_has_no_part(
    f: Map, inside: Callable[[Array], Mask], slope: Callable[[Array], Array], xs: list[float]
) -> None:
    chosen = inside(np.array(xs))
    first, second, third = orders(lambda x: tp.where(chosen, f(x), 7.0), xs)
    expected = slope(np.array(xs))
    for i, here in enumerate(chosen):
        if here:
            assert first[i] == pytest.approx(expected[i], rel=1e-12, abs=1e-300)
            alone = orders(f, xs[i])
            assert [first[i], second[i], third[i]] == pytest.approx([a[0] for a in alone], rel=1e-12, abs=1e-300)
        else:
            assert (first[i], second[i], third[i]) == (0.0, 0.0, 0.0)


@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value):RuntimeWarning")
def test_products_with_a_zero_are_their_limits_where_that_is_zero() -> None:
    assert orders(lambda x: x * tp.sqrt(x), [0.0]) == [[0.0], [INF], [-INF]]
    assert orders(lambda x: x * x**0.5, [0.0]) == [[0.0], [INF], [-INF]]
    assert orders(lambda x: x * x * tp.sqrt(x), [0.0]) == [[0.0], [0.0], [INF]]
    assert orders(lambda x: tp.std(tp.stack([x, x])) ** 2, [0.0], 1) == [[0.0]]


@pytest.mark.filterwarnings("ignore:(divide by zero|invalid value):RuntimeWarning")
def test_an_infinite_slope_stays_infinite() -> None:
    assert orders(tp.sqrt, [0.0], 1) == [[INF]]
    assert orders(tp.log, [0.0], 1) == [[INF]]
    assert orders(lambda x: tp.sqrt(x * x), [0.0], 1)[0] != [INF]  # nan: the infinity meets the slope 0 of the square
    assert np.isnan(orders(lambda x: tp.sqrt(x * x), [0.0], 1)[0][0])


def test_a_zero_cotangent_of_an_ordinary_point_is_nothing_special() -> None:
    """Only points without a finite slope are steered around."""
    x, c = var(2.0), var(0.0)
    (g,) = tp.gradients(c * tp.log(x), x, create_graph=True)
    assert g.data == 0.0
    (mixed,) = tp.gradients(g, c)
    assert mixed.data == 0.5


@given(st.lists(st.sampled_from([0.0, -1.5, 2.0, 3.0]), min_size=1, max_size=4))
def test_products_with_any_number_of_zeros(xs: list[float]) -> None:
    x = var(xs)
    (g,) = tp.gradients(tp.prod(x), x, create_graph=True)
    n = len(xs)
    assert g.data.tolist() == [np.prod(np.delete(xs, i)) for i in range(n)]
    if n > 1:
        (h,) = tp.gradients(g[0] + 0.0 * x[0], x)
        assert h.data.tolist() == [0.0] + [np.prod(np.delete(xs, [0, i])) for i in range(1, n)]
    (c,) = tp.gradients(tp.cumprod(x).sum(), x)
    assert c.data == pytest.approx([sum(np.prod(np.delete(xs[:k], i)) for k in range(i + 1, n + 1)) for i in range(n)])


SATURATING: list[tuple[str, Map]] = [
    *(("tanh", tp.tanh), ("sigmoid", tp.sigmoid), ("softplus", tp.softplus), ("log_sigmoid", tp.log_sigmoid)),
    *(("gelu", tp.gelu), ("silu", tp.silu), ("softsign", tp.softsign), ("arctan", tp.arctan)),
    *(("arcsinh", tp.arcsinh), ("hypot", lambda x: tp.hypot(x, 1.0)), ("logaddexp", lambda x: tp.logaddexp(x, 0.0))),
]


@pytest.mark.parametrize("f", [f for _, f in SATURATING], ids=[name for name, _ in SATURATING])
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_what_saturates_stays_finite_at_every_order(f: Map, sign: float) -> None:
    x = [sign * s for s in (0.0, 1e-300, 1e-20, 20.0, 40.0, 400.0, 709.0, 711.0, 1e4)]
    first, second, third = orders(f, x)
    assert np.isfinite([first, second, third]).all()
    assert np.abs(first).max() < 1.2
    assert abs(second[-1]) < 1e-7
    assert abs(third[-1]) < 1e-7


@pytest.mark.parametrize("order", range(1, 5))
def test_sinc_at_zero(order: int) -> None:
    expected = {1: 0.0, 2: -(np.pi**2) / 3, 3: 0.0, 4: np.pi**4 / 5}
    assert orders(tp.sinc, 0.0, order)[-1][0] == pytest.approx(expected[order], rel=1e-14)


COUNTED: list[tuple[str, Map, float]] = [
    ("mean", tp.mean, 1 / 70_000),
    ("var", tp.var, 0.0),
    ("std", tp.std, 0.0),
    ("softmax", lambda x: tp.softmax(x)[0], 1 / 70_000),
    ("log_softmax", lambda x: tp.log_softmax(x)[0], 1.0),
    ("logsumexp", tp.logsumexp, 1 / 70_000),
    ("norm", lambda x: tp.apply(Norm(), x), 0.5 / np.sqrt(0.25 * 70_000)),
]


@pytest.mark.parametrize(("f", "first"), [c[1:] for c in COUNTED], ids=[c[0] for c in COUNTED])
def test_counts_do_not_overflow_in_float16(f: Map, first: float) -> None:
    x = var([0.5] * 70_000, "float16")
    f(x).backward()
    assert grad(x).dtype == np.float16
    assert np.isfinite(grad(x)).all()
    assert grad(x)[0] == pytest.approx(first, abs=2e-5)


@pytest.mark.parametrize("xs", [[-INF, 1.0], [1.0, -INF, 2.0]])
def test_logsumexp_with_minus_infinity(xs: list[float]) -> None:
    x = var(xs)
    (g,) = tp.gradients(tp.logsumexp(x), x, create_graph=True)
    weights = np.exp(np.array(xs) - np.logaddexp.reduce(xs))
    np.testing.assert_allclose(g.data, weights, rtol=1e-14)
    (h,) = tp.gradients(g[1], x)
    np.testing.assert_allclose(h.data, (np.arange(len(xs)) == 1) * weights[1] - weights * weights[1], atol=1e-16)
