"""SciPy's special functions: derivatives of three orders, SciPy's own names, dtypes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

pytest.importorskip("scipy")
from scipy import special as ss

import tinypytorch as tp
from tests.support import call, grad, var
from tinypytorch import Variable, special
from tinypytorch.arrays import Shape
from tinypytorch.function import is_binary
from tinypytorch.ops import spec_of
from tinypytorch.scipy import special as namespace
from tinypytorch.special import ops
from tinypytorch.testing.checks import Verdict, check_first, check_second
from tinypytorch.testing.conventions import check_conventions
from tinypytorch.testing.invariants import check_additive
from tinypytorch.testing.passes import ends_of, exactly
from tinypytorch.testing.programs import Program

INSIDE = [0.125, 0.5, 0.8]
UNARY = [
    *("erf", "erfc", "erfinv", "erfcinv", "gammaln", "loggamma", "digamma", "psi", "gamma", "expit", "logit"),
    *("log_expit", "entr", "ndtr", "log_ndtr", "ndtri", "j0", "j1", "y0", "y1", "i0", "i1", "k0", "k1"),
]
BINARY = ["beta", "betaln", "xlogy", "xlog1py", "rel_entr", "kl_div"]
FIXED: list[tuple[str, float]] = [("jn", 2), ("yn", 3), ("polygamma", 1), ("polygamma", 2), ("gammainc", 1.5)]


def quotient(f: Callable[[float], float], x: float, h: float = 1e-3) -> float:
    """The derivative of f at x by six values, good to about ten digits."""
    pairs = ((1, 45.0), (2, -9.0), (3, 1.0))
    return sum(c * (f(x + k * h) - f(x - k * h)) for k, c in pairs) / (60 * h)


def chain(f: Callable[[Variable], Variable], at: float, n: int) -> float:
    """The derivative of order n."""
    x = var(at)
    y = f(x)
    for _ in range(n):
        (y,) = tp.gradients(y, x, create_graph=True)
    return float(y)


def named(name: str, *first: object) -> Callable[[Variable], Variable]:
    """The function of that name here, with its leading arguments."""

    def f(x: Variable) -> Variable:
        y = call(getattr(special, name), *first, x)
        assert isinstance(y, Variable)
        return y

    return f


def ours(name: str) -> Callable[[Variable], Variable]:
    """SciPy's own function of that name, on Variables."""

    def f(x: Variable) -> Variable:
        y = call(getattr(ss, name), x)
        assert isinstance(y, Variable)
        return y

    return f


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(("name", "first"), [*((n, ()) for n in UNARY), *((n, (k,)) for n, k in FIXED)])
@pytest.mark.parametrize("x", INSIDE)
def test_every_order_is_the_derivative_of_the_one_below(
    name: str, first: tuple[object, ...], x: float, order: int
) -> None:
    f = named(name, *first)
    if order == 1:
        assert float(f(var(x))) == pytest.approx(call(getattr(ss, name), *first, x), rel=1e-14)
    expected = quotient(lambda at: chain(f, at, order - 1), x)
    assert chain(f, x, order) == pytest.approx(expected, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", UNARY)
def test_scipys_own_names_are_recorded(name: str) -> None:
    assert chain(ours(name), 0.5, 2) == chain(named(name), 0.5, 2)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("shapes", [((2, 3), (3,)), ((), (2,)), ((0, 2), (2,))])
def test_functions_of_two(name: str, shapes: tuple[Shape, Shape]) -> None:
    a, b = (Variable(np.linspace(0.3, 0.9, max(int(np.prod(s)), 1))[: int(np.prod(s))].reshape(s)) for s in shapes)
    y = call(getattr(special, name), a, b)
    assert isinstance(y, Variable)
    np.testing.assert_array_equal(y.data, np.asarray(call(getattr(ss, name), a.data, b.data)))
    y.sum().backward()
    assert (grad(a).shape, grad(b).shape) == shapes


OPS = [kind for kind in vars(ops).values() if isinstance(kind, type) and hasattr(kind, "spec")]


@pytest.mark.parametrize("kind", OPS)
def test_the_checker_says_so_too(kind: type) -> None:
    declared = spec_of(kind).cases
    instances = [case.op for case in declared()] if declared else [kind()]
    for op in instances:
        leaves = [np.array(INSIDE), np.array([0.25, 0.75, 0.5])][: 2 if is_binary(op) else 1]
        p = Program.of(leaves, (op, *range(len(leaves))))
        for finding in (check_first(p), check_second(p)):
            assert finding.verdict is Verdict.PASS, finding
            assert {"rounded duals", "50-digit duals"} <= set(finding.references)
        assert check_conventions(op) is None


@pytest.mark.parametrize("x", [-40.0, -200.0, -1e4, -5.0, 0.0, 5.0, 40.0])
def test_log_ndtr_far_out(x: float) -> None:
    scaled = call(ss.erfcx, -x / np.sqrt(2))
    assert isinstance(scaled, float)
    mills = float(np.sqrt(2 / np.pi)) / scaled
    assert chain(special.log_ndtr, x, 1) == pytest.approx(mills, rel=1e-14)
    assert np.isfinite(chain(special.log_ndtr, x, 2))


@pytest.mark.parametrize("name", ["erf", "gammaln", "log_ndtr", "i0"])
@pytest.mark.parametrize("dtype", ["float16", "float32", "longdouble"])
def test_the_gradient_has_the_datas_dtype(name: str, dtype: str) -> None:
    x = var([0.25, 0.5], dtype)
    named(name)(x).sum().backward()
    assert grad(x).dtype == np.dtype(dtype)


def test_scipy_is_imported_on_demand_and_the_error_says_so() -> None:
    code = """
import sys, numpy as np, tinypytorch as tp
assert "scipy" not in sys.modules
import scipy.special
try:
    scipy.special.erf(tp.Variable(np.array(1.0)))
except TypeError as error:
    print(error)
import tinypytorch.special
print(scipy.special.erf(tp.Variable(np.array(0.0))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert "import tinypytorch.special first" in first
    assert second == "variable(0.0)"


def test_softmax_takes_all_entries_by_default() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose(special.softmax(Variable(x)).data, ss.softmax(x), rtol=1e-15)
    np.testing.assert_allclose(special.log_softmax(Variable(x), axis=0).data, ss.log_softmax(x, axis=0), rtol=1e-14)


def test_polygamma_of_a_negative_order() -> None:
    with pytest.raises(ValueError, match="order -1 is negative"):
        special.polygamma(-1, var(1.0))


@pytest.mark.parametrize("name", ["jn", "yn", "polygamma", "gammainc", "gammaincc"])
def test_a_variable_is_no_parameter(name: str) -> None:
    """Its value alone would be a gradient of zero, and silently."""
    for home in (special, namespace):
        with pytest.raises(TypeError, match=rf"{name}: there is no derivative for its first argument"):
            call(getattr(home, name), var(2.0), var(1.0))


@pytest.mark.parametrize("name", special.__all__)
def test_the_namespace_gives_arrays_for_arrays_and_variables_for_variables(name: str) -> None:
    f: object = getattr(namespace, name)
    first = (2,) if name in ("jn", "yn", "polygamma", "gammainc", "gammaincc") else ()
    x = np.array([0.25, 0.5, 0.75])
    xs = (x, x[::-1]) if name in (*BINARY, "xlogy") else (x,)
    plain, right = call(f, *first, *xs), call(getattr(ss, name), *first, *xs)
    assert type(plain) is type(right)
    np.testing.assert_array_equal(np.asarray(plain), np.asarray(right))
    leaves = [Variable(x) for x in xs]
    y, ours = call(f, *first, *leaves), call(getattr(special, name), *first, *leaves)
    assert isinstance(y, Variable)
    assert isinstance(ours, Variable)
    np.testing.assert_array_equal(y.data, ours.data)
    (y * y).sum().backward()
    found = [grad(x) for x in leaves]
    again = tp.gradients((ours * ours).sum(), leaves)
    for mine, other in zip(found, again, strict=True):
        np.testing.assert_array_equal(mine, other.data)


def test_the_namespace_has_the_rest_of_scipys() -> None:
    assert set(ss.__all__) <= set(dir(namespace))
    assert all(getattr(namespace, name) is getattr(ss, name) for name in set(ss.__all__) - set(special.__all__))
    x = np.array([[0.5, 1.0], [2.0, 0.25]])
    np.testing.assert_array_equal(namespace.logsumexp(x, axis=1), ss.logsumexp(x, axis=1))
    assert isinstance(namespace.logsumexp(Variable(x), axis=1), Variable)
    with pytest.raises(AttributeError):
        _ = namespace.nonesuch


def test_a_forward_that_stays_in_double_precision_proves_nothing_exact() -> None:
    p = Program.of([np.array(2.0)], (ops.Expit(), 0))
    assert exactly(p, ends_of(p)) is None
    assert check_additive(p) is None
