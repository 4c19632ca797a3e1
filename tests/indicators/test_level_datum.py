"""Bridging of datums: real offset of DAHITI, how it shows that it rests on two years, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import hypot, sqrt
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from level_inputs import ANNUAL, BRIDGE, PRINTED, annual_of, check_windows_of_two, dahiti, epochs, yearly
from scipy import stats
from synthetic_series import by_start, check_form

from caspian_env.errors import NotComputable
from caspian_env.indicators import level_datum

DRIFT = ANNUAL | {"datum": "BS77", "fewest_years": 10, "min_share": 0.8}
RISE = {year: -27.0 + 0.05 * (year - 2000) for year in range(1998, 2018)}


def gauges(offset: float = 0.5, noise: float = 0.03, drift: float = 0.0, seed: int = 3) -> xr.DataArray:
    """Synthetic gauge levels below those of ``RISE``."""
    errors = np.random.default_rng(seed).normal(0, noise, len(RISE))
    pairs = zip(RISE.items(), errors, strict=True)
    return yearly({year: level - offset - drift * (year - 2007.5) + error for (year, level), error in pairs})


def test_real_offset_of_dahiti_is_provisional_and_shows_its_two_years(shared: Callable[..., Path]) -> None:
    level = dahiti(shared)
    result = level_datum.offset(level, yearly(PRINTED), **BRIDGE)
    check_form(result, "m")
    row = by_start(result)["1995-01-01"]
    means = annual_of(level)
    differences = [means[year] - PRINTED[year] for year in (1995, 2020)]
    assert row["value"].item() == pytest.approx(np.mean(differences), abs=1e-12)
    assert row["value"].item() == pytest.approx(0.543, abs=0.001)
    assert row["std_uncertainty"].item() == pytest.approx(0.03 / sqrt(2))  # not the chance agreement of the two
    assert np.std(differences, ddof=1) < 0.012
    reach = stats.t.ppf(0.95, 1) * 0.03 / sqrt(2)
    assert row["ci_high"].item() - row["value"].item() == pytest.approx(reach)
    assert (row["n_valid"].item(), row["estimated"].item()) == (2, True)
    assert row["period_end"].values == np.datetime64("2021-01-01")


def test_one_year_in_common_takes_the_prior_scatter() -> None:
    row = level_datum.offset(epochs(RISE), yearly({2005: RISE[2005] - 0.5}), **BRIDGE).isel(period=0)
    assert row["value"].item() == pytest.approx(0.5, abs=0.01)
    assert row["std_uncertainty"].item() == 0.03
    assert bool(row["estimated"])


def test_many_years_tell_their_own_scatter() -> None:
    row = level_datum.offset(epochs(RISE), gauges(), **BRIDGE).isel(period=0)
    means = annual_of(epochs(RISE))
    series = gauges().to_series()
    differences = means.values - series.values
    n = len(differences)
    apart = differences - differences.mean()
    r1 = (apart[1:] * apart[:-1]).sum() / (apart**2).sum()
    r = max(0.0, (n * r1 + 1) / (n - 4))
    n_eff = n * (1 - r) / (1 + r)
    assert not bool(row["estimated"])
    assert row["std_uncertainty"].item() == pytest.approx(np.std(differences, ddof=1) / sqrt(n_eff), rel=1e-9)
    assert row["n_valid"].item() == n


@pytest.mark.parametrize(("years", "least", "most"), [(20, 0.85, 0.97), (8, 0.8, 0.97), (2, 0.95, 1.0), (1, 0.95, 1.0)])
def test_the_offset_has_its_measured_coverage(years: int, least: float, most: float) -> None:
    # Nominal 90 %. With one or two years the prior scatter and Student's t hold more, which is the safe side.
    held = 0
    for seed in range(200):
        reference = gauges(seed=seed)[:years]
        row = level_datum.offset(yearly(RISE, "dahiti_39"), reference, **BRIDGE).isel(period=0)
        held += bool(row["ci_low"] <= 0.5 <= row["ci_high"])
    assert least <= held / 200 <= most


@pytest.mark.parametrize(("offset", "words"), [(0.85, "0.85 m is outside 0.3 to 0.7 m"), (0.0, "0.00 m is outside")])
def test_an_offset_outside_its_gate_is_refused_by_name(offset: float, words: str) -> None:
    for function in (level_datum.offset, level_datum.annual_mean):
        result = function(yearly(RISE, "dahiti_39"), gauges(offset, 1e-9), **BRIDGE)
        assert result.sizes["period"] == 1
        assert words in result["reason"].item()
    free = level_datum.offset(yearly(RISE, "dahiti_39"), gauges(offset), **BRIDGE | {"plausible": None})
    assert free["value"].item() == pytest.approx(offset, abs=0.03)


def test_without_a_year_in_common_there_is_no_bridge() -> None:
    for function in (level_datum.offset, level_datum.annual_mean):
        result = function(epochs(RISE), yearly({1977: -29.01}), **BRIDGE)
        assert result["reason"].values.tolist() == [
            "no year has both an annual mean of the product and a level in the other datum"
        ]
        check_form(result, "m")


def test_a_level_in_bs77_is_never_told_more_closely_than_its_offset(shared: Callable[..., Path]) -> None:
    level = dahiti(shared)
    result = level_datum.annual_mean(level, yearly(PRINTED), **BRIDGE)
    check_form(result, "m")
    rows = by_start(result)
    shift = level_datum.offset(level, yearly(PRINTED), **BRIDGE).isel(period=0)
    means = annual_of(level)
    for year, mean in means.items():
        row = rows[f"{year}-01-01"]
        assert row["value"].item() == pytest.approx(mean - shift["value"].item(), abs=1e-12)
        assert row["std_uncertainty"].item() == pytest.approx(hypot(0.03, shift["std_uncertainty"].item()))
        assert row["ci_high"] - row["value"] > shift["ci_high"] - shift["value"]
        assert bool(row["estimated"])
    assert rows["2020-01-01"]["value"].item() == pytest.approx(-28.23, abs=0.01)
    assert rows["2023-01-01"]["reason"].item() == "7 of 12 months"


def test_drift_is_that_of_scipy_and_found_where_there_is_one() -> None:
    level = yearly(RISE, "dahiti_39")
    still, moving = (level_datum.drift(level, gauges(drift=d), **DRIFT).isel(period=0) for d in (0.0, 0.01))
    differences = 1000 * (np.array(list(RISE.values())) - gauges(drift=0.01).values)
    assert moving["value"].item() == pytest.approx(stats.linregress(list(RISE), differences).slope, rel=1e-9)
    assert still["ci_low"] < 0 < still["ci_high"]
    assert moving["ci_low"] > 0
    check_form(level_datum.drift(level, gauges(), **DRIFT), "mm year-1")


def test_two_years_show_no_drift() -> None:
    result = level_datum.drift(yearly(RISE, "dahiti_39"), yearly({2000: -27.5, 2010: -27.0}), **DRIFT)
    assert result["reason"].item().startswith("2 years in common, of 11 between them; a drift needs 10")


def test_a_reference_above_another_datum_is_an_error() -> None:
    with pytest.raises(NotComputable, match="EGM2008"):
        level_datum.offset(epochs(RISE), yearly({2005: -27.0}, "EGM2008"), **BRIDGE)


def test_nothing_gives_no_rows() -> None:
    empty = epochs(RISE)[:0]
    for function, given in (
        (level_datum.offset, BRIDGE),
        (level_datum.annual_mean, BRIDGE),
        (level_datum.drift, DRIFT),
    ):
        assert function(empty, yearly({2005: -27.0}), **given).sizes["period"] == 0


@pytest.mark.parametrize("reference", [gauges(), yearly({2005: RISE[2005] - 0.5})], ids=["many", "one"])
def test_windows_hold_all_that_a_value_is_made_of(reference: xr.DataArray) -> None:
    check_windows_of_two(partial(level_datum.annual_mean, **BRIDGE), epochs(RISE, 0.03), reference)
    check_windows_of_two(partial(level_datum.offset, **BRIDGE | {"fewest_overlaps": 3}), epochs(RISE, 0.03), reference)
