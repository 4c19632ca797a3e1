"""Levels that the tests of the level indicators share: the real DAHITI record, the printed levels, and synthetic ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from synthetic_series import VARIABLES, make

ANNUAL = {"min_epochs": 2, "min_cycle_years": 5, "annual_uncertainty": 0.03, "ci_level": 0.9}
BRIDGE = ANNUAL | {"datum": "BS77", "scatter": 0.03, "fewest_overlaps": 6, "plausible": [0.3, 0.7]}
PRINTED = {1900: -25.74, 1977: -29.01, 1995: -26.62, 2020: -28.23}  # seeds/reported_levels.csv, whole sea


def yearly(levels: Mapping[int, float], datum: str = "BS77") -> xr.DataArray:
    """Annual levels as a provider prints them."""
    times = [f"{year}-01-01" for year in levels]
    return make(times, list(levels.values()), units="m", resolution="P1Y", datum=datum, status="reported")


def epochs(annual: Mapping[int, float], noise: float = 0.0, season: float = 0.15, seed: int = 1) -> xr.DataArray:
    """Synthetic ten-day epochs about annual levels, with a season that adds up to zero over the months of a year."""
    years = sorted(annual)
    times = pd.date_range(f"{years[0]}-01-01", f"{years[-1]}-12-31", freq="10D")
    wave = season * np.cos(2 * np.pi * (times.month - 6) / 12)
    values = np.array([annual.get(t.year, np.nan) for t in times]) + wave
    values = values + np.random.default_rng(seed).normal(0, noise or 1e-9, len(times))
    kept = np.isfinite(values)
    return make(times.values[kept], values[kept], units="m", resolution="instant", datum="dahiti_39")


def dahiti(shared: Callable[..., Path]) -> xr.DataArray:
    """The DAHITI record to 2023-07."""
    table = pd.read_csv(shared("reference", "dahiti_caspian", "caspian.csv"), parse_dates=["date"])
    return make(table["date"].values, table["water level"].values, units="m", resolution="instant",
                datum="dahiti_39", u=table["error"].values)  # fmt: skip


def annual_of(level: xr.DataArray) -> pd.Series:
    """Annual means by pandas alone: months of at least two epochs, years of twelve months."""
    monthly = level.to_series().resample("MS").agg(["mean", "count"])
    months = monthly["mean"].where(monthly["count"] >= 2)
    years = months.groupby(months.index.year).agg(["mean", "count"])
    return years["mean"].where(years["count"] == 12).dropna()


def check_windows_of_two(
    function: Callable[[xr.DataArray, xr.DataArray], xr.Dataset], level: xr.DataArray, reference: xr.DataArray
) -> None:
    """Only the observations inside a row's windows give the same row again."""
    result = function(level, reference)
    assert result.sizes["period"] > 0
    for i in range(result.sizes["period"]):
        row = result.isel(period=i)
        if row["reason"].item():
            continue
        ends = zip(row["input_start"].values, row["input_end"].values, strict=True)
        spans = [(start, end) for start, end in ends if not np.isnat(start)]
        kept = []
        for series in (level, reference):
            time = series["time"].values
            kept.append(series.isel(time=np.any([(time >= a) & (time < b) for a, b in spans], axis=0)))
        again = function(*kept)
        same = (again["period_start"] == row["period_start"]) & (again["period_end"] == row["period_end"])
        found = again.isel(period=same)
        assert found.sizes["period"] == 1
        for name in VARIABLES[:4]:
            np.testing.assert_allclose(found[name].values[0], row[name].item(), rtol=1e-10, atol=1e-10, err_msg=name)
