"""Damaged editions after good ones: refused whole, told, and what was known before stays as it was."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from caspian_env.catalog.query import ask

from .conftest import Collect
from .test_energy import answer

Find = Callable[..., Path]
CO2 = "https://gml.noaa.gov/webdata/ccgg/trends/co2/co2_mm_mlo.csv"
CO2_FILE = ("gml.noaa.gov", "webdata", "ccgg", "trends", "co2", "co2_mm_mlo.csv")
ENERGY = "https://owid-public.owid.io/data/energy/owid-energy-data.csv"
GDP = "https://api.worldbank.org/v2/country/AZE;IRN;KAZ;RUS;TKM/indicator/NY.GDP.MKTP.CD?format=json&per_page=1000"
CARBON = "https://owid-public.owid.io/data/co2/owid-co2-data.csv"
FOSSIL = "emission_of_carbon_dioxide_without_lulucf"
GDP_FILE = "v2/country/AZE;IRN;KAZ;RUS;TKM/indicator/NY.GDP.MKTP.CD%3Fformat=json&per_page=1000"
FIVE = ("AZE", "IRN", "KAZ", "RUS", "TKM")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("co2-mm-mlo__header_shifted.csv", "the header is"),
        ("co2-mm-gl__header_shifted.csv", "the header is"),
        ("co2-mm-mlo__header_only_2026-03-01.csv", "the header is"),
    ],
)
def test_a_shifted_header_and_a_bare_one_leave_the_record_as_it_was(
    shared: Find, collect: Collect, name: str, problem: str
) -> None:
    good = collect(
        "noaa_gml_co2",
        {CO2: shared("archive", "2026-02", *CO2_FILE).read_bytes()},
    )
    before = [(row.variable, row.time, row.value) for row in good.rows]
    assert len(before) > 800
    after = collect("noaa_gml_co2", {CO2: shared("samples", "broken", name).read_bytes()}, twice=False)
    assert after.outcome.rejected == 1
    assert problem in after.outcome.problems[0]
    assert [(row.variable, row.time, row.value) for row in after.rows] == before


def test_a_blank_line_after_the_header_and_the_fills_of_noaa_are_no_values(shared: Find, collect: Collect) -> None:
    text = shared("archive", "2026-02", *CO2_FILE).read_text(encoding="utf-8")
    header = "year,month,decimal date,average,deseasonalized,ndays,sdev,unc\n"
    assert header in text
    plain = collect("noaa_gml_co2", {CO2: text.encode()})
    blank = collect("noaa_gml_co2", {CO2: text.replace(header, header + "\n").encode()}, twice=False)
    assert blank.outcome.problems == []
    assert [(r.time, r.value) for r in blank.rows] == [(r.time, r.value) for r in plain.rows]
    assert min(row.value for row in plain.rows) > 300
    assert {
        row.std_uncertainty for row in plain.rows if row.std_uncertainty is not None and row.std_uncertainty <= 0
    } == set()


def energy(factor: float, last: int = 2024) -> bytes:
    """Encoded: invented carbon intensities of electricity in the layout of the provider."""
    rows = ["country,year,iso_code,carbon_intensity_elec,electricity_generation"]
    for n, code in enumerate(FIVE):
        rows += [
            f"{code},{year},{code},{(400 + 10 * n + year - 2000) * factor:.6g},{20 + n}" for year in range(2000, last)
        ]
    return ("\n".join(rows) + "\n").encode()


@pytest.mark.parametrize("factor", [0.001, 1000])
def test_an_edition_in_another_unit_is_refused(collect: Collect, factor: float) -> None:
    good = collect("owid_energy", {ENERGY: energy(1)})
    assert good.outcome.problems == []
    after = collect("owid_energy", {ENERGY: energy(factor, last=2025)}, twice=False)
    assert after.outcome.rejected == 1
    assert "the edition has another unit" in after.outcome.problems[0]
    assert after.rows == good.rows
    revised = collect("owid_energy", {ENERGY: energy(1.1, last=2025)}, twice=False)
    assert revised.outcome.problems == []
    assert len(revised.rows) == len(good.rows) + 2 * len(FIVE)


def test_a_table_whose_years_are_shifted_is_no_edition(shared: Find, collect: Collect) -> None:
    """The numbers are good and stand at other years: the first of each country at 1960."""
    good = collect(
        "world_bank", {GDP: shared("archive", "2024-10", "api.worldbank.org", *GDP_FILE.split("/")).read_bytes()}
    )
    assert good.outcome.rejected == 0
    with shared("samples", "broken", "gdp__years_shifted_2024-10-20.csv").open(encoding="utf-8", newline="") as file:
        rows = [(r["Country Code"], int(r["Year"]), float(r["Value"])) for r in csv.DictReader(file)]
    shifted = [row for row in rows if row[0] in FIVE]
    assert {min(year for code, year, _ in shifted if code == one) for one in FIVE} == {1960}
    assert max(year for code, year, _ in shifted if code == "AZE") < 2000
    after = collect("world_bank", {GDP: answer(shifted, code="NY.GDP.MKTP.CD").encode()}, twice=False)
    assert after.outcome.rejected == 1
    assert any("the edition has lost" in problem for problem in after.outcome.problems)
    assert after.rows == good.rows
    known = {row.value for row in good.rows}
    real = json.loads(shared("archive", "2024-10", "api.worldbank.org", *GDP_FILE.split("/")).read_text())[1]
    assert {row["value"] for row in real if row["value"] is not None} == known


def test_revisions_of_a_half_are_kept_beside_what_was_known(shared: Find, collect: Collect) -> None:
    """Fossil carbon dioxide of 2023 rose by 12 % in Kazakhstan and 51 % in Turkmenistan between two editions."""
    known = {}
    for vintage, host in (("2024-11", "nyc3.digitaloceanspaces.com/owid-public"), ("2025-12", "owid-public.owid.io")):
        content = shared("archive", vintage, *host.split("/"), "data", "co2", "owid-co2-data.csv").read_bytes()
        found = collect("owid_co2", {CARBON: content}, twice=False)
        known[vintage] = {code: found.values(FOSSIL, code)["2023-01-01"] for code in ("KAZ", "TKM")}
    assert {code: round(known["2025-12"][code] / known["2024-11"][code], 2) for code in ("KAZ", "TKM")} == {
        "KAZ": 1.12, "TKM": 1.51,
    }  # fmt: skip
    statement = (
        "SELECT location_id, old_value, new_value FROM v_revision WHERE dataset_id = 'owid_co2'"
        " AND variable_id = :variable AND time = '2023-01-01 00:00:00' AND location_id IN ('KAZ', 'TKM')"
    )
    rows = ask(found.platform.catalog, statement, {"variable": FOSSIL}).rows
    assert {row[0]: row[1:] for row in rows} == {
        code: (known["2024-11"][code], known["2025-12"][code]) for code in ("KAZ", "TKM")
    }
