"""Floor 6: JAX. https://docs.jax.dev. Imports `library`; the library itself when it is run."""

from __future__ import annotations

from typing import Final

from tinypytorch.testing.libraries.library import Library

_BACKWARD = """\
gradients = jax.grad(loss, tuple(range(len(arrays))))(*map(jnp.asarray, arrays))
"""
_AGAIN = """\
_, pull = jax.vjp(loss, *map(jnp.asarray, arrays))
gradients = pull(jnp.ones_like(value))
gradients = pull(jnp.ones_like(value))
"""

LIBRARY: Final = Library(
    name="jax",
    imports='import jax\nimport jax.numpy as jnp\n\njax.config.update("jax_enable_x64", True)',
    np="jnp",
    forward="value = loss(*map(jnp.asarray, arrays))\n",
    backward=_BACKWARD,
    again=_AGAIN,
    forbidden=r"\[\[0, 0\]\]|> 0\]",
    shapes=((), (3,), (2, 2), (2, 1)),
)
