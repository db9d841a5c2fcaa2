"""The examples run as their readers would run them, and find what they promise."""

from __future__ import annotations

import importlib
import re
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


@pytest.fixture
def examples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the examples importable, as they are to a script that lies next to them."""
    monkeypatch.setattr(sys, "path", [str(EXAMPLES), *sys.path])


def run(name: str, *arguments: list[str]) -> object:
    """What the main function of an example gives."""
    main: object = vars(importlib.import_module(name))["main"]
    assert callable(main)
    code: object = main(*arguments)
    return code


def need_optional() -> None:
    for name in ("sklearn", "matplotlib", "rich"):
        pytest.importorskip(name)


@pytest.mark.usefixtures("examples")
def test_newton_finds_both_minima(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("newton") == 0
    curve, rosenbrock = capsys.readouterr().out.split("Rosenbrock")
    for table, entries in ((curve, 1), (rosenbrock, 2)):
        rows = [line.split() for line in table.splitlines() if re.match(r" +\d+ ", line)]
        assert [int(row[0]) for row in rows] == list(range(8)), "seven steps suffice"
        arrived = [float(cell) for cell in rows[-1][1 : 1 + entries]]
        np.testing.assert_allclose(arrived, 1.0, rtol=0, atol=1e-12)
        # Quadratic convergence: near the end every step about doubles the number of right digits.
        errors = [abs(float(row[1]) - 1) for row in rows]
        assert errors[-2] < 1e-8
        assert errors[1] > 1e-2


@pytest.mark.usefixtures("examples")
def test_digits_learns_and_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need_optional()
    assert run("digits", ["--quick", "--out", str(tmp_path / "new" / "out")]) == 0

    out = capsys.readouterr().out
    accuracy = re.search(r"Accuracy +([\d.]+)% on 445 held-out images, after 8 epochs", out)
    assert accuracy is not None
    assert 90 <= float(accuracy[1]) < 100
    misread = re.search(r"Misread +(\d+)", out)
    assert misread is not None
    assert abs(float(accuracy[1]) - 100 * (1 - int(misread[1]) / 445)) < 0.01

    picture = (tmp_path / "new" / "out" / "digits.png").read_bytes()
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", picture[16:24])
    assert width == 1100
    assert 500 < height < 1200
    assert 10_000 < len(picture) < 1_000_000


@pytest.mark.usefixtures("examples")
def test_digits_says_which_accuracy_it_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need_optional()
    assert run("digits", ["--epochs", "1", "--out", str(tmp_path)]) == 1
    assert "below the 97%" in capsys.readouterr().err


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize("arguments", [["--epochs", "0"], ["--seed", "-1"], ["--out", __file__]])
def test_digits_refuses_what_makes_no_sense(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    need_optional()
    with pytest.raises(SystemExit) as stop:
        run("digits", arguments)
    assert stop.value.code == 2
    assert arguments[0] in capsys.readouterr().err


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize("missing", ["sklearn.datasets", "matplotlib.figure", "rich.progress"])
def test_digits_says_what_to_install(missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    need_optional()
    monkeypatch.delitem(sys.modules, "digits", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(SystemExit, match=r'pip install "tinypytorch\[examples\]"'):
        importlib.import_module("digits")
