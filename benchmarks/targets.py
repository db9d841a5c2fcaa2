"""What is aimed at, as data. `judge` says whether it is met."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from benchmarks.libraries import BY_HAND
from benchmarks.workloads.importing import CLOCK
from benchmarks.workloads.workload import EAGER


class Kind(Enum):
    """What a limit is on."""

    RATIO = "our figure over that of the fastest of the others"
    GROWTH = "our figure at the largest size over that at the smallest"
    OVERHEAD = "our time less NumPy's, for each op, in seconds"
    AMOUNT = "our figure itself, in the workload's unit"


@dataclass(frozen=True)
class Target:
    """A limit.

    against: the other libraries, of which the fastest counts; for a ratio only.
    case: the label of the case; "" for the last, which is the largest.
    below: the limit itself does not do.
    why: where the limit comes from.
    """

    workload: str
    limit: float
    against: tuple[str, ...] = ()
    kind: Kind = Kind.RATIO
    case: str = ""
    below: bool = False
    why: str = ""


# The arrays of x's size that `chain` needs, beyond x.
_HELD: Final = 10  # at the end of the forward pass: the 5 tanh, and the products y1 … y5, all results in the graph
_PASSED: Final = 2  # in the backward pass: the gradient of x, and the gradient that runs backwards
_SPARE: Final = 2  # two more, for what is computed in between

TARGETS: Final = (
    Target("goldstein", 0.30, ("torch",)),
    Target("goldstein", 0.25, ("mygrad",)),
    Target("goldstein", 0.85, ("micrograd",)),
    Target("mlp", 1.8, (BY_HAND,)),
    Target("mlp", 0.40, ("torch",)),
    Target("mlp", 0.6, ("mygrad",)),
    Target("mlp", 0.7, ("jax.jit",)),
    Target("chain", 0.8, EAGER),
    Target("chain", 1.0, (BY_HAND,)),
    Target("deep", 1.5, kind=Kind.GROWTH),
    Target("deep", 0.8, ("torch",)),
    Target("wide", 1.5, kind=Kind.GROWTH),
    Target("wide", 0.8, ("torch",)),
    Target("hvp", 0.3, ("autograd",)),
    Target("hvp", 1.0, ("torch",)),
    Target("rnn", 1.0, EAGER, below=True),
    Target("attention", 1.0, EAGER, below=True),
    Target("inference", 0.6e-6, kind=Kind.OVERHEAD),
    Target("import", 0.030, kind=Kind.AMOUNT, case=CLOCK),
    Target(
        "memory",
        float(_HELD + _PASSED + _SPARE),
        kind=Kind.AMOUNT,
        why=f"{_HELD} arrays are in the graph after the forward pass (5 tanh, 5 products), the backward pass has "
        f"{_PASSED} more (the gradient of x, and the one that runs backwards), and {_SPARE} are granted",
    ),
)
