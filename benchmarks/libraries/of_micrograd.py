"""micrograd, which knows numbers only. https://github.com/karpathy/micrograd."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

import numpy as np

from benchmarks.libraries.library import Library, Loss, Results, Step, backward, functions, module
from tinypytorch.compat import override

_data: Final = attrgetter("data")


class Adapter(Library):
    """Leaves are Values. It has no functions of arrays; NumPy's stand in for them, and are never called."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.value = module("micrograd.engine").Value
        self.functions = functions(np, np.tanh)

    @override
    def fresh(self, loss: Loss, numbers: tuple[float, ...]) -> Step:
        value, f = self.value, self.functions

        def step() -> Results:
            leaves = [value(n) for n in numbers]
            y = loss(f, *leaves)
            backward(y)
            return _data(y), *[x.grad for x in leaves]

        return step


adapter = Adapter
