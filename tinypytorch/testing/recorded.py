"""Floor 6: what the engine recorded, as a program that can be checked, too. Imports floors 1 to 3, and `reduce`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.core.vertex import Node, Vertex
from tinypytorch.testing.programs import Instruction, Program
from tinypytorch.testing.reduce import rebuilt


def recorded(ends: Sequence[Vertex]) -> Program | None:
    """The program that computes these values as their graphs have it; None if that is no more than leaves.

    Operands that no graph leads to are leaves of it, with the values that they had.
    """
    nodes = _nodes(ends)
    leaves: list[Array] = []
    numbers: dict[int, int] = {}  # of the values, by the vertices' ids: the graph keeps them alive
    for node in nodes:
        for parent, value in zip(node.parents, node.values, strict=True):
            if (parent is None or parent.is_leaf) and _key(parent, value) not in numbers:
                numbers[_key(parent, value)] = len(leaves)
                leaves.append(np.asarray(value))
    code: list[Instruction] = []
    at = len(leaves)
    for node in nodes:
        given = tuple(numbers[_key(p, value)] for p, value in zip(node.parents, node.values, strict=True))
        code.append(Instruction(node.op, given, len(node.outputs)))
        numbers |= {id(y): at + n for n, output in enumerate(node.outputs) if (y := output()) is not None}
        at += len(node.outputs)
    return rebuilt(leaves, code)


def _key(parent: Vertex | None, value: Array) -> int:
    """What an operand is told by: its vertex, or its value where there is none."""
    return id(value) if parent is None else id(parent)


def _nodes(ends: Sequence[Vertex]) -> list[Node]:
    """The applications that lead to these values, each after those that gave its operands."""
    found: dict[int, Node] = {}
    waiting = [v.creator for v in ends]
    while waiting:
        node = waiting.pop()
        if node is not None and id(node) not in found:
            found[id(node)] = node
            waiting += [parent.creator for parent in node.parents if parent is not None]
    return sorted(found.values(), key=lambda node: node.generation)
