"""Carbon dioxide: annual means and growth by hand, and against the provider's own files."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from synthetic_series import by_start, check_form, check_windows, make, months

from caspian_env.errors import NotComputable
from caspian_env.indicators import carbon_dioxide

MEAN = {"published_uncertainty": 0.12, "ci_level": 0.9}
GROWTH = {"published_uncertainty": 0.11, "ci_level": 0.9}


def co2(first: str, values, u=np.nan, status="final") -> xr.DataArray:
    values = np.asarray(values, float)
    return make(months(first, values.size), values, units="1e-6", resolution="P1M", u=u, status=status)


def from_file(path: Path, column: str) -> tuple[xr.DataArray, pd.DataFrame]:
    table = pd.read_csv(path, comment="#")
    u = table["unc"].where(table["unc"] >= 0)
    return make(pd.to_datetime(table[["year", "month"]].assign(day=1)).values, table[column].values,
                units="1e-6", resolution="P1M", u=u.values), table  # fmt: skip


@pytest.mark.parametrize("vintage", ["2022-08", "2026-02"])
def test_annual_means_are_those_of_the_file(shared: Callable[..., Path], vintage: str) -> None:
    path = shared("archive", vintage, "gml.noaa.gov", "webdata", "ccgg", "trends", "co2", "co2_mm_mlo.csv")
    series, table = from_file(path, "average")
    result = carbon_dioxide.annual_mean(series, **MEAN)
    check_form(result, "1e-6")
    yearly = table.groupby("year")["average"].agg(["mean", "count"])
    for start, row in by_start(result).items():
        expected = yearly.loc[int(start[:4])]
        if expected["count"] == 12:
            assert row["value"].item() == pytest.approx(expected["mean"], abs=1e-9)
        else:
            assert row["reason"].item() == f"{expected['count']:.0f} of 12 months"
    assert len(yearly) == result.sizes["period"]


@pytest.mark.parametrize("vintage", ["2022-08", "2026-02"])
def test_growth_is_that_of_the_file(shared: Callable[..., Path], vintage: str) -> None:
    path = shared("archive", vintage, "gml.noaa.gov", "webdata", "ccgg", "trends", "co2", "co2_mm_mlo.csv")
    series, table = from_file(path, "deseasonalized")
    result = carbon_dioxide.annual_growth(series, **GROWTH)
    check_form(result, "1e-6 year-1")
    at = table.set_index(["year", "month"])["deseasonalized"]
    rows = by_start(result)
    for year in range(1959, int(table["year"].max())):
        ends = [(at[y, 12] + at[y + 1, 1]) / 2 for y in (year - 1, year)]
        assert rows[f"{year}-01-01"]["value"].item() == pytest.approx(ends[1] - ends[0], abs=1e-9)
        assert rows[f"{year}-01-01"]["std_uncertainty"].item() >= 0.11
    assert rows["1958-01-01"]["reason"].item() == "2 of 4 months"
    assert rows[f"{table['year'].max()}-01-01"]["value"].isnull().item()


def test_annual_mean_takes_the_larger_uncertainty() -> None:
    values = np.arange(12.0) + 400
    quiet = carbon_dioxide.annual_mean(co2("2001-01", values, u=0.2), **MEAN)
    assert quiet["value"].values == pytest.approx([405.5])
    assert quiet["std_uncertainty"].values == pytest.approx([0.12])  # 0.2/sqrt(12) is smaller
    loud = carbon_dioxide.annual_mean(co2("2001-01", values, u=0.6), **MEAN)
    assert loud["std_uncertainty"].values == pytest.approx([0.6 / np.sqrt(12)])
    unknown = carbon_dioxide.annual_mean(co2("2001-01", values, u=[np.nan] + [0.9] * 11), **MEAN)
    assert unknown["std_uncertainty"].values == pytest.approx([0.12])


def test_a_month_estimated_by_the_provider_marks_the_year() -> None:
    status = ["final"] * 23 + ["estimated"]
    result = carbon_dioxide.annual_mean(co2("2001-01", np.arange(24), status=status), **MEAN)
    assert result["estimated"].values.tolist() == [False, True]


def test_growth_by_hand() -> None:
    values = np.zeros(27)  # December 2000 to February 2003
    values[[0, 1, 12, 13, 24, 25]] = [1.0, 2.0, 3.5, 4.0, 6.0, 6.5]
    result = carbon_dioxide.annual_growth(co2("2000-12", values, u=0.2), **GROWTH)
    check_form(result, "1e-6 year-1")
    rows = by_start(result)
    assert rows["2001-01-01"]["value"].item() == pytest.approx(3.75 - 1.5)
    assert rows["2002-01-01"]["value"].item() == pytest.approx(6.25 - 3.75)
    assert rows["2002-01-01"]["std_uncertainty"].item() == pytest.approx(0.2)  # sqrt(4 x 0.2^2)/2
    assert (rows["2002-01-01"]["n_valid"].item(), rows["2002-01-01"]["n_expected"].item()) == (4, 4)
    assert rows["2000-01-01"]["reason"].item() == "2 of 4 months"
    assert rows["2003-01-01"]["reason"].item() == "2 of 4 months"


def test_growth_refuses_a_missing_january() -> None:
    values = np.arange(26.0)
    values[13] = np.nan
    rows = by_start(carbon_dioxide.annual_growth(co2("2000-12", values), **GROWTH))
    assert rows["2001-01-01"]["reason"].item() == rows["2002-01-01"]["reason"].item() == "3 of 4 months"


@pytest.mark.parametrize(
    "function", [partial(carbon_dioxide.annual_mean, **MEAN), partial(carbon_dioxide.annual_growth, **GROWTH)]
)
def test_windows_empty_series_and_wrong_units(function: Callable[[xr.DataArray], xr.Dataset]) -> None:
    values = np.random.default_rng(3).normal(400, 1, 70)
    values[[20, 47]] = np.nan
    check_windows(function, co2("2000-05", values, u=0.2))
    assert function(co2("2000-01", [np.nan] * 12)).sizes["period"] == 0
    assert function(co2("2000-01", [400.0]))["value"].isnull().all()
    with pytest.raises(NotComputable, match="units"):
        function(co2("2000-01", [400.0]).assign_attrs(units="ppm"))
    with pytest.raises(NotComputable, match="ascending"):
        function(co2("2000-01", [400.0, 401.0])[::-1])
