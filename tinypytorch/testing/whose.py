"""Floor 6: whose code an exception comes from, for messages. Imports NumPy, to know where it is."""

from __future__ import annotations

import os
import sysconfig
import traceback
from pathlib import Path
from typing import Final

import numpy as np


def said(error: BaseException) -> str:
    """An exception in one line, with where in somebody's own code it was raised."""
    words = next((line for line in str(error).splitlines() if line.strip()), "")
    text = f"{type(error).__name__}: {words}" if words else type(error).__name__
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if is_yours(frame.filename):
            return f"{text} ({shown(frame.filename)}, line {frame.lineno}: {frame.line})"
    return text


_PACKAGE: Final = str(Path(__file__).resolve().parents[1])
_NUMPY: Final = str(Path(np.__file__).parent)


def is_yours(path: str) -> bool:
    """Whether a source file is neither this package's, NumPy's nor Python's."""
    if path.startswith(("<", _PACKAGE + os.sep, _NUMPY + os.sep)):
        return False
    return "site-packages" in path or not path.startswith(sysconfig.get_path("stdlib") + os.sep)


def shown(path: str) -> str:
    """A path as short as it can be written."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return path
