"""`python -m tinypytorch` that is ended: what was done is reported, and no process is left behind."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip("mpmath")
pytest.importorskip("rich")


from tests.command_files import Content, in_folder

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")
# As shells have it for what they start in the background, and processes inherit it.
heeded = pytest.mark.skipif(signal.getsignal(signal.SIGINT) == signal.SIG_IGN, reason="Ctrl-C is ignored here")


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
@heeded
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
@heeded
def test_a_search_is_interrupted(tmp_path: Path) -> None:
    """What was found until Ctrl-C is reported."""
    pytest.importorskip("micrograd")
    options = ("--examples", "1000000", "--seed", "1", "--json", "kept.json", "--jobs", "1")
    done = in_folder(tmp_path, "verify", "--library", "micrograd", "--library", "autograd", *options)
    time.sleep(6)
    done.send_signal(signal.SIGINT)
    out, err = done.communicate(timeout=20)
    assert done.returncode == 130, out + err
    assert "interrupted" in out
    assert "second pass" in out
    assert "autograd: interrupted before anything was found" in out
    assert "Traceback" not in out + err
    content: Content = json.loads((tmp_path / "kept.json").read_text())
    assert [(one["verdict"], one["finished"]) for one in content["libraries"]] == [("wrong", False), ("not run", False)]


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
