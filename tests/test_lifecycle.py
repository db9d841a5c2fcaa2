"""The life of a graph on this package's engine, on a small one of another kind, and on broken ones, which are found."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tinypytorch import Array
from tinypytorch.arrays import Shape, sum_to
from tinypytorch.compat import override
from tinypytorch.testing import lifecycle
from tinypytorch.testing.lifecycle import Kernel, RuleError

QUICK = settings(max_examples=60, stateful_step_count=30, deadline=None, derandomize=True)
# Found is enough: not to be shrunk, nor told.
UNTIL_FOUND = settings(
    QUICK, max_examples=1000, phases=[Phase.generate], suppress_health_check=[HealthCheck.too_slow], print_blob=False
)

TestKernel = lifecycle.machine(Kernel).TestCase
TestKernel.settings = QUICK


class Var:
    """A Variable of the small engine."""

    def __init__(self, value: Array, parents: tuple[Var, ...] = (), tracked: bool = True) -> None:
        self.value = value
        self.parents = parents
        self.tracked = tracked
        self.keeps = not parents
        self.grad: Array | None = None
        self.pull: Callable[[Array], tuple[Array, ...]] = lambda g: ()
        self.cycle: Var | None = None


class Small:
    """Depth-first order by recursion, as in micrograd; correct. The broken ones override a method or two."""

    def __init__(self) -> None:
        self.recording = True

    def leaf(self, value: Array, /) -> Var:
        return Var(value)

    def result(self, value: Array, parents: tuple[Var, ...], pull: Callable[[Array], tuple[Array, ...]]) -> Var:
        if not self.recording or not any(p.tracked for p in parents):
            return Var(value, tracked=False)
        v = Var(value, parents)
        v.pull = pull
        return v

    def add(self, a: Var, b: Var, /) -> Var:
        return self.result(np.asarray(a.value + b.value), (a, b), lambda g: (g, g))

    def mul(self, a: Var, b: Var, /) -> Var:
        x, y = a.value, b.value
        return self.result(np.asarray(x * y), (a, b), lambda g: (g * y, g * x))

    def trap(self, a: Var, armed: Callable[[], bool], /) -> Var:
        def pull(g: Array) -> tuple[Array, ...]:
            if armed():
                raise RuleError
            return (g,)

        return self.result(a.value, (a,), pull)

    def value(self, v: Var, /) -> Array:
        return v.value

    def grad(self, v: Var, /) -> Array | None:
        return v.grad

    def clear(self, v: Var, /) -> None:
        v.grad = None

    def retain(self, v: Var, /) -> None:
        v.keeps = True

    @contextmanager
    def _quiet(self) -> Generator[None]:
        before, self.recording = self.recording, False
        try:
            yield
        finally:
            self.recording = before

    def no_grad(self) -> AbstractContextManager[object]:
        return self._quiet()

    def order(self, y: Var) -> list[Var]:
        """Everything behind y, parents first."""
        found: list[Var] = []
        seen: set[int] = set()
        waiting = [(y, False)]
        while waiting:
            v, done = waiting.pop()
            if done:
                found.append(v)
            elif id(v) not in seen and v.tracked:
                seen.add(id(v))
                waiting += [(v, True), *((p, False) for p in v.parents)]
        return found

    def plus(self, a: Array, b: Array) -> Array:
        return a + b

    def seeds(self, y: Var, seed: Array) -> dict[int, Array]:
        return {id(y): seed}

    def backward(self, y: Var, seed: Array, /) -> None:
        nodes = self.order(y)
        grads = self.seeds(y, seed)
        for v in reversed(nodes):
            for p, g in zip(v.parents, v.pull(grads[id(v)])):
                g = sum_to(g, p.value.shape)
                grads[id(p)] = self.plus(grads[id(p)], g) if id(p) in grads else g
        self.write(nodes, grads)

    def write(self, nodes: list[Var], grads: dict[int, Array]) -> None:
        for v in nodes:
            if v.keeps:
                v.grad = grads[id(v)].copy() if v.grad is None else v.grad + grads[id(v)]


TestSmall = lifecycle.machine(Small).TestCase
TestSmall.settings = QUICK
TestScalars = lifecycle.machine(Small, shapes=((),)).TestCase
TestScalars.settings = settings(QUICK, max_examples=20)


class Cyclic(Small):
    """A result refers to itself."""

    @override
    def add(self, a: Var, b: Var, /) -> Var:
        v = super().add(a, b)
        v.cycle = v
        return v


class Hoarding(Small):
    """An operand knows its results."""

    @override
    def mul(self, a: Var, b: Var, /) -> Var:
        v = super().mul(a, b)
        a.cycle = v
        return v


class Stale(Small):
    """A pass starts from what the one before left in inner nodes (micrograd)."""

    def __init__(self) -> None:
        super().__init__()
        self.left: dict[int, Array] = {}

    @override
    def seeds(self, y: Var, seed: Array) -> dict[int, Array]:
        return {id(v): self.left[id(v)] for v in self.order(y) if v.parents and id(v) in self.left} | {id(y): seed}

    @override
    def write(self, nodes: list[Var], grads: dict[int, Array]) -> None:
        super().write(nodes, grads)
        self.left |= {id(v): grads[id(v)] for v in nodes}


class Overwriting(Small):
    """The last gradient that arrives counts."""

    @override
    def plus(self, a: Array, b: Array) -> Array:
        return b


class Forgetting(Small):
    """A second pass replaces the gradients of the first."""

    @override
    def write(self, nodes: list[Var], grads: dict[int, Array]) -> None:
        for v in nodes:
            v.grad = None
        super().write(nodes, grads)


class Quiet(Small):
    """After an exception in `no_grad`, nothing is recorded any more."""

    @override
    @contextmanager
    def _quiet(self) -> Generator[None]:
        before, self.recording = self.recording, False
        yield
        self.recording = before


class Deaf(Small):
    """`no_grad` switches nothing off."""

    @override
    @contextmanager
    def _quiet(self) -> Generator[None]:
        yield


class HalfWritten(Small):
    """Gradients are written while the pass goes on."""

    @override
    def backward(self, y: Var, seed: Array, /) -> None:
        grads = {id(y): seed}
        for v in reversed(self.order(y)):
            self.write([v], grads)
            for p, g in zip(v.parents, v.pull(grads[id(v)])):
                g = sum_to(g, p.value.shape)
                grads[id(p)] = grads[id(p)] + g if id(p) in grads else g


class AddsInPlace(Small):
    """Adds into an array that another node's gradient may be, too."""

    @override
    def plus(self, a: Array, b: Array) -> Array:
        if not a.ndim:
            return a + b
        a += b
        return a


class Aliasing(Small):
    """The gradient is the array that the pass had, and a second pass adds into it."""

    @override
    def write(self, nodes: list[Var], grads: dict[int, Array]) -> None:
        for v in nodes:
            if v.keeps and v.grad is not None and v.grad.ndim:
                v.grad += grads[id(v)]
            elif v.keeps:
                v.grad = grads[id(v)] if v.grad is None else v.grad + grads[id(v)]


class Unsummed(Small):
    """A broadcast operand gets the gradient's mean."""

    @override
    def add(self, a: Var, b: Var, /) -> Var:
        v = super().add(a, b)
        if v.parents:
            v.pull = lambda g: tuple(g if p.value.ndim == g.ndim else np.asarray(g.mean()) for p in (a, b))
        return v


class DepthFirst(Small):
    """A node is visited each time somebody hands it a gradient, with all that it has by then."""

    @override
    def backward(self, y: Var, seed: Array, /) -> None:
        grads = {id(y): seed}
        waiting, seen = [y], [y]
        while waiting:
            v = waiting.pop()
            for p, g in zip(v.parents, v.pull(grads[id(v)])):
                if p.tracked:
                    g = sum_to(g, p.value.shape)
                    grads[id(p)] = grads[id(p)] + g if id(p) in grads else g
                    if p.parents:
                        waiting.append(p)
                    if all(p is not s for s in seen):
                        seen.append(p)
        self.write(seen, grads)


class Swallowing(Small):
    """An exception in a rule ends the pass, and nobody hears of it."""

    @override
    def backward(self, y: Var, seed: Array, /) -> None:
        try:
            super().backward(y, seed)
        except RuleError:
            return


class LeaksWhenItFails(Small):
    """A pass that fails keeps its graph."""

    def __init__(self) -> None:
        super().__init__()
        self.last: Var | None = None

    @override
    def backward(self, y: Var, seed: Array, /) -> None:
        self.last = y
        super().backward(y, seed)
        self.last = None


class KeepsAll(Small):
    """Inner gradients are kept, asked for or not."""

    @override
    def write(self, nodes: list[Var], grads: dict[int, Array]) -> None:
        for v in nodes:
            v.keeps = True
        super().write(nodes, grads)


class RetainsOnce(Small):
    """What was retained is forgotten by clearing the gradient."""

    @override
    def clear(self, v: Var, /) -> None:
        super().clear(v)
        v.keeps = not v.parents and v.tracked


BROKEN: dict[type[Small], str] = {
    Cyclic: "are alive, though nothing that is alive was computed from them",
    Hoarding: "are alive, though",
    LeaksWhenItFails: "are alive, though",
    Stale: "the gradient of value",
    Overwriting: "the gradient of value",
    Forgetting: "the gradient of value",
    Quiet: "the gradient of value|backward|KeyError",
    Deaf: "are alive, though|the gradient of value",
    HalfWritten: "the gradient of value",
    AddsInPlace: "the gradient of value|the pass wrote into the cotangent",
    Aliasing: "the gradient of value|the pass wrote into the cotangent",
    Unsummed: "the gradient of value",
    DepthFirst: "the gradient of value",
    Swallowing: "does not reach the caller",
    KeepsAll: "the gradient of value",
    RetainsOnce: "the gradient of value",
}


@pytest.mark.parametrize(("broken", "said"), BROKEN.items(), ids=lambda x: getattr(x, "__name__", ""))
def test_broken_engines_are_found(broken: type[Small], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        run_state_machine_as_test(lifecycle.machine(broken), settings=UNTIL_FOUND)


def test_a_machine_runs_on_the_shapes_it_is_given() -> None:
    shapes: list[Shape] = []

    class Noting(Small):
        @override
        def leaf(self, value: Array, /) -> Var:
            shapes.append(value.shape)
            return super().leaf(value)

    run_state_machine_as_test(lifecycle.machine(Noting, shapes=((), (3, 1))), settings=settings(QUICK, max_examples=5))
    assert set(shapes) == {(), (3, 1)}
