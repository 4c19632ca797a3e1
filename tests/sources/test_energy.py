"""Energy, population and vulnerability of the littoral states: real files where they are at hand, encoded ones elsewhere."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from caspian_env.errors import BadGranule
from caspian_env.model import Document, GranuleRef, Listing, Window
from caspian_env.seeds import load_datasets
from caspian_env.sources import ember_electricity, irena_renewables, owid_energy, world_bank
from caspian_env.wiring import source_of
from tests.sources.conftest import Collect

Find = Callable[..., Path]
DATASETS = load_datasets()
FIVE = ["AZE", "IRN", "KAZ", "RUS", "TKM"]
BANK = "https://api.worldbank.org/v2/country/AZE;IRN;KAZ;RUS;TKM/indicator/SP.POP.TOTL?format=json&per_page=1000"
BANK_FILE = "api.worldbank.org/v2/country/AZE;IRN;KAZ;RUS;TKM/indicator/SP.POP.TOTL%3Fformat=json&per_page=1000"
IRENA_FILE = "pxweb.irena.org/api/v1/en/IRENASTAT/Power%20Capacity%20and%20Generation/RESHARE_2024_H1.px"
GAIN = "gain.nd.edu/our-work/country-index/download-data/resources"


class Names:
    """A provider that lists these names."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def listing(self, path: str) -> Listing:
        return Listing("https://example.org/", self.names)

    def document(self, path: str, *, form: Any = None) -> Document:
        raise AssertionError("no document is needed")


def listed(dataset: str, *names: str) -> list[GranuleRef]:
    window = Window.parse("1900-01-01/2027-01-01")
    return list(source_of(DATASETS[dataset]).list_granules(window, Names(*names)))


def written(tmp_path: Path, content: bytes | str) -> Path:
    path = tmp_path / "granule"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# ── World Bank ───────────────────────────────────────────────────────────────────────────────────────────────────────


def answer(rows: list[tuple[str, int, float | None]], code: str = "SP.POP.TOTL", **page: Any) -> str:
    """Encoded: invented values in the layout of the provider's answer."""
    told = {"page": 1, "pages": 1, "per_page": 1000, "total": len(rows), "sourceid": "2", "lastupdated": "2026-03-06"}
    listed = [
        {"indicator": {"id": code, "value": "x"}, "country": {"id": c[:2], "value": c}, "countryiso3code": c,
         "date": str(year), "value": value, "unit": "", "obs_status": "", "decimal": 0}
        for c, year, value in rows
    ]  # fmt: skip
    return json.dumps([told | page, listed])


def test_the_population_is_that_of_the_real_answer(shared: Find, collect: Collect) -> None:
    content = shared("archive", "2026-03", *BANK_FILE.split("/")).read_bytes()
    found = collect("world_bank", {BANK: content})
    rows = [r for r in json.loads(content)[1] if r["value"] is not None]
    assert found.outcome.rejected == 0
    assert {(r.location, str(r.time.year)): r.value for r in found.rows} == {
        (r["countryiso3code"], r["date"]): r["value"] for r in rows
    }
    assert found.values("population", "KAZ")["2023-01-01"] > 19e6


def test_a_missing_value_of_the_bank_stays_missing(collect: Collect) -> None:
    found = collect(
        "world_bank", {BANK: answer([("AZE", 2024, None), ("AZE", 2023, 10.0), ("KAZ", 2023, 20.0)]).encode()}
    )
    assert [(r.location, r.time.year, r.value) for r in found.rows] == [("AZE", 2023, 10.0), ("KAZ", 2023, 20.0)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            '[{"message":[{"id":"120","key":"Invalid value","value":"not valid"}]}]',
            "an error sent as an answer: not valid",
        ),
        (answer([("AZE", 2023, 1.0)], pages=7, total=325), "page 1 of 7, 1 of 325 rows"),
        ('[{"page":1,"pages":1,"total":0},null]', "without rows"),
        (answer([("AZE", 2023, 1.0)], code="XX.YY"), "about XX.YY"),
        (answer([("AZE", 2023, 1.0)])[:-20], "breaks off"),
        ("<html></html>", "HTML page"),
        ("", "empty"),
    ],
)
def test_what_is_no_answer_of_the_bank(tmp_path: Path, content: str, said: str) -> None:
    with pytest.raises(BadGranule, match=said):
        world_bank.read_granule(written(tmp_path, content))


@pytest.mark.parametrize("name", ["worldbank__error_body_http200.json", "worldbank_SP.POP.TOTL__page_1_of_7.json"])
def test_the_real_traps_of_the_bank(shared: Find, name: str) -> None:
    with pytest.raises(BadGranule):
        world_bank.read_granule(shared("samples", "broken", name))


def test_one_request_an_indicator() -> None:
    paths = [ref.path for ref in listed("world_bank")]
    assert len(paths) == 4 and BANK.removeprefix("https://api.worldbank.org/v2/") in paths


# ── Our World in Data ────────────────────────────────────────────────────────────────────────────────────────────────


def test_energy_is_that_of_the_real_table(shared: Find, collect: Collect) -> None:
    content = shared("archive", "2026-01", "owid-public.owid.io", "data", "energy", "owid-energy-data.csv").read_bytes()
    found = collect("owid_energy", {"https://owid-public.owid.io/data/energy/owid-energy-data.csv": content})
    table = pd.read_csv(shared("archive", "2026-01", "owid-public.owid.io", "data", "energy", "owid-energy-data.csv"))
    for column, variable in (("electricity_generation", "electricity_generation"),
                             ("renewables_share_energy", "renewable_share_of_primary_energy")):  # fmt: skip
        for code in FIVE:
            rows = table[(table["iso_code"] == code) & table[column].notna()]
            expected = {f"{year}-01-01": value for year, value in zip(rows["year"], rows[column], strict=True)}
            assert found.values(variable, code) == pytest.approx(expected)


def test_an_empty_cell_of_owid_is_missing(tmp_path: Path) -> None:
    text = (
        "country,year,iso_code,electricity_generation\nKazakhstan,2020,KAZ,\nKazakhstan,2021,KAZ,1.5\nAfrica,2021,,9\n"
    )
    table = owid_energy.read_granule(written(tmp_path, text))
    assert table["electricity_generation"].sel(location="KAZ").to_numpy().tolist() == [1.5]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("country;year;iso_code;electricity_generation\nKazakhstan;2020;KAZ;1,5\n", "no country, year and iso_code"),
        ("country,year,iso_code,gdp\nKazakhstan,2020,KAZ,1\n", "none of the columns"),
        ("country,year,iso_code,electricity_generation\nKazakhstan,2020,KAZ\n", "another number of cells"),
        ("country,year,iso_code,electricity_generation\nKazakhstan,2020,KAZ,many\n", "'many' is not a number"),
        ("country,year,iso_code,electricity_generation\nKazakhstan,2020,KAZ,1.5", "breaks off"),
        ("version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
    ],
)
def test_what_is_no_table_of_owid(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadGranule, match=said):
        owid_energy.read_granule(written(tmp_path, text))


# ── Ember ────────────────────────────────────────────────────────────────────────────────────────────────────────────

EMBER = (
    "Area,ISO 3 code,Year,Area type,Continent,Ember region,EU,OECD,G20,G7,ASEAN,Category,Subcategory,Variable,Unit,Value,"
    "YoY absolute change,YoY % change\n"
)
EMBER_ROWS = (
    ("Kazakhstan", "KAZ", 2023, "Electricity generation", "Total", "Total Generation", "TWh", "110.5"),
    ("Kazakhstan", "KAZ", 2023, "Electricity generation", "Aggregate fuel", "Renewables", "%", "13.1"),
    ("Kazakhstan", "KAZ", 2023, "Electricity generation", "Aggregate fuel", "Renewables", "TWh", "14.4"),
    ("Kazakhstan", "KAZ", 2023, "Power sector emissions", "CO2 intensity", "CO2 intensity", "gCO2/kWh", "812.0"),
    ("Kazakhstan", "KAZ", 2023, "Capacity", "Fuel", "Wind", "GW", "1.4"),
    ("Kazakhstan", "KAZ", 2022, "Capacity", "Fuel", "Wind", "GW", ""),
    ("World", "", 2023, "Capacity", "Fuel", "Solar", "GW", "1400.0"),
    ("France", "FRA", 2023, "Capacity", "Fuel", "Solar", "GW", "17.0"),
)


def ember(rows: tuple[tuple[Any, ...], ...] = EMBER_ROWS) -> str:
    """Encoded: invented values in the provider's long format."""
    lines = [f"{a},{code},{year},Country or economy,Asia,x,0,0,0,0,0,{c},{s},{v},{u},{value},,\n"
             for a, code, year, c, s, v, u, value in rows]  # fmt: skip
    return EMBER + "".join(lines)


def test_ember_tells_quantities_by_all_their_words(collect: Collect) -> None:
    url = "https://files.ember-energy.org/public-downloads/yearly_full_release_long_format.csv"
    found = collect("ember_electricity", {url: ember().encode()})
    assert {(r.variable, r.location, r.time.year): (r.value, r.unit) for r in found.rows} == {
        ("electricity_generation", "KAZ", 2023): (110.5, "TW h"),
        ("renewable_share_of_electricity_generation", "KAZ", 2023): (13.1, "percent"),
        ("carbon_intensity_of_electricity", "KAZ", 2023): (pytest.approx(812.0), "g kW-1 h-1"),
        ("wind_electricity_capacity", "KAZ", 2023): (1.4, "GW"),
        ("solar_electricity_capacity", "globe", 2023): (1400.0, "GW"),
    }


def test_an_older_name_of_the_code_column(tmp_path: Path) -> None:
    old = ember_electricity.read_granule(written(tmp_path, ember().replace("ISO 3 code", "Country code")))
    assert old["wind_capacity"].sel(location="KAZ").item(-1) == 1.4


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.replace("Unit", "Units"), "the header is"),
        (lambda t: t[:-8], "breaks off"),
        (lambda t: t.replace(",1.4,,", ",1.4"), "another number of cells"),
        (lambda t: t + t.splitlines()[1].replace("110.5", "111.5") + "\n", "stands twice"),
        (lambda t: t.replace(",2023,", ",1e9,"), "'1e9' is not a year"),
        (lambda t: t.replace("Area", '"' + "x" * 200_000, 1), "cannot be read as rows"),
        (lambda t: EMBER, "no value of the littoral states"),
    ],
)
def test_what_is_no_table_of_ember(tmp_path: Path, change: Callable[[str], str], said: str) -> None:
    with pytest.raises(BadGranule, match=said):
        ember_electricity.read_granule(written(tmp_path, change(ember())))


# ── IRENA ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def irena(*rows: str, years: str = '"2021","2022"') -> bytes:
    """Encoded: invented values in the layout of the exported table."""
    head = (
        '"Renewable energy share of electricity capacity and generation (%) by Region/country/area, Indicator and Year"'
    )
    return "\r\n".join([head, "", f'"Region/country/area","Indicator",{years}', *rows, ""]).encode("latin-1")


def test_shares_are_those_of_the_real_table(shared: Find, collect: Collect) -> None:
    path = shared("archive", "2024-06", *IRENA_FILE.split("/"))
    found = collect("irena_renewables", {f"https://{IRENA_FILE}": path.read_bytes()})
    table = pd.read_csv(path, encoding="latin-1", skiprows=2).set_index(["Region/country/area", "Indicator"])
    names = {"KAZ": "Kazakhstan", "IRN": "Iran (Islamic Republic of)", "RUS": "Russian Federation", "TKM": "Turkmenistan",
             "AZE": "Azerbaijan", "globe": "World"}  # fmt: skip
    for place, name in names.items():
        capacity = table.loc[(name, "RE share of electricity capacity (%)")]
        assert found.values("renewable_share_of_electricity_capacity", place) == {
            f"{year}-01-01": value for year, value in capacity.items()
        }
        generation = table.loc[(name, "RE share of electricity generation (%)")].drop(["2022", "2023"])
        assert found.values("renewable_share_of_electricity_generation", place) == {
            f"{year}-01-01": value for year, value in generation.items()
        }


def test_a_year_of_zeros_everywhere_is_missing_and_a_zero_alone_is_a_value(tmp_path: Path) -> None:
    kept, gone = '"RE share of electricity capacity (%)"', '"RE share of electricity generation (%)"'
    path = written(
        tmp_path,
        irena(f'"Turkmenistan",{kept},0.00,0.00', f'"Kazakhstan",{kept},18.9,20.7', f'"Turkmenistan",{gone},0.00,0.00',
              f'"Kazakhstan",{gone},11.0,0.00', f'"R\xe9union",{gone},30.0,0.00'),
    )  # fmt: skip
    table = irena_renewables.read_granule(path)
    assert table["capacity_share"].sel(location="TKM").to_numpy().tolist() == [0.0, 0.0]
    np.testing.assert_array_equal(table["generation_share"].sel(location="KAZ"), [11.0, np.nan])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<html></html>", "HTML page"),
        (b"a,b\n1,2\n", "does not begin with the title"),
        (irena(years='"2021","soon"'), "the header is"),
        (irena('"Kazakhstan","RE share of electricity capacity (%)",18.9'), "has 3 cells and not 4"),
        (irena('"Kazakhstan","RE share of heat (%)",18.9,1.0'), "a row about"),
        (irena('"Fiji","RE share of electricity capacity (%)",18.9,1.0'), "no value of the littoral states"),
    ],
)
def test_what_is_no_table_of_irena(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(BadGranule, match=said):
        irena_renewables.read_granule(written(tmp_path, content))


def test_the_newest_edition_of_irena_is_taken() -> None:
    (ref,) = listed(
        "irena_renewables", "RESHARE_2024_H1.px", "RESHARE_2025_H1.px", "RESHARE_2024_H2.px", "OTHER_2026_H1.px"
    )
    assert (ref.path, ref.base) == ("RESHARE_2025_H1.px", "https://example.org/")


# ── ND-GAIN ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("dataset", "file"),
    [("nd_gain", "gain/gain.csv"), ("nd_gain_water", "vulnerability/water.csv"),
     ("nd_gain_ecosystems", "vulnerability/ecosystems.csv"), ("nd_gain_infrastructure", "vulnerability/infrastructure.csv")],
)  # fmt: skip
def test_scores_are_those_of_the_real_table(shared: Find, collect: Collect, dataset: str, file: str) -> None:
    path = shared("archive", "2025-06", *GAIN.split("/"), *file.split("/"))
    found = collect(dataset, {f"https://{GAIN}/{file}": path.read_bytes()})
    with path.open(encoding="utf-8") as text:
        rows = {row["ISO3"]: row for row in csv.DictReader(text)}
    for code in FIVE:
        expected = {f"{y}-01-01": float(v) for y, v in rows[code].items() if y.isdigit() and v}
        assert found.values(location=code) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('"ISO","Name","1995"\n"KAZ","Kazakhstan",1\n', "the header is"),
        ('"ISO3","Name","1995"\n"KAZ","Kazakhstan"\n', "has 2 cells and not 3"),
        ('"ISO3","Name","1995"\n"KAZ","Kazakhstan",3', "breaks off"),
        ('"ISO3","Name","1995"\n"FJI","Fiji",3\n', "no value of the littoral states"),
    ],
)
def test_what_is_no_table_of_nd_gain(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(BadGranule, match=said):
        source_of(DATASETS["nd_gain"]).read_granule(written(tmp_path, text))


def test_an_edition_that_ends_before_its_time_is_set_aside(collect: Collect) -> None:
    url = f"https://{GAIN}/gain/gain.csv"
    rows = [f'"{code}","Name",{n}.5,{n}.25' for n, code in enumerate(FIVE, 40)]
    head = '"ISO3","Name","1995","1996"'
    whole = "\n".join([head, *rows, ""]).encode()
    assert not collect("nd_gain", {url: whole}).outcome.notes
    short = "\n".join([head, *rows[:3], ""]).encode()
    found = collect("nd_gain", {url: short}, twice=False)
    assert found.outcome.rejected == 1
    assert "the edition has lost 2 of 5 series known before (nd_gain_score at RUS …)" in found.outcome.problems[0]
    assert found.values(location="TKM") == {"1995-01-01": 44.5, "1996-01-01": 44.25}


def test_places_that_an_edition_says_nothing_of_are_named(collect: Collect) -> None:
    url = f"https://{GAIN}/gain/gain.csv"
    text = '"ISO3","Name","1995"\n"AZE","Name",40.5\n"IRN","Name",41.5\n"KAZ","Name",42.5\n'
    assert collect("nd_gain", {url: text.encode()}).outcome.notes == [f"{url} holds nothing of RUS, TKM"]
