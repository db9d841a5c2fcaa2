"""Floor 6: what was asked for on the command line. Imports the standard library only: help works without the extra."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

PROGRAM: Final = "python -m tinypytorch"
DTYPES: Final = ("float16", "float32", "float64", "longdouble")

# For how long a target may go without finishing a program, in seconds.
TIMEOUT: Final = 30.0

USAGE: Final = f"""\
{PROGRAM}: check derivatives by random programs, against references that do not use the rule.

  {PROGRAM} verify                   every op of the package
  {PROGRAM} verify myop.py           every op in a file of yours
  {PROGRAM} verify myop.py:Swish     one of them; or a function of Variables
  {PROGRAM} verify package.module    every op in a module; or package.module:Swish
  {PROGRAM} list                     the ops of the package, where they are defined, and their kinks

  {PROGRAM} verify --help            how many programs, which dtypes, reports for machines
"""

_EPILOG: Final = """\
exit status: 0 verified; 1 a counterexample, a discovery in a library, or what crashed, hung or could not be verified;
2 wrong use, such as what cannot be imported or is not installed (the others still run); 130 interrupted.
"""

_TARGETS: Final = """\
module:Op, module:function, path/to/file.py:Name, or a module or file for all ops in it (names that begin with an
underscore are left out); or a name of `list`, such as `sin`. None: every op of the package. A class is called without
arguments; if it needs some, name an instance, or declare `spec = Spec(cases=...)`.
"""


@dataclass
class Options:
    """The options, by argparse's names; None where the default depends on others."""

    command: str = ""
    targets: Sequence[str] = ()
    examples: int | None = None
    seconds: float | None = None
    seed: int | None = None
    dtype: list[str] = field(default_factory=list[str])
    orders: tuple[int, ...] | None = None
    jobs: int | None = None
    timeout: float = TIMEOUT
    json: str = ""
    junit: str = ""
    certificate: str = ""
    check_certificate: str = ""
    library: list[str] = field(default_factory=list[str])
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


def _orders(text: str) -> tuple[int, ...]:
    parts = {part.strip() for part in text.split(",")}
    if not parts <= {"1", "2"}:
        raise argparse.ArgumentTypeError(f"1, 2 or 1,2 is wanted, not {text!r}")
    return tuple(sorted(int(part) for part in parts))


def _json_file(text: str) -> str:
    """A file for JSON. Not just any name: `verify --json myop.py` must not overwrite an op."""
    if text != "-" and not text.endswith(".json"):
        raise argparse.ArgumentTypeError(
            f"{text!r} does not end in .json (for JSON on standard output put --json last)"
        )
    return text


def _parser() -> argparse.ArgumentParser:
    """The options of `verify`."""
    parser = argparse.ArgumentParser(
        f"{PROGRAM} verify",
        description="Check the derivatives of ops by random programs.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("targets", nargs="*", metavar="TARGET", help=_TARGETS)
    add("--examples", type=_whole(1), metavar="N", help="programs for each target (default: 200)")
    add(
        "--seconds",
        type=_duration,
        metavar="S",
        help="stop earlier, after this time for each target (and to make a counterexample small, as long again)",
    )
    add("--seed", type=_whole(0), metavar="N", help="other programs (default: 0); the same seed, the same run")
    add("--dtype", action="append", choices=DTYPES, help="of the leaves; may be repeated (default: float64)")
    add("--orders", type=_orders, metavar="1,2", help="which derivatives (default: 1,2)")
    add("--jobs", type=_whole(1), metavar="N", help="processes (default: as many as there are CPUs)")
    add(
        "--timeout",
        type=_duration,
        metavar="S",
        help=f"how long a target may take for one program before it counts as hanging (default: {TIMEOUT:.0f})",
    )
    add("--json", nargs="?", const="-", type=_json_file, metavar="FILE", help="a report as JSON (alone: on stdout)")
    add("--junit", metavar="FILE", help="a report as JUnit's XML")
    add("--certificate", metavar="FILE.md", help="write what was verified as Markdown")
    add("--check-certificate", metavar="FILE.md", help="whether that file's table is what comes out now; else exit 1")
    add("--library", action="append", metavar="NAME", help="search another library for wrong gradients, too")
    return parser


def parse(argv: Sequence[str]) -> Options:
    """The options; prints help and exits with 0, or says what is wrong and exits with 2."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        sys.stdout.write(USAGE)
        raise SystemExit(0)
    command, rest = argv[0], argv[1:]
    if command == "list":
        parser = argparse.ArgumentParser(f"{PROGRAM} list", description="The ops of the package.")
        return parser.parse_args(rest, Options(command))
    if command != "verify":
        argparse.ArgumentParser(PROGRAM, usage=USAGE).error(f"no command {command!r}; there are verify and list")
    options = _parser().parse_intermixed_args(rest, Options(command))
    options.written = tuple(argv)
    return options
