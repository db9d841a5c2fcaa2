"""HIPS autograd. https://github.com/HIPS/autograd."""

from __future__ import annotations

from benchmarks.libraries.library import Arrays, Library, Loss, Results, Step, functions, module
from tinypytorch import Array
from tinypytorch.compat import override


class Adapter(Library):
    """Functions of plain arrays are transformed once. There is no softmax: it is written with exp and sum."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.autograd = module("autograd")
        self.numpy = module("autograd.numpy")
        self.functions = functions(self.numpy, self._softmax)

    def _softmax(self, x: Array) -> Array:
        e = self.numpy.exp(x)
        shares: Array = e / self.numpy.sum(e, axis=-1, keepdims=True)
        return shares

    @override
    def fresh(self, loss: Loss, numbers: tuple[float, ...]) -> Step:
        f = self.functions

        def function(*xs: Array) -> Array:
            return loss(f, *xs)

        pull = self.autograd.value_and_grad(function, tuple(range(len(numbers))))

        def step() -> Results:
            y, gradients = pull(*numbers)
            return y, *gradients

        return step

    @override
    def gradients(self, loss: Loss, parameters: Arrays, data: Arrays = ()) -> Step:
        f = self.functions

        def function(*xs: Array) -> Array:
            return loss(f, *xs, *data)

        pull = self.autograd.value_and_grad(function, tuple(range(len(parameters))))

        def step() -> Results:
            y, gradients = pull(*parameters)
            return y, *gradients

        return step

    @override
    def forward(self, loss: Loss, parameters: Arrays, data: Arrays) -> Step:
        f = self.functions

        def step() -> Results:
            return (loss(f, *parameters, *data),)

        return step

    @override
    def product(self, loss: Loss, x: Array, v: Array) -> Step:
        f = self.functions

        def function(a: Array) -> Array:
            return loss(f, a)

        along = self.autograd.hessian_vector_product(function)

        def step() -> Results:
            return (along(x, v),)

        return step


adapter = Adapter
