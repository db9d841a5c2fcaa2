"""Floor 6: a failure in words, and as Python to run. Imports `testing`."""

from __future__ import annotations

import numpy as np

from tinypytorch.arrays import Array
from tinypytorch.function import Function
from tinypytorch.testing.examine import Failure
from tinypytorch.testing.explain import Blame
from tinypytorch.testing.opaque import Opaque
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
    lines += ["", "to run:", *("    " + line for line in script(p, failure.check == "forward").splitlines())]
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
            return f"v{blame.value} = {_imported(i.op)[1]}{operand}"
        at += i.outputs
    return f"v{blame.value}"


def _short(x: Array) -> str:
    with np.printoptions(precision=17, threshold=12):
        return " ".join(repr(x.tolist() if x.size <= 12 else x).split())


def script(p: Program, forward: bool = False) -> str:
    """The program as Python that prints the gradients, and a derivative by forward mode if that is what failed."""
    modules = sorted({_imported(i.op) for i in p.code})
    used = ["Variable", *(["apply"] if any(not isinstance(i.op, Opaque) for i in p.code) else [])]
    lines = ["import numpy as np", "from numpy import array"]
    lines.append(f"from tinypytorch import {', '.join([*used, *(['jvp'] if forward else [])])}")
    lines += [f"from {module} import {name}" for module, name in modules if module]
    lines += [f"# {name}: the function that was checked" for module, name in modules if not module]
    lines += [f"v{n} = Variable({_array(x)})" for n, x in enumerate(p.leaves)]
    at, code = len(p.leaves), list[str]()
    for i in p.code:
        names = ", ".join(f"v{at + k}" for k in range(i.outputs))
        given = ", ".join(f"v{r}" if isinstance(r, int) else repr(r) for r in i.operands)
        called = f"{_imported(i.op)[1]}({given})" if isinstance(i.op, Opaque) else f"apply({op_text(i.op)}, {given})"
        code.append(f"{names} = {called}")
        at += i.outputs
    lines += code
    if forward:
        xs = [f"v{n}" for n in range(len(p.leaves))]
        lines += [f"def f({', '.join(xs)}):", *("    " + line for line in code), f"    return v{p.ends[-1]}"]
        given, ones = (", ".join(part.format(x) for x in xs) for part in ("{}.data", "np.ones_like({}.data)"))
        lines.append(f"print(jvp(f, ({given},), ({ones},)))  # the value, and its derivative along ones")
    for o, c in zip(p.ends, p.cotangents(), strict=True):
        lines.append(f"v{o}.backward({_array(c)})")
    lines.append(f"print({', '.join(f'v{n}.grad' for n in range(len(p.leaves)))})")
    return "\n".join(lines)


def _imported(op: Function) -> tuple[str, str]:
    """The module and the name of what an instruction calls; no module where a function has no name to import by."""
    if not isinstance(op, Opaque):
        return type(op).__module__, type(op).__name__
    name = str(getattr(op.function, "__qualname__", ""))
    return (str(getattr(op.function, "__module__", "")), name) if name.isidentifier() else ("", "function")


def example(p: Program) -> str:
    """The program as an expression, to paste into a decorator."""
    leaves = ", ".join(_array(x) for x in p.leaves)
    ops = [f"Opaque({_imported(i.op)[1]})" if isinstance(i.op, Opaque) else op_text(i.op) for i in p.code]
    code = ", ".join(f"({op}, {', '.join(map(repr, i.operands))})" for op, i in zip(ops, p.code, strict=True))
    return f"Program.of([{leaves}], {code})"


def _array(x: Array) -> str:
    kind = "" if x.dtype == np.float64 else f", np.{x.dtype.name}"
    return f"np.array({x.tolist()}{kind})"
