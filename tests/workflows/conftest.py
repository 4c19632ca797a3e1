"""Mirrors to run on: the real files where they are at hand, and a small one of synthetic files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caspian_env.catalog.engine import Catalog, open_catalog
from caspian_env.catalog.query import ask
from caspian_env.demo import DATASETS, co2, dahiti, ersst, gistemp, gwm, oisst
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.run import Summary, run

DAHITI = "dahiti.dgfi.tum.de/api/v2/download-water-level/%3Fdahiti_id=39&format=json"
GISTEMP = "data.giss.nasa.gov/gistemp/tabledata_v4/GLB.Ts+dSST.csv"
CO2 = "gml.noaa.gov/webdata/ccgg/trends/co2/co2_mm_mlo.csv"
GWM = "earth.gsfc.nasa.gov/gwm/timeseries/lake000270.10d.2.txt"
ERSST = "downloads.psl.noaa.gov/Datasets/noaa.ersst.v5/sst.mnmean.nc"
OISST = "www.ncei.noaa.gov/data/sea-surface-temperature-optimum-interpolation/v2.1/access/avhrr"
ADDRESSES = {
    "dahiti_water_level": DAHITI, "nasa_gistemp": GISTEMP, "noaa_gml_co2": CO2, "nasa_gwm_lake": GWM,
    "noaa_ersst_v5": ERSST, "noaa_oisst_v2_1": f"{OISST}/202110/oisst-avhrr-v02r01.20211025.nc",
}  # fmt: skip


def compose(shared: Callable[..., Path], month: str, folder: Path) -> Path:
    """The mirror of real files as of a month."""
    subprocess.run([sys.executable, shared("archive", "compose.py"), month, folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session")
def real_mirror(shared: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The mirror as of August 2026, only to be read."""
    return compose(shared, "2026-08", tmp_path_factory.mktemp("real") / "mirror")


@pytest.fixture(scope="session")
def small_mirror_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic files: the tables, the monthly grids and three days of the daily ones, only to be read."""
    folder = tmp_path_factory.mktemp("small") / "mirror"
    for member in (co2, dahiti, ersst, gistemp, gwm):
        for address, make in member.files(1).items():
            put(folder, address, make())
    days = oisst.files(1)
    for name in sorted(days)[:3]:
        put(folder, name, days[name]())
    return folder


@pytest.fixture
def small_mirror(small_mirror_files: Path, tmp_path: Path) -> Path:
    """A copy of the small mirror whose files may be replaced by ``put``."""
    return copied(small_mirror_files, tmp_path / "mirror")


def copied(mirror: Path, target: Path) -> Path:
    shutil.copytree(mirror, target, copy_function=os.link)
    return target


def put(mirror: Path, address: str, content: bytes) -> None:
    """Put a file in place of the one at an address; the old one may be a link and is not written through."""
    path = mirror / address
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def first_day(mirror: Path) -> str:
    """Address of the earliest daily grid in a mirror."""
    return str(min(mirror.rglob("oisst-avhrr-*.nc")).relative_to(mirror))


@contextmanager
def opened(home: Path, mirror: Path | str, url: str | None = None) -> Iterator[Platform]:
    database = url or f"sqlite:///{home / 'caspian.db'}"
    with open_platform(Settings(home=home, database_url=database, mirror=str(mirror), datasets=DATASETS)) as platform:
        yield platform


@dataclass(frozen=True)
class Ran:
    """A home after a run, to be read."""

    home: Path
    mirror: Path
    summary: Summary
    catalog: Catalog

    def rows(self, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return rows(self.catalog, statement, **parameters)


@pytest.fixture(scope="session")
def real_run(real_mirror: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """One run on the real files from an empty home, SQLite; tests only read it."""
    home = tmp_path_factory.mktemp("real-home") / "home"
    with opened(home, real_mirror) as platform:
        summary = run(platform)
    catalog = open_catalog(f"sqlite:///{home / 'caspian.db'}")
    yield Ran(home, real_mirror, summary, catalog)
    catalog.dispose()


def rows(catalog: Catalog, statement: str, **parameters: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in ask(catalog, statement, parameters, limit=None).rows]


def values_of(catalog: Catalog, dataset: str, location: str | None = None) -> dict[tuple[Any, ...], float]:
    """Values known now of a dataset, by variable, location, datum and time."""
    found = rows(
        catalog,
        "SELECT variable_id, location_id, datum, time, value FROM v_observation WHERE dataset_id = :dataset",
        dataset=dataset,
    )
    return {tuple(row[:4]): row[4] for row in found if location in (None, row[1])}


def history(catalog: Catalog) -> list[tuple[Any, ...]]:
    """Every vintage of every value without the moments of knowledge, in order: what two undisturbed runs share."""
    return rows(
        catalog,
        "SELECT s.dataset_id, s.variable_id, s.location_id, s.datum_id, o.time, o.value, o.std_uncertainty, o.status,"
        " o.qc_flag, o.kind, o.known_to IS NULL FROM observation o JOIN series s ON s.id = o.series_id"
        " ORDER BY s.dataset_id, s.variable_id, s.location_id, s.datum_id, o.time, o.known_from",
    )


def problems(summary: Summary) -> Mapping[str, list[str]]:
    """The problems of a run by dataset."""
    return {outcome.subject: outcome.problems for outcome in summary.collected if outcome.problems}


@pytest.fixture(scope="session")
def undisturbed(small_mirror_files: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, ...]:
    """What a run leaves that no fault disturbed."""
    from tests.workflows.fault_bench import Installation

    home = tmp_path_factory.mktemp("undisturbed") / "home"
    made = Installation(home, f"sqlite:///{home / 'caspian.db'}", str(small_mirror_files))
    made.run().is_told(0)
    return made.content()
