"""A grid that comes one day at a time: tested like a series, flagged once, whoever brings the days and in how many runs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from caspian_env.demo import oisst

from .quality_bench import Bench, bench_at

FIRST_DAY = date(2024, 1, 1)
REGIONS = 4


@pytest.fixture
def bench(database_url: str, tmp_path: Path) -> Iterator[Bench]:
    with bench_at(database_url, tmp_path / "home", tmp_path / "mirror") as opened:
        yield opened


def day_bytes(day: date, *, warmer: float = 0.0, final: bool = True) -> bytes:
    """One synthetic day in the layout of OISST, its whole sea warmer by so many degrees."""
    import h5py

    sheet = oisst._sheet()
    buffer = BytesIO(oisst._day_bytes(sheet, day, final))
    with h5py.File(buffer, "r+") as file:
        packed = file["sst"][0, 0, oisst.ROWS, oisst.COLUMNS]
        file["sst"][0, 0, oisst.ROWS, oisst.COLUMNS] = np.where(
            packed == oisst.FILL, packed, packed + round(100 * warmer)
        )
    return buffer.getvalue()


def publish_day(bench: Bench, number: int, *, warmer: float = 0.0, final: bool = True) -> None:
    day = FIRST_DAY + timedelta(days=number)
    bench.put(oisst.address(day, final), day_bytes(day, warmer=warmer, final=final))


def digits_of_days(bench: Bench) -> list[str]:
    rows = bench.ask("SELECT qc_tests FROM v_observation WHERE location_id = 'middle_caspian' ORDER BY time")
    return [tests for (tests,) in rows]


def test_days_are_tested_against_the_days_before_and_never_flagged_again(bench: Bench) -> None:
    for number in range(6):
        publish_day(bench, number, warmer=14.0 if number == 3 else 0.0)
    assert bench.collect("noaa_oisst_v2_1").first == 6 * REGIONS
    digits = digits_of_days(bench)
    # range, spike, rate, flat line (after three steps), climatology; the day after the spike compares with the day before
    assert digits == ["122212", "111212", "111212", "144132", "111112", "111112"]
    again = bench.collect("noaa_oisst_v2_1")
    assert (again.unchanged, again.written) == (6, 0)
    publish_day(bench, 6)
    assert bench.collect("noaa_oisst_v2_1").first == REGIONS
    assert digits_of_days(bench) == [*digits, "111112"]
    assert bench.ask("SELECT count(*) FROM observation WHERE known_to IS NOT NULL") == [(0,)]


def test_the_result_does_not_depend_on_how_many_runs_brought_the_days(tmp_path: Path, bench: Bench) -> None:
    def rows(of: Bench) -> list[tuple[Any, ...]]:
        return of.ask("SELECT location_id, time, value, qc_flag, qc_tests FROM v_observation ORDER BY 1, 2")

    for number in range(5):
        publish_day(bench, number, warmer=14.0 if number == 2 else 0.0)
    bench.collect("noaa_oisst_v2_1")
    with bench_at(f"sqlite:///{tmp_path / 'slow.db'}", tmp_path / "slow-home", tmp_path / "slow") as slow:
        for number in range(5):
            publish_day(slow, number, warmer=14.0 if number == 2 else 0.0)
            slow.collect("noaa_oisst_v2_1")
        assert [(r[0], str(r[1])[:10], *r[2:]) for r in rows(slow)] == [
            (r[0], str(r[1])[:10], *r[2:]) for r in rows(bench)
        ]


def test_a_final_day_is_tested_against_both_its_neighbours(bench: Bench) -> None:
    for number in range(5):
        # 3 degrees too warm: half a step from the day before says nothing yet
        publish_day(bench, number, warmer=3.0 if number == 2 else 0.0, final=number != 2)
    bench.collect("noaa_oisst_v2_1")
    assert digits_of_days(bench)[2][1] == "1"
    preliminary = bench.mirror / oisst.address(FIRST_DAY + timedelta(days=2), False)
    preliminary.unlink()
    publish_day(bench, 2, warmer=3.0)
    assert bench.collect("noaa_oisst_v2_1").revised == REGIONS
    assert digits_of_days(bench)[2][1] == "3"
    kinds = bench.ask("SELECT DISTINCT kind FROM observation WHERE kind <> 'first'")
    assert kinds == [("finalised",)], "no other day was touched"


def test_an_analysis_that_is_not_renewed_is_a_flat_line(bench: Bench) -> None:
    """The field of the first day under the dates of the following ones."""
    import h5py

    for number in range(5):
        day = FIRST_DAY + timedelta(days=number)
        buffer = BytesIO(day_bytes(FIRST_DAY))
        with h5py.File(buffer, "r+") as file:
            file["time"][0] += number
        bench.put(oisst.address(day, True), buffer.getvalue())
    bench.collect("noaa_oisst_v2_1")
    assert digits_of_days(bench) == ["122212", "111212", "111212", "111312", "111312"]
