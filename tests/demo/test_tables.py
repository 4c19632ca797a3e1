"""The synthetic tables, read here by hand and not by the source modules."""

from __future__ import annotations

import csv
import json
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from caspian_env.demo import co2, dahiti, gistemp, gwm, level

ROW = re.compile(r"^\S+\s+\d+\s+\d{8}\s")
PUBLISHED = {1995: -26.62, 2020: -28.23, 2025: -29.35}  # m in the Baltic system


def gwm_rows(folder: Path) -> list[list[str]]:
    lines = (folder / gwm.ADDRESS).read_text(encoding="ascii").splitlines()
    return [line.split() for line in lines if ROW.match(line)]


def dahiti_heights(folder: Path) -> dict[str, float]:
    answer = json.loads((folder / dahiti.ADDRESS).read_text(encoding="ascii"))
    assert answer["code"] == 200
    assert answer["target"]["id"] == "39"
    assert answer["target"]["points"] == len(answer["data"])
    return {row["date"]: row["height"] for row in answer["data"]}


@pytest.mark.parametrize("year", PUBLISHED)
def test_both_altimetry_records_pass_through_the_published_means(year: int, editions: dict[int, Path]) -> None:
    by_year = defaultdict(list)
    for time, height in dahiti_heights(editions[1]).items():
        by_year[int(time[:4])].append(height - level.PRODUCT_OFFSET)
    passes = [float(r[14]) for r in gwm_rows(editions[1]) if r[2].startswith(str(year)) and r[14] != "9999.99"]
    # The means of a broken line turn a corner about 0.02 m inside it; the offset of real products scatters by 0.03 m.
    assert np.mean(by_year[year]) == pytest.approx(PUBLISHED[year], abs=0.03)
    assert np.mean(passes) - level.PRODUCT_OFFSET == pytest.approx(PUBLISHED[year], abs=0.03)


def test_the_fall_since_2006_is_the_published_one() -> None:
    levels = dict(level.ANNUAL_LEVELS)
    in_2024 = np.interp(2024, [2020, 2025], [levels[2020], levels[2025]])
    assert levels[2006] - in_2024 == pytest.approx(2.14, abs=0.01)


def test_dahiti_has_isolated_outliers_and_thirty_years(editions: dict[int, Path]) -> None:
    heights = dahiti_heights(editions[1])
    values = np.array(list(heights.values()))
    departures = np.abs(values[1:-1] - (values[:-2] + values[2:]) / 2)
    assert (departures > 0.5).sum() == len(dahiti.OUTLIERS)
    assert min(heights) < "1992-10"
    assert "2025-12-20" < max(heights) < "2026"
    assert max(dahiti_heights(editions[2])) > "2026-01-20"
    assert list(heights) == sorted(set(heights))


def test_gwm_rows_have_the_form_of_real_ones(editions: dict[int, Path], shared: Callable[..., Path]) -> None:
    real_file = shared("archive", "2022-06", "earth.gsfc.nasa.gov", "gwm", "timeseries", "lake000314.10d.2.txt")
    real = real_file.read_text(encoding="ascii").splitlines()
    ours = (editions[1] / gwm.ADDRESS).read_text(encoding="ascii").splitlines()
    # Same width, and blanks and decimal points at the same places, but for signs and cycles of three figures.
    shapes = [
        {re.sub(r"[A-Z]", "A", re.sub(r"[-\d]", "9", line[38:])) for line in lines if ROW.match(line)}
        for lines in (real, ours)
    ]
    assert {len(line) for line in ours if ROW.match(line)} == {len(line) for line in real if ROW.match(line)}
    assert {re.sub(r"[ 9]", "", shape) for shape in shapes[1]} <= {re.sub(r"[ 9]", "", shape) for shape in shapes[0]}
    assert {line[:27].strip() != "" for line in ours[:10]} == {True}
    assert all(line[27] == ":" for line in ours[:10])
    assert ours[0].split(" : ")[0].strip() == real[0].split(":")[0].strip()
    columns = [[line for line in lines if line.startswith("Column ")] for lines in (real, ours)]
    assert [c[:40] for c in columns[0]] == [c[:40] for c in columns[1]]


def test_gwm_head_names_the_lake_and_the_file_has_blank_cycles(editions: dict[int, Path]) -> None:
    lines = (editions[1] / gwm.ADDRESS).read_text(encoding="ascii").splitlines()
    rows = gwm_rows(editions[1])
    assert lines[1].split(":")[0].split() == ["000270", "Caspian"]
    assert len(lines) == len(rows) + sum(not ROW.match(line) for line in lines)
    assert {len(row) for row in rows} == {16}
    lost = [row for row in rows if row[2] == "99999999"]
    blank = [row for row in rows if row[14] == "9999.99" and row[2] != "99999999"]
    assert len(lost) > 5
    assert len(blank) > 5
    assert all(row[5:8] == ["999.99", "99.999", "999.99"] for row in lost + blank)
    assert all(float(r[14]) == pytest.approx(float(r[5]) - 26.58) for r in rows if r[14] != "9999.99")


def test_gwm_rapid_rows_are_the_last(editions: dict[int, Path]) -> None:
    flags = {edition: [row[15] for row in gwm_rows(folder)] for edition, folder in editions.items()}
    assert "".join(flags[1]).rstrip("1") == "0" * (len(flags[1]) - gwm.PRELIMINARY_ROWS)
    new = len(flags[2]) - len(flags[1])
    assert new == 3
    assert "".join(flags[2]).rstrip("1") == "0" * (len(flags[2]) - new)


def test_gistemp_columns_follow_from_the_months(editions: dict[int, Path]) -> None:
    lines = (editions[2] / gistemp.ADDRESS).read_text(encoding="ascii").splitlines()
    assert lines[0] == "Land-Ocean: Global Means"
    table = {row["Year"]: row for row in csv.DictReader(lines[1:])}
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    assert list(table) == [str(year) for year in range(1880, 2027)]
    for row in list(table.values())[1:-1]:
        assert float(row["J-D"]) == pytest.approx(np.mean([float(row[m]) for m in months]), abs=0.0051)
        assert float(row["JJA"]) == pytest.approx(np.mean([float(row[m]) for m in months[5:8]]), abs=0.0051)
    winter = [table["1998"]["Dec"], table["1999"]["Jan"], table["1999"]["Feb"]]
    assert float(table["1999"]["DJF"]) == pytest.approx(np.mean([float(v) for v in winter]), abs=0.0051)
    assert table["1880"]["D-N"] == table["1880"]["DJF"] == "***"
    assert [v for k, v in table["2026"].items() if v != "***" and k != "Year"] == [table["2026"]["Jan"]]
    spelling = re.compile(r"^(-?[1-9]?\.\d\d|\*\*\*)$")
    assert all(spelling.match(v) and v != "-.00" for row in table.values() for k, v in row.items() if k != "Year")
    base = [float(table[str(year)]["J-D"]) for year in range(1951, 1981)]
    assert abs(np.mean(base)) < 0.1


def test_co2_has_a_preamble_and_no_gap(editions: dict[int, Path]) -> None:
    lines = (editions[1] / co2.ADDRESS).read_text(encoding="ascii").splitlines()
    preamble = [line for line in lines if line.startswith("#")]
    assert lines[: len(preamble)] == preamble
    rows = list(csv.DictReader(lines[len(preamble) :]))
    months = [(int(row["year"]), int(row["month"])) for row in rows]
    assert months == [(1958 + n // 12, n % 12 + 1) for n in range(2, 2 + len(months))]
    assert months[-1] == (2025, 12)
    assert float(rows[0]["average"]) == pytest.approx(315.7, abs=1.5)  # the real record begins with 315.71
    assert 424 < float(rows[-1]["deseasonalized"]) < 430
    unmeasured = [m for m, row in zip(months, rows, strict=True) if row["sdev"] == "-9.99"]
    assert [m for m in unmeasured if m >= (1974, 5)] == [months[n] for n in co2.INTERPOLATED]
    assert all(row["unc"] == "-0.99" for m, row in zip(months, rows, strict=True) if m < (1974, 5))
