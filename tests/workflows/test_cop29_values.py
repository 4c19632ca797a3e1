"""Numbers of the COP29 briefing, a theme each, computed again from the archive's files by a few lines of pandas."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.run import collect
from caspian_env.workflows.seed import seed
from tests.workflows.conftest import compose

BANK = "2026-03/api.worldbank.org/v2/country/AZE;IRN;KAZ;RUS;TKM/indicator/SP.POP.TOTL%3Fformat=json&per_page=1000"
GML = "2026-02/gml.noaa.gov/webdata/ccgg/trends"
DATASETS = (
    "edgar_ghg", "climate_watch", "world_bank", "owid_total_ghg", "noaa_gml_co2", "noaa_gml_ch4", "nasa_gistemp", "nd_gain",
    "owid_electricity_mix", "irena_renewables",
)  # fmt: skip
Key = tuple[str, str, int]


def edgar(archive: Path) -> dict[Key, float]:
    sheets = pd.read_excel(
        archive / "2024-09/edgar.jrc.ec.europa.eu/booklet/EDGAR_2024_GHG_booklet_2024.xlsx", sheet_name=None
    )
    total = sheets["GHG_totals_by_country"].set_index("EDGAR Country Code")
    gases = sheets["GHG_by_sector_and_country"]
    methane = gases[gases["Substance"] == "GWP_100_AR5_CH4"]
    whole = methane.groupby("EDGAR Country Code")[[2020, 2023]].sum()
    waste = methane[methane["Sector"] == "Waste"].set_index("EDGAR Country Code")[2023]
    base, now = total.loc["RUS", 1990], total.loc["RUS", 2023]
    return {
        ("ghg_total_1y_edgar", "AZE", 2023): total.loc["AZE", 2023],
        ("ghg_change_1y_edgar", "KAZ", 2023): 100 * (total.loc["KAZ", 2023] / total.loc["KAZ", 1990] - 1),
        ("ch4_change_1y_edgar", "KAZ", 2023): 100 * (whole.loc["KAZ", 2023] / whole.loc["KAZ", 2020] - 1),
        ("ch4_waste_share_1y_edgar", "RUS", 2023): 100 * waste["RUS"] / whole.loc["RUS", 2023],
        ("ndc_required_cut_1y_rus_2030_edgar", "RUS", 2023): 100 * (1 - (0.7 * base / now) ** (1 / 7)),
    }


def others(archive: Path) -> dict[Key, float]:
    watch = pd.read_csv(archive / "2026-01/www.climatewatchdata.org/api/v1/data/historical_emissions/download.csv")
    watch = watch.set_index("ISO")
    people = {(r["countryiso3code"], r["date"]): r["value"] for r in json.loads((archive / BANK).read_text())[1]}
    base, now = watch.loc["AZE", "1990"], watch.loc["AZE", "2023"]
    grapher = archive / "2024-12/ourworldindata.org/grapher"
    chart = pd.read_csv(grapher / "total-ghg-emissions.csv").set_index(["Code", "Year"]).iloc[:, -1]
    mix = pd.read_csv(grapher / "elec-fossil-nuclear-renewables.csv").set_index(["Code", "Year"]).iloc[:, 1:4]
    share = 100 * mix.iloc[:, 0] / mix.sum(axis=1)
    scores = pd.read_csv(archive / "2025-06/gain.nd.edu/our-work/country-index/download-data/resources/gain/gain.csv")
    return {
        ("ndc_progress_1y_aze_2030_climate_watch", "AZE", 2023): 100 * (base - now) / (base - 0.65 * base),
        ("ndc_gap_1y_aze_2030_climate_watch", "AZE", 2023): now - 0.65 * base,
        ("ghg_per_head_wb_1y_climate_watch", "KAZ", 2023): 1e6 * watch.loc["KAZ", "2023"] / people["KAZ", "2023"],
        ("ghg_total_1y_owid", "IRN", 2023): chart["IRN", 2023] / 1e6,
        ("re_generation_share_of_sum_1y_owid_mix", "KAZ", 2023): share["KAZ", 2023],
        ("re_generation_share_of_sum_1y_owid_mix", "TKM", 2022): share["TKM", 2022],
        ("nd_gain_score_1y", "AZE", 2022): scores.set_index("ISO3").loc["AZE", "2022"],
    }  # fmt: skip


def air(archive: Path) -> dict[Key, float]:
    carbon = pd.read_csv(archive / GML / "co2/co2_mm_mlo.csv", comment="#")
    methane = pd.read_csv(archive / GML / "ch4/ch4_mm_gl.csv", comment="#").set_index(["year", "month"])
    table = pd.read_csv(
        archive / "2025-08/data.giss.nasa.gov/gistemp/tabledata_v4/GLB.Ts+dSST.csv", skiprows=1, na_values="***"
    ).set_index("Year")
    # The step from 1850-1900 to 1951-1980 is 0.28 degC, after HadCRUT5.
    months = table.loc[2024].iloc[:12].astype(float)
    return {
        ("co2_mean_1y", "mauna_loa", 2025): carbon[carbon["year"] == 2025]["average"].mean(),
        ("ch4_global_mean_1y", "globe", 2024): methane.loc[2024]["average"].mean(),
        ("ch4_global_growth_12m", "globe", 2025): methane.loc[(2025, 10), "trend"] - methane.loc[(2024, 10), "trend"],
        ("gmst_above_1850_1900_1y_gistemp", "globe", 2024): months.mean() + 0.28,
    }


@pytest.mark.slow
def test_numbers_of_the_briefing_are_those_of_the_files(shared: Callable[..., Path], tmp_path: Path) -> None:
    archive = shared("archive")
    expected = edgar(archive) | others(archive) | air(archive)
    mirror = compose(shared, "2026-08", tmp_path / "mirror")
    url = f"sqlite:///{tmp_path / 'caspian.db'}"
    with open_platform(
        Settings(home=tmp_path / "home", database_url=url, mirror=str(mirror), datasets=DATASETS)
    ) as platform:
        seed(platform)
        collect(platform)
        compute(platform, only={name for name, *_ in expected} | {"re_generation_share_1y_irena"})
        with platform.catalog.read() as connection:
            for (name, place, year), value in expected.items():
                rows = read_indicator(connection, name, location_id=place)
                found = [r.value for r in rows if r.period_start.year == year and r.value is not None]
                assert found[-1:] == [pytest.approx(value, rel=1e-9)], (name, place, year)
            # The sources of the share differ by their basis and stay beside each other: both print 2021.
            shares = [
                [r.value for r in read_indicator(connection, name, location_id="KAZ") if r.period_start.year == 2021]
                for name in ("re_generation_share_of_sum_1y_owid_mix", "re_generation_share_1y_irena")
            ]
    assert [len(one) for one in shares] == [1, 1]
    assert shares[0][0] == pytest.approx(shares[1][0], abs=1)
