"""MyGrad, with its memory guard off. https://github.com/rsokl/MyGrad."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from benchmarks.libraries.library import Arrays, Library, Loss, Results, Step, backward, functions, module
from tinypytorch.compat import override

_data: Final = attrgetter("data")


class Adapter(Library):
    """Leaves are tensors, data are constant ones."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.mg = module("mygrad")
        self.mg.turn_memory_guarding_off()
        self.functions = functions(self.mg, module("mygrad.nnet.activations").softmax)

    @override
    def fresh(self, loss: Loss, numbers: tuple[float, ...]) -> Step:
        tensor, f = self.mg.tensor, self.functions

        def step() -> Results:
            leaves = [tensor(n) for n in numbers]
            y = loss(f, *leaves)
            backward(y)
            return _data(y), *[x.grad for x in leaves]

        return step

    @override
    def gradients(self, loss: Loss, parameters: Arrays, data: Arrays = ()) -> Step:
        f = self.functions
        leaves = [self.mg.tensor(x) for x in parameters]
        given = [self.mg.tensor(x, constant=True) for x in data]

        def step() -> Results:
            for x in leaves:
                x.null_grad()
            y = loss(f, *leaves, *given)
            backward(y)
            return _data(y), *[x.grad for x in leaves]

        return step

    @override
    def forward(self, loss: Loss, parameters: Arrays, data: Arrays) -> Step:
        f, no_autodiff = self.functions, self.mg.no_autodiff
        leaves = [self.mg.tensor(x) for x in parameters]
        given = [self.mg.tensor(x, constant=True) for x in data]

        def step() -> Results:
            with no_autodiff:
                return (_data(loss(f, *leaves, *given)),)

        return step


adapter = Adapter
