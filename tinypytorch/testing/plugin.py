"""Floor 6: a pytest plugin: the fixture `verify`, and profiles for Hypothesis. Imports pytest; others when needed.

    def test_swish(verify):
        verify(Swish())

A fixture, not a decorator: the test stays a function like others, with parameters, marks and more than one op if it
likes; options of the command line reach it; and nothing has to be imported. See `fixture.Verify` for what it takes.

The plugin is loaded in every run of pytest where this package is installed, so it does little: Hypothesis is imported
only if one of the profiles below is asked for.

- `ci`: the same programs every time (`derandomize`), no deadline, no database.
- `nightly`: others every time, and many; a failure prints what reproduces it. Failing examples are kept in
  Hypothesis's database, which can be shared: `TINYPYTORCH_DATABASE` is a directory, the URL of a Redis server
  (`redis://…`), or `github:owner/repository`, whose artifacts are read beside the local directory.

`pytest --hypothesis-profile=nightly` finds them. A `conftest.py` that loads one itself calls `register_profiles` first.
Profiles of these names that are registered already are left alone.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import secrets
from typing import TYPE_CHECKING, Final, NoReturn

import pytest

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

PROFILES: Final = ("ci", "nightly")
DATABASE: Final = "TINYPYTORCH_DATABASE"
NIGHTLY: Final = 2000
_MISSING: Final = 'the fixture `verify` needs mpmath: pip install "tinypytorch[verify]"'


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of the fixture `verify`."""
    add = parser.getgroup("tinypytorch", "verification of ops").addoption
    add("--verify-examples", type=int, metavar="N", help="programs for each call of `verify` that names no number")
    add("--verify-seconds", type=float, metavar="S", help="time for each call of `verify` that names none")
    add("--verify-seed", metavar="N", help="seed of its programs: a number, or `random` (default: 0)")
    add("--verify-dtype", action="append", metavar="DTYPE", help="dtype of the leaves; may be repeated")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make the fixture, and the profiles before Hypothesis looks for them."""
    if config.getoption("--hypothesis-profile", None) in PROFILES:
        register_profiles()
    if config.getoption("--verify-seed") == "random":
        config.option.verify_seed = str(secrets.randbelow(2**32))
    if importlib.util.find_spec("mpmath"):
        config.pluginmanager.import_plugin("tinypytorch.testing.fixture")
    else:
        config.pluginmanager.register(_Missing(), "tinypytorch.testing.missing")


def pytest_report_header(config: pytest.Config) -> list[str]:
    """The seed, if one was given or drawn."""
    seed: str | None = config.getoption("--verify-seed")
    return [f"verify: seed {seed}"] if seed else []


class _Missing:
    """The fixture where the extra is not installed."""

    @pytest.fixture
    def verify(self) -> NoReturn:
        """Say what to install."""
        pytest.fail(_MISSING, pytrace=False)


def register_profiles() -> None:
    """Register the profiles `ci` and `nightly`, each unless there is one of that name.

    Hypothesis has a `ci` of its own, which is as described above; older versions have not.
    """
    from hypothesis import HealthCheck, settings
    from hypothesis.errors import InvalidArgument

    plain = settings.get_profile("default")
    slow = (HealthCheck.too_slow,)
    shared = database(os.environ.get(DATABASE, ""))
    made = {
        "ci": settings(
            plain, derandomize=True, deadline=None, database=None, print_blob=True, suppress_health_check=slow
        ),
        "nightly": settings(
            plain,
            max_examples=NIGHTLY,
            derandomize=False,
            deadline=None,
            database=plain.database if shared is None else shared,
            print_blob=True,
            suppress_health_check=slow,
        ),
    }
    for name, profile in made.items():
        try:
            settings.get_profile(name)
        except InvalidArgument:
            settings.register_profile(name, profile)


def database(where: str) -> ExampleDatabase | None:
    """The database at a directory, a Redis server's URL or `github:owner/repository`; None for nothing."""
    from hypothesis.database import (
        DirectoryBasedExampleDatabase,
        GitHubArtifactDatabase,
        MultiplexedDatabase,
        ReadOnlyDatabase,
    )

    if not where:
        return None
    if where.startswith(("redis://", "rediss://", "unix://")):
        return _redis(where)
    if where.startswith("github:"):
        owner, _, repository = where.removeprefix("github:").partition("/")
        if not owner or not repository:
            raise ValueError(f"{DATABASE}={where}: github:owner/repository is wanted")
        kept = ReadOnlyDatabase(GitHubArtifactDatabase(owner, repository))
        return MultiplexedDatabase(DirectoryBasedExampleDatabase(".hypothesis/examples"), kept)
    return DirectoryBasedExampleDatabase(where)


def _redis(url: str) -> ExampleDatabase:
    """The database in a Redis server. The package redis is found at run time: it is no dependency."""
    from hypothesis.database import ExampleDatabase

    kind: object = getattr(importlib.import_module("redis"), "Redis", None)
    connect: object = getattr(kind, "from_url", None)
    wrap: object = getattr(importlib.import_module("hypothesis.extra.redis"), "RedisExampleDatabase", None)
    found: object = wrap(connect(url)) if callable(connect) and callable(wrap) else None
    if not isinstance(found, ExampleDatabase):
        raise TypeError("this version of redis, or of hypothesis.extra.redis, is not known here")
    return found
