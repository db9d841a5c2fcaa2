"""Arguments that few programs give: modes of `pad`, weights of quantiles, known means, steps, dtypes of joins."""

from __future__ import annotations

import numpy as np
import pytest

from tests.composed import Call, X, Y, check_derivatives, check_values
from tests.support import SINCE_2_4, call, grad, var
from tests.test_names import parts
from tinypytorch import Variable

MODES = ("maximum", "mean", "median", "minimum")
WEIGHTS = (np.array([1.0, 2.0, 0.5]), np.array([[1.0, 2.0, 0.5], [0.25, 0.0, 3.0]]))
CALLS = [
    *(Call("pad", [(2, 3)], X, ((1, 0), (2, 5)), mode) for mode in MODES),
    *(Call("pad", [(4,)], X, (1, 2), mode, stat_length=n) for mode in MODES for n in (1, 2, 9, (3, 2))),
    *(Call("pad", [(2, 3)], X, ((2, 1), (0, 3)), "linear_ramp", end_values=c) for c in (1.0, (1, 2), ((1, 2), (3, 4)))),
    *((Call("pad", [(2, 3)], X, {1: (2, 1)}, "linear_ramp"), Call("pad", [(2, 3)], X, {0: 1})) if SINCE_2_4 else ()),
    *(Call("quantile", [(2, 3)], X, (0.2, 0.7, 1.0), 1, method="inverted_cdf", weights=w) for w in WEIGHTS),
    *(Call(name, [(2, 3)], X, 0.3, method="inverted_cdf", weights=WEIGHTS[1]) for name in ("quantile", "nanquantile")),
    Call("percentile", [(2, 3)], X, 60, 0, method="inverted_cdf", weights=WEIGHTS[1], keepdims=True),
    *(Call("var", [(2, 3), (2, 1)], X, 1, mean=Y, ddof=n, keepdims=True) for n in (0, 1)),
    *(Call("std", [(2, 3), (1, 1)], X, mean=Y, ddof=n) for n in (0, 1)),
    *(Call("linspace", [(2,), (2,)], X, Y, n, retstep=True) for n in (2, 3)),
    Call("linspace", [(2,), ()], X, Y, 3, False, retstep=True),
]


@pytest.mark.parametrize("c", CALLS, ids=str)
def test_as_numpy_with_its_derivatives(c: Call) -> None:
    check_values(c, exact=False)
    check_derivatives(c)


@pytest.mark.parametrize("name", ["concatenate", "stack", "hstack", "vstack"])
def test_what_is_joined_in_a_dtype(name: str) -> None:
    x, f = var([1.0, 2.0]), getattr(np, name)
    y = call(f, [x, x.data], dtype="float32")
    assert isinstance(y, Variable)
    np.testing.assert_array_equal(y.data, call(f, [x.data, x.data], dtype="float32"))
    assert y.dtype == np.float32
    y.backward()
    assert grad(x).tolist() == [1.0, 1.0]


def test_running_extremes() -> None:
    data = np.array([[2.0, 1.0, 3.0, 3.0, np.nan, 4.0], [-1.0, -1.0, -2.0, 0.0, 5.0, 1.0]])
    for ufunc in (np.maximum, np.minimum):
        for axis in (0, 1, -1):
            x = Variable(data)
            y = call(ufunc.accumulate, x, axis)
            assert isinstance(y, Variable)
            np.testing.assert_array_equal(y.data, ufunc.accumulate(data, axis))
            y.backward()
            assert grad(x).sum() == data.size
    x = var([2.0, 1.0, 2.0, 3.0])
    y = call(np.maximum.accumulate, x)
    assert isinstance(y, Variable)
    y.backward()
    assert grad(x).tolist() == [3.0, 0.0, 0.0, 1.0]


def test_the_axis_of_vecdot() -> None:
    x, a = var([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 0.5], [2.0, 0.25]])
    y = call(np.vecdot, x, a, axis=0)
    assert isinstance(y, Variable)
    np.testing.assert_array_equal(y.data, (x.data * a).sum(0))
    y.backward()
    np.testing.assert_array_equal(grad(x), a)


def test_where_with_one_argument_gives_indices() -> None:
    x = var([[0.0, 2.0], [3.0, 0.0]])
    for found, expected in zip(parts(call(np.where, x)), np.where(x.data), strict=True):
        np.testing.assert_array_equal(np.asarray(found), expected)
    with pytest.raises(ValueError, match="both x and y, or neither"):
        call(np.where, x, 1.0)


def test_weights_of_quantiles_have_one_method() -> None:
    with pytest.raises(ValueError, match="inverted_cdf"):
        call(np.quantile, var([1.0, 2.0]), 0.5, weights=np.ones(2))
