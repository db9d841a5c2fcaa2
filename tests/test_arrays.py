"""Sums over rows: the same as NumPy's reduction gives, but for rounding, whatever the array's form."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import grad, var
from tinypytorch import Array
from tinypytorch.arrays import Shape, sum_leading, sum_to

DTYPES = ("float16", "float32", "float64", "longdouble", "complex64", "complex128", ">f8", "<f4")
shapes = st.one_of(
    st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple),
    st.tuples(st.sampled_from((4095, 4096, 4097)), st.integers(0, 3)),
)


def formed(x: Array, form: str) -> Array:
    """The same values, otherwise in memory."""
    if form == "F":
        return np.asfortranarray(x)
    if form == "strided":
        wide = np.repeat(x, 2, axis=0)
        return wide[::2]
    if form == "reversed":
        back: Array = x[::-1].copy()
        return back[::-1]
    return np.broadcast_to(x[:1], x.shape) if form == "repeated" else x


@given(shapes, st.sampled_from(DTYPES), st.sampled_from(("C", "F", "strided", "reversed", "repeated")), st.data())
def test_the_sum_over_leading_axes(shape: Shape, dtype: str, form: str, data: st.DataObject) -> None:
    lead = data.draw(st.integers(1, len(shape)))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = formed(rng.normal(size=shape).astype(dtype), form)
    before, axes = x.copy(), tuple(range(lead))
    y = sum_leading(x, lead)
    assert (y.shape, y.dtype) == (shape[lead:], np.add.reduce(x, axes).dtype)
    wide = x.astype("clongdouble")
    bound = np.add.reduce(abs(wide), axes) * float(np.finfo(y.dtype).eps) * math.prod(shape[:lead])
    assert (abs(y - np.add.reduce(wide, axes)) <= bound).all()
    np.testing.assert_array_equal(x, before)
    assert not np.shares_memory(x, y)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_sum_over_rows_with_special_numbers(bad: float) -> None:
    x = np.ones((3, 4))
    x[1, 2] = bad
    np.testing.assert_array_equal(sum_to(x, (4,)), np.add.reduce(x, 0))


def test_a_sum_over_rows_warns_as_a_reduction_does() -> None:
    x = np.full((3, 2), 1e308)
    with pytest.warns(RuntimeWarning, match="overflow"):
        np.testing.assert_array_equal(sum_to(x, (2,)), [math.inf, math.inf])


@pytest.mark.parametrize("shape", [(5, 3), (2, 5, 3), (1, 3), (0, 3)])
def test_a_bias_gets_the_sum_over_all_rows(shape: Shape) -> None:
    b, c = var([0.1, 0.2, 0.3]), np.random.default_rng(0).normal(size=shape)
    ((b + np.zeros(shape)) * c).sum().backward()
    np.testing.assert_allclose(grad(b), c.sum(tuple(range(len(shape) - 1))), rtol=1e-13)
    (again,) = tp.gradients(((b + np.zeros(shape)) * c).sum(), b, create_graph=True)
    np.testing.assert_array_equal(again.data, grad(b))
