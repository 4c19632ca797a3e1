"""Port margins: what is published of a provisional depth, and what of a confirmed one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from synthetic_series import check_form, check_windows, make, months

from caspian_env.errors import NotComputable
from caspian_env.indicators.port_margins import crossing_year, days_below, depth_change, draft_max, margin
from caspian_env.processing.statistics import increment_rate
from caspian_env.seeds.sourced import load_ports
from caspian_env.wiring import load_seeds

ANNUAL: dict[str, Any] = {"min_epochs": 2, "annual_uncertainty": 0.01, "ci_level": 0.9}
# An invented port whose depth was confirmed to be counted from the chart datum.
PORT: dict[str, Any] = {
    "depth": 7.7, "depth_date": "2026-01-15", "depth_uncertainty": 0.26, "zero": -28.0, "datum": "BS77",
    "provisional": False,
}  # fmt: skip
SHIP: dict[str, Any] = {"draught": 5.0, "clearance": 0.5}


def levels(*pairs: tuple[int, float], datum: str = "BS77") -> xr.DataArray:
    years, values = zip(*pairs, strict=True)
    return make([f"{y}-01-01" for y in years], values, units="m", resolution="P1Y", datum=datum)


def falling(rate: float, n: int = 10, noise: float = 0.03) -> xr.DataArray:
    wave = noise * np.sin(np.arange(n) * 2.1)
    return levels(*((2016 + i, -28.0 + rate * i + float(wave[i])) for i in range(n)))


def test_at_29_35_a_metre_and_a_third_of_charted_depth_is_gone() -> None:
    parameters = dict(load_seeds().indicators["port_depth_change_reported"].parameters)
    result = depth_change(levels((1977, -29.01), (2025, -29.35)), **parameters)
    check_form(result, "m")
    np.testing.assert_allclose(result["value"], [-1.01, -1.35])
    assert result["estimated"].all()


def test_every_port_of_the_seeds_is_provisional_and_tells_no_clearance() -> None:
    assert all(row.provisional for row in load_ports().values())
    seeds = {name: one for name, one in load_seeds().indicators.items() if name.startswith("port_draft_max")}
    assert seeds
    for one in seeds.values():
        result = draft_max(levels((2024, -29.1), (2025, -29.35)), **dict(one.parameters))
        check_form(result, "m")
        assert result.sizes["period"] == 1
        assert "no source says to which zero the depth" in result["reason"].item()
        assert "provisional" in one.title


def test_margin_and_draught_of_a_confirmed_depth() -> None:
    level = levels((2024, -28.5), (2025, -29.35))
    left = margin(level, **PORT, **SHIP, **ANNUAL)
    check_form(left, "m")
    np.testing.assert_allclose(left["value"], [7.7 - 0.5 - 5.5, 7.7 - 1.35 - 5.5])
    np.testing.assert_allclose(left["std_uncertainty"], np.hypot(0.26, 0.01))
    assert not left["estimated"].any()
    deepest = draft_max(level, **PORT, clearance=0.5, **ANNUAL)
    np.testing.assert_allclose(deepest["value"] - left["value"], 5.0)
    check_windows(lambda part: margin(part, **PORT, **SHIP, **ANNUAL), level)


def test_only_levels_of_the_same_datum_are_compared() -> None:
    other = levels((2024, -28.5), (2025, -29.35), datum="dahiti_39")
    for result in (
        margin(other, **PORT, **SHIP, **ANNUAL),
        depth_change(other, zero=-28.0, datum="BS77", provisional=True, **ANNUAL),
        crossing_year(other, **PORT, **SHIP, years=2, **ANNUAL),
    ):
        assert result["reason"].item() == "needs the datum BS77, this series is in dahiti_39"
    with pytest.raises(NotComputable, match="units"):
        margin(other.assign_attrs(units="cm"), **PORT, **SHIP, **ANNUAL)


def days(year: int, values: np.ndarray) -> xr.DataArray:
    time = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]")
    return make(time, values, units="m", resolution="P1D", datum="BS77")


def test_days_below_are_counted_in_whole_years_of_days() -> None:
    # The margin is 7.7 + L + 28 - 5.5: below zero under -30.2 m.
    parameters = PORT | SHIP | {"daily_uncertainty": 0.02, "ci_level": 0.9}
    values = np.full(366, -29.0)
    values[:61] = -31.0
    result = days_below(days(2024, values), **parameters)
    check_form(result, "percent")
    assert result["value"].item() == pytest.approx(100 * 61 / 366)
    assert (result["n_valid"].item(), result["std_uncertainty"].item()) == (366, 0.0)
    near = np.linspace(-30.4, -30.0, 366)
    wide = days_below(days(2024, near), **parameters)
    share = [100 * (near + 2.2 + 28 < shift).mean() for shift in (-np.hypot(0.26, 0.02), 0, np.hypot(0.26, 0.02))]
    assert wide["value"].item() == pytest.approx(share[1])
    assert wide["std_uncertainty"].item() == pytest.approx((share[2] - share[0]) / 2)
    values[100] = np.nan
    assert days_below(days(2024, values), **parameters)["reason"].item() == "365 of 366 days"
    check_windows(lambda part: days_below(part, **parameters), days(2024, near))


def test_days_below_needs_days_and_a_confirmed_depth() -> None:
    parameters = PORT | SHIP | {"daily_uncertainty": 0.02, "ci_level": 0.9}
    assert days_below(levels((2024, -29.0)), **parameters)["reason"].item() == "needs daily levels, these are P1Y"
    guess = days_below(days(2024, np.full(366, -29.0)), **parameters | {"provisional": True})
    assert guess["reason"].item().startswith("provisional: ")
    assert days_below(levels((2024, np.nan)), **parameters).sizes["period"] == 0


def test_crossing_is_where_the_line_meets_zero() -> None:
    level = falling(-0.12)
    result = crossing_year(level, **PORT, **SHIP, years=10, **ANNUAL)
    check_form(result, "1")
    rate = increment_rate(level.to_numpy(), level=0.9)
    left = 7.7 + float(level[-1]) + 28 - 5.5
    assert result["value"].item() == pytest.approx(2025.5 + left / -rate.estimate)
    earliest = 2025.5 + (left - 1.6449 * np.hypot(0.26, 0.01)) / -rate.ci_low
    latest = 2025.5 + (left + 1.6449 * np.hypot(0.26, 0.01)) / -rate.ci_high
    np.testing.assert_allclose([result["ci_low"].item(), result["ci_high"].item()], [earliest, latest], rtol=1e-6)
    assert (result["n_valid"].item(), str(result["period_start"].values[0])[:4]) == (10, "2016")
    check_windows(lambda part: crossing_year(part, **PORT, **SHIP, years=10, **ANNUAL), level)


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        (falling(0.05), "not reached at the rate of"),
        (falling(-0.02, noise=0.3), "not reached within the interval of the rate"),
        (falling(-0.5), "zero is crossed already"),
        (falling(-0.12, n=7), "7 of 10 annual means"),
        (falling(-0.12).where(falling(-0.12)["time"] != np.datetime64("2020-01-01")), "9 of 10 annual means"),
        (make(months("2020-01", 20), np.full(20, -28.0), units="m", resolution="P1M", datum="BS77"), "1 of 10 annual"),
    ],
)
def test_no_crossing_says_why(level: xr.DataArray, reason: str) -> None:
    result = crossing_year(level, **PORT, **SHIP, years=10, **ANNUAL)
    check_form(result, "1")
    assert reason in result["reason"].item()


def test_no_levels_give_nothing() -> None:
    empty = levels((2000, np.nan))
    assert crossing_year(empty, **PORT, **SHIP, years=10, **ANNUAL).sizes["period"] == 0
    assert margin(empty, **PORT, **SHIP, **ANNUAL).sizes["period"] == 0
