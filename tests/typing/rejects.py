"""What type checkers must reject. `# E: code, code` at the end of a line names the errors that mypy finds there.

`tests/test_types.py` compares these with what mypy finds, line by line and in both directions, and asks of basedpyright
an error on the same lines and on no others. Nothing here is ever called.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import tinypytorch as tp
from tinypytorch import Array, T, Variable
from tinypytorch.ops.reductions import Sum

F64: NDArray[np.float64] = np.array([1.0, 2.0])


def use(*values: object) -> None:
    """Takes anything."""


class Cube:
    def forward(self, x: Array, /) -> Array:
        return x**3

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy * (3.0 * x**2)


class Hypot:
    def forward(self, a: Array, b: Array, /) -> Array:
        return (a * a + b * b) ** 0.5

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * a / y

    def backward_b(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy * b / y


class Halves:
    def forward(self, /, *xs: Array) -> tuple[Array, ...]:
        return xs[0][0], xs[0][1]

    def backward_all(
        self, gys: tuple[T, ...], ys: tuple[T, ...], xs: tuple[T, ...], needs: tuple[bool, ...], /
    ) -> tuple[T | None, ...]:
        return gys


# Ops that are none.


class NoBackward:
    def forward(self, x: Array, /) -> Array:
        return x


class NoForward:
    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy


class ForwardOfTwo:
    def forward(self, a: Array, b: Array, /) -> Array:
        return a + b

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy


class OneRuleOfTwo:
    def forward(self, a: Array, b: Array, /) -> Array:
        return a + b

    def backward_a(self, gy: T, y: T, a: T, b: T, /) -> T:
        return gy


class ArraysOnly:
    """Its rule could not be differentiated again."""

    def forward(self, x: Array, /) -> Array:
        return x

    def backward(self, gy: Array, y: Array, x: Array, /) -> Array:
        return gy


class ShortRule:
    def forward(self, x: Array, /) -> Array:
        return x

    def backward(self, gy: T, x: T, /) -> T:
        return gy


class GivesFloat:
    def forward(self, x: Array, /) -> float:
        return 1.0

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy


class SeveralFromUnary:
    def forward(self, x: Array, /) -> tuple[Array, ...]:
        return (x,)

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return gy


class FixedArity:
    def forward(self, a: Array, b: Array, /) -> Array:
        return a

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        return (gy, None)


def ops(x: Variable) -> None:
    tp.apply(NoBackward(), x)  # E: call-overload
    tp.apply(NoForward(), x)  # E: call-overload
    tp.apply(ForwardOfTwo(), x, x)  # E: call-overload
    tp.apply(OneRuleOfTwo(), x, x)  # E: call-overload
    tp.apply(ArraysOnly(), x)  # E: call-overload
    tp.apply(ShortRule(), x)  # E: call-overload
    tp.apply(GivesFloat(), x)  # E: call-overload
    tp.apply(SeveralFromUnary(), x)  # E: call-overload
    tp.apply(FixedArity(), x, x)  # E: call-overload
    tp.apply(Cube, x)  # E: call-overload
    tp.apply(np.exp, x)  # E: call-overload
    tp.apply(lambda a: a, x)  # E: call-overload
    unary: tp.Unary = NoBackward()  # E: assignment
    binary: tp.Binary = Cube()  # E: assignment
    use(unary, binary)


# Rules that give something else than a gradient, or use what only arrays have.


class WrongReturn:
    def forward(self, x: Array, /) -> Array:
        return x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return "gy"  # E: return-value


class Forgets:
    def forward(self, x: Array, /) -> Array:
        return x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return None  # E: return-value


class Compares:
    def forward(self, x: Array, /) -> Array:
        return x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return x > 0.0  # E: return-value


class LeavesTheGraph:
    def forward(self, x: Array, /) -> Array:
        return x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        use(x.data)  # E: attr-defined
        return gy


class ArrayMethods:
    def forward(self, x: Array, /) -> Array:
        return x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        use(x.cumsum())  # E: attr-defined
        return gy


class WritesInto:
    def forward(self, x: Array, /) -> Array:
        return x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        gy[0] = 0.0  # E: index
        return gy


class LiftsBinary:
    def forward(self, x: Array, /) -> Array:
        return x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return tp.lift(Hypot(), gy)  # E: arg-type


class JoinsList:
    def forward(self, x: Array, /) -> Array:
        return x

    def backward(self, gy: T, y: T, x: T, /) -> T:
        return tp.join(Halves(), (gy, y))  # E: arg-type


# Calls.


def arity(x: Variable) -> None:
    tp.apply(Cube())  # E: call-overload
    tp.apply(Cube(), x, x)  # E: call-overload
    tp.apply(Hypot(), x)  # E: call-overload
    tp.apply(Hypot(), x, x, x)  # E: call-overload
    tp.apply(Cube(), x=x)  # E: call-overload
    tp.exp(x, x)  # E: call-arg
    tp.add(x)  # E: call-arg


def operands(x: Variable) -> None:
    tp.apply(Cube(), "a")  # E: call-overload
    tp.apply(Cube(), [1.0])  # E: call-overload
    tp.apply(Hypot(), x, None)  # E: call-overload
    use(x + "a")  # E: operator
    use(x * [1])  # E: operator
    use(x + None)  # E: operator
    use(x @ 1j)  # E: operator
    tp.fft.fft(x, norm="both")  # E: arg-type
    tp.fft.fft(x, 1.5)  # E: arg-type
    tp.angle(x, "deg")  # E: arg-type
    use("a" * x)  # E: operator
    use([1] - x)  # E: operator
    use(x @ 2.0)  # E: operator
    use(2.0 @ x)  # E: operator
    use(x < "a")  # E: operator
    use(tp.exp("a"))  # E: arg-type
    use(tp.add(x, [1.0]))  # E: arg-type
    use(tp.concatenate(["a"]))  # E: list-item
    use(tp.concatenate(x))  # E: arg-type
    use(tp.as_array([1.0]))  # E: arg-type
    use(tp.as_variable(None))  # E: arg-type


def indices(x: Variable) -> None:
    use(x["a"])  # E: index
    use(x[1.0])  # E: index
    use(x["a":])  # E: index
    use(x[F64])  # E: index
    x[0] = 1.0  # E: index
    del x[0]  # E: attr-defined


def construction() -> None:
    Variable("a")  # E: arg-type
    Variable(1.0)  # E: arg-type
    Variable([1.0])  # E: arg-type
    Variable(np.float64(1.0))  # E: arg-type
    Variable()  # E: call-arg
    Variable(F64, 1)  # E: arg-type
    Variable(F64, requires_grad="no")  # E: arg-type
    Variable(F64, dtype=np.float32)  # E: call-arg


def attributes(x: Variable) -> None:
    x.data = [1.0]  # E: assignment
    x.data = 1.0  # E: assignment
    x.grad = 1.0  # E: assignment
    x.grad = x  # E: assignment
    x.shape = (2,)  # E: misc
    x.name = 1  # E: assignment
    x.requires_grad = "no"  # E: assignment
    x.typo = 1  # E: attr-defined
    use(x.gradient)  # E: attr-defined


def no_gradient_yet(x: Variable) -> None:
    use(x.grad + 1.0)  # E: operator
    use(x.grad.shape)  # E: union-attr
    use(x.grad[0])  # E: index


def methods(x: Variable) -> None:
    x.sum(axis="a")  # E: arg-type
    x.sum(0, True)  # E: arg-type
    x.sum(axes=0)  # E: call-arg
    x.sort()  # E: attr-defined
    x.fill(1.0)  # E: attr-defined
    x[0] = 1.0  # E: index
    x.reshape("a")  # E: arg-type
    x.reshape(2.0)  # E: arg-type
    x.clip("a")  # E: arg-type
    x.backward("a")  # E: arg-type
    x.backward(retain_graph=True)  # E: call-arg
    x.item("a")  # E: arg-type
    x.detach().backwards()  # E: attr-defined


def keywords(x: Variable) -> None:
    tp.sum(x, dim=0)  # E: call-arg
    tp.softmax(x, axis=None)  # E: arg-type
    tp.reshape(x, newshape=(2,))  # E: call-arg
    tp.clip(x, a_min=0.0)  # E: call-arg
    tp.stack([x], dim=0)  # E: call-arg
    Sum(axes=0)  # E: call-arg


def derivatives(x: Variable) -> None:
    tp.gradients(F64, x)  # E: arg-type
    tp.gradients(x, F64)  # E: arg-type
    tp.gradients(x, [F64])  # E: list-item
    tp.gradients(x, x, "a")  # E: arg-type
    tp.gradients(x, x, retain_graph=True)  # E: call-arg
    one: Variable = tp.gradients(x, x)  # E: assignment
    tp.numerical_diff(np.exp, F64)  # E: arg-type
    tp.numerical_diff(lambda v: 1.0, x)  # E: arg-type, return-value
    several: Variable = tp.apply(Halves(), x)  # E: assignment
    use(one, several)


@tp.no_grad()
def predict(x: Variable, *, label: str) -> Variable:
    return x


def settings(x: Variable) -> None:
    @tp.no_grad  # E: call-arg
    def without_call() -> Variable:
        return x

    use(without_call)
    predict()  # E: call-arg
    predict(x)  # E: call-arg
    predict("a", label="b")  # E: arg-type
    predict(x, lable="b")  # E: call-arg
    wrong: str = predict(x, label="b")  # E: assignment
    use(wrong)
    tp.no_grad(True)  # E: call-arg
    tp.using_config("enable_backprop")  # E: call-arg
    tp.using_config("enable_backprop", "no")  # E: arg-type
    tp.using_config(False, False)  # E: arg-type
    tp.Config.typo = True  # E: attr-defined
    tp.Config.enable_backprop = "no"  # E: assignment
    use(tp.Config.enable_backprob)  # E: attr-defined


class Parameter(Variable):  # E: misc
    """`Variable` is final."""


# NumPy's functions: its stubs take no Variables where they ask for arrays.


def numpy_functions(x: Variable) -> None:
    use(np.sum(x))  # E: call-overload
    use(np.mean(x))  # E: call-overload
    use(np.reshape(x, (2,)))  # E: call-overload
    use(np.add(x, F64))  # E: call-overload
    np.add(F64, F64, out=x)  # E: call-overload
    array: Array = x  # E: assignment
    use(array)


def transforms(x: Variable) -> None:
    tp.grad(1.0)  # E: call-overload
    tp.grad(tp.exp)("a")  # E: call-overload
    tp.grad(tp.exp, "a")  # E: arg-type
    tp.jvp(tp.exp, x, (x,))  # E: arg-type
    tp.checkpoint(1.0)  # E: call-overload
    tp.objective(1.0, x)  # E: arg-type
