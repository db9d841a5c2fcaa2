"""Differences, slopes, the trapezoidal rule, convolution and interpolation: as NumPy's, with every derivative."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.composed import Call, X, Y, Z, check_derivatives, check_dtypes, check_values
from tests.support import call, grad, var
from tinypytorch import Array, Variable

A = (3, 4)
AT = np.array([0.0, 1.0, 3.0, 3.5])
MODES = ("full", "same", "valid")
EXACT = [
    *(Call("diff", [A], X, *a) for a in [(), (2,), (0,), (1, 0), (3, 1), (9,)]),
    *(Call("diff", [A, (3, 2)], X, prepend=Y, append=a) for a in (Y, 0.0)),
    Call("diff", [A, ()], X, 1, 0, Y, Y),
    Call("diff", [A], X, append=2.0),
    Call("ediff1d", [A], X),
    Call("ediff1d", [A, (2,), ()], X, Y, Z),
    Call("ediff1d", [(1,), ()], X, to_begin=Y),
]
ROUNDED = [
    *(Call("gradient", [A], X, edge_order=e) for e in (1, 2)),
    *(
        Call("gradient", [A], X, h, axis=axis, edge_order=e)
        for h in (0.5, 2)
        for axis in (0, -1, (1, 0))
        for e in (1, 2)
    ),
    *(Call("gradient", [A], X, AT, axis=1, edge_order=e) for e in (1, 2)),
    *(Call("gradient", [A], X, 0.5, list(AT), edge_order=e) for e in (1, 2)),
    Call("gradient", [(4,)], X, np.arange(4.0) / 2),
    Call("gradient", [(2,)], X, 0.25),
    Call("gradient", [(3, 4, 3)], X),
    *(Call("trapezoid", [A], X, *a) for a in [(), (AT,), (None, 0.5)]),
    *(Call("trapezoid", [A], X, axis=a, dx=2) for a in (0, 1, -1)),
    *(Call("trapezoid", [A, A], X, Y, axis=a) for a in (0, -1)),
    *(Call("trapezoid", [A, (3,)], X, Y, axis=a) for a in (0,)),
    Call("trapezoid", [(1,)], X),
    *(
        Call(f, [(n,), (m,)], X, Y, mode)
        for f in ("convolve", "correlate")
        for n, m in [(5, 3), (3, 5), (4, 4), (2, 5), (5, 2), (1, 1)]
        for mode in MODES
    ),
    *(Call(f, [(3,), (2,)], X, Y) for f in ("convolve", "correlate")),
    Call("convolve", [(), (2,)], X, Y),
]


@pytest.mark.parametrize("c", EXACT + ROUNDED, ids=str)
def test_as_numpy(c: Call) -> None:
    check_values(c, exact=c in EXACT)
    check_dtypes(c)


@pytest.mark.parametrize("c", EXACT + ROUNDED, ids=str)
def test_derivatives(c: Call) -> None:
    if np.size(c.plain(c.leaves())[0]):
        check_derivatives(c)


@pytest.mark.parametrize("edge_order", [1, 2])
def test_spacings_and_coordinates_get_gradients(edge_order: Literal[1, 2]) -> None:
    y, t = var([1.0, -1.0, 2.0, 0.5]), var([0.5, 1.0, 1.25, 2.0])

    def slopes(v: Variable) -> Variable:
        found = tp.gradient(y.detach(), v * v + v, edge_order=edge_order)
        assert isinstance(found, Variable)
        return tp.square(found)

    np.testing.assert_allclose(slopes(t).data, np.gradient(y.data, t.data**2 + t.data, edge_order=edge_order) ** 2)
    slopes(t).backward()
    np.testing.assert_allclose(grad(t), tp.numerical_diff(slopes, t), rtol=1e-6, atol=1e-7)


def test_a_spacing_gets_its_gradient() -> None:
    h = var(0.5)
    found = tp.gradient(var([1.0, 3.0]), h)
    assert isinstance(found, Variable)
    found.backward()
    assert grad(h).item() == -16.0


points = st.lists(st.integers(-40, 40).map(lambda n: n / 8), min_size=1, max_size=6)


@given(points, points, st.sampled_from([None, 9.0]), st.sampled_from([None, -7.0]), st.sampled_from([None, 1.5, -3.0]))
def test_interpolation(
    x: list[float], xp: list[float], left: float | None, right: float | None, period: float | None
) -> None:
    knots = np.array(sorted(set(xp)))
    values = np.cos(np.arange(knots.size) * 2.0)
    if period is not None:
        knots = np.array([t for i, t in enumerate(knots) if (t % abs(period)) not in (knots[:i] % abs(period))])
        values = values[: knots.size]
    at, fp = var([*x, -100.0, 100.0]), Variable(values)

    def numpys(t: Array, v: Array, *sides: float | None) -> Array:
        return np.asarray(call(np.interp, t, knots, v, *sides, period), np.float64)

    expected = numpys(at.data, values, left, right)
    for y in (tp.interp(at, knots, fp, left, right, period), call(np.interp, at, knots, fp, left, right, period)):
        assert isinstance(y, Variable)
        np.testing.assert_allclose(y.data, expected, rtol=1e-14, atol=1e-15)
    weights = np.arange(1.0, at.size + 1)
    tp.interp(at, knots, fp, left, right, period).backward(weights)
    for i in range(fp.size):
        unit = np.zeros(fp.size)
        unit[i] = 1.0
        linear = numpys(at.data, unit, *(side if side is None else 0.0 for side in (left, right)))
        np.testing.assert_allclose(grad(fp)[i], (weights * linear).sum(), rtol=1e-13, atol=1e-13)
    step = 2.0**-10
    slopes = (numpys(at.data + step, values, left, right) - expected) / step
    if period is None:
        slopes[at.data == knots[-1]] = 0.0
    if knots.size > 1 or period is not None:
        np.testing.assert_allclose(grad(at), slopes * weights, rtol=1e-9, atol=1e-9)


def test_interpolation_beyond_the_ends_and_at_infinity() -> None:
    x, left = var([-np.inf, 0.0, 0.5, 1.0, np.inf]), var(3.0)
    y = tp.interp(x, [0.0, 1.0], [1.0, 2.0], left)
    assert y.data.tolist() == [3.0, 1.0, 1.5, 2.0, 2.0]
    y.backward()
    assert grad(x).tolist() == [0.0, 1.0, 1.0, 0.0, 0.0]
    assert grad(left).item() == 1.0


REFUSED = [
    Call("interp", [(2,), (2,)], X, Y, [1.0, 2.0]),
    Call("interp", [(2,)], X, [1.0, 2.0], [1.0]),
    Call("interp", [(2,)], X, [1.0, 2.0], [1.0, 2.0], period=0),
    Call("gradient", [(2,)], X, edge_order=2),
    Call("gradient", [(2,)], X, edge_order=3),
    Call("gradient", [(2,)], X, 1.0, 1.0),
    Call("gradient", [(2,)], X, [1.0, 2.0, 3.0]),
    Call("diff", [(2,)], X, -1),
    Call("convolve", [(2, 2)], X, X),
    Call("convolve", [(2,)], X, X, "most"),
    Call("correlate", [(0,), (2,)], X, Y),
]


@pytest.mark.parametrize("c", REFUSED, ids=str)
def test_what_is_not_supported_is_refused(c: Call) -> None:
    for home in (tp, np):
        with pytest.raises((ValueError, TypeError)):
            c.record(home, [Variable(x) for x in c.leaves()])
