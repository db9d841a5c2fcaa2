"""Medians and quartiles, and ratios of what was measured in the same round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Spread:
    """A median between the quartiles."""

    low: float
    median: float
    high: float


def spread(figures: Sequence[float]) -> Spread:
    """The quartiles and the median; between two figures on the line between them."""
    low, middle, high = (float(q) for q in np.percentile(figures, [25.0, 50.0, 75.0]))
    return Spread(low, middle, high)


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours over theirs, round by round. Raises `ValueError` if they are not of the same rounds."""
    return [a / b for a, b in zip(ours, theirs, strict=True)]


def differences(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Ours less theirs, round by round. Raises `ValueError` if they are not of the same rounds."""
    return [a - b for a, b in zip(ours, theirs, strict=True)]
