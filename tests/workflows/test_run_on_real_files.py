"""The main job on real provider files: what is collected, what is missing, what a second run finds, where numbers lead."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from caspian_env.archive import Archive
from caspian_env.catalog.engine import open_catalog
from caspian_env.model import Window
from caspian_env.workflows.run import run
from tests.command_line import caspian_env
from tests.mirror_server import serving
from tests.workflows.conftest import CO2, DAHITI, ERSST, GISTEMP, GWM, OISST, Ran, opened, problems, rows

LACKING = f"not published: https://{GWM}"
PRESENT = ("dahiti_water_level", "noaa_ersst_v5", "noaa_oisst_v2_1", "nasa_gistemp", "noaa_gml_co2", "reported_levels")
TABLES = ("granule", "observation", "series", "indicator_value", "indicator_input", "cube_part")


def counts(url: str) -> dict[str, int]:
    catalog = open_catalog(url)
    try:
        return {table: rows(catalog, f"SELECT count(*) FROM {table}")[0][0] for table in TABLES}
    finally:
        catalog.dispose()


def test_collects_all_that_is_there_and_names_what_is_not(real_run: Ran) -> None:
    assert real_run.summary.exit_code == 3
    assert problems(real_run.summary) == {"nasa_gwm_lake": [LACKING]}
    assert {o.subject for o in real_run.summary.collected if o.status == "ok"} == set(PRESENT)
    assert [path.name for path in real_run.summary.report if path.suffix == ".html"] == ["bulletin.html"]


def test_the_catalog_holds_the_records(real_run: Ran) -> None:
    found = real_run.rows(
        "SELECT dataset_id, variable_id, location_id, count(*), min(time), max(time) FROM v_observation"
        " GROUP BY dataset_id, variable_id, location_id, datum"
    )
    spans = {
        (dataset, place): (number, f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}")
        for dataset, variable, place, number, first, last in found
        if not variable.endswith("deseasonalised")
    }
    number, first, last = spans["dahiti_water_level", "caspian_sea"]
    assert (number, first[:4], last[:4]) == (1112, "1992", "2023")
    assert spans["noaa_ersst_v5", "caspian_sea"][1:] == ("2010-01-01", "2020-08-01")
    assert spans["noaa_ersst_v5", "caspian_sea"][0] == 128
    assert spans["noaa_oisst_v2_1", "caspian_sea"] == (2, "1981-09-01", "2021-10-25")
    assert spans["nasa_gistemp", "globe"][1:] == ("1880-01-01", "2025-07-01")
    assert spans["noaa_gml_co2", "mauna_loa"][1:] == ("1958-03-01", "2026-01-01")
    assert {place for dataset, place in spans if dataset == "noaa_ersst_v5"} == {
        "caspian_sea", "north_caspian", "middle_caspian", "south_caspian",
    }  # fmt: skip
    levels = real_run.rows("SELECT DISTINCT datum, status FROM v_observation WHERE dataset_id = 'reported_levels'")
    assert levels == [("BS77", "reported")]


def test_the_days_between_are_one_range_and_not_a_problem(real_run: Ran) -> None:
    (daily,) = [outcome for outcome in real_run.summary.collected if outcome.subject == "noaa_oisst_v2_1"]
    (gap,) = [note for note in daily.notes if note.startswith("no granule")]
    missing = (datetime(2021, 10, 25) - datetime(1981, 9, 1)).days - 1
    assert "from 1981-09-02 to 2021-10-24" in gap
    assert str(missing) in gap
    assert daily.status == "ok"


def test_every_value_carries_what_it_needs(real_run: Ran) -> None:
    lacking = real_run.rows(
        "SELECT indicator_id, location_id, period_start FROM v_indicator WHERE unit = '' OR licence = ''"
        " OR n_valid = 0 OR n_valid > n_expected OR status IS NULL OR qc_flag IS NULL OR std_uncertainty IS NULL"
        " OR ci_low IS NULL OR ci_high IS NULL OR ci_level IS NULL OR run_id IS NULL"
        " OR (unit = 'm' AND datum IS NULL)"
    )
    assert lacking == []
    years = real_run.rows("SELECT DISTINCT indicator_id, period_start FROM v_indicator WHERE period_end > :now",
                          now=datetime.now(UTC))  # fmt: skip
    assert years == []


@pytest.mark.slow
def test_one_join_reaches_the_bytes_of_the_mirror(real_run: Ran) -> None:
    found = real_run.rows(
        "SELECT DISTINCT i.indicator_id, i.location_id, i.period_start, l.url, l.granule_sha256, l.retrieved_at"
        " FROM v_indicator i LEFT JOIN v_lineage l ON l.indicator_id = i.indicator_id"
        " AND l.location_id = i.location_id AND l.period_start = i.period_start AND l.period_end = i.period_end"
    )
    files = {f"https://{address}": real_run.mirror / address for address in (CO2, ERSST, GISTEMP)}
    files["https://" + DAHITI.replace("%3F", "?")] = real_run.mirror / DAHITI
    fingerprints = {url: hashlib.sha256(path.read_bytes()).hexdigest() for url, path in files.items()}
    assert len(found) > 200
    for *_, url, sha256, retrieved_at in found:
        assert retrieved_at is not None
        if not url.startswith("seed:"):
            assert fingerprints[url] == sha256
        assert Archive(real_run.home / "archive").verify(sha256).is_file()
    assert {url for *_, url, _, _ in found} >= set(fingerprints) - {f"https://{GISTEMP}"}


def test_any_sqlite_tool_reads_the_views(real_run: Ran) -> None:
    with sqlite3.connect(real_run.home / "caspian.db") as connection:
        connection.row_factory = sqlite3.Row
        read = connection.execute("select * from v_indicator").fetchall()
        views = connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall()
        for (name,) in views:
            connection.execute(f"SELECT * FROM {name} LIMIT 3").fetchall()
    connection.close()
    contract = [
        "indicator_id", "method_version", "location_id", "period_start", "period_end", "value", "unit",
        "std_uncertainty", "ci_low", "ci_high", "ci_level", "n_valid", "n_expected", "status", "confidence", "datum",
        "qc_flag", "licence", "known_from", "known_to", "run_id",
    ]  # fmt: skip
    assert list(read[0].keys())[: len(contract)] == contract
    wanted = {
        "sl_mean_1y_dahiti", "sl_rate_10y_dahiti", "sl_rate_30y_dahiti", "sl_change_5y_dahiti", "co2_mean_1y",
        "co2_growth_1y", "sst_mean_1y_ersst", "sl_above_min1977_reported",
    }  # fmt: skip
    assert wanted <= {row["indicator_id"] for row in read}


def test_the_refusal_of_a_datum_is_said(real_run: Ran) -> None:
    refused = real_run.rows("SELECT reason FROM v_refusal WHERE indicator_id = 'sl_above_min1977_dahiti'")
    assert refused
    assert all("Baltic" in reason for (reason,) in refused)
    assert real_run.rows("SELECT 1 FROM v_indicator WHERE indicator_id = 'sl_above_min1977_dahiti'") == []


def test_the_export_keeps_back_the_rows_that_may_not_go_out(real_run: Ran) -> None:
    by_name = {path.name: path.read_text(encoding="utf-8") for path in real_run.summary.report}
    rows_out = [line for line in by_name["observations.csv"].splitlines() if not line.startswith("#")]
    assert not any(line.startswith("dahiti_water_level,") for line in rows_out)
    assert any("dahiti_water_level" in line for line in by_name["observations.csv"].splitlines() if line[0] == "#")
    assert any("sl_mean_1y_dahiti" in line for line in by_name["bulletin.csv"].splitlines())


@pytest.mark.slow
def test_a_second_run_adds_nothing_and_prints_the_same(real_run: Ran, database_url: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    with opened(home, real_run.mirror, database_url) as platform:
        first = run(platform)
        before, page = counts(database_url), (home / "reports" / "bulletin.html").read_bytes()
        second = run(platform)
    assert (first.exit_code, first.changed) == (3, True)
    assert (second.exit_code, second.changed) == (3, False)
    assert counts(database_url) == before
    assert before["observation"] == 1112 + 8 + 512 + 1747 + 1630 + 4
    assert (home / "reports" / "bulletin.html").read_bytes() == page
    for path in real_run.summary.report:  # made at another time, in another home and maybe another kind of database
        assert (home / "reports" / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.slow
def test_over_http_a_second_run_transfers_no_body(real_mirror: Path, tmp_path: Path) -> None:
    with serving(real_mirror) as served, opened(tmp_path / "home", served.url) as platform:
        assert run(platform).exit_code == 3
        whole = served.body_bytes
        served.forget()
        second = run(platform)
    assert whole > 4_000_000
    assert (second.exit_code, second.changed) == (3, False)
    assert served.body_bytes == 0
    assert {status for path, status in served.requests if not path.endswith("/")} == {304, 404}


@pytest.mark.slow
def test_the_command_line_says_all_of_this(real_mirror: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    ran = caspian_env("run", "--mirror", real_mirror, "--home", home, cwd=tmp_path)
    assert ran.returncode == 3, ran.stderr
    assert [line for line in ran.stdout.splitlines() if line.startswith("!")] == [f"! nasa_gwm_lake: {LACKING}"]
    assert "from 1981-09-02 to 2021-10-24" in ran.stdout
    for line in ("report    home/reports/bulletin.html", "database  home/caspian.db", "next: "):
        assert line in ran.stdout
    again = caspian_env("run", "--mirror", real_mirror, "--home", home, cwd=tmp_path)
    assert again.returncode == 3
    assert "nothing new: no observation" in again.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "only",
    [["--only", "nasa_gistemp", "noaa_gml_co2", "reported_levels"],
     ["--only", "nasa_gistemp", "--only", "noaa_gml_co2", "--only=reported_levels"]],
)  # fmt: skip
def test_only_takes_names_one_after_another_or_repeated(only: list[str], real_mirror: Path, tmp_path: Path) -> None:
    ran = caspian_env("run", *only, "--json", "--mirror", real_mirror, "--home", tmp_path / "home", cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    answer = json.loads(ran.stdout)
    assert [o["subject"] for o in answer["collected"]] == ["nasa_gistemp", "noaa_gml_co2", "reported_levels"]
    assert all(o["status"] == "ok" and not o["problems"] for o in answer["collected"])


@pytest.mark.slow
def test_only_what_the_mirror_has_is_all_done(real_mirror: Path, database_url: str, tmp_path: Path) -> None:
    with opened(tmp_path / "home", real_mirror, database_url) as platform:
        summary = run(platform, only=PRESENT)
    assert (summary.exit_code, problems(summary)) == (0, {})


def test_a_window_chooses_days(real_mirror: Path, tmp_path: Path) -> None:
    with opened(tmp_path / "home", real_mirror) as platform:
        october = Window(datetime(2021, 10, 1, tzinfo=UTC), datetime(2021, 11, 1, tzinfo=UTC))
        summary = run(platform, only=["noaa_oisst_v2_1"], window=october)
        days = rows(platform.catalog, "SELECT DISTINCT time FROM v_observation")
        nothing = Window(datetime(2021, 10, 26, tzinfo=UTC), datetime(2021, 11, 1, tzinfo=UTC))
        empty = run(platform, only=["noaa_oisst_v2_1"], window=nothing)
    assert summary.exit_code == 0
    assert days == [(datetime(2021, 10, 25, tzinfo=UTC),)]
    assert empty.exit_code != 0
    assert problems(empty)["noaa_oisst_v2_1"] == ["nothing is published for 2021-10-26/2021-11-01"]
    assert (real_mirror / OISST / "198109").is_dir()
