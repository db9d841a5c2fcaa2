"""`python -m tinypytorch`, as somebody uses it in a folder of their own: what it finds, says, writes and exits with."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypedDict

import pytest

pytest.importorskip("mpmath")
pytest.importorskip("rich")

from rich.console import Console

from tinypytorch.command import certificate as cert
from tinypytorch.command import listing, reports, run, table
from tinypytorch.command.arguments import Options, parse
from tinypytorch.command.targets import Entry, MisuseError, entries, place_of, resolve
from tinypytorch.command.tasks import (
    Check,
    Discovered,
    Find,
    Found,
    Outcome,
    Row,
    Search,
    Searched,
    explained,
    outcome_of,
    perform,
)
from tinypytorch.ops import ALL, spec_of
from tinypytorch.testing.checks import Verdict
from tinypytorch.testing.pool import NAMES
from tinypytorch.testing.verify import Report, Settings

ROOT = Path(__file__).resolve().parents[1]
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")

GOOD = """\
import warnings
import numpy as np
from tinypytorch import Case, Spec
from tinypytorch.ops.elementwise import Sin

class Product:
    def forward(self, a, b):
        print("a forward that prints")
        warnings.warn("a forward that warns")
        return a * b
    def backward_a(self, gy, y, a, b): return gy * b
    def backward_b(self, gy, y, a, b): return gy * a

class Leaky:
    def __init__(self, slope): self.slope = slope
    def __repr__(self): return f"Leaky({self.slope})"
    spec = Spec(kink="slope at 0", cases=lambda: (Case(Leaky(0.5), ((3,),)), Case(Leaky(0.25), ((2, 2),))))
    def forward(self, x): return np.where(x > 0, x, self.slope * x)
    def backward(self, gy, y, x): return gy * np.where(x > 0, 1.0, self.slope)
"""

WRONG = """\
import ctypes, os
import numpy as np

class Sign:
    def forward(self, x): return np.cos(x)
    def backward(self, gy, y, x): return gy * np.sin(x)

class Exits:
    def forward(self, x): os._exit(3)
    def backward(self, gy, y, x): return gy

class Segfaults:
    def forward(self, x): ctypes.string_at(0)
    def backward(self, gy, y, x): return gy

class Hangs:
    def forward(self, x):
        while True: pass
    def backward(self, gy, y, x): return gy
"""

SUBTLE = """\
import numpy as np

class Factor:
    def forward(self, x): return x * x
    def backward(self, gy, y, x): return gy * x

class Shape:
    def forward(self, *xs):
        a, b = xs
        return a * b
    def backward_all(self, gy, y, xs, needs): return gy * xs[1], (gy * xs[0]).sum(axis=0)

class Float32:
    def forward(self, x): return x * np.float32(0.1)
    def backward(self, gy, y, x): return gy * 0.1

class Buffer:
    def forward(self, x):
        y = np.zeros(x.shape)
        y[...] = x * x * x
        return y
    def backward(self, gy, y, x): return gy * 3.1 * x * x

class Asserts:
    def forward(self, x):
        assert x.ndim == 7, "seven axes"
        return x
    def backward(self, gy, y, x): return gy

class Quits:
    def forward(self, x): raise SystemExit(4)
    def backward(self, gy, y, x): return gy
"""

MISUSED = {
    "missing.py": "there is no file missing.py",
    "imports.py": "No module named 'nonesuch' (imports.py, line 2: import nonesuch)",
    "syntax.py": "syntax.py, line 1: ",
    "quits.py": "it ends the program (sys.exit)",
    "nothing.py": "or backward_all (any number); Half has a forward, but no rule",
    "nothing.py:Half": "Half has a forward, but no rule",
    "nothing.py:One": "One has backward_a, but no backward_b",
    "nothing.py:number": "number is no op",
    "nothing.py:Hlf": "did you mean nothing.py:Half?",
    "needs.py": "Needs() needs arguments",
    "mising.py": "there is no file mising.py",
    "god.py": "there is good.py",
    "nosuchmodule:Op": "there is no module nosuchmodule",
}
FILES = {
    "good.py": GOOD,
    "wrong.py": WRONG,
    "subtle.py": SUBTLE,
    "imports.py": "\nimport nonesuch\n",
    "syntax.py": "def f(x:\n",
    "quits.py": "raise SystemExit('bye')\n",
    "needs.py": "class Needs:\n def __init__(self, n): pass\n def forward(self, x): return x\n backward = forward\n",
    "nothing.py": """\
class Half:
    def forward(self, x): return x
class One:
    def forward(self, a, b): return a
    def backward_a(self, gy, y, a, b): return gy
number = 3
def f(x): return x * x
""",
}


class Target(TypedDict):
    target: str
    verdict: str
    programs: int
    references: list[str]
    suspicion: str
    text: str
    seconds: float


class Content(TypedDict):
    exit: int
    seconds: float
    targets: list[Target]
    coverage: dict[str, dict[str, int]]


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


def in_folder(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """The command as a process."""
    return subprocess.Popen(
        [sys.executable, "-m", "tinypytorch", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


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
    assert [row["target"] for row in done.content["targets"]] == list(NAMES)


def test_a_library_that_there_is_not(verify: Verify) -> None:
    done = verify("--library", "nosuchlibrary")
    assert done.code == 2
    assert "no library 'nosuchlibrary'" in done.out
    assert done.content["targets"] == []
    found = perform(Search("nosuchlibrary", 1, 0), lambda done: None)
    assert not isinstance(found, Row)


def test_searches_have_outcomes() -> None:
    plain = Searched("x")
    found = {
        outcome_of(plain): plain,
        outcome_of(replace(plain, trouble="t")): plain,
        outcome_of(replace(plain, failure="f")): plain,
        outcome_of(replace(plain, discoveries=(Discovered("d", 1, ""),))): plain,
    }
    assert list(found) == [Outcome.VERIFIED, Outcome.MISUSED, Outcome.RAISED, Outcome.WRONG]


# Being ended.


def pid_of(path: Path) -> int:
    """The process that a forward wrote down; waits for it."""
    for _ in range(200):
        if path.exists() and path.read_text().isdecimal():
            return int(path.read_text())
        time.sleep(0.1)
    raise AssertionError("the forward was never called")


def gone(pid: int) -> bool:
    """Whether the process ends within some seconds."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        status = Path(f"/proc/{pid}/stat")
        if status.exists() and ") Z " in status.read_text():
            return True
        time.sleep(0.1)
    return False


def end(pid: int) -> None:
    """End a process that a test has started, if it is still there."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


HANGS = """\
import os
class Hangs:
    def forward(self, x):
        with open("pid", "w") as file: file.write(str(os.getpid()))
        while True: pass
    def backward(self, gy, y, x): return gy
"""


@posix
def test_interrupted(tmp_path: Path) -> None:
    """Ctrl-C, which a terminal sends to all processes: what was done is reported, and nothing keeps running."""
    (tmp_path / "hangs.py").write_text(HANGS)
    done = in_folder(tmp_path, "verify", "neg", "hangs.py", "--examples", "2", "--json", "kept.json", "--jobs", "2")
    assert done.stderr is not None
    assert "neg: verified" in done.stderr.readline()
    pid = pid_of(tmp_path / "pid")
    os.kill(pid, signal.SIGINT)
    time.sleep(0.5)
    assert done.poll() is None, "a worker heeds Ctrl-C"
    done.send_signal(signal.SIGINT)
    out, err = done.communicate(timeout=20)
    assert done.returncode == 130, out + err
    assert "1 verified, 1 not run" in out
    assert "interrupted" in out
    assert "Traceback" not in out + err
    content: Content = json.loads((tmp_path / "kept.json").read_text())
    assert [row["verdict"] for row in content["targets"]] == ["verified", "not run"]
    assert gone(pid)


@posix
def test_workers_end_with_the_command(tmp_path: Path) -> None:
    (tmp_path / "hangs.py").write_text(HANGS)
    with in_folder(tmp_path, "verify", "hangs.py") as done:
        pid = pid_of(tmp_path / "pid")
        done.kill()
    try:
        assert gone(pid)
    finally:
        end(pid)


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


def test_json_on_standard_output_is_alone_there(folder: Path) -> None:
    done = in_folder(folder, "verify", "neg", "--examples", "2", "--json")
    out, err = done.communicate()
    content: Content = json.loads(out)
    assert content["targets"][0]["target"] == "neg"
    assert "1 verified" in err


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
    root = ET.fromstring(reports.as_junit([odd, made(Outcome.MISUSED), made(Outcome.UNFINISHED), made()], 2.0))
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
