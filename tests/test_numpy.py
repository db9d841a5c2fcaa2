"""NumPy's own functions on Variables: recorded, answered as constants, or refused by name."""

from __future__ import annotations

import numpy as np
import pytest

import tinypytorch as tp
from tests.support import call, grad, var
from tinypytorch import Variable
from tinypytorch.ops import UFUNCS, spec_of


@pytest.mark.parametrize("ufunc", UFUNCS, ids=lambda u: u.__name__ if isinstance(u, np.ufunc) else "")
def test_every_ufunc_with_a_rule_is_recorded(ufunc: np.ufunc) -> None:
    data = np.array([[0.5, 1.5], [2.0, 3.0]])
    domain = spec_of(UFUNCS[ufunc]).domain[0]
    if domain.high == 1.0:
        data /= 4.0
    elif domain.low == 1.0:
        data += 1.0
    for arrays in ([data], [data, data + 1])[ufunc.nin - 1 : ufunc.nin]:
        xs = [Variable(a) for a in arrays]
        y = call(ufunc, *xs)
        assert isinstance(y, Variable)
        np.testing.assert_array_equal(y.data, call(ufunc, *arrays))
        y.backward()
        assert all(x.grad is not None for x in xs)


def test_a_plain_array_on_the_left() -> None:
    a = np.array([[1.0, 2.0], [3.0, 4.0]])
    x = var([1.0, 2.0])
    for y in (a + x, a - x, a * x, a / x, a**x, a @ x, np.float64(2) * x, np.float32(2) - x):
        assert isinstance(y, Variable)
        assert y.creator is not None
    assert isinstance(call(np.add, a, x), Variable)


def test_the_clip_of_a_plain_array_between_variables() -> None:
    low, high = var([0.5, 2.0]), var([3.0, 3.0])
    y = call(np.array([1.0, 1.0]).clip, low, high)
    assert isinstance(y, Variable)
    y.backward()
    assert (y.data.tolist(), grad(low).tolist(), grad(high).tolist()) == ([1.0, 2.0], [0.0, 1.0], [0.0, 0.0])


def test_an_array_is_never_changed_into_objects_or_in_place() -> None:
    a, x = np.ones(2), var([1.0, 2.0])
    with pytest.raises(TypeError, match=r"np.add of Variables takes no out"):
        call(np.ndarray.__iadd__, a, x)
    assert a.tolist() == [1.0, 1.0]


def test_constants_are_arrays() -> None:
    x = var([-1.0, 0.0, 2.0])
    for answer in (x > 0, x <= np.zeros(3), np.sign(x), np.isfinite(x), call(np.equal, x, 0.0), np.floor(x)):
        assert isinstance(answer, np.ndarray)
    assert (x > 0).tolist() == [False, False, True]
    assert (x < 2.0).tolist() == [True, True, False]
    assert 2.0 in x
    assert 5.0 not in x
    assert bool(var(1.0) > 0)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(x)


def test_functions_without_derivative_answer_with_arrays() -> None:
    x = var([[3.0, 1.0], [2.0, 0.0]])
    for f in (np.zeros_like, np.ones_like, np.argmax, np.round, np.any, np.count_nonzero, np.argsort):
        answer = call(f, x)
        assert not isinstance(answer, Variable)
        np.testing.assert_array_equal(answer, call(f, x.data))
    assert call(np.allclose, x, b=x) is True
    assert call(np.array_equal, x, x.data) is True


def test_functions() -> None:
    x = var([[1.0, 5.0], [3.0, 2.0]])
    checks: list[tuple[object, object]] = [
        (call(np.sum, x, axis=0), np.sum(x.data, axis=0)),
        (call(np.mean, x, 1, keepdims=True), np.mean(x.data, 1, keepdims=True)),
        (call(np.max, x), np.max(x.data)),
        (call(np.amin, x, axis=-1), np.amin(x.data, axis=-1)),
        (call(np.concatenate, [x, x.data]), np.concatenate([x.data, x.data])),
        (call(np.stack, (x, x), axis=1), np.stack((x.data, x.data), axis=1)),
        (call(np.where, x.data > 2, x, 0.0), np.where(x.data > 2, x.data, 0.0)),
        (call(np.reshape, x, (4,)), x.data.reshape(4)),
        (call(np.transpose, x), x.data.T),
        (call(np.broadcast_to, x, (2, 2, 2)), np.broadcast_to(x.data, (2, 2, 2))),
        (call(np.clip, x, 2.0, 4.0), np.clip(x.data, 2.0, 4.0)),
    ]
    for ours, numpys in checks:
        assert isinstance(ours, Variable)
        np.testing.assert_array_equal(ours.data, numpys)
        x.cleargrad()
        ours.backward()
        assert grad(x).shape == x.shape
    assert repr(call(np.split, x, 2)) == repr(tp.split(x, 2))
    assert (call(np.shape, x), call(np.ndim, x), call(np.size, x)) == ((2, 2), 2, 4)


@pytest.mark.parametrize("f", [np.roots, np.copyto, np.union1d, np.savetxt, np.histogram])
def test_a_function_without_a_rule_is_refused_by_name(f: object) -> None:
    x = var([[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(TypeError, match=r"takes no Variables: .*; (use|take|evaluate)") as error:
        call(f, *([x] if f in (np.roots, np.histogram) else [x, x]))
    assert f"np.{getattr(f, '__name__', '')} takes" in str(error.value)


def test_numpy_cannot_drop_the_graph_silently() -> None:
    x = var([1.0, 2.0])
    assert x.numpy() is x.data
    for convert in (np.asarray, np.array, np.ascontiguousarray):
        for given in (x, [x, x], x[0]):
            with pytest.raises(TypeError, match=r"take x.data|use x.data"):
                call(convert, given)
    with pytest.raises(TypeError, match=r"take x.data"):
        np.zeros(2)[:] = x


def test_a_constant_is_converted_since_nothing_is_lost() -> None:
    x = var([1.0, 2.0])
    for c in (x.detach(), Variable(np.array([1, 2])), Variable(x.data, requires_grad=False) * 1.0):
        assert np.shares_memory(np.asarray(call(np.asarray, c)), c.data)
        assert call(np.array, c) is not c.data
        assert call(np.asarray, c, "float32").__repr__() == "array([1., 2.], dtype=float32)"
        a = np.zeros((2, 2))
        call(np.ndarray.__setitem__, a, 0, c)
        a[1] = np.asarray(call(np.asarray, [c, c]))[1]
        assert a.tolist() == [[1.0, 2.0]] * 2
        with pytest.raises(TypeError, match=r"take x.data"):
            call(np.asarray, [c, x])
    with pytest.raises(TypeError, match=r"take x.data"):
        call(getattr(Variable, "__array__", None))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble"])
def test_dtypes_promote_as_in_numpy(dtype: str) -> None:
    x = Variable(np.ones(2, dtype))
    for other in (2, 2.0, np.float32(2), np.float64(2), np.array(2.0, np.float32), np.ones(2, np.int8)):
        assert (x * other).dtype == (x.data * other).dtype
        assert (other + x).dtype == (other + x.data).dtype
    y = x * np.ones(2)
    y.backward()
    assert grad(x).dtype == np.dtype(dtype)


def test_integers_are_constants() -> None:
    n = Variable(np.array([1, 2]))
    assert not n.requires_grad
    x = var([1.0, 2.0])
    y = n * x + n
    y.backward()
    assert grad(x).tolist() == [1.0, 2.0]
    assert n.grad is None
    assert (n + n).creator is None
    assert (n + n).data.tolist() == [2, 4]


class TestIndexing:
    @pytest.mark.parametrize(
        "index",
        [0, -1, slice(None, None, -1), (0, 1), (..., 0), None, [0, 0, 1], [True, False], (slice(None), [1, 1])],
        ids=str,
    )
    def test_as_numpy(self, index: object) -> None:
        x = var([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        y = call(Variable.__getitem__, x, index)
        expected = call(np.ndarray.__getitem__, x.data, index)
        assert isinstance(y, Variable)
        np.testing.assert_array_equal(y.data, expected)
        y.backward()
        counts = np.zeros((2, 3))
        call(np.add.at, counts, index, 1.0)
        np.testing.assert_array_equal(grad(x), counts)

    def test_a_variable_as_index_and_what_cannot_index(self) -> None:
        x = var([1.0, 2.0, 3.0])
        assert x[Variable(np.array([2, 0]))].data.tolist() == [3.0, 1.0]
        with pytest.raises(IndexError, match="indices are integers, slices"):
            call(Variable.__getitem__, x, 1.5)
        with pytest.raises(IndexError, match=r"GetItem.*out of bounds.*\(3,\) float64"):
            x[7]

    def test_the_index_belongs_to_the_op(self) -> None:
        x, index = var([1.0, 2.0, 3.0]), np.array([0, 1])
        y = x[index]
        index[:] = 2
        y.backward()
        assert grad(x).tolist() == [1.0, 1.0, 0.0]
