"""Reference evapotranspiration from months and from days; synthetic inputs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from caspian_env.errors import NotComputable
from caspian_env.indicators import reference_evaporation as reference
from caspian_env.processing import evapotranspiration as fao
from tests.indicators.synthetic_series import by_start, check_form, check_windows, make, months

PLACE = {"latitude": 36.9, "elevation": -20.0, "wind_height": 10.0, "relative_uncertainty": 0.1, "ci_level": 0.9}
UNITS = ("degree_Celsius", "degree_Celsius", "percent", "m s-1", "h")


def monthly(count: int = 24) -> list[xr.DataArray]:
    season = -np.cos(2 * np.pi * np.arange(count) / 12)
    columns = (20 + 9 * season, 12 + 8 * season, 80 - 5 * season, np.full(count, 2.0), 5 + 2.5 * season)
    stamps = months("2001-01", count)
    return [make(stamps, c, units=u, resolution="P1M") for c, u in zip(columns, UNITS, strict=True)]


def daily(first: str, last: str) -> list[xr.DataArray]:
    time = pd.date_range(first, last, freq="D")
    columns = (25.0, 15.0, 13.0, 2.0, 20.0)
    units = ("degree_Celsius", "degree_Celsius", "degree_Celsius", "m s-1", "MJ m-2")
    return [make(time, np.full(time.size, c), units=u, resolution="P1D") for c, u in zip(columns, units, strict=True)]


def test_months_by_the_equation() -> None:
    given = monthly()
    found = reference.from_months(*given, **PLACE)
    check_form(found, "mm d-1")
    rows = by_start(found)
    assert rows["2001-01-01"]["reason"].item() == "the temperature of the month before is missing"
    high, low, moist, speed, sun = (float(series[6]) for series in given)
    mean = (given[0].values + given[1].values) / 2
    day = pd.Timestamp("2001-07-15").day_of_year
    known = fao.penman_monteith(
        high, low, moist / 100 * fao.mean_saturation_pressure(high, low), speed,
        fao.radiation_from_sunshine(sun, day, 36.9), day_of_year=day, latitude=36.9, elevation=-20, wind_height=10,
        soil_heat=0.07 * (mean[7] - mean[5]),
    )  # fmt: skip
    assert rows["2001-07-01"]["value"] == pytest.approx(float(known))
    assert rows["2001-07-01"]["std_uncertainty"] == pytest.approx(0.1 * float(known))
    assert rows["2001-07-01"]["value"] > rows["2001-12-01"]["value"]


def test_a_month_without_one_input_says_so() -> None:
    given = monthly()
    given[4] = given[4].drop_isel(time=6)
    rows = by_start(reference.from_months(*given, **PLACE))
    assert rows["2001-07-01"]["reason"].item() == "4 of 5 inputs"
    assert rows["2001-08-01"]["reason"].item() == ""


def test_days_are_summed_without_a_gap() -> None:
    given = daily("2024-02-01", "2024-03-31")
    found = by_start(reference.monthly_total_from_days(*given, **PLACE))
    rate = [
        float(
            fao.penman_monteith(
                25, 15, fao.saturation_pressure(13), 2, 20, day_of_year=n, latitude=36.9, elevation=-20, wind_height=10
            )
        )
        for n in range(32, 61)
    ]
    assert found["2024-02-01"]["value"] == pytest.approx(sum(rate))
    assert found["2024-02-01"]["n_valid"] == 29
    given[3] = given[3].drop_isel(time=40)
    gap = by_start(reference.monthly_total_from_days(*given, **PLACE))
    assert gap["2024-03-01"]["reason"].item().startswith("30 of 31 days")
    check_windows(lambda s: reference.monthly_total_from_days(s, *given[1:], **PLACE), given[0])


def test_edges() -> None:
    given = monthly()
    assert reference.from_months(given[0][:0], *given[1:], **PLACE).sizes["period"] == 0
    with pytest.raises(NotComputable, match="units"):
        reference.from_months(given[0].assign_attrs(units="K"), *given[1:], **PLACE)
    with pytest.raises(NotComputable, match="more hours than the day"):
        reference.from_months(*given[:4], given[4].copy(data=given[4].values * 30), **PLACE)
    with pytest.raises(NotComputable, match="not monthly"):
        reference.from_months(given[0].assign_attrs(resolution="P1D"), *given[1:], **PLACE)
    assert (
        reference.monthly_total_from_days(*(s[:0] for s in daily("2024-02-01", "2024-02-29")), **PLACE).sizes["period"]
        == 0
    )
