"""Forward mode where only some operands move, and of ops of users: what programs whose leaves all move do not show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tinypytorch as tp
from tests.test_ops import cases, program_of
from tinypytorch import Array, Variable, apply
from tinypytorch.core.vertex import Vertex
from tinypytorch.function import Function, Spec, T, is_binary, lift
from tinypytorch.ops import ALL, spec_of
from tinypytorch.ops.parts import Conj
from tinypytorch.ops.selection import Where
from tinypytorch.testing.passes import bits, leaves_of
from tinypytorch.testing.programs import Program, weights
from tinypytorch.testing.strategies import programs
from tinypytorch.transforms.forward import ARRAYS, ArraySide, along_two, behind, pushed


def test_what_an_op_declares_saves_the_transposing(monkeypatch: pytest.MonkeyPatch) -> None:
    def transposed(self: ArraySide, y: Vertex, op: Function, ts: Sequence[Array | None], /) -> tuple[Array, ...]:
        raise AssertionError(f"{op!r} is transposed")

    monkeypatch.setattr(ArraySide, "transposed", transposed)
    seen = 0
    for case in cases():
        spec = spec_of(case.op)
        if (
            spec.linear
            or spec.multilinear
            or (not case.imaginary and (spec.symmetric or spec.entrywise or spec.reduces))
        ):
            p = program_of(case)
            xs = leaves_of(p)
            ys = [y for y in p.record(xs)[len(xs) :] if y.requires_grad]
            pushed(ARRAYS, behind(ys, xs), {x: x.value() for x in xs})
            seen += 1
    assert seen > 100


def test_one_of_two_operands_moves() -> None:
    """Also where it is the one that is broadcast: the tangent has the shape and dtype of the result."""
    seen = 0
    for case in cases():
        p = program_of(case)
        xs = leaves_of(p)
        y = p.record(xs)[-1]
        if not is_binary(case.op) or not y.requires_grad:
            continue
        for moving in (0, 1):
            ts = [weights(x.data, i)[()] if i == moving else None for i, x in enumerate(xs)]
            found, (expected,) = along_two(ARRAYS, case.op, y, ts[0], ts[1]), ARRAYS.transposed(y, case.op, ts)
            np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-13, strict=True, err_msg=repr(case))
            seen += 1
    assert seen > 100


@given(programs(max_nodes=6))
def test_results_that_others_are_made_of(p: Program) -> None:
    """Each gets the tangent that it has alone; and none if nothing moves that it is made of."""
    xs, still = leaves_of(p), Variable(np.array(1.0))
    ts: dict[Vertex, Array] = {x: weights(x.data, i)[()] for i, x in enumerate(xs)}
    with np.errstate(all="ignore"):
        ys = [y for y in p.record(xs) if y.requires_grad]
        together = {still: still.value()} | ts
        pushed(ARRAYS, behind(ys, [*xs, still]), together)
        assert set(together) == {still, *xs, *ys}
        for y in ys:
            alone = dict(ts)
            pushed(ARRAYS, behind([y], xs), alone)
            assert bits([together[y]]) == bits([alone[y]])
    nothing: dict[Vertex, Array] = {still: still.value()}
    pushed(ARRAYS, behind(ys, [still]), nothing)
    assert set(nothing) == {still}


@pytest.mark.parametrize("dtype", ["float16", "float32", "longdouble"])
def test_a_number_beside_does_not_make_tangents_wider_or_rougher(dtype: str) -> None:
    """A tangent has the dtype of its result, and a Python number is as good as a number of that dtype."""
    x, t = Variable(np.array([0.5, 2.0], dtype)), np.array([1.0, -3.0], dtype)
    for op in (Where(np.array([True, False])), *(kind() for kind in ALL.values() if spec_of(kind).entrywise)):
        if not is_binary(op):
            continue
        found: list[tuple[Array, Array]] = []
        for y, z in ((x.combine(op, x, n), x.combine(op, n, x)) for n in (0.75, np.array(0.75, dtype))):
            found.append((along_two(ARRAYS, op, y, t, None), along_two(ARRAYS, op, z, None, t)))
        for one, other in zip(*found, strict=True):
            np.testing.assert_array_equal(one, other, strict=True, err_msg=repr(op))
            assert one.dtype == np.dtype(dtype)


class Circle:
    """sin(x) and cos(x); counts how often its rule is used."""

    def __init__(self) -> None:
        self.calls: int = 0

    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        return np.sin(xs[0]), np.cos(xs[0])

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        self.calls += 1
        return (gys[0] * ys[1] - gys[1] * ys[0],)


def test_all_results_of_an_op_get_their_tangents_at_once() -> None:
    """And the second derivative goes through all results that the rule uses, those that nobody kept, too."""
    op = Circle()

    def both(x: Variable) -> Variable:
        sine, cosine = apply(op, x)
        return sine * cosine

    def one(x: Variable) -> Variable:
        return apply(op, x)[0]

    assert np.isclose(np.asarray(tp.jvp(both, (2.0,), (1.0,))[1]), np.cos(4.0))
    assert op.calls == 1
    for f, second in ((both, -2.0 * np.sin(4.0)), (one, -np.sin(2.0))):

        def slope(x: Variable, f: Callable[[Variable], Variable] = f) -> Variable:
            moved = tp.jvp(f, (x,), (1.0,))[1]
            assert isinstance(moved, Variable)
            return moved

        assert np.isclose(np.asarray(tp.jvp(slope, (2.0,), (1.0,))[1]), second)
        assert np.isclose(tp.grad(slope)(2.0), second)
        assert np.isclose(tp.grad(tp.grad(f))(2.0), second)


class Mirrored:
    """The conjugate of a b. A rule, given a tangent for the cotangent, is wrong if any operand is complex."""

    spec: ClassVar[Spec] = Spec(numbers="complex")

    def forward(self, a: Array, b: Array, /) -> Array:
        return np.conj(a * b)

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return lift(Conj(), gy) * b

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return lift(Conj(), gy) * a


REAL = st.sampled_from([-2.0, 0.5, 1.0, 3.0])
COMPLEX = st.builds(complex, REAL, REAL)


@pytest.mark.parametrize("kinds", [(COMPLEX, COMPLEX), (COMPLEX, REAL), (REAL, COMPLEX)], ids=["both", "a", "b"])
@given(st.data())
def test_an_op_that_is_not_holomorphic(kinds: Sequence[st.SearchStrategy[complex]], data: st.DataObject) -> None:
    """Whichever of the operands is complex, and whichever moves."""
    (a, ta), (b, tb) = ([np.array(data.draw(kind)) for _ in range(2)] for kind in kinds)

    def f(v: Variable, w: Variable) -> Variable:
        return apply(Mirrored(), v, w)

    def of_a(v: Variable) -> Variable:
        return apply(Mirrored(), v, b)

    def of_b(w: Variable) -> Variable:
        return apply(Mirrored(), a, w)

    assert np.asarray(tp.jvp(f, (a, b), (ta, tb))[1]) == np.conj(ta * b + a * tb)
    assert np.asarray(tp.jvp(of_a, (a,), (ta,))[1]) == np.conj(ta * b)
    assert np.asarray(tp.jvp(of_b, (b,), (tb,))[1]) == np.conj(a * tb)


@given(st.integers(0, 3), st.integers(0, 3))
def test_arguments_of_other_depths(i: int, j: int) -> None:
    """A result counts that is made of one argument, however much later the other one was made."""
    v, w = Variable(np.array(2.0)), Variable(np.array(3.0))
    for _ in range(i):
        v = v * 1.0
    for _ in range(j):
        w = w * 1.0

    def f(a: Variable, b: Variable) -> Variable:
        return a * a + b * b * b

    moved = tp.jvp(f, (v, w), (1.0, 1.0))[1]
    assert isinstance(moved, Variable)
    assert moved.item() == 31.0
    assert [g.item() for g in tp.gradients([v * v, w * w * w], [v, w])] == [4.0, 27.0]
