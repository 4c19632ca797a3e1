"""Draught and cargo lost to the level: differences of one series, printed figures carried on, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from synthetic_series import check_form, check_windows, make

from caspian_env.errors import SeedError
from caspian_env.indicators.port_loading import (
    draught_deficit,
    draught_lost,
    loading_loss,
    year_of_fall,
)
from caspian_env.processing.statistics import increment_rate
from caspian_env.seeds.sourced import load_ports
from caspian_env.wiring import load_seeds

ANNUAL: dict[str, Any] = {"min_epochs": 2, "annual_uncertainty": 0.01, "ci_level": 0.9}


def levels(first: int, *values: float, datum: str = "BS77") -> xr.DataArray:
    years = [f"{first + i}-01-01" for i in range(len(values))]
    return make(years, values, units="m", resolution="P1Y", datum=datum)


def seeded(name: str) -> dict[str, Any]:
    return dict(load_seeds().indicators[name].parameters)


def test_draught_is_lost_by_what_the_level_fell_in_any_datum() -> None:
    for datum, shift in (("BS77", 0.0), ("dahiti_39", 0.55)):
        level = levels(2022, *(np.array([-28.7, -28.9, -29.0, -29.35]) + shift), datum=datum)
        found = draught_lost(level, base_year=2023, **ANNUAL)
        check_form(found, "m")
        np.testing.assert_allclose(found["value"], [0.1, 0.45])
        np.testing.assert_allclose(found["std_uncertainty"], 0.01 * np.sqrt(2))
        assert found["estimated"].all()
        check_windows(lambda part: draught_lost(part, base_year=2023, **ANNUAL), level)


def test_a_rise_takes_no_draught_and_an_interval_ends_at_zero() -> None:
    found = draught_lost(levels(2023, -29.0, -28.9), base_year=2023, **ANNUAL)
    assert (found["value"].item(), found["ci_low"].item(), found["ci_high"].item()) == (0, 0, 0)


def test_without_its_base_year_nothing_is_told() -> None:
    found = draught_lost(levels(2024, -29.0, -29.35), base_year=2023, **ANNUAL)
    check_form(found, "m")
    assert found["reason"].values.tolist() == ["no annual mean of 2023"]
    check_windows(lambda part: draught_lost(part, base_year=2023, **ANNUAL), levels(2024, -29.0, -29.35))


def test_the_shortfall_of_baku_grows_with_the_fall_since_it_was_printed() -> None:
    parameters = seeded("port_draught_deficit_baku_alat_dahiti")
    assert parameters["wanted"] == load_ports()["baku_alat_norm"].value_m
    level = levels(2022, -28.7, -28.9, -29.0, -29.35)
    found = draught_deficit(level, **parameters)
    check_form(found, "m")
    np.testing.assert_allclose(found["value"], [2.5, 2.6, 2.95])
    np.testing.assert_allclose(found["std_uncertainty"], [0.2, *[np.sqrt(0.2**2 + 2 * 0.03**2)] * 2])
    check_windows(lambda part: draught_deficit(part, **parameters), level)
    early = draught_deficit(levels(2021, -28.5, -28.7), **parameters)
    assert early["reason"].item() == "no annual mean of 2023, the year of what was printed on 2024-01-10"


def test_tankers_of_aktau_leave_a_sixth_on_shore() -> None:
    level = levels(2024, -29.2, -29.35)
    found = loading_loss(level, **seeded("port_loading_loss_aktau_tankers"))
    check_form(found, "percent")
    assert found["value"].values.round(1).tolist() == [16.7]
    assert str(found["period_start"].values[0])[:4] == "2025"
    assert found["std_uncertainty"].item() == pytest.approx(100 * 500 / np.sqrt(12) / 12000)
    baku = loading_loss(levels(2023, -29.0), **seeded("port_loading_loss_baku_alat"))
    assert (baku["value"].item(), baku["ci_high"].item() < 30) == (27.5, True)


def test_the_loss_goes_with_the_level_where_the_cargo_of_a_metre_is_known() -> None:
    # An invented ship that takes 1200 t more for each metre of draught.
    parameters = seeded("port_loading_loss_aktau_tankers") | {"level_year": 2024, "cargo_per_metre": 1200.0}
    level = levels(2024, -29.2, -29.35, -39.0)
    found = loading_loss(level, **parameters)
    check_form(found, "percent")
    np.testing.assert_allclose(found["value"], [100 / 6, 100 / 6 + 1.5, 100.0])
    check_windows(lambda part: loading_loss(part, **parameters), level)


def test_the_year_of_the_next_half_metre() -> None:
    level = levels(2016, *(-28.0 - 0.1 * np.arange(10) + 0.02 * np.sin(np.arange(10) * 2.1)))
    parameters = {"metres": 0.5, "years": 10, **ANNUAL}
    found = year_of_fall(level, **parameters)
    check_form(found, "1")
    rate = increment_rate(level.to_numpy(), level=0.9)
    assert found["value"].item() == pytest.approx(2025.5 - 0.5 / rate.estimate)
    assert found["ci_low"].item() < found["value"].item() < found["ci_high"].item()
    check_windows(lambda part: year_of_fall(part, **parameters), level)


@pytest.mark.parametrize(
    ("level", "reason"),
    [
        (levels(2016, *(-28.0 + 0.05 * np.arange(10))), "not reached at the rate of"),
        (
            levels(2016, -28, -28.4, -27.9, -28.5, -28, -28.4, -27.9, -28.5, -28, -28.1),
            "within the interval of the rate",
        ),
        (levels(2019, *(-28.0 - 0.1 * np.arange(7))), "7 of 10 annual means"),
    ],
)
def test_no_year_says_why(level: xr.DataArray, reason: str) -> None:
    found = year_of_fall(level, metres=0.5, years=10, **ANNUAL)
    check_form(found, "1")
    assert reason in found["reason"].item()


@pytest.mark.parametrize("name", ["turkmenbashi", "volga_caspian_real"])
def test_what_is_undated_is_kept_and_not_joined(name: str) -> None:
    with pytest.raises(SeedError, match="nor a dated draught or load"):
        load_ports()[name].parameters()
