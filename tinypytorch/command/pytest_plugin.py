"""Floor 6: the pytest plugin, as pytest loads it. Imports pytest; `testing.plugin` when a test uses it.

It is loaded in every run of pytest where this package is installed, with the extra or without, so it does little.
"""

from __future__ import annotations

import importlib
import importlib.util
import secrets
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from tinypytorch.testing.plugin import Verify

PROFILES: Final = ("ci", "nightly")
EXTRA: Final = ("hypothesis", "mpmath", "rich")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the fixture `verify`."""
    add = parser.getgroup("tinypytorch", "verification of ops").addoption
    add("--verify-examples", type=int, metavar="N", help="programs for each call of `verify` that names no number")
    add("--verify-seconds", type=float, metavar="S", help="time for each call of `verify` that names none")
    add("--verify-seed", metavar="N", help="seed of its programs: a number, or `random` (default: 0)")
    add("--verify-dtype", action="append", metavar="DTYPE", help="dtype of the leaves; may be repeated")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Draw the seed, and register the profiles before Hypothesis looks for one of them."""
    seed: str = config.getoption("--verify-seed") or "0"
    if seed == "random":
        config.option.verify_seed = str(secrets.randbelow(2**32))
    elif not seed.isdecimal():
        raise pytest.UsageError(f"--verify-seed: a number or `random` is wanted, not {seed!r}")
    if config.getoption("--hypothesis-profile", None) in PROFILES:
        _load(config)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """The seed, if one was given or drawn."""
    seed: str | None = config.getoption("--verify-seed")
    return [f"verify: seed {seed}"] if seed else []


@pytest.fixture
def verify(request: pytest.FixtureRequest) -> Verify:
    """Verify ops and functions: `verify(op)`, `verify(function, *arrays)`; see `tinypytorch.testing.plugin.Verify`."""
    missing = [name for name in EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        pytest.fail(f'verify: {missing[0]} is not installed: pip install "tinypytorch[verify]"', pytrace=False)
    _load(request.config)
    found: Verify = request.getfixturevalue("tinypytorch_verify")
    return found


def _load(config: pytest.Config) -> None:
    """Register the rest of the plugin: the fixture's other half, and the profiles."""
    module = importlib.import_module("tinypytorch.testing.plugin")
    if not config.pluginmanager.is_registered(module):
        config.pluginmanager.register(module, "tinypytorch.testing.plugin")
