"""Every public name of NumPy's is differentiable, constant or refused, and does what its class says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeGuard

import numpy as np
import pytest

import tinypytorch as tp
from tests.support import call, var
from tinypytorch import Variable
from tinypytorch.arrays import is_array, is_floating, real_array
from tinypytorch.command.names import DIFFERENTIABLE, GROUPS, claims, is_function, public
from tinypytorch.core.hooks import is_list, is_tuple
from tinypytorch.numpy_functions import functions, numpys, plain
from tinypytorch.numpy_names import CONSTANT, REFUSED
from tinypytorch.ops import UFUNCS, spec_of

FUNCTIONS = sorted(name for name, thing in public().items() if is_function(thing))
# Classes, modules and values may change with a version of NumPy's without a question to us.


def unclassified() -> list[str]:
    return [name for name, thing in public().items() if is_function(thing) and len(claims(name)) != 1]


def test_every_name_is_in_one_class() -> None:
    wrong = {name: claims(name) for name in unclassified()}
    assert not wrong, f"say in numpy_names.py what becomes of {', '.join(wrong)}: {wrong}"


@pytest.mark.parametrize("space", [np, np.linalg, np.fft])
def test_a_new_name_is_noticed(space: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(space, "something_new", np.roots, raising=False)
    assert [name.rpartition(".")[2] for name in unclassified()] == ["something_new"]


def test_no_name_is_written_twice() -> None:
    names = [name for _, group in GROUPS for name in group.names.split()]
    assert len(names) == len(set(names))


X = np.array([[1.25, 0.5, 2.0], [0.75, 3.0, 1.5]])
V = np.array([0.5, 2.0, 1.25, 0.75])
SQUARE = np.array([[2.0, 0.5], [0.75, 1.5]])
# What functions are called with that do not take a matrix alone. Floating arrays become Variables.
ARGUMENTS: dict[str, tuple[object, ...]] = {
    **{
        name: ([X, X],)
        for name in ("concatenate", "concat", "stack", "hstack", "vstack", "dstack", "column_stack", "block")
    },
    **dict.fromkeys(("split", "array_split", "hsplit"), (V, 2)),
    **dict.fromkeys(("quantile", "nanquantile"), (X, 0.25)),
    **dict.fromkeys(("percentile", "nanpercentile"), (X, 30.0)),
    **{name: (V, np.array([1.0, 0.25])) for name in ("convolve", "correlate", "polyval")},
    "vsplit": (X, 2),
    "dsplit": (X.reshape(1, 3, 2), 2),
    "append": (X, V),
    "insert": (V, 1, 3.0),
    "delete": (V, 1),
    "reshape": (X, (3, 2)),
    "broadcast_to": (X, (2, 2, 3)),
    "expand_dims": (X, 1),
    "moveaxis": (X, 0, 1),
    "rollaxis": (X, 1),
    "swapaxes": (X, 0, 1),
    "roll": (X, 1),
    "repeat": (X, 2),
    "tile": (X, 2),
    "resize": (X, (4, 2)),
    "pad": (X, 1),
    "kron": (X, SQUARE),
    "squeeze": (X.reshape(1, 2, 3),),
    "take": (X, [0, 3]),
    "take_along_axis": (X, np.array([[1], [0]]), 1),
    "compress": ([True, False], X, 0),
    "extract": (X > 1.0, X),
    "choose": (np.array([0, 1, 1, 0]), [V, V + 1]),
    "select": ([X > 1.0], [X]),
    "partition": (X, 1),
    "where": (X > 1.0, X, 0.0),
    "clip": (X, 0.75, 1.75),
    "interp": (V, [0.0, 1.0, 2.5], np.array([1.0, 3.0, 2.0])),
    "float_power": (X, 2.5),
    "piecewise": (X, [X > 1.0], [np.sin, np.cos]),
    "apply_along_axis": (np.sort, 1, X),
    "apply_over_axes": (np.sum, X, (0, 1)),
    "linspace": (V, 3.0, 4),
    "logspace": (V, 1.0, 4),
    "geomspace": (V, 3.0, 4),
    "full_like": (X, V[:3]),
    "ldexp": (X, 2),
    "divmod": (X, 0.75),
    "vander": (V, 3),
    "astype": (X, np.float32),
    "diagflat": (V,),
    **dict.fromkeys(("dot", "inner", "vdot", "outer", "linalg.outer", "linalg.vecdot"), (V, V + 1)),
    **dict.fromkeys(("cross", "linalg.cross"), (X, X + V[:3])),
    **dict.fromkeys(("tensordot", "linalg.tensordot"), (X, X + 1)),
    **{f"linalg.{name}": (SQUARE,) for name in ("det", "inv", "slogdet", "eigh", "eigvalsh", "cholesky", "qr", "svd")},
    **dict.fromkeys(("linalg.solve", "linalg.lstsq"), (SQUARE, SQUARE + 1)),
    "linalg.matmul": (SQUARE, SQUARE + 1),
    "linalg.matrix_power": (SQUARE, 3),
    "linalg.multi_dot": ([SQUARE, SQUARE + 1, SQUARE],),
    "linalg.tensorinv": (SQUARE, 1),
    "linalg.tensorsolve": (SQUARE, SQUARE[0]),
    "einsum": ("ij,kj->ik", X, X + 1),
    "vecmat": (V[:2], X),
    "cumulative_sum": (V,),
    "cumulative_prod": (V,),
}
DIFFERENTIABLES = [name for name in FUNCTIONS if claims(name)[:1] == [(DIFFERENTIABLE, "")]]


def arguments(name: str) -> tuple[object, ...]:
    if name in ARGUMENTS:
        return ARGUMENTS[name]
    mine = numpys(name)
    if isinstance(mine, np.ufunc) and mine in UFUNCS:
        domain = spec_of(UFUNCS[mine]).domain[0]
        x = X / 4 if domain.high == 1.0 else X + 1 if domain.low == 1.0 else X
        if mine is np.matmul:
            return SQUARE, SQUARE + 1
        return (x, x + 1)[: mine.nin]
    return (X,)


def leaves(args: object, found: list[Variable]) -> object:
    """The arguments with Variables in place of the floating arrays."""
    if is_floating(args):
        found.append(Variable(args))
        return found[-1]
    if is_list(args):
        return [leaves(part, found) for part in args]
    return tuple(leaves(part, found) for part in args) if is_tuple(args) else args


def is_sequence(y: object) -> TypeGuard[Sequence[object]]:
    return isinstance(y, list | tuple)


def parts(y: object) -> tuple[object, ...]:
    return tuple(y) if is_sequence(y) else (y,)


def run(f: object, args: tuple[object, ...]) -> tuple[list[object], list[object]]:
    """What comes out, as arrays, and the gradients."""
    xs: list[Variable] = []
    given = leaves(args, xs)
    assert is_tuple(given)
    ys = parts(call(f, *given))
    found = [y for y in ys if isinstance(y, Variable)]
    assert found
    total = sum((tp.sum(y * (1.5 + i)) for i, y in enumerate(found)), tp.as_variable(0.0))
    if total.requires_grad:
        total.backward()
    return [plain(y) for y in ys], [x.grad for x in xs]


@pytest.mark.parametrize("name", DIFFERENTIABLES)
def test_a_differentiable_name_is_recorded(name: str) -> None:
    args = arguments(name)
    values, gradients = run(numpys(name), args)
    expected = parts(call(numpys(name), *args))
    assert len(values) == len(expected)
    for value, right in zip(values, expected, strict=True):
        np.testing.assert_allclose(np.asarray(value), np.asarray(right), rtol=1e-12)
    assert any(g is not None for g in gradients)
    ours = functions().get(name)
    if ours is not None:
        again = run(ours, args)
        np.testing.assert_equal(gradients, again[1])


CONSTANTS = [name for group in CONSTANT for name in group.names.split() if numpys(name) is not None]
WHOLE = np.array([3, 1, 2])
GIVEN: dict[str, tuple[object, ...]] = {
    **dict.fromkeys(("isclose", "allclose", "array_equal", "array_equiv", "isin", "shares_memory"), (X, X + 1)),
    **dict.fromkeys(("may_share_memory", "result_type", "common_type", "floor_divide", "nextafter"), (X, X)),
    **dict.fromkeys(("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"), (X, X)),
    **dict.fromkeys(("logical_and", "logical_or", "logical_xor"), (X, X)),
    **dict.fromkeys(("gcd", "lcm", "left_shift", "right_shift", "bitwise_left_shift"), (WHOLE, 1)),
    **dict.fromkeys(("bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_right_shift"), (WHOLE, 1)),
    **dict.fromkeys(("invert", "bitwise_invert", "bitwise_not", "bitwise_count", "ix_"), (WHOLE,)),
    "unravel_index": (WHOLE, (2, 3)),
    "ravel_multi_index": ((WHOLE % 2, WHOLE % 2), (2, 3)),
    "can_cast": (np.float32, np.float64),
    "digitize": (V, np.sort(V)),
    "searchsorted": (np.sort(V), V),
    "argpartition": (V, 2),
    "diag_indices_from": (SQUARE,),
    "einsum_path": ("ij,jk->ik", SQUARE, SQUARE),
}


def hidden(args: object) -> object:
    """The arguments with Variables in place of all arrays."""
    values = real_array(args) if is_array(args) else None
    if values is not None:
        return Variable(values)
    return tuple(hidden(part) for part in args) if is_tuple(args) else args


def holds_variables(y: object) -> bool:
    return isinstance(y, Variable) or ((is_tuple(y) or is_list(y)) and any(holds_variables(part) for part in parts(y)))


@pytest.mark.filterwarnings("ignore:numpy.fix is deprecated:DeprecationWarning")  # since NumPy 2.5
@pytest.mark.parametrize("name", CONSTANTS)
def test_a_constant_name_gives_what_numpy_gives(name: str) -> None:
    args = GIVEN.get(name, (X,))
    given = hidden(args)
    assert is_tuple(given)
    answer, expected = call(numpys(name), *given), call(numpys(name), *args)
    assert not holds_variables(answer)
    if name == "empty_like":
        assert np.shape(np.asarray(answer)) == X.shape
        return
    np.testing.assert_equal(answer, expected)
    assert type(answer) is type(expected)


def refused_names() -> list[str]:
    """Those that NumPy asks Variables about; others see what `__array__` says."""
    return [n for group in REFUSED for n in group.names.split() if numpys(n) is not None]


REFUSED_WITH: dict[str, tuple[object, ...]] = {
    **dict.fromkeys(("polyadd", "polymul", "polysub", "polydiv", "copyto", "union1d", "setxor1d"), (V, V)),
    **dict.fromkeys(("intersect1d", "setdiff1d", "in1d", "histogram2d"), (V, V)),
    **dict.fromkeys(("save", "savez", "savez_compressed", "savetxt"), ("file", V)),
    **dict.fromkeys(("place", "put", "putmask", "busday_offset"), (V, V, V)),
    "put_along_axis": (V, V, V, 0),
    "fill_diagonal": (X, 1.0),
    "polyfit": (V, V, 2),
    "bincount": (WHOLE, None, 0),
    "busday_count": (V, V),
}


@pytest.mark.parametrize("name", refused_names())
def test_a_refused_name_says_which_it_is_and_what_to_do(name: str) -> None:
    given = hidden(REFUSED_WITH.get(name, (V,)))
    assert is_tuple(given)
    with pytest.raises(TypeError) as error:
        call(numpys(name), *given)
    assert f"np.{name} takes no Variables: " in str(error.value)


def test_what_converts_refuses() -> None:
    for name in (
        "array",
        "asarray",
        "asanyarray",
        "asarray_chkfinite",
        "ascontiguousarray",
        "asfortranarray",
        "require",
    ):
        f: object = numpys(name)
        with pytest.raises(TypeError, match=r"take x.data"):
            call(f, var([1.0]))


def test_why() -> None:
    f: Callable[[Variable], object] = lambda x: call(np.put, x, 0, 1.0)  # noqa: E731
    with pytest.raises(
        TypeError, match=r"np.put takes no Variables: it writes into its argument.* use tinypytorch.at_set"
    ):
        f(var([1.0]))
