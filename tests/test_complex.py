"""Complex numbers: a gradient g of x says what a direction does by Re(sum(g dx)); no holomorphic rule has a conjugate.

The formulas here follow from that pairing; where JAX has the function, its numbers are the same.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad
from tinypytorch import Array, Variable, gradients
from tinypytorch.arrays import IMAGINARY, Shape
from tinypytorch.ops.accumulations import Norm
from tinypytorch.testing.programs import leaf_in


def leaf(shape: Shape = (2, 3), seed: int = 1, dtype: str = "complex128") -> Variable:
    return Variable(np.array(leaf_in(dtype, shape, seed)))


def near(a: object, b: object) -> None:
    np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-12, atol=1e-13)


def names(*xs: Variable | Array) -> list[str]:
    return [x.dtype.name for x in xs]


points = st.tuples(st.integers(-128, 128), st.integers(1, 128)).map(lambda p: complex(p[0] / 64, p[1] / 64))


# The convention.


def test_the_gradient_of_a_real_loss_is_dx_minus_i_dy() -> None:
    """L = x**2 + 3 y for z = x + i y; PyTorch gives the conjugate of this."""
    z = Variable(np.array(2.0 + 5.0j))
    loss = z.real**2 + z.imag * 3.0
    loss.backward()
    assert loss.dtype == np.float64
    assert grad(z).item() == 2 * 2.0 - 3.0j


def test_the_steepest_descent_goes_along_the_conjugate() -> None:
    z, target = Variable(np.array([1.0 + 1.0j, -2.0j])), np.array([3.0 - 1.0j, 1.0j])
    for _ in range(60):
        z.cleargrad()
        (abs(z - target) ** 2).backward()
        z.data -= 0.2 * np.conj(grad(z))
    near(z.data, target)


@given(points)
def test_a_holomorphic_function_has_its_derivative(at: complex) -> None:
    z = Variable(np.array(at))
    y = np.exp(z) * z**3 / (z + 2.0)
    y.backward()  # seeds one
    expected = np.exp(at) * (at**3 / (at + 2) + 3 * at**2 / (at + 2) - at**3 / (at + 2) ** 2)
    near(grad(z), expected)


HOLOMORPHIC: dict[str, tuple[Callable[[Variable], Variable], Callable[[complex], complex]]] = {
    "mul": (lambda z: z * (2 - 1j), lambda z: 2 - 1j),
    "div": (lambda z: (1 + 1j) / z, lambda z: -(1 + 1j) / z**2),
    "pow": (lambda z: z ** (1 + 2j), lambda z: (1 + 2j) * z**2j),
    "rpow": (lambda z: (1 + 2j) ** z, lambda z: (1 + 2j) ** z * np.log(1 + 2j)),
    "of a real base": (lambda z: (-2.0) ** z, lambda z: (-2.0 + 0j) ** z * np.log(-2.0 + 0j)),
    "square": (lambda z: z**2, lambda z: 2 * z),
    "sqrt": (tp.sqrt, lambda z: 0.5 / np.sqrt(z)),
    "log": (tp.log, lambda z: 1 / z),
    "tan": (tp.tan, lambda z: 1 / np.cos(z) ** 2),
    "tanh": (tp.tanh, lambda z: 1 / np.cosh(z) ** 2),
    "arcsin": (tp.arcsin, lambda z: 1 / (np.sqrt(1 - z) * np.sqrt(1 + z))),
    "arccos": (tp.arccos, lambda z: -1 / (np.sqrt(1 - z) * np.sqrt(1 + z))),
    "arctan": (tp.arctan, lambda z: 1 / (1 + z * z)),
    "arcsinh": (tp.arcsinh, lambda z: 1 / (np.sqrt(1 + 1j * z) * np.sqrt(1 - 1j * z))),
    "arccosh": (tp.arccosh, lambda z: 1 / (np.sqrt(z - 1) * np.sqrt(z + 1))),
    "arctanh": (tp.arctanh, lambda z: 1 / (1 - z * z)),
    "expm1": (tp.expm1, np.exp),
    "exp2": (tp.exp2, lambda z: 2**z * np.log(2)),
    "log2": (tp.log2, lambda z: 1 / (z * np.log(2))),
    "log1p": (tp.log1p, lambda z: 1 / (1 + z)),
    "reciprocal": (tp.reciprocal, lambda z: -1 / z**2),
}


@pytest.mark.parametrize("name", HOLOMORPHIC)
@given(points)
def test_rules_without_a_conjugate(name: str, at: complex) -> None:
    f, slope = HOLOMORPHIC[name]
    z = Variable(np.array(at))
    f(z).backward()
    np.testing.assert_allclose(grad(z), slope(at), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", HOLOMORPHIC)
@given(points)
def test_cauchy_and_riemann(name: str, at: complex) -> None:
    """Of u + i v, du/dx = dv/dy and du/dy = -dv/dx: the gradient of i u + v is that of u turned by i."""
    f = HOLOMORPHIC[name][0]
    x, y = Variable(np.array(at.real)), Variable(np.array(at.imag))
    w = f(x + y * 1j)
    ux, uy = gradients(w.real, (x, y))
    vx, vy = gradients(w.imag, (x, y))
    np.testing.assert_allclose([ux.item(), uy.item()], [vy.item(), -vx.item()], rtol=1e-9, atol=1e-9)


def test_functions_that_are_not_holomorphic() -> None:
    z = leaf()
    gy = leaf(seed=4).data
    rules: list[tuple[Variable, Array, object]] = [
        (tp.real(z), gy.real, gy.real),
        (tp.imag(z), gy.real, -1j * gy.real),
        (tp.conj(z), gy, np.conj(gy)),
        (tp.conjugate(z), gy, np.conj(gy)),
        (tp.absolute(z), gy.real, gy.real * np.conj(z.data) / abs(z.data)),
        (tp.angle(z), gy.real, -1j * gy.real / z.data),
        (tp.angle(z, deg=True), gy.real, -1j * gy.real / z.data * (180 / np.pi)),
    ]
    for y, seed, expected in rules:
        z.cleargrad()
        y.backward(seed)
        near(grad(z), expected)
        assert grad(z).dtype == np.complex128


def test_at_zero_the_size_and_the_angle_have_gradient_zero() -> None:
    functions: list[Callable[[Variable], Variable]] = [
        *(tp.absolute, tp.angle, tp.std),
        lambda z: z.record(Norm()),
        lambda z: z.record(Norm(3.0)),
    ]
    for f in functions:
        z = Variable(np.zeros(3, complex))
        f(z).backward()
        assert not grad(z).any()


def test_numpy_finds_them() -> None:
    z = leaf()
    found: list[tuple[object, object]] = [
        (call(np.real, z), z.data.real),
        (call(np.imag, z), z.data.imag),
        (np.conj(z), z.data.conj()),
        (np.conjugate(z), z.data.conj()),
        (call(np.angle, z), np.angle(z.data)),
        (call(np.angle, z, deg=True), np.angle(z.data, deg=True)),
        (np.abs(z), abs(z.data)),
        (z.real, z.data.real),
        (z.imag, z.data.imag),
        (z.conj(), z.data.conj()),
        (z.conjugate(), z.data.conj()),
        (call(np.var, z), np.var(z.data)),
        (call(np.std, z, axis=0), np.std(z.data, axis=0)),
        (call(np.correlate, z[0], z[1], "full"), np.correlate(z.data[0], z.data[1], "full")),
        (z.record(Norm()), np.linalg.norm(z.data)),
    ]
    for got, expected in found:
        assert isinstance(got, Variable)
        near(got.data, expected)
        assert got.dtype == np.asarray(expected).dtype
    for f in (np.isreal, np.iscomplex, np.iscomplexobj, np.isrealobj, np.isfinite):
        np.testing.assert_array_equal(call(f, z), call(f, z.data))


# Real and complex together.


def test_a_real_operand_gets_the_real_part() -> None:
    z, x = leaf(), Variable(leaf().data.real.copy())
    joined: list[Callable[[], Variable]] = [
        lambda: z * x,
        lambda: x - z,
        lambda: tp.where(z.data.real > 0, x, z),
        lambda: tp.concatenate([x, z]),
        lambda: tp.stack([z, x]),
        lambda: x.astype(complex) * z,
        lambda: tp.at_set(z, (slice(None), 0), x[:, 0]),
        lambda: x @ z.T,
    ]
    for f in joined:
        for v in (z, x):
            v.cleargrad()
        y = f()
        y.backward()
        assert names(y, grad(z), grad(x)) == ["complex128", "complex128", "float64"]
        recorded = gradients(f(), (z, x), create_graph=True)
        for g, v in zip(recorded, (z, x), strict=True):
            assert g.dtype == v.dtype
            near(g.data, grad(v))


def test_numbers_are_weak() -> None:
    z, x = leaf(dtype="complex64"), Variable(np.ones(2, np.float32))
    assert [(z * 2.0).dtype, (z * 1j).dtype, (x * 1j).dtype, (1j - x).dtype] == [np.dtype(np.complex64)] * 4
    assert (x * np.complex128(1j)).dtype == np.complex128
    y = (x * 1j) ** 2
    y.backward()
    assert grad(x).tolist() == [-2.0, -2.0]
    assert grad(x).dtype == np.float32


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "clongdouble"])
def test_every_precision(dtype: str) -> None:
    z = leaf(dtype=dtype)
    y = tp.sum(abs(np.exp(z * 0.5j)) * z.imag)
    y.backward()
    assert y.dtype == z.data.real.dtype
    assert grad(z).dtype == z.dtype
    (g,) = gradients(tp.sum(tp.angle(z) * abs(z)), z, create_graph=True)
    assert g.dtype == z.dtype
    assert gradients(g, z)[0].dtype == z.dtype


def test_seeds_and_gradients_of_another_kind() -> None:
    z, x = leaf((2,)), Variable(np.ones(2))
    (z * 1.0).backward(np.array([1.0, 2.0]))  # a real seed of a complex output
    assert grad(z).tolist() == [1.0, 2.0]
    seeded: list[Callable[[], object]] = [
        lambda: (x * 2.0).backward(np.array([1j, 1.0])),
        lambda: gradients(x * 2.0, x, np.array([1j, 1.0])),
    ]
    for f in seeded:
        with pytest.raises(TypeError, match=r"complex128 for data of dtype float64, which is real; give its real part"):
            f()
    with pytest.raises(ValueError, match=r"grad: .* does not fit"):
        x.grad = np.array([1j, 1.0])
    z.grad = np.array([1.0, 2.0])
    assert grad(z).dtype == np.complex128


def test_python_numbers() -> None:
    z = Variable(np.array(3.0 - 4.0j))
    assert (complex(z), z.item(), f"{z:.1f}", bool(z)) == (3 - 4j, 3 - 4j, "3.0-4.0j", True)
    for f in (float, int):
        with pytest.raises(TypeError, match=r"would drop the imaginary part; take x.real"):
            f(z)
    assert repr(z) == "variable((3-4j))"
    assert tp.as_variable(2j).requires_grad
    assert not Variable(np.array([1j]), requires_grad=False).requires_grad


def test_ops_of_your_own_get_what_they_are_given() -> None:
    class Turn:
        """i x of real or complex x."""

        def forward(self, x: Array, /) -> Array:
            return x * IMAGINARY

        def backward(self, gy: tp.T, y: tp.T, x: tp.T, /) -> tp.T:
            return gy * IMAGINARY

    x = Variable(np.array([1.0, 2.0]))
    y = tp.apply(Turn(), x)
    y.backward(np.array([1.0 + 2.0j, 3.0j]))
    assert y.data.tolist() == [1j, 2j]
    assert grad(x).tolist() == [-2.0, -3.0]


# Higher orders.


def test_second_derivatives() -> None:
    z = leaf((3,))
    (g,) = gradients(tp.sum(abs(z) ** 2), z, create_graph=True)
    near(g.data, 2 * np.conj(z.data))
    v = leaf((3,), 5).data
    (h,) = gradients(g, z, v)  # along v: d/dz of Re(sum(v g))
    near(h.data, 2 * np.conj(v))
    (g,) = gradients(tp.sum(z**3), z, create_graph=True)
    (h,) = gradients(g, z, create_graph=True)
    (third,) = gradients(h, z)
    near(h.data, 6 * z.data)
    near(third.data, np.full(3, 6.0))


def test_the_size_is_harmonic_in_its_logarithm() -> None:
    """log |z| has no Laplacian: its gradient is 1 / z, whose own derivative is holomorphic."""
    z = leaf((3,))
    (g,) = gradients(tp.sum(tp.log(abs(z))), z, create_graph=True)
    near(g.data, 1 / z.data)
    (h,) = gradients(g, z)
    near(h.data, -1 / z.data**2)


# What has no meaning, and what is careful.


def test_an_error_names_op_operands_and_remedy() -> None:
    z = leaf()
    with pytest.raises(TypeError) as error:
        call(np.maximum, z, 1.0)
    assert "Maximum: it has no derivative rule for complex operands" in str(error.value)
    assert "give x.real, x.imag or abs(x). Given: (2, 3) complex128, float" in str(error.value)


ORDERED: list[Callable[[Variable], object]] = [
    *(tp.sort, tp.median, tp.max, tp.min, tp.ptp, tp.nanmax, tp.relu, tp.sigmoid, tp.elu, tp.leaky_relu, tp.softmax),
    *(tp.softplus, tp.silu, tp.gelu, tp.logsumexp, tp.nan_to_num, tp.sinc, tp.cbrt, tp.fabs, tp.deg2rad, tp.softsign),
    *(lambda z: z.clip(0.0, 1.0), lambda z: tp.partition(z, 1), lambda z: tp.quantile(z, 0.5), lambda z: z.max(0)),
    *(lambda z: tp.interp(z, [0.0, 1.0], [1.0, 2.0]), lambda z: tp.arctan2(z, 1.0), lambda z: tp.hypot(z, 1.0)),
    *(lambda z: tp.xlogy(z, z), lambda z: tp.remainder(z, 2.0), lambda z: tp.copysign(1.0, z), lambda z: np.sign(z)),
]


@pytest.mark.parametrize("f", ORDERED)
def test_what_has_no_meaning_is_refused(f: Callable[[Variable], object]) -> None:
    with pytest.raises(TypeError, match=r"complex"):
        f(leaf())


def test_no_overflow_and_no_cancellation() -> None:
    z = Variable(np.array([800.0 + 1.0j, -800.0 - 2.0j]))
    tp.tanh(z).backward()
    assert np.isfinite(grad(z)).all()
    z = Variable(np.array([1.0 + 30.0j]))
    tp.tan(z).backward()
    np.testing.assert_allclose(grad(z), 1 / np.cos(z.data) ** 2, rtol=1e-12)
    functions: list[Callable[[Variable], Variable]] = [tp.arctan, tp.arcsinh]
    for f in functions:
        z = Variable(np.array([1e200 + 1e200j]))
        f(z).backward()
        assert np.isfinite(grad(z)).all()
    z = Variable(np.array([3e200 + 4e200j]))
    abs(z).backward()
    near(grad(z), [0.6 - 0.8j])


def test_complex_values_do_not_become_real_unsaid() -> None:
    z, x = leaf((2,)), Variable(np.ones(2))
    casts: list[Callable[[], Variable]] = [
        lambda: z.astype(float),
        lambda: tp.at_set(x, 0, z[0]),
        lambda: tp.at_add(x, 0, z[0]),
    ]
    for f in casts:
        with pytest.raises(TypeError, match=r"complex values are not cast to real ones.*x.real"):
            f()
    y = x.astype(np.complex64)
    y.backward(np.array([2.0 + 1.0j, 1j]))
    assert grad(x).tolist() == [2.0, 0.0]
    assert z.astype("complex64").dtype == np.complex64


def test_float_power_is_at_least_double() -> None:
    z = leaf(dtype="complex64")
    y = call(np.float_power, z, 2.5)
    assert isinstance(y, Variable)
    assert names(tp.float_power(z, 2), y) == ["complex128", "complex128"]
