"""What was asked for on the command line. Imports the standard library only: help works without the extra."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

PROGRAM: Final = "python -m benchmarks"
_EPILOG: Final = """\
exit status: 0; with --strict 1 if a target is missed; 2 wrong use; 130 interrupted.
"""


@dataclass
class Options:
    """The options, by argparse's names."""

    workloads: Sequence[str] = ()
    rounds: int | None = None
    seconds: float | None = None
    peers: tuple[str, ...] | None = None
    json: str = ""
    plot: str = ""
    markdown: str = ""
    quick: bool = False
    strict: bool = False
    list: bool = False
    seed: int = 0
    written: tuple[str, ...] = ()


def _whole(low: int) -> Callable[[str], int]:
    """A whole number, from `low` on."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < low:
            raise argparse.ArgumentTypeError(f"a whole number from {low} is wanted, not {text!r}")
        return int(text)

    return read


def _duration(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"a time in seconds is wanted, not {text!r}")
    return seconds


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def parse(argv: Sequence[str]) -> Options:
    """The options; prints help and exits with 0, or says what is wrong and exits with 2."""
    parser = argparse.ArgumentParser(
        PROGRAM,
        description="Measure this package beside its peers, on the same work.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("workloads", nargs="*", metavar="WORKLOAD", help="what to run (default: all)")
    add("--list", action="store_true", help="the workloads and libraries there are")
    add("--rounds", type=_whole(1), metavar="N", help="rounds for each workload (default: 25, with --quick 3)")
    add("--seconds", type=_duration, metavar="S", help="stop earlier, after this time for each (default: 60)")
    add("--peers", type=_names, metavar="A,B", help="which libraries to compare with; numpy is NumPy by hand")
    add("--seed", type=_whole(0), metavar="N", help="another order of turns (default: 0)")
    add("--json", metavar="FILE", help="write every figure as JSON")
    add("--plot", metavar="FILE.png", help="draw a picture")
    add("--markdown", metavar="FILE.md", help="write the tables as Markdown")
    add("--quick", action="store_true", help="few rounds at small sizes, to see that it runs; no targets")
    add("--strict", action="store_true", help="exit with 1 if a target is missed")
    options = parser.parse_intermixed_args(argv, Options())
    options.written = tuple(argv)
    return options
