"""Floor 6: rules that are right up to a factor close to 1. Imports floors 1 and 2, and `fault`.

The same four rules with each size of error, so that checkers can be compared by what they let pass: a function, a
quotient, a sum and a matrix product.
"""

from __future__ import annotations

from typing import Final

from tinypytorch.function import T
from tinypytorch.ops.arithmetic import Div
from tinypytorch.ops.elementwise import Sin
from tinypytorch.ops.products import MatMul
from tinypytorch.ops.reductions import Sum
from tinypytorch.testing.faults.fault import RELATIVE, Fault, Patch, always

SIZES: Final = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-9, 1e-12, 1e-15)

# The right rules, from before any fault was planted.
_sin, _sum = Sin.backward, Sum.backward
_quotient, _product = Div.backward_b, MatMul.backward_a


def _sized(error: float) -> tuple[Fault, ...]:
    """The four rules, too large by this part."""
    factor = 1.0 + error

    def sin(op: Sin, gy: T, y: T, x: T, /) -> T:
        return _sin(op, gy, y, x) * factor

    def total(op: Sum, gy: T, y: T, x: T, /) -> T:
        return _sum(op, gy, y, x) * factor

    def quotient(op: Div, gy: T, y: T, a: T, b: T, /) -> T:
        return _quotient(op, gy, y, a, b) * factor

    def product(op: MatMul, gy: T, y: T, a: T, b: T, /) -> T:
        return _product(op, gy, y, a, b) * factor

    rules: tuple[tuple[type[object], str, object], ...] = (
        (Sin, "backward", sin),
        (Sum, "backward", total),
        (Div, "backward_b", quotient),
        (MatMul, "backward_a", product),
    )
    apt = "factor" if error >= 1e-2 else "relative error" if error > 1e-14 else ""
    return tuple(
        Fault(
            f"{op.__name__}: relative error {error:.0e}",
            RELATIVE,
            (Patch(op, method, always(wrong)),),
            True,
            error,
            apt,
        )
        for op, method, wrong in rules
    )


FAULTS: Final[tuple[Fault, ...]] = tuple(fault for error in SIZES for fault in _sized(error))
