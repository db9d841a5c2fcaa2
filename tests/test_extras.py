"""What needs SciPy is verified where that is, among the other ops; without it everything else is as it is with it."""

from __future__ import annotations

import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

pytest.importorskip("scipy")
pytest.importorskip("mpmath")
pytest.importorskip("rich")

from hypothesis import find

from tinypytorch import special
from tinypytorch.command import certificate, documents, run
from tinypytorch.command.arguments import parse
from tinypytorch.command.tasks import Outcome, Row
from tinypytorch.testing import Settings, extras
from tinypytorch.testing.pool import NAMES, POOL
from tinypytorch.testing.programs import Program
from tinypytorch.testing.strategies import programs
from tinypytorch.testing.verify import Report, with_step

# Names of SciPy's for what an op here does by a parameter, or under another name; and one of the kernel's ops.
BY_PARAMETER = {
    *(f"{kind}{n}" for kind in "jyik" for n in "01"),
    *("jn", "yn", "gammaincc", "psi", "xlogy", "logsumexp"),
}


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> None:
    """SciPy cannot be imported."""
    monkeypatch.setitem(sys.modules, "scipy", None)


def row(target: str) -> Row:
    return Row(target, Outcome.VERIFIED, Report(target, programs=9, orders=(1, 2)))


def drawn(name: str) -> list[Program]:
    return list(islice(with_step(POOL[name], Settings()), 40))


def test_every_public_function_is_verified() -> None:
    known = {name.removeprefix(extras.PREFIX).replace("_", "") for name in extras.names()}
    assert {name.replace("_", "") for name in set(special.__all__) - BY_PARAMETER} <= known
    assert not set(extras.names()) & set(NAMES)


def test_they_take_part_in_each_others_programs_and_nowhere_else() -> None:
    mine = set(extras.kinds().values())
    steps = extras.steps()
    made = islice(with_step(steps["special.erf"], Settings(), tuple(steps.values())), 300)
    used = {type(i.op) for p in made for i in p.code}
    assert len(used & mine) > 20
    assert len(used - mine) > 60
    assert not {type(i.op) for p in drawn("mul") for i in p.code} & mine


def test_programs_of_other_ops_are_the_same_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    held = [repr(p) for p in drawn("sin")]
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert not extras.installed()
    assert [repr(p) for p in drawn("sin")] == held


def _of_both(p: Program) -> bool:
    return len({type(i.op) for i in p.code}) > 1


def test_programs_of_named_ops_may_have_them() -> None:
    kinds = extras.kinds()
    p = find(programs(["special.erf", "mul"]), _of_both)
    assert kinds["special.erf"] in {type(i.op) for i in p.code}
    with pytest.raises(ValueError, match=r"'special.nonesuch' is no built-in op; .* special.erf"):
        programs(["special.nonesuch"])


CODE = """
import sys
from tinypytorch.testing import Settings, programs, verify_builtin
from tinypytorch.testing.draws import random_plans
from tinypytorch.testing.pool import build
from tinypytorch.testing.checks import check_first
for _, plan in zip(range(40), random_plans(0)):
    check_first(build(plan))
verify_builtin("sin", Settings(8))
programs(["sin"])
assert not [name for name in sys.modules if name.partition(".")[0] == "scipy"]
"""


def test_programs_of_the_kernels_ops_do_not_import_scipy() -> None:
    subprocess.run([sys.executable, "-c", CODE], check=True)


def test_the_certificate_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row("sin"), row("special.erf"), row("special.softmax")]
    text = certificate.certificate(rows, Settings(), ["verify"])
    assert ", SciPy " in text
    assert "SciPy" not in certificate.certificate(rows[:1], Settings(), ["verify"])
    kept = certificate.read(text)
    assert certificate.differences(kept, rows) == []
    missing = "in the certificate, but not verified now"
    assert certificate.differences(kept, rows[:1]) == [f"`{r.target}`: {missing}" for r in rows[1:]]
    monkeypatch.setitem(sys.modules, "scipy", None)
    assert certificate.differences(kept, rows[:1]) == []
    assert certificate.differences(kept, rows[1:1]) == [f"`sin`: {missing}"]


@pytest.mark.usefixtures("without")
def test_without_scipy_they_are_left_out_and_it_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (extras.names(), extras.kinds()) == ((), {})
    monkeypatch.setattr(run, "NAMES", ("sin",))
    monkeypatch.setattr(run, "COMPOSED", {})
    kept = tmp_path / "kept.md"
    options = ["verify", "--examples", "2", "--jobs", "1"]
    assert run.main(parse([*options, "--certificate", str(kept)])) == 0
    out = capsys.readouterr().out
    assert 'left out: the ops of tinypytorch.special; they need SciPy, which is not installed: pip install "' in out
    made = kept.read_text(encoding="utf-8")
    kept.write_text(f"{made}\n| `special.erf` | 1, 2 | – | 9 | 0 | 0 % | – | verified |\n", encoding="utf-8")
    assert run.main(parse([*options, "--check-certificate", str(kept)])) == 0
    assert "is current; its rows of tinypytorch.special need SciPy" in capsys.readouterr().out
    kept.write_text(f"{made}\n| `erf` | 1, 2 | – | 9 | 0 | 0 % | – | verified |\n", encoding="utf-8")
    assert run.main(parse([*options, "--check-certificate", str(kept)])) == 1
    capsys.readouterr()
    assert run.main(parse(["verify", "special.erf"])) == 2
    assert "it needs SciPy, which is not installed" in capsys.readouterr().out
    assert "With SciPy" not in documents.ops({})
    assert run.main(parse(["list"])) == 0
    assert "without tinypytorch.special, which needs SciPy" in capsys.readouterr().out


def test_with_scipy_they_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run.main(parse(["list"])) == 0
    assert "special.log_ndtr" in capsys.readouterr().out
    text = documents.ops({"special.logndtr": "1, 2"})
    assert "\n## With SciPy\n" in text
    assert "\n| `special.log_ndtr` | 1, 2 | all | – | y = log ndtr(x)" in text


def test_they_are_verified_by_name(capsys: pytest.CaptureFixture[str]) -> None:
    names = ["special.erf", "special.bessel", "special.softmax"]
    assert run.main(parse(["verify", *names, "--examples", "8", "--jobs", "1"])) == 0
    assert "3 verified" in capsys.readouterr().out
    assert run.main(parse(["verify", "special.nonesuch"])) == 2
