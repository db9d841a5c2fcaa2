"""A recurrent network: 64 steps of a cell of 32 units, and the gradients of its three parameters at the end."""

from __future__ import annotations

from typing import Final

import numpy as np

from benchmarks.libraries.library import Arrays, Functions, Loss, Results, Step
from benchmarks.workloads.workload import ARRAYS, Case, Workload, normal
from tinypytorch import Array

STEPS: Final = 64
QUICK_STEPS: Final = 4


def loss(f: Functions, /, *xs: Array) -> Array:
    """The state at the end, squared and summed up."""
    wx, wh, b, h, *inputs = xs
    for x in inputs:
        h = f.tanh(x @ wx + h @ wh + b)
    return f.sum(h**2)


def by_hand(parameters: Arrays, data: Arrays) -> Step:
    """Backpropagation through time."""
    (wx, wh, b), (start, *inputs) = parameters, data

    def step() -> Results:
        states = [start]
        for x in inputs:
            states.append(np.tanh(x @ wx + states[-1] @ wh + b))
        value = np.sum(states[-1] ** 2)
        gh = 2.0 * states[-1]
        gwx, gwh, gb = np.zeros_like(wx), np.zeros_like(wh), np.zeros_like(b)
        for n in range(len(inputs) - 1, -1, -1):
            ga = gh * (1.0 - states[n + 1] ** 2)
            gwx += inputs[n].T @ ga
            gwh += states[n].T @ ga
            gb += ga.sum(axis=0)
            gh = ga @ wh.T
        return value, gwx, gwh, gb

    return step


def cases(quick: bool) -> list[Case]:
    """A batch of 16, with 8 inputs."""
    parameters = (normal(0, 8, 32) / 3, normal(1, 32, 32) / 6, normal(2, 32) / 6)
    data = (np.zeros((16, 32)), *[normal(3 + n, 16, 8) for n in range(QUICK_STEPS if quick else STEPS)])
    it: Loss = loss
    return [Case(by_hand(parameters, data), lambda library: library.gradients(it, parameters, data))]


WORKLOAD: Final = Workload("rnn", "64 steps of 32 tanh units, batch 16, 8 inputs: three gradients", ARRAYS, cases)
