"""Floor 5: calls of ufuncs with arguments, and their methods: `reduce`, `accumulate`, `outer`. Imports floors 1 to 4.

The plain call of a ufunc that is an op has been answered before (`core.protocols`).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tinypytorch.arrays import Shape
from tinypytorch.core.apply import constant
from tinypytorch.core.hooks import CONSTANTS, FUNCTIONS, is_served, is_tuple, refused
from tinypytorch.core.nested import array_like
from tinypytorch.core.operators import value_of
from tinypytorch.core.variable import Variable
from tinypytorch.functions import reductions, running, statistics
from tinypytorch.functions.rearranging import moveaxis

# What the methods of these ufuncs are.
REDUCTIONS: Final[dict[np.ufunc, object]] = {
    np.add: reductions.sum,
    np.multiply: statistics.prod,
    np.maximum: reductions.max,
    np.minimum: reductions.min,
    np.logaddexp: reductions.logsumexp,
}
ACCUMULATIONS: Final[dict[np.ufunc, object]] = {
    np.add: statistics.cumsum,
    np.multiply: statistics.cumprod,
    np.maximum: running.cummax,
    np.minimum: running.cummin,
}

_REFUSED = {
    "at": "it writes into its argument, and results are new here; use tinypytorch.at_add or at_set",
    "reduceat": "reduce the slices between the indices one by one, and join them with np.stack",
}


def call(ufunc: np.ufunc, method: str, inputs: tuple[object, ...], given: dict[str, object]) -> object:
    """What NEP 13 asks for beside the plain call: recorded, or plain arrays, or a `TypeError` that says what to do."""
    kwargs = {name: content for name, content in given.items() if content is not None or name == "axis"}
    name = f"np.{ufunc.__name__}" if method == "__call__" else f"np.{ufunc.__name__}.{method}"
    if ufunc in CONSTANTS and method != "at":
        return _constant(ufunc, method, inputs, kwargs)
    if method in _REFUSED:
        raise TypeError(f"{name} takes no Variables: {_REFUSED[method]}")
    if "out" in kwargs:
        raise TypeError(f"{name} of Variables takes no out: results are new; for `a += x` write `a = a + x`")
    if method == "reduce":
        return _along_axis(name, REDUCTIONS.get(ufunc), REDUCTIONS, inputs, {"axis": 0, **kwargs})
    if method == "accumulate":
        return _along_axis(name, ACCUMULATIONS.get(ufunc), ACCUMULATIONS, inputs, {"axis": 0, **kwargs})
    if method == "outer":
        a, b = (x if isinstance(x, Variable) else constant(value_of(x)) for x in inputs)
        shape: Shape = (*a.shape, *(1,) * b.ndim)
        answer: object = ufunc(a.reshape(shape), b, **kwargs)
        return answer
    if not kwargs:
        # A plain array's `clip` method calls a ufunc that NumPy has no public name for.
        served = FUNCTIONS.get(np.clip if name == "np.clip" else ufunc)
        if not is_served(served):
            raise refused(ufunc)
        return served(*inputs)
    return _with_arguments(name, ufunc, inputs, kwargs)


def _constant(ufunc: np.ufunc, method: str, inputs: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """The ufunc on the data. `out` is NumPy's, an array."""
    out = kwargs.get("out", ())
    if is_tuple(out) and any(isinstance(x, Variable) for x in out):
        raise TypeError(f"np.{ufunc.__name__} does not write into Variables; give an array as out")
    bound: object = getattr(ufunc, method)
    if not is_served(bound):
        raise refused(ufunc)
    return bound(*map(_plain, inputs), **{name: _plain(content) for name, content in kwargs.items()})


def _plain(x: object) -> object:
    return x.data if isinstance(x, Variable) else x


def _along_axis(
    name: str,
    served: object,
    table: dict[np.ufunc, object],
    inputs: tuple[object, ...],
    kwargs: dict[str, object],
) -> object:
    """A reduction or accumulation, by our function of it."""
    if not is_served(served):
        known = ", ".join(f"np.{ufunc.__name__}" for ufunc in table)
        raise TypeError(f"{name} has no derivative rule here ({known} have); loop over the entries along the axis")
    return served(*inputs, **kwargs)


def _with_arguments(name: str, ufunc: np.ufunc, inputs: tuple[object, ...], kwargs: dict[str, object]) -> object:
    """A call with `dtype`, `casting`, `order`, `subok` or `where`, done without them."""
    rest = dict(kwargs)
    where = rest.pop("where", True)
    if where is not True:
        raise TypeError(
            f"{name} of Variables takes no where: the other entries would be undefined; choose them with np.where(...)"
        )
    for memory in ("order", "subok"):  # layout and subclass: values are the same
        rest.pop(memory, None)
    axis = rest.pop("axis", -1) if ufunc is getattr(np, "vecdot", None) else -1
    dtype, casting = rest.pop("dtype", None), rest.pop("casting", "same_kind")
    if rest:
        raise TypeError(
            f"{name} of Variables takes no {', '.join(rest)}; move axes with np.moveaxis, convert with x.astype(...)"
        )
    operands = _cast(ufunc, inputs, dtype, casting)
    if isinstance(axis, int) and axis != -1:
        operands = [moveaxis(constant(array_like(x)), axis, -1) for x in operands]
    answer: object = ufunc(*operands)
    return answer


def _cast(ufunc: np.ufunc, inputs: tuple[object, ...], dtype: object, casting: object) -> list[object]:
    """The operands in the dtypes that NumPy would compute with; it says itself what it does not cast."""
    resolve: object = getattr(ufunc, "resolve_dtypes", None)
    as_dtype: object = np.dtype
    if not is_served(resolve) or not is_served(as_dtype):
        raise refused(ufunc)
    given = [type(x) if type(x) in (int, float) else value_of(x).dtype for x in inputs]
    wanted = (*(None,) * ufunc.nin, *(dtype if dtype is None else as_dtype(dtype),) * ufunc.nout)
    loop = resolve((*given, *(None,) * ufunc.nout), signature=wanted, casting=casting)
    cast: list[object] = []
    for x, own in zip(inputs, loop if is_tuple(loop) else (), strict=False):
        convert: object = getattr(x if isinstance(x, Variable) else value_of(x), "astype", None)
        cast.append(convert(own) if is_served(convert) and value_of(x).dtype != own else x)
    return cast
