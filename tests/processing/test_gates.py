"""Gates on series made by hand, on damaged files, and on every real series that must pass."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from caspian_env.errors import SeedError
from caspian_env.processing.gates import annual_means, check_gates, impossible_years, offsets, physical_flags
from caspian_env.processing.gates import series_faults as faults
from caspian_env.seeds import load_datasets

SEEDED = [(dataset.id, measured) for dataset in load_datasets().values() for measured in dataset.variables]


def years(first: int, count: int) -> np.ndarray:
    return np.arange(first - 1970, first - 1970 + count).astype("datetime64[Y]").astype("datetime64[us]")


def months(first: str, count: int) -> np.ndarray:
    return (np.datetime64(first, "M") + np.arange(count)).astype("datetime64[us]")


def weather(count: int, seed: int = 1) -> np.ndarray:
    return np.round(np.random.default_rng(seed).normal(0, 1, count), 2)


@pytest.mark.parametrize(("name", "measured"), SEEDED, ids=[f"{name}-{m.name}" for name, m in SEEDED])
def test_the_gates_of_the_seeds_are_known(name: str, measured) -> None:
    check_gates(measured.gates)
    assert physical_flags([], [], measured.resolution, measured.gates).tolist() == []
    assert faults([], [], measured.resolution, measured.gates) == []


def test_an_unknown_gate_is_refused() -> None:
    with pytest.raises(SeedError, match=r"unknown gate sanity .*known: range"):
        physical_flags([1.0], years(2000, 1), "P1Y", {"sanity": True})
    with pytest.raises(SeedError, match="unknown gate"):
        faults([1.0], years(2000, 1), "P1Y", {"sanity": True})


# ── values ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_level_outside_of_what_the_sea_can_have_is_behind_the_gate() -> None:
    levels = [-30.51, -30.5, -28.0, np.nan, -25.0, -24.99]
    flags = physical_flags(levels, years(2000, 6), "P1Y", {"range": [-30.5, -25.0]})
    assert flags.tolist() == [4, 1, 1, 2, 1, 4]


def test_without_a_gate_nothing_is_evaluated() -> None:
    assert physical_flags([1.0, 2.0], years(2000, 2), "P1Y", {}).tolist() == [2, 2]
    assert physical_flags([1.0], years(2000, 1), "P1Y", {"annual_change": 0.45}).tolist() == [2]


@pytest.mark.parametrize(
    ("levels", "behind"),
    [
        ([0.0, 0.39, 0.07, -0.25, -0.1], set()),  # the greatest changes on record
        ([0.0, 0.1, 1.1, 0.2, 0.3], {2002}),  # one year against both its neighbours
        ([1.0, 0.1, 0.0, 0.1, 0.2], {2000}),  # the first year against all that follow
        ([0.0, 0.1, 0.0, 0.1, 1.2], {2004}),
        ([0.0, 0.0, 0.45, 0.45, 0.45], {2002}),  # a step: the later of the two must be explained by somebody
        ([0.0, 0.0, 0.44, 0.44, 0.44], set()),
    ],
)
def test_an_impossible_change_of_the_annual_level(levels: list[float], behind: set[int]) -> None:
    assert impossible_years(dict(enumerate(levels, 2000)), 0.45) == behind
    flags = physical_flags(levels, years(2000, 5), "P1Y", {"annual_change": 0.45})
    assert flags.tolist() == [4 if year in behind else 1 for year in range(2000, 2005)]


def test_years_far_apart_may_differ_by_as_much_as_the_years_between_allow() -> None:
    assert impossible_years({1977: -29.01, 1995: -26.62, 2020: -28.23}, 0.45) == set()
    assert impossible_years({1990: 0.0, 1992: 0.91}, 0.45) == {1992}


def test_the_change_of_a_dense_series_is_judged_by_whole_years() -> None:
    time = months("2000-03", 46)  # from March 2000 to December 2003: no year 2000
    level = np.full(46, -28.0) + np.where(np.arange(46) >= 34, 0.6, 0.0)  # 2003 stands 0.6 m higher
    flags = physical_flags(level, time, "instant", {"annual_change": 0.45})
    assert flags.tolist() == [2] * 10 + [1] * 24 + [4] * 12
    assert (
        physical_flags(level - 0.2 * (level > -28), time, "instant", {"annual_change": 0.45}).tolist()
        == [2] * 10 + [1] * 36
    )


def test_a_year_is_the_mean_of_its_months_and_needs_eleven() -> None:
    time = np.concatenate([months("2001-01", 12), months("2002-01", 10)])
    time = np.sort(np.append(time, np.datetime64("2001-01-15", "us")))
    values = np.append([10.0, 0.0], np.arange(1.0, 22.0))
    assert annual_means(values, time, "instant") == {2001: pytest.approx((5 + sum(range(1, 12))) / 12)}
    assert annual_means([1.0, np.nan], years(2001, 2), "P1Y") == {2001: 1.0}


def test_offsets_need_years_in_common() -> None:
    assert offsets({1995: -26.1, 1996: -26.2}, {1995: -26.6, 1977: -29.0}) == {1995: pytest.approx(0.5)}
    assert offsets({1996: -26.2}, {1995: -26.6}) == {}


# ── whole series ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_ramp_that_somebody_has_filled_in() -> None:
    values = weather(40)
    values[10:16] = [0.10, 0.13, 0.16, 0.19, 0.22, 0.25]
    (fault,) = faults(values, months("2000-01", 40), "P1M", {"ramp": 6})
    assert fault == "6 values from 2000-11-01 on lie on one exact line"
    assert faults(values, months("2000-01", 40), "P1M", {"ramp": 7}) == []
    values[12] += 0.01
    assert faults(values, months("2000-01", 40), "P1M", {"ramp": 6}) == []


def test_a_column_that_a_spreadsheet_has_counted_on() -> None:
    values = weather(240)
    values[8::12] = np.round(-0.27 - 0.01 * np.arange(20), 2)
    (fault,) = faults(values, months("1884-01", 240), "P1M", {"ramp": 8})
    assert fault == "20 values of month 9 from 1884-09-01 on lie on one exact line"
    assert faults(values, months("1884-01", 240), "instant", {"ramp": 8}) == []


def test_a_constant_run_is_no_ramp() -> None:
    values = weather(40)
    values[3:9] = 1.25
    assert faults(values, months("2000-01", 40), "P1M", {"ramp": 4, "constant_run": 7}) == []
    (fault,) = faults(values, months("2000-01", 40), "P1M", {"constant_run": 6})
    assert fault == "6 values from 2000-04-01 on are the same"


def test_a_year_that_repeats_the_one_before() -> None:
    values = weather(36)
    values[24:30] = values[12:18]
    time = months("2000-01", 36)
    assert faults(values[:30], time[:30], "P1M", {"repeated_year": 6}) == [
        "the first 6 values of 2002 repeat those of 2001"
    ]
    assert faults(values, time, "P1M", {"repeated_year": 6}) == []  # the second half of 2002 is its own
    assert faults(values[:29], time[:29], "P1M", {"repeated_year": 6}) == []
    far = np.concatenate([months("2000-01", 12), months("2002-01", 12)])
    assert faults(np.tile(weather(12), 2), far, "P1M", {"repeated_year": 6}) == []


def test_a_series_must_be_as_long_as_its_time_axis() -> None:
    time = np.delete(months("2000-01", 24), 7)
    (fault,) = faults(weather(23), time, "P1M", {"whole_axis": True})
    assert fault == "it has 23 values and its time axis 24 steps of P1M"
    assert faults(weather(24), months("2000-01", 24), "P1M", {"whole_axis": True}) == []
    assert faults(weather(5), years(2000, 5), "P1Y", {"whole_axis": True}) == []
    assert faults(weather(23), time, "instant", {"whole_axis": True}) == []


def test_missing_values_are_no_run() -> None:
    assert faults([np.nan] * 20, months("2000-01", 20), "P1M", {"ramp": 3, "constant_run": 3, "repeated_year": 2}) == []


# ── what is real must pass ───────────────────────────────────────────────────────────────────────────────────────────


def seeded(dataset: str, name: str):
    return next(measured for one, measured in SEEDED if (one, measured.name) == (dataset, name))


def test_the_altimetric_record_of_the_sea_passes(shared: Callable[..., Path]) -> None:
    with shared("reference", "dahiti_caspian", "caspian.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    time, level = [row["date"] for row in rows], [float(row["water level"]) for row in rows]
    measured = seeded("dahiti_water_level", "height")
    assert faults(level, time, "instant", measured.gates) == []
    flags = physical_flags(level, time, "instant", measured.gates)
    assert set(flags.tolist()) == {1, 2}
    outer = np.array([day[:4] in ("1992", "2023") for day in time])  # not whole years
    assert (flags[outer] == 2).all() and (flags[~outer] == 1).all()


@pytest.mark.parametrize("edition", ["2022-06", "2024-12", "2025-08"])
def test_every_edition_of_the_global_temperature_passes(shared: Callable[..., Path], edition: str) -> None:
    table = shared("archive", edition, "data.giss.nasa.gov", "gistemp", "tabledata_v4", "GLB.Ts+dSST.csv")
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()[1:]))
    text = [cell for row in rows for cell in list(row.values())[1:13]]
    values = [float("nan") if "*" in cell else float(cell) for cell in text]
    time = months(f"{rows[0]['Year']}-01", len(values))
    assert faults(values, time, "P1M", seeded("nasa_gistemp", "anomaly").gates) == []


def test_a_table_with_a_filled_column_does_not(shared: Callable[..., Path]) -> None:
    table = shared("samples", "broken", "GLB.Ts+dSST__september_autofill.csv")
    rows = list(csv.reader(table.read_text(encoding="utf-8").split("\n")[1:]))
    cells = [cell.replace(" ", "") for row in rows if row for cell in (*row[1:13], *["***"] * (13 - len(row)))]
    values = [float(cell) if cell.lstrip("-").replace(".", "").isdigit() else float("nan") for cell in cells]
    time = months("1880-01", len(values))
    found = faults(values, time, "P1M", seeded("nasa_gistemp", "anomaly").gates)
    assert any("of month 9" in fault and "exact line" in fault for fault in found), json.dumps(found)
