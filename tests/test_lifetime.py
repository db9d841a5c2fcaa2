"""Graphs go with their last output, by reference counting alone: the collector is off in every test here."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import tracemalloc
from collections.abc import Generator
from operator import add
from weakref import ref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.support import grad, var
from tinypytorch import Array, T, Variable, gradients
from tinypytorch.core.vertex import Vertex
from tinypytorch.testing.invariants import check_released
from tinypytorch.testing.programs import Program
from tinypytorch.testing.strategies import programs


@pytest.fixture(autouse=True)
def _no_collector() -> Generator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Bad:
    """An op that fails where it is told to."""

    def __init__(self, where: str) -> None:
        self.where = where

    def forward(self, x: Array, /) -> Array:
        if self.where == "forward":
            raise ValueError("bad forward")
        return x * 2.0

    def backward(self, gy: T, y: T, x: T, /) -> T:
        if self.where == "rule":
            raise ZeroDivisionError("bad rule")
        return gy * 2.0


def watch(*vs: Variable) -> list[ref[Vertex]]:
    return [ref(v) for v in vs]


def assert_gone(watched: list[ref[Vertex]]) -> None:
    assert [w() for w in watched] == [None] * len(watched)
    assert gc.collect() == 0, "something was left for the collector"


@given(programs())
def test_programs_are_released(p: Program) -> None:
    assert check_released(p) is None


def test_after_an_exception_in_a_forward() -> None:
    x = var([1.0, 2.0])
    a = x * x
    watched = watch(a)
    with pytest.raises(ValueError, match="bad forward"):
        tp.apply(Bad("forward"), a)
    with pytest.raises(ValueError, match="broadcast"):
        add(a, np.ones(3))
    del a
    assert_gone(watched)


@pytest.mark.parametrize("create_graph", [False, True])
def test_after_an_exception_in_a_rule(create_graph: bool) -> None:
    x = var([1.0, 2.0])
    a = x * x
    b = tp.apply(Bad("rule"), a)
    y = (b * x).sum()
    watched = watch(a, b, y)
    with pytest.raises(ZeroDivisionError, match="bad rule"):
        gradients(y, x, create_graph=create_graph)
    with pytest.raises(ZeroDivisionError, match="bad rule"):
        y.backward(retain_grad=True)
    assert (x.grad, a.grad, y.grad) == (None, None, None)
    del a, b, y
    assert_gone(watched)


def test_after_create_graph() -> None:
    x = var([1.0, 2.0])
    y = tp.sum(tp.exp(x) * x)
    (g,) = gradients(y, x, create_graph=True)
    (h,) = gradients(g.sum(), x, create_graph=True)
    watched = watch(y, g, h)
    h.sum().backward()
    del y, g, h
    assert_gone(watched)


def test_several_outputs_of_which_some_are_gone() -> None:
    x = var([1.0, 2.0, 3.0])
    a, b, c = tp.split(x, 3)
    watched = watch(a, b, c)
    del b
    assert watched[1]() is None
    y = a * c
    y.backward()
    assert grad(x).tolist() == [3.0, 0.0, 1.0]
    (g,) = gradients(y, x, create_graph=True)
    (g[0] * 2.0).backward()
    assert grad(x).tolist() == [3.0, 0.0, 3.0]
    del a, c, y, g
    assert_gone(watched)


def test_inside_threads() -> None:
    leaked: list[int] = []

    def work() -> None:
        x = var([1.0, 2.0])
        for _ in range(50):
            y = tp.sum(tp.tanh(x) * x)
            watched = watch(y)
            y.backward()
            gradients(y, x, create_graph=True)
            del y
            leaked.append(sum(w() is not None for w in watched))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert leaked == [0] * 200


def test_under_no_grad_intermediates_are_freed_at_once() -> None:
    x = Variable(np.ones(100_000))
    tracemalloc.start()
    try:
        with tp.no_grad():
            y = x
            for _ in range(20):
                y = y * 1.5
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * x.data.nbytes


def test_no_growth() -> None:
    x = var([1.0, 2.0])

    def step() -> None:
        tp.sum(tp.exp(x) * x).backward()
        x.cleargrad()

    step()
    before = len(gc.get_objects())
    for _ in range(100):
        step()
    assert len(gc.get_objects()) <= before + 5


@pytest.fixture(scope="module")
def long() -> int:
    """The length that the kernel promises to take without recursion."""
    return 1_000_000


def test_a_chain_of_a_million(long: int) -> None:
    x = var(1.0)
    y = x
    for _ in range(long):
        y = y + x
    first = watch(y)
    assert y.generation == long
    y.backward()
    assert grad(x) == long + 1
    assert "variable(" in repr(y)
    assert copy.copy(y).item() == copy.deepcopy(y).item() == long + 1
    assert pickle.loads(pickle.dumps(y)).item() == long + 1
    with pytest.raises(ValueError, match="too many for a picture"):
        tp.plot_dot_graph(y, to_file="chain.png")
    assert y.svg() is None
    del y
    assert_gone(first)


def test_a_long_chain_differentiated_twice() -> None:
    x = var(1.0)
    y = x
    for _ in range(20_000):
        y = y * x
    (g,) = gradients(y, x, create_graph=True)
    watched = watch(y, g)
    (h,) = gradients(g, x)
    assert (g.item(), h.item()) == (20_001, 20_001 * 20_000)
    del y, g, h
    assert_gone(watched)


def test_a_hundred_thousand_consumers() -> None:
    x = var(2.0)
    y = tp.stack([x * 3.0 for _ in range(100_000)]).sum()
    watched = watch(y)
    y.backward()
    assert grad(x) == 300_000
    del y
    assert_gone(watched)


@given(st.integers(1, 6), st.integers(0, 63))
def test_outputs_dropped_in_any_pattern_count_as_zero(n: int, kept: int) -> None:
    x = Variable(np.arange(float(n)))
    parts = [p for i, p in enumerate(tp.split(x, n)) if kept >> i & 1]
    if parts:
        tp.concatenate(parts).sum().backward()
        assert grad(x).tolist() == [float(kept >> i & 1) for i in range(n)]
