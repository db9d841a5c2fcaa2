"""Floor 6: micrograd. https://github.com/karpathy/micrograd. Imports `library`; the library itself when it is run."""

from __future__ import annotations

from typing import Final

from tinypytorch.testing.libraries.library import Library
from tinypytorch.testing.libraries.vocabulary import NAMES

_FORWARD = """\
leaves = [Value(x.item()) for x in arrays]
y = loss(*leaves)
value = y.data
"""
_BACKWARD = """\
y.backward()
gradients = [x.grad for x in leaves]
"""
_AGAIN = """\
for x in leaves:
    x.grad = 0
y.backward()
gradients = [x.grad for x in leaves]
"""
_WORDS = {"negative", "add", "subtract", "multiply", "divide", "powers"}

LIBRARY: Final = Library(
    name="micrograd",
    imports="from micrograd.engine import Value",
    np="",
    forward=_FORWARD,
    backward=_BACKWARD,
    again=_AGAIN,
    without=frozenset(NAMES) - _WORDS,
    shapes=((),),
    typed=False,
)
