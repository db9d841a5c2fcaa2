"""The table of conventions in the documents says what this package gives, and every line of it is there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tinypytorch import Array
from tinypytorch.ops import elementwise
from tinypytorch.testing.libraries.corners import INTRODUCTION, OURS, ROWS, Row, cells, measured

DOCUMENT: Final = (Path(__file__).resolve().parents[1] / "docs" / "conventions.md").read_text(encoding="utf-8")
LINES: Final = [
    [cell.strip() for cell in line.strip("|\n ").split(" | ")] for line in DOCUMENT.splitlines() if line[:3] == "| `"
]


@pytest.mark.parametrize(("row", "line"), [pytest.param(r, n, id=n[0]) for r, n in zip(ROWS, LINES, strict=True)])
def test_our_column_is_what_we_give(row: Row, line: list[str]) -> None:
    assert line[:4] == [*cells(row), *measured(OURS, [row])]
    assert line[3] != "–"


def test_the_document_is_made_of_the_table() -> None:
    assert DOCUMENT.startswith(INTRODUCTION)
    assert all(len(line) == 7 for line in LINES)
    for column in range(4, 7):
        assert sum(line[column] != "–" for line in LINES) > len(LINES) / 2


def divided(gy: Array, d: Array) -> Array:
    return gy / d


def test_a_changed_convention_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Row("", "where(x > 0, sqrt(x), 0.0 * x)", (0.0,))
    assert measured(OURS, [row]) == ["0"]
    monkeypatch.setattr(elementwise, "over", divided)
    assert measured(OURS, [row]) == ["nan"]
