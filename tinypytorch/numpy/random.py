"""Floor 5: NumPy's random numbers: its own objects, which find our functions by themselves.

To be imported as a module: `import tinypytorch.numpy.random`.
"""

from operator import attrgetter as _attrgetter

import numpy.random as _numpy
from numpy.random import Generator, RandomState, default_rng, normal, permutation, rand, randint, randn, seed, uniform

from tinypytorch.core.hooks import Served as _Served
from tinypytorch.numpy.seeing import drawing as _drawing

__all__ = [
    "Generator", "RandomState", "default_rng", "normal", "permutation", "rand", "randint", "randn", "seed", "uniform",
]  # fmt: skip


def __getattr__(name: str) -> _Served:
    """What NumPy has by this name; for type checkers something to call that gives an object."""
    found: _Served = _attrgetter(name)(_numpy)
    return found


globals().update({name: thing for name, thing in vars(_numpy).items() if not name.startswith("_") or name == "__all__"})
globals().update(_drawing(_numpy))
