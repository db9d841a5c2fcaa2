"""Floor 5: graphs as DOT, and as files through Graphviz. Imports floors 1 to 4 and its neighbours here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from tinypytorch.core.variable import Variable
from tinypytorch.drawing.graph import function_lines, history, kind, variable_lines
from tinypytorch.drawing.svg import LIMIT, to_svg

FORMATS = ("png", "svg", "pdf")
PATIENCE = 60.0  # seconds; Graphviz needs hours for some graphs of a few hundred nodes

_HEAD = """digraph {
  node [fontname="Helvetica", fontsize=12, style="filled,rounded", shape=box, color="#475569", fillcolor="#ffffff"];
  edge [color="#64748b", arrowsize=0.7];
"""
_LOOKS = {
    "result": "",
    "leaf": ', color="#b45309", fillcolor="#fef3c7"',
    "constant": ', color="#94a3b8", fillcolor="#f1f5f9", style="filled,rounded,dashed"',
}
_FUNCTION = ', color="#1d4ed8", fillcolor="#dbeafe", style=filled'


def get_dot_graph(output: Variable, verbose: bool = True) -> str:
    """As `drawing.get_dot_graph` says."""
    graph = history(output)
    parts = [_HEAD]
    for v, i in graph.variables.items():
        parts.append(f"  v{i} [label={_quoted(variable_lines(v, verbose))}{_LOOKS[kind(v)]}];\n")
    for node, i in graph.functions.items():
        parts.append(f"  f{i} [label={_quoted(function_lines(node, verbose))}{_FUNCTION}];\n")
    for node, i in graph.functions.items():
        parts.extend(f"  v{graph.variables[p]} -> f{i};\n" for p in node.parents if p is not None)
    for v, i in graph.variables.items():
        if v.creator is not None:
            parts.append(f"  f{graph.functions[v.creator]} -> v{i};\n")
    return "".join((*parts, "}"))


def _quoted(lines: tuple[str, str]) -> str:
    """A label as a quoted string, in which Graphviz reads backslashes, and the entities of HTML."""
    text = "\n".join(line for line in lines if line)
    text = text.replace("\\", r"\\").replace('"', r"\"")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", r"\n")
    if "&" in text:
        text = re.sub(r"&(?=#?\w+;)", "&amp;", text)
    return f'"{text}"'


def plot_dot_graph(output: Variable, verbose: bool = True, to_file: str | os.PathLike[str] = "graph.png") -> None:
    """As `drawing.plot_dot_graph` says."""
    path = Path(to_file)
    suffix = path.suffix.lower()
    if suffix.removeprefix(".") not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise ValueError(f"plot_dot_graph: the file's suffix is {suffix!r}, but must be one of {known}")
    history(output, LIMIT)
    dot = shutil.which("dot")
    if dot is not None:
        _write(path, _rendered(dot, get_dot_graph(output, verbose), suffix.removeprefix(".")))
    elif suffix == ".svg":
        _write(path, to_svg(output, verbose).encode())
    else:
        raise RuntimeError(
            f"plot_dot_graph: {suffix} needs Graphviz, but there is no `dot` on the PATH; install it (apt install "
            "graphviz, brew install graphviz, conda install graphviz), or write .svg, which works without"
        )


def _rendered(dot: str, text: str, form: str) -> bytes:
    """What Graphviz makes of a DOT text. It sees no file name: the picture comes back through a pipe."""
    try:
        # S603 warns of arguments from outside: there are none but the path of `dot` and one of three formats.
        done = subprocess.run(  # noqa: S603
            [dot, f"-T{form}"], input=text.encode(), capture_output=True, check=False, timeout=PATIENCE
        )
    except subprocess.TimeoutExpired as error:
        raise RuntimeError(
            f"plot_dot_graph: {dot} did not finish within {PATIENCE:g} seconds; draw a smaller graph, or take the "
            "text of to_svg, which needs no Graphviz"
        ) from error
    except OSError as error:
        raise RuntimeError(f"plot_dot_graph: {dot} does not start: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise RuntimeError(f"plot_dot_graph: {dot} failed with exit code {done.returncode}: {said}")
    return done.stdout


def _write(path: Path, content: bytes) -> None:
    """Write a file in full or not at all: beside it first, then in its place."""
    if not path.parent.is_dir():
        raise FileNotFoundError(f"plot_dot_graph: there is no directory {str(path.parent)!r}")
    draft = path.with_name(f".{os.urandom(8).hex()}.draft")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
