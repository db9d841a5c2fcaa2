"""`import tinypytorch.numpy as np` in place of `import numpy as np`: the same names, and programs that run."""

from __future__ import annotations

import importlib
import itertools
import pickle
import subprocess
import sys

import numpy
import pytest

import tinypytorch as tp
import tinypytorch.numpy as np
import tinypytorch.numpy.linalg as npla
import tinypytorch.numpy.random as npr
from tests.support import call, grad, var
from tinypytorch import Variable
from tinypytorch.numpy import joining

OURS = {"array", "asarray", "asarray_chkfinite", "asanyarray", "ascontiguousarray", "asfortranarray", "full", "require"}
MODULES = {"linalg", "fft", "random"}


def is_numpys(mine: object, own: object) -> bool:
    """NumPy's own object, or its function after a look for Variables."""
    return mine is own or getattr(mine, "__wrapped__", None) is own


def test_every_name_is_there_and_is_numpys_own_but_for_a_few() -> None:
    for name in dir(numpy):
        if not name.startswith("_"):
            mine: object = getattr(np, name)
            own: object = getattr(numpy, name)
            assert is_numpys(mine, own) == (name not in OURS | MODULES), name
            if isinstance(own, type | numpy.ufunc) or not callable(own):
                assert (mine is own) == (name not in MODULES), name
    assert np.__version__ == numpy.__version__


@pytest.mark.parametrize("module", sorted(MODULES))
def test_modules(module: str) -> None:
    mine, own = (importlib.import_module(f"{home}.{module}") for home in ("tinypytorch.numpy", "numpy"))
    names: list[str] = own.__all__
    assert all(is_numpys(getattr(mine, name), getattr(own, name)) for name in names)
    assert getattr(np, module) is mine


def test_functions_are_found_by_their_names() -> None:
    for f in (np.sum, np.linalg.inv, np.random.normal):
        assert pickle.loads(pickle.dumps(f)) is f


def test_nobody_pays_who_does_not_import_it() -> None:
    code = "import sys, tinypytorch; assert 'tinypytorch.numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_there_is_nothing_that_numpy_has_not() -> None:
    for name in ("something_else", "_something"):
        with pytest.raises(AttributeError, match=name):
            getattr(np, name)


def test_arrays_give_arrays() -> None:
    made = (np.exp(numpy.ones(2)), np.sum(numpy.ones(2)), np.array([1.0, 2.0]), np.asarray([[1, 2]]), np.full(2, 3.0))
    for y in made:
        assert not isinstance(y, Variable)
    assert np.array([1, 2]).dtype == numpy.array([1, 2]).dtype
    assert np.array([1, 2], dtype="float32", ndmin=2).shape == (1, 2)
    numpy.testing.assert_array_equal(np.full((2,), 1.0), [1.0, 1.0])


class TestJoining:
    def test_nested_lists(self) -> None:
        x, y = var(2.0), var([3.0, 4.0])
        a = np.array([[x, 1.0], y, (0, x * x), numpy.array([5.0, 6.0])])
        assert isinstance(a, Variable)
        assert a.data.tolist() == [[2.0, 1.0], [3.0, 4.0], [0.0, 4.0], [5.0, 6.0]]
        tp.sum(a * numpy.arange(8.0).reshape(4, 2)).backward()
        assert (grad(x).item(), grad(y).tolist()) == (20.0, [2.0, 3.0])

    def test_a_variable_alone(self) -> None:
        x = var([1.0, 2.0])
        assert np.asarray(x) is x
        y = np.array(x)
        assert y is not x
        assert not numpy.shares_memory(y.data, x.data)
        y.backward()
        assert grad(x).tolist() == [1.0, 1.0]
        assert np.array(x, dtype="float32", ndmin=2).shape == (1, 2)
        assert np.array(x, dtype="float32").dtype == numpy.float32

    def test_full(self) -> None:
        x = var(3.0)
        y = np.full((2, 2), x)
        assert isinstance(y, Variable)
        y.backward()
        assert grad(x) == 4.0

    def test_what_does_not_fit(self) -> None:
        with pytest.raises(ValueError, match="Stack"):
            np.array([[var(1.0)], [1.0, 2.0]])
        with pytest.raises(TypeError, match="array of Variables takes no something"):
            call(joining.array, [var(1.0)], something=1)

    def test_of_scalars_atleast_1d(self) -> None:
        assert isinstance(np.atleast_1d(var(1.0)), Variable)


# Programs as people write them for autograd, with another import.


def rosenbrock(x: Variable) -> Variable:
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def test_rosenbrock() -> None:
    x = var([1.5, -0.5, 2.0])
    rosenbrock(x).backward()
    a, b, c = x.data
    expected = [
        -400 * a * (b - a**2) - 2 * (1 - a),
        200 * (b - a**2) - 400 * b * (c - b**2) - 2 * (1 - b),
        200 * (c - b**2),
    ]
    numpy.testing.assert_allclose(grad(x), expected)
    y, z = var(1.5), var(-0.5)
    pair = np.array([y, z])
    assert isinstance(pair, Variable)
    rosenbrock(pair).backward()
    numpy.testing.assert_allclose([grad(y), grad(z)], [expected[0], 200 * (b - a**2)])


def test_logistic_regression() -> None:
    inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
    targets = np.array([True, True, False, True])

    def sigmoid(x: Variable) -> Variable:
        return 0.5 * (np.tanh(x / 2.0) + 1)

    def training_loss(weights: Variable) -> Variable:
        predictions = sigmoid(tp.matmul(inputs, weights))
        probabilities = predictions * targets + (1 - predictions) * (1 - targets)
        return -np.sum(np.log(probabilities))

    weights = Variable(np.array([0.0, 0.0, 0.0]))
    first = training_loss(weights).item()
    for _ in range(100):
        weights.cleargrad()
        training_loss(weights).backward()
        weights.data -= grad(weights) * 0.1
    expected = inputs.T @ (1 / (1 + numpy.exp(-inputs @ weights.data)) - targets)
    weights.cleargrad()
    loss = training_loss(weights)
    loss.backward()
    numpy.testing.assert_allclose(grad(weights), expected, rtol=1e-10)
    assert loss.item() < first / 2


def test_a_network_with_nested_parameters() -> None:
    rs = npr.RandomState(0)
    sizes = [3, 4, 2]
    parameters = [(Variable(rs.randn(m, n) * 0.5), Variable(rs.randn(n))) for m, n in itertools.pairwise(sizes)]
    inputs: tp.Array = rs.randn(5, 3)
    y = outputs = tp.as_variable(inputs)
    for w, b in parameters:
        outputs = y @ w + b
        y = np.tanh(outputs)
    likelihood = np.sum(outputs - np.logaddexp.reduce(outputs, axis=1, keepdims=True))
    likelihood.backward()
    for w, b in parameters:
        assert grad(w).shape == w.shape
        assert grad(b).shape == b.shape
    assert call(npla.norm, inputs) == numpy.linalg.norm(inputs)


def test_conversions_of_plain_arrays_are_numpys() -> None:
    turned = numpy.arange(6.0).reshape(2, 3).T
    masked = numpy.ma.masked_array([1.0, 2.0], [False, True])
    for name in ("asanyarray", "ascontiguousarray", "asfortranarray", "asarray", "array"):
        for given in (turned, masked, 1.0, [1, 2], numpy.float32(2.0)):
            mine, own = call(getattr(np, name), given), call(getattr(numpy, name), given)
            assert type(mine) is type(own)
            for of in ("shape", "dtype", "strides"):
                assert getattr(mine, of) == getattr(own, of)
    assert getattr(call(np.full, numpy.int64(3), 1.0), "shape", None) == (3,)
    x = var(2.0)
    for name, shape in (("ascontiguousarray", (1,)), ("asfortranarray", (1,)), ("asanyarray", ())):
        made = call(getattr(np, name), x)
        assert isinstance(made, Variable)
        assert made.shape == shape
