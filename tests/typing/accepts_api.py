"""What type checkers must accept, with the types they must find: Variables and functions.

See `accepts.py`.
"""

from __future__ import annotations

from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import tinypytorch as tp
from tests.typing.accepts import BOOLS, F32, F64, I64, MATRIX, matrix, vector
from tinypytorch import Array, Variable
from tinypytorch.arrays import Mask, Positions

C64: NDArray[np.complex64] = np.array([1.0j, 2.0], np.complex64)
C128: NDArray[np.complex128] = np.array([1.0 + 1.0j, 2.0])

# Variables.


def check_construction() -> None:
    assert_type(Variable(F64), Variable)
    assert_type(Variable(F32), Variable)
    assert_type(Variable(I64), Variable)
    assert_type(Variable(np.array(1.0)), Variable)
    assert_type(Variable(None), Variable)
    assert_type(Variable(F64, "x"), Variable)
    assert_type(Variable(F64, name="x", requires_grad=False), Variable)
    assert_type(Variable(data=F64, requires_grad=None), Variable)


def check_attributes() -> None:
    x = vector()
    assert_type(x.data, Array)
    x.data = F32
    x.data = np.array([5.0, 6.0])
    x.data = None
    x.data = F64
    assert_type(x.grad, "Array | None")
    x.grad = np.array([1.0, 1.0])
    x.grad = None
    assert_type(x.name, str | None)
    x.name = "x"
    x.name = None
    assert_type(x.requires_grad, bool)
    x.requires_grad = False
    x.requires_grad = True
    assert_type(x.shape, tuple[int, ...])
    assert_type(x.ndim, int)
    assert_type(x.size, int)
    assert_type(x.dtype, np.dtype[np.float64])
    assert_type(x.generation, int)
    assert_type(x.T, Variable)
    assert_type(matrix().mT, Variable)
    assert_type(x.flat, Variable)


def check_methods() -> None:
    x, m = vector(), matrix()
    assert_type(m.sum(), Variable)
    assert_type(m.sum(0), Variable)
    assert_type(m.sum(axis=(0, 1), keepdims=True), Variable)
    assert_type(m.mean(), Variable)
    assert_type(m.mean(axis=1, keepdims=True), Variable)
    assert_type(m.max(axis=-1), Variable)
    assert_type(m.min(axis=None, keepdims=False), Variable)
    assert_type(m.reshape(4), Variable)
    assert_type(m.reshape(1, 4), Variable)
    assert_type(m.reshape((1, 4)), Variable)
    assert_type(m.reshape(m.shape), Variable)
    assert_type(m.reshape(-1), Variable)
    assert_type(m.transpose(), Variable)
    assert_type(m.transpose(1, 0), Variable)
    assert_type(m.transpose((1, 0)), Variable)
    assert_type(m.transpose([1, 0]), Variable)
    assert_type(m.transpose(None), Variable)
    assert_type(m.swapaxes(0, 1), Variable)
    assert_type(x.astype(np.float32), Variable)
    assert_type(x.astype("float32"), Variable)
    assert_type(x.astype(float), Variable)
    assert_type(x.astype(F32.dtype), Variable)
    assert_type(x.clip(0.0, 1.0), Variable)
    assert_type(x.clip(low=0), Variable)
    assert_type(x.clip(None, np.float64(1.0)), Variable)
    assert_type(x.clip(min=x, max=2.0), Variable)
    assert_type(m.var(0, ddof=1), Variable)
    assert_type(m.std(axis=1, keepdims=True, mean=m.mean(1, keepdims=True)), Variable)
    assert_type(m.prod(initial=2.0), Variable)
    assert_type(m.cumsum(0), Variable)
    assert_type(m.cumprod(), Variable)
    assert_type(m.compress([True, False], 0), Variable)
    assert_type(m.copy(), Variable)
    assert_type(m.reshape(4, order="F"), Variable)
    assert_type(m.sum(0, where=np.array([True, False])), Variable)
    assert_type(m.argmax(0), Positions)
    assert_type(m.argsort(), Positions)
    assert_type(m.any(), Mask)
    assert_type(m.round(1), Array)
    assert_type(m.item(0, 1), float)
    assert_type(x.sum().item(), float)
    assert_type(float(x.sum()), float)
    assert_type(int(x.sum()), int)
    assert_type(bool(x.sum()), bool)
    assert_type(x.detach(), Variable)
    assert_type(x.numpy(), Array)
    assert_type(repr(x), str)


def check_complex() -> None:
    z = Variable(C128)
    assert_type(z, Variable)
    assert_type(Variable(C64), Variable)
    assert_type(z * C128, Variable)
    assert_type(C128 * z, Variable)
    assert_type(C64 - z, Variable)
    assert_type(1j * z + 2j, Variable)
    assert_type(vector() * 1j / (1 + 2j), Variable)
    assert_type(z ** (1 + 2j), Variable)
    assert_type(z * np.complex64(1j), Variable)
    assert_type(vector() @ C128, Variable)
    assert_type(z.real, Variable)
    assert_type(z.imag, Variable)
    assert_type(z.conj(), Variable)
    assert_type(z.conjugate(), Variable)
    assert_type(z.astype(np.complex64), Variable)
    assert_type(complex(z[0]), complex)
    assert_type(tp.real(C128), Variable)
    assert_type(tp.imag(z), Variable)
    assert_type(tp.conj(1j), Variable)
    assert_type(tp.angle(z, deg=True), Variable)
    assert_type(tp.absolute(z), Variable)
    z.data = C128
    z.grad = C128
    z.backward(C128)
    assert_type(tp.gradients(z * 1.0, z, C128), tuple[Variable, ...])


def check_fft() -> None:
    x = vector()
    assert_type(tp.fft.fft(x), Variable)
    assert_type(tp.fft.ifft(C128, 3, axis=0, norm="ortho"), Variable)
    assert_type(tp.fft.irfft(tp.fft.rfft(x, norm=None), n=2), Variable)
    assert_type(tp.fft.fftn(matrix(), s=(2, 2), axes=[0, 1]), Variable)
    assert_type(tp.fft.rfft2(matrix()), Variable)
    assert_type(tp.fft.fftshift(matrix(), axes=0), Variable)
    assert_type(tp.fft.fftfreq(4, d=0.5), Array)


def check_backward() -> None:
    x = vector()
    (x**2).backward()
    y = x * 2.0
    y.retain_grad()
    y.backward(F64)
    y.backward(gradient=F32, retain_grad=True)
    y.sum().backward(1.0)
    y.sum().backward(np.float64(1.0))
    y.backward(None)
    grad = y.grad
    assert_type(grad, "Array | None")
    if grad is not None:
        assert_type(grad, Array)
    x.cleargrad()
    x.zero_grad()


# Functions.


def check_elementwise() -> None:
    x = vector()
    for f in (tp.exp, tp.log, tp.sqrt, tp.square, tp.sin, tp.cos, tp.tanh, tp.abs, tp.neg, tp.sigmoid, tp.relu):
        assert_type(f(x), Variable)
        assert_type(f(F64), Variable)
        assert_type(f(2.0), Variable)
    for g in (tp.add, tp.sub, tp.mul, tp.div, tp.pow, tp.maximum, tp.minimum):
        assert_type(g(x, x), Variable)
        assert_type(g(x, F32), Variable)
        assert_type(g(I64, x), Variable)
        assert_type(g(2, x), Variable)
        assert_type(g(x, np.float64(2.0)), Variable)
    assert_type(tp.exp(x), Variable)
    assert_type(tp.log(x=x), Variable)
    assert_type(tp.add(a=x, b=1.0), Variable)
    assert_type(tp.pow(x, 2), Variable)


def check_reductions() -> None:
    m = matrix()
    assert_type(tp.sum(m), Variable)
    assert_type(tp.sum(m, 0), Variable)
    assert_type(tp.sum(m, axis=(0, 1), keepdims=True), Variable)
    assert_type(tp.sum(MATRIX), Variable)
    assert_type(tp.mean(m, axis=1), Variable)
    assert_type(tp.max(m, None, True), Variable)
    assert_type(tp.min(m, -1), Variable)
    assert_type(tp.logsumexp(m, axis=1, keepdims=True), Variable)
    assert_type(tp.softmax(m), Variable)
    assert_type(tp.softmax(m, axis=0), Variable)


def check_products() -> None:
    x, m = vector(), matrix()
    for f in (tp.dot, tp.inner, tp.outer, tp.matmul):
        assert_type(f(m, x), Variable)
        assert_type(f(MATRIX, x), Variable)
    for g in (tp.matvec, tp.vecmat):
        assert_type(g(*((m, x) if g is tp.matvec else (x, m))), Variable)
    assert_type(tp.vdot(x, F32), Variable)
    assert_type(tp.dot(m, x), Variable)
    assert_type(tp.tensordot(m, MATRIX, 1), Variable)
    assert_type(tp.tensordot(m, m, ([0], [1])), Variable)
    assert_type(tp.tensordot(m, m, axes=(0, -1)), Variable)
    assert_type(tp.vecdot(m, x, axis=0), Variable)
    assert_type(tp.cross(np.ones(3), tp.ravel(np.ones(3)), axis=0), Variable)
    assert_type(tp.trace(m, 1), Variable)
    assert_type(tp.einsum("ij,j->i", m, x), Variable)
    assert_type(tp.einsum("...,...", m, 2.0, optimize=True), Variable)
    assert_type(tp.einsum(m, [0, 1], x, [1], [0]), Variable)
    assert_type(tp.einsum(m, (..., 1), optimize="greedy"), Variable)
    assert_type(tp.einsum("ij,j", m, x, optimize=["einsum_path", (0, 1)]), Variable)
    assert_type(m.dot(x), Variable)
    assert_type(m.trace(offset=1), Variable)


def check_linalg() -> None:
    x, m = vector(), matrix()
    s = tp.einsum("ij,kj", m, m)
    assert_type(tp.linalg.solve(m, x), Variable)
    assert_type(tp.linalg.solve(MATRIX, m), Variable)
    assert_type(tp.linalg.inv(m), Variable)
    assert_type(tp.linalg.det(m), Variable)
    sign, logs = tp.linalg.slogdet(m)
    assert_type(sign, Variable)
    assert_type(logs, Variable)
    assert_type(tp.linalg.slogdet(m).logabsdet, Variable)
    assert_type(tp.linalg.cholesky(s, upper=True), Variable)
    assert_type(tp.linalg.qr(m), tp.linalg.QRResult)
    assert_type(tp.linalg.qr(m).Q, Variable)
    assert_type(tp.linalg.qr(m, "r"), Variable)
    assert_type(tp.linalg.qr(m, mode="complete"), tp.linalg.QRResult)
    assert_type(tp.linalg.eigh(s, UPLO="U").eigenvalues, Variable)
    w, v = tp.linalg.eigh(s)
    assert_type(w, Variable)
    assert_type(v, Variable)
    assert_type(tp.linalg.eigvalsh(s), Variable)
    assert_type(tp.linalg.svd(m), tp.linalg.SVDResult)
    assert_type(tp.linalg.svd(m, False).Vh, Variable)
    assert_type(tp.linalg.svd(m, compute_uv=False), Variable)
    assert_type(tp.linalg.svdvals(m), Variable)
    assert_type(tp.linalg.pinv(m, rtol=None), Variable)
    assert_type(tp.linalg.lstsq(m, x), tuple[Variable, Variable, int, Variable])
    assert_type(tp.linalg.norm(m, "nuc"), Variable)
    assert_type(tp.linalg.norm(x, 3, keepdims=True), Variable)
    assert_type(tp.linalg.vector_norm(m, ord=np.inf, axis=(0, 1)), Variable)
    assert_type(tp.linalg.matrix_norm(m), Variable)
    assert_type(tp.linalg.cond(m), Variable)
    assert_type(tp.linalg.matrix_power(m, -2), Variable)
    assert_type(tp.linalg.multi_dot([m, MATRIX, x]), Variable)


def check_selection() -> None:
    x = vector()
    assert_type(tp.where(x > 1.0, x, 0.0), Variable)
    assert_type(tp.where(BOOLS, F64, x), Variable)
    assert_type(tp.where(I64, 1, 2.0), Variable)
    assert_type(tp.where(True, x, x), Variable)
    assert_type(tp.clip(x, 0.0, 1.0), Variable)
    assert_type(tp.clip(x, low=0), Variable)
    assert_type(tp.clip(x, None, F64), Variable)
    assert_type(tp.clip(x, x, high=np.float64(9.0)), Variable)


def check_shaping() -> None:
    x, m = vector(), matrix()
    assert_type(tp.reshape(m, (4, 1)), Variable)
    assert_type(tp.reshape(m, -1), Variable)
    assert_type(tp.transpose(m), Variable)
    assert_type(tp.transpose(m, (1, 0)), Variable)
    assert_type(tp.transpose(m, axes=[1, 0]), Variable)
    assert_type(tp.broadcast_to(x, (3, 2)), Variable)
    assert_type(tp.sum_to(m, (1, 2)), Variable)
    assert_type(tp.getitem(m, (0, slice(None))), Variable)
    assert_type(tp.getitem(x, [0, 1]), Variable)
    assert_type(tp.concatenate([x, x]), Variable)
    assert_type(tp.concatenate([x, F64]), Variable)
    assert_type(tp.concatenate((m, MATRIX), axis=1), Variable)
    assert_type(tp.concatenate((m, x), axis=None), Variable)
    assert_type(tp.stack([x, F32], axis=-1), Variable)
    assert_type(tp.stack((x, x)), Variable)
    assert_type(tp.split(m, 2), tuple[Variable, ...])
    assert_type(tp.split(m, [1], axis=1), tuple[Variable, ...])
    assert_type(tp.matmul(m, x), Variable)
    assert_type(tp.matmul(MATRIX, x), Variable)


def check_moving() -> None:
    x, m = vector(), matrix()
    assert_type(m.ravel("F"), Variable)
    assert_type(m.take([0, 1], axis=0, mode="wrap"), Variable)
    assert_type(m.repeat(2).squeeze(), Variable)
    assert_type(m.diagonal(1), Variable)
    assert_type(tp.roll(m, (1, 1), axis=(0, 1)), Variable)
    assert_type(tp.tile(F64, 2), Variable)
    assert_type(tp.pad(x, ((1, 2),), constant_values=x[0]), Variable)
    assert_type(tp.pad(x, 1, "wrap"), Variable)
    assert_type(tp.atleast_1d(2.0), Variable)
    assert_type(tp.atleast_2d(x, F64), tuple[Variable, ...])
    assert_type(tp.meshgrid(x, F64, sparse=True), tuple[Variable, ...])
    assert_type(tp.hstack([x, F64]), Variable)
    assert_type(tp.block([[m, MATRIX], [m, m]]), Variable)
    assert_type(tp.array_split(x, [1]), tuple[Variable, ...])
    assert_type(tp.insert(x, [0, 1], 2.0), Variable)
    assert_type(tp.delete(x, slice(1)), Variable)


def check_selecting() -> None:
    x, m = vector(), matrix()
    assert_type(tp.take(x, I64 % 2), Variable)
    assert_type(tp.select([x > 1.0, BOOLS], [x, F64], 0.0), Variable)
    assert_type(tp.choose([0, 1], [x, F64]), Variable)
    assert_type(tp.compress([True], m, axis=0), Variable)
    assert_type(tp.at_set(m, (0, slice(None)), 1.0), Variable)
    assert_type(tp.at_add(x, [0, 0], F64), Variable)
    assert_type(tp.sort(m, axis=None), Variable)
    assert_type(tp.partition(x, 1), Variable)


def check_differences() -> None:
    x, m = vector(), matrix()
    assert_type(tp.diff(m, axis=0, prepend=0.0), Variable)
    assert_type(tp.gradient(m, 2.0, [0.0, 1.0]), "Variable | tuple[Variable, ...]")
    assert_type(tp.trapezoid(x, F64), Variable)
    assert_type(tp.convolve(x, F64, "same"), Variable)
    assert_type(tp.interp(x, [0.0, 1.0], F64, left=x[0]), Variable)


def check_conversions() -> None:
    x = vector()
    assert_type(tp.as_array(x), Array)
    assert_type(tp.as_array(F32), Array)
    assert_type(tp.as_array(2), Array)
    assert_type(tp.as_array(np.float64(2.0)), Array)
    assert_type(tp.as_variable(x), Variable)
    assert_type(tp.as_variable(F64), Variable)
    assert_type(tp.as_variable(2.0), Variable)


def check_gradients() -> None:
    x, w = vector(), vector()
    y, z = x * w, x**2
    assert_type(tp.gradients(y, x), tuple[Variable, ...])
    assert_type(tp.gradients(y, [x, w]), tuple[Variable, ...])
    assert_type(tp.gradients([y, z], (x, w)), tuple[Variable, ...])
    assert_type(tp.gradients(y, x, F64), tuple[Variable, ...])
    assert_type(tp.gradients(y.sum(), x, 2.0), tuple[Variable, ...])
    assert_type(tp.gradients([y, z], x, [F64, None]), tuple[Variable, ...])
    assert_type(tp.gradients(y, x, Variable(np.array([1.0, 1.0])), create_graph=True), tuple[Variable, ...])
    assert_type(tp.gradients(z, w, allow_unused=True), tuple[Variable, ...])
    (gx,) = tp.gradients(z, x, create_graph=True)
    assert_type(gx, Variable)
    assert_type(tp.gradients(gx, x)[0].data, Array)


def check_numerical_diff() -> None:
    assert_type(tp.numerical_diff(lambda v: v**2, vector()), Array)
    assert_type(tp.numerical_diff(tp.exp, vector(), eps=1e-5), Array)


# NumPy's own functions: what its stubs let through, they leave to the annotation.


def check_ufuncs() -> None:
    y: Variable = np.exp(vector())
    assert_type(y, Variable)
    flags: Mask = np.isnan(vector())
    assert_type(flags, Mask)
    assert_type(np.shape(vector()), tuple[int, ...])
