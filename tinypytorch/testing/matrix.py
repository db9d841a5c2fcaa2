"""Floor 6: every memory layout and dtype gives the same gradient. Imports floors 1 to 4 and `testing`.

For a program (`check_layouts`), or an op with operands (`check_op`, `check_sizes`). What is compared bit for bit with
the gradient of a contiguous copy is a gradient that is computed without rounding (see `passes.exactly`): where sums are
rounded, NumPy's own depend on the layout. Always compared: shape, dtype, `backward` with `gradients`, and whether a
leaf, the cotangent, or the memory around them, is written to.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Final

import numpy as np

from tinypytorch.arrays import Array, Index, Shape, Slice, is_array, numeric_array
from tinypytorch.core.gradients import gradients
from tinypytorch.core.variable import Variable
from tinypytorch.function import Binary, Domain, Function, Unary, is_binary, is_unary
from tinypytorch.ops import spec_of
from tinypytorch.testing.passes import WIDER, Layout, adjoints, bits, contiguous, ends_of
from tinypytorch.testing.programs import Program, in_precision

DTYPES: Final = ("float16", "float32", "float64", "longdouble")
# What elementwise ops must take besides the usual: nothing, a number, one entry, and axes of length 1 and 0.
SIZES: Final[tuple[Shape, ...]] = ((), (0,), (1,), (2, 0, 3), (1, 3, 1))

_EVEN: Slice = slice(None, None, 2)
_BACK: Slice = slice(None, None, -1)
_FIRST: Slice = slice(0, 1)


def _filled(x: Array, view: Array) -> Array:
    view[...] = x
    return view


def _strided(x: Array) -> Array:
    """Every second entry, along every axis, of a larger array; between them NaN."""
    entries: Index = (..., *(_EVEN for _ in x.shape))
    return _filled(x, np.full(tuple(2 * n for n in x.shape), np.nan, x.dtype)[entries])


def _reversed(x: Array) -> Array:
    """Backwards in memory, along every axis."""
    backwards: Index = (..., *(_BACK for _ in x.shape))
    return np.array(x[backwards], order="C")[backwards]


def _offset(x: Array) -> Array:
    """One byte behind an address that the dtype is aligned to."""
    memory = np.zeros(x.nbytes + 1, np.uint8)
    return _filled(x, np.ndarray(x.shape, x.dtype, memory.data, offset=1))


def _repeated(x: Array) -> Array:
    """The first entry along every axis, again and again with stride zero: another array, which is read-only."""
    first: Index = (..., *(_FIRST for _ in x.shape))
    return np.broadcast_to(np.array(x[first]), x.shape)


def _read_only(x: Array) -> Array:
    y = contiguous(x)
    y.flags.writeable = False
    return y


def _foreign(x: Array) -> Array:
    """In the other byte order."""
    return x.astype(x.dtype.newbyteorder())


LAYOUTS: Final[dict[str, Layout]] = {
    "contiguous": contiguous,
    "Fortran": lambda x: np.array(x, order="F"),
    "strided": _strided,
    "reversed": _reversed,
    "unaligned": _offset,
    "zero-stride": _repeated,
    "read-only": _read_only,
    "foreign byte order": _foreign,
}


def _memory(x: Array) -> bytes:
    """The contents of the whole array that x is a view of, read only as far as bits can differ."""
    while is_array(x.base) and (root := numeric_array(x.base)) is not None:
        x = root
    return x.tobytes() if x.dtype == np.uint8 else b"".join(bits([x]))


def _check_pass(p: Program, dtype: str, layout: Layout) -> str | None:
    """What is wrong with one pass over leaves in this dtype and layout, whatever its values."""
    xs = [Variable(layout(in_precision(x, dtype))) for x in p.leaves]
    ends = ends_of(p)
    if not ends:
        return None
    leaves, (o, seed) = [x.data for x in xs], ends[-1]
    y = p.record(xs)[o]
    cotangent = layout(seed.astype(y.dtype))
    before = [_memory(x) for x in (*leaves, cotangent)]
    y.backward(cotangent)
    written = [_memory(x) for x in (*leaves, cotangent)] != before
    pulled = gradients(y, xs, cotangent, allow_unused=True)
    if written or [_memory(x) for x in (*leaves, cotangent)] != before:
        return "a leaf, the cotangent, or the memory around them, was written to"
    for i, (x, g) in enumerate(zip(xs, pulled)):
        grad = np.zeros(x.shape, x.dtype) if x.grad is None else x.grad
        for found, way in ((grad, "backward"), (g.data, "gradients")):
            if found.shape != x.shape or found.dtype != x.dtype:
                return f"leaf {i} is of {x.shape} {x.dtype}, its gradient by {way} of {found.shape} {found.dtype}"
        if bits([grad]) != bits([g.data]):
            return f"leaf {i}: backward and gradients differ in bits"
    return None


def _gradients(p: Program, dtype: str, layout: Layout) -> list[bytes]:
    """The bits of everything in a pass from all ends: gradients of leaves first."""
    return bits(adjoints(p, ends_of(p), dtype, layout))


def _unrounded(p: Program, dtype: str, layout: Layout) -> bool:
    """Whether nothing is rounded in this dtype, or in a narrower one: so what is equal in a wider one is exact."""
    narrow = dtype if dtype in WIDER else list(WIDER)[-1]
    found = adjoints(p, ends_of(p), narrow, layout)
    native = {x.real.dtype.newbyteorder("=") for x in found}
    return native == {np.dtype(narrow)} and bits(found) == _gradients(p, WIDER[narrow], layout)


def _first_entries(x: Array) -> Array:
    return contiguous(_repeated(x))


def check_layout(p: Program, dtype: str, name: str) -> str | None:
    """Check one entry of the matrix: a dtype, and a name among `LAYOUTS`. An exception is a finding, too."""
    layout, plain = LAYOUTS[name], _first_entries if name == "zero-stride" else contiguous
    with np.errstate(all="ignore"):
        try:
            said = _check_pass(p, dtype, layout)
            if said is None and _gradients(p, dtype, layout) != _gradients(p, dtype, plain):
                exact = _unrounded(p, dtype, plain) and _unrounded(p, dtype, layout)
                said = "values or gradients are not those of a contiguous copy" if exact else None
        except Exception as error:
            if name == "zero-stride" and np.linalg.LinAlgError in (type(error), type(error.__cause__)):
                return None  # equal rows make a matrix singular
            said = f"{type(error).__name__}: {error}"
    return None if said is None else f"{name} {dtype}: {said}"


def check_layouts(p: Program, dtypes: Sequence[str] = DTYPES, layouts: Sequence[str] = tuple(LAYOUTS)) -> str | None:
    """Check the whole matrix; the first finding."""
    found = (check_layout(p, dtype, name) for dtype, name in product(dtypes, layouts))
    return next((said for said in found if said is not None), None)


def program_of(op: Function, *operands: Array) -> Program:
    """The program that applies an op to its operands."""
    p = Program()
    p.emit(op, *[p.leaf(x) for x in operands])
    return p


def check_op(op: Function, *operands: Array) -> str | None:
    """Check the whole matrix for one op. Operands of small integers are best: more is exact, so more is compared."""
    try:
        p = program_of(op, *operands)
    except Exception as error:
        return f"forward: {type(error).__name__}: {error}"
    return check_layouts(p)


def _inside(domain: Domain, shape: Shape) -> Array:
    """Different values inside the domain, multiples of 1/16 where it is wide."""
    low = max(domain.low, 0.0)
    step = min((domain.high - low) / 16, 1 / 16)
    return (low + step * np.arange(1.0, 1.0 + math.prod(shape))).reshape(shape)


def check_sizes(op: Unary | Binary) -> str | None:
    """Check the whole matrix for an elementwise op, with operands that are 0-d, empty, or have axes of length 1."""
    count = 1 if is_unary(op) else 2 if is_binary(op) else 0
    domains = spec_of(op).domain
    for shapes in product(SIZES, repeat=count):
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            continue
        operands = [_inside(domains[min(k, len(domains) - 1)], shape) for k, shape in enumerate(shapes)]
        said = check_op(op, *operands)
        if said is not None:
            return f"operands of {', '.join(map(str, shapes))}: {said}"
    return None
