"""Floor 3: `gradients`, derivatives as Variables, of any order. Imports `variable` and what that imports.

The sweep and the rules are those of `Variable.backward`; here the rules get Variables, so that what they compute
is recorded, and can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Sequence
from weakref import ref

import numpy as np

from tinypytorch.arrays import Array, broadcasts_to, is_complex
from tinypytorch.core.config import using_config
from tinypytorch.core.errors import HOW_CONSTANTS_ARE_MADE, bad_gradient, op_name
from tinypytorch.core.graph import step_by, sweep
from tinypytorch.core.reverse import ARRAYS, check_unchanged, cotangent, fit, may_sum_down
from tinypytorch.core.variable import Operand, Variable, result
from tinypytorch.core.vertex import TRACKED, Edge, MultiNode, Node, Vertex
from tinypytorch.function import Tracked
from tinypytorch.ops.parts import Real
from tinypytorch.ops.shaping import AsType, SumTo


def gradients(
    outputs: Variable | Sequence[Variable],
    inputs: Variable | Sequence[Variable],
    grad_outputs: Operand | Sequence[Operand | None] | None = None,
    create_graph: bool = False,
    allow_unused: bool = False,
) -> tuple[Variable, ...]:
    """The derivative of `outputs` with respect to each of `inputs`, as new Variables; no `.grad` is touched.

    inputs: leaves or results, all of which want a gradient.
    grad_outputs: the cotangent of each output, in its shape; ones by default. A Variable among them is differentiated
        through if `create_graph` is True.
    create_graph: record the derivative's own computation, so that it can be differentiated again.
    allow_unused: give zeros for an input that no output depends on, instead of an error.

    Gives one Variable for each input, in its shape and dtype; with `create_graph` they may share arrays, with each
    other and with a Variable given as cotangent, so do not write into them.

    Raises `ValueError` for an unused input, a cotangent of
    the wrong shape or a wrong number of them, `TypeError` for something that is no Variable, `RuntimeError` for an
    output or input that is a constant.

    >>> x = Variable(np.array(2.0))
    >>> (gx,) = gradients(x**3, x, create_graph=True)
    >>> (ggx,) = gradients(gx, x)
    >>> gx, ggx
    (variable(12.0), variable(12.0))
    """
    ys = _variables(outputs, "outputs")
    xs = _variables(inputs, "inputs")
    seeds = list(zip(ys, _seeds(ys, grad_outputs), strict=True))
    wanted: set[Vertex] = {*xs}
    oldest = min([x.generation for x in xs], default=0)
    if create_graph:
        with using_config("enable_backprop", True):
            recorded = sweep([(y, _cotangent(y, g)) for y, g in seeds], VariableWorld(), wanted, oldest)
            ends = recorded.ends | recorded.kept
            found = {x: _in_dtype(_variable(ends[x]), x) for x in xs if x in ends}
    else:
        swept = sweep([(y, cotangent(y.value(), g, "gradients")) for y, g in seeds], ARRAYS, wanted, oldest)
        found = {
            x: _constant(np.array(g, x.dtype)) for x in xs if (g := swept.kept.get(x, swept.ends.get(x))) is not None
        }
    gxs: list[Variable] = []
    for i, x in enumerate(xs):
        gx = found.get(x)
        if gx is None:
            if not allow_unused:
                raise ValueError(
                    f"gradients: no output depends on input {i}{f' ({x.name})' if x.name else ''}, of shape {x.shape}; "
                    "give allow_unused=True to get zeros"
                )
            gx = Variable(np.zeros(x.shape, x.dtype), requires_grad=False)
        gxs.append(gx)
    return tuple(gxs)


def _constant(x: Array) -> Variable:
    """A constant; a number keeps the byte order of its dtype as an array only."""
    return result(x) if x.ndim else Variable(x, requires_grad=False)


def _variables(given: Variable | Sequence[Variable], what: str) -> tuple[Variable, ...]:
    """One Variable or several, as a tuple; each must be tracked."""
    if not isinstance(given, (Variable, list, tuple, Sequence)):
        raise TypeError(f"gradients: {what} is {type(given).__name__}; give a Variable, or a list or tuple of them")
    several = (given,) if isinstance(given, Variable) else tuple(given)
    for i, x in enumerate(several):
        if not isinstance(x, Variable):
            raise TypeError(f"gradients: {what}[{i}] is {type(x).__name__}, not a Variable")
        if not x.tracking:
            raise RuntimeError(
                f"gradients: {what}[{i}] is a constant; {HOW_CONSTANTS_ARE_MADE}, so there is nothing to differentiate"
            )
    return several


def _seeds(
    ys: tuple[Variable, ...],
    given: Operand | Sequence[Operand | None] | None,
) -> tuple[Operand | None, ...]:
    """A cotangent, or None, for each output."""
    if given is None:
        return (None,) * len(ys)
    if isinstance(given, Variable) or not isinstance(given, (list, tuple, Sequence)):
        return _seeds(ys, (given,))
    if len(given) != len(ys):
        raise ValueError(f"gradients: {len(given)} grad_outputs for {len(ys)} outputs; give one for each")
    return tuple(given)


def _cotangent(y: Variable, g: object) -> Variable:
    """The seed of `y`: a Variable as it is given, so that it is differentiated through; else a constant."""
    seed = cotangent(y.value(), g, "gradients")
    if isinstance(g, Variable) and g.dtype.kind in "fc":
        return _in_dtype(g, y)
    return result(np.array(seed)[()])


_REAL = Real()


def _in_dtype(g: Variable, x: Tracked) -> Variable:
    """The gradient in the dtype of its input, byte order included, which sums of gradients lose.

    Of a complex gradient a real input gets the real part.
    """
    if g.dtype == x.dtype:
        return g
    if is_complex(g) and not is_complex(x):
        return _in_dtype(g.record(_REAL), x)
    return g.record(AsType(x.dtype.str))


def _variable(g: Tracked | Vertex) -> Variable:
    """A gradient or vertex as the Variable that it is."""
    if not isinstance(g, Variable):
        raise TypeError(f"expected a Variable, got {type(g).__name__}")
    return g


def operand_of(op: object, p: Vertex | None, value: Array, i: int) -> Variable:
    """Operand `i` for a rule: the Variable itself, or its value as a constant if it wants no gradient.

    Raises `RuntimeError` if its data was replaced since: the graph would mix old and new values.
    """
    if p is None or not p.tracking:
        return result(value)
    x = _variable(p)
    if x.raw is not value and not np.array_equal(x.value(), value, equal_nan=True):
        raise RuntimeError(
            f"{op_name(op)}: the data of input {i} was replaced after the forward pass; differentiate first, "
            "or run the forward pass again"
        )
    return x


def output_of(node: MultiNode, i: int) -> Variable:
    """Output `i` for a rule; made again from the node's own value if nobody kept it."""
    v = node.outputs[i]()
    if v is not None:
        return _variable(v)
    y = result(node.results[i])
    y.node, y.generation, y.tracking = node, node.generation + 1, TRACKED
    y.unary = y.binary = None
    node.outputs[i] = ref(y)
    return y


class VariableWorld:
    """Gradients as Variables (see `graph.World`): what rules do with them is recorded."""

    __slots__ = ()

    def step(self, y: Vertex, gy: Tracked, grads: dict[Vertex, Tracked], arrived: list[Vertex], floor: int, /) -> None:
        """As `World.step`."""
        step_by(self.pull, self, y, gy, grads, arrived)

    def pull(self, y: Vertex, gy: Tracked, i: int, /) -> tuple[Tracked | None, Tracked]:
        """Run the rule of operand `i` of the op that gave `y`, whose gradient is `gy`: its gradient, and itself."""
        v, binary = _variable(y), y.binary
        a = operand_of(y.op, y.left, y.a, 0)
        if binary is None:
            return None if y.unary is None else y.unary.backward(gy, v, a), a
        b = operand_of(y.op, y.right, y.b, 1)
        return (binary.backward_b(gy, v, a, b), b) if i else (binary.backward_a(gy, v, a, b), a)

    def pull_node(self, node: Node, y: Vertex, grads: dict[Vertex, Tracked], /) -> Sequence[Edge[Tracked]]:
        """As `World.pull_node`."""
        if node.prints is not None:
            check_unchanged(node, node.prints)
        xs = tuple(operand_of(node.op, p, x, i) for i, (p, x) in enumerate(zip(node.parents, node.values, strict=True)))
        if isinstance(node, MultiNode):
            ys = tuple(output_of(node, i) for i in range(len(node.results)))
            gys = tuple(grads.pop(v) if v in grads else result(np.zeros_like(v.value())) for v in ys)
            return node.edges(node.pull(gys, ys, xs), xs)
        return node.edges(node.pull(grads.pop(y), _variable(y), xs), xs)

    def fit(self, g: Tracked | None, x: Tracked, y: Vertex, i: int, /) -> Tracked:
        """As `World.fit`, recorded."""
        if not isinstance(g, Variable):
            return result(fit(g, _variable(x).value(), y, i))
        if g.shape != x.shape:
            if not may_sum_down(y, g.shape) or not broadcasts_to(x.shape, g.shape):
                raise bad_gradient(y.op, i, g.data, _variable(x).value())
            g = g.record(SumTo(x.shape))
        return _in_dtype(g, x)

    def add(self, grads: dict[Vertex, Tracked], v: Vertex, g: Tracked, /) -> None:
        """As `World.add`; never in place, for what was recorded stays."""
        grads[v] = grads[v] + g
