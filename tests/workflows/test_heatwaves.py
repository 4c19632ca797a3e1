"""Heatwaves through the normal path: refused on the two real days at hand, counted from the days of the demonstration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env import demo
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.model import Window
from caspian_env.wiring import Platform
from caspian_env.workflows.arguments import Inputs, as_array
from caspian_env.workflows.compute import compute
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.explain import explain
from caspian_env.workflows.verify import verify
from tests.workflows.synthetic_grids import OISST, collected, platform_at

DAYS = "mhw_days_1y_oisst"


def with_base(platform: Platform, first: int, last: int) -> Platform:
    """The same platform, its heatwaves with another base; what it computes is compared with nothing published."""
    changed = {
        name: replace(one, parameters={**one.parameters, "base": [first, last], "groups": 2})
        for name, one in platform.seeds.indicators.items()
        if name.startswith("mhw_") and "1982" not in name
    }
    return replace(platform, seeds=replace(platform.seeds, indicators={**platform.seeds.indicators, **changed}))


@pytest.mark.slow
def test_two_real_days_have_no_base_and_say_so(database_url: str, real_mirror: Path, tmp_path: Path) -> None:
    with platform_at(tmp_path / "home", database_url, real_mirror, synthetic=False) as platform:
        wanted = {name for name in platform.seeds.indicators if name.startswith("mhw_")}
        assert len(wanted) == 16
        collected(platform, OISST)
        assert len(compute(platform, only=wanted).without_data) == 64, "no cube yet"
        build_cubes(platform, only=[OISST])
        outcome = compute(platform, only=wanted)
        assert (outcome.fetched, outcome.problems) == (64, [])
        for name in wanted:
            with platform.catalog.read() as connection:
                rows = read_indicator(connection, name, location_id="north_caspian")
            base = "1982-2011" if "1982" in name else "1991-2020"
            assert [row.reason for row in rows] == [
                f"the base period {base} needs 24 of 30 years of every month, this record has none"
            ]
            assert (rows[0].n_valid, rows[0].n_expected, rows[0].period_start.year) == (1, 365, 2021)
        assert compute(platform, only=wanted).unchanged == 64


@pytest.mark.slow
def test_two_synthetic_years_from_their_files(tmp_path: Path) -> None:
    """The daily files of the demonstration, with their two years as the base."""
    mirror = tmp_path / "mirror"
    demo.write_mirror(mirror, 1)
    with platform_at(tmp_path / "home", mirror=mirror) as plain:
        collected(plain, OISST)
        build_cubes(plain, only=[OISST])
        platform = with_base(plain, 2024, 2025)
        wanted = {name for name in platform.seeds.indicators if name.startswith("mhw_") and "1982" not in name}
        assert compute(platform, only=wanted).problems == []
        with platform.catalog.read() as connection:
            found = {
                (name, row.location_id): row.value
                for name in wanted
                for row in read_indicator(connection, name)
                if row.period_start.year == 2024
            }
            (argument,) = Inputs(platform).of(connection, platform.seeds.indicators[DAYS], "south_caspian") or []
        cells = as_array(argument)
        assert found[DAYS, "south_caspian"] == pytest.approx(by_hand(cells), abs=1e-9)
        categories = [found[f"mhw_category_days_1y_{word}_oisst", "south_caspian"] for word in WORDS]
        assert sum(categories) == pytest.approx(found[DAYS, "south_caspian"])
        assert all(value is not None and value >= 0 for value in found.values())
        explained = explain(platform, DAYS, Window.parse("2024-01-01/2025-01-01"), location="south_caspian")
        assert len(explained.inputs[0].observations) == 731
        verdict = verify(platform, explained)
        assert verdict.verified, verdict.differences
        preliminary = explain(platform, DAYS, Window.parse("2025-01-01/2026-01-01"), location="south_caspian")
        assert preliminary.fields["status"] == "preliminary"


WORDS = ("moderate", "strong", "severe", "extreme")


def by_hand(cells: xr.DataArray) -> float:
    """Days of 2024 from `marine_heatwaves.detect`, cell by cell, weighed by hand."""
    from caspian_env.indicators.marine_heatwaves import detect

    areas = (cells["area"] * cells["weight"]).values
    events = detect(cells.reset_coords(drop=True), (2024, 2025), ice=(cells < -0.27).reset_coords(drop=True) * 1.0)
    total = np.zeros(areas.shape)
    first, last = np.datetime64("2024-01-01"), np.datetime64("2024-12-31")
    for n in range(events.sizes["event"]):
        one = events.isel(event=n)
        begin, end = (one[name].values.astype("datetime64[D]") for name in ("start", "end"))
        days = int((min(end, last) - max(begin, first)).astype(int)) + 1
        row, column = (int(np.argmin(abs(cells[axis].values - float(one[axis])))) for axis in ("latitude", "longitude"))
        total[row, column] += max(0, days)
    wet = np.isfinite(cells.values).any(axis=0)
    return float((total * areas)[wet].sum() / areas[wet].sum())
