"""Precipitation on a basin by month and hydrological year against pandas; synthetic amounts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from caspian_env.indicators import basin_precipitation as basin
from tests.indicators.synthetic_series import by_start, check_form, check_windows, make, months

SHARE = {"relative_uncertainty": 0.1, "ci_level": 0.9}
BASE = {"base": (1991, 2020), "min_base_share": 0.8, **SHARE}


def amounts(first: str = "1989-01", count: int = 36 * 12) -> pd.Series:
    rain = np.random.default_rng(11).gamma(4.0, 12.0, count)
    return pd.Series(rain, pd.DatetimeIndex(months(first, count)))


def of_months(series: pd.Series) -> xr.DataArray:
    return make(series.index.to_numpy(), series.to_numpy(), units="mm", resolution="P1M")


def test_months_and_their_anomalies_are_those_of_pandas() -> None:
    series = amounts()
    total = basin.monthly_total(of_months(series), **SHARE)
    np.testing.assert_allclose(total["value"].values, series.to_numpy(), rtol=1e-12)
    np.testing.assert_allclose(total["std_uncertainty"].values, 0.1 * series.to_numpy(), rtol=1e-12)
    found = by_start(basin.monthly_anomaly(of_months(series), **BASE))
    inside = series["1991":"2020"]
    known = series - inside.groupby(inside.index.month).mean().loc[series.index.month].to_numpy()
    assert {s: row["value"].item() for s, row in found.items()} == pytest.approx(
        {f"{s:%F}": value for s, value in known.items()}, abs=1e-9
    )
    check_form(total, "mm")
    check_form(basin.monthly_anomaly(of_months(series), **BASE), "mm")
    check_windows(lambda s: basin.monthly_anomaly(s, **BASE), of_months(series))


def test_a_hydrological_year_runs_from_april_to_march() -> None:
    series = amounts()
    found = by_start(basin.hydrological_total(of_months(series), first_month=4, **SHARE))
    known = series.resample("YS-APR").sum()
    whole = series.resample("YS-APR").count() == 12
    assert {s for s, row in found.items() if row["reason"].item()} == {"1988-04-01", "2024-04-01"}
    assert {s: found[s]["value"].item() for s in found if not found[s]["reason"].item()} == pytest.approx(
        {f"{s:%F}": value for s, value in known[whole].items()}, rel=1e-12
    )
    assert found["2019-04-01"]["period_end"].values == np.datetime64("2020-04-01")
    anomaly = by_start(basin.hydrological_anomaly(of_months(series), first_month=4, **BASE))
    normal = known["1991":"2020"].mean()
    assert anomaly["2019-04-01"]["value"].item() == pytest.approx(known["2019-04-01"] - normal)
    check_windows(lambda s: basin.hydrological_total(s, first_month=4, **SHARE), of_months(series))
    calendar = basin.hydrological_total(of_months(series), first_month=1, **SHARE)
    np.testing.assert_allclose(calendar["value"].values, series.resample("YS").sum().to_numpy(), rtol=1e-12)


def test_a_gap_takes_its_month_and_its_hydrological_year() -> None:
    series = amounts().drop(pd.Timestamp("2003-02-01"))
    assert "2003-02-01" not in by_start(basin.monthly_total(of_months(series), **SHARE))
    years = by_start(basin.hydrological_total(of_months(series), first_month=4, **SHARE))
    assert years["2002-04-01"]["reason"].item() == "11 of 12 months"
    assert not years["2003-04-01"]["reason"].item()
    days = pd.date_range("2000-01-01", "2001-12-31")
    daily = make(days.to_numpy(), np.ones(days.size), units="mm", resolution="P1D").drop_isel(time=40)
    found = by_start(basin.monthly_total(daily, **SHARE))
    assert found["2000-02-01"]["reason"].item().startswith("28 of 29 days")
    years = by_start(basin.hydrological_total(daily, first_month=4, **SHARE))
    assert years["2000-04-01"]["value"].item() == 365
    assert years["1999-04-01"]["reason"].item() == "2 of 12 months"


def test_too_few_base_years_are_refused_once_a_calendar_month() -> None:
    series = amounts("2000-01", 12 * 12)
    rows = basin.monthly_anomaly(of_months(series), **BASE)
    assert rows.sizes["period"] == 12
    assert set(rows["reason"].values) == {
        "the base period 1991-2020 needs 24 of 30 years of this month, this record has 12"
    }
    empty = of_months(series.iloc[:0])
    assert basin.monthly_anomaly(empty, **BASE).sizes["period"] == 0
    assert basin.hydrological_total(empty, first_month=4, **SHARE).sizes["period"] == 0
