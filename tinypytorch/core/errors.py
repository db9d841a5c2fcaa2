"""Floor 3: errors written for the person who sees them. Imports floors 1 and 2.

Each names the op, what it was given (shapes and dtypes) and what to do about it.
"""

from __future__ import annotations

from typing import TypeGuard

import numpy as np

from tinypytorch.arrays import Array, Shape, is_array, is_numpy_scalar
from tinypytorch.function import Function, Spec

# Errors that are raised again with the op's name; any other passes as it is, with a note.
EXPLAINED = (ValueError, TypeError, IndexError)

HOW_CONSTANTS_ARE_MADE = (
    "it was made from constants or integers, under no_grad(), by detach(), with requires_grad=False, "
    "or by gradients() without create_graph=True"
)


def is_class(op: object) -> TypeGuard[type[object]]:
    """Whether `op` is a class (`isinstance` alone leaves the type parameters unknown)."""
    return isinstance(op, type)


def op_name(op: object) -> str:
    """An op as errors and drawings show it: its class, with its parameters where they are short."""
    if isinstance(op, str):
        return op
    if is_class(op):
        return op.__qualname__.rpartition(".")[2]
    text = repr(op)
    name = type(op).__name__
    if text == f"{name}()" or len(text) > 60 or not text.startswith(name) or "\n" in text:
        return name
    return text


def shape_and_dtype(x: object) -> str:
    """`(2, 3) float64` for an array, the type's name for a number."""
    if is_array(x):
        shape: Shape = x.shape
        return f"{shape} {x.dtype}"
    return type(x).__name__


def explain(op: Function, error: Exception, operands: tuple[object, ...]) -> Exception:
    """The error to raise in place of `error`, which came out of `op.forward`."""
    spec: object = getattr(op, "spec", None)
    remedy = f" It takes {spec.takes}." if isinstance(spec, Spec) and spec.takes else ""
    given = ", ".join(shape_and_dtype(x) for x in operands)
    text = f"{op_name(op)}: {error}. Given: {given}.{remedy}"
    if isinstance(error, np.exceptions.AxisError):
        return np.exceptions.AxisError(text)
    if isinstance(error, np.linalg.LinAlgError):
        return np.linalg.LinAlgError(text)
    return next(kind for kind in (IndexError, TypeError, ValueError) if isinstance(error, kind))(text)


def bad_operand(op: object, x: object) -> TypeError:
    """An operand that is neither a Variable nor an array or number."""
    if is_array(x) and x.dtype.kind in "fiubc":
        return TypeError(f"{op_name(op)}: an operand of type {type(x).__name__} is not supported; give a plain ndarray")
    if is_array(x) or is_numpy_scalar(x):
        return TypeError(
            f"{op_name(op)}: an operand of dtype {x.dtype} is not supported; operands are numbers: "
            "floating or complex, or integer and bool as constants"
        )
    given = f"{op_name(op)}: an operand of type {type(x).__name__} is not supported; "
    return TypeError(given + "give a Variable, an ndarray or a number")


def bad_data(data: object) -> TypeError:
    """Something that a Variable cannot hold."""
    if is_array(data):
        return TypeError(
            f"{type(data)} of dtype {data.dtype} is not supported: a Variable holds an ndarray of numbers; "
            "convert with np.asarray(data, dtype=float)"
        )
    given = f"{type(data)} is not supported: a Variable holds an ndarray; "
    if isinstance(data, str):
        return TypeError(given + "of numbers")
    if is_numpy_scalar(data) or isinstance(data, (float, int, complex, list, tuple)):
        return TypeError(given + "wrap it with np.array(...)")
    return TypeError(given + "give the array itself")


def constant_dtype(dtype: object, what: str) -> TypeError:
    """A gradient asked of integers or booleans."""
    return TypeError(
        f"{what}: data of dtype {dtype} is a constant, without gradient; convert it with data.astype(float)"
    )


def bad_gradient(op: object, i: int, got: object, x: Array) -> Exception:
    """A rule that gave something else than a gradient in the shape of its input."""
    given: Shape = x.shape
    where = f"{op_name(op)}: the rule for input {i}"
    if is_array(got):
        if got.dtype.kind not in "fiubc":
            return TypeError(f"{where} gave dtype {got.dtype}, which is no number; the input has dtype {x.dtype}")
        shape: Shape = got.shape
        return ValueError(
            f"{where} gave a gradient of shape {shape}, but the input has shape {given}; they must be equal"
        )
    return TypeError(f"{where} gave {type(got).__name__}, not an array; the input has shape {given}")


def wrong_count(op: object, got: int, inputs: int) -> ValueError:
    """A rule that gave too few or too many gradients."""
    return ValueError(f"{op_name(op)}: the rule gave {got} gradients for {inputs} inputs; give one for each, in order")


def note_rule(error: Exception, op: Function | None) -> None:
    """Say in a note of an exception in whose derivative rule it was raised."""
    error.add_note(f"in the derivative rule of {op_name(op)}")


def formatted(text: str, spec: str, shape: Shape) -> str:
    """An array's text in a format, which is for text; `TypeError` for one that is for numbers."""
    try:
        return format(text, spec)
    except ValueError as error:
        raise TypeError(
            f"the format {spec!r} is for one number, but the Variable has shape {shape}; for all entries write "
            'np.array2string(x.data, precision=2), for one f"{x[0]:.2f}"'
        ) from error
