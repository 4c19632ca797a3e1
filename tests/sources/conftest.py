"""What the tests of all sources need: hand-made bytes and a way to change them, and collecting into both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

import pytest

from caspian_env.catalog.engine import Catalog
from caspian_env.catalog.query import ask
from caspian_env.formats.mirror_addresses import LOCAL, mirror_name
from caspian_env.model import Window
from caspian_env.seeds.own_regions import FOLDER
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.seed import seed

DATA = Path(__file__).resolve().parent.parent / "data"
TRIANGLE = {"type": "Polygon", "coordinates": [[[34.2, 48.3], [58.1, 50.2], [44.7, 57.9], [34.2, 48.3]]]}
Altered = Callable[..., Path]


class Row(NamedTuple):
    """One value as the catalog knows it now."""

    variable: str
    location: str
    time: datetime
    value: float
    std_uncertainty: float | None
    status: str
    datum: str | None
    resolution: str
    qc_flag: int
    unit: str
    source_note: str | None


@dataclass(frozen=True)
class Collected:
    """Two collections in a row of the same bytes, and what the catalog knows of the dataset after them."""

    outcome: Outcome
    second: Outcome | None
    rows: list[Row]
    platform: Platform

    def values(self, variable: str | None = None, location: str | None = None) -> dict[str, float]:
        """Values by date (time of day where it is not midnight), of one series."""
        kept = [r for r in self.rows if variable in (None, r.variable) and location in (None, r.location)]
        assert len({(r.variable, r.location, r.datum, r.resolution) for r in kept}) <= 1, "several series"
        return {r.time.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00"): r.value for r in kept}


class Collect(Protocol):
    """See the fixture ``collect``."""

    def __call__(
        self, dataset_id: str, files: Mapping[str, bytes], *, twice: bool = True, window: Window | None = None
    ) -> Collected: ...


@pytest.fixture
def collect(database_url: str, tmp_path: Path) -> Iterator[Collect]:
    """Collect a dataset from bytes laid out as a mirror, on each database; called again, the files are replaced.

    ``files`` holds bytes by public address: a POST counts as the GET with its parameters, in the order of their names,
    as the query. The second collection must find everything unchanged; ``twice=False`` leaves it out.
    """
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(mirror))
    made_up_outline(settings)
    with open_platform(settings) as platform:
        seed(platform)

        def collect_now(
            dataset_id: str, files: Mapping[str, bytes], *, twice: bool = True, window: Window | None = None
        ) -> Collected:
            for url, content in files.items():
                own = url.startswith(LOCAL)
                path = settings.own_files / url.removeprefix(LOCAL) if own else mirror / mirror_name(url)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            dataset = platform.seeds.datasets[dataset_id]
            first = ingest(platform, dataset, window=window)
            second = ingest(platform, dataset, window=window) if twice else None
            if second is not None:
                assert (second.written, second.new_granules, second.fetched) == (0, 0, first.rejected), second
            return Collected(first, second, rows_of(platform.catalog, dataset_id), platform)

        yield collect_now


def made_up_outline(settings: Settings) -> None:
    """Draw the region that awaits its outline as no institute would: synthetic, three corners."""
    path = settings.own_files / FOLDER / "volga_basin.geojson"
    path.parent.mkdir(parents=True)
    properties = {"title": "Synthetic triangle", "source": "a test", "area_km2": 1.0}
    path.write_text(json.dumps({"type": "Feature", "properties": properties, "geometry": TRIANGLE}), encoding="utf-8")


def rows_of(catalog: Catalog, dataset_id: str) -> list[Row]:
    """What is known now of a dataset, in the order of variable, place, datum and time."""
    found = ask(
        catalog,
        "SELECT variable_id, location_id, time, value, std_uncertainty, status, datum, resolution, qc_flag, unit,"
        " source_note FROM v_observation WHERE dataset_id = :dataset"
        " ORDER BY variable_id, location_id, datum, resolution, time",
        {"dataset": dataset_id},
        limit=None,
    )
    return [Row(*row) for row in found.rows]


@pytest.fixture
def window() -> Window:
    """A window of two days that straddles a month end."""
    return Window(datetime(2021, 10, 31, tzinfo=UTC), datetime(2021, 11, 2, tzinfo=UTC))


@pytest.fixture
def altered(tmp_path: Path) -> Altered:
    """Write a copy of a hand-made file with one piece of text replaced; the piece must be there."""

    def alter(dataset: str, name: str, old: str = "", new: str = "") -> Path:
        text = (DATA / dataset / name).read_text(encoding="utf-8")
        assert old in text
        path = tmp_path / "granule"
        path.write_text(text.replace(old, new, 1) if old else text, encoding="utf-8")
        return path

    return alter
