"""Floor 5: where to put boxes that stand in layers, and how to lead arrows around them. Imports nothing.

After Sugiyama: arrows that skip layers get a corner in each of them; the order in each layer is improved until fewer
arrows cross; each layer is placed by least squares; what can stand in a column is moved there. Layers are bands: inside
a band an arrow runs straight down in a column of its own, and only between bands it bends. So it never runs through a
box.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

GAP, CORNER_GAP = 26.0, 14.0  # between neighbours in a layer: two boxes, or a box and an arrow that passes
RISE = 34.0  # between two layers, and more where arrows go far to the side
PORT = 13.0  # between arrows at one side of a box
SWEEPS, ROUNDS = 8, 16
ENOUGH = 100_000  # items that the rounds together move, in large graphs


@dataclass(frozen=True, slots=True)
class Box:
    """A box to be placed in a given layer; its corners are round by `radius`, where no arrow begins or ends."""

    layer: int
    width: float
    height: float
    radius: float
    weight: float  # how straight the arrows at it should be


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line from (x0, top) to (x1, bottom): straight down to `leave`, bent until `arrive`, straight down again.

    source: the box where the arrow begins.
    target: the box where it ends; None if other strokes carry it on.
    """

    source: int
    target: int | None
    x0: float
    top: float
    leave: float
    x1: float
    arrive: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Layout:
    """The centres of the boxes, the strokes of the arrows, and the size of the whole."""

    centres: list[tuple[float, float]]
    strokes: list[Stroke]
    width: float
    height: float


class _Web:
    """Boxes and corners as items, those of a layer in order, with the segments between neighbouring layers."""

    def __init__(self, boxes: Sequence[Box], arrows: Iterable[tuple[int, int]]) -> None:
        self.boxes = boxes
        self.layer = [box.layer for box in boxes]
        self.owner = list(range(len(boxes)))
        self.up: list[list[int]] = [[] for _ in boxes]
        self.down: list[list[int]] = [[] for _ in boxes]
        self.segments: list[tuple[int, int]] = []
        lines = [[i] for i in range(len(boxes))]
        for a, b in arrows:
            # The arrows of one box share a line of corners, from which each branches off above its end:
            # one line to follow for the eye, and not a quadratic number of corners for a variable used in each step.
            line = lines[a]
            for layer in range(self.layer[a] + len(line), self.layer[b]):
                self.layer.append(layer)
                self.owner.append(a)
                self.up.append([])
                self.down.append([])
                line.append(len(self.layer) - 1)
                self._connect(line[-2], line[-1])
            self._connect(line[self.layer[b] - self.layer[a] - 1], b)
        self.rows: list[list[int]] = [[] for _ in range(max(self.layer) + 1)]
        # The line of a box stands with the box, so the initial order is that of the boxes.
        for i in sorted(range(len(self.layer)), key=self.owner.__getitem__):
            self.rows[self.layer[i]].append(i)

    def _connect(self, a: int, b: int) -> None:
        self.segments.append((a, b))
        self.down[a].append(b)
        self.up[b].append(a)

    def is_corner(self, i: int) -> bool:
        return i >= len(self.boxes)

    def half(self, i: int) -> float:
        return 0.0 if self.is_corner(i) else self.boxes[i].width / 2

    def distance(self, i: int, j: int) -> float:
        """How far apart neighbours in a layer must be, centre to centre."""
        gap = CORNER_GAP if self.is_corner(i) or self.is_corner(j) else GAP
        return self.half(i) + gap + self.half(j)

    def pull(self, a: int, b: int) -> float:
        """How much a segment wants to be straight."""
        if self.goes_on(a, b):
            return 8.0
        return min(2.0 if self.is_corner(k) else self.boxes[k].weight for k in (a, b))

    def goes_on(self, a: int, b: int) -> bool:
        """Whether a segment only continues what comes from above."""
        return (self.is_corner(a) and self.is_corner(b)) or (len(self.down[a]) == 1 == len(self.up[b]))


def place(boxes: Sequence[Box], arrows: Sequence[tuple[int, int]]) -> Layout:
    """Place at least one box, and lead arrows, each from a box to one in a later layer.

    >>> layout = place([Box(0, 40.0, 20.0, 4.0, 1.0), Box(1, 60.0, 20.0, 4.0, 1.0)], [(0, 1)])
    >>> layout.centres, layout.width, layout.height
    ([(30.0, 10.0), (30.0, 64.0)], 60.0, 74.0)
    """
    web = _Web(boxes, arrows)
    _order(web)
    x = _columns(web)
    left = min(x[i] - web.half(i) for i in range(len(x)))
    x = [c - left for c in x]
    ends = _ports(web, x)
    tops, bottoms = _bands(web, ends)
    centres = [(x[i], (tops[box.layer] + bottoms[box.layer]) / 2) for i, box in enumerate(boxes)]
    strokes: list[Stroke] = []
    for (a, b), (x0, x1) in zip(web.segments, ends, strict=True):
        leave, arrive = bottoms[web.layer[a]], tops[web.layer[b]]
        top = tops[web.layer[a]] if web.is_corner(a) else centres[a][1] + boxes[a].height / 2
        bottom = arrive if web.is_corner(b) else centres[b][1] - boxes[b].height / 2
        strokes.append(
            Stroke(web.owner[a], None if web.is_corner(b) else b, x0, top, leave, x1, arrive, bottom),
        )
    return Layout(centres, strokes, max(x[i] + web.half(i) for i in range(len(x))), bottoms[-1])


def _order(web: _Web) -> None:
    """Order each layer by the mean position of its neighbours, down and up in turn; keep the best order found."""
    best, fewest = [row[:] for row in web.rows], _crossings(web)
    for sweep in range(SWEEPS):
        if fewest == 0:
            break
        rows, sides = (web.rows, web.up) if sweep % 2 == 0 else (web.rows[::-1], web.down)
        position = {i: float(k) for row in rows[:1] for k, i in enumerate(row)}
        for row in rows[1:]:
            goal = {i: _mean([position[j] for j in sides[i]], float(k)) for k, i in enumerate(row)}
            row.sort(key=goal.__getitem__)
            position = {i: float(k) for k, i in enumerate(row)}
        found = _crossings(web)
        if found < fewest:
            best, fewest = [row[:] for row in web.rows], found
    web.rows = best


def _mean(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(web: _Web) -> int:
    """How many pairs of segments cross: inversions between the orders of neighbouring layers."""
    total = 0
    for row, below in pairwise(web.rows):
        position = {i: k for k, i in enumerate(below)}
        seen: list[int] = []
        for i in row:
            ends = sorted(position[j] for j in web.down[i])
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _columns(web: _Web) -> list[float]:
    """The centre of each item: near its neighbours above, then below, in turn; at last near both, and in columns."""
    x = [0.0] * len(web.layer)
    for row in web.rows:
        _settle(web, row, [(0.0, 1.0)] * len(row), x)
    ups = [[(a, web.pull(a, i)) for a in above] for i, above in enumerate(web.up)]
    downs = [[(b, web.pull(i, b)) for b in below] for i, below in enumerate(web.down)]
    both = [above + below for above, below in zip(ups, downs, strict=True)]
    rounds = min(ROUNDS, 2 + ENOUGH // len(x))
    for sweep in range(2 * rounds):
        pulls = both if sweep >= rounds else (downs if sweep % 2 else ups)
        for row in reversed(web.rows) if sweep % 2 else web.rows:
            _settle(web, row, [_goal(pulls[i], x, i) for i in row], x)
    for _ in range(rounds):
        _straighten(web, both, x)
    return x


def _goal(pulls: list[tuple[int, float]], x: list[float], i: int) -> tuple[float, float]:
    """Where an item wants to be, and how much. Without neighbours on this side it stays, but gives way."""
    total = weight = 0.0
    for j, pull in pulls:
        total += x[j] * pull
        weight += pull
    return (total / weight, weight) if pulls else (x[i], 0.1)


def _straighten(web: _Web, pulls: list[list[tuple[int, float]]], x: list[float]) -> None:
    """Move runs of items that only go on from each other into one column, as far as their neighbours leave room."""
    left = {j: i for row in web.rows for i, j in pairwise(row)}
    right = {i: j for j, i in left.items()}

    def room(i: int) -> tuple[float, float]:
        low = x[left[i]] + web.distance(left[i], i) if i in left else -inf
        return low, x[right[i]] - web.distance(i, right[i]) if i in right else inf

    seen: set[int] = set()
    for start in (i for row in web.rows for i in row):
        if start in seen:
            continue
        run, (low, high) = [start], room(start)
        while following := [j for j in web.down[run[-1]] if web.goes_on(run[-1], j)]:
            lower, higher = room(following[0])
            if max(low, lower) > min(high, higher):
                break
            low, high = max(low, lower), min(high, higher)
            run.append(following[0])
        seen.update(run)
        inside = set(run)
        goal, _ = _goal([pull for i in run for pull in pulls[i] if pull[0] not in inside], x, start)
        for i in run:
            x[i] = max(low, min(high, goal))


def _settle(web: _Web, row: list[int], goals: list[tuple[float, float]], x: list[float]) -> None:
    """Place a layer as near to its (weighted) goals as the distances allow: isotonic regression, so in linear time."""
    shifts: list[float] = []
    blocks: list[tuple[float, float, int]] = []  # mean, weight and length of runs that stand shoulder to shoulder
    for k, i in enumerate(row):
        shifts.append(shifts[-1] + web.distance(row[k - 1], i) if k else 0.0)
        goal, weight = goals[k]
        mean, length = goal - shifts[k], 1
        while blocks and blocks[-1][0] > mean:
            before, heavy, n = blocks.pop()
            mean = (mean * weight + before * heavy) / (weight + heavy)
            weight += heavy
            length += n
        blocks.append((mean, weight, length))
    means = [mean for mean, _, length in blocks for _ in range(length)]
    for i, mean, shift in zip(row, means, shifts, strict=True):
        x[i] = mean + shift


def _ports(web: _Web, x: list[float]) -> list[tuple[float, float]]:
    """Where each segment begins and ends: those at one side of a box in the order of their other ends."""
    begins, ends = [x[a] for a, _ in web.segments], [x[b] for _, b in web.segments]
    outgoing: list[list[int]] = [[] for _ in web.boxes]
    incoming: list[list[int]] = [[] for _ in web.boxes]
    for s, (a, b) in enumerate(web.segments):
        if not web.is_corner(a):
            outgoing[a].append(s)
        if not web.is_corner(b):
            incoming[b].append(s)
    for i, box in enumerate(web.boxes):
        for mine, near, far in ((outgoing[i], begins, ends), (incoming[i], ends, begins)):
            step = min(PORT, (box.width - 2 * box.radius) / max(1, len(mine) - 1))
            for k, (_, s) in enumerate(sorted((far[s], s) for s in mine)):
                near[s] = x[i] + (k - (len(mine) - 1) / 2) * step
    return list(zip(begins, ends, strict=True))


def _bands(web: _Web, ends: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """The top and the bottom of each layer."""
    heights = [max((web.boxes[i].height for i in row if not web.is_corner(i)), default=0.0) for row in web.rows]
    wide = [0.0] * len(heights)
    for (a, _), (x0, x1) in zip(web.segments, ends, strict=True):
        wide[web.layer[a]] = max(wide[web.layer[a]], abs(x1 - x0))
    tops, bottoms, y = [0.0], [heights[0]], heights[0]
    for height, far in zip(heights[1:], wide, strict=False):
        y += RISE + min(60.0, max(0.0, far - 120.0) / 10)
        tops.append(y)
        y += height
        bottoms.append(y)
    return tops, bottoms
