"""Floor 3: NumPy's protocols, by which its own functions find Variables. Imports `numpy_methods` and what that imports.

What is called often is answered here; for the rest the floors above are asked, through `hooks`.
"""

from __future__ import annotations

import numpy as np

from tinypytorch.arrays import is_complex
from tinypytorch.core.hooks import CONSTANTS, FUNCTIONS, is_served, refused
from tinypytorch.core.numpy_methods import NumpyMethods
from tinypytorch.core.operators import POW, ArrayOperators, value_of
from tinypytorch.ops import BINARY_UFUNCS, UNARY_UFUNCS


class NumpyProtocols(NumpyMethods):
    """NEP 13 and NEP 18: what NumPy's ufuncs and functions do when they meet a Variable."""

    __slots__ = ()

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: object, **kwargs: object) -> object:
        """NEP 13: `np.exp(x)` is recorded, `np.isnan(x)` is an array, anything else a `TypeError` that says why."""
        if method == "__call__" and not kwargs:
            zipped = BINARY_UFUNCS.get(ufunc)
            if zipped is not None:
                left, right = inputs
                return self.combine(zipped, left, right)
            mapped = UNARY_UFUNCS.get(ufunc)
            if mapped is not None:
                return self.record(mapped)
            if ufunc is np.power:
                base, exponent = inputs
                if isinstance(base, ArrayOperators) and isinstance(exponent, (int, float, complex)):
                    return base**exponent
                return self.combine(POW, base, exponent)
            if ufunc is np.sign and is_complex(self):
                raise TypeError("np.sign of complex numbers is not constant; write x / abs(x)")
            if ufunc in CONSTANTS:
                answer: object = ufunc(*(value_of(x) for x in inputs))
                return answer
        rest = FUNCTIONS.get("ufunc")
        if not is_served(rest):
            raise refused(ufunc)
        return rest(ufunc, method, inputs, kwargs)

    def __array_function__(
        self, function: object, types: object, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> object:
        """NEP 18: `np.sum(x)` is recorded, `np.shape(x)` is plain; a function with no rule is a `TypeError`."""
        mine = FUNCTIONS.get(function)
        if not is_served(mine):
            raise refused(function)
        return mine(*args, **kwargs)
