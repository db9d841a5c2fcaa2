"""Floor 6: Hypothesis strategies: programs, arrays in a domain, inputs of an op. Imports `testing`, and Hypothesis.

Needs the extra `tinypytorch[verify]`. A test of an engine is a test of every program:

    @given(programs())
    def test_my_engine(p: Program) -> None:
        assert check_first(p, my_engine).verdict is not Verdict.FAIL
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from hypothesis import strategies as st

from tinypytorch.arrays import Array, Shape
from tinypytorch.function import REAL, Domain, Function
from tinypytorch.testing import extras
from tinypytorch.testing.draws import operand
from tinypytorch.testing.operands import Step
from tinypytorch.testing.pool import POOL, STEPS, build
from tinypytorch.testing.programs import CLOSING, LEAF_SHAPES, SEEDS, Plan, Program
from tinypytorch.testing.steps import step_of

_Step: TypeAlias = tuple[int, int, int, int]

# Operands and parameter of a step, drawn as one number, since Hypothesis takes time for each: see `_unpacked`.
_PACKED = st.integers(0, 8 * 32 * 32 - 1)

# The closing step, which most programs have: of the latest result with itself, or with the one before it.
_OPEN = 24  # no closing step
_CLOSE = st.integers(0, _OPEN)


def _joined(parts: tuple[list[_Step], int]) -> tuple[_Step, ...]:
    """The steps and the closing one, if there is one."""
    steps, close = parts
    end = () if close == _OPEN else ((CLOSING[close % 3], 0, int(close > 20), 1),)
    return (*steps, *end)


def _unpacked(drawn: tuple[int, int]) -> _Step:
    """The op of a step, its operands (as `draws` has them) and its parameter; the smallest number is all zeros."""
    op, packed = drawn
    return op, operand(packed // 8 % 32), operand(packed // 256), packed % 8


def plans(
    steps: Sequence[Step] = STEPS, dtypes: Sequence[str] = ("float64",), max_nodes: int = 8
) -> st.SearchStrategy[Plan]:
    """Plans over `steps`: flat lists of tuples of small integers; they shrink to fewer, simpler steps."""
    number = st.integers(0, len(steps) - 1)
    leaf = st.tuples(st.integers(0, len(LEAF_SHAPES) - 1), st.integers(0, SEEDS - 1))
    step = st.tuples(number, _PACKED).map(_unpacked)
    closing = _CLOSE if max_nodes > 1 else st.just(_OPEN)
    return st.builds(
        Plan,
        st.lists(leaf, min_size=1, max_size=3).map(tuple),
        st.tuples(st.lists(step, min_size=1, max_size=max(1, max_nodes - 1)), closing).map(_joined),
        st.lists(number, max_size=3).map(tuple),
        st.sampled_from(tuple(dtypes)),
    )


def programs(
    ops: Sequence[str | Function] = (), dtypes: Sequence[str] = ("float64",), max_nodes: int = 8
) -> st.SearchStrategy[Program]:
    """Random programs with shared nodes.

    ops: names of built-in ops (see `NAMES`, and with SciPy `extras.names()`) to draw from, those of `NAMES` if none is
        named; and ops of your own, which take part among those, about one step in three.
    dtypes: of the leaves: "float64", "float32", "float16", "longdouble".
    max_nodes: steps at most; a step may need instructions of its own to bring its operands into the op's domain.

    Raises `ValueError` for a name that is no built-in op's.
    """
    named = [op for op in ops if isinstance(op, str)]
    own = [step_of(op) for op in ops if not isinstance(op, str)]
    known = {**POOL, **(extras.steps() if any(extras.is_extra(name) for name in named) else {})}
    for name in named:
        if name not in known:
            raise ValueError(f"programs: {name!r} is no built-in op; there are {', '.join(known)}")
    built_in = [known[name] for name in named] or list(STEPS)
    repeats = max(1, len(built_in) // (2 * len(own))) if own else 0
    steps = (*built_in, *own * repeats)
    return plans(steps, dtypes, max_nodes).map(lambda plan: build(plan, steps))


def in_domain(domain: Domain = REAL, shape: Shape | None = None, dtype: str = "float64") -> st.SearchStrategy[Array]:
    """Arrays of multiples of 1/64 whose entries lie inside the domain; of that shape, or of any small one.

    Raises `ValueError` for a domain without such numbers.
    """
    inside = [k / 64 for k in range(-256, 257) if domain.contains(k / 64)]
    if not inside:
        raise ValueError(f"in_domain: no multiples of 1/64 between -4 and 4 lie in {domain}")
    inside.sort(key=lambda x: (abs(x - 1), x < 0))  # the simplest first
    shapes = st.sampled_from(LEAF_SHAPES) if shape is None else st.just(shape)

    def filled(shape: Shape) -> st.SearchStrategy[Array]:
        n = int(np.prod(shape))
        entries = st.lists(st.sampled_from(inside), min_size=n, max_size=n)
        return entries.map(lambda found: np.asarray(found, dtype).reshape(shape))

    return shapes.flatmap(filled)


def op_inputs(op: Function, dtypes: Sequence[str] = ("float64",)) -> st.SearchStrategy[tuple[Array, ...]]:
    """Operands that an op takes: in its domain, of shapes that fit; as its `spec` declares them, or found by trying."""
    steps = (step_of(op),)

    def operands(plan: Plan) -> tuple[Array, ...]:
        p = build(plan, steps)
        mine = [i for i in p.code if type(i.op) is type(op)]
        refs = mine[-1].operands if mine else ()
        return tuple(p.values[r] if isinstance(r, int) else np.asarray(r) for r in refs)

    return plans(steps, dtypes, 1).map(operands).filter(bool)
