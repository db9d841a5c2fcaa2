"""The exponential of matrices: fifty digits beside it, identities, every dtype, and derivatives beside SciPy's."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest

pytest.importorskip("mpmath")
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mpf

import tinypytorch as tp
from tests.support import call, grad
from tinypytorch import Array, Variable, linalg
from tinypytorch.arrays import IMAGINARY, Shape
from tinypytorch.ops import expm as ex
from tinypytorch.testing.checks import Verdict, check_first, check_second
from tinypytorch.testing.numbers.dual import Dual
from tinypytorch.testing.numbers.elements import duals
from tinypytorch.testing.numbers.precise import PRECISE, as_fraction
from tinypytorch.testing.programs import Program
from tinypytorch.testing.references import run_on

EXPM = ex.Expm()


def matrix(n: int, seed: int, scale: float = 1.0) -> Array:
    return np.asarray(np.random.default_rng(seed).normal(size=(n, n))) * scale


def expm(a: Array) -> Array:
    return linalg.expm(a).data


def in_fifty_digits(a: Array) -> Array:
    """By Taylor's series in fifty digits, rounded to extended precision."""
    (found,) = run_on(Program.of([a], (EXPM, 0)), [duals(a, np.zeros(a.shape), PRECISE)], PRECISE)[1:]
    entries: list[Dual[mpf]] = found.ravel().tolist()
    exact = [as_fraction(y.v) for y in entries]
    heads: Array = np.array([float(q) for q in exact]).astype("longdouble")
    rest: Array = np.array([float(q - Fraction(float(q))) for q in exact]).reshape(a.shape)
    both: Array = rest + heads.reshape(a.shape)
    return both


def off(y: Array, right: Array) -> float:
    return float(abs(y - right).max() / abs(right).max())


matrices = st.builds(matrix, st.integers(1, 6), st.integers(0, 999), st.sampled_from([1e-9, 0.01, 0.3, 1.0, 3.0, 10.0]))


@given(matrices)
@settings(max_examples=25)
def test_it_is_as_good_as_its_dtype(a: Array) -> None:
    right = in_fifty_digits(a)
    size = max(1.0, float(np.linalg.norm(a)))  # its condition, if it is not far from normal
    for dtype in ("float64", "float32", "longdouble"):
        rounded: Array = a.astype("float32").astype("float64")
        x = a if dtype != "float32" else rounded
        expected = right if x is a else in_fifty_digits(rounded)
        assert off(EXPM.forward(x.astype(dtype)), expected) < 64 * size * float(np.finfo(dtype).eps)


def test_fifty_digits_are_those_of_mpmath() -> None:
    """Of a nilpotent matrix, and of one whose exponential has a closed form, by numbers known from elsewhere."""
    turn = in_fifty_digits(np.array([[0.0, -2.0], [2.0, 0.0]]))
    c, s = np.longdouble("-0.41614683654714238699757"), np.longdouble("0.90929742682568169539602")
    assert abs(turn - np.array([[c, -s], [s, c]])).max() < 1e-19
    np.testing.assert_array_equal(in_fifty_digits(np.array([[0.0, 7.0], [0.0, 0.0]])), [[1, 7], [0, 1]])


@given(matrices, st.integers(-600, 600))
@settings(max_examples=40)
def test_identities(a: Array, shift: int) -> None:
    n = len(a)
    np.testing.assert_allclose(expm(a.mT), expm(a).mT, rtol=1e-11, atol=1e-13 * abs(expm(a)).max())
    assert off(expm(a) @ expm(a), expm(a * 2.0)) < 1e-11
    shifted = expm(a / 8 + np.eye(n) * (shift / 8))
    assert off(shifted, expm(a / 8) * np.exp(shift / 8)) < 1e-11
    np.testing.assert_allclose(expm(np.diag(np.diag(a))), np.diag(np.exp(np.diag(a))), rtol=1e-12)
    z = EXPM.forward(a * IMAGINARY)
    assert off(z @ z.mT.conj() if n == 1 else EXPM.forward(a - a.mT) @ EXPM.forward(a.mT - a), np.eye(n)) < 1e-11
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(expm(np.full((n, n), np.nan)), np.nan)


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (3, 2, 2), (2, 1, 3, 3)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", "complex64", "complex128"])
def test_stacks_are_matrices_one_by_one(shape: Shape, dtype: str) -> None:
    """Each halved as often as it takes: a large one does not cost another one its digits."""
    x = np.zeros(shape) + np.arange(shape[-1]) / 4.0
    if len(shape) > 2 and x.size:
        x[1 % shape[0]] *= 3.0
    y = EXPM.forward(x.astype(dtype))
    assert (y.shape, y.dtype) == (shape, np.dtype(dtype))
    if x.size:
        each = [EXPM.forward(m) for m in x.astype(dtype).reshape(-1, *shape[-2:])]
        assert off(y.reshape(-1, *shape[-2:]), np.stack(each)) < 8 * float(np.finfo(dtype).eps)
    v = Variable(x.astype(dtype))
    if v.data.dtype.kind == "f":
        linalg.expm(v).sum().backward()
        assert (grad(v).shape, grad(v).dtype) == (shape, np.dtype(dtype))


def test_a_small_matrix_keeps_its_digits_beside_a_large_one() -> None:
    small, large = matrix(3, 1, 1e-3), matrix(3, 2, 100.0)
    both = EXPM.forward(np.stack([small, large]).astype("longdouble"))
    assert off(both[0], in_fifty_digits(small)) < 1e-18


@pytest.mark.parametrize("scale", [1e-280, 1e-100, 1e-8, 1.0, 1e8, 1e100, 1e280])
def test_a_cotangent_of_any_size_costs_no_digits(scale: float) -> None:
    """However large the block above the diagonal, the matrix is halved as often as x needs."""
    a, g = matrix(3, 3), matrix(3, 4)
    right = ex.along(a.astype("longdouble"), g.astype("longdouble"))
    assert off(ex.along(a, g * scale) / scale, right) < 4e-15
    wide = ex.along(a.astype("longdouble"), g.astype("longdouble") * scale)
    assert off(wide / scale, right) < 4e-18


def test_a_matrix_far_from_normal_is_not_halved_too_often() -> None:
    """Its norm says 27 times, its powers say hardly ever (Al-Mohy & Higham, 2009)."""
    a = np.array([[1.0, 1e8], [0.0, -1.0]])
    right = in_fifty_digits(a)
    np.testing.assert_allclose(expm(a), right, rtol=1e-15, atol=0)


@given(matrices, st.integers(0, 99))
@settings(max_examples=20)
def test_the_derivative_is_scipys(a: Array, seed: int) -> None:
    scipys = pytest.importorskip("scipy.linalg")
    e = matrix(len(a), seed)
    right = call(scipys.expm_frechet, a, e, compute_expm=False)
    assert off(ex.along(a, e), np.asarray(right)) < 1e-11


@pytest.mark.parametrize("dtype", ["float64", "complex128"])
@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_checker_says_so_too(n: int, dtype: str) -> None:
    x = matrix(n, n) if dtype == "float64" else matrix(n, n) + matrix(n, n + 1) * IMAGINARY
    p = Program.of([x], (EXPM, 0))
    for finding in (check_first(p), check_second(p)):
        assert finding.verdict is Verdict.PASS, finding
        assert "50-digit duals" in finding.references


def test_a_third_derivative_is_that_of_the_second() -> None:
    a, e = matrix(2, 8), matrix(2, 9)

    def chain(at: float, n: int) -> float:
        t = Variable(np.array(at))
        y = tp.sum(linalg.expm(a + e * t) * a.mT)
        for _ in range(n):
            (y,) = tp.gradients(y, t, create_graph=True)
        return y.item()

    for n in (1, 2, 3):
        quotient = sum(c * (chain(k * 1e-3, n - 1) - chain(-k * 1e-3, n - 1)) for k, c in ((1, 45), (2, -9), (3, 1)))
        assert chain(0.0, n) == pytest.approx(quotient / 0.06, rel=1e-9)


def test_what_is_not_square_is_refused() -> None:
    with pytest.raises(np.linalg.LinAlgError, match=re.escape("expm: takes square matrices, but the shape is (2, 3)")):
        linalg.expm(np.ones((2, 3)))
