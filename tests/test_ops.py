"""Every op, from its own declaration: derivatives, dtypes, memory layouts, conventions, and careful arithmetic."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import tinypytorch as tp
from tests.support import grad, var
from tinypytorch import Array, Case, Domain, Variable
from tinypytorch.arrays import IMAGINARY, Index, Shape, Slice, is_complex
from tinypytorch.function import is_binary, is_many, is_unary
from tinypytorch.ops import ALL, spec_of
from tinypytorch.ops.shaping import AsType
from tinypytorch.testing.checks import Verdict, check_first, check_second
from tinypytorch.testing.invariants import INVARIANTS
from tinypytorch.testing.programs import Program, in_precision, leaf_values

ELEMENTWISE: tuple[tuple[Shape, Shape], ...] = (
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((), (2, 1)),
    ((2, 1), (1, 3)),
    ((), ()),
    ((0, 3), (1, 3)),
)


def cases() -> list[Case]:
    """The instances that the ops declare; elementwise ops on every kind of shape."""
    found: list[Case] = []
    for kind in ALL.values():
        declared = spec_of(kind).cases
        if declared is not None:
            found += declared()
            continue
        op = kind()
        if is_binary(op):
            found += [Case(op, shapes) for shapes in ELEMENTWISE]
        elif is_unary(op):
            found += [Case(op, shapes[:1]) for shapes in ELEMENTWISE]
    return found


def name(case: Case) -> str:
    return f"{type(case.op).__name__}-{'-'.join(str(s).replace(' ', '') for s in case.shapes)}"


def inside(domain: Domain, x: Array) -> Array:
    """Values like x in the domain, a quarter away from its edges and kinks."""
    if domain.matrices:
        return x / 8.0 + 0.375 + np.eye(*x.shape[-2:]) * (3.0 * np.arange(1.0, x.shape[-1] + 1))
    if np.isfinite(domain.high):
        return domain.low + (domain.high - domain.low) * (0.5 + 0.375 * np.sin(x))
    if np.isfinite(domain.low):
        return domain.low + x * x + 0.25
    for a in domain.avoid:
        x = x + np.where(np.abs(x - a) < 0.25, 0.5, 0.0)
    return x


def program_of(case: Case) -> Program:
    p = Program()
    domains = spec_of(case.op).domain
    leaves = [inside(domains[min(i, len(domains) - 1)], leaf_values(s, 3 * i + 1)) for i, s in enumerate(case.shapes)]
    if case.imaginary:
        leaves = [x + leaf_values(x.shape, 3 * i + 2) * IMAGINARY for i, x in enumerate(leaves)]
    p.emit(case.op, *[p.leaf(x) for x in leaves])
    return p


every_case = pytest.mark.parametrize("case", cases(), ids=name)


def test_every_op_declares_how_to_check_it() -> None:
    assert {type(case.op).__name__ for case in cases()} == set(ALL)
    assert len(ALL) >= 40
    for kind in ALL.values():
        op = kind if spec_of(kind).cases else kind()
        assert is_unary(op) or is_binary(op) or is_many(op)
        assert kind.__doc__


@every_case
def test_derivatives(case: Case) -> None:
    for check in (check_first, check_second):
        finding = check(program_of(case))
        assert finding.verdict is Verdict.PASS, finding


@every_case
def test_invariants(case: Case) -> None:
    for invariant in INVARIANTS:
        assert invariant(program_of(case)) is None


_EVEN: Slice = slice(None, None, 2)


def _padded(x: Array) -> Array:
    wide = np.full([2 * n for n in x.shape], np.nan, x.dtype)
    every_other: Index = (..., *(_EVEN for _ in x.shape))
    view: Array = wide[every_other]
    view[...] = x
    return view


def _flipped(x: Array) -> Array:
    return np.flip(np.ascontiguousarray(np.flip(x)))


def _read_only(x: Array) -> Array:
    y = x.copy()
    y.flags.writeable = False
    return y


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "contiguous": np.ascontiguousarray,
    "fortran": np.asfortranarray,
    "strided": _padded,
    "negative": _flipped,
    "read-only": _read_only,
    "swapped bytes": lambda x: x.astype(x.dtype.newbyteorder()),
}


@every_case
def test_the_memory_layout_makes_no_difference(case: Case) -> None:
    p = program_of(case)
    results: list[list[Array]] = []
    for change in LAYOUTS.values():
        xs = [Variable(np.asarray(change(x)).reshape(x.shape)) for x in p.leaves]
        outputs = p.record(xs)[len(xs) :]
        for y in outputs:
            y.backward()
        results.append([y.data for y in outputs] + [grad(x) for x in xs])
        assert all(grad(x).dtype == x.data.dtype for x in xs)
    for other in results[1:]:
        for a, b in zip(results[0], other, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-15, atol=1e-16)


@every_case
@pytest.mark.parametrize("dtype", ["float16", "float32", "longdouble"])
def test_the_gradient_has_the_datas_dtype(case: Case, dtype: str) -> None:
    xs = [Variable(in_precision(x, dtype)) for x in program_of(case).leaves]
    for y in program_of(case).record(xs)[len(xs) :]:
        y.backward()
    assert [grad(x).dtype for x in xs] == [x.dtype for x in xs]
    assert all(grad(x).shape == x.shape for x in xs)


@every_case
def test_ops_are_values(case: Case) -> None:
    op = case.op
    assert repr(op).startswith(type(op).__name__)
    if type(op).__eq__ is not object.__eq__:
        assert type(op)(**vars(op)) == op
        assert hash(type(op)(**vars(op))) == hash(op)


CONVENTIONS: list[tuple[str, Callable[[Variable], Variable], list[float], list[float]]] = [
    ("abs", tp.abs, [-1.0, 0.0, 2.0], [-1.0, 0.0, 1.0]),
    ("relu", tp.relu, [-1.0, 0.0, 2.0], [0.0, 0.0, 1.0]),
    ("clip", lambda x: tp.clip(x, -1.0, 1.0), [-2.0, -1.0, 0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 1.0, 0.0]),
    ("maximum", lambda x: tp.maximum(x, 1.0), [0.0, 1.0, 2.0], [0.0, 0.5, 1.0]),
    ("minimum", lambda x: tp.minimum(x, 1.0), [0.0, 1.0, 2.0], [1.0, 0.5, 0.0]),
    ("maximum(x, x)", lambda x: tp.maximum(x, x), [3.0], [1.0]),
    ("max", tp.max, [1.0, 4.0, 4.0, 0.0], [0.0, 0.5, 0.5, 0.0]),
    ("min", tp.min, [1.0, 0.0, 0.0, 0.0], [0.0, 1 / 3, 1 / 3, 1 / 3]),
    ("x**0", lambda x: x**0, [0.0, 1.0], [0.0, 0.0]),
    ("x**1", lambda x: x**1, [0.0, -1.0], [1.0, 1.0]),
    ("0**x", lambda x: 0.0**x, [1.0, 2.0], [0.0, 0.0]),
]


@pytest.mark.parametrize(("f", "at", "expected"), [c[1:] for c in CONVENTIONS], ids=[c[0] for c in CONVENTIONS])
def test_conventions(f: Callable[[Variable], Variable], at: list[float], expected: list[float]) -> None:
    x = var(at)
    f(x).backward()
    assert grad(x).tolist() == expected


CAREFUL: list[tuple[Callable[[Variable], Variable], list[float], list[float], list[float]]] = [
    (tp.sigmoid, [-1000.0, 1000.0], [0.0, 1.0], [0.0, 0.0]),
    (tp.sigmoid, [40.0], [1.0], [np.exp(-40.0)]),
    (tp.sigmoid, [-700.0], [np.exp(-700.0)], [np.exp(-700.0)]),
    (tp.tanh, [20.0], [1.0], [4 * np.exp(-40.0)]),
    (tp.tanh, [-1000.0], [-1.0], [0.0]),
    (tp.softmax, [1000.0, 1000.0], [0.5, 0.5], [0.0, 0.0]),
    (tp.logsumexp, [1000.0, -np.inf], [1000.0], [1.0, 0.0]),
    (tp.logsumexp, [-np.inf, -np.inf], [-np.inf], [0.0, 0.0]),
    (lambda x: 1.0 / x, [1e-160], [1e160], [-np.inf]),
    (lambda x: 1e300 / (x * 1e200), [1.0], [1e100], [-1e100]),
]


@pytest.mark.parametrize(("f", "at", "value", "slope"), CAREFUL)
@pytest.mark.filterwarnings("ignore:overflow")
def test_no_overflow_and_no_cancellation(
    f: Callable[[Variable], Variable], at: list[float], value: list[float], slope: list[float]
) -> None:
    x = var(at)
    y = f(x)
    y.backward()
    np.testing.assert_allclose(np.atleast_1d(y.data), value, rtol=1e-13)
    np.testing.assert_allclose(grad(x), slope, rtol=1e-13)


def test_counts_do_not_overflow_in_float16() -> None:
    x = Variable(np.ones(100_000, np.float16))
    y = tp.mean(x)
    y.backward()
    assert y.item() == 1.0
    assert set(grad(x).tolist()) == {float(np.float16(1e-5))}


def test_what_was_not_chosen_gets_exactly_zero() -> None:
    x, nan = var([1.0, 2.0]), var([np.nan, np.inf])
    (tp.where(np.array([True, True]), x, nan) * var([np.inf, 1.0])).backward()
    assert grad(nan).tolist() == [0.0, 0.0]


@every_case
@pytest.mark.parametrize("dtype", ["float16", "float32", "longdouble"])
def test_the_result_has_the_operands_dtype(case: Case, dtype: str) -> None:
    """Complex results have parts of that dtype, or of single precision, below which NumPy has no complex numbers."""
    xs = [Variable(in_precision(x, dtype)) for x in program_of(case).leaves]
    expected = np.dtype("longdouble" if isinstance(case.op, AsType) else dtype)
    if isinstance(case.op, AsType):
        dtype = "longdouble"
    for y in program_of(case).record(xs)[len(xs) :]:
        single = dtype == "float16" and any(is_complex(v) for v in (y, *xs))
        assert y.data.real.dtype == (np.dtype(np.float32) if single else expected)
