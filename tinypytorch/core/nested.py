"""Floor 3: arrays of nested lists, with Variables among what they hold. Imports `apply` and what that imports.

The one place where lists become operands: `hooks.listed` asks for it, wherever an operand is neither a Variable, nor an
array or a number. Static types leave lists out, which says at once that a conversion is paid for; at run time they are
taken as NumPy takes them.
"""

from __future__ import annotations

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.apply import apply
from tinypytorch.core.hooks import is_sequence
from tinypytorch.core.variable import Variable
from tinypytorch.ops.shaping import Stack

_STACK = Stack(0)


def array_like(x: object) -> Variable | Array:
    """What NumPy makes of nested lists, of one or of anything else; a Variable, if there is one inside.

    Variables, arrays and numbers in a list are put one after another along a new first axis, and Variables get their
    gradients. Raises `ValueError` for lists of different lengths.

    >>> array_like([[Variable(np.array(2.0)), 1.0], np.array([3.0, 4.0])])
    variable([[2. 1.]
              [3. 4.]])
    """
    if isinstance(x, Variable):
        return x
    if is_sequence(x) and holds_variables(x):
        return apply(_STACK, *(array_like(part) for part in x))
    made: Array = np.asanyarray(x)
    return made


def holds_variables(x: object) -> bool:
    """Whether x is a Variable, or a list or tuple with one somewhere inside."""
    if isinstance(x, Variable):
        return True
    return is_sequence(x) and any(holds_variables(part) for part in x)
