"""Floor 3: what a Variable does as an array: Python's operators, comparisons and NumPy's methods.

Imports floors 1 and 2; knows no graph. Everything goes through three hooks (`record`, `combine`, `value`),
so that type checkers see ordinary methods and nothing is installed afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import EllipsisType
from typing import Self, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from tinypytorch.arrays import (
    Array,
    Axis,
    Index,
    IndexPart,
    Mask,
    Positions,
    RealArray,
    Scalar,
    Shape,
    Whole,
    is_array,
    is_numpy_scalar,
    is_operand,
    normalize_axis,
    real_array,
    weak,
)
from tinypytorch.compat import override
from tinypytorch.core.errors import bad_operand
from tinypytorch.core.hooks import CONSTANTS, FUNCTIONS, Comparison, Refusal, is_served
from tinypytorch.function import Binary, Function, Unary, Variadic
from tinypytorch.ops import BINARY_UFUNCS, UNARY_UFUNCS
from tinypytorch.ops import arithmetic as ar
from tinypytorch.ops.elementwise import Abs
from tinypytorch.ops.indexing import GetItem
from tinypytorch.ops.products import MatMul
from tinypytorch.ops.reductions import Max, Mean, Min, Sum
from tinypytorch.ops.selection import Clip
from tinypytorch.ops.shaping import AsType, Reshape, Transpose

ADD, SUB, MUL, DIV, NEG, POW = ar.Add(), ar.Sub(), ar.Mul(), ar.Div(), ar.Neg(), ar.Pow()
SQUARE, ABS, MATMUL, SUM = ar.Square(), Abs(), MatMul(), Sum()

Plain: TypeAlias = RealArray | Scalar


class ArrayOperators:
    """Operators and methods of an array whose operations are recorded.

    Abstract in its first four methods. (`ABC` would say so to type checkers, and make every `isinstance` with a number
    or an array, of which there is one an operand, three times as slow.)
    """

    __slots__ = ()

    __array__: Refusal = Refusal()

    def record(self, op: Unary, /) -> Self:
        """Apply `op` to this array."""
        raise NotImplementedError

    def record_all(self, op: Variadic, /, *others: object) -> Self:
        """Apply `op` to this array and the others, in this order."""
        raise NotImplementedError

    def combine(self, op: Binary, left: object, right: object, /) -> Self:
        """Apply `op` to two operands, of which this array is one."""
        raise NotImplementedError

    def value(self) -> Array:
        """The array's value as ops compute with it: an ndarray, or a NumPy scalar for 0-d."""
        raise NotImplementedError

    def __add__(self, other: Self | Plain, /) -> Self:
        return self.combine(ADD, self, other)

    def __radd__(self, other: Plain, /) -> Self:
        return self.combine(ADD, other, self)

    def __sub__(self, other: Self | Plain, /) -> Self:
        return self.combine(SUB, self, other)

    def __rsub__(self, other: Plain, /) -> Self:
        return self.combine(SUB, other, self)

    def __mul__(self, other: Self | Plain, /) -> Self:
        return self.combine(MUL, self, other)

    def __rmul__(self, other: Plain, /) -> Self:
        return self.combine(MUL, other, self)

    def __truediv__(self, other: Self | Plain, /) -> Self:
        return self.combine(DIV, self, other)

    def __rtruediv__(self, other: Plain, /) -> Self:
        return self.combine(DIV, other, self)

    def __matmul__(self, other: Self | RealArray, /) -> Self:
        return self.combine(MATMUL, self, other)

    def __rmatmul__(self, other: RealArray, /) -> Self:
        return self.combine(MATMUL, other, self)

    def __pow__(self, other: Self | Plain, /) -> Self:
        """x ** c for a number c is an op of its own: no logarithm, and right for negative x."""
        if isinstance(other, (int, float)) and not isinstance(other, np.float64):
            return self.record(SQUARE if other == 2 else ar.PowConst(other))
        return self.combine(POW, self, other)

    def __rpow__(self, other: Plain, /) -> Self:
        return self.combine(POW, other, self)

    def __neg__(self) -> Self:
        return self.record(NEG)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self.record(ABS)

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
                if isinstance(base, ArrayOperators) and isinstance(exponent, (int, float)):
                    return base**exponent
                return self.combine(POW, base, exponent)
            if ufunc is np.float_power:
                base, exponent = (as_double(x) for x in inputs)
                return self.__array_ufunc__(np.power, method, base, exponent)
            if ufunc in CONSTANTS:
                answer: object = ufunc(*(value_of(x) for x in inputs))
                return answer
        name = f"np.{ufunc.__name__}"
        if method != "__call__":
            raise TypeError(f"{name}.{method} does not take Variables; use the function of tinypytorch, or x.data")
        if kwargs:
            raise TypeError(
                f"{name} of Variables takes no {', '.join(kwargs)}; results are new: for `a += x` write `a = a + x`"
            )
        if not hasattr(np, ufunc.__name__):
            raise TypeError(
                f"{ufunc.__name__} is no ufunc of NumPy, and has no derivative rule here; for those of scipy.special "
                "import tinypytorch.special first; else use x.data for a constant, or write an op and `apply` it"
            )
        raise TypeError(f"{name} has no derivative rule here; use x.data for a constant, or write an op and `apply` it")

    def __array_function__(
        self, function: object, types: object, args: tuple[object, ...], kwargs: dict[str, object]
    ) -> object:
        """NEP 18: `np.sum(x)` is recorded, `np.shape(x)` is plain; a function with no rule is a `TypeError`."""
        home = str(getattr(function, "__module__", "numpy")).replace("numpy", "np", 1)
        name = f"{home}.{getattr(function, '__name__', function)}"
        mine = FUNCTIONS.get(function)
        if not is_served(mine):
            raise TypeError(
                f"{name} has no derivative rule here; use x.data for a constant, or write an op and `apply` it"
            )
        try:
            answer: object = mine(*args, **kwargs)
        except TypeError as error:
            error.add_note(f"{name} of Variables takes the arguments of tinypytorch's function of that name")
            raise
        return answer

    def __lt__(self, other: Self | Plain, /) -> Mask:
        return compare(np.less, self, other)

    def __le__(self, other: Self | Plain, /) -> Mask:
        return compare(np.less_equal, self, other)

    def __gt__(self, other: Self | Plain, /) -> Mask:
        return compare(np.greater, self, other)

    def __ge__(self, other: Self | Plain, /) -> Mask:
        return compare(np.greater_equal, self, other)

    def __bool__(self) -> bool:
        """The truth of a single value; `ValueError` for more, as in NumPy."""
        if self.size != 1:
            raise ValueError(
                f"the truth of a Variable of shape {self.shape} is ambiguous; use np.any(x.data) or np.all"
            )
        return bool(self.value())

    @override
    def __format__(self, spec: str, /) -> str:
        """A single value in the format of its number: `f"{loss:.4f}"`."""
        return format(self.value().item(), spec) if spec and self.size == 1 else format(str(self), spec)

    def __float__(self) -> float:
        return float(self.value())

    def __int__(self) -> int:
        return int(self.value())

    def __contains__(self, item: Self | Plain, /) -> bool:
        return bool(np.any(self.value() == value_of(item)))

    def __getitem__(self, index: Given | tuple[Given, ...], /) -> Self:
        """NumPy's indexing, basic and advanced, with its gradient; an entry taken twice gets both gradients."""
        return self.record(GetItem(own_index(index)))

    def __iter__(self) -> Iterator[Self]:
        """The entries along the first axis, each with its gradient."""
        return (self[i] for i in range(len(self)))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a 0-d Variable has no length; its value is x.item()")
        return self.shape[0]

    @property
    def shape(self) -> Shape:
        """The length of each axis."""
        return self.value().shape

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.value().ndim

    @property
    def size(self) -> int:
        """The number of entries."""
        return self.value().size

    @property
    def dtype(self) -> np.dtype[np.float64]:
        """The data's dtype (statically float64, see `arrays.Array`)."""
        return self.value().dtype

    @property
    def T(self) -> Self:
        """The axes reversed."""
        return self.record(Transpose())

    @property
    def mT(self) -> Self:
        """The last two axes exchanged; `ValueError` below two."""
        if self.ndim < 2:
            raise ValueError(f"mT: exchanges the last two axes, but the shape is {self.shape}")
        return self.swapaxes(-1, -2)

    @property
    def flat(self) -> Self:
        """All entries in C order, as a Variable of one axis (with its gradient), to index or iterate."""
        return self.reshape(-1)

    def reshape(self, *shape: int | Shape) -> Self:
        """The same entries in another shape, given as a tuple or as integers; one length may be -1."""
        return self.record(Reshape(integers("reshape", shape)))

    def transpose(self, *axes: int | Sequence[int] | None) -> Self:
        """The axes in another order, reversed by default."""
        return self.record(Transpose(None if axes in ((), (None,)) else integers("transpose", axes)))

    def swapaxes(self, axis1: int, axis2: int, /) -> Self:
        """Two axes exchanged."""
        order = list(range(self.ndim))
        i, j = normalize_axis(axis1, self.ndim), normalize_axis(axis2, self.ndim)
        order[i], order[j] = j, i
        return self.record(Transpose(tuple(order)))

    def astype(self, dtype: DTypeLike) -> Self:
        """The same values in another floating dtype; the gradient comes back in this one's."""
        wanted = np.dtype(dtype)
        if wanted.kind != "f":
            raise TypeError(f"astype: {wanted} is not floating; for a constant of that dtype take x.data.astype(...)")
        return self.record(AsType(wanted.str))

    def sum(self, axis: Axis = None, *, keepdims: bool = False) -> Self:
        """The sum over `axis` (an int, a tuple of them, or None for all)."""
        return self.record(SUM if axis is None and not keepdims else Sum(axis, keepdims))

    def mean(self, axis: Axis = None, *, keepdims: bool = False) -> Self:
        """The mean over `axis`."""
        return self.record(Mean(axis, keepdims))

    def max(self, axis: Axis = None, *, keepdims: bool = False) -> Self:
        """The largest entry over `axis`; tied entries share the gradient equally."""
        return self.record(Max(axis, keepdims))

    def min(self, axis: Axis = None, *, keepdims: bool = False) -> Self:
        """The smallest entry over `axis`; tied entries share the gradient equally."""
        return self.record(Min(axis, keepdims))

    def clip(self, low: float | None = None, high: float | None = None) -> Self:
        """The values limited to the numbers [low, high]; at a bound itself the gradient passes."""
        if any(not isinstance(bound, float | int | None) for bound in (low, high)):
            raise TypeError("x.clip takes numbers as bounds; the function `clip` takes arrays and Variables, too")
        return self.record(Clip(low, high))


# A part of an index as it is given: what an op holds, and what becomes that.
Given: TypeAlias = IndexPart | Whole | Sequence[int] | Sequence[Sequence[int]] | ArrayOperators


def as_double(x: object) -> object:
    """An operand in double precision, or what it is if that is more; Python's numbers as they are."""
    if isinstance(x, (int, float)) and not isinstance(x, np.float64):
        return x
    dtype = value_of(x).dtype
    if dtype.itemsize > 8 or dtype == np.float64 or dtype.kind not in "fiub":
        return x
    if isinstance(x, ArrayOperators) and dtype.kind == "f":
        return x.astype(np.float64)
    return value_of(x).astype(np.float64)


def value_of(x: object) -> Array:
    """The value of a Variable or of anything that NumPy makes an array of."""
    return x.value() if isinstance(x, ArrayOperators) else np.asarray(x)


def plain_operand(op: Function, x: object) -> Array:
    """The value of an operand that is no Variable; `TypeError` if it is not real."""
    if is_operand(x):
        return x
    if is_array(x) or is_numpy_scalar(x):
        values = real_array(x)
        if values is None:
            raise bad_operand(op, x)
        if values.ndim:
            return values
        scalar: Array = values[()]
        return scalar
    if not isinstance(x, (float, int)):
        raise bad_operand(op, x)
    return weak(x)


def compare(ufunc: Comparison, a: object, b: object) -> Mask:
    """A comparison is a constant: a plain array of booleans."""
    return ufunc(value_of(a), value_of(b))


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


def own_index(index: Given | tuple[Given, ...]) -> Index:
    """An index whose arrays nobody else can change: lists become arrays, arrays are copied, Variables give their data.

    Raises `IndexError` for anything that cannot index.
    """
    if isinstance(index, tuple):
        return tuple(_own_part(part) for part in index)
    return _own_part(index)


def _own_part(part: Given) -> IndexPart:
    if part is None or isinstance(part, (int, slice, EllipsisType)):
        return part
    owned: Positions = np.array(part.value() if isinstance(part, ArrayOperators) else part)
    if owned.size == 0 and isinstance(part, list):
        owned = owned.astype(np.int64)
    if owned.dtype.kind not in "iub":
        raise IndexError(
            f"indices are integers, slices, `...`, None and arrays of integers or booleans, not {type(part).__name__}"
        )
    return owned if owned.ndim or owned.dtype.kind == "b" else int(owned)
