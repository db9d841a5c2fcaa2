"""Floor 2: the protocols an op satisfies, and what a derivative rule may do with its arguments.

Imports `arrays` and `compat` only. An op is a small stateless value: `forward` on arrays, and a rule that is written
once, in the vocabulary that arrays and Variables share. The engine calls the rule with arrays for a first
derivative, and with Variables where the derivative is to be differentiated again.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Hashable, Sequence
from functools import cached_property, partial, wraps
from types import CodeType, FunctionType
from typing import Literal, Protocol, Self, TypeAlias, TypeGuard, TypeVar, dataclass_transform, overload

import numpy as np
from numpy import generic, ndarray
from numpy.typing import NDArray

from tinypytorch.arrays import Array, Axis, Index, Mask, Shape, is_complex, is_plain
from tinypytorch.compat import override


class Tracked(Protocol):
    """An array whose operations are recorded: what a rule may use of a `Variable`.

    Exactly what it shares with `numpy.ndarray`, NumPy's ufuncs, and what `lift` and `join` call.
    """

    @property
    def shape(self) -> Shape: ...
    @property
    def ndim(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def dtype(self) -> np.dtype[np.float64]: ...
    @property
    def T(self) -> Self: ...
    @property
    def mT(self) -> Self: ...
    def __add__(self, other: Self | Array | float, /) -> Self: ...
    def __radd__(self, other: Array | float, /) -> Self: ...
    def __sub__(self, other: Self | Array | float, /) -> Self: ...
    def __rsub__(self, other: Array | float, /) -> Self: ...
    def __mul__(self, other: Self | Array | float, /) -> Self: ...
    def __rmul__(self, other: Array | float, /) -> Self: ...
    def __truediv__(self, other: Self | Array | float, /) -> Self: ...
    def __rtruediv__(self, other: Array | float, /) -> Self: ...
    def __pow__(self, other: Self | Array | float, /) -> Self: ...
    def __matmul__(self, other: Self | Array, /) -> Self: ...
    def __neg__(self) -> Self: ...
    def __lt__(self, other: Self | Array | float, /) -> Mask: ...
    def __le__(self, other: Self | Array | float, /) -> Mask: ...
    def __gt__(self, other: Self | Array | float, /) -> Mask: ...
    def __ge__(self, other: Self | Array | float, /) -> Mask: ...
    def __getitem__(self, index: Index, /) -> Self: ...
    def sum(self, axis: Axis = None, *, keepdims: bool = False) -> Self: ...
    def reshape(self, shape: Shape, /) -> Self: ...
    def transpose(self, axes: Sequence[int], /) -> Self: ...
    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: object, **kwargs: object) -> object: ...
    def record(self, op: Unary, /) -> Self: ...
    def combine(self, op: Binary, left: object, right: object, /) -> Self: ...
    def record_all(self, op: Variadic, /, *others: object) -> Self: ...


# The two worlds a rule runs in; type checkers check its body once for each.
T = TypeVar("T", "NDArray[np.float64]", Tracked)


class Unary(Protocol):
    """One array in, one out: `backward` turns the cotangent of `y` into that of `x`."""

    def forward(self, x: Array, /) -> Array: ...
    def backward(self, gy: T, y: T, x: T, /) -> T: ...


class Binary(Protocol):
    """Two arrays in, one out, with a rule for each operand, so that only what is asked for is computed.

    A gradient in the shape of `y` is summed down to the operand's shape by the engine: rules of
    broadcasting ops need not care.
    """

    def forward(self, a: Array, b: Array, /) -> Array: ...
    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T: ...
    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T: ...


class Variadic(Protocol):
    """Any number of arrays in, one out: one gradient for each input, `None` where `needs` says nobody wants it."""

    def forward(self, /, *xs: Array) -> Array: ...
    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]: ...


class Multi(Protocol):
    """Any number of arrays in, a tuple of arrays out. The cotangent of an output that nobody used is zero."""

    def forward(self, /, *xs: Array) -> tuple[Array, ...]: ...
    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]: ...


Function: TypeAlias = Unary | Binary | Variadic | Multi


def is_unary(op: object) -> TypeGuard[Unary]:
    """Whether `op` has the methods of a `Unary` op; what they are annotated with is the type checkers' business."""
    return hasattr(op, "forward") and hasattr(op, "backward")


def is_binary(op: object) -> TypeGuard[Binary]:
    """Whether `op` has the methods of a `Binary` op."""
    return hasattr(op, "forward") and hasattr(op, "backward_a") and hasattr(op, "backward_b")


def is_many(op: object) -> TypeGuard[Variadic | Multi]:
    """Whether `op` has the methods of a `Variadic` or a `Multi` op, which only their results tell apart."""
    return hasattr(op, "forward") and hasattr(op, "backward_all")


def is_multi(op: Variadic | Multi, result: object) -> TypeGuard[Multi]:
    """Whether `op`, having given `result`, is a `Multi` op."""
    return isinstance(result, tuple)


def is_variadic(op: Variadic | Multi, result: object) -> TypeGuard[Variadic]:
    """Whether `op`, having given `result`, is a `Variadic` op."""
    return not isinstance(result, tuple)


def lift(op: Unary, x: T) -> T:
    """Apply `op` inside a rule, which may be another op's adjoint: at once on arrays, recorded on Variables."""
    if isinstance(x, (ndarray, generic)):
        return op.forward(x)
    return x.record(op)


def lift_pair(op: Binary, a: T, b: T) -> T:
    """`lift` for an op of two operands, both of one world; a Python number is of either."""
    if not isinstance(a, (ndarray, generic)):
        return a.combine(op, a, b)
    if isinstance(b, (ndarray, generic)) or is_plain(b):
        return op.forward(a, b)
    raise TypeError(f"lift_pair: {type(b).__name__} beside a plain array; give two arrays or two Variables")


def join(op: Variadic, xs: tuple[T, ...]) -> T:
    """`lift` for an op of any number of inputs, all of them arrays or all of them Variables."""
    head = xs[0]
    if isinstance(head, (ndarray, generic)):
        return op.forward(head, *[x for x in xs[1:] if is_plain(x)])
    return head.record_all(op, *xs[1:])


C = TypeVar("C")


def shared(default: C, *, init: Literal[False] = False) -> C:
    """Tell type checkers that a name is no field: a `forward` that is NumPy's own function, which all values share."""
    return default


@overload
def value(kind: type[C], /) -> type[C]: ...
@overload
def value(kind: None = None, /, *, eq: bool = True) -> Callable[[type[C]], type[C]]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(shared,))
def value(kind: type[C] | None = None, /, *, eq: bool = True) -> type[C] | Callable[[type[C]], type[C]]:
    """Make a class of small immutable values, as `dataclass(frozen=True)` does, in a fortieth of the time.

    The annotated names of the class are its fields: those of the base first, `ClassVar` and functions left out. Values
    are equal if their classes and fields are; with eq=False each equals itself only, as it must where a field is an
    array. A method that the class has itself stays.

    Raises `TypeError` if a field without default follows one with, `ValueError` for a default that can be changed.

    >>> @value
    ... class Scale:
    ...     by: float = 1.0
    >>> Scale(2.0), Scale() == Scale(by=1.0), hash(Scale()) == hash(Scale(by=1.0))
    (Scale(by=2.0), True, True)
    >>> Scale().by = 3.0
    Traceback (most recent call last):
    AttributeError: Scale is immutable: by cannot be set
    """
    return partial(_valued, eq=eq) if kind is None else _valued(kind, eq=eq)


class _Value:
    """The methods that `value` gives to a class."""

    def __init__(self, **fields: object) -> None:
        """Stands for the constructor, which is made for the fields of each class."""

    @override
    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={content!r}" for name, content in _contents(self).items())
        return f"{type(self).__qualname__}({fields})"

    @override
    def __eq__(self, other: object, /) -> bool:
        return _contents(self) == _contents(other) if type(other) is type(self) else NotImplemented

    @override
    def __hash__(self) -> int:
        return hash(tuple(_contents(self).values()))

    @override
    def __setattr__(self, name: str, content: object, /) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be set")

    @override
    def __delattr__(self, name: str, /) -> None:
        raise AttributeError(f"{type(self).__name__} is immutable: {name} cannot be deleted")

    def __replace__(self, /, **changes: object) -> Self:
        """What `copy.replace` calls; from Python 3.13 on, where that is."""
        return type(self)(**_contents(self) | changes)


def fields_of(kind: type[object]) -> tuple[str, ...]:
    """The names of the fields of a class that `value` made; none of any other."""
    names: tuple[str, ...] = getattr(kind, "_value_fields", ())
    return names


def _contents(x: object) -> dict[str, object]:
    return {name: getattr(x, name) for name in fields_of(type(x))}


def _valued(kind: type[C], eq: bool) -> type[C]:
    noted = {n: s for n, s in kind.__annotations__.items() if "ClassVar[" not in str(s)}
    own = {n: s for n, s in noted.items() if not callable(vars(kind).get(n))}
    names = tuple(dict.fromkeys((*fields_of(kind), *own)))
    defaults: list[object] = []
    for name in names:
        if hasattr(kind, name):
            default: object = getattr(kind, name)
            if not isinstance(default, Hashable):
                raise ValueError(f"{kind.__name__}: the default of {name} can be changed: {default!r}")
            defaults.append(default)
        elif defaults:
            raise TypeError(f"{kind.__name__}: {name} has no default, but follows a field that has one")
    given: dict[str, object] = {"_value_fields": names, "__match_args__": names}
    if names:
        made = FunctionType(_code(names), {"__name__": kind.__module__}, "__init__", tuple(defaults))
        made.__qualname__ = f"{kind.__qualname__}.__init__"
        made.__annotations__ = own
        given["__init__"] = made
    given.update((name, vars(_Value)[name]) for name in (*_METHODS, *(_EQUALITY if eq else ())))
    given = {name: attribute for name, attribute in given.items() if name not in vars(kind)}
    spec: object = getattr(kind, "spec", None)
    forward: object = vars(kind).get("forward")
    if spec is not None and isinstance(spec, Spec) and not spec.takes_complex and _is_forward(forward):
        given["forward"] = _real_only(forward)
    for name, attribute in given.items():
        setattr(kind, name, attribute)
    return kind


class _Forward(Protocol):
    def __call__(self, op: object, /, *xs: object) -> object: ...


def _is_forward(f: object) -> TypeGuard[_Forward]:
    return callable(f)


def _real_only(forward: _Forward) -> _Forward:
    """A forward that refuses complex operands, which NumPy would order, or take the absolute value of, or worse."""

    @wraps(forward)
    def checked(op: object, /, *xs: object) -> object:
        for x in xs:
            if is_complex(x):
                raise TypeError("it has no derivative rule for complex operands; give x.real, x.imag or abs(x)")
        return forward(op, *xs)

    return checked


_METHODS = ("__repr__", "__setattr__", "__delattr__", *(("__replace__",) if sys.version_info >= (3, 13) else ()))
_EQUALITY = ("__eq__", "__hash__")
_CODES: dict[tuple[str, ...], CodeType] = {}


def _code(names: tuple[str, ...]) -> CodeType:
    """The code of a constructor; that of classes with the same fields is the same.

    It writes into the instance's dict, past the `__setattr__` that refuses: `object.__setattr__` takes longer by half.
    """
    if names not in _CODES:
        lines = [f"def __init__(self, {', '.join(names)}):", " __fields = self.__dict__"]
        lines += [f" __fields[{name!r}] = {name}" for name in names]
        consts: tuple[object, ...] = compile("\n".join(lines), "<constructor>", "exec").co_consts
        _CODES.update((names, code) for code in consts if isinstance(code, CodeType))
    return _CODES[names]


@value
class Domain:
    """Where an operand may lie for the derivative to exist: the open interval (low, high) without `avoid`.

    matrices: what the matrices in the last two axes are: "invertible" (if they are not square, of full rank), or
        "separate": positive definite whichever triangle is read, with eigenvalues and singular values that differ, and
        no entry 0.

    >>> Domain(low=0.0).contains(-1.0), Domain(avoid=(0.0,)).contains(0.0), Domain().contains(7.0)
    (False, False, True)
    """

    low: float = -math.inf
    high: float = math.inf
    avoid: tuple[float, ...] = ()
    matrices: Literal["", "invertible", "separate"] = ""

    def contains(self, x: float) -> bool:
        """Whether the scalar `x` lies inside."""
        return self.low < x < self.high and x not in self.avoid


REAL = Domain()
POSITIVE = Domain(low=0.0)
NONZERO = Domain(avoid=(0.0,))
BROADCASTING = "operands whose shapes broadcast together: equal lengths, counted from the end, or 1"


@value
class Case:
    """An instance of an op with shapes it takes: what the tests of an op with parameters are made from.

    imaginary: whether its operands are to be complex, not only may be.
    """

    op: Function
    shapes: tuple[Shape, ...]
    imaginary: bool = False


@value
class Kink:
    """What a rule gives at a point without derivative: for these operands and a cotangent of ones, these gradients.

    An operand or gradient of several entries is a tuple.
    """

    operands: tuple[float | tuple[float, ...], ...]
    gradients: tuple[float | tuple[float, ...], ...]


@value
class Spec:
    """An op's declaration: the data that tests, documentation and NumPy interop are made from.

    domain: one `Domain` per operand; the last one holds for all that follow.
    kink: what the rule gives where no derivative exists, in words; empty if there is no such point.
    kinks: the same as points, to be checked: the gradient must be as said, and between the one-sided derivatives.
    takes: the operands it takes, in words: what the error says to somebody who gave others.
    ufunc: the NumPy ufunc that this op differentiates, if it is one.
    aliases: other ufuncs that compute the same.
    cases: instances and operand shapes to check; empty for elementwise ops, which take every shape.
    holomorphic: whether the forward is analytic in the complex plane around its domain, and op and rule are right on
        complex arrays: then a complex step checks it, too.
    numbers: "complex" of an op that is right on complex arrays without being holomorphic. One that is neither refuses
        them: `value` sees to that.
    linear: whether the forward is linear in all operands together: then it is its own forward derivative.
    multilinear: whether it is linear in each operand, the others held.
    symmetric: whether the Jacobian of a unary op is a symmetric matrix (that of an elementwise op is, anyhow): then its
        rule is its own forward derivative.
    reduces: whether a unary op with `axis` and `keepdims` makes each entry of its result of entries of its own, those
        that differ from it along these axes alone.
    """

    domain: tuple[Domain, ...] = (REAL,)
    kink: str = ""
    kinks: tuple[Kink, ...] = ()
    takes: str = ""
    ufunc: np.ufunc | None = None
    cases: Callable[[], tuple[Case, ...]] | None = None
    holomorphic: bool = False
    aliases: tuple[np.ufunc, ...] = ()
    numbers: Literal["real", "complex"] = "real"
    linear: bool = False
    multilinear: bool = False
    symmetric: bool = False
    reduces: bool = False

    @property
    def takes_complex(self) -> bool:
        """Whether the op takes complex operands."""
        return self.holomorphic or self.numbers == "complex"

    @cached_property
    def entrywise(self) -> bool:
        """Whether each entry of the result depends on the entries at its place alone."""
        return self.cases is None and (self.ufunc is None or self.ufunc.signature is None)
