"""The behaviour of the tutorial's stages one and two, step by step, and where its own listing is wrong."""

from __future__ import annotations

import copy
import gc
import pickle
import sys
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

import numpy as np
import pytest

import tinypytorch as tp
from tests.support import call, grad, slopes, var
from tinypytorch import Array, T, Variable, add, as_array, as_variable, exp, no_grad, square, using_config


def function_calls(run: Callable[[], None]) -> int:
    """How many calls of functions, Python's and C's, `run` makes: a clock that is the same on every machine."""
    events: list[str] = []

    def note(frame: FrameType, event: str, arg: object) -> None:
        events.append(event)

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return len(events)


class TestStageOne:
    def test_holds_an_ndarray_or_none(self) -> None:
        data = np.array([1.0, 2.0])
        assert Variable(data).data is data
        empty: object = Variable(None).data
        assert empty is None

    @pytest.mark.parametrize("data", [1.0, 1, [1.0], "1", np.float64(1.0), True])
    def test_anything_else_is_a_type_error_that_names_the_type(self, data: object) -> None:
        with pytest.raises(TypeError) as error:
            call(Variable, data)
        assert str(error.value).startswith(f"{type(data)} is not supported")
        assert "a Variable holds an ndarray" in str(error.value)

    def test_square_and_exp(self) -> None:
        x = var(3.0)
        square(x).backward()
        assert grad(x) == 6.0
        x = var(0.5)
        square(exp(square(x))).backward()
        assert grad(x) == pytest.approx(4 * 0.5 * np.exp(0.5), rel=1e-15)

    def test_numerical_diff(self) -> None:
        x = var(0.5)
        assert tp.numerical_diff(lambda x: square(exp(square(x))), x) == pytest.approx(3.2974426293330694, rel=1e-7)
        assert tp.numerical_diff(square, var(2.0), eps=1e-3) == pytest.approx(4.0, rel=1e-9)


@dataclass(frozen=True)
class SumAndProduct:
    """Two inputs, two outputs."""

    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        a, b = xs
        return a + b, a * b

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        (gs, gp), (a, b) = gys, xs
        return gs + gp * b, gs + gp * a


@dataclass(frozen=True)
class TooMany:
    """Gives one gradient too many."""

    def forward(self, /, *xs: Array) -> Array:
        return xs[0] * 1.0

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        return gy, gy


class TestStageTwo:
    def test_11_and_12_several_inputs_and_outputs(self) -> None:
        a, b = var(2.0), var(3.0)
        s, p = tp.apply(SumAndProduct(), a, b)
        assert (s.item(), p.item()) == (5.0, 6.0)
        (s * p).backward()  # d(a+b)ab
        assert slopes(a, b) == (2 * 2 * 3 + 9, 4 + 2 * 2 * 3)
        assert isinstance(tp.apply(TooMany(), a), Variable)

    def test_12_a_wrong_number_of_gradients_is_an_error(self) -> None:
        x = var(1.0)
        with pytest.raises(ValueError, match=r"TooMany: the rule gave 2 gradients for 1 inputs"):
            tp.apply(TooMany(), x).backward()
        assert x.grad is None

    @pytest.mark.parametrize("clear", [Variable.cleargrad, Variable.zero_grad])
    def test_13_cleargrad(self, clear: object) -> None:
        x = var(3.0)
        add(x, x).backward()
        call(clear, x)
        assert x.grad is None
        add(add(x, x), x).backward()
        assert grad(x) == 3.0

    def test_14_a_variable_used_twice_accumulates(self) -> None:
        x = var(3.0)
        add(x, x).backward()
        held = grad(x)
        assert held == 2.0
        add(add(x, x), x).backward()
        assert grad(x) == 5.0
        assert held == 2.0, "accumulation wrote into an array that somebody else holds"

    def test_15_and_16_by_generation(self) -> None:
        x = var(2.0)
        a = square(x)
        y = add(square(a), square(a))
        y.backward()
        assert (y.item(), *slopes(x)) == (32.0, 64.0)
        assert [v.generation for v in (x, a, y)] == [0, 1, 3]
        assert (a + x).generation == 2

    def test_17_freed_by_reference_counting(self) -> None:
        gc.disable()
        try:
            x = var(2.0)
            y = square(square(x))
            assert y.creator is not None
            node = weakref.ref(y.creator.parents[0])  # type of a parent: a vertex
            assert y.creator.outputs[0]() is y
            del y
            assert node() is None
        finally:
            gc.enable()

    @pytest.mark.parametrize("retain", [False, True])
    def test_18a_retain_grad(self, retain: bool) -> None:
        x0, x1 = var(1.0), var(1.0)
        t = add(x0, x1)
        y = add(x0, t)
        y.backward(retain_grad=retain)
        assert (y.grad, t.grad) == ((1.0, 1.0) if retain else (None, None))
        assert slopes(x0, x1) == (2.0, 1.0)

    def test_18b_config(self) -> None:
        assert tp.Config.enable_backprop
        with using_config("enable_backprop", False):
            assert square(var(2.0)).creator is None
        with no_grad():
            y = square(var(2.0))
        assert y.creator is None
        assert square(var(2.0)).creator is not None
        with pytest.raises(RuntimeError, match="left"), no_grad():
            raise RuntimeError("left")
        assert tp.Config.enable_backprop
        with pytest.raises(ValueError, match=r"'backprop' is not a setting; the settings are 'enable_backprop'"):
            call(using_config, "backprop", False)

    def test_19_like_an_array(self) -> None:
        x = Variable(np.arange(6.0).reshape(2, 3), name="x")
        assert (x.name, x.shape, x.ndim, x.size, len(x)) == ("x", (2, 3), 2, 6, 2)
        assert x.dtype == np.float64
        assert x.T.shape == (3, 2)
        assert [v.item() for v in x.flat] == [0, 1, 2, 3, 4, 5]
        (x[1, ::2].sum() + x.flat[3] + x.T[0, 1]).backward()
        assert grad(x).tolist() == [[0, 0, 0], [3, 0, 1]]

    def test_19_repr(self) -> None:
        assert repr(Variable(np.array([1, 2, 3]))) == "variable([1 2 3])"
        assert repr(Variable(np.array([[1, 2, 3], [4, 5, 6]]))) == "variable([[1 2 3]\n          [4 5 6]])"
        assert repr(Variable(None)) == "variable(None)"

    def test_20_to_22_operators(self) -> None:
        a, b, c = var(3.0), var(2.0), var(1.0)
        y = a * b + c
        y.backward()
        assert (y.item(), *slopes(a, b, c)) == (7.0, 2.0, 3.0, 1.0)
        x = var(2.0)
        assert (3.0 * x + 1.0).item() == 7.0
        assert (2.0 - x).item() == 0.0
        assert (1 / x).item() == 0.5
        assert (x**3).item() == 8.0
        assert (-x).item() == -2.0
        assert ((x + 3) ** 2 / 2).item() == 12.5
        for other in (2, 2.0, np.float64(2), np.float32(2), np.int64(2), np.array(2.0), np.array([2.0]), True):
            for y in (x + other, other + x, x - other, other - x, x * other, other * x, x / other, other / x):
                assert isinstance(y, Variable)
            assert isinstance(x**other, Variable)
            assert isinstance(other**x, Variable)

    def test_23_names(self) -> None:
        assert "Function" in tp.__all__
        assert as_array(3.0).shape == ()
        x = var(1.0)
        assert as_variable(x) is x

    def test_24_dot(self) -> None:
        x = var(1.0)
        x.name = "x"
        text = tp.get_dot_graph(x * x, verbose=False)
        assert text.count('"x"') == 1
        assert "Mul" in text


class TestLargerChecks:
    def test_sphere_and_matyas(self) -> None:
        x, y = var(1.0), var(1.0)
        (x**2 + y**2).backward()
        assert slopes(x, y) == (2.0, 2.0)
        x, y = var(1.0), var(1.0)
        (0.26 * (x**2 + y**2) - 0.48 * x * y).backward()
        assert slopes(x, y) == pytest.approx((0.04, 0.04), rel=1e-14)

    def test_goldstein_price(self) -> None:
        x, y = var(1.0), var(1.0)
        z = (1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)) * (
            30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
        )
        z.backward()
        assert slopes(x, y) == (-5376.0, 8064.0)

    def test_rosenbrock(self) -> None:
        x0, x1 = var(0.0), var(2.0)
        (100 * (x1 - x0**2) ** 2 + (x0 - 1) ** 2).backward()
        assert slopes(x0, x1) == (-2.0, 400.0)

    def test_taylor_series_of_sin(self) -> None:
        x = var(np.pi / 4)
        y, term = as_variable(0.0), x
        for i in range(1, 30, 2):
            y = y + term
            term = term * x * x * (-1.0 / ((i + 1) * (i + 2)))
        y.backward()
        assert grad(x) == pytest.approx(np.cos(np.pi / 4), rel=1e-15)

    def test_newton(self) -> None:
        x = 2.0
        for _ in range(10):
            v = var(x)
            (g,) = tp.gradients(v**4 - 2 * v**2, v, create_graph=True)
            (h,) = tp.gradients(g, v)
            x -= g.item() / h.item()
        assert x == 1.0


class TestWhereTheListingIsWrong:
    def test_gradients_of_broadcast_operands_have_the_operands_shape(self) -> None:
        x, y = Variable(np.ones((2, 3))), Variable(np.ones(3))
        (x * y + y).backward()
        assert grad(x).shape == (2, 3)
        assert grad(y).tolist() == [4.0, 4.0, 4.0]

    @pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble"])
    def test_a_python_number_leaves_the_dtype(self, dtype: str) -> None:
        x = Variable(np.ones(3, dtype))
        for y in (x * 2.0, 2 / x, x + 1, x**2, x**0.5, 2.0**x, tp.relu(x), tp.mean(x), tp.sigmoid(x), tp.clip(x, 0, 2)):
            assert y.dtype == np.dtype(dtype)
            y.backward()
            assert grad(x).dtype == np.dtype(dtype)

    def test_what_crashed(self) -> None:
        x = var(2.0)
        x.backward()
        assert grad(x) == 1.0
        for y in (2.0**x, x**x, add(3.0, x), np.sin(x)):
            assert isinstance(y, Variable)
            x.cleargrad()
            y.backward()
            assert np.isfinite(grad(x))
        x.cleargrad()
        (x**x).backward()
        assert grad(x) == pytest.approx(4 * (np.log(2.0) + 1), rel=1e-15)
        assert pickle.loads(pickle.dumps(x * x)).item() == 4.0

    def test_a_second_output_that_nobody_kept_counts_as_zero(self) -> None:
        x = var([1.0, 2.0, 3.0, 4.0])
        first = tp.split(x, 2)[0]
        gc.collect()
        (first * first).backward()
        assert grad(x).tolist() == [2.0, 4.0, 0.0, 0.0]

    def test_no_two_gradients_are_one_array(self) -> None:
        x, y, seed = var([1.0, 2.0]), var([3.0, 4.0]), np.ones(2)
        z = add(x, y)
        z.backward(seed, retain_grad=True)
        arrays = [grad(x), grad(y), grad(z), seed]
        for i, a in enumerate(arrays):
            assert not any(np.shares_memory(a, b) for b in arrays[:i])

    def test_a_second_pass_counts_interior_gradients_once(self) -> None:
        x = var(3.0)
        y = 2 * x**2
        y.backward(retain_grad=True)
        y.backward(retain_grad=True)
        assert grad(x) == 24.0

    def test_x_to_the_zero_is_flat_at_zero(self) -> None:
        for zero in (0, 0.0, np.array(0.0), var(0.0)):
            x = var([0.0, 2.0])
            (x**zero).backward()
            assert grad(x).tolist() == [0.0, 0.0]

    def test_a_wide_graph_is_linear(self) -> None:
        calls: list[float] = []
        for n in (200, 2_000):
            x = var(1.0)
            y = tp.stack([x * 1.0 for _ in range(n)]).sum()
            calls.append(function_calls(y.backward) / n)
            assert grad(x) == n
        # Re-sorting by generation at every push calls its key ten times as often for each consumer of the wide one.
        assert calls[1] < 1.1 * calls[0]

    def test_no_grad_in_one_thread_leaves_the_others(self) -> None:
        inside, seen = threading.Event(), threading.Event()
        found: list[bool] = []

        def other() -> None:
            inside.wait(10)
            found.append(square(var(1.0)).creator is not None)
            seen.set()

        thread = threading.Thread(target=other)
        thread.start()
        with no_grad():
            inside.set()
            assert seen.wait(10)
        thread.join()
        assert found == [True]

    def test_copies_keep_data_gradient_and_name_and_those_of_results_the_graph(self) -> None:
        """But for pickles, which leave the graph behind."""
        x = Variable(np.array([1.0, 2.0]), name="x")
        (x * x).backward()
        y = x * x
        for made in (copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
            assert isinstance(made, Variable)
            assert (made.name, made.data.tolist(), grad(made).tolist()) == ("x", [1.0, 2.0], [2.0, 4.0])
            assert not np.shares_memory(made.data, x.data)
            assert not np.shares_memory(grad(made), grad(x))
        for made in (copy.copy(y), copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
            assert made.data.tolist() == [1.0, 4.0]
            assert not np.shares_memory(made.data, y.data)
        assert pickle.loads(pickle.dumps(y)).creator is None
        for made in (copy.copy(y), copy.deepcopy(y)):
            (gx,) = tp.gradients(made, x)
            assert gx.data.tolist() == [2.0, 4.0]
