"""Floor 3: settings, one value per thread and asyncio task. Imports the standard library only.

A `ContextVar` gives what a module global cannot: `no_grad()` in one thread or task leaves the others alone.
The settings share one integer, so that an op asks once (40 ns).
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from types import CodeType, MethodType, TracebackType
from typing import Final, Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

ENABLE_BACKPROP: Final = 1
DETECT_MUTATION: Final = 2
TRANSFORMED: Final = 4  # the code that runs is a function that a transform differentiates
# The name of leaves that stand for plain arguments: nobody but the transform that made one differentiates by it.
ARGUMENT: Final = "argument"
_BITS: Final = {"enable_backprop": ENABLE_BACKPROP, "detect_mutation": DETECT_MUTATION}

mode: ContextVar[int] = ContextVar("tinypytorch.mode", default=ENABLE_BACKPROP)


def _bit(name: str) -> int:
    if name not in _BITS:
        raise ValueError(f"{name!r} is not a setting; the settings are {', '.join(map(repr, _BITS))}")
    return _BITS[name]


def _put(name: str, value: bool) -> None:
    bit = _bit(name)
    if not isinstance(value, bool):
        raise TypeError(f"{name} takes True or False, not {value!r}")
    mode.set(mode.get() | bit if value else mode.get() & ~bit)


class Settings:
    """The settings of this thread or task; the one instance is `Config`.

    >>> Config.enable_backprop
    True
    """

    __slots__ = ()

    @property
    def enable_backprop(self) -> bool:
        """Whether operations record the graph. Default True."""
        return bool(mode.get() & ENABLE_BACKPROP)

    @enable_backprop.setter
    def enable_backprop(self, value: bool) -> None:
        _put("enable_backprop", value)

    @property
    def detect_mutation(self) -> bool:
        """Whether the backward pass checks that no array changed since the forward pass. Default False.

        It hashes every operand and result (about 0.3 ns a byte), so it is for debugging and tests.
        """
        return bool(mode.get() & DETECT_MUTATION)

    @detect_mutation.setter
    def detect_mutation(self, value: bool) -> None:
        _put("detect_mutation", value)


Config: Final = Settings()


class using_config:
    """Set one setting for a block or a function, and put the old value back on leaving, also by an exception.

    >>> with using_config("enable_backprop", False):
    ...     Config.enable_backprop
    False

    Raises `ValueError` for a name that is not a setting and `TypeError` for a value that is not a bool,
    both where it is called; `TypeError` on decorating a generator or coroutine function, whose body would
    run after the setting is put back: use `with` inside it.
    """

    __slots__ = ("_bit", "_name", "_saved", "_value")

    def __init__(self, name: Literal["enable_backprop", "detect_mutation"], value: bool) -> None:
        self._bit: int = _BITS[name] if name in _BITS else _bit(name)
        if value is not True and value is not False:
            raise TypeError(f"{name} takes True or False, not {value!r}")
        self._name: Literal["enable_backprop", "detect_mutation"] = name
        self._value: bool = value
        self._saved: list[bool] = []  # of every entry: one object may be entered within itself

    def __enter__(self) -> None:
        bits, bit = mode.get(), self._bit
        self._saved.append(bits & bit != 0)
        mode.set(bits | bit if self._value else bits & ~bit)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        bits, bit = mode.get(), self._bit
        mode.set(bits | bit if self._saved.pop() else bits & ~bit)

    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]:
        """Decorate: every call of `function` runs within the setting."""
        if _runs_later(function):
            raise TypeError(f"{function} runs after its call returns; use `with` inside it instead of decorating it")
        name, value = self._name, self._value

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            with using_config(name, value):
                return function(*args, **kwargs)

        return call


# The flags of code that is a generator, a coroutine, an asynchronous generator: `inspect.CO_GENERATOR` and so on.
_LATER: Final = 0x20 | 0x80 | 0x200


def _runs_later(function: object) -> bool:
    """Whether a call returns before the body runs: as `inspect` tells, which takes 4 ms to import."""
    while isinstance(function, (MethodType, functools.partial)):
        function = function.__func__ if isinstance(function, MethodType) else function.func
    code: object = getattr(function, "__code__", None)
    mark: object = getattr(function, "_is_coroutine_marker", None)  # by `inspect.markcoroutinefunction`: a bare object
    return (isinstance(code, CodeType) and code.co_flags & _LATER != 0) or type(mark) is object


def no_grad() -> using_config:
    """Record no graph, in a `with` block or as a decorator: intermediate arrays are freed at once.

    >>> with no_grad():
    ...     Config.enable_backprop
    False
    >>> @no_grad()
    ... def recording() -> bool:
    ...     return Config.enable_backprop
    >>> recording(), Config.enable_backprop
    (False, True)
    """
    return using_config("enable_backprop", False)
