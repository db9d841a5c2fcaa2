"""Settings: threads, asyncio, nesting, decorators, and what mutation detection finds."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Generator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import call, grad, var
from tinypytorch import Config, Variable, gradients, no_grad, using_config


def records() -> bool:
    return (var(1.0) * 2.0).creator is not None


@given(st.lists(st.booleans(), max_size=6), st.booleans())
def test_nesting_restores_every_level(values: list[bool], leave_by_exception: bool) -> None:
    def enter(rest: list[bool]) -> None:
        before = Config.enable_backprop
        if rest:
            with using_config("enable_backprop", rest[0]):
                assert records() == Config.enable_backprop == rest[0]
                enter(rest[1:])
        elif leave_by_exception:
            raise KeyError("out")
        assert Config.enable_backprop == before

    if leave_by_exception:
        with pytest.raises(KeyError):
            enter(values)
    else:
        enter(values)
    assert Config.enable_backprop


def test_one_object_used_twice_and_nested() -> None:
    off = no_grad()
    with off:
        with off:
            assert not records()
        assert not records()
    assert records()


def test_decorators_keep_the_function() -> None:
    @no_grad()
    def predict(x: Variable, scale: float = 2.0) -> Variable:
        """Scale."""
        return x * scale

    assert predict(var(3.0), scale=4.0).creator is None
    assert (predict.__name__, predict.__doc__) == ("predict", "Scale.")
    assert records()


def test_a_decorated_function_restores_on_an_exception_and_recurses() -> None:
    @using_config("enable_backprop", False)
    def down(n: int) -> None:
        assert not records()
        if n == 0:
            raise KeyError(n)
        down(n - 1)

    with pytest.raises(KeyError):
        down(3)
    assert records()


def test_generators_and_coroutines_are_refused() -> None:
    def numbers() -> Generator[int]:
        yield 1

    async def later() -> None: ...

    for f in (numbers, later):
        with pytest.raises(TypeError, match="use `with` inside it"):
            call(no_grad(), f)


def test_assigning_to_config() -> None:
    Config.enable_backprop = False
    try:
        assert not records()
    finally:
        Config.enable_backprop = True
    assert records()
    with pytest.raises(TypeError, match="enable_backprop takes True or False, not 1"):
        call(using_config, "enable_backprop", 1)
    with pytest.raises(AttributeError):
        call(setattr, Config, "enable_backdrop", False)


def test_asyncio_tasks_do_not_see_each_other() -> None:
    async def task(off: bool, rounds: int) -> list[bool]:
        seen: list[bool] = []
        for _ in range(rounds):
            if off:
                with no_grad():
                    await asyncio.sleep(0)
                    seen.append(records())
            else:
                await asyncio.sleep(0)
                seen.append(records())
        return seen

    async def both() -> tuple[list[bool], list[bool]]:
        return await asyncio.gather(task(True, 20), task(False, 20))

    off, on = asyncio.run(both())
    assert off == [False] * 20
    assert on == [True] * 20


def test_threads_start_with_the_default() -> None:
    seen: list[bool] = []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append(records()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_threads_give_the_same_bits() -> None:
    x = np.linspace(-2, 2, 1000)
    found: list[bytes] = []

    def work() -> None:
        for _ in range(20):
            v = Variable(x)
            tp.sum(tp.tanh(v) * tp.exp(v)).backward()
            found.append(grad(v).tobytes())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 80
    assert len(set(found)) == 1


def test_threads_that_share_a_leaf_lose_nothing() -> None:
    w = var([1.0, 2.0])

    def work() -> None:
        for _ in range(200):
            (w * 3.0).backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert grad(w).tolist() == [2400.0, 2400.0]


def test_under_no_grad_a_recorded_derivative_can_still_be_asked_for() -> None:
    x = var(2.0)
    y = x**3
    with no_grad():
        (g,) = gradients(y, x, create_graph=True)
        assert not records()
    assert gradients(g, x)[0].item() == 12.0


class TestDetectMutation:
    def test_a_changed_input_is_named(self) -> None:
        x = var([1.0, 2.0])
        with using_config("detect_mutation", True):
            y = tp.sum(x * x)
        x.data[0] = 5.0
        with pytest.raises(RuntimeError, match=r"Mul: input 0 was changed in place .* run the forward pass again"):
            y.backward()
        assert x.grad is None
        with pytest.raises(RuntimeError, match="input 0 was changed"):
            gradients(y, x, create_graph=True)

    def test_a_changed_result_is_named(self) -> None:
        x = var([1.0, 2.0])
        with using_config("detect_mutation", True):
            a = tp.exp(x)
        a.data[0] = 0.0
        with pytest.raises(RuntimeError, match=r"Exp: its result was changed in place"):
            a.backward()

    def test_a_changed_constant_is_named(self) -> None:
        x, c = var([1.0, 2.0]), np.array([3.0, 4.0])
        with using_config("detect_mutation", True):
            y = x * c
        c *= 2
        with pytest.raises(RuntimeError, match=r"Mul: input 1 was changed"):
            y.backward()

    def test_nothing_changed_is_fine_and_off_is_the_default(self) -> None:
        x = var([1.0, 2.0])
        with using_config("detect_mutation", True):
            y = tp.sum(x * x)
        y.backward()
        assert grad(x).tolist() == [2.0, 4.0]


def test_data_replaced_since_the_forward_pass() -> None:
    """The first derivative is that of the recorded values; a recorded one would mix, so it refuses."""
    x = var(3.0)
    y = x * x
    x.data = np.array(100.0)
    y.backward()
    assert grad(x) == 6.0
    with pytest.raises(RuntimeError, match=r"Mul: the data of input 0 was replaced"):
        gradients(y, x, create_graph=True)
