"""What is empty, cut short, a page, noise or another's is refused by every source in one clause, and leaves no value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from caspian_env.catalog.query import ask
from caspian_env.errors import BadGranule
from caspian_env.model import GranuleRef, Http, Location, Window
from caspian_env.seeds import load_datasets
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform, source_of
from caspian_env.workflows import ingest as ingesting
from caspian_env.workflows.seed import seed
from tests.conftest import a_database
from tests.sources.conftest import made_up_outline
from tests.sources.whole_granules import real_files, whole

DATASETS = load_datasets()
PAGE = b"<!DOCTYPE html>\n<html><head><title>502</title></head><body>Bad gateway</body></html>\n"
WRONG = {
    "empty": b"",
    "page": PAGE,
    "pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12345\n",
    "error": b'{"code": 403, "message": "permission denied"}',
    "half a netCDF": b"\x89HDF\r\n\x1a\n" + bytes(200),
    "half a zip": b"PK\x03\x04" + bytes(60),
    "half a gzip": b"\x1f\x8b\x08\x00" + bytes(20),
    "noise": np.random.default_rng(5).bytes(4096),
}
# Files that do not say which of these they are; their addresses do.
ALIKE = [
    {"nd_gain", "nd_gain_water", "nd_gain_ecosystems", "nd_gain_infrastructure"},
    {"reported_levels", "reported_levels_kazakh"},
    {"cds_era5", "cds_era5_land", "cds_era5_volga"},
    {"gpcc", "gpcc_volga"},
    {"noaa_coraltemp_v3_1", "jpl_mur_v4_1"},
]
STATION = Location("station", "Made-up", "station", source="a test", longitude=49.0, latitude=40.0)
# Its last number may lack its decimals unseen; it is that of a country that is not read.
DECIMALS_AT_THE_END = "2022-10/ourworldindata.org/grapher/total-ghg-emissions.csv"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """A whole granule of every dataset, as its provider encodes it."""
    return {name: whole(name, tmp_path_factory.mktemp(name)) for name in DATASETS}


def cuts(content: bytes) -> list[bytes]:
    """The beginning of it, of five lengths.

    None ends with a line: a reader may take such a part for a whole table of an earlier day. What is known already tells, as
    does the way of sending (`tests/workflows/hostile.py`); of a first edition whose sender states neither length nor end,
    nothing does.
    """
    ends = [len(content) // 10, len(content) // 2, len(content) * 9 // 10, len(content) - 7, len(content) - 2]
    return [content[: end - 3 if content[:end].endswith(b"\n") else end] for end in ends]


def refusal(dataset: str, content: bytes, path: Path) -> str:
    """The clause with which the reader refuses these bytes."""
    path.unlink(missing_ok=True)  # written anew, as an open file of netCDF would keep the old bytes
    path.write_bytes(content)
    with pytest.raises(BadGranule) as refused:
        source_of(DATASETS[dataset]).read_granule(path)
    assert refused.value.problem and "\n" not in refused.value.problem
    return refused.value.problem


@pytest.mark.parametrize("name", DATASETS)
@pytest.mark.parametrize("what", WRONG)
def test_every_source_refuses_it(tmp_path: Path, name: str, what: str) -> None:
    refusal(name, WRONG[what], tmp_path / "granule")


@pytest.mark.parametrize("name", DATASETS)
def test_every_source_refuses_a_part(tmp_path: Path, made: Mapping[str, bytes], name: str) -> None:
    for part in cuts(made[name]):
        refusal(name, part, tmp_path / "granule")


@pytest.mark.parametrize("name", DATASETS)
def test_every_source_refuses_what_is_anothers(tmp_path: Path, made: Mapping[str, bytes], name: str) -> None:
    alike = next((group for group in ALIKE if name in group), {name})
    for other in DATASETS.keys() - alike:
        refusal(name, made[other], tmp_path / "granule")


@dataclass(frozen=True)
class OneGranule:
    """The source of a dataset whose provider lists one granule; the reader is the real one."""

    reader: Any
    place: Location | None

    def list_granules(self, window: Window, http: Http) -> Iterator[GranuleRef]:
        yield GranuleRef(path="granule", location=self.place)

    def read_granule(self, path: Path) -> xr.Dataset:
        found: xr.Dataset = self.reader.read_granule(path)
        return found


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def platform(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Seeded and empty, with a folder in place of every provider; one for all datasets."""
    home = tmp_path_factory.mktemp("home")
    with a_database(request, home) as url:
        settings = Settings(home=home, database_url=url, mirror=str(home / "mirror"))
        made_up_outline(settings)
        with open_platform(settings) as opened:
            seed(opened)
            yield opened


@pytest.mark.parametrize("name", DATASETS)
def test_it_is_set_aside_and_the_next_run_makes_it_good(
    platform: Platform, made: Mapping[str, bytes], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = replace(DATASETS[name], hosts=(f"https://{name}.example.org/",), key=None)
    place = STATION if dataset.found_locations or not dataset.locations else None
    monkeypatch.setattr(ingesting, "source_of", lambda dataset: OneGranule(source_of(dataset), place))
    address = Path(str(platform.settings.mirror), f"{name}.example.org", "granule")
    address.parent.mkdir(parents=True)
    for content in (b"", PAGE, *cuts(made[name])[1:4:2]):
        address.write_bytes(content)
        outcome = ingesting.ingest(platform, dataset)
        (line,) = outcome.problems
        assert (outcome.rejected, outcome.written) == (1, 0), line
        assert "/granule" in line and "\n" not in line
        assert not known(platform, name)
    address.write_bytes(made[name])
    outcome = ingesting.ingest(platform, dataset)
    assert (outcome.rejected, outcome.problems) == (0, []), outcome
    assert known(platform, name)


def known(platform: Platform, name: str) -> int:
    """How many values the catalog has of a dataset, of all vintages."""
    counted = "SELECT count(*) FROM v_observation WHERE dataset_id = :name"
    return int(ask(platform.catalog, counted, {"name": name}).rows[0][0])


def test_no_part_of_a_real_file_is_taken(shared: Callable[..., Path], tmp_path: Path) -> None:
    files = list(real_files(shared("archive").parent))
    assert len(files) >= 49
    for name, path in files:
        content = path.read_bytes()
        unseen = len(".08447266") if path.as_posix().endswith(DECIMALS_AT_THE_END) else 0
        for part in cuts(content[: len(content) - unseen]):
            refusal(name, part, tmp_path / "granule")
