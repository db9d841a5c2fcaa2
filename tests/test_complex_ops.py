"""Every op on complex numbers: right at both orders and in every layout, or refused with what to do."""

from __future__ import annotations

import numpy as np
import pytest

from tinypytorch.arrays import is_complex
from tinypytorch.function import is_binary, is_unary
from tinypytorch.ops import ALL, spec_of
from tinypytorch.testing.checks import Verdict, check_first, check_second
from tinypytorch.testing.matrix import check_op
from tinypytorch.testing.operands import inside, small
from tinypytorch.testing.programs import Program, leaf_in


def complex_program(name: str) -> Program:
    """An op by itself on complex leaves, in each of its cases; those moved to where it is analytic."""
    kind = ALL[name]
    declared = spec_of(kind).cases
    p = Program()
    if declared is not None:
        case = declared()[0]
        op, shapes = case.op, case.shapes
    else:
        made = kind()
        assert is_unary(made) or is_binary(made)
        op, shapes = made, ((2, 3),) * (1 if is_unary(made) else 2)
    leaves = [p.leaf(leaf_in("complex128", shape, 2 * n + 1)) for n, shape in enumerate(shapes)]
    p.emit(op, *(inside(p, op, small(p, x), n) for n, x in enumerate(leaves)))
    return p


@pytest.mark.parametrize("name", ALL)
def test_every_op_is_right_on_complex_operands_or_refuses_them(name: str) -> None:
    """With `spec` saying which: no op takes what it has no rule for, and none refuses what it says it takes."""
    if name == "AsType":  # its first instance is of a real dtype
        return
    if not spec_of(ALL[name]).takes_complex:
        with pytest.raises(TypeError, match=r"no derivative rule for complex operands; give x.real, x.imag or abs"):
            complex_program(name)
        return
    p = complex_program(name)
    for check in (check_first, check_second):
        finding = check(p)
        assert finding.verdict is Verdict.PASS, finding


@pytest.mark.parametrize("name", [name for name in ALL if spec_of(ALL[name]).takes_complex and name != "AsType"])
def test_every_layout_of_complex_operands(name: str) -> None:
    p = complex_program(name)
    operands = [np.array(p.values[r]) for r in p.code[-1].operands if isinstance(r, int)]
    assert any(map(is_complex, operands))
    assert check_op(p.code[-1].op, *operands) is None
