"""The tables in the documentation are what the declarations say now."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rich")

from tinypytorch.command import documents, run
from tinypytorch.command.arguments import parse
from tinypytorch.ops import ALL
from tinypytorch.testing import extras

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_the_table_of_ops_is_current() -> None:
    now = documents.ops(documents.verified(DOCS / "certificate.md"))
    assert (DOCS / "ops.md").read_text(encoding="utf-8") == now, "python -m tinypytorch list --markdown docs/ops.md"
    assert now.count("\n| `") == len(ALL) + len(extras.kinds())


def test_the_table_of_numpys_names_is_current() -> None:
    kept = (DOCS / "numpy.md").read_text(encoding="utf-8")
    if f"\n- NumPy {np.__version__}\n" in kept:
        assert kept == documents.numpy_names(), "python -m tinypytorch list --numpy docs/numpy.md"


def test_they_are_written_where_they_are_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "one.md", tmp_path / "two.md"
    assert run.main(parse(["list", "--markdown", str(one), "--numpy", str(two)])) == 0
    assert one.read_text(encoding="utf-8") == documents.ops({})
    assert two.read_text(encoding="utf-8") == documents.numpy_names()
    assert run.main(parse(["list", "--numpy", str(tmp_path / "no" / "such.md")])) == 2
    assert "No such file" in capsys.readouterr().err
