"""`stop_gradient`, `checkpoint` and `custom_vjp`: which arguments and results they take, and what is run how often."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

import tinypytorch as tp
from tests.support import call, grad
from tinypytorch import Array, Variable
from tinypytorch.transforms.tracing import plain
from tinypytorch.transforms.trees import flatten


class Pair(NamedTuple):
    a: Variable
    b: object


class Shelf(list[object]):
    pass


def three() -> Variable:
    return Variable(np.array(3.0))


def array(x: object) -> Array:
    found: Array = np.asarray(plain(x))
    return found


TREES: list[Callable[[Variable], object]] = [
    lambda x: x,
    lambda x: (x, [x, "text"]),
    lambda x: {"a": x, "b": 3.0},
    lambda x: Pair(x, None),
    lambda x: OrderedDict[str, object](a=x),
    lambda x: defaultdict[str, object](lambda: x, a=x),
    lambda x: Shelf([x]),
]


@pytest.mark.parametrize("made", TREES, ids=range(len(TREES)))
def test_what_is_stopped_has_no_gradient_in_any_container(made: Callable[[Variable], object]) -> None:
    x = three()
    before, after = flatten(made(x))[0], flatten(call(tp.stop_gradient, made(x)))[0]
    assert [type(leaf) for leaf in before] == [type(leaf) for leaf in after]
    for leaf in after:
        assert not isinstance(leaf, Variable) or (not leaf.requires_grad and leaf.item() == 3.0)


def test_a_checkpoint_passes_arguments_by_name() -> None:
    def f(x: Variable, *, times: Variable, less: object) -> Variable:
        return x * times - array(less)

    x, times = three(), Variable(np.array(5.0))
    y = call(tp.checkpoint(f), x, less=2.0, times=times)
    assert isinstance(y, Variable)
    y.backward()
    assert (y.item(), grad(x).item(), grad(times).item()) == (13.0, 5.0, 3.0)


def test_a_checkpoint_runs_again_for_a_gradient_alone() -> None:
    """Once for each pass; not where all arguments are constants. An argument may be no number to differentiate by."""
    runs: list[int] = []

    def f(x: Variable, by: Variable) -> Variable:
        runs.append(1)
        return x * by

    x, integers = three(), Variable(np.array(5))
    y = tp.checkpoint(f)(x, integers)
    assert len(runs) == 1
    y.backward()
    assert (len(runs), grad(x).item()) == (2, 5.0)
    constant = Variable(np.array(2.0), requires_grad=False)
    assert not tp.checkpoint(f)(constant, integers).requires_grad
    w = three()

    def closed(v: Variable) -> Variable:
        return v * w

    tp.checkpoint(closed)(constant).backward()
    assert grad(w).item() == 2.0


def test_a_checkpoint_has_results_and_arguments_that_do_not_matter() -> None:
    def f(x: Variable, unused: Variable) -> dict[str, object]:
        return {"y": x * x, "held": tp.stop_gradient(x), "number": 2.0}

    x, unused = three(), three()
    found = tp.checkpoint(f)(x, unused)
    y, held = found["y"], found["held"]
    assert isinstance(y, Variable)
    assert isinstance(held, Variable)
    (y * held * array(found["number"])).backward()
    assert (grad(x).item(), grad(unused).item()) == (36.0, 0.0)


def own_slope(g: Variable, y: Variable, x: Variable) -> Variable:
    """A rule that differentiates by itself."""
    v = Variable(x.data.copy())
    (v * v * v).backward()
    return g * grad(v)


def cubed(x: Variable) -> Array:
    return array(x) ** 3


def test_no_grad_outside_does_not_stop_what_rules_record() -> None:
    own = tp.custom_vjp(cubed, own_slope)
    with tp.no_grad():
        assert tp.grad(own)(3.0) == 27.0
    for f, slope in ((tp.checkpoint(own), 27.0), (tp.checkpoint(tp.sin), np.cos(3.0))):
        x = three()
        y = f(x)
        with tp.no_grad():
            y.backward()
            assert tp.grad(f)(3.0) == slope
        assert grad(x).item() == slope


def test_positional_constants_get_no_gradient() -> None:
    def scaled(x: Variable, by: float, y: Variable, *, plus: float) -> Array:
        return array(x) * by * array(y) + plus

    def rule(g: Variable, out: Variable, x: Variable, by: float, y: Variable, *, plus: float) -> object:
        return [g * by * y, None, g * by * x]

    f = tp.custom_vjp(scaled, rule)
    x, y = three(), three()
    f(x, 2.0, y, plus=1.0).backward()
    assert (grad(x).item(), grad(y).item()) == (6.0, 6.0)
    alone = call(f, 1.0, 2.0, 1.0, plus=1.0)
    assert isinstance(alone, Variable)
    assert (alone.item(), alone.requires_grad) == (3.0, False)


def test_the_one_gradient_may_stand_in_a_tuple() -> None:
    def rule(g: Variable, y: Variable, x: Variable) -> object:
        return (g * 2.0,)

    x = three()
    tp.custom_vjp(cubed, rule)(x).backward()
    assert grad(x).item() == 2.0


def ruled(given: object) -> Callable[[], object]:
    """A pass through a product whose rule gives this."""

    def product(a: Variable, b: Variable) -> Array:
        return array(a) * array(b)

    def rule(g: Variable, y: Variable, a: Variable, b: Variable) -> object:
        return given

    return lambda: tp.custom_vjp(product, rule)(three(), three()).backward()


def twice(x: Variable) -> object:
    return x, x


WEIGHT = three()


def weighted(x: Variable) -> Variable:
    return WEIGHT * array(x)


def text(x: object) -> object:
    return "text"


REFUSED: list[tuple[Callable[[], object], type[Exception], str]] = [
    (ruled(1.0), ValueError, "the rule gave 1 gradients for 2 arguments"),
    (ruled((1.0, 1.0, 1.0)), ValueError, "the rule gave 3 gradients for 2 arguments"),
    (ruled((1.0, "text")), TypeError, "not str"),
    (lambda: tp.custom_vjp(twice, own_slope)(three()), TypeError, "gives one array; this one gave 2"),
    (lambda: call(tp.custom_vjp(cubed, own_slope), [three()]), TypeError, r"not within .* are \(\[\*\],\)"),
    (lambda: call(call(tp.custom_vjp, text, own_slope), 2.0), TypeError, "custom_vjp: the function gives arrays"),
    (lambda: call(tp.custom_vjp(weighted, own_slope), 2.0), ValueError, "not among its arguments"),
    (lambda: tp.checkpoint(text)(three()), TypeError, "checkpoint: the function gives arrays"),
]


@pytest.mark.parametrize(("run", "kind", "text"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(run: Callable[[], object], kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text):
        run()


def test_a_variable_beside_the_arguments_is_refused_whichever_result_uses_it() -> None:
    w = three()

    def first(x: Variable) -> object:
        return x * w, x

    def second(x: Variable) -> object:
        return x, x * w

    for f in (first, second):
        with pytest.raises(ValueError, match="a Variable that is not among its arguments"):
            tp.checkpoint(f)(three())
