"""Reports that are frozen: what blocks it, what is stored, what has moved since, and the same bytes again on another day."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from caspian_env.catalog.engine import open_catalog
from caspian_env.catalog.query import ask
from caspian_env.catalog.report_editions import files_of as stored_files
from caspian_env.catalog.report_editions import read_editions
from caspian_env.errors import CatalogError, SettingsError, Unpublishable
from caspian_env.seeds import load_alert_rules
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.build_reports import build_reports
from caspian_env.workflows.check_report import check, check_all
from caspian_env.workflows.conditions import judge
from caspian_env.workflows.edition_store import editions_folder
from caspian_env.workflows.freeze import correct, freeze
from caspian_env.workflows.rebuild import diff, rebuild
from caspian_env.workflows.report_files import FORMATS
from caspian_env.workflows.run import run
from tests.workflows.conftest import compose, rows
from tests.workflows.synthetic_co2 import DATASET, co2_table, publish

ALL = ("refused", "flagged", "no_uncertainty", "unproven", "missing_bytes")


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    """A home with one dataset, on both databases; its mirror stands beside it."""
    publish(tmp_path / "mirror", co2_table(60))
    settings = Settings(
        home=tmp_path / "home", database_url=database_url, mirror=str(tmp_path / "mirror"), datasets=(DATASET,)
    )
    with open_platform(settings) as opened:
        run(opened)
        yield opened


def revise(platform: Platform, moved: dict[int, float]) -> None:
    publish(Path(str(platform.settings.mirror)), co2_table(60, moved))
    run(platform)


def froze(platform: Platform, **options: object) -> str:
    found = freeze(platform, "bulletin", allow=ALL, languages=("en",), **options)
    return found.edition.id


def test_what_must_not_be_published_blocks_until_it_is_allowed_by_name(platform: Platform) -> None:
    with pytest.raises(Unpublishable, match=r"bulletin: must not be frozen: .* --allow ") as error:
        freeze(platform, "bulletin", languages=("en",))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 250, "what stands in the way is listed below it"
    assert all(re.match(r"  [a-z_]+  \S", line) for line in error.value.__notes__)
    assert any("@" in line for line in error.value.__notes__)
    with platform.catalog.read() as connection:
        assert read_editions(connection) == []
    with pytest.raises(SettingsError, match="'mood' is no reason"):
        freeze(platform, "bulletin", allow=("mood",))
    froze(platform)
    with platform.catalog.read() as connection:
        (edition,) = read_editions(connection)
    assert {one["reason"] for one in json.loads(edition.allowed)} <= set(ALL)
    assert json.loads(edition.allowed)


def test_an_edition_holds_until_a_number_moves(platform: Platform) -> None:
    name = froze(platform)
    found = check(platform, name)
    assert found.holds
    assert found.n_printed > 0
    revise(platform, {50: 3.0})
    found = check(platform, name)
    assert not found.holds
    known = {row[0]: row[1:] for row in rows(
        platform.catalog, "SELECT printed_id, value, value_now, decimals FROM v_report_value WHERE value IS NOT NULL"
    )}  # fmt: skip
    expected = {
        key for key, (was, now, places) in known.items() if now is None or round(was, places) != round(now, places)
    }
    assert {one.value_id for one in found.moved if {"rounding", "vanished", "refused"} & set(one.kinds)} == expected
    assert expected
    outcome, (one,) = check_all(platform)
    assert (outcome.status, one.moved) == ("partial", found.moved)


def test_an_edition_is_printed_again_byte_for_byte_on_another_day(platform: Platform, tmp_path: Path) -> None:
    name = froze(platform, formats=FORMATS)
    revise(platform, {50: 3.0})
    another_day = replace(platform, clock=lambda: datetime(2031, 5, 6, tzinfo=UTC))
    made = rebuild(another_day, name, out=tmp_path / "again")
    assert (made.different, made.causes) == ((), ())
    folder = editions_folder(platform.settings.home) / name
    assert made.same == tuple(sorted(path.name for path in folder.iterdir()))
    assert {"bulletin.pdf", "bulletin.nc", "bulletin.parquet", "bulletin-citations.bib"} <= set(made.same)
    for path in folder.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
        assert path.stat().st_mode & 0o222 == 0


def test_a_correction_is_numbered_and_says_what_it_corrects(platform: Platform) -> None:
    first = froze(platform)
    revise(platform, {50: 3.0})
    second = correct(platform, first, reason="a month was revised", allow=ALL)
    assert (second.edition.corrects, second.edition.erratum) == (first, 1)
    page = next(name for name in second.files if name.endswith(".html"))
    assert f"Erratum 1 to {first}: a month was revised" in (second.folder / page).read_text(encoding="utf-8")
    assert second.edition.citation.count("Erratum 1 to ") == 1
    assert check(platform, first).corrected_by == second.edition.id
    compared = diff(platform, first, second.edition.id)
    assert [one.value_id for one in compared.moved] == [one.value_id for one in check(platform, first).moved]
    outcome, _ = check_all(platform)
    assert outcome.status == "ok", "what was corrected is a note"
    assert rebuild(platform, second.edition.id).is_same
    with pytest.raises(CatalogError, match="is no edition"):
        correct(platform, "bulletin-9", reason="x")


def test_a_later_erratum_takes_the_place_of_the_one_before(platform: Platform) -> None:
    first = froze(platform)
    with pytest.raises(
        SettingsError, match=rf"{first}: all \d+ printed numbers hold, there is nothing to correct \(.* freeze"
    ):
        correct(platform, first, reason="a month was revised", allow=ALL)
    revise(platform, {40: 2.0})
    early = correct(platform, first, reason="a month was revised", allow=ALL).edition.id
    revise(platform, {50: 3.0})
    assert not check(platform, early).holds
    later = correct(platform, first, reason="another month was revised", allow=ALL).edition.id
    assert {check(platform, name).corrected_by for name in (first, early)} == {later}
    assert check_all(platform)[0].status == "ok"


def test_an_edition_is_cited_in_the_language_of_its_page(platform: Platform) -> None:
    found = freeze(platform, "bulletin", allow=ALL, languages=("en", "ru"))
    revise(platform, {50: 3.0})
    corrected = correct(platform, found.edition.id, reason="a month was revised", allow=ALL)
    english = (corrected.folder / "bulletin.html").read_text(encoding="utf-8")
    russian = (corrected.folder / "bulletin.ru.html").read_text(encoding="utf-8")
    assert corrected.edition.citation in english
    assert corrected.edition.citation not in russian
    assert "издание bulletin-2, по состоянию на " in russian
    assert "Исправление 1 к bulletin-1: a month was revised" in russian
    assert rebuild(platform, corrected.edition.id).is_same


def test_a_moved_edition_is_an_alert_until_it_is_corrected(platform: Platform) -> None:
    rule = load_alert_rules()["edition_moved"]
    name = froze(platform)
    assert judge(platform, rule) == []
    revise(platform, {50: 3.0})
    (told,) = judge(platform, rule)
    assert (told.subject, told.severity) == (name, "warning")
    assert told.message.endswith(f"; caspian-env report check {name}")
    correct(platform, name, reason="a month was revised", allow=ALL)
    assert judge(platform, rule) == []


def test_each_language_is_told_before_it_is_drawn(platform: Platform, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    spoken = ("en", "kk")
    freeze(platform, "bulletin", allow=ALL, languages=spoken, progress=lambda *step: told.append(step))
    assert told == [("bulletin-1, en", 0, 2), ("bulletin-1, kk", 1, 2)]
    told.clear()
    build_reports(
        platform, tmp_path / "out", ["ports", "quality"], languages=spoken, progress=lambda *step: told.append(step)
    )
    assert told == [("ports, en", 0, 4), ("ports, kk", 1, 4), ("quality, en", 2, 4), ("quality, kk", 3, 4)]


def test_a_file_that_was_changed_is_told(platform: Platform) -> None:
    name = froze(platform)
    folder = editions_folder(platform.settings.home) / name
    path = next(folder.glob("*.html"))
    path.chmod(0o644)
    path.write_bytes(b"<html>")
    found = check(platform, name)
    assert not found.holds
    assert found.damaged == (f"{name}/{path.name} is not what was frozen",)


KILLED = """
import os, signal, sys
from pathlib import Path
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows import freeze as module

home, url, point = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
original = getattr(module, point)

def die(*args, **kwargs):
    if point != "write_edition":
        original(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

setattr(module, point, die)
with open_platform(Settings(home=home, database_url=url)) as platform:
    module.freeze(platform, "bulletin", languages=("en",), allow=sys.argv[4].split(","))
"""


@pytest.mark.slow
@pytest.mark.parametrize("point", ["receive", "write_edition", "name_it"])
def test_a_freeze_that_is_killed_leaves_nothing_half(platform: Platform, point: str) -> None:
    url = platform.catalog.engine.url.render_as_string(hide_password=False)
    words = [sys.executable, "-c", KILLED, str(platform.settings.home), url, point, ",".join(ALL)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    ended = subprocess.run(words, capture_output=True, text=True, env=environment, timeout=300)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    with platform.catalog.read() as connection:
        assert read_editions(connection) == []
        assert stored_files(connection, "bulletin-1") == []
    name = froze(platform)
    assert name == "bulletin-1"
    assert check(platform, name).holds
    assert list((editions_folder(platform.settings.home) / "incoming").iterdir()) == []


@pytest.mark.slow
def test_two_years_later_exactly_the_moved_numbers_are_listed(
    shared: Callable[..., Path], database_url: str, tmp_path: Path
) -> None:
    """Freeze on the mirror of November 2024, collect that of August 2026, and let pandas say what must have moved."""
    datasets = ("dahiti_water_level", "nasa_gistemp", "noaa_gml_co2", "noaa_ersst_v5", "reported_levels")
    old = compose(shared, "2024-11", tmp_path / "old")
    new = compose(shared, "2026-08", tmp_path / "new")
    settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(old), datasets=datasets)
    with open_platform(settings) as platform:
        run(platform)
        name = froze(platform, formats=FORMATS)
        page = {path.name: path.read_bytes() for path in (editions_folder(settings.home) / name).iterdir()}
    with open_platform(replace(settings, mirror=str(new))) as platform:
        run(platform)
        found = check(platform, name)
        made = rebuild(replace(platform, clock=lambda: datetime(2033, 1, 2, tzinfo=UTC)), name, out=tmp_path / "again")
    assert made.is_same, made.causes
    assert page == {path.name: path.read_bytes() for path in (tmp_path / "again").iterdir()}

    catalog = open_catalog(database_url)
    columns = "indicator_id, location_id, period_start, period_end, value, ci_low, ci_high, std_uncertainty"
    question = f"SELECT {columns}, decimals, printed_id FROM v_report_value WHERE value IS NOT NULL"
    printed = pd.DataFrame(
        ask(catalog, question, {}, limit=None).rows, columns=[*columns.split(", "), "decimals", "printed_id"]
    )
    known = pd.DataFrame(
        ask(catalog, f"SELECT {columns} FROM v_indicator", {}, limit=None).rows, columns=columns.split(", ")
    )
    catalog.dispose()
    key = ["indicator_id", "location_id", "period_start", "period_end"]
    both = printed.merge(known, on=key, how="left", suffixes=("", "_now"))

    def differs(column: str) -> pd.Series:
        def text(values: pd.Series) -> pd.Series:
            pairs = zip(values.astype(float), both.decimals, strict=True)
            return pd.Series([f"{round(v, d) + 0.0:.{d}f}" if v == v else "" for v, d in pairs])

        return text(both[column]) != text(both[f"{column}_now"])

    interval = both.ci_low.notna()
    outside = interval & ((both.value_now < both.ci_low) | (both.value_now > both.ci_high))
    outside |= ~interval & ((both.value_now - both.value).abs() > 1.6448536269514722 * both.std_uncertainty)
    anything = outside | differs("value") | differs("ci_low") | differs("ci_high") | differs("std_uncertainty")
    assert {one.value_id for one in found.moved} == set(both.printed_id[anything])
    assert {m.value_id for m in found.moved if "uncertainty" in m.kinds} == set(both.printed_id[outside])
    assert found.moved
    assert len(found.moved) < found.n_printed
