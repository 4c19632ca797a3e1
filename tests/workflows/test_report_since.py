"""The COP29 briefing of November 2024, reconstructed from archived editions, and today's: on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from caspian_env.catalog.engine import Connection
from caspian_env.catalog.query import ask
from caspian_env.seeds import load_datasets, load_reports
from caspian_env.settings import Settings, data_folder
from caspian_env.wiring import Platform, open_platform
from caspian_env.workflows import report_since
from caspian_env.workflows.compute import compute
from caspian_env.workflows.report import fill_report, report_definition
from caspian_env.workflows.report_numbers import shown_indicators
from caspian_env.workflows.report_since import since
from caspian_env.workflows.run import collect
from caspian_env.workflows.seed import seed
from tests.sources.emission_files import primap
from tests.sources.test_energy import ember
from tests.workflows.conftest import compose, put

pytestmark = pytest.mark.slow
OPTIONS = load_datasets()["primap_hist"].options
COP29 = datetime(2024, 11, 30, tzinfo=UTC)
DATASETS = (
    "edgar_ghg", "owid_total_ghg", "climate_watch", "unfccc_ghg", "irena_renewables", "world_bank", "noaa_gml_co2",
    "nasa_gistemp", "reported_levels", "reported_levels_kazakh", "owid_co2", "dahiti_water_level", "ember_electricity",
    "primap_hist", "owid_electricity_mix", "noaa_gml_ch4", "nd_gain",
)  # fmt: skip
# A relief has no editions; of the others that the briefing rests on none is left out.
WITHOUT_EDITIONS = {"noaa_etopo_2022"}
STATES = ("2024-11", "2026-08")
# By the folders of the archive: files that came, or came in a new edition, between November 2024 and August 2026.
ARCHIVED = {"climate_watch", "nasa_gistemp", "noaa_gml_ch4", "noaa_gml_co2", "owid_co2", "owid_total_ghg", "world_bank"}
# Of these the archive has one edition or none: a second one, or both, are synthetic, in the provider's form.
SYNTHETIC = {"dahiti_water_level", "ember_electricity", "primap_hist"}
NEW = ARCHIVED | SYNTHETIC
# Its second edition has no totals of all gases any more, which are all that the briefing takes from it.
SAYS_NOTHING = {"owid_co2"}
# One level, of 2025; a chart of December 2024; scores that a licence keeps, so that their edition is told and no number.
SINCE_THEN = {"reported_levels_kazakh", "owid_electricity_mix", "nd_gain"}
DAHITI = "dahiti.dgfi.tum.de/api/v2/download-water-level/%3Fdahiti_id=39&format=json"
EMBER = "files.ember-energy.org/public-downloads/yearly_full_release_long_format.csv"
EMBER_QUANTITIES = (
    ("Electricity generation", "Renewables", "%"), ("Power sector emissions", "CO2 intensity", "gCO2/kWh"),
    ("Capacity", "Wind", "GW"), ("Capacity", "Solar", "GW"),
)  # fmt: skip
FIRST_EPOCH, DAYS = datetime(2023, 9, 1, tzinfo=UTC), 10


def synthetic_editions(mirror: Path, month: str) -> None:
    """Invented editions beside the real files: levels of two more years, and one more year of electricity and emissions."""
    later = month != STATES[0]
    if later:
        answer = json.loads((mirror / DAHITI).read_text(encoding="ascii"))
        times = [FIRST_EPOCH + timedelta(days=DAYS * n) for n in range(49)]
        rows = [
            {"date": f"{t:%Y-%m-%dT00:00:00}", "height": -28.9 - n * 37 % 11 / 100, "error": 0.001}
            for n, t in enumerate(times)
        ]
        answer["data"] = [row for row in answer["data"] if row["date"] < rows[0]["date"]] + rows
        answer["target"] |= {"target_name": "Caspian Sea (SYNTHETIC second edition)", "points": len(answer["data"])}
        put(mirror, DAHITI, json.dumps(answer).encode("ascii"))
    years = range(2010, 2025 if later else 2024)
    cells = [
        (place, code, year, category, "", variable, unit, 10 + n + (year - 2010) / 10)
        for place, code in (("Kazakhstan", "KAZ"), ("Azerbaijan", "AZE"))
        for year in years
        for n, (category, variable, unit) in enumerate(EMBER_QUANTITIES)
    ]
    put(mirror, EMBER, ember(tuple(cells)).encode())
    version, path = [("2.6.1", OPTIONS["editions"][1]), ("2.7", OPTIONS["editions"][0])][later]
    emissions = primap(version, list(range(1990, 2024 if later else 2023)))
    put(mirror, f"zenodo.org/{path}", emissions.replace(b"AR6GWP100", b"AR5GWP100"))


def of_briefing(platform: Platform) -> set[str]:
    """Every indicator of the briefing, listed, drawn or spoken of, and those that the table of its targets rests on."""
    definition = report_definition(load_reports(), "cop29")
    listed = [name for section in definition["sections"] for name in section.get("indicators", ())]
    listed += [
        name
        for section in definition["sections"]
        for one in section.get("figures", ())
        for name in one.get("values", ())
    ]
    listed += [name for headline in definition["headlines"] for name in headline["of"]]
    found = {one.id for one in shown_indicators(platform, listed)}
    found |= {
        i.id for i in platform.seeds.indicators.values() if i.definition in ("ghg_total_1y", "ghg_rate_10y") or i.target
    }
    return found


def inputs_of(platform: Platform, names: set[str]) -> set[str]:
    return {given.dataset for name in names for given in platform.seeds.indicators[name].inputs}


@pytest.fixture
def platform(shared: Callable[..., Path], database_url: str, tmp_path: Path) -> Iterator[Platform]:
    for month in STATES:
        mirror = compose(shared, month, tmp_path / month)
        synthetic_editions(mirror, month)
        settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(mirror), datasets=DATASETS)
        moment = datetime(int(month[:4]), int(month[5:]), 28, tzinfo=UTC)
        with open_platform(settings) as opened:
            seed(opened)
            collect(opened, known_at=moment)
            compute(
                opened,
                only={n for n in of_briefing(opened) if inputs_of(opened, {n}) <= set(DATASETS)},
                known_at=moment,
            )
    with open_platform(settings) as opened:
        yield opened


def test_then_and_now_differ_by_new_editions_and_new_targets_and_both_are_listed(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert inputs_of(platform, of_briefing(platform)) == set(DATASETS) | WITHOUT_EDITIONS
    found = since(platform, "cop29", COP29)
    assert found.reconstructed
    assert found.other == ()
    assert found.new_targets == ("aze_2035", "kaz_2035", "rus_2035_high", "rus_2035_low")
    assert found.ended_targets == ("aze_2050",)
    assert {one.dataset_id for one in found.editions} == NEW - SAYS_NOTHING | SINCE_THEN
    for one in found.editions:
        assert one.now and one.then != one.now, one
        assert one.n_numbers > 0, one
    assert found.n_same > 100
    with platform.catalog.read() as connection:
        then = fill_report(connection, platform, "cop29", as_of=COP29)
    notes = [table.note for section in then.sections for table in section.tables if table.id == "targets"]
    assert "Reconstructed" in notes[0]
    changed = ask(platform.catalog, "SELECT DISTINCT dataset_id FROM v_observation_history WHERE known_from > :day",
                  {"day": "2024-12-01 00:00:00"}, limit=None)  # fmt: skip
    assert {row[0] for row in changed.rows} == NEW | SINCE_THEN
    assert {value.indicator_id for value in then.values} >= {"ch4_global_mean_1y", "ch4_global_growth_12m"}
    for name in load_reports(data_folder("seeds")):
        with platform.catalog.read() as connection:
            filled = [fill_report(connection, platform, name, as_of=day) for day in (COP29, None)]
        assert [one.reconstructed for one in filled] == [True, False], name

    # A number that changes without new bytes and without a new target is told, not explained away.
    def altered(connection: Connection, platform: Platform, report_id: str, *, as_of: datetime | None = None) -> object:
        report = fill_report(connection, platform, report_id, as_of=as_of)
        if as_of is not None:
            return report
        at = next(n for n, v in enumerate(report.values) if v.indicator_id.endswith("_edgar"))
        value = replace(report.values[at], value=report.values[at].value + 1)
        return replace(report, values=(*report.values[:at], value, *report.values[at + 1 :]))

    monkeypatch.setattr(report_since, "fill_report", altered)
    again = since(platform, "cop29", COP29)
    assert len(again.other) == 1 and "_edgar@" in again.other[0]
