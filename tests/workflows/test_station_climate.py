"""The climate of a station by the normal path: encoded GHCN-Daily records, found by the box and named by the seeds.

The temperatures are synthetic: a cycle of the year, a slow rise, and noise of a fixed seed, in the provider's tenths.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from caspian_env.catalog.query import ask
from caspian_env.errors import SeedError
from caspian_env.formats.mirror_addresses import mirror_name
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, load_seeds, open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed

BASE = "https://noaa-ghcn-pds.s3.amazonaws.com/"
AKTAU, OTHER = "KZ000038111", "XX000000009"
LIST = (
    f"{AKTAU}  43.7000   51.1000   99.9    RENAMED BY THE LIST                    38111\n"
    f"{OTHER}  41.0000   52.0000  -20.0    NAMED BY NOBODY                        00009\n"
)
HEADER = "ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME\n"
OWN = """\
stations:
  - {{id: ghcn_{place}, title: Station of ours, longitude: 52.0, latitude: 41.0, source: the list of GHCN-Daily}}
indicators:
  - id: own_frost
    title: Frost days
    function: heat_and_frost.days_beyond
    method_version: "1"
    units: d
    statistic: days below 0 degC
    parameters: {{threshold: 0.0, side: below, value_uncertainty: 0.2, ci_level: 0.9}}
    citation: ETCCDI, FD
    decimals: 0
    relative_to_datum: false
    note: ours
    variants:
      - suffix: "1y"
        inputs: {{temperature: {{dataset: ghcn_daily, variable: air_temperature_minimum, resolution: P1D}}}}
        locations: [ghcn_{wanted}]
"""


def tenths() -> pd.DataFrame:
    """Highest and lowest temperature of every day of 1961-1992, tenths of a degree."""
    days = pd.date_range("1961-01-01", "1992-12-31")
    noise = np.random.default_rng(38111).normal(0, 30, (2, len(days)))
    middle = 120 - 150 * np.cos(2 * np.pi * (days.day_of_year - 20) / 365.25) + 0.4 * (days.year - 1961)
    low = np.round(middle - 40 + noise[0])
    return pd.DataFrame({"TMAX": np.maximum(low, np.round(middle + 60 + noise[1])), "TMIN": low}, index=days).astype(
        int
    )


def record(station: str, table: pd.DataFrame) -> bytes:
    rows = table.rename_axis("day").reset_index().melt("day")
    days = rows["day"].dt.strftime("%Y%m%d")
    lines = station + "," + days + "," + rows["variable"] + "," + rows["value"].astype(str) + ",,,S,\n"
    return (HEADER + "".join(lines)).encode()


@pytest.fixture
def platform(database_url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Platform]:
    """Both stations collected; the record of Aktau is cut where a test asks for it."""
    mirror, table = tmp_path / "mirror", tenths().loc[: getattr(request, "param", "1992")]
    files = {"ghcnd-stations.txt": LIST.encode()}
    files[f"csv/by_station/{AKTAU}.csv"] = record(AKTAU, table)
    files[f"csv/by_station/{OTHER}.csv"] = record(OTHER, table.loc["1961":"1962"])
    for name, content in files.items():
        path = mirror / mirror_name(BASE + name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    local = tmp_path / "local"
    local.mkdir()
    (local / "own.yaml").write_text(OWN.format(place=OTHER, wanted=OTHER), encoding="utf-8")
    settings = Settings(
        home=tmp_path / "home", database_url=database_url, mirror=str(mirror), local=local, datasets=("ghcn_daily",)
    )
    with open_platform(settings) as opened:
        seed(opened)
        outcome = ingest(opened, opened.seeds.datasets["ghcn_daily"])
        assert (outcome.problems, outcome.new_granules) == ([], 2)
        yield opened


def values(platform: Platform, indicator: str) -> dict[tuple[str, str], float]:
    """By location and period, from its start to its end."""
    found = ask(
        platform.catalog,
        "SELECT location_id, period_start, period_end, value FROM v_indicator WHERE indicator_id = :id",
        {"id": indicator},
        limit=None,
    )
    return {(place, f"{start:%Y-%m}/{end:%Y-%m}"): value for place, start, end, value in found.rows}


@pytest.mark.slow
def test_indicators_name_a_station_and_agree_with_a_few_lines_of_pandas(platform: Platform) -> None:
    names = {"t2m_midrange_normal_1961_1990_ghcn", "t2m_midrange_anomaly_1y_1961_1990_ghcn", "heat_days_1y_35_ghcn"}
    names |= {"tropical_nights_1y_ghcn", "frost_days_1y_ghcn", "own_frost_1y"}
    outcome = compute(platform, only=names)
    assert outcome.problems == []
    table = tenths() / 10
    monthly = ((table["TMAX"] + table["TMIN"]) / 2).resample("MS").mean()
    base = monthly.loc["1961":"1990"]
    normals = base.groupby(base.index.month).mean()
    aktau = f"ghcn_{AKTAU}"
    got = values(platform, "t2m_midrange_normal_1961_1990_ghcn")
    assert {place for place, _ in got} == {aktau}
    assert sorted(got.values())[0] == pytest.approx(normals.min(), abs=1e-6)
    assert got[aktau, "1961-01/1991-01"] == pytest.approx(normals.mean(), abs=1e-6)
    departures = (monthly - normals.loc[monthly.index.month].to_numpy()).resample("YS").mean()
    anomaly = values(platform, "t2m_midrange_anomaly_1y_1961_1990_ghcn")
    assert anomaly[aktau, "1992-01/1993-01"] == pytest.approx(departures.loc["1992"].item(), abs=1e-6)
    for name, days in (
        ("heat_days_1y_35_ghcn", table["TMAX"] >= 35),
        ("tropical_nights_1y_ghcn", table["TMIN"] > 20),
        ("frost_days_1y_ghcn", table["TMIN"] < 0),
    ):
        counted = {f"{year}-01/{year + 1}-01": float(n) for year, n in days.groupby(days.index.year).sum().items()}
        assert {period: value for (_, period), value in values(platform, name).items()} == counted
    assert values(platform, "own_frost_1y").keys() == {(f"ghcn_{OTHER}", f"{y}-01/{y + 1}-01") for y in (1961, 1962)}


@pytest.mark.parametrize("platform", ["1962"], indirect=True)
def test_what_the_seeds_say_of_a_place_stands(platform: Platform) -> None:
    found = ask(platform.catalog, "SELECT id, title, elevation_m FROM location WHERE id LIKE 'ghcn_%' ORDER BY id").rows
    known = {row[0]: (row[1], row[2]) for row in found}
    assert known[f"ghcn_{AKTAU}"] == ("Aktau, GHCN-Daily KZ000038111", 16.0)
    assert known[f"ghcn_{OTHER}"] == ("Station of ours", None)


def test_a_station_that_nobody_has_declared_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(OWN.format(place=OTHER, wanted="XX000000008"), encoding="utf-8")
    with pytest.raises(SeedError, match="ghcn_XX000000008"):
        load_seeds(own=tmp_path)
