"""The doctor names what is wrong with its remedy, changes nothing, and is content after what mends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from pytest_httpserver import HTTPServer

from caspian_env.catalog.ledger import Task, claim, record_missed
from caspian_env.catalog.migrate import schema_change
from caspian_env.demo import DATASETS
from caspian_env.model import Dataset
from caspian_env.seeds import load_datasets
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows import examine_surroundings
from caspian_env.workflows.doctor import doctor
from caspian_env.workflows.finding import Finding, exit_code_of, gathered
from caspian_env.workflows.holder import holder_of
from caspian_env.workflows.ingest import ingest
from tests.workflows.synthetic_co2 import DATASET, co2_table, collect_edition, opened

DAY = timedelta(days=1)
START = datetime(1994, 1, 20, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def platform(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Platform]:
    """One dataset, collected and fresh; the others do not exist here."""
    with opened(database_url, tmp_path, clock=clock) as made:
        seeds = replace(made.seeds, datasets={DATASET: made.seeds.datasets[DATASET]})
        settings = replace(made.settings, contact="ana@example.org")
        alone = replace(made, seeds=seeds, settings=settings)
        collect_edition(made, co2_table(48))
        yield alone


def bad(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(f.severity, f.check, f.subject) for f in findings if f.severity in ("warning", "error")]


def said(findings: list[Finding], check: str) -> str:
    return "\n".join(
        f"{f.subject}: {f.message} → {f.remedy}" for f in findings if f.check == check and f.severity != "ok"
    )


@pytest.mark.parametrize("deep", [False, True])
def test_what_is_in_order_is_said_to_be(platform: Platform, deep: bool) -> None:
    findings = doctor(platform, deep=deep)
    assert bad(findings) == []
    assert exit_code_of(findings) == 0
    checks = {finding.check for finding in findings if finding.severity == "ok"}
    everything = {"schema", "integrity", "writing", "leases", "runs", "archive", "sources", "clock", "disk", "settings"}
    assert checks == everything


def test_every_bad_finding_has_its_remedy(platform: Platform, clock: Clock) -> None:
    for path in platform.archive.root.glob("??/*"):
        path.unlink()
    clock.now = START + 400 * DAY
    findings = doctor(platform)
    assert bad(findings) == [("error", "archive", DATASET), ("warning", "sources", DATASET)]
    assert all(finding.remedy for finding in findings if finding.severity != "ok")
    assert exit_code_of(findings) == 1


def test_a_home_without_a_database_is_an_error_and_stays_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with open_platform(
        Settings(home=home, database_url=f"sqlite:///{home / 'caspian.db'}", datasets=DATASETS)
    ) as platform:
        findings = doctor(platform)
    assert ("error", "schema", platform.catalog.name) in bad(findings)
    assert "caspian-env run" in said(findings, "schema")
    assert not home.exists()


def test_a_file_that_is_no_database_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "caspian.db").write_bytes(b"this is no database at all" * 100)
    with open_platform(
        Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'caspian.db'}", datasets=DATASETS)
    ) as platform:
        findings = doctor(platform)
    assert exit_code_of(findings) == 1
    assert {"disk", "settings"} <= {finding.check for finding in findings}


def test_a_damaged_page_is_found(tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'caspian.db'}", tmp_path) as platform:
        collect_edition(platform, co2_table(48))
        with platform.catalog.write() as connection:
            root = connection.scalar(sa.text("SELECT rootpage FROM sqlite_master WHERE name = 'ix_retrieval_url'"))
            size = connection.scalar(sa.text("PRAGMA page_size"))
        platform.catalog.dispose()
        with (tmp_path / "caspian.db").open("r+b") as file:
            file.seek((root - 1) * size + 8)
            file.write(b"\xff" * 200)
        findings = doctor(platform)
    assert ("error", "integrity") in {(f.severity, f.check) for f in findings}


def test_rows_without_their_parent_are_found(platform: Platform) -> None:
    if platform.catalog.file is None:
        pytest.skip("PostgreSQL does not let them be")
    with schema_change_without_checks(platform) as connection:
        connection.exec_driver_sql("UPDATE series SET location_id = 'nowhere' WHERE id = 1")
    assert "location" in said(doctor(platform), "integrity")


def test_what_guards_the_values_is_missed(platform: Platform) -> None:
    with platform.catalog.write() as connection:
        connection.exec_driver_sql("DROP VIEW v_refusal")
        on = "" if connection.dialect.name == "sqlite" else " ON observation"
        connection.exec_driver_sql(f"DROP TRIGGER observation_append_only{on}")
    findings = doctor(platform)
    assert bad(findings) == [("warning", "schema", "v_refusal"), ("error", "schema", "observation_append_only")]
    assert "caspian-env db mend" in said(findings, "schema")
    with schema_change(platform.catalog):
        pass
    assert bad(doctor(platform)) == []


@pytest.mark.parametrize("holder", ["elsewhere:1:a-1", "own"])
def test_a_dead_run_is_found_and_a_living_one_is_not(platform: Platform, clock: Clock, holder: str) -> None:
    task = Task("ingest:x", "ingest", "x", "0", "0")
    name = holder_of() if holder == "own" else holder
    with platform.catalog.write() as connection:
        claim(connection, task, holder=name, now=clock.now, lease_seconds=60, gone=lambda _: False)
    assert bad(doctor(platform)) == []
    clock.now += timedelta(minutes=5)
    assert bad(doctor(platform)) == [("warning", "leases", "ingest:x")]


def test_a_process_that_is_gone_is_found_before_its_lease_ends(platform: Platform, clock: Clock) -> None:
    gone = holder_of().rsplit("-", 1)[0] + "-1"  # this process id, once another process
    with platform.catalog.write() as connection:
        task = Task("ingest:x", "ingest", "x", "0", "0")
        claim(connection, task, holder=gone, now=clock.now, lease_seconds=60, gone=lambda _: False)
    assert bad(doctor(platform)) == [("warning", "leases", "ingest:x")]


def test_a_missed_run_is_found_until_a_later_one_makes_it_good(platform: Platform, clock: Clock) -> None:
    clock.now += timedelta(hours=2)
    task = Task(f"ingest:{DATASET}", "ingest", DATASET, "0", "0")
    with platform.catalog.write() as connection:
        record_missed(connection, task, [clock.now - timedelta(hours=1)], clock.now, "nobody was there")
    findings = doctor(platform)
    assert bad(findings) == [("warning", "runs", f"ingest:{DATASET}")]
    assert "nobody did what was due at 1994-01-20 01:00 UTC: nobody was there" in said(findings, "runs")
    ingest(platform, platform.seeds.datasets[DATASET])
    assert bad(doctor(platform)) == []


def test_a_failed_run_is_found_until_a_later_one_makes_it_good(platform: Platform, clock: Clock) -> None:
    table = next(Path(str(platform.settings.mirror)).rglob("*.csv"))
    text = table.read_text(encoding="utf-8")
    table.unlink()
    clock.now += DAY
    ingest(platform, platform.seeds.datasets[DATASET])
    assert ("warning", "runs", f"ingest:{DATASET}") in bad(doctor(platform))
    table.write_text(text, encoding="utf-8")
    clock.now += DAY
    ingest(platform, platform.seeds.datasets[DATASET])
    assert bad(doctor(platform)) == []


def test_a_source_that_never_gave_anything_is_told_from_one_that_was_never_asked(platform: Platform) -> None:
    everything = replace(platform, seeds=replace(platform.seeds, datasets=load()))
    ingest(everything, everything.seeds.datasets["nasa_gistemp"])  # the mirror has none
    sources = said(doctor(everything), "sources")
    assert "nasa_gistemp: never successful: it had nothing at its address" in sources
    assert "nasa_gwm_lake: never collected: it was never asked" in sources


def test_a_source_that_has_ended_is_in_order_and_is_told_with_date_and_successor(
    platform: Platform, clock: Clock
) -> None:
    clock.now += timedelta(days=9999)
    assert f"{DATASET}: stale" in said(doctor(platform), "sources")
    ended = replace(load()[DATASET], state="retired", state_since="1994-02", successor="noaa_gml_co2_global")
    findings = doctor(replace(platform, seeds=replace(platform.seeds, datasets={DATASET: ended})))
    assert [(f.severity, f.subject, f.message) for f in findings if f.check == "sources"] == [
        ("ok", DATASET, "retired since 1994-02, followed by noaa_gml_co2_global: nothing new is expected"),
        ("ok", "sources", "0 of 0 are fresh"),
    ]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "status"), [("noaa_oisst_v2_1", 503), ("ostia", 403)])
def test_a_source_whose_listing_failed_was_asked(
    platform: Platform, httpserver: HTTPServer, name: str, status: int
) -> None:
    httpserver.expect_request(re.compile("")).respond_with_data("", status=status)
    settings = replace(platform.settings, mirror=httpserver.url_for(""))
    with open_platform(settings, clock=platform.clock) as other:
        outcome = ingest(other, other.seeds.datasets[name])
        assert "nothing could be listed" in outcome.problems[0]
        assert f"{name}: never successful: it failed to answer on 1994-01-" in said(doctor(other), "sources")


def test_what_a_host_that_is_down_leaves_behind_is_one_line_a_cause_and_all_of_it_is_in_the_findings(
    platform: Platform, httpserver: HTTPServer
) -> None:
    httpserver.expect_request(re.compile("")).respond_with_data("", status=503)
    down, other = ("noaa_gml_co2_global", "noaa_gml_co2_global_annual"), "nasa_gistemp"
    settings = replace(platform.settings, mirror=httpserver.url_for(""), datasets=(*down, other))
    with open_platform(settings, clock=platform.clock) as asking:
        for name in (*down, other):
            ingest(asking, asking.seeds.datasets[name])
        findings = [f for f in doctor(asking) if f.severity == "warning" and f.check in ("runs", "sources")]
    assert sorted(f.subject for f in findings) == sorted([*down, other, *(f"ingest:{name}" for name in (*down, other))])
    together = {f.subject: f for f in gathered(findings)}
    runs, sources = together[", ".join(f"ingest:{name}" for name in down)], together[", ".join(down)]
    assert runs.message.startswith("the last run failed: gml.noaa.gov: the mirror localhost")
    assert runs.remedy == "caspian-env run makes up for it"
    assert sources.message.startswith("never successful: it failed to answer on 1994-01-")
    assert sources.message.endswith("(gml.noaa.gov)")
    assert sources.remedy == "caspian-env run"
    assert together[other].message in [f.message for f in findings], "what stands alone is told as it is"
    assert set(together) == {runs.subject, sources.subject, other, f"ingest:{other}"}


def test_a_source_that_lists_nothing_was_asked(platform: Platform, httpserver: HTTPServer) -> None:
    httpserver.expect_request(re.compile("")).respond_with_data("<html></html>", content_type="text/html")
    settings = replace(platform.settings, mirror=httpserver.url_for(""))
    with open_platform(settings, clock=platform.clock) as other:
        ingest(other, other.seeds.datasets["noaa_oisst_v2_1"])
        assert "noaa_oisst_v2_1: never successful: it " in said(doctor(other), "sources")


def test_a_clock_behind_the_catalog_is_found(platform: Platform, clock: Clock) -> None:
    clock.now = START - DAY
    assert ("error", "clock", "clock") in bad(doctor(platform))
    clock.now = START - timedelta(minutes=1)
    assert bad(doctor(platform)) == []


def test_disk_space_is_forecast_from_growth(platform: Platform, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(path.stat().st_size for path in platform.archive.root.glob("??/*"))
    clock.now = START + 10 * DAY
    free(monkeypatch, 50_000_000_000)
    (line,) = [f.message for f in doctor(platform) if f.check == "disk"]
    assert "50.0 GB free; the archive grows by 0.0 MB a day, which is enough for 99999 days" in line
    monkeypatch.setattr(examine_surroundings, "NO_ROOM_BYTES", 0)
    free(monkeypatch, 8 * size)  # of 10 days
    assert "enough for 80 days" in said(doctor(platform), "disk")
    assert ("warning", "disk", str(platform.settings.home)) in bad(doctor(platform))


def test_keys_are_told_by_their_presence_alone(platform: Platform) -> None:
    keys = {"DAHITI_KEY": "s3cret", "DAHITY_KEY": "slip"}
    settings = replace(platform.settings, keys=keys, mirror=None, webhook_url="https://example.org/T0K3N")
    everything = replace(platform, settings=settings, seeds=replace(platform.seeds, datasets=load()))
    found = [f"{f.subject}: {f.message}" for f in doctor(everything) if f.check == "settings"]
    assert "CASPIAN_ENV_DAHITI_KEY: is set, for dahiti_water_level" in found
    assert "CASPIAN_ENV_DAHITY_KEY: is set, but no dataset asks for it" in found
    assert "alerts: are told by webhook and caspian-env alerts" in found
    everywhere = "".join(str(f.as_dict()) for f in doctor(everything))
    assert not any(secret in everywhere for secret in ("s3cret", "slip'", "T0K3N"))
    without = replace(everything, settings=replace(settings, keys={}))
    assert "register free of charge" in said(doctor(without), "settings")


def test_a_key_is_told_once_with_all_that_is_collected_here_by_it(platform: Platform) -> None:
    def keys(**changes: object) -> list[Finding]:
        settings = replace(platform.settings, **{"keys": {}, "mirror": None, "datasets": (), **changes})
        asked = replace(platform, settings=settings, seeds=replace(platform.seeds, datasets=load()))
        return [f for f in examine_surroundings.check_settings(asked) if f.subject.endswith("_KEY")]

    (one,) = [f for f in keys() if f.subject == "CASPIAN_ENV_CDS_KEY"]
    assert one.message == "is not set, so cds_era5, cds_era5_land are not collected"
    assert [f.subject for f in keys(datasets=("dahiti_water_level", DATASET))] == ["CASPIAN_ENV_DAHITI_KEY"]
    assert keys(datasets=(DATASET,), keys={"CDS_KEY": "s3cret"}) == [], "it is no slip that others have a use for it"
    assert keys(mirror="https://mirror.example.org/") == []


def test_a_mirror_that_is_down_is_one_line(platform: Platform) -> None:
    settings = replace(platform.settings, mirror="http://ana:s3cret@127.0.0.1:1/mirror", datasets=DATASETS)
    with open_platform(settings, clock=platform.clock) as other:
        (line,) = examine_surroundings.check_hosts(other)
    assert (line.severity, line.subject) == ("warning", "http://127.0.0.1:1")
    assert "(for " in line.message and DATASET in line.message and "nasa_gistemp" in line.message
    assert "s3cret" not in str(line)


def test_hosts_are_asked_only_when_wanted(platform: Platform, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("no page here", status=404)
    base = httpserver.url_for("/")
    hosts = {name: replace(d, hosts=(base, "http://127.0.0.1:1/")) for name, d in platform.seeds.datasets.items()}
    seen = replace(platform, seeds=replace(platform.seeds, datasets=hosts))
    with open_platform(replace(platform.settings, mirror=None)) as direct:
        asking = replace(seen, transport=direct.transport, settings=direct.settings)
        doctor(asking)
        assert httpserver.log == []
        findings = [f for f in doctor(asking, network=True) if f.check == "hosts"]
    assert [(f.severity, f.subject) for f in findings] == [("ok", base), ("warning", "http://127.0.0.1:1/")]
    assert DATASET in findings[1].message


def test_a_check_that_breaks_is_a_finding_and_the_others_go_on(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_platform: Platform) -> Iterator[Finding]:
        raise RuntimeError("the unforeseen")

    monkeypatch.setattr(examine_surroundings, "check_clock", broken)
    findings = doctor(platform)
    assert "RuntimeError: the unforeseen" in said(findings, "clock")
    assert findings[-1].check == "settings"


def load() -> dict[str, Dataset]:
    return load_datasets()


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    usage = type("Usage", (), {"free": size, "total": 4 * size, "used": 3 * size})
    monkeypatch.setattr(examine_surroundings.shutil, "disk_usage", lambda _folder: usage)


def schema_change_without_checks(platform: Platform) -> Callable[..., object]:
    from contextlib import contextmanager

    @contextmanager
    def changed() -> Iterator[sa.Connection]:
        with platform.catalog.engine.connect() as connection:
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                yield connection
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=ON")

    return changed()
