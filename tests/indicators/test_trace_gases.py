"""Gases of the globe: annual means and growth over twelve months, against pandas on the provider's own files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic_series import by_start, check_form, check_windows, make, months

from caspian_env.indicators import trace_gases

CI = {"ci_level": 0.9}


def from_file(path: Path, column: str, unc: str, units: str) -> tuple[xr.DataArray, pd.DataFrame]:
    table = pd.read_csv(path, comment="#")
    times = pd.to_datetime(table[["year", "month"]].assign(day=1)).values
    u = table[unc].where(table[unc] >= 0)
    return make(times, table[column].values, units=units, resolution="P1M", u=u.values), table


@pytest.mark.parametrize(("gas", "vintage", "units"), [("ch4", "2026-02", "1e-9"), ("co2", "2025-08", "1e-6")])
def test_means_and_growth_are_those_of_the_file(
    shared: Callable[..., Path], gas: str, vintage: str, units: str
) -> None:
    path = shared("archive", vintage, "gml.noaa.gov", "webdata", "ccgg", "trends", gas, f"{gas}_mm_gl.csv")
    average, table = from_file(path, "average", "average_unc", units)
    mean = trace_gases.annual_mean(average, **CI)
    check_form(mean, units, uncertain=False)
    yearly = table.groupby("year")["average"].agg(["mean", "count"])
    for start, row in by_start(mean).items():
        expected = yearly.loc[int(start[:4])]
        if expected["count"] == 12:
            assert float(row["value"]) == pytest.approx(expected["mean"], abs=1e-9)
        else:
            assert row["reason"].item() == f"{expected['count']:.0f} of 12 months"
    trend, _ = from_file(path, "trend", "trend_unc", units)
    growth = trace_gases.growth_12_months(trend, **CI)
    check_form(growth, f"{units} year-1", uncertain=False)
    at = table.set_index(["year", "month"])["trend"]
    for start, row in by_start(growth).items():
        year, month = int(start[:4]), int(start[5:7])
        assert float(row["value"]) == pytest.approx(at[year, month] - at[year - 1, month], abs=1e-9)
    assert growth.sizes["period"] == len(table) - 12


def test_a_month_without_its_twin_has_no_growth() -> None:
    series = make(np.delete(months("2020-01", 26), 1), np.arange(25.0), units="1e-9", resolution="P1M", u=0.5)
    growth = trace_gases.growth_12_months(series, **CI)
    assert "2021-02-01" not in by_start(growth)
    assert float(by_start(growth)["2021-01-01"]["std_uncertainty"]) == pytest.approx(np.hypot(0.5, 0.5))
    check_windows(partial(trace_gases.growth_12_months, **CI), series)
