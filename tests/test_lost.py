"""Derivatives that would be lost without a word: what takes a number out of a Variable, compares or copies it."""

from __future__ import annotations

import copy
import math
import operator
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad, var
from tinypytorch import Array, Variable, apply
from tinypytorch.compat import override
from tinypytorch.core.operators import value_of
from tinypytorch.function import T
from tinypytorch.ops import ufuncs as u
from tinypytorch.testing import VerificationError, check_op
from tinypytorch.transforms.trees import is_dict

X = np.array([0.0, 1.0, 2.0])
NUMBERS = st.sampled_from([-1.0, 0.0, 0.1, 0.5, 3.0])


@given(st.lists(NUMBERS, min_size=3, max_size=3), NUMBERS, st.sampled_from(["float16", "float32", "float64"]))
def test_every_comparison_is_numpys(entries: list[float], number: float, dtype: str) -> None:
    """With Variables, arrays, lists and numbers; Python's numbers are as weak as in NumPy."""
    a: Array = np.array(entries, dtype)
    x = Variable(a)
    for compare in (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge):
        for other in (number, int(number), np.float32(number), a[::-1], Variable(a[::-1].copy())):
            plain = other.data if isinstance(other, Variable) else other
            np.testing.assert_array_equal(np.asarray(call(compare, x, other)), np.asarray(call(compare, a, plain)))
            np.testing.assert_array_equal(np.asarray(call(compare, other, x)), np.asarray(call(compare, plain, a)))
    np.testing.assert_array_equal(np.asarray(x == entries), a == entries)


def test_what_is_no_number_is_not_equal() -> None:
    x = var([1.0, 2.0])
    for other in (None, "a", object(), Ellipsis):
        assert (x == other) is False
        assert (x != other) is True


def test_dictionaries_and_sets_go_by_identity() -> None:
    x, y = var([1.0, 2.0]), var([1.0, 2.0])
    found = {x: "x", y: "y"}
    assert (found[x], found[y], len({x, y, x})) == ("x", "y", 2)


def test_programs_that_compare() -> None:
    value = tp.value_and_grad(lambda x: tp.sum(tp.where(x == 0, 1.0, 3 * x)))(X)
    np.testing.assert_array_equal(np.asarray(value[1]), [0.0, 3.0, 3.0])
    assert value[0] == 10.0
    np.testing.assert_array_equal(np.asarray(tp.grad(lambda x: tp.sum(x[x == tp.max(x)]))(X)), [0.0, 0.0, 1.0])
    assert tp.grad(lambda x: 1.0 + 0 * x if x == 0 else tp.sin(x) / x)(0.0) == 0.0


TAKERS: dict[str, Callable[[Variable], object]] = {
    "math": lambda x: math.exp(x) * x,
    "float": lambda x: float(x) * x,
    "complex": lambda x: abs(complex(x)) * x,
    "fill": lambda x: np.sum(_filled(x)) * x,
    "float64": lambda x: call(np.float64, x),
    "initial": lambda x: call(np.ones(2).sum, initial=x),
    "fromiter": lambda x: call(np.fromiter, [x], float),
    "sum": lambda x: call(np.sum, np.ones(2), initial=x),
}


def _filled(x: object) -> Array:
    a = np.zeros(2)
    call(a.fill, x)
    return a


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS.keys())
def test_a_number_taken_out_in_a_transform_is_an_error(take: Callable[[Variable], object]) -> None:
    """Also of what comes of the argument, and in forward mode; not of what is cut off, nor under `no_grad`."""

    def later(x: Variable) -> object:
        return take(x * 2.0)

    for f in (take, later):
        with pytest.raises((TypeError, ValueError)):
            call(call(tp.grad, f), 1.5)
        with pytest.raises((TypeError, ValueError)):
            tp.jvp(f, (1.5,), (1.0,))

    def inside(x: Variable) -> Variable:
        with tp.no_grad():
            take(x)
        take(x.detach())
        return x * 1.0

    assert tp.grad(inside)(1.5) == 1.0
    take(var(1.5))


def test_the_error_says_what_to_do() -> None:
    with pytest.raises(TypeError, match=r"float\(x\) in a function that is being differentiated.*np.exp\(x\).*detach"):
        call(call(tp.grad, math.exp), 1.5)


@pytest.mark.parametrize("made", [copy.copy, copy.deepcopy])
def test_copies_keep_the_graph(made: Callable[[object], object]) -> None:
    """Of results and of a transform's arguments; a leaf's copy is a leaf."""

    def squares(p: dict[str, Variable]) -> Variable:
        q = made({"a": p["a"]}) if made is copy.deepcopy else {"a": made(p["a"])}
        assert is_dict(q)
        a: object = q["a"]
        assert isinstance(a, Variable)
        return tp.sum(a**2)

    found = call(tp.grad(squares), {"a": np.ones(2)})
    assert str(found) == "{'a': array([2., 2.])}"
    x = var([1.0, 2.0])
    y = made(x * 3.0)
    assert isinstance(y, Variable)
    tp.sum(y * y).backward()
    assert grad(x).tolist() == [18.0, 36.0]
    leaf = made(x)
    assert isinstance(leaf, Variable)
    assert leaf.is_leaf


class Cut:
    """sin x, with a right rule; its tangent is cut off from x where it is recorded."""

    def forward(self, x: Array, /) -> Array:
        return np.sin(x)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * u.cos(x)

    def tangent(self, t: T, y: T, x: T, /) -> T:
        return t * u.cos(value_of(x))


class CutOff(Cut):
    """The same, and from its own tangent."""

    @override
    def tangent(self, t: T, y: T, x: T, /) -> T:
        return u.cos(x) * value_of(t)


class Writing(Cut):
    """Writes into the tangent that it was given."""

    @override
    def tangent(self, t: T, y: T, x: T, /) -> T:
        t *= u.cos(x)
        return t


class ManyTangents:
    """An op of any number of operands has no rule for forward mode, though it is given one."""

    def forward(self, *xs: Array) -> Array:
        return xs[0] * xs[1]

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        return gy * xs[1], gy * xs[0]

    def tangent(self, ta: T, tb: T, y: T, a: T, b: T, /) -> T:
        return ta


@pytest.mark.parametrize("op", [Cut(), CutOff(), ManyTangents()], ids=lambda op: type(op).__name__)
def test_a_tangent_that_loses_something_is_found(op: Cut | ManyTangents) -> None:
    with pytest.raises(VerificationError, match="tangent"):
        check_op(op, examples=100)


def test_a_tangent_is_read_only() -> None:
    def f(x: Variable) -> Variable:
        return apply(Writing(), x) + x

    with pytest.raises(ValueError, match="read-only"):
        tp.jvp(f, (np.ones(2),), (np.ones(2),))


def test_what_lapack_refuses_is_the_same_error_on_variables() -> None:
    for x in (-np.eye(2), Variable(-np.eye(2))):
        with pytest.raises(np.linalg.LinAlgError):
            call(np.linalg.cholesky, x)
    singular = Variable(np.zeros((2, 2)))
    with pytest.raises(np.linalg.LinAlgError):
        call(np.linalg.inv, singular)
    with pytest.raises(np.linalg.LinAlgError):
        call(np.linalg.solve, singular, np.ones((2, 2)))
