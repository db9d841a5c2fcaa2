"""Fits by SciPy, with gradients and Hessian products from here: its own test functions, and a fit to real data."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.optimize import minimize, rosen, rosen_der, rosen_hess, rosen_hess_prod

import tinypytorch as tp
from tests.support import call
from tinypytorch import Variable
from tinypytorch.arrays import Slice
from tinypytorch.core.hooks import is_tuple
from tinypytorch.transforms.trees import describe, flatten, unflatten

FIRST: Slice = slice(None, -1)
REST: Slice = slice(1, None)
POINT: NDArray[np.float64] = np.array([1.3, 0.7, 0.8, 1.9, 1.2])


def rosenbrock(x: Variable) -> Variable:
    return tp.sum(100.0 * (x[REST] - x[FIRST] ** 2) ** 2 + (1.0 - x[FIRST]) ** 2)


def doubled(x: Variable) -> Variable:
    return x * 2.0


def squares(x: Variable) -> Variable:
    return tp.sum(x * x)


def fixed(p: tuple[()]) -> Variable:
    return Variable(np.array(6.0))


def test_rosenbrock_as_scipy_has_it() -> None:
    value, slope = tp.value_and_grad(rosenbrock)(POINT)
    np.testing.assert_allclose(value, rosen(POINT), rtol=1e-13)
    np.testing.assert_allclose(slope, rosen_der(POINT), rtol=1e-12)
    np.testing.assert_allclose(tp.hessian(rosenbrock)(POINT), rosen_hess(POINT), rtol=1e-12)
    v = np.array([1.0, -2.0, 0.5, 3.0, -1.0])
    fun, start = tp.objective(rosenbrock, POINT)
    np.testing.assert_allclose(fun.hessp(start, v), rosen_hess_prod(POINT, v), rtol=1e-12)


@pytest.mark.parametrize("method", ["BFGS", "Newton-CG", "trust-krylov"])
def test_rosenbrock_is_minimized(method: str) -> None:
    fun, start = tp.objective(rosenbrock, POINT)
    with np.errstate(all="ignore"):
        if method == "BFGS":
            found = minimize(*tp.objective(rosenbrock, POINT), jac=True)
        elif method == "Newton-CG":
            found = minimize(fun, start, jac=True, hessp=fun.hessp, method="Newton-CG", options={"xtol": 1e-10})
        else:
            found = minimize(fun, start, jac=True, hessp=fun.hessp, method="trust-krylov")
    np.testing.assert_allclose(found.x, 1.0, atol=1e-4)


def test_nested_parameters_keep_their_structure_and_dtype() -> None:
    seen: set[str] = set()

    def loss(p: dict[str, Variable], target: NDArray[np.float32]) -> Variable:
        seen.update(f"{x.dtype}{x.shape}" for x in p.values())
        return tp.sum((p["w"] * p["s"] - target) ** 2) + tp.sum((p["s"] - np.float32(2.0)) ** 2)

    p0 = {"w": np.zeros((2, 2), np.float32), "s": np.ones((), np.float32)}
    target = np.arange(4, dtype=np.float32).reshape(2, 2)
    fun, start = tp.objective(loss, p0)
    assert start.dtype == np.float64
    assert start.shape == (5,)
    value, slope = fun(start, target)
    assert isinstance(value, float)
    assert slope.dtype == np.float64
    found = minimize(fun, start, args=(target,), jac=True, options={"gtol": 1e-3})
    assert seen == {"float32(2, 2)", "float32()"}
    fitted = fun.unflatten(found.x)
    leaves, _ = flatten(fitted)
    assert [str(getattr(leaf, "dtype", None)) for leaf in leaves] == ["float32", "float32"]
    w, s = np.asarray(leaves[0], np.float64), np.asarray(leaves[1], np.float64)
    np.testing.assert_allclose(w * s, target, atol=1e-2)
    np.testing.assert_allclose(fun.flatten(fitted), found.x, atol=1e-6)


def test_logistic_regression_as_scikit_learn_fits_it() -> None:
    datasets, linear_model = pytest.importorskip("sklearn.datasets"), pytest.importorskip("sklearn.linear_model")
    data, labels = call(datasets.load_breast_cancer, return_X_y=True), None
    assert is_tuple(data)
    x, labels = np.asarray(data[0], np.float64), np.asarray(data[1], np.float64)
    x = (x - x.mean(0)) / x.std(0)
    signs = 2.0 * labels - 1.0

    def loss(p: dict[str, Variable]) -> Variable:
        margins = signs * (x @ p["w"] + p["b"])
        return tp.sum(tp.softplus(-margins)) + 0.5 * tp.sum(p["w"] ** 2)

    fun, start = tp.objective(loss, {"w": np.zeros(x.shape[1]), "b": np.zeros(())})
    found = minimize(fun, start, jac=True, hessp=fun.hessp, method="trust-krylov", options={"gtol": 1e-8})
    model = linear_model.LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000)
    model.fit(x, labels)
    expected = np.concatenate([np.asarray(model.coef_).ravel(), np.asarray(model.intercept_)])
    np.testing.assert_allclose(found.x, expected, atol=1e-4)


def test_what_is_refused() -> None:
    with pytest.raises(TypeError, match="not str"):
        tp.objective(rosenbrock, ["a", 2.0])
    fun, _ = tp.objective(rosenbrock, POINT)
    with pytest.raises(ValueError, match="a vector of 5 numbers, not shape"):
        fun(np.zeros(4))
    with pytest.raises(ValueError, match=r"a vector of 5 numbers, not shape \(5, 1\)"):
        fun(np.zeros((5, 1)))
    with pytest.raises(ValueError, match="another structure"):
        fun.flatten([POINT])
    with pytest.raises(TypeError, match="objective: takes a function with one number"):
        tp.objective(doubled, POINT)[0].hessp(POINT, POINT)
    with pytest.raises(TypeError, match="takes a function"):
        call(tp.objective, 1.0, POINT)
    with pytest.raises(TypeError, match=r"not .*complex128"):
        tp.objective(rosenbrock, POINT * 1.0j)


def test_integers_count_as_float64() -> None:
    def squared(p: dict[str, Variable]) -> Variable:
        return tp.sum(p["a"] * p["a"])

    fun, x = tp.objective(squared, {"a": 3})
    value, slope = fun(x)
    assert (value, slope.tolist(), x.dtype.name) == (9.0, [6.0], "float64")


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float16", "float32", "longdouble"])
def test_the_vector_is_in_double_precision(dtype: str) -> None:
    x0 = np.array([1, 2], dtype)
    fun, x = tp.objective(squares, x0)
    value, slope = fun(x)
    assert (value, slope.tolist()) == (5.0, [2.0, 4.0])
    assert {str(v.dtype) for v in (x, slope, fun.hessp(x, x))} == {"float64"}
    assert str(np.asarray(fun.unflatten(x)).dtype) == ("float64" if np.dtype(dtype).kind in "iu" else str(x0.dtype))


def test_parameters_do_not_share_the_optimizers_memory() -> None:
    fun, x = tp.objective(rosenbrock, POINT)
    assert not np.may_share_memory(np.asarray(fun.unflatten(x)), x)
    assert not np.may_share_memory(x, POINT)


def test_no_parameters_are_an_empty_vector() -> None:
    fun, x = tp.objective(fixed, ())
    value, slope = fun(x)
    assert (value, x.shape, slope.shape) == (6.0, (0,), (0,))


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (1.0, "*"),
        ((), "()"),
        ((1.0,), "(*,)"),
        ((1.0, [2.0, 3.0]), "(*, [*, *])"),
        ({}, "{}"),
        ({"a": None, 2: (1.0,)}, "{'a': None, 2: (*,)}"),
        ([], "[]"),
    ],
)
def test_structures_are_shown_as_python_writes_them(tree: object, text: str) -> None:
    assert describe(flatten(tree)[1]) == text


def test_an_ordered_dict_is_a_dict() -> None:
    leaves, structure = flatten(OrderedDict[str, object](b=1.0, a=[2.0]))
    assert unflatten(structure, leaves) == {"b": 1.0, "a": [2.0]}
