"""The archive of real provider files, imported in its true order, against a plain comparison of the files themselves."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.catalog.observations import find_series, read_series
from caspian_env.model import Window
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.explain import explain
from caspian_env.workflows.revisions import revisions
from caspian_env.workflows.run import collect
from caspian_env.workflows.verify import verify

# Each mirror is taken to have become known on the first of the month after.
KNOWN = {
    "2022-08": datetime(2022, 9, 1, tzinfo=UTC), "2024-11": datetime(2024, 12, 1, tzinfo=UTC),
    "2025-08": datetime(2025, 9, 1, tzinfo=UTC), "2026-08": datetime(2026, 9, 1, tzinfo=UTC),
}  # fmt: skip
CO2 = "gml.noaa.gov/webdata/ccgg/trends/co2/co2_mm_mlo.csv"
GISTEMP = "data.giss.nasa.gov/gistemp/tabledata_v4/GLB.Ts+dSST.csv"
AVERAGE = "mole_fraction_of_carbon_dioxide_in_air"
COLUMNS = {AVERAGE: "average", f"{AVERAGE}_deseasonalised": "deseasonalized"}
DATASETS = ("nasa_gistemp", "noaa_gml_co2", "dahiti_water_level", "noaa_ersst_v5", "reported_levels")
NEVER_MOVED = (
    "sl_mean_1y_dahiti", "sl_rate_10y_dahiti", "sl_change_5y_dahiti", "sl_mean_1y_reported", "sst_mean_1y_ersst",
    "sst_anomaly_1y_ersst",
)  # fmt: skip
Table = dict[datetime, float]


@pytest.fixture(scope="module")
def mirrors(shared: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    script, folder = shared("archive", "compose.py"), tmp_path_factory.mktemp("mirrors")
    for month in KNOWN:
        subprocess.run([sys.executable, str(script), month, str(folder / month)], check=True, capture_output=True)
    return {month: folder / month for month in KNOWN}


@contextmanager
def imported(url: str, home: Path, mirrors: dict[str, Path]) -> Iterator[Platform]:
    with open_platform(Settings(home=home, database_url=url)) as platform:
        for month, known_at in KNOWN.items():
            at_month = replace(platform, settings=replace(platform.settings, mirror=str(mirrors[month])))
            with open_platform(at_month.settings) as mirrored:
                collect(mirrored, only=DATASETS, known_at=known_at)
                assert not compute(mirrored, known_at=known_at).problems
        yield platform


def month_start(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=UTC)


def gistemp_table(mirror: Path) -> Table:
    """Months of the provider's table, read with nothing but pandas."""
    rows = pd.read_csv(mirror / GISTEMP, skiprows=1, na_values="***").set_index("Year").iloc[:, :12]
    return {
        month_start(int(year), number): float(value)
        for year, row in rows.iterrows() for number, value in enumerate(row, 1) if value == value
    }  # fmt: skip


def co2_rows(mirror: Path) -> pd.DataFrame:
    rows = pd.read_csv(mirror / CO2, comment="#")
    rows.index = pd.Index([month_start(y, m) for y, m in zip(rows["year"], rows["month"], strict=True)], dtype=object)
    return rows


def co2_table(mirror: Path, variable: str) -> Table:
    column = co2_rows(mirror)[COLUMNS[variable]]
    return {month: float(value) for month, value in column.items() if value > 0}


def tables(mirrors: dict[str, Path], dataset: str, variable: str) -> list[tuple[datetime, Table]]:
    read = gistemp_table if dataset == "nasa_gistemp" else lambda mirror: co2_table(mirror, variable)
    return [(known_at, read(mirrors[month])) for month, known_at in KNOWN.items()]


def differences(editions: list[tuple[datetime, Table]]) -> set[tuple[datetime, datetime, float, float | None]]:
    """What one file says otherwise than the one before: known at, month, old, new."""
    return {
        (known_at, month, value, new.get(month))
        for (_, old), (known_at, new) in pairwise(editions)
        for month, value in old.items() if new.get(month) != value
    }  # fmt: skip


def granules_of_a_year(mirrors: dict[str, Path], year: int, as_of: datetime) -> set[str]:
    """The files that first stated what is known of each month of a year, found by comparing rows as text."""
    found = {}
    for month in (month for month, known_at in KNOWN.items() if known_at <= as_of):
        path = mirrors[month] / CO2
        rows = co2_rows(mirrors[month])
        last = rows.index[-12:]
        for moment, row in rows[rows["year"] == year].iterrows():
            measured = row["sdev"] >= 0
            status = "preliminary" if moment in last else "final" if measured or year < 1974 else "estimated"
            stated = (row["average"], row["unc"] if measured else None, status)
            if moment not in found or found[moment][0] != stated:
                found[moment] = (stated, hashlib.sha256(path.read_bytes()).hexdigest())
    return {sha256 for _, sha256 in found.values()}


@pytest.mark.slow
def test_every_edition_is_remembered_and_every_number_finds_its_file(
    mirrors: dict[str, Path], database_url: str, tmp_path: Path
) -> None:
    with imported(database_url, tmp_path, mirrors) as platform:
        check_revisions(platform, mirrors)
        check_each_date(platform, mirrors)
        check_editions_behind_indicators(platform, mirrors)
        check_vintages(platform, mirrors)


def check_revisions(platform: Platform, mirrors: dict[str, Path]) -> None:
    found = {one.dataset_id: one for one in revisions(platform).datasets}
    assert set(found) == {"nasa_gistemp", "noaa_gml_co2"}
    for dataset, moved in found.items():
        for series in moved.series:
            expected = differences(tables(mirrors, dataset, series.variable_id))
            assert {(m.known_at, m.time, m.old_value, m.new_value) for m in series.moved} == expected
            assert series.as_dict()["months"] == sorted({f"{month:%Y-%m}" for _, month, _, _ in expected})
    assert len(found["noaa_gml_co2"].series) == 2
    (later,) = revisions(platform, since=KNOWN["2026-08"]).datasets
    assert {m.known_at for series in later.series for m in series.moved} == {KNOWN["2026-08"]}


def check_each_date(platform: Platform, mirrors: dict[str, Path]) -> None:
    wanted = [("nasa_gistemp", "air_temperature_anomaly"), *(("noaa_gml_co2", variable) for variable in COLUMNS)]
    for dataset, variable in wanted:
        for known_at, table in tables(mirrors, dataset, variable):
            with platform.catalog.read() as connection:
                one = find_series(connection, dataset_id=dataset, variable_id=variable)[0]
                frame = read_series(connection, one.id, as_of=known_at + timedelta(days=40))
            assert dict(zip(frame.index.tz_localize("UTC").to_pydatetime(), frame["value"], strict=True)) == table


def check_editions_behind_indicators(platform: Platform, mirrors: dict[str, Path]) -> None:
    for year in (1960, 1984, 2019, 2021):
        period = Window(month_start(year, 1), month_start(year + 1, 1))
        for known_at in KNOWN.values():
            explained = explain(platform, "co2_mean_1y", period, as_of=known_at + timedelta(days=1))
            expected = granules_of_a_year(mirrors, year, known_at)
            assert {origin.sha256 for origin in explained.origins()} == expected, (year, known_at)
            assert verify(platform, explained).verified


def check_vintages(platform: Platform, mirrors: dict[str, Path]) -> None:
    with platform.catalog.read() as connection:
        for indicator_id in NEVER_MOVED:
            rows = read_indicator(connection, indicator_id, history=True)
            assert rows
            assert {(row.kind, row.known_to) for row in rows} == {("first", None)}, indicator_id
        means = read_indicator(connection, "co2_mean_1y", history=True)
    editions = [table for _, table in tables(mirrors, "noaa_gml_co2", AVERAGE)]
    for year in range(1959, 2021):
        months = [month_start(year, number) for number in range(1, 13)]
        stated = [[table[month] for month in months] for table in editions]
        values = [row.value for row in means if row.period_start.year == year]
        if all(one == stated[0] for one in stated):
            assert len(values) == 1, year
        for before, after in pairwise(stated):
            if round(sum(after) - sum(before), 2) != 0:
                assert sum(after) / 12 in [pytest.approx(value, abs=1e-9) for value in values]
