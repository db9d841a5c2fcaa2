"""Floor 6: `python -m tinypytorch`. Imports `command`; that needs the extra, so what it lacks is said here."""

import sys
from collections.abc import Callable
from importlib import import_module

from tinypytorch.command.arguments import Options, parse


def _run() -> int:
    """Do what the command line says; the exit status."""
    options = parse(sys.argv[1:])
    try:
        main: Callable[[Options], int] = import_module("tinypytorch.command.run").main
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("hypothesis", "mpmath", "rich"):
            raise
        sys.stderr.write(f'{error.name} is not installed: pip install "tinypytorch[verify]"\n')
        return 2
    return main(options)


if __name__ == "__main__":
    sys.exit(_run())
