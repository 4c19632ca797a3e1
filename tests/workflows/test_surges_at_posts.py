"""Hourly levels that an institute hands in: surges at its posts when files are there, and plain words where none are.

All levels are synthetic; what must come out of them is counted by pandas, and the return level by scipy.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import genextreme

from caspian_env.catalog.alerts import all_alerts
from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.alerts import check_alerts
from caspian_env.workflows.report import fill_report
from caspian_env.workflows.run import collect, run
from tests.command_line import caspian_env

ID = "gauge_levels_hourly"
AWAITS = "awaits files: put them into the local folder as gauge_levels/*.csv (docs/local-data.md)"
NAMES = ("surge_days", "set_down_days", "surge_longest", "surge_max", "set_down_max", "surge_return_10y")


def levels(start: str, end: str, step: str, mean: float) -> pd.Series:
    """Weather with a memory of half a day on a falling sea with a season, to the centimetre (synthetic)."""
    time = pd.date_range(start, end, freq=step, inclusive="left")
    hours = (time[1] - time[0]) / pd.Timedelta("1h")
    random, memory = np.random.default_rng(7), float(np.exp(-hours / 12))
    wind = np.zeros(time.size)
    for at, gust in enumerate(random.gumbel(0.0, 0.11, time.size)[1:], 1):
        wind[at] = memory * wind[at - 1] + (1 - memory**2) ** 0.5 * gust
    season = 0.15 * np.sin(2 * np.pi * time.day_of_year / 365.25)
    fall = -0.08 * (time - time[0]) / pd.Timedelta("365D")
    return pd.Series((mean + fall + season + wind).round(2), index=time)


def counted(level: pd.Series) -> pd.DataFrame:
    """The five numbers of each year by pandas."""
    above = (level - level.groupby(level.index.to_period("M")).transform("mean")).round(6)
    step = (level.index[1] - level.index[0]) / pd.Timedelta("1h")

    def of(year: pd.Series) -> pd.Series:
        surge = year >= 0.3
        spells = surge.groupby((surge != surge.shift()).cumsum()).sum()
        days = [len(set(year[found].index.date)) for found in (surge, year <= -0.3)]
        return pd.Series([*days, spells.max() * step, year.max(), -year.min()], index=NAMES[:5], dtype=float)

    return pd.DataFrame({number: of(year) for number, year in above.groupby(above.index.year)}).T


def handed_in(local: Path) -> tuple[pd.Series, pd.Series]:
    """Two files of Aktau, twelve years of six hours; one of Anzali, a year and two months of hours. What they hold."""
    (local / "gauge_levels").mkdir(parents=True)
    aktau, anzali = levels("2010", "2022", "6h", -28.2), levels("2021", "2022-03", "1h", -27.1)
    for first, last in ((2010, 2015), (2016, 2021)):
        part = aktau.loc[f"{first}" : f"{last}"]
        rows = pd.DataFrame({"time": part.index, "post": "caspcom_aktau", "level_bs77": part})
        rows.to_csv(local / "gauge_levels" / f"aktau-{first}.csv", index=False)
    rows = pd.DataFrame({"time": anzali.index, "post": "caspcom_anzali", "level_iran": anzali})
    rows.to_csv(local / "gauge_levels" / "anzali.csv", index=False)
    return aktau, anzali


def test_files_of_an_institute_become_surges_at_its_posts(database_url: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    aktau, anzali = handed_in(home / "local")
    with open_platform(Settings(home=home, database_url=database_url, datasets=(ID,))) as platform:
        summary = run(platform)
        (outcome,) = (one for one in summary.collected if one.subject == ID)
        assert (outcome.problems, outcome.skipped, outcome.new_granules) == ([], "", 3)
        assert outcome.written == aktau.size + anzali.size
        with platform.catalog.read() as connection:
            found = {
                (name, place): read_indicator(connection, f"{name}_{suffix}", location_id=place)
                for name in NAMES
                for place, suffix in (("caspcom_aktau", "bs77"), ("caspcom_anzali", "iran"))
            }
            report = fill_report(connection, platform, "ports")
    expected = counted(aktau)
    assert expected["surge_days"].min() > 0 and expected["set_down_days"].max() > 0
    for name in NAMES[:5]:
        rows = found[name, "caspcom_aktau"]
        assert [row.period_start.year for row in rows] == list(range(2010, 2022))
        assert [row.value for row in rows] == pytest.approx(expected[name].tolist(), abs=1e-6), name
        assert all(row.ci_low <= row.value <= row.ci_high and row.datum_id == "BS77" for row in rows)
        whole, begun = found[name, "caspcom_anzali"]
        assert whole.value == pytest.approx(counted(anzali).loc[2021, name], abs=1e-6)
        assert (whole.datum_id, begun.value) == ("caspcom_iran", None)
        assert begun.reason == "59 of 365 days have enough values: a count allows no missing day"
    (ten,) = found["surge_return_10y", "caspcom_aktau"]
    law = genextreme(*genextreme.fit(expected["surge_max"]))
    assert ten.value == pytest.approx(law.isf(0.1), abs=0.003)
    assert ten.ci_low < ten.value < ten.ci_high
    (few,) = found["surge_return_10y", "caspcom_anzali"]
    assert (few.value, few.reason) == (None, "1 annual values are too few; give at least 10")
    (drawn,) = (figure for section in report.sections for figure in section.figures if figure.id == "surges")
    assert not drawn.missing
    assert {value.location_id for value in drawn.values} == {"caspcom_aktau", "caspcom_anzali"}


def test_a_home_without_such_files_says_so_and_nothing_is_wrong(database_url: str, tmp_path: Path) -> None:
    with open_platform(Settings(home=tmp_path / "home", database_url=database_url, datasets=(ID,))) as platform:
        summary = run(platform)
        (outcome,) = (one for one in summary.collected if one.subject == ID)
        assert (outcome.status, outcome.skipped) == ("skipped", AWAITS)
        assert summary.computed.problems == []
        check_alerts(platform)
        with platform.catalog.read() as connection:
            assert list(all_alerts(connection)) == []
            for language, word in (("en", AWAITS), ("ru", "gauge_levels/*.csv")):
                report = fill_report(connection, platform, "ports", language=language)
                (empty,) = (
                    figure for section in report.sections for figure in section.figures if figure.id == "surges"
                )
                assert word in empty.missing


def test_files_that_vanish_under_a_running_service_are_missed(tmp_path: Path) -> None:
    """It has the dataset in its timetable, as there were files when it began."""
    with open_platform(Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'caspian.db'}")) as platform:
        (outcome,) = collect(platform, only=[ID], scheduled_for=datetime(2026, 1, 1, tzinfo=UTC))
    assert outcome.status == "failed" and "is not there" in outcome.problems[0]


def test_every_command_says_what_is_awaited(tmp_path: Path) -> None:
    def say(*words: str) -> str:
        ran = caspian_env(*words, "--home", "home", cwd=tmp_path, DATASETS=ID)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return " ".join(ran.stdout.split())

    assert AWAITS in say("plan", "--json")
    assert f"{ID} skipped: {AWAITS}" in say("run")
    assert AWAITS in say("plan", "--json")
    assert re.search(rf"{ID} .* awaits files", say("datasets"))
    assert AWAITS in say("datasets", ID)
    assert AWAITS in say("freshness")
    assert AWAITS in say("doctor")
    assert json.loads(say("alerts", "--json")) == []
    say("report", "build", "ports", "--format", "html", "--out", "out")
    words = {"": "awaits files", ".ru": "ожидаются файлы", ".kk": "файлдар күтілуде", ".az": "fayllar gözlənilir"}
    for language, word in words.items():
        assert word in (tmp_path / "out" / f"ports{language}.html").read_text(encoding="utf-8").lower()
