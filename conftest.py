"""What every doctest may use besides its module's names: `np`, `tp` and `Variable`."""

from __future__ import annotations

import numpy as np
import pytest

import tinypytorch as tp


@pytest.fixture(autouse=True)
def _names(doctest_namespace: dict[str, object]) -> None:
    doctest_namespace.update(np=np, tp=tp, Variable=tp.Variable)
