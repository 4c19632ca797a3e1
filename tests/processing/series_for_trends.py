"""Annual series that trends and breaks are tried on: classic ones of the shared material, and synthetic AR(1) noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

SERIES = (
    ("nile_annual_flow", "flow_1e8_m3"),
    ("lake_huron_annual_level", "level_ft"),
    ("new_haven_annual_temperature", "temperature_degF"),
    ("mauna_loa_co2_annual", "co2_ppm"),
)


def reference(shared: Callable[..., Path], name: str, column: str) -> tuple[np.ndarray, np.ndarray]:
    table = pd.read_csv(shared("reference", "trend_tests", f"{name}.csv"))
    return table["year"].to_numpy(float), table[column].to_numpy(float)


def autoregressive(seed: int, runs: int, n: int, rho: float) -> np.ndarray:
    """Stationary AR(1) series with unit innovations."""
    noise = np.random.default_rng(seed).normal(size=(runs, n))
    noise[:, 0] /= np.sqrt(1 - rho**2)
    for step in range(1, n):
        noise[:, step] += rho * noise[:, step - 1]
    return noise
