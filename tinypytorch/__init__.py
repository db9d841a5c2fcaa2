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
from tinypytorch.functions.diagonals import (
    diag,
    diagflat,
    diagonal,
    tril,
    triu,
)
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
from tinypytorch.functions.joining import (
    append,
    array_split,
    block,
    column_stack,
    delete,
    dsplit,
    dstack,
    hsplit,
    hstack,
    insert,
    unstack,
    vsplit,
    vstack,
)
from tinypytorch.functions.rearranging import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    expand_dims,
    flip,
    fliplr,
    flipud,
    matrix_transpose,
    moveaxis,
    permute_dims,
    ravel,
    roll,
    rollaxis,
    rot90,
    squeeze,
    swapaxes,
)
from tinypytorch.functions.reductions import logsumexp, mean, softmax
from tinypytorch.functions.reductions import max as max
from tinypytorch.functions.reductions import min as min
from tinypytorch.functions.reductions import sum as sum
from tinypytorch.functions.repeating import (
    broadcast_arrays,
    kron,
    meshgrid,
    pad,
    repeat,
    resize,
    tile,
)
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
from tinypytorch.functions.statistics import (
    average,
    cumprod,
    cumsum,
    log_softmax,
    median,
    nanmax,
    nanmean,
    nanmin,
    nansum,
    percentile,
    prod,
    ptp,
    quantile,
    std,
    var,
)
from tinypytorch.numerical import numerical_diff
from tinypytorch.numpy_functions import serve as _serve_numpy

__version__ = "0.1.0"

# Without sum, max, min, abs and pow, so that a star import leaves the builtins alone.
__all__ = [
    "Array", "Binary", "Case", "Config", "Domain", "Function", "Multi", "Spec", "T", "Tracked", "Unary", "Variable",
    "Variadic", "add", "append", "apply", "array_split", "as_array", "as_variable", "atleast_1d", "atleast_2d",
    "atleast_3d", "average", "block", "broadcast_arrays", "broadcast_to", "clip", "column_stack", "concatenate", "cos",
    "cumprod", "cumsum", "delete", "diag", "diagflat", "diagonal", "div", "dsplit", "dstack", "exp", "expand_dims",
    "flip", "fliplr", "flipud", "get_dot_graph", "getitem", "gradients", "hsplit", "hstack", "insert", "join", "kron",
    "lift", "log", "log_softmax", "logsumexp", "matmul", "matrix_transpose", "maximum", "mean", "median", "meshgrid",
    "minimum", "moveaxis", "mul", "nanmax", "nanmean", "nanmin", "nansum", "neg", "no_grad", "numerical_diff", "pad",
    "percentile", "permute_dims", "plot_dot_graph", "prod", "ptp", "quantile", "ravel", "relu", "repeat", "reshape",
    "resize", "roll", "rollaxis", "rot90", "sigmoid", "sin", "softmax", "split", "sqrt", "square", "squeeze", "stack",
    "std", "sub", "sum_to", "swapaxes", "tanh", "tile", "to_svg", "transpose", "tril", "triu", "unstack",
    "using_config", "var", "vsplit", "vstack", "where",
]  # fmt: skip

_serve_numpy()
_serve_drawing()
