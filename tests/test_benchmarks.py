"""The benchmarks count right, compare what is right, and write down what they found. None of them is timed here."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

import numpy as np
import pytest

from benchmarks import command
from benchmarks.arguments import parse
from benchmarks.environment import ONE_THREAD, is_single_threaded
from benchmarks.judge import Outcome, Verdict, judged
from benchmarks.libraries import BY_HAND, LIBRARIES, OURS
from benchmarks.libraries.library import Library, Results, Step
from benchmarks.measure import ABSENT, Effort, Series, disagreement, measured
from benchmarks.spread import Spread, differences, ratios, spread
from benchmarks.targets import TARGETS, Kind, Target
from benchmarks.words import amount, digits, limit, rows
from benchmarks.workloads import importing, workloads
from benchmarks.workloads.workload import ARRAYS_HELD, Case, Workload
from tests.support import call
from tinypytorch import Array

ROOT = Path(__file__).resolve().parents[1]
ALL = workloads()
QUICK = Effort(rounds=2, seconds=1.0, quick=True)


def quietly(text: str) -> None:
    """Progress, which nobody reads."""


# Statistics.


def test_quartiles_and_median() -> None:
    assert spread([5.0, 1.0, 3.0, 2.0, 4.0]) == Spread(2.0, 3.0, 4.0)
    assert spread([1.0, 2.0]) == Spread(1.25, 1.5, 1.75)
    assert spread([7.0]) == Spread(7.0, 7.0, 7.0)


def test_ratios_are_of_the_same_round() -> None:
    ours, theirs = [1.0, 10.0, 2.0], [2.0, 20.0, 8.0]
    assert ratios(ours, theirs) == [0.5, 0.5, 0.25]
    assert spread(ratios(ours, theirs)) == Spread(0.375, 0.5, 0.5)
    assert differences(ours, theirs) == [-1.0, -10.0, -6.0]
    with pytest.raises(ValueError, match="shorter"):
        ratios(ours, theirs[:2])


@pytest.mark.parametrize(
    ("figure", "text"),
    [(61.52e-6, "61.5 µs"), (1.0e-3, "1.00 ms"), (12.0, "12.0 s"), (5.2e-8, "52.0 ns"), (2e-10, "0.200 ns")],
)
def test_times_are_readable(figure: float, text: str) -> None:
    assert amount(figure, "s") == text


def test_digits() -> None:
    assert [digits(x) for x in (1234.5, 0.0, -0.25)] == ["1234", "0", "-0.250"]


# Targets.


def test_targets_are_of_workloads_that_exist() -> None:
    for target in TARGETS:
        workload = ALL[target.workload]
        assert set(target.against) <= {BY_HAND, *workload.peers}, target
        labels = [case.label for case in workload.cases(True)]
        assert not target.case or target.case in labels, target
        assert (target.kind is Kind.RATIO) == bool(target.against), target
        assert target.kind is not Kind.GROWTH or len(labels) > 1
        assert target.limit > 0
    assert {target.workload for target in TARGETS} == set(ALL)


def verdict(target: Target, *series: Series) -> Verdict:
    """What comes of a target of `deep`."""
    (found,) = judged(ALL["deep"], series, [target]).verdicts
    return found


def of(library: str, *figures: float, case: str = "10", ops: int = 1) -> Series:
    return Series(case, library, ops, 1, list(figures), "" if figures else ABSENT)


def test_a_ratio_is_judged_by_its_median() -> None:
    series = (of(OURS, 1.0, 2.0, 9.0), of("torch", 2.0, 4.0, 9.0))
    found = verdict(Target("deep", 0.5, ("torch",)), *series)
    assert found.met is True
    assert found.found == Spread(0.5, 0.5, 0.75)
    assert found.ceiling == 2.0
    assert verdict(Target("deep", 0.5, ("torch",), below=True), *series).met is False
    assert verdict(Target("deep", 0.49, ("torch",)), *series).met is False


def test_the_fastest_of_several_counts() -> None:
    series = (of(OURS, 3.0), of("torch", 4.0), of("mygrad", 2.0), of("autograd"))
    found = verdict(Target("deep", 1.0, ("torch", "mygrad", "autograd")), *series)
    assert (found.library, found.met) == ("mygrad", False)


def test_growth_is_from_the_smallest_to_the_largest() -> None:
    series = (of(OURS, 1.0, 1.0), of(OURS, 5.0, 5.0, case="100"), of(OURS, 2.0, 2.0, case="1,000"))
    found = verdict(Target("deep", 1.5, kind=Kind.GROWTH), *series)
    assert (found.case, found.met, found.ceiling) == ("1,000", False, 1.5)
    assert found.found == Spread(2.0, 2.0, 2.0)


def test_overhead_is_for_each_op() -> None:
    series = (of(OURS, 9.0, 17.0, ops=8), of(BY_HAND, 1.0, 1.0, ops=8))
    found = verdict(Target("deep", 1.5, kind=Kind.OVERHEAD), *series)
    assert (found.found, found.met, found.ceiling) == (Spread(1.25, 1.5, 1.75), True, 13.0)


def test_an_amount_is_itself() -> None:
    found = verdict(Target("deep", 2.0, kind=Kind.AMOUNT), of(OURS, 3.0))
    assert (found.found, found.met) == (Spread(3.0, 3.0, 3.0), False)


@pytest.mark.parametrize("kind", Kind)
def test_what_is_not_measured_is_not_judged(kind: Kind) -> None:
    against = ("torch",) if kind is Kind.RATIO else ()
    found = verdict(Target("deep", 1.0, against, kind), of(OURS), of("torch"), of(OURS, case="20"))
    assert found.met is None


def test_limits_in_words() -> None:
    assert limit(Target("deep", 1.0, ("torch", "jax"), below=True), "s") == "< 1 (fastest eager)"
    assert limit(Target("deep", 0.03, kind=Kind.AMOUNT), "s") == "≤ 30 ms"
    assert limit(Target("deep", 14.0, kind=Kind.AMOUNT), ARRAYS_HELD) == "≤ 14 arrays"
    assert limit(Target("deep", 6e-7, kind=Kind.OVERHEAD), "s") == "≤ 600 ns an op over NumPy"


# What is compared.


@pytest.mark.parametrize("name", ALL)
def test_ours_agrees_with_numpy_by_hand(name: str) -> None:
    found = measured(ALL[name], [OURS, BY_HAND], QUICK, quietly)
    assert {s.library for s in found} == {OURS, BY_HAND}
    assert len(found) == 2 * len(ALL[name].cases(True))
    for series in found:
        assert not series.note
        assert len(series.figures) == 2
        assert all(figure > 0 for figure in series.figures)


@pytest.fixture
def guarded() -> Iterator[None]:
    """Turn MyGrad's memory guard on again, for the tests after this one."""
    yield
    if "mygrad" in sys.modules:
        call(vars(sys.modules["mygrad"])["turn_memory_guarding_on"])


@pytest.mark.usefixtures("guarded")
@pytest.mark.parametrize("peer", [key for key in LIBRARIES if key not in (OURS, BY_HAND)])
def test_peers_agree_with_numpy_by_hand(peer: str) -> None:
    pytest.importorskip(LIBRARIES[peer].distribution)
    for name in ("hvp", "mlp") if peer != "micrograd" else ("goldstein",):
        if peer in ALL[name].peers:
            (series,) = measured(ALL[name], [peer], Effort(rounds=1, quick=True), quietly)
            assert not series.note


def test_an_absent_peer_is_shown_as_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    outcome = judged(ALL["goldstein"], measured(ALL["goldstein"], [OURS, BY_HAND, "torch"], QUICK, quietly), TARGETS)
    row = rows(outcome)[-1]
    assert (row.library, row.median, row.verdict) == ("PyTorch", "", "absent")
    assert row.target == "≤ 0.3"
    assert outcome.verdicts[0].met is None


def one() -> Results:
    return (np.array(1.0),)


def workload_of(ours: Step, *labels: str) -> Workload:
    """A workload whose result is 1, with what we make of it."""

    def prepare(library: Library) -> Step:
        return ours

    return Workload("it", "it", (), lambda quick: [Case(one, prepare, label=label) for label in labels])


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ((np.array(1.0 + 1e-6),), "result 0 is off by 1e-06, of 1"),
        ((np.array([1.0]),), "result 0 is of shape (1,), not ()"),
        ((np.array(1.0), np.array(1.0)), "2 results for 1"),
        ((np.array(np.nan),), "result 0 is off by nan, of 1"),
    ],
)
def test_who_disagrees_is_not_timed(result: Results, text: str) -> None:
    ours, by_hand = measured(workload_of(lambda: result, ""), [OURS, BY_HAND], QUICK, quietly)
    assert ours.note == f"disagrees: {text}"
    assert not ours.figures
    assert len(by_hand.figures) == 2


def test_who_fails_does_not_end_the_run() -> None:
    def deep() -> Results:
        raise RecursionError

    found = measured(workload_of(deep, "10", "20"), [OURS, BY_HAND], QUICK, quietly)
    notes = [s.note for s in found if s.library == OURS]
    assert notes == ["fails: RecursionError", "not run: at 10 it fails: RecursionError"]
    assert [len(s.figures) for s in found if s.library == BY_HAND] == [2, 2]


def test_rounding_is_no_disagreement() -> None:
    x: Array = np.array([1.0, 1e9])
    assert disagreement([x * (1 + 1e-12)], [x]) == ""
    assert disagreement([x + 1.0], [x]) != ""


def test_import_times_of_a_log() -> None:
    log = """\
import time: self [us] | cumulative | imported package
import time:       100 |        100 |   site
import time:       900 |       1000 | numpy
import time:        20 |         20 |     it.core
import time:        30 |         50 |   it.engine
import time:        50 |        100 | it
import time:         7 |          7 | it.engine
import time:         9 |          9 | atexit
"""
    assert importing.cumulative(log, "it") == pytest.approx(100e-6)
    assert importing.cumulative(log, "it.engine") == pytest.approx(107e-6)
    assert importing.cumulative(log, "numpy") == pytest.approx(1000e-6)


# The command.


class Measured(TypedDict):
    library: str
    note: str
    figures: list[float]


class Found(TypedDict):
    name: str
    measured: list[Measured]
    targets: list[dict[str, str]]


class Report(TypedDict):
    versions: dict[str, str | None]
    cpu: str
    workloads: list[Found]


def test_a_quick_run_writes_its_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept, told = tmp_path / "b.json", tmp_path / "b.md"
    options = ["goldstein", "mlp", "--quick", "--peers", "numpy", "--json", str(kept), "--markdown", str(told)]
    assert command.main(parse(options)) == 0
    report: Report = json.loads(kept.read_text(encoding="utf-8"))
    assert [found["name"] for found in report["workloads"]] == ["goldstein", "mlp"]
    for found in report["workloads"]:
        assert [series["library"] for series in found["measured"]] == [OURS, BY_HAND]
        assert all(len(series["figures"]) == 3 for series in found["measured"])
        assert found["targets"] == []
    assert report["versions"]["numpy"] == np.__version__
    assert report["cpu"]
    text = told.read_text(encoding="utf-8")
    assert "## goldstein" in text
    assert "| NumPy by hand |" in text
    assert "NumPy by hand" in capsys.readouterr().out


@pytest.mark.parametrize(("limit", "code"), [(1e9, 0), (1e-9, 1)])
def test_strict_is_about_targets(limit: float, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "TARGETS", (Target("goldstein", limit, (BY_HAND,)), Target("goldstein", 1, ("jax",))))
    options = ["goldstein", "--rounds", "1", "--peers", "numpy"]
    assert command.main(parse([*options, "--strict"])) == code
    assert command.main(parse(options)) == 0


def test_what_there_is_not_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(parse(["nothing"])) == 2
    assert command.main(parse(["--peers", "numpy,nothing"])) == 2
    assert command.main(parse(["goldstein", "--quick", "--peers", "numpy", "--json", "no/such/place.json"])) == 2
    assert "no library 'nothing'" in capsys.readouterr().err


def test_the_picture(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "b.png"
    options = ["goldstein", "deep", "memory", "--quick", "--rounds", "1", "--peers", "numpy", "--plot", str(path)]
    assert command.main(parse(options)) == 0
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    assert width > height > 500


def test_the_command_uses_one_thread() -> None:
    environment = {name: text for name, text in os.environ.items() if name not in ONE_THREAD}
    code = "import os; from benchmarks.environment import again; raise SystemExit(again(['--list']))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, env=environment, check=True
    )
    assert all(name in done.stdout for name in (*ALL, *LIBRARIES))


def test_one_thread_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in ONE_THREAD.items():
        monkeypatch.setenv(name, text)
    assert is_single_threaded()
    monkeypatch.setenv("XLA_FLAGS", f"--xla_other {ONE_THREAD['XLA_FLAGS']}")
    assert is_single_threaded()
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert not is_single_threaded()


def test_an_outcome_without_figures_has_no_ratio() -> None:
    outcome = Outcome(ALL["mlp"], [of(OURS, case=""), of("torch", 1.0, case="")], ())
    assert outcome.ratio(outcome.series[1]) is None
    assert [row.ratio for row in rows(outcome)] == ["", ""]
