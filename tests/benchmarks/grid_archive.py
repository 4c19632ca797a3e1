"""An archive of many years, synthetic: observations and cube are written as they would be, without the files behind them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import xarray as xr

from caspian_env.catalog.changes import GranuleEdition
from caspian_env.catalog.cubes import Part, write_part
from caspian_env.catalog.observations import Observed, write_together
from caspian_env.catalog.provenance import record_granule
from caspian_env.catalog.reference import series_id
from caspian_env.processing.describe import describe
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, cubes_of, open_platform
from caspian_env.workflows.cube_parts import METHOD, Current, fingerprint
from caspian_env.workflows.ledger import ledger
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.seed import seed

OISST, SST = "noaa_oisst_v2_1", "sea_surface_temperature"
KNOWN = datetime(2024, 6, 1, tzinfo=UTC)
PACKED = {
    "dtype": np.dtype("int16"), "scale_factor": np.float32(0.01), "add_offset": np.float32(0), "_FillValue": np.int16(-999),
}  # fmt: skip


@contextmanager
def opened(home: Path, mirror: Path | None = None) -> Iterator[Platform]:
    home.mkdir(parents=True, exist_ok=True)
    settings = Settings(home, f"sqlite:///{home / 'caspian.db'}", mirror=str(mirror) if mirror else None)
    with open_platform(settings, synthetic=True) as platform:
        datasets = dict(platform.seeds.datasets)
        datasets[OISST] = replace(datasets[OISST], finite_cells={})
        platform = replace(platform, seeds=replace(platform.seeds, datasets=datasets))
        seed(platform)
        yield platform


def year_of_cells(days: Sequence[date], names: Sequence[str]) -> xr.Dataset:
    """The study area on these days, as a part of a cube holds it."""
    random = np.random.default_rng(days[0].year)
    season = 1200 - 900 * np.cos(2 * np.pi * np.array([day.timetuple().tm_yday for day in days]) / 365.25)
    packed = (season[:, None, None] + random.normal(0, 30, (len(days), 50, 42))).astype(np.int16)
    packed[:, :3] = -999
    cells = packed.astype(np.float32)
    cells[packed == -999] = np.nan
    cells *= np.float32(0.01)
    dims = ("time", "latitude", "longitude")
    grid = xr.Dataset(
        {SST: (dims, cells), f"{SST}_standard_error": (dims, cells * 0 + np.float32(0.25))},
        {
            "time": np.array(days, dtype="datetime64[us]"),
            "latitude": 35.875 + np.arange(50) / 4, "longitude": 45.875 + np.arange(42) / 4,
        },
    )  # fmt: skip
    grid["ice"] = (dims, cells * np.float32(np.nan), {"long_name": "Sea ice concentration", "units": "1"})
    for name in (SST, f"{SST}_standard_error", "ice"):
        grid[name].encoding = dict(PACKED)
    grid["status"] = ("time", np.array(["final"] * len(days)))
    grid["granule_sha256"] = ("time", np.array(names, dtype="S64"))
    return grid


def fill(platform: Platform, years: Sequence[int], last: date) -> None:
    """Observations of four regions and the parts of the cube, from the first of January of the first year to ``last``."""
    dataset = platform.seeds.datasets[OISST]
    outcome = Outcome(OISST)
    with ledger(platform, "ingest", OISST, outcome) as run_id, platform.catalog.write() as connection:
        places = [
            series_id(connection, dataset=OISST, variable=SST, location=place, resolution="P1D", datum=None)
            for place in dataset.locations
        ]
        for year in years:
            end = min(date(year, 12, 31), last)
            days = [date(year, 1, 1) + timedelta(days=n) for n in range((end - date(year, 1, 1)).days + 1)]
            names = [hashlib.sha256(str(day).encode()).hexdigest() for day in days]
            moments = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days]
            for moment, name in zip(moments, names, strict=True):
                granule = record_granule(connection, dataset_id=OISST, sha256=name, size=1, media_type=None)
                value = Observed(moment, 12 + moment.timetuple().tm_yday % 9 / 7, 0.2, 1, "final")
                edition = GranuleEdition(KNOWN, granule, None, run_id, whole_record=False)
                write_together(connection, [(place, [value]) for place in places], edition)
            _write_part(platform, connection, run_id, year, days, names, moments)


def _write_part(
    platform: Platform, connection: object, run_id: int, year: int, days: Sequence[date], names: Sequence[str],
    moments: Sequence[datetime],
) -> None:  # fmt: skip
    dataset = platform.seeds.datasets[OISST]
    described = describe(
        year_of_cells(days, names), dataset, platform.seeds.variables, method=METHOD, synthetic=platform.synthetic
    )
    stored = cubes_of(platform).write(OISST, described.assign_attrs(id=f"{OISST}.{year}"))
    state = [Current(moment, name, "final") for moment, name in zip(moments, names, strict=True)]
    part = Part(
        datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC), stored.sha256, stored.size,
        fingerprint(state), len(names),
    )  # fmt: skip
    write_part(connection, OISST, part, known_at_moment=KNOWN, run_id=run_id)
