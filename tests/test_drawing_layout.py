"""Layout: no two boxes touch, and no arrow runs through a box."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.test_drawing import graphs, parse, walk
from tinypytorch import Variable
from tinypytorch.drawing import get_dot_graph, svg, to_svg
from tinypytorch.drawing.layout import Box, Layout, Stroke, place


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Box], list[tuple[int, int]]]:
    """Boxes in layers with no layer empty, and arrows downward, some twice and some over many layers."""
    depth = draw(st.integers(1, 7))
    layers = sorted([*range(depth), *draw(st.lists(st.integers(0, depth - 1), max_size=14))])
    size = st.integers(10, 75).map(lambda half: 2.0 * half)
    boxes = [Box(layer, draw(size), draw(size), 3.0, draw(st.sampled_from([1.0, 3.0]))) for layer in layers]
    pairs = [(a, b) for a, b in combinations(range(len(boxes)), 2) if layers[a] < layers[b]]
    return boxes, draw(st.lists(st.sampled_from(pairs), max_size=30)) if pairs else []


def points(s: Stroke) -> Iterator[tuple[float, float]]:
    yield s.x0, s.top
    for k in range(21):
        t = k / 20
        bend = 3 * t**2 - 2 * t**3
        # The curve's control points are straight below its begin and straight above its end, half-way.
        yield s.x0 + (s.x1 - s.x0) * bend, s.leave + (s.arrive - s.leave) * (1.5 * t * (1 - t) + t**3)
    yield s.x1, s.bottom


def inside(box: Box, layout: Layout, i: int, x: float, y: float) -> bool:
    cx, cy = layout.centres[i]
    return abs(x - cx) < box.width / 2 - 1e-6 and abs(y - cy) < box.height / 2 - 1e-6


@given(problems())
@settings(max_examples=200, deadline=None)
def test_layout(problem: tuple[list[Box], list[tuple[int, int]]]) -> None:
    boxes, arrows = problem
    layout = place(boxes, arrows)
    for i, j in combinations(range(len(boxes)), 2):
        (xi, yi), (xj, yj) = layout.centres[i], layout.centres[j]
        apart_x = abs(xi - xj) - (boxes[i].width + boxes[j].width) / 2
        apart_y = abs(yi - yj) - (boxes[i].height + boxes[j].height) / 2
        assert max(apart_x, apart_y) > 10.0
        assert (boxes[i].layer < boxes[j].layer) <= (yi < yj)
    for box, (x, y) in zip(boxes, layout.centres, strict=True):
        assert box.width / 2 - 1e-6 <= x <= layout.width - box.width / 2 + 1e-6
        assert box.height / 2 - 1e-6 <= y <= layout.height - box.height / 2 + 1e-6
    assert Counter((s.source, s.target) for s in layout.strokes if s.target is not None) == Counter(arrows)
    for s in layout.strokes:
        assert s.top <= s.leave + 1e-6 < s.arrive < s.bottom + 1e-6
        for x, y in points(s):
            assert not any(inside(box, layout, i, x, y) for i, box in enumerate(boxes))
    # Every stroke begins at its source's lower side, or where another stroke of that source was carried on.
    for s in layout.strokes:
        cx, cy = layout.centres[s.source]
        at_box = abs(s.x0 - cx) <= boxes[s.source].width / 2 and abs(s.top - cy - boxes[s.source].height / 2) < 1e-6
        carried = any((o.source, o.target, o.x1, o.bottom) == (s.source, None, s.x0, s.top) for o in layout.strokes)
        assert at_box or carried


def test_inputs_stand_evenly_above_what_they_go_into() -> None:
    boxes = [Box(0, width, 20.0, 3.0, 1.0) for width in (40.0, 60.0, 40.0)]
    layout = place([*boxes, Box(1, 30.0, 20.0, 3.0, 3.0)], [(0, 3), (1, 3), (2, 3)])
    (a, _), (b, _), (c, _), (below, _) = layout.centres
    assert abs(b - below) + abs((a + c) / 2 - below) < 1e-6


def test_a_variable_used_everywhere_has_one_line() -> None:
    """Corners grow with the length of the line, not with the square of it."""
    depth = 50
    boxes = [Box(layer, 40.0, 20.0, 3.0, 1.0) for layer in range(depth)]
    layout = place(boxes, [(0, k) for k in range(1, depth)])
    assert len(layout.strokes) == (depth - 1) + (depth - 2)


@given(graphs())
@settings(deadline=None)
def test_drawings_lead_arrows_down(y: Variable) -> None:
    """What `to_svg` gives the layout are the graph's edges, each from an earlier layer to a later one."""
    given: list[tuple[Sequence[Box], Sequence[tuple[int, int]]]] = []

    def spy(boxes: Sequence[Box], arrows: Sequence[tuple[int, int]]) -> Layout:
        given.append((boxes, arrows))
        return place(boxes, arrows)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(svg, "place", spy)
        to_svg(y)
    ((boxes, arrows),) = given
    assert all(boxes[a].layer < boxes[b].layer for a, b in arrows)
    n = len(walk(y)[0])
    names = [f"v{i}" if i < n else f"f{i - n}" for i in range(len(boxes))]
    assert Counter((names[a], names[b]) for a, b in arrows) == parse(get_dot_graph(y))[1]
