"""Floor 6: wrong rules and engines for complex numbers. Imports floors 1 to 3, and `fault`.

Most are the other convention, in which a gradient is the conjugate of ours, in one place. On real numbers nothing of
this shows. Left out, because nothing would change: `Real` with a rule that drops the imaginary part of its cotangent,
which is real.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from tinypytorch.arrays import IMAGINARY, Array, Shape
from tinypytorch.core import gradients, reverse
from tinypytorch.function import T, lift
from tinypytorch.ops import arithmetic as ar
from tinypytorch.ops import elementwise as el
from tinypytorch.ops import fourier as fo
from tinypytorch.ops import parts as pa
from tinypytorch.ops import products as pr
from tinypytorch.ops import ufuncs as u
from tinypytorch.testing.faults.fault import Fault, Patch, always, engine, rule, rule_a, structural

DTYPE: Final = "complex128"


def _inverse(op: fo.Fourier, gy: T, y: T, x: T, /) -> T:
    return lift(fo.Fourier(op.axes, not op.inverse, op.norm), gy)


def _scale_swapped(op: fo.Fourier, gy: T, y: T, x: T, /) -> T:
    return lift(fo.Fourier(op.axes, op.inverse, fo.SWAPPED[op.norm]), gy)


def _unweighted(op: fo.RealFourier, gy: T, y: T, x: T, /) -> T:
    shape: Shape = x.shape
    return lift(fo.HalfFourier(shape[op.axis], op.axis, fo.SWAPPED[op.norm]), u.conjugate(gy))


def _unweighted_half(op: fo.HalfFourier, gy: T, y: T, x: T, /) -> T:
    return u.conjugate(lift(fo.RealFourier(op.axis, fo.SWAPPED[op.norm]), gy))


def _even_for_odd(op: fo.HalfFourier, gy: T, y: T, x: T, /) -> T:
    half = u.conjugate(lift(fo.RealFourier(op.axis, fo.SWAPPED[op.norm]), gy))
    return half * _even(op, x.ndim)


def _even(op: fo.HalfFourier, ndim: int) -> Array:
    counts = np.full(op.n // 2 + 1, 2.0)
    counts[0] = counts[-1] = 1.0
    return counts.reshape((-1, *(1,) * (ndim - 1 - op.axis % ndim)))


# The right rule, from before any fault was planted.
_RIGHT = pr.MatMul.backward_a


def _hermitian(op: pr.MatMul, gy: T, y: T, a: T, b: T, /) -> T:
    ga: T = _RIGHT(op, gy, y, a, u.conjugate(b))
    return ga


def _size_taken(x: Array, like: np.dtype[np.float64]) -> Array:
    """The size where the real part is meant."""
    return (abs(x) if x.dtype.kind == "c" and like.kind != "c" else x).astype(like)


_PLANE: Final = (
    rule_a("conjugate of the other operand", ar.Mul, lambda op, gy, y, a, b: gy * u.conjugate(b), ""),
    rule("conjugate of the output", el.Exp, lambda op, gy, y, x: gy * u.conjugate(y), ""),
    rule("conjugate missing", el.Abs, lambda op, gy, y, x: gy * (x / y), ""),
    rule("real part of the sign", el.Abs, lambda op, gy, y, x: gy * (u.conjugate(x) / y).real, ""),
    rule("sign missing", pa.Imag, lambda op, gy, y, x: gy * IMAGINARY, ""),
    rule("rule of the imaginary part", pa.Real, lambda op, gy, y, x: gy * IMAGINARY, ""),
    rule("not conjugated", pa.Conj, lambda op, gy, y, x: gy, ""),
    rule("sign of the angle", pa.Angle, lambda op, gy, y, x: gy * IMAGINARY / x, ""),
    rule("angle of the conjugate", pa.Angle, lambda op, gy, y, x: -gy * IMAGINARY / u.conjugate(x), ""),
    structural("the adjoint is the inverse", fo.Fourier, "backward", _inverse, ""),
    structural("scaled in the other direction", fo.Fourier, "backward", _scale_swapped, ""),
    structural("half of the spectrum not counted twice", fo.RealFourier, "backward", _unweighted, ""),
    structural("half of the spectrum not counted twice", fo.HalfFourier, "backward", _unweighted_half, ""),
    structural("an odd length taken for even", fo.HalfFourier, "backward", _even_for_odd, ""),
    structural("conjugate transpose", pr.MatMul, "backward_a", _hermitian, ""),
    engine("the size is taken for the real part", Patch(reverse, "in_kind", always(_size_taken))),
    engine("the imaginary part is taken for the real one", Patch(gradients, "_REAL", always(pa.Imag()))),
)

FAULTS: Final[tuple[Fault, ...]] = tuple(replace(fault, lone=False, dtype=DTYPE) for fault in _PLANE)
