"""The package itself, called as its peers are."""

from __future__ import annotations

import numpy as np

from benchmarks.libraries.library import Arrays, Library, Loss, Results, Step, backward, functions, module
from tinypytorch import Array, Variable
from tinypytorch.compat import override


class Adapter(Library):
    """Leaves are Variables, data are constant ones."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.tp = module("tinypytorch")
        self.functions = functions(self.tp, lambda x: self.tp.softmax(x, axis=-1))

    @override
    def fresh(self, loss: Loss, numbers: tuple[float, ...]) -> Step:
        variable, f = self.tp.Variable, self.functions

        def step() -> Results:
            leaves = [variable(np.array(n)) for n in numbers]
            y = loss(f, *leaves)
            backward(y)
            return y, *[x.grad for x in leaves]

        return step

    @override
    def gradients(self, loss: Loss, parameters: Arrays, data: Arrays = ()) -> Step:
        f = self.functions
        leaves = [self.tp.Variable(x) for x in parameters]
        given = [self.tp.Variable(x, requires_grad=False) for x in data]

        def step() -> Results:
            for x in leaves:
                x.cleargrad()
            y = loss(f, *leaves, *given)
            backward(y)
            return y, *[x.grad for x in leaves]

        return step

    @override
    def forward(self, loss: Loss, parameters: Arrays, data: Arrays) -> Step:
        f, no_grad = self.functions, self.tp.no_grad
        leaves = [self.tp.Variable(x) for x in parameters]
        given = [self.tp.Variable(x, requires_grad=False) for x in data]

        def step() -> Results:
            with no_grad():
                return (loss(f, *leaves, *given),)

        return step

    @override
    def product(self, loss: Loss, x: Array, v: Array) -> Step:
        f, gradients = self.functions, self.tp.gradients
        leaf, direction = self.tp.Variable(x), self.tp.Variable(v, requires_grad=False)

        def step() -> Results:
            (slope,) = gradients(loss(f, leaf), leaf, create_graph=True)
            (found,) = gradients(f.sum(slope * direction), leaf)
            return (found,)

        return step

    @override
    def array(self, result: object) -> Array:
        return super().array(result.data if isinstance(result, Variable) else result)


adapter = Adapter
