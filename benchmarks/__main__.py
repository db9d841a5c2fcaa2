"""`python -m benchmarks`. NumPy and the peers are imported by `command`, once they are told to use one thread."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module

from benchmarks.arguments import Options, parse
from benchmarks.environment import again, is_single_threaded


def _run() -> int:
    """Do what the command line says; the exit status."""
    options = parse(sys.argv[1:])
    if not is_single_threaded():
        return again(sys.argv[1:])
    try:
        main: Callable[[Options], int] = import_module("benchmarks.command").main
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "rich":
            raise
        sys.stderr.write(f'{error.name} is not installed: pip install "tinypytorch[bench]"\n')
        return 2
    return main(options)


if __name__ == "__main__":
    sys.exit(_run())
