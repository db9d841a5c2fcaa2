"""Floor 3: settings, one value per thread and asyncio task. Imports the standard library only.

A `ContextVar` gives what a module global cannot: `no_grad()` in one thread or task leaves the others alone.
The settings share one integer, so that an op asks once (20 ns). A bit of it is set where a setting is not as it is by
default, so that ordinarily it is 0, and an op need not look further.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from types import CodeType, MethodType, TracebackType
from typing import Final, Literal, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

NO_BACKPROP: Final = 1  # `enable_backprop` is False
DETECT_MUTATION: Final = 2  # `detect_mutation` is True
TRANSFORMED: Final = 4  # the code that runs is a function that a transform differentiates
# The name of leaves that stand for plain arguments: nobody but the transform that made one differentiates by it.
ARGUMENT: Final = "argument"
# For each setting its bit, and the value that the bit stands for.
_BITS: Final = {"enable_backprop": (NO_BACKPROP, False), "detect_mutation": (DETECT_MUTATION, True)}

mode: ContextVar[int] = ContextVar("tinypytorch.mode", default=0)
# `mode.get`, bound once: an op asks for the mode by calling this.
current_mode: Callable[[], int] = mode.get


def _bit(name: str, value: bool) -> tuple[int, int]:
    """The bit of a setting, and what it is for this value: the bit itself, or 0."""
    if name not in _BITS:
        raise ValueError(f"{name!r} is not a setting; the settings are {', '.join(map(repr, _BITS))}")
    if not isinstance(value, bool):
        raise TypeError(f"{name} takes True or False, not {value!r}")
    bit, meant = _BITS[name]
    return bit, bit if value is meant else 0


def _put(name: str, value: bool) -> None:
    bit, now = _bit(name, value)
    mode.set(mode.get() & ~bit | now)


class Settings:
    """The settings of this thread or task; the one instance is `Config`.

    >>> Config.enable_backprop
    True
    """

    __slots__ = ()

    @property
    def enable_backprop(self) -> bool:
        """Whether operations record the graph. Default True."""
        return not mode.get() & NO_BACKPROP

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

    __slots__ = ("_bit", "_now", "_saved")

    def __init__(self, name: Literal["enable_backprop", "detect_mutation"], value: bool) -> None:
        self._bit, self._now = _bit(name, value)
        self._saved: list[int] = []  # the bit at every entry: one object may be entered within itself

    def __enter__(self) -> None:
        bits, bit = mode.get(), self._bit
        self._saved.append(bits & bit)
        mode.set(bits & ~bit | self._now)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        mode.set(mode.get() & ~self._bit | self._saved.pop())

    def __call__(self, function: Callable[P, R], /) -> Callable[P, R]:
        """Decorate: every call of `function` runs within the setting."""
        if _runs_later(function):
            raise TypeError(f"{function} runs after its call returns; use `with` inside it instead of decorating it")
        bit, now = self._bit, self._now

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            before = mode.get()
            mode.set(before & ~bit | now)
            try:
                return function(*args, **kwargs)
            finally:
                mode.set(mode.get() & ~bit | before & bit)

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
