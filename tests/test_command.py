"""`python -m tinypytorch`, as somebody uses it in a folder of their own: what it finds, says, writes and exits with."""

from __future__ import annotations

import json
import os
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest

pytest.importorskip("mpmath")
pytest.importorskip("rich")


from tests.command_files import FILES, MISUSED, ROOT, Content, Target, in_folder
from tinypytorch.command import run
from tinypytorch.command.arguments import parse
from tinypytorch.command.targets import Entry, place_of
from tinypytorch.command.tasks import (
    Check,
    Discovered,
    Find,
    Found,
    Outcome,
    Row,
    Search,
    Searched,
    outcome_of,
    perform,
)
from tinypytorch.testing import extras
from tinypytorch.testing.composed import COMPOSED
from tinypytorch.testing.pool import NAMES
from tinypytorch.testing.verify import Settings

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


@dataclass
class Done:
    code: int
    out: str
    err: str
    content: Content

    def row(self, name: str) -> Target:
        (found,) = [row for row in self.content["targets"] if row["target"] == name]
        return found


class Verify(Protocol):
    def __call__(self, /, *arguments: str) -> Done: ...


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ops; that nothing is left in it is checked at the end."""
    found = tmp_path_factory.mktemp("somebody")
    for name, text in FILES.items():
        (found / name).write_text(text, encoding="utf-8")
    return found


@pytest.fixture
def verify(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Verify:
    """Run `verify` with arguments, in the folder; nothing may be written there."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr(
        "multiprocessing.util._args_from_interpreter_flags", list[str]
    )  # so that children may write bytecode
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    monkeypatch.setattr(sys, "path", ["", str(ROOT), *sys.path])

    def verify(*arguments: str) -> Done:
        report = tmp_path / "report.json"
        code = run.main(parse(["verify", *arguments, "--json", str(report)]))
        captured = capfd.readouterr()
        assert sorted(os.listdir(folder)) == sorted(FILES)
        assert "Traceback" not in captured.out + captured.err
        assert not {"good", "wrong", "nothing"} & set(sys.modules), "somebody's file was imported into this process"
        content: Content = json.loads(report.read_text(encoding="utf-8"))
        return Done(code, captured.out, captured.err, content)

    return verify


# What it finds.


def test_wrong_ops_are_found_and_the_others_still_run(verify: Verify, tmp_path: Path) -> None:
    xml = tmp_path / "junit.xml"
    done = verify(
        "wrong.py", "good.py:Product", "missing.py", "--examples", "12", "--timeout", "3", "--junit", str(xml)
    )
    assert done.code == done.content["exit"] == 1
    expected = {
        "wrong.py:Sign": "wrong",
        "wrong.py:Exits": "crashed",
        "wrong.py:Segfaults": "crashed",
        "wrong.py:Hangs": "hung",
        "good.py:Product": "verified",
        "missing.py": "invalid",
    }
    assert {row["target"]: row["verdict"] for row in done.content["targets"]} == expected
    assert [row["target"] for row in done.content["targets"]] == list(expected)
    for row in done.content["targets"]:
        assert row["target"] in done.out
        assert row["text"] in done.out
        assert "0x" not in row["text"]
    assert done.row("wrong.py:Sign")["suspicion"] == "the sign"
    assert "from wrong import Sign" in done.row("wrong.py:Sign")["text"]
    assert "exit code 3" in done.row("wrong.py:Exits")["text"]
    assert "it was in wrong.py, line 18, in forward" in done.row("wrong.py:Hangs")["text"]
    if sys.platform != "win32":
        assert "SIGSEGV" in done.row("wrong.py:Segfaults")["text"]
    assert "a forward that" not in done.out + done.err
    assert re.search(r"^1 verified, 1 WRONG, 2 crashed, 1 hung, 1 invalid in ", done.out, re.MULTILINE)
    assert re.search(r"^\d+ programs: .* reuse an inner node", done.out, re.MULTILINE)
    assert "good.py:Product: verified, 12 programs" in done.err
    suite = ET.parse(xml).getroot()[0]
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "6", "failures": "4", "errors": "1", "skipped": "0"}
    assert [case.get("name") for case in suite if len(case)] == ["Sign", "Exits", "Segfaults", "Hangs", "missing.py"]


@pytest.fixture
def in_process(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process is one in which somebody's files are imported."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield
    for name in FILES:
        sys.modules.pop(name.removesuffix(".py"), None)


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    ("name", "outcome", "text"),
    [
        ("Factor", Outcome.WRONG, "a factor of 0.5"),
        ("Shape", Outcome.WRONG, "shape"),
        ("Float32", Outcome.WRONG, "a relative error of"),
        ("Buffer", Outcome.WRONG, "a factor of 1.0"),
        ("Asserts", Outcome.INCONCLUSIVE, "It raises AssertionError: seven axes (subtle.py, line "),
        ("Quits", Outcome.RAISED, "it ends the program: SystemExit: 4 (subtle.py, line "),
    ],
)
def test_subtle_mistakes(name: str, outcome: Outcome, text: str) -> None:
    task = Check(place_of("subtle.py"), Entry(name, name), Settings(examples=12))
    row = perform(task, lambda done: None)
    assert isinstance(row, Row)
    assert row.outcome is outcome
    assert text in row.text


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(("target", "text"), MISUSED.items())
def test_what_is_no_target(target: str, text: str) -> None:
    found = perform(Find(place_of(target)), lambda done: None)
    assert isinstance(found, Found)
    assert text in found.trouble + "".join(entry.trouble for entry in found.entries)


def test_wrong_use_alone_is_2(verify: Verify) -> None:
    done = verify("syntax.py", "nothing.py:f", "sin", "--examples", "6")
    assert done.code == done.content["exit"] == 2
    assert done.row("syntax.py")["text"] in done.out
    for name in ("nothing.py:f", "sin"):
        assert (done.row(name)["verdict"], done.row(name)["programs"]) == ("verified", 6)


def test_the_same_seed_is_the_same_run_and_a_certificate_of_it_is_current(verify: Verify, tmp_path: Path) -> None:
    kept = tmp_path / "kept.md"
    options = ("maximum", "good.py:Leaky", "--seed", "5", "--dtype", "float32", "--dtype", "float64")
    one = verify(*options, "--certificate", str(kept), "--examples", "15", "--jobs", "1")
    two = verify("maximum", "good.py:Leaky", "--check-certificate", str(kept), "--jobs", "2")
    assert one.code == two.code == 0, one.out + two.out
    for content in (one.content, two.content):
        content["seconds"] = 0.0
        for row in content["targets"]:
            row["seconds"] = 0.0
    assert one.content == two.content
    assert [row["target"] for row in one.content["targets"]] == ["maximum", "good.py:Leaky(0.5)", "good.py:Leaky(0.25)"]
    assert set(one.content["coverage"]["dtypes"]) == {"float32", "float64"}
    assert "is current" in two.out
    assert "slope at 0" in two.out
    kept.write_text(kept.read_text(encoding="utf-8").replace("half to each", "all to one"), encoding="utf-8")
    three = verify("maximum", "--check-certificate", str(kept), "--examples", "4")
    assert three.code == 1
    assert "`maximum`: kink convention 'all to one operand at a tie' in the certificate, 'half" in three.out
    assert "`good.py:Leaky(0.5)`: in the certificate, but not verified now" in three.out


def test_the_same_seed_is_the_same_run_where_lapack_computes(verify: Verify) -> None:
    """Which reference a verdict rests on does not depend on what lies in memory, or in which process."""
    one, two = (verify("svd", "det", "--seed", "7", "--examples", "12", "--jobs", jobs) for jobs in ("1", "2"))
    for name in ("svd", "det"):
        a, b = one.row(name), two.row(name)
        assert (a["verdict"], a["programs"]) == ("verified", 12)
        assert {k: v for k, v in a.items() if k != "seconds"} == {k: v for k, v in b.items() if k != "seconds"}


def test_other_seeds_and_orders_are_other_runs(verify: Verify) -> None:
    one = verify("sin", "--examples", "5", "--seed", "1")
    two = verify("sin", "--examples", "5", "--seed", "2", "--orders", "1")
    assert one.row("sin")["programs"] == two.row("sin")["programs"] == 5
    assert one.content["coverage"]["ops"] != two.content["coverage"]["ops"]
    assert " 1, 2 " in one.out
    assert " 1, 2 " not in two.out


def test_every_builtin_op_without_a_target(verify: Verify) -> None:
    done = verify("--examples", "2", "--orders", "1")
    assert done.code == 0, done.out
    assert [row["target"] for row in done.content["targets"]] == [*NAMES, *COMPOSED, *extras.names()]


def test_a_library_that_there_is_not(verify: Verify) -> None:
    done = verify("--library", "nosuchlibrary")
    assert done.code == 2
    assert "no library 'nosuchlibrary'" in done.out
    assert done.content["targets"] == []
    found = perform(Search("nosuchlibrary", 1, 0), lambda done: None)
    assert not isinstance(found, Row)


def test_what_is_found_in_a_library_is_reported(verify: Verify, tmp_path: Path) -> None:
    """In JSON and JUnit, too; the time given is kept, and a target that is right does not hide what was found."""
    pytest.importorskip("micrograd")
    junit = tmp_path / "report.xml"
    options = ("--examples", "150", "--junit", str(junit))
    done = verify("neg", "--library", "micrograd", "--library", "nosuchlibrary", *options)
    assert done.code == done.content["exit"] == 1
    found, none = done.content["libraries"]
    assert (found["library"], found["verdict"], found["finished"]) == ("micrograd", "wrong", True)
    assert (none["library"], none["verdict"], none["discoveries"]) == ("nosuchlibrary", "invalid", [])
    titles = [one["title"] for one in found["discoveries"]]
    assert any("second pass" in title for title in titles)
    assert all("from micrograd.engine import Value" in one["script"] for one in found["discoveries"])
    assert all(title in done.out for title in titles)
    (suite,) = ET.parse(junit).getroot()
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    names = {(case.get("classname"), case.get("name")): [child.tag for child in case] for case in suite}
    assert names["library", "micrograd"] == ["failure"]
    assert names["library", "nosuchlibrary"] == ["error"]
    again = verify("--library", "micrograd", "--seconds", "0.000001")
    assert again.code == 0
    assert again.content["libraries"][0]["right"] == 0


def test_a_search_shares_what_it_has_found() -> None:
    pytest.importorskip("micrograd")
    told: list[int | Searched] = []
    found = perform(Search("micrograd", 150, 0), told.append)
    assert isinstance(found, Searched)
    assert found.finished
    shared = [one for one in told if isinstance(one, Searched)]
    assert not any(one.finished for one in shared)
    assert [len(one.discoveries) for one in shared] == sorted(len(one.discoveries) for one in shared)
    assert len(shared) > 2
    assert 1 <= len(shared[-1].discoveries) <= len(found.discoveries)
    assert [one for one in told if isinstance(one, int)] == list(range(1, 151))


def test_searches_have_outcomes() -> None:
    plain = Searched("x")
    found = {
        outcome_of(plain): plain,
        outcome_of(replace(plain, trouble="t")): plain,
        outcome_of(replace(plain, failure="f")): plain,
        outcome_of(replace(plain, discoveries=(Discovered("d", 1, ""),))): plain,
        outcome_of(replace(plain, finished=False)): plain,
    }
    assert list(found) == [Outcome.VERIFIED, Outcome.MISUSED, Outcome.RAISED, Outcome.WRONG, Outcome.UNFINISHED]
    assert outcome_of(replace(plain, discoveries=(Discovered("d", 1, ""),), finished=False)) is Outcome.WRONG


# What it writes.


def test_json_on_standard_output_is_alone_there(folder: Path) -> None:
    done = in_folder(folder, "verify", "neg", "--examples", "2", "--json")
    out, err = done.communicate()
    content: Content = json.loads(out)
    assert content["targets"][0]["target"] == "neg"
    assert "1 verified" in err


def test_a_certificate_that_is_none(verify: Verify, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "other.md"
    other.write_text("# Not a certificate\n")
    for name in (other, tmp_path / "missing.md"):
        assert run.main(parse(["verify", "neg", "--check-certificate", str(name)])) == 2
        assert name.name in capfd.readouterr().err.replace("\n", "")


def test_a_report_that_cannot_be_written(verify: Verify, tmp_path: Path) -> None:
    done = verify("neg", "--examples", "1", "--junit", str(tmp_path / "no" / "such" / "folder.xml"))
    assert done.code == 2
    assert "cannot be written" in done.err
