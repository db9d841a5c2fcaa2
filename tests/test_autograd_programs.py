"""Programs in the idiom of HIPS autograd, plain NumPy and `grad`: right numbers, by means that are independent."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, rosen_der

from tests.support import call
from tinypytorch import Variable, custom_vjp, elementwise_grad, grad, hessian, jacobian, logsumexp, value_and_grad
from tinypytorch.core.hooks import is_list, is_tuple
from tinypytorch.transforms.trees import flatten


def of(source: str, name: str) -> object:
    """What an untyped program defines under this name."""
    names: dict[str, object] = {
        "np": np,
        "grad": grad,
        "elementwise_grad": elementwise_grad,
        "value_and_grad": value_and_grad,
        "jacobian": jacobian,
        "hessian": hessian,
        "logsumexp": logsumexp,
        "custom_vjp": custom_vjp,
    }
    exec(source, names)
    return names[name]


def parts(x: object) -> list[object]:
    """What a list holds."""
    assert is_list(x)
    return x


def numbers(x: object) -> list[float]:
    return np.asarray(x.data if isinstance(x, Variable) else x, np.float64).ravel().tolist()


TANH = """
def tanh(x):
    y = np.exp(-2.0 * x)
    return (1.0 - y) / (1.0 + y)

orders = [tanh]
for _ in range(6):
    orders.append(elementwise_grad(orders[-1]))
"""


def test_tanh_up_to_its_sixth_derivative() -> None:
    orders = parts(of(TANH, "orders"))
    x = np.linspace(-2.0, 2.0, 9)
    # The derivatives of tanh are polynomials in t = tanh x: p becomes p' (1 - t²).
    p, slope = np.polynomial.Polynomial([0.0, 1.0]), np.polynomial.Polynomial([1.0, 0.0, -1.0])
    for f in orders:
        np.testing.assert_allclose(numbers(call(f, x)), numbers(p(np.tanh(x))), rtol=1e-9, atol=1e-9)
        p = p.deriv() * slope


LOGISTIC = """
def sigmoid(x):
    return 0.5 * (np.tanh(x / 2.0) + 1.0)

inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
targets = np.array([True, True, False, True])

def loss(weights):
    preds = sigmoid(inputs @ weights)
    return -np.sum(np.log(preds * targets + (1 - preds) * (1 - targets)))

def train(weights, steps):
    slope = grad(loss)
    for _ in range(steps):
        weights = weights - slope(weights) * 0.05
    return weights
"""


def test_logistic_regression() -> None:
    inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
    targets, w = np.array([1.0, 1.0, 0.0, 1.0]), np.array([0.3, -0.2, 0.5])
    slope = call(call(grad, of(LOGISTIC, "loss")), w)
    expected = inputs.T @ (1.0 / (1.0 + np.exp(-inputs @ w)) - targets)
    np.testing.assert_allclose(numbers(slope), expected, rtol=1e-12)


NET = """
def predict(params, inputs):
    for W, b in params:
        outputs = inputs @ W + b
        inputs = np.tanh(outputs)
    return outputs - logsumexp(outputs, axis=1, keepdims=True)

def loss(params, inputs, targets, l2=0.1):
    penalty = sum(np.sum(W * W) + np.sum(b * b) for W, b in params)
    return l2 * penalty - np.sum(predict(params, inputs) * targets)
"""


def test_a_network_whose_parameters_are_a_list_of_pairs() -> None:
    loss = of(NET, "loss")
    rng = np.random.default_rng(0)
    params = [(rng.normal(size=(m, n)), rng.normal(size=n)) for m, n in ((3, 4), (4, 2))]
    inputs, targets = rng.normal(size=(5, 3)), np.eye(2)[rng.integers(0, 2, 5)]
    slopes = call(call(grad, loss), params, inputs, targets)
    for (w, b), found in zip(params, parts(slopes), strict=True):
        assert is_tuple(found)
        for x, g in zip((w, b), found, strict=True):
            d = rng.normal(size=x.shape)
            before = x.copy()
            sides: list[float] = []
            for h in (1e-6, -1e-6):
                x[...] = before + h * d
                sides += numbers(call(loss, params, inputs, targets))
            x[...] = before
            product = float(np.sum(np.asarray(g, np.float64) * d))
            assert math.isclose(product, (sides[0] - sides[1]) / 2e-6, rel_tol=1e-6, abs_tol=1e-7)


ROSENBROCK = """
def rosenbrock(x):
    return 100.0 * (x[1] - x[0] ** 2) ** 2 + (1.0 - x[0]) ** 2

value_and_slope = value_and_grad(rosenbrock)
slope = grad(rosenbrock)
curvature = hessian(rosenbrock)
"""


def test_rosenbrock_with_scipy() -> None:
    x = np.array([0.5, 2.5])
    np.testing.assert_allclose(numbers(call(of(ROSENBROCK, "slope"), x)), numbers(rosen_der(x)), rtol=1e-13)
    expected = [1200 * 0.25 - 400 * 2.5 + 2, -200.0, -200.0, 200.0]
    np.testing.assert_allclose(numbers(call(of(ROSENBROCK, "curvature"), x)), expected, rtol=1e-13)
    fun = of(ROSENBROCK, "value_and_slope")

    def flat(v: NDArray[np.float64]) -> tuple[float, list[float]]:
        both = call(fun, v)
        assert is_tuple(both)
        return numbers(both[0])[0], numbers(both[1])

    found = minimize(flat, np.zeros(2), jac=True, method="BFGS")
    np.testing.assert_allclose(found.x, 1.0, atol=1e-4)


MIXTURE = """
def log_density(params, data):
    scores = -0.5 * ((data[:, None] - params["means"]) / np.exp(params["scales"])) ** 2 - params["scales"]
    weights = params["weights"] - logsumexp(params["weights"])
    return np.sum(logsumexp(scores + weights, axis=1))

slope = grad(log_density)
"""


def test_a_mixture_of_gaussians() -> None:
    data = np.array([-1.0, 0.5, 2.0, 2.5])
    params = {"means": np.array([0.0, 2.0]), "scales": np.array([0.1, -0.2]), "weights": np.array([0.3, 0.0])}
    found = call(of(MIXTURE, "slope"), params, data)
    # By responsibilities r: d/dmean = Σ r (x - m) / s², d/dweight = Σ (r - softmax).
    s, z = np.exp(params["scales"]), (data[:, None] - params["means"]) / np.exp(params["scales"])
    w = np.exp(params["weights"]) / np.exp(params["weights"]).sum()
    joint = w / s * np.exp(-0.5 * z**2)
    r = joint / joint.sum(1, keepdims=True)
    by_name = dict(zip(params, map(numbers, flatten(found)[0]), strict=True))
    np.testing.assert_allclose(by_name["means"], (r * z / s).sum(0), rtol=1e-12)
    np.testing.assert_allclose(by_name["scales"], (r * (z**2 - 1)).sum(0), rtol=1e-12)
    np.testing.assert_allclose(by_name["weights"], (r - w).sum(0), rtol=1e-12, atol=1e-14)


FIXED_POINT = """
def sqrt(a):
    guess = a
    for _ in range(60):
        guess = 0.5 * (guess + a / guess)
    return guess

slopes = [grad(sqrt), grad(grad(sqrt)), grad(grad(grad(sqrt)))]
branching = grad(lambda x: x ** 2 if x > 0 else -x)
second = grad(lambda a, b: a * b ** 2, 1)
columns = jacobian(lambda x: np.array([1.0, 2.0]) * x[0] * x[1])
"""


def test_loops_branches_and_positional_argnums() -> None:
    slopes = parts(of(FIXED_POINT, "slopes"))
    first, second, third = (numbers(call(f, 4.0))[0] for f in slopes)
    np.testing.assert_allclose([first, second, third], [0.25, -1 / 32, 3 / 256], rtol=1e-12)
    assert [numbers(call(of(FIXED_POINT, "branching"), x))[0] for x in (3.0, -3.0)] == [6.0, -1.0]
    assert numbers(call(of(FIXED_POINT, "second"), 2.0, 3.0)) == [12.0]
    assert numbers(call(of(FIXED_POINT, "columns"), np.array([3.0, 5.0]))) == [5.0, 3.0, 10.0, 6.0]


RULE = """
def _logsumexp(x):
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))

own = custom_vjp(_logsumexp, lambda g, y, x: g * np.exp(x - y))
slope = grad(lambda x: own(np.sin(x)))
curvature = hessian(own)
"""


def test_a_rule_of_ones_own() -> None:
    x = np.array([0.5, -0.25, 1.0])
    p = np.exp(np.sin(x)) / np.exp(np.sin(x)).sum()
    np.testing.assert_allclose(numbers(call(of(RULE, "slope"), x)), p * np.cos(x), rtol=1e-13)
    q = np.exp(x) / np.exp(x).sum()
    expected = (np.diag(q) - np.outer(q, q)).ravel()
    np.testing.assert_allclose(numbers(call(of(RULE, "curvature"), x)), expected, rtol=1e-12)
