"""Floor 6: what the libraries have in common: NumPy's functions, and leaves at the corners. Imports `calls`.

A plan is a list of small integers, and every plan gives a program: where a call does not fit its operands, the next
that does takes its place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Shape
from tinypytorch.testing.libraries.calls import Call, Line, assembled
from tinypytorch.testing.programs import Plan, Program

# The shapes of the operands -> the texts to choose from.
Word: TypeAlias = Callable[[Shape, Shape], tuple[str, ...]]

_FULL: Final[tuple[Shape, ...]] = ((), (2,), (3,), (2, 2), (2, 3), (1,), (3, 1), (1, 2), (2, 1, 2))
SHAPES: Final[tuple[Shape, ...]] = (*_FULL, *_FULL, (0,), (0, 2))
# The entries of a leaf, for each seed: zeros and ties on purpose, signs, and magnitudes at which a careless rule fails.
FILLS: Final[tuple[Callable[[Array], Array], ...]] = (
    lambda at: at + 1.0,
    lambda at: at * 0.0,
    lambda at: (at * 2.0 + 2.0) % 5.0 - 2.0 * (at > 2),
    lambda at: (at * 5.0 + 3.0) % 7.0 - 3.0,
    lambda at: at * 0.0 + 1.0,
    lambda at: ((at * 41 + 36) % 257 - 128) / 64.0,
    lambda at: -0.25 - at / 2.0,
    lambda at: np.where(at % 2 == 0, -0.0, 1.0),
    lambda at: 30.0 + at,
    lambda at: 800.0 + at,
    lambda at: (at + 1.0) * 2.0**-30,
    lambda at: np.where(at % 2 == 0, -40.0, 2.0),
    lambda at: np.where(at % 3 == 1, 0.0, 0.25 * at + 0.5),
    lambda at: at / 8.0 - 0.25,
)


def leaf_at(shape: int, seed: int, shapes: Sequence[Shape] = SHAPES) -> Array:
    """A leaf by two numbers; every fourth run through the fills is in single precision."""
    chosen = shapes[shape % len(shapes)]
    entries = FILLS[seed % len(FILLS)](np.arange(math.prod(chosen), dtype=np.float64))
    x: Array = entries.reshape(chosen)
    return x if seed // len(FILLS) % 4 < 3 else x.astype("float32")


def _of(*texts: str) -> Word:
    return lambda a, b: texts


def _function(name: str) -> Word:
    return _of(f"np.{name}({{0}})")


def _pair(name: str) -> Word:
    return _of(f"np.{name}({{0}}, {{1}})", f"np.{name}({{0}}, 0.5)")


def _infix(sign: str) -> Word:
    return _of(f"{{0}} {sign} {{1}}", f"{{0}} {sign} 2.0", f"2.0 {sign} {{0}}")


def _over(name: str, *more: str) -> Word:
    """A reduction, over all axes or some, and with other arguments."""

    def texts(a: Shape, b: Shape) -> tuple[str, ...]:
        axes = ["", ", axis=0", f", axis={len(a) - 1}", ", axis=0, keepdims=True", ", axis=(0, 1)", *more]
        return tuple(f"np.{name}({{0}}{axis})" for axis in axes)

    return texts


def _along(name: str, *before: str) -> Word:
    """A function along one axis."""

    def texts(a: Shape, b: Shape) -> tuple[str, ...]:
        given = before or ("",)
        return tuple(f"np.{name}({{0}}{g}, axis={axis})" for axis in (0, max(len(a) - 1, 0)) for g in given)

    return texts


def _reshape(a: Shape, b: Shape) -> tuple[str, ...]:
    return tuple(f"np.reshape({{0}}, {shape})" for shape in (a[::-1], (-1,), (1, *a), (*a, 1)))


def _transpose(a: Shape, b: Shape) -> tuple[str, ...]:
    return (f"np.transpose({{0}}, {tuple(range(len(a)))[::-1]})",)


def _broadcast(a: Shape, b: Shape) -> tuple[str, ...]:
    return (f"np.broadcast_to({{0}}, {(2, *a)})", f"np.broadcast_to({{0}}, {tuple(3 if n == 1 else n for n in a)})")


def _einsum(a: Shape, b: Shape) -> tuple[str, ...]:
    subscripts = ["i,i->", "i,j->ij", "ij,jk->ik", "ij,i->j", "i->", "ij->j", "i,i,i->i"]
    if len(a) == 2 and a[0] == a[1] > 0:  # else NumPy's einsum reads beyond an empty array
        subscripts += ["ii->", "ii->i"]
    return tuple(f"np.einsum('{s}', {', '.join(['{0}', '{1}', '{0}'][: s.count(',') + 1])})" for s in subscripts)


# The simplest first.
VOCABULARY: Final[dict[str, Word]] = {
    "negative": _of("-{0}"),
    "add": _infix("+"),
    "subtract": _infix("-"),
    "multiply": _infix("*"),
    "divide": _infix("/"),
    "powers": _of("{0} ** 2", "{0} ** 0.5", "{0} ** 3", "{0} ** -1", "{0} ** 0", "{0} ** 1", "{0} ** 1.5"),
    "power": _infix("**"),
    "square": _function("square"),
    "sqrt": _function("sqrt"),
    "abs": _function("abs"),
    "exp": _function("exp"),
    "log": _function("log"),
    "sin": _function("sin"),
    "cos": _function("cos"),
    "tan": _function("tan"),
    "tanh": _function("tanh"),
    "sinh": _function("sinh"),
    "cosh": _function("cosh"),
    "arcsin": _function("arcsin"),
    "arccos": _function("arccos"),
    "arctan": _function("arctan"),
    "arcsinh": _function("arcsinh"),
    "arccosh": _function("arccosh"),
    "arctanh": _function("arctanh"),
    "exp2": _function("exp2"),
    "expm1": _function("expm1"),
    "log1p": _function("log1p"),
    "log2": _function("log2"),
    "log10": _function("log10"),
    "cbrt": _function("cbrt"),
    "reciprocal": _function("reciprocal"),
    "sinc": _function("sinc"),
    "fabs": _function("fabs"),
    "sum": _over("sum"),
    "mean": _over("mean"),
    "prod": _over("prod"),
    "max": _over("max"),
    "min": _over("min"),
    "var": _over("var", ", ddof=1", ", axis=0, ddof=1"),
    "std": _over("std", ", ddof=1", ", axis=0, ddof=1"),
    "norm": _over("linalg.norm"),
    "cumsum": _along("cumsum"),
    "cumprod": _along("cumprod"),
    "maximum": _pair("maximum"),
    "minimum": _pair("minimum"),
    "fmax": _pair("fmax"),
    "fmin": _pair("fmin"),
    "logaddexp": _pair("logaddexp"),
    "hypot": _pair("hypot"),
    "arctan2": _pair("arctan2"),
    "where": _of(
        "np.where({0} >= 0, {0}, {1})",
        "np.where({0} > 0, {1}, {0})",
        "np.where({0} >= {1}, {0}, {1})",
    ),
    "clip": _of("np.clip({0}, -1.0, 1.0)", "np.clip({0}, 0.5, 2.0)"),
    "reshape": _reshape,
    "transpose": _transpose,
    "broadcast_to": _broadcast,
    "ravel": _function("ravel"),
    "squeeze": _function("squeeze"),
    "expand_dims": _of("np.expand_dims({0}, 0)", "np.expand_dims({0}, -1)"),
    "flip": _of("np.flip({0}, 0)"),
    "roll": _of("np.roll({0}, 1, 0)", "np.roll({0}, 1, -1)"),
    "repeat": _of("np.repeat({0}, 2, axis=0)", "np.repeat({0}, 2, axis=-1)"),
    "tile": _of("np.tile({0}, (2,))", "np.tile({0}, (2, 1))"),
    "concatenate": _of("np.concatenate(({0}, {1}))", "np.concatenate(({0}, {1}), axis=-1)"),
    "stack": _of("np.stack(({0}, {1}))", "np.stack(({0}, {1}), axis=-1)"),
    "getitem": _of(
        "{0}[0]",
        "{0}[-1]",
        "{0}[::-1]",
        "{0}[None]",
        "{0}[..., 0]",
        "{0}[[0, 0]]",
        "{0}[1:]",
        "{0}[{0} > 0]",
    ),
    "sort": _along("sort"),
    "diff": _of("np.diff({0}, axis=0)", "np.diff({0}, axis=-1)"),
    "diag": _of("np.diag({0})"),
    "trace": _of("np.trace({0})"),
    "triu": _of("np.triu({0})", "np.tril({0})"),
    "matmul": _of("{0} @ {1}"),
    "dot": _of("np.dot({0}, {1})"),
    "outer": _of("np.outer({0}, {1})"),
    "inner": _of("np.inner({0}, {1})"),
    "kron": _of("np.kron({0}, {1})"),
    "tensordot": _of("np.tensordot({0}, {1}, 1)", "np.tensordot({0}, {1}, 0)", "np.tensordot({0}, {1}, 2)"),
    "einsum": _einsum,
    "det": _of("np.linalg.det({0})"),
}
NAMES: Final = tuple(VOCABULARY)
# Words that meet at corners; one program in four is made of these.
THEMES: Final = (
    ("where", "sqrt", "log", "negative", "divide", "clip"),
    ("norm", "multiply", "powers", "sqrt", "square", "abs"),
)
# Arrays larger than this are summed up before they go on.
MOST: Final = 24


def fits(values: Sequence[Array], call: Call, operands: tuple[int, ...]) -> Array | None:
    """What the call gives, or None where NumPy refuses these operands."""
    try:
        y = call.forward(*(values[r] for r in operands))
    except (ValueError, TypeError, IndexError, ArithmeticError, np.linalg.LinAlgError):
        return None
    return y if y.dtype.kind == "f" and y.size <= MOST else None


def _chosen(
    values: Sequence[Array], name: str, a: int, b: int, k: int, allowed: Callable[[str], bool]
) -> tuple[Line, Array]:
    """The k-th text of a word, or the next one that fits; the negative where none does."""
    texts = [t for t in VOCABULARY[name](values[a].shape, values[b].shape) if allowed(t)]
    for n in range(len(texts)):
        call = Call(texts[(k + n) % len(texts)])
        for operands in ((a, b)[: call.arity], (a, a)[: call.arity]):
            y = fits(values, call, operands)
            if y is not None:
                return (call, operands), y
    call = Call("-{0}")
    return (call, (a,)), call.forward(values[a])


def build(
    plan: Plan,
    names: Sequence[str] = NAMES,
    allowed: Callable[[str], bool] = lambda text: True,
    shapes: Sequence[Shape] = SHAPES,
) -> Program:
    """The program that a plan stands for. Total. The last value is multiplied with a leaf of weights, and summed up."""
    leaves = [leaf_at(shape, seed, shapes) for shape, seed in plan.leaves or ((0, 0),)]
    values, lines = list(leaves), list[Line]()
    for word, i, j, k in plan.steps:
        # An operand number counts back from the latest result: 0 chains, larger ones share.
        a, b = (len(values) - 1 - r % len(values) for r in (i, j))
        line, y = _chosen(values, names[word % len(names)], a, b, k, allowed)
        lines.append(line)
        values.append(y)
    return weighted(leaves, lines, values[-1])


def weighted(leaves: list[Array], lines: list[Line], y: Array) -> Program:
    """The program whose value is the sum of the last line's entries, each multiplied with an entry of one more leaf."""
    last = len(leaves) + len(lines) - 1
    if not y.ndim:
        return assembled(leaves, lines)
    weights: Array = (0.5 + (np.arange(y.size) * 37 + 11) % 32 / 32.0).reshape(y.shape).astype(y.dtype)
    n = len(leaves)
    moved: list[Line] = [(call, tuple(r + (r >= n) for r in operands)) for call, operands in lines]
    product = n + 1 + len(lines)
    ending: list[Line] = [(Call("{0} * {1}"), (last + (last >= n), n)), (Call("np.sum({0})"), (product,))]
    return assembled([*leaves, weights], [*moved, *ending])
