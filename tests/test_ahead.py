"""The benchmarks of forward mode and of bounds time the same work everywhere: results agree."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.ahead import STEPS, Made, by_hand, of_torch, ours
from benchmarks.bounds import arrays, network
from benchmarks.libraries import LIBRARIES, OURS, library
from benchmarks.libraries.library import Step

LENGTH = 7


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # what `torch.func.jvp` uses itself
@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize(("key", "made"), [(OURS, ours), ("torch", of_torch)])
def test_all_compute_the_same(name: str, key: str, made: Made) -> None:
    pytest.importorskip(LIBRARIES[key].distribution)
    rng = np.random.default_rng(0)
    x, t = rng.uniform(0.5, 1.0, LENGTH), rng.standard_normal(LENGTH)
    found = [library(key).array(part) for part in made(STEPS[name], x, t)[1]()]
    expected = [library(OURS).array(part) for part in by_hand(STEPS[name], x, t)[1]()]
    assert [part.shape for part in found] == [(LENGTH,)] * 2
    for mine, by_numpy in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, by_numpy, rtol=1e-12)


@pytest.mark.parametrize("made", [network, lambda: arrays(quick=True)], ids=["network", "chain"])
def test_bounds_are_of_the_same_work(made: Callable[[], dict[str, Step]]) -> None:
    steps = made()
    expected = steps.pop("by hand")()
    for key, step in steps.items():
        array = library(key if key in LIBRARIES else OURS).array
        for mine, by_numpy in zip(step(), expected, strict=True):
            np.testing.assert_allclose(array(mine), library(OURS).array(by_numpy), rtol=1e-9, atol=1e-12)
