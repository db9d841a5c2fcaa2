"""Floor 4: linear algebra, by the names and signatures of `numpy.linalg`. Imports floors 1 to 3 and functions.

All functions take stacks of matrices, in the last two axes, where NumPy's do, and every floating dtype: half precision
is computed in single, extended precision without LAPACK. Where a function reads one triangle of a symmetric matrix, the
gradient is in that triangle: an entry off the diagonal has that of both its places, the other triangle has 0.

>>> import tinypytorch as tp
>>> a = tp.Variable(np.array([[2.0, 0.0], [0.0, 4.0]]))
>>> tp.linalg.inv(a)
variable([[0.5  0.  ]
          [0.   0.25]])
"""

from __future__ import annotations

from typing import Final, NoReturn

import numpy as np

from tinypytorch.core.apply import constant
from tinypytorch.core.variable import Operand, Variable
from tinypytorch.functions import products
from tinypytorch.functions.decomposing import (
    EighResult,
    QRResult,
    SVDResult,
    cholesky,
    eigh,
    eigvalsh,
    qr,
    svd,
    svdvals,
)
from tinypytorch.functions.norms import cond, matrix_norm, matrix_rank, norm, vector_norm
from tinypytorch.functions.products import Axes, matmul, vecdot
from tinypytorch.functions.rearranging import matrix_transpose
from tinypytorch.functions.solving import (
    SlogdetResult,
    det,
    inv,
    lstsq,
    matrix_power,
    multi_dot,
    pinv,
    slogdet,
    solve,
    square,
    tensorinv,
    tensorsolve,
)
from tinypytorch.ops.expm import Expm

__all__ = [
    "EighResult", "LinAlgError", "QRResult", "SVDResult", "SlogdetResult", "cholesky", "cond", "cross", "det",
    "diagonal", "eig", "eigh", "eigvals", "eigvalsh", "expm", "inv", "lstsq", "matmul", "matrix_norm", "matrix_power",
    "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals",
    "tensordot", "tensorinv", "tensorsolve", "trace", "vecdot", "vector_norm",
]  # fmt: skip

LinAlgError = np.linalg.LinAlgError
_EXPM: Final = Expm()


def cross(x1: Operand, x2: Operand, /, *, axis: int = -1) -> Variable:
    """The vectors at right angles to those of x1 and x2, of three entries along an axis: see `tinypytorch.cross`.

    >>> cross(Variable(np.array([0.0, 1.0, 0.0])), np.array([0.0, 0.0, 1.0]))
    variable([1. 0. 0.])
    """
    return products.cross(x1, x2, axis=axis)


def diagonal(x: Operand, /, *, offset: int = 0) -> Variable:
    """The diagonals of the matrices in the last two axes.

    >>> diagonal(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])))
    variable([1. 4.])
    """
    return constant(x).diagonal(offset, -2, -1)


def trace(x: Operand, /, *, offset: int = 0) -> Variable:
    """The sums of the diagonals of the matrices in the last two axes.

    >>> trace(Variable(np.array([[1.0, 2.0], [3.0, 4.0]])))
    variable(5.0)
    """
    return constant(x).trace(offset, -2, -1)


def outer(x1: Operand, x2: Operand, /) -> Variable:
    """Every product of an entry of a vector and one of another; `ValueError` for others than vectors.

    >>> outer(Variable(np.array([1.0, 2.0])), np.array([3.0, 4.0])).shape
    (2, 2)
    """
    a, b = constant(x1), constant(x2)
    if a.ndim != 1 or b.ndim != 1:
        raise ValueError(f"outer: takes two vectors, not {a.shape} and {b.shape}")
    return products.outer(a, b)


def tensordot(x1: Operand, x2: Operand, /, *, axes: Axes = 2) -> Variable:
    """The sum of products over axes of both: see `tinypytorch.tensordot`.

    >>> tensordot(Variable(np.ones((2, 3))), np.ones((3, 4)), axes=1).shape
    (2, 4)
    """
    return products.tensordot(x1, x2, axes)


def expm(a: Operand) -> Variable:
    """The exponential of square matrices, 1 + a + a a / 2 + ..., which NumPy does not have: as `scipy.linalg.expm`.

    Real and complex, of every dtype; SciPy is not needed. da = L(a^T, g), the derivative of the exponential at a^T
    along g. Sources: Al-Mohy & Higham, A new scaling and squaring algorithm for the matrix exponential (2009); Najfeld
    & Havel, Derivatives of the matrix exponential and their computation (1995). Raises `LinAlgError` if a is not
    square.

    >>> expm(Variable(np.array([[0.0, 1.0], [0.0, 0.0]])))
    variable([[1. 1.]
              [0. 1.]])
    """
    return square("expm", a).record(_EXPM)


def eig(a: Operand) -> NoReturn:
    """Refused: the eigenvalues of a matrix that is not symmetric are complex."""
    raise TypeError(
        "eig: eigenvalues of a general matrix are complex, and have no derivative here; of a symmetric one take eigh, "
        "as constants np.linalg.eig(x.data)"
    )


def eigvals(a: Operand) -> NoReturn:
    """Refused: the eigenvalues of a matrix that is not symmetric are complex."""
    raise TypeError(
        "eigvals: eigenvalues of a general matrix are complex, and have no derivative here; of a symmetric one take "
        "eigvalsh, as constants np.linalg.eigvals(x.data)"
    )
