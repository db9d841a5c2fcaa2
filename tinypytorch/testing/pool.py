"""Floor 6: what a step of a plan does: every op of the package, made total. Imports floors 1 to 4 and `testing`.

An op without a step of its own here gets one from its declaration: nothing has to be added for a new op.
"""

from __future__ import annotations

import re as regex
from typing import Final

import numpy as np

from tinypytorch.arrays import Axis, Index, Positions, Shape, Slice, is_complex
from tinypytorch.function import Function, is_binary, is_unary
from tinypytorch.ops import ALL, fourier, spec_of
from tinypytorch.ops import arithmetic as ar
from tinypytorch.ops import elementwise as el
from tinypytorch.ops import reductions as re
from tinypytorch.ops import selection as se
from tinypytorch.ops import shaping as sh
from tinypytorch.ops.expm import Expm
from tinypytorch.ops.indexing import GetItem, PutAdd
from tinypytorch.ops.products import MatMul
from tinypytorch.testing.operands import (
    MOST,
    Step,
    TooLargeError,
    binary_step,
    done,
    fitting,
    positive,
    tame,
    unary_step,
)
from tinypytorch.testing.programs import LEAF_SHAPES, SEEDS, Plan, Program, leaf_in
from tinypytorch.testing.steps import step_of_cases


def _exp(p: Program, i: int, j: int, k: int) -> int:
    return p.emit(el.Exp(), p.emit(ar.Mul(), i, 1 / 8))


def _power(p: Program, i: int, j: int, k: int) -> int:
    return p.emit(ar.PowConst((3, 1, 0, -1, 0.5, 2.5)[k % 6]), positive(p, i))


def _where(p: Program, i: int, j: int, k: int) -> int:
    i, j = fitting(p, i, j)
    shape: Shape = np.broadcast_shapes(p.values[i].shape, p.values[j].shape)
    return p.emit(se.Where((np.arange(np.prod(shape)) + k).reshape(shape) % 3 < 1), i, j)


def _keep(p: Program, i: int, j: int, k: int) -> int:
    shape: Shape = p.values[i].shape
    return p.emit(se.Keep((np.arange(np.prod(shape)) + k).reshape(shape) % 3 > 0), i)


def _axis(shape: Shape, k: int) -> Axis:
    """Every way to name axes, as the parameter has it."""
    n = len(shape)
    return ([None, ()] if n == 0 else [None, 0, -1, (0, -1) if n > 1 else (0,)])[k % (2 if n == 0 else 4)]


def _reduction(kind: type[re.Sum | re.Mean | re.LogSumExp]) -> Step:
    def step(p: Program, i: int, j: int, k: int) -> int:
        # NumPy warns of the mean of nothing.
        chosen = kind if p.values[i].size else re.Sum
        axis = _axis(p.values[i].shape, k)
        if axis == () and kind is re.Sum and k % 8 > 5:  # NumPy sums a number over an axis that it does not have
            axis = -1
        return p.emit(chosen(axis, k % 8 > 3), i)

    return step


def _extremum(kind: type[re.Max | re.Min]) -> Step:
    """max or min over an axis; the sum where there are no entries."""

    def step(p: Program, i: int, j: int, k: int) -> int:
        axis = _axis(p.values[i].shape, k)
        return p.emit((kind if p.values[i].size else re.Sum)(axis, k % 8 > 3), i)

    return step


def _softmax(p: Program, i: int, j: int, k: int) -> int:
    return p.emit(re.Softmax(-1 - k % p.values[i].ndim), i) if p.values[i].ndim else p.emit(el.Sigmoid(), i)


def _reshape(p: Program, i: int, j: int, k: int) -> int:
    shape: Shape = p.values[i].shape
    return p.emit(sh.Reshape((shape[::-1], (-1,), (1, *shape), (*shape, 1))[k % 4]), i)


def _transpose(p: Program, i: int, j: int, k: int) -> int:
    if k % 2 == 0:
        return p.emit(sh.Transpose(), i)
    shape: Shape = p.values[i].shape
    if len(shape) < 3:  # below three axes every permutation is its own inverse
        i = p.emit(sh.Reshape((*(1,) * (3 - len(shape)), *shape)), i)
    order = range(p.values[i].ndim)
    return p.emit(sh.Transpose((*order[1:], 0) if k % 4 == 1 else (-1, *order[:-1])), i)


def _broadcast(p: Program, i: int, j: int, k: int) -> int:
    shape: Shape = p.values[i].shape
    wide = tuple(3 if n == 1 else n for n in shape)
    return p.emit(sh.BroadcastTo((2, *wide) if k % 2 else wide), i)


def _sum_to(p: Program, i: int, j: int, k: int) -> int:
    shape: Shape = p.values[i].shape
    return p.emit(sh.SumTo((shape[1:], tuple(1 for _ in shape), (*shape[:-1], 1) if shape else (), shape)[k % 4]), i)


def _getitem(p: Program, i: int, j: int, k: int) -> int:
    shape: Shape = p.values[i].shape
    if not p.values[i].ndim or not p.values[i].size:
        return p.emit(GetItem((None, ...)), i)
    n = shape[0]
    backward: Slice = slice(None, None, -1)
    repeated: Positions = np.array([0, n - 1, 0])
    indices: tuple[Index, ...] = (
        k % n,
        backward,
        (..., None),
        repeated,
        (np.arange(n) + k) % 2 < 1,
        (repeated, None) if len(shape) == 1 else (repeated, shape[1] - 1),
    )
    return p.emit(GetItem(indices[k % 6]), i)


def _put(p: Program, i: int, j: int, k: int) -> int:
    shape: Shape = p.values[i].shape
    return p.emit(PutAdd(np.arange(shape[0]) % 2, (2, *shape[1:])), i) if shape else p.emit(PutAdd(k % 3, (3,)), i)


def _concatenate(p: Program, i: int, j: int, k: int) -> int:
    a, b = p.values[i].ndim, p.values[j].ndim
    if a == 0:
        i, a = p.emit(sh.Reshape((1,)), i), 1
    fits = a == b and p.values[i].shape[1:] == p.values[j].shape[1:]
    return p.emit(sh.Concatenate(0 if fits else -1), i, j if fits else i, i)


def _stack(p: Program, i: int, j: int, k: int) -> int:
    same = p.values[i].shape == p.values[j].shape
    return p.emit(sh.Stack(-1 if k % 2 else 0), i, j if same else i)


def _split(p: Program, i: int, j: int, k: int) -> int:
    shape: Shape = p.values[i].shape
    if not shape:
        return p.emit(sh.Split((1,)), p.emit(sh.Reshape((1,)), i))
    return p.emit(sh.Split((1,), k % len(shape)), i) + k % 2


def _matmul(p: Program, i: int, j: int, k: int) -> int:
    a, b = p.values[i], p.values[j]
    if not a.ndim:
        return p.emit(ar.Mul(), i, j) if np.prod(b.shape) <= MOST else i
    if b.ndim and a.shape[-1] == b.shape[max(b.ndim - 2, 0)] and a.ndim <= 2 and b.ndim <= 3:
        return p.emit(MatMul(), i, j)
    if a.ndim == 1:
        return p.emit(MatMul(), i, i)
    flipped = p.emit(sh.Transpose((*range(a.ndim - 2), a.ndim - 1, a.ndim - 2)), i)
    return p.emit(MatMul(), i, flipped)


def _astype(p: Program, i: int, j: int, k: int) -> int:
    return p.emit(sh.AsType("clongdouble" if is_complex(p.values[i]) else "longdouble"), i)


def _matrix_exponential(p: Program, i: int, j: int, k: int) -> int:
    return step_of_cases(Expm)(p, p.emit(ar.Mul(), i, 1 / 8), j, k)


def small(name: str) -> str:
    """The name of a class in small letters."""
    return regex.sub("(?<!^)(?=[A-Z])", "_", name).lower()


def step_for(kind: type[object]) -> Step:
    """The step of an op's class, from its declaration; `TypeError` if that says too little."""
    if spec_of(kind).cases is not None:
        return step_of_cases(kind)
    op = kind()
    if is_binary(op):
        return binary_step(op)
    if is_unary(op):
        return unary_step(op)
    raise TypeError(f"{kind.__name__} declares no cases")


def _declared() -> dict[str, Step]:
    """Steps for the ops that have none of their own above, by their names in small letters."""
    names = {small(name): kind for name, kind in ALL.items()}
    return {name: step_for(kind) for name, kind in names.items() if name.replace("_", "") not in _OWN}


def _in_the_plane(kind: type[object]) -> bool:
    """Whether an op is about complex numbers: it is to be checked on them, or gives them."""
    cases = spec_of(kind).cases
    return kind.__module__ == fourier.__name__ or (cases is not None and any(case.imaginary for case in cases()))


# Simplest first: drawing a smaller number is drawing a simpler op, and that is where shrinking goes.
_SPECIAL: Final[dict[str, Step]] = {
    "neg": unary_step(ar.Neg()),
    "add": binary_step(ar.Add()),
    "sub": binary_step(ar.Sub()),
    "mul": binary_step(ar.Mul()),
    "square": unary_step(ar.Square()),
    "sum": _reduction(re.Sum),
    "reshape": _reshape,
    "transpose": _transpose,
    "getitem": _getitem,
    "div": binary_step(ar.Div()),
    "mean": _reduction(re.Mean),
    "broadcast_to": _broadcast,
    "sum_to": _sum_to,
    "concatenate": _concatenate,
    "stack": _stack,
    "split": _split,
    "matmul": _matmul,
    "where": _where,
    "keep": _keep,
    "put_add": _put,
    "exp": _exp,
    "power": _power,
    "max": _extremum(re.Max),
    "min": _extremum(re.Min),
    "logsumexp": _reduction(re.LogSumExp),
    "softmax": _softmax,
    "astype": _astype,
    "expm": _matrix_exponential,
}
_PLANE: Final = {small(name) for name, kind in ALL.items() if _in_the_plane(kind)}
_OWN: Final = {name.replace("_", "") for name in _SPECIAL} | {"powconst"}
POOL: Final[dict[str, Step]] = _SPECIAL | _declared()
NAMES: Final = tuple(POOL)
# Programs of real numbers leave out the ops that make complex ones, but for the one that is verified: a complex step
# needs real values. All of them take part where leaves are complex.
EVERYWHERE: Final = tuple(POOL.values())
STEPS: Final = tuple(step for name, step in POOL.items() if name not in _PLANE)


def applied(step: Step) -> Function:
    """The op that a step applies, or applies last."""
    p = Program()
    leaf = p.leaf(leaf_in("float64", LEAF_SHAPES[1], 0))
    done(p, step, leaf, leaf, 3)
    return p.code[-1].op


def build(plan: Plan, steps: tuple[Step, ...] = STEPS) -> Program:
    """The program that a plan stands for, with steps from `steps`. Total: every plan gives one."""
    p = Program()
    for shape, seed in plan.leaves or ((0, 0),):
        p.leaf(leaf_in(plan.dtype, LEAF_SHAPES[shape % len(LEAF_SHAPES)], seed % SEEDS))
    banned = {b % len(steps) for b in plan.banned}
    results = list(range(len(p.leaves)))
    for op, i, j, k in plan.steps:
        at = op % len(steps)
        while at in banned and len(banned) < len(steps):
            at = (at + 1) % len(steps)
        # An operand number counts back from the latest result: 0 chains, larger ones share.
        a, b = (results[-1 - r % len(results)] for r in (i, j))
        before = len(p.values), len(p.code)
        try:
            results.append(tame(p, done(p, steps[at], a, b, k)))
        except TooLargeError:  # in short floats: without this step
            p.cut(*before)
            results.append(a)
    return p
