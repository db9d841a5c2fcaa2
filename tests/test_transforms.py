"""Transforms: nesting, structures, arguments, what comes back, errors, and the memory that `checkpoint` saves."""

from __future__ import annotations

import gc
import math
import tracemalloc
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

import tinypytorch as tp
from tests.support import call
from tinypytorch import Variable


def reverse(f: Callable[[object], object]) -> Callable[[object], object]:
    return lambda x: call(tp.grad(f), x)


def forward(f: Callable[[object], object]) -> Callable[[object], object]:
    def slope(x: object) -> object:
        found = call(tp.jvp, f, (x,), (1.0,))
        assert isinstance(found, tuple)
        tangent: object = found[1]
        return tangent

    return slope


def number(x: object) -> float:
    assert isinstance(x, float), type(x)
    return float(x)


def times(a: object, b: object) -> object:
    return call(np.multiply, a, b)


def plus(a: object, b: object) -> object:
    return call(np.add, a, b)


MODES = [reverse, forward]
outer_modes = pytest.mark.parametrize("outer", MODES)
inner_modes = pytest.mark.parametrize("inner", MODES)


@outer_modes
@inner_modes
def test_perturbations_are_not_confused(
    outer: Callable[..., Callable[[object], object]], inner: Callable[..., Callable[[object], object]]
) -> None:
    # d/dx x (d/dy (x + y)) = 1: a confused one gives 2 (Siskind and Pearlmutter, 2005).
    assert number(outer(lambda x: times(x, inner(lambda y: plus(x, y))(1.0)))(2.0)) == 1.0
    # The same at y = x.
    assert number(outer(lambda x: times(x, inner(lambda y: plus(x, y))(x)))(2.0)) == 1.0
    # d/dx x d/dy (x y²) at y = x: d/dx 2 x³ = 6 x².
    assert number(outer(lambda x: times(x, inner(lambda y: times(times(x, y), y))(x)))(2.0)) == 24.0
    # The inner function ignores its argument; then the outer one's.
    assert number(outer(lambda x: plus(times(x, x), inner(lambda y: x)(1.0)))(2.0)) == 4.0
    assert number(outer(lambda x: inner(lambda y: times(y, y))(3.0))(2.0)) == 0.0
    third = outer(inner(outer(np.sin)))(0.5)
    assert math.isclose(number(third), -math.cos(0.5), rel_tol=1e-14)


@outer_modes
@inner_modes
def test_second_derivatives_are_the_same_in_all_modes(
    outer: Callable[..., Callable[[object], object]], inner: Callable[..., Callable[[object], object]]
) -> None:
    def f(x: Variable) -> Variable:
        v = tp.stack([x, x * x, np.sin(x)])
        return tp.prod(v) + tp.logsumexp(v) + tp.sum(tp.softmax(v) * v)

    x = Variable(np.array(0.7))
    (g,) = tp.gradients(f(x), x, create_graph=True)
    (h,) = tp.gradients(g, x)
    assert math.isclose(number(outer(inner(f))(0.7)), h.item(), rel_tol=1e-12)


class Layer(NamedTuple):
    w: NDArray[np.float64]
    b: float


def test_nested_arguments_and_results() -> None:
    def f(p: dict[str, object]) -> object:
        layers, bias = p["layers"], p["bias"]
        assert isinstance(layers, list)
        assert p["none"] is None
        total = times(bias, 1.0)
        for layer in layers:
            assert isinstance(layer, Layer)
            total = plus(total, times(layer.w, layer.w).sum() if isinstance(layer.w, Variable) else 0.0)
            total = plus(total, times(layer.b, layer.b))
        return total

    w = np.array([1.0, 2.0])
    p: dict[str, object] = {"layers": [Layer(w, 3.0), Layer(w + 1.0, 4.0)], "bias": 2.0, "none": None}
    found = tp.grad(lambda q: call(tp.sum, f(q)))(p)
    assert isinstance(found, dict)
    assert str(found["none"]) == "None"
    assert float(str(found["bias"])) == 1.0


def loss(a: Variable, b: Variable, scale: float = 1.0) -> Variable:
    return tp.sum(a * a * b) * scale


A, B = np.array([1.0, 2.0]), np.array([3.0, 5.0])


def test_argnums() -> None:
    for argnums, expected in ((0, 2 * A * B), (1, A * A), (-1, A * A)):
        found = np.asarray(call(tp.grad, loss, argnums) and call(call(tp.grad, loss, argnums), A, B), np.float64)
        np.testing.assert_array_equal(found, expected)
    several = call(call(tp.grad, loss, (1, 0)), A, B, scale=2.0)
    assert isinstance(several, tuple)
    np.testing.assert_array_equal(np.asarray(several[0], np.float64), 2 * A * A)
    np.testing.assert_array_equal(np.asarray(several[1], np.float64), 4 * A * B)


def test_aux() -> None:
    def f(x: Variable) -> tuple[Variable, Variable]:
        return tp.sum(x**2), x * 2.0

    slope, aux = tp.grad(f, has_aux=True)(Variable(A))
    assert isinstance(aux, Variable)
    assert slope.data.tolist() == (2 * A).tolist()
    plain = call(call(tp.grad, f, has_aux=True), A)
    assert isinstance(plain, tuple)
    assert all(type(part) is np.ndarray for part in plain)


def test_plain_gives_plain_and_variables_give_variables() -> None:
    assert type(tp.grad(lambda x: x * x)(2.0)) is np.float64
    assert type(tp.grad(loss)(A, Variable(B))) is Variable
    assert type(tp.grad(loss)(A, Variable(B, requires_grad=False))) is Variable
    w = Variable(np.array(3.0))
    found = tp.grad(lambda x: x * x * w)(2.0)
    assert isinstance(found, Variable)
    found.backward()
    assert w.grad is not None
    assert w.grad.item() == 4.0
    x = Variable(np.array(2.0))
    y = tp.grad(lambda t: t**3)(x)
    y.backward()
    assert x.grad is not None
    assert x.grad.item() == 12.0


def test_float32_stays() -> None:
    x = np.array([1.0, 2.0], np.float32)
    assert tp.grad(lambda v: tp.sum(v * v))(x).dtype == np.float32
    assert tp.jvp(lambda v: v * v, (x,), (x,))[1].dtype == np.float32


def test_a_constant_has_the_gradient_zero() -> None:
    """With a warning where the result is no Variable at all."""
    assert tp.grad(lambda x: tp.stop_gradient(x) * 1.0)(2.0) == 0.0
    with pytest.warns(UserWarning, match="grad: the function gave no Variable") as warned:
        assert tp.grad(lambda x: 3.0)(2.0) == 0.0
    assert warned[0].filename == __file__
    with pytest.warns(UserWarning, match="jvp: the function gave no Variable") as warned:
        assert tp.jvp(lambda x: 3.0, (2.0,), (1.0,)) == (3.0, 0.0)
    assert warned[0].filename == __file__
    with pytest.warns(UserWarning, match="jacobian: the function gave no Variable"):
        assert np.asarray(tp.jacobian(lambda x: np.ones(2))(A)).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_no_grad_outside_does_not_switch_transforms_off() -> None:
    with tp.no_grad():
        assert tp.grad(lambda x: x * x)(2.0) == 4.0
        assert tp.grad(tp.grad(lambda x: x**3))(2.0) == 12.0
        slope = tp.grad(lambda x: x * x)(Variable(np.array(2.0)))
    assert not slope.requires_grad


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_jacobian_runs_the_function_once_on_either_side(rows: int) -> None:
    m = np.arange(rows * 3.0).reshape(rows, 3)
    calls: list[int] = []

    def f(x: Variable) -> Variable:
        calls.append(1)
        return np.sin(m @ x)

    x = np.array([0.5, 0.25, -0.5])
    found = tp.jacobian(f)(x)
    np.testing.assert_allclose(found, np.cos(m @ x)[:, None] * m, rtol=1e-14)
    assert len(calls) == 1
    second = tp.jacobian(tp.jacobian(f))(x)
    np.testing.assert_allclose(second, -np.sin(m @ x)[:, None, None] * m[:, :, None] * m[:, None, :], rtol=1e-13)


def test_hessian_products() -> None:
    def f(x: Variable) -> Variable:
        return tp.logsumexp(x * x)

    x, v = np.array([0.5, -1.0, 0.25]), np.array([1.0, 2.0, -3.0])
    h = tp.hessian(f)(x)
    np.testing.assert_allclose(h, h.T, atol=1e-15)
    np.testing.assert_allclose(np.asarray(tp.hvp(f)(x, v), np.float64), h @ v, rtol=1e-13)


def test_pulling_twice_gives_the_same() -> None:
    y, pull = tp.vjp(lambda x: x * x, A)
    assert y.tolist() == (A * A).tolist()
    for _ in range(2):
        assert pull(B)[0].tolist() == (2 * A * B).tolist()


def test_custom_rules_serve_every_order_and_both_modes() -> None:
    halved = tp.custom_vjp(lambda x: np.asarray(x) ** 3, lambda g, y, x: g * (x * x))
    assert tp.grad(halved)(2.0) == 4.0
    assert tp.grad(tp.grad(halved))(2.0) == 4.0
    assert number(forward(halved)(2.0)) == 4.0
    assert number(forward(forward(halved))(2.0)) == 4.0
    two = tp.custom_vjp(lambda a, b: a * b, lambda g, y, a, b: (g * b, g * a))
    assert call(call(tp.grad, two, (0, 1)), 2.0, 3.0) == (3.0, 2.0)


REFUSED: list[tuple[Callable[[], object], type[Exception], str]] = [
    (lambda: tp.grad(lambda x: x * x)(A), TypeError, "jacobian, elementwise_grad and vjp"),
    (lambda: tp.grad(lambda x: (x, x))(1.0), TypeError, "has_aux=True"),
    (lambda: tp.grad(lambda x: x * x)(3), TypeError, r"3\.0"),
    (lambda: tp.grad(lambda x: tp.sum(x))(np.arange(3)), TypeError, "astype"),
    (lambda: call(tp.grad(lambda x: x), "a"), TypeError, "str has no derivative"),
    (
        lambda: call(tp.grad(lambda x: x["w"]), {"w": 1.0, "n": [1.0, (3,)]}),
        TypeError,
        r"grad: int, which is at \['n'\]\[1\]\[0\] of an argument, has no derivative; give",
    ),
    (lambda: call(call(tp.grad, lambda x: x, 1), 1.0), ValueError, "names argument 1, but 1 positional"),
    (lambda: call(call(tp.grad, lambda x, y: x, (0, 0)), 1.0, 2.0), ValueError, "twice"),
    (lambda: call(tp.grad, lambda x: x, "x"), TypeError, "argnums is an integer"),
    (lambda: call(call(tp.grad, lambda x: x, has_aux=True), 1.0), TypeError, "gives a pair"),
    (lambda: call(tp.grad, 3.0), TypeError, "takes a function"),
    (lambda: tp.vjp(lambda x: x * x, A)[1](np.ones(3)), ValueError, "shape"),
    (lambda: call(tp.vjp(lambda x: x * x, A)[1], (A, A)), ValueError, "structure"),
    (lambda: tp.jvp(lambda x: x, (A,), (np.ones(3),)), ValueError, "shape"),
    (lambda: call(tp.jvp, lambda x: x, A, A), TypeError, "in a tuple"),
    (lambda: tp.checkpoint(lambda x: x * Variable(A))(Variable(A)), ValueError, "not among its arguments"),
    (lambda: tp.hvp(lambda x: x * x)(1.0), TypeError, "and then the vector"),
]


@pytest.mark.parametrize(("run", "kind", "text"), REFUSED, ids=[text for _, _, text in REFUSED])
def test_what_is_refused(run: Callable[[], object], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        run()


def test_checkpoint_saves_memory_and_changes_no_derivative() -> None:
    steps, layers, n = 12, 12, 20_000
    array = n * 8

    def layer(x: Variable) -> Variable:
        for _ in range(steps):
            x = np.sin(x)
        return x

    def chain(step: Callable[[Variable], Variable]) -> Callable[[Variable], Variable]:
        def f(x: Variable) -> Variable:
            for _ in range(layers):
                x = step(x)
            return tp.sum(x)

        return f

    x = np.linspace(0.1, 1.0, n)
    peaks: list[int] = []
    found: list[NDArray[np.float64]] = []
    for step in (layer, tp.checkpoint(layer)):
        gc.collect()
        tracemalloc.start()
        found.append(tp.grad(chain(step))(x))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    np.testing.assert_array_equal(found[0], found[1])
    assert peaks[0] > steps * layers * array  # every result is kept
    assert peaks[1] < (steps + layers + 12) * array  # what is between the layers, and one layer's
    small = x[:3]
    twice = [tp.hvp(chain(step))(small, np.ones(3)) for step in (layer, tp.checkpoint(layer))]
    np.testing.assert_allclose(np.asarray(twice[0], np.float64), np.asarray(twice[1], np.float64), rtol=1e-12)


@pytest.mark.parametrize("step", [tp.sin, tp.softmax, tp.cumsum, lambda x: x * x + x], ids=range(4))
def test_forward_mode_lets_tangents_go_as_it_goes(step: Callable[[Variable], Variable]) -> None:
    """Beside what the function itself holds, a chain of any length needs a few arrays."""
    n, array = 10_000, 80_000

    def chain(x: Variable) -> Variable:
        for _ in range(30):
            x = step(x)
        return x

    def peak(run: Callable[[], object]) -> int:
        gc.collect()
        tracemalloc.start()
        kept = run()
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        del kept
        return found

    x, t = np.linspace(0.1, 0.2, n) / n, np.ones(n)
    v = Variable(x)
    assert peak(lambda: tp.jvp(chain, (x,), (t,))) < peak(lambda: chain(v)) + 8 * array


COMPLEX = [np.exp, np.abs, np.conj, np.real, np.imag, np.angle, np.fft.fft, lambda z: z * np.conj(z), lambda z: 1 / z]


@pytest.mark.parametrize("f", COMPLEX, ids=range(len(COMPLEX)))
def test_forward_mode_is_the_transpose_of_reverse_mode_in_the_complex_plane(f: Callable[[Variable], Variable]) -> None:
    z, t = np.array([1.0 + 2.0j, -0.5 + 0.25j]), np.array([0.25 - 1.0j, 0.5 + 0.75j])
    y, pull = tp.vjp(f, z)
    _, moved = tp.jvp(f, (z,), (t,))
    assert moved.dtype == y.dtype
    g = np.array([1.0 - 0.5j, 0.5 + 0.125j]) if np.iscomplexobj(y) else np.array([1.0, -0.5])
    ahead, back = np.sum(g * moved).real, np.sum(pull(g)[0] * t).real
    assert math.isclose(ahead, back, rel_tol=1e-13)
