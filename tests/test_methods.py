"""Every public name of `numpy.ndarray` on a Variable: differentiable, constant, or refused with what to do instead."""

from __future__ import annotations

import numpy as np
import pytest

import tinypytorch as tp
from tests.support import call, grad, var
from tinypytorch import Variable
from tinypytorch.core.hooks import is_tuple
from tinypytorch.core.numpy_methods import REFUSED
from tinypytorch.numpy_functions import plain

X = np.array([[1.25, 0.5, 2.0], [0.75, 3.0, 1.5]])
WHICH = np.array([[True, False, True], [True, True, True]])
Call = tuple[tuple[object, ...], dict[str, object]]

# What methods are called with. A name that is not here is a property, or called without arguments.
CALLS: dict[str, list[Call]] = {
    "sum": [
        ((), {}),
        ((0, None, None, True), {}),
        ((), {"axis": 1, "keepdims": True, "where": WHICH, "initial": 2.0}),
        ((), {"dtype": "float32"}),
    ],
    "prod": [((), {}), ((0, None, None, True), {}), ((1,), {"where": WHICH, "initial": 2.0})],
    "mean": [((), {}), ((1, None, None, True), {}), ((0,), {"where": WHICH})],
    "max": [((), {}), ((1, None, True), {}), ((0,), {"where": WHICH, "initial": 0.0})],
    "min": [((), {}), ((1, None, True), {}), ((0,), {"where": WHICH, "initial": 9.0})],
    "var": [((), {}), ((1, None, None, 1, True), {}), ((), {"ddof": 1, "where": WHICH}), ((0,), {"mean": X[:1]})],
    "std": [((), {}), ((1, None, None, 1, True), {}), ((), {"ddof": 1, "where": WHICH}), ((0,), {"mean": X[:1]})],
    "cumsum": [((), {}), ((1,), {}), ((), {"axis": 0, "dtype": "float32"})],
    "cumprod": [((), {}), ((1,), {}), ((), {"axis": 0, "dtype": "float32"})],
    "clip": [((0.75, 2.0), {}), ((), {"min": 1.0}), ((), {"max": 1.0}), ((None, X[0]), {}), ((X[::-1],), {"max": 2})],
    "compress": [(([True, False, True], 1), {}), (([False, True],), {})],
    "copy": [((), {}), (("F",), {})],
    "reshape": [((3, 2), {}), (((3, -1),), {"order": "F"}), ((-1,), {"order": "F"}), ((6,), {"order": "C"})],
    "astype": [(("float32",), {})],
    "diagonal": [((1,), {})],
    "dot": [((X.T,), {})],
    "repeat": [((2,), {"axis": 0})],
    "swapaxes": [((0, 1), {})],
    "take": [(([0, 3],), {}), (([0, -1], 1), {"mode": "wrap"})],
    "round": [((), {}), ((1,), {}), ((), {"decimals": 1})],
    "all": [((), {}), ((0,), {}), ((), {"axis": 1, "keepdims": True})],
    "any": [((), {}), ((0,), {}), ((), {"axis": 1, "keepdims": True})],
    "argmax": [((), {}), ((0,), {}), ((), {"axis": 1, "keepdims": True})],
    "argmin": [((), {}), ((0,), {}), ((), {"axis": 1, "keepdims": True})],
    "argsort": [((), {}), ((0,), {"kind": "stable"}), ((None,), {"stable": True})],
    "argpartition": [((1,), {}), ((0,), {"axis": 0})],
    "item": [((3,), {}), ((1, 2), {}), (((0, 1),), {})],
    "to_device": [(("cpu",), {})],
}
DIFFERENTIABLE = {
    *(
        "T",
        "astype",
        "clip",
        "compress",
        "conj",
        "conjugate",
        "copy",
        "cumprod",
        "cumsum",
        "diagonal",
        "dot",
        "flatten",
    ),
    *("imag", "mT", "max", "mean", "min", "prod", "ravel", "real", "repeat", "reshape", "squeeze", "std", "sum"),
    *("swapaxes", "take", "to_device", "trace", "transpose", "var"),
}
CONSTANT = {
    *("all", "any", "argmax", "argmin", "argpartition", "argsort", "device", "dtype", "item", "itemsize", "nbytes"),
    *("ndim", "nonzero", "round", "shape", "size", "tolist"),
}
ELSEWHERE = {"data", "choose", "searchsorted", "flat"}  # in tests of their own
# NumPy 2.3 lists some that arrays have no more: `ptp`, `itemset`, `newbyteorder`.
NAMES = [name for name in dir(np.ndarray) if not name.startswith("_") and hasattr(X, name)]


def outcome(x: object, name: str, given: Call) -> object:
    """What an attribute is, or what a method gives."""
    found: object = getattr(x, name)
    return call(found, *given[0], **given[1]) if callable(found) else found


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_in_one_class(name: str) -> None:
    assert [name in group for group in (DIFFERENTIABLE, CONSTANT, REFUSED, ELSEWHERE)].count(True) == 1


@pytest.mark.parametrize("name", sorted(DIFFERENTIABLE | CONSTANT))
def test_a_method_does_what_numpys_does(name: str) -> None:
    for given in CALLS.get(name, [((), {})]):
        x = Variable(X)
        mine, own = outcome(x, name, given), outcome(X, name, given)
        if name in CONSTANT:
            assert not isinstance(mine, Variable)
            assert type(mine) is type(own)
            for one, other in zip(mine, own, strict=True) if is_tuple(mine) and is_tuple(own) else [(mine, own)]:
                np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
            continue
        assert isinstance(mine, Variable)
        expected = np.asarray(own)
        np.testing.assert_allclose(mine.data, expected, rtol=1e-13)
        assert mine.shape == expected.shape
        assert mine.dtype == expected.dtype
        # The slope along a direction, by differences.
        mine.sum().backward()
        h, direction = 1e-6, np.linspace(-1.0, 1.0, X.size).reshape(X.shape)
        if name != "astype" and given[1].get("dtype") is None:
            ends = [np.asarray(outcome(X + s * h * direction, name, given), np.float64).sum() for s in (1, -1)]
            np.testing.assert_allclose(np.sum(grad(x) * direction), (ends[0] - ends[1]) / (2 * h), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_says_what_to_do(name: str) -> None:
    with pytest.raises(AttributeError, match=rf"'{name}': .*(use|take) (np|tinypytorch|x)\."):
        getattr(var([1.0, 2.0]), name)
    assert not hasattr(var(1.0), name)
    assert hasattr(np.ndarray, name)


def test_the_rest() -> None:
    x = var([1.0, 2.0, 4.0])
    assert x.searchsorted(np.array([1.5, 4.0])).tolist() == [1, 2]
    chosen = Variable(np.array([1, 0, 1])).choose([x, 10.0])
    assert chosen.data.tolist() == [10.0, 2.0, 10.0]
    chosen.backward()
    assert grad(x).tolist() == [0.0, 1.0, 0.0]
    x.cleargrad()
    (x.flat * x).backward()
    assert grad(x).tolist() == [2.0, 4.0, 8.0]
    with pytest.raises(AttributeError, match=r"has no attribute 'something'$"):
        call(getattr, x, "something")
    with pytest.raises(ValueError, match="not on 'gpu'"):
        x.to_device("gpu")
    with pytest.raises(ValueError, match=r"order is .* no order in memory"):
        call(Variable.reshape, x, 3, order="A")


def test_arguments_that_are_variables_get_their_gradients() -> None:
    x, low = var([1.0, 2.0, 4.0]), var(1.5)
    (x.clip(low, 3.0) + x.clip(min=low)).backward()
    assert (grad(x).tolist(), grad(low).item()) == ([0.0, 2.0, 1.0], 2.0)
    x.cleargrad()
    mean = x.mean(keepdims=True)
    y, z = x.var(mean=mean), x.var()
    assert y.item() == z.item()
    np.testing.assert_allclose(tp.gradients(y, [x])[0].data, tp.gradients(z, [x])[0].data)
    assert tp.gradients(x.sum(initial=low), [low])[0].item() == 1.0


def test_what_writes_into_a_variable_says_what_there_is() -> None:
    x = var([1.0, 2.0])
    with pytest.raises(TypeError, match=r"use x = tinypytorch.at_set\(x, i, v\)"):
        call(getattr(x, "__setitem__", None), 0, 1.0)
    for f, out in ((x.sum, np.zeros(())), (x.prod, np.zeros(())), (x.clip, np.zeros(2)), (x.compress, np.zeros(2))):
        with pytest.raises(TypeError, match="results are new"):
            call(f, *([[True, False]] if f == x.compress else []), out=out)
    assert plain(x) is x.data
