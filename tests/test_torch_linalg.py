"""Beside PyTorch: linear algebra of complex matrices. Its gradient of a real loss is the conjugate of ours."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import numpy as np
import pytest

from tests.support import call, grad
from tests.test_complex_linalg import adjoint, hermitian, plane
from tinypytorch import Array, Variable, linalg
from tinypytorch.arrays import is_array

pytestmark = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")

_WEIGHTS: Array = plane((4, 4), 11)
_RANKS: Array = np.arange(1.0, 4.0)


def _size(x: Variable) -> Variable:
    """|sum(c x)|^2: a real loss that turns with no phase of c."""
    rows, columns = x.shape[-2:]
    return (abs((x * _WEIGHTS[:rows, :columns]).sum((-2, -1))) ** 2).sum()


def _eigenvectors(x: Variable) -> Variable:
    w, v = linalg.eigh(x + adjoint(x))
    return _size((v * w[..., None, :] ** 2) @ adjoint(v)) + (abs(v) ** 3 * _RANKS).sum()


def _singular_vectors(x: Variable) -> Variable:
    u, s, vh = linalg.svd(x, full_matrices=False)
    return _size((u * s[..., None, :] ** 2) @ vh) + (abs(u) ** 3).sum() + (abs(vh) ** 3).sum()


# A loss here, and the same there, as text: PyTorch has no types.
LOSSES: list[tuple[str, Callable[[Variable], Variable], str]] = [
    ("square", lambda x: _size(linalg.inv(x)), "size(la.inv(x))"),
    ("square", lambda x: _size(linalg.solve(x, x.mT + 1.0)), "size(la.solve(x, x.mT + 1.0))"),
    ("square", lambda x: (abs(linalg.det(x)) ** 2).sum(), "(la.det(x).abs() ** 2).sum()"),
    ("square", lambda x: linalg.slogdet(x).logabsdet.sum(), "la.slogdet(x).logabsdet.sum()"),
    (
        "square",
        lambda x: (linalg.slogdet(x).sign * (1.0 + 2.0j)).real.sum(),
        "(la.slogdet(x).sign * (1 + 2j)).real.sum()",
    ),
    ("square", lambda x: _size(linalg.matrix_power(x, -3)), "size(la.matrix_power(x, -3))"),
    ("square", lambda x: _size(linalg.cholesky(x @ adjoint(x))), "size(la.cholesky(x @ x.mH))"),
    ("square", lambda x: (linalg.eigvalsh(x + adjoint(x)) ** 3).sum(), "(la.eigvalsh(x + x.mH) ** 3).sum()"),
    (
        "square",
        _eigenvectors,
        "(lambda w, v: size((v * w[..., None, :] ** 2) @ v.mH) + (v.abs() ** 3 * ranks).sum())(*la.eigh(x + x.mH))",
    ),
    ("square", lambda x: linalg.matrix_norm(x, ord="nuc").sum(), "la.matrix_norm(x, 'nuc').sum()"),
    ("square", lambda x: linalg.matrix_norm(x, ord=2).sum(), "la.matrix_norm(x, 2).sum()"),
    ("square", lambda x: linalg.matrix_norm(x, ord=1).sum(), "la.matrix_norm(x, 1).sum()"),
    ("square", lambda x: linalg.vector_norm(x, ord=3), "la.vector_norm(x, 3)"),
    ("square", lambda x: linalg.cond(x).sum(), "la.cond(x).sum()"),
    ("any", lambda x: _size(linalg.pinv(x)), "size(la.pinv(x))"),
    ("any", lambda x: _size(linalg.qr(x).Q) + _size(linalg.qr(x).R), "size(la.qr(x).Q) + size(la.qr(x).R)"),
    ("any", lambda x: (linalg.svdvals(x) ** 3).sum(), "(la.svdvals(x) ** 3).sum()"),
    (
        "any",
        _singular_vectors,
        "(lambda u, s, v: size((u * s[..., None, :] ** 2) @ v) + cubes(u) + cubes(v))(*la.svd(x, full_matrices=False))",
    ),
]

_SCRIPT = """\
import torch
la = torch.linalg
weights, ranks = torch.from_numpy(weights), torch.from_numpy(ranks)
def size(y):
    return ((y * weights[: y.shape[-2], : y.shape[-1]]).sum((-2, -1)).abs() ** 2).sum()
def cubes(y):
    return (y.abs() ** 3).sum()
x = torch.from_numpy(array).requires_grad_()
loss = {loss}
loss.backward()
gradient = x.grad.numpy()
"""


def _of_torch(loss: str, x: Array) -> Array:
    """PyTorch's gradient."""
    names: dict[str, object] = {"array": x.copy(), "weights": _WEIGHTS, "ranks": _RANKS}
    call(exec, _SCRIPT.format(loss=loss), names)
    found = names["gradient"]
    assert is_array(found)
    return np.asarray(found.astype("complex128"))


@pytest.mark.parametrize(("kind", "ours", "theirs"), LOSSES)
def test_its_gradient_is_the_conjugate(kind: str, ours: Callable[[Variable], Variable], theirs: str) -> None:
    shapes = [(3, 3), (2, 3, 3)] if kind == "square" else [(3, 3), (4, 3), (2, 3, 4), (1, 3), (3, 1)]
    for shape in shapes:
        at = hermitian(shape, 3) + plane(shape, 4) / 4.0 if kind == "square" else plane(shape, 3)
        x = Variable(np.asarray(at))
        ours(x).backward()
        np.testing.assert_allclose(np.conjugate(grad(x)), _of_torch(theirs, x.data), rtol=1e-9, atol=1e-10)
