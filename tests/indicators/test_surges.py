"""Surges, set-downs and their extremes at one gauge; synthetic levels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from caspian_env.errors import NotComputable
from caspian_env.indicators import surges
from tests.indicators.synthetic_series import by_start, check_form, check_windows, make

COUNT = {"threshold": 0.3, "fewest_per_day": 4, "value_uncertainty": 0.01, "ci_level": 0.9}


def gauge(first: str, last: str, bumps: dict[str, tuple[int, float]] | None = None, fall: float = 0.0) -> xr.DataArray:
    """Six-hourly levels at -28 m with bumps: moment -> (values, height)."""
    time = pd.date_range(first, f"{last} 18:00", freq="6h")
    values = -28.0 - fall * np.arange(time.size) / 1461
    for moment, (count, height) in (bumps or {}).items():
        start = time.get_loc(pd.Timestamp(moment))
        values[start : start + count] += height
    return make(time, values, units="m", resolution="instant", datum="BS77")


def test_days_height_and_time_by_hand() -> None:
    level = gauge(
        "2022-01-01",
        "2023-12-31",
        {"2022-03-10 18:00": (6, 0.8), "2022-08-01 00:00": (2, 0.5), "2022-10-05 12:00": (4, -0.6)},
    )
    up = by_start(surges.surge_days(level, direction="surge", **COUNT))
    assert (up["2022-01-01"]["value"], up["2023-01-01"]["value"]) == (4, 0)  # 10, 11, 12 March and 1 August
    down = by_start(surges.surge_days(level, direction="set_down", **COUNT))
    assert down["2022-01-01"]["value"] == 2
    options = {k: v for k, v in COUNT.items() if k != "threshold"}
    height = by_start(surges.greatest_departure(level, direction="surge", **options))
    assert height["2022-01-01"]["value"] == pytest.approx(0.8 * (1 - 6 / 124), abs=1e-6)
    hours = by_start(surges.longest_surge(level, direction="surge", **COUNT))
    assert (hours["2022-01-01"]["value"], hours["2023-01-01"]["value"]) == (36, 0)
    for function in (surges.surge_days, surges.longest_surge):
        check_windows(lambda s, f=function: f(s, direction="surge", **COUNT), level)
    check_form(surges.surge_days(level, direction="surge", **COUNT), "d")


def test_exactly_the_threshold_counts_and_moves_with_the_gauge() -> None:
    level = gauge("2023-01-01", "2023-12-31")
    values = level.values.copy()
    values[40:44] += 0.3
    values[48:52] -= 0.3  # keeps the mean of January
    row = surges.surge_days(level.copy(data=values), direction="surge", **COUNT)
    assert (row["value"].item(), row["std_uncertainty"].item()) == (1, 0.5)


def test_a_falling_sea_makes_no_set_down() -> None:
    falling = gauge("2020-01-01", "2023-12-31", fall=0.25)
    assert (surges.surge_days(falling, direction="set_down", **COUNT)["value"] == 0).all()
    lifted = falling.copy(data=falling.values + 7)
    np.testing.assert_array_equal(
        surges.surge_days(lifted, direction="surge", **COUNT)["value"],
        surges.surge_days(falling, direction="surge", **COUNT)["value"],
    )


def test_a_day_with_too_few_levels_refuses_the_year() -> None:
    found = by_start(surges.surge_days(gauge("2022-01-01", "2023-12-31").drop_isel(time=9), direction="surge", **COUNT))
    assert found["2022-01-01"]["reason"].item().startswith("364 of 365 days")
    assert found["2023-01-01"]["reason"].item() == ""


def test_return_level_and_its_refusals() -> None:
    rng = np.random.default_rng(8)
    bumps = {f"{y}-11-{rng.integers(1, 20)} 00:00": (2, float(rng.gumbel(0.5, 0.12))) for y in range(2001, 2021)}
    level = gauge("2001-01-01", "2020-12-31", bumps)
    options = {"direction": "surge", "fewest_per_day": 4, "ci_level": 0.9}
    found = surges.return_level(level, return_years=20, **options)
    check_form(found, "m")
    assert found["value"].item() == pytest.approx(0.5 + 0.12 * 2.97, abs=0.15)
    assert found["n_valid"].item() == 20
    beyond = surges.return_level(level, return_years=100, **options)
    assert beyond["reason"].item() == "the record has 20 years; ask for more than 1 and at most 80"
    few = surges.return_level(gauge("2018-01-01", "2020-12-31"), return_years=5, **options)
    assert few["reason"].item().startswith("3 annual values are too few")


def test_edges() -> None:
    level = gauge("2023-01-01", "2023-12-31")
    assert surges.surge_days(level[:0], direction="surge", **COUNT).sizes["period"] == 0
    empty = level.copy(data=np.full(level.size, np.nan))
    assert surges.surge_days(empty, direction="surge", **COUNT).sizes["period"] == 0
    assert (
        surges.return_level(empty, direction="surge", return_years=5, fewest_per_day=4, ci_level=0.9).sizes["period"]
        == 0
    )
    one = surges.surge_days(level[:1], direction="surge", **COUNT)
    assert one["reason"].item().startswith("0 of 365 days")
    with pytest.raises(NotComputable, match="units"):
        surges.surge_days(level.assign_attrs(units="cm"), direction="surge", **COUNT)
    with pytest.raises(NotComputable, match="mean of days"):
        surges.surge_days(level.assign_attrs(resolution="P1D"), direction="surge", **COUNT)
    with pytest.raises(NotComputable, match="ascending"):
        surges.surge_days(level[::-1], direction="surge", **COUNT)
