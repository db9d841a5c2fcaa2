"""Floor 6: the functions that are no op of their own, but made of some, as what `verify` checks. Imports floors 1 to 4.

Each is a row of the table and of the certificate, as an op is. `ONE` and `TWO` are the only place to touch: a public
function that is neither an op nor here fails a test.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from tinypytorch import fft, linalg
from tinypytorch.arrays import Array, Shape
from tinypytorch.core.variable import Variable
from tinypytorch.functions import diagonals as di
from tinypytorch.functions import differences as df
from tinypytorch.functions import exponential as ex
from tinypytorch.functions import joining as jo
from tinypytorch.functions import nan as na
from tinypytorch.functions import padding as pd
from tinypytorch.functions import parts as pa
from tinypytorch.functions import pieces as pi
from tinypytorch.functions import products as pr
from tinypytorch.functions import ranges as rg
from tinypytorch.functions import rearranging as ra
from tinypytorch.functions import repeating as rp
from tinypytorch.functions import rounding as ro
from tinypytorch.functions import running as rn
from tinypytorch.functions import selecting as se
from tinypytorch.functions import shaping as sh
from tinypytorch.functions import statistics as st
from tinypytorch.functions import trigonometric as tr
from tinypytorch.functions.selection import where
from tinypytorch.testing.opaque import Traced
from tinypytorch.testing.programs import leaf_values

Result: TypeAlias = Variable | Sequence[Variable]

_GAP: Final = np.array([[True, False, True], [True, True, True]])
_AT: Final = np.array([[0, 1, 1], [1, 0, 1]])
_EVERY_OTHER: Final = np.array([True, False, True])


def _gappy(x: Variable) -> Variable:
    """The operand with a nan in it."""
    return where(_GAP, x, np.nan)


def _spread(x: Variable) -> Variable:
    return x * x.sum()


def _total(x: Variable, axis: int = 0) -> Variable:
    return x.sum(axis, keepdims=True)


def _cubed(x: Variable) -> Variable:
    return x**3


def _size(x: Variable) -> Variable:
    """The squares of absolute values: complex results as real ones."""
    return x.real * x.real + x.imag * x.imag


def _square(x: Variable) -> Variable:
    """A matrix far from singular, of the operand's first rows and columns."""
    return x[:, :2] * 0.125 + np.array([[2.0, 0.5], [0.0, 3.0]])


# Functions of one array, of shape (2, 3).
ONE: Final[dict[str, Callable[[Variable], Result]]] = {
    "array_split": lambda x: jo.array_split(x, 2, 1),
    "atleast_1d": lambda x: ra.atleast_1d(x[0, 0]),
    "atleast_2d": lambda x: ra.atleast_2d(x[0]),
    "atleast_3d": lambda x: ra.atleast_3d(x),
    "average": lambda x: st.average(x, 0, x * x + 1.0),
    "compress": lambda x: se.compress(_EVERY_OTHER, x, 1),
    "cummax": lambda x: rn.cummax(x, 1),
    "cummin": lambda x: rn.cummin(x),
    "deg2rad": tr.deg2rad,
    "delete": lambda x: jo.delete(x, 1, 1),
    "diag": lambda x: di.diag(x, 1),
    "diagflat": lambda x: di.diagflat(x, -1),
    "diagonal": lambda x: di.diagonal(x, 1),
    "diff": lambda x: df.diff(x, 2),
    "dsplit": lambda x: jo.dsplit(x.reshape(1, 2, 3), 3),
    "ediff1d": lambda x: df.ediff1d(x),
    "elu": ex.elu,
    "expand_dims": lambda x: ra.expand_dims(x, 1),
    "extract": lambda x: se.extract(_GAP, x),
    "flip": lambda x: ra.flip(x, 1),
    "fliplr": ra.fliplr,
    "flipud": ra.flipud,
    "float_power": lambda x: ex.float_power(x * x + 1.0, 1.5),
    "gelu": ex.gelu,
    "gradient": lambda x: df.gradient(x, axis=1, edge_order=2),
    "hsplit": lambda x: jo.hsplit(x, 3),
    "interp": lambda x: df.interp(x, np.array([-3.0, -0.3, 0.9, 3.0]), np.array([1.0, -2.0, 0.5, 2.0])),
    "leaky_relu": ex.leaky_relu,
    "matrix_transpose": ra.matrix_transpose,
    "median": lambda x: st.median(x, 1),
    "moveaxis": lambda x: ra.moveaxis(x, 0, 1),
    "nanmax": lambda x: na.nanmax(_gappy(x), 0),
    "nanmean": lambda x: na.nanmean(_gappy(x), 0),
    "nanmin": lambda x: na.nanmin(_gappy(x), 0),
    "nansum": lambda x: na.nansum(_gappy(x), 0),
    "pad": lambda x: pd.pad(x, ((1, 0), (0, 2))),
    "pad edge": lambda x: pd.pad(x, 2, "edge"),
    "pad reflect": lambda x: pd.pad(x, 1, "reflect"),
    "pad symmetric": lambda x: pd.pad(x, 2, "symmetric"),
    "pad wrap": lambda x: pd.pad(x, 2, "wrap"),
    "pad linear_ramp": lambda x: pd.pad(x, ((2, 1), (0, 3)), "linear_ramp", end_values=0.5),
    "pad maximum": lambda x: pd.pad(x, 1, "maximum", stat_length=((1, 2), (2, 1))),
    "pad mean": lambda x: pd.pad(x, (1, 2), "mean", stat_length=2),
    "pad median": lambda x: pd.pad(x, 1, "median"),
    "pad minimum": lambda x: pd.pad(x, 1, "minimum"),
    "partition": lambda x: se.partition(x, 1),
    "percentile": lambda x: st.percentile(x, 30.0, 1),
    "permute_dims": lambda x: ra.permute_dims(x, (1, 0)),
    "ptp": lambda x: st.ptp(x, 1),
    "quantile": lambda x: st.quantile(x, 0.7, 1),
    "quantile weights": lambda x: st.quantile(
        x, [0.3, 0.8], 1, method="inverted_cdf", weights=np.array([1.0, 2.0, 0.5])
    ),
    "rad2deg": tr.rad2deg,
    "ravel": ra.ravel,
    "repeat": lambda x: rp.repeat(x, 2, 1),
    "resize": lambda x: rp.resize(x, (2, 5)),
    "rollaxis": lambda x: ra.rollaxis(x, 1),
    "rot90": ra.rot90,
    "silu": ex.silu,
    "sort": se.sort,
    "squeeze": lambda x: ra.squeeze(x.reshape(1, 2, 3)),
    "std": lambda x: st.std(x, 1, ddof=1),
    "swapaxes": lambda x: ra.swapaxes(x, 0, 1),
    "take": lambda x: se.take(x, [0, 2, 2], 1),
    "take_along_axis": lambda x: se.take_along_axis(x, _AT, 1),
    "tile": lambda x: rp.tile(x, (2, 1)),
    "trapezoid": lambda x: df.trapezoid(x, dx=0.5),
    "tril": di.tril,
    "triu": lambda x: di.triu(x, 1),
    "unstack": lambda x: jo.unstack(x, axis=1),
    "var": lambda x: st.var(x, 1),
    "var mean": lambda x: st.var(x, 1, mean=x.mean(1, keepdims=True) + x[:, :1]),
    "vsplit": lambda x: jo.vsplit(x, 2),
    "absolute": pa.absolute,
    "conjugate": pa.conjugate,
    "copy": pi.copy,
    "apply_along_axis": lambda x: pi.apply_along_axis(_spread, 1, x),
    "apply_over_axes": lambda x: pi.apply_over_axes(_total, x, (0, 1)),
    "corrcoef": lambda x: rg.corrcoef(x * x + x),
    "cov": rg.cov,
    "cumulative_prod": lambda x: rg.cumulative_prod(x, axis=1),
    "cumulative_sum": lambda x: rg.cumulative_sum(x, axis=1),
    "frexp": lambda x: pi.frexp(x * x + 1.0)[0],
    "geomspace": lambda x: rg.geomspace(x * x + 1.0, 3.0, 4),
    "ldexp": lambda x: pi.ldexp(x, 2),
    "linspace": lambda x: rg.linspace(x, 3.0, 4, retstep=True),
    "logspace": lambda x: rg.logspace(x, 1.0, 4),
    "modf": lambda x: pi.modf(x * x + 1.25)[0],
    "nancumprod": lambda x: na.nancumprod(_gappy(x), 1),
    "nancumsum": lambda x: na.nancumsum(_gappy(x), 1),
    "nanmedian": lambda x: na.nanmedian(_gappy(x)),
    "nanpercentile": lambda x: na.nanpercentile(_gappy(x), 30.0),
    "nanprod": lambda x: na.nanprod(_gappy(x), 0),
    "nanquantile": lambda x: na.nanquantile(_gappy(x), 0.7),
    "nanstd": lambda x: na.nanstd(_gappy(x)),
    "nanvar": lambda x: na.nanvar(_gappy(x)),
    "piecewise": lambda x: pi.piecewise(x, [_GAP], [_cubed, _total]),
    "trace": lambda x: pr.trace(x, 1),
    "unwrap": lambda x: pi.unwrap(x),
    "vander": lambda x: rg.vander(x[0], 3),
    "fft.fft": lambda x: _size(fft.fft(x, 4)),
    "fft.ifft": lambda x: _size(fft.ifft(x, norm="ortho")),
    "fft.rfft": lambda x: _size(fft.rfft(x)),
    "fft.irfft": lambda x: fft.irfft(x),
    "fft.hfft": lambda x: fft.hfft(x, 5),
    "fft.ihfft": lambda x: _size(fft.ihfft(x)),
    "fft.fft2": lambda x: _size(fft.fft2(x)),
    "fft.ifft2": lambda x: _size(fft.ifft2(x)),
    "fft.rfft2": lambda x: _size(fft.rfft2(x)),
    "fft.irfft2": lambda x: fft.irfft2(x),
    "fft.fftn": lambda x: _size(fft.fftn(x)),
    "fft.ifftn": lambda x: _size(fft.ifftn(x)),
    "fft.rfftn": lambda x: _size(fft.rfftn(x)),
    "fft.irfftn": lambda x: fft.irfftn(x),
    "fft.fftshift": fft.fftshift,
    "fft.ifftshift": fft.ifftshift,
    "linalg.cond": lambda x: linalg.cond(_square(x), "fro"),
    "linalg.det": lambda x: linalg.det(_square(x)),
    "linalg.matrix_power": lambda x: linalg.matrix_power(_square(x), -2),
    "linalg.eigvalsh": lambda x: linalg.eigvalsh(_square(x)),
    "linalg.svdvals": linalg.svdvals,
    "linalg.slogdet": lambda x: linalg.slogdet(_square(x)).logabsdet,
    "linalg.norm": linalg.norm,
    "linalg.matrix_norm": linalg.matrix_norm,
    "linalg.vector_norm": lambda x: linalg.vector_norm(x, axis=1, ord=3),
    "linalg.tensorinv": lambda x: linalg.tensorinv(_square(x), 1),
}
# Functions of two, of these shapes.
TWO: Final[dict[str, tuple[Callable[[Variable, Variable], Result], Shape, Shape]]] = {
    "append": (lambda x, y: jo.append(x, y, 0), (2, 3), (1, 3)),
    "at_add": (lambda x, y: se.at_add(x, (slice(None), 1), y), (2, 3), (2,)),
    "at_set": (lambda x, y: se.at_set(x, (slice(None), 1), y), (2, 3), (2,)),
    "block": (lambda x, y: jo.block([[x, y], [y, x]]), (2, 2), (2, 2)),
    "broadcast_arrays": (lambda x, y: rp.broadcast_arrays(x, y), (2, 1), (3,)),
    "choose": (lambda x, y: se.choose(_AT, [x, y]), (2, 3), (3,)),
    "column_stack": (lambda x, y: jo.column_stack([x, y]), (2, 3), (2,)),
    "correlate": (lambda x, y: df.correlate(x, y, "full"), (3,), (2,)),
    "dstack": (lambda x, y: jo.dstack([x, y]), (2, 3), (2, 3)),
    "hstack": (lambda x, y: jo.hstack([x, y]), (2, 3), (2, 1)),
    "insert": (lambda x, y: jo.insert(x, 1, y, 1), (2, 3), (2,)),
    "kron": (lambda x, y: rp.kron(x, y), (2, 2), (2,)),
    "meshgrid": (lambda x, y: rp.meshgrid(x, y), (3,), (2,)),
    "mod": (lambda x, y: ro.mod(x, y * y + 1.0), (2, 3), (3,)),
    "select": (lambda x, y: se.select([_GAP, ~_GAP], [x, y]), (2, 3), (3,)),
    "vstack": (lambda x, y: jo.vstack([x, y]), (2, 3), (1, 3)),
    "dot": (lambda x, y: pr.dot(x, y), (2, 3), (3, 2)),
    "inner": (lambda x, y: pr.inner(x, y), (2, 3), (1, 3)),
    "outer": (lambda x, y: pr.outer(x, y), (2,), (3,)),
    "polyval": (lambda x, y: rg.polyval(x, y), (3,), (2,)),
    "tensordot": (lambda x, y: pr.tensordot(x, y, 1), (2, 3), (3, 2)),
    "vdot": (lambda x, y: pr.vdot(x, y), (2, 3), (2, 3)),
    "linalg.lstsq": (lambda x, y: linalg.lstsq(_square(x), y)[0], (2, 3), (2,)),
    "linalg.solve": (lambda x, y: linalg.solve(_square(x), y), (2, 3), (2,)),
    "linalg.tensorsolve": (lambda x, y: linalg.tensorsolve(_square(x), y), (2, 3), (2,)),
    "linalg.multi_dot": (lambda x, y: linalg.multi_dot([x, y, x]), (2, 3), (3, 2)),
}


@dataclass(frozen=True)
class Composed:
    """A function with the shapes of its operands; what it gives goes on, bent, so that there is a second derivative."""

    function: Traced
    shapes: tuple[Shape, ...]

    def arrays(self) -> list[Array]:
        """Operands to begin with."""
        return [leaf_values(shape, 3 * n + 4) for n, shape in enumerate(self.shapes)]


def _bent(y: Result) -> Variable:
    """One array of all results, by a function without symmetry."""
    parts = [y] if isinstance(y, Variable) else y
    flat = sh.concatenate([part.reshape(-1) for part in parts])
    return flat * (flat + 1.0)


def of_one(f: Callable[[Variable], Result]) -> Composed:
    """A function of one operand."""
    return Composed(lambda x: _bent(f(x)), ((2, 3),))


def _of_two(f: Callable[[Variable, Variable], Result], a: Shape, b: Shape) -> Composed:
    return Composed(lambda x, y: _bent(f(x, y)), (a, b))


COMPOSED: Final[dict[str, Composed]] = dict(
    sorted([(n, of_one(f)) for n, f in ONE.items()] + [(n, _of_two(*given)) for n, given in TWO.items()])
)
