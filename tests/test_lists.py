"""Nested lists in place of arrays, as NumPy takes them: of numbers, and with Variables among them."""

from __future__ import annotations

from operator import attrgetter

import numpy as np
import pytest

import tinypytorch as tp
import tinypytorch.numpy as tnp
from tests.support import call, grad, var
from tests.test_names import DIFFERENTIABLES, arguments, parts
from tinypytorch import Array, Variable
from tinypytorch.arrays import is_array, is_floating
from tinypytorch.core.hooks import is_list, is_tuple
from tinypytorch.core.nested import array_like
from tinypytorch.numpy_functions import plain


def floating(args: object) -> list[Array]:
    """The floating arrays among the arguments, in their order."""
    if is_floating(args):
        return [args]
    return [a for part in parts(args) for a in floating(part)] if is_list(args) or is_tuple(args) else []


def listed(args: object, kept: Array, x: Variable) -> object:
    """The arguments with a Variable in place of one array, and lists in place of the others."""
    if args is kept:
        return x
    if is_array(args):
        numbers: object = args.tolist()
        return numbers
    if is_list(args):
        return [listed(part, kept, x) for part in args]
    return tuple(listed(part, kept, x) for part in args) if is_tuple(args) else args


# Lists mean blocks there.
OTHER_LISTS = {"block"}


def copied(args: object) -> object:
    """The same arguments, without an array that is there twice."""
    if is_array(args):
        return args.copy()
    if is_list(args):
        return [copied(part) for part in args]
    return tuple(copied(part) for part in args) if is_tuple(args) else args


@pytest.mark.parametrize("name", [name for name in DIFFERENTIABLES if name not in OTHER_LISTS])
def test_lists_are_taken_beside_a_variable(name: str) -> None:
    args = copied(arguments(name))
    for a in floating(args):
        x, y = Variable(a), Variable(a)
        given, arrays = listed(args, a, x), copied_but(args, a, y)
        assert is_tuple(given)
        assert is_tuple(arrays)
        of_lists, of_arrays = call(attrgetter(name)(tnp), *given), call(attrgetter(name)(tnp), *arrays)
        for one, other in zip(parts(of_lists), parts(of_arrays), strict=True):
            np.testing.assert_array_equal(np.asarray(plain(one)), np.asarray(plain(other)))
        for results in (of_lists, of_arrays):
            for result in parts(results):
                if isinstance(result, Variable) and result.requires_grad:
                    result.backward(retain_grad=True)
        if y.grad is None:
            assert x.grad is None
        else:
            np.testing.assert_array_equal(grad(x), grad(y))


def copied_but(args: object, kept: Array, x: Variable) -> object:
    """The arguments with a Variable in place of one array."""
    if args is kept:
        return x
    if is_list(args):
        return [copied_but(part, kept, x) for part in args]
    return tuple(copied_but(part, kept, x) for part in args) if is_tuple(args) else args


def test_variables_among_numbers() -> None:
    x, y = var([1.0, 2.0]), var(3.0)
    z = call(np.add, x, [y, 1.0])
    assert isinstance(z, Variable)
    assert z.data.tolist() == [4.0, 3.0]
    (z * np.array([1.0, 10.0])).backward()
    assert (grad(x).tolist(), grad(y).tolist()) == ([1.0, 10.0], 1.0)
    nested = array_like([[y, 1.0], x, (0, np.float32(2.0))])
    assert isinstance(nested, Variable)
    assert nested.data.tolist() == [[3.0, 1.0], [1.0, 2.0], [0.0, 2.0]]


def test_operators_and_functions_take_lists() -> None:
    x = var([1.0, 2.0])
    for made in (
        call(Variable.__add__, x, [1, 2]),
        call(Variable.__radd__, x, (1.0, 2.0)),
        call(tp.add, [1.0, 2.0], x),
        call(np.interp, x, [1, 2], [2, 4]),
    ):
        assert isinstance(made, Variable)
        assert made.data.tolist() == [2.0, 4.0]
    assert call(Variable.__gt__, x, [0, 3]).__repr__() == "array([ True, False])"
    assert (call(tp.as_variable, [1.0]).__repr__(), call(tp.as_array, [[1]]).__repr__()) == (
        "variable([1.])",
        "array([[1]])",
    )


def test_a_list_of_variables_alone_is_seen_in_the_namespace() -> None:
    x, y = var(3.0), var(1.0)
    total = call(tnp.mean, [x, y])
    assert isinstance(total, Variable)
    total.backward()
    assert (grad(x).item(), grad(y).item()) == (0.5, 0.5)
    assert call(tnp.argmin, [x, y]) == 1


def test_what_makes_no_array() -> None:
    x = var([1.0, 2.0])
    with pytest.raises(ValueError, match="inhomogeneous"):
        call(np.add, x, [1.0, [2.0]])
    with pytest.raises(ValueError, match="Stack"):
        call(np.add, x, [x, [1.0]])
    with pytest.raises(TypeError, match="dtype <U1"):
        call(np.add, x, ["a", "b"])
