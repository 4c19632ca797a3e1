"""Seven stations of the Iranian coast, 1959-2018, through the normal path: temperature, rain, drought, evaporation."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.processing import evapotranspiration as fao
from caspian_env.settings import Settings
from caspian_env.wiring import open_platform
from caspian_env.workflows.compute import compute
from caspian_env.workflows.run import collect
from caspian_env.workflows.seed import seed

STATIONS = {
    40700: "parsabad", 40718: "anzali", 40719: "rasht", 40732: "ramsar", 40734: "nowshahr", 40736: "babolsar",
    40738: "gorgan",
}  # fmt: skip

# Positions are those of the stations' list, to a tenth of a degree.
DECLARED = """
stations:
  - {id: own_parsabad, title: Parsabad, longitude: 47.9, latitude: 39.6, source: list of stations}
  - {id: own_anzali, title: Bandar Anzali, longitude: 49.5, latitude: 37.5, source: list of stations}
  - {id: own_rasht, title: Rasht, longitude: 49.6, latitude: 37.3, source: list of stations}
  - {id: own_ramsar, title: Ramsar, longitude: 50.7, latitude: 36.9, source: list of stations}
  - {id: own_nowshahr, title: Nowshahr, longitude: 51.5, latitude: 36.7, source: list of stations}
  - {id: own_babolsar, title: Babolsar, longitude: 52.6, latitude: 36.7, source: list of stations}
  - {id: own_gorgan, title: Gorgan, longitude: 54.4, latitude: 36.9, source: list of stations}
variables:
  - {id: own_humidity, long_name: Relative humidity, units: percent}
  - {id: own_wind, long_name: Wind speed, units: m s-1}
  - {id: own_sunshine, long_name: Hours of sunshine a day, units: h}
datasets:
  - id: own_coast
    title: Monthly values of stations
    summary: Monthly means and totals of seven synoptic stations.
    provider: IRIMO, through a public repository
    licence: Not stated; for tests only
    redistributable: false
    citation: IRIMO
    update_frequency: P1M
    publication_delay_days: 30
    coverage_start: "1959-01-01"
    whole_record: true
    locations: &all [own_parsabad, own_anzali, own_rasht, own_ramsar, own_nowshahr, own_babolsar, own_gorgan]
    cannot: Homogeneity of the stations is not known.
    variables:
      - {name: t, variable: air_temperature, resolution: P1M, units: degree_Celsius}
      - {name: tmin, variable: air_temperature_minimum, resolution: P1M, units: degree_Celsius}
      - {name: tmax, variable: air_temperature_maximum, resolution: P1M, units: degree_Celsius}
      - {name: rrr, variable: lwe_thickness_of_precipitation_amount, resolution: P1M, units: mm}
      - {name: um, variable: own_humidity, resolution: P1M, units: percent}
      - {name: ff, variable: own_wind, resolution: P1M, units: m s-1}
      - {name: sshn, variable: own_sunshine, resolution: P1M, units: h}
    options:
      files: coast/*.csv
      method: Synoptic observations
      time: {column: Date, format: "%Y-%m"}
      place:
        column: Site
        names: {"40700": own_parsabad, "40718": own_anzali, "40719": own_rasht, "40732": own_ramsar,
                "40734": own_nowshahr, "40736": own_babolsar, "40738": own_gorgan}
indicators:
  - &mean
    id: own_t2m_mean_1y
    title: Annual mean air temperature
    function: air_temperature.annual_mean
    method_version: "1"
    units: degree_Celsius
    statistic: mean of twelve monthly means of 24 hours
    # Achievable uncertainty of a thermometer: WMO-No. 8, annex 1.A.
    parameters: &error {value_uncertainty: 0.2, ci_level: 0.9}
    citation: WMO-No. 1203
    decimals: 1
    note: The monthly mean is the one of the table; it is not half the sum of the extremes.
    variants: &temperature
      - inputs: {temperature: {dataset: own_coast, variable: air_temperature, resolution: P1M}}
        locations: *all
  - <<: *mean
    id: own_t2m_mean_1m
    function: air_temperature.monthly_mean
    variants:
      - inputs: {temperature: {dataset: own_coast, variable: air_temperature, resolution: P1M}}
        locations: [own_ramsar]
  - <<: *mean
    id: own_t2m_normal_1961_1990
    function: air_temperature.normal
    parameters: {<<: *error, base: [1961, 1990], min_base_share: 0.8}
  - <<: *mean
    id: own_t2m_normal_1991_2020
    function: air_temperature.normal
    parameters: {<<: *error, base: [1991, 2020], min_base_share: 0.8}
  - <<: *mean
    id: own_t2m_anomaly
    function: air_temperature.annual_anomaly
    parameters: {<<: *error, base: [1961, 1990], min_base_share: 0.8}
  - <<: *mean
    id: own_t2m_trend
    function: air_temperature.trend
    units: degree_Celsius year-1
    parameters: {<<: *error, years: 60, slope: ols}
  - <<: *mean
    id: own_t2m_trend_sen
    function: air_temperature.trend
    units: degree_Celsius year-1
    parameters: {<<: *error, years: 60, slope: sen}
  - <<: *mean
    id: own_t2m_midrange_normal
    function: air_temperature.midrange_normal
    statistic: normal of half the sum of the mean extremes
    parameters: {<<: *error, base: [1991, 2020], min_base_share: 0.8}
    variants:
      - inputs:
          highest: {dataset: own_coast, variable: air_temperature_maximum, resolution: P1M}
          lowest: {dataset: own_coast, variable: air_temperature_minimum, resolution: P1M}
        locations: *all
  - &rain
    <<: *mean
    id: own_precip_normal_1991_2020
    function: precipitation.normal
    units: mm
    parameters: {base: [1991, 2020], min_base_share: 0.8, ci_level: 0.9}
    variants:
      - inputs: {precipitation: {dataset: own_coast, variable: lwe_thickness_of_precipitation_amount, resolution: P1M}}
        locations: *all
  - <<: *rain
    id: own_precip_normal_1961_1990
    parameters: {base: [1961, 1990], min_base_share: 0.8, ci_level: 0.9}
  - <<: *rain
    id: own_precip_total
    function: precipitation.annual_total
    # Chosen for this example.
    parameters: {relative_uncertainty: 0.1, ci_level: 0.9}
  - <<: *rain
    id: own_precip_trend
    function: precipitation.trend
    units: mm year-1
    parameters: {years: 60, slope: ols, ci_level: 0.9}
  - <<: *rain
    id: own_spi_3m
    function: drought.spi
    units: "1"
    parameters: {scale: 3, calibration: [1991, 2018], zero: center, ci_level: 0.9}
    variants:
      - inputs: {precipitation: {dataset: own_coast, variable: lwe_thickness_of_precipitation_amount, resolution: P1M}}
        locations: [own_ramsar]
  - <<: *rain
    id: own_spi_12m
    function: drought.spi
    units: "1"
    parameters: {scale: 12, calibration: [1991, 2018], zero: center, ci_level: 0.9}
  - <<: *rain
    id: own_spi_24m
    function: drought.spi
    units: "1"
    parameters: {scale: 24, calibration: [1991, 2018], zero: center, ci_level: 0.9}
    variants:
      - inputs: {precipitation: {dataset: own_coast, variable: lwe_thickness_of_precipitation_amount, resolution: P1M}}
        locations: [own_ramsar]
  - <<: *rain
    id: own_reference_evaporation
    function: reference_evaporation.from_months
    units: mm d-1
    # Height of the wind: a synoptic station's. The share of uncertainty is chosen for this example.
    parameters: {latitude: 36.9, elevation: -20.0, wind_height: 10.0, relative_uncertainty: 0.1, ci_level: 0.9}
    variants:
      - inputs:
          highest: {dataset: own_coast, variable: air_temperature_maximum, resolution: P1M}
          lowest: {dataset: own_coast, variable: air_temperature_minimum, resolution: P1M}
          humidity: {dataset: own_coast, variable: own_humidity, resolution: P1M}
          wind: {dataset: own_coast, variable: own_wind, resolution: P1M}
          sunshine: {dataset: own_coast, variable: own_sunshine, resolution: P1M}
        locations: [own_ramsar]
"""
AT_ALL = (
    "t2m_mean_1y", "t2m_normal_1961_1990", "t2m_normal_1991_2020", "t2m_anomaly", "t2m_trend", "t2m_trend_sen",
    "t2m_midrange_normal", "precip_normal_1991_2020", "precip_normal_1961_1990", "precip_total", "precip_trend", "spi_12m",
)  # fmt: skip
AT_RAMSAR = ("t2m_mean_1m", "spi_3m", "spi_24m", "reference_evaporation")
INDICATORS = {f"own_{name}" for name in (*AT_ALL, *AT_RAMSAR)}


@pytest.fixture
def found(database_url: str, tmp_path: Path, shared: Callable[..., Path]) -> dict[str, pd.DataFrame]:
    """Every row of every indicator, by indicator."""
    source = shared("samples", "iran_stations", "caspian_coast_monthly.csv")
    (tmp_path / "own" / "coast").mkdir(parents=True)
    shutil.copy(source, tmp_path / "own" / "coast" / "monthly.csv")
    (tmp_path / "own" / "own.yaml").write_text(DECLARED, encoding="utf-8")
    settings = Settings(home=tmp_path / "home", database_url=database_url, local=tmp_path / "own")
    with open_platform(settings) as platform:
        seed(platform)
        assert [outcome.problems for outcome in collect(platform, only=["own_coast"])] == [[]]
        outcome = compute(platform, only=INDICATORS)
        assert (outcome.problems, outcome.without_data) == ([], [])
        assert outcome.fetched == 7 * len(AT_ALL) + len(AT_RAMSAR)
        with platform.catalog.read() as connection:
            rows = {name: read_indicator(connection, name) for name in sorted(INDICATORS)}
        assert compute(platform, only=INDICATORS).unchanged == outcome.fetched
    return {name: pd.DataFrame([vars_of(row) for row in own]) for name, own in rows.items()}


def vars_of(row: object) -> dict[str, object]:
    names = ("location_id", "period_start", "period_end", "value", "reason", "std_uncertainty", "ci_low", "ci_high",
             "n_valid", "n_expected")  # fmt: skip
    return {name: getattr(row, name) for name in names}


@pytest.fixture
def table(shared: Callable[..., Path]) -> pd.DataFrame:
    table = pd.read_csv(shared("samples", "iran_stations", "caspian_coast_monthly.csv"), parse_dates=["Date"])
    table["place"] = "own_" + table["Site"].map(STATIONS)
    return table.set_index("Date")


@pytest.mark.slow
def test_the_coast_is_that_of_pandas(found: dict[str, pd.DataFrame], table: pd.DataFrame) -> None:
    for place, own in table.groupby("place"):
        here = {name.removeprefix("own_"): rows[rows["location_id"] == place] for name, rows in found.items()}
        annual = own["t"].resample("YS").agg(lambda year: year.mean() if year.count() == 12 else np.nan).dropna()
        kept = here["t2m_mean_1y"].dropna(subset="value")
        np.testing.assert_allclose(kept["value"].astype(float), annual, rtol=1e-9)
        check_normals(here, own)
        check_trends(here, own, annual)
        months = own["rrr"].rolling(12).sum()
        spi = here["spi_12m"].dropna(subset="value")
        assert len(spi) == months.notna().sum()
        dry = months[months.index.month == 12].loc["1991":"2018"].rank()
        score = spi[pd.to_datetime(spi["period_start"]).dt.month == 12].tail(28)["value"].astype(float)
        assert score.rank().tolist() == dry.tolist()
        assert abs(score.mean()) < 0.1
        assert 0.8 < score.std() < 1.2
    check_ramsar(found, table[table["place"] == "own_ramsar"])


def check_normals(here: dict[str, pd.DataFrame], own: pd.DataFrame) -> None:
    """The table ends in 2018: 28 of 30 years give 1991-2020; Parsabad and Nowshahr begin too late for 1961-1990."""
    now = here["t2m_normal_1991_2020"]
    assert (len(now), set(now["n_valid"]), set(now["n_expected"])) == (13, {28}, {30})
    column = now.sort_values(["period_start", "period_end"])["value"].astype(float)
    known = own["t"]["1991":"2018"]
    monthly = known.groupby(known.index.month).mean()
    np.testing.assert_allclose(np.sort(column), np.sort([*monthly, monthly.mean()]), rtol=1e-9)
    middle = own["tmax"].add(own["tmin"]).div(2)["1991":"2018"]
    middle = middle.groupby(middle.index.month).mean()
    found = here["t2m_midrange_normal"]["value"].astype(float)
    np.testing.assert_allclose(np.sort(found), np.sort([*middle, middle.mean()]), rtol=1e-9)
    rain = own["rrr"]["1991":"2018"].groupby(own["rrr"]["1991":"2018"].index.month).mean()
    found = here["precip_normal_1991_2020"]["value"].astype(float)
    np.testing.assert_allclose(np.sort(found), np.sort([*rain, rain.sum()]), rtol=1e-9)
    before, years = here["t2m_normal_1961_1990"], own["t"].dropna().index.year
    if years.min() <= 1961:
        assert before["reason"].isna().all()
        return
    assert before["value"].isna().all()
    first = int(years.min())
    assert before["reason"].str.contains(f"needs 24 of 30 years, this record has .*within {first}").any()
    assert here["t2m_anomaly"]["reason"].str.contains("1961-1990 needs 24 of 30").all()


def check_trends(here: dict[str, pd.DataFrame], own: pd.DataFrame, annual: pd.Series) -> None:
    slope, sen, rain = (here[name].iloc[-1] for name in ("t2m_trend", "t2m_trend_sen", "precip_trend"))
    if annual.index.year.min() > 1964:
        assert pd.isna(slope["value"])
        assert "48 are needed" in slope["reason"]
        return
    years = annual.index.year.to_numpy(float)
    assert slope["value"] == pytest.approx(np.polyfit(years, annual, 1)[0], rel=1e-6)
    assert slope["ci_low"] < slope["value"] < slope["ci_high"]
    i, j = np.triu_indices(years.size, 1)
    pairs = (annual.to_numpy()[j] - annual.to_numpy()[i]) / (years[j] - years[i])
    assert sen["value"] == pytest.approx(np.median(pairs), rel=1e-9)
    total = own["rrr"].resample("YS").agg(lambda year: year.sum() if year.count() == 12 else np.nan).dropna()
    assert rain["value"] == pytest.approx(np.polyfit(total.index.year.to_numpy(float), total, 1)[0], rel=1e-6)


def check_ramsar(found: dict[str, pd.DataFrame], own: pd.DataFrame) -> None:
    """Monthly means, SPI over three months, and reference evapotranspiration from five inputs."""
    np.testing.assert_allclose(found["own_t2m_mean_1m"]["value"].astype(float), own["t"], rtol=1e-9)
    assert found["own_spi_3m"]["value"].notna().sum() == len(own) - 2
    two_years = found["own_spi_24m"].dropna(subset="value")
    assert len(two_years) == len(own) - 23
    decembers = two_years[pd.to_datetime(two_years["period_start"]).dt.month == 12]
    sums = own["rrr"].rolling(24).sum()[lambda s: s.index.month == 12].dropna()
    assert decembers["value"].astype(float).rank().tolist() == sums.rank().tolist()
    rows = found["own_reference_evaporation"].dropna(subset="value")
    starts = pd.DatetimeIndex(pd.to_datetime(rows["period_start"]).dt.tz_localize(None))
    inputs = own.loc[starts]
    day = starts.day_of_year.to_numpy() + 14
    middle = (own["tmax"] + own["tmin"]) / 2
    known = fao.penman_monteith(
        inputs["tmax"], inputs["tmin"], inputs["um"] / 100 * fao.mean_saturation_pressure(inputs["tmax"], inputs["tmin"]),
        inputs["ff"], fao.radiation_from_sunshine(inputs["sshn"], day, 36.9), day_of_year=day, latitude=36.9,
        elevation=-20.0, wind_height=10.0, soil_heat=0.07 * (middle.shift(-1) - middle.shift(1)).loc[starts],
    )  # fmt: skip
    inner = np.isfinite(known)
    assert inner.sum() > 300
    np.testing.assert_allclose(rows["value"].astype(float).to_numpy()[inner], known[inner], rtol=1e-9)
    assert 0.3 < rows["value"].min() < rows["value"].max() < 8
