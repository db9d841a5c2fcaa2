"""Floor 1: what an array is here, and the shape arithmetic that ops and engine share.

Imports NumPy only. Nothing in this file knows of Variables or graphs. What every operation asks for is imported by
name: `np.x` takes three times as long, since NumPy's module has a `__getattr__`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import Context
from operator import attrgetter, methodcaller
from types import EllipsisType
from typing import TYPE_CHECKING, Final, Protocol, SupportsIndex, TypeAlias, TypeGuard, TypeVar

import numpy as np
from numpy import generic, ndarray
from numpy.typing import NDArray

# Static types cannot follow a dtype through a ufunc (NumPy types the result `Any`), so the
# checkers see one floating dtype, and the run-time dtype is checked where arrays come in.
# Parameters stand where NumPy's defaults are `Any`.
Array: TypeAlias = NDArray[np.float64]
Shape: TypeAlias = tuple[int, ...]
Axis: TypeAlias = int | tuple[int, ...] | None
Positions: TypeAlias = NDArray[np.int64]
if TYPE_CHECKING:
    Bool: TypeAlias = np.bool[bool]
    AnyArray: TypeAlias = NDArray[np.generic[object]]
    NumericArray: TypeAlias = NDArray[np.generic[complex]]  # complex, floating, integer or bool: not text
    RealArray: TypeAlias = NDArray[np.generic[float]]  # floating, integer or bool
    Whole: TypeAlias = NDArray[np.generic[int]] | np.generic[int]  # integer or bool
    Slice: TypeAlias = slice[int | None, int | None, int | None]
else:  # not generic at run time, or not in every version
    Bool = np.bool
    AnyArray = NumericArray = RealArray = NDArray[np.generic]
    Whole = NDArray[np.generic] | np.generic
    Slice = slice
Mask: TypeAlias = NDArray[Bool]
Scalar: TypeAlias = int | float | np.float64 | np.float32 | np.float16 | np.longdouble | Bool | np.int64 | np.int32
ComplexScalar: TypeAlias = complex | np.complex128 | np.complex64 | np.clongdouble
# What names a floating dtype.
Precision: TypeAlias = str | type[float] | type[np.float16] | type[np.float32] | type[np.float64] | np.dtype[np.float64]
IndexPart: TypeAlias = int | Slice | EllipsisType | Mask | Positions | None
Index: TypeAlias = IndexPart | tuple[IndexPart, ...]

# What `type(x)` is compared with: half the time of `isinstance`, and no type parameters to lose.
NDARRAY: type[object] = ndarray

A = TypeVar("A")
B = TypeVar("B")
R = TypeVar("R")

# A Python number among operands: NumPy computes with it as with an array, weakly in the dtype (NEP 50).
# `methodcaller` gives `Any`, so the annotation below is not checked: in effect a cast. `+x` is a number as it is.
_number = methodcaller("__pos__")


def is_operand(x: object) -> TypeGuard[Array]:
    """Whether x is an operand as it is: a Python number, weak in the dtype (NEP 50), or a plain floating ndarray.

    Of no axes it is not: computing goes on with the NumPy scalar in it.
    """
    return type(x) is float or type(x) is int or (type(x) is ndarray and x.ndim > 0 and x.dtype.kind == "f")


def weak(x: complex) -> Array:
    """A Python number as an operand: itself."""
    operand: Array = _number(x)
    return operand


class Reduce(Protocol):
    """The reduction of axes by a ufunc."""

    def __call__(self, x: Array, axis: Axis, /, *, keepdims: bool = False) -> Array:
        """Reduce the axes, all of them for None."""
        ...


# `np.sum` without the 2 microseconds of its dispatch. NumPy's stubs give it `Any`, as `attrgetter` does.
add_reduce: Reduce = attrgetter("reduce")(np.add)
# Left factors of sums over rows, for the dtypes that BLAS knows.
_ONES: Final = {np.dtype(t): np.ones(4096, t) for t in ("float64", "float32")}
# The imaginary unit, weak in the dtype, as a factor in rules.
IMAGINARY: Array = weak(1j)


def precision(dtype: Precision) -> np.dtype[np.float64]:
    """The dtype that is named (statically float64, see `Array`).

    >>> precision("float32")
    dtype('float32')
    """
    found: np.dtype[np.float64] = np.result_type(dtype)
    return found


def one(dtype: np.dtype[np.float64]) -> Array:
    """The number 1 of a dtype, as a NumPy scalar."""
    return weak(dtype.type(1))


def widened(x: Array) -> Array:
    """An array of float16 as float32, others as they are: half precision counts and sums no further than 65,504.

    >>> widened(np.ones(2, np.float16)).dtype, widened(np.ones(2)).dtype
    (dtype('float32'), dtype('float64'))
    """
    if x.dtype.char != "e":
        return x
    wide: Array = x.astype("float32")
    return wide


def is_floating(x: object) -> TypeGuard[Array]:
    """Whether x is a plain ndarray of a floating dtype: what most operands and nearly all data are."""
    return type(x) is ndarray and x.dtype.kind == "f"


def real_array(x: object) -> Array | None:
    """`x` as an ndarray if its values are real (floating, integer, bool), else None. No copy of an ndarray.

    None for arrays of other kinds, too: in a masked array or a matrix the same operations mean something else.
    """
    if is_array(x) and not holdable(x):
        return None
    a = np.asarray(x)
    return a if a.dtype.kind in "fiub" else None


def numeric_array(x: object) -> Array | None:
    """`x` as an ndarray if its values are numbers (complex, too), else None. Otherwise as `real_array`."""
    if is_array(x) and not holdable(x):
        return None
    a = np.asarray(x)
    return a if a.dtype.kind in "fiubc" else None


def is_complex(x: object) -> bool:
    """Whether x is complex: an array or a NumPy scalar of such a dtype, or Python's number.

    >>> is_complex(np.zeros(2, np.complex64)), is_complex(1j), is_complex(2.0)
    (True, True, False)
    """
    return type(x) is complex or getattr(getattr(x, "dtype", None), "kind", "") == "c"


def in_kind(x: Array, like: np.dtype[np.float64]) -> Array:
    """`x` in a dtype; the real part of complex values for a real one."""
    if x.dtype == like:
        return x
    part: Array = x.real if like.kind != "c" and x.dtype.kind == "c" else x
    return part.astype(like, copy=False)


def boxed(values: tuple[Array, ...]) -> tuple[Array, ...]:
    """Numbers among arrays as 0-d arrays; Python's in the dtype that they leave the others in (NEP 50).

    >>> [x.dtype.name for x in boxed((np.zeros(2, np.float32), weak(0.5)))]
    ['float32', 'float32']
    """
    if all(is_array(v) for v in values):
        return values
    dtype = np.result_type(*values)
    return tuple(np.asarray(v) if hasattr(v, "dtype") else np.asarray(v, dtype) for v in values)


_PLAIN: Final = frozenset[type]((np.ndarray, np.float64, np.float32, np.complex128, float, int))
_QUIET: Final = Context()
_QUIET.run(np.seterr, all="ignore")


def quietly(f: Callable[[A, B], R], a: A, b: B, /) -> R:
    """f(a, b) without NumPy's warnings of division by zero, overflow and the like, nor their errors.

    `np.errstate` takes as long as some ufuncs of a thousand entries. A context of its own takes a tenth of that, but
    there every context variable has its default, so it is for plain arrays and numbers alone; else it is `np.errstate`.

    >>> quietly(np.divide, np.array([1.0]), np.array([0.0]))
    array([inf])
    """
    if type(a) in _PLAIN and type(b) in _PLAIN:
        return _QUIET.copy().run(f, a, b)
    with np.errstate(all="ignore"):
        return f(a, b)


def read_only(x: Array) -> Array:
    """A view that cannot be written into, of an array that somebody else's code is to see; a number as it is."""
    if type(x) not in (np.ndarray, np.memmap):
        return x
    view = x.view()
    view.flags.writeable = False
    return view


def holdable(x: object) -> bool:
    """Whether x is a plain ndarray: subclasses such as masked arrays mean something else by the same operations."""
    return type(x) in (np.ndarray, np.memmap)


def is_array(x: object) -> TypeGuard[AnyArray]:
    """Whether x is an ndarray, of whatever dtype (`isinstance` alone leaves the type parameters unknown)."""
    return isinstance(x, ndarray)


def is_plain(x: object) -> TypeGuard[Array]:
    """Whether x is an operand without a graph: an array, a NumPy scalar, or a Python number, which is weak (NEP 50)."""
    return isinstance(x, (ndarray, generic, int, float, complex))


def is_slice(x: object) -> TypeGuard[Slice]:
    """Whether x is a slice (likewise)."""
    return isinstance(x, slice)


def is_numpy_scalar(x: object) -> TypeGuard[np.generic[object]]:
    """Whether x is a NumPy scalar."""
    return isinstance(x, generic)


def normalize_axes(axis: Axis, ndim: int) -> tuple[int, ...]:
    """The axes that `axis` names in an array of `ndim` dimensions: non-negative, in order.

    Raises `numpy.exceptions.AxisError` for an axis out of range, `ValueError` for one given twice. A number has an axis
    0 that is not there: NumPy's reductions take it.

    >>> normalize_axes(-1, 3), normalize_axes(None, 2), normalize_axes((2, 0), 3), normalize_axes(0, 0)
    ((2,), (0, 1), (0, 2), ())
    """
    if axis is None:
        return tuple(range(ndim))
    if ndim == 0 and axis in (0, -1):
        return ()
    given = axis if isinstance(axis, tuple) else (axis,)
    axes: list[int] = []
    for a in given:
        if not -ndim <= a < ndim:
            raise np.exceptions.AxisError(a, ndim)
        axes.append(a % ndim)
    if len(set(axes)) != len(axes):
        raise ValueError(f"axis {axis} names an axis twice")
    return tuple(sorted(axes))


def normalize_axis(axis: int, ndim: int) -> int:
    """The one axis that `axis` names, as a non-negative number; errors as `normalize_axes`."""
    if ndim == 0:
        raise np.exceptions.AxisError(axis, ndim)
    return normalize_axes(axis, ndim)[0]


def keepdims_shape(shape: Shape, axis: Axis) -> Shape:
    """`shape` with every axis in `axis` replaced by 1: what a reduction with keepdims leaves.

    >>> keepdims_shape((2, 3, 4), 1)
    (2, 1, 4)
    """
    axes = normalize_axes(axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def along(axis: int, part: IndexPart) -> Index:
    """The index that takes `part` of the (non-negative) axis, and all of the axes before it."""
    everything: Slice = slice(None)
    return (*(everything,) * axis, part)


def broadcasts_to(shape: Shape, target: Shape) -> bool:
    """Whether an array of `shape` broadcasts to exactly `target`.

    >>> broadcasts_to((3, 1), (2, 3, 4)), broadcasts_to((2,), (3,))
    (True, False)
    """
    if len(shape) > len(target):
        return False
    return all(n in (1, m) for n, m in zip(reversed(shape), reversed(target), strict=False))


def sum_leading(x: Array, lead: int) -> Array:
    """Sum `x` over its first `lead` axes.

    Where the rest is one axis, in memory without gaps, as ones times a matrix: BLAS takes a half of the time of
    `np.add.reduce`, of a tall matrix a tenth, and adds that up with less rounding.

    >>> sum_leading(np.ones((2, 3)), 1), sum_leading(np.ones((2, 2, 1)), 2)
    (array([2., 2., 2.]), array([4.]))
    """
    ones = _ONES.get(x.dtype)
    if ones is None or x.ndim != lead + 1 or not x.flags.forc:
        return add_reduce(x, 0 if lead == 1 else tuple(range(lead)))
    if lead > 1:
        x = x.reshape((x.size // max(x.shape[-1], 1), x.shape[-1]))
    n = len(x)
    y: Array = (ones[:n] if n <= len(ones) else np.ones(n, x.dtype)).dot(x)
    return y


def sum_to(x: Array, shape: Shape) -> Array:
    """Sum `x` down to `shape`, the adjoint of broadcasting `shape` to `x.shape`.

    Raises `ValueError` when `shape` does not broadcast to `x.shape`.

    >>> sum_to(np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    """
    have: Shape = x.shape
    if have == shape:
        return x
    lead = len(have) - len(shape)
    if lead > 0 and have[lead:] == shape:
        return sum_leading(x, lead)
    if not broadcasts_to(shape, have):
        raise ValueError(f"shape {shape} does not broadcast to {have}, so nothing sums to it")
    axes = tuple(i for i, n in enumerate(have) if i < lead or (shape[i - lead] == 1 != n))
    return add_reduce(x, axes).reshape(shape)


def inverse_permutation(axes: Sequence[int]) -> tuple[int, ...]:
    """The permutation that undoes `axes` (negative entries count from the end).

    >>> inverse_permutation((2, 0, 1))
    (1, 2, 0)
    """
    normal = [a % len(axes) for a in axes]
    return tuple(normal.index(i) for i in range(len(axes)))


def integers(name: str, given: tuple[int | Sequence[int] | None, ...]) -> tuple[int, ...]:
    """`f(2, 3)` and `f((2, 3))` alike as `(2, 3)`; `TypeError` for what is not integers."""
    found: list[int] = []
    for part in given:
        if isinstance(part, SupportsIndex):
            found.append(part.__index__())
        elif isinstance(part, Sequence) and len(given) == 1:
            return integers(name, tuple(part))
        else:
            raise TypeError(f"{name}: takes integers or one tuple of them, not {type(part).__name__}")
    return tuple(found)
