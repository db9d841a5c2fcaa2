"""What a Variable keeps, copies and refuses; settings on every way to apply an op; functions at their corners."""

from __future__ import annotations

import copy
import pickle
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad, var
from tests.test_engine import Product, Total, Wide
from tinypytorch import Array, T, Variable, gradients, using_config
from tinypytorch.core.variable import Operand

Setting: TypeAlias = Literal["enable_backprop", "detect_mutation"]


class TestZeroDimensions:
    def test_what_is_written_into_the_data_is_seen(self) -> None:
        for y in (var(1.0), var(1.0) * 2.0, var([1.0, 2.0]).sum(), var(1.0).detach()):
            held = y.data
            held[...] = 7.0
            assert y.data is held
            assert (y.item(), (y * 1.0).item()) == (7.0, 7.0)

    def test_what_was_recorded_is_not_changed_by_it(self) -> None:
        x, c = var(3.0), np.array(2.0)
        y = x * x * c
        x.data[...] = 100.0
        c[...] = 100.0
        y.backward()
        assert grad(x) == 12.0

    def test_the_byte_order_of_the_data_is_that_of_its_gradient(self) -> None:
        x = Variable(np.array(3.0).astype(np.dtype("float64").newbyteorder()))
        y = x * x
        y.backward()
        (g,) = gradients(y, x)
        assert x.dtype == x.data.dtype == grad(x).dtype == g.dtype

    def test_integers_stay_constants(self) -> None:
        for n in (Variable(np.array(2)), Variable(np.array([2]))):
            with pytest.raises(TypeError, match="requires_grad=True: data of dtype int64 is a constant"):
                n.requires_grad = True
            assert not n.requires_grad


def test_requires_grad_can_be_switched_off_and_on() -> None:
    x = var([1.0, 2.0])
    for wanted in (False, True, False, True):
        x.requires_grad = wanted
        assert x.requires_grad == (x * 2.0).requires_grad == wanted


def test_an_assigned_gradient_is_a_copy_in_the_datas_dtype() -> None:
    x, given = Variable(np.ones(2, np.float32)), np.ones(2)
    x.grad = given
    assert grad(x).dtype == np.float32
    x.data, same = np.ones(2), np.ones(2)
    x.grad = same
    assert not np.shares_memory(grad(x), same)


COPIES: list[Callable[[Variable], Variable]] = [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]


@pytest.mark.parametrize("made", COPIES)
@pytest.mark.parametrize("x", [var([1.0]), var([1.0]).detach(), Variable(np.array([1])), Variable(None)], ids=repr)
def test_a_copy_wants_a_gradient_as_the_original_does(made: Callable[[Variable], Variable], x: Variable) -> None:
    assert (made(x).requires_grad, repr(made(x)), made(x).generation) == (x.requires_grad, repr(x), 0)


def test_detach_is_the_very_same_array_and_name() -> None:
    x = Variable(np.array([1.0, 2.0]), name="x")
    assert x.detach().data is x.data
    assert (x.detach().name, x.detach().requires_grad) == ("x", False)


def test_backward_takes_a_variable_as_gradient() -> None:
    x = var([1.0, 2.0])
    (x * 2.0).backward(var([1.0, 3.0]))
    assert grad(x).tolist() == [2.0, 6.0]


def test_plain_derivatives_are_new_constants() -> None:
    x, z, w, seed = var([1.0, 2.0]), var([1.0, 2.0]), Variable(np.ones(3, np.float32)), np.ones(2)
    found = gradients(x + z, [x, z, w], seed, allow_unused=True)
    arrays = [seed, x.data, z.data, *(g.data for g in found)]
    for i, a in enumerate(arrays):
        assert not any(np.shares_memory(a, b) for b in arrays[:i])
    assert not any(g.requires_grad for g in found)
    assert [g.dtype for g in found] == [x.dtype, z.dtype, w.dtype]


def test_a_cotangent_is_differentiated_through() -> None:
    x, v = var([1.0, 2.0]), var([3.0, 5.0])
    (g,) = gradients(x * x, x, v, create_graph=True)
    (gv,) = gradients(g.sum(), v)
    assert gv.data.tolist() == [2.0, 4.0]
    assert not gradients(x * x, x, v)[0].requires_grad


def test_a_constants_recorded_value_counts_after_its_data_was_replaced() -> None:
    x, c = var([1.0, 2.0]), Variable(np.array([3.0, 4.0]), requires_grad=False)
    y = x * c
    c.data = np.zeros(2)
    for create_graph in (False, True):
        assert gradients(y, x, create_graph=create_graph)[0].data.tolist() == [3.0, 4.0]


@pytest.mark.parametrize("data", [np.array(np.nan), np.array([1.0, np.nan])])
def test_nan_is_the_same_data(data: Array) -> None:
    x = Variable(data)
    y = x * x
    x.data = data.copy()
    (g,) = gradients(y, x, create_graph=True)
    np.testing.assert_array_equal(g.data, 2.0 * data)


@given(st.lists(st.tuples(st.sampled_from(["enable_backprop", "detect_mutation"]), st.booleans()), max_size=6))
def test_settings_do_not_touch_each_other(blocks: list[tuple[Setting, bool]]) -> None:
    def enter(model: dict[str, bool], rest: list[tuple[Setting, bool]]) -> None:
        def agrees() -> bool:
            return model == {n: getattr(tp.Config, n) for n in ("enable_backprop", "detect_mutation")}

        assert agrees()
        if rest:
            (name, value), *inner = rest
            with using_config(name, value):
                enter(model | {name: value}, inner)
            assert agrees()

    enter({"enable_backprop": True, "detect_mutation": False}, blocks)


def test_assigned_settings_are_booleans() -> None:
    for name in ("enable_backprop", "detect_mutation"):
        with pytest.raises(TypeError, match=f"{name} takes True or False, not 1"):
            call(setattr, tp.Config, name, 1)


@pytest.mark.parametrize("detect", [False, True])
@pytest.mark.parametrize("record", [False, True])
def test_both_settings_hold_on_every_way_to_apply_an_op(detect: bool, record: bool) -> None:
    x = var([1.0, 2.0])
    with using_config("detect_mutation", detect), using_config("enable_backprop", record):
        made = [-x, x * x, x.record_all(Total(), x), tp.apply(Total(), x), tp.apply(Product(), x, x)]
        made += [tp.apply(Wide(), x), *tp.split(x, 2)]
    for y in made:
        assert (y.creator is not None) == y.requires_grad == record
        if y.creator is not None:
            assert (y.creator.prints is not None) == detect


async def _numbers() -> AsyncGenerator[int]:
    yield 1


def test_asynchronous_generators_are_refused() -> None:
    with pytest.raises(TypeError, match="use `with` inside it"):
        call(tp.no_grad(), _numbers)


class Seen:
    """x + y; remembers its operands' types."""

    def __init__(self) -> None:
        self.operands: list[tuple[str, str]] = []

    def forward(self, a: Array, b: Array, /) -> Array:
        self.operands += [(type(x).__name__, x.dtype.name) for x in (a, b)]
        return a + b

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble"])
@pytest.mark.parametrize("shape", [(), (2,)])
def test_an_op_of_ones_own_gets_arrays(shape: tuple[int, ...], dtype: str) -> None:
    op, x = Seen(), Variable(np.ones(shape, dtype))
    assert (tp.apply(op, x, 2.0).dtype, tp.apply(op, 2, x).dtype) == (x.dtype, x.dtype)
    assert op.operands == [("ndarray", x.dtype.name)] * 4


def test_memory_maps_are_held(tmp_path: Path) -> None:
    data = np.memmap(tmp_path / "data", np.float64, "w+", shape=(2,))
    data[:] = [1.0, 2.0]
    x = Variable(data)
    (x * x).backward()
    assert grad(x).tolist() == [2.0, 4.0]
    x.data[0] = 5.0
    assert data[0] == 5.0


@pytest.mark.parametrize(
    "index", [[], ([],), np.int64(1), np.array(1), np.True_, np.False_, True, (slice(0, 2), np.int64(0))], ids=repr
)
def test_indices_that_numpy_takes(index: object) -> None:
    x = var([[1.0, 2.0], [3.0, 4.0]])
    y = call(Variable.__getitem__, x, index)
    assert isinstance(y, Variable)
    expected = call(np.ndarray.__getitem__, x.data, index)
    np.testing.assert_array_equal(y.data, expected)
    assert y.shape == np.asarray(expected).shape
    counts = np.zeros((2, 2))
    call(np.add.at, counts, index, 1.0)
    y.backward()
    np.testing.assert_array_equal(grad(x), counts)


def test_long_parameters_are_left_out_of_errors() -> None:
    with pytest.raises(ValueError, match=r"^Reshape: cannot reshape"):
        var([1.0]).reshape((1,) * 30 + (2,))


def test_a_mask_belongs_to_the_op() -> None:
    x, mask = var([1.0, 2.0]), np.array([True, False])
    y = tp.where(mask, x, 0.0)
    mask[:] = False
    y.backward()
    assert grad(x).tolist() == [1.0, 0.0]


def test_clip_with_one_bound_or_none() -> None:
    data = np.array([-2.0, -0.0, 0.0, 3.0])
    for low in (None, -1.0, 0.0, 1.0, np.array(-1.0)):
        for high in (None, -1.0, 0.0, 2.0, np.array(2.0)):
            x = Variable(data)
            y = tp.clip(x, low, high)
            np.testing.assert_array_equal(y.data, np.clip(data, low, high))
            y.sum().backward()
            free = (data > (-np.inf if low is None else low)) & (data < (np.inf if high is None else high))
            assert (grad(x)[free] == 1.0).all()


@pytest.mark.parametrize("low", [None, 0.0, np.zeros(2), var([0.0, 0.0])], ids=repr)
def test_a_variable_as_bound_gets_its_gradient(low: Operand | None) -> None:
    x, high = var([1.0, 5.0]), var([2.0, 2.0])
    tp.clip(x, low, high).backward()
    assert (grad(x).tolist(), grad(high).tolist()) == ([1.0, 0.0], [0.0, 1.0])


def test_powers_at_zero() -> None:
    a, b = var([0.0, 0.0, 0.0, 0.0, 2.0]), var([0.0, 1.0, 2.0, 0.5, 0.0])
    with np.errstate(divide="ignore"):
        (a**b).backward()
    assert grad(a).tolist() == [0.0, 1.0, 0.0, np.inf, 0.0]
    assert grad(b).tolist() == [0.0, 0.0, 0.0, 0.0, np.log(2.0)]


def test_ties_are_counted_in_each_row() -> None:
    x = var([[1.0, 1.0, 0.0], [2.0, 1.0, 0.0]])
    tp.max(x, axis=1).backward()
    assert grad(x).tolist() == [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]


DIFFERENTIABLE: list[Callable[[Variable], Variable]] = [
    *(tp.relu, tp.sigmoid, tp.logsumexp, tp.softmax, tp.tanh, tp.max),
    lambda x: x[[0, 0]],
]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble", ">f8"])
@pytest.mark.parametrize("f", DIFFERENTIABLE)
def test_recorded_derivatives_have_the_datas_dtype(f: Callable[[Variable], Variable], dtype: str) -> None:
    x = Variable(np.array([1.0, 2.0, -1.0], dtype))
    y = f(x)
    (g,) = gradients(y, x, create_graph=True)
    assert g.dtype == x.dtype
    assert y.dtype.name == x.dtype.name


def test_a_cotangent_of_another_dtype_is_differentiated_through() -> None:
    x, v = var([1.0, 2.0]), var([1.0, 3.0], "float32")
    (g,) = gradients(x * x, x, v, create_graph=True)
    assert [d.data.tolist() for d in gradients(g, [x, v])] == [[2.0, 6.0], [2.0, 4.0]]
    assert gradients(g, v)[0].dtype == np.float32


def test_a_recorded_gradient_is_not_the_cotangent_that_was_given() -> None:
    x, seed = var([1.0, 2.0]), np.ones(2)
    (g,) = gradients(x + 0.0, x, seed, create_graph=True)
    seed[:] = 7.0
    assert g.data.tolist() == [1.0, 1.0]


@pytest.mark.filterwarnings("ignore:invalid value")
def test_logsumexp_at_infinity_and_nan_leaks_nothing() -> None:
    for at in (np.inf, np.nan):
        x = var([at, 1.0])
        tp.logsumexp(x).backward()
        assert np.isnan(grad(x)[0])
        assert grad(x)[1] == 0.0 or np.isnan(grad(x)[1])


def test_concatenating_along_no_axis_flattens() -> None:
    x, z = var([[1.0, 2.0], [3.0, 4.0]]), var([5.0])
    y = tp.concatenate([x, z], axis=None)
    np.testing.assert_array_equal(y.data, np.concatenate([x.data, z.data], axis=None))
    y.backward(np.arange(5.0))
    assert (grad(x).tolist(), grad(z).tolist()) == ([[0.0, 1.0], [2.0, 3.0]], [4.0])


@pytest.mark.parametrize("dtype", [int, bool, "U1"])
def test_only_floating_dtypes_can_be_cast_to(dtype: type[float] | str) -> None:
    with pytest.raises(TypeError, match=r"astype: .* is not floating"):
        call(var([1.0]).astype, dtype)


@pytest.mark.parametrize(("a", "b"), [(5.5, 2.0), (-5.5, 2.0), (5.5, -2.0)])
def test_remainder_and_floor_division_are_pythons(a: float, b: float) -> None:
    x, y = var(a), var(b)
    assert (x % b).item() == (a % y).item() == (x % y).item() == a % b
    for whole in (x // b, a // y, x // y):
        assert whole == a // b
    for count, rest in (divmod(x, b), divmod(a, y)):
        assert count == a // b
        assert rest.item() == a % b
    (x % y).backward()
    assert grad(x) == 1.0
    assert grad(y) == -(a // b)
