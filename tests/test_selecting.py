"""Functions that take, put and order entries: as NumPy's, with the gradient where the entry came from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.composed import Call, X, Y, Z, check_derivatives, check_dtypes, check_linear, check_values
from tests.support import grad, var
from tinypytorch import Array, Variable, gradients
from tinypytorch.arrays import Shape

A = (2, 3, 4)
ROWS = np.array([[2, 0], [1, 1]])
MASK = np.array([True, False, True])
LINEAR = [
    *(
        Call("take", [A], X, n, *axis)
        for n in (1, -2, [0, 1, 0], ROWS % 2, [], [True, False])
        for axis in [(), (0,), (-1,)]
    ),
    *(Call("take", [A], X, [5, -7], axis=axis, mode=m) for axis in (None, 1) for m in ("wrap", "clip")),
    *(Call("take", [()], X, n) for n in (0, [0, 0])),
    *(Call("take_along_axis", [(2, 3)], X, ROWS, *axis) for axis in [(), (1,), (-1,)]),
    Call("take_along_axis", [(3, 2)], X, ROWS, axis=0),
    Call("take_along_axis", [(3, 2)], X, ROWS[:, :1], axis=0),
    Call("take_along_axis", [(2, 3)], X, np.array([5, 0, 0]), axis=None),
    *(Call("compress", [(3, 3)], c, X, *axis) for c in (MASK, [False, True], []) for axis in [(), (0,), (1,)]),
    *(Call("extract", [(2, 3)], c, X) for c in (np.arange(6).reshape(2, 3) % 2, [True, False] * 3)),
    Call("select", [(3,), (2, 1)], [MASK, ~MASK & (np.arange(3) > 5)], [X, Y], 2.0),
    Call("select", [(3,), (2, 3), ()], [MASK, np.array([[True], [False]])], [X, Y], default=Z),
    *(Call("choose", [(3,), (3,)], np.array(n), [X, Y]) for n in ([0, 1, 1], [[1], [0]], 1)),
    *(Call("choose", [(3,), (2, 1)], np.array([-1, 2, 5]), (X, Y), mode=m) for m in ("wrap", "clip")),
    Call("choose", [(2, 3)], np.array([0, 1, 1]), X),
]
ORDERED = [
    *(Call("sort", [s], X, *axis) for s in [A, (4,), (0, 2)] for axis in [(), (0,), (-1,), (None,)]),
    Call("sort", [(5,)], X, stable=True),
    *(Call("partition", [(1, 3)], X, 1, *axis) for axis in [(), (None,)]),
]


@pytest.mark.parametrize("c", LINEAR + ORDERED, ids=str)
def test_as_numpy(c: Call) -> None:
    check_values(c)
    check_dtypes(c)


@pytest.mark.parametrize("c", LINEAR, ids=str)
def test_the_gradient_is_the_adjoint(c: Call) -> None:
    check_linear(c)


@pytest.mark.parametrize("c", [*{c.name: c for c in LINEAR}.values(), *ORDERED], ids=str)
def test_derivatives(c: Call) -> None:
    check_derivatives(c)


entries = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0, np.inf, np.nan]), min_size=1, max_size=6)


@given(entries)
def test_sorting_sends_gradients_back_where_entries_came_from(data: list[float]) -> None:
    x = var(data)
    tagged = sorted(range(len(data)), key=lambda i: (np.isnan(data[i]), 0.0 if np.isnan(data[i]) else data[i], i))
    ranks = np.arange(float(len(data)))
    y = tp.sort(x)
    y.backward(ranks)
    np.testing.assert_array_equal(y.data, np.sort(x.data))
    assert grad(x)[tagged].tolist() == ranks.tolist()


@given(entries, st.data())
def test_partition_parts(data: list[float], draw: st.DataObject) -> None:
    kth = draw.draw(st.integers(-len(data), len(data) - 1))
    x = var(data)
    y = tp.partition(x, kth)
    at = kth % len(data)
    np.testing.assert_array_equal(np.sort(y.data), np.sort(x.data))
    np.testing.assert_array_equal(y.data[at], np.sort(x.data)[at])
    np.testing.assert_array_equal(np.sort(y.data[:at]), np.sort(x.data)[:at])
    weights = np.arange(1.0, len(data) + 1)
    y.backward(weights)
    for value, weight in zip(y.data, weights, strict=True):
        i = grad(x).tolist().index(weight)
        np.testing.assert_array_equal(x.data[i], value)


PLACES = [
    0,
    -1,
    slice(None, None, 2),
    ...,
    [0, 0, 2],
    [2, 1, 2, 2],
    MASK,
    (0, 1),
    (slice(None), [1, 1]),
    (ROWS, ROWS % 2),
    (),
]


@pytest.mark.parametrize("index", PLACES, ids=str)
@pytest.mark.parametrize("whole", [True, False])
def test_setting_and_adding(index: int | list[int] | tuple[int, int], whole: bool) -> None:
    data = np.arange(1.0, 7.0).reshape(3, 2)
    region: Shape = np.shape(data[np.array(index) if isinstance(index, list) else index])
    values: Array = np.asarray(10.0 + np.arange(float(np.prod(region))).reshape(region) if whole else 10.0)

    def put(a: Array, v: Array) -> Array:
        y = a.copy()
        y[index] = v
        return y

    def added(a: Array, v: Array) -> Array:
        y = a.copy()
        np.add.at(y, index, v)
        return y

    for f, g in ((tp.at_set, put), (tp.at_add, added)):
        x, v = Variable(data), Variable(values)
        y = f(x, index, v)
        np.testing.assert_array_equal(y.data, g(data, values))
        assert data.tolist() == np.arange(1.0, 7.0).reshape(3, 2).tolist()
        weights = np.arange(2.0, 8.0).reshape(3, 2)
        y.backward(weights)
        for i, leaf in enumerate((x, v)):
            for at in np.ndindex(leaf.shape):
                units = [0.0 * data, 0.0 * values]
                units[i] = np.zeros(leaf.shape)
                units[i][at] = 1.0
                assert grad(leaf)[at] == (weights * g(*units)).sum()


def test_what_is_replaced_has_no_gradient_even_if_it_is_infinite() -> None:
    x, v = var([np.inf, np.nan, 1.0]), var([2.0, 3.0])
    y = tp.at_set(x, [0, 1], v)
    assert y.data.tolist() == [2.0, 3.0, 1.0]
    (gx, gv) = gradients(tp.sum(y**3), [x, v], create_graph=True)
    assert gx.data.tolist() == [0.0, 0.0, 3.0]
    assert gv.data.tolist() == [12.0, 27.0]
    (second,) = gradients(tp.sum(gv), v)
    assert second.data.tolist() == [12.0, 18.0]


def test_setting_keeps_the_dtype() -> None:
    for f in (tp.at_set, tp.at_add):
        x, v = var([1.0, 2.0], "float32"), var([5.0])
        y = f(x, [0], v)
        y.backward()
        assert y.dtype == grad(x).dtype == np.float32
        assert grad(v).dtype == np.float64
        with pytest.raises(TypeError, match=r"at_\w+: x is floating, not int64"):
            f(Variable(np.arange(2)), 0, v)
        with pytest.raises(IndexError):
            f(x, 7, 1.0)
        with pytest.raises(ValueError, match="broadcast"):
            f(x, 0, var([1.0, 2.0]))


REFUSED = [
    Call("take", [(3,)], X, 1.5),
    Call("take", [(3,)], X, [5], mode="best"),
    Call("take", [(3,)], X, 0, None, np.zeros(1)),
    Call("take_along_axis", [(3,)], X, ROWS),
    Call("compress", [(3,)], [[True]], X),
    Call("select", [(3,)], [MASK], [X, X]),
    Call("select", [(3,)], [], []),
    Call("select", [(3,)], [[1.0, 2.0, 3.0]], [X]),
    Call("choose", [(3,)], [0, 2, 0], [X, X]),
    Call("sort", [(3,)], X, order="x"),
    Call("sort", [(3,)], X, 1),
    Call("partition", [(3,)], X, 3),
]


@pytest.mark.parametrize("c", REFUSED, ids=str)
def test_what_is_not_supported_is_refused(c: Call) -> None:
    for home in (tp, np):
        with pytest.raises((ValueError, TypeError, IndexError)):
            c.record(home, [Variable(x) for x in c.leaves()])
