"""Floor 4: functions that reduce axes. Imports floors 1 to 3.

`axis` is an int, a tuple of ints or None for all axes; `keepdims` leaves the reduced axes with length 1.
An axis that is out of range or named twice is an error that names the op.
"""

from __future__ import annotations

from tinypytorch.arrays import Axis
from tinypytorch.core.apply import constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.ops.reductions import LogSumExp, Softmax


def sum(x: Operand, axis: Axis = None, keepdims: bool = False) -> Variable:
    """The sum over `axis`. dx = 1 everywhere.

    >>> sum(Variable(np.ones((2, 3))), axis=0)
    variable([2. 2. 2.])
    """
    return constant(x).sum(axis, keepdims=keepdims)


def mean(x: Operand, axis: Axis = None, keepdims: bool = False) -> Variable:
    """The mean over `axis`, of n entries. dx = 1 / n everywhere.

    >>> mean(Variable(np.array([1.0, 3.0])))
    variable(2.0)
    """
    return constant(x).mean(axis, keepdims=keepdims)


def max(x: Operand, axis: Axis = None, keepdims: bool = False) -> Variable:
    """The largest entry over `axis`. dx = 1 at that entry; tied entries share it equally.

    >>> x = Variable(np.array([1.0, 3.0, 3.0]))
    >>> max(x).backward()
    >>> x.grad
    array([0. , 0.5, 0.5])
    """
    return constant(x).max(axis, keepdims=keepdims)


def min(x: Operand, axis: Axis = None, keepdims: bool = False) -> Variable:
    """The smallest entry over `axis`. dx = 1 at that entry; tied entries share it equally.

    >>> min(Variable(np.array([1.0, 3.0])))
    variable(1.0)
    """
    return constant(x).min(axis, keepdims=keepdims)


def logsumexp(x: Operand, axis: Axis = None, keepdims: bool = False) -> Variable:
    """log(sum(exp(x))) over `axis`, without overflow. dx = softmax(x); 0 where all entries are -inf.

    Blanchard, Higham & Higham, Accurately computing the log-sum-exp and softmax functions (2021).

    >>> logsumexp(Variable(np.array([1000.0, 1000.0])))
    variable(1000.6931471805599)
    """
    return constant(x).record(LogSumExp(axis, keepdims))


def softmax(x: Operand, axis: int = -1) -> Variable:
    """exp(x) / sum(exp(x)) along `axis`, without overflow. dx = y (g - sum(g y)).

    >>> softmax(Variable(np.array([1000.0, 1000.0])))
    variable([0.5 0.5])
    """
    return constant(x).record(Softmax(axis))
