"""The picture: bars for each workload, lines over the size where there are several sizes.

Every target is a limit on our figure, given the others' figures: a mark, in the colour of the library that it is
about, beyond which our bar or point must not go.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Final

from benchmarks.judge import Outcome, Verdict
from benchmarks.libraries import BY_HAND, LIBRARIES, OURS
from benchmarks.libraries.library import module
from benchmarks.measure import Series
from benchmarks.spread import spread
from benchmarks.targets import Kind
from benchmarks.words import amount, digits, scale
from benchmarks.workloads.workload import SECONDS

COLOURS: Final = {
    OURS: "#c1121f",
    BY_HAND: "#6c757d",
    "torch": "#f08c2e",
    "jax": "#4357ad",
    "jax.jit": "#8fa1e0",
    "autograd": "#1f9e89",
    "mygrad": "#8cb369",
    "micrograd": "#b08968",
}
_INK: Final = "#212529"
_FAINT: Final = "#8a9097"
_GRID: Final = "#e3e6e9"
_COLUMNS: Final = 2
_PANEL: Final = (7.6, 2.75)  # inches
_LEGEND: Final = 0.5
_CAPTION: Final = 0.35
_MARGIN: Final = 0.2
_LEFT, _RIGHT, _ABOVE, _BELOW = 1.25, 1.65, 0.5, 0.5  # around a plot
_TICKS: Final = 9.0  # points
_SMALL: Final = 8.0
_MARK: Final = 0.47  # half the height of a mark, where rows are 1 apart
_BAR: Final = 0.68
_LABEL: Final = 0.09  # labels at the ends of lines are at least this part of the height apart
_ROOM: Final = 0.05  # beyond the largest figure, as a part of the range
_FEW: Final = 1.4  # powers of ten that are too few for ticks


def load() -> ModuleType:
    """Import what draws; raises `AbsentError` where it is not installed. No window is needed."""
    return module("matplotlib.figure")


def draw(outcomes: Sequence[Outcome], path: Path, caption: str) -> None:
    """Draw all workloads into a file; the caption says where they were run."""
    picture = _Picture(len(outcomes))
    picture.say(caption)
    for n, outcome in enumerate(outcomes):
        _Panel(picture, n, outcome).draw()
    picture.legend(outcomes)
    picture.figure.savefig(path, dpi=120)


class _Picture:
    """Room for the plots, and a legend below them."""

    def __init__(self, count: int) -> None:
        self.columns: int = max(1, min(count, _COLUMNS))
        rows = max(1, math.ceil(count / _COLUMNS))
        width, height = _PANEL[0] * self.columns, _PANEL[1] * rows + _LEGEND + _CAPTION
        self.width: float = width
        self.height: float = height
        self.figure = load().Figure(figsize=(width, height), facecolor="white")
        plot = _PANEL[0] - _LEFT - _RIGHT
        self.grid = self.figure.add_gridspec(
            rows,
            self.columns,
            left=_LEFT / width,
            right=1 - _RIGHT / width,
            top=1 - (_ABOVE + _CAPTION) / height,
            bottom=(_LEGEND + _BELOW) / height,
            wspace=(_LEFT + _RIGHT) / plot,
            hspace=(_ABOVE + _BELOW) / (_PANEL[1] - _ABOVE - _BELOW),
        )

    def say(self, caption: str) -> None:
        """Write above the plots."""
        place = (_MARGIN / self.width, 1 - 0.22 / self.height)
        self.figure.text(*place, caption, fontsize=_SMALL, color=_FAINT, va="center")

    def legend(self, outcomes: Sequence[Outcome]) -> None:
        """What the colours and the marks mean."""
        there = {s.library for outcome in outcomes for s in outcome.series if s.figures}
        line, patch = module("matplotlib.lines").Line2D, module("matplotlib.patches").Patch
        entries = [patch(color=COLOURS[k], label=LIBRARIES[k].title) for k in COLOURS if k in there]
        entries.append(line([], [], color=_INK, linewidth=1.2, label="quartiles"))
        entries.append(line([], [], linestyle="", label="× 2: twice ours"))
        if any(outcome.verdicts for outcome in outcomes):
            text = "target, in the colour of the other library: not to be passed"
            entries.append(line([], [], color=_INK, linestyle="", marker="|", markersize=12, mew=2.4, label=text))
        self.figure.legend(
            handles=entries,
            loc="lower center",
            bbox_to_anchor=(0.5, 0.1 / self.height),
            ncols=len(entries) if self.columns > 1 else 3,
            frameon=False,
            fontsize=_TICKS,
            handlelength=1.2,
            columnspacing=1.4,
        )


class _Panel:
    """The plot of one workload."""

    def __init__(self, picture: _Picture, n: int, outcome: Outcome) -> None:
        row, column = divmod(n, picture.columns)
        self.axes = picture.figure.add_subplot(picture.grid[row, column])
        self.outcome: Outcome = outcome
        self.unit: str = outcome.workload.unit

    def draw(self) -> None:
        """Bars or lines."""
        axes = self.axes
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(_FAINT)
        axes.set_axisbelow(True)
        axes.tick_params(labelsize=_TICKS, labelcolor=_INK, length=0, which="both")
        name, title = self.outcome.workload.name, self.outcome.workload.title
        label = axes.set_title(name, loc="left", fontsize=12.5, fontweight="bold", color=_INK, pad=9)
        axes.annotate(
            title,
            (1, 0),
            xycoords=label,
            xytext=(8, 0),
            textcoords="offset points",
            fontsize=_TICKS,
            color=_FAINT,
            va="bottom",
        )
        if self.outcome.workload.per_op:
            self._lines()
        else:
            self._bars()

    def _bars(self) -> None:
        axes = self.axes
        # Of several cases that are no sizes, the first is what counts.
        case = self.outcome.series[0].case if self.outcome.series else ""
        shown = [s for s in self.outcome.series if s.case == case]
        ends = [q for s in shown if s.figures for q in (spread(s.figures).low, spread(s.figures).high)]
        marks = [v for v in self.outcome.verdicts if v.case == case and v.found is not None]
        self._scale(False, [*ends, *[v.ceiling for v in marks]])
        for row, series in enumerate(shown):
            self._bar(row, series)
        for verdict in marks:
            colour = _colour(verdict)
            axes.plot([verdict.ceiling] * 2, [-_MARK, _MARK], color="white", linewidth=4.5, solid_capstyle="butt")
            axes.plot([verdict.ceiling] * 2, [-_MARK, _MARK], color=colour, linewidth=2.4, solid_capstyle="butt")
        axes.set_yticks(range(len(shown)), [LIBRARIES[s.library].title for s in shown])
        for text, series in zip(axes.get_yticklabels(), shown):
            text.set_fontweight("bold" if series.library == OURS else "normal")
        axes.set_ylim(len(shown) - 0.4, -0.6)
        axes.xaxis.grid(True, color=_GRID, linewidth=0.8)

    def _bar(self, row: int, series: Series) -> None:
        axes, beside = self.axes, self.axes.get_yaxis_transform()
        if not series.figures:
            axes.text(0.01, row, series.note, transform=beside, va="center", fontsize=_SMALL, color=_FAINT)
            return
        s, over = spread(series.figures), self.outcome.ratio(series)
        ours = series.library == OURS
        axes.barh(row, s.median, height=_BAR, color=COLOURS[series.library], alpha=1.0 if ours else 0.75)
        axes.plot([s.low, s.high], [row, row], color=_INK, linewidth=1.2, solid_capstyle="butt")
        weight = "bold" if ours else "normal"
        figure = amount(s.median, SECONDS) if self.unit == SECONDS else digits(s.median)
        axes.text(1.145, row, figure, transform=beside, va="center", ha="right", fontsize=_TICKS, fontweight=weight)
        times = f"× {digits(1 / over.median)}" if over else self._met()
        axes.text(1.165, row, times, transform=beside, va="center", fontsize=_TICKS, color=_FAINT)

    def _met(self) -> str:
        """How many targets are met, in few signs."""
        states = [v.met for v in self.outcome.verdicts if v.met is not None]
        return f"{states.count(True)} of {len(states)} met" if states else ""

    def _lines(self) -> None:
        axes, labels = self.axes, list(dict.fromkeys(s.case for s in self.outcome.series))
        sizes = {label: float(label.replace(",", "")) for label in labels}
        ends: list[tuple[float, float, str]] = []
        figures: list[float] = []
        for key in COLOURS:
            own = [s for s in self.outcome.series if s.library == key and s.figures]
            if own:
                xs, ys = [sizes[s.case] for s in own], [spread(s.figures) for s in own]
                colour, ours = COLOURS[key], key == OURS
                axes.fill_between(xs, [y.low for y in ys], [y.high for y in ys], color=colour, alpha=0.2, linewidth=0)
                middle, width = [y.median for y in ys], 2.6 if ours else 1.6
                axes.plot(xs, middle, color=colour, linewidth=width, marker="o", markersize=5.5 if ours else 4)
                ends.append((xs[-1], middle[-1], key))
                figures += [q for y in ys for q in (y.low, y.high)]
        marks = [v for v in self.outcome.verdicts if v.found is not None]
        axes.set_xscale("log")
        self._scale(True, [*figures, *[v.ceiling for v in marks]])
        last = sizes[labels[-1]]
        for verdict in marks:
            axes.plot(last, verdict.ceiling, marker="_", markersize=16, markeredgewidth=2.6, color=_colour(verdict))
        self._names(ends)
        axes.set_xticks(list(sizes.values()), [f"n = {label}" for label in labels])
        axes.set_xlim(sizes[labels[0]] / 1.4, last * 1.4)
        axes.minorticks_off()
        axes.yaxis.grid(True, color=_GRID, linewidth=0.8)
        notes = {s.library: s.note for s in reversed(self.outcome.series) if s.note.startswith(("fails", "disagrees"))}
        text = "; ".join(f"{LIBRARIES[key].title} {note} at {labels[0]}" for key, note in notes.items())
        axes.text(1.165, 1.0, self._met(), transform=axes.transAxes, va="top", fontsize=_TICKS, color=_FAINT)
        axes.set_xlabel(text, fontsize=_SMALL, color=_FAINT, loc="left")

    def _names(self, ends: Sequence[tuple[float, float, str]]) -> None:
        """The libraries' names at the ends of their lines, none above another."""
        low, high = (math.log10(y) for y in self.axes.get_ylim())
        gap, before = _LABEL * (high - low), dict[float, float]()
        for x, y, key in sorted(ends, key=lambda end: end[1]):
            at = max(math.log10(y), before.get(x, -math.inf) + gap)
            before[x] = at
            self.axes.annotate(
                LIBRARIES[key].title,
                (x, 10**at),
                xytext=(14, 0),
                textcoords="offset points",
                fontsize=_SMALL,
                va="center",
                color=COLOURS[key],
                fontweight="bold" if key == OURS else "normal",
                annotation_clip=False,
            )

    def _scale(self, vertical: bool, figures: Sequence[float]) -> None:
        """A logarithmic axis for times, from below the smallest; one from zero for others."""
        axes = self.axes
        axis = axes.yaxis if vertical else axes.xaxis
        if self.unit != SECONDS or not figures:
            axis.set_major_locator(module("matplotlib.ticker").MaxNLocator(integer=True))
            return
        (axes.set_yscale if vertical else axes.set_xscale)("log")
        low, high = math.log10(min(figures)), math.log10(max(figures))
        room = _ROOM * max(high - low, 0.5)
        (axes.set_ylim if vertical else axes.set_xlim)(10 ** (low - 2 * room), 10 ** (high + room))
        few = high - low < _FEW
        axis.set_major_locator(module("matplotlib.ticker").LogLocator(subs=(1.0, 2.0, 5.0) if few else (1.0,)))
        axis.set_major_formatter(_tick)
        axis.set_minor_formatter("")


def _tick(figure: float, place: int) -> str:
    """A time at an axis: a power of ten, or few digits."""
    unit, seconds = scale(1.001 * figure)
    return f"{figure / seconds:.3g} {unit}"


def _colour(verdict: Verdict) -> str:
    return COLOURS[verdict.library] if verdict.target.kind is Kind.RATIO else _INK
