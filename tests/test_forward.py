"""Forward mode: each way of making a tangent gives what transposing the rule gives, which is right of every op."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call
from tinypytorch import Array, Variable, apply
from tinypytorch.arrays import Shape
from tinypytorch.compat import override
from tinypytorch.function import Function, T, Unary, is_many, is_unary
from tinypytorch.ops.accumulations import CumProd, LogSoftmax, Norm, Prod
from tinypytorch.ops.arithmetic import Div
from tinypytorch.ops.decompositions import Cholesky
from tinypytorch.ops.expm import Expm
from tinypytorch.ops.reductions import LogSumExp, Max, Min, Softmax
from tinypytorch.ops.rounding import NanToNum
from tinypytorch.ops.trigonometric import Sinc
from tinypytorch.transforms.forward import ARRAYS, VARIABLES, along_two
from tinypytorch.transforms.transposing import variable
from tinypytorch.transforms.trees import is_sequence


def _quotient(v: Variable, w: Variable) -> Variable:
    return v / w


def _product(v: Variable, w: Variable) -> Variable:
    return v * w


def _scaled(v: Variable, w: Variable) -> Variable:
    return apply(Scaled(), v, w)


KINDS = (CumProd, Max, Min, LogSumExp, Prod, Norm, LogSoftmax, Softmax, Sinc, NanToNum)
CASES = [(case.op, case.shapes[0]) for kind in KINDS if kind.spec.cases for case in kind.spec.cases()]


@pytest.mark.parametrize(("op", "shape"), CASES, ids=str)
@given(st.data())
def test_of_one_operand(op: Function, shape: Shape, data: st.DataObject) -> None:
    """With ties, zeros and values that repeat among the entries."""
    assert is_unary(op)
    n = int(np.prod(shape))
    entries = st.lists(st.sampled_from([-2.0, -1.0, 0.5, 1.0, 3.0]), min_size=n, max_size=n)
    x, t = (np.array(data.draw(entries), float).reshape(shape) for _ in range(2))
    v = Variable(x)
    y = v.record(op)
    (expected,) = ARRAYS.transposed(y, op, (t[()],))

    def f(v: Variable) -> Variable:
        return v.record(op)

    _, moved = tp.jvp(f, (x,), (t,))
    np.testing.assert_allclose(np.asarray(moved), np.asarray(expected), rtol=1e-12, atol=1e-12)


@given(st.data())
def test_quotients(data: st.DataObject) -> None:
    """In arrays and Variables alike, the same bits; of broadcast operands, too, and with zeros among both."""
    shapes: list[Shape] = data.draw(st.sampled_from([[(), ()], [(3,), (3,)], [(2, 1), (3,)], [(), (2,)]]))
    number = st.sampled_from([-2.0, -1.0, 0.0, 0.5, 3.0])
    a, b, ta, tb = (
        np.array(data.draw(st.lists(number, min_size=6, max_size=6))).reshape(-1)[: int(np.prod(s))].reshape(s)
        for s in (*shapes, *shapes)
    )
    with np.errstate(all="ignore"):
        v, w = Variable(a), Variable(b)
        y = v / w
        (expected,) = ARRAYS.transposed(y, Div(), (ta[()], tb[()]))
        _, moved = tp.jvp(_quotient, (a, b), (ta, tb))
        again = variable(along_two(VARIABLES, Div(), y, Variable(ta), Variable(tb))).data
    finite = np.isfinite(expected)
    np.testing.assert_allclose(np.asarray(moved)[finite], np.asarray(expected)[finite], rtol=1e-12, atol=1e-12)
    assert np.asarray(moved).tobytes() == np.asarray(again).tobytes()


def test_a_quotient_that_was_not_chosen_has_no_tangent_and_no_warning() -> None:
    x = np.array([0.0, 2.0])

    def chosen(x: Variable) -> Variable:
        return tp.where(x > 0.0, x / (x + (x <= 0.0).astype(float)), 0.0)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, moved = tp.jvp(chosen, (x,), (np.array([0.0, 1.0]),))
        np.testing.assert_array_equal(np.asarray(moved), [0.0, 0.0])
    y = Variable(np.array([1.0, 1.0])) / Variable(np.array([1.0, 2.0]))
    y.b = x  # as if the divisor had been this, so that no warning is of the quotient itself
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        zeros = np.zeros(2)
        np.testing.assert_array_equal(along_two(ARRAYS, Div(), y, zeros, zeros), zeros)


@pytest.mark.parametrize("upper", [False, True])
@pytest.mark.parametrize("dtype", ["float64", "complex128"])
def test_of_matrices(upper: bool, dtype: str) -> None:
    """By transposing the rule, and by the difference along the tangent, in both triangles' entries."""
    random = np.random.default_rng(0)
    for op in (Cholesky(upper), Expm()):
        x: Array = random.normal(size=(2, 3, 3)).astype(dtype)
        t: Array = random.normal(size=(2, 3, 3)).astype(dtype)
        if dtype == "complex128":
            i: Array = np.array(1.0j, dtype)
            x, t = x * (i * t + 1.0), t * (0.5 - i * x)
        x = np.eye(3) * 9.0 + x + np.conj(x.mT)
        if isinstance(op, Expm):
            x = x / 9.0

        def f(v: Variable, op: Unary = op) -> Variable:
            return v.record(op)

        _, moved = tp.jvp(f, (x,), (t,))
        (expected,) = ARRAYS.transposed(f(Variable(x)), op, (t,))
        np.testing.assert_allclose(np.asarray(moved), np.asarray(expected), rtol=1e-11, atol=1e-12)
        h = 1e-6
        difference = (op.forward(x + h * t) - op.forward(x - h * t)) / (2.0 * h)
        np.testing.assert_allclose(np.asarray(moved), difference, rtol=1e-6, atol=1e-7)


def test_nothing_given_is_given_back() -> None:
    """A tangent that comes out as it went in is a copy: writing into it changes nothing of the caller's."""
    x, t = np.ones(3), np.array([1.0, 2.0, 3.0])

    def same(v: Variable) -> tuple[Variable, Variable, Variable]:
        return v, v + 1.0, v.reshape((3, 1))

    _, moved = tp.jvp(same, (x,), (t,))
    assert is_sequence(moved)
    for part in moved:
        assert not np.may_share_memory(np.asarray(part, float), t)


class Counted:
    """x**2, with a rule for forward mode that counts its calls."""

    def __init__(self) -> None:
        self.calls: int = 0

    def forward(self, x: Array, /) -> Array:
        return x * x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (x * 2.0)

    def tangent(self, t: T, y: T, x: T, /) -> T:
        self.calls += 1
        return t * (x * 2.0)


class Scaled:
    """a b, with a rule for forward mode."""

    def forward(self, a: Array, b: Array, /) -> Array:
        return a * b

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * b

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * a

    def tangent(self, ta: T, tb: T, y: T, a: T, b: T, /) -> T:
        return ta * b + tb * a


@pytest.mark.parametrize("x", [3.0, np.array([1.0, 2.0])], ids=str)
def test_a_tangent_of_ones_own(x: float | Array) -> None:
    """It is called, at both orders; without it the rule is transposed."""
    op = Counted()
    one = np.ones_like(x)

    def square(v: Variable) -> Variable:
        return apply(op, v)

    assert np.all(np.asarray(tp.jvp(square, (x,), (one,))[1]) == 2.0 * np.asarray(x))
    assert op.calls == 1

    def slope(v: Variable) -> object:
        return tp.jvp(square, (v,), (one,))[1]

    again = tp.jvp(slope, (x,), (one,))[1]
    assert np.all(np.asarray(again) == 2.0)
    assert op.calls == 2, "the outer pass goes along the inner tangent, which the square itself is no part of"


def test_a_tangent_of_two_operands_of_ones_own() -> None:
    """Also where one of them stands still, or is broadcast."""
    a, b = np.array([[1.0], [2.0]]), np.array([3.0, 4.0, 5.0])
    for f in (_scaled, _product):
        _, both = tp.jvp(f, (a, b), (a, b))
        np.testing.assert_array_equal(np.asarray(both), 2.0 * a * b)

    def with_b(v: Variable) -> Variable:
        return apply(Scaled(), v, b)

    _, one = tp.jvp(with_b, (a,), (np.ones_like(a),))
    np.testing.assert_array_equal(np.asarray(one), np.ones_like(a) * b)


class Narrow(Counted):
    """Forgets that a tangent has the shape of its result."""

    @override
    def tangent(self, t: T, y: T, x: T, /) -> T:
        return t.reshape((1, *x.shape))


class NarrowProduct(Scaled):
    """The same with two operands."""

    @override
    def tangent(self, ta: T, tb: T, y: T, a: T, b: T, /) -> T:
        return ta.reshape((1, *y.shape))


def _narrow(v: Variable) -> Variable:
    return apply(Narrow(), v)


def _narrow_product(v: Variable) -> Variable:
    return apply(NarrowProduct(), v, v)


@pytest.mark.parametrize("f", [_narrow, _narrow_product])
def test_a_tangent_of_another_shape_is_an_error(f: Callable[[Variable], Variable]) -> None:
    with pytest.raises(ValueError, match=r"Narrow.*\.tangent gave .*the result is .*\(2,\)"):
        tp.jvp(f, (np.ones(2),), (np.ones(2),))


def test_what_is_left_alone_is_not_on_the_way() -> None:
    """An op of the auxiliary part that has no derivative forward is no error."""

    class Opaque:
        def forward(self, *xs: Array) -> Array:
            return xs[0].copy()

        def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
            raise AssertionError

    opaque = Opaque()
    assert is_many(opaque)

    def f(x: Variable) -> tuple[Variable, object]:
        return tp.stack([x[0] * x, x]), apply(opaque, x)  # more results than arguments, so that it goes forward

    both = call(tp.jacobian(f, has_aux=True), np.array([2.0, 3.0]))
    assert "".join(str(both).split()).startswith("(array([[[4.,0.],[3.,2.]],[[1.,0.],[0.,1.]]])")
