"""The pytest plugin, in runs of pytest of its own; and Hypothesis's profiles."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("hypothesis")
pytest.importorskip("mpmath")
pytest.importorskip("rich")

from hypothesis import settings
from hypothesis.database import DirectoryBasedExampleDatabase, MultiplexedDatabase
from hypothesis.errors import InvalidArgument

from tests.support import call
from tinypytorch.arrays import Array
from tinypytorch.core.variable import Variable
from tinypytorch.ops.elementwise import Sin
from tinypytorch.testing import plugin
from tinypytorch.testing.verify import Settings

ROOT = Path(__file__).resolve().parents[1]

TESTS = """\
import numpy as np
import pytest
from hypothesis import settings

class Right:
    def forward(self, a, b): return a * b
    def backward_a(self, gy, y, a, b): return gy * b
    def backward_b(self, gy, y, a, b): return gy * a

class Wrong:
    def forward(self, x): return np.cos(x)
    def backward(self, gy, y, x): return gy * np.sin(x)

class Asserts(Wrong):
    def forward(self, x):
        assert x.ndim == 7, "seven axes"
        return x

class Needs(Right):
    def __init__(self, n): pass

def product(x, y): return (x @ y).sum()

@pytest.mark.parametrize("op", [Right(), Right])
def test_right(verify, op):
    report = verify(op)
    assert report.programs == 7
    assert verify(op, examples=3, seed=1, orders=(1,)).programs == 3

def test_wrong(verify):
    verify(Wrong())

def test_asserts(verify):
    verify(Asserts(), name="it")

def test_needs(verify):
    verify(Needs)

def test_number(verify):
    verify(3)

def test_function(verify):
    assert set(verify(product, np.ones((2, 3)), np.ones(3)).coverage.dtypes) == {"float64"}

def test_arrays_of_an_op(verify):
    verify(Right(), np.ones(3))

def test_dtypes(verify):
    assert set(verify(Right).coverage.dtypes) == {"float32"}

def test_profile():
    assert settings().max_examples == 2000 and not settings().derandomize
"""


@dataclass
class Done:
    code: int
    out: str


def run_pytest(folder: Path, *options: str, **environment: str) -> Done:
    """pytest in a folder, with the plugins of Hypothesis and of this package only."""
    plugins = ("-p", "tinypytorch.command.pytest_plugin", "-p", "_hypothesis_pytestplugin", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *options, str(folder)],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | environment,
    )
    return Done(done.returncode, done.stdout + done.stderr)


def test_the_fixture(tmp_path: Path) -> None:
    (tmp_path / "test_ops.py").write_text(TESTS)
    options = ("--verify-examples=7", "--verify-dtype=float32", "--verify-seed=random", "--hypothesis-profile=nightly")
    done = run_pytest(tmp_path, "-W", "error", *options)
    assert done.code == 1, done.out
    assert "verify: seed " in done.out
    assert "5 failed, 5 passed" in done.out
    assert ">       verify(Wrong())" in done.out
    assert "Failed: Wrong is wrong (seed " in done.out
    assert "E       suspicion: " in done.out
    assert "it could not be verified (seed " in done.out
    assert "AssertionError: seven axes (test_ops.py, line " in done.out
    assert "TypeError: Needs() needs arguments" in done.out
    assert "TypeError: verify takes an op or a function of Variables, not int" in done.out
    assert "TypeError: verify: arrays are for functions" in done.out
    # Nothing of this package is between the test and the explanation.
    assert "plugin.py" not in done.out
    assert str(ROOT / "tinypytorch") not in done.out


def test_it_does_little_where_it_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "test_none.py").write_text(
        "import sys\ndef test(): assert not {'mpmath', 'tinypytorch.testing'} & set(sys.modules)\n"
    )
    assert run_pytest(tmp_path).code == 0
    bad = run_pytest(tmp_path, "--verify-seed=soon")
    assert bad.code == pytest.ExitCode.USAGE_ERROR
    assert "--verify-seed: a number or `random` is wanted, not 'soon'" in bad.out


def test_without_the_extra(tmp_path: Path) -> None:
    hide = "import importlib.util as u, pytest\nfind = u.find_spec\n"
    hide += "u.find_spec = lambda name: None if name == 'mpmath' else find(name)\n"
    (tmp_path / "conftest.py").write_text(hide)
    (tmp_path / "test_one.py").write_text("def test(verify): pass\n")
    done = run_pytest(tmp_path)
    assert done.code == 1
    assert 'verify: mpmath is not installed: pip install "tinypytorch[verify]"' in done.out
    assert "Traceback" not in done.out


def test_verify_says_what_it_took() -> None:
    verify = plugin.Verify(Settings(examples=4))
    assert verify(Sin()).programs == 4
    assert verify(Sin, name="mine").target == "mine"

    def cube(x: Variable) -> Variable:
        return x * x * x

    points: Array = np.ones(3)
    assert verify(cube, points, examples=2).target == "cube"
    with pytest.raises(TypeError, match="not str"):
        verify("Sin")


# Profiles.


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch) -> dict[str, settings]:
    """Hypothesis's registered profiles, put back at the end; without those that are to be registered."""
    registered: dict[str, settings] = getattr(settings, "_profiles")  # noqa: B009  (private)
    found = {name: profile for name, profile in registered.items() if name not in ("ci", "nightly")}
    monkeypatch.setattr(settings, "_profiles", found)
    monkeypatch.setattr(settings, "_current_profile", None)
    monkeypatch.delenv(plugin.DATABASE, raising=False)
    return found


def test_profiles(profiles: dict[str, settings]) -> None:
    with pytest.raises(InvalidArgument):
        settings.get_profile("nightly")
    plugin.register_profiles()
    ci, nightly = settings.get_profile("ci"), settings.get_profile("nightly")
    assert (ci.derandomize, ci.deadline, ci.database) == (True, None, None)
    assert (nightly.derandomize, nightly.deadline, nightly.print_blob) == (False, None, True)
    assert nightly.max_examples > ci.max_examples
    assert isinstance(nightly.database, DirectoryBasedExampleDatabase)


def test_profiles_of_somebody_else_stay(profiles: dict[str, settings]) -> None:
    for name in ("ci", "nightly"):
        settings.register_profile(name, max_examples=7)
    plugin.register_profiles()
    assert [settings.get_profile(name).max_examples for name in ("ci", "nightly")] == [7, 7]


def test_a_shared_database(profiles: dict[str, settings], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(plugin.DATABASE, str(tmp_path / "kept"))
    plugin.register_profiles()
    kept = settings.get_profile("nightly").database
    assert isinstance(kept, DirectoryBasedExampleDatabase)
    kept.save(b"key", b"value")
    assert (tmp_path / "kept").is_dir()
    assert isinstance(plugin.database("github:owner/repository"), MultiplexedDatabase)
    with pytest.raises(ValueError, match="github:owner/repository is wanted"):
        plugin.database("github:owner")
    assert plugin.database("") is None


REPLAYED = """\
import os
from hypothesis import given, strategies as st
@given(st.integers())
def test_rare(n):
    with open(os.environ["SEEN"], "a") as file: file.write(f"{n}\\n")
    assert not (n > 1000 and n % 7 == 3)
"""


def test_a_failure_is_replayed_elsewhere_from_a_shared_database(tmp_path: Path) -> None:
    """What fails in one checkout is the first that another one tries, which shares the directory."""
    seen: list[list[str]] = []
    for name in ("here", "there"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "test_rare.py").write_text(REPLAYED)
        shared = {plugin.DATABASE: str(tmp_path / "shared"), "SEEN": str(folder / "seen")}
        done = run_pytest(folder, "--hypothesis-profile=nightly", **shared)
        assert done.code == 1, done.out
        seen.append((folder / "seen").read_text().split())
    first, again = seen
    assert len(first) > len(again)
    assert again[0] == again[-1] == first[-1]


def test_a_database_in_redis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With a package redis that only notes where it is asked to connect to."""
    (tmp_path / "redis.py").write_text(
        "class Redis:\n"
        "    @classmethod\n"
        "    def from_url(cls, url):\n"
        "        found = cls()\n"
        "        found.url = url\n"
        "        return found\n"
    )
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    for name in ("redis", "hypothesis.extra.redis"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    found = plugin.database("redis://host:1/0")
    assert type(found).__name__ == "RedisExampleDatabase"
    client: object = getattr(found, "redis")  # noqa: B009  (not in its types)
    assert vars(client)["url"] == "redis://host:1/0"
    for name in ("redis", "hypothesis.extra.redis"):
        sys.modules.pop(name, None)
    (tmp_path / "redis.py").write_text("class Redis: pass\n")
    with pytest.raises(TypeError, match="not known here"):
        call(plugin.database, "redis://host:1/0")
