"""Printed paths beside the reported level of the same waters, through collection; the whole sea and its part stay apart."""

from __future__ import annotations

from pathlib import Path

import pytest

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.model import Window
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.explain import explain
from caspian_env.workflows.run import collect
from caspian_env.workflows.seed import seed
from caspian_env.workflows.verify import verify

PATHS = {"proj_tracking_1y_kazhydromet_rcp45": -0.19, "proj_tracking_1y_kazhydromet_rcp85": 0.02}
LEVELS = ("sl_mean_1y_reported", "sl_mean_1y_kazakh_reported")


def test_each_path_is_tracked_by_the_waters_that_it_is_about(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", database_url=f"sqlite:///{tmp_path / 'c.db'}")
    with open_platform(settings) as platform:
        seed(platform)
        outcomes = collect(platform, only=["reported_levels", "reported_levels_kazakh"])
        assert [outcome.problems for outcome in outcomes] == [[], []]
        assert compute(platform, only={*PATHS, *LEVELS}).problems == []
        with platform.catalog.read() as connection:
            rows = {name: read_indicator(connection, name) for name in (*PATHS, *LEVELS)}
        for name, expected in PATHS.items():
            (row,) = rows[name]
            assert (row.location_id, row.period_start.year, row.status) == ("kazakh_sector", 2025, "reported")
            assert row.value == pytest.approx(expected, abs=1e-9)
            assert row.ci_low < row.value < row.ci_high
            assert verify(platform, explain(platform, name, Window.parse("2025-01-01/2026-01-01"))).verified
        whole, part = ({row.period_start.year: row.value for row in rows[name]} for name in LEVELS)
        assert set(whole) == {1900, 1977, 1995, 2020}
        assert part == {2025: -29.35}
