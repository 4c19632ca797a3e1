"""Ice through the normal path: synthetic IMS charts become a cube, its extent in km2, and a refusal that counts the days."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.indicators import sea_ice
from caspian_env.model import Window
from caspian_env.workflows.arguments import Inputs, as_array
from caspian_env.workflows.compute import compute
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.ingest import ingest
from tests.sources.test_noaa_ims_ice import BASE, chart, packed
from tests.workflows.synthetic_grids import platform_at

IMS = "noaa_ims_ice"
__all__ = ["chart"]


@pytest.mark.slow
def test_two_charts_give_an_extent_and_no_season(chart: NDArray[np.uint8], tmp_path: Path) -> None:
    folder = tmp_path / "mirror" / BASE.removeprefix("https://") / "4km" / "2021"
    folder.mkdir(parents=True)
    for day in (305, 306):
        name = f"ims2021{day}_00UTC_4km_v1.3.asc"
        (folder / f"{name}.gz").write_bytes(packed(chart, name))
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror", synthetic=False) as platform:
        window = Window.parse("2021-11-01/2021-11-03")
        assert ingest(platform, platform.seeds.datasets[IMS], window=window).status == "ok"
        build_cubes(platform, only=[IMS])
        wanted = {name for name in platform.seeds.indicators if name.startswith("ice_") and name.endswith("_ims")}
        assert len(wanted) == 4
        outcome = compute(platform, only=wanted)
        assert (outcome.fetched, outcome.problems) == (4, [])
        with platform.catalog.read() as connection:
            (argument,) = (
                Inputs(platform).of(connection, platform.seeds.indicators["ice_extent_max_ims"], "north_caspian") or []
            )
            rows = [row for name in wanted for row in read_indicator(connection, name)]
        assert {row.reason for row in rows} == {
            "2 of 181 days: a day that is missing in winter is not a day without ice"
        }
        cells = as_array(argument)
        extent, whole = sea_ice._extent(cells, 0.15, 0.5)
        assert whole == pytest.approx(platform.seeds.locations["north_caspian"].area_km2, rel=1e-4)
        # The chart has ice north of 45.5 N: the same from the areas of the cells there.
        expected = float((cells["area"] * cells["weight"]).sel(latitude=slice(45.5, 48)).sum())
        assert extent.values == pytest.approx([expected] * 2, rel=0.03)
