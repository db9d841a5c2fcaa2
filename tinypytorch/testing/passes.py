"""Floor 6: a pass over a program, and how its results are compared: bit for bit. Imports floors 1 to 4 and `testing`.

Two computations that add the same numbers in another order agree bit for bit only where nothing is rounded. `exactly`
finds out whether a program is such a case, by computing in two precisions: a result that is rounded in the narrow one
comes out differently in the wide one. So no comparison here needs a tolerance.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, is_complex
from tinypytorch.core.gradients import gradients
from tinypytorch.core.variable import Variable
from tinypytorch.testing.programs import Program, in_precision, weights

# What is differentiated: the indices of values, each with its cotangent.
Ends: TypeAlias = Sequence[tuple[int, Array]]
Layout: TypeAlias = Callable[[Array], Array]

# For each dtype a wider one, in which what it rounds is rounded less: several bits less, or the last is left out.
WIDER: Final[dict[str, str]] = {"float16": "float32", "float32": "float64"} | (
    {"float64": "longdouble"} if np.finfo(np.longdouble).nmant > np.finfo(np.float64).nmant else {}
)
# The widest dtype for which there is a wider one: double precision where `longdouble` is wider.
NARROW: Final = list(WIDER)[-1]


def leaves_of(p: Program, dtype: str = "float64", constant: int = -1) -> list[Variable]:
    """New Variables that hold copies of the program's leaves; the one of index `constant` wants no gradient."""
    return [Variable(in_precision(x, dtype), requires_grad=i != constant) for i, x in enumerate(p.leaves)]


def end_of(p: Program, values: list[Variable]) -> tuple[Variable, Array] | None:
    """The last output that depends on a leaf, with its cotangent in its dtype."""
    for o in reversed(p.ends):
        if values[o].requires_grad:
            return values[o], weights(values[o].data, o).astype(values[o].dtype)
    return None


def tracked(p: Program, constant: int = -1) -> list[bool]:
    """For each value, whether it depends on a leaf; the leaf of index `constant` does not count."""
    found = [i != constant for i in range(len(p.leaves))]
    for i in p.code:
        found += [any(found[r] for r in i.operands if isinstance(r, int))] * i.outputs
    return found


def ends_of(p: Program, constant: int = -1) -> list[tuple[int, Array]]:
    """The outputs that depend on a leaf, each with its cotangent."""
    wanted = tracked(p, constant)
    return [(o, weights(p.values[o], o)) for o in p.ends if wanted[o]]


def grads_of(xs: Sequence[Variable]) -> list[Array]:
    """The gradients that `backward` left, zeros where there is none."""
    return [np.zeros(x.shape, x.dtype) if x.grad is None else x.grad for x in xs]


def bits(arrays: Sequence[Array]) -> list[bytes]:
    """Contents, with -0.0 as 0.0 and one NaN; extended precision as two doubles, since its padding holds anything."""
    found: list[bytes] = []
    with np.errstate(all="ignore"):
        for a in arrays:
            if is_complex(a):
                found.append(b"".join(bits([a.real, a.imag])))
                continue
            high = np.asarray(a + 0.0, np.float64)
            low = np.asarray(a - high + 0.0, np.float64)
            found.append(b"".join(np.where(np.isnan(half), np.nan, half).tobytes() for half in (high, low)))
    return found


def contiguous(x: Array) -> Array:
    """A copy in C order."""
    return np.array(x, order="C")


def adjoints(p: Program, ends: Ends, dtype: str = "float64", layout: Layout = contiguous) -> list[Array]:
    """The gradient of the ends with respect to every value that depends on a leaf, the leaves first; then all values.

    Leaves and cotangents are given in `dtype` and `layout`.
    """
    xs = [Variable(layout(in_precision(x, dtype))) for x in p.leaves]
    values = p.record(xs)
    inputs = [v for v, wanted in zip(values, tracked(p)) if wanted]
    seeds = [layout(seed.astype(values[o].dtype)) for o, seed in ends]
    found = gradients([values[o] for o, _ in ends], inputs, seeds, allow_unused=True) if ends else ()
    return [g.data for g in found] + [v.data for v in values]


def exactly(p: Program, ends: Ends, narrow: str = NARROW, layout: Layout = contiguous) -> list[Array] | None:
    """`adjoints` in the dtype `narrow`, if nothing was rounded on the way, else None."""
    with np.errstate(all="ignore"):
        got, wide = adjoints(p, ends, narrow, layout), adjoints(p, ends, WIDER[narrow], layout)
    same = all(g.real.dtype == np.dtype(narrow) for g in got) and all(np.isfinite(g).all() for g in got)
    # A forward that computes in double precision whatever it is given proves nothing by giving the same again.
    wider = all(w.real.dtype == np.dtype(WIDER[narrow]) for w in wide)
    return got if same and wider and bits(got) == bits(wide) else None


def settled(p: Program, ends: Ends) -> bool:
    """Whether gradients cannot depend on the order in which they are added.

    That is so where no value gets more than two, since addition commutes, and where nothing is rounded.
    """
    uses = [r for i in p.code for r in i.operands if isinstance(r, int)] + [o for o, _ in ends]
    return all(uses.count(r) <= 2 for r in set(uses)) or exactly(p, ends) is not None
