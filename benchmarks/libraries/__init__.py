"""The package itself and its peers. Each is described by a module `of_…`, and imported when it is asked for."""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import dataclass
from typing import Final

from benchmarks.libraries.library import Library

OURS: Final = "tinypytorch"
BY_HAND: Final = "numpy"


@dataclass(frozen=True)
class Known:
    """A library: its name for people, the module that its users import, and the module here that describes it."""

    title: str
    imports: str
    described: str

    @property
    def distribution(self) -> str:
        """What is installed."""
        return self.imports.partition(".")[0]


LIBRARIES: Final = {
    OURS: Known("tinypytorch", "tinypytorch", "of_tinypytorch"),
    BY_HAND: Known("NumPy by hand", "numpy", ""),
    "torch": Known("PyTorch", "torch", "of_torch"),
    "jax": Known("JAX", "jax", "of_jax"),
    "jax.jit": Known("JAX jit", "jax", "of_jax"),
    "autograd": Known("autograd", "autograd", "of_autograd"),
    "mygrad": Known("MyGrad", "mygrad", "of_mygrad"),
    "micrograd": Known("micrograd", "micrograd.engine", "of_micrograd"),
}


def library(key: str) -> Library:
    """A library, loaded; raises `AbsentError` where it is not installed. NumPy has none: it is written by hand."""
    found: object = vars(importlib.import_module(f"{__name__}.{LIBRARIES[key].described}"))["adapter"](key)
    if not isinstance(found, Library):
        raise TypeError(f"{LIBRARIES[key].described}.adapter gives no Library")
    return found


def version(key: str) -> str:
    """The version that is installed, "" where none is."""
    try:
        return importlib.metadata.version(LIBRARIES[key].distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""
