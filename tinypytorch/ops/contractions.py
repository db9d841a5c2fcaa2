"""Floor 2: sums of products over named indices. Imports `arrays`, `function` and other op files."""

from __future__ import annotations

import math
from typing import ClassVar, Final, TypeAlias

import numpy as np

from tinypytorch.arrays import Array, Positions, Shape
from tinypytorch.function import Case, Spec, T, join, lift, value
from tinypytorch.ops.indexing import PutAdd
from tinypytorch.ops.shaping import SumTo, broadcast_to

# How operands are paired: not at all, NumPy's ways by name, or a path as `np.einsum_path` gives it.
Optimize: TypeAlias = bool | str | tuple[str | tuple[int, ...], ...]

# The letters that stand for axes, in the order of their numbers.
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@value
class Einsum:
    """The sum of products that `subscripts` says, written out: a letter for each axis, "->" and those of the result.

    The rule is the same op: an operand's gradient is the sum of products of gy and the other operands, with this
    operand's letters as the result. A letter that is in this operand only was summed over, so its entries all get the
    same; one that is there twice took a diagonal, which alone gets something; an axis of length 1 was repeated.
    """

    subscripts: str
    optimize: Optimize = False
    spec: ClassVar[Spec] = Spec(
        takes="an operand for each term, an axis for each letter, and one length (or 1) for all axes of a letter",
        cases=lambda: tuple(
            Case(Einsum(subscripts, optimize), shapes)
            for subscripts, optimize, shapes in (
                ("ij,jk->ik", False, ((2, 3), (3, 2))),
                ("ij->ji", False, ((2, 3),)),
                ("ij->", False, ((2, 3),)),
                ("ii->i", False, ((3, 3),)),
                ("iji->j", False, ((2, 3, 2),)),
                ("ij,ij->j", False, ((1, 3), (2, 3))),
                ("i,ij->i", False, ((2,), (1, 3))),
                ("i,j,k->jik", False, ((2,), (1,), (3,))),
                ("bij,bjk,bk->bi", True, ((2, 2, 3), (1, 3, 2), (2, 2))),
                ("ii,jj,ij->", "greedy", ((2, 2), (3, 3), (2, 3))),
                (",i->i", False, ((), (3,))),
                ("ij,ij,ij->i", ("einsum_path", (0, 2), (0, 1)), ((2, 3), (2, 3), (2, 3))),
            )
        ),
        holomorphic=True,
        multilinear=True,
    )

    def forward(self, /, *xs: Array) -> Array:
        path = list(self.optimize) if isinstance(self.optimize, tuple) else self.optimize
        y: Array = np.einsum(self.subscripts, *xs, optimize=path)
        return y

    def backward_all(self, gy: T, y: T, xs: tuple[T, ...], needs: tuple[bool, ...], /) -> tuple[T | None, ...]:
        gxs: list[T | None] = []
        for at, need in enumerate(needs):
            if not need:
                gxs.append(None)
                continue
            op, found, term = self.adjoint_of(at)
            factors = [gy]
            factors.extend(x for j, x in enumerate(xs) if j != at)
            shape: Shape = xs[at].shape
            gxs.append(_returned(join(op, tuple(factors)), found, term, shape))
        return tuple(gxs)

    def adjoint_of(self, at: int) -> tuple[Einsum, str, str]:
        """What gives the gradient of an operand from gy and the others, the letters of its axes, and the operand's."""
        given, out = self.subscripts.split("->")
        terms = given.split(",")
        term = terms.pop(at)
        left = [out, *terms]
        found = "".join(letter for letter in _distinct(term) if any(letter in other for other in left))
        pairing = "greedy" if isinstance(self.optimize, tuple) else self.optimize
        return Einsum(f"{','.join(left)}->{found}", pairing), found, term


def _distinct(term: str) -> str:
    """The letters of a term, each once, in their order."""
    return "".join(letter for i, letter in enumerate(term) if letter not in term[:i])


def _returned(g: T, found: str, term: str, shape: Shape) -> T:
    """The gradient of an operand with the axes `term`, from one that has those in `found`."""
    letters = _distinct(term)
    lengths: dict[str, int] = {letter: shape[i] for i, letter in enumerate(term)}
    own: Shape = tuple(lengths[letter] for letter in letters)
    have: Shape = g.shape
    kept: dict[str, int] = {letter: have[i] for i, letter in enumerate(found)}
    summed: dict[str, int] = {letter: 1 if lengths[letter] == 1 else n for letter, n in kept.items()}
    if summed != kept:
        g = lift(SumTo(tuple(summed.values())), g)
    if len(found) < len(letters):
        g = g.reshape(tuple(summed.get(letter, 1) for letter in letters))
    if g.shape != own:
        g = broadcast_to(g, own)
    if len(letters) == len(term):
        return g
    places: Positions = np.arange(math.prod(shape)).reshape(shape)
    diagonal: Positions = np.einsum(f"{term}->{letters}", places)
    return lift(PutAdd(np.array(diagonal), (places.size,)), g).reshape(shape)
