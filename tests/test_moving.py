"""Functions that move, repeat, join and split entries: as NumPy's, with the gradient of every entry in its place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.composed import Call, X, Y, Z, check_derivatives, check_dtypes, check_linear, check_values
from tests.support import grad, var
from tinypytorch import Variable

A = (2, 3, 4)
CALLS = [
    *(Call("ravel", [s], X, *order) for s in [A, ()] for order in [(), ("C",), ("F",)]),
    *(Call("squeeze", [(1, 3, 1)], X, axis=axis) for axis in (None, 0, -1, (0, 2), ())),
    *(Call("expand_dims", [(2, 3)], X, axis) for axis in (0, 1, -1, (0, -1), (1, 3))),
    *(Call("moveaxis", [A], X, a, b) for a, b in [(0, -1), (2, 0), ([0, 1], [-1, -2]), ((2,), (1,))]),
    *(Call("rollaxis", [A], X, a, *start) for a in (0, 1, -1) for start in [(), (0,), (1,), (2,), (3,), (-1,)]),
    *(Call("swapaxes", [A], X, a, b) for a, b in [(0, 1), (-1, 0), (1, 1)]),
    Call("permute_dims", [A], X, (1, 2, 0)),
    Call("matrix_transpose", [A], X),
    *(Call("flip", [A], X, axis=axis) for axis in (None, 0, -1, (0, 2), ())),
    Call("flip", [()], X),
    *(Call(name, [A], X) for name in ("fliplr", "flipud")),
    *(Call("rot90", [A], X, k, axes) for k in (0, 1, 2, 3, -1, 5) for axes in [(0, 1), (2, 0)]),
    *(Call("roll", [A], X, n, axis) for n in (0, 2, -1, 7) for axis in (None, 0, -1)),
    *(
        Call("roll", [A], X, n, axis)
        for n, axis in [((1, 2), (0, 1)), (1, (0, 0)), ((1, 2), 1), ((1, 2), None), ((), ())]
    ),
    *(Call("roll", [s], X, 1) for s in [(), (0, 3)]),
    *(Call("tile", [s], X, n) for s in [(2, 3), (), (3,)] for n in (2, 0, (2,), (1, 2), (2, 1, 3), ())),
    *(Call("repeat", [(2, 3)], X, n, *axis) for n in (2, 0, [3]) for axis in [(), (0,), (-1,)]),
    Call("repeat", [(2, 3)], X, [2, 0, 1], axis=1),
    Call("repeat", [(3,)], X, np.array([1, 0, 2])),
    Call("repeat", [()], X, 3),
    *(Call("resize", [s], X, n) for s in [(2, 3), ()] for n in (4, (2, 2), (3, 3), ())),
    *(Call("pad", [(2, 3)], X, n) for n in (1, 0, (1, 2), ((0, 1), (2, 0)), ((1,), (2,)))),
    *(Call("pad", [(3,)], X, (4, 7), mode) for mode in ("edge", "reflect", "symmetric", "wrap")),
    *(Call("pad", [(2, 3)], X, ((1, 0), (2, 5)), mode=mode) for mode in ("edge", "reflect", "symmetric", "wrap")),
    *(Call("pad", [(2, 3)], X, 2, constant_values=c) for c in (5.0, (1, 2), ((1, 2), (3, 4)))),
    Call("pad", [(0, 2)], X, 1),
    Call("broadcast_arrays", [(3,), (2, 1)], X, Y),
    Call("broadcast_arrays", [(3,), (2, 1)], X, np.ones((2, 1), np.float16), Y),
    *(Call("meshgrid", [(2,), (3,)], X, Y, sparse=s, indexing=i) for s in (True, False) for i in ("xy", "ij")),
    *(Call("meshgrid", [(2,), (3,), ()], X, Y, Z, indexing=i) for i in ("xy", "ij")),
    Call("meshgrid", [(2,)], X),
    *(Call("diagonal", [(3, 4)], X, k) for k in range(-4, 5)),
    *(Call("diagonal", [A], X, k, i, j) for k in (0, 1, -1) for i, j in [(0, 1), (2, 0), (-1, 1)]),
    *(Call("diag", [s], X, k) for s in [(3,), (3, 2), (1,), (0,)] for k in (0, 1, -2)),
    *(Call("diagflat", [s], X, k) for s in [(2, 2), ()] for k in (0, 1, -2)),
    *(Call(name, [s], X, k) for name in ("tril", "triu") for s in [A, (3, 3), (3,)] for k in (0, 1, -1, 9, -9)),
    *(Call(f"atleast_{n}d", [s], X) for n in (1, 2, 3) for s in [(), (2,), (2, 3), (2, 3, 1)]),
    *(Call(f"atleast_{n}d", [(), (2,)], X, Y) for n in (1, 2, 3)),
    *(Call(name, [(2, 3), (2, 3)], [X, Y]) for name in ("hstack", "vstack", "dstack", "column_stack")),
    *(Call(name, [(3,), (3,)], (X, Y, X)) for name in ("hstack", "vstack", "dstack", "column_stack")),
    *(Call(name, [(), ()], (X, Y, 3.0)) for name in ("hstack", "vstack", "dstack", "column_stack")),
    *(Call("column_stack", s, [X, Y]) for s in [[(2,), (2, 2)], [(2, 1), (2,)]]),
    *(Call(name, [(2, 3)], X) for name in ("hstack", "vstack", "concatenate", "stack")),
    *(Call("array_split", [(5, 2)], X, n, *axis) for n in (1, 2, 3, 7, [2], (1, 3), [3, 9]) for axis in [(), (1,)]),
    *(Call(name, [(4, 4, 4)], X, n) for name in ("hsplit", "vsplit", "dsplit") for n in (2, [1, 3])),
    Call("hsplit", [(4,)], X, 2),
    *(Call("unstack", [A], X, axis=axis) for axis in (0, 1, -1)),
    Call("block", [(2, 2), (2, 1)], [[X, Y], [1.0, 2.0, 3.0]]),
    Call("block", [(2,), ()], [X, Y]),
    Call("block", [(2, 2)], X),
    Call("block", [()], [[[X]]]),
    *(Call("append", [(2, 3), (1, 3)], X, Y, *axis) for axis in [(), (0,)]),
    *(
        Call("delete", [(3, 4)], X, obj, *axis)
        for obj in (1, -1, [0, 2], [], slice(0, 2))
        for axis in [(), (0,), (-1,)]
    ),
    Call("delete", [(3,)], X, np.array([True, False, True])),
    *(
        Call("insert", [(3, 4), ()], X, obj, Y, *a)
        for obj in (1, -1, [0, 2], [1, 1], slice(1, 3), [])
        for a in [(), (0,), (1,)]
    ),
    *(Call("insert", [(3, 4), (2,)], X, obj, Y) for obj in (1, [1], [12, 0])),
    *(Call("insert", [(3, 4), (4,)], X, obj, Y, axis=0) for obj in (1, [1], [3, 0])),
    Call("insert", [(3, 4), (3,)], X, 1, Y, axis=1),
    Call("insert", [(3, 4), (3, 2)], X, [1], Y, axis=1),
    Call("insert", [(3,), (2,)], X, np.array([True, False, True]), Y),
]
every_call = pytest.mark.parametrize("c", CALLS, ids=str)


@every_call
def test_as_numpy(c: Call) -> None:
    check_values(c)


@every_call
def test_the_gradient_is_the_adjoint(c: Call) -> None:
    check_linear(c)


@every_call
def test_dtypes(c: Call) -> None:
    check_dtypes(c)


@pytest.mark.parametrize("c", {c.name: c for c in CALLS}.values(), ids=str)
def test_derivatives(c: Call) -> None:
    check_derivatives(c)


@given(st.data())
def test_any_axes(data: st.DataObject) -> None:
    """Arguments that NumPy takes are taken, and mean the same; those that it refuses are refused."""
    shape = tuple(data.draw(st.lists(st.integers(0, 3), min_size=1, max_size=4)))
    axis = st.integers(-len(shape) - 1, len(shape))
    n = st.integers(-5, 5)
    some = st.lists(axis, max_size=3).map(tuple)
    args: dict[str, list[st.SearchStrategy[object]]] = {
        "flip": [axis | some],
        "roll": [n | st.lists(n, max_size=3), axis | some | st.none()],
        "rot90": [n, st.tuples(axis, axis)],
        "moveaxis": [axis | some, axis | some],
        "rollaxis": [axis, axis],
        "squeeze": [axis | some | st.none()],
        "expand_dims": [axis | some],
        "swapaxes": [axis, axis],
        "tile": [st.integers(0, 3) | st.lists(st.integers(-1, 3), max_size=3)],
        "repeat": [st.integers(-1, 3) | st.lists(st.integers(0, 3), max_size=3), axis | st.none()],
        "diagonal": [n, axis, axis],
        "diag": [n],
        "tril": [n],
        "triu": [n],
        "array_split": [st.integers(0, 4) | st.lists(st.integers(0, 4), max_size=3), axis],
        "pad": [
            st.integers(-1, 3) | st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=3),
            st.sampled_from(["constant", "edge", "reflect", "symmetric", "wrap"]),
        ],
        "delete": [n | st.lists(n, max_size=3) | st.builds(slice, n, n), axis | st.none()],
    }
    name = data.draw(st.sampled_from(sorted(args)))
    c = Call(name, [shape], X, *(data.draw(s) for s in args[name]))
    try:
        expected = c.plain(c.leaves())
    except (ValueError, IndexError, TypeError, RuntimeError):
        with pytest.raises((ValueError, IndexError, TypeError)):
            c.record(tp, [Variable(x) for x in c.leaves()])
        return
    found = c.record(tp, [Variable(x) for x in c.leaves()])
    assert len(found) == len(expected)
    for y, e in zip(found, expected, strict=True):
        np.testing.assert_array_equal(y.data, e, strict=True)
    check_linear(c)


def test_pad_with_constants_that_get_a_gradient() -> None:
    x, c = var([1.0, 2.0]), var(3.0)
    y = tp.pad(x, (2, 1), constant_values=c)
    assert y.data.tolist() == [3.0, 3.0, 1.0, 2.0, 3.0]
    (y * np.arange(5.0)).backward()
    assert grad(x).tolist() == [2.0, 3.0]
    assert grad(c).item() == 5.0


def test_insert_and_append_give_the_values_their_gradient_in_their_dtype() -> None:
    x, v = var([1.0, 2.0], "float32"), var([5.0])
    y = tp.insert(x, 1, v)
    assert y.dtype == np.float32
    (y * np.arange(1.0, 4.0)).backward()
    assert grad(x).tolist() == [1.0, 3.0]
    assert grad(v).tolist() == [2.0]
    assert grad(v).dtype == np.float64


@pytest.mark.parametrize(
    "shapes", [((2,), (3,)), ((2, 2), (1, 3)), ((2, 1, 2), (3,)), ((), (2,)), ((0,), (2,))], ids=str
)
def test_kron(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    c = Call("kron", list(shapes), X, Y)
    check_values(c)
    check_dtypes(c)
    check_derivatives(c)


REFUSED = [
    Call("pad", [(2,)], X, 1, "empty"),
    Call("pad", [(2,)], X, 1, "mean", end_values=1.0),
    Call("pad", [(2,)], X, 1, "minimum", stat_length=0),
    Call("pad", [(2,)], X, 1, "edge", constant_values=1.0),
    Call("pad", [(2,)], X, 1, "reflect", reflect_type="odd"),
    Call("ravel", [(2,)], X, "K"),
    Call("repeat", [(2,)], X, [-1, 1]),
    Call("repeat", [(2,)], X, 1.5),
    Call("meshgrid", [(2,)], X, X, indexing="yx"),
    Call("meshgrid", [(2,)], X, X, copy=False),
    Call("moveaxis", [(2, 2)], X, (0, 1), 0),
    Call("diagonal", [(2, 2)], X, 0, 0, 0),
]


@pytest.mark.parametrize("c", REFUSED, ids=str)
def test_what_is_not_supported_is_refused(c: Call) -> None:
    for home in (tp, np):
        said = rf"{c.name}: |{c.name}\(\) got an unexpected keyword|np.{c.name} of Variables takes no "
        with pytest.raises((ValueError, TypeError), match=said):
            c.record(home, [Variable(x) for x in c.leaves()])


def test_methods() -> None:
    x = Variable(np.arange(6.0).reshape(2, 1, 3))
    assert repr(x.ravel()) == repr(x.flatten()) == repr(x.flat)
    assert x.ravel("F").data.tolist() == x.data.ravel("F").tolist()
    assert x.squeeze().shape == x.squeeze(1).shape == (2, 3)
    assert x.repeat(2, axis=1).shape == (2, 2, 3)
    assert x.take([5, 0]).data.tolist() == [5.0, 0.0]
    assert x.diagonal(0, 0, 2).data.tolist() == x.data.diagonal(0, 0, 2).tolist()
    y = x.take(7, mode="wrap") + x.squeeze().diagonal().sum()
    y.backward()
    assert grad(x).ravel().tolist() == [1.0, 1.0, 0.0, 0.0, 1.0, 0.0]
