"""Floor 3: what a Variable does as an array: Python's operators, comparisons and NumPy's methods.

Imports floors 1 and 2; knows no graph. Everything goes through three hooks (`record`, `combine`, `value`),
so that type checkers see ordinary methods and nothing is installed afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import eq, ne
from types import EllipsisType
from typing import TYPE_CHECKING, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from tinypytorch.arrays import (
    Array,
    Axis,
    ComplexScalar,
    Index,
    IndexPart,
    Mask,
    NumericArray,
    Positions,
    Precision,
    Scalar,
    Shape,
    Whole,
    integers,
    is_array,
    is_complex,
    is_numpy_scalar,
    is_operand,
    normalize_axis,
    numeric_array,
    weak,
)
from tinypytorch.compat import override
from tinypytorch.core.errors import bad_operand, formatted
from tinypytorch.core.hooks import FUNCTIONS, Comparison, Conversion, is_sequence, is_served, listed, refused
from tinypytorch.core.storing import check_lost, check_stored
from tinypytorch.function import Binary, Function, Unary, Variadic
from tinypytorch.ops import arithmetic as ar
from tinypytorch.ops.elementwise import Abs
from tinypytorch.ops.indexing import GetItem
from tinypytorch.ops.products import MatMul
from tinypytorch.ops.reductions import summing
from tinypytorch.ops.rounding import Remainder
from tinypytorch.ops.shaping import AsType, Reshape, Transpose

ADD, SUB, MUL, DIV, NEG, POW = ar.Add(), ar.Sub(), ar.Mul(), ar.Div(), ar.Neg(), ar.Pow()
SQUARE, ABS, MATMUL, REMAINDER = ar.Square(), Abs(), MatMul(), Remainder()

Plain: TypeAlias = NumericArray | Scalar | ComplexScalar


class ArrayOperators:
    """Operators and methods of an array whose operations are recorded.

    Abstract in its first four methods. (`ABC` would say so to type checkers, and make every `isinstance` with a number
    or an array, of which there is one an operand, three times as slow.)
    """

    __slots__ = ()

    __array__: Conversion = Conversion()

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

    def __matmul__(self, other: Self | NumericArray, /) -> Self:
        return self.combine(MATMUL, self, other)

    def __rmatmul__(self, other: NumericArray, /) -> Self:
        return self.combine(MATMUL, other, self)

    def __pow__(self, other: Self | Plain, /) -> Self:
        """x ** c for a number c is an op of its own: no logarithm, and right for negative x."""
        if isinstance(other, (int, float)) and not isinstance(other, np.float64):
            return self.record(SQUARE if other == 2 else ar.PowConst(other))
        return self.combine(POW, self, other)

    def __rpow__(self, other: Plain, /) -> Self:
        return self.combine(POW, other, self)

    def __mod__(self, other: Self | Plain, /) -> Self:
        return self.combine(REMAINDER, self, other)

    def __rmod__(self, other: Plain, /) -> Self:
        return self.combine(REMAINDER, other, self)

    def __floordiv__(self, other: Self | Plain, /) -> Array:
        """A constant, whose derivative is zero or does not exist: an array."""
        return floor_divide(value_of(self), value_of(other))

    def __rfloordiv__(self, other: Plain, /) -> Array:
        return floor_divide(value_of(other), value_of(self))

    def __divmod__(self, other: Self | Plain, /) -> tuple[Array, Self]:
        return self // other, self % other

    def __rdivmod__(self, other: Plain, /) -> tuple[Array, Self]:
        return other // self, other % self

    def __neg__(self) -> Self:
        return self.record(NEG)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self.record(ABS)

    def __lt__(self, other: Self | Plain, /) -> Mask:
        return compare(np.less, self, other)

    def __le__(self, other: Self | Plain, /) -> Mask:
        return compare(np.less_equal, self, other)

    def __gt__(self, other: Self | Plain, /) -> Mask:
        return compare(np.greater, self, other)

    def __ge__(self, other: Self | Plain, /) -> Mask:
        return compare(np.greater_equal, self, other)

    @override
    def __eq__(self, other: object, /) -> bool:
        """Entry by entry, as NumPy compares: at run time an array of booleans. False for what is no number.

        Dictionaries and sets go by identity all the same, by the hash.
        """
        return _equal(self.value(), _compared(other)) if _comparable(other) else NotImplemented

    @override
    def __ne__(self, other: object, /) -> bool:
        return _not_equal(self.value(), _compared(other)) if _comparable(other) else NotImplemented

    if TYPE_CHECKING:

        @override
        def __hash__(self) -> int: ...

    else:
        __hash__ = object.__hash__

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
        return format(self.value().item(), spec) if spec and self.size == 1 else formatted(str(self), spec, self.shape)

    def __float__(self) -> float:
        return float(self._one_real("float"))

    def __int__(self) -> int:
        return int(self._one_real("int"))

    def __complex__(self) -> complex:
        check_stored(self, 1)
        check_lost("complex", self)
        return complex(self.value())

    def _one_real(self, name: str) -> Array:
        check_stored(self, 2)
        if name == "float":
            check_lost(name, self)
        if is_complex(self):
            raise TypeError(f"{name} of a complex Variable would drop the imaginary part; take x.real, or complex(x)")
        return self.value()

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

    def reshape(self, *shape: int | Shape, order: Literal["C", "F"] = "C") -> Self:
        """The same entries in another shape, given as a tuple or as integers; one length may be -1.

        order: whether the last index runs fastest in both shapes ("C"), or the first ("F").
        """
        wanted = integers("reshape", shape)
        if order == "F":
            return self.record(Transpose()).record(Reshape(wanted[::-1])).record(Transpose())
        if order != "C":
            raise ValueError(f'reshape: order is "C" or "F", not {order!r}: a Variable has no order in memory')
        return self.record(Reshape(wanted))

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
        """The same values in another floating dtype, or a complex one; the gradient comes back in this one's."""
        wanted = np.dtype(dtype)
        if wanted.kind not in "fc":
            raise TypeError(f"astype: {wanted} is not floating; for a constant of that dtype take x.data.astype(...)")
        return self.record(AsType(wanted.str))

    def sum(
        self,
        axis: Axis = None,
        dtype: Precision | None = None,
        out: None = None,
        keepdims: bool = False,
        *,
        initial: Self | Plain | None = None,
        where: Mask | bool | None = None,
    ) -> Self:
        """The sum over `axis` (an int, a tuple of them, or None for all), of the entries where `where` holds."""
        if dtype is out is None and initial is None and where is None:
            return self.record(summing(axis, keepdims))
        return self.answer("sum", axis, dtype, out, keepdims, initial, where)

    def answer(self, name: str, *args: object, **kwargs: object) -> Self:
        """What a floor above makes of NumPy's function of this name, for methods that are functions there."""
        function: object = getattr(np, name)
        served = FUNCTIONS.get(function)
        found: object = served(self, *args, **kwargs) if is_served(served) else None
        if not isinstance(found, type(self)):
            raise refused(function)
        return found


# A part of an index as it is given: what an op holds, and what becomes that.
Given: TypeAlias = IndexPart | Whole | Sequence[int] | Sequence[Sequence[int]] | ArrayOperators


def floor_divide(a: Array, b: Array) -> Array:
    """`np.floor_divide` of values; `TypeError` for complex ones, by NumPy."""
    y: Array = np.floor_divide(a, b)
    return y


def value_of(x: object) -> Array:
    """The value of a Variable or of anything that NumPy makes an array of."""
    return x.value() if isinstance(x, ArrayOperators) else np.asarray(x)


def plain_operand(op: Function, x: object) -> Array:
    """The value of an operand that is no Variable; `TypeError` if it is no number."""
    if is_operand(x):
        return x
    if is_array(x) or is_numpy_scalar(x):
        values = numeric_array(x)
        if values is None:
            raise bad_operand(op, x)
        if values.ndim:
            return values
        scalar: Array = values[()]
        return scalar
    if not isinstance(x, (float, int, complex)):
        raise bad_operand(op, x)
    return weak(x)


_equal: Callable[[object, object], bool] = eq
_not_equal: Callable[[object, object], bool] = ne


def _comparable(x: object) -> bool:
    """Whether NumPy compares values with it: not with text, None and other objects."""
    return isinstance(x, ArrayOperators | float | int | complex | list | tuple) or is_array(x) or is_numpy_scalar(x)


def compare(ufunc: Comparison, a: object, b: object) -> Mask:
    """A comparison is a constant: a plain array of booleans."""
    return ufunc(_compared(a), _compared(b))


def _compared(x: object) -> Array:
    """The value to compare: Python's numbers are weak, so that those of float32 compare as float32."""
    if isinstance(x, float | int | complex) and not is_numpy_scalar(x):
        return weak(x)
    return value_of(listed(x) if is_sequence(x) else x)


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
