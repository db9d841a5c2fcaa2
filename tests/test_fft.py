"""`tinypytorch.fft`: NumPy's numbers, and gradients that follow from what a linear function is."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad
from tinypytorch import Array, Variable, fft, gradients
from tinypytorch.arrays import IMAGINARY, Shape, numeric_array
from tinypytorch.testing.programs import leaf_in, weights

LINES = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
SEVERAL = ("fftn", "ifftn", "rfftn", "irfftn", "fft2", "ifft2", "rfft2", "irfft2")
SHIFTS = ("fftshift", "ifftshift")
REAL = ("rfft", "ihfft", "rfftn", "rfft2")  # those that take real numbers only
NORMS = (None, "backward", "ortho", "forward")

norms = st.sampled_from(NORMS)


def of(name: str, shape: Shape, seed: int = 1, dtype: str = "complex128") -> Variable:
    """A leaf that the function takes."""
    x = leaf_in(dtype, shape, seed)
    return Variable(np.array(x.real if name in REAL else x))


def ours(name: str, *args: object, **kwargs: object) -> Variable:
    y = call(getattr(fft, name), *args, **kwargs)
    assert isinstance(y, Variable)
    return y


def numpys(name: str, *args: object, **kwargs: object) -> Array:
    y = call(getattr(np.fft, name), *args, **kwargs)
    found = numeric_array(y)
    assert found is not None
    return found


def paired(a: Array, b: Array) -> float:
    return float((a * b).sum().real)


def check(name: str, x: Variable, *args: object, **kwargs: object) -> None:
    """The values are NumPy's; and, the function being linear, Re(sum(gy f(d))) is Re(sum(g d)), at every order."""
    y = ours(name, x, *args, **kwargs)
    expected = numpys(name, x.data, *args, **kwargs)
    np.testing.assert_allclose(y.data, expected, rtol=1e-13, atol=1e-13)
    assert (y.dtype, y.shape) == (expected.dtype, expected.shape)
    through = call(getattr(np.fft, name), x, *args, **kwargs)
    assert isinstance(through, Variable)
    assert through.data.tobytes() == y.data.tobytes()
    seed = Variable(np.array(weights(y.data, 3)))
    d = weights(x.data, 8)
    (g,) = gradients(y, x, seed, create_graph=True)
    assert (g.dtype, g.shape) == (x.dtype, x.shape)
    forward = paired(seed.data, numpys(name, d, *args, **kwargs))
    np.testing.assert_allclose(paired(g.data, d), forward, rtol=1e-12, atol=1e-12)
    (back,) = gradients(g, seed, d)  # the derivative by the seed is the function again
    np.testing.assert_allclose(paired(back.data, seed.data), forward, rtol=1e-12, atol=1e-12)
    if x.dtype.kind == "c":
        across = d * IMAGINARY
        np.testing.assert_allclose(
            paired(g.data, across), paired(seed.data, numpys(name, across, *args, **kwargs)), rtol=1e-12, atol=1e-12
        )


@pytest.mark.parametrize("name", LINES)
@given(st.integers(1, 7), st.none() | st.integers(1, 9), st.sampled_from((0, 1, -1)), norms)
def test_along_a_line(name: str, length: int, n: int | None, axis: int, norm: str | None) -> None:
    assume(n is not None or length > 1 or name not in ("irfft", "hfft"))
    shape = (length, 2) if axis == 0 else (2, length)
    check(name, of(name, shape), n, axis, norm)


@pytest.mark.parametrize("name", SEVERAL)
@given(
    st.sampled_from(((-2, -1), (0, 2), (1, 2), (2, 0), (2, 1))),
    st.none() | st.tuples(st.integers(1, 5), st.integers(1, 5)),
    norms,
)
def test_along_several_axes(name: str, axes: tuple[int, int], s: tuple[int, int] | None, norm: str | None) -> None:
    check(name, of(name, (2, 3, 4)), s, axes, norm)


@pytest.mark.parametrize("name", SEVERAL)
def test_all_axes_and_lengths_as_they_are(name: str) -> None:
    x = of(name, (2, 3, 4))
    check(name, x, s=(-1, 6), axes=(0, 2))
    if name.endswith("n"):
        check(name, x)
        check(name, x, axes=(1,))


@pytest.mark.parametrize("name", ["fftn", "ifftn"])
def test_an_axis_named_twice_is_transformed_twice(name: str) -> None:
    check(name, of(name, (2, 3)), axes=(0, 1, 0))


@pytest.mark.parametrize("name", SHIFTS)
@pytest.mark.parametrize("axes", [None, 0, (1,), (0, -1)])
def test_shifts(name: str, axes: int | tuple[int, ...] | None) -> None:
    check(name, of(name, (3, 4)), axes=axes)
    x = of(name, (5,))
    back = ours({"fftshift": "ifftshift", "ifftshift": "fftshift"}[name], ours(name, x))
    np.testing.assert_array_equal(back.data, x.data)


@given(st.integers(1, 9), st.sampled_from((1.0, 0.25, 3.0)))
def test_frequencies(n: int, d: float) -> None:
    for name in ("fftfreq", "rfftfreq"):
        found = numeric_array(call(getattr(fft, name), n, d))
        assert found is not None
        np.testing.assert_array_equal(found, numpys(name, n, d))


@given(st.integers(2, 8), norms)
def test_inverses(n: int, norm: str | None) -> None:
    """The gradient through a transform and its inverse is the seed."""
    pairs: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("fft", "ifft", {}),
        ("ifft", "fft", {}),
        ("rfft", "irfft", {"n": n}),
        ("ihfft", "hfft", {"n": n}),
        ("fftn", "ifftn", {}),
    )
    for forth, back, extra in pairs:
        x = of(forth, (n,))
        y = ours(back, ours(forth, x, norm=norm), norm=norm, **extra)
        seed = weights(y.data, 2)
        y.backward(seed)
        np.testing.assert_allclose(y.data, x.data, rtol=1e-13, atol=1e-13)
        np.testing.assert_allclose(grad(x), seed, rtol=1e-13, atol=1e-13)


@given(st.integers(1, 8))
def test_parseval(n: int) -> None:
    """Sum |y|**2 is n sum |x|**2: the gradient is 2 n conj(x). Of the halves, entries count twice but for the ends."""
    x = of("fft", (n,))
    (abs(fft.fft(x)) ** 2).sum().backward()
    np.testing.assert_allclose(grad(x), 2 * n * np.conj(x.data), rtol=1e-12, atol=1e-12)
    r = of("rfft", (n,))
    counts = np.array([1.0 if k == 0 or 2 * k == n else 2.0 for k in range(n // 2 + 1)])
    (abs(fft.rfft(r)) ** 2 * counts).sum().backward()
    np.testing.assert_allclose(grad(r), 2 * n * r.data, rtol=1e-12, atol=1e-12)


@given(st.integers(1, 6))
def test_unused_imaginary_parts_have_no_gradient(m: int) -> None:
    for n in (2 * m - 1, 2 * m - 2):
        if n < 1:
            continue
        x = of("irfft", (m,))
        fft.irfft(x, n).backward(weights(np.zeros(n), 5))
        assert grad(x)[0].imag == 0
        assert n % 2 or grad(x)[n // 2].imag == 0


def test_a_convolution_by_transforms() -> None:
    """As many hands write it; its gradients are those of `np.convolve`."""
    a, b = Variable(np.array([1.0, 2.0, -1.0])), Variable(np.array([0.5, -0.25]))
    seed = np.array([1.0, -2.0, 0.5, 3.0])
    by_transforms = fft.irfft(fft.rfft(a, 4) * fft.rfft(b, 4), 4)
    found = gradients(by_transforms, (a, b), seed)
    expected = gradients(tp.convolve(a, b), (a, b), seed)
    np.testing.assert_allclose(by_transforms.data, np.convolve(a.data, b.data), rtol=1e-13, atol=1e-13)
    for g, e in zip(found, expected, strict=True):
        np.testing.assert_allclose(g.data, e.data, rtol=1e-13, atol=1e-13)


def test_second_order_through_a_spectrum() -> None:
    x = Variable(np.array([1.0, -0.5, 2.0, 0.25]))
    power = (abs(fft.rfft(x)) ** 4).sum()
    (g,) = gradients(power, x, create_graph=True)
    v, eps = np.array([0.5, 1.0, -1.0, 0.75]), 1e-5
    (h,) = gradients(g, x, v)

    def slope(at: Array) -> Array:
        z = Variable(at)
        return gradients((abs(fft.rfft(z)) ** 4).sum(), z)[0].data

    np.testing.assert_allclose(h.data, (slope(x.data + eps * v) - slope(x.data - eps * v)) / (2 * eps), rtol=1e-7)


@pytest.mark.parametrize(
    ("dtype", "complex_dtype"), [("float32", "complex64"), ("float64", "complex128"), ("longdouble", "clongdouble")]
)
def test_precisions(dtype: str, complex_dtype: str) -> None:
    x = Variable(np.ones(4, dtype))
    for y in (fft.fft(x), fft.rfft(x), fft.ihfft(x)):
        y.backward()
        assert (y.dtype, grad(x).dtype) == (np.dtype(complex_dtype), np.dtype(dtype))
    z = Variable(np.ones(4, complex_dtype))
    for y in (fft.irfft(z), fft.hfft(z)):
        y.backward()
        assert (y.dtype, grad(z).dtype) == (np.dtype(dtype), np.dtype(complex_dtype))


def test_names_and_signatures_are_numpys() -> None:
    names = [name for name in dir(np.fft) if not name.startswith("_") and callable(getattr(np.fft, name))]
    assert sorted(fft.__all__) == sorted(name for name in names if name not in ("test", "helper"))
    for name in fft.__all__:
        mine = list(inspect.signature(getattr(fft, name)).parameters)
        theirs = list(inspect.signature(getattr(np.fft, name)).parameters)
        assert mine == [p for p in theirs if p not in ("out", "device")]


def test_what_numpy_takes_beside_is_refused() -> None:
    x = Variable(np.ones(4))
    with pytest.raises(TypeError, match="fft of Variables takes no out"):
        call(np.fft.fft, x, out=np.ones(4, complex))


ERRORS: list[tuple[Callable[[Variable], object], type[Exception], str]] = [
    (lambda x: fft.fft(x, 0), ValueError, r"fft: a transform has at least one entry, not 0"),
    (lambda x: fft.irfft(x[:1]), ValueError, r"irfft: a transform has at least one entry, not 0"),
    (lambda x: fft.fft(x[:0]), ValueError, r"fft: a transform has at least one entry"),
    (lambda x: fft.fft(x, axis=1), IndexError, r"axis 1 is out of bounds"),
    (lambda x: fft.rfft(x * 1j), TypeError, r"RealFourier.* for complex operands"),
    (lambda x: fft.ifftn(x, (2, 2), (0,)), ValueError, r"ifftn: 2 lengths for 1 axes; give one for each"),
]


@pytest.mark.parametrize(("f", "error", "message"), ERRORS)
def test_errors(f: Callable[[Variable], object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        f(Variable(np.ones(4)))
