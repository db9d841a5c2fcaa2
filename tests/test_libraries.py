"""Other libraries under random programs: the machinery on a library that is wrong on purpose, and the real ones."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("mpmath")

from tinypytorch.testing.libraries import LIBRARIES, library
from tinypytorch.testing.libraries.calls import Call, assembled
from tinypytorch.testing.libraries.judge import (
    ALIASED,
    DTYPE,
    INACCURATE,
    LEAK,
    MISSING,
    MUTATED,
    NAN,
    RAISES,
    SHAPE,
    STALE,
    WRONG,
    judge,
)
from tinypytorch.testing.libraries.library import Library, UnsupportedError
from tinypytorch.testing.libraries.search import DEEP, drawn, search
from tinypytorch.testing.libraries.truth import UnjudgedError, differentiable, slopes, tolerances
from tinypytorch.testing.libraries.vocabulary import NAMES, VOCABULARY, build
from tinypytorch.testing.programs import Plan, Program

# This package as a library that is under test: the only one that is always there.
OURS = Library(
    name="tinypytorch",
    imports="import tinypytorch as tp",
    np="tp",
    forward="leaves = [tp.Variable(x) for x in arrays]\ny = loss(*leaves)\nvalue = y.data\n",
    backward="y.backward()\ngradients = [x.grad for x in leaves]\n",
    again="for x in leaves:\n    x.grad = None\ny.backward()\ngradients = [x.grad for x in leaves]\n",
    without=frozenset(NAMES)
    - {"negative", "add", "subtract", "multiply", "divide", "square", "sin", "tanh", "sum", "maximum", "where"},
    forbidden=r"axis=|\*\* |where",
)


def faulty(change: str, typed: bool = True) -> Library:
    """This package's gradients, made wrong by a line of code."""
    return replace(OURS, backward=OURS.backward + change, again="", typed=typed)


def program(*calls: str, leaf: object = (1.0, 2.0)) -> Program:
    """One leaf, and one call after another."""
    return assembled([np.asarray(leaf, np.float64)], [(Call(text), (n,)) for n, text in enumerate(calls)])


def symptoms(library: Library, p: Program) -> list[str]:
    return [fault.symptom for fault in judge(library, p)]


# The reference.


@pytest.mark.parametrize(
    ("text", "leaf", "expected"),
    [
        ("np.prod({0})", [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
        ("np.prod({0})", [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
        ("np.sinc({0})", 0.0, 0.0),
        ("np.abs({0})", 0.0, np.nan),
        ("np.sqrt({0})", 0.0, np.nan),
        ("np.log({0})", 1.0, 1.0),
        ("{0} ** 1.5", 0.0, 0.0),
        ("np.max({0})", [1.0, 1.0], [np.nan, np.nan]),
        ("np.linalg.norm({0})", [3.0, 4.0], [0.6, 0.8]),
        ("np.linalg.det({0})", [[1.0, 2.0], [2.0, 4.0]], [[4.0, -2.0], [-2.0, 1.0]]),
    ],
)
def test_derivative_by_definition(text: str, leaf: object, expected: float | list[float] | list[list[float]]) -> None:
    (found,) = slopes(program(text, leaf=leaf))
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=0)


def test_corners_that_only_a_program_rounds_off() -> None:
    x = np.asarray(0.0)
    p = assembled([x], [(Call("np.sqrt({0})"), (0,)), (Call("{0} * {1}"), (0, 1))])
    assert slopes(p)[0] == 0
    assert slopes(program("np.linalg.norm({0})", "{0} ** 2", leaf=[0.0, 0.0]))[0].tolist() == [0, 0]


def test_partial_derivatives_alone_are_no_derivative() -> None:
    p = assembled(
        [np.asarray(0.0), np.asarray(0.0)],
        [(Call("{0} * {1}"), (0, 1)), (Call("np.abs({0})"), (2,)), (Call("np.sqrt({0})"), (3,))],
    )
    assert [g.tolist() for g in slopes(p)] == [0, 0]
    assert not differentiable(p, slopes(p))


def test_tolerance_knows_cancellation() -> None:
    p = assembled([np.asarray(3.0)], [(Call("{0} / {1}"), (0, 0))])
    (bound,) = tolerances(p, slopes(p), 2.0**-52)
    assert 1e-17 < bound < 1e-13


# The vocabulary.


@pytest.mark.parametrize("name", NAMES)
def test_every_word_fits_something(name: str) -> None:
    shapes = ((), (2,), (2, 2), (2, 3))
    texts = {t for a in shapes for b in shapes for t in VOCABULARY[name](a, b)}
    plans = [Plan(((n, 0), (n, 5)), ((0, 0, 1, k),)) for n in range(6) for k in range(16)]
    used = {i.op.text for plan in plans for i in build(plan, (name,)).code if isinstance(i.op, Call)}
    assert used & texts


@given(
    st.lists(st.tuples(st.integers(0, 30), st.integers(0, 80)), max_size=3),
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9), st.integers(0, 9), st.integers(0, 99)), max_size=5),
)
def test_every_plan_gives_a_program(leaves: list[tuple[int, int]], steps: list[tuple[int, int, int, int]]) -> None:
    p = build(Plan(tuple(leaves), tuple(steps)))
    assert p.values[-1].shape == ()
    used = {r for i in p.code for r in i.operands}
    assert used | {len(p.values) - 1} >= set(range(len(p.leaves), len(p.values)))


# The judge and the search, on a library that is right, and then on wrong ones.


def test_a_right_library_is_right() -> None:
    report = search(OURS, examples=100, chains=1)
    assert [d.title for d in report.discoveries] == []
    assert report.right > 60


@pytest.mark.parametrize(
    ("change", "symptom"),
    [
        ("gradients = [g * (1 + 1e-9) for g in gradients]\n", INACCURATE),
        ("gradients = [-g for g in gradients]\n", WRONG),
        ("gradients = [g * float('nan') for g in gradients]\n", NAN),
        ("gradients = [g.astype('float32') for g in gradients]\n", DTYPE),
        ("gradients = [g[None] for g in gradients]\n", SHAPE),
        ("gradients = [None for g in gradients]\n", MISSING),
        ("raise ValueError('no')\n", f"{RAISES} ValueError"),
        ("arrays[0][...] = 7\n", MUTATED),
        ("arrays[0][...] = gradients[0]\ngradients = [arrays[0]]\n", ALIASED),
    ],
)
def test_every_symptom_is_seen(change: str, symptom: str) -> None:
    assert symptom in symptoms(faulty(change), program("np.square({0})", "np.sum({0})"))


def test_a_stale_second_pass_is_seen() -> None:
    stale = replace(OURS, again="gradients = [2 * x.grad for x in leaves]\n")
    assert symptoms(stale, program("np.sin({0})", "np.sum({0})")) == [STALE]


def test_a_search_finds_shrinks_and_groups() -> None:
    wrong = faulty("gradients = [g + (abs(g) > 4) for g in gradients]\n")
    report = search(wrong, examples=60, chains=0)
    found = [d for d in report.discoveries if d.fault.symptom == WRONG]
    assert found
    smallest = min(found, key=lambda d: len(d.program.code))
    assert len(smallest.program.code) <= 2
    assert sum(x.size for x in smallest.program.leaves) <= 2
    assert len({d.words for d in found}) == len(found)


def test_the_same_seed_gives_the_same_search() -> None:
    wrong = faulty("gradients = [g + (abs(g) > 2) for g in gradients]\n")
    first, second = (search(wrong, examples=25, seed=3, chains=0) for _ in range(2))
    assert [(d.title, d.count) for d in first.discoveries] == [(d.title, d.count) for d in second.discoveries]


def test_a_script_stands_alone(tmp_path: Path) -> None:
    report = search(faulty("gradients = [-g for g in gradients]\n"), examples=5, chains=0)
    script = tmp_path / "found.py"
    script.write_text(report.discoveries[0].script, encoding="utf-8")
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=root, check=False,
                          env={"PYTHONPATH": str(root)})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "expected: " in done.stdout
    assert "actual: " in done.stdout


def test_a_long_chain_is_written_as_a_loop() -> None:
    text = OURS.loss(program(*["np.sin({0})"] * 50, leaf=0.5))
    assert text == textwrap.dedent(
        """\
        def loss(x0):
            v50 = x0
            for _ in range(50):
                v50 = tp.sin(v50)
            return v50
        """
    )
    names: dict[str, object] = {"tp": np}
    exec(text, names)
    made = names["loss"]
    assert isinstance(made, types.FunctionType)
    assert made(0.5) == program(*["np.sin({0})"] * 50, leaf=0.5).values[-1]


def test_unknown_library() -> None:
    with pytest.raises(ValueError, match="no library 'numpy'; there are autograd"):
        library("numpy")


def test_a_library_that_is_not_installed() -> None:
    with pytest.raises(ModuleNotFoundError):
        search(replace(OURS, imports="import no_such_library"), examples=1)


@pytest.mark.parametrize("name", LIBRARIES)
def test_descriptions_need_no_library(name: str) -> None:
    found = library(name)
    assert found.words
    rng = np.random.default_rng(0)
    for _ in range(20):
        compile(found.loss(drawn(found, rng)) + found.forward + found.backward + found.again, name, "exec")


# The real ones: what is known of them, found among random programs.


def found_by(name: str, examples: int, seed: int = 0, chains: int = 0) -> dict[str, set[frozenset[str]]]:
    """The words of what a search finds, by symptom."""
    pytest.importorskip(name)
    report = search(library(name), examples, seed, chains)
    found: dict[str, set[frozenset[str]]] = {}
    for d in report.discoveries:
        found.setdefault(d.fault.symptom, set()).add(d.words)
    return found


@pytest.mark.filterwarnings("ignore")
def test_autograd() -> None:
    found = found_by("autograd", 60, seed=6)
    assert DTYPE in found
    assert frozenset({"prod"}) in found[NAN]


@pytest.mark.filterwarnings("ignore")
def test_micrograd() -> None:
    found = found_by("micrograd", 10, chains=1)
    assert {STALE, f"{RAISES} RecursionError"} <= found.keys()


def known(name: str, p: Program) -> list[str]:
    pytest.importorskip(name)
    try:
        return symptoms(library(name), p)
    except (UnjudgedError, UnsupportedError) as why:
        return [str(why)]


BRANCH = assembled(
    [np.asarray(1.0)],
    [(Call("-{0}"), (0,)), (Call("np.sqrt({0})"), (1,)), (Call("np.where({0} >= 0, {0}, {1})"), (0, 2))],
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["autograd", "mygrad", "torch"])
def test_the_branch_not_taken(name: str) -> None:
    assert known(name, BRANCH) == [LEAK]


@pytest.mark.filterwarnings("ignore")
def test_a_deep_chain() -> None:
    assert known("mygrad", program(*["-{0}"] * DEEP, leaf=0.5)) == []
