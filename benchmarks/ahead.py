"""Forward mode beside the function itself: `python -m benchmarks.ahead` (also `--markdown FILE`).

The function is run on a Variable, twenty times the same op in a row, and so it is by `jvp`; one after the other in each
round, and the median of the rounds' ratios is given. For two sizes the same is done in NumPy by hand, the value and the
tangent in plain arrays, and with PyTorch's `torch.func.jvp`. Memory once used stays with the process, as it does in one
that has run for a while: where the system hands it out anew each time, that takes longer than the arithmetic, of all.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Final, TypeAlias

import numpy as np

from benchmarks.libraries.library import AbsentError, module
from benchmarks.table import give
from tinypytorch import Array

Map: TypeAlias = Callable[[Array], Array]
# A function and its forward derivative, the value and the tangent, ready to be run.
Pair: TypeAlias = tuple[Callable[[], object], Callable[[], tuple[object, object]]]

_LENGTH: Final = 20
_ENTRIES: Final = (1_000, 10_000, 100_000, 1_000_000)
_COMPARED: Final = (1_000, 100_000)
_ROUNDS: Final = 21
_KEPT: Final = 4_000_000  # 32 MB: more is always given back


@dataclass(frozen=True)
class Functions:
    """The functions of a library that the ops below are written in; operators are the same in all."""

    sin: Map
    tanh: Map
    exp: Map
    cumsum: Map
    softmax: Map
    logsumexp: Map


def _functions(of: ModuleType, cumsum: Map, softmax: Map, logsumexp: Map) -> Functions:
    return Functions(of.sin, of.tanh, of.exp, cumsum, softmax, logsumexp)


def _softmax(y: Array) -> Array:
    e: Array = np.exp(y - np.max(y))
    return e / np.sum(e)


def _logsumexp(y: Array) -> Array:
    top = np.max(y)
    z: Array = np.log(np.sum(np.exp(y - top))) + top
    return z


def _moved_softmax(y: Array, x: Array, z: Array, ty: Array, tx: Array) -> Array:
    t = z * ty
    return t - z * np.sum(t)


NUMPY: Final = _functions(np, np.cumsum, _softmax, _logsumexp)


@dataclass(frozen=True)
class Step:
    """The next result from the last one, y, and the first, x.

    tangent: what y, x, the result, and the tangents of y and of x make it, as one writes it in NumPy by hand.
    """

    op: Callable[[Functions, Array, Array], Array]
    tangent: Callable[[Array, Array, Array, Array, Array], Array]


# Makes the two in one library, of a step, x and its tangent.
Made: TypeAlias = Callable[[Step, Array, Array], Pair]

STEPS: Final[dict[str, Step]] = {
    "sin(y)": Step(lambda f, y, x: f.sin(y), lambda y, x, z, ty, tx: np.cos(y) * ty),
    "tanh(y)": Step(lambda f, y, x: f.tanh(y), lambda y, x, z, ty, tx: (1.0 - z * z) * ty),
    "exp(-y)": Step(lambda f, y, x: f.exp(-y), lambda y, x, z, ty, tx: z * -ty),
    "y + x": Step(lambda f, y, x: y + x, lambda y, x, z, ty, tx: ty + tx),
    "y * x": Step(lambda f, y, x: y * x, lambda y, x, z, ty, tx: ty * x + y * tx),
    "y / x": Step(lambda f, y, x: y / x, lambda y, x, z, ty, tx: (ty - z * tx) / x),
    "cumsum(y)": Step(lambda f, y, x: f.cumsum(y), lambda y, x, z, ty, tx: np.cumsum(ty)),
    "softmax(y)": Step(lambda f, y, x: f.softmax(y), _moved_softmax),
    "logsumexp(y) + x": Step(
        lambda f, y, x: f.logsumexp(y) + x,
        lambda y, x, z, ty, tx: np.sum(_softmax(y) * ty) + tx,
    ),
}


def _along(step: Step, f: Functions) -> Map:
    def run(x: Array) -> Array:
        y = x
        for _ in range(_LENGTH):
            y = step.op(f, y, x)
        return y

    return run


def ours(step: Step, x: Array, t: Array) -> Pair:
    """The function on a Variable, and `jvp`."""
    of = module("tinypytorch")
    run = _along(step, _functions(of, of.cumsum, of.softmax, lambda y: of.logsumexp(y, 0)))
    leaf, jvp = of.Variable(x), of.jvp
    return lambda: run(leaf), lambda: jvp(run, (x,), (t,))


def by_hand(step: Step, x: Array, t: Array) -> Pair:
    """Both in NumPy."""
    run = _along(step, NUMPY)

    def moved() -> tuple[Array, Array]:
        y, ty = x, t
        for _ in range(_LENGTH):
            z = step.op(NUMPY, y, x)
            y, ty = z, step.tangent(y, x, z, ty, t)
        return y, ty

    return lambda: run(x), moved


def of_torch(step: Step, x: Array, t: Array) -> Pair:
    """The function on a tensor that records, and `torch.func.jvp`; raises `AbsentError` without PyTorch."""
    of = module("torch")
    of.set_num_threads(1)
    run = _along(
        step,
        _functions(of, lambda y: of.cumsum(y, 0), lambda y: of.softmax(y, 0), lambda y: of.logsumexp(y, 0)),
    )
    leaf, plain, along, jvp = of.tensor(x, requires_grad=True), of.tensor(x), of.tensor(t), of.func.jvp
    return lambda: run(leaf), lambda: jvp(run, (plain,), (along,))


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def ratio(made: Made, step: Step, entries: int, rounds: int = _ROUNDS) -> float:
    """The time of the forward derivative over that of the function."""
    alone, moved = made(step, np.linspace(0.5, 1.0, entries), np.ones(entries))
    found: list[float] = []
    for _ in range(rounds):
        seconds = _seconds(alone)
        found.append(_seconds(moved) / seconds)
    return statistics.median(found)


def _text(made: Made, step: Step, entries: int) -> str:
    try:
        return f"{ratio(made, step, entries):.1f}"
    except AbsentError:
        return "absent"


def _keep_memory() -> None:
    """Have the C library keep what is freed: it does so with all blocks up to the largest that it saw freed."""
    block = np.ones(_KEPT)
    del block


def _table(columns: dict[str, tuple[Made, int]]) -> list[str]:
    lines = ["| op | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name, step in STEPS.items():
        cells = [_text(made, step, entries) for made, entries in columns.values()]
        lines.append(f"| `{name}` | " + " | ".join(cells) + " |")
    return lines


def main() -> None:
    """Print the tables, or write them as Markdown."""
    _keep_memory()
    others: dict[str, Made] = {"tinypytorch": ours, "by hand": by_hand, "PyTorch": of_torch}
    sizes: dict[str, tuple[Made, int]] = {f"{n:,} entries": (ours, n) for n in _ENTRIES}
    compared = {f"{key}, {n:,}": (made, n) for n in _COMPARED for key, made in others.items()}
    give(*_table(sizes), "", *_table(compared))


if __name__ == "__main__":
    main()
