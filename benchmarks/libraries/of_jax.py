"""JAX in float64: eager, and compiled by `jit`. https://docs.jax.dev.

A step ends when its results are there: JAX computes in the background. Compiling is no part of a step.
"""

from __future__ import annotations

from functools import partial
from operator import attrgetter

from benchmarks.libraries.library import Arrays, Library, Loss, Results, Step, functions, module
from tinypytorch import Array
from tinypytorch.compat import override


class Adapter(Library):
    """Functions are transformed once; data are arguments, lest they be compiled in as constants."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.jax = module("jax")
        self.jax.config.update("jax_enable_x64", True)
        self.asarray = module("jax.numpy").asarray
        self.functions = functions(module("jax.numpy"), partial(self.jax.nn.softmax, axis=-1))
        # Eager functions are called as they are.
        self.compiled = self.jax.jit if key == "jax.jit" else attrgetter("__call__")

    @override
    def fresh(self, loss: Loss, numbers: tuple[float, ...]) -> Step:
        ready, places = self.jax.block_until_ready, tuple(range(len(numbers)))
        pull = self.compiled(self.jax.value_and_grad(partial(loss, self.functions), places))

        def step() -> Results:
            y, gradients = ready(pull(*numbers))
            return y, *gradients

        return step

    @override
    def gradients(self, loss: Loss, parameters: Arrays, data: Arrays = ()) -> Step:
        ready, places = self.jax.block_until_ready, tuple(range(len(parameters)))
        pull = self.compiled(self.jax.value_and_grad(partial(loss, self.functions), places))
        given = [self.asarray(x) for x in (*parameters, *data)]

        def step() -> Results:
            y, gradients = ready(pull(*given))
            return y, *gradients

        return step

    @override
    def forward(self, loss: Loss, parameters: Arrays, data: Arrays) -> Step:
        ready = self.jax.block_until_ready
        run = self.compiled(partial(loss, self.functions))
        given = [self.asarray(x) for x in (*parameters, *data)]

        def step() -> Results:
            return (ready(run(*given)),)

        return step

    @override
    def product(self, loss: Loss, x: Array, v: Array) -> Step:
        ready, jvp = self.jax.block_until_ready, self.jax.jvp
        slope = self.jax.grad(partial(loss, self.functions))

        def along(a: Array, b: Array) -> object:
            _, found = jvp(slope, (a,), (b,))
            return found

        run = self.compiled(along)
        given = [self.asarray(x), self.asarray(v)]

        def step() -> Results:
            return (ready(run(*given)),)

        return step


adapter = Adapter
