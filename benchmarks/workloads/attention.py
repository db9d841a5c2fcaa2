"""Attention with one head, 64 positions of 32 entries: the gradients of its three matrices."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from benchmarks.libraries.library import Arrays, Functions, Results, Step
from benchmarks.workloads.workload import ARRAYS, Case, Workload, normal
from tinypytorch import Array

ROOT: Final = math.sqrt(32)


def loss(f: Functions, /, *xs: Array) -> Array:
    """What attention gives, squared and summed up."""
    wq, wk, wv, x = xs
    q, k, v = x @ wq, x @ wk, x @ wv
    return f.sum((f.softmax(q @ k.T / ROOT) @ v) ** 2)


def by_hand(parameters: Arrays, x: Array) -> Step:
    """Forward and backward, as one writes it in NumPy."""
    wq, wk, wv = parameters

    def step() -> Results:
        q, k, v = x @ wq, x @ wk, x @ wv
        s = q @ k.T / ROOT
        e = np.exp(s - s.max(axis=-1, keepdims=True))
        p = e / e.sum(axis=-1, keepdims=True)
        o = p @ v
        value = np.sum(o**2)
        go = 2.0 * o
        gp = go @ v.T
        gs = p * (gp - (gp * p).sum(axis=-1, keepdims=True)) / ROOT
        return value, x.T @ (gs @ k), x.T @ (gs.T @ q), x.T @ (p.T @ go)

    return step


def cases(quick: bool) -> list[Case]:
    """One size."""
    parameters = (normal(0, 32, 32) / 6, normal(1, 32, 32) / 6, normal(2, 32, 32) / 6)
    x = normal(3, 64, 32)
    return [Case(by_hand(parameters, x), lambda library: library.gradients(loss, parameters, (x,)))]


WORKLOAD: Final = Workload("attention", "one head of attention, 64×32, softmax: three gradients", ARRAYS, cases)
