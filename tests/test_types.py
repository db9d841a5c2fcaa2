"""The types keep their promises, and the source keeps its order.

`typing/accepts.py` holds what type checkers must accept, `typing/rejects.py` what they must not; both are given to mypy
and basedpyright. Further down the source tree itself is read: no type is suppressed, no file is long, and no module
imports from a floor above its own.
"""

from __future__ import annotations

import ast
import io
import json
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypedDict

import pytest

from tests.typing import accepts, accepts_api, accepts_numpy, accepts_transforms

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "tinypytorch"
MODULES = (accepts, accepts_api, accepts_numpy, accepts_transforms)
ACCEPTS = [ROOT / "tests" / "typing" / f"{module.__name__.rpartition('.')[2]}.py" for module in MODULES]
REJECTS = ROOT / "tests" / "typing" / "rejects.py"

Found = dict[int, list[tuple[str, str]]]  # for each line, the code and the text of every error


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, cwd=ROOT, check=False)


def listing(found: Found) -> str:
    return "\n".join(f"{line}: {text} [{code}]" for line, errors in sorted(found.items()) for code, text in errors)


# mypy. As a process of its own, since `mypy.api.run` changes this one's recursion limit and garbage collection.


@pytest.fixture(scope="module")
def mypy(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """What mypy finds in both files, by file name; it is run once."""
    pytest.importorskip("mypy")
    cache = tmp_path_factory.mktemp("mypy_cache")
    options = ("--config-file=mypy.ini", f"--cache-dir={cache}", "--no-pretty", "--no-error-summary")
    done = run("mypy", *options, "--show-error-codes", *map(str, ACCEPTS), str(REJECTS))
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: dict[str, Found] = {path.name: {} for path in (*ACCEPTS, REJECTS)}
    for text in done.stdout.splitlines():
        match = re.fullmatch(r"(?P<file>.+?):(?P<line>\d+)(:\d+)?: error: (?P<text>.*?)  \[(?P<code>[\w-]+)\]", text)
        if match is None:
            assert ": error: " not in text, text
            continue
        name = Path(match["file"]).name
        assert name in found, f"mypy finds an error elsewhere: {text}"
        found[name].setdefault(int(match["line"]), []).append((match["code"], match["text"]))
    return found


def expected() -> dict[int, list[str]]:
    """The codes in the `# E:` comments of rejects.py, by line."""
    wanted: dict[int, list[str]] = {}
    for token in tokenize.generate_tokens(io.StringIO(REJECTS.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT and token.string.startswith("# E:"):
            wanted[token.start[0]] = sorted(code.strip() for code in token.string[4:].split(","))
    return wanted


def difference(wanted: dict[int, list[str]], got: dict[int, list[str]], found: Found) -> str:
    """For each line of rejects.py where `wanted` and `got` are not equal, both, and what was found there."""
    source = REJECTS.read_text(encoding="utf-8").splitlines()
    text: list[str] = []
    for line in sorted(wanted.keys() | got.keys()):
        if wanted.get(line, []) != got.get(line, []):
            text.append(f"rejects.py:{line}: expected {wanted.get(line, [])}, got {got.get(line, [])}")
            text.append(f"    {source[line - 1].strip()}")
            text.extend(f"    {message} [{code}]" for code, message in found.get(line, []))
    return "\n".join(text)


@pytest.mark.parametrize("path", ACCEPTS, ids=lambda path: str(getattr(path, "name", path)))
def test_mypy_accepts(mypy: dict[str, Found], path: Path) -> None:
    assert not mypy[path.name], listing(mypy[path.name])


def test_mypy_rejects(mypy: dict[str, Found]) -> None:
    got = {line: sorted({code for code, _ in errors}) for line, errors in mypy[REJECTS.name].items()}
    different = difference(expected(), got, mypy[REJECTS.name])
    assert not different, different


def test_enough_is_rejected() -> None:
    assert len(expected()) >= 100


# basedpyright.


class Position(TypedDict):
    line: int


class Range(TypedDict):
    start: Position


class Diagnostic(TypedDict):
    file: str
    severity: str
    message: str
    rule: str
    range: Range


class Report(TypedDict):
    generalDiagnostics: list[Diagnostic]


class Settings(TypedDict):
    """What basedpyright is told: as in pyproject.toml, which leaves rejects.py out."""

    include: list[str]
    typeCheckingMode: str
    extraPaths: list[str]


@pytest.fixture(scope="module")
def basedpyright(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Found]:
    """What basedpyright finds in both files, by file name; it is run once."""
    pytest.importorskip("basedpyright")
    settings: Settings = {
        "include": [str(path) for path in (*ACCEPTS, REJECTS)],
        "typeCheckingMode": "strict",
        "extraPaths": [str(ROOT)],
    }
    project = tmp_path_factory.mktemp("basedpyright") / "pyrightconfig.json"
    project.write_text(json.dumps(settings), encoding="utf-8")
    done = run("basedpyright", "--outputjson", "--project", str(project), "--pythonpath", sys.executable)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    report: Report = json.loads(done.stdout)
    found: dict[str, Found] = {path.name: {} for path in (*ACCEPTS, REJECTS)}
    for one in report["generalDiagnostics"]:
        if one["severity"] == "error":
            line = one["range"]["start"]["line"] + 1
            found[Path(one["file"]).name].setdefault(line, []).append((one.get("rule", ""), one["message"]))
    return found


@pytest.mark.parametrize("path", ACCEPTS, ids=lambda path: str(getattr(path, "name", path)))
def test_basedpyright_accepts(basedpyright: dict[str, Found], path: Path) -> None:
    assert not basedpyright[path.name], listing(basedpyright[path.name])


def test_basedpyright_rejects(basedpyright: dict[str, Found]) -> None:
    got = {line: ["error"] for line in basedpyright[REJECTS.name]}
    different = difference({line: ["error"] for line in expected()}, got, basedpyright[REJECTS.name])
    assert not different, different


# What is promised statically also happens.


def checks() -> list[Callable[[], None]]:
    """The functions to call."""
    found: list[Callable[[], None]] = []
    for module in MODULES:
        for name in dir(module):
            if name.startswith("check_"):
                check: Callable[[], None] = getattr(module, name)
                found.append(check)
    return found


@pytest.mark.parametrize("check", checks(), ids=lambda check: str(getattr(check, "__name__", check)))
def test_what_is_accepted_runs(check: Callable[[], None]) -> None:
    check()


# The source tree.

# Each module's floor: the longest name here that it has, or that a package above it has. A module imports from its own
# floor and from those below.
FLOORS = {
    "tinypytorch": 6,
    "tinypytorch.compat": 0,
    "tinypytorch.arrays": 1,
    "tinypytorch.linalg": 4,
    "tinypytorch.function": 2,
    "tinypytorch.tangents": 2,
    "tinypytorch.ops": 2,
    "tinypytorch.core": 3,
    "tinypytorch.functions": 4,
    "tinypytorch.fft": 5,
    "tinypytorch.numpy": 5,
    "tinypytorch.numpy_arguments": 5,
    "tinypytorch.numpy_functions": 5,
    "tinypytorch.numpy_names": 5,
    "tinypytorch.numpy_ufuncs": 5,
    "tinypytorch.numerical": 5,
    "tinypytorch.transforms": 5,
    "tinypytorch.drawing": 5,
    "tinypytorch.scipy": 5,
    "tinypytorch.special": 5,
    "tinypytorch.special.ops": 2,
    "tinypytorch.special.ufuncs": 2,
    "tinypytorch.testing": 6,
    "tinypytorch.command": 6,
    "tinypytorch.__main__": 6,
}

# These begin their docstrings for the people who import them.
PUBLIC = {
    *("tinypytorch", "tinypytorch.numpy", "tinypytorch.scipy.special", "tinypytorch.special", "tinypytorch.testing"),
}


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in SOURCES.items()}


def floor(name: str) -> int:
    """The floor of a module; `KeyError` for one that was given none."""
    known = name
    while known not in FLOORS:
        known = known.rpartition(".")[0]
    if known == "tinypytorch" != name:
        raise KeyError(f"{name} has no floor; give it one in FLOORS")
    return FLOORS[known]


def imports(node: ast.AST, name: str) -> Iterator[str]:
    """The modules of the package that the import statements in and under `node`, of the module `name`, name."""
    for statement in ast.walk(node):
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                if alias.name in SOURCES:
                    yield alias.name
        elif isinstance(statement, ast.ImportFrom):
            base = statement.module or ""
            if statement.level:
                steps = statement.level - (SOURCES[name].name == "__init__.py")
                package = name.rsplit(".", steps)[0] if steps else name
                base = f"{package}.{base}" if base else package
            if base in SOURCES:
                for alias in statement.names:
                    inner = f"{base}.{alias.name}"
                    yield inner if inner in SOURCES else base


GRAPH = {name: sorted(set(imports(tree, name))) for name, tree in TREES.items()}

every_module = pytest.mark.parametrize("name", SOURCES)


@every_module
def test_imports_point_down(name: str) -> None:
    up = [f"{other} (floor {floor(other)})" for other in GRAPH[name] if floor(other) > floor(name)]
    assert not up, f"{name} (floor {floor(name)}) imports {', '.join(up)}"


def test_no_import_cycle() -> None:
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, f"import cycle: {' -> '.join((*path[path.index(name) :], name))}"
        if name not in done:
            for other in GRAPH[name]:
                visit(other, (*path, name))
            done.add(name)

    for name in GRAPH:
        visit(name, ())


@every_module
def test_no_import_of_the_package_inside_a_function(name: str) -> None:
    for node in ast.walk(TREES[name]):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inside = list(imports(node, name))
            assert not inside, f"{name}: {node.name} (line {node.lineno}) imports {', '.join(inside)}"


@every_module
def test_docstring_names_the_floor(name: str) -> None:
    docstring = ast.get_docstring(TREES[name]) or ""
    assert docstring, f"{name} has no docstring"
    if name not in PUBLIC:
        assert docstring.startswith(f"Floor {floor(name)}: "), f"{name}: {docstring.splitlines()[0]}"


@every_module
def test_no_type_is_suppressed(name: str) -> None:
    source = SOURCES[name].read_text(encoding="utf-8")
    for pattern in (r"#\s*type:\s*ignore", r"#\s*(based)?pyright:", r"#\s*mypy:", r"\bcast\("):
        match = re.search(pattern, source)
        assert match is None, f"{name}, line {source[: match.start()].count(chr(10)) + 1}: {match[0]}"
    for node in ast.walk(TREES[name]):
        named = (
            [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom) and node.module in ("typing", "typing_extensions")
            else [node.attr]
            if isinstance(node, ast.Attribute)
            else []
        )
        assert not {"Any", "cast"} & set(named), f"{name}, line {getattr(node, 'lineno', '?')}: Any or cast"


@every_module
def test_no_file_is_long(name: str) -> None:
    lines = len(SOURCES[name].read_text(encoding="utf-8").splitlines())
    assert lines <= 400, f"{name} has {lines} lines"
