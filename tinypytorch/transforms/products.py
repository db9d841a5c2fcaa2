"""Floor 5: products with derivatives, and whole derivatives: `jvp`, `hvp`, `jacobian`, `hessian`.

Imports floors 1 to 4, `forward`, `reverse`, `tracing` and `trees`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeVar, overload

import numpy as np

from tinypytorch.arrays import Array, Shape, is_complex
from tinypytorch.core.config import using_config
from tinypytorch.core.errors import shape_and_dtype
from tinypytorch.core.hooks import Served
from tinypytorch.core.variable import Variable, result
from tinypytorch.core.vertex import Vertex
from tinypytorch.function import Tracked
from tinypytorch.functions.shaping import stack
from tinypytorch.transforms.forward import ARRAYS, VARIABLES, Step, pushed
from tinypytorch.transforms.reverse import Argnums, Later, OfVariable, check_argnums, derived, gradient, named, trace
from tinypytorch.transforms.tracing import Trace, number_or_array, plain
from tinypytorch.transforms.transposing import variable
from tinypytorch.transforms.trees import Structure, describe, flatten, is_sequence, trees, unflatten

B = TypeVar("B")
P = ParamSpec("P")


class Forward:
    """The recorded graph of one run of a function, to push tangents along as often as asked for."""

    __slots__ = ("_steps", "_trace")

    def __init__(self, t: Trace) -> None:
        self._trace: Trace = t
        self._steps: list[Step] = t.steps()

    def push(self, tangents: Sequence[Variable]) -> list[Variable]:
        """A tangent of each result from one of each alias."""
        t = self._trace
        found: dict[Vertex, Variable]
        with using_config("enable_backprop", True):
            if t.nested:
                recorded: dict[Vertex, Tracked] = dict(zip(t.aliases, tangents, strict=True))
                pushed(VARIABLES, self._steps, recorded)
                found = {y: variable(g) for y, g in recorded.items()}
            else:
                moved: dict[Vertex, Array] = {x: g.value() for x, g in zip(t.aliases, tangents, strict=True)}
                pushed(ARRAYS, self._steps, moved)
                given = [g.value() for g in tangents]
                found = {y: result(_own(moved[y], given)) for y in t.outputs if isinstance(y, Variable) and y in moved}
        return [found[y] if isinstance(y, Variable) and y in found else _zeros(y) for y in t.outputs]


def _form(y: object) -> tuple[Shape, np.dtype[np.float64]]:
    """Shape and dtype of a result."""
    value = number_or_array(plain(y))
    if value is None:
        raise TypeError(f"the function gave {shape_and_dtype(y)}, which has no derivative; give arrays or has_aux=True")
    return value.shape, value.dtype


def _own(t: Array, given: Sequence[Array]) -> Array:
    """A tangent in memory that none of those given has."""
    return t.copy() if any(np.may_share_memory(t, g) for g in given) else t


def _zeros(y: object) -> Variable:
    """What does not move."""
    shape, dtype = _form(y)
    return result(np.zeros(shape, dtype)[()])


def _vectors(name: str, t: Trace, leaves: Sequence[object], structure: Structure) -> list[Variable]:
    """Tangents of the aliases, from the leaves of a tree in the structure and shapes of the arguments."""
    if structure is not t.structure and structure != t.structure:
        raise ValueError(
            f"{name}: the tangents are {describe(structure)}, but the arguments are {describe(t.structure)}; "
            "they have the same structure"
        )
    found: list[Variable] = []
    for x, v in zip(t.aliases, leaves, strict=True):
        value = number_or_array(plain(v))
        if value is None:
            raise TypeError(f"{name}: a tangent is an array, a number or a Variable, not {shape_and_dtype(v)}")
        if value.shape != x.shape:
            raise ValueError(f"{name}: a tangent of shape {value.shape} for an argument of shape {x.shape}")
        if is_complex(value) and not is_complex(x):
            raise TypeError(f"{name}: a complex tangent for a real argument")
        if isinstance(v, Variable) and v.dtype == x.dtype:
            found.append(v)
        elif isinstance(v, Variable) and v.requires_grad:
            found.append(v.astype(x.dtype))
        else:
            found.append(result(value.astype(x.dtype, copy=False)[()]))
    return found


def jvp(f: object, primals: Sequence[object], tangents: Sequence[object]) -> tuple[object, object]:
    """The value of f at `primals`, and its derivative in the direction of `tangents`: forward mode.

    primals: a tuple or list of the arguments, arrays, numbers and trees of them; tangents: the same structure and
        shapes. The derivative has the structure and shapes of the value.

    One pass along the graph, in the order in which it was recorded, by the same rules as `backward`.

    Raises `ValueError` for tangents of another structure or shape, `TypeError` for arguments without derivative.

    >>> import numpy as np
    >>> jvp(np.sin, (0.0,), (1.0,))
    (np.float64(0.0), np.float64(1.0))
    """
    if not is_sequence(primals) or not is_sequence(tangents):
        raise TypeError("jvp: takes the arguments in a tuple or list, and their tangents in another")
    args = tuple(primals)
    t = trace("jvp", f, tuple(range(len(args))), args, {})
    leaves, structure = flatten(tuple(tangents))
    t.nested = t.nested or any(isinstance(v, Variable) for v in leaves)
    moved = Forward(t).push(_vectors("jvp", t, leaves, structure))
    value = unflatten(t.results, [t.out(y) for y in t.outputs])
    return value, unflatten(t.results, [t.out(v) for v in moved])


class Product(Protocol):
    """A function of the arguments of another one, and then a vector."""

    def __call__(self, /, *args: object, **kwargs: object) -> Array:
        """The product, in the form of the vector."""
        ...


class Products(Protocol):
    """The same for several arguments, and a tuple of vectors."""

    def __call__(self, /, *args: object, **kwargs: object) -> tuple[Array, ...]:
        """The products, in the form of the vectors."""
        ...


@overload
def hvp(f: Callable[P, Variable], argnums: int = 0) -> Product: ...
@overload
def hvp(f: Callable[P, Variable], argnums: Sequence[int]) -> Products: ...
def hvp(f: object, argnums: Argnums = 0) -> object:
    """The Hessian of f times a vector, as a function of the arguments of f and then the vector, without the Hessian.

    f gives one number; the vector has the structure and shapes of the argument, or is a tuple of such for a sequence
    of `argnums`. The gradient is recorded, and differentiated in the direction of the vector (Pearlmutter, Fast exact
    multiplication by the Hessian, 1994).

    >>> import numpy as np
    >>> hvp(lambda x: np.sum(x**3))(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    array([ 6., 12.])
    """
    return hessian_product("hvp", f, argnums)


def hessian_product(name: str, f: object, argnums: Argnums) -> Served:
    """`hvp` for what is of unknown type, with the name that errors give it."""
    check_argnums(name, argnums)

    def run(args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        if len(args) < 2:
            raise TypeError(f"{name}: takes the arguments of the function, and then the vector to multiply with")
        *before, vector = args
        t = trace(name, f, argnums, tuple(before), kwargs)
        vs = _vectors(name, t, *flatten(vector if isinstance(argnums, Sequence) else (vector,)))
        y = t.scalar()
        outer, t.nested = t.nested or any(v.requires_grad for v in vs), True
        gs = t.pull([] if y is None else [y], [] if y is None else [None])
        t.nested = outer
        found = trees(t.structure, [t.out(h) for h in t.pull(gs, vs)])
        return found if isinstance(argnums, Sequence) else found[0]

    return named(name, f, run)


@overload
def jacobian(
    f: Callable[Concatenate[Variable, P], Variable], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> OfVariable[P]: ...
@overload
def jacobian(f: Callable[P, Variable], argnums: Later, has_aux: Literal[False] = False) -> Callable[P, Array]: ...
@overload
def jacobian(
    f: Callable[P, Variable], argnums: Sequence[int], has_aux: Literal[False] = False
) -> Callable[P, tuple[Array, ...]]: ...
@overload
def jacobian(
    f: Callable[P, tuple[Variable, B]], argnums: int = 0, *, has_aux: Literal[True]
) -> Callable[P, tuple[Array, B]]: ...
def jacobian(f: object, argnums: Argnums = 0, has_aux: bool = False) -> object:
    """All derivatives of all results of f by all entries of an argument, as a function of the same arguments.

    For an array of shape s and a result of shape r it has the shape r + s; for trees of them it is a tree in the
    structure of the result, of trees in that of the argument. With a sequence of `argnums` each tree of an argument
    becomes a tuple of them. has_aux: f gives a pair, whose second part is left alone, and so does the Jacobian.

    f runs once. Then there is a forward pass for each entry of the arguments, or a backward pass for each entry of the
    results: whatever is fewer.

    >>> import numpy as np
    >>> jacobian(lambda x: x**2)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    return _jacobian("jacobian", f, f, argnums, has_aux)


@overload
def hessian(f: Callable[Concatenate[Variable, P], Variable], argnums: Literal[0] = 0) -> OfVariable[P]: ...
@overload
def hessian(f: Callable[P, Variable], argnums: Later) -> Callable[P, Array]: ...
@overload
def hessian(f: Callable[P, Variable], argnums: Sequence[int]) -> Callable[P, tuple[Array, ...]]: ...
def hessian(f: object, argnums: Argnums = 0) -> object:
    """The Jacobian of the gradient of f, which gives one number: all second derivatives, of shape s + s.

    >>> import numpy as np
    >>> hessian(lambda x: x[0] ** 2 * x[1])(np.array([2.0, 3.0]))
    array([[6., 4.],
           [4., 0.]])
    """
    return _jacobian("hessian", f, gradient("hessian", f, argnums, False), argnums, False)


def _jacobian(name: str, f: object, run: object, argnums: Argnums, has_aux: bool) -> Served:
    """The Jacobian of `run`, which is f or made of it, under the name of f."""

    def answer(t: Trace, aux: object) -> object:
        several = isinstance(argnums, Sequence)
        blocks = _by_columns(t) if _count(t.aliases) < _count(t.outputs) else _by_rows(t)
        rows = [trees(t.structure, [t.out(block) for block in row]) for row in blocks]
        found = unflatten(t.results, [row if several else row[0] for row in rows])
        return (found, aux) if has_aux else found

    return named(name, f, derived(name, run, argnums, has_aux, answer))


def _count(leaves: Sequence[object]) -> int:
    return sum(math.prod(_form(x)[0]) for x in leaves)


def _units(xs: Sequence[object], at: int) -> list[list[Variable]]:
    """For each entry of leaf number `at`, tangents or cotangents of all leaves: 1 for that entry, 0 for all others."""
    forms = [_form(x) for x in xs]
    zeros = [result(np.zeros(shape, dtype)[()]) for shape, dtype in forms]
    shape, dtype = forms[at]
    n = math.prod(shape)
    eye: Array = np.identity(n, dtype)
    units = eye.reshape((n, *shape))
    return [[*zeros[:at], result(_entry(units, k)), *zeros[at + 1 :]] for k in range(n)]


def _entry(xs: Array, k: int) -> Array:
    """Entry k along the first axis, as Variables hold it."""
    entry: Array = xs[k, ...][()]
    return entry


def _stacked(t: Trace, parts: Sequence[Variable], axis: int, shape: Shape, dtype: np.dtype[np.float64]) -> Variable:
    """The rows or columns of a block, in its shape."""
    if not parts:
        return result(np.zeros(shape, dtype))
    if t.nested:
        return stack(parts, axis).reshape(shape)
    return result(np.stack([part.value() for part in parts], axis).reshape(shape)[()])


def _by_columns(t: Trace) -> list[list[Variable]]:
    """The blocks of a Jacobian, a list for each result with one for each argument, by forward passes."""
    forward, rows = Forward(t), list[list[Variable]]([] for _ in t.outputs)
    for i, x in enumerate(t.aliases):
        columns = [forward.push(unit) for unit in _units(t.aliases, i)]
        for o, (row, y) in enumerate(zip(rows, t.outputs, strict=True)):
            shape, dtype = _form(y)
            row.append(_stacked(t, [column[o] for column in columns], -1, (*shape, *x.shape), dtype))
    return rows


def _by_rows(t: Trace) -> list[list[Variable]]:
    """The same by backward passes."""
    rows: list[list[Variable]] = []
    for o, y in enumerate(t.outputs):
        shape, _ = _form(y)
        pulls = [t.pull([y], [unit[o]]) if isinstance(y, Variable) else t.pull([], []) for unit in _units(t.outputs, o)]
        rows.append(
            [_stacked(t, [pull[i] for pull in pulls], 0, (*shape, *x.shape), x.dtype) for i, x in enumerate(t.aliases)]
        )
    return rows
