"""Floor 3: `Variable`, and `apply`, which runs an op and records it.

Imports floors 1 and 2 and the rest of `core`, which knows no Variables: read `vertex` for what a graph is, `graph` for
the order of the backward pass, `reverse` for what happens in it, `operators` for what a Variable does as an array.

Inside, the value of a 0-d Variable is a NumPy scalar (`raw`), seven times as fast to compute with as a 0-d array.
When somebody asks for `x.data`, it becomes an array (`boxed`) and stays one, so that writing into it is seen.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import TypeAlias, final

import numpy as np

from tinypytorch.arrays import (
    NDARRAY,
    Array,
    ComplexScalar,
    NumericArray,
    Scalar,
    holdable,
    is_floating,
    is_operand,
    numeric_array,
)
from tinypytorch.compat import override
from tinypytorch.core.config import ARGUMENT, DETECT_MUTATION, NO_BACKPROP, current_mode
from tinypytorch.core.errors import (
    EXPLAINED,
    HOW_CONSTANTS_ARE_MADE,
    bad_data,
    constant_dtype,
    explain,
    shape_and_dtype,
)
from tinypytorch.core.graph import sweep
from tinypytorch.core.hooks import FUNCTIONS, is_sequence, is_served, listed
from tinypytorch.core.operators import plain_operand
from tinypytorch.core.protocols import NumpyProtocols
from tinypytorch.core.reverse import ARRAYS, cotangent, fingerprints, write
from tinypytorch.core.vertex import CONSTANT, MARKED, RETAINED, TRACKED, Node, VariadicNode, Vertex
from tinypytorch.function import Binary, Function, Unary, Variadic
from tinypytorch.ops.rounding import Positive

# `Variable(None).data` is None, which the static type leaves out for everybody else's sake: in effect a cast.
_boxed: Callable[[object], Array] = attrgetter("boxed")


@final
class Variable(NumpyProtocols, Vertex):
    """An array whose operations are recorded, so that results can be differentiated with respect to it.

    data: an ndarray of numbers, of any shape, or None to be set later. It is held, not copied.
    name: what drawings call it.
    requires_grad: whether it gets a gradient: by default if its dtype is floating or complex.

    Raises `TypeError` for data that is no ndarray, or not of numbers, and for `requires_grad=True` of integers.

    >>> x = Variable(np.array(3.0))
    >>> y = x**2 + 1
    >>> y.backward()
    >>> y, x.grad
    (variable(10.0), array(6.))
    """

    __slots__ = ("boxed", "name")

    boxed: Array | None

    def __init__(self, data: NumericArray | None, name: str | None = None, requires_grad: bool | None = None) -> None:
        self.name: str | None = name
        self.generation: int = 0
        self.kept_grad: Array | None = None
        self.tracking: int = CONSTANT
        if requires_grad is None and is_floating(data):
            self.raw, self.boxed = (data, None) if data.ndim else (None, data)
            self.tracking = TRACKED
            return
        self.raw = self.boxed = None
        self._hold(data)
        if requires_grad is None:
            requires_grad = data is None or data.dtype.kind in "fc"
        self.requires_grad = requires_grad
        self.tracking = TRACKED if requires_grad else CONSTANT

    def _hold(self, data: object) -> None:
        if data is None:
            self.raw = self.boxed = None
            return
        values = numeric_array(data) if holdable(data) else None
        if values is None:
            raise bad_data(data)
        if self.tracking and values.dtype.kind not in "fc":
            raise constant_dtype(values.dtype, "Variable.data")
        self.raw, self.boxed = (values, None) if values.ndim else (None, values)

    @property
    def data(self) -> Array:
        """The array itself: what is written into it, later operations see. Assigning replaces it: a leaf's only."""
        raw = self.raw
        if raw is not None:
            if type(raw) is NDARRAY:
                return raw
            self.boxed = np.asarray(raw)
            self.result: Array = raw
            self.raw = None
        return _boxed(self)

    @data.setter
    def data(self, data: NumericArray | None) -> None:
        if not self.is_leaf:
            if data is self.data:  # what `y.data += 1` assigns: the very array, already written into
                return
            raise RuntimeError("the data of a result is its function's; assign to a leaf, or to x.detach()")
        before = None if self.raw is None and self.boxed is None else (self.shape, self.dtype)
        self._hold(data)
        if before is not None and (data is None or before != (self.shape, self.dtype)):
            self.kept_grad = None
            self.tracking = MARKED if self.tracking else CONSTANT  # a pass over an older graph has to see it

    @override
    def value(self) -> Array:
        """The data as ops compute with it: an ndarray, or a NumPy scalar for 0-d."""
        if self.raw is not None:
            return self.raw
        if self.boxed is None:
            raise ValueError("this Variable holds no data yet; set x.data = np.array(...)")
        scalar: Array = self.boxed[()]
        return scalar

    @property
    @override
    def dtype(self) -> np.dtype[np.float64]:
        """The data's dtype, byte order included (statically float64, see `arrays.Array`)."""
        values = self.boxed if self.raw is None else self.raw
        return self.value().dtype if values is None else values.dtype

    @property
    def grad(self) -> Array | None:
        """The gradient accumulated by `backward`, in the shape and dtype of the data; nobody else holds this array."""
        return self.kept_grad

    @grad.setter
    def grad(self, grad: NumericArray | None) -> None:
        if grad is None:
            self.kept_grad = None
            return
        given = numeric_array(grad)
        if given is None or given.shape != self.shape or (given.dtype.kind == "c" != self.dtype.kind):
            raise ValueError(f"grad: {shape_and_dtype(grad)} does not fit data of {self.shape} {self.dtype}")
        self.hold(np.array(given, dtype=self.dtype))

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient of this Variable, or of something it came from, is wanted; settable on leaves."""
        return self.tracking != CONSTANT

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        if not self.is_leaf:
            raise RuntimeError("requires_grad can be set on leaves; to cut a result off its graph use x.detach()")
        if value and not (self.raw is None and self.boxed is None) and self.dtype.kind not in "fc":
            raise constant_dtype(self.dtype, "requires_grad=True")
        self.tracking = (self.tracking or MARKED) if value else CONSTANT  # meanwhile data may have been replaced

    def retain_grad(self) -> None:
        """Keep this result's gradient after `backward`, which otherwise keeps those of leaves only."""
        if self.tracking == CONSTANT:
            raise RuntimeError("retain_grad: this Variable is a constant, so it never gets a gradient")
        self.tracking = RETAINED

    def cleargrad(self) -> None:
        """Forget the gradient, so that the next `backward` starts from nothing."""
        self.kept_grad = None

    zero_grad = cleargrad

    def detach(self) -> Variable:
        """A constant with the same data (the very same array), cut off the graph."""
        return Variable(self.data, self.name, requires_grad=False)

    def numpy(self) -> Array:
        """The array: the same as `data`."""
        return self.data

    def item(self, *index: int) -> float:
        """The one value, or that at an index, as a Python number (a complex one of complex data); else `ValueError`."""
        if index:
            return self.value().item(*index)
        if self.size != 1:
            raise ValueError(f"item: takes a Variable of one value, not of shape {self.shape}")
        return self.value().item()

    @override
    def __repr__(self) -> str:
        if self.raw is None and self.boxed is None:
            return "variable(None)"
        return f"variable({str(self.value()).replace(chr(10), chr(10) + ' ' * 9)})"

    def svg(self) -> str | None:
        """The graph as a picture, which notebooks show by themselves; None for a leaf and for a large graph."""
        draw = FUNCTIONS.get("svg")
        if not is_served(draw):
            return None
        picture: object = draw(self)
        return picture if isinstance(picture, str) else None

    _repr_svg_ = svg

    @override
    def __reduce__(self) -> tuple[object, ...]:
        """Pickle data, gradient and name; the graph stays behind."""
        return _rebuild, (self.data, self.kept_grad, self.name, self.requires_grad)

    def __copy__(self) -> Variable:
        """A leaf with a copy of data and gradient; of a result, or of an argument of a transform, a recorded copy."""
        if self.tracking and (self.generation or self.name is ARGUMENT):
            return self.record(Positive())
        grad = None if self.kept_grad is None else self.kept_grad.copy()
        empty = self.raw is None and self.boxed is None
        return _rebuild(None if empty else self.data.copy(), grad, self.name, self.requires_grad)

    def __deepcopy__(self, memo: dict[int, object]) -> Variable:
        return self.__copy__()

    @override
    def record(self, op: Unary, /) -> Variable:
        """Apply a unary op to this Variable, without the checks that `apply` makes."""
        x = self.raw
        if x is None:
            x = self.value() if self.boxed is None else self.boxed[()]
        try:
            r = op.forward(x)
        except EXPLAINED as error:
            raise explain(op, error, (x,)) from error
        y = _new(Variable)
        y.raw = r
        y.name = y.kept_grad = None
        if self.tracking and not ((bits := current_mode()) and bits & NO_BACKPROP):
            y.unary = op
            y.binary = y.node = None
            y.left = self
            y.a = x
            y.generation = self.generation + 1
            y.tracking = TRACKED
            if bits and bits & DETECT_MUTATION:
                watch(y)
        else:
            y.generation = 0
            y.tracking = CONSTANT
        return y

    @override
    def combine(self, op: Binary, left: object, right: object, /) -> Variable:
        """Apply a binary op to two operands, each a Variable, an array or a number."""
        if type(left) is Variable:
            p, a, age, wanted = left, left.raw, left.generation, left.tracking
            if a is None:
                a = left.value() if left.boxed is None else left.boxed[()]
        else:
            p, age, wanted = None, 0, CONSTANT
            if is_operand(left):
                a = left
            elif is_sequence(left):
                return self.combine(op, listed(left), right)
            else:
                a = plain_operand(op, left)
        if type(right) is Variable:
            q, b = right, right.raw
            if q.tracking:
                wanted = TRACKED
            if q.generation > age:
                age = q.generation
            if b is None:
                b = right.value() if right.boxed is None else right.boxed[()]
        else:
            q = None
            if is_operand(right):
                b = right
            elif is_sequence(right):
                return self.combine(op, left, listed(right))
            else:
                b = plain_operand(op, right)
        try:
            r = op.forward(a, b)
        except EXPLAINED as error:
            raise explain(op, error, (a, b)) from error
        y = _new(Variable)
        y.raw = r
        y.name = y.kept_grad = None
        if wanted and not ((bits := current_mode()) and bits & NO_BACKPROP):
            y.binary = op
            y.unary = y.node = None
            y.left = p
            y.right = q
            y.a = a
            y.b = b
            y.generation = age + 1
            y.tracking = TRACKED
            if bits and bits & DETECT_MUTATION:
                watch(y)
        else:
            y.generation = 0
            y.tracking = CONSTANT
        return y

    @override
    def record_all(self, op: Variadic, /, *others: object) -> Variable:
        """Apply an op of any number of inputs to this Variable and the others, in this order."""
        parents, values = operands(op, (self, *others))
        try:
            r = op.forward(*values)
        except EXPLAINED as error:
            raise explain(op, error, values) from error
        y = result(r)
        if recording(parents):
            attach(y, VariadicNode(op, parents, values, y, r))
        return y

    def backward(self, gradient: Operand | None = None, retain_grad: bool = False) -> None:
        """Differentiate: add to the `.grad` of every leaf behind this Variable its derivative, times `gradient`.

        gradient: the cotangent, in the shape of the data; ones by default, also when the data is not a scalar
            (then the sum is differentiated).
        retain_grad: keep the gradients of intermediate results, too.

        Raises `RuntimeError` if nothing was recorded, `TypeError` for integer data, `ValueError` for a gradient of
        another shape. If a rule fails, its exception passes and every `.grad` is as it was.
        """
        if self.tracking == CONSTANT:
            if self.dtype.kind not in "fc":
                raise constant_dtype(self.dtype, "backward")
            raise RuntimeError(
                f"backward: this Variable is a constant; {HOW_CONSTANTS_ARE_MADE}, so there is nothing to differentiate"
            )
        seed = cotangent(self.value() if self.raw is None else self.raw, gradient, "backward")
        write(sweep([(self, seed)], ARRAYS, None if retain_grad else (), 0))


Operand: TypeAlias = Variable | NumericArray | Scalar | ComplexScalar


def _rebuild(data: Array | None, grad: Array | None, name: str | None, requires_grad: bool) -> Variable:
    x = Variable(data, name, requires_grad)
    x.kept_grad = grad
    return x


_new = Variable.__new__


def result(r: Array) -> Variable:
    """A Variable that holds the result of an op, without graph."""
    y = _new(Variable)
    y.raw = r
    y.name = y.kept_grad = None
    y.generation = 0
    y.tracking = CONSTANT
    return y


def attach(y: Variable, node: Node) -> None:
    """Make `node` the creator of `y`."""
    y.node = node
    y.unary = y.binary = None
    y.generation = node.generation + 1
    y.tracking = TRACKED
    if current_mode() & DETECT_MUTATION:
        watch(y)


def watch(y: Variable) -> None:
    """Remember what the arrays hold that `y` was made from, so that a pass sees whether one was written into."""
    node = y.creator
    if node is not None:
        node.prints = fingerprints((*node.values, *node.results))


def operand(op: Function, x: object) -> tuple[Variable | None, Array]:
    """An operand as the vertex it is, if it is one, and its value. Numbers stay as they are: weak, as in NEP 50."""
    if is_sequence(x):
        return operand(op, listed(x))
    if isinstance(x, Variable):
        return x, x.value()
    plain: Array = plain_operand(op, x)
    return None, plain


def operands(op: Function, inputs: tuple[object, ...]) -> tuple[tuple[Variable | None, ...], tuple[Array, ...]]:
    """The parents and the values of any number of operands."""
    pairs = [operand(op, x) for x in inputs]
    return tuple(p for p, _ in pairs), tuple(v for _, v in pairs)


def recording(parents: tuple[Variable | None, ...]) -> bool:
    """Whether an application with these parents is to be recorded."""
    return any(p is not None and p.tracking for p in parents) and not current_mode() & NO_BACKPROP
