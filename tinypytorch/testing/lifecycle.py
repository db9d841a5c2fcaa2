"""Floor 6: the life of a graph, as a state machine held against a naive model. Imports floors 1 to 4, and Hypothesis.

Random sequences of steps (make a leaf, apply an op, drop a reference, collect, compute under `no_grad`, raise inside a
rule or inside `no_grad`, differentiate, differentiate again, clear and retain gradients) run on an engine and on a
model that is a dictionary. After each step values and gradients are equal, and what nothing refers to any more is gone,
by reference counting alone. Everything is computed with small integers, so that equal means equal.

    TestMyEngine = lifecycle.machine(MyEngine).TestCase

Needs the extra `tinypytorch[verify]`.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import new_class
from typing import Final, Generic, Protocol, TypeVar
from weakref import ref

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tinypytorch.arrays import Array, Shape, sum_to
from tinypytorch.compat import override
from tinypytorch.core.apply import apply
from tinypytorch.core.config import no_grad
from tinypytorch.core.variable import Variable
from tinypytorch.function import T

# What an engine calls a Variable. It must allow weak references.
V = TypeVar("V")
# Values and the sums of |derivative| over all paths stay below this, so that float64 is exact for 2**32 passes.
LARGEST: Final = 2.0**20
SHAPES: Final[tuple[Shape, ...]] = ((), (2,))


class RuleError(Exception):
    """What the rule of a trap raises, and what is raised in the middle of a `no_grad` block."""


class Engine(Protocol[V]):
    """What the machine needs of an engine."""

    def leaf(self, value: Array, /) -> V:
        """A leaf that wants a gradient."""
        ...

    def add(self, a: V, b: V, /) -> V:
        """a + b, which broadcasts if the machine is given several shapes."""
        ...

    def mul(self, a: V, b: V, /) -> V:
        """a * b."""
        ...

    def trap(self, a: V, armed: Callable[[], bool], /) -> V:
        """The identity, recorded like any op; its rule raises `RuleError` if `armed()`."""
        ...

    def value(self, v: V, /) -> Array:
        """The value."""
        ...

    def grad(self, v: V, /) -> Array | None:
        """The gradient that `backward` left, None if there is none."""
        ...

    def backward(self, y: V, seed: Array, /) -> None:
        """Add to the gradients of leaves, and of results that retain theirs, the derivative of y times the seed."""
        ...

    def clear(self, v: V, /) -> None:
        """Forget the gradient."""
        ...

    def retain(self, v: V, /) -> None:
        """Keep the gradient of a result from now on."""
        ...

    def no_grad(self) -> AbstractContextManager[object]:
        """A block in which nothing is recorded."""
        ...


class _Trap:
    """The identity; its rule raises if it is armed."""

    def __init__(self, armed: Callable[[], bool]) -> None:
        self._armed = armed

    def forward(self, x: Array, /) -> Array:
        return x.copy()

    def backward(self, gy: T, y: T, x: T, /) -> T:
        if self._armed():
            raise RuleError
        return gy


class Kernel:
    """The engine of this package."""

    def leaf(self, value: Array, /) -> Variable:
        """As `Engine.leaf`."""
        return Variable(value)

    def add(self, a: Variable, b: Variable, /) -> Variable:
        """As `Engine.add`."""
        return a + b

    def mul(self, a: Variable, b: Variable, /) -> Variable:
        """As `Engine.mul`."""
        return a * b

    def trap(self, a: Variable, armed: Callable[[], bool], /) -> Variable:
        """As `Engine.trap`."""
        return apply(_Trap(armed), a)

    def value(self, v: Variable, /) -> Array:
        """As `Engine.value`."""
        return v.data

    def grad(self, v: Variable, /) -> Array | None:
        """As `Engine.grad`."""
        return v.grad

    def backward(self, y: Variable, seed: Array, /) -> None:
        """As `Engine.backward`."""
        y.backward(seed)

    def clear(self, v: Variable, /) -> None:
        """As `Engine.clear`."""
        v.cleargrad()

    def retain(self, v: Variable, /) -> None:
        """As `Engine.retain`."""
        v.retain_grad()

    def no_grad(self) -> AbstractContextManager[object]:
        """As `Engine.no_grad`."""
        return no_grad()


@dataclass
class _Cell:
    """What the model knows of a value: its op and operands (by number), and what it should be."""

    op: str
    operands: tuple[int, ...]
    value: Array
    recorded: bool
    keeps: bool
    steepness: float = 1.0
    grad: Array | None = None


def _slopes(cell: _Cell, operands: list[_Cell]) -> list[Array]:
    """The derivative of a cell's value by each operand's, entry by entry."""
    if cell.op == "mul":
        return [operands[1].value, operands[0].value]
    return [np.ones(()) for _ in operands]


class Model:
    """The naive engine: numbered cells in a dictionary. Nothing is shared, nothing is clever."""

    def __init__(self) -> None:
        self.cells: dict[int, _Cell] = {}

    def leaf(self, value: Array) -> int:
        """Add a leaf; gives its number."""
        return self._add(_Cell("leaf", (), value.copy(), recorded=True, keeps=True))

    def fits(self, op: str, i: int, j: int) -> bool:
        """Whether the result of an op would be small enough to be exact."""
        a, b = self.cells[i], self.cells[j]
        return max(float(np.abs(_computed(op, a.value, b.value)).max()), _steepness(op, a, b)) <= LARGEST

    def apply(self, op: str, operands: tuple[int, ...], recording: bool = True) -> int:
        """Add a result; gives its number."""
        cells = [self.cells[i] for i in operands]
        value = _computed(op, *(c.value for c in cells))
        recorded = recording and any(c.recorded for c in cells)
        steep = _steepness(op, *cells) if len(cells) == 2 else cells[0].steepness
        return self._add(_Cell(op, operands if recorded else (), value, recorded, keeps=False, steepness=steep))

    def _add(self, cell: _Cell) -> int:
        self.cells[len(self.cells)] = cell
        return len(self.cells) - 1

    def behind(self, ends: Sequence[int]) -> set[int]:
        """The numbers of cells that these are computed from, and their own."""
        found = set(ends)
        for i in range(len(self.cells) - 1, -1, -1):
            if i in found:
                found |= set(self.cells[i].operands)
        return found

    def reaches_a_trap(self, end: int) -> bool:
        """Whether a pass from there runs the rule of a trap."""
        return any(self.cells[i].op == "trap" for i in self.behind([end]) if self.cells[i].recorded)

    def backward(self, end: int, seed: Array) -> None:
        """Cells from the last to the first: each hands its gradient on to its operands."""
        grads = {end: seed}
        for i in range(end, -1, -1):
            cell = self.cells[i]
            if i not in grads or not cell.recorded:
                continue
            operands = [self.cells[r] for r in cell.operands]
            for r, x, slope in zip(cell.operands, operands, _slopes(cell, operands)):
                g = sum_to(grads[i] * slope, x.value.shape)
                grads[r] = grads[r] + g if r in grads else g
            if cell.keeps:
                cell.grad = grads[i] if cell.grad is None else cell.grad + grads[i]


def _computed(op: str, *values: Array) -> Array:
    if op == "add":
        return np.asarray(values[0] + values[1])
    return np.asarray(values[0] * values[1]) if op == "mul" else values[0].copy()


def _steepness(op: str, a: _Cell, b: _Cell) -> float:
    """A bound of the sum of |derivative| over all paths, to any one cell, and over the entries of a broadcast."""
    x, y = (float(np.abs(c.value).max()) for c in (a, b))
    return 2 * (a.steepness * y + b.steepness * x if op == "mul" else a.steepness + b.steepness) + 1


class Lifecycle(RuleBasedStateMachine, Generic[V]):
    """The state machine. Its references to the engine's Variables are those in `held`, and no others."""

    def begin(self, engine: Engine[V], shapes: Sequence[Shape]) -> None:
        """Start with a new engine, and two leaves of each shape."""
        self.engine: Engine[V] = engine
        self.shapes: tuple[Shape, ...] = tuple(shapes)
        self.model: Model = Model()
        self.held: dict[int, V] = {}
        self.watched: dict[int, ref[V]] = {}
        self.armed: bool = False
        self._collecting = gc.isenabled()
        gc.disable()
        for k in range(2 * len(self.shapes)):
            self._make_leaf(k, k + 1)

    @override
    def teardown(self) -> None:
        """Switch the collector on again."""
        self.held.clear()
        if self._collecting:
            gc.enable()

    def _keep(self, i: int, v: V) -> None:
        self.held[i], self.watched[i] = v, ref(v)

    def _pick(self, k: int, recorded: bool = False) -> int:
        """The number of a Variable that is held, counted back from the latest; of one that is recorded, if any is."""
        found = [i for i in self.held if not recorded or self.model.cells[i].recorded] or list(self.held)
        return found[-1 - k % len(found)]

    def _run(self, op: str, i: int, j: int) -> tuple[str, tuple[int, ...], V]:
        """Run an op, or what is small enough instead, on the engine."""
        op = op if op == "trap" or self.model.fits(op, i, j) else "trap"
        if op == "trap":
            return op, (i,), self.engine.trap(self.held[i], lambda: self.armed)
        run = self.engine.add if op == "add" else self.engine.mul
        return op, (i, j), run(self.held[i], self.held[j])

    def _seed(self, i: int, factor: int) -> Array:
        """A cotangent of small integers, not all equal."""
        value = self.model.cells[i].value
        return (np.arange(1.0, 1.0 + value.size) * factor).reshape(value.shape)

    def _make_leaf(self, shape: int, number: int) -> None:
        wanted = self.shapes[shape % len(self.shapes)]
        value = np.arange(float(number), number + math.prod(wanted)).reshape(wanted)
        self._keep(self.model.leaf(value), self.engine.leaf(value))

    def _apply(self, ops: list[tuple[str, int, int]]) -> None:
        for name, i, j in ops:
            op, operands, v = self._run(name, self._pick(i), self._pick(j))
            self._keep(self.model.apply(op, operands), v)

    def _apply_unrecorded(self, op: str, i: int, j: int, fails: bool) -> None:
        try:
            with self.engine.no_grad():
                op, operands, v = self._run(op, self._pick(i), self._pick(j))
                if fails:
                    raise RuleError
        except RuleError:
            return
        self._keep(self.model.apply(op, operands, recording=False), v)

    def _drop(self, picks: list[int]) -> None:
        for i in picks:
            if len(self.held) > 1:
                del self.held[self._pick(i)]

    def _collect(self) -> None:
        gc.collect(0)

    def _backward(self, i: int, factors: list[int]) -> None:
        k = self._pick(i, recorded=True)
        for factor in factors if self.model.cells[k].recorded else ():
            seed = self._seed(k, factor)
            self.engine.backward(self.held[k], seed)
            assert np.array_equal(seed, self._seed(k, factor)), "the pass wrote into the cotangent"
            self.model.backward(k, self._seed(k, factor))

    def _backward_failing(self, i: int) -> None:
        k = self._pick(i, recorded=True)
        if not self.model.cells[k].recorded or not self.model.reaches_a_trap(k):
            return
        self.armed = True
        try:
            self.engine.backward(self.held[k], self._seed(k, 1))
        except RuleError:
            return
        finally:
            self.armed = False
        raise AssertionError(f"value {k}: an exception in a rule behind it does not reach the caller")

    def _clear(self, i: int) -> None:
        k = self._pick(i, recorded=True)
        self.engine.clear(self.held[k])
        self.model.cells[k].grad = None

    def _retain(self, i: int, clear: bool) -> None:
        k = self._pick(i, recorded=True)
        if self.model.cells[k].recorded:
            self.engine.retain(self.held[k])
            self.model.cells[k].keeps = True
            if clear:
                self._clear(i)

    def _check_values(self) -> None:
        for i, v in self.held.items():
            got, wanted = np.asarray(self.engine.value(v)), self.model.cells[i].value
            assert got.shape == wanted.shape, f"value {i} has shape {got.shape}, it should be {wanted.shape}"
            assert np.array_equal(got, wanted), f"value {i} is {got.tolist()}, it should be {wanted.tolist()}"

    def _check_grads(self) -> None:
        for i, v in self.held.items():
            got, wanted = self.engine.grad(v), self.model.cells[i].grad
            told = [None if g is None else np.asarray(g).tolist() for g in (got, wanted)]
            assert told[0] == told[1], f"the gradient of value {i} is {told[0]}, it should be {told[1]}"

    def _check_alive(self) -> None:
        needed = self.model.behind(list(self.held))
        left = [i for i, w in self.watched.items() if i not in needed and w() is not None]
        assert not left, f"values {left} are alive, though nothing that is alive was computed from them"
        self.watched = {i: w for i, w in self.watched.items() if w() is not None}

    _PICK: Final = st.integers(0, 2) | st.integers(0, 15)
    _LATE: Final = st.integers(0, 2)
    _OP: Final = st.sampled_from(["add", "mul", "trap"])

    make_leaf: object = rule(shape=st.integers(0, 7), number=st.integers(-2, 3))(_make_leaf)
    apply: object = rule(ops=st.lists(st.tuples(_OP, _PICK, _PICK), min_size=1, max_size=4))(_apply)
    apply_unrecorded: object = rule(op=_OP, i=_PICK, j=_PICK, fails=st.booleans())(_apply_unrecorded)
    drop: object = rule(picks=st.lists(_PICK, min_size=1, max_size=4))(_drop)
    collect: object = rule()(_collect)
    backward: object = rule(i=_LATE, factors=st.lists(st.integers(-1, 2), min_size=1, max_size=2))(_backward)
    backward_failing: object = rule(i=_LATE)(_backward_failing)
    clear: object = rule(i=_LATE)(_clear)
    retain: object = rule(i=_LATE, clear=st.booleans())(_retain)
    check_values: object = invariant()(_check_values)
    check_grads: object = invariant()(_check_grads)
    check_alive: object = invariant()(_check_alive)


def machine(make: Callable[[], Engine[V]], shapes: Sequence[Shape] = SHAPES) -> type[Lifecycle[V]]:
    """A state machine class for engines that `make` makes; its `TestCase` is for unittest and pytest.

    shapes: those of the leaves; `((),)` for an engine of scalars, or one that does not broadcast.
    """

    def start(self: Lifecycle[V]) -> None:
        RuleBasedStateMachine.__init__(self)
        self.begin(make(), shapes)

    made: type[Lifecycle[V]] = new_class("Machine", (Lifecycle,), exec_body=lambda names: names.update(__init__=start))
    return made
