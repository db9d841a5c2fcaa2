"""Functions that are composed of ops, as data: a call of the function and of NumPy's, and what must hold of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeGuard

import numpy as np

import tinypytorch as tp
from tests.support import call, grad
from tinypytorch import Array, Variable
from tinypytorch.arrays import Shape
from tinypytorch.compat import override
from tinypytorch.testing.checks import Verdict, check_first, check_second
from tinypytorch.testing.opaque import Opaque
from tinypytorch.testing.programs import Program, leaf_values


@dataclass(frozen=True)
class Leaf:
    """Where an operand stands among arguments."""

    at: int


X, Y, Z = Leaf(0), Leaf(1), Leaf(2)


class Call:
    """A call by the name that a function has here and in NumPy, with leaves of these shapes among its arguments."""

    def __init__(self, name: str, shapes: list[Shape], *args: object, **kwargs: object) -> None:
        self.name = name
        self.shapes = shapes
        self.args = args
        self.kwargs = kwargs

    @override
    def __str__(self) -> str:
        words = [str(a) for a in self.args] + [f"{name}={a}" for name, a in self.kwargs.items()]
        text = f"{self.name}({', '.join(words)})-{'-'.join(map(str, self.shapes))}"
        for i, letter in enumerate("XYZ"):
            text = text.replace(f"Leaf(at={i})", letter)
        return " ".join(text.split()).replace(" ", "")

    def leaves(self) -> list[Array]:
        return [leaf_values(shape, 3 * i + 1) for i, shape in enumerate(self.shapes)]

    def run(self, home: object, xs: list[Array] | list[Variable]) -> list[object]:
        """What the function of that name in `home` gives, several results or one."""
        args = [put(a, xs) for a in self.args]
        y = call(getattr(home, self.name), *args, **{name: put(a, xs) for name, a in self.kwargs.items()})
        return list(y) if is_listed(y) else [y]

    def record(self, home: object, xs: list[Variable]) -> list[Variable]:
        """The same on Variables: the results must be Variables, too."""
        ys: list[Variable] = []
        for y in self.run(home, xs):
            assert isinstance(y, Variable)
            ys.append(y)
        return ys

    def plain(self, xs: list[Array]) -> list[Array]:
        """NumPy's results."""
        return [np.asarray(y) for y in self.run(np, xs)]


def is_listed(x: object) -> TypeGuard[list[object] | tuple[object, ...]]:
    return isinstance(x, (list, tuple))


def put(arg: object, xs: list[Array] | list[Variable]) -> object:
    """An argument with the operands in their places."""
    if isinstance(arg, Leaf):
        return xs[arg.at]
    if is_listed(arg):
        parts = [put(part, xs) for part in arg]
        return parts if isinstance(arg, list) else tuple(parts)
    return arg


def check_values(c: Call, exact: bool = True) -> None:
    """This package's function and NumPy's on Variables give what NumPy's gives on arrays, in the same dtype."""
    for dtype in ("float64", "float32", "float16", "longdouble"):
        arrays = [x.astype(dtype) for x in c.leaves()]
        expected = c.plain(arrays)
        for home in (tp, np):
            found = c.record(home, [Variable(x) for x in arrays])
            assert [y.shape for y in found] == [y.shape for y in expected]
            for y, e in zip(found, expected, strict=True):
                assert y.dtype == e.dtype
                if exact:
                    np.testing.assert_array_equal(y.data, e)
                else:
                    np.testing.assert_allclose(y.data, e, rtol=tolerance(dtype), atol=tolerance(dtype))
    assert not any(y.requires_grad for y in c.record(tp, [Variable(x, requires_grad=False) for x in c.leaves()]))


def tolerance(dtype: str) -> float:
    """A few roundings."""
    return 8 * float(np.finfo(dtype).eps)


def check_linear(c: Call) -> None:
    """The gradient of a linear function is NumPy's own function on unit vectors, exactly: entries only move and add."""
    arrays = c.leaves()
    xs = [Variable(x) for x in arrays]
    ys = c.record(tp, xs)
    cotangents = [np.arange(1.0, 1.0 + y.size).reshape(y.shape) for y in ys]
    zero = [np.zeros_like(x) for x in arrays]
    base = c.plain(zero)
    total = tp.sum(tp.concatenate([(y * g).flat for y, g in zip(ys, cotangents, strict=True)]))
    total.backward()
    for i, x in enumerate(xs):
        for at in np.ndindex(x.shape):
            unit = [z.copy() for z in zero]
            unit[i][at] = 1.0
            parts = zip(cotangents, c.plain(unit), base, strict=True)
            assert grad(x)[at] == sum(float((g * (y - b)).sum()) for g, y, b in parts), (i, at)


def check_derivatives(c: Call) -> None:
    """First and second derivatives of the results' squares, by differences."""

    def squares(*xs: Variable) -> Variable:
        return tp.square(tp.concatenate(c.record(tp, list(xs)), None))

    p = Program.of(c.leaves(), (Opaque(squares), *range(len(c.shapes))))
    for check in (check_first, check_second):
        finding = check(p)
        assert finding.verdict is Verdict.PASS, finding


def check_dtypes(c: Call) -> None:
    """The gradient has the dtype and shape of the data."""
    for dtype in ("float32", "float16", "longdouble"):
        xs = [Variable(x.astype(dtype)) for x in c.leaves()]
        for y in c.record(tp, xs):
            if y.requires_grad:
                y.backward()
        assert all(grad(x).shape == x.shape for x in xs)
        assert {grad(x).dtype for x in xs} == {np.dtype(dtype)}
