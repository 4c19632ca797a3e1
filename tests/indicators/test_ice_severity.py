"""Severity of winters by thirds of base seasons: against pandas on real temperatures, and what its interval is worth."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from caspian_env.indicators import ice_severity as severity
from caspian_env.processing.periods import as_dataset, result
from tests.indicators.synthetic_series import by_start, check_form, check_windows, make
from tests.indicators.test_sea_ice import EXTENT

FROST: dict[str, Any] = {
    "base": [1991, 2020], "min_base_share": 0.8, "freezing": 0.0, "start": [11, 1], "end": [4, 15],
    "value_uncertainty": 0.2, "ci_level": 0.9,
}  # fmt: skip


def cold(first: str = "1990-10-01", last: str = "2024-06-30", seed: int = 6) -> xr.DataArray:
    """Synthetic: every winter has a coldness of its own."""
    days = pd.date_range(first, last)
    random = np.random.default_rng(seed)
    own = dict(zip(range(1950, 2040), random.normal(0, 3, 90), strict=True))
    season = np.array([own[year] for year in days.year + (days.month > 8)])
    values = 8 - 14 * np.cos(2 * np.pi * (days.day_of_year.to_numpy() - 20) / 365.25) + season
    return make(days, values + random.normal(0, 2, len(days)), units="degree_Celsius", resolution="P1D")


def thirds(sums: pd.Series, base: pd.Series) -> list[int]:
    lower, upper = np.percentile(base, [100 / 3, 200 / 3])
    return [1 if value <= lower else 2 if value <= upper else 3 for value in sums]


def frost_of(series: pd.Series, fewest: int) -> pd.Series:
    """Degree-days of the seasons that have all of their days, by the year of January."""
    month, day = series.index.month, series.index.day
    inside = series[(month > 10) | (month < 4) | ((month == 4) & (day < 16))]
    year = inside.index.year + (inside.index.month > 10)
    whole = inside.groupby(year).count() >= np.where(pd.Index(np.unique(year)) % 4 == 0, fewest + 1, fewest)
    return (-inside.clip(upper=0)).groupby(year).sum()[whole]


def test_classes_by_frost_are_those_of_pandas() -> None:
    series = cold()
    found = severity.by_frost(series, **FROST)
    check_form(found, "1")
    sums = frost_of(series.to_series(), 166)
    kept = found.isel(period=(found["reason"] == "").values)
    assert kept["value"].values.tolist() == thirds(sums, sums.loc[1991:2020])
    of_base = kept.isel(period=slice(0, 30))["value"].values
    assert [int((of_base == one).sum()) for one in (1, 2, 3)] == [10, 10, 10]
    short = cold("1990-10-01", "2015-06-30")
    check_windows(lambda given: severity.by_frost(given, **FROST).isel(period=slice(20, None)), short)


def test_winters_at_a_real_station_against_pandas(shared: Callable[..., Path]) -> None:
    """Lowest temperatures of a station in British Columbia; seasons with a missing day have no class."""
    table = pd.read_csv(shared("reference", "climdex_pcic", "1018935_MIN_TEMP.csv"))
    days = pd.to_datetime(table["year"].astype(str) + table["jday"].astype(str), format="%Y%j")
    known = pd.Series(table["MIN_TEMP"].to_numpy(), pd.DatetimeIndex(days)).dropna()
    sums = frost_of(known, 166)
    base = sums.loc[1961:2000]
    series = make(known.index, known.to_numpy(), units="degree_Celsius", resolution="P1D")
    found = severity.by_frost(series, **FROST | {"base": [1961, 2000], "min_base_share": base.size / 40})
    kept = found.isel(period=(found["reason"] == "").values)
    assert (pd.DatetimeIndex(kept["period_end"].values).year == sums.index).all()
    assert kept["value"].values.tolist() == thirds(sums, base)
    assert base.size >= 20
    again = severity.by_frost(series, **FROST | {"base": [1961, 2000], "min_base_share": 1.0})
    assert again["reason"].values.tolist() == [
        f"the base 1961-2000 needs 40 of 40 seasons, this record has {base.size}"
    ]


def frozen(first: int = 2001, last: int = 2012) -> xr.DataArray:
    """Synthetic: thirty cells of 100 km2 in a row, of which a winter freezes as many as it is cold, for ten days."""
    days = pd.date_range(f"{first - 1}-11-01", f"{last}-04-30")
    random = np.random.default_rng(2)
    reach = dict(
        zip(range(first, last + 1), random.choice(np.arange(3, 30), last - first + 1, replace=False), strict=True)
    )
    year = days.year + (days.month > 10)
    cold = (days.month == 2) & (days.day <= 10)
    shares = (np.arange(30) < np.array([reach[min(one, last)] for one in year])[:, np.newaxis]) & cold[:, np.newaxis]
    place = ("latitude", "longitude")
    coords = {
        "time": days.values, "latitude": [46.0], "longitude": 48 + 0.25 * np.arange(30),
        "area": (place, np.full((1, 30), 100.0)), "weight": (place, np.ones((1, 30))),
    }  # fmt: skip
    attrs = {"units": "1", "resolution": "P1D"}
    return xr.DataArray(shares[:, np.newaxis, :].astype(float), coords, ("time", *place), attrs=attrs)


def test_classes_by_extent_are_those_of_pandas() -> None:
    ice = frozen()
    found = severity.by_extent(ice, **EXTENT, base=[2001, 2010], min_base_share=0.8)
    check_form(found, "1")
    winter = pd.Series(ice.values.sum(axis=(1, 2)) * 100, pd.DatetimeIndex(ice["time"].values))
    extents = winter.groupby(winter.index.year + (winter.index.month > 10)).max()
    assert found["value"].values.tolist() == thirds(extents, extents.loc[2001:2010])
    assert set(found["value"].values) == {1, 2, 3}
    assert (found["ci_low"] < found["value"]).any() and (found["ci_high"] > found["value"]).any()


def test_a_base_without_thirds_is_refused_once() -> None:
    few = severity.by_frost(cold("2005-10-01"), **FROST)
    assert few.sizes["period"] == 1
    assert few["reason"].item() == "the base 1991-2020 needs 24 of 30 seasons, this record has 15"
    warm = severity.by_frost(cold().copy(data=np.full(cold().size, 5.0)), **FROST)
    assert warm["reason"].values.tolist() == [
        "the thirds of the base 1991-2020 do not differ: too many of its seasons are alike"
    ]
    assert severity.by_frost(cold()[:0], **FROST).sizes["period"] == 0
    gap = by_start(severity.by_frost(cold().drop_isel(time=100), **FROST))
    assert gap["1990-11-01"]["reason"].item().startswith("165 of 166 days")
    assert gap["1991-11-01"]["value"].item() in (1, 2, 3)


def test_the_interval_holds_the_class_of_the_true_thirds() -> None:
    """200 synthetic records of 30 winters: gamma degree-days whose true limits are known, seen with an error of 25."""
    shape, scale = 4.0, 100.0
    population = np.random.default_rng(1).gamma(shape, scale, 400_000)
    limits = np.quantile(population, [1 / 3, 2 / 3])
    held = []
    for seed in range(200):
        random = np.random.default_rng(seed)
        true = random.gamma(shape, scale, 30)
        seen = np.maximum(true + random.normal(0, 25, 30), 0)
        rows = [
            result((np.datetime64(f"{year - 1}-11-01", "s"), np.datetime64(f"{year}-04-16", "s")), value, 25.0,
                   n_valid=166, n_expected=166, used=[], ci_level=0.9)
            for year, value in zip(range(1991, 2021), seen, strict=True)
        ]  # fmt: skip
        classes = severity._classes(as_dataset(rows, units="degree_Celsius d", ci_level=0.9), [1991, 2020], 0.8, 0.9)
        own = 1 + (true > limits[0]).astype(int) + (true > limits[1])
        held += [row.ci_low <= one <= row.ci_high for row, one in zip(classes, own, strict=True)]
    assert np.mean(held) >= 0.9
    assert np.mean([row.ci_low == row.ci_high for row in classes]) > 0.2  # it also says something
