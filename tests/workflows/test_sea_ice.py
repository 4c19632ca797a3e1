"""Ice through the normal path: synthetic IMS charts become a cube, its extent in km2, and a refusal that counts the days."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import netCDF4
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
from tests.workflows.synthetic_grids import OISST, days, platform_at

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


def test_the_ice_beside_a_temperature_is_zero_where_only_the_temperature_is(tmp_path: Path) -> None:
    """OISST leaves out what is below 15 %: synthetic days of winter against the same files read with netCDF4."""
    files = days(tmp_path / "mirror", 1, [date(2024, 1, 20), date(2024, 1, 21)])
    with platform_at(tmp_path / "home", mirror=tmp_path / "mirror") as platform:
        window = Window.parse("2024-01-20/2024-01-22")
        assert ingest(platform, platform.seeds.datasets[OISST], window=window).status == "ok"
        build_cubes(platform, only=[OISST])
        wanted = {name for name in platform.seeds.indicators if name.startswith("ice_") and name.endswith("_oisst")}
        wanted -= {"ice_severity_extent_oisst"}
        assert len(wanted) == 4
        assert compute(platform, only=wanted).problems == []
        with platform.catalog.read() as connection:
            indicator = platform.seeds.indicators["ice_extent_max_oisst"]
            cells = as_array((Inputs(platform).of(connection, indicator, "north_caspian") or [])[0])
            (row,) = read_indicator(connection, "ice_extent_max_oisst")
        assert str(row.reason).startswith("2 of 182 days")
    assert (cells.attrs["units"], cells.attrs["resolution"]) == ("1", "P1D")
    for number, path in enumerate(files.values()):
        with netCDF4.Dataset(path) as file:
            box = [
                (file[axis][:] >= low) & (file[axis][:] <= high)
                for axis, low, high in (("lat", 36, 48), ("lon", 46, 56))
            ]
            ice, sst = (np.ma.filled(file[name][0, 0].astype(float), np.nan)[np.ix_(*box)] for name in ("ice", "sst"))
        known = np.where(np.isfinite(sst), np.nan_to_num(ice), np.nan)
        assert 20 < (known > 0.15).sum() < np.isfinite(known).sum() / 2
        found = cells[number].sel(latitude=slice(36, 48), longitude=slice(46, 56))
        np.testing.assert_allclose(found.values, known, atol=1e-6)
