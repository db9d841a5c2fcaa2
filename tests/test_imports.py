"""`import tinypytorch` stays cheap: what it loads beside NumPy is listed here, so that no test has to take time."""

from __future__ import annotations

import ast
import functools
import inspect
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import MethodType

import pytest

from tests.support import call
from tinypytorch import no_grad

# What the modules that are loaded may import beside the package itself: small, or loaded by NumPy in every version.
NAMED = {
    *("__future__", "collections.abc", "contextvars", "functools", "heapq", "importlib", "itertools", "math"),
    *("operator", "os", "sys", "threading", "types", "typing", "warnings", "weakref", "numpy", "numpy.typing"),
}
# What may be loaded that `import numpy` alone has not loaded.
NEW = {
    *("__future__", "_heapq", "heapq", "threading"),
    *("importlib", "importlib._bootstrap", "importlib._bootstrap_external"),
}

FRESH = """
import sys, numpy
before = set(sys.modules)
import tinypytorch
for name in sorted(sys.modules):
    print(name, name not in before, getattr(sys.modules[name], "__file__", None), sep="\\t")
"""


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@functools.cache
def fresh() -> list[list[str]]:
    """After both imports in a new interpreter: each module, whether NumPy alone had not loaded it, and its file."""
    return [line.split("\t") for line in run(FRESH).splitlines()]


def imported(tree: ast.AST) -> Iterator[str]:
    """The modules that a source imports, but for those that type checkers alone see."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for other in node.orelse:
                yield from imported(ast.Module([other], []))
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield f"{'.' * node.level}{node.module}"
        else:
            yield from imported(node)


def test_what_an_import_loads() -> None:
    new = {name for name, is_new, _ in fresh() if is_new == "True"}
    assert "tinypytorch.core.variable" in new
    heavy = {name for name in new if not name.startswith(("tinypytorch", "numpy."))} - NEW
    assert not heavy, f"import tinypytorch loads {', '.join(sorted(heavy))}; what it costs: python -X importtime"


def test_what_the_loaded_modules_import() -> None:
    """Also what NumPy has loaded already: another version of it may not."""
    sources = {name: Path(file) for name, _, file in fresh() if name.partition(".")[0] == "tinypytorch"}
    assert len(sources) > 30
    for name, path in sources.items():
        named = set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        heavy = {other for other in named if not other.startswith("tinypytorch")} - NAMED
        assert not heavy, f"{name} imports {', '.join(sorted(heavy))} when the package is imported"


DRAWN = [
    ("tp.get_dot_graph(y)", "digraph"),
    ("tp.to_svg(y)", "<svg"),
    ("y._repr_svg_()", "<svg"),
    ("tp.drawing.repr_svg(y)", "<svg"),
    ("tp.plot_dot_graph(y, to_file=sys.argv[0] or 'y.jpg')", "must be one of"),
]


@pytest.mark.parametrize(("code", "start"), DRAWN, ids=[code for code, _ in DRAWN])
def test_drawing_is_loaded_on_demand(code: str, start: str) -> None:
    text = f"""
import sys, numpy as np, tinypytorch as tp
y = tp.Variable(np.array(2.0)) ** 2
assert not {{"tinypytorch.drawing.dot", "tinypytorch.drawing.svg", "subprocess"}} & set(sys.modules)
try:
    print({code})
except ValueError as error:
    print(error)
"""
    assert start in run(text)


# `using_config` tells functions whose body runs later without `inspect`, but as that does.


class Things:
    def plain(self) -> int:
        return 1

    def numbers(self) -> Iterator[int]:
        yield 1

    async def later(self) -> None: ...

    async def stream(self) -> AsyncIterator[int]:
        yield 1

    def __call__(self) -> int:
        return 2


@functools.wraps(Things.numbers)
def wrapped(self: Things) -> object:
    return list(Things.numbers(self))


CALLABLES: list[object] = [
    *(Things.plain, Things.numbers, Things.later, Things.stream, wrapped, Things, Things(), len, lambda: 1),
    *(getattr(Things(), name) for name in ("plain", "numbers", "later", "stream")),
    *(functools.partial(f, Things()) for f in (Things.plain, Things.numbers, Things.later, Things.stream)),
    functools.partial(functools.partial(Things.later), Things()),
    functools.partial(Things().stream),
    MethodType(functools.partial(Things.numbers), Things()),
]
if hasattr(inspect, "markcoroutinefunction"):  # from Python 3.12 on
    CALLABLES.append(call(getattr(inspect, "markcoroutinefunction", None), lambda: 1))

LATER: list[Callable[[object], bool]] = [
    inspect.isgeneratorfunction,
    inspect.iscoroutinefunction,
    inspect.isasyncgenfunction,
]


@pytest.mark.parametrize("f", CALLABLES, ids=range(len(CALLABLES)))
def test_functions_that_run_later_are_told_as_inspect_tells_them(f: object) -> None:
    if any(is_later(f) for is_later in LATER):
        with pytest.raises(TypeError, match="use `with` inside it"):
            call(no_grad(), f)
    else:
        assert callable(call(no_grad(), f))
