"""Floor 4: functions that move entries. Imports floors 1 to 3."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from tinypytorch.arrays import Index, Shape, is_array
from tinypytorch.core.apply import apply, constant
from tinypytorch.core.nested import array_like
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.ops.shaping import BroadcastTo, Concatenate, Split, Stack, SumTo


def reshape(x: Operand, shape: int | Shape, order: Literal["C", "F"] = "C") -> Variable:
    """The same entries in another shape; one length may be -1. The last index runs fastest ("C"), or the first ("F").

    >>> reshape(Variable(np.arange(4.0)), (2, -1)).shape
    (2, 2)
    """
    return constant(x).reshape(shape, order=order)


def transpose(x: Operand, axes: Sequence[int] | None = None) -> Variable:
    """The axes in another order, reversed by default.

    >>> transpose(Variable(np.zeros((2, 3, 4))), (1, 2, 0)).shape
    (3, 4, 2)
    """
    return constant(x).transpose(axes)


def broadcast_to(x: Operand, shape: Shape) -> Variable:
    """x repeated along new axes and axes of length 1. The gradient is summed over them.

    >>> broadcast_to(Variable(np.array([1.0, 2.0])), (2, 2))
    variable([[1. 2.]
              [1. 2.]])
    """
    return constant(x).record(BroadcastTo(tuple(shape)))


def sum_to(x: Operand, shape: Shape) -> Variable:
    """x summed over the axes along which `shape` broadcasts to it: the adjoint of `broadcast_to`.

    >>> sum_to(Variable(np.ones((2, 3))), (1, 3))
    variable([[2. 2. 2.]])
    """
    return constant(x).record(SumTo(tuple(shape)))


def getitem(x: Operand, index: Index | Sequence[int]) -> Variable:
    """x[index], for every index NumPy takes; an entry taken twice gets both gradients.

    >>> x = Variable(np.array([1.0, 2.0]))
    >>> getitem(x, [0, 0, 1]).backward()
    >>> x.grad
    array([2., 1.])
    """
    return constant(x)[index]


def concatenate(xs: Sequence[Operand], axis: int | None = 0) -> Variable:
    """One after another along an existing axis; with axis None, of all entries in C order.

    >>> concatenate([Variable(np.array([1.0])), np.array([2.0, 3.0])])
    variable([1. 2. 3.])
    """
    if axis is None:
        return apply(Concatenate(), *(constant(x).flat for x in several("concatenate", xs)))
    return apply(Concatenate(axis), *several("concatenate", xs))


def stack(xs: Sequence[Operand], axis: int = 0) -> Variable:
    """One after another along a new axis.

    >>> stack([Variable(np.array([1.0, 2.0])), np.array([3.0, 4.0])], axis=1)
    variable([[1. 3.]
              [2. 4.]])
    """
    return apply(Stack(axis), *several("stack", xs))


def split(x: Operand, sections: int | Sequence[int], axis: int = 0) -> tuple[Variable, ...]:
    """A number of equal parts, or the parts between the given indices, along an axis. An unused part costs nothing.

    >>> split(Variable(np.arange(4.0)), 2)
    (variable([0. 1.]), variable([2. 3.]))
    """
    return apply(Split(sections if isinstance(sections, int) else tuple(sections), axis), x)


def several(name: str, xs: Sequence[Operand] | Variable) -> Sequence[Operand]:
    """The operands of a function that joins them; the entries of a Variable or an array along its first axis."""
    if isinstance(xs, Variable):
        xs = tuple(xs)
    elif is_array(xs):
        xs = tuple(constant(array_like(xs)))
    if not isinstance(xs, (list, tuple)):
        raise TypeError(f"{name}: takes a list or tuple of arrays, not {type(xs).__name__}")
    if not xs:
        raise ValueError(f"{name}: needs at least one array")
    return xs
