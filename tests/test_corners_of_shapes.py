"""Empty, 0-d and size-1 arrays, through every function: results as NumPy shapes them, gradients of the data's shape."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest

import tinypytorch as tp
from tests.support import call, grad
from tinypytorch import Array, Variable, special

# Where each of these is smooth.
ELEMENTWISE: Final = (
    *("abs", "arccos", "arcsin", "arcsinh", "arctan", "arctanh", "cbrt", "cos", "cosh", "deg2rad", "degrees", "elu"),
    *("exp", "exp2", "expm1", "fabs", "gelu", "leaky_relu", "log", "log10", "log1p", "log2", "log_sigmoid", "logit"),
    *("nan_to_num", "neg", "positive", "rad2deg", "radians", "reciprocal", "relu", "sigmoid", "silu", "sin", "sinc"),
    *("sinh", "softplus", "softsign", "sqrt", "square", "tan", "tanh"),
)
PAIRS: Final = (
    *("add", "arctan2", "copysign", "div", "float_power", "fmax", "fmin", "fmod", "heaviside", "hypot", "logaddexp"),
    *("logaddexp2", "maximum", "minimum", "mod", "mul", "pow", "remainder", "sub", "xlogy"),
)
REDUCTIONS: Final = (
    "average",
    "sum",
    "prod",
    "nansum",
    "logsumexp",
    "mean",
    "var",
    "std",
    "max",
    "min",
    "ptp",
    "median",
    "average",
)
# Of nothing, these have an answer.
OF_NOTHING: Final = ("sum", "prod", "nansum", "logsumexp")
ALONG: Final = ("cumsum", "cumprod", "sort", "flip")
SHAPES: Final = ((), (0,), (0, 3), (2, 0), (1,), (1, 3, 1), (1, 1))


def orders(name: str, home: object, *args: object) -> list[Array]:
    """The result and its derivatives by every Variable, of first and second order; each in its operand's shape."""
    y = call(getattr(home, name), *args)
    assert isinstance(y, Variable)
    xs = [x for x in args if isinstance(x, Variable)]
    found = [y.data]
    for _ in range(2):
        if not y.requires_grad:
            break
        gs = tp.gradients(y, xs, create_graph=True, allow_unused=True)
        assert [g.shape for g in gs] == [x.shape for x in xs]
        found += [g.data for g in gs]
        y = tp.sum(tp.concatenate([(g * x).reshape(-1) for g, x in zip(gs, xs, strict=True)]))
    y = call(getattr(home, name), *args)
    assert isinstance(y, Variable)
    y.backward()
    for x, g in zip(xs, found[1:], strict=False):
        np.testing.assert_array_equal(grad(x), g)
    return found


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize(
    "name", [*ELEMENTWISE, *(n for n in special.__all__ if n in ("erf", "ndtri", "gammaln", "j1"))]
)
def test_functions_of_one_array(name: str, shape: tuple[int, ...]) -> None:
    home: object = tp if name in ELEMENTWISE else special
    y, *gs = orders(name, home, Variable(np.full(shape, 0.375)))
    expected = orders(name, home, Variable(np.full((2,), 0.375)))
    assert y.shape == shape
    for g, e in zip([y, *gs], expected, strict=True):
        assert g.shape == shape
        np.testing.assert_array_equal(g, np.full(shape, e[0]))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", PAIRS)
def test_functions_of_two_arrays(name: str, shape: tuple[int, ...]) -> None:
    for other in (shape, (), (1,) * len(shape)):
        y, *_ = orders(name, tp, Variable(np.full(shape, 0.375)), Variable(np.full(other, 0.75)))
        assert y.shape == shape


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(name: str, shape: tuple[int, ...]) -> None:
    if 0 in shape and name not in OF_NOTHING:
        return
    x = np.full(shape, 0.375)
    y, *gs = orders(name, tp, Variable(x))
    assert y.shape == ()
    assert all(np.isfinite(g).all() for g in gs)
    if name != "logsumexp":
        np.testing.assert_allclose(y, np.asarray(call(getattr(np, name), x), np.float64))
    for axis in range(len(shape)):
        if name in OF_NOTHING or shape[axis]:
            reduced, *_ = orders(name, tp, Variable(x), axis)
            assert reduced.shape == (*shape[:axis], *shape[axis + 1 :])


@pytest.mark.parametrize("shape", SHAPES[1:], ids=str)
@pytest.mark.parametrize("name", [*ALONG, "softmax", "log_softmax"])
def test_functions_along_an_axis(name: str, shape: tuple[int, ...]) -> None:
    for axis in range(len(shape)):
        y, *gs = orders(name, tp, Variable(np.full(shape, 0.375)), axis)
        assert y.shape == shape
        assert all(np.isfinite(g).all() for g in gs)
