"""What type checkers must accept of `tinypytorch.numpy`, with the types they must find, and of NumPy's arguments.

See `accepts.py`.
"""

from __future__ import annotations

from typing import assert_type

import numpy

import tinypytorch as tp
import tinypytorch.numpy as np
from tests.typing.accepts import BOOLS, F32, F64, MATRIX, matrix, vector
from tinypytorch import Array, Variable
from tinypytorch.arrays import Positions


def check_a_variable_gives_a_variable() -> None:
    x, m = vector(), matrix()
    assert_type(np.exp(x), Variable)
    assert_type(np.maximum(x, 1.0), Variable)
    assert_type(np.maximum(F64, x), Variable)
    assert_type(np.add.reduce(m, axis=1), Variable)
    assert_type(np.multiply.outer(x, F64), Variable)
    assert_type(np.sum(m, axis=0, keepdims=True), Variable)
    assert_type(np.reshape(m, -1), Variable)
    assert_type(np.stack([x, x]), Variable)
    assert_type(np.array(x), Variable)
    assert_type(np.asarray(x, dtype="float32"), Variable)


def check_an_array_gives_an_array() -> None:
    assert_type(np.exp(F64), Array)
    assert_type(np.maximum(F64, 1.0), Array)
    assert_type(np.add.reduce(MATRIX, axis=1), Array)
    assert_type(np.sum(MATRIX, axis=0), Array)
    assert_type(np.concatenate([F64, F64]), Array)
    assert_type(np.array([[1.0, 2.0], [3.0, 4.0]]), Array)
    assert_type(np.array(1.0), Array)


def check_a_mixed_list_may_give_either() -> None:
    x = vector()
    assert_type(np.array([x[0], 1.0]), Variable | Array)
    assert_type(np.array([[x[0], 1.0], [0.0, x[1]]]), Variable | Array)
    assert_type(np.full((2, 2), x[0]), Variable | Array)


def check_the_rest_is_numpys() -> None:
    assert_type(np.pi, float)
    x: numpy.float64 = np.float64(1.0)
    assert isinstance(x, np.floating)
    assert_type(np.iinfo(np.int64).max, int)


def check_arguments_of_reductions() -> None:
    m = matrix()
    assert_type(tp.sum(m, 0, dtype=numpy.float32, initial=1.0, where=BOOLS), Variable)
    assert_type(tp.mean(m, 1, where=BOOLS), Variable)
    assert_type(tp.max(m, 0, initial=vector()[0], where=BOOLS), Variable)
    assert_type(tp.prod(m, dtype="float64"), Variable)
    assert_type(tp.var(m, axis=1, ddof=0, where=BOOLS), Variable)
    assert_type(tp.cumsum(m, 0, dtype=float), Variable)


def check_functions() -> None:
    x, m = vector(), matrix()
    assert_type(tp.modf(x), tuple[Variable, Array])
    assert_type(tp.frexp(x), tuple[Variable, Positions])
    assert_type(tp.divmod(x, 2.0), tuple[Array, Variable])
    assert_type(tp.ldexp(x, 2), Variable)
    assert_type(tp.linspace(x[0], 1.0, 5, axis=-1), Variable)
    assert_type(tp.polyval([1.0, x[0]], x), Variable)
    assert_type(tp.cov(m, rowvar=False), Variable)
    assert_type(tp.nanquantile(x, [0.25, 0.75]), Variable)
    assert_type(tp.piecewise(x, [BOOLS], [tp.sin, 1.0]), Variable)
    assert_type(tp.astype(x, F32.dtype.name), Variable)
