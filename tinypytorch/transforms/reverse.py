"""Floor 5: derivatives of functions by the backward pass. Imports floors 1 to 4, `trees` and `tracing`.

Signatures follow HIPS autograd and JAX. In all of them `f` is a function of Variables (numbers and arrays that it is
given among the differentiated arguments arrive as Variables), written in operators, this package's functions or
NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeVar, overload

from tinypytorch.arrays import Array
from tinypytorch.core.errors import shape_and_dtype
from tinypytorch.core.hooks import Served, is_served
from tinypytorch.core.operators import Plain
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.transforms.tracing import Trace, number_or_array, plain, plain_tree
from tinypytorch.transforms.trees import describe, flatten, is_sequence, unflatten

A = TypeVar("A")
B = TypeVar("B")
P = ParamSpec("P")
Argnums = int | Sequence[int]
# Other arguments than the first, as far as type checkers are told of them: their gradient is typed as an array.
Later = Literal[-3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9]


class OfVariable(Protocol[P]):
    """A derivative by a first argument that is one array: an array for an array, a Variable for a Variable."""

    @overload
    def __call__(self, x: Variable, /, *args: P.args, **kwargs: P.kwargs) -> Variable: ...
    @overload
    def __call__(self, x: Plain, /, *args: P.args, **kwargs: P.kwargs) -> Array: ...


class ValueOfVariable(Protocol[P]):
    """The same with the function's value before it."""

    @overload
    def __call__(self, x: Variable, /, *args: P.args, **kwargs: P.kwargs) -> tuple[Variable, Variable]: ...
    @overload
    def __call__(self, x: Plain, /, *args: P.args, **kwargs: P.kwargs) -> tuple[Array, Array]: ...


def function_of(name: str, f: object) -> Served:
    """`f`, if it can be called; else a `TypeError`."""
    if not is_served(f):
        raise TypeError(f"{name}: takes a function, not {type(f).__name__}")
    return f


def check_argnums(name: str, argnums: object) -> None:
    """Raise `TypeError` for what is neither an integer nor a sequence of them."""
    for i in argnums if is_sequence(argnums) else (argnums,):
        if not isinstance(i, int) or isinstance(i, bool):
            raise TypeError(f"{name}: argnums is an integer or a list or tuple of them, not {argnums!r}")


def positions(name: str, argnums: object, count: int) -> tuple[int, ...]:
    """The positions that `argnums` names among `count` arguments, as non-negative numbers."""
    if isinstance(argnums, int) and 0 <= argnums < count:
        return (int(argnums),)
    given: Sequence[object] = argnums if is_sequence(argnums) else (argnums,)
    found: list[int] = []
    for i in given:
        if not isinstance(i, int):
            continue
        if not -count <= i < count:
            raise ValueError(
                f"{name}: argnums names argument {i}, but {count} positional argument{'s were' * (count != 1)}"
                f"{' was' * (count == 1)} given; arguments by keyword are not differentiated"
            )
        found.append(i % count)
    if len(set(found)) != len(found):
        raise ValueError(f"{name}: argnums names an argument twice: {argnums!r}")
    return tuple(found)


def trace(name: str, f: object, argnums: object, args: tuple[object, ...], kwargs: dict[str, object]) -> Trace:
    """Run f on aliases of the arguments that `argnums` names."""
    function = function_of(name, f)
    return Trace(name, lambda xs: function(*xs, **kwargs), args, positions(name, argnums, len(args)))


def split_aux(t: Trace) -> object:
    """Take the second part of a pair off the results: what it was, as arrays at the outermost level."""
    result = unflatten(t.results, t.outputs)
    if not is_sequence(result) or len(result) != 2:
        raise TypeError(
            f"{t.name}: with has_aux=True the function gives a pair, of a number and something that is left alone; "
            f"it gave {describe(t.results)}"
        )
    t.outputs, t.results = flatten(result[0])
    t.found = None
    aux: object = result[1]
    return aux if t.nested else plain_tree(aux)


def derived(
    name: str, f: object, argnums: object, has_aux: bool, answer: Callable[[Trace, object], object]
) -> Callable[[tuple[object, ...], dict[str, object]], object]:
    """What `grad` and its kin call: run f, take the auxiliary part off, and answer from both."""
    check_argnums(name, argnums)

    def call(args: tuple[object, ...], kwargs: dict[str, object]) -> object:
        t = trace(name, f, argnums, args, kwargs)
        return answer(t, split_aux(t) if has_aux else None)

    return call


def named(name: str, f: object, run: Callable[[tuple[object, ...], dict[str, object]], object]) -> Served:
    """A function of the arguments of f, with its documentation, called `name of f`."""
    function = function_of(name, f)

    def derivative(*args: object, **kwargs: object) -> object:
        return run(args, kwargs)

    update_wrapper(derivative, function)
    derivative.__name__ = f"{name}_of_{getattr(f, '__name__', type(f).__name__)}"
    return derivative


def gradient_of(t: Trace, argnums: object) -> object:
    """The gradient of a function that gives one number: a tree, or a tuple of them if `argnums` is a sequence."""
    y = t.scalar()
    trees = t.tree(t.pull([], []) if y is None else t.pull([y], [None]))
    return trees[0] if isinstance(argnums, int) else trees


@overload
def grad(
    f: Callable[Concatenate[Variable, P], Variable], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> OfVariable[P]: ...
@overload
def grad(
    f: Callable[Concatenate[A, P], Variable], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> Callable[Concatenate[A, P], A]: ...
@overload
def grad(
    f: Callable[Concatenate[A, P], tuple[Variable, B]], argnums: Literal[0] = 0, *, has_aux: Literal[True]
) -> Callable[Concatenate[A, P], tuple[A, B]]: ...
@overload
def grad(f: Callable[P, Variable], argnums: Later, has_aux: Literal[False] = False) -> Callable[P, Array]: ...
@overload
def grad(
    f: Callable[P, Variable], argnums: Sequence[int], has_aux: Literal[False] = False
) -> Callable[P, tuple[Array, ...]]: ...
def grad(f: object, argnums: Argnums = 0, has_aux: bool = False) -> object:
    """The gradient of f as a function of the same arguments.

    f: gives one number.
    argnums: which positional argument to differentiate by, an array, a number, or nested tuples, lists and dicts of
        them; a sequence of positions gives a tuple with a gradient for each.
    has_aux: f gives a pair, the number and anything else; so does the gradient.

    A gradient has its argument's structure, shapes and dtypes: arrays, and NumPy scalars for numbers. Variables for
    Variables, where f uses a Variable that wants a gradient, and within another transform, to be differentiated again.

    Raises `TypeError` if f gives something else than one number, or for an argument without derivative (an integer);
    `ValueError` for an argument that is not there.

    >>> import numpy as np
    >>> print(grad(np.tanh)(0.0), grad(grad(np.exp))(0.0))
    1.0 1.0
    >>> loss = lambda w, x: np.sum((x @ w["slope"] + w["at 0"]) ** 2)
    >>> grad(loss)({"slope": np.array([1.0, 2.0]), "at 0": 0.5}, np.eye(2))
    {'slope': array([3., 5.]), 'at 0': np.float64(8.0)}
    """
    return gradient("grad", f, argnums, has_aux)


def gradient(name: str, f: object, argnums: Argnums, has_aux: bool) -> Served:
    """`grad` for what is of unknown type, with the name that errors give it."""

    def answer(t: Trace, aux: object) -> object:
        found = gradient_of(t, argnums)
        return (found, aux) if has_aux else found

    return named(name, f, derived(name, f, argnums, has_aux, answer))


@overload
def value_and_grad(
    f: Callable[Concatenate[Variable, P], Variable], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> ValueOfVariable[P]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[A, P], Variable], argnums: Literal[0] = 0, has_aux: Literal[False] = False
) -> Callable[Concatenate[A, P], tuple[Array, A]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[A, P], tuple[Variable, B]], argnums: Literal[0] = 0, *, has_aux: Literal[True]
) -> Callable[Concatenate[A, P], tuple[tuple[Array, B], A]]: ...
@overload
def value_and_grad(
    f: Callable[P, Variable], argnums: Later, has_aux: Literal[False] = False
) -> Callable[P, tuple[Array, Array]]: ...
@overload
def value_and_grad(
    f: Callable[P, Variable], argnums: Sequence[int], has_aux: Literal[False] = False
) -> Callable[P, tuple[Array, tuple[Array, ...]]]: ...
def value_and_grad(f: object, argnums: Argnums = 0, has_aux: bool = False) -> object:
    """As `grad`, but gives the value of f, too, before the gradient: f runs once.

    With has_aux=True the value is the pair that f gave.

    >>> import numpy as np
    >>> value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    (np.float64(5.0), array([2., 4.]))
    """

    def answer(t: Trace, aux: object) -> object:
        found = gradient_of(t, argnums)
        y = t.out(t.outputs[0])
        return ((y, aux) if has_aux else y), found

    return named("value_and_grad", f, derived("value_and_grad", f, argnums, has_aux, answer))


@overload
def elementwise_grad(f: Callable[Concatenate[Variable, P], Variable], argnums: Literal[0] = 0) -> OfVariable[P]: ...
@overload
def elementwise_grad(f: Callable[P, Variable], argnums: Later) -> Callable[P, Array]: ...
def elementwise_grad(f: object, argnums: Argnums = 0) -> object:
    """The derivative of a function that works on each entry by itself: the gradient of the sum of its results.

    For such a function it has an entry for each entry of the argument, its derivative there.

    Raises `TypeError` if f gives something else than one array.

    >>> import numpy as np
    >>> elementwise_grad(np.sin)(np.array([0.0, np.pi]))
    array([ 1., -1.])
    """

    def answer(t: Trace, aux: object) -> object:
        if len(t.outputs) != 1 or number_or_array(plain(t.outputs[0])) is None:
            raise TypeError(f"elementwise_grad: takes a function that gives one array; it gave {describe(t.results)}")
        y = t.outputs[0]
        trees = t.tree(t.pull([y], [None]) if isinstance(y, Variable) else t.pull([], []))
        return trees if isinstance(argnums, Sequence) else trees[0]

    return named("elementwise_grad", f, derived("elementwise_grad", f, argnums, False, answer))


class Pullback:
    """What `vjp` gives: call it with a cotangent of the result, to get one of each argument."""

    __slots__ = ("_trace",)

    def __init__(self, t: Trace) -> None:
        self._trace: Trace = t

    def __call__(self, cotangent: object, /) -> tuple[object, ...]:
        """The transposed derivative times `cotangent`, which has the structure and shapes of the result.

        Raises `ValueError` for another structure or shape.
        """
        t = self._trace
        leaves, structure = flatten(cotangent)
        if structure != t.results:
            raise ValueError(
                f"vjp: the cotangent is {describe(structure)}, but the result is {describe(t.results)}; "
                "they have the same structure"
            )
        ys: list[Variable] = []
        seeds: list[Operand | None] = []
        for y, g in zip(t.outputs, leaves, strict=True):
            seed = g if isinstance(g, Variable) else number_or_array(g)
            if seed is None:
                raise TypeError(f"vjp: a cotangent is an array, a number or a Variable, not {shape_and_dtype(g)}")
            if isinstance(y, Variable):
                ys.append(y)
                seeds.append(seed)
        return t.tree(t.pull(ys, seeds))


def vjp(f: object, *primals: object) -> tuple[object, Pullback]:
    """The value of f at `primals`, and its pullback: vector-Jacobian products, as many as are asked for.

    The pullback takes a cotangent in the structure of the value, and gives a tuple with one for each of `primals`.

    >>> import numpy as np
    >>> y, pull = vjp(lambda a, b: a @ b, np.eye(2), np.array([1.0, 2.0]))
    >>> y, pull(np.array([1.0, 0.0]))
    (array([1., 2.]), (array([[1., 2.],
           [0., 0.]]), array([1., 0.])))
    """
    t = trace("vjp", f, tuple(range(len(primals))), primals, {})
    return unflatten(t.results, [t.out(y) for y in t.outputs]), Pullback(t)
