"""Floor 5: nested tuples, lists and dicts of arrays, taken apart and put together again. Imports floors 1 to 3.

A tree is a leaf, or a tuple, named tuple, list or dict of trees, or None. Everything else is a leaf: arrays, numbers,
Variables, and whatever else a function takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from types import NoneType
from typing import Final, TypeGuard

from tinypytorch.core.hooks import is_served
from tinypytorch.function import value


@value
class Leaf:
    """The place of something that is no container."""


@value
class Branch:
    """A container: its class, the keys of a dict (else none), and what it contains."""

    kind: type[object]
    keys: tuple[object, ...]
    parts: tuple[Leaf | Branch, ...]


Structure = Leaf | Branch
LEAF = Leaf()
NOTHING = Branch(NoneType, (), ())
# Tuples of so many leaves, which arguments mostly are.
FLAT: Final = tuple(Branch(tuple, (), (LEAF,) * n) for n in range(6))


def is_sequence(x: object) -> TypeGuard[Sequence[object]]:
    """Whether x is a list or tuple (`isinstance` alone leaves what is in it unknown)."""
    return isinstance(x, (list, tuple))


def is_dict(x: object) -> TypeGuard[dict[object, object]]:
    """Whether x is a dict (likewise)."""
    return isinstance(x, dict)


def is_container(x: object) -> bool:
    """Whether x is no leaf."""
    return isinstance(x, (tuple, list, dict, NoneType))


def is_plain_tuple(x: object) -> TypeGuard[tuple[object, ...]]:
    """Whether x is a tuple, and no named one."""
    return type(x) is tuple


def flatten(tree: object) -> tuple[list[object], Structure]:
    """The leaves of a tree in order, and its structure.

    >>> leaves, structure = flatten({"w": [1.0, 2.0], "b": (3.0, None)})
    >>> leaves, unflatten(structure, [10.0, 20.0, 30.0])
    ([1.0, 2.0, 3.0], {'w': [10.0, 20.0], 'b': (30.0, None)})
    """
    leaves: list[object] = []
    if not is_plain_tuple(tree) or len(tree) >= len(FLAT) or any(map(is_container, tree)):
        return leaves, _flatten(tree, leaves)
    leaves.extend(tree)
    return leaves, FLAT[len(leaves)]


def _flatten(tree: object, leaves: list[object]) -> Structure:
    if not is_container(tree):
        leaves.append(tree)
        return LEAF
    if is_sequence(tree):
        return Branch(type(tree), (), tuple([_flatten(part, leaves) for part in tree]))
    if is_dict(tree):
        return Branch(type(tree), tuple(tree), tuple([_flatten(part, leaves) for part in tree.values()]))
    return NOTHING


def unflatten(structure: Structure, leaves: Sequence[object]) -> object:
    """The tree of that structure with these leaves."""
    return leaves[0] if structure is LEAF else _unflatten(structure, iter(leaves))


def trees(structure: Structure, leaves: Sequence[object]) -> tuple[object, ...]:
    """The trees in a tuple of them, of that structure and with these leaves."""
    if len(leaves) < len(FLAT) and structure is FLAT[len(leaves)]:
        return tuple(leaves)
    tree = unflatten(structure, leaves)
    return tuple(tree) if is_sequence(tree) else (tree,)


def _unflatten(structure: Structure, leaves: Iterator[object]) -> object:
    if isinstance(structure, Leaf):
        return next(leaves)
    parts = [_unflatten(part, leaves) for part in structure.parts]
    kind = structure.kind
    if kind is NoneType:
        return None
    if issubclass(kind, dict):
        return dict(zip(structure.keys, parts, strict=True))
    make: object = getattr(kind, "_make", None)
    if is_served(make):
        return make(parts)
    return parts if issubclass(kind, list) else tuple(parts)


def map_leaves(f: Callable[[object], object], tree: object) -> object:
    """The tree with `f` of each leaf in its place."""
    leaves, structure = flatten(tree)
    return unflatten(structure, [f(leaf) for leaf in leaves])


def describe(structure: Structure) -> str:
    """A structure as errors show it: `{'w': [*, *], 'b': *}`."""
    if isinstance(structure, Leaf):
        return "*"
    parts = [describe(part) for part in structure.parts]
    if structure.kind is NoneType:
        return "None"
    if issubclass(structure.kind, dict):
        return "{" + ", ".join(f"{key!r}: {part}" for key, part in zip(structure.keys, parts, strict=True)) + "}"
    inside = ", ".join(parts)
    return f"[{inside}]" if issubclass(structure.kind, list) else f"({inside}{',' * (len(parts) == 1)})"


def paths(structure: Structure) -> list[str]:
    """Where each leaf of a tuple of trees is inside of its tree, as one writes it: `['w'][0]`; empty if it is the tree.

    >>> paths(flatten(({"w": [1.0, 2.0]}, 3.0))[1])
    ["['w'][0]", "['w'][1]", '']
    """
    return [] if isinstance(structure, Leaf) else [path for part in structure.parts for path in _paths(part)]


def _paths(structure: Structure) -> list[str]:
    if isinstance(structure, Leaf):
        return [""]
    keys = structure.keys or range(len(structure.parts))
    return [f"[{key!r}]{rest}" for key, part in zip(keys, structure.parts, strict=True) for rest in _paths(part)]
