"""Floor 6: MyGrad. https://github.com/rsokl/MyGrad. Imports `library`; the library itself when it is run."""

from __future__ import annotations

from typing import Final

from tinypytorch.testing.libraries.library import Library

_FORWARD = """\
leaves = [mg.tensor(x) for x in arrays]
y = loss(*leaves)
value = y.data
"""
_BACKWARD = """\
y.backward()
gradients = [x.grad for x in leaves]
"""

LIBRARY: Final = Library(
    name="mygrad",
    imports="import mygrad as mg",
    np="mg",
    forward=_FORWARD,
    backward=_BACKWARD,
    without=frozenset(
        {
            "fabs",
            "fmax",
            "fmin",
            "hypot",
            "reciprocal",
            "flip",
            "sort",
            "diff",
            "diag",
            "trace",
            "triu",
            "dot",
            "outer",
            "inner",
            "kron",
            "tensordot",
            "det",
            "tile",
        }
    ),
)
