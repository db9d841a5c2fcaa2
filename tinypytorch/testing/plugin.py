"""Floor 6: what the pytest plugin gives: the fixture `verify`, and profiles for Hypothesis. Imports both, and `verify`.

    def test_swish(verify: Verify) -> None:
        verify(Swish())

A fixture, not a decorator: the test stays a function like others, with parameters, marks and more than one op if it
likes; options of the command line reach it; and nothing has to be imported but, for type checkers, `Verify`.

The profiles: `pytest --hypothesis-profile=nightly` finds them; a `conftest.py` that loads one itself calls
`register_profiles` first. pytest finds all this by `command.pytest_plugin`, which imports it when it is used.
"""

from __future__ import annotations

import importlib
import os
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import (
    DirectoryBasedExampleDatabase,
    ExampleDatabase,
    GitHubArtifactDatabase,
    MultiplexedDatabase,
    ReadOnlyDatabase,
)
from hypothesis.errors import InvalidArgument

from tinypytorch.arrays import Array
from tinypytorch.command.targets import MisuseError, instance, is_op, is_traced
from tinypytorch.command.tasks import explained
from tinypytorch.testing.checks import Verdict
from tinypytorch.testing.verify import Report, Settings, verify_function, verify_op
from tinypytorch.testing.whose import said

DATABASE: Final = "TINYPYTORCH_DATABASE"
NIGHTLY: Final = 2000


class Verify:
    """Verify an op, or a function at arrays; the test fails with the explanation if that finds anything.

    def test_my_ops(verify):
        verify(Swish())
        verify(Swish(), examples=1000, dtypes=("float32", "float64"))
        verify(loss, weights, bias)          # a function of Variables, at these arrays and at others of their shapes
        assert verify(Swish()).worst_ulps < 4

    What a call does not say is as the command line has it (`--verify-examples` and so on), else as `Settings` has it.
    An op of which nothing could be told fails, too.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __call__(
        self,
        target: object,
        *arrays: Array,
        examples: int | None = None,
        seconds: float | None = None,
        seed: int | None = None,
        orders: tuple[int, ...] | None = None,
        dtypes: tuple[str, ...] | None = None,
        name: str = "",
    ) -> Report:
        """Verify; the report of what passed.

        examples, seconds, seed, orders, dtypes: see `Settings`. name: what the report calls it.
        """
        __tracebackhide__ = True
        plain = self.settings
        settings = replace(
            plain,
            examples=plain.examples if examples is None else examples,
            seconds=plain.seconds if seconds is None else seconds,
            seed=plain.seed if seed is None else seed,
            orders=plain.orders if orders is None else orders,
            dtypes=plain.dtypes if dtypes is None else dtypes,
        )
        report = _report(_instance(target, arrays), arrays, name, settings)
        if report.verdict is not Verdict.PASS:
            words = "is wrong" if report.failure else "could not be verified"
            pytest.fail(f"{report.target} {words} (seed {settings.seed})\n\n{explained(report)}")
        return report


def _instance(target: object, arrays: tuple[Array, ...]) -> object:
    """The target; of a class, an instance. Raises `TypeError` for what cannot be verified."""
    __tracebackhide__ = True
    if isinstance(target, type):
        try:
            return instance(target.__name__, target)
        except MisuseError as error:
            said_so = str(error)
        raise TypeError(said_so)
    if is_op(target) and arrays:
        raise TypeError("verify: arrays are for functions; an op gets its operands from random programs")
    if not is_op(target) and not callable(target):
        raise TypeError(f"verify takes an op or a function of Variables, not {type(target).__name__}")
    return target


def _report(target: object, arrays: tuple[Array, ...], name: str, settings: Settings) -> Report:
    """The report; one that says so if the target raises what no op may."""
    try:
        if is_op(target):
            return verify_op(target, name, settings)
        if is_traced(target):
            return verify_function(target, *arrays, name=name, settings=settings)
    except Exception as error:
        label = name or getattr(target, "__name__", type(target).__name__)
        return Report(label, Verdict.FAIL, text=f"it raised: {said(error)}")
    raise TypeError(f"{target!r} is no op")


@pytest.fixture
def tinypytorch_verify(pytestconfig: pytest.Config) -> Verify:
    """What the fixture `verify` is, as the command line has it."""
    examples: int | None = pytestconfig.getoption("--verify-examples")
    seconds: float | None = pytestconfig.getoption("--verify-seconds")
    seed: str | None = pytestconfig.getoption("--verify-seed")
    dtypes: list[str] | None = pytestconfig.getoption("--verify-dtype")
    plain = Settings()
    return Verify(
        replace(
            plain,
            examples=examples or plain.examples,
            seconds=seconds,
            seed=int(seed or plain.seed),
            dtypes=tuple(dtypes or plain.dtypes),
        )
    )


def pytest_configure() -> None:
    """Called as soon as the plugin is registered: before Hypothesis looks for a profile."""
    register_profiles()


def register_profiles() -> None:
    """Register the profiles `ci` and `nightly`, each unless there is one of that name.

    - `ci`: the same programs every time (`derandomize`), no deadline, no database. Hypothesis has such a `ci` of its
      own; older versions have not.
    - `nightly`: others every time, and many; a failure prints what reproduces it. Failing examples are kept in
      Hypothesis's database, which can be shared: `TINYPYTORCH_DATABASE` is a directory, the URL of a Redis server
      (`redis://…`), or `github:owner/repository`, whose artifacts are read beside the local directory.
    """
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
    kind: object = getattr(importlib.import_module("redis"), "Redis", None)
    connect: object = getattr(kind, "from_url", None)
    wrap: object = getattr(importlib.import_module("hypothesis.extra.redis"), "RedisExampleDatabase", None)
    found: object = wrap(connect(url)) if callable(connect) and callable(wrap) else None
    if not isinstance(found, ExampleDatabase):
        raise TypeError("this version of redis, or of hypothesis.extra.redis, is not known here")
    return found
