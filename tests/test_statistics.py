"""Products, running sums, spreads and quantiles: NumPy's values, zeros and ties, arguments that are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad, var
from tinypytorch import Array, Variable, gradients
from tinypytorch.arrays import Axis, Shape

NAMES = ["prod", "ptp", "var", "std", "nansum", "nanmean", "nanmax", "nanmin", "average", "median"]


@st.composite
def reductions(draw: st.DrawFn) -> tuple[Array, Axis, bool]:
    """An array of some shape with ties and zeros, axes in some order, and keepdims."""
    shape: Shape = tuple(draw(st.lists(st.integers(1, 4), max_size=3)))
    entries = draw(st.lists(st.integers(-8, 8), min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    axes: list[Axis] = [None, (), *range(-len(shape), len(shape))]
    if len(shape) > 1:
        axes += [(0, -1), (-1, 0)]
    return (
        np.array([e / 4 for e in entries], np.float64).reshape(shape),
        draw(st.sampled_from(axes)),
        draw(st.booleans()),
    )


def same(name: str, x: Array, *args: object, **kwargs: object) -> None:
    """NumPy's function on a Variable is the package's, and gives NumPy's value."""
    expected = np.asarray(call(getattr(np, name), x, *args, **kwargs))
    v = Variable(x)
    for f in (getattr(np, name), getattr(tp, name)):
        y = call(f, v, *args, **kwargs)
        assert isinstance(y, Variable)
        np.testing.assert_allclose(y.data, expected, rtol=1e-13, atol=1e-13)
        assert y.shape == expected.shape
        (g,) = gradients(y, [v])
        assert g.shape == x.shape
        assert np.isfinite(g.data).all() or np.isnan(x).any()


@pytest.mark.parametrize("name", NAMES)
@given(reductions())
@settings(max_examples=40)
def test_reductions_give_numpys_values(name: str, drawn: tuple[Array, Axis, bool]) -> None:
    x, axis, keepdims = drawn
    same(name, x, axis=axis, keepdims=keepdims)
    if name in ("var", "std") and x.size > 1 and axis is None:
        same(name, x, ddof=1)
        same(name, x, correction=0.5)


@pytest.mark.parametrize("name", ["cumsum", "cumprod"])
@given(reductions())
@settings(max_examples=40)
def test_accumulations_give_numpys_values(name: str, drawn: tuple[Array, Axis, bool]) -> None:
    x, axis, _ = drawn
    same(name, x, axis=axis if isinstance(axis, int) else None)


METHODS = [
    *("inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull"),
    *("linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest"),
]


@given(reductions(), st.sampled_from(METHODS), st.lists(st.integers(0, 20), min_size=1, max_size=3))
@settings(max_examples=80)
def test_quantiles_by_every_method(drawn: tuple[Array, Axis, bool], method: str, twentieths: list[int]) -> None:
    x, axis, keepdims = drawn
    axis = None if axis == () else axis
    q = np.array(twentieths) / 20
    same("quantile", x, q, axis=axis, method=method, keepdims=keepdims)
    same("quantile", x, float(q[0]), axis=axis, method=method)
    same("percentile", x, 5.0 * twentieths[0], axis=axis, keepdims=keepdims)
    share = tp.quantile(var([4.0, 1.0, 3.0]), 0.5)
    assert share.shape == ()


@given(reductions())
@settings(max_examples=30)
def test_nan_is_left_out_or_passed_on(drawn: tuple[Array, Axis, bool]) -> None:
    x, axis, keepdims = drawn
    x = np.array(np.where(x == 0, np.nan, x))
    v = Variable(x)
    for name in ("nansum", "nanmean", "nanmax", "nanmin", "median"):
        with np.errstate(all="ignore"):
            y = call(getattr(tp, name), v, axis, keepdims=keepdims)
        assert isinstance(y, Variable)
        if not np.isnan(x).all(axis if axis != () else None).any() and axis != ():
            expected = np.asarray(call(getattr(np, name), x, axis, keepdims=keepdims))
            np.testing.assert_allclose(y.data, expected, rtol=1e-13)
            if name != "median":
                (g,) = gradients(y, [v])
                assert (g.data[np.isnan(x)] == 0).all()


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_products_with_zeros(zeros: int) -> None:
    """First and second derivatives are the products of the others."""
    x = var([2.0, 3.0, 5.0, 7.0])
    x.data[:zeros] = 0.0
    (g,) = gradients(tp.prod(x), [x], create_graph=True)
    others = [float(np.prod(np.delete(x.data, i))) for i in range(4)]
    assert g.data.tolist() == others
    (h,) = gradients(g[1], [x])
    assert h.data.tolist() == [0.0 if i == 1 else float(np.prod(np.delete(x.data, [i, 1]))) for i in range(4)]
    total = tp.cumprod(x).sum()
    (g,) = gradients(total, [x])
    prefixes = [[float(np.prod(np.delete(x.data[: k + 1], i))) for k in range(i, 4)] for i in range(4)]
    assert g.data.tolist() == [sum(p) for p in prefixes]


def test_products_beyond_the_range_of_the_value() -> None:
    x = var([1e-200, 1e-200, 1e200])
    (g,) = gradients(tp.prod(x), [x])
    np.testing.assert_allclose(g.data, [1.0, 1.0, 0.0], rtol=1e-13)


def test_the_spread_of_equal_entries() -> None:
    x = var([2.0, 2.0, 2.0])
    y = tp.std(x)
    y.backward()
    assert (y.item(), grad(x).tolist()) == (0.0, [0.0, 0.0, 0.0])


def test_second_derivatives() -> None:
    x = var([1.0, 4.0, 2.0])
    (g,) = gradients(tp.var(x, ddof=1), [x], create_graph=True)
    (h,) = gradients(g[0], [x])
    np.testing.assert_allclose(h.data, [2 / 3, -1 / 3, -1 / 3], rtol=1e-14)
    (g,) = gradients(tp.cumsum(x**2)[1], [x], create_graph=True)
    (h,) = gradients(g, [x])
    assert h.data.tolist() == [2.0, 2.0, 0.0]


def test_weights() -> None:
    data = np.arange(24.0).reshape(2, 3, 4)
    w = Variable(np.array([[1.0, 2.0], [3.0, 4.0], [0.5, 1.0], [2.0, 2.0]]))
    x = Variable(data)
    y, total = tp.average(x, (2, 0), w, returned=True)
    expected, sums = np.average(data, (2, 0), w.data, returned=True)
    np.testing.assert_allclose(y.data, expected, rtol=1e-14)
    np.testing.assert_allclose(np.broadcast_to(total.data, sums.shape), sums, rtol=1e-14)
    y.backward()
    assert grad(w).shape == w.shape
    np.testing.assert_allclose((grad(w) * w.data).sum(), 0.0, atol=1e-12)
    with pytest.raises(ZeroDivisionError, match="sum up to 0"):
        tp.average(var([1.0, 2.0]), weights=np.array([1.0, -1.0]))
    with pytest.raises(TypeError, match="need an axis"):
        tp.average(x, weights=w)
    with pytest.raises(ValueError, match="fit neither"):
        tp.average(x, 1, w)


TAKEN = {
    *((name, "dtype") for name in ("prod", "var", "std", "cumsum", "cumprod")),
    *((name, "where") for name in ("prod", "var", "std")),
    ("prod", "initial"),
}


@pytest.mark.parametrize("name", [*NAMES, "cumsum", "cumprod", "quantile", "percentile"])
@pytest.mark.parametrize("keyword", ["out", "where", "dtype", "initial"])
def test_what_is_not_supported_is_refused(name: str, keyword: str) -> None:
    args = (var([1.0, 2.0]), 0.5)[: 1 + (name in ("quantile", "percentile"))]
    if (name, keyword) in TAKEN:
        call(getattr(tp, name), *args, **{keyword: None})
        return
    with pytest.raises(TypeError, match=f"unexpected keyword argument '{keyword}'"):
        call(getattr(tp, name), *args, **{keyword: None})


def test_log_softmax_is_the_logarithm_of_softmax() -> None:
    x = var([[1.0, 2.0, 4.0], [0.0, 1000.0, -1000.0]])
    y = tp.log_softmax(x)
    np.testing.assert_allclose(np.exp(y.data), tp.softmax(x).data, rtol=1e-14)
    y[1, 2].backward()
    assert grad(x).tolist() == [[0.0, 0.0, 0.0], [0.0, -1.0, 1.0]]
    np.testing.assert_allclose(tp.log_softmax(x, 0).T.data, tp.log_softmax(x.T).data, rtol=1e-14)
