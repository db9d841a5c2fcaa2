"""Floor 5: NumPy's Fourier transforms: its own objects, which find our functions by themselves.

To be imported as a module: `import tinypytorch.numpy.fft`.
"""

from operator import attrgetter as _attrgetter

import numpy.fft as _numpy

from tinypytorch.core.hooks import Served as _Served
from tinypytorch.numpy.seeing import seeing as _seeing


def __getattr__(name: str) -> _Served:
    """What NumPy has by this name; for type checkers something to call that gives an object."""
    found: _Served = _attrgetter(name)(_numpy)
    return found


globals().update({name: thing for name, thing in vars(_numpy).items() if not name.startswith("_") or name == "__all__"})
globals().update(_seeing(_numpy, "fft."))
