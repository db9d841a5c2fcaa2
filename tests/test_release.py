"""`check_released` says what an engine kept alive, and during which pass: engines that hoard vertices are found."""

from __future__ import annotations

import numpy as np
import pytest

from tinypytorch.arrays import Array
from tinypytorch.core.gradients import VariableWorld
from tinypytorch.core.reverse import ArrayWorld
from tinypytorch.core.variable import Variable
from tinypytorch.core.vertex import Vertex
from tinypytorch.function import Tracked, Unary
from tinypytorch.ops.elementwise import Exp, Sin
from tinypytorch.testing.invariants import check_released
from tinypytorch.testing.programs import Program

P = Program.of([np.array([0.5, 1.0])], (Sin(), 0), (Exp(), 1))


def test_nothing_is_kept() -> None:
    assert check_released(P) is None


def test_results_that_recording_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    hoard: list[Variable] = []
    record = Variable.record

    def kept(x: Variable, op: Unary) -> Variable:
        hoard.append(record(x, op))
        return hoard[-1]

    monkeypatch.setattr(Variable, "record", kept)
    assert check_released(P) == "2 of 2 results outlive their graph (pass: none)"


def test_results_that_a_pass_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    hoard: list[Vertex] = []
    step = ArrayWorld.step

    def kept(
        world: ArrayWorld, y: Vertex, gy: Array, grads: dict[Vertex, Array], arrived: list[Vertex], floor: int
    ) -> Vertex | None:
        hoard.append(y)
        return step(world, y, gy, grads, arrived, y.generation)

    monkeypatch.setattr(ArrayWorld, "step", kept)
    assert check_released(P) == "2 of 2 results outlive their graph (pass: backward)"


def test_results_that_a_recorded_pass_keeps(monkeypatch: pytest.MonkeyPatch) -> None:
    hoard: list[Vertex] = []
    pull = VariableWorld.pull

    def kept(world: VariableWorld, y: Vertex, gy: Tracked, i: int) -> tuple[Tracked | None, Tracked]:
        hoard.append(y)
        return pull(world, y, gy, i)

    monkeypatch.setattr(VariableWorld, "pull", kept)
    assert check_released(P) == "2 of 2 results outlive their graph (pass: recorded)"
