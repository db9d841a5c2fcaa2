"""Floor 6: planted faults, to measure what the checks find. Imports floors 1 to 4 and `testing`.

A fault is a wrong rule or a wrong engine for as long as its context lasts: a patch in memory, never edited source.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Shape, is_array
from tinypytorch.core import gradients, graph, reverse, variable
from tinypytorch.core.graph import Node, Swept, Vertex
from tinypytorch.ops import arithmetic as ar
from tinypytorch.ops import elementwise as el
from tinypytorch.ops import indexing as ix
from tinypytorch.ops import products as pr
from tinypytorch.ops import reductions as re
from tinypytorch.ops import selection as se
from tinypytorch.ops import shaping as sh
from tinypytorch.ops import ufuncs as u
from tinypytorch.testing.checks import Verdict, check_first, check_second
from tinypytorch.testing.invariants import INVARIANTS
from tinypytorch.testing.programs import Program

# Wrong rules, as (op, gy, y, operands …); at run time they get Variables, too, as right ones do.
Rule: TypeAlias = Callable[[object, Array, Array, Array], Array]
Rule2: TypeAlias = Callable[[object, Array, Array, Array, Array], Array]


@dataclass(frozen=True)
class Fault:
    """The attribute of `owner` (a class or a module) that is replaced by something wrong."""

    name: str
    owner: object
    attribute: str
    wrong: object

    @contextmanager
    def planted(self) -> Generator[None]:
        """Plant the fault for the duration of a `with` block."""
        right: object = vars(self.owner)[self.attribute]
        setattr(self.owner, self.attribute, self.wrong)
        try:
            yield
        finally:
            setattr(self.owner, self.attribute, right)


def _rule(name: str, op: type[object], wrong: Rule) -> Fault:
    return Fault(f"{op.__name__}: {name}", op, "backward", wrong)


def _rule_a(name: str, op: type[object], wrong: Rule2) -> Fault:
    return Fault(f"{op.__name__}: {name}", op, "backward_a", wrong)


def _rule_b(name: str, op: type[object], wrong: Rule2) -> Fault:
    return Fault(f"{op.__name__}: {name}", op, "backward_b", wrong)


def _engine(name: str, owner: object, attribute: str, wrong: object) -> Fault:
    return Fault(f"engine: {name}", owner, attribute, wrong)


def _overwrite(world: object, a: Array, b: Array, owned: bool, /) -> Array:
    return b


def _add_into(world: object, a: Array, b: Array, owned: bool, /) -> Array:
    a += b
    return a


def _sum_leading(x: Array, shape: Shape) -> Array:
    y: Array = np.add.reduce(x, tuple(range(x.ndim - len(shape))))
    return y[tuple(slice(0, n) for n in shape)]


def _last_in_first_out(
    heap: list[tuple[int, int, Node, Vertex]], item: tuple[int, int, Node, Vertex]
) -> tuple[int, int, Node, Vertex]:
    return item


def _write_shared(swept: Swept[Array]) -> None:
    for v, g in (swept.ends | swept.kept).items():
        v.kept_grad = g if v.kept_grad is None else v.kept_grad + g


_pull = reverse.ArrayWorld.pull


def _pull_stale(
    world: reverse.ArrayWorld, node: Node, y: Vertex, grads: dict[Vertex, Array], /
) -> tuple[tuple[Array, ...], tuple[Array | None, ...]]:
    if y.kept_grad is not None:
        grads[y] = grads[y] + y.kept_grad
    return _pull(world, node, y, grads)


def _pull_once(
    world: reverse.ArrayWorld, node: Node, y: Vertex, grads: dict[Vertex, Array], /
) -> tuple[tuple[Array, ...], tuple[Array | None, ...]]:
    xs, gxs = _pull(world, node, y, grads)
    first = [node.parents.index(p) == i for i, p in enumerate(node.parents)]
    return xs, tuple(g if g is None or once else g * 0.0 for g, once in zip(gxs, first, strict=True))


def _constant_input(node: Node, i: int) -> variable.Variable:
    return variable.result(node.values[i])


def _strong(output: Vertex) -> Callable[[], Vertex]:
    return lambda: output


def _assign(op: ix.PutAdd, x: Array, /) -> Array:
    y = np.zeros(op.shape, x.dtype)
    y[op.index] = x
    return y


def _in_place(op: object, gy: Array, y: Array, x: Array, /) -> Array:
    return np.negative(gy, out=gy) if is_array(gy) else -gy


def _rounded(op: object, gy: Array, y: Array, x: Array, /) -> Array:
    return gy * np.asarray(np.asarray(y, np.float32), np.float64) if is_array(y) else gy * y


FAULTS: Final[tuple[Fault, ...]] = (
    _rule("sign flipped", el.Sin, lambda op, gy, y, x: -gy * np.cos(x)),
    _rule("sign missing", el.Cos, lambda op, gy, y, x: gy * np.sin(x)),
    _rule("factor 2 missing", ar.Square, lambda op, gy, y, x: gy * x),
    _rule("relative error 1e-3", el.Exp, lambda op, gy, y, x: gy * y * 1.001),
    _rule("relative error 1e-6", el.Sqrt, lambda op, gy, y, x: gy / (y * 2.000002)),
    _rule("relative error 1e-9", el.Log, lambda op, gy, y, x: gy / x * (1 + 1e-9)),
    _rule("output used for input", el.Log, lambda op, gy, y, x: gy / y),
    _rule("upstream gradient ignored", el.Sigmoid, lambda op, gy, y, x: y * (1 - y)),
    _rule("inner derivative of the square lost", el.Tanh, lambda op, gy, y, x: gy * (1 - y)),
    _rule("second derivative wrong", el.SechSquared, lambda op, gy, y, x: gy * y * u.tanh(x) * -1.0),
    _rule("kept positive", el.Abs, lambda op, gy, y, x: gy),
    _rule("mask inverted", se.Relu, lambda op, gy, y, x: gy * np.asarray(x < 0, np.float64)),
    _rule("mask ignored", se.Clip, lambda op, gy, y, x: gy),
    _rule("exponent off by one", ar.PowConst, lambda op, gy, y, x: gy * x ** vars(op)["c"] * vars(op)["c"]),
    _rule("upstream gradient changed in place", ar.Neg, _in_place),
    _rule("rounded through float32", el.Exp, _rounded),
    _rule("divisor missing", re.Mean, lambda op, gy, y, x: re.spread(gy, x.shape, vars(op)["axis"])),
    _rule("all entries get the gradient", re.Max, lambda op, gy, y, x: re.spread(gy, x.shape, vars(op)["axis"])),
    _rule(
        "softmax not normalized", re.LogSumExp, lambda op, gy, y, x: re.spread(gy, x.shape, vars(op)["axis"]) * u.exp(x)
    ),
    _rule("diagonal only", re.Softmax, lambda op, gy, y, x: gy * y * (1 - y)),
    _rule("permutation not inverted", sh.Transpose, lambda op, gy, y, x: gy.transpose(vars(op)["axes"])),
    _rule("summed where it should spread", sh.SumTo, lambda op, gy, y, x: gy + x * 0.0 + gy),
    _rule_b("operand taken for the other", ar.Mul, lambda op, gy, y, a, b: gy * b),
    _rule_a("operand dropped", ar.Add, lambda op, gy, y, a, b: gy * 0.0),
    _rule_b("sign missing", ar.Sub, lambda op, gy, y, a, b: gy),
    _rule_b("quotient's sign", ar.Div, lambda op, gy, y, a, b: gy / b * y),
    _rule_b("quotient's square", ar.Div, lambda op, gy, y, a, b: -gy * y),
    _rule_b("logarithm of the wrong operand", ar.Pow, lambda op, gy, y, a, b: gy * y * np.log(np.abs(b))),
    _rule_a("branches swapped", se.Where, lambda op, gy, y, a, b: gy * np.asarray(~vars(op)["condition"], np.float64)),
    _rule_a("the smaller gets it", se.Maximum, lambda op, gy, y, a, b: gy * np.asarray(a < b, np.float64)),
    _rule_a("summed over the wrong axis", pr.MatMul, lambda op, gy, y, a, b: a * gy.sum()),
    Fault("PutAdd: assigns instead of adding", ix.PutAdd, "forward", _assign),
    _engine("overwrites instead of accumulating", reverse.ArrayWorld, "add", _overwrite),
    _engine("adds into arrays of others", reverse.ArrayWorld, "add", _add_into),
    _engine("sums leading axes only", reverse, "sum_to", _sum_leading),
    _engine("depth first", graph, "heappushpop", _last_in_first_out),
    _engine("gradients shared", variable, "_write", _write_shared),
    _engine("stale inner gradients counted again", reverse.ArrayWorld, "pull", _pull_stale),
    _engine("f(x, x) counted once", reverse.ArrayWorld, "pull", _pull_once),
    _engine("second derivative cut", gradients, "input_of", _constant_input),
    _engine("strong reference from node to output", graph, "ref", _strong),
)


def finds(p: Program) -> str | None:
    """What the checks find wrong with a program, in words, also by an exception; None if nothing."""
    try:
        for invariant in INVARIANTS:
            said = invariant(p)
            if said:
                return f"{invariant.__name__}: {said}"
        for check in (check_first, check_second):
            finding = check(p)
            if finding.verdict is Verdict.FAIL:
                return f"{check.__name__}: {finding}"
    except (ValueError, TypeError, RuntimeError, IndexError, ArithmeticError) as error:
        return f"{type(error).__name__}: {error}"
    return None
