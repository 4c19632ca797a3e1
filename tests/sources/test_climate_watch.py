"""Climate Watch: layouts that drifted under one address, potentials kept apart, real editions against pandas."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from caspian_env.errors import BadGranule
from caspian_env.model import Window
from caspian_env.sources import climate_watch as source

from .conftest import Collect
from .emission_files import STATES, climate_watch

URL = "https://www.climatewatchdata.org/api/v1/data/historical_emissions/download.csv"
AR5, UNSTATED = (f"emission_of_greenhouse_gases_{gwp}_with_lulucf" for gwp in ("ar5", "unstated_gwp"))
WITHOUT_LAND_USE = "emission_of_carbon_dioxide_without_lulucf"
NEW = climate_watch(
    [2001, 2002], [("Total including LULUCF", "All GHG"), ("Waste", "CH4"), ("Energy", "CO2")], iso=True
)
OLD = climate_watch([2000, 2001], [("Total including LUCF", "All GHG"), ("Total excluding LUCF", "CO2")], iso=False)


def read(tmp_path: Path, content: bytes):
    path = tmp_path / "granule"
    path.write_bytes(content)
    return source.read_granule(path)


def test_the_layout_says_which_potentials_are_meant(tmp_path: Path) -> None:
    new, old = read(tmp_path, NEW), read(tmp_path, OLD)
    assert list(new.data_vars) == ["Total including LULUCF, All GHG, AR5", "Waste, CH4, AR5"]
    assert list(old.data_vars) == ["Total excluding LULUCF, CO2", "Total including LULUCF, All GHG"]
    assert (new.attrs["edition"], old.attrs["edition"]) == ("2002", "2001")
    np.testing.assert_array_equal(new["Waste, CH4, AR5"].sel(location="KAZ"), [251])
    assert old["Total including LULUCF, All GHG"].sel(location="globe").values.tolist() == [40001.0]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "empty"),
        (b"<!doctype html>", "HTML"),
        (NEW.replace(b"Sector", b"Branch"), "the header has no Sector"),
        (NEW.replace("MtCO₂e".encode(), b"GtCO2e"), "the unit is 'GtCO2e' and not MtCO₂e"),
        (climate_watch([2001], [("Energy", "CO2")], iso=True), "holds no value of the littoral states"),
        (NEW.replace(b",251.0,", b",251;0,"), "'251;0' is not a number"),
        (NEW[:-12], "breaks off without a line end"),
        (NEW[:-1], "breaks off without a line end"),
        (OLD[:-1], "'N/' is not a number"),
        (OLD[:-3], "the last cell of the last line is empty"),
        (OLD[:-4], "cells and not"),
    ],
)  # fmt: skip
def test_another_layout_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        read(tmp_path, content)


def test_one_address_is_listed(window: Window) -> None:
    (ref,) = source.list_granules(window, None)
    assert ref.path == URL.removeprefix("https://www.climatewatchdata.org/")


def test_an_edition_with_other_potentials_does_not_revise_the_old_one(collect: Collect) -> None:
    before = collect("climate_watch", {URL: OLD})
    assert before.values(UNSTATED, "KAZ") == {"2001-01-01": 251}
    after = collect("climate_watch", {URL: NEW})
    assert after.outcome.revised == 0
    assert after.values(AR5, "KAZ") == {"2002-01-01": 251}
    assert after.values(UNSTATED, "KAZ") == {"2001-01-01": 251}
    (renamed,) = after.outcome.notes  # nothing is missing of it, so that it is told and no problem
    assert f"has other warming potentials, which make other series: {AR5} in place of {UNSTATED}; the values" in renamed
    (lost,) = after.outcome.problems  # and what has no potentials to be changed is missing
    assert f"states nothing any more of {WITHOUT_LAND_USE}; their values stay" in lost


def test_an_edition_that_only_changes_its_potentials_is_whole(collect: Collect) -> None:
    rows = [("Total including LULUCF", "All GHG"), ("Total excluding LULUCF", "CO2")]
    collect("climate_watch", {URL: OLD}, twice=False)
    after = collect("climate_watch", {URL: climate_watch([2001, 2002], rows, iso=True)}, twice=False)
    assert (after.outcome.status, after.outcome.problems, len(after.outcome.notes)) == ("ok", [], 1)


@pytest.mark.parametrize(
    ("vintage", "years"), [("2020-08", (1990, 2016)), ("2023-04", (1990, 2019)), ("2026-01", (1990, 2023))]
)
def test_real_editions_against_pandas(shared: Callable[..., Path], vintage: str, years: tuple[int, int]) -> None:
    path = shared("archive", vintage, *URL.removeprefix("https://").split("/"))
    given, frame = source.read_granule(path), pd.read_csv(path)
    frame["Sector"] = frame["Sector"].str.replace("LULUCF", "LUCF").str.replace("LUCF", "LULUCF")
    for column in given.data_vars:
        sector, gas = str(column).split(", ")[:2]
        chosen = frame[(frame["Sector"] == sector) & (frame["Gas"] == gas)].set_index("Country")
        for code, name in {**STATES, "globe": "World"}.items():
            for year in years:
                assert float(given[column].sel(time=f"{year}-01-01", location=code)) == float(
                    chosen.loc[name, str(year)]
                )
    assert ("Total including LULUCF, All GHG, AR5" in given) == (vintage == "2026-01")
