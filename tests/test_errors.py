"""Bad input: an error of the right class that names the op, the shapes and the remedy, and changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from operator import add, mul

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad, slopes, var
from tinypytorch import Array, T, Variable, gradients
from tinypytorch.compat import override

X = np.ones((2, 3))


class Rule:
    """An op whose rule gives whatever it is told to."""

    def __init__(self, given: object) -> None:
        self.given = given

    @override
    def __repr__(self) -> str:
        return "Rule()"

    def forward(self, x: Array, /) -> Array:
        return x * 2.0

    def backward(self, gy: T, y: T, x: T, /) -> T:
        found: T = vars(self)["given"]
        return found


class Forward:
    """An op whose forward gives whatever it is told to."""

    def __init__(self, given: object) -> None:
        self.given = given

    @override
    def __repr__(self) -> str:
        return "Forward()"

    def forward(self, x: Array, /) -> Array:
        found: Array = vars(self)["given"]
        return found

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy


FORWARD: list[tuple[Callable[[Variable], object], type[Exception], str]] = [
    (
        lambda x: x + np.ones(4),
        ValueError,
        r"Add: .*\(2,3\).*\(4,\).*Given: \(2, 3\) float64, \(4,\) float64\. It takes",
    ),
    (
        lambda x: x @ np.ones((2, 3)),
        ValueError,
        r"MatMul: .*Given: \(2, 3\) float64, \(2, 3\) float64\. It takes a last",
    ),
    (lambda x: call(Variable.__matmul__, x, 2.0), ValueError, r"MatMul: "),
    (lambda x: x.reshape(4), ValueError, r"Reshape\(shape=\(4,\)\): cannot reshape .* one length may be -1"),
    (lambda x: x.sum(axis=2), ValueError, r"Sum\(axis=2, keepdims=False\): axis 2 is out of bounds.*\(2, 3\)"),
    (lambda x: x.sum(axis=2), IndexError, r"axis 2 is out of bounds"),
    (lambda x: x.sum(axis=(0, 0)), ValueError, r"Sum.*duplicate"),
    (lambda x: x.transpose(0, 0), ValueError, r"Transpose\(axes=\(0, 0\)\).*every axis once"),
    (lambda x: tp.broadcast_to(x, (4, 3)), ValueError, r"BroadcastTo.*\(2, 3\) float64.*It takes a shape that"),
    (lambda x: tp.sum_to(x, (4,)), ValueError, r"SumTo.*does not broadcast"),
    (lambda x: tp.concatenate([x, np.ones((2, 2))]), ValueError, r"Concatenate.*\(2, 2\) float64"),
    (lambda x: tp.concatenate([]), ValueError, r"concatenate: needs at least one array"),
    (lambda x: tp.stack([x, np.ones(3)]), ValueError, r"Stack.*same shape"),
    (lambda x: tp.split(x, 4), ValueError, r"Split.*equal division.*indices between the parts"),
    (lambda x: x[5], IndexError, r"GetItem.*index 5 is out of bounds.*Given: \(2, 3\) float64"),
    (
        lambda x: tp.maximum(x, 1 + 2j),
        TypeError,
        r"Maximum: it has no derivative rule for complex .* It takes",
    ),
    (lambda x: tp.max(x * 1j), TypeError, r"Max\(.*: it has no derivative rule for complex operands; give x.real"),
    (lambda x: (x * 1j).astype(float), TypeError, r"AsType.*complex values are not cast to real ones.*x.real"),
    (lambda x: tp.sort(x * 1j), TypeError, r"sort: complex numbers, of dtype complex128, have no order"),
    (lambda x: tp.at_set(x, 0, 1j), TypeError, r"AsType.*complex values are not cast to real ones"),
    (lambda x: float((x * 1j)[0, 0]), TypeError, r"float of a complex Variable would drop .* take x.real"),
    (lambda x: int((x * 1j)[0, 0]), TypeError, r"int of a complex Variable"),
    (lambda x: np.sign(x * 1j), TypeError, r"np.sign of complex numbers is not constant; write x / abs\(x\)"),
    (lambda x: tp.fft.rfft(x * 1j), TypeError, r"RealFourier.*for complex operands.* real numbers"),
    (lambda x: tp.fft.fft(x, 0), ValueError, r"fft: a transform has at least one entry, not 0"),
    (lambda x: call(tp.fft.fft, x, norm="a"), ValueError, r"fft: norm is .* not 'a'"),
    (lambda x: tp.fft.fftn(x, (1, 2), (0,)), ValueError, r"fftn: 2 lengths for 1 axes"),
    (lambda x: tp.fft.irfftn(x, axes=()), ValueError, r"irfftn: needs at least one axis"),
    (lambda x: call(add, x, ["a", "b", "c"]), TypeError, r"Add: an operand of dtype <U1 .* operands are numbers"),
    (lambda x: call(tp.exp, ["a"]), TypeError, r"an operand of dtype <U1"),
    (lambda x: call(add, x, "a"), TypeError, r"Add: an operand of type str"),
    (lambda x: call(add, x, None), TypeError, r"Add: an operand of type NoneType"),
    (lambda x: call(mul, x, np.array([None])), TypeError, r"Mul: an operand of dtype object"),
    (lambda x: tp.max(x[:0]), ValueError, r"Max.*zero-size"),
    (lambda x: x.astype(int), TypeError, r"astype: int64 is not floating"),
    (lambda x: call(x.reshape, 1.5), TypeError, r"reshape: takes integers"),
    (lambda x: x.item(), ValueError, r"item: takes a Variable of one value, not of shape \(2, 3\)"),
    (lambda x: x[0, 0].mT, ValueError, r"mT: exchanges the last two axes, but the shape is \(\)"),
    (lambda x: len(x[0, 0]), TypeError, r"a 0-d Variable has no length"),
    (lambda x: x + Variable(None), ValueError, r"holds no data yet; set x.data"),
    (lambda x: x * np.ma.masked_array([1.0]), TypeError, r"Mul: an operand of type MaskedArray .* plain ndarray"),
    (lambda x: Variable(np.ma.masked_array([1.0])), TypeError, r"MaskedArray.*is not supported"),
    (lambda x: call(Variable, np.array(["a"])), TypeError, r"dtype <U1 is not supported.*of numbers"),
    (lambda x: call(Variable, 1j), TypeError, r"complex'> is not supported.*wrap it with np.array"),
    (
        lambda x: Variable(np.array([1, 2]), requires_grad=True),
        TypeError,
        r"int64 is a constant.*data.astype\(float\)",
    ),
    (lambda x: call(tp.apply, Rule, x), TypeError, r"apply: .*Rule.* is a class"),
    (lambda x: call(tp.apply, 3, x), TypeError, r"apply: int is no op; it needs forward, and backward"),
    (lambda x: call(tp.apply, Rule(1), x, x), TypeError, r"apply: Rule takes 1 operand, got 2"),
    (lambda x: tp.apply(Forward([1.0]), x), TypeError, r"Forward: forward gave list, not an ndarray"),
    (lambda x: tp.apply(Forward(np.ones(2, int)), x), TypeError, r"Forward: forward gave dtype int64"),
    (lambda x: call(tp.as_array, "a"), TypeError, r"as_array: an operand of type str"),
]


@pytest.mark.parametrize(("run", "error", "message"), FORWARD)
def test_forward(run: Callable[[Variable], object], error: type[Exception], message: str) -> None:
    x = Variable(X.copy())
    with pytest.raises(error, match=message):
        run(x)
    assert x.grad is None
    assert np.array_equal(x.data, X)
    assert x.creator is None


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (None, TypeError, r"Rule: the rule for input 0 gave NoneType, not an array; the input has shape \(3,\)"),
        (np.ones(4), ValueError, r"Rule: the rule for input 0 gave a gradient of shape \(4,\), but .* \(3,\)"),
        (np.ones((2, 3)), ValueError, r"gave a gradient of shape \(2, 3\), but the input has shape \(3,\)"),
        (1.0, ValueError, r"gave a gradient of shape \(\), but"),
        ((np.ones(3),), TypeError, r"gave tuple, not an array"),
        (np.full(3, "a"), TypeError, r"gave dtype <U1, which is no number"),
        ("abc", TypeError, r"gave str"),
    ],
)
@pytest.mark.parametrize("way", ["backward", "gradients", "recorded"])
def test_rules(given: object, error: type[Exception], message: str, way: str) -> None:
    x, z = var([1.0, 2.0, 3.0]), var([1.0, 1.0, 1.0])
    (z * 2).backward()
    y = (tp.apply(Rule(given), x) * z).sum()
    run: dict[str, Callable[[], object]] = {
        "backward": lambda: call(y.backward, retain_grad=True),
        "gradients": lambda: gradients(y, x),
        "recorded": lambda: gradients(y, x, create_graph=True),
    }
    with pytest.raises(error, match=message):
        run[way]()
    assert (x.grad, y.grad) == (None, None)
    assert grad(z).tolist() == [2.0, 2.0, 2.0], "a failed pass changed a gradient"


@pytest.mark.parametrize(
    ("gradient", "error", "message"),
    [
        (np.ones(3), ValueError, r"backward: the gradient has shape \(3,\), but the data has \(2, 3\)"),
        (1.0, ValueError, r"backward: the gradient has shape \(\)"),
        (
            np.ones((2, 3), complex),
            TypeError,
            r"backward: a gradient of \(2, 3\) complex128 for data of dtype float64, which is real",
        ),
        ("a", TypeError, r"backward: a gradient of str is no array of numbers"),
    ],
)
def test_the_gradient_given_to_backward(gradient: object, error: type[Exception], message: str) -> None:
    x = Variable(X.copy())
    with pytest.raises(error, match=message):
        call((x * 2).backward, gradient)
    assert x.grad is None


def test_backward_from_an_array_seeds_ones_and_takes_any_real_dtype() -> None:
    x = Variable(X.astype(np.float32))
    (x * 2).backward()
    assert grad(x).tolist() == [[2.0] * 3] * 2
    (x * 2).backward(np.ones((2, 3), int))
    assert grad(x).dtype == np.float32
    y = x[0, 0] * 3
    y.backward(2)
    assert grad(x)[0, 0] == 4.0 + 6.0


def test_backward_from_a_constant() -> None:
    with pytest.raises(TypeError, match=r"backward: data of dtype int64 is a constant.*data.astype\(float\)"):
        Variable(np.array([1, 2])).backward()
    with tp.no_grad():
        y = var(1.0) * 2
    for constant in (y, var(1.0).detach(), Variable(np.array(1.0), requires_grad=False) * 2):
        with pytest.raises(RuntimeError, match=r"backward: this Variable is a constant; it was made .* no_grad"):
            constant.backward()


def test_gradients() -> None:
    x, z = var([1.0, 2.0]), Variable(np.array(1.0), name="z")
    y = tp.sum(x * x)
    with pytest.raises(ValueError, match=r"no output depends on input 1 \(z\), of shape \(\); give allow_unused=True"):
        gradients(y, [x, z])
    assert [g.data.tolist() for g in gradients(y, [x, z], allow_unused=True)] == [[2.0, 4.0], 0.0]
    with pytest.raises(TypeError, match=r"gradients: inputs\[0\] is ndarray, not a Variable"):
        call(gradients, y, [x.data])
    with pytest.raises(RuntimeError, match=r"gradients: outputs\[0\] is a constant"):
        gradients(x.detach(), x)
    with pytest.raises(ValueError, match=r"gradients: 2 grad_outputs for 1 outputs"):
        gradients(y, x, [1.0, 2.0])
    with pytest.raises(ValueError, match=r"gradients: the gradient has shape \(3,\)"):
        gradients(y, x, np.ones(3))
    assert x.grad is None


def test_assignments() -> None:
    x = var([1.0, 2.0])
    y = x * 2
    with pytest.raises(RuntimeError, match=r"assign to a leaf, or to x\.detach"):
        y.data = np.zeros(2)
    with pytest.raises(RuntimeError, match=r"requires_grad can be set on leaves; .* x.detach\(\)"):
        y.requires_grad = False
    with pytest.raises(TypeError, match=r"Variable.data: data of dtype int64 is a constant"):
        x.data = np.array([1, 2])
    with pytest.raises(TypeError, match=r"<class 'list'> is not supported"):
        call(setattr, x, "data", [1.0])
    with pytest.raises(ValueError, match=r"grad: \(3,\) float64 does not fit data of \(2,\) float64"):
        x.grad = np.zeros(3)
    with pytest.raises(AttributeError):
        call(setattr, x, "gard", None)
    with pytest.raises(RuntimeError, match="constant, so it never gets a gradient"):
        x.detach().retain_grad()
    assert x.data.tolist() == [1.0, 2.0]
    given = np.ones(2)
    x.grad = given
    assert not np.shares_memory(grad(x), given)
    x.data = np.zeros(3)
    forgotten: object = getattr(x, "grad", given)
    assert forgotten is None, "a gradient of another shape than the data"


def test_retain_grad_of_one_result() -> None:
    x = var(3.0)
    a = x * x
    b = a * x
    a.retain_grad()
    b.backward()
    assert slopes(a) == (3.0,)
    assert b.grad is None


def test_interior_inputs() -> None:
    x = var(3.0)
    a = x * x
    y = a * a + x
    (ga,) = gradients(y, a)
    gx, ga2 = gradients(y, [x, a], create_graph=True)
    assert (ga.item(), gx.item(), ga2.item()) == (18.0, 109.0, 18.0)


@given(st.lists(st.integers(0, 3), max_size=3), st.lists(st.integers(0, 3), max_size=3))
def test_shapes_that_do_not_broadcast_are_refused_as_numpy_refuses_them(a: list[int], b: list[int]) -> None:
    x, y = Variable(np.zeros(a)), Variable(np.zeros(b))
    try:
        expected = np.broadcast_shapes(tuple(a), tuple(b))
    except ValueError:
        with pytest.raises(ValueError, match=r"^Mul: ") as error:
            mul(x, y)
        assert f"{tuple(a)} float64, {tuple(b)} float64" in str(error.value)
    else:
        z = x * y
        assert z.shape == expected
        z.backward()
        assert (grad(x).shape, grad(y).shape) == (x.shape, y.shape)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_pass_through(value: float) -> None:
    x = var([1.0, value])
    (x * 2.0 + 1.0).backward()
    assert grad(x).tolist() == [2.0, 2.0]


def test_read_only_data_is_fine() -> None:
    data = np.ones(3)
    data.flags.writeable = False
    x = Variable(data)
    tp.sum(tp.exp(x)).backward()
    grad(x)[0] = 7.0
    assert grad(x)[0] == 7.0


class InPlace:
    """Writes where it is told to: an op that somebody else wrote."""

    def __init__(self, where: str) -> None:
        self.where = where

    def forward(self, x: Array, /) -> Array:
        if self.where == "forward":
            x *= 2.0
        return x * 1.0

    def backward(self, gy: T, y: T, x: T, /) -> T:
        for name, a in (("gy", gy), ("y", y), ("x", x)):
            if name == self.where:
                a *= 2.0
        return gy


@pytest.mark.parametrize("where", ["forward", "gy", "y", "x"])
def test_an_op_from_outside_cannot_write_into_what_it_is_given(where: str) -> None:
    x, w, seed = var([1.0, 2.0]), var([3.0, 4.0]), np.ones(2)
    with pytest.raises(ValueError, match="read-only") as error:
        (tp.apply(InPlace(where), x) + w).backward(seed)
    assert where != "forward" or "InPlace: " in str(error.value)
    assert where == "forward" or "in the derivative rule of InPlace" in error.value.__notes__
    assert (x.data.tolist(), w.data.tolist(), seed.tolist()) == ([1.0, 2.0], [3.0, 4.0], [1.0, 1.0])
    assert (x.grad, w.grad) == (None, None)


class FusedMultiplyAdd:
    """a b + c, with gradients in the shape of the result."""

    def forward(self, /, *xs: Array) -> Array:
        a, b, c = xs
        return a * b + c

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        a, b, _ = xs
        return gy * b, gy * a, gy


@pytest.mark.parametrize("order", [1, 2])
def test_gradients_of_many_broadcast_inputs_are_summed_down(order: int) -> None:
    a, b, c = Variable(np.full((2, 1), 2.0)), var([1.0, 2.0, 3.0]), var(1.0)
    found = gradients(tp.apply(FusedMultiplyAdd(), a, b, c), [a, b, c], create_graph=order == 2)
    assert [g.data.tolist() for g in found] == [[[6.0], [6.0]], [4.0, 4.0, 4.0], 6.0]


def test_a_leaf_whose_shape_was_replaced_keeps_its_gradient() -> None:
    x, z = var([1.0, 2.0]), var([1.0, 1.0])
    y = x * z
    x.data = np.zeros(5)
    with pytest.raises(RuntimeError, match=r"data of a leaf was replaced: it has shape \(5,\) now"):
        y.backward()
    assert (x.grad, z.grad) == (None, None)


def test_a_gradient_goes_with_data_of_another_dtype() -> None:
    x = var([1.0, 2.0], "float32")
    (x * 2).backward()
    x.data = np.zeros(2)
    assert x.grad is None


def test_writing_into_a_result_is_writing_into_an_array() -> None:
    y = var([1.0, 2.0]) * 2
    y.data -= 1
    assert y.data.tolist() == [1.0, 3.0]


def test_formats_as_a_number() -> None:
    loss = var(0.123456)
    assert f"{loss:.3f} {loss}" == "0.123 variable(0.123456)"
    assert f"{var([1.0, 2.0]):>20}" == "   variable([1. 2.])"
    with pytest.raises(TypeError, match=r"the format 'd' is for one number, but the Variable has shape \(2,\)"):
        format(var([1.0, 2.0]), "d")


def test_asking_again_of_a_gradient_that_was_not_recorded() -> None:
    x = var(2.0)
    (g,) = gradients(x**3, x)
    with pytest.raises(RuntimeError, match=r"or by gradients\(\) without create_graph=True"):
        g.backward()
    with pytest.raises(TypeError, match="gradients: outputs is function; give a Variable"):
        call(gradients, lambda: x, x)
    with pytest.raises(TypeError, match="the op comes first"):
        call(tp.apply, x, Rule(1))
