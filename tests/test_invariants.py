"""The checks beyond the value of a derivative: they pass on random programs, and each fails on a planted fault."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count, islice

import numpy as np
import pytest
from hypothesis import event, given, settings

from tinypytorch import Array, Binary, Variable, gradients
from tinypytorch.core import apply as application
from tinypytorch.core import config, graph, reverse, variable
from tinypytorch.core import gradients as pulling
from tinypytorch.core.graph import Swept, World
from tinypytorch.core.variable import Operand
from tinypytorch.core.vertex import MultiNode, Node, UnaryNode, Vertex
from tinypytorch.ops import arithmetic as ar
from tinypytorch.ops.shaping import Split
from tinypytorch.testing import invariants
from tinypytorch.testing.draws import random_plans
from tinypytorch.testing.invariants import INVARIANTS, Invariant
from tinypytorch.testing.matrix import check_layouts
from tinypytorch.testing.metamorphic import EXACT, METAMORPHIC, copied, forked, reordered, unshared
from tinypytorch.testing.passes import bits, ends_of, exactly
from tinypytorch.testing.pool import POOL, build
from tinypytorch.testing.programs import Program
from tinypytorch.testing.strategies import programs

Grads = list[Array]


@given(programs())
@settings(max_examples=40)
def test_metamorphic(p: Program) -> None:
    for check in METAMORPHIC:
        assert check(p) is None


@given(programs(EXACT))
@settings(max_examples=60)
def test_where_nothing_is_rounded(p: Program) -> None:
    event("exact" if exactly(p, ends_of(p)) else "rounded")
    for check in (invariants.check_additive, invariants.check_constants, *METAMORPHIC):
        assert check(p) is None


def test_most_programs_over_exact_ops_are_exact() -> None:
    steps = tuple(POOL[name] for name in EXACT)
    made = [build(plan, steps) for plan in islice(random_plans(3), 200)]
    exact = [exactly(p, ends_of(p)) is not None for p in made]
    assert sum(exact) > 160
    assert sum(e and p.reused > 0 for e, p in zip(exact, made)) > 60


def test_variants_have_the_values_of_the_program() -> None:
    for plan in islice(random_plans(4), 60):
        p = build(plan)
        for make in (copied, unshared, reordered, forked):
            v = make(p)
            assert len(v.values) == len(p.values)
            assert bits([v.program.values[i] for i in v.values]) == bits(p.values)
            assert len(v.program.code) <= 4 * len(p.code) + len(p.values)


def test_a_shared_value_is_computed_for_each_use() -> None:
    p = Program()
    x = p.leaf(np.array([1.0, 2.0]))
    y = p.emit(ar.Square(), x)
    p.emit(ar.Mul(), p.emit(ar.Neg(), y), y)
    assert [len(v.program.code) for v in (unshared(p), unshared(p, most=1))] == [4, 3]
    assert len(copied(p).program.leaves) == 2


# Faults, each planted for as long as a test runs.


@dataclass(frozen=True)
class Fault:
    """A check, what it says, and what is replaced by what: the attribute of a class or module."""

    check: str
    says: str
    owner: object
    attribute: str
    wrong: object

    @contextmanager
    def planted(self) -> Generator[None]:
        right: object = vars(self.owner)[self.attribute]
        setattr(self.owner, self.attribute, self.wrong)
        try:
            yield
        finally:
            setattr(self.owner, self.attribute, right)


_sweep, _write, _step, _init = graph.sweep, reverse.write, reverse.ArrayWorld.step, Variable.__init__
_combine, _attach = Variable.combine, variable.attach
Seeds = Sequence[tuple[Vertex, Array]]
Keep = tuple[Vertex, ...] | set[Vertex] | None


def overwrite(world: object, grads: dict[Vertex, Array], v: Vertex, g: Array, /) -> None:
    grads[v] = g


def nonlinear(op: object, gy: Array, y: Array, x: Array, /) -> Array:
    return -gy * np.abs(gy)


def inner_twice(seeds: Seeds, world: World[Array], keep: Keep, oldest: int) -> Swept[Array]:
    s = _sweep(seeds, world, keep, oldest)
    return Swept({v: g * 2.0 if v.creator else g for v, g in s.ends.items()}, s.kept, s.stale)


def always_tracked(x: Variable, data: Array, name: str | None = None, requires_grad: bool | None = None) -> None:
    _init(x, data, name)


def wrong_dtype(
    y: Variable, xs: list[Variable], seed: Operand, create_graph: bool = False, allow_unused: bool = False
) -> tuple[Variable, ...]:
    found = gradients(y, xs, seed, create_graph=create_graph, allow_unused=allow_unused)
    return tuple(Variable(g.data.astype("float64")) for g in found)


def always_allowed(
    y: Variable, xs: list[Variable], seed: Operand, create_graph: bool = False, allow_unused: bool = False
) -> tuple[Variable, ...]:
    return gradients(y, xs, seed, create_graph=create_graph, allow_unused=True)


_hoard: list[object] = []


def hoards_lists(swept: Swept[Array]) -> None:
    _hoard.append([0])
    _write(swept)


def hoards_arrays(swept: Swept[Array]) -> None:
    _hoard.extend(g.copy() for g in swept.ends.values())
    _write(swept)


def without_lock(swept: Swept[Array]) -> None:
    for v, g in swept.ends.items():
        old = v.kept_grad
        time.sleep(0.001)
        v.kept_grad = np.array(g if old is None else old + g)


_current: dict[str, Array] = {}


def through_a_global(
    world: reverse.ArrayWorld, y: Vertex, gy: Array, grads: dict[Vertex, Array], arrived: list[Vertex], floor: int, /
) -> Vertex | None:
    _current["gradient"] = gy
    time.sleep(0.0001)
    return _step(world, y, _current["gradient"], grads, arrived, y.generation)


def half_written(seeds: Seeds, world: World[Array], keep: Keep, oldest: int) -> Swept[Array]:
    try:
        return _sweep(seeds, world, keep, oldest)
    except Exception:
        for v, g in seeds:
            v.kept_grad = np.array(g)
        raise


def swallowed(seeds: Seeds, world: World[Array], keep: Keep, oldest: int) -> Swept[Array]:
    try:
        return _sweep(seeds, world, keep, oldest)
    except Exception:
        return Swept({}, {}, [])


@contextmanager
def not_put_back(name: str, value: bool) -> Generator[None]:
    config.mode.set(config.mode.get() & ~config.NO_BACKPROP)
    yield


_made = count(1)


def by_creation(head: Variable, op: Binary, left: object, right: object, /) -> Variable:
    """An order as good as any, but another one for other programs."""
    y = _combine(head, op, left, right)
    if not y.is_leaf:
        y.generation = next(_made)
    return y


def _ones_for_none(world: reverse.ArrayWorld, node: MultiNode, grads: dict[Vertex, Array]) -> tuple[Array, ...]:
    found: Grads = []
    for output, value in zip(node.outputs, node.results, strict=True):
        v = output()
        found.append(grads.pop(v) if v is not None and v in grads else np.ones_like(value))
    return tuple(found)


_nodes: list[UnaryNode] = []


def remembered(y: Variable, node: Node) -> None:
    if isinstance(node, UnaryNode):
        _nodes.append(node)
    _attach(y, node)


FAULTS = [
    Fault("check_additive", "do not add up", ar.Neg, "backward", nonlinear),
    Fault("check_retained", "the gradient of an inner value", pulling, "sweep", inner_twice),
    Fault("check_constants", "has requires_grad=False, and gets|wants a", Variable, "__init__", always_tracked),
    Fault("check_unreached", "float64 with allow_unused=True, not zeros", invariants, "gradients", wrong_dtype),
    Fault("check_unreached", "is no ValueError", invariants, "gradients", always_allowed),
    Fault("check_growth", "objects behind", variable, "write", hoards_lists),
    Fault("check_growth", "arrays behind", variable, "write", hoards_arrays),
    Fault("check_threads", "do not give twice", variable, "write", without_lock),
    Fault("check_threads", "raises|other bits", reverse.ArrayWorld, "step", through_a_global),
    Fault("check_failure", "leaves a part of the pass", variable, "sweep", half_written),
    Fault("check_failure", "does not reach the caller", variable, "sweep", swallowed),
    Fault("check_failure", "not in force any more", pulling, "using_config", not_put_back),
    Fault("check_copied", "do not add up to its gradient", reverse.ArrayWorld, "add", overwrite),
    Fault("check_unshared", "shared inner values", reverse.ArrayWorld, "add", overwrite),
    Fault("check_unshared", "shared inner values", ar.Neg, "backward", nonlinear),
    Fault("check_reordered", "in another order changes", Variable, "combine", by_creation),
    Fault("check_dead_outputs", "outputs that nobody uses", reverse.ArrayWorld, "_cotangents", _ones_for_none),
]
CHECKS: dict[str, Invariant] = {c.__name__: c for c in (*INVARIANTS, *METAMORPHIC)}


def found_by(check: Invariant, names: Sequence[str], max_nodes: int = 8, most: int = 400) -> str | None:
    """The first thing that the check says on random programs; exceptions that the fault causes are passed over."""
    steps = tuple(POOL[name] for name in names)
    for plan in islice(random_plans(5, max_nodes), most):
        try:
            said = check(build(plan, steps))
        except (KeyError, RuntimeError, ValueError):
            continue
        if said is not None:
            return said
    return None


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{f.check}-{f.attribute}" if isinstance(f, Fault) else "")
def test_planted_faults_are_found(fault: Fault) -> None:
    # The order of additions is seen in sums of three that are rounded.
    names, max_nodes = (tuple(POOL), 30) if fault.check == "check_reordered" else (EXACT, 8)
    with fault.planted():
        said = found_by(CHECKS[fault.check], names, max_nodes)
    _hoard.clear()
    assert said is not None
    assert any(part in said for part in fault.says.split("|")), said


def test_an_engine_that_visits_dead_branches_is_found() -> None:
    def visits_all(seeds: Seeds, world: World[Array], keep: Keep, oldest: int) -> Swept[Array]:
        for node in _nodes:
            node.pull(np.zeros_like(node.result), node.result, node.values)
        return _sweep(seeds, world, keep, oldest)

    recorded = Fault("", "", application, "attach", remembered)
    visited = Fault("", "", pulling, "sweep", visits_all)
    with recorded.planted(), visited.planted():
        said = found_by(CHECKS["check_dead"], EXACT)
    _nodes.clear()
    assert said is not None
    assert "that no output depends on" in said


def test_every_new_check_has_a_fault() -> None:
    elsewhere = {"check_agreement", "check_linear", "check_pure", "check_visited_once", "check_released", "check_dead"}
    elsewhere |= {
        "check_settings",
        "check_replaced",
        "check_forward",
    }  # the catalogue of faults has those that only they see
    assert set(CHECKS) == {f.check for f in FAULTS} | elsewhere


def test_outputs_of_a_split_that_nobody_uses() -> None:
    p = Program()
    p.emit(ar.Square(), p.emit(Split((1, 2)), p.leaf(np.arange(4.0))) + 1)
    for check in (*INVARIANTS, *METAMORPHIC, check_layouts):
        assert check(p) is None
