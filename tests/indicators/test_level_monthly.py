"""Monthly levels and anomalies against pandas on the DAHITI record, and the rules of the normal."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import hypot, sqrt
from pathlib import Path

import numpy as np
import pytest
from level_inputs import ANNUAL, annual_of, dahiti, epochs, yearly
from synthetic_series import by_start, check_form, check_windows, make

from caspian_env.errors import NotComputable
from caspian_env.indicators import level_monthly

MONTH = {"min_epochs": 2, "expected_epochs": 3, "common_uncertainty": 0.03, "epoch_uncertainty": 0.06, "ci_level": 0.9}
BASE = {"base": [1991, 2020], "min_share": 0.8}
FALL = {year: -27.0 - 0.1 * (year - 1991) for year in range(1991, 2024)}


def test_months_and_anomalies_are_those_of_pandas(shared: Callable[..., Path]) -> None:
    level = dahiti(shared)
    months = level.to_series().resample("MS").agg(["mean", "count"])
    result = level_monthly.monthly_mean(level, **MONTH)
    check_form(result, "m")
    assert result.sizes["period"] == len(months) == 371
    np.testing.assert_allclose(result["value"], months["mean"].where(months["count"] >= 2), atol=1e-12)
    inside = months["mean"].where(months["count"] >= 2)["1991":"2020"]
    normal = inside.groupby(inside.index.month).mean()
    anomaly = level_monthly.monthly_anomaly(level, **BASE, **MONTH)
    expected = months["mean"] - normal.reindex(months.index.month).values
    np.testing.assert_allclose(anomaly["value"], expected.where(months["count"] >= 2), atol=1e-12)
    years = annual_of(level)
    rows = by_start(level_monthly.annual_anomaly(level, **BASE, **ANNUAL))
    assert len(years.loc[:2020]) == 28
    row = rows["2022-01-01"]
    assert row["value"].item() == pytest.approx(years[2022] - years.loc[:2020].mean(), abs=1e-12)
    assert row["std_uncertainty"].item() == pytest.approx(hypot(0.03, 0.03 / sqrt(28)))


def test_scatter_of_an_epoch_is_the_one_of_the_seed(shared: Callable[..., Path]) -> None:
    level = dahiti(shared)
    t, v = level["time"].values.astype("datetime64[D]").astype(float), level.values
    later = (t[1:-1] - t[:-2]) / (t[2:] - t[:-2])
    against = (v[1:-1] - (1 - later) * v[:-2] - later * v[2:]) / np.sqrt(1 + later**2 + (1 - later) ** 2)
    assert against.std() == pytest.approx(0.06, abs=0.005)


def test_month_by_hand_and_too_few_epochs() -> None:
    times = ["2021-01-05", "2021-01-15", "2021-01-25", "2021-02-10", "2021-04-05", "2021-04-25"]
    result = level_monthly.monthly_mean(make(times, [1, 2, 6, 5, 1, 2], units="m", resolution="instant"), **MONTH)
    check_form(result, "m")
    np.testing.assert_array_equal(result["value"].values, [3, np.nan, np.nan, 1.5])
    assert result["std_uncertainty"].values[0] == pytest.approx(sqrt(0.03**2 + 0.06**2 / 3))
    assert result["reason"].values.tolist() == ["", "1 epochs", "0 epochs", ""]
    assert (result["n_expected"] >= result["n_valid"]).all()


def test_too_few_base_years_are_refused_and_said() -> None:
    level = epochs({year: FALL[year] for year in range(1998, 2024)})
    monthly = level_monthly.monthly_anomaly(level, **BASE, **MONTH)
    assert monthly.sizes["period"] == 12
    said = "23 of 30 years of the normal 1991-2020, which needs 80% of them"
    assert set(monthly["reason"].values) == {said}
    yearly_ = level_monthly.annual_anomaly(level, **BASE, **ANNUAL)
    assert yearly_["reason"].values.tolist() == [said]


def test_anomalies_do_not_feel_the_datum() -> None:
    level = epochs(FALL, 0.03)
    moved = level.copy(data=level.values + 3.21)
    for function, given in ((level_monthly.monthly_anomaly, MONTH), (level_monthly.annual_anomaly, ANNUAL)):
        one, other = (function(x, **BASE, **given)["value"] for x in (level, moved))
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_windows_hold_all_that_a_value_is_made_of() -> None:
    level = epochs({year: FALL[year] for year in range(1991, 2003)}, 0.03)
    base = {"base": [1991, 2000], "min_share": 0.8}
    check_windows(partial(level_monthly.monthly_mean, **MONTH), level)
    check_windows(partial(level_monthly.monthly_anomaly, **base, **MONTH), level[:150])
    check_windows(partial(level_monthly.annual_anomaly, **base, **ANNUAL), level)


def test_nothing_gives_no_rows_and_wrong_series_an_error() -> None:
    empty = epochs(FALL)[:0]
    assert level_monthly.monthly_mean(empty, **MONTH).sizes["period"] == 0
    assert level_monthly.monthly_anomaly(empty, **BASE, **MONTH).sizes["period"] == 0
    assert level_monthly.annual_anomaly(empty, **BASE, **ANNUAL).sizes["period"] == 0
    with pytest.raises(NotComputable, match="units"):
        level_monthly.monthly_mean(epochs(FALL).assign_attrs(units="cm"), **MONTH)
    with pytest.raises(NotComputable, match="ascending"):
        level_monthly.monthly_mean(epochs(FALL)[::-1], **MONTH)
    with pytest.raises(NotComputable, match="no months"):
        level_monthly.monthly_mean(yearly(FALL), **MONTH)
