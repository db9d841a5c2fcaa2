"""Ufuncs with arguments and their methods, and the arguments of reductions, on Variables: as NumPy, or refused."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad, var
from tinypytorch import Array, Variable
from tinypytorch.numpy_ufuncs import ACCUMULATIONS, REDUCTIONS
from tinypytorch.testing import check_function

AXES = st.sampled_from([0, 1, -1, None, (0, 1), ()])
SEEDS = st.integers(0, 99)


def drawn(seed: int, shape: tuple[int, ...] = (2, 3)) -> Array:
    """Numbers away from 0 and from each other."""
    return np.asarray(np.random.default_rng(seed).permutation(math.prod(shape)).reshape(shape) / 2 + 0.75)


def same(ours: object, numpys: object) -> Variable:
    """Ours is a Variable, and what NumPy gives."""
    assert isinstance(ours, Variable)
    np.testing.assert_allclose(ours.data, np.asarray(numpys), rtol=1e-13, strict=True)
    return ours


@pytest.mark.parametrize("ufunc", REDUCTIONS, ids=lambda u: u.__name__ if isinstance(u, np.ufunc) else "")
@given(axis=AXES, keepdims=st.booleans(), seed=SEEDS, masked=st.booleans(), initial=st.sampled_from([None, 1.5]))
def test_reduce(
    ufunc: np.ufunc, axis: int | tuple[int, ...] | None, keepdims: bool, seed: int, masked: bool, initial: float | None
) -> None:
    data = drawn(seed)
    x = Variable(data)
    arguments: dict[str, object] = {"axis": axis, "keepdims": keepdims}
    if initial is not None:
        arguments["initial"] = initial
    if masked and (initial is not None or ufunc in (np.add, np.multiply)):
        arguments["where"] = np.array([True, False, True])
    y = same(call(ufunc.reduce, x, **arguments), call(ufunc.reduce, data, **arguments))
    y.backward()
    if "where" in arguments:
        assert not grad(x)[:, 1].any()
    assert grad(x).shape == data.shape


@pytest.mark.parametrize("ufunc", REDUCTIONS, ids=lambda u: u.__name__ if isinstance(u, np.ufunc) else "")
def test_reduce_takes_the_first_axis_by_default_and_has_the_gradient_of_the_function(ufunc: np.ufunc) -> None:
    x, y = var([[1.0, 4.0], [3.0, 2.0]]), var([[1.0, 4.0], [3.0, 2.0]])
    for v, z in ((x, call(ufunc.reduce, x)), (y, call(REDUCTIONS[ufunc], y, 0))):
        same(z, ufunc.reduce(v.data)).backward(np.array([1.0, 10.0]))
    np.testing.assert_array_equal(grad(x), grad(y))


@pytest.mark.parametrize("ufunc", ACCUMULATIONS, ids=lambda u: u.__name__ if isinstance(u, np.ufunc) else "")
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_accumulate(ufunc: np.ufunc, axis: int) -> None:
    x = Variable(drawn(3))
    same(call(ufunc.accumulate, x, axis), ufunc.accumulate(x.data, axis)).backward()
    same(call(ufunc.accumulate, x), ufunc.accumulate(x.data))
    assert grad(x).shape == x.shape


@pytest.mark.parametrize("ufunc", [np.add, np.subtract, np.multiply, np.divide, np.power, np.arctan2, np.maximum])
@given(seed=SEEDS, shapes=st.sampled_from([((2,), (3,)), ((), (2,)), ((2, 2), (3,)), ((3,), ())]))
def test_outer(ufunc: np.ufunc, seed: int, shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    a, b = (drawn(seed + i, shape) for i, shape in enumerate(shapes))
    x, y = Variable(a), Variable(b)
    expected = ufunc.outer(a, b)
    z = same(call(ufunc.outer, x, y), expected)
    z.backward()
    assert (grad(x).shape, grad(y).shape) == shapes
    same(call(ufunc.outer, a, y), expected)
    same(call(ufunc.outer, x, b), expected)


def test_constant_ufuncs_have_all_methods_and_arguments() -> None:
    x = var([1.0, 0.0, 3.0])
    assert call(np.logical_and.reduce, x) is np.False_
    assert call(np.less.outer, x, [2.0]).__class__ is np.ndarray
    out = np.zeros(3, np.bool)
    assert call(np.greater, x, 2.0, out=out) is out
    assert out.tolist() == [False, False, True]
    with pytest.raises(TypeError, match=r"np.greater does not write into Variables"):
        call(np.greater, x, 2.0, out=x)


REFUSED: list[tuple[object, tuple[object, ...], dict[str, object], str]] = [
    (np.add, (1.0,), {"out": np.zeros(2)}, r"np.add of Variables takes no out: .* write `a = a \+ x`"),
    (np.exp, (), {"where": np.array([True, False])}, r"np.exp of Variables takes no where: .*np.where"),
    (np.exp, (), {"dtype": np.int64}, "No loop matching"),
    (np.add, (1.0,), {"dtype": np.float32, "casting": "safe"}, "Cannot cast"),
    (np.exp, (), {"signature": "f->f"}, r"takes no signature; .*astype"),
    (np.subtract.reduce, (), {}, r"np.subtract.reduce has no derivative rule here \(np.add, .* loop over"),
    (np.logaddexp.accumulate, (), {}, r"np.logaddexp.accumulate has no derivative rule here \(np.add, np.multiply"),
    (np.add.at, (0, 1.0), {}, r"np.add.at takes no Variables: .*tinypytorch.at_add"),
    (np.add.reduceat, ([0],), {}, r"np.add.reduceat takes no Variables: .*np.stack"),
    (np.sum, (), {"out": np.zeros(())}, r"np.sum of Variables takes no out=array\(0\.\): results are new"),
    (np.nansum, (), {"where": np.array([True, False])}, r"np.nansum of Variables takes no where=.*np.where"),
    (np.nanmax, (), {"initial": 1.0}, r"np.nanmax of Variables takes no initial=1.0: .*combine"),
    (np.nanstd, (), {"mean": 1.0}, r"np.nanstd of Variables takes no mean=1.0"),
    (np.dstack, (), {"dtype": np.float32}, r"dtype"),
    (np.sum, (0, None, None, False, 0.0, True, 3), {}, r"(np.sum|sum\(\)|_sum_dispatcher\(\)) takes"),
]


@pytest.mark.parametrize(("f", "args", "kwargs", "message"), REFUSED, ids=[case[3][:28] for case in REFUSED])
def test_refused_with_a_remedy(f: object, args: tuple[object, ...], kwargs: dict[str, object], message: str) -> None:
    first = [var([1.0, 2.0])] if f is np.concatenate else var([1.0, 2.0])
    with pytest.raises(TypeError, match=message):
        call(f, first, *args, **kwargs)


def test_arguments_that_change_nothing_are_taken() -> None:
    x = var([[3.0, 1.0], [2.0, 5.0]])
    checks: list[tuple[object, tuple[object, ...], dict[str, object]]] = [
        (np.exp, (), {"order": "F", "subok": False, "where": True, "casting": "safe"}),
        (np.add, (1.0,), {"dtype": np.float32}),
        (np.sum, (0, None, None, True), {}),
        (np.sum, (0, np.float32), {}),
        (np.max, (0, None, True), {}),
        (np.var, (0, None, None, 1, True), {}),
        (np.mean, (), {"dtype": "float32", "out": None}),
        (np.cumsum, (1, None, None), {}),
        (np.median, (0, None, False, True), {}),
        (np.quantile, (0.25, 0, None, False, "lower"), {}),
        (np.sort, (0, "quicksort"), {}),
        (np.take, ([1], 0, None, "clip"), {}),
        (np.clip, (), {"a_min": 2.0, "a_max": None}),
        (np.clip, (), {"min": None, "max": 4.0}),
        (np.reshape, ((4,), "C"), {}),
        (np.nan_to_num, (True, 1.0), {}),
        (np.copy, (), {"order": "K"}),
    ]
    for f, args, kwargs in checks:
        same(call(f, x, *args, **kwargs), call(f, x.data, *args, **kwargs))
    for f, name in ((np.sum, "a"), (np.clip, "a"), (np.ravel, "a"), (np.flip, "m")):
        given: dict[str, object] = {"a_min": 2.0, "a_max": 3.0} if f is np.clip else {}
        same(call(f, **{name: x}, **given), call(f, **{name: x.data}, **given))
    same(call(np.vander, x[0], N=3), np.vander(x.data[0], N=3))
    assert repr(call(np.split, ary=x, indices_or_sections=2)) == repr(tp.split(x, 2))


def test_lists_of_numbers_are_arrays_where_nothing_else_could_be_meant() -> None:
    x = var([3.0, 1.0])
    same(call(np.where, [True, False], x, [5.0, 6.0]), [3.0, 6.0])
    same(call(np.append, x, [1.0, 2.0]), [3.0, 1.0, 1.0, 2.0])
    same(call(np.convolve, x, [1.0, 2.0]), np.convolve(x.data, [1.0, 2.0]))
    same(call(np.where, [False, False], x, [x[0], 1.0]), [3.0, 1.0])


@pytest.mark.parametrize("name", ["mean", "var", "std", "sum", "prod"])
@given(axis=st.sampled_from([0, 1, None]), keepdims=st.booleans(), seed=SEEDS, bits=st.integers(1, 63))
def test_where(name: str, axis: int | None, keepdims: bool, seed: int, bits: int) -> None:
    x = Variable(drawn(seed))
    mask = np.array([bits >> i & 1 for i in range(6)], np.bool).reshape(2, 3)
    mask[0] |= ~mask.any(0)  # no empty slice, which NumPy warns of
    mask[:, 0] |= ~mask.any(1)
    f: object = getattr(np, name)
    given = {"axis": axis, "keepdims": keepdims, "where": mask}
    y = same(call(f, x, **given), call(f, x.data, **given))
    y.backward()
    assert not grad(x)[~mask].any()


def test_the_gradients_of_masked_reductions_are_those_of_the_entries_that_count() -> None:
    mask = np.array([True, False, True, True])
    for f in (tp.mean, tp.var, tp.std, tp.sum, tp.prod):
        x, y = var([1.0, np.nan, 3.0, 5.5]), var([1.0, 3.0, 5.5])
        call(f, x, where=mask)
        z, w = call(f, x, where=mask), call(f, y)
        assert isinstance(z, Variable)
        assert isinstance(w, Variable)
        z.backward()
        w.backward()
        np.testing.assert_allclose(grad(x), np.insert(grad(y), 1, 0.0), rtol=1e-14)


def test_ends_with_an_initial() -> None:
    x = var([1.0, 3.0, 2.0])
    assert tp.max(x, initial=5.0).item() == 5.0
    assert tp.min(x, initial=0.5, where=np.array([False, True, True])).item() == 0.5
    assert call(np.max, var([]), initial=2.0).__repr__() == "variable(2.0)"
    with pytest.raises(ValueError, match="max: where `where` holds nowhere there is no entry"):
        tp.max(x, where=np.array([True, False, False]))
    i = Variable(np.array(3.0))
    tp.max(x, initial=i).backward()
    assert (grad(x).tolist(), grad(i).item()) == ([0.0, 0.5, 0.0], 0.5)


def test_where_takes_booleans() -> None:
    with pytest.raises(TypeError, match="where: takes booleans, not float64"):
        tp.sum(var([1.0, 2.0]), where=np.array([1.0, 0.0]))


NAN = np.array([[1.0, np.nan, 4.0], [np.nan, 2.5, 3.0]])


@pytest.mark.parametrize(
    "name",
    ["nanprod", "nanvar", "nanstd", "nanmedian", "nansum", "nanmean", "nanmax", "nanmin", "nancumsum", "nancumprod"],
)
@pytest.mark.parametrize("axis", [0, 1, None])
def test_nan_is_passed_over(name: str, axis: int | None) -> None:
    x = Variable(NAN)
    f: object = getattr(np, name)
    same(call(f, x, axis=axis), call(f, NAN, axis=axis)).backward()
    assert not grad(x)[np.isnan(NAN)].any()
    assert np.isfinite(grad(x)).all()


@pytest.mark.parametrize("method", ["linear", "lower", "nearest", "hazen", "inverted_cdf"])
def test_quantiles_without_nan(method: str) -> None:
    for q in (0.25, [0.0, 0.6, 1.0]):
        for axis in (0, 1, None):
            ours = call(np.nanquantile, Variable(NAN), q, axis, method=method)
            same(ours, call(np.nanquantile, NAN, q, axis, method=method))
    same(call(np.nanpercentile, Variable(NAN), 30.0), np.nanpercentile(NAN, 30.0))


def test_nothing_but_nan() -> None:
    x = var([np.nan, np.nan])
    for f, expected in ((tp.nanprod, 1.0), (tp.nanvar, np.nan), (tp.nanstd, np.nan), (tp.nanmedian, np.nan)):
        np.testing.assert_equal(f(x).item(), expected)


OBSERVED = np.array([[1.0, 2.5, 3.0, 0.5], [2.0, 1.0, 4.0, 0.0]])
COVARIANCES: list[dict[str, object]] = [
    {},
    {"rowvar": False},
    {"bias": True},
    {"ddof": 0},
    {"y": OBSERVED * 2 + 1},
    {"fweights": np.array([1, 2, 1, 3])},
    {"aweights": np.array([0.5, 1.0, 2.0, 1.0])},
    {"fweights": np.array([1, 2, 1, 3]), "aweights": np.array([0.5, 1.0, 2.0, 1.0])},
]


@pytest.mark.parametrize("given", COVARIANCES, ids=str)
def test_covariances(given: dict[str, object]) -> None:
    same(call(np.cov, Variable(OBSERVED), **given), call(np.cov, OBSERVED, **given))
    same(call(np.cov, Variable(OBSERVED[0]), **given | {"y": None}), call(np.cov, OBSERVED[0], **given | {"y": None}))


def test_correlations() -> None:
    same(call(np.corrcoef, Variable(OBSERVED)), np.corrcoef(OBSERVED))
    x = Variable(OBSERVED)
    tp.corrcoef(x)[0, 0].backward()
    np.testing.assert_allclose(grad(x), 0.0, atol=1e-15)


@pytest.mark.parametrize("name", ["linspace", "logspace", "geomspace"])
@pytest.mark.parametrize("given", [{}, {"endpoint": False}, {"num": 1}, {"num": 0}, {"axis": -1}], ids=str)
def test_ranges(name: str, given: dict[str, object]) -> None:
    f: object = getattr(np, name)
    start, stop = np.array([0.5, 2.0]), np.array([2.0, 0.25])
    y = same(call(f, Variable(start), stop, **given), call(f, start, stop, **given))
    same(call(f, start, Variable(stop), **given), y.data)


def test_parts_of_numbers() -> None:
    x = var([3.25, -0.5, math.inf, -math.inf, 0.0])
    for ours, numpys in zip(tp.modf(x), np.modf(x.data), strict=True):
        np.testing.assert_array_equal(ours.data if isinstance(ours, Variable) else ours, numpys)
    y = var([3.25, -0.5, 1e-310, 1e300])
    m, e = tp.frexp(y)
    np.testing.assert_array_equal(m.data, np.frexp(y.data)[0])
    np.testing.assert_array_equal(tp.ldexp(m, e).data, y.data)
    assert tp.ldexp(var(1e-300), 1990).item() == math.ldexp(1e-300, 1990)
    q, r = tp.divmod(var(-7.5), 2.0)
    assert (q.item(), r.item()) == (-4.0, 0.5)


def square(line: Variable) -> object:
    return call(np.multiply.outer, line, line[:2])


LINES: list[object] = [np.sum, np.sort, square]  # a number, a vector, a matrix for each line


def test_pieces() -> None:
    x = var([-2.0, 0.5, 3.0])
    same(call(np.piecewise, x, [x < 0, x > 1], [np.negative, np.square, 7.0]), [2.0, 7.0, 9.0]).backward()
    assert grad(x).tolist() == [-1.0, 0.0, 6.0]
    a = drawn(5, (2, 3, 4))
    for axis in (0, 1, -1):
        for f in LINES:
            same(call(np.apply_along_axis, f, axis, Variable(a)), call(np.apply_along_axis, f, axis, a))
    angles = np.array([0.0, 2.0, 5.0, 9.0, 1.0])
    same(call(np.unwrap, Variable(angles)), np.unwrap(angles))


MASK = np.array([True, False, True, True, False, True])
COMPOSED: dict[str, Callable[[Variable], Variable]] = {
    "cov": lambda x: tp.cov(x.reshape((2, 3))).sum(),
    "linspace": lambda x: tp.linspace(x[0], x[1], 4) @ np.arange(4.0),
    "polyval": lambda x: tp.polyval(x[:3], x[3:]).sum(),
    "vander": lambda x: tp.vander(x[:2], 3).sum(),
    "var": lambda x: tp.var(x, where=MASK),
    "geomspace": lambda x: tp.geomspace(x[0] ** 2 + 1.0, 3.0, 3).sum(),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_derivatives_of_what_is_composed(name: str) -> None:
    report = check_function(COMPOSED[name], np.array([0.5, 1.25, -0.75, 2.0, 1.5, -1.25]), examples=10)
    assert report.verdict.name == "PASS"


@pytest.mark.parametrize("name", ["fweights", "aweights"])
def test_weights_of_a_covariance_do_not_lose_their_gradient(name: str) -> None:
    x, w = Variable(np.arange(6.0).reshape(2, 3)), Variable(np.array([1.0, 2.0, 1.0]))
    with pytest.raises(TypeError, match=r"would lose their gradient; give w\.data"):
        call(tp.cov, x, **{name: w})
    assert isinstance(call(tp.cov, x, **{name: w.data.astype(int) if name == "fweights" else w.detach()}), Variable)
