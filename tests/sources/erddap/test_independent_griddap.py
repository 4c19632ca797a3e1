"""What the catalog holds of a griddap product is what xarray and NumPy make of the grid behind the server; synthetic."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from caspian_env.seeds import load_locations
from caspian_env.workflows.ingest import ingest
from tests.sources.conftest import rows_of
from tests.sources.erddap.conftest import AUGUST, live, moved
from tests.sources.erddap.server import products
from tests.sources.independent import mean_by_points

# By dataset: its name and variable on the server, and every how manieth cell the seed takes.
SERVED = {
    "noaa_coraltemp_v3_1": ("dhw_5km", "CRW_SST", 1),
    "jpl_mur_v4_1": ("jplMURSST41", "analysed_sst", 5),
    "noaa_viirs_chlorophyll_dineof": ("noaacwNPPN20VIIRSDINEOFDaily", "chlor_a", 1),
}


@pytest.mark.parametrize("name", SERVED)
def test_the_catalog_holds_what_plain_lines_read(erddap: str, database_url: str, tmp_path: Path, name: str) -> None:
    product, column, stride = SERVED[name]
    dataset = moved(name, [erddap])
    with live(tmp_path / "home", database_url) as platform:
        first = ingest(platform, dataset, window=AUGUST)
        assert first.problems == []
        second = ingest(platform, dataset, window=AUGUST)
        assert (second.problems, second.written, second.new_granules) == ([], 0, 0)
        stored = {(r.variable, r.location, f"{r.time:%F}"): r.value for r in rows_of(platform.catalog, name)}
    grid = products()[product][column].squeeze().sortby("latitude").sel(latitude=slice(36, 48), longitude=slice(46, 56))
    grid = grid.isel(latitude=slice(None, None, stride), longitude=slice(None, None, stride))
    given = {measured.name: measured.variable for measured in dataset.variables}
    expected = {}
    for day in grid.sel(time=slice("2026-08-01", "2026-08-03")):
        for place in dataset.locations:
            geometry = load_locations()[place].geometry or {}
            axes = day["latitude"].to_numpy(), day["longitude"].to_numpy()
            for kind, values in ((column, day.to_numpy()), (f"log10_{column}", np.log10(day.to_numpy()))):
                if kind in given:
                    key = (given[kind], place, str(day["time"].to_numpy())[:10])
                    expected[key] = mean_by_points(values, *axes, geometry, 8)[0]
    assert len(expected) == 3 * 4 * len(dataset.variables)
    assert stored == pytest.approx(expected, abs=0.03)
