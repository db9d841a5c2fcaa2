"""Drawings: every variable, function and edge once, whatever the names and however deep the graph."""

from __future__ import annotations

import re
import time
from collections import Counter
from operator import methodcaller
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tinypytorch as tp
from tinypytorch import Variable
from tinypytorch.core.hooks import FUNCTIONS
from tinypytorch.core.vertex import Node, Vertex
from tinypytorch.drawing import get_dot_graph, plot_dot_graph, repr_svg, serve, svg, to_svg

SVG = "{http://www.w3.org/2000/svg}"
TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|->|[{}\[\];,=]|[\w.]+)', re.DOTALL)
HOSTILE = [
    '"',
    "\\",
    '\\"',
    "a\nb\r\nc",
    "<b>&amp;</b>",
    "]]>",
    "\x00\x1b",
    "\ud800",
    "\ufffe",
    "변수 🐍",
    "%s{}",
    "",
    "\\N",
]

names = st.one_of(st.none(), st.sampled_from(HOSTILE), st.text(st.characters(exclude_categories=[])))


@st.composite
def graphs(draw: st.DrawFn) -> Variable:
    """A random graph: shared and repeated inputs, constants, several outputs, hostile names."""
    pool = [
        Variable(np.ones(2), draw(names), requires_grad=i == 0 or draw(st.booleans()))
        for i in range(draw(st.integers(1, 3)))
    ]
    for _ in range(draw(st.integers(0, 14))):
        a, b = draw(st.sampled_from(pool)), draw(st.sampled_from(pool))
        match draw(st.integers(0, 4)):
            case 0:
                pool.append(a + b)
            case 1:
                pool.append(tp.exp(-a))
            case 2:
                pool.append(a * 3.0)
            case 3:
                u, v = tp.split(tp.concatenate([a, b, a]), [2])
                pool.extend((u, v[1:3]))
            case _:
                pool.append(tp.where(np.array([True, False]), a, b))
        pool[-1].name = draw(names)
    return draw(st.sampled_from(pool)) if draw(st.booleans()) else pool[-1]


def walk(output: Variable) -> tuple[list[Vertex], list[Node]]:
    variables: dict[int, Vertex] = {id(output): output}
    functions: dict[int, Node] = {}
    todo: list[Vertex] = [output]
    while todo:
        node = todo.pop(0).creator
        if node is not None and id(node) not in functions:
            functions[id(node)] = node
            for p in node.parents:
                if p is not None and id(p) not in variables:
                    variables[id(p)] = p
                    todo.append(p)
    return list(variables.values()), list(functions.values())


def parse(text: str) -> tuple[dict[str, str], Counter[tuple[str, str]]]:
    """Labels of nodes and counts of edges. Fails on text that does not fall into tokens, so on an open quote."""
    tokens: list[str] = []
    at = 0
    while at < len(text):
        found = TOKEN.match(text, at)
        assert found is not None, text[at:]
        tokens.append(found[1])
        at = found.end()
    assert tokens[:2] == ["digraph", "{"]
    assert tokens[-1] == "}"
    labels: dict[str, str] = {}
    edges: Counter[tuple[str, str]] = Counter()
    statement: list[str] = []
    for token in tokens[2:-1]:
        if token != ";":
            statement.append(token)
            continue
        if statement[1] == "->":
            edges[statement[0], statement[2]] += 1
        elif statement[0] not in ("node", "edge"):
            assert statement[0] not in labels
            assert statement[1:4] == ["[", "label", "="]
            labels[statement[0]] = statement[4][1:-1]
        statement = []
    return labels, edges


def deep(n: int) -> Variable:
    y = Variable(np.array(1.0))
    for _ in range(n):
        y = y + 1.0
    return y


def small() -> Variable:
    return (Variable(np.array(3.0), "x") + 3.0) ** 2 / 2.0


@given(graphs(), st.booleans())
@settings(deadline=None)
def test_dot_has_everything_once(y: Variable, verbose: bool) -> None:
    labels, edges = parse(get_dot_graph(y, verbose))
    variables, functions = walk(y)
    assert set(labels) == {f"v{i}" for i in range(len(variables))} | {f"f{i}" for i in range(len(functions))}
    classes = Counter(labels[k].split("\\n")[0] for k in labels if k[0] == "f")
    assert classes == Counter(type(node.op).__name__ for node in functions)
    assert {i for edge in edges for i in edge} <= set(labels)


@given(graphs())
@settings(deadline=None)
def test_dot_has_the_edges_of_the_graph(y: Variable) -> None:
    variables, functions = walk(y)
    names = {v: f"n{i}" for i, v in enumerate(variables)}
    for v in variables:
        assert isinstance(v, Variable)
        v.name = names[v]
    labels, edges = parse(get_dot_graph(y, verbose=False))
    # A function is known by its outputs.
    made: dict[str, set[str]] = {}
    fed: dict[str, Counter[str]] = {}
    for (s, t), n in edges.items():
        if s[0] == "f":
            made.setdefault(s, set()).add(labels[t])
            assert n == 1
        else:
            fed.setdefault(t, Counter())[labels[s]] += n
    drawn = sorted((sorted(made[f]), labels[f], sorted(fed[f].elements())) for f in made)
    assert drawn == sorted(
        (
            sorted(names[v] for v in variables if v.creator is node),
            type(node.op).__name__,
            sorted(names[p] for p in node.parents if p is not None),
        )
        for node in functions
    )


def test_dot_names_every_edge() -> None:
    a, b = Variable(np.ones(2), "a"), Variable(np.ones(3), "b", requires_grad=False)
    y = a * a
    y.name = "y"
    z = tp.concatenate([y, b])
    z.name = "z"
    labels, edges = parse(get_dot_graph(z))
    assert labels["v0"] == "z\\n(5,) float64"
    readable = Counter({(labels[s].split("\\n")[0], labels[t].split("\\n")[0]): n for (s, t), n in edges.items()})
    assert readable == {
        ("a", "Mul"): 2,
        ("Mul", "y"): 1,
        ("y", "Concatenate"): 1,
        ("b", "Concatenate"): 1,
        ("Concatenate", "z"): 1,
    }
    assert set(parse(get_dot_graph(z, verbose=False))[0].values()) == {"a", "b", "y", "z", "Mul", "Concatenate"}


def test_labels_say_what_is_there() -> None:
    x = Variable(np.ones(1, np.float32), 'a"b\\c\nd &lt; <e>')
    assert f'label="a\\"b\\\\c\\nd &amp;lt; <e>\\n{x.shape} {x.dtype}"' in get_dot_graph(x)
    assert "no data" in get_dot_graph(Variable(None))
    assert "PowConst\\nc=3" in get_dot_graph(x**3)
    root = ElementTree.fromstring(to_svg(x))
    assert [t.text for t in root.iter(f"{SVG}text")] == ['a"b\\c d &lt; <e>', "(1,) float32"]


@given(graphs(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_svg_parses_and_has_everything_once(y: Variable, verbose: bool) -> None:
    text = to_svg(y, verbose)
    assert text == to_svg(y, verbose)
    root = ElementTree.fromstring(text.encode())
    variables, functions = walk(y)
    said = [title.text or "" for title in root.iter(f"{SVG}title")]
    assert len(said) == len(variables) + len(functions)
    assert sum(s.startswith("function: ") for s in said) == len(functions)
    assert sum(s.startswith("constant") for s in said) == sum(v.creator is None and not v.tracking for v in variables)
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    rects = list(root.iter(f"{SVG}rect"))[1:]
    assert len(rects) == len(said)
    for r in rects:
        x, y0, w, h = (float(r.attrib[k]) for k in ("x", "y", "width", "height"))
        assert x >= 0 <= y0
        assert x + w + 2 * svg.MARGIN <= width + 0.2
        assert y0 + h + 2 * svg.MARGIN <= height + 0.2
    heads = sum(path.attrib["d"].count("z") for path in root.iter(f"{SVG}path"))
    assert heads == sum(parse(get_dot_graph(y))[1].values())


def test_the_same_graph_gives_the_same_text() -> None:
    assert get_dot_graph(small()) == get_dot_graph(small())
    assert to_svg(small()) == to_svg(small())


def test_only_outputs_with_a_part_in_it_are_drawn() -> None:
    x = Variable(np.arange(6.0), "x")
    parts = tp.split(x, 3)
    labels, edges = parse(get_dot_graph(parts[0] + parts[2]))
    assert len(labels) == 4 + 2
    assert sum(edges.values()) == 1 + 2 + 2 + 1
    alone = get_dot_graph(parts[1])
    del parts
    assert len(parse(alone)[0]) == 3


def test_deep_graphs_do_not_recurse_and_are_refused_quickly(tmp_path: Path) -> None:
    y = deep(100_000)
    begin = time.perf_counter()
    with pytest.raises(ValueError, match="more than 1,000 variables and functions"):
        to_svg(y)
    with pytest.raises(ValueError, match="more than 1,000 variables and functions"):
        plot_dot_graph(y, to_file=tmp_path / "y.svg")
    assert repr_svg(y) is None
    assert time.perf_counter() - begin < 1.0
    assert not list(tmp_path.iterdir())
    text = get_dot_graph(y)
    assert text.count("[label=") == 200_001
    assert text.count("->") == 200_000


def test_leaves_stand_right_above_their_first_use() -> None:
    x, late = Variable(np.ones(2), "x"), Variable(np.ones(2), "late")
    y = -x + tp.exp(tp.exp(Variable(np.ones(2), "z"))) * x - late
    y.name = "y"
    tops = {
        group[0].text: float(group[1].attrib["y"])
        for group in ElementTree.fromstring(to_svg(y, verbose=False)).iter(f"{SVG}g")
        if group[0].tag == f"{SVG}title"
    }
    neg, sub = tops["function: Neg"], tops["function: Sub"]
    assert tops["leaf, gets a gradient: x"] == tops["leaf, gets a gradient: z"] < neg
    assert tops["function: Add"] < tops["leaf, gets a gradient: late"] < sub < tops["result: y"]


def test_the_limit_is_exact() -> None:
    assert to_svg(deep(498) + Variable(np.array(1.0))).count("<title>") == 1000
    with pytest.raises(ValueError, match="too many for a picture"):
        to_svg(deep(500))


def test_notebooks() -> None:
    assert repr_svg(Variable(np.ones(2))) is None
    assert repr_svg(deep(49)) == to_svg(deep(49))
    assert repr_svg(deep(50)) is None
    before = dict(FUNCTIONS)
    try:
        serve()
        y = small()
        assert methodcaller("_repr_svg_")(y) == to_svg(y)
    finally:
        FUNCTIONS.clear()
        FUNCTIONS.update(before)


@pytest.mark.parametrize("draw", [get_dot_graph, to_svg, plot_dot_graph])
def test_no_variable(draw: object) -> None:
    assert callable(draw)
    with pytest.raises(TypeError, match=r"takes a Variable, not \(2,\) float64"):
        draw(np.ones(2))
