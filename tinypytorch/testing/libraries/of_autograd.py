"""Floor 6: HIPS autograd. https://github.com/HIPS/autograd. Imports `library`; the library itself when it is run."""

from __future__ import annotations

from typing import Final

from tinypytorch.testing.libraries.library import Library

_BACKWARD = """\
gradients = [grad(loss, i)(*arrays) for i in range(len(arrays))]
"""
_AGAIN = """\
from autograd import make_vjp

pulls = [make_vjp(loss, i)(*arrays)[0] for i in range(len(arrays))]
gradients = [pull(np.ones_like(value)) for pull in pulls]
gradients = [pull(np.ones_like(value)) for pull in pulls]
"""


def lacks(error: Exception) -> bool:
    """Whether autograd says that it has no rule."""
    return isinstance(error, NotImplementedError) or "not defined" in str(error)


LIBRARY: Final = Library(
    name="autograd",
    imports="import autograd.numpy as np\nfrom autograd import grad",
    np="np",
    forward="value = loss(*arrays)\n",
    backward=_BACKWARD,
    again=_AGAIN,
    lacks=lacks,
)
