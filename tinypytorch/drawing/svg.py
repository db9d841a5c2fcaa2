"""Floor 5: graphs as SVG, without Graphviz. Imports floors 1 to 4 and its neighbours here.

Looks are attributes of the elements, and arrow heads are drawn, not referred to: several pictures in one notebook page
share its style sheets and ids.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tinypytorch.core.variable import Variable
from tinypytorch.core.vertex import Node, Vertex
from tinypytorch.drawing.graph import History, function_lines, history, kind, variable_lines
from tinypytorch.drawing.layout import Box, Stroke, place

LIMIT = 1000  # variables and functions in a picture
NOTEBOOK_LIMIT = 100  # and in one that nobody asked for

MARGIN = 16.0
LONGEST = 32  # characters of a line in a box; all of it is in the tooltip
FAMILY = "system-ui, -apple-system, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif"
HEAD_LENGTH, HEAD_HALF = 7.0, 3.2


@dataclass(frozen=True, slots=True)
class _Look:
    """How a box of some kind is drawn, and what its tooltip says of it."""

    radius: float
    attributes: str
    ink: str
    says: str


_LOOKS = {
    "result": _Look(11.0, 'fill="#ffffff" stroke="#64748b"', "#0f172a", "result"),
    "leaf": _Look(11.0, 'fill="#fef3c7" stroke="#b45309" stroke-width="1.6"', "#451a03", "leaf, gets a gradient"),
    "constant": _Look(11.0, 'fill="#f1f5f9" stroke="#64748b" stroke-dasharray="4 3"', "#334155", "constant"),
}
_FUNCTION = _Look(3.0, 'fill="#dbeafe" stroke="#1d4ed8"', "#1e3a8a", "function")

# As `xml.sax.saxutils.escape`, which takes 15 ms to import.
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def to_svg(output: Variable, verbose: bool = True) -> str:
    """As `drawing.to_svg` says."""
    graph = history(output, LIMIT)
    boxes: list[Box] = []
    drawn: list[tuple[_Look, str, str]] = []
    layers = _layers(graph)
    for v in graph.variables:
        name, about = variable_lines(v, verbose)
        look = _LOOKS[kind(v)]
        drawn.append((look, name, about))
        boxes.append(_box(layers[v], look, name, about, 1.0 if v.creator is None else 3.0))
    for node in graph.functions:
        name, about = function_lines(node, verbose)
        drawn.append((_FUNCTION, name, about))
        boxes.append(_box(2 * node.generation + 1, _FUNCTION, name, about, 3.0))
    layout = place(boxes, list(_arrows(graph)))
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.1f} {height:.1f}" width="{width:.1f}" '
        f'height="{height:.1f}" style="max-width:100%;height:auto" role="img" aria-label="computation graph">\n'
        f'<rect width="100%" height="100%" rx="6" fill="#ffffff"/>\n<g transform="translate({MARGIN:g} {MARGIN:g})">\n'
        f'<path d="{_lines(layout.strokes)}" fill="none" stroke="#64748b" stroke-width="1.3"/>\n'
        f'<path d="{_heads(layout.strokes)}" fill="#64748b"/>\n'
        f'<g font-family="{FAMILY}" text-anchor="middle">\n'
    )
    parts = [head]
    for (x, y), box, (look, name, about) in zip(layout.centres, boxes, drawn, strict=True):
        parts.append(_drawn(x, y, box, look, name, about))
    return "".join((*parts, "</g></g></svg>\n"))


def repr_svg(v: Variable) -> str | None:
    """As `drawing.repr_svg` says."""
    if v.creator is None:
        return None
    try:
        history(v, NOTEBOOK_LIMIT)
    except ValueError:
        return None
    return to_svg(v)


def _layers(graph: History) -> dict[Vertex, int]:
    """The layer of each variable: generations, functions between them. Leaves stand right above their first use."""
    layers = {v: 2 * v.generation for v in graph.variables}
    first: dict[Vertex, int] = {}
    for node in graph.functions:
        for p in _inputs(node):
            if p.creator is None:
                first[p] = min(2 * node.generation, first.get(p, 2 * node.generation))
    return layers | first


def _inputs(node: Node) -> Iterator[Vertex]:
    return (p for p in node.parents if p is not None)


def _arrows(graph: History) -> Iterator[tuple[int, int]]:
    """From each input to its function, and from each function to its outputs: positions among variables, functions."""
    n = len(graph.variables)
    for node, i in graph.functions.items():
        for p in _inputs(node):
            yield graph.variables[p], n + i
    for v, i in graph.variables.items():
        if v.creator is not None:
            yield n + graph.functions[v.creator], i


def _box(layer: int, look: _Look, name: str, about: str, weight: float) -> Box:
    """A box as large as its text."""
    lines = (14.0 * _ems(_short(name)), 10.5 * _ems(_short(about)))
    height = 16.0 + 15.0 * bool(name) + 13.0 * bool(about) - 4.0 * bool(name and about)
    return Box(layer, max(36.0, max(lines) + 22.0), max(22.0, height), look.radius, weight)


def _ems(text: str) -> float:
    """About how wide a text is, in widths of an em, rather more than less: the font is whatever the reader has."""
    return sum(map(_em, text))


def _em(c: str) -> float:
    if unicodedata.combining(c):
        return 0.0
    if unicodedata.east_asian_width(c) in "WF":
        return 1.05
    if c in "ijltfrI.,:;'|!()[] ":
        return 0.4
    if c in "mwMW@%":
        return 0.98
    return 0.72 if c.isupper() or ord(c) > 0x2000 else 0.64


def _short(text: str) -> str:
    """A text on one line of bounded length."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def _drawn(x: float, y: float, box: Box, look: _Look, name: str, about: str) -> str:
    """A box with its text and its tooltip."""
    title = ": ".join(part for part in (look.says, " ".join(p for p in (name, about) if p)) if part)
    left, top = x - box.width / 2, y - box.height / 2
    shape = (
        f'<g><title>{_escaped(title)}</title><rect x="{left:.1f}" y="{top:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="{look.radius:g}" {look.attributes}/>'
    )
    parts = [shape]
    # 0.35 of the size from the middle of a line of text down to its base.
    if name:
        base = y + 4.6 - 6.5 * bool(about)
        parts.append(_text(x, base, f'font-size="13" font-weight="600" fill="{look.ink}"', name))
    if about:
        base = y + 3.7 + 7.5 * bool(name)
        parts.append(_text(x, base, f'font-size="10.5" fill="{look.ink}"', about))
    return "".join((*parts, "</g>\n"))


def _text(x: float, y: float, attributes: str, text: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {attributes}>{_escaped(_short(text))}</text>'


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _lines(strokes: Iterable[Stroke]) -> str:
    """The strokes as a path; those with a head end inside it."""
    parts: list[str] = []
    for s in strokes:
        end = s.bottom if s.target is None else s.bottom - HEAD_LENGTH + 1
        arrive = min(s.arrive, end)
        middle = (s.leave + arrive) / 2
        parts.append(
            f"M{s.x0:.1f} {s.top:.1f}V{s.leave:.1f}C{s.x0:.1f} {middle:.1f} {s.x1:.1f} {middle:.1f} "
            f"{s.x1:.1f} {arrive:.1f}V{end:.1f}"
        )
    return "".join(parts)


def _heads(strokes: Iterable[Stroke]) -> str:
    """The arrow heads as a path. Every arrow arrives from straight above."""
    return "".join(
        f"M{s.x1:.1f} {s.bottom:.1f}l{-HEAD_HALF:g} {-HEAD_LENGTH:g}h{2 * HEAD_HALF:g}z"
        for s in strokes
        if s.target is not None
    )
