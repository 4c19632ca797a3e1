"""The water balance and the three estimates of evaporation: by hand, against pandas, and what they must never do; synthetic."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from caspian_env.errors import NotComputable
from caspian_env.indicators import evaporation, water_balance
from caspian_env.processing.water_balance import TERMS, Constants, Year, volumes
from tests.indicators.synthetic_series import by_start, check_form, make, months

SEEDS = Path(__file__).parents[2] / "seeds" / "indicators"
CONSTANTS: dict[str, float] = {
    "other_rivers": 15.6, "groundwater": 4.0, "kara_bogaz_gol": 18.0, "anchor_area": 392_300.0, "widening": 16_800.0,
    "u_rivers": 0.2, "u_other_rivers": 0.2, "u_groundwater": 4.0, "u_kara_bogaz_gol": 0.2, "u_precipitation": 0.1,
    "u_evaporation": 0.15, "u_area": 0.03, "u_level": 0.042, "u_steric": 0.02,
}  # fmt: skip
CLOSE = {"anchor_year": 2006, "min_epochs": 1, "constants": CONSTANTS, "ci_level": 0.9}
SEA = {"sign": -1.0, "smallest_share": 1.0, "fewest_cells": 2}
RIVERS = ("volga", "ural", "terek", "kura")


def inputs() -> dict[str, xr.DataArray]:
    """Four years of everything, 2005 to 2008; the level has the months around them."""
    rng = np.random.default_rng(8)
    days = pd.date_range("2005-01-01", "2008-12-31")
    made: dict[str, xr.DataArray] = {}
    around = months("2004-12", 50)
    season = 0.15 * np.sin(2 * np.pi * (np.arange(50) - 3) / 12)
    made["level"] = make(around, -26.5 - 0.008 * np.arange(50) + season, units="m", resolution="P1M", datum="dahiti_39")
    for name, mean in zip(RIVERS, (7600.0, 270.0, 220.0, 520.0), strict=True):
        made[name] = make(days, mean * rng.uniform(0.5, 1.5, days.size), units="m3 s-1", resolution="P1D")
    axis = months("2005-01", 48)
    made["precipitation"] = make(axis, rng.uniform(0.3, 0.9, 48), units="mm d-1", resolution="P1M")
    cells = -rng.uniform(1.5, 4.0, (48, 2, 2))
    cells[:, 1, 1] = -50.0  # a cell of the coast, which must not count
    made["evaporation"] = xr.DataArray(
        cells,
        dims=("time", "latitude", "longitude"),
        coords={
            "time": axis, "latitude": [40.0, 41.0], "longitude": [50.0, 51.0],
            "area": (("latitude", "longitude"), [[700.0, 700.0], [680.0, 680.0]]),
            "weight": (("latitude", "longitude"), [[1.0, 1.0], [1.0, 0.4]]),
        },
        attrs={"units": "mm d-1", "resolution": "P1M", "datum": "none"},
        name="evaporation",
    )  # fmt: skip
    return made


def term(given: dict[str, xr.DataArray], name: str, form: str = "km3", **changed: Any) -> xr.Dataset:
    return water_balance.term(**given, name=name, form=form, **SEA, **(CLOSE | changed))


def whole(result: xr.Dataset) -> xr.Dataset:
    """The four years; of 2009 only the level of January is known, and it must be refused."""
    rows = by_start(result)
    assert rows["2009-01-01"]["reason"].item().startswith("missing: ")
    return result.isel(period=slice(0, 4))


def by_pandas(given: dict[str, xr.DataArray]) -> pd.DataFrame:
    """The balance again, in pandas."""
    made = pd.DataFrame(index=range(2005, 2009))
    made["rivers"] = sum((given[r].to_series() * 86400 / 1e9).resample("YS").sum().to_numpy() for r in RIVERS)
    level = given["level"].to_series()
    annual = level.resample("YS").mean()
    area = pd.Series([392_300 + 16_800 * (annual[f"{y}-01-01"] - annual["2006-01-01"]) for y in made.index], made.index)
    turn = {y: (level[f"{y - 1}-12-01"] + level[f"{y}-01-01"]) / 2 for y in range(2005, 2010)}
    made["observed_change"] = [(turn[y + 1] - turn[y]) * area[y] / 1000 for y in made.index]
    rain = given["precipitation"].to_series()
    sea = given["evaporation"].values.reshape(48, 4)[:, :3] @ np.array([700.0, 700.0, 680.0]) / 2080.0
    lost = pd.Series(-sea, rain.index)
    for name, rate in (("precipitation", rain), ("evaporation", lost)):
        total = (rate * rate.index.days_in_month).resample("YS").sum().to_numpy()
        made[name] = total * area.to_numpy() / 1e6
        made[f"{name}_mm"] = total
    made["expected_change"] = made["rivers"] + 15.6 + 4.0 + made["precipitation"] - made["evaporation"] - 18.0
    made["residual"] = made["observed_change"] - made["expected_change"]
    made["area"] = area
    return made


def test_every_term_is_that_of_pandas() -> None:
    given, known = inputs(), by_pandas(inputs())
    for name in ("rivers", "precipitation", "evaporation", "observed_change", "expected_change", "residual"):
        found = term(given, name)
        check_form(found, "km3")
        np.testing.assert_allclose(whole(found)["value"].values, known[name], rtol=1e-9, err_msg=name)
        depth = term(given, name, "cm")
        check_form(depth, "cm")
        np.testing.assert_allclose(whole(depth)["value"].values, known[name] / known["area"] * 1e5, rtol=1e-9)


def test_the_terms_add_up_and_the_closure_is_the_residual_over_its_uncertainty() -> None:
    given = inputs()
    value = {name: whole(term(given, name))["value"].values for name in TERMS}
    gains = sum(value[name] for name in ("rivers", "other_rivers", "groundwater", "precipitation"))
    np.testing.assert_allclose(value["expected_change"], gains - value["evaporation"] - value["kara_bogaz_gol"])
    np.testing.assert_allclose(value["precipitation_less_evaporation"], value["precipitation"] - value["evaporation"])
    residual, closure = whole(term(given, "residual")), whole(term(given, "residual", "1"))
    np.testing.assert_allclose(closure["value"], residual["value"] / residual["std_uncertainty"])
    np.testing.assert_allclose(closure["std_uncertainty"], 1.0)


def test_the_interval_is_that_of_linear_propagation() -> None:
    year = Year(rivers=270.0, precipitation=220.0, evaporation=950.0, level_change=-0.1, above_anchor=-1.0)
    terms = volumes(year, Constants.of(CONSTANTS))
    area = 392_300 - 16_800
    parts = [
        0.2 * 270, 0.2 * 15.6, 4.0, 0.2 * 18, 0.1 * 220e-6 * area, 0.15 * 950e-6 * area,
        np.hypot(0.042, 0.02) / 1000 * area, 0.03 * area * abs(950e-6 - 220e-6 - 0.1e-3),
    ]  # fmt: skip
    assert terms["residual"].std_uncertainty == pytest.approx(float(np.linalg.norm(parts)), rel=0.02)
    low, high = terms["residual"].interval(0.9)
    assert (high - low) / 2 == pytest.approx(1.645 * float(np.linalg.norm(parts)), rel=0.03)


def test_the_same_inputs_give_the_same_bytes_and_others_do_not() -> None:
    first, again = (term(inputs(), "residual") for _ in range(2))
    for name in ("value", "std_uncertainty", "ci_low", "ci_high"):
        assert first[name].values.tobytes() == again[name].values.tobytes()
    moved = inputs()
    moved["volga"] = moved["volga"] * 1.000001
    moved["volga"].attrs = inputs()["volga"].attrs
    assert term(moved, "residual")["std_uncertainty"].values[0] != first["std_uncertainty"].values[0]


def test_a_missing_term_is_named() -> None:
    given = inputs()
    given["kura"] = given["kura"].isel(time=np.arange(1461) != 400)
    given["precipitation"] = given["precipitation"].isel(time=np.arange(48) != 40)
    given["level"] = given["level"].isel(time=slice(0, 49))  # no January of 2009
    rows = by_start(term(given, "residual"))
    assert rows["2005-01-01"]["reason"].item() == ""
    assert rows["2006-01-01"]["reason"].item() == "missing: kura (11 of 12 months)"
    assert rows["2008-01-01"]["reason"].item() == (
        "missing: precipitation (11 of 12 months), level (a month from December before it to January after it)"
    )
    assert (rows["2006-01-01"]["n_valid"].item(), rows["2006-01-01"]["n_expected"].item()) == (6, 7)
    anchor = term(inputs(), "residual", anchor_year=1999)
    assert all("level of 1999, whose area is printed" in reason for reason in anchor["reason"].values)


@pytest.mark.parametrize("name", [*RIVERS, "precipitation"])
def test_one_series_without_a_value_leaves_nothing(name: str) -> None:
    given = inputs()
    given[name] = given[name].isel(time=slice(0, 0))
    assert term(given, "residual").sizes["period"] == 0


def test_wrong_names_units_and_grids_are_refused() -> None:
    given = inputs()
    with pytest.raises(NotComputable, match="is no term of it"):
        term(given, "magic")
    with pytest.raises(NotComputable, match="lack or do not know u_area"):
        term(given, "residual", constants={k: v for k, v in CONSTANTS.items() if k != "u_area"})
    with pytest.raises(NotComputable, match="3 of its cells lie wholly in the sea, 4 are needed"):
        water_balance.term(**given, name="residual", form="km3", **(SEA | {"fewest_cells": 4}), **CLOSE)
    given["level"].attrs["resolution"] = "P1Y"
    with pytest.raises(NotComputable, match="no turn of the year"):
        term(given, "residual")


# ── evaporation ──


def test_the_reanalysis_counts_cells_of_the_sea_alone() -> None:
    given, known = inputs(), by_pandas(inputs())
    options = {**SEA, "relative_uncertainty": 0.15, "ci_level": 0.9}
    year = evaporation.from_reanalysis(given["evaporation"], step="year", **options)
    np.testing.assert_allclose(year["value"], known["evaporation_mm"], rtol=1e-12)
    np.testing.assert_allclose(year["std_uncertainty"], 0.15 * known["evaporation_mm"], rtol=1e-12)
    month = evaporation.from_reanalysis(given["evaporation"], step="month", **options)
    assert month.sizes["period"] == 48
    assert float(month["value"].sum()) == pytest.approx(known["evaporation_mm"].sum())
    holed = given["evaporation"].copy()
    holed[5, 0, 0] = np.nan
    assert by_start(evaporation.from_reanalysis(holed, step="year", **options))["2005-01-01"]["reason"].item() == (
        "11 of 12 months"
    )


def bulk_inputs() -> dict[str, xr.DataArray]:
    axis, rng = months("2005-01", 48), np.random.default_rng(9)
    season = np.sin(2 * np.pi * (np.arange(48) - 4) / 12)
    values = {
        "sst": (15 + 9 * season, "degree_Celsius"), "air": (14 + 12 * season, "degree_Celsius"),
        "dew_point": (9 + 8 * season, "degree_Celsius"), "wind": (6 + rng.uniform(-1, 1, 48), "m s-1"),
        "pressure": (1018 + rng.uniform(-5, 5, 48), "hPa"),
    }  # fmt: skip
    return {name: make(axis, v, units=u, resolution="P1M") for name, (v, u) in values.items()}


def test_the_bulk_formula_against_other_formulas() -> None:
    given = bulk_inputs()
    options = {"coefficient": 0.00115, "salinity_factor": 0.993, "relative_uncertainty": 0.15, "ci_level": 0.9}
    found = evaporation.from_bulk_formula(**given, step="year", **options)
    frame = pd.DataFrame({name: one.to_series() for name, one in given.items()})

    def saturation(t: pd.Series) -> pd.Series:  # Buck 1981, hPa: another fit than the one in use
        return 6.1121 * np.exp((18.678 - t / 234.5) * t / (257.14 + t))

    q_s = 0.622 * 0.993 * saturation(frame["sst"]) / frame["pressure"]  # mixing ratio, first order
    q_a = 0.622 * saturation(frame["dew_point"]) / frame["pressure"]
    density = 100 * frame["pressure"] / (287.05 * (frame["air"] + 273.15))
    rate = density * 0.00115 * frame["wind"] * (q_s - q_a) * 86400
    known = (rate * frame.index.days_in_month).resample("YS").sum()
    np.testing.assert_allclose(found["value"], known, rtol=0.02)
    assert 700 < float(found["value"].mean()) < 1500
    check_form(found, "mm")
    given["dew_point"] = given["dew_point"].isel(time=slice(0, 40))
    assert evaporation.from_bulk_formula(**given, step="year", **options)["reason"].values.tolist()[-1] == (
        "4 of 12 months"
    )


def balance_of(given: dict[str, xr.DataArray]) -> xr.Dataset:
    others = {name: one for name, one in given.items() if name != "evaporation"}
    return evaporation.from_balance(**others, **CLOSE)


def test_what_the_balance_leaves_would_close_it() -> None:
    given, known = inputs(), by_pandas(inputs())
    left = whole(balance_of(given))
    brought = known["rivers"] + 15.6 + 4.0 + known["precipitation"] - 18.0
    np.testing.assert_allclose(left["value"], (brought - known["observed_change"]) / known["area"] * 1e6, rtol=1e-9)
    # Fed back, it closes by construction: that is why no seed may do so.
    year = Year(270.0, 220.0, None, -0.1, -1.0)
    terms = volumes(year, Constants.of(CONSTANTS))
    depth = terms["evaporation"].value / terms["area"].value * 1e6
    closed = volumes(Year(270.0, 220.0, depth, -0.1, -1.0), Constants.of(CONSTANTS))
    assert closed["residual"].value == pytest.approx(0, abs=1e-9)


def test_no_balance_takes_an_evaporation_that_a_balance_made() -> None:
    for entry in yaml.safe_load((SEEDS / "water_balance.yaml").read_text(encoding="utf-8")):
        for variant in entry["variants"]:
            assert variant["inputs"]["evaporation"]["variable"] == "lwe_evaporation_rate"
            assert variant["inputs"]["evaporation"]["dataset"] in {"cds_era5", "arco_era5"}


def test_the_constants_of_both_seeds_are_the_same() -> None:
    entries = [
        entry
        for name in ("water_balance", "evaporation")
        for entry in yaml.safe_load((SEEDS / f"{name}.yaml").read_text(encoding="utf-8"))
    ]
    given = [
        parameters["constants"]
        for entry in entries
        for parameters in (entry["parameters"], entry["parameters"].get("balance", {}))
        if "constants" in parameters
    ]
    assert len(given) >= 5 and all(one == given[0] for one in given)
    assert Constants.of(given[0])


def test_the_spread_of_three() -> None:
    given = inputs()
    reanalysis = {**SEA, "relative_uncertainty": 0.15}
    bulk = {"coefficient": 0.00115, "salinity_factor": 0.993, "relative_uncertainty": 0.15}
    balance = {k: v for k, v in CLOSE.items() if k != "ci_level"}
    options = {"reanalysis": reanalysis, "bulk": bulk, "balance": balance, "ci_level": 0.9}
    found = evaporation.spread_of_three(**given, **bulk_inputs(), **options)
    three = [
        evaporation.from_reanalysis(given["evaporation"], step="year", ci_level=0.9, **reanalysis)["value"].values,
        evaporation.from_bulk_formula(**bulk_inputs(), step="year", ci_level=0.9, **bulk)["value"].values,
        whole(balance_of(given))["value"].values,
    ]
    np.testing.assert_allclose(found["value"], np.ptp(three, axis=0), rtol=1e-12)
    check_form(found, "mm")
    given["ural"] = given["ural"].isel(time=np.arange(1461) != 3)
    row = by_start(evaporation.spread_of_three(**given, **bulk_inputs(), **options))["2005-01-01"]
    assert row["reason"].item() == "balance: missing: ural (11 of 12 months)"
