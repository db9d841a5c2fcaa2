"""What an operation costs, counted and not timed: calls, bytecodes, objects and bytes."""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections import Counter
from collections.abc import Callable, Generator
from types import FrameType
from typing import TYPE_CHECKING

import numpy as np
import pytest

import tinypytorch as tp
from tinypytorch import Variable

if TYPE_CHECKING:
    from _typeshed import TraceFunction

LENGTHS = (50, 150)
ITEM = np.zeros((2, 3))
OPERATIONS: dict[str, Callable[[Variable, Variable], Variable]] = {
    "add": lambda y, x: y + x,
    "add a number": lambda y, x: y + 1.0,
    "mul": lambda y, x: y * x,
    "square": lambda y, x: y**2,
    "sin": lambda y, x: tp.sin(y),
    "array +": lambda y, x: ITEM + y,
}
ITEMS = {"0-d": np.array(0.0), "array": np.zeros((2, 3))}


@pytest.fixture(autouse=True)
def _no_collector() -> Generator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def counted(run: Callable[[], object]) -> Counter[str]:
    """The calls and bytecodes of `run`: of Python functions, and (where a profiler hears of them) of built-in ones."""
    counts: Counter[str] = Counter()

    def profiler(frame: FrameType, event: str, arg: object) -> None:
        counts[event] += 1

    def tracer(frame: FrameType, event: str, arg: object) -> TraceFunction:
        frame.f_trace_opcodes = True
        counts[event] += event == "opcode"
        return tracer

    before = sys.getprofile(), sys.gettrace()
    sys.setprofile(profiler)
    try:
        run()
    finally:
        sys.setprofile(before[0])
    sys.settrace(tracer)
    try:
        run()
    finally:
        sys.settrace(before[1])
    return counts


def each(work: Callable[[int], Callable[[], object]]) -> dict[str, float]:
    """What one more operation adds to the counts of `work(n)`."""
    few, many = LENGTHS
    counted(work(few))  # the first time that code is traced, Python 3.12 counts more
    less, more = counted(work(few)), counted(work(many))
    return {event: (more[event] - less[event]) / (many - few) for event in ("call", "c_call", "opcode")}


def chain(operation: Callable[[Variable, Variable], Variable], value: tp.Array, n: int) -> Variable:
    """`operation` n times in a row."""
    x = Variable(value)
    y = x
    for _ in range(n):
        y = operation(y, x)
    return y


# Calls of Python functions, of built-in ones, and bytecodes, for each operation. The calls: this file's lambda, the
# operator or function, `combine` or `record` (the forwards of these ops are built-in functions); in the backward pass
# a rule for each operand, and `add` for every gradient of a Variable after the first, with its question who else holds
# an array; `step` is called once for all that stand in a row. They are exact; so are the bytecodes, but versions of
# Python differ, so they have a margin.
MARGIN = 1.25
FORWARD = {
    ("add", "0-d"): (3, 3, 143),
    ("add", "array"): (3, 3, 135),
    ("add a number", "0-d"): (4, 3, 135),
    ("add a number", "array"): (4, 3, 135),
    ("mul", "0-d"): (3, 3, 143),
    ("mul", "array"): (3, 3, 135),
    ("square", "0-d"): (4, 4, 109),
    ("square", "array"): (4, 4, 109),
    ("sin", "0-d"): (4, 3, 98),
    ("sin", "array"): (4, 3, 98),
    ("array +", "0-d"): (4, 4, 186),
    ("array +", "array"): (4, 4, 186),
}
BACKWARD = {
    ("add", "0-d"): (3, 0, 154),
    ("add", "array"): (4, 1, 187),
    ("add a number", "0-d"): (1, 0, 89),
    ("add a number", "array"): (1, 0, 90),
    ("mul", "0-d"): (3, 0, 158),
    ("mul", "array"): (4, 1, 191),
    ("square", "0-d"): (1, 0, 90),
    ("square", "array"): (1, 0, 91),
    ("sin", "0-d"): (1, 0, 92),
    ("sin", "array"): (1, 0, 93),
    ("array +", "0-d"): (2, 1, 130),
    ("array +", "array"): (2, 1, 130),
}


def check(found: dict[str, float], known: tuple[int, int, int]) -> None:
    """No more than is known of it; less is as wrong, for then the table says too much."""
    calls, built_in, bytecodes = known
    assert (found["call"], found["c_call"]) == (calls, built_in)
    assert bytecodes / MARGIN <= found["opcode"] <= bytecodes * MARGIN


@pytest.mark.parametrize(("name", "item"), FORWARD)
def test_an_operation(name: str, item: str) -> None:
    check(each(lambda n: lambda: chain(OPERATIONS[name], ITEMS[item], n)), FORWARD[name, item])


@pytest.mark.parametrize(("name", "item"), BACKWARD)
def test_its_part_of_a_backward_pass(name: str, item: str) -> None:
    check(each(lambda n: chain(OPERATIONS[name], ITEMS[item], n).backward), BACKWARD[name, item])


def test_a_result_is_one_object_for_the_collector_and_few_bytes() -> None:
    few, many = LENGTHS
    sizes: list[int] = []
    objects: list[int] = []
    for n in (few, many):
        gc.collect()
        tracemalloc.start()
        before = len(gc.get_objects())
        y = chain(OPERATIONS["mul"], ITEMS["0-d"], n)
        sizes.append(tracemalloc.get_traced_memory()[0])
        objects.append(len(gc.get_objects()) - before)
        tracemalloc.stop()
        del y
    assert objects[1] - objects[0] == many - few
    assert (sizes[1] - sizes[0]) / (many - few) <= 208  # 176 for the Variable, 32 for the number


def test_without_a_graph_nothing_stays() -> None:
    x = Variable(np.array(1.0))
    with tp.no_grad():
        before = len(gc.get_objects())
        y = chain(OPERATIONS["mul"], ITEMS["0-d"], 100)
    assert len(gc.get_objects()) - before <= 2
    assert (y.creator, x.grad) == (None, None)


def test_what_a_leaf_costs() -> None:
    """Calls of `Variable(array)`: `__init__`, and whether the array is floating."""
    a = np.zeros(3)
    counts = counted(lambda: [Variable(a) for _ in range(100)])
    assert counts["call"] / 100 < 2.1


@pytest.mark.parametrize("name", ["__getattr__", "__getattribute__"])
def test_attributes_are_looked_up_by_cpython_itself(name: str) -> None:
    """No count shows what a hook costs: with one, every attribute of a Variable is looked up a slower way."""
    assert not any(name in vars(kind) for kind in Variable.__mro__ if kind is not object)
