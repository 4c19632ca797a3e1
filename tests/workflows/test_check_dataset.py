"""A check asks the provider for one granule and says what it found beside what the seed promises."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caspian_env.catalog.query import ask
from caspian_env.cli import main
from caspian_env.errors import SettingsError
from caspian_env.settings import Settings
from caspian_env.transport import Transport
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.catalogue import catalogue
from caspian_env.workflows.check_dataset import check_dataset
from tests.scripted_server import playing
from tests.workflows.hostile import lines, unstated
from tests.workflows.synthetic_co2 import DATASET, co2_table, publish

URL = "https://gml.noaa.gov/webdata/ccgg/trends/co2/co2_mm_mlo.csv"


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    mirror = tmp_path / "mirror"
    file = mirror / URL.removeprefix("https://")
    file.parent.mkdir(parents=True)
    file.write_text(co2_table(24), encoding="utf-8")
    settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(mirror))
    with open_platform(settings) as opened:
        encoded = replace(opened.seeds.datasets[DATASET], proven_on="encoded")
        seeds = replace(opened.seeds, datasets={**opened.seeds.datasets, DATASET: encoded})
        yield replace(opened, seeds=seeds, clock=lambda: datetime(1992, 1, 10, tzinfo=UTC))


def file_of(platform: Platform) -> Path:
    return Path(str(platform.settings.mirror)) / URL.removeprefix("https://")


def proof(platform: Platform) -> str:
    (entry,) = catalogue(platform, [DATASET])
    return entry.proof


def test_a_kept_promise_proves_the_dataset(platform: Platform) -> None:
    assert proof(platform) == "unproven"
    newest = check_dataset(platform, DATASET)
    found = {finding.what: finding for finding in newest.findings}
    assert found["format"].kept and found["variable average"].kept
    assert "24 values" in found["mole_fraction_of_carbon_dioxide_in_air at mauna_loa"].found
    assert newest.url == URL
    view = ask(platform.catalog, f"SELECT proof FROM v_dataset WHERE dataset_id = '{DATASET}'").rows
    assert newest.passed and proof(platform) == "proven" and view == [("proven",)]


def test_a_check_writes_no_observation(platform: Platform) -> None:
    check_dataset(platform, DATASET)
    assert ask(platform.catalog, "SELECT count(*) FROM v_observation").rows == [(0,)]
    assert ask(platform.catalog, f"SELECT n_granules FROM v_dataset WHERE dataset_id = '{DATASET}'").rows == [(0,)]


@pytest.mark.parametrize(
    ("content", "what", "said"),
    [
        (b"<html><body>Bad gateway</body></html>", "format", "HTML"),
        (b"year,month\n2020,1\n", "format", "header"),
        (b"", "format", "empty"),
    ],
)
def test_a_broken_promise_is_named_and_proves_nothing(platform: Platform, content: bytes, what: str, said: str) -> None:
    file_of(platform).write_bytes(content)
    check = check_dataset(platform, DATASET)
    (broken,) = [finding for finding in check.findings if not finding.kept]
    assert broken.what == what and said in broken.found
    assert not check.passed and proof(platform) == "unproven"
    (entry,) = catalogue(platform, [DATASET])
    assert entry.checked is not None and not entry.checked["passed"]


def test_of_an_answer_that_states_no_length_no_part_is_checked(platform: Platform) -> None:
    whole = co2_table(24).encode()
    settings = replace(platform.settings, mirror=None)
    with (
        playing(unstated(lines(whole)), unstated(whole)) as server,
        Transport(settings, sleep=lambda _: None) as transport,
    ):
        served = replace(platform.seeds.datasets[DATASET], hosts=(server.url,))
        seeds = replace(platform.seeds, datasets={**platform.seeds.datasets, DATASET: served})
        check = check_dataset(replace(platform, settings=settings, seeds=seeds, transport=transport), DATASET)
    found = {finding.what: finding.found for finding in check.findings}
    assert "24 values" in found["mole_fraction_of_carbon_dioxide_in_air at mauna_loa"]
    assert len(server.heard) == 4  # two unlike answers, and two more that are alike


def test_nothing_published_is_a_finding(platform: Platform) -> None:
    file_of(platform).unlink()
    check = check_dataset(platform, DATASET)
    assert [(finding.what, finding.found) for finding in check.findings] == [("address", "not published there")]


def test_a_late_provider_that_is_read_well_is_proven_and_its_lateness_is_told(platform: Platform) -> None:
    late = replace(platform, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    check = check_dataset(late, DATASET)
    assert [finding.what for finding in check.findings if not finding.kept] == ["newest value"]
    assert (check.passed, check.kept, proof(late)) == (True, False, "proven")


def page(code: str, rows: int = 3) -> str:
    """An answer of the World Bank about Kazakhstan; its numbers are invented."""
    row = {"indicator": {"id": code, "value": code}, "countryiso3code": "KAZ", "unit": "", "obs_status": ""}
    years = [row | {"date": str(2020 + n), "value": 10.0 + n} for n in range(rows)]
    return json.dumps([{"page": 1, "pages": 1, "per_page": "1000", "total": rows, "lastupdated": "2026-01-28"}, years])


def test_a_granule_that_is_not_there_leaves_the_proof_to_another_and_is_told(platform: Platform) -> None:
    folder = Path(str(platform.settings.mirror)) / "api.worldbank.org/v2/country/AZE;IRN;KAZ;RUS;TKM/indicator"
    folder.mkdir(parents=True)
    (folder / "NY.GDP.MKTP.CD%3Fformat=json&per_page=1000").write_text(page("NY.GDP.MKTP.CD"), encoding="utf-8")
    encoded = replace(platform.seeds.datasets["world_bank"], proven_on="encoded")
    seeds = replace(platform.seeds, datasets={**platform.seeds.datasets, "world_bank": encoded})
    check = check_dataset(replace(platform, seeds=seeds), "world_bank")
    absent = [finding.promised for finding in check.findings if finding.found == "not published there"]
    assert ["EG.FEC" in url or "ER.H2O" in url for url in absent] == [True, True]
    assert "NY.GDP.MKTP.CD" in str(check.url) and check.passed and not check.kept
    assert "places" not in {finding.what for finding in check.findings}  # one answer of four is about a part


def test_a_table_of_the_seeds_has_no_host_and_can_be_checked(platform: Platform) -> None:
    found = {finding.what: finding for finding in check_dataset(platform, "reported_levels").findings}
    assert found["format"].kept


def test_what_cannot_be_checked_says_why(platform: Platform) -> None:
    with pytest.raises(SettingsError, match="nope: is not a dataset"):
        check_dataset(platform, "nope")
    unmirrored = replace(platform, settings=replace(platform.settings, mirror=None))
    with pytest.raises(SettingsError, match="without its key"):
        check_dataset(unmirrored, "dahiti_water_level")
    (Path(str(platform.settings.mirror)) / "SYNTHETIC.txt").write_text("invented\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="synthetic files"):
        check_dataset(platform, DATASET)


def test_a_mirror_proves_as_much_as_its_bytes_are_worth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path / "mirror", co2_table(24))
    monkeypatch.chdir(tmp_path)  # `init` writes its settings file into the working folder
    monkeypatch.setenv("CASPIAN_ENV_MIRROR", str(tmp_path / "mirror"))
    monkeypatch.setenv("CASPIAN_ENV_DATASETS", DATASET)
    home = ("--home", str(tmp_path / "home"))
    for words in (["init"], ["datasets", "check", DATASET]):
        with pytest.raises(SystemExit):
            main([*words, *home])
    assert "read from a mirror: that proves as much as its files" in capsys.readouterr().out
