"""Linear algebra: NumPy's values in every dtype, matrices that are singular or have equal eigenvalues, refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad, var
from tinypytorch import Array, Variable, gradients, linalg
from tinypytorch.arrays import Shape
from tinypytorch.testing import check_function
from tinypytorch.testing.numbers.matrices import is_tuple


def entries(shape: Shape, seed: int = 0) -> Array:
    return np.asarray(np.random.default_rng(seed).normal(size=shape))


def symmetric(shape: Shape, seed: int = 0) -> Array:
    """Positive definite, with eigenvalues apart."""
    a = entries(shape, seed) / 4.0
    return np.asarray(a @ a.mT + np.diag(np.arange(1.0, shape[-1] + 1)))


def parts(y: object) -> tuple[object, ...]:
    return y if is_tuple(y) else (y,)


def data(y: object) -> Array:
    return np.asarray(y.data if isinstance(y, Variable) else y)


SQUARE: list[Shape] = [(1, 1), (3, 3), (2, 3, 3), (0, 0), (2, 0, 0)]
TALL: list[Shape] = [(3, 2), (2, 3, 3), (1, 4), (2, 2, 3), (2, 1)]
CALLS: list[tuple[str, list[Array], Mapping[str, object]]] = [
    *((name, [entries(s)], {}) for name in ("inv", "det", "slogdet") for s in SQUARE),
    *(("solve", [entries(s), entries((*s[:-1], 2), 1)], {}) for s in SQUARE),
    *(("solve", [entries((2, 3, 3)), entries((3,), 1)], {}), ("solve", [entries((3, 3)), entries((2, 3, 1), 1)], {})),
    *(("cholesky", [symmetric(s)], {"upper": upper}) for s in SQUARE for upper in (False, True)),
    *(("qr", [entries(s)], {"mode": mode}) for s in TALL for mode in ("reduced", "r")),
    ("qr", [entries((2, 3))], {"mode": "complete"}),
    *((name, [entries(s)], {"UPLO": u}) for name in ("eigh", "eigvalsh") for s in SQUARE for u in ("L", "U")),
    *(("svd", [entries(s)], {"full_matrices": False}) for s in TALL),
    *(("svd", [entries(s)], {"compute_uv": False}) for s in TALL),
    *(("svd", [symmetric(s)], {"hermitian": True, "compute_uv": uv}) for s in SQUARE for uv in (True, False)),
    ("svd", [symmetric((3, 3)) - 4.0 * np.eye(3)], {"hermitian": True}),
    *(("svd", [entries((3, 3))], {}), ("svdvals", [entries((3, 2))], {})),
    *(("pinv", [entries(s)], {}) for s in TALL),
    *(("pinv", [entries((3, 2))], {"rcond": 0.9}), ("pinv", [entries((3, 2))], {"rtol": None})),
    *(("lstsq", [entries((3, 2)), entries(s, 1)], {}) for s in [(3,), (3, 2)]),
    *(("lstsq", [entries((2, 3)), entries((2,), 1)], {}), ("lstsq", [np.ones((3, 2)), entries((3,), 1)], {})),
    *(("matrix_power", [entries((2, 3, 3))], {"n": n}) for n in (-2, -1, 0, 1, 2, 3, 6)),
    *(("matrix_norm", [entries((2, 3, 2))], {"ord": o}) for o in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)),
    *(("vector_norm", [entries((2, 3))], {"ord": o, "axis": a}) for o in (0, 1, 2, 3.5, -1, np.inf) for a in (None, 1)),
    *(
        ("norm", [entries((2, 3))], {"ord": o, "keepdims": k})
        for o in (None, "nuc", 1, -2, np.inf)
        for k in (True, False)
    ),
    *(("norm", [entries((2, 3, 2))], {"ord": o, "axis": (2, 0)}) for o in (None, 1, 2, -np.inf)),
    *(("norm", [entries((2, 3))], {"ord": o, "axis": 0}) for o in (None, 0, 1, 2, 3, -2, -np.inf)),
    *(("norm", [entries((2, 3, 2))], {}), ("norm", [entries((3,))], {"ord": 1})),
    *(("cond", [entries((2, 3, 3))], {"p": p}) for p in (None, 2, -2, 1, np.inf, "fro")),
    *(
        ("cond", [entries((3, 2))], {}),
        ("matrix_rank", [entries((2, 3, 2))], {}),
        ("matrix_rank", [np.ones((3, 2))], {}),
    ),
    *(
        ("tensorinv", [entries((4, 6, 8, 3))], {"ind": 2}),
        ("tensorsolve", [entries((2, 3, 6)), entries((2, 3), 1)], {}),
    ),
    ("tensorsolve", [entries((2, 6, 3)), entries((2, 3), 1)], {"axes": (1,)}),
    *(("trace", [entries((2, 3, 3))], {"offset": o}) for o in (0, 1)),
    *(("diagonal", [entries((2, 3, 3))], {}), ("outer", [entries((2,)), entries((3,), 1)], {})),
    *(("cross", [entries((2, 3)), entries((3,), 1)], {}), ("vecdot", [entries((2, 3)), entries((3,), 1)], {})),
    *(("matmul", [entries((2, 3)), entries((3,), 1)], {}), ("matrix_transpose", [entries((2, 3, 1))], {})),
    ("tensordot", [entries((2, 3)), entries((3, 2), 1)], {"axes": 1}),
]


def give_numpys_values(name: str, arrays: list[Array], options: Mapping[str, object]) -> None:
    """The function of this package and NumPy's, on Variables: forms, dtypes and values are NumPy's."""
    expected = call(getattr(np.linalg, name), *arrays, **options)
    if name == "cond":
        expected = np.real(np.asarray(expected))  # NumPy 2.3 gives complex numbers for complex matrices
    for f in (getattr(linalg, name), getattr(np.linalg, name)):
        found = call(f, *(Variable(x) for x in arrays), **options)
        assert getattr(found, "_fields", ()) == getattr(expected, "_fields", ())
        for y, e in zip(parts(found), parts(expected), strict=True):
            assert data(y).shape == np.shape(np.asarray(e))
            assert not isinstance(y, Variable) or y.dtype == np.asarray(e).dtype
            np.testing.assert_allclose(data(y), np.asarray(e), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(("name", "arrays", "options"), CALLS)
def test_both_names_give_numpys_values(name: str, arrays: list[Array], options: Mapping[str, object]) -> None:
    give_numpys_values(name, arrays, options)


@pytest.mark.parametrize(("name", "arrays", "options"), CALLS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "longdouble"])
def test_every_dtype(name: str, arrays: list[Array], options: Mapping[str, object], dtype: str) -> None:
    eps = float(np.finfo(dtype).eps)
    rounded = [a.astype(dtype) for a in arrays]
    expected = call(getattr(np.linalg, name), *(a.astype("float64") for a in rounded), **options)
    xs = [Variable(a) for a in rounded]
    found = call(getattr(linalg, name), *xs, **options)
    for y, e in zip(parts(found), parts(expected), strict=True):
        if isinstance(y, Variable):
            assert y.dtype == np.dtype(dtype)
            if (name, dtype) != ("tensorinv", "float16"):  # a matrix of 24 rows is too much for three digits
                np.testing.assert_allclose(
                    y.data.astype("float64"), np.asarray(e), rtol=800 * max(eps, 1e-15), atol=400 * max(eps, 1e-15)
                )
            if y.requires_grad:
                y.backward()
    assert all(x.grad is None or (x.grad.dtype == dtype and np.isfinite(x.grad).all()) for x in xs)


def test_extended_precision_is_extended() -> None:
    a = symmetric((3, 3)).astype("longdouble")
    tight = 100 * float(np.finfo("longdouble").eps)
    x, u = Variable(a), entries((3, 2)).astype("longdouble")
    eye = np.eye(3)
    np.testing.assert_allclose((linalg.inv(x) @ x).data, eye, atol=tight)
    w, v = linalg.eigh(x)
    np.testing.assert_allclose((v * w @ v.T).data, a, atol=tight)
    np.testing.assert_allclose((v @ v.T).data, eye, atol=tight)
    left, s, vh = linalg.svd(Variable(u), full_matrices=False)
    np.testing.assert_allclose((left * s @ vh).data, u, atol=tight)
    q, r = linalg.qr(Variable(u))
    np.testing.assert_allclose((q @ r).data, u, atol=tight)
    low = linalg.cholesky(x)
    np.testing.assert_allclose((low @ low.T).data, a, atol=tight)


@given(st.integers(1, 5), st.integers(0, 5), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_the_determinant_of_a_matrix_of_any_rank(n: int, rank: int, seed: int) -> None:
    """Its derivative is the signed determinants of what is left, and so is the derivative of those."""
    rank = min(rank, n)
    a = entries((n, rank), seed) @ entries((rank, n), seed + 1)
    x = Variable(a)
    (g,) = gradients(linalg.det(x), [x], create_graph=True)
    minors = np.array(
        [[(-1.0) ** (i + j) * np.linalg.det(np.delete(np.delete(a, i, 0), j, 1)) for j in range(n)] for i in range(n)]
    )
    scale = max(1.0, float(np.abs(a).max())) ** n
    np.testing.assert_allclose(g.data, minors, atol=1e-11 * scale)
    direction = entries((n, n), seed + 2)
    if not g.requires_grad:
        return
    (second,) = gradients(g, [x], direction, allow_unused=True)
    h = 1e-4
    sides = [Variable(a + sign * h * direction) for sign in (1.0, -1.0)]
    up, down = (gradients(linalg.det(s), [s])[0].data for s in sides)
    np.testing.assert_allclose(second.data, (up - down) / (2 * h), atol=1e-5 * scale * 20)


def test_third_derivatives_of_a_determinant_of_zeros() -> None:
    """Of three rows it is a cubic: its third derivative along d is 6 det d, wherever."""
    x, d = Variable(np.zeros((3, 3))), entries((3, 3))
    y = linalg.det(x)
    for _ in range(2):
        (g,) = gradients(y, [x], create_graph=True)
        y = (g * d).sum()
    (g,) = gradients(y, [x])
    assert (g.data * d).sum() == pytest.approx(6 * np.linalg.det(d), rel=1e-12)


@pytest.mark.parametrize("values", [[1.0, 1.0, 1.0], [2.0, 2.0, 5.0], [0.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
def test_functions_of_equal_eigenvalues(values: list[float]) -> None:
    """The sum of a function of eigenvalues is smooth: its derivative is the function's of the matrix."""
    q = np.linalg.qr(entries((3, 3)))[0]
    a = q @ np.diag(values) @ q.T
    x = Variable(a)
    tp.sum(linalg.eigvalsh(x) ** 2).backward()
    both = np.tril(2 * a) + np.tril(2 * a, -1)
    np.testing.assert_allclose(grad(x), both, atol=1e-12)
    x = Variable(a)
    tp.sum(linalg.svdvals(x) ** 2).backward()
    np.testing.assert_allclose(grad(x), 2 * a, atol=1e-12)
    for f in (linalg.eigh, linalg.svd):
        x = Variable(a)
        for y in parts(call(f, x)):
            assert isinstance(y, Variable)
            y.backward()
        assert np.isfinite(grad(x)).all()


# What reads one triangle of a symmetric matrix, and whether it is the lower one.
READERS: list[tuple[Callable[[Variable], Variable], bool]] = [
    (linalg.cholesky, True),
    (lambda x: linalg.cholesky(x, upper=True), False),
    (linalg.eigvalsh, True),
    (lambda x: linalg.eigvalsh(x, "U"), False),
]


def read_one_triangle(a: Array, unread: Array) -> None:
    """Added to the other triangle, `unread` changes no value, and no gradient is there."""
    for f, low in READERS:
        x = Variable(a)
        f(x).backward()
        beyond = np.triu if low else np.tril
        assert not beyond(grad(x), 1 if low else -1).any()
        np.testing.assert_array_equal(f(Variable(a + beyond(unread))).data, f(Variable(a)).data)
        assert not np.diagonal(grad(x)).imag.any()


def test_which_triangle_is_read() -> None:
    read_one_triangle(symmetric((3, 3)), 1.0 - np.eye(3))


COMPOSED: list[Callable[[Variable, Variable], Variable]] = [
    lambda a, b: linalg.solve(a, b[:, 0]),
    lambda a, b: linalg.lstsq(b, a)[0],
    lambda a, b: linalg.lstsq(b, a)[1],
    lambda a, b: linalg.norm(a, "nuc") * linalg.cond(b),
    lambda a, b: linalg.multi_dot([a, b, b.T, a]),
    lambda a, b: linalg.matrix_power(a, -3) @ b,
    lambda a, b: linalg.slogdet(a).logabsdet + linalg.slogdet(b.T @ b).logabsdet,
    lambda a, b: linalg.pinv(b) @ a,
]


@pytest.mark.parametrize("f", COMPOSED)
def test_functions_made_of_several_ops_are_verified(f: Callable[[Variable, Variable], Variable]) -> None:
    check_function(f, symmetric((3, 3)), entries((3, 2), 1), examples=4)


@given(st.lists(st.integers(1, 4), min_size=3, max_size=7), st.booleans(), st.booleans())
@settings(max_examples=40)
def test_multi_dot(sizes: list[int], first: bool, last: bool) -> None:
    arrays = [entries(shape, n) for n, shape in enumerate(pairwise(sizes))]
    if first:
        arrays[0] = arrays[0][0]
    if last:
        arrays[-1] = arrays[-1][:, 0]
    for f in (linalg.multi_dot, np.linalg.multi_dot):
        y = call(f, [Variable(a) for a in arrays])
        assert isinstance(y, Variable)
        expected = np.asarray(np.linalg.multi_dot(arrays))
        assert y.shape == expected.shape
        np.testing.assert_allclose(y.data, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("run", "kind", "said"),
    [
        (lambda: linalg.inv(var([1.0])), linalg.LinAlgError, r"inv: takes matrices .* shape is \(1,\)"),
        (lambda: linalg.det(np.ones((2, 3))), linalg.LinAlgError, r"det: takes square matrices, .* \(2, 3\)"),
        (lambda: linalg.inv(np.ones((2, 2))), ValueError, "Inv: Singular matrix"),
        (lambda: linalg.solve(np.ones((2, 2)), np.ones(2)), ValueError, "Solve: Singular matrix"),
        (lambda: linalg.solve(np.eye(2), np.ones(3)), ValueError, "Solve: "),
        (lambda: linalg.cholesky(-np.eye(2)), ValueError, "Cholesky.*: Matrix is not positive definite"),
        (lambda: linalg.cholesky(-np.eye(2).astype("longdouble")), ValueError, "Matrix is not positive definite"),
        (lambda: linalg.qr(np.ones((3, 2)), "complete"), ValueError, 'have no derivative; take "reduced"'),
        (lambda: call(linalg.qr, np.ones((3, 2)), "raw"), ValueError, "LAPACK's own"),
        (lambda: call(linalg.eigh, np.eye(2), "X"), ValueError, "UPLO"),
        (lambda: linalg.svd(np.ones((3, 2))), ValueError, "give full_matrices=False"),
        (lambda: linalg.svd(np.ones((3, 2)), hermitian=True), np.linalg.LinAlgError, "square"),
        (lambda: linalg.pinv(np.eye(2), 1e-3, rtol=1e-3), ValueError, "give one"),
        (lambda: linalg.lstsq(np.eye(2), np.ones(3)), linalg.LinAlgError, r"of as many rows, not \(2, 2\) and \(3,\)"),
        (lambda: linalg.norm(np.ones((2, 2, 2)), 1), ValueError, "of one axis or two"),
        (lambda: linalg.norm(np.ones(2), "fro"), ValueError, "is for matrices"),
        (lambda: linalg.norm(np.eye(2), 3), ValueError, 'the order of matrices is "fro"'),
        (lambda: linalg.multi_dot([np.eye(2)]), ValueError, "at least two"),
        (lambda: linalg.multi_dot([np.ones(2), np.ones(2), np.ones(2)]), linalg.LinAlgError, "vectors at the ends"),
        (lambda: linalg.outer(np.eye(2), np.ones(2)), ValueError, "two vectors"),
        (lambda: linalg.tensorinv(np.eye(2), 0), ValueError, "positive"),
        (lambda: linalg.tensorsolve(np.ones((2, 3)), np.ones(2)), linalg.LinAlgError, "not square"),
    ],
)
def test_what_does_not_fit_is_said(run: Callable[[], object], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        run()


@pytest.mark.parametrize("name", ["eig", "eigvals"])
def test_complex_eigenvalues_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match=rf"{name}: .* take {'eigh' if name == 'eig' else 'eigvalsh'}"):
        call(getattr(linalg, name), np.eye(2))


def test_a_singular_matrix_where_its_inverse_is_needed_leaves_gradients_alone() -> None:
    x = var([[1.0, 1.0], [1.0, 1.0]])
    y = linalg.slogdet(x)
    assert (y.sign.item(), y.logabsdet.item()) == (0.0, -np.inf)
    with pytest.raises(np.linalg.LinAlgError):
        y.logabsdet.backward()
    assert x.grad is None


def test_every_public_name_of_numpys_is_here() -> None:
    ours = {"EighResult", "QRResult", "SVDResult", "SlogdetResult", "expm"}
    assert set(linalg.__all__) - ours == set(np.linalg.__all__)
