"""Floor 6: PyTorch. https://docs.pytorch.org. Imports `library`; the library itself when it is run."""

from __future__ import annotations

from typing import Final

from tinypytorch.testing.libraries.library import Library

_FORWARD = """\
leaves = [torch.from_numpy(x).requires_grad_() for x in arrays]
y = loss(*leaves)
value = y.detach()
"""
_BACKWARD = """\
y.backward(retain_graph=True)
gradients = [x.grad for x in leaves]
"""
_AGAIN = """\
for x in leaves:
    x.grad = None
y.backward()
gradients = [x.grad for x in leaves]
"""

LIBRARY: Final = Library(
    name="torch",
    imports="import torch",
    np="torch",
    forward=_FORWARD,
    backward=_BACKWARD,
    again=_AGAIN,
    renamed={
        "max": "torch.amax({args})",
        "min": "torch.amin({args})",
        "transpose": "torch.permute({args})",
        "sort": "torch.sort({args}).values",
        "var": "torch.var({args}, correction=0)",
        "std": "torch.std({args}, correction=0)",
        "linalg.norm": "torch.linalg.vector_norm({args})",
        "concatenate": "torch.cat({args})",
        "expand_dims": "torch.unsqueeze({args})",
        "fabs": "torch.abs({args})",
    },
    without=frozenset({"cbrt", "triu", "repeat", "flip"}),
    forbidden=r"::-1|ddof|prod.*axis=\(|(maximum|minimum|fmax|fmin|logaddexp|hypot|arctan2)\(\{0\}, 0",
)
