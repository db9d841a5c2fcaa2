"""Floor 6: the gradient checkers of other libraries on the same faults. Imports `testing`; a library when it is run.

What a checker is given is a function of its own library whose forward is the op's and whose rule is the planted one,
both on NumPy arrays: what somebody writes who brings an op of his own to that library. It is called as documented, with
its default tolerances, on float64 arrays of ordinary size. An input counts for a checker only if the right rule passes
there. A fault is found if the checker complains of one input, in whatever way, or the rule raises.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from tinypytorch.arrays import Array, Shape
from tinypytorch.function import Case, Function, is_binary, is_unary
from tinypytorch.ops import spec_of
from tinypytorch.testing.checks import Verdict, check_first
from tinypytorch.testing.conventions import check_conventions
from tinypytorch.testing.engines import local, summed_to
from tinypytorch.testing.examine import RAISED
from tinypytorch.testing.faults.fault import Fault
from tinypytorch.testing.programs import Program, run_one

# The shapes that elementwise ops are checked with; other ops say theirs.
SHAPES: Final[tuple[Shape, ...]] = ((), (3,), (2, 3), (0, 2))
# Inputs for each shape, beside one with ties and zeros.
POINTS: Final = 4

_TORCH: Final = """\
import torch
from torch.autograd import gradcheck
from torch.autograd.function import once_differentiable

def check(value, pull, arrays):
    class Op(torch.autograd.Function):
        @staticmethod
        def forward(ctx, *xs):
            ctx.save_for_backward(*xs)
            return torch.from_numpy(value([x.detach().numpy() for x in xs]))

        @staticmethod
        @once_differentiable
        def backward(ctx, gy):
            return tuple(map(torch.from_numpy, pull(gy.numpy(), [x.numpy() for x in ctx.saved_tensors])))

    def leaf(x):
        return torch.empty(x.shape, dtype=torch.float64).copy_(torch.from_numpy(x)).requires_grad_()

    gradcheck(Op.apply, [leaf(x) for x in arrays])
"""
_JAX: Final = """\
import logging

import jax
import numpy as np
from jax.test_util import check_grads

logging.getLogger("jax").setLevel(logging.CRITICAL)
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_cpu_enable_async_dispatch", False)

def check(value, pull, arrays):
    def like(x):
        return jax.ShapeDtypeStruct(x.shape, x.dtype)

    def run(*xs):
        return value([np.asarray(x) for x in xs])

    def run_back(gy, *xs):
        return tuple(pull(np.asarray(gy), [np.asarray(x) for x in xs]))

    @jax.custom_vjp
    def op(*xs):
        return jax.pure_callback(run, like(value(arrays)), *xs)

    op.defvjp(
        lambda *xs: (op(*xs), xs),
        lambda xs, gy: jax.pure_callback(run_back, tuple(map(like, xs)), gy, *xs),
    )
    try:
        check_grads(op, tuple(arrays), order=1, modes=("rev",))
    finally:
        jax.clear_caches()
"""
_AUTOGRAD: Final = """\
import numpy as np
from autograd.extend import defvjp, primitive
from autograd.test_util import check_grads

def check(value, pull, arrays):
    @primitive
    def op(*xs):
        return value(list(xs))

    def rule(n):
        return lambda y, *xs: lambda gy: pull(gy, list(xs))[n]

    defvjp(op, *map(rule, range(len(arrays))))
    np.random.seed(0)
    check_grads(op, tuple(range(len(arrays))), modes=["rev"], order=1)(*arrays)
"""


@dataclass(frozen=True)
class Peer:
    """The checker of another library: the distribution, what is called, and the source of `check`."""

    library: str
    called: str
    source: str

    @property
    def version(self) -> str:
        """The version that is installed; empty if none is."""
        try:
            return importlib.metadata.version(self.library)
        except importlib.metadata.PackageNotFoundError:
            return ""


PEERS: Final = (
    Peer("torch", "torch.autograd.gradcheck(f, inputs)", _TORCH),
    Peer("jax", 'jax.test_util.check_grads(f, args, order=1, modes=("rev",))', _JAX),
    Peer("autograd", 'autograd.test_util.check_grads(f, (0, …), modes=["rev"], order=1)(*args)', _AUTOGRAD),
)
OURS: Final = "tinypytorch"


@dataclass(frozen=True)
class Input:
    """An op and what it is called with."""

    op: Function
    arrays: tuple[Array, ...]

    def value(self, xs: Sequence[Array]) -> Array:
        """The result; several as one vector."""
        ys = run_one(self.op, xs)
        return ys[0].copy() if len(ys) == 1 else np.concatenate([y.reshape(-1) for y in ys])

    def pull(self, gy: Array, xs: Sequence[Array]) -> list[Array]:
        """What the rule gives for each operand, in its shape and dtype."""
        ys = run_one(self.op, xs)
        gys, at = [gy], 0
        if len(ys) > 1:
            gys = list[Array]()
            for y in ys:
                gys.append(np.asarray(gy)[at : at + y.size].reshape(y.shape))
                at += y.size
        gys = [np.array(g) for g in gys]
        return [np.array(summed_to(np.asarray(g), x.shape), x.dtype) for g, x in zip(local(self.op, gys, ys, xs), xs)]


@dataclass
class Rival:
    """How a checker did: for each fault that it can be given, whether it found it.

    inputs, refused: how many inputs there were, and how many of them do not count.
    right: for each op those that do.
    """

    name: str
    version: str
    called: str
    found: dict[str, bool] = field(default_factory=dict[str, bool])
    inputs: int = 0
    refused: int = 0
    right: dict[object, list[Input]] = field(default_factory=dict[object, list[Input]])


def inputs_of(fault: Fault) -> list[Input]:
    """What the op of a fault is called with: for each shape that it takes some arrays, and one with ties and zeros."""
    kind: object = fault.patches[0].owner
    cases = spec_of(kind).cases
    shaped: list[Case] = []
    if cases is not None:
        shaped = [case for case in cases() if isinstance(kind, type) and isinstance(case.op, kind)]
    elif callable(kind):
        op: object = kind()
        if is_unary(op) or is_binary(op):
            shaped = [Case(op, (shape,) * (1 if is_unary(op) else 2)) for shape in SHAPES]
    rng = np.random.default_rng(0)
    found: list[Input] = []
    for case in shaped:
        for n in range(POINTS + 1):
            arrays = tuple(
                np.array(_array(case.op, k, shape, rng, n == POINTS), order="C") for k, shape in enumerate(case.shapes)
            )
            found.append(Input(case.op, arrays))
    return found


def _array(op: Function, operand: int, shape: Shape, rng: np.random.Generator, ties: bool) -> Array:
    """Entries with absolute values in [1/4, 2], or zeros and ones, moved to where the op is defined."""
    domains = spec_of(op).domain
    domain = domains[min(operand, len(domains) - 1)]
    entries: Array
    if ties:
        entries = np.array(rng.integers(0, 2, shape), float)
        return entries if domain.contains(0.0) or spec_of(op).kink else entries + 0.5
    entries = np.array(rng.uniform(0.25, 2.0, shape))
    signs: Array = np.array(rng.integers(0, 2, shape) * 2, float) - 1.0
    return entries if domain.low >= 0 else entries * signs


def rivals(faults: Sequence[Fault]) -> list[Rival]:
    """Every checker on every fault that it can be given; this package's check of the value is the first."""
    given = [f for f in faults if f.lone]
    return [_ours(given)] + [_rival(peer, given) for peer in PEERS]


def _ours(faults: Sequence[Fault]) -> Rival:
    rival = Rival(OURS, "", "check_first(Program.of(args, (op, 0, …))); check_conventions(type(op)())")

    def passes(x: Input) -> bool:
        p = Program.of(x.arrays, (x.op, *range(len(x.arrays))))
        return check_first(p).verdict is not Verdict.FAIL and _as_stated(x.op)

    for fault in faults:
        _count(rival, fault, passes)
    return rival


def _as_stated(op: Function) -> bool:
    """Whether the op, without parameters, gives at its kinks what it states; true if it states nothing."""
    kind: object = type(op)
    plain: object = kind() if spec_of(op).kinks and callable(kind) else None
    return not (is_unary(plain) or is_binary(plain)) or check_conventions(plain) is None


def _count(rival: Rival, fault: Fault, passes: Callable[[Input], bool]) -> None:
    """Whether the checker finds the fault, on the inputs on which it passes the right rule."""
    op = fault.patches[0].owner
    with np.errstate(all="ignore"):
        if op not in rival.right:
            inputs = inputs_of(fault)
            rival.right[op] = [x for x in inputs if _survives(x, passes)]
            rival.inputs += len(inputs)
            rival.refused += len(inputs) - len(rival.right[op])
        if rival.right[op]:
            with fault.planted():
                rival.found[fault.name] = not all(_survives(x, passes) for x in rival.right[op])


def _survives(x: Input, passes: Callable[[Input], bool]) -> bool:
    try:
        return passes(x)
    except RAISED:
        return False


def _rival(peer: Peer, faults: Sequence[Fault]) -> Rival:
    rival = Rival(peer.library, peer.version, peer.called)
    if not peer.version:
        return rival
    names: dict[str, object] = {}
    exec(compile(peer.source, f"<{peer.library}>", "exec"), names)
    check = names["check"]

    def passes(x: Input) -> bool:
        try:
            if callable(check):
                check(x.value, x.pull, x.arrays)
        except Exception:  # whatever a checker raises says that something is wrong
            return False
        return True

    for fault in faults:
        _count(rival, fault, passes)
    return rival
