"""TinyPytorch: reverse-mode automatic differentiation on NumPy, small, typed, and machine-verified.

>>> import numpy as np
>>> import tinypytorch as tp
>>> x = tp.Variable(np.array([1.0, 2.0]))
>>> y = tp.sum(x**2)
>>> y.backward()
>>> x.grad
array([2., 4.])
"""

from tinypytorch import fft, linalg
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
from tinypytorch.functions.differences import (
    convolve,
    correlate,
    diff,
    ediff1d,
    gradient,
    interp,
    trapezoid,
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
from tinypytorch.functions.exponential import (
    cbrt,
    elu,
    exp2,
    expm1,
    float_power,
    gelu,
    leaky_relu,
    log1p,
    log2,
    log10,
    log_sigmoid,
    logaddexp,
    logaddexp2,
    logit,
    reciprocal,
    silu,
    softplus,
    softsign,
    xlogy,
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
from tinypytorch.functions.nan import (
    nancumprod,
    nancumsum,
    nanmax,
    nanmean,
    nanmedian,
    nanmin,
    nanpercentile,
    nanprod,
    nanquantile,
    nanstd,
    nansum,
    nanvar,
)
from tinypytorch.functions.padding import pad
from tinypytorch.functions.parts import absolute, angle, conj, conjugate, imag, real
from tinypytorch.functions.pieces import (
    apply_along_axis,
    apply_over_axes,
    astype,
    copy,
    frexp,
    ldexp,
    modf,
    piecewise,
    unwrap,
)
from tinypytorch.functions.pieces import divmod as divmod
from tinypytorch.functions.products import (
    cross,
    dot,
    einsum,
    inner,
    matmul,
    matvec,
    outer,
    tensordot,
    trace,
    vdot,
    vecdot,
    vecmat,
)
from tinypytorch.functions.ranges import (
    corrcoef,
    cov,
    cumulative_prod,
    cumulative_sum,
    geomspace,
    linspace,
    logspace,
    polyval,
    vander,
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
    repeat,
    resize,
    tile,
)
from tinypytorch.functions.rounding import (
    copysign,
    fabs,
    fmax,
    fmin,
    fmod,
    heaviside,
    mod,
    nan_to_num,
    positive,
    remainder,
)
from tinypytorch.functions.running import cummax, cummin
from tinypytorch.functions.selecting import (
    at_add,
    at_set,
    choose,
    compress,
    extract,
    partition,
    select,
    sort,
    take,
    take_along_axis,
)
from tinypytorch.functions.selection import clip, maximum, minimum, where
from tinypytorch.functions.shaping import (
    broadcast_to,
    concatenate,
    getitem,
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
    percentile,
    prod,
    ptp,
    quantile,
    std,
    var,
)
from tinypytorch.functions.trigonometric import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cosh,
    deg2rad,
    degrees,
    hypot,
    rad2deg,
    radians,
    sinc,
    sinh,
    tan,
)
from tinypytorch.numerical import numerical_diff
from tinypytorch.numpy_functions import serve as _serve_numpy
from tinypytorch.transforms.objectives import objective
from tinypytorch.transforms.overriding import checkpoint, custom_vjp, stop_gradient
from tinypytorch.transforms.products import hessian, hvp, jacobian, jvp
from tinypytorch.transforms.reverse import elementwise_grad, grad, value_and_grad, vjp

__version__ = "0.1.0"

# Without sum, max, min, abs, pow and divmod, so that a star import leaves the builtins alone.
__all__ = [
    "Array", "Binary", "Case", "Config", "Domain", "Function", "Multi", "Spec", "T", "Tracked", "Unary", "Variable",
    "Variadic", "absolute", "add", "angle", "append", "apply", "apply_along_axis", "apply_over_axes", "arccos",
    "arccosh", "arcsin", "arcsinh", "arctan", "arctan2", "arctanh", "array_split", "as_array", "as_variable", "astype",
    "at_add", "at_set", "atleast_1d", "atleast_2d", "atleast_3d", "average", "block", "broadcast_arrays",
    "broadcast_to", "cbrt", "checkpoint", "choose", "clip", "column_stack", "compress", "concatenate", "conj",
    "conjugate", "convolve", "copy", "copysign", "corrcoef", "correlate", "cos", "cosh", "cov", "cross", "cummax",
    "cummin", "cumprod", "cumsum", "cumulative_prod", "cumulative_sum", "custom_vjp", "deg2rad", "degrees", "delete",
    "diag", "diagflat", "diagonal", "diff", "div", "dot", "dsplit", "dstack", "ediff1d", "einsum", "elementwise_grad",
    "elu", "exp", "exp2", "expand_dims", "expm1", "extract", "fabs", "fft", "flip", "fliplr", "flipud", "float_power",
    "fmax", "fmin", "fmod", "frexp", "gelu", "geomspace", "get_dot_graph", "getitem", "grad", "gradient", "gradients",
    "heaviside", "hessian", "hsplit", "hstack", "hvp", "hypot", "imag", "inner", "insert", "interp", "jacobian", "join",
    "jvp", "kron", "ldexp", "leaky_relu", "lift", "linalg", "linspace", "log", "log10", "log1p", "log2", "log_sigmoid",
    "log_softmax", "logaddexp", "logaddexp2", "logit", "logspace", "logsumexp", "matmul", "matrix_transpose", "matvec",
    "maximum", "mean", "median", "meshgrid", "minimum", "mod", "modf", "moveaxis", "mul", "nan_to_num", "nancumprod",
    "nancumsum", "nanmax", "nanmean", "nanmedian", "nanmin", "nanpercentile", "nanprod", "nanquantile", "nanstd",
    "nansum", "nanvar", "neg", "no_grad", "numerical_diff", "objective", "outer", "pad", "partition", "percentile",
    "permute_dims", "piecewise", "plot_dot_graph", "polyval", "positive", "prod", "ptp", "quantile", "rad2deg",
    "radians", "ravel", "real", "reciprocal", "relu", "remainder", "repeat", "reshape", "resize", "roll", "rollaxis",
    "rot90", "select", "sigmoid", "silu", "sin", "sinc", "sinh", "softmax", "softplus", "softsign", "sort", "split",
    "sqrt", "square", "squeeze", "stack", "std", "stop_gradient", "sub", "sum_to", "swapaxes", "take",
    "take_along_axis", "tan", "tanh", "tensordot", "tile", "to_svg", "trace", "transpose", "trapezoid", "tril", "triu",
    "unstack", "unwrap", "using_config", "value_and_grad", "vander", "var", "vdot", "vecdot", "vecmat", "vjp", "vsplit",
    "vstack", "where", "xlogy",
]  # fmt: skip

_serve_numpy()
_serve_drawing()
