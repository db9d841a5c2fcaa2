"""Floor 5: NumPy's own functions with types that know Variables: a Variable gives a Variable, an array an array.

At run time these are the very objects of NumPy, which find our functions by themselves. Imports floors 1 and 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Protocol, TypeAlias, overload

import numpy as np

from tinypytorch.arrays import Array, Axis, RealArray, Scalar
from tinypytorch.core.variable import Operand, Variable

Plain: TypeAlias = RealArray | Scalar


class Map(Protocol):
    """A ufunc of one argument."""

    @overload
    def __call__(self, x: Variable, /) -> Variable: ...
    @overload
    def __call__(self, x: Plain | Sequence[float], /, out: Array | None = None) -> Array: ...


class Zip(Protocol):
    """A ufunc of two arguments, and what it is along an axis."""

    @overload
    def __call__(self, a: Variable, b: Operand, /) -> Variable: ...
    @overload
    def __call__(self, a: Plain, b: Variable, /) -> Variable: ...
    @overload
    def __call__(
        self, a: Plain | Sequence[float], b: Plain | Sequence[float], /, out: Array | None = None
    ) -> Array: ...
    @overload
    def reduce(self, x: Variable, /, axis: Axis = 0, *, keepdims: bool = False) -> Variable: ...
    @overload
    def reduce(self, x: Plain | Sequence[float], /, axis: Axis = 0, *, keepdims: bool = False) -> Array: ...
    @overload
    def accumulate(self, x: Variable, /, axis: int = 0) -> Variable: ...
    @overload
    def accumulate(self, x: Plain | Sequence[float], /, axis: int = 0) -> Array: ...
    @overload
    def outer(self, a: Variable, b: Operand, /) -> Variable: ...
    @overload
    def outer(self, a: Plain, b: Variable, /) -> Variable: ...
    @overload
    def outer(self, a: Plain | Sequence[float], b: Plain | Sequence[float], /) -> Array: ...


class Reduction(Protocol):
    """A function over axes."""

    @overload
    def __call__(self, a: Variable, axis: Axis = None, *, keepdims: bool = False, **rest: object) -> Variable: ...
    @overload
    def __call__(
        self, a: Plain | Sequence[float], axis: Axis = None, *, keepdims: bool = False, **rest: object
    ) -> Array: ...


class Change(Protocol):
    """A function of one array and of what is no array: shapes, axes, numbers."""

    @overload
    def __call__(self, a: Variable, /, *args: object, **kwargs: object) -> Variable: ...
    @overload
    def __call__(self, a: Plain | Sequence[float], /, *args: object, **kwargs: object) -> Array: ...


class Join(Protocol):
    """A function that puts several arrays together."""

    @overload
    def __call__(self, arrays: Sequence[Variable], /, axis: int = 0) -> Variable: ...
    @overload
    def __call__(self, arrays: Sequence[Plain], /, axis: int = 0) -> Array: ...
    @overload
    def __call__(self, arrays: Sequence[Operand] | Variable, /, axis: int = 0) -> Variable | Array: ...


abs: Map = attrgetter("abs")(np)
absolute: Map = attrgetter("absolute")(np)
acos: Map = attrgetter("acos")(np)
acosh: Map = attrgetter("acosh")(np)
arccos: Map = attrgetter("arccos")(np)
arccosh: Map = attrgetter("arccosh")(np)
arcsin: Map = attrgetter("arcsin")(np)
arcsinh: Map = attrgetter("arcsinh")(np)
arctan: Map = attrgetter("arctan")(np)
arctanh: Map = attrgetter("arctanh")(np)
asin: Map = attrgetter("asin")(np)
asinh: Map = attrgetter("asinh")(np)
atan: Map = attrgetter("atan")(np)
atanh: Map = attrgetter("atanh")(np)
cbrt: Map = attrgetter("cbrt")(np)
conj: Map = attrgetter("conj")(np)
conjugate: Map = attrgetter("conjugate")(np)
cos: Map = attrgetter("cos")(np)
cosh: Map = attrgetter("cosh")(np)
deg2rad: Map = attrgetter("deg2rad")(np)
degrees: Map = attrgetter("degrees")(np)
exp: Map = attrgetter("exp")(np)
exp2: Map = attrgetter("exp2")(np)
expm1: Map = attrgetter("expm1")(np)
fabs: Map = attrgetter("fabs")(np)
log: Map = attrgetter("log")(np)
log10: Map = attrgetter("log10")(np)
log1p: Map = attrgetter("log1p")(np)
log2: Map = attrgetter("log2")(np)
negative: Map = attrgetter("negative")(np)
positive: Map = attrgetter("positive")(np)
rad2deg: Map = attrgetter("rad2deg")(np)
radians: Map = attrgetter("radians")(np)
reciprocal: Map = attrgetter("reciprocal")(np)
sin: Map = attrgetter("sin")(np)
sinh: Map = attrgetter("sinh")(np)
sqrt: Map = attrgetter("sqrt")(np)
square: Map = attrgetter("square")(np)
tan: Map = attrgetter("tan")(np)
tanh: Map = attrgetter("tanh")(np)

add: Zip = attrgetter("add")(np)
arctan2: Zip = attrgetter("arctan2")(np)
atan2: Zip = attrgetter("atan2")(np)
copysign: Zip = attrgetter("copysign")(np)
divide: Zip = attrgetter("divide")(np)
float_power: Zip = attrgetter("float_power")(np)
fmax: Zip = attrgetter("fmax")(np)
fmin: Zip = attrgetter("fmin")(np)
fmod: Zip = attrgetter("fmod")(np)
heaviside: Zip = attrgetter("heaviside")(np)
hypot: Zip = attrgetter("hypot")(np)
logaddexp: Zip = attrgetter("logaddexp")(np)
logaddexp2: Zip = attrgetter("logaddexp2")(np)
matmul: Zip = attrgetter("matmul")(np)
maximum: Zip = attrgetter("maximum")(np)
minimum: Zip = attrgetter("minimum")(np)
mod: Zip = attrgetter("mod")(np)
multiply: Zip = attrgetter("multiply")(np)
pow: Zip = attrgetter("pow")(np)
power: Zip = attrgetter("power")(np)
remainder: Zip = attrgetter("remainder")(np)
subtract: Zip = attrgetter("subtract")(np)
true_divide: Zip = attrgetter("true_divide")(np)

sum: Reduction = attrgetter("sum")(np)
mean: Reduction = attrgetter("mean")(np)
prod: Reduction = attrgetter("prod")(np)
max: Reduction = attrgetter("max")(np)
min: Reduction = attrgetter("min")(np)
amax: Reduction = attrgetter("amax")(np)
amin: Reduction = attrgetter("amin")(np)
var: Reduction = attrgetter("var")(np)
std: Reduction = attrgetter("std")(np)
ptp: Reduction = attrgetter("ptp")(np)
median: Reduction = attrgetter("median")(np)
nansum: Reduction = attrgetter("nansum")(np)
nanmean: Reduction = attrgetter("nanmean")(np)
nanprod: Reduction = attrgetter("nanprod")(np)
nanmax: Reduction = attrgetter("nanmax")(np)
nanmin: Reduction = attrgetter("nanmin")(np)
nanvar: Reduction = attrgetter("nanvar")(np)
nanstd: Reduction = attrgetter("nanstd")(np)
nanmedian: Reduction = attrgetter("nanmedian")(np)

cumsum: Change = attrgetter("cumsum")(np)
cumprod: Change = attrgetter("cumprod")(np)
nancumsum: Change = attrgetter("nancumsum")(np)
nancumprod: Change = attrgetter("nancumprod")(np)
reshape: Change = attrgetter("reshape")(np)
transpose: Change = attrgetter("transpose")(np)
ravel: Change = attrgetter("ravel")(np)
squeeze: Change = attrgetter("squeeze")(np)
expand_dims: Change = attrgetter("expand_dims")(np)
moveaxis: Change = attrgetter("moveaxis")(np)
rollaxis: Change = attrgetter("rollaxis")(np)
swapaxes: Change = attrgetter("swapaxes")(np)
flip: Change = attrgetter("flip")(np)
fliplr: Change = attrgetter("fliplr")(np)
flipud: Change = attrgetter("flipud")(np)
rot90: Change = attrgetter("rot90")(np)
roll: Change = attrgetter("roll")(np)
tile: Change = attrgetter("tile")(np)
repeat: Change = attrgetter("repeat")(np)
resize: Change = attrgetter("resize")(np)
pad: Change = attrgetter("pad")(np)
diag: Change = attrgetter("diag")(np)
diagflat: Change = attrgetter("diagflat")(np)
diagonal: Change = attrgetter("diagonal")(np)
tril: Change = attrgetter("tril")(np)
triu: Change = attrgetter("triu")(np)
take: Change = attrgetter("take")(np)
take_along_axis: Change = attrgetter("take_along_axis")(np)
sort: Change = attrgetter("sort")(np)
partition: Change = attrgetter("partition")(np)
broadcast_to: Change = attrgetter("broadcast_to")(np)
diff: Change = attrgetter("diff")(np)
copy: Change = attrgetter("copy")(np)
cumulative_sum: Change = attrgetter("cumulative_sum")(np)
cumulative_prod: Change = attrgetter("cumulative_prod")(np)
quantile: Change = attrgetter("quantile")(np)
percentile: Change = attrgetter("percentile")(np)
clip: Change = attrgetter("clip")(np)
nan_to_num: Change = attrgetter("nan_to_num")(np)
sinc: Change = attrgetter("sinc")(np)

concatenate: Join = attrgetter("concatenate")(np)
concat: Join = attrgetter("concat")(np)
stack: Join = attrgetter("stack")(np)
hstack: Join = attrgetter("hstack")(np)
vstack: Join = attrgetter("vstack")(np)
dstack: Join = attrgetter("dstack")(np)
column_stack: Join = attrgetter("column_stack")(np)
