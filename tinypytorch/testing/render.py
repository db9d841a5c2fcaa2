"""Floor 6: a failure in words, and as Python to run. Imports `testing`."""

from __future__ import annotations

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.testing.examine import Failure
from tinypytorch.testing.explain import Blame
from tinypytorch.testing.programs import Program, op_text


def explanation(failure: Failure, blame: Blame | None) -> str:
    """What failed, where, what was expected and what came, what it looks like, and how to see it again."""
    p = failure.program
    lines = [f"{failure.check}: {failure.message}", "", *repr(p).splitlines()]
    if blame is not None:
        lines += ["", f"at fault: {_name(p, blame)}: {blame.what}"]
        if blame.expected is not None:
            lines.append(f"expected: {_short(blame.expected)}")
        if blame.actual is not None:
            lines.append(f"     got: {_short(blame.actual)}")
        lines.append(f"suspicion: {blame.suspicion}")
    lines += ["", "to run:", *("    " + line for line in script(p).splitlines())]
    lines += ["", "to keep, above a test of `programs()`:", f"    @example({example(p)})"]
    return "\n".join(lines)


def _name(p: Program, blame: Blame) -> str:
    """The value at fault as the program's text has it, with the operand."""
    at = len(p.leaves)
    if blame.value < at:
        return f"the gradient of v{blame.value}"
    for i in p.code:
        if at <= blame.value < at + i.outputs:
            operand = "" if blame.operand is None else f", gradient of operand {blame.operand}"
            return f"v{blame.value} = {type(i.op).__name__}{operand}"
        at += i.outputs
    return f"v{blame.value}"


def _short(x: Array) -> str:
    with np.printoptions(precision=17, threshold=12):
        return " ".join(repr(x.tolist() if x.size <= 12 else x).split())


def script(p: Program) -> str:
    """The program as Python that prints the gradients."""
    modules = sorted({(type(i.op).__module__, type(i.op).__name__) for i in p.code})
    lines = ["import numpy as np", "from numpy import array", "from tinypytorch import Variable, apply"]
    lines += [f"from {module} import {name}" for module, name in modules]
    lines += [f"v{n} = Variable({_array(x)})" for n, x in enumerate(p.leaves)]
    at = len(p.leaves)
    for i in p.code:
        names = ", ".join(f"v{at + k}" for k in range(i.outputs))
        given = ", ".join(f"v{r}" if isinstance(r, int) else repr(r) for r in i.operands)
        lines.append(f"{names} = apply({op_text(i.op)}, {given})")
        at += i.outputs
    for o, c in zip(p.ends, p.cotangents(), strict=True):
        lines.append(f"v{o}.backward({_array(c)})")
    lines.append(f"print({', '.join(f'v{n}.grad' for n in range(len(p.leaves)))})")
    return "\n".join(lines)


def example(p: Program) -> str:
    """The program as an expression, to paste into a decorator."""
    leaves = ", ".join(_array(x) for x in p.leaves)
    code = ", ".join(f"({op_text(i.op)}, {', '.join(map(repr, i.operands))})" for i in p.code)
    return f"Program.of([{leaves}], {code})"


def _array(x: Array) -> str:
    kind = "" if x.dtype == np.float64 else f", np.{x.dtype.name}"
    return f"np.array({x.tolist()}{kind})"
