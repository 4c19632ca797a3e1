"""The newest edition wins, wherever it lies, and an older one never follows a newer unless somebody says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caspian_env.catalog.query import ask
from caspian_env.errors import OlderEdition
from caspian_env.formats.mirror_addresses import mirror_name
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.editions import edition_of, in_order, refuse_older
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.outcome import Outcome, exit_code
from caspian_env.workflows.seed import seed
from tests.sources.emission_files import as_csv, edgar, owid_co2

from .conftest import compose

NEW, OLD, OLDEST = (
    "https://owid-public.owid.io/data/co2/owid-co2-data.csv",
    "https://nyc3.digitaloceanspaces.com/owid-public/data/co2/owid-co2-data.csv",
    "https://raw.githubusercontent.com/owid/co2-data/master/owid-co2-data.csv",
)
METHANE_OF_AZERBAIJAN = """
    SELECT o.value, g.product_version FROM observation o JOIN series s ON s.id = o.series_id
    JOIN granule g ON g.id = o.granule_id WHERE s.variable_id = 'emission_of_methane_unstated_gwp_with_lulucf'
    AND s.location_id = 'AZE' AND CAST(o.time AS VARCHAR) LIKE '2016-01-01%' ORDER BY o.known_from"""
TO_2018, TO_2023, TO_2024 = range(2000, 2019), range(2000, 2024), range(2000, 2025)


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    (tmp_path / "mirror").mkdir()
    settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(tmp_path / "mirror"))
    with open_platform(settings) as opened:
        seed(opened)
        yield opened


def collect(
    platform: Platform, files: dict[str, bytes | None], *, dataset: str = "owid_co2", known_at: datetime | None = None
) -> Outcome:
    for url, content in files.items():
        path = Path(str(platform.settings.mirror)) / mirror_name(url)
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)
    return ingest(platform, platform.seeds.datasets[dataset], known_at=known_at)


def co2_of_kazakhstan(platform: Platform, year: int, dataset: str = "owid_co2") -> list[tuple[float, bool]]:
    """Every vintage of one value, and whether it is what is known now."""
    found = ask(
        platform.catalog,
        "SELECT o.value, o.known_to IS NULL, o.time FROM observation o JOIN series s ON s.id = o.series_id"
        " WHERE s.dataset_id = :dataset AND s.location_id = 'KAZ'"
        " AND s.variable_id = 'emission_of_carbon_dioxide_without_lulucf' ORDER BY o.known_from",
        {"dataset": dataset},
        limit=None,
    )
    return [(row[0], bool(row[1])) for row in found.rows if str(row[2]).startswith(str(year))]


def granules(platform: Platform) -> list[tuple[str | None, str]]:
    found = ask(platform.catalog, "SELECT product_version, state FROM granule ORDER BY id", {}, limit=None)
    return [(row[0], row[1]) for row in found.rows]


def test_the_newest_of_several_hosts_wins_and_not_the_first_that_answers(platform: Platform) -> None:
    files: dict[str, bytes | None] = {
        NEW: owid_co2(TO_2018),
        OLD: owid_co2(TO_2023, shift=1),
        OLDEST: owid_co2(TO_2018),
    }
    outcome = collect(platform, files)
    assert (outcome.status, outcome.problems, outcome.rejected) == ("ok", [], 0)
    assert [note.partition(": ")[2] for note in outcome.notes] == [
        "edition 2018 is no newer edition than 2023, which is known"
    ] * 2
    assert co2_of_kazakhstan(platform, 2000) == [(251.0, True)]  # one vintage: no detour over the older edition
    again = collect(platform, {})
    assert (again.status, again.fetched, again.unchanged, again.written, again.notes) == ("ok", 0, 3, 0, [])


def test_a_newer_edition_replaces_the_known_one_and_the_older_one_does_not_come_back(platform: Platform) -> None:
    collect(platform, {OLD: owid_co2(TO_2023, shift=1)})
    collect(platform, {NEW: owid_co2(TO_2024, shift=2)})
    assert co2_of_kazakhstan(platform, 2000) == [(251.0, False), (252.0, True)]
    outcome = collect(
        platform, {NEW: None, OLD: owid_co2(TO_2023, shift=3)}
    )  # the new host is away, the old one lives on
    assert (outcome.status, outcome.written, len(outcome.notes)) == ("ok", 0, 1)
    assert co2_of_kazakhstan(platform, 2000) == [(251.0, False), (252.0, True)]
    assert granules(platform) == [("edition 2023", "accepted"), ("edition 2024", "accepted"), (None, "rejected")]


def test_of_equal_editions_the_host_that_goes_first_is_believed(platform: Platform) -> None:
    outcome = collect(platform, {NEW: owid_co2(TO_2023), OLD: owid_co2(TO_2023, shift=1)})
    assert co2_of_kazakhstan(platform, 2000) == [(250.0, True)]
    assert "edition 2023 is no newer edition than 2023" in outcome.notes[0]
    collect(platform, {NEW: owid_co2(TO_2023, shift=4)})  # its own correction is a revision
    assert co2_of_kazakhstan(platform, 2000) == [(250.0, False), (254.0, True)]


def test_damage_at_one_host_is_told_and_another_gives_the_edition(platform: Platform) -> None:
    outcome = collect(platform, {NEW: b"<!DOCTYPE html><html></html>", OLD: owid_co2(TO_2023)})
    assert (outcome.status, outcome.rejected) == ("partial", 1)
    assert "an HTML page in place of text" in outcome.problems[0]
    assert co2_of_kazakhstan(platform, 2000) == [(250.0, True)]


def test_hosts_without_the_file_are_no_problem_while_one_has_it(platform: Platform) -> None:
    assert collect(platform, {OLDEST: owid_co2(TO_2018)}).problems == []
    outcome = collect(platform, {OLDEST: None})
    assert outcome.status == "failed"
    assert outcome.problems == [f"not published: {NEW}"]


def test_an_archived_edition_is_imported_on_purpose(platform: Platform) -> None:
    moments = [datetime(2022, 1, 1, tzinfo=UTC), datetime(2024, 12, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)]
    collect(platform, {NEW: owid_co2(TO_2018), OLDEST: owid_co2(TO_2018)}, known_at=moments[0])
    collect(platform, {OLD: owid_co2(TO_2023, shift=1)}, known_at=moments[1])
    assert co2_of_kazakhstan(platform, 2000) == [(250.0, False), (251.0, True)]
    older: dict[str, bytes | None] = {NEW: owid_co2(range(2000, 2023), shift=2)}
    beside = collect(platform, older, known_at=moments[2])  # a newer one still stands beside it in the same mirror
    assert (beside.problems, beside.revised, len(beside.notes)) == ([], 0, 2)
    outcome = collect(platform, older | {OLD: None}, known_at=moments[2])
    assert (outcome.problems, len(outcome.notes)) == ([], 2)
    assert sum("edition 2018 is no newer edition than 2022" in note for note in outcome.notes) == 1
    assert sum("end earlier" in note for note in outcome.notes) == 1
    assert co2_of_kazakhstan(platform, 2000)[-1] == (252.0, True)


def test_a_new_booklet_under_a_new_address_follows_the_old_one(platform: Platform) -> None:
    base = "https://edgar.jrc.ec.europa.eu/booklet/EDGAR_{0}_GHG_booklet_{0}.xlsx"
    collect(platform, {base.format(2024): edgar(2024, [1990, 1991])}, dataset="edgar_ghg")
    outcome = collect(platform, {base.format(2025): edgar(2025, [1990, 1991, 1992], shift=1)}, dataset="edgar_ghg")
    assert (outcome.problems, outcome.notes, outcome.unchanged) == ([], [], 1)
    assert co2_of_kazakhstan(platform, 1990, "edgar_ghg") == [
        (pytest.approx(150.0), False),
        (pytest.approx(150.6), True),
    ]


def without_methane(years: range) -> bytes:
    """The table as its provider might publish it after dropping a column."""
    rows = list(csv.DictReader(io.StringIO(owid_co2(years).decode())))
    return as_csv(
        [[k for k in rows[0] if k != "methane"], *([v for k, v in row.items() if k != "methane"] for row in rows)]
    )


def test_a_variable_that_an_edition_states_nowhere_is_told_until_it_leaves_the_seed(platform: Platform) -> None:
    collect(platform, {NEW: owid_co2(TO_2023)})
    methane = "emission_of_methane_unstated_gwp_with_lulucf"
    outcome = collect(platform, {NEW: without_methane(TO_2024)})
    assert (outcome.status, outcome.rejected, exit_code([outcome])) == ("partial", 0, 3)
    assert (
        len(outcome.problems) == 1 and f"states nothing any more of {methane}; their values stay" in outcome.problems[0]
    )
    assert co2_of_kazakhstan(platform, 2024)  # what it does state is taken
    kept = ask(platform.catalog, f"SELECT count(*) FROM v_observation WHERE variable_id = '{methane}'").rows
    assert kept == [(6 * len(TO_2023) - 5,)]
    again = collect(platform, {})
    assert (again.status, again.fetched, again.written) == ("ok", 0, 0)  # the same bytes say nothing new
    dataset = platform.seeds.datasets["owid_co2"]
    shorter = tuple(measured for measured in dataset.variables if measured.variable != methane)
    seeds = replace(platform.seeds, datasets={"owid_co2": replace(dataset, variables=shorter)})
    assert collect(replace(platform, seeds=seeds), {NEW: without_methane(range(2000, 2026))}).problems == []


@pytest.mark.parametrize(
    ("version", "known", "after_another", "refused"),
    [
        ("edition 2018", {"edition 2023"}, False, True),
        ("edition 2023", {"edition 2018", "v4"}, False, False),
        ("edition 2023", {"edition 2023"}, False, False),
        ("edition 2023", {"edition 2023"}, True, True),
        ("source A, edition 2024-09-05", {"edition 2024-12-01"}, False, True),
        ("PRIMAP-hist_v2.7_final, edition 2.7", {"PRIMAP-hist_v2.6.1_final, edition 2.6.1"}, False, False),
        ("PRIMAP-hist_v2.6.1_final, edition 2.6.1", {"PRIMAP-hist_v2.10_final, edition 2.10"}, False, True),
        (None, {"edition 2023"}, True, False),
        ("edition 2018", set(), True, False),
    ],
)
def test_which_edition_is_older(version: str | None, known: set[str], after_another: bool, refused: bool) -> None:
    if refused:
        with pytest.raises(OlderEdition, match="no newer edition than"):
            refuse_older(version, known, dataset="made_up", after_another=after_another)
    else:
        refuse_older(version, known, dataset="made_up", after_another=after_another)


def test_editions_are_compared_number_by_number() -> None:
    assert in_order("2024") < in_order("2024-09-05") < in_order("2024-12-01") < in_order("2025")
    assert in_order("2.6.1") < in_order("2.7") < in_order("2.10")
    assert edition_of("TPJOJ.2.4") == "" == edition_of(None)


@pytest.mark.slow
def test_real_editions_in_their_order(shared: Callable[..., Path], database_url: str, tmp_path: Path) -> None:
    told = {}
    for month, known_at in (("2020-12", "2021-01-01"), ("2024-11", "2024-12-01"), ("2026-08", "2026-09-01")):
        mirror = compose(shared, month, tmp_path / month)
        settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(mirror))
        with open_platform(settings) as platform:
            seed(platform)
            moment = datetime.fromisoformat(known_at).replace(tzinfo=UTC)
            told[month] = ingest(platform, platform.seeds.datasets["owid_co2"], known_at=moment)
            methane = ask(platform.catalog, METHANE_OF_AZERBAIJAN, {}, limit=None).rows
    # A part of the record (2004-2023) does not take the place of the whole one; the edition of 2025 does.
    assert "the edition has lost 14 of 27 values known before" in told["2024-11"].problems[0]
    # The file at hand of that edition lacks the totals; it is taken, and the gap is told.
    (lost,) = told["2026-08"].problems
    assert "nothing any more of emission_of_greenhouse_gases_unstated_gwp_with_lulucf," in lost
    assert told["2026-08"].withdrawn == 14
    assert [(row[0], row[1]) for row in methane] == [(44.82, "edition 2018"), (12.163, "edition 2024")]
