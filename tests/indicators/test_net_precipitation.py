"""Precipitation less evaporation of the sea and of a basin, against pandas; synthetic amounts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from caspian_env.errors import NotComputable
from caspian_env.indicators import net_precipitation as net
from tests.indicators.synthetic_series import by_start, check_form, check_windows, make, months

ERRORS: dict[str, Any] = {"sign": -1.0, "u_precipitation": 0.1, "u_evaporation": 0.15, "cells": {}, "ci_level": 0.9}
CELLS = {"smallest_share": 1.0, "fewest_cells": 3}
AREA = np.array([[700.0, 700.0], [680.0, 680.0]])


def rate(seed: int, low: float, high: float, first: str = "2001-01", count: int = 48) -> pd.Series:
    values = np.random.default_rng(seed).uniform(low, high, count)
    return pd.Series(values, pd.DatetimeIndex(months(first, count)))


def of(series: pd.Series) -> xr.DataArray:
    return make(series.index.to_numpy(), series.to_numpy(), units="mm d-1", resolution="P1M")


def cells_of(series: pd.Series) -> xr.DataArray:
    """Three cells of the sea of which one is higher and one lower, and one of the coast that must not count."""
    values = series.to_numpy()[:, None, None] * np.array([[1.0, 1.2], [0.8, 50.0]])
    coords = {
        "time": series.index.to_numpy().astype("datetime64[s]"), "latitude": [40.0, 41.0], "longitude": [50.0, 51.0],
        "area": (("latitude", "longitude"), AREA), "weight": (("latitude", "longitude"), [[1.0, 1.0], [1.0, 0.4]]),
    }  # fmt: skip
    attrs = {"units": "mm d-1", "resolution": "P1M", "datum": "none"}
    return xr.DataArray(values, coords, ("time", "latitude", "longitude"), "synthetic", attrs)


def amount(series: pd.Series) -> pd.Series:
    return series * series.index.days_in_month


SEA_MEAN = (700 * 1.0 + 700 * 1.2 + 680 * 0.8) / (700 + 700 + 680)


def test_on_the_sea_both_are_the_cells_that_lie_wholly_in_it() -> None:
    rain, lost = rate(1, 0.2, 1.0), -rate(2, 1.0, 4.0)
    fallen, gone = SEA_MEAN * amount(rain), -SEA_MEAN * amount(lost)
    month = net.monthly(cells_of(rain), cells_of(lost), **ERRORS | {"cells": CELLS})
    check_form(month, "mm")
    np.testing.assert_allclose(month["value"], fallen - gone, rtol=1e-12)
    np.testing.assert_allclose(month["std_uncertainty"], np.hypot(0.1 * fallen, 0.15 * gone), rtol=1e-12)
    year = net.annual(cells_of(rain), cells_of(lost), **ERRORS | {"cells": CELLS}, first_month=1)
    check_form(year, "mm")
    fallen, gone = (one.resample("YS").sum() for one in (fallen, gone))
    np.testing.assert_allclose(year["value"], fallen - gone, rtol=1e-12)
    np.testing.assert_allclose(year["std_uncertainty"], np.hypot(0.1 * fallen, 0.15 * gone), rtol=1e-12)
    assert (year["value"] < 0).all()
    mixed = net.annual(of(rain), cells_of(lost), **ERRORS | {"cells": CELLS}, first_month=1)
    np.testing.assert_allclose(mixed["value"], amount(rain).resample("YS").sum() - gone, rtol=1e-12)
    with pytest.raises(NotComputable, match="3 of its cells lie wholly in the sea, 9 are needed"):
        net.monthly(cells_of(rain), cells_of(lost), **ERRORS | {"cells": CELLS | {"fewest_cells": 9}})


def test_a_hydrological_year_of_a_basin_runs_from_april_to_march() -> None:
    rain, lost = rate(3, 0.5, 3.0), -rate(4, 0.0, 2.0)
    found = by_start(net.annual(of(rain), of(lost), **ERRORS, first_month=4))
    known = (amount(rain) + amount(lost)).resample("YS-APR").sum()["2001":"2003"]
    kept = {start: row["value"].item() for start, row in found.items() if not row["reason"].item()}
    assert kept == pytest.approx({f"{start:%F}": value for start, value in known.items()}, rel=1e-12)
    assert found["2002-04-01"]["period_end"].values == np.datetime64("2003-04-01")
    assert found["2004-04-01"]["reason"].item() == "precipitation: 9 of 12 months, evaporation: 9 of 12 months"


def test_a_month_that_one_product_lacks_takes_its_year_and_is_named() -> None:
    rain, lost = rate(5, 0.5, 3.0), -rate(6, 0.0, 2.0).drop(pd.Timestamp("2002-07-01"))
    assert "2002-07-01" not in by_start(net.monthly(of(rain), of(lost), **ERRORS))
    row = by_start(net.annual(of(rain), of(lost), **ERRORS, first_month=1))["2002-01-01"]
    assert (row["reason"].item(), row["n_valid"].item()) == ("evaporation: 11 of 12 months", 11)
    later = net.annual(of(rain), of(-rate(6, 0.0, 2.0, "2003-01", 24)), **ERRORS, first_month=1)
    assert list(by_start(later)) == ["2003-01-01", "2004-01-01"]
    ended = by_start(net.annual(of(rain[:36]), of(lost), **ERRORS, first_month=1))
    assert ended["2004-01-01"]["reason"].item() == "precipitation: 0 of 12 months"
    assert net.annual(of(rain[:0]), of(lost), **ERRORS, first_month=1).sizes["period"] == 0
    assert net.monthly(of(rain[:0]), of(lost), **ERRORS).sizes["period"] == 0


def test_the_spread_is_how_far_two_differences_with_one_evaporation_are_apart() -> None:
    rain, other, lost = rate(7, 0.5, 3.0), rate(8, 0.5, 3.0), -rate(9, 0.0, 2.0)
    options = {"u_precipitation": 0.1, "first_month": 4, "cells": {}, "ci_level": 0.9}
    found = net.spread(of(rain), of(other), **options)
    check_form(found, "mm")
    one, two = (net.annual(of(given), of(lost), **ERRORS, first_month=4)["value"].values for given in (rain, other))
    np.testing.assert_allclose(found["value"], np.abs(one - two), rtol=1e-9)
    assert (found["ci_low"].values[np.isfinite(found["value"])] >= 0).all()
    assert (
        by_start(found)["2000-04-01"]["reason"].item() == "precipitation: 3 of 12 months, other product: 3 of 12 months"
    )


def test_only_what_lies_in_its_windows_makes_a_row() -> None:
    lost = of(-rate(2, 1.0, 4.0))
    check_windows(lambda given: net.annual(given, lost, **ERRORS, first_month=4), of(rate(1, 0.2, 1.0)))
    check_windows(lambda given: net.monthly(given, lost, **ERRORS), of(rate(1, 0.2, 1.0)))
