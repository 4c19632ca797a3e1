"""Noise with a memory, for series that look like nature's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def red_noise(generator: np.random.Generator, size: int, memory: float, deviation: float) -> Floats:
    """A stationary first-order autoregressive series with this lag-1 correlation and standard deviation."""
    shocks = generator.normal(0.0, deviation * np.sqrt(1 - memory**2), size)
    values, last = np.empty(size), 0.0
    for index, shock in enumerate(shocks):
        last = memory * last + shock
        values[index] = last
    return values
