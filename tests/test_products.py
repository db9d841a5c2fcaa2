"""Products: NumPy's values in every form, gradients that are products themselves, and what is refused."""

from __future__ import annotations

from string import ascii_lowercase

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad, var
from tinypytorch import Array, Variable, gradients
from tinypytorch.arrays import Shape
from tinypytorch.testing import check_function


def entries(shape: Shape, seed: int = 0) -> Array:
    return np.asarray(np.random.default_rng(seed).integers(-8, 9, shape) / 4.0)


@st.composite
def contractions(draw: st.DrawFn) -> tuple[str, list[Array]]:
    """Subscripts of any form, and operands that fit: repeated letters, axes of length 1, with and without a result."""
    letters = ascii_lowercase[:4]
    lengths = {c: draw(st.integers(1, 3)) for c in letters}
    terms = draw(st.lists(st.text(letters, max_size=3), min_size=1, max_size=3))
    xs: list[Array] = []
    for n, term in enumerate(terms):
        ones = {c: draw(st.booleans()) and term.count(c) == 1 for c in term}
        xs.append(entries(tuple(1 if ones[c] else lengths[c] for c in term), n))
    named = sorted(set("".join(terms)))
    subscripts = ",".join(terms)
    if draw(st.booleans()):
        subscripts += "->" + "".join(draw(st.permutations(named))[: draw(st.integers(0, len(named)))])
    return subscripts, xs


def pulled(y: Variable, xs: list[Variable]) -> list[Array]:
    """The gradients along a cotangent of different entries."""
    return [g.data for g in gradients(y, xs, entries(y.shape, 9), allow_unused=True)]


@given(contractions(), st.sampled_from([False, True, "optimal"]))
@settings(max_examples=200, deadline=None)
def test_einsum_has_numpys_values_and_is_linear_in_each_operand(
    drawn: tuple[str, list[Array]], optimize: bool | str
) -> None:
    subscripts, arrays = drawn
    xs = [Variable(a) for a in arrays]
    expected = np.einsum(subscripts, *arrays)
    y = tp.einsum(subscripts, *xs, optimize=optimize)
    np.testing.assert_allclose(y.data, expected, rtol=1e-13, atol=1e-13)
    assert y.shape == np.shape(expected)
    for g, a in zip(pulled(y, xs), arrays, strict=True):
        assert g.shape == a.shape
        # A sum of products is linear in each operand: the gradient along the operand is the value along the cotangent.
        np.testing.assert_allclose((g * a).sum(), (expected * entries(y.shape, 9)).sum(), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("i...->...", [(2, 3, 2)]),
        ("...ij,...jk", [(2, 1, 2, 3), (3, 3, 2)]),
        ("...", [(2, 3)]),
        ("...,...->...", [(2, 3), (3,)]),
        ("i...j,j...->...i", [(2, 3, 2), (2, 3)]),
        (" i j , j -> i ", [(2, 3), (3,)]),
        ("ba", [(2, 3)]),
        ("...ii->...i", [(3, 2, 2)]),
        ("...i,i...", [(3,), (3,)]),
        ("", [()]),
        ("Aa,aA", [(2, 3), (3, 2)]),
    ],
)
def test_einsum_with_an_ellipsis_and_without_a_result(subscripts: str, shapes: list[Shape]) -> None:
    arrays = [entries(s, n) for n, s in enumerate(shapes)]
    for f in (tp.einsum, np.einsum):
        y = call(f, subscripts, *map(Variable, arrays))
        assert isinstance(y, Variable)
        np.testing.assert_allclose(y.data, np.einsum(subscripts, *arrays), rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize(
    "lists",
    [([0, 1], [1, 2], [0, 2]), ([0, 1], [1, 2]), ([..., 5], [5, ...]), ((3, 1), (1, 0), (0, 3)), ([51, 26], [26, 0])],
)
def test_einsum_with_numbered_axes(lists: tuple[list[int], ...]) -> None:
    a, b = entries((2, 3)), entries((3, 2), 1)
    expected = np.asarray(call(np.einsum, a, lists[0], b, *lists[1:]))
    for f in (tp.einsum, np.einsum):
        y = call(f, Variable(a), lists[0], Variable(b), *lists[1:])
        assert isinstance(y, Variable)
        np.testing.assert_allclose(y.data, expected, rtol=1e-13)


def test_einsum_along_a_path_that_numpy_found() -> None:
    arrays = [entries((2, 3)), entries((3, 4), 1), entries((4, 2), 2)]
    path, words = np.einsum_path("ij,jk,kl", *arrays)
    assert call(np.einsum_path, "ij,jk,kl", *map(Variable, arrays)) == (path, words)
    y = call(tp.einsum, "ij,jk,kl", *map(Variable, arrays), optimize=path)
    assert isinstance(y, Variable)
    np.testing.assert_allclose(y.data, arrays[0] @ arrays[1] @ arrays[2], rtol=1e-13)


@pytest.mark.parametrize(
    ("args", "kind", "said"),
    [
        (("ij,jk", np.ones((2, 2))), ValueError, "1 operands for the 2 terms"),
        (("ij->k", np.ones((2, 2))), ValueError, "Einsum"),
        (("ijk", np.ones((2, 2))), ValueError, "Einsum|letters"),
        (("ij...k", np.ones((2, 2))), ValueError, "more letters than"),
        (("i...->i", np.ones((2, 2))), ValueError, r"has no '...' for the axes"),
        (("ij,jk", np.ones((2, 3)), np.ones((2, 3))), ValueError, r"Einsum\(.*\(2, 3\)"),
        (("ij", "ab"), TypeError, "come arrays"),
        ((np.ones(2), [0], [1.0], np.ones(2)), TypeError, "each array followed by a list"),
        ((np.ones(2), [52]), ValueError, "numbered from 0 to 51"),
        ((np.ones(2), np.ones(2)), TypeError, "each array followed by a list"),
    ],
)
def test_einsum_says_what_does_not_fit(args: tuple[object, ...], kind: type[Exception], said: str) -> None:
    with pytest.raises(kind, match=said):
        call(tp.einsum, *args)


PAIRS: list[tuple[str, Shape, Shape, dict[str, object]]] = [
    *(("dot", a, b, {}) for a, b in [((), (3,)), ((3,), (3,)), ((2, 3), (3,)), ((2, 3), (3, 2)), ((2, 3), (2, 3, 2))]),
    *(("dot", a, b, {}) for a, b in [((3,), (2, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 0), (0, 2)), ((2,), ())]),
    *(("vdot", a, b, {}) for a, b in [((3,), (3,)), ((2, 3), (6,)), ((), ()), ((0,), (0,))]),
    *(("inner", a, b, {}) for a, b in [((3,), (3,)), ((2, 3), (3,)), ((2, 3), (4, 1, 3)), ((), (2,))]),
    *(("outer", a, b, {}) for a, b in [((3,), (2,)), ((2, 2), (3,)), ((), (2,)), ((0,), (2,))]),
    *(("tensordot", (2, 3, 4), (4, 3, 2), {"axes": axes}) for axes in [([2, 1], [0, 1]), (2, 0), 0, (-1, 0)]),
    ("tensordot", (2, 3, 4), (3, 4, 2), {}),
    *(("vecdot", a, b, {}) for a, b in [((3,), (3,)), ((2, 3), (3,)), ((2, 1, 3), (2, 3))]),
    ("vecdot", (3, 2), (3, 1), {"axis": 0}),
    *(("matvec", a, b, {}) for a, b in [((2, 3), (3,)), ((2, 2, 3), (3,)), ((2, 3), (4, 3))]),
    *(("vecmat", a, b, {}) for a, b in [((2,), (2, 3)), ((4, 2), (2, 3)), ((2,), (3, 2, 2))]),
    *(("cross", a, b, {}) for a, b in [((3,), (3,)), ((2, 3), (3,)), ((4, 1, 3), (2, 3))]),
    ("cross", (3, 2), (3, 2), {"axis": 0}),
    ("cross", (3, 2), (2, 3), {"axisa": 0, "axisc": 0}),
    *(("matmul", a, b, {}) for a, b in [((2, 3), (3,)), ((2, 2, 3), (3, 2))]),
    *(("kron", a, b, {}) for a, b in [((2,), (3,)), ((2, 2), (2, 1))]),
]


@pytest.mark.parametrize(("name", "a", "b", "options"), PAIRS)
def test_products_have_numpys_values_and_are_linear(name: str, a: Shape, b: Shape, options: dict[str, object]) -> None:
    arrays = [entries(a), entries(b, 1)]
    expected = np.asarray(call(getattr(np, name), *arrays, **options))
    for f in (getattr(tp, name), *([] if isinstance(getattr(np, name), np.ufunc) and options else [getattr(np, name)])):
        xs = [Variable(x) for x in arrays]
        y = call(f, *xs, **options)
        assert isinstance(y, Variable)
        assert y.shape == expected.shape
        np.testing.assert_allclose(y.data, expected, rtol=1e-13)
        for g, x in zip(pulled(y, xs), arrays, strict=True):
            assert g.shape == x.shape
            np.testing.assert_allclose((g * x).sum(), (expected * entries(y.shape, 9)).sum(), rtol=1e-12, atol=1e-12)
        narrow = call(f, xs[0].astype("float32"), xs[1].astype("float32"), **options)
        assert isinstance(narrow, Variable)
        assert narrow.dtype == np.float32


def test_the_methods_of_arrays() -> None:
    a, b = entries((2, 3)), entries((2, 3, 2), 1)
    np.testing.assert_allclose(Variable(a).dot(Variable(b)).data, a.dot(b))
    for args in [(), (1,), (0, -1, 0)]:
        for y in (Variable(b).trace(*args), call(np.trace, Variable(b), *args)):
            assert isinstance(y, Variable)
            np.testing.assert_allclose(y.data, np.asarray(call(np.trace, b, *args)))


@pytest.mark.parametrize(
    ("name", "shapes", "said"),
    [
        ("cross", ((2,), (2,)), r"of three entries, not of 2 and 2; of two, take a\[\.\.\., 0\]"),
        ("tensordot", ((2, 3), (3, 2)), r"axes \[0, 1\] of shape|do not fit"),
        ("dot", ((2, 3), (2, 3)), "MatMul"),
        ("vecdot", ((2,), (3,)), "VecDot"),
        ("matvec", ((2, 2), (3,)), "MatVec"),
        ("vecmat", ((3,), (2, 2)), "VecMat"),
    ],
)
def test_what_does_not_fit_is_said(name: str, shapes: tuple[Shape, Shape], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call(getattr(tp, name), *(Variable(np.ones(s)) for s in shapes))


def test_functions_made_of_several_ops_are_verified() -> None:
    a, b = entries((2, 3)), entries((3, 2), 1)
    check_function(lambda x, y: tp.tensordot(x, y, ([0, 1], [1, 0])), a, b, examples=10)
    check_function(lambda x, y: tp.cross(x, y, axisa=1, axisb=0), a, b, examples=10)
    check_function(lambda x, y: tp.einsum("i...,...i", x, y), a, b, examples=10)
    check_function(lambda x: tp.einsum("iji,ij->j", tp.stack([x, x], -1), x), a, examples=10)


def test_an_operand_twice_and_second_derivatives() -> None:
    x = var([[1.0, 2.0], [3.0, 4.0]])
    y = tp.einsum("ij,ij->", x, x)
    (g,) = gradients(y, [x], create_graph=True)
    np.testing.assert_array_equal(g.data, 2 * x.data)
    g.sum().backward()
    np.testing.assert_array_equal(grad(x), np.full((2, 2), 2.0))
