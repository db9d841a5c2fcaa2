"""Floor 5: the arguments of NumPy's functions, brought into those of ours. Imports floors 1 to 3.

NumPy's own names and places of arguments hold (`np.clip(x, a_min=0.0)`, `np.sum(a=x)`, `np.sum(x, 0, None)`). One that
our function does not take may have the value that it has by default, and is an error that says what to do otherwise.
"""

from __future__ import annotations

from functools import cache
from types import FunctionType

import numpy as np

from tinypytorch.core.hooks import is_sequence, is_served
from tinypytorch.core.nested import holds_variables
from tinypytorch.core.variable import Variable

# What NumPy's functions have for an argument that was not given.
_UNSAID: object = getattr(np, "_NoValue", None)

# What NumPy calls the arguments that ours take, where the functions here have other names for them.
_FIRST = {"a", "arr", "array", "ary", "m", "v", "x", "f", "A", "p", "arrays", "tup", "condition"}
_NAMES = {
    "clip": {"a_min": "low", "a_max": "high", "min": "low", "max": "high"},
    "where": {"x": "a", "y": "b"},
    "split": {"indices_or_sections": "sections"},
    "extract": {"arr": "x"},
    "compress": {"a": "x"},
    "vander": {"N": "n"},
}
# NumPy's places of arguments from the second on, where ours are taken by name or stand elsewhere.
_SUMS = ("axis", "dtype", "out", "keepdims", "initial", "where")
_ENDS = ("axis", "out", "keepdims", "initial", "where")
_SPREADS = ("axis", "dtype", "out", "ddof", "keepdims")
_RUNNING = ("axis", "dtype", "out")
_SHARES = ("q", "axis", "out", "overwrite_input", "method", "keepdims")
_PLACES = {
    **dict.fromkeys(("sum", "prod", "nansum", "nanprod"), _SUMS),
    **dict.fromkeys(("max", "min", "amax", "amin", "nanmax", "nanmin"), _ENDS),
    **dict.fromkeys(("mean", "nanmean"), ("axis", "dtype", "out", "keepdims")),
    **dict.fromkeys(("var", "std", "nanvar", "nanstd"), _SPREADS),
    **dict.fromkeys(("cumsum", "cumprod", "nancumsum", "nancumprod"), _RUNNING),
    **dict.fromkeys(("quantile", "percentile", "nanquantile", "nanpercentile"), _SHARES),
    **dict.fromkeys(("median", "nanmedian"), ("axis", "out", "overwrite_input", "keepdims")),
    "ptp": ("axis", "out", "keepdims"),
    "trace": ("offset", "axis1", "axis2", "dtype", "out"),
    "reshape": ("shape", "order"),
    "concatenate": ("axis", "out"),
    "stack": ("axis", "out"),
    "take": ("indices", "axis", "out", "mode"),
    "choose": ("choices", "out", "mode"),
    "sort": ("axis", "kind", "order"),
    "partition": ("kth", "axis", "kind", "order"),
    "clip": ("low", "high", "out"),
    "nan_to_num": ("copy", "nan", "posinf", "neginf"),
    "linspace": ("stop", "num", "endpoint", "retstep", "dtype", "axis"),
    "unwrap": ("discont", "axis"),
}

# What NumPy joins in a dtype, and casts.
_JOINS = {"concatenate", "concat", "stack", "hstack", "vstack"}

# Arguments that ours may do without: the values that change nothing, and what to do in place of others.
_REMEDIES: dict[str, tuple[tuple[object, ...], str]] = {
    "out": ((None,), "results are new; assign the result"),
    "dtype": ((None,), "convert with x.astype(...)"),
    "where": ((True, _UNSAID), "choose with np.where(...) before"),
    "initial": ((_UNSAID,), "put it beside the array with np.append, or combine the result with it"),
    "order": (("C", "K", "A", None), "a Variable has no order in memory; use x.ravel(order=...) or transpose"),
    "kind": ((None, "quicksort", "mergesort", "heapsort", "stable", "introselect"), "sorting is stable"),
    "copy": ((True, None), "results are new"),
    "subok": ((False, True), "a Variable has no subclasses"),
    "casting": (("same_kind", "safe"), "convert with x.astype(...)"),
    "overwrite_input": ((False,), "operands are not written into"),
    "mean": ((_UNSAID, None), "it is computed here, of what is not nan"),
    "keepdims": ((False, _UNSAID), "reshape the result"),
    "device": ((None, "cpu"), "there is one device"),
    "like": ((None,), "results are Variables"),
}


def adapted(name: str, ours: object, *args: object, **kwargs: object) -> object:
    """Call `ours`, which serves `np.<name>`, with NumPy's arguments."""
    if not is_served(ours):
        raise TypeError(f"{name} is no function")
    wanted = _constant(name, "dtype", kwargs.pop("dtype", None)) if name in _JOINS else None
    if len(args) > 2 and name in _PLACES:
        order = _PLACES[name]
        if len(args) > len(order) + 1:
            raise TypeError(f"np.{name} takes at most {len(order) + 1} arguments by place, not {len(args)}")
        kwargs = {**dict(zip(order, args[1:], strict=False)), **kwargs}
        args = args[:1]
    if isinstance(ours, FunctionType):
        if kwargs:
            args, kwargs = _own(name, ours, args, kwargs)
        args, kwargs = _taken(name, ours, args, kwargs)
    try:
        answer: object = ours(*args, **kwargs)
        return answer if wanted is None else _in_type(answer, wanted)
    except TypeError as error:
        error.add_note(f"np.{name} of Variables takes the arguments of tinypytorch's function of that name")
        raise


def _in_type(answer: object, dtype: object) -> object:
    """What was joined, in a dtype."""
    convert: object = getattr(answer, "astype", None)
    return convert(dtype) if is_served(convert) else answer


def _own(
    name: str, ours: FunctionType, args: tuple[object, ...], kwargs: dict[str, object]
) -> tuple[tuple[object, ...], dict[str, object]]:
    """The arguments under our names, without those that change nothing; `TypeError` for those that would."""
    code = ours.__code__
    places = code.co_varnames[: code.co_argcount]
    known = {*code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]}
    renamed = _NAMES.get(name, {})
    kept: dict[str, object] = {}
    for given, content in kwargs.items():
        mine = renamed.get(given, given)
        if mine not in known and not args and given in _FIRST and places:
            mine = places[0]
        if mine in known:
            if not (content is _UNSAID or (content is None and mine in renamed.values())):
                kept[mine] = content
            continue
        neutral, remedy = _REMEDIES.get(given, ((), ""))
        if any(content is one or (isinstance(one, str) and content == one) for one in neutral):
            continue
        if remedy:
            raise TypeError(f"np.{name} of Variables takes no {given}={content!r:.40}: {remedy}")
        kept[mine] = content
    if len(args) == 1 and places and any(n in kept for n in places[:1]):
        raise TypeError(f"np.{name} got two values for its first argument")
    return args, kept


# What annotates parameters that take Variables.
_VARIABLES = {"Operand", "Variable", "Which", "Places", "Given", "Part", "Nested", "object"}
_BETWEEN = str.maketrans("[]|,", "    ")
_VARARGS = 4  # `inspect.CO_VARARGS`, without importing it


def _taken(
    name: str, ours: FunctionType, args: tuple[object, ...], kwargs: dict[str, object]
) -> tuple[tuple[object, ...], dict[str, object]]:
    """The arguments, without the Variables of parameters that are constants; `TypeError` for a gradient to be lost."""
    places, rest, taking = _parameters(ours)
    found: list[object] = []
    for i, content in enumerate(args):
        mine = places[i] if i < len(places) else rest
        found.append(content if mine in taking else _constant(name, mine, content))
    named = {mine: content if mine in taking else _constant(name, mine, content) for mine, content in kwargs.items()}
    return tuple(found), named


@cache
def _parameters(ours: FunctionType) -> tuple[tuple[str, ...], str, frozenset[str]]:
    """The parameters by place, the one for all others, and which of all take Variables: their types say it."""
    code = ours.__code__
    names = code.co_varnames
    count = code.co_argcount + code.co_kwonlyargcount
    taking = frozenset(
        name for name, kind in ours.__annotations__.items() if _VARIABLES & {*str(kind).translate(_BETWEEN).split()}
    )
    return names[: code.co_argcount], names[count] if code.co_flags & _VARARGS else "", taking


def _constant(name: str, parameter: str, content: object) -> object:
    """What a parameter gets that takes no Variable."""
    if isinstance(content, Variable):
        if content.requires_grad:
            raise TypeError(
                f"np.{name}: {parameter} is a constant here, and a Variable would lose its gradient; give its data, "
                f"{parameter}=x.data"
            )
        return content.item() if content.ndim == 0 else content.data
    if is_sequence(content) and holds_variables(content):
        return tuple(_constant(name, parameter, part) for part in content)
    return content
