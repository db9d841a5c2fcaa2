"""Floor 6: what the fixture `verify` of the pytest plugin is. Imports `verify`, `command.targets`, and pytest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tinypytorch.arrays import Array
from tinypytorch.command.targets import MisuseError, instance, is_op, is_traced, said
from tinypytorch.command.tasks import explained
from tinypytorch.testing.checks import Verdict
from tinypytorch.testing.verify import Report, Settings, verify_function, verify_op


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
def verify(pytestconfig: pytest.Config) -> Verify:
    """Verify ops and functions: `verify(op)`, `verify(function, *arrays)`."""
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
