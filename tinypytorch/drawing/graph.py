"""Floor 5: what a drawing shows, so that DOT and SVG show the same. Imports floors 1 to 4.

The walk keeps its own stack, so a graph of a million functions does not reach Python's recursion limit, and it can stop
early, so that a picture too large to read is refused before the graph has been visited.
"""

from __future__ import annotations

from dataclasses import dataclass

from tinypytorch.core.errors import op_name, shape_and_dtype
from tinypytorch.core.variable import Variable
from tinypytorch.core.vertex import CONSTANT, Node, Vertex


@dataclass(frozen=True, slots=True)
class History:
    """The variables and functions that a result came from, numbered from the result backwards.

    The numbers depend on the graph alone, so the same graph is drawn the same way.
    """

    variables: dict[Vertex, int]
    functions: dict[Node, int]


def history(output: object, limit: int | None = None) -> History:
    """Everything reachable backward from `output`, depth first, a function's inputs in their order.

    Of a function with several outputs only those are found that `output` came from: which of the others are still
    alive is no part of its history. `TypeError` if `output` is no Variable; `ValueError` as soon as there are more
    than `limit` variables and functions.
    """
    if not isinstance(output, Variable):
        raise TypeError(f"drawing: takes a Variable, not {shape_and_dtype(output)}")
    variables: dict[Vertex, int] = {}
    functions: dict[Node, int] = {}
    stack: list[Vertex] = [output]
    while stack:
        v = stack.pop()
        if v in variables:
            continue
        variables[v] = len(variables)
        node = v.creator
        if node is not None and node not in functions:
            functions[node] = len(functions)
            stack.extend(p for p in reversed(node.parents) if p is not None)
        if limit is not None and len(variables) + len(functions) > limit:
            raise ValueError(
                f"drawing: the graph has more than {limit:,} variables and functions, too many for a picture; draw an "
                "earlier result or a smaller case, or give the text of get_dot_graph to another tool"
            )
    return History(variables, functions)


def variable_lines(v: Vertex, verbose: bool) -> tuple[str, str]:
    """A variable's name, and its shape and dtype if `verbose`; empty where there is nothing to say."""
    if not isinstance(v, Variable):
        return "", ""
    name = "" if v.name is None else legible(f"{v.name}")
    if not verbose:
        return name, ""
    if v.raw is None and v.boxed is None:
        return name, "no data"
    return name, f"{v.shape} {v.dtype}"


def function_lines(node: Node, verbose: bool) -> tuple[str, str]:
    """A function's class, and its parameters if `verbose` and they are short."""
    op: object = node.op
    name = type(op).__name__
    given = op_name(op)[len(name) + 1 : -1] if verbose else ""
    # An address would make the same graph read differently in the next run.
    return legible(name), "" if " at 0x" in given else legible(given)


def kind(v: Vertex) -> str:
    """What a variable is to the backward pass: "result", "leaf" (gets a gradient) or "constant"."""
    if v.creator is not None:
        return "result"
    return "constant" if v.tracking == CONSTANT else "leaf"


def legible(text: str) -> str:
    """The text without the characters that no XML document may hold, and which would end a C string or a UTF-8 file.

    >>> legible("w" + chr(0) + "₁")
    'w₁'
    """
    if text.isprintable():
        return text
    return "".join(c for c in text if c in "\t\n\r" or " " <= c < "\ud800" or "\ue000" <= c < "\ufffe" or c > "\uffff")
