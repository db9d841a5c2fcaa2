"""Planted faults: each is found, none stays behind, and the command says what it found."""

from __future__ import annotations

import importlib.metadata
import json
import re
from pathlib import Path

import numpy as np
import pytest

from tinypytorch.core import config, variable
from tinypytorch.core.reverse import ArrayWorld
from tinypytorch.ops import ALL
from tinypytorch.ops.elementwise import Sin
from tinypytorch.testing import extras
from tinypytorch.testing.faults import FAULTS, Fault, finds
from tinypytorch.testing.faults.__main__ import main
from tinypytorch.testing.faults.fault import ELEMENTWISE, ENGINE, RELATIVE, STRUCTURE, Patch, always
from tinypytorch.testing.faults.measure import Budget, clean, measure, named, quantile
from tinypytorch.testing.faults.peers import OURS, PEERS, Peer, rivals
from tinypytorch.testing.programs import Program


def in_place() -> dict[str, object]:
    """Everything that a fault replaces, as it is now."""
    return {
        f"{fault.name} {n}": vars(patch.owner).get(patch.attribute)
        for fault in FAULTS
        for n, patch in enumerate(fault.patches)
    }


RIGHT = in_place()


def test_the_catalogue_is_large_and_its_names_are_unique() -> None:
    assert len({f.name for f in FAULTS}) == len(FAULTS) >= 100
    kinds = [f.kind for f in FAULTS]
    assert set(kinds) == {RELATIVE, ELEMENTWISE, STRUCTURE, ENGINE}
    assert min(kinds.count(kind) for kind in (ELEMENTWISE, STRUCTURE, ENGINE)) >= 30


def test_faults_are_in_every_op() -> None:
    owners = {patch.owner for f in FAULTS for patch in f.patches}
    assert owners >= {*ALL.values(), *extras.kinds().values()}


@pytest.mark.parametrize("fault", [pytest.param(f, id=f.name) for f in FAULTS])
def test_every_fault_is_found_made_small_and_named(fault: Fault) -> None:
    every = 2 if fault.kind == ENGINE else 16
    measured = measure(fault, Budget(seeds=1, shrunk=1, every=every))
    assert measured.killed, "it survives"
    assert measured.minimal == len(measured.small), measured.small
    assert measured.apt is not False, measured.small
    assert in_place() == RIGHT


def test_a_fault_is_removed_after_an_exception() -> None:
    right = vars(Sin)["backward"]
    (fault,) = named(["Sin: sign flipped"])
    planted = fault.planted()
    planted.__enter__()
    assert vars(Sin)["backward"] is not right
    assert not planted.__exit__(KeyError, KeyError(), None)
    assert vars(Sin)["backward"] is right


def test_a_fault_that_cannot_be_planted_leaves_nothing() -> None:
    class Fixed:
        __slots__ = ()

    fault = Fault("two", ENGINE, (Patch(ArrayWorld, "add", always(None)), Patch(Fixed(), "x", always(None))))
    with pytest.raises((AttributeError, TypeError)), fault.planted():
        pass
    assert in_place() == RIGHT


def test_what_was_not_there_is_removed() -> None:
    (fault,) = named(["visited by value"])
    assert "__hash__" not in vars(variable.Variable)
    with fault.planted():
        assert "__hash__" in vars(variable.Variable)
    assert "__hash__" not in vars(variable.Variable)


def test_settings_are_put_back() -> None:
    (fault,) = named(["setting not put back"])
    with pytest.raises(KeyError), fault.planted(), config.no_grad():
        raise KeyError
    assert config.Config.enable_backprop


def test_a_state_of_a_fault_is_new_each_time() -> None:
    """A cache that a fault fills is empty when the fault is planted again."""
    (fault,) = named(["cache keyed by shape"])
    x, gy = np.array([1.0, 2.0]), np.ones(2)
    for value in (x, x + 1.0):
        with fault.planted():
            np.testing.assert_array_equal(Sin().backward(gy, np.sin(value), value), np.cos(value))


def test_finds_says_what_is_wrong() -> None:
    p = Program.of([np.array([0.5, 1.0])], (Sin(), 0))
    assert finds(p) is None
    (fault,) = named(["Sin: sign flipped"])
    with fault.planted():
        said = finds(p)
    assert said is not None
    assert said.startswith("first derivative: ")


def test_the_right_kernel_raises_no_alarm() -> None:
    found = clean(seed=7, programs=150, budget=Budget(every=2))
    assert found.alarms == []
    assert found.programs == 150
    assert found.inconclusive <= found.verdicts / 20


def test_a_failure_is_made_small_and_its_cause_named() -> None:
    (fault,) = named(["Cos: sign missing"])
    measured = measure(fault, Budget(seeds=1, shrunk=1))
    assert [(s.instructions, s.entries) for s in measured.small] == [(1, 1)]
    assert measured.apt is True
    assert "sign" in measured.small[0].suspicion


@pytest.mark.parametrize("name", ["cache keyed by id", "output memory used again", "gradients rounded to float32"])
def test_cases_become_small_where_they_depend_on_more_than_the_program(name: str) -> None:
    (fault,) = named([f": {name}"])
    measured = measure(fault, Budget(seeds=3, shrunk=3, every=1))
    assert measured.minimal == len(measured.small) == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Log: output used for input", "the output is used where the input is meant"),
        ("Maximum: the smaller gets it", "the operands are confused|zero where"),
        ("Log2: natural logarithm", "a factor of 0.693147"),
        ("engine: third use dropped", "the engine: contributions"),
        ("engine: operands read from the base of a view", "the engine"),
        ("engine: cotangent ignored", "the engine"),
        ("engine: operands' gradients swapped", "the engine"),
    ],
)
def test_suspicions_that_are_hard_to_come_by(name: str, words: str) -> None:
    (fault,) = named([name])
    measured = measure(fault, Budget(seeds=4, shrunk=4))
    said = [s.suspicion for s in measured.small if s.suspicion]
    assert said
    assert all(re.search(words, suspicion) for suspicion in said), said


def test_quantiles() -> None:
    assert [quantile([3, 1, 2, 4], q) for q in (0.25, 0.5, 0.95)] == [1, 2, 4]
    assert quantile(list(range(1, 21)), 0.95) == 19


def test_the_command_on_one_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, data = tmp_path / "power.md", tmp_path / "power.json"
    arguments = ["--seeds", "2", "--only", "cos: sign", "--clean", "20", "--jobs", "1"]
    assert main([*arguments, "--markdown", str(page), "--json", str(data)]) == 0
    printed = capsys.readouterr().out
    assert "Cos: sign missing" in printed
    assert "1 of 1 faults are found in every one of 2 runs" in printed
    assert "20 programs with no fault planted: 0 false alarms" in printed
    text = page.read_text(encoding="utf-8")
    assert "| Cos: sign missing | 2/2 |" in text
    assert "--seeds 2" in text
    read: dict[str, object] = json.loads(data.read_text(encoding="utf-8"))
    assert {"command", "faults", "clean", "peers"} <= set(read)


def test_the_command_says_that_a_fault_survives(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seeds", "1", "--programs", "1", "--only", "neg: crashes on no entries", "--jobs", "1"]) == 1
    assert "survives" in capsys.readouterr().out


def test_the_command_refuses_a_name_that_no_fault_has(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--only", "no such fault"]) == 2
    assert "no fault has 'no such fault' in its name" in capsys.readouterr().out


def test_absent_peers_are_shown_as_absent(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def version(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    page = tmp_path / "power.md"
    assert main(["--seeds", "1", "--only", "cos: sign", "--peers", "--jobs", "1", "--markdown", str(page)]) == 0
    printed = capsys.readouterr().out
    for peer in PEERS:
        assert f"{peer.library}: absent" in printed
        assert f"{peer.library}: absent" in page.read_text(encoding="utf-8")


def test_this_package_finds_what_one_call_shows() -> None:
    """On the inputs that the other checkers get, and with the first derivative alone."""
    ours = rivals([f for f in FAULTS if f.kind == RELATIVE])[0]
    assert ours.name == OURS
    assert len(ours.found) >= 30
    assert all(ours.found.values())
    assert ours.refused == 0


def test_every_peer_says_how_it_is_called() -> None:
    for peer in PEERS:
        assert isinstance(peer, Peer)
        assert peer.library in peer.called
        compile(peer.source, peer.library, "exec")
