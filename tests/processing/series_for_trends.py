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


KINDS = (
    "noise", "ties", "walk", "tiny", "huge", "far from zero", "line", "mostly zero", "negative tenths", "memory", "gaps",
    "line with gaps",
)  # fmt: skip
"""Kinds of synthetic series on which others' programs are asked the same."""


def of_kind(kind: str, n: int) -> np.ndarray:
    """A synthetic series of a kind, always the same one for a length."""
    random = np.random.default_rng([n, KINDS.index(kind)])
    noise, step = random.normal(size=n), np.arange(n)
    made = {
        "noise": noise, "ties": np.round(noise), "walk": noise.cumsum(), "tiny": noise * 1e-12, "huge": noise * 1e15,
        "far from zero": noise + 1e6, "line": 0.25 * step - 3, "mostly zero": np.where(random.random(n) < 0.7, 0.0, noise),
        "negative tenths": -np.round(np.abs(noise), 1) - 28, "memory": autoregressive(n, 1, n, 0.8)[0],
        "gaps": np.where(random.random(n) < 0.2, np.nan, noise),
        "line with gaps": np.where(random.random(n) < 0.2, np.nan, np.round(noise, 1) + step / 8),
    }[kind]  # fmt: skip
    return np.asarray(made, dtype=float)


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
