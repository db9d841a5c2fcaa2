"""Drawings as files: with Graphviz, without, and with one that fails; whole or not at all, whatever the file's name."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.test_drawing import HOSTILE, SVG, small
from tinypytorch import Variable
from tinypytorch.drawing import dot, get_dot_graph, plot_dot_graph, to_svg

posix = pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for dot")


def fake_dot(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    folder.mkdir()
    program = folder / "dot"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")


FILES = ["g.png", "-o.svg", "a b.pdf", "';touch x;'.svg", 'q"u.png', "new\nline.svg", "$(id).PDF", "변수.svg", "*.png"]


@posix
@pytest.mark.parametrize("name", FILES)
def test_dot_sees_the_format_and_the_text_only(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dot(tmp_path / "bin", monkeypatch, 'printf "%s|" "$#" "$@"; cat')
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path / "out")
    y = small()
    plot_dot_graph(y, to_file=name)
    assert os.listdir() == [name]
    form = name[-3:].lower()
    assert Path(name).read_bytes() == f"1|-T{form}|{get_dot_graph(y)}".encode()
    plot_dot_graph(y, verbose=False, to_file=Path(name))
    assert Path(name).read_bytes() == f"1|-T{form}|{get_dot_graph(y, verbose=False)}".encode()


@posix
@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("cat >/dev/null; echo 'syntax error' >&2; printf half; exit 3", "failed with exit code 3: syntax error"),
        ("exec sleep 30", "did not finish within 0.2 seconds"),
    ],
)
def test_dot_fails(script: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dot(tmp_path / "bin", monkeypatch, script)
    monkeypatch.setattr(dot, "PATIENCE", 0.2 if "sleep" in script else 60.0)
    out = tmp_path / "out"
    out.mkdir()
    (out / "old.png").write_bytes(b"old")
    with pytest.raises(RuntimeError, match=re.escape(message)):
        plot_dot_graph(small(), to_file=out / "old.png")
    assert [p.read_bytes() for p in out.iterdir()] == [b"old"]


@posix
def test_dot_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_dot(tmp_path / "bin", monkeypatch, "")
    (tmp_path / "bin" / "dot").write_text("#!/no/such/interpreter\n")
    with pytest.raises(RuntimeError, match="does not start"):
        plot_dot_graph(small(), to_file=tmp_path / "y.png")


def test_without_graphviz(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    y = small()
    for suffix in ("png", "pdf"):
        with pytest.raises(RuntimeError, match=r"apt install graphviz.*brew.*conda.*\.svg, which works without"):
            plot_dot_graph(y, to_file=tmp_path / f"y.{suffix}")
    assert not list(tmp_path.iterdir())
    for name in FILES:
        if name.endswith("svg"):
            monkeypatch.chdir(tmp_path)
            plot_dot_graph(y, verbose=False, to_file=name)
            assert Path(name).read_text("utf-8") == to_svg(y, verbose=False)


@pytest.mark.parametrize("name", ["graph", "graph.jpg", "graph.svg.gz", ".svg", ""])
def test_suffix(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must be one of \.png, \.svg, \.pdf"):
        plot_dot_graph(small(), to_file=tmp_path / "sub" / name if name else "")
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_after_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FileNotFoundError, match="no directory"):
        plot_dot_graph(small(), to_file=tmp_path / "missing" / "y.svg")
    (tmp_path / "y.svg").mkdir()
    with pytest.raises(OSError, match=r"y\.svg"):
        plot_dot_graph(small(), to_file=tmp_path / "y.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["y.svg"]

    def full(self: Path, content: bytes) -> int:
        self.touch()
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        plot_dot_graph(small(), to_file=tmp_path / "z.svg")
    assert [p.name for p in tmp_path.iterdir()] == ["y.svg"]


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
def test_graphviz_reads_it(tmp_path: Path) -> None:
    for name, magic in (("y.png", b"\x89PNG"), ("y.pdf", b"%PDF"), ("y.svg", b"<?xml")):
        plot_dot_graph(small(), to_file=tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(magic)
    for hostile in HOSTILE:
        plot_dot_graph(Variable(np.array(1.0), hostile), verbose=False, to_file=tmp_path / "y.svg")
        shown = "\n".join(t.text or "" for t in ElementTree.parse(tmp_path / "y.svg").getroot().iter(f"{SVG}text"))
        legible = "".join(c for c in hostile if c not in "\x00\x1b\ud800\ufffe").replace("\r\n", "\n")
        assert shown.replace("\xa0", " ") == legible
