"""What a workload is: cases, each computed by hand in NumPy, and once for all libraries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.libraries.library import Library, Step
from tinypytorch import Array

# Peers that compute with arrays; which of them compute at once, with no compiler.
EAGER: Final = ("torch", "jax", "autograd", "mygrad")
ARRAYS: Final = ("torch", "jax", "jax.jit", "autograd", "mygrad")
SECONDS: Final = "s"
ARRAYS_HELD: Final = "arrays"


@dataclass(frozen=True)
class Case:
    """A piece of work of one size.

    by_hand: the step in NumPy; its results are what others are held against, unless they are not `comparable`.
    prepare: the same step in a library.
    ops: of how many operations it consists.
    label: which of several cases it is.
    left_out: libraries that are not run, and why.
    sample: makes a figure of a step; None for its time.
    """

    by_hand: Step
    prepare: Callable[[Library], Step]
    ops: int = 1
    label: str = ""
    left_out: Mapping[str, str] = field(default_factory=dict[str, str])
    sample: Callable[[Step], float] | None = None
    comparable: bool = True


@dataclass(frozen=True)
class Workload:
    """Cases, and the peers that can do them.

    cases: made when they are to be run, small ones on request.
    unit: of the figures; seconds are shown as is readable.
    per_op: figures are divided by the number of operations.
    rounds: no more than these.
    """

    name: str
    title: str
    peers: tuple[str, ...]
    cases: Callable[[bool], list[Case]]
    unit: str = SECONDS
    per_op: bool = False
    rounds: int = 1000


def normal(seed: int, *shape: int) -> Array:
    """An array of normally distributed numbers, the same in every run."""
    return np.random.default_rng(seed).standard_normal(shape)
