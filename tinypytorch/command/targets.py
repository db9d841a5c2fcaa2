"""Floor 6: from the text of a target to the ops that it names. Imports floor 2, `testing.pool` and `testing.opaque`.

Everything here runs in a worker process: importing a file is running it.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Final, TypeGuard

from tinypytorch.function import Function, is_binary, is_many, is_unary
from tinypytorch.ops import spec_of
from tinypytorch.testing.opaque import Traced
from tinypytorch.testing.whose import said, shown

RULES: Final = "backward (one input), backward_a and backward_b (two), or backward_all (any number)"


class MisuseError(Exception):
    """A target that is none; the message is for the person who wrote it."""


@dataclass(frozen=True)
class Place:
    """A target as it was written, taken apart: a module's name or a file's path, and perhaps a name in it."""

    text: str
    module: str
    path: str
    name: str

    @property
    def source(self) -> str:
        """The module or file, as it was written."""
        return self.path or self.module


@dataclass(frozen=True)
class Entry:
    """An op in a place: its label for people, its name there, and which of its declared cases (-1: none)."""

    label: str
    name: str
    case: int = -1
    trouble: str = ""


def place_of(text: str) -> Place:
    """Take a target apart.

    >>> place_of("ops/my.py:Swish").name, place_of("package.ops:Swish").module, place_of("my.py").path
    ('Swish', 'package.ops', 'my.py')
    """
    head, colon, name = text.rpartition(":")
    if not colon or "/" in name or "\\" in name:
        head, name = text, ""
    is_file = head.endswith(".py") or "/" in head or os.sep in head or (not name and Path(head).is_file())
    return Place(text, "" if is_file else head, head if is_file else "", name)


def is_op(x: object) -> TypeGuard[Function]:
    """Whether x has the methods of an op."""
    return is_unary(x) or is_binary(x) or is_many(x)


def _is_no_op(x: object) -> bool:
    return not is_op(x)


def is_traced(x: object) -> TypeGuard[Traced]:
    """Whether x can be called: then it is taken for a function of Variables."""
    return callable(x)


def load(place: Place) -> ModuleType:
    """Import the module or file. Raises `MisuseError` if it cannot be imported."""
    try:
        return _from_file(Path(place.path)) if place.path else importlib.import_module(place.module)
    except MisuseError:
        raise
    except SyntaxError as error:
        text = (error.text or "").strip()
        where = f"{shown(error.filename or place.source)}, line {error.lineno}"
        raise MisuseError(f"{where}: {error.msg}" + (f": {text}" if text else "")) from error
    except ModuleNotFoundError as error:
        if place.module and error.name and (place.module == error.name or place.module.startswith(f"{error.name}.")):
            hint = "a file is written with its .py, a built-in op as `list` has it, in lower case"
            raise MisuseError(f"there is no module {error.name}; {hint}") from error
        raise MisuseError(f"{place.source} cannot be imported: {said(error)}") from error
    except SystemExit as error:
        raise MisuseError(
            f"{place.source} cannot be imported: it ends the program (sys.exit); {said(error)}"
        ) from error
    except Exception as error:
        raise MisuseError(f"{place.source} cannot be imported: {said(error)}") from error


def _from_file(path: Path) -> ModuleType:
    """Import a file as Python would run it: its folder first on the path; as part of its package if it is in one."""
    if not path.is_file():
        near = difflib.get_close_matches(path.name, [p.name for p in sorted(path.parent.glob("*.py"))], 1)
        raise MisuseError(f"there is no file {path}" + (f"; there is {near[0]}" if near else ""))
    path = path.resolve()
    root, parts = path.parent, [path.stem]
    while (root / "__init__.py").is_file():
        parts.insert(0, root.name)
        root = root.parent
    sys.path.insert(0, str(root))
    if len(parts) > 1:
        return importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
    taken = path.stem in sys.modules or path.stem in sys.stdlib_module_names
    spec = importlib.util.spec_from_file_location(f"{path.stem}_file" if taken else path.stem, path)
    if spec is None or spec.loader is None:
        raise MisuseError(f"{path.name} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def entries(place: Place) -> tuple[Entry, ...]:
    """What the target names: one op or function, or all ops of a module."""
    module = load(place)
    if place.name:
        value = _named(module, place)
        return tuple(_entries_of(place, place.name, value))
    names: dict[str, object] = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    ops: dict[str, object] = {name: value for name, value in names.items() if _defined_here(module, value)}
    made: set[object] = {type(value) for value in ops.values() if not isinstance(value, type)}
    found: list[Entry] = []
    for name, value in ops.items():
        if not (value in made and _needs_arguments(value)):
            found += _entries_of(place, name, value)
    if found:
        half = [name for name, value in names.items() if _is_half(module, value)]
        found += [Entry(f"{place.source}:{name}", name, trouble=f"{name} {_lacks(names[name])}") for name in half]
        return tuple(found)
    raise MisuseError(_no_ops(place, module, names))


def _defined_here(module: ModuleType, value: object) -> bool:
    """Whether a module's value is an op of its own: a class that is no mere base, or an instance."""
    if not is_op(value) or isinstance(value, ModuleType):
        return False
    if isinstance(value, type):
        protocol: object = getattr(value, "_is_protocol", False)
        return value.__module__ == module.__name__ and not protocol and not inspect.isabstract(value)
    return True


def _is_half(module: ModuleType, value: object) -> bool:
    """Whether a class of the module is meant as an op, and is none: it has a forward, and something like a rule."""
    if not isinstance(value, type) or value.__module__ != module.__name__ or is_op(value):
        return False
    return hasattr(value, "forward") and any(name.startswith("backward") for name in vars(value))


def _no_ops(place: Place, module: ModuleType, names: dict[str, object]) -> str:
    """Why there is nothing to verify in a module, and what there is."""
    text = f"there is no op in {place.source}: no class with a forward and {RULES}"
    half = [name for name, value in names.items() if isinstance(value, type) and hasattr(value, "forward")]
    own = [name for name in half if getattr(names[name], "__module__", "") == module.__name__]
    if own:
        return f"{text}; {own[0]} {_lacks(names[own[0]])}"
    functions = [n for n, v in names.items() if inspect.isfunction(v) and v.__module__ == module.__name__]
    if functions:
        return f"{text}; a function is verified by its name, {place.source}:{functions[0]}"
    return text


def _lacks(value: object) -> str:
    """What something lacks to be an op."""
    for have, miss in (("backward_a", "backward_b"), ("backward_b", "backward_a")):
        if hasattr(value, have) and not hasattr(value, miss):
            return f"has {have}, but no {miss}"
    if hasattr(value, "forward"):
        return f"has a forward, but no rule: {RULES}"
    if any(hasattr(value, rule) for rule in ("backward", "backward_all", "backward_a")):
        return "has a rule, but no forward"
    return f"is no op: no forward, and no {RULES}"


def _named(module: ModuleType, place: Place) -> object:
    value: object = module
    for part in place.name.split("."):
        names: list[str] = dir(value)
        if part not in names:
            near = difflib.get_close_matches(part, [n for n in names if not n.startswith("__")], 1, 0.5)
            hint = f"; did you mean {place.source}:{near[0]}?" if near else ""
            raise MisuseError(f"there is no {place.name} in {place.source}{hint}")
        value = getattr(value, part)
    return value


def _entries_of(place: Place, name: str, value: object) -> Iterator[Entry]:
    """The entries for one value: one, or one for each declared instance of a class that needs arguments."""
    label = f"{place.source}:{name}"
    plain = _is_no_op(value)
    if isinstance(value, type):
        if plain:
            yield Entry(label, name, trouble=f"{name} {_lacks(value)}")
            return
        cases = _cases(value) if _needs_arguments(value) else []
        if cases:
            for text, n in cases:
                yield Entry(f"{place.source}:{text}", name, n)
            return
        try:
            instance(name, value)
        except MisuseError as error:
            yield Entry(label, name, trouble=str(error))
            return
    elif plain and (isinstance(value, ModuleType) or not callable(value)):
        yield Entry(label, name, trouble=f"{name} {_lacks(value)}")
        return
    yield Entry(label, name)


def _needs_arguments(value: object) -> bool:
    """Whether a class cannot be called without arguments, as far as its signature tells."""
    if not isinstance(value, type):
        return False
    try:
        inspect.signature(value).bind()
    except (TypeError, ValueError):
        return True
    return False


def _cases(kind: type) -> list[tuple[str, int]]:
    """The different instances among a class's declared cases: as text, and their positions."""
    declared = spec_of(kind).cases
    found: dict[str, int] = {}
    for n, case in enumerate(declared() if declared else ()):
        if type(case.op) is kind:
            text = repr(case.op)
            found.setdefault(f"{kind.__name__}[{n}]" if text.startswith("<") else " ".join(text.split()), n)
    return list(found.items())


def instance(name: str, kind: type) -> object:
    """An instance of a class, without arguments."""
    try:
        return kind()
    except Exception as error:
        if _needs_arguments(kind):
            why = "; give them defaults, verify an instance by its name, or declare `spec = Spec(cases=...)`"
            raise MisuseError(f"{name}() needs arguments: {error}{why}") from error
        raise MisuseError(f"{name}() cannot be made: {said(error)}") from error


def resolve(place: Place, entry: Entry) -> object:
    """The op, or function, of an entry."""
    value = _named(load(place), Place(place.text, place.module, place.path, entry.name))
    if not isinstance(value, type):
        return value
    if entry.case < 0:
        return instance(entry.name, value)
    declared = spec_of(value).cases
    return declared()[entry.case].op if declared else instance(entry.name, value)
