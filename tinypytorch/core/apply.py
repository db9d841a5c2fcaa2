"""Floor 3: `apply`, the one way in for ops of your own. Imports `variable` and what that imports.

The operators and functions of this package go through the methods of `Variable` (`record`, `combine`, `record_all`),
which trust the op; here it is checked, and gets 0-d arrays where those pass NumPy scalars.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, overload

from tinypytorch.arrays import Array, boxed, is_array, is_complex, is_numpy_scalar, numeric_array, read_only
from tinypytorch.core.errors import EXPLAINED, bad_operand, explain, is_class, op_name, shape_and_dtype
from tinypytorch.core.hooks import listed
from tinypytorch.core.variable import Operand, Variable, attach, operands, recording, result
from tinypytorch.core.vertex import BinaryNode, MultiNode, Node, UnaryNode, VariadicNode, Vertex
from tinypytorch.function import (
    Binary,
    Function,
    Multi,
    Unary,
    Variadic,
    is_binary,
    is_many,
    is_multi,
    is_unary,
    is_variadic,
)

R = TypeVar("R")


def as_array(x: Operand) -> Array:
    """A number as a 0-d array, an array as it is, a Variable's data; `TypeError` for anything else.

    Here and in all functions, nested lists of these are taken as `np.array` takes them (but not by static types).

    >>> as_array(2.0)
    array(2.)
    """
    taken = _taken(x)
    return taken.data if isinstance(taken, Variable) else taken


def as_variable(x: Operand) -> Variable:
    """A Variable as it is, an array or a number as a new one (which wants a gradient if it is floating or complex).

    >>> as_variable(2.0)
    variable(2.0)
    """
    taken = _taken(x)
    return taken if isinstance(taken, Variable) else Variable(taken)


def constant(x: Operand) -> Variable:
    """A Variable as it is, an array or a number as one that gets no gradient."""
    if isinstance(x, Variable):
        return x
    taken = _taken(x)
    return taken if isinstance(taken, Variable) else Variable(taken, requires_grad=False)


def _taken(x: object) -> Variable | Array:
    """A Variable as it is, a number or an array as an array, nested lists as either."""
    if isinstance(x, Variable):
        return x
    made = listed(x)
    if isinstance(made, Variable):
        return made
    if is_array(made) or is_numpy_scalar(made) or isinstance(made, (float, int, complex)):
        values = numeric_array(made)
        if values is not None:
            return values
    raise bad_operand("as_array", made)


def ordered(name: str, x: Operand) -> Variable:
    """`constant`, for a function that compares values: `TypeError` for complex ones, which have no order."""
    v = constant(x)
    if is_complex(v):
        raise TypeError(f"{name}: complex numbers, of dtype {v.dtype}, have no order; give x.real, x.imag or abs(x)")
    return v


@overload
def apply(op: Unary, x: Operand, /) -> Variable: ...
@overload
def apply(op: Binary, a: Operand, b: Operand, /) -> Variable: ...
@overload
def apply(op: Variadic, /, *xs: Operand) -> Variable: ...
@overload
def apply(op: Multi, /, *xs: Operand) -> tuple[Variable, ...]: ...
def apply(op: Function, /, *xs: Operand) -> Variable | tuple[Variable, ...]:
    """Run an op on Variables, arrays or numbers, and record it.

    One output comes back bare, several as a tuple. A Python number reaches `forward` as a 0-d array in the dtype
    that it leaves the other operands in. Raises `TypeError` for something that is no op, a wrong number of operands,
    an operand that is no number, and a result that is no array of numbers; `ValueError`, `TypeError` and `IndexError`
    of `forward` come back with the op's name and the operands' shapes.

    >>> class Cube:
    ...     def forward(self, x):
    ...         return x**3
    ...     def backward(self, gy, y, x):
    ...         return gy * (3 * x**2)
    >>> x = Variable(np.array([1.0, 2.0]))
    >>> y = apply(Cube(), x)
    >>> y.backward()
    >>> y, x.grad
    (variable([1. 8.]), array([ 3., 12.]))
    """
    if isinstance(op, Vertex):
        raise TypeError("apply: the op comes first, then its operands")
    if is_class(op):
        raise TypeError(f"apply: {op_name(op)} is a class; give an instance, {op_name(op)}(...)")
    parents, raw = operands(op, xs)
    values = tuple(read_only(v) for v in boxed(raw))
    recorded = recording(parents)
    if is_unary(op):
        (x,) = _exactly(op, values, 1)
        r = _forward(op, values, lambda: op.forward(x))
        y = _result(op, r)
        if recorded:
            _attach(y, UnaryNode(op, parents, values, y, _floating(op, r)))
        return y
    if is_binary(op):
        a, b = _exactly(op, values, 2)
        r = _forward(op, values, lambda: op.forward(a, b))
        y = _result(op, r)
        if recorded:
            _attach(y, BinaryNode(op, parents, values, y, _floating(op, r)))
        return y
    if is_many(op):
        return _apply_many(op, parents, values, recorded)
    raise TypeError(
        f"apply: {type(op).__name__} is no op; it needs forward, and backward (one input), backward_a and backward_b "
        "(two inputs) or backward_all (any number of inputs, or several outputs)"
    )


def _apply_many(
    op: Variadic | Multi, parents: tuple[Variable | None, ...], values: tuple[Array, ...], recorded: bool
) -> Variable | tuple[Variable, ...]:
    """`apply` for an op of any number of inputs: several outputs if its `forward` gives a tuple."""
    r = _forward(op, values, lambda: op.forward(*values))
    if isinstance(r, tuple):
        ys = tuple(_result(op, part) for part in r)
        if recorded and is_multi(op, r):
            node = MultiNode(op, parents, values, ys, tuple(_floating(op, part) for part in r))
            for y in ys:
                _attach(y, node)
        return ys
    y = _result(op, r)
    if recorded and is_variadic(op, r):
        _attach(y, VariadicNode(op, parents, values, y, _floating(op, r)))
    return y


def _exactly(op: Function, values: tuple[Array, ...], n: int) -> tuple[Array, ...]:
    if len(values) != n:
        raise TypeError(f"apply: {op_name(op)} takes {n} operand{'s' * (n > 1)}, got {len(values)}")
    return values


def _forward(op: Function, values: tuple[Array, ...], run: Callable[[], R]) -> R:
    """Run `forward`, naming the op in what goes wrong."""
    try:
        return run()
    except EXPLAINED as error:
        raise explain(op, error, values) from error


def _result(op: Function, r: object) -> Variable:
    """A Variable of what `forward` gave, if that is an array of numbers."""
    values = numeric_array(r) if is_array(r) or is_numpy_scalar(r) else None
    if values is None:
        raise TypeError(
            f"{op_name(op)}: forward gave {shape_and_dtype(r)}, not an ndarray of numbers; wrap it with np.asarray(...)"
        )
    held: Array = values if values.ndim else values[()]
    return result(held)


def _attach(y: Variable, node: Node) -> None:
    """As `attach`, for an op from outside: its rule gets arrays that it cannot write into, as its forward did."""
    node.guarded = True
    attach(y, node)


def _floating(op: Function, r: Array) -> Array:
    """A result that is to be differentiated, as the rule sees it."""
    if r.dtype.kind not in "fc":
        raise TypeError(
            f"{op_name(op)}: forward gave dtype {r.dtype}, which has no derivative, from operands that have one"
        )
    return read_only(r)
