"""Nested containers, taken apart and put together again."""

from __future__ import annotations

import ast
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tinypytorch.transforms.trees import FLAT, describe, flatten, is_dict, is_sequence, paths, trees, unflatten


class Pair(NamedTuple):
    """A tuple with names."""

    left: object
    right: object


leaves = st.integers() | st.floats(allow_nan=False) | st.text(max_size=2)
nested = st.recursive(
    leaves | st.none(),
    lambda part: (
        st.lists(part, max_size=8)
        | st.lists(part, max_size=8).map(tuple)
        | st.dictionaries(st.text("ab'\"", max_size=2), part, max_size=4)
        | st.builds(Pair, part, part)
    ),
    max_leaves=12,
)


def kinds(tree: object) -> object:
    """The classes of the containers, which `==` does not tell apart."""
    if is_dict(tree):
        return dict, [kinds(part) for part in tree.values()]
    return (type(tree), [kinds(part) for part in tree]) if is_sequence(tree) else None


def at(tree: object, path: str) -> object:
    """What is at a path inside of a tree."""
    keys: list[object] = ast.literal_eval(path.replace("][", ", ") or "[]")
    for key in keys:
        if is_dict(tree):
            tree = tree.get(key)
        elif is_sequence(tree) and isinstance(key, int):
            tree = tree[key]
    return tree


@given(nested)
def test_a_tree_is_put_together_as_it_was(tree: object) -> None:
    found, structure = flatten(tree)
    again = unflatten(structure, found)
    assert again == tree
    assert kinds(again) == kinds(tree)
    assert flatten(again) == (found, structure)
    assert describe(structure).count("*") == len(found)


@given(st.lists(nested, max_size=8))
def test_a_tuple_of_trees(parts: list[object]) -> None:
    found, structure = flatten(tuple(parts))
    assert trees(structure, found) == tuple(parts)
    assert kinds(trees(structure, found)) == kinds(tuple(parts))
    for part in parts:
        inside, whole = flatten((part,))
        assert [at(part, path) for path in paths(whole)] == inside


@pytest.mark.parametrize("n", range(9))
def test_arguments_without_containers(n: int) -> None:
    given_leaves = [float(k) for k in range(n)]
    found, structure = flatten(tuple(given_leaves))
    assert found == given_leaves
    assert trees(structure, found) == tuple(given_leaves)
    assert paths(structure) == [""] * n
    if n < len(FLAT):
        assert structure is FLAT[n]
