"""The parts of the command: usage, targets, rows, reports."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mpmath")
pytest.importorskip("rich")

from rich.console import Console

from tests.command_files import ROOT
from tinypytorch import Variable
from tinypytorch.command import certificate as cert
from tinypytorch.command import listing, reports, run, table
from tinypytorch.command.arguments import Options, parse
from tinypytorch.command.targets import Entry, MisuseError, entries, place_of, resolve
from tinypytorch.command.tasks import (
    Check,
    Outcome,
    Row,
    explained,
    perform,
)
from tinypytorch.ops import ALL, spec_of
from tinypytorch.ops.elementwise import Sin
from tinypytorch.testing.checks import Verdict
from tinypytorch.testing.verify import Report, Settings, verify_function, verify_op

# Usage.


@pytest.mark.parametrize("arguments", [(), ("--help",), ("help",)])
def test_usage(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        parse(arguments)
    assert error.value.code == 0
    assert "verify myop.py" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("verfy", "no command 'verfy'"),
        ("verify --nonesuch", "--nonesuch"),
        ("verify --examples 0", "a whole number from 1 is wanted, not '0'"),
        ("verify --seed -1", "a whole number from 0 is wanted"),
        ("verify --seconds 0", "a time in seconds is wanted"),
        ("verify --timeout soon", "a time in seconds is wanted"),
        ("verify --orders 3", "1, 2 or 1,2 is wanted"),
        ("verify --dtype int8", "float32"),
        ("verify --json myop.py", "'myop.py' does not end in .json"),
        ("list --all", "--all"),
    ],
)
def test_wrong_options(arguments: str, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as error:
        parse(arguments.split())
    assert error.value.code == 2
    assert text in capsys.readouterr().err


def test_targets_and_options_mix() -> None:
    options = parse(["verify", "a.py", "--examples", "3", "b.py", "--orders", "2,1", "--dtype", "float32", "--json"])
    assert list(options.targets) == ["a.py", "b.py"]
    assert (options.examples, options.orders, options.dtype, options.json) == (3, (1, 2), ["float32"], "-")
    assert parse(["verify"]).targets in ((), [])
    assert Options().dtype == []


@pytest.mark.parametrize("name", ["mpmath", "rich"])
def test_without_the_extra(name: str) -> None:
    code = f"import sys, runpy; sys.modules[{name!r}] = None; sys.argv = ['', 'verify']; "
    code += "runpy.run_module('tinypytorch', run_name='__main__')"
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert name in done.stderr
    assert 'pip install "tinypytorch[verify]"' in done.stderr


def text_of(show: Callable[[Console], None], width: int = 200) -> str:
    """What is printed on a console."""
    file = io.StringIO()
    show(Console(file=file, width=width, highlight=False, markup=False, emoji=False))
    return file.getvalue()


def test_list() -> None:
    text = text_of(listing.show)
    for name, kind in ALL.items():
        (line,) = [line for line in text.splitlines() if line.split()[:1] == [name]]
        assert spec_of(kind).kink in line
        assert line.split()[-1] == ("yes" if spec_of(kind).holomorphic else "no")
    assert re.search(r"Log +log +> 0", text)
    assert run.main(parse(["list"])) == 0


# Targets.


@pytest.mark.parametrize(
    ("text", "module", "path", "name"),
    [
        ("a.b:C", "a.b", "", "C"),
        ("a.b", "a.b", "", ""),
        ("a.py", "", "a.py", ""),
        ("x/a.py:C.d", "", "x/a.py", "C.d"),
        ("C:/x/a.py", "", "C:/x/a.py", ""),
    ],
)
def test_places(text: str, module: str, path: str, name: str) -> None:
    place = place_of(text)
    assert (place.module, place.path, place.name) == (module, path, name)


def test_a_file_in_a_package_imports_its_neighbours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    package = tmp_path / "somepackage" / "inner"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").touch()
    (package / "base.py").write_text("def double(x): return x + x\n")
    op = "from .base import double\nclass Double:\n def forward(self, x): return double(x)\n"
    (package / "ops.py").write_text(op + " def backward(self, gy, y, x): return double(gy)\n")
    place = place_of(str(package / "ops.py"))
    (entry,) = entries(place)
    assert type(resolve(place, entry)).__module__ == "somepackage.inner.ops"


def test_a_file_may_have_the_name_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "json.py").write_text("class Op:\n def forward(self, x): return x\n backward = forward\n")
    assert [entry.name for entry in entries(place_of(str(tmp_path / "json.py")))] == ["Op"]
    assert sys.modules["json"] is json


def test_what_counts_as_an_op_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what is imported, nor private, nor abstract; an instance instead of a class that needs arguments."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "severalops.py").write_text(
        "from abc import ABC, abstractmethod\n"
        "from tinypytorch.ops.elementwise import Sin\n"
        "from tinypytorch import Unary\n"
        "class Base(ABC):\n"
        " @abstractmethod\n def forward(self, x): ...\n"
        " def backward(self, gy, y, x): return gy\n"
        "class Op(Base):\n"
        " def __init__(self, n): self.n = n\n"
        " def forward(self, x): return x\n"
        "class _Hidden(Op): pass\n"
        "class Mine(Unary):\n"
        " def forward(self, x): return x\n"
        " def backward(self, gy, y, x): return gy\n"
        "three, sine = Op(3), Sin()\n"
    )
    found = entries(place_of(str(tmp_path / "severalops.py")))
    assert [entry.name for entry in found] == ["Mine", "three", "sine"]


def test_a_class_that_is_meant_as_an_op_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named beside those that are ops, which are verified; a layer, with a forward alone, is meant as none."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "misspelt.py").write_text(
        "class Op:\n def forward(self, x): return x\n def backward(self, gy, y, x): return gy\n"
        "class Typo:\n def forward(self, x): return x\n def backwards(self, gy, y, x): return gy\n"
        "class Layer:\n def forward(self, x): return x\n"
    )
    one, two = entries(place_of(str(tmp_path / "misspelt.py")))
    assert (one.name, one.trouble, two.name) == ("Op", "", "Typo")
    assert two.trouble.startswith("Typo has a forward, but no rule: backward (one input)")


def test_an_op_that_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "unmade.py").write_text(
        "class Op:\n def __init__(self): raise OSError('no file')\n"
        " def forward(self, x): return x\n def backward(self, gy, y, x): return gy\n"
    )
    (entry,) = entries(place_of(str(tmp_path / "unmade.py")))
    assert entry.trouble.startswith("Op() cannot be made: OSError: no file (")
    assert entry.trouble.endswith("unmade.py, line 2: def __init__(self): raise OSError('no file'))")
    with pytest.raises(MisuseError, match="no nonesuch in math"):
        entries(place_of("math:nonesuch"))
    row = perform(Check(place_of("math:pi"), Entry("math:pi", "pi"), Settings(examples=1)), lambda done: None)
    assert isinstance(row, Row)
    assert row.outcome is Outcome.MISUSED


# Rows, made up.


def made(outcome: Outcome = Outcome.VERIFIED, target: str = "op", **changes: object) -> Row:
    """A row with a hundred programs."""
    report = Report(target, programs=100, orders=(1, 2), worst_ulps=1.25)
    report.references.update({"differences": 20, "rounded duals": 200, "complex step": 1})
    report.coverage.fan_out.update({1: 60, 2: 30, 5: 10})
    report.coverage.reused = 25
    report.coverage.dtypes.update(["float64"])
    for name, value in changes.items():
        assert hasattr(report, name)
        setattr(report, name, value)
    return Row(target, outcome, report, "" if outcome is Outcome.VERIFIED else f"why {target} is not | verified")


def test_exit_codes() -> None:
    one = {o: run.exit_code([made(), made(o)]) for o in Outcome}
    assert one.pop(Outcome.VERIFIED) == 0
    assert one.pop(Outcome.UNFINISHED) == 0
    assert one.pop(Outcome.MISUSED) == 2
    assert set(one.values()) == {1}
    assert run.exit_code([made(Outcome.MISUSED), made(Outcome.HUNG)]) == 1
    assert [run.worst(a, b) for a, b in ((0, 0), (0, 2), (2, 1), (1, 0))] == [0, 2, 1, 1]


@pytest.mark.parametrize(
    ("calls", "said"),
    [
        (0, "100 programs: 25 % reuse an inner node; values"),
        (50, "100 programs: 50 are a call of a function, of the others 50 % reuse an inner node; values"),
        (100, "100 programs: each a call of a function; values"),
    ],
)
def test_a_call_of_a_function_has_no_inner_nodes(calls: int, said: str) -> None:
    row = made()
    row.report.coverage.calls = calls
    row.report.coverage.reused = min(25, 100 - calls)
    assert table.coverage_of([row])[0].startswith(said)


def test_calls_are_counted() -> None:
    def cubed(x: Variable) -> Variable:
        return x * x * x

    settings = Settings(examples=5)
    assert verify_function(cubed, np.array([1.0]), settings=settings).coverage.calls == 5
    assert verify_op(Sin(), settings=settings).coverage.calls == 0


def test_the_table_fits_its_terminal() -> None:
    rows = [made(), made(Outcome.WRONG, "other:Name", kink="0 at 0")]
    wide = text_of(lambda out: table.show(rows, out, 3, 1.5))
    assert "rounded duals, differences" in wide
    assert "complex step" not in wide
    narrow = text_of(lambda out: table.show(rows, out, 3, 1.5), 80)
    assert "r d" in narrow
    assert "r rounded duals" in narrow
    for text in (wide, narrow):
        assert "200 programs: 25 % reuse an inner node; values are used 60 % once, 30 % twice, 10 % more often" in text
        assert "why other:Name is not | verified" in text
        assert "1 verified, 1 WRONG in 1.5 s (seed 3)" in text


def test_a_certificate_reads_back() -> None:
    rows = [made(), made(Outcome.WRONG, "a|b", kink="x|y at 0")]
    settings = Settings(examples=7, seed=3, orders=(1,), dtypes=("float32",))
    text = cert.certificate(rows, settings, ["verify", "a b"])
    assert text == cert.certificate(rows, settings, ["verify", "a b"])
    assert "python -m tinypytorch verify 'a b'" in text
    kept = cert.read(text)
    assert (kept.examples, kept.seed, kept.orders, kept.dtypes) == (7, 3, (1,), ("float32",))
    assert cert.differences(kept, rows) == []
    counts = made(programs=99, worst_ulps=0.5, inconclusive=Counter({"why": 9}))
    assert cert.differences(kept, [counts, rows[1]]) == []
    assert cert.differences(kept, rows[::-1]) == ["the rows are in another order"]
    changed = {
        "verdict": made(Outcome.INCONCLUSIVE),
        "orders": made(orders=(1,)),
        "references": made(references=Counter({"rounded duals": 200})),
        "kink convention": made(kink="0 at 0"),
    }
    for column, row in changed.items():
        assert any(f"`op`: {column} " in line for line in cert.differences(kept, [row, rows[1]])), column
    assert cert.differences(kept, [*rows, made(target="new")]) == ["`new`: not in the certificate"]
    with pytest.raises(ValueError, match="no table"):
        cert.read("| a | b |\n|---|---|\n")


def test_junit_holds_what_xml_can() -> None:
    odd = replace(made(Outcome.WRONG, "m:Op"), text="first <line>\n\x00\x1b[1m")
    root = ET.fromstring(reports.as_junit([odd, made(Outcome.MISUSED), made(Outcome.UNFINISHED), made()], [], 2.0))
    cases = list(root[0])
    assert [[child.tag for child in case] for case in cases] == [["failure"], ["error"], ["skipped"], []]
    assert cases[0].get("classname") == "m"
    assert cases[0][0].get("message") == "first <line>"


def test_inconclusive_is_explained_without_addresses() -> None:
    report = Report("op", Verdict.INCONCLUSIVE)
    report.inconclusive.update({"a reason": 3})
    assert "3 times: a reason" in explained(report)
    report.text = "v1 = <my.ops.Op object at 0x7f00>(v0)"
    assert explained(report) == "v1 = Op()(v0)"
