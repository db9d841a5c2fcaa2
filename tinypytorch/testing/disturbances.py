"""Floor 6: what a pass must withstand, and leave behind: other threads, exceptions, repetition.

Imports floors 1 to 4 and `testing`. Each check gives a sentence that says what is wrong, or None.
"""

from __future__ import annotations

import gc
import sys
import tracemalloc
from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import Barrier, Event, Thread
from typing import Final

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.config import Config, no_grad
from tinypytorch.core.gradients import gradients
from tinypytorch.core.variable import Variable
from tinypytorch.function import T
from tinypytorch.testing.passes import bits, end_of, grads_of, leaves_of, tracked
from tinypytorch.testing.programs import Program

# How many threads differentiate at once, and how many passes must leave nothing behind.
THREADS: Final = 4
PASSES: Final = 4


@contextmanager
def no_collector() -> Generator[None]:
    """With the cyclic garbage collector off: what is freed is freed by reference counting alone."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _once(p: Program) -> None:
    """Record the program and differentiate it, in both ways, and drop everything."""
    xs = leaves_of(p)
    end = end_of(p, p.record(xs))
    if end is not None:
        gradients(end[0], xs, end[1], create_graph=True, allow_unused=True)
        end[0].backward(end[1])


def _containers() -> int:
    """How many objects that can hold others are alive and have not been looked at by the collector."""
    return len(gc.get_objects(generation=0))


def _arrays() -> int:
    """How many arrays' memory NumPy has allocated and not freed since allocations are traced."""
    only = tracemalloc.DomainFilter(inclusive=True, domain=np.lib.tracemalloc_domain)
    return len(tracemalloc.take_snapshot().filter_traces([only]).traces)


def _grown(p: Program, count: Callable[[], int]) -> int:
    """By how much the count rises in some passes, after one that may fill caches."""
    _once(p)
    before = count()
    for _ in range(PASSES):
        _once(p)
    return count() - before


def check_growth(p: Program) -> str | None:
    """With the collector off, a pass leaves no container and no array behind.

    Something else may make an object meanwhile: growth counts from one a pass, if it is there twice.
    """
    tracing = tracemalloc.is_tracing()
    with no_collector():
        if _grown(p, _containers) >= PASSES and (n := _grown(p, _containers)) >= PASSES:
            return f"{PASSES} passes over the same program leave {n} objects behind"
        tracemalloc.start()
        try:
            if _grown(p, _arrays) >= PASSES and (n := _grown(p, _arrays)) >= PASSES:
                return f"{PASSES} passes over the same program leave {n} arrays behind"
        finally:
            if not tracing:
                tracemalloc.stop()
    return None


def _at_once(work: Callable[[int], list[Array]]) -> tuple[list[list[bytes]], list[Exception]]:
    """What `work` gives in several threads that start together and take turns often, and what it raises."""
    found: list[list[bytes]] = []
    raised: list[Exception] = []
    barrier = Barrier(THREADS)

    def run(k: int) -> None:
        barrier.wait()
        try:
            found.append(bits(work(k)))
        except Exception as error:
            raised.append(error)

    threads = [Thread(target=run, args=(k,)) for k in range(THREADS)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    finally:
        sys.setswitchinterval(interval)
    return found, raised


def check_threads(p: Program) -> str | None:
    """Threads that differentiate at the same time, graphs of their own or one they share, get the bits that one gets.

    Two of them also add to the gradients of the same leaves, which must then be exactly twice as large.
    """
    xs = leaves_of(p)
    end = end_of(p, p.record(xs))
    if end is None:
        return None
    y, seed = end

    def work(k: int) -> list[Array]:
        own = leaves_of(p)
        mine = end_of(p, p.record(own))
        if mine is not None:
            mine[0].backward(mine[1])
        shared = gradients(y, xs, seed, allow_unused=True)
        if k < 2:
            y.backward(seed)
        return grads_of(own) + [g.data for g in shared]

    expected = [g.data for g in gradients(y, xs, seed, allow_unused=True)]
    found, raised = _at_once(work)
    if raised:
        return f"a pass that another thread's pass runs beside raises {raised[0]!r}"
    if any(f != bits(expected * 2) for f in found):
        return "threads that differentiate at the same time get other bits than one alone"
    if bits(grads_of(xs)) != bits([g * 2 for g in expected]):
        return "two threads that add to the gradients of the same leaves do not give twice the gradient"
    return None


class _StopError(Exception):
    """What the rule of a `_Fuse` raises."""


class _Fuse:
    """The identity; its rule counts its calls, and raises when `left` of them are over."""

    def __init__(self) -> None:
        self.ran = 0
        self.left = -1

    def forward(self, x: Array, /) -> Array:
        return x.view()

    def backward(self, gy: T, y: T, x: T, /) -> T:
        self.ran += 1
        self.left -= 1
        if self.left == 0:
            raise _StopError
        return gy


def _raises(y: Variable, xs: list[Variable], seed: Array, fuse: _Fuse, at: int) -> str | None:
    """What is wrong with three kinds of pass in which the rule that comes `at` fails."""
    for way in ("backward", "backward(retain_grad=True)", "gradients(create_graph=True)"):
        fuse.left, recording = at, False
        try:
            with no_grad():
                try:
                    if way.startswith("backward"):
                        y.backward(seed, retain_grad="retain" in way)
                    else:
                        gradients(y, xs, seed, create_graph=True, allow_unused=True)
                finally:
                    recording = Config.enable_backprop
        except _StopError:
            if recording:
                return f"{way}: after an exception in a rule, no_grad() is not in force any more"
        else:
            return f"{way}: an exception in a rule does not reach the caller"
    return None


def check_failure(p: Program) -> str | None:
    """An exception in a rule reaches the caller, and leaves every gradient as it was; the next pass works."""
    xs, fuse = leaves_of(p), _Fuse()
    values = p.record(xs, fuse)
    end = end_of(p, values)
    if end is None:
        return None
    y, seed = end
    y.backward(seed, retain_grad=True)
    before, once = [(v.grad, bits(grads_of([v]))) for v in values], [g.copy() for g in grads_of(xs)]
    for at in sorted({1, (fuse.ran + 1) // 2, fuse.ran} - {0}):
        wrong = _raises(y, xs, seed, fuse, at)
        if wrong is not None:
            return wrong
        if any(v.grad is not g or bits(grads_of([v])) != b for v, (g, b) in zip(values, before)):
            return "an exception in a rule changes a gradient, or leaves a part of the pass in it"
    fuse.left = -1
    y.backward(seed)
    if bits(grads_of(xs)) != bits([g * 2 for g in once]):
        return "a pass after one that an exception ended gives another gradient"
    return None


def check_settings(p: Program) -> str | None:
    """While another thread is inside `no_grad()`, this one records as ever."""
    inside, done = Event(), Event()

    def other() -> None:
        with no_grad():
            inside.set()
            done.wait()

    thread = Thread(target=other)
    thread.start()
    inside.wait()
    try:
        values = p.record(leaves_of(p))
    finally:
        done.set()
        thread.join()
    wants = [v.requires_grad for v in values]
    return None if wants == tracked(p) else "no_grad() in one thread stops another from recording"
