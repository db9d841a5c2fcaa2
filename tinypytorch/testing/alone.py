"""Floor 6: the checks by themselves, for ops, functions and programs, with or without a test framework.

Imports `testing`. Each raises `VerificationError`, whose message is the explanation, or returns what it counted.

    >>> from tinypytorch.ops.elementwise import Tanh
    >>> check_op(Tanh(), examples=10).programs
    10
    >>> check_released(Tanh())
    >>> check_pure(Tanh(), np.array([1.0, 2.0]))
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterable
from typing import Final, Protocol, TypeAlias

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.function import Function, is_binary, is_many, is_unary
from tinypytorch.testing import disturbances, matrix, metamorphic
from tinypytorch.testing import invariants as inv
from tinypytorch.testing.checks import Verdict
from tinypytorch.testing.examine import examine, smallest
from tinypytorch.testing.explain import explain
from tinypytorch.testing.functions import opaque_programs
from tinypytorch.testing.invariants import Invariant
from tinypytorch.testing.opaque import Traced
from tinypytorch.testing.programs import Program
from tinypytorch.testing.render import explanation
from tinypytorch.testing.verify import Report, Settings, programs_with, verify_function, verify_op

# What can be checked: an op, a function of Variables, or a program.
Subject: TypeAlias = Function | Traced | Program
# How many programs an op is tried in, where only it is given.
TRIED: Final = 20


class VerificationError(AssertionError):
    """A derivative, or something that must hold beside it, is wrong; the message explains it."""


def check_op(
    op: Function,
    *,
    examples: int = 200,
    seed: int = 0,
    orders: tuple[int, ...] = (1, 2),
    dtypes: tuple[str, ...] = ("float64",),
) -> Report:
    """Verify an op, alone and inside random programs; see `Settings` for the arguments.

    Raises `VerificationError` with the smallest counterexample, and where nothing could be told.
    """
    _instance(op)
    return _passed(verify_op(op, settings=Settings(examples, None, seed, orders, dtypes)))


def check_function(
    f: Traced, *arrays: Array, examples: int = 100, seed: int = 0, orders: tuple[int, ...] = (1, 2)
) -> Report:
    """Verify a function of Variables, at these arrays and at others of their shapes and range.

    Without arrays, on arrays of small shapes that the function takes. Raises as `check_op`, also where it takes none.

    >>> check_function(lambda x: (x * x).sum(), np.array([1.0, 2.0]), examples=5).programs
    5
    """
    return _passed(verify_function(f, *arrays, settings=Settings(examples, None, seed, orders)))


def check_program(p: Program, orders: tuple[int, ...] = (1, 2)) -> None:
    """Check one program with everything there is. Raises as `check_op`."""
    failure = examine(p, orders, thorough=True).failure
    if failure is not None:
        small = smallest(failure, thorough=True)
        raise VerificationError(explanation(small, explain(small)))


def _passed(report: Report) -> Report:
    if report.verdict is Verdict.PASS:
        return report
    raise VerificationError(f"{report.target}: {report.text or f'nothing could be told: {dict(report.inconclusive)}'}")


class Check(Protocol):
    """One check, on an op (at these arrays, or in random programs), on a function at these arrays, or on a program."""

    def __call__(self, subject: Subject, /, *arrays: Array) -> None:
        """Raise `VerificationError` if the check fails."""


def _instance(subject: object) -> None:
    """Refuse a class, which has the methods of an op but is none."""
    if inspect.isclass(subject):
        raise TypeError(f"{subject.__name__} is a class; give an instance, {subject.__name__}(...)")


def programs_of(subject: Subject, arrays: tuple[Array, ...]) -> Iterable[Program]:
    """The programs that stand for a subject."""
    _instance(subject)
    if isinstance(subject, Program):
        return [subject]
    if is_unary(subject) or is_binary(subject) or is_many(subject):
        if arrays:
            return [Program.of([np.asarray(x) for x in arrays], (subject, *range(len(arrays))))]
        return itertools.islice(programs_with(subject), TRIED)
    if not callable(subject):
        raise TypeError(f"{subject!r} is no op, function of Variables or program")
    return itertools.islice(opaque_programs(subject, arrays), 1)


def alone(invariant: Invariant) -> Check:
    """A check on programs as one on whatever stands for a program."""

    def check(subject: Subject, /, *arrays: Array) -> None:
        for p in programs_of(subject, arrays):
            complaint = invariant(p)
            if complaint:
                raise VerificationError(f"{complaint}\n\n{p!r}")

    check.__doc__ = f"{invariant.__doc__}\n\nTakes an op, a function or a program; raises `VerificationError`."
    check.__name__ = invariant.__name__
    return check


check_agreement: Check = alone(inv.check_agreement)
check_linear: Check = alone(inv.check_linear)
check_additive: Check = alone(inv.check_additive)
check_pure: Check = alone(inv.check_pure)
check_visited_once: Check = alone(inv.check_visited_once)
check_retained: Check = alone(inv.check_retained)
check_released: Check = alone(inv.check_released)
check_constants: Check = alone(inv.check_constants)
check_unreached: Check = alone(inv.check_unreached)
check_failure: Check = alone(disturbances.check_failure)
check_growth: Check = alone(disturbances.check_growth)
check_threads: Check = alone(disturbances.check_threads)
check_settings: Check = alone(disturbances.check_settings)
check_replaced: Check = alone(inv.check_replaced)
check_forward: Check = alone(inv.check_forward)
check_layouts: Check = alone(matrix.check_layouts)
check_copied: Check = alone(metamorphic.check_copied)
check_unshared: Check = alone(metamorphic.check_unshared)
check_reordered: Check = alone(metamorphic.check_reordered)
check_dead: Check = alone(metamorphic.check_dead)
check_dead_outputs: Check = alone(metamorphic.check_dead_outputs)
