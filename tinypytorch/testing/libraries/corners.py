"""Floor 6: what this package and others give at kinks and corners, as one table. Imports floor 2.

    python -m tinypytorch.testing.libraries.corners > docs/conventions.md

measures all of them, each imported when its column is made. `ROWS` is the only place to touch: our column of the
document is held against it by the tests, without the other libraries.
"""

from __future__ import annotations

import importlib.metadata
import sys
import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np

from tinypytorch.function import value


@value
class Row:
    """A derivative of the sum of `expression`, a function of the array x in every library's own names, at a point."""

    name: str
    expression: str
    at: tuple[float, ...]
    order: int = 1


_INF: Final = float("inf")
_NAN: Final = float("nan")

ROWS: Final[tuple[Row, ...]] = (
    Row("kinks", "abs(x)", (0.0,)),
    Row("kinks", "relu(x)", (0.0,)),
    Row("kinks", "clip(x, -1.0, 1.0)", (-1.0, 1.0)),
    Row("kinks", "maximum(x[0], x[1])", (2.0, 2.0)),
    Row("kinks", "minimum(x[0], x[1])", (2.0, 2.0)),
    Row("kinks", "fmax(x[0], x[1])", (2.0, 2.0)),
    Row("kinks", "fmax(x[0], x[1])", (2.0, _NAN)),
    Row("kinks", "maximum(x[0], x[1])", (2.0, _NAN)),
    Row("kinks", "max(x)", (2.0, 2.0, 1.0)),
    Row("kinks", "min(x)", (2.0, 2.0, 3.0)),
    Row("kinks", "sort(x) * weights", (2.0, 2.0)),
    Row("kinks", "median(x)", (2.0, 2.0, 2.0)),
    Row("kinks", "ptp(x)", (2.0, 2.0)),
    Row("kinks", "elu(x)", (0.0,)),
    Row("kinks", "leaky_relu(x)", (0.0,)),
    Row("kinks", "remainder(x, 2.0)", (2.0,)),
    Row("kinks", "nan_to_num(x)", (_NAN, _INF, 1.0)),
    Row("origin", "hypot(x[0], x[1])", (0.0, 0.0)),
    Row("origin", "arctan2(x[0], x[1])", (0.0, 0.0)),
    Row("origin", "norm(x)", (0.0, 0.0)),
    Row("origin", "norm(x)**2", (0.0, 0.0)),
    Row("origin", "norm(x)**2", (0.0, 0.0), 2),
    Row("origin", "sqrt((x * x).sum())**2", (0.0, 0.0)),
    Row("origin", "std(x)", (1.0, 1.0)),
    Row("powers of 0", "x**0", (0.0,)),
    Row("powers of 0", "x**0.0", (0.0,)),
    Row("powers of 0", "x**x.detach()", (0.0,)),
    Row("powers of 0", "0.0**x", (0.0, 2.0)),
    Row("powers of 0", "x**2", (0.0,), 2),
    Row("powers of 0", "x**1", (0.0,), 2),
    Row("powers of 0", "x[0]**x[1]", (0.0, 0.0)),
    Row("infinite slopes", "sqrt(x)", (0.0,)),
    Row("infinite slopes", "log(x)", (0.0,)),
    Row("infinite slopes", "arcsin(x)", (1.0,)),
    Row("infinite slopes", "arccosh(x)", (1.0,)),
    Row("0 times infinity", "x * sqrt(x)", (0.0,)),
    Row("0 times infinity", "x**2 * sqrt(x)", (0.0,), 2),
    Row("0 times infinity", "sqrt(x)**2", (0.0,)),
    Row("0 times infinity", "x * log(x)", (0.0,)),
    Row("0 times infinity", "xlogy(x, x)", (0.0,)),
    Row("0 times infinity", "where(x > 0, sqrt(x), 0.0 * x)", (0.0, -1.0)),
    Row("0 times infinity", "where(x > 0, sqrt(x), 0.0 * x)", (0.0, -1.0), 2),
    Row("0 times infinity", "where(x >= 0, x, sqrt(-x))", (0.0, 4.0)),
    Row("0 times infinity", "where(x > 0, log(x), x)", (0.0, -1.0)),
    Row("0 times infinity", "where(x > 0, sin(x) / x, 1.0 + 0.0 * x)", (0.0,)),
    Row("0 times infinity", "where(x < 1, exp(x), x)", (1000.0,)),
    Row("0 times infinity", "sinc(x)", (0.0,)),
    Row("0 times infinity", "sinc(x)", (0.0,), 2),
    Row("zeros and infinities", "prod(x)", (0.0, 2.0, 3.0)),
    Row("zeros and infinities", "prod(x)", (0.0, 0.0, 3.0)),
    Row("zeros and infinities", "cumprod(x)", (0.0, 2.0, 3.0)),
    Row("zeros and infinities", "cumprod(x)", (0.0, 0.0, 3.0)),
    Row("zeros and infinities", "logsumexp(x)", (-_INF, 0.0)),
    Row("zeros and infinities", "logsumexp(x)", (-_INF, -_INF)),
    Row("zeros and infinities", "logsumexp(x)", (_INF, 0.0)),
    Row("zeros and infinities", "logaddexp(x[0], x[1])", (-_INF, -_INF)),
    Row("zeros and infinities", "logaddexp(x[0], x[1])", (-_INF, 0.0)),
    Row("saturation", "tanh(x)", (20.0,)),
    Row("saturation", "tanh(x)", (1000.0,), 2),
    Row("saturation", "sigmoid(x)", (-1000.0,), 2),
    Row("saturation", "log_sigmoid(x)", (-1000.0,)),
    Row("saturation", "softplus(x)", (1000.0,), 2),
    Row("saturation", "silu(x)", (-1000.0,), 2),
    Row("saturation", "hypot(x[0], x[1])", (3e200, 4e200)),
    Row("saturation", "1.0 / x", (1e-160,)),
)

OURS: Final = "tinypytorch"
# For each library a script that defines `weights`, the functions that are named differently, and `derivative`.
SCRIPTS: Final[dict[str, str]] = {
    OURS: """
import numpy as np
import tinypytorch as tp
from tinypytorch import *
from tinypytorch import abs, max, min
weights = np.array([1.0, 2.0])
from tinypytorch.ops.accumulations import Norm
norm = lambda x: apply(Norm(), x)
constant = lambda x: x.detach()

def derivative(f, at, order):
    x = tp.Variable(np.array(at))
    y = f(x)
    for _ in range(order):
        if not y.requires_grad:
            return np.zeros(len(at))
        (y,) = tp.gradients(y.sum(), x, create_graph=True, allow_unused=True)
    return y.data
""",
    "torch": """
import torch
from torch import *
from torch import abs, autograd, nn, special
from builtins import len, range
from torch.nn.functional import elu, leaky_relu, logsigmoid as log_sigmoid, relu, silu, softplus
xlogy, norm = special.xlogy, torch.linalg.vector_norm
max, min, sort = amax, amin, lambda x: torch.sort(x).values
ptp, std = lambda x: amax(x) - amin(x), lambda x: torch.std(x, correction=0)
median, cumprod, logsumexp = lambda x: quantile(x, 0.5), lambda x: torch.cumprod(x, 0), lambda x: torch.logsumexp(x, 0)
constant = lambda x: x.detach()
weights = tensor([1.0, 2.0], dtype=float64)

def derivative(f, at, order):
    x = tensor(at, dtype=float64, requires_grad=True)
    y = f(x)
    for _ in range(order):
        if not y.requires_grad:
            return zeros(len(at)).numpy()
        (y,) = autograd.grad(y.sum(), x, create_graph=True, allow_unused=True)
        y = zeros(len(at)) if y is None else y
    return y.detach().numpy()
""",
    "jax": """
import jax
jax.config.update("jax_enable_x64", True)
from jax.numpy import *
from jax.numpy import abs, linalg, max, min
from builtins import range
from jax.nn import *
from jax.scipy.special import xlogy
norm, log_sigmoid, weights, constant = linalg.norm, jax.nn.log_sigmoid, array([1.0, 2.0]), jax.lax.stop_gradient

def derivative(f, at, order):
    g = f
    for _ in range(order):
        g = (lambda h: jax.grad(lambda x: h(x).sum()))(g)
    return g(array(at))
""",
    "autograd": """
from autograd import grad
from autograd.tracer import getval
from autograd.numpy import *
from autograd.numpy import abs, linalg, max, min
from builtins import range
from autograd.scipy.special import logsumexp, expit as sigmoid
norm, weights, constant = linalg.norm, array([1.0, 2.0]), lambda x: getval(x)

def derivative(f, at, order):
    g = f
    for _ in range(order):
        g = (lambda h: grad(lambda x: sum(h(x))))(g)
    return g(array(at))
""",
}


def measured(library: str, rows: Sequence[Row] = ROWS) -> list[str]:
    """What a library gives for each row, in words; "–" for what it does not have."""
    names: dict[str, object] = {}
    exec(SCRIPTS[library], names)
    return [_one(names, row) for row in rows]


def _one(names: dict[str, object], row: Row) -> str:
    at = [float(a) for a in row.at]
    text = row.expression.replace("x.detach()", "constant(x)")
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            exec(f"found = derivative(lambda x: {text}, point, {row.order})", names | {"point": at}, names)
        except Exception:
            return "–"
    found = np.asarray(names["found"], np.float64)
    return ", ".join(_number(x) for x in found.ravel().tolist())


def _number(x: float) -> str:
    return f"{x + 0.0:.6g}"


def cells(row: Row) -> list[str]:
    """What says which derivative a line of the table is about."""
    return [f"`{row.expression}`", ", ".join(_number(a) for a in row.at), str(row.order)]


INTRODUCTION: Final = """\
# Conventions

What the derivative of the sum of an expression is where there is none, or where a rule taken by the letter meets
0 · ∞: here, and in other libraries as measured. `order` is that of the derivative, "–" means that a library does not
have the function or the derivative. In several entries: those of the gradient.

**A cotangent that is exactly 0 contributes exactly 0**, at every order, where the slope of a function such as `sqrt`,
`log`, `/`, `**` or `arcsin` is infinite or nan. So a branch that `where` did not choose does not make nan, and
`x * sqrt(x)` has its gradient at 0. The price is that a zero is taken for a constant: `sqrt(x)**2` has 0 at 0 where 1
is right, and `norm(x)**2` has second derivatives 0 where 2 is; IEEE arithmetic gives nan there. Products are left out:
`x * log(x)` at 0 has an infinite factor, which is its slope.
"""


def document() -> str:
    """The whole document, measured."""
    libraries = list(SCRIPTS)
    columns = [measured(library) for library in libraries]
    versions = [f"{name} {importlib.metadata.version(name)}" for name in libraries[1:]]
    lines = [
        INTRODUCTION,
        f"Measured with {', '.join(versions)}, by `python -m tinypytorch.testing.libraries.corners`.",
    ]
    section = ""
    for n, row in enumerate(ROWS):
        if row.name != section:
            section = row.name
            head = "| expression | at | order | here | PyTorch | JAX | autograd |"
            lines += ["", f"## {section[0].upper()}{section[1:]}", "", head]
            lines.append("|---|---|---|---|---|---|---|")
        lines.append("| " + " | ".join([*cells(row), *(c[n] for c in columns)]) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(document())
