"""Floor 5: pictures of graphs. Imports floors 1 to 4; nothing below knows of it but the hook that `serve` fills.

Read `graph` for what is drawn, `dot` for Graphviz, `svg` for the picture made without it, `layout` for where its
boxes stand.
"""

from tinypytorch.drawing.dot import get_dot_graph, plot_dot_graph
from tinypytorch.drawing.svg import repr_svg, serve, to_svg

__all__ = ["get_dot_graph", "plot_dot_graph", "repr_svg", "serve", "to_svg"]
