"""Tables of the small benchmarks: printed, or written to the file after `--markdown`."""

from __future__ import annotations

import sys
from pathlib import Path


def give(*lines: str) -> None:
    """Print a table in Markdown, or write it where the command line says."""
    text = "\n".join([*lines, ""])
    if sys.argv[1:2] == ["--markdown"] and len(sys.argv) == 3:
        Path(sys.argv[2]).write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
