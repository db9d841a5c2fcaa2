"""TinyPytorch: reverse-mode automatic differentiation on NumPy, small, typed, and machine-verified.

>>> import numpy as np
>>> import tinypytorch as tp
>>> x = tp.Variable(np.array([1.0, 2.0]))
>>> y = tp.sum(x**2)
>>> y.backward()
>>> x.grad
array([2., 4.])
"""

from tinypytorch.arrays import Array
from tinypytorch.core.apply import apply, as_array, as_variable
from tinypytorch.core.config import Config, no_grad, using_config
from tinypytorch.core.gradients import gradients
from tinypytorch.core.variable import Variable
from tinypytorch.drawing import get_dot_graph, plot_dot_graph, to_svg
from tinypytorch.drawing import serve as _serve_drawing
from tinypytorch.function import Binary, Case, Domain, Function, Multi, Spec, T, Tracked, Unary, Variadic, join, lift
from tinypytorch.functions.elementwise import (
    abs as abs,
)
from tinypytorch.functions.elementwise import (
    add,
    cos,
    div,
    exp,
    log,
    mul,
    neg,
    relu,
    sigmoid,
    sin,
    sqrt,
    square,
    sub,
    tanh,
)
from tinypytorch.functions.elementwise import (
    pow as pow,
)
from tinypytorch.functions.reductions import logsumexp, mean, softmax
from tinypytorch.functions.reductions import max as max
from tinypytorch.functions.reductions import min as min
from tinypytorch.functions.reductions import sum as sum
from tinypytorch.functions.selection import clip, maximum, minimum, where
from tinypytorch.functions.shaping import (
    broadcast_to,
    concatenate,
    getitem,
    matmul,
    reshape,
    split,
    stack,
    sum_to,
    transpose,
)
from tinypytorch.numerical import numerical_diff
from tinypytorch.numpy_functions import serve as _serve_numpy

__version__ = "0.1.0"

# Without sum, max, min, abs and pow, so that a star import leaves the builtins alone.
__all__ = [
    "Array", "Binary", "Case", "Config", "Domain", "Function", "Multi", "Spec", "T", "Tracked", "Unary", "Variable",
    "Variadic", "add", "apply", "as_array", "as_variable", "broadcast_to", "clip", "concatenate", "cos", "div",
    "exp", "get_dot_graph", "getitem", "gradients", "join", "lift", "log", "logsumexp", "matmul", "maximum",
    "mean", "minimum", "mul", "neg", "no_grad", "numerical_diff", "plot_dot_graph", "relu", "reshape",
    "sigmoid", "sin", "softmax", "split", "sqrt", "square", "stack", "sub", "sum_to", "tanh", "to_svg", "transpose",
    "using_config", "where",
]  # fmt: skip

_serve_numpy()
_serve_drawing()
