"""Floor 4: functions that choose between values. Imports floors 1 to 3."""

from __future__ import annotations

import numpy as np

from tinypytorch.arrays import Mask
from tinypytorch.core.apply import as_array, constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.ops.selection import Clip, Maximum, Minimum, Where

_MAXIMUM, _MINIMUM = Maximum(), Minimum()


def maximum(a: Operand, b: Operand) -> Variable:
    """The larger of a and b, broadcast. The gradient goes to the larger; half to each where they are equal.

    >>> maximum(Variable(np.array([1.0, 5.0])), 3.0)
    variable([3. 5.])
    """
    return constant(a).combine(_MAXIMUM, a, b)


def minimum(a: Operand, b: Operand) -> Variable:
    """The smaller of a and b, broadcast. The gradient goes to the smaller; half to each where they are equal.

    >>> minimum(Variable(np.array([1.0, 5.0])), 3.0)
    variable([1. 3.])
    """
    return constant(a).combine(_MINIMUM, a, b)


def where(condition: Operand, a: Operand, b: Operand) -> Variable:
    """a where `condition` holds, else b, broadcast. The condition is a constant.

    What was not chosen gets a gradient of exactly zero, whatever its value, also where the slope of a function behind
    it is infinite or nan. (Not so of a product with an infinite or nan factor: 0 * inf is nan in its own rule.)

    >>> where(np.array([True, False]), Variable(np.array([1.0, 2.0])), 0.0)
    variable([1. 0.])
    """
    mask: Mask = np.array(as_array(condition), dtype=np.bool)
    return constant(a).combine(Where(mask), a, b)


def clip(x: Operand, low: Operand | None = None, high: Operand | None = None) -> Variable:
    """x limited to [low, high]; None means no limit. Numbers are constants, and at a bound itself the gradient passes.

    Arrays and Variables as bounds go through `maximum` and `minimum`, with the gradient and the ties of those.

    >>> clip(Variable(np.array([-2.0, 0.5, 3.0])), 0.0, 1.0)
    variable([0.  0.5 1. ])
    """
    y = constant(x)
    if (low is None or isinstance(low, (float, int))) and (high is None or isinstance(high, (float, int))):
        return y.record(Clip(low, high))
    if low is not None:
        y = maximum(y, low)
    return y if high is None else minimum(y, high)
