"""What type checkers must accept, with the types they must find: settings, and transforms.

See `accepts.py`.
"""

from __future__ import annotations

from typing import assert_type

import tinypytorch as tp
from tests.typing.accepts import F64, vector
from tinypytorch import Array, Variable
from tinypytorch.core.config import Settings, using_config

# Settings.


@tp.no_grad()
def predict(x: Variable, scale: float = 1.0, *, label: str) -> tuple[Variable, str]:
    return x * scale, label


@tp.using_config("detect_mutation", True)
def careful(x: Variable) -> bool:
    return x.requires_grad


class Model:
    def __init__(self) -> None:
        self.w: Variable = vector()

    @tp.no_grad()
    def predict(self, x: Variable) -> Variable:
        return x * self.w


def check_settings() -> None:
    assert_type(tp.Config, Settings)
    assert_type(tp.Config.enable_backprop, bool)
    assert_type(tp.Config.detect_mutation, bool)
    assert_type(tp.no_grad(), using_config)
    with tp.no_grad():
        assert_type(tp.Config.enable_backprop, bool)
    with tp.using_config("enable_backprop", False) as nothing:
        assert_type(nothing, None)
    with tp.using_config(name="detect_mutation", value=True):
        y = vector() * 2.0
    assert_type(y, Variable)
    tp.Config.enable_backprop = True
    tp.Config.detect_mutation = False


def check_decorators_keep_the_signature() -> None:
    assert_type(predict(vector(), label="a"), tuple[Variable, str])
    assert_type(predict(x=vector(), scale=2.0, label="a"), tuple[Variable, str])
    assert_type(predict(vector(), 2, label="a")[1], str)
    assert_type(careful(vector()), bool)
    assert_type(Model().predict(vector()), Variable)
    assert_type(tp.no_grad()(tp.exp)(vector()), Variable)


# Transforms: the derivative has the form of the argument: an array for an array, a Variable for a Variable.


def cube(x: Variable) -> Variable:
    return tp.sum(x**3)


def scaled(x: Variable, by: float) -> Variable:
    return tp.sum(x * by)


def nested(p: dict[str, Variable]) -> Variable:
    return tp.sum(p["a"])


def seen(x: Variable) -> tuple[Variable, str]:
    return tp.sum(x), "seen"


def check_transforms() -> None:
    assert_type(tp.grad(cube)(vector()), Variable)
    assert_type(tp.grad(cube)(F64), Array)
    assert_type(tp.grad(cube)(2.0), Array)
    assert_type(tp.grad(scaled)(F64, 2.0), Array)
    assert_type(tp.grad(scaled, 1)(vector(), 2.0), Array)
    assert_type(tp.grad(scaled, (0, 1))(vector(), 2.0), tuple[Array, ...])
    assert_type(tp.grad(nested)({"a": vector()}), dict[str, Variable])
    assert_type(tp.grad(seen, has_aux=True)(vector()), tuple[Variable, str])
    assert_type(tp.value_and_grad(cube)(F64), tuple[Array, Array])
    assert_type(tp.value_and_grad(cube)(vector()), tuple[Variable, Variable])
    assert_type(tp.elementwise_grad(tp.exp)(F64), Array)
    assert_type(tp.jacobian(cube)(F64), Array)
    assert_type(tp.hessian(cube)(vector()), Variable)
    assert_type(tp.hvp(cube)(F64, F64), Array)
    assert_type(tp.checkpoint(cube)(vector()), Variable)
    assert_type(tp.stop_gradient(vector()), Variable)
    assert_type(tp.objective(cube, F64)[1], Array)
