"""Floor 5: pictures of graphs. Imports floors 1 to 4; nothing below knows of it but the hook that `serve` fills.

Read `graph` for what is drawn, `dot` for Graphviz, `svg` for the picture made without it, `layout` for where its
boxes stand. They are imported when a picture is asked for. It takes 4 ms for `svg` and 16 ms for `dot`, which brings
`subprocess`, `shutil` and `pathlib`; the rest of the package takes 10 ms, and few programs draw.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

from tinypytorch.core.hooks import FUNCTIONS
from tinypytorch.core.variable import Variable

if TYPE_CHECKING:  # at run time `import_module` sets these names: a submodule becomes an attribute of its package
    from tinypytorch.drawing import dot, svg

__all__ = ["get_dot_graph", "plot_dot_graph", "repr_svg", "serve", "to_svg"]

_DOT, _SVG = f"{__name__}.dot", f"{__name__}.svg"


def get_dot_graph(output: Variable, verbose: bool = True) -> str:
    r"""The graph behind `output` in Graphviz' DOT language.

    One node per variable (`v0` is the output), labelled with its name, and with its shape and dtype if `verbose`; one
    per function, labelled with its class, and with its parameters if `verbose`; an edge for each input and output of a
    function, twice for an input used twice. Plain arrays and numbers are not drawn, nor are outputs of a function that
    `output` did not come from. The same graph gives the same text. There is no limit to its size.

    Raises `TypeError` if `output` is no Variable.

    >>> x = Variable(np.array(2.0), "x")
    >>> print(get_dot_graph(x**2, verbose=False))  # doctest: +ELLIPSIS
    digraph {
      ...
      v0 [label=""];
      v1 [label="x", color="#b45309", fillcolor="#fef3c7"];
      f0 [label="Square", color="#1d4ed8", fillcolor="#dbeafe", style=filled];
      v1 -> f0;
      f0 -> v0;
    }
    """
    import_module(_DOT)
    return dot.get_dot_graph(output, verbose)


def plot_dot_graph(output: Variable, verbose: bool = True, to_file: str | os.PathLike[str] = "graph.png") -> None:
    """Draw the graph behind `output` into a file, by Graphviz; its suffix chooses PNG, SVG or PDF.

    If Graphviz' `dot` is not on the PATH, an SVG is drawn by `to_svg`. The file is written in full or not at all.

    Raises `ValueError` for another suffix and for a graph of more than 1,000 variables and functions, `TypeError` if
    `output` is no Variable, `RuntimeError` if a PNG or PDF needs Graphviz and it is not there, if it fails or takes
    longer than a minute, and `OSError` if the file cannot be written.

    >>> x = Variable(np.array(2.0), "x")
    >>> plot_dot_graph(x**2, to_file="graph.jpg")
    Traceback (most recent call last):
    ValueError: plot_dot_graph: the file's suffix is '.jpg', but must be one of .png, .svg, .pdf
    """
    import_module(_DOT)
    dot.plot_dot_graph(output, verbose, to_file)


def to_svg(output: Variable, verbose: bool = True) -> str:
    """The graph behind `output` as an SVG document, drawn from inputs at the top to the output at the bottom.

    Variables are round boxes with their name, and shape and dtype if `verbose`: filled if they are leaves that get a
    gradient, dashed if they are constants, white if they are results. Functions are blue boxes with their class, and
    parameters if `verbose`. Plain arrays and numbers are not drawn.

    Raises `TypeError` if `output` is no Variable, `ValueError` for more than 1,000 variables and functions.

    >>> x = Variable(np.array(2.0), "x")
    >>> to_svg(x**2)[:40]
    '<svg xmlns="http://www.w3.org/2000/svg" '
    """
    import_module(_SVG)
    return svg.to_svg(output, verbose)


def repr_svg(v: Variable) -> str | None:
    """The picture that a notebook shows for a Variable; None, so that it shows the values, for one without a graph,
    and for a graph of more than 100 variables and functions.

    >>> repr_svg(Variable(np.array(2.0))) is None
    True
    """
    import_module(_SVG)
    return svg.repr_svg(v)


def serve() -> None:
    """Let notebooks find `repr_svg` (once, when the package is imported)."""
    FUNCTIONS["svg"] = repr_svg
