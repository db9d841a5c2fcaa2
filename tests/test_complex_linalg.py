"""Linear algebra of complex matrices: NumPy's values, differences of them, PyTorch, phases, and what LAPACK reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad
from tests.test_linalg import CALLS, TALL, entries, give_numpys_values, parts, read_one_triangle
from tinypytorch import Array, Variable, gradients, linalg
from tinypytorch.arrays import IMAGINARY, Shape
from tinypytorch.ops.arithmetic import Add
from tinypytorch.ops.decompositions import Svd
from tinypytorch.ops.indexing import GetItem
from tinypytorch.ops.products import VecMat
from tinypytorch.ops.selection import Where
from tinypytorch.testing import check_function
from tinypytorch.testing.checks import Verdict, check_first, check_second
from tinypytorch.testing.programs import Program


def plane(shape: Shape, seed: int = 0) -> Array:
    return np.asarray(entries(shape, seed) + IMAGINARY * entries(shape, seed + 100))


def hermitian(shape: Shape, seed: int = 0) -> Array:
    """Positive definite, with eigenvalues apart."""
    a = plane(shape, seed) / 4.0
    return np.asarray(a @ np.conjugate(a).mT + np.diag(np.arange(1.0, shape[-1] + 1)))


def adjoint(x: Variable) -> Variable:
    return tp.conj(x).mT


def turned(name: str, x: Array) -> Array:
    """Complex numbers in place of real ones."""
    return np.asarray(x + IMAGINARY * np.cos(np.arange(x.size)).reshape(x.shape) * (0.1 if name == "cholesky" else 1.0))


def pairing(a: Array, b: Array) -> float:
    """What a gradient says that a direction does."""
    return float(np.sum(a * b).real)


COMPLEX = [(name, [turned(name, a) for a in arrays], options) for name, arrays, options in CALLS]


@pytest.mark.parametrize(("name", "arrays", "options"), COMPLEX)
def test_both_names_give_numpys_values(name: str, arrays: list[Array], options: Mapping[str, object]) -> None:
    give_numpys_values(name, arrays, options)


@pytest.mark.parametrize(("name", "arrays", "options"), COMPLEX)
@pytest.mark.parametrize("dtype", ["complex64", "clongdouble"])
def test_every_dtype(name: str, arrays: list[Array], options: Mapping[str, object], dtype: str) -> None:
    near = 2000 * max(float(np.finfo(dtype).eps), 1e-15)
    rounded = [a.astype(dtype) for a in arrays]
    expected = call(getattr(np.linalg, name), *(a.astype("complex128") for a in rounded), **options)
    xs = [Variable(a) for a in rounded]
    for y, e in zip(parts(call(getattr(linalg, name), *xs, **options)), parts(expected), strict=True):
        if isinstance(y, Variable):
            assert y.dtype.name in (np.dtype(dtype).name, {"complex64": "float32"}.get(dtype, np.dtype("g").name))
            np.testing.assert_allclose(y.data.astype("complex128"), np.asarray(e), rtol=near, atol=near)
            if y.requires_grad:
                y.backward()
    assert all(x.grad is None or (x.grad.dtype == dtype and np.isfinite(x.grad).all()) for x in xs)


def differentiable(name: str, arrays: list[Array], options: Mapping[str, object]) -> bool:
    """Whether there is a derivative: of something that is not empty, not a count, and of no rank that is lowered."""
    left_out = name == "matrix_rank" or options.get("ord") == 0 or options.get("rcond") == 0.9
    return not left_out and all(a.size for a in arrays)


@pytest.mark.parametrize(("name", "arrays", "options"), [c for c in COMPLEX if differentiable(*c)])
def test_gradients_are_what_numpys_values_do(name: str, arrays: list[Array], options: Mapping[str, object]) -> None:
    """By differences of NumPy's own function, that knows nothing of this package: phases are LAPACK's."""
    f = getattr(np.linalg, name)
    directions = [plane(a.shape, 7 + n) for n, a in enumerate(arrays)]
    h = 1e-6

    def moved(t: float) -> list[Array]:
        found = call(f, *(a + t * d for a, d in zip(arrays, directions, strict=True)), **options)
        return [np.asarray(y) for y in parts(found)]

    xs = [Variable(a) for a in arrays]
    outputs = parts(call(f, *xs, **options))
    for y, up, down in zip(outputs, moved(h), moved(-h), strict=True):
        if not isinstance(y, Variable) or not y.requires_grad:
            continue
        seed = plane(y.shape, 3) if y.dtype.kind == "c" else entries(y.shape, 3)
        found = gradients(y, xs, seed, allow_unused=True)
        along = sum(pairing(g.data, d) for g, d in zip(found, directions, strict=True))
        assert along == pytest.approx(pairing(seed, (up - down) / (2 * h)), rel=2e-6, abs=2e-7)


SECOND: list[Callable[[Variable], Variable]] = [
    linalg.inv,
    linalg.det,
    lambda x: linalg.solve(x, x[:, :1] * 2.0),
    lambda x: linalg.slogdet(x).sign,
    lambda x: linalg.slogdet(x).logabsdet,
    lambda x: linalg.pinv(x[:, :2]),
    linalg.cholesky,
    lambda x: linalg.cholesky(x, upper=True),
    *(lambda x, n=n: linalg.qr(x[:, :2])[n] for n in (0, 1)),
    *(lambda x, n=n: linalg.qr(x[:2])[n] for n in (0, 1)),
    *(lambda x, n=n, uplo=uplo: linalg.eigh(x, uplo)[n] for n in (0, 1) for uplo in ("L", "U")),
    *(lambda x, n=n: linalg.svd(x)[n] for n in (0, 1, 2)),
    *(lambda x, n=n: linalg.svd(x, hermitian=True)[n] for n in (0, 1, 2)),
    *(lambda x, n=n: linalg.svd(x[:, :2], full_matrices=False)[n] for n in (0, 1, 2)),
    *(lambda x, n=n: linalg.svd(x[:2], full_matrices=False)[n] for n in (0, 1, 2)),
    lambda x: linalg.norm(x, "nuc"),
    lambda x: linalg.cond(x),
]


@pytest.mark.parametrize("f", SECOND)
def test_second_derivatives_are_differences_of_first_ones(f: Callable[[Variable], Variable]) -> None:
    a, d = hermitian((3, 3)), plane((3, 3), 7)
    h = 1e-6

    def first(at: Array, create_graph: bool = False) -> tuple[Variable, Variable]:
        x = Variable(at)
        y = f(x)
        seed = plane(y.shape, 3) if y.dtype.kind == "c" else entries(y.shape, 3)
        (g,) = gradients((y * seed).real.sum(), [x], create_graph=create_graph)
        return x, g

    x, g = first(a, create_graph=True)
    v = plane((3, 3), 9)
    (second,) = gradients((g * v).real.sum(), [x])
    up, down = (first(a + t * d)[1].data for t in (h, -h))
    assert pairing(second.data, d) == pytest.approx(pairing(v, (up - down) / (2 * h)), rel=1e-6, abs=1e-6)


HOLOMORPHIC: list[Callable[[Variable], Variable]] = [
    linalg.inv,
    linalg.det,
    lambda x: linalg.solve(x, plane((3, 2))),
    lambda x: linalg.matrix_power(x, -2),
]


@pytest.mark.parametrize("f", HOLOMORPHIC)
def test_cauchy_and_riemann(f: Callable[[Variable], Variable]) -> None:
    """Of what is holomorphic the gradient of the imaginary part is that of the real one, turned by -i."""
    x = Variable(plane((3, 3), 2))
    y = f(x)
    (re,) = gradients(y.real.sum(), [x])
    (im,) = gradients(y.imag.sum(), [x])
    np.testing.assert_allclose(im.data, -1j * re.data, rtol=1e-12)
    (whole,) = gradients(y, [x])
    np.testing.assert_allclose(whole.data, re.data, rtol=1e-12)


def test_the_logarithm_of_a_determinant() -> None:
    """Its parts are log |det| and the angle of the sign: together the gradient is the inverse's transpose."""
    x = Variable(plane((3, 3), 2))
    sign, size = linalg.slogdet(x)
    (re,) = gradients(size, [x])
    (im,) = gradients(tp.angle(sign), [x])
    inverse = np.linalg.inv(x.data).T
    np.testing.assert_allclose(re.data, inverse, rtol=1e-12)
    np.testing.assert_allclose(im.data, -1j * inverse, rtol=1e-12)
    np.testing.assert_allclose((sign * tp.exp(size)).data, np.linalg.det(x.data), rtol=1e-12)


@given(st.integers(1, 6), st.integers(0, 6), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_the_determinant_of_a_matrix_of_any_rank(n: int, rank: int, seed: int) -> None:
    a = plane((n, min(rank, n)), seed) @ plane((min(rank, n), n), seed + 1)
    x = Variable(a)
    linalg.det(x).backward()
    minors = [
        [(-1.0) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(n)] for i in range(n)
    ]
    np.testing.assert_allclose(grad(x), np.array(minors), atol=1e-11 * max(1.0, float(np.abs(a).max())) ** n)


def test_which_triangle_is_read() -> None:
    """The gradient is in it, and real on the diagonal, of which the imaginary part is not read."""
    read_one_triangle(hermitian((3, 3)), np.full((3, 3), 1.0 + 1.0j) - np.eye(3))


@pytest.mark.parametrize("values", [[1.0, 1.0, 1.0], [2.0, 2.0, 5.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
def test_functions_of_equal_eigenvalues(values: list[float]) -> None:
    q = np.linalg.qr(plane((3, 3)))[0]
    a = np.asarray(q @ np.diag(values) @ q.conj().T)
    x = Variable(a)
    tp.sum(linalg.eigvalsh(x) ** 2).backward()
    both = 2 * np.conj(np.tril(a) + np.tril(a, -1))
    np.testing.assert_allclose(grad(x), both, atol=1e-12)
    x = Variable(a)
    tp.sum(linalg.svdvals(x) ** 2).backward()
    np.testing.assert_allclose(grad(x), 2 * a.conj(), atol=1e-12)
    for f in (linalg.eigh, linalg.svd):
        x = Variable(a)
        for y in parts(call(f, x)):
            assert isinstance(y, Variable)
            y.backward()
        assert np.isfinite(grad(x)).all()


# Phases.


def projectors(v: Variable, w: Array) -> Variable:
    """A sum of the projectors onto columns: it does not depend on phases."""
    return (v * w) @ adjoint(v)


BLOCKS: Array = np.asarray(np.array([[2.0, 0.0, 0.0], [0.0, 3.0, 0.5j], [0.0, -0.5j, 5.0]]))


@pytest.mark.parametrize("at", [hermitian((3, 3)), BLOCKS, np.asarray(np.diag([1.0 + 0.0j, 2.0, 4.0]))])
@pytest.mark.parametrize("tilt", [0.0, 1e-9, 1e-14])
def test_functions_without_phases_do_not_mind_an_entry_that_is_small(at: Array, tilt: float) -> None:
    """The function of a matrix with f(w) = 0, 1, 2 has a derivative, whichever entry of a vector is 0 or nearly so."""
    a = at + tilt * (plane((3, 3), 4) + np.conjugate(plane((3, 3), 4)).T)
    weights, d = np.array([0.0, 1.0, 2.0]), hermitian((3, 3), 5)
    w, v = np.linalg.eigh(at)
    quotients = np.subtract.outer(weights, weights) / (np.subtract.outer(w, w) + np.eye(3))
    expected = v @ (quotients * (np.conjugate(v).T @ d @ v)) @ np.conjugate(v).T
    seed = plane((3, 3), 6)
    x = Variable(a)
    projectors(linalg.eigh(x)[1], weights).backward(seed)
    assert pairing(grad(x), np.tril(d)) == pytest.approx(pairing(seed, expected), rel=1e-6)
    x = Variable(a)  # positive definite: singular vectors are eigenvectors
    projectors(linalg.svd(x)[0], weights[::-1]).backward(seed)
    assert pairing(grad(x), d) == pytest.approx(pairing(seed, expected), rel=1e-6)


@pytest.mark.parametrize("dtype", ["complex64", "complex128", "clongdouble"])
def test_one_entry_of_each_vector_is_real(dtype: str) -> None:
    x = Variable(plane((2, 4, 4), 3).astype(dtype))
    for shape in TALL:
        u, _, vh = linalg.svd(Variable(plane(shape, 4).astype(dtype)), full_matrices=False)
        real = u[..., 0, :] if shape[-2] < shape[-1] else vh[..., :, 0]
        np.testing.assert_allclose(real.data.imag, 0.0, atol=1e-7 if dtype == "complex64" else 1e-15)
    for uplo, at in (("L", 0), ("U", -1)):
        v = linalg.eigh(x, "L" if uplo == "L" else "U").eigenvectors
        np.testing.assert_allclose(v.data[..., at, :].imag, 0.0, atol=1e-7 if dtype == "complex64" else 1e-15)
    r = linalg.qr(x, "r")
    assert not np.diagonal(r.data, 0, -2, -1).imag.any()


def test_extended_precision_is_extended() -> None:
    a, u = hermitian((3, 3)).astype("clongdouble"), plane((3, 2)).astype("clongdouble")
    tight = 100 * float(np.finfo("longdouble").eps)
    x, eye = Variable(a), np.eye(3)
    np.testing.assert_allclose((linalg.inv(x) @ x).data, eye, atol=tight)
    for uplo in ("L", "U"):
        w, v = linalg.eigh(x, "L" if uplo == "L" else "U")
        np.testing.assert_allclose((v * w @ adjoint(v)).data, a, atol=tight)
        np.testing.assert_allclose((adjoint(v) @ v).data, eye, atol=tight)
    for b in (u, np.conjugate(u).T):
        left, s, vh = linalg.svd(Variable(b), full_matrices=False)
        np.testing.assert_allclose((left * s @ vh).data, b, atol=tight)
        np.testing.assert_allclose((vh @ adjoint(vh)).data, np.eye(2), atol=tight)
        q, r = linalg.qr(Variable(b))
        np.testing.assert_allclose((q @ r).data, b, atol=tight)
    low, up = linalg.cholesky(x), linalg.cholesky(x, upper=True)
    np.testing.assert_allclose((low @ adjoint(low)).data, a, atol=tight)
    np.testing.assert_allclose((adjoint(up) @ up).data, a, atol=tight)
    sign, size = linalg.slogdet(x)
    np.testing.assert_allclose((sign * tp.exp(size)).data, linalg.det(x).data, rtol=tight)


@pytest.mark.parametrize("real", [[[2.0, 1.0], [0.0, -3.0]], [[2.0, 1.0], [1.0, -3.0]], [[-2.0, 0.0], [0.0, 1.0]]])
def test_real_values_in_a_complex_dtype(real: list[list[float]]) -> None:
    """LAPACK reflects nothing in a last column that is real already; dual numbers and extended precision follow it."""
    a = np.asarray(np.array(real) + 0.0j)
    for x, y in zip(np.linalg.qr(a), linalg.qr(Variable(a.astype("clongdouble"))), strict=True):
        np.testing.assert_allclose(y.data.astype(complex), x, atol=1e-15)


COMPOSED: list[Callable[[Variable, Variable], Variable]] = [
    lambda a, b: linalg.solve(a, b[:, 0]),
    lambda a, b: linalg.lstsq(b, a)[1],
    lambda a, b: linalg.norm(a, "nuc") * linalg.cond(b),
    lambda a, b: linalg.matrix_power(a, -3) @ b,
    lambda a, b: linalg.slogdet(a).sign * linalg.slogdet(adjoint(b) @ b).logabsdet,
    lambda a, b: projectors(linalg.eigh(a)[1], np.arange(3.0)) @ b,
]


@pytest.mark.parametrize("f", COMPOSED)
def test_functions_made_of_several_ops_are_verified(f: Callable[[Variable, Variable], Variable]) -> None:
    check_function(f, hermitian((3, 3)), plane((3, 2), 1), examples=4)


def test_a_sign_that_jumps_with_a_rounding_is_no_failure() -> None:
    """LAPACK's vectors are others where an imaginary part is 0 than where it is a rounding: no reference for those."""
    pairs, squares = GetItem(np.array([0, 0])), GetItem(np.array([[0, 0], [0, 0]]))
    corner = Where(np.array([[False, False], [False, True]]))
    p = Program.of(
        [np.array([1.0063456929922319 - 0.09905289640762249j])],
        *((pairs, 0), (squares, 0), (VecMat(), 1, 2), (Add(), 3, 6.0), (corner, 4, 3), (Svd(), 5)),
    )
    assert check_first(p, thorough=False).verdict is not Verdict.FAIL
    assert check_second(p, thorough=False).verdict is not Verdict.FAIL
