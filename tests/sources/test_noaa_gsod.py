"""Global Surface Summary of the Day: yearly files of made-up days in the layout of the provider, and files that are none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from caspian_env.catalog.query import ask
from caspian_env.errors import BadGranule, NotPublished
from caspian_env.model import Window
from caspian_env.seeds import load_datasets
from caspian_env.sources import noaa_gsod as source
from caspian_env.workflows.freshness import freshness
from tests.sources.conftest import Collect
from tests.sources.pages import Pages

DATASET = load_datasets()["noaa_gsod"]
BASE, OTHER_HOST = DATASET.hosts
ANZALI, BAKU, UNKNOWN = "40718099999", "37864099999", "03005099999"
# As in rows of other stations that users quote: every field between quotes, numbers padded with blanks.
HEADER = (
    '"STATION","DATE","LATITUDE","LONGITUDE","ELEVATION","NAME","TEMP","TEMP_ATTRIBUTES","DEWP","DEWP_ATTRIBUTES","SLP",'
    '"SLP_ATTRIBUTES","STP","STP_ATTRIBUTES","VISIB","VISIB_ATTRIBUTES","WDSP","WDSP_ATTRIBUTES","MXSPD","GUST","MAX",'
    '"MAX_ATTRIBUTES","MIN","MIN_ATTRIBUTES","PRCP","PRCP_ATTRIBUTES","SNDP","FRSHTT"\n'
)
_ROW = (
    '"{station}","{day}","{lat}","{lon}","-26.0","MADE UP, XX","  48.3"," 8","  41.0"," 8","1019.6"," 8","999.9"," 0",'
    '" 6.2"," 8","{mean:6.1f}","{n:2d}","{highest:6.1f}","999.9","  55.4"," ","  39.2","*"," 0.00","I","999.9","000000"\n'
)
PLACES = {ANZALI: ("37.4666667", "49.4666667"), BAKU: ("40.4675", "50.046667"), UNKNOWN: ("60.1333333", "-1.1833333")}


def year(station: str, days: Sequence[tuple[str, float, float, int]]) -> str:
    """A file of (day, highest, mean, reports), speeds in knots."""
    lat, lon = PLACES[station]
    rows = (
        _ROW.format(station=station, day=day, lat=lat, lon=lon, highest=highest, mean=mean, n=n)
        for day, highest, mean, n in days
    )
    return HEADER + "".join(rows)


DAYS = [
    ("2023-12-29", 19.4, 8.1, 8),  # 10.0 m/s as the provider writes it
    ("2023-12-30", 29.2, 14.7, 8),  # 15.0 m/s
    ("2023-12-31", 999.9, 999.9, 0),
]
ONE = year(ANZALI, DAYS)
TWO = year(BAKU, [("2024-02-28", 38.9, 20.0, 24), ("2024-02-29", 5.8, 3.2, 3)])


def address(station: str, of: int, base: str = BASE) -> str:
    return f"{base}{of}/{station}.csv"


def read(tmp_path: Path, text: str):
    (tmp_path / "granule").write_text(text, encoding="utf-8")
    return source.read_granule(tmp_path / "granule", options=DATASET.options)


def listed(window: str, folders: dict[str, list[str]]) -> list[str]:
    http = Pages(BASE, folders)
    return [ref.path for ref in source.list_granules(Window.parse(window), http, options=DATASET.options)]  # type: ignore[arg-type]


def test_the_years_of_the_window_list_their_stations() -> None:
    folders = {
        "2022/": [f"{ANZALI}.csv", f"{UNKNOWN}.csv"],
        "2023/": [f"{UNKNOWN}.csv"],
        "2024/": ["../", f"{BAKU}.csv", f"{ANZALI}.csv", f"{ANZALI}.csv.md5"],
    }
    assert listed("2022-06-01/2025-01-01", folders) == [
        f"2022/{ANZALI}.csv", f"2024/{BAKU}.csv", f"2024/{ANZALI}.csv",
    ]  # fmt: skip
    assert listed("2024-06-01/2026-03-01", folders) == [f"2024/{BAKU}.csv", f"2024/{ANZALI}.csv"], "2025 has no folder"
    with pytest.raises(NotPublished):
        listed("2026-01-01/2027-01-01", folders)


def test_speeds_are_those_that_were_exchanged(tmp_path: Path) -> None:
    """Every tenth of m/s up to 40, as tenths of a knot: a threshold finds the days that just reach it."""
    tenths = [n / 10 for n in range(400)]
    days = pd.date_range("2020-01-01", "2020-12-31").append(pd.date_range("2020-01-01", periods=34))
    for part in (slice(0, 366), slice(366, 400)):
        made = [
            (f"{day:%F}", round(speed * 3600 / 1852, 1), 0.0, 8)
            for day, speed in zip(days[part], tenths[part], strict=True)
        ]
        assert read(tmp_path, year(ANZALI, made))["MXSPD"].values.ravel().tolist() == tenths[part]


def test_days_reach_the_catalog_with_their_reports_and_fills_do_not(collect: Collect) -> None:
    got = collect(DATASET.id, {address(ANZALI, 2023): ONE.encode(), address(BAKU, 2024): TWO.encode()})
    assert got.outcome.problems == []
    place = "ghcn_IRM00040718"
    assert got.values("wind_speed_maximum", place) == {"2023-12-29": 10.0, "2023-12-30": 15.0}
    assert got.values("wind_speed", place) == pytest.approx({"2023-12-29": 4.167, "2023-12-30": 7.5623}, abs=1e-4)
    assert got.values("wind_reports", place) == {"2023-12-29": 8, "2023-12-30": 8, "2023-12-31": 0}
    assert got.values("wind_speed_maximum", "wmo_37864") == {"2024-02-28": 20.0, "2024-02-29": 3.0}
    assert {(row.unit, row.status, row.qc_flag) for row in got.rows} == {("m s-1", "final", 1), ("1", "final", 1)}


def test_the_second_host_has_the_same_files(collect: Collect) -> None:
    got = collect(
        DATASET.id, {address(ANZALI, 2023, OTHER_HOST): ONE.encode()}, window=Window.parse("2023-01-01/2024-01-01")
    )
    assert (got.outcome.problems, got.outcome.new_granules) == ([], 1)


def test_nothing_new_is_expected_of_what_its_provider_ended(collect: Collect) -> None:
    got = collect(DATASET.id, {address(ANZALI, 2023): ONE.encode()}, window=Window.parse("2023-01-01/2024-01-01"))
    judged = {one.dataset_id: one for one in freshness(got.platform)}[DATASET.id]
    assert judged.sentence == "frozen since 2025-08-29: nothing new is expected"
    assert DATASET.id not in {dataset.id for dataset in got.platform.collected()}
    rows = ask(got.platform.catalog, "SELECT redistributable FROM dataset WHERE id = 'noaa_gsod'").rows
    assert not rows[0][0]


def test_impossible_speeds_are_flagged(collect: Collect) -> None:
    text = year(ANZALI, [("2023-01-01", 99.9, 10.0, 8), ("2023-01-02", 400.0, 10.0, 8), ("2023-01-03", -1.0, 10.0, 8)])
    got = collect(DATASET.id, {address(ANZALI, 2023): text.encode()})
    flags = {f"{row.time:%F}": row.qc_flag for row in got.rows if row.variable == "wind_speed_maximum"}
    assert flags == {"2023-01-01": 3, "2023-01-02": 4, "2023-01-03": 4}


def test_a_year_without_wind_is_no_error(collect: Collect) -> None:
    got = collect(DATASET.id, {address(ANZALI, 2023): year(ANZALI, [("2023-01-01", 999.9, 999.9, 0)]).encode()})
    assert got.outcome.problems == []
    assert [(row.variable, row.value) for row in got.rows] == [("wind_reports", 0)]


def test_a_position_that_is_not_told_is_no_error(tmp_path: Path) -> None:
    found = read(tmp_path, ONE.replace('"37.4666667","49.4666667"', '"",""'))
    assert found.sizes == {"time": 3, "location": 1}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("<html>down</html>\n", "an HTML page"),
        (ONE[:-4], "truncated"),
        (HEADER, "without a single row"),
        (ONE.replace('"GUST",', "", 1), "the header is"),
        (ONE.removeprefix(HEADER), "the header is"),
        (ONE.replace(',"000000"\n', "\n", 1), "another number of fields"),
        (ONE.replace('"000000"\n', '"000000\n', 1), "cannot be read|another number"),
        (ONE.replace('"2023-12-31"', '"2023-02-30"'), "a date cannot be read"),
        (ONE.replace('"2023-12-31"', '"2022-12-31"'), "several years"),
        (ONE.replace('"2023-12-31"', '"2023-12-30"'), "stands twice"),
        (ONE.replace('"  19.4"', '"  calm"'), "not a number"),
        (year(UNKNOWN, DAYS), "about 03005099999"),
        (ONE + TWO.removeprefix(HEADER), "about 37864099999, 40718099999"),
        (
            ONE.replace("49.4666667", "50.4666667", 1),
            "lies at 50.4666667 E, 37.4666667 N, and ghcn_IRM00040718 at 49.467 E",
        ),
    ],
)
def test_another_file_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        read(tmp_path, text)
