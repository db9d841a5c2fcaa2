"""PyTorch, on the CPU and on one thread. https://docs.pytorch.org."""

from __future__ import annotations

from operator import methodcaller
from typing import Final

from benchmarks.libraries.library import Arrays, Library, Loss, Results, Step, backward, functions, module
from tinypytorch import Array
from tinypytorch.compat import override

_detached: Final = methodcaller("detach")


class Adapter(Library):
    """Leaves and data are tensors."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.torch = module("torch")
        self.torch.set_num_threads(1)
        self.functions = functions(self.torch, lambda x: self.torch.softmax(x, dim=-1))

    @override
    def fresh(self, loss: Loss, numbers: tuple[float, ...]) -> Step:
        tensor, float64, f = self.torch.tensor, self.torch.float64, self.functions

        def step() -> Results:
            leaves = [tensor(n, dtype=float64, requires_grad=True) for n in numbers]
            y = loss(f, *leaves)
            backward(y)
            return y, *[x.grad for x in leaves]

        return step

    @override
    def gradients(self, loss: Loss, parameters: Arrays, data: Arrays = ()) -> Step:
        f = self.functions
        leaves = [self.torch.tensor(x, requires_grad=True) for x in parameters]
        given = [self.torch.tensor(x) for x in data]

        def step() -> Results:
            for x in leaves:
                x.grad = None
            y = loss(f, *leaves, *given)
            backward(y)
            return y, *[x.grad for x in leaves]

        return step

    @override
    def forward(self, loss: Loss, parameters: Arrays, data: Arrays) -> Step:
        f, no_grad = self.functions, self.torch.no_grad
        leaves = [self.torch.tensor(x, requires_grad=True) for x in parameters]
        given = [self.torch.tensor(x) for x in data]

        def step() -> Results:
            with no_grad():
                return (loss(f, *leaves, *given),)

        return step

    @override
    def product(self, loss: Loss, x: Array, v: Array) -> Step:
        f, grad = self.functions, self.torch.autograd.grad
        leaf, direction = self.torch.tensor(x, requires_grad=True), self.torch.tensor(v)

        def step() -> Results:
            (slope,) = grad(loss(f, leaf), leaf, create_graph=True)
            (found,) = grad(f.sum(slope * direction), leaf)
            return (found,)

        return step

    @override
    def array(self, result: object) -> Array:
        return super().array(_detached(result))


adapter = Adapter
