"""Floor 0: what newer Pythons have. Imports the standard library only."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if sys.version_info >= (3, 12):
    from typing import override
elif TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method):
        """Mark a method that overrides one of a base class: for type checkers only."""
        return method


__all__ = ["override"]
