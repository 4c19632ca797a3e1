"""Synthetic granules of the gridded datasets in a mirror, and a platform whose clock ticks a minute a look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import numpy as np
import xarray as xr

from caspian_env.demo import oisst
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.seed import seed
from tests.sources.masks import wet

OISST, ERSST = "noaa_oisst_v2_1", "noaa_ersst_v5"
START = datetime(2026, 2, 1, tzinfo=UTC)
# Final in both editions of the demonstration, then preliminary in the first, then in the second alone.
SETTLED, TURNING, NEW = date(2024, 12, 31), date(2025, 12, 31), date(2026, 1, 1)


@contextmanager
def platform_at(
    home: Path, database_url: str = "", mirror: Path | None = None, *, synthetic: bool = True
) -> Iterator[Platform]:
    """A seeded platform; a later one on the same home goes on an hour later."""
    home.mkdir(parents=True, exist_ok=True)
    settings = Settings(
        home, database_url or f"sqlite:///{home / 'caspian.db'}", mirror=str(mirror) if mirror else None
    )
    opened = len(list(home.glob("opened-*")))
    (home / f"opened-{opened}").touch()
    minutes = count()
    with open_platform(
        settings, synthetic=synthetic, clock=lambda: START + timedelta(hours=opened, minutes=next(minutes))
    ) as platform:
        seed(platform)
        yield platform


def days(mirror: Path, edition: int, wanted: Sequence[date]) -> dict[date, Path]:
    """The files of these days as an edition of the demonstration has them."""
    makers, found = oisst.files(edition), {}
    for day in wanted:
        address = oisst.address(day, oisst.is_final(day, edition))
        found[day] = mirror / address
        found[day].parent.mkdir(parents=True, exist_ok=True)
        found[day].write_bytes(makers[address]())
    return found


def months(mirror: Path, last: str, *, warmer: str | None = None) -> Path:
    """ERSST from November 2023 to a month, in its one file; a month may be warmer than in the edition before."""
    path = mirror / "downloads.psl.noaa.gov/Datasets/noaa.ersst.v5/sst.mnmean.nc"
    path.parent.mkdir(parents=True, exist_ok=True)
    time = np.arange("2023-11", np.datetime64(last, "M") + 1, dtype="datetime64[M]").astype("datetime64[ns]")
    lat, lon = np.arange(88, -89, -2, dtype="f4"), np.arange(0, 360, 2, dtype="f4")
    values = (10 + lat[:, None] / 7 + lon / 90 + np.arange(time.size)[:, None, None] / 3).astype("f4")
    rows, columns = slice(18, 30), slice(20, 31)  # 52-30 N, 40-60 E
    values[:, rows, columns][:, ~wet(lat[rows], lon[columns])] = np.nan
    if warmer:
        values[time == np.datetime64(warmer, "ns")] += np.float32(0.5)
    made = xr.Dataset(
        {"sst": (("time", "lat", "lon"), values, {"units": "degC", "long_name": "Monthly Means of SST (SYNTHETIC)"})},
        {"time": time, "lat": lat, "lon": lon},
        {"product_version": "Version 5"},
    )
    stamps = {"dtype": "f8", "units": "days since 1800-01-01"}
    made.to_netcdf(path, engine="h5netcdf", encoding={"sst": {"_FillValue": np.float32(-9.96921e36)}, "time": stamps})
    return path


def collected(platform: Platform, dataset: str, known_at: datetime | None = None) -> Outcome:
    """The account of one dataset's collection, which must have gone well."""
    outcome = ingest(platform, platform.seeds.datasets[dataset], known_at=known_at)
    assert outcome.status == "ok", outcome.problems
    return outcome
