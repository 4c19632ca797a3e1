"""Of every dataset, what the catalog holds after the normal path is what a few plain lines read from the same bytes.

On both databases, the whole of it: a value more would be a fill taken for a value, a value less one that was lost. The
collection is done twice, and the second time changes nothing (see ``collect``).
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from caspian_env.model import Window
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed

from . import plain_grids, plain_tables
from .conftest import Collect, rows_of
from .erddap.test_independent_griddap import SERVED
from .plain_grids import means_on
from .plain_tables import DATASETS, Find
from .test_copernicus import store_of

CASES = {**plain_tables.CASES, **plain_grids.CASES}
STORE = "arco_era5"  # has no files: see the last test here


def test_no_dataset_is_forgotten() -> None:
    """Whoever adds a source says here what its bytes are by other means than its reader, or on a server of its own."""
    assert {STORE, *CASES, *SERVED} == set(DATASETS)
    assert not plain_tables.CASES.keys() & plain_grids.CASES.keys()


@pytest.mark.parametrize("name", CASES)
def test_the_catalog_holds_what_plain_lines_read(name: str, shared: Find, tmp_path: Path, collect: Collect) -> None:
    case = CASES[name]
    files = case.files(shared, tmp_path)
    collected = collect(name, files, window=Window.parse(case.window) if case.window else None)
    assert collected.outcome.rejected == 0, collected.outcome.problems
    declared = [measured.variable for measured in DATASETS[name].variables]
    stored = {
        # One quantity above two zeros is two series.
        (f"{r.variable} {r.datum}" if declared.count(r.variable) > 1 else r.variable, r.location,
         f"{r.time:%Y-%m-%d %H:%M}"): r.value for r in collected.rows
    }  # fmt: skip
    assert len(stored) == len(collected.rows)
    expected = case.expected(files)
    assert expected
    assert stored.keys() ^ expected.keys() == set()
    assert stored == pytest.approx(expected, rel=1e-12, abs=case.within)


def test_the_catalog_holds_what_xarray_reads_of_a_zarr_store(
    tmp_path: Path, database_url: str, httpserver: HTTPServer
) -> None:
    """Synthetic: a warmth that grows northward, hours that differ; of amounts, the 24 hours that end in the day."""
    day = Window.parse("2026-05-01/2026-05-02")
    store_of(tmp_path / "store", hours=25)

    def serve(request: Request) -> Response:
        file = tmp_path / "store" / request.path.partition("zarr-v3/")[2]
        return Response(file.read_bytes()) if file.is_file() else Response("no", 404)

    httpserver.expect_request(re.compile(r"/ar/.*")).respond_with_handler(serve)
    with open_platform(Settings(home=tmp_path / "home", database_url=database_url)) as platform:
        seed(platform)
        dataset = replace(platform.seeds.datasets[STORE], hosts=(httpserver.url_for("/"),))
        assert ingest(platform, dataset, window=day).problems == []
        second = ingest(platform, dataset, window=day)
        assert (second.written, second.new_granules) == (0, 0)
        stored = {(r.variable, r.location): r.value for r in rows_of(platform.catalog, STORE)}
    expected = {}
    with xr.open_zarr(tmp_path / "store") as store:
        for measured in dataset.variables:
            field = store[[measured.name]]
            factor, shift, hours = {
                "K": (1.0, -273.15, slice(0, 24)), "Pa": (0.01, 0.0, slice(0, 24)), "m": (24_000.0, 0.0, slice(1, 25)),
            }[field[measured.name].attrs["units"]]  # fmt: skip
            content = bytes(field.isel(time=hours).mean("time", keepdims=True).to_netcdf(engine="h5netcdf"))
            for place in dataset.locations:
                expected[measured.variable, place] = float(means_on(content, measured.name, place)[0]) * factor + shift
    assert np.ptp([v for (variable, _), v in expected.items() if variable == "air_temperature"]) > 0.1
    assert stored == pytest.approx(expected, abs=0.01)
