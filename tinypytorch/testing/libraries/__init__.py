"""Floor 6: other libraries under the same random programs. Imports `library`.

`search.search(library("autograd"), examples=2000, seed=0)` gives what it found, each with a script of its own. A
library is described by the module `of_<its name>`, and imported when the first program runs in it.
"""

from __future__ import annotations

import importlib
from typing import Final

from tinypytorch.testing.libraries.library import Library

LIBRARIES: Final = ("autograd", "mygrad", "torch", "jax", "micrograd")


def library(name: str) -> Library:
    """The description of one of `LIBRARIES`.

    >>> library("autograd").name
    'autograd'
    """
    if name not in LIBRARIES:
        raise ValueError(f"no library {name!r}; there are {', '.join(LIBRARIES)}")
    found: object = vars(importlib.import_module(f"{__name__}.of_{name}"))["LIBRARY"]
    if not isinstance(found, Library):
        raise TypeError(f"of_{name}.LIBRARY is no Library")
    return found
