"""Indicators of the sea through the normal path on both databases: collected, computed, explained, computed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.demo import dahiti
from caspian_env.formats.mirror_addresses import mirror_name, public_address
from caspian_env.indicators import marine_heatwaves
from caspian_env.model import Window
from caspian_env.processing.air_sea import dalton, from_latent_heat
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform, source_of
from caspian_env.workflows.compute import compute
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.explain import explain
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.run import collect
from caspian_env.workflows.seed import seed
from caspian_env.workflows.verify import verify

HEATWAVE = """
    parameters: {base: [2001, 2010], min_base_share: 0.8, detrended: false, resamples: 10, seed: 1, ci_level: 0.9}
    citation: Hobday et al. 2016
    decimals: 0
    note: Synthetic.
    variants:
      - inputs: {sst: {dataset: own_buoy, variable: sea_surface_temperature, resolution: P1D}}
        locations: [own_buoy]
"""
OWN = f"""
stations:
  - {{id: own_buoy, title: Own buoy (synthetic), longitude: 51.0, latitude: 42.0, source: Invented for this test}}
variables:
  - {{id: own_humidity, long_name: Relative humidity, units: percent}}
  - {{id: own_wind, long_name: Mean wind speed at 10 m, units: m s-1}}
  - {{id: own_latent_heat, long_name: Upward latent heat flux, units: W m-2}}
datasets:
  - id: own_buoy
    title: Daily values of a buoy (synthetic)
    summary: Water, air and wind.
    provider: Own institute
    licence: Internal
    redistributable: false
    citation: Own institute (2026)
    update_frequency: P1D
    publication_delay_days: 1
    coverage_start: "2000-01-01"
    whole_record: true
    locations: [own_buoy]
    cannot: Anything, it is invented.
    variables:
      - {{name: water, variable: sea_surface_temperature, resolution: P1D, units: degree_Celsius}}
      - {{name: air, variable: air_temperature, resolution: P1D, units: degree_Celsius}}
      - {{name: humidity, variable: own_humidity, resolution: P1D, units: percent}}
      - {{name: wind, variable: own_wind, resolution: P1D, units: m s-1}}
      - {{name: pressure, variable: air_pressure_at_mean_sea_level, resolution: P1D, units: hPa}}
      - {{name: heat, variable: own_latent_heat, resolution: P1D, units: W m-2}}
    options: {{files: buoy/*.csv, method: invented, time: {{column: day}}}}
indicators:
  - id: own_mhw_days
    title: Days of marine heatwave
    function: marine_heatwaves.days
    method_version: "1"
    units: d
    statistic: days of the year in a marine heatwave{HEATWAVE}
  - id: own_mhw_intensity
    title: Highest intensity
    function: marine_heatwaves.maximum_intensity
    method_version: "1"
    units: degree_Celsius
    statistic: highest intensity of the year{HEATWAVE}
  - id: own_evap_dalton
    title: Evaporation by a bulk formula
    function: evaporation.dalton
    method_version: "1"
    units: mm
    statistic: sum of the year
    # Chosen for this example: coefficient and uncertainty; the factor of salt is that of 13 g/kg (unverified).
    parameters: {{coefficient: 1.2e-3, salinity_factor: 0.993, relative_uncertainty: 0.15, ci_level: 0.9}}
    citation: Invented
    decimals: 0
    note: Synthetic.
    variants:
      - inputs:
          surface: {{dataset: own_buoy, variable: sea_surface_temperature, resolution: P1D}}
          air: {{dataset: own_buoy, variable: air_temperature, resolution: P1D}}
          humidity: {{dataset: own_buoy, variable: own_humidity, resolution: P1D}}
          wind: {{dataset: own_buoy, variable: own_wind, resolution: P1D}}
          pressure: {{dataset: own_buoy, variable: air_pressure_at_mean_sea_level, resolution: P1D}}
        locations: [own_buoy]
  - id: own_evap_latent
    title: Evaporation from the latent heat flux
    function: evaporation.from_latent_heat
    method_version: "1"
    units: mm
    statistic: sum of the year
    parameters: {{relative_uncertainty: 0.15, ci_level: 0.9}}
    citation: Invented
    decimals: 0
    note: Synthetic.
    variants:
      - inputs:
          flux: {{dataset: own_buoy, variable: own_latent_heat, resolution: P1D}}
          surface: {{dataset: own_buoy, variable: sea_surface_temperature, resolution: P1D}}
        locations: [own_buoy]
"""


def buoy() -> pd.DataFrame:
    """Synthetic: twelve years with a season and red noise, and one hot July."""
    day = pd.date_range("2000-01-01", "2011-12-31")
    noise, shocks = np.zeros(day.size), np.random.default_rng(11).normal(0, 0.4, day.size)
    for n in range(1, day.size):
        noise[n] = 0.9 * noise[n - 1] + shocks[n]
    water = 15 - 9 * np.cos(2 * np.pi * day.day_of_year.to_numpy() / 365.25) + noise
    water[(day >= "2011-07-01") & (day <= "2011-07-20")] += 5
    table = pd.DataFrame({"day": day.strftime("%Y-%m-%d"), "water": water, "air": water - 1.5})
    table["humidity"], table["wind"], table["pressure"] = 75.0, 6.0, 1018.0
    table["heat"] = 70 + 20 * np.cos(2 * np.pi * day.day_of_year / 365.25)
    return table.round(3)


def opened(tmp_path: Path, database_url: str, **more: Any) -> Platform:
    return open_platform(Settings(home=tmp_path / "home", database_url=database_url, **more))


def values(platform: Platform, indicator: str, location: str) -> dict[int, Any]:
    with platform.catalog.read() as connection:
        found = read_indicator(connection, indicator, location_id=location)
    return {row.period_start.year: row for row in found}


def test_an_own_buoy(database_url: str, tmp_path: Path) -> None:
    (tmp_path / "own" / "buoy").mkdir(parents=True)
    (tmp_path / "own" / "own.yaml").write_text(OWN, encoding="utf-8")
    table = buoy()
    table.to_csv(tmp_path / "own" / "buoy" / "buoy.csv", index=False)
    wanted = {"own_mhw_days", "own_mhw_intensity", "own_evap_dalton", "own_evap_latent"}
    with opened(tmp_path, database_url, local=tmp_path / "own") as platform:
        seed(platform)
        assert [outcome.problems for outcome in collect(platform, only=["own_buoy"])] == [[]]
        outcome = compute(platform, only=wanted)
        assert (outcome.problems, outcome.without_data, outcome.fetched) == ([], [], 4)
        rows = {name: values(platform, name, "own_buoy") for name in wanted}
        assert compute(platform, only=wanted).unchanged == 4
        explained = explain(platform, "own_mhw_days", Window.parse("2011-01-01/2012-01-01"), location="own_buoy")
        assert verify(platform, explained).verified
    sst = xr.DataArray(table["water"].to_numpy(), dims="time", coords={"time": pd.to_datetime(table["day"])})
    events = marine_heatwaves.detect(sst, (2001, 2010))
    hot = np.zeros(sst.size, bool)
    for start, end in zip(events["start"].values, events["end"].values, strict=True):
        hot |= (sst["time"].values >= start) & (sst["time"].values <= end)
    year = pd.to_datetime(table["day"]).dt.year.to_numpy()
    assert {y: row.value for y, row in rows["own_mhw_days"].items()} == {
        y: float(hot[year == y].sum()) for y in range(2000, 2012)
    }
    assert rows["own_mhw_days"][2011].value >= 20
    assert rows["own_mhw_intensity"][2011].value > 4
    assert rows["own_mhw_days"][2011].n_valid == 365
    days = table[year == 2011]
    bulk = dalton(
        days["water"], days["air"], days["humidity"], days["wind"], days["pressure"], coefficient=1.2e-3,
        salinity_factor=0.993,
    )  # fmt: skip
    assert rows["own_evap_dalton"][2011].value == pytest.approx(bulk.sum(), rel=1e-9)
    flux = from_latent_heat(days["heat"], days["water"]).sum()
    assert rows["own_evap_latent"][2011].value == pytest.approx(flux, rel=1e-9)


def test_surface_of_the_synthetic_mirror(database_url: str, small_mirror: Path, tmp_path: Path) -> None:
    """ERSST from 1981 on has trends, anomalies and a steric height; three days of OISST have refusals in words."""
    wanted = {
        "sst_trend_30y_ols_ersst", "sst_trend_30y_sen_ersst", "sst_anomaly_1m_ersst", "sl_steric_1m_ersst",
        "sst_trend_30y_ols_oisst", "mhw_days_1y_1991_2020_oisst", "mhw_area_share_1y_1991_2020_oisst",
        "ice_duration_ims", "evap_1y_era5",
    }  # fmt: skip
    with opened(tmp_path, database_url, mirror=str(small_mirror)) as platform:
        seed(platform)
        datasets = ["noaa_ersst_v5", "noaa_oisst_v2_1"]
        for outcome in collect(platform, only=datasets):
            assert outcome.status == "ok", outcome.problems
        build_cubes(platform, only=["noaa_oisst_v2_1"])
        outcome = compute(platform, only=wanted)
        assert outcome.problems == []
        assert sorted(outcome.without_data) == ["evap_1y_era5 at caspian_sea", "ice_duration_ims at north_caspian"]
        mean, ols = (values(platform, "sst_trend_30y_" + name, "south_caspian") for name in ("sen_ersst", "ols_ersst"))
        steric = values(platform, "sl_steric_1m_ersst", "caspian_sea")
        refused = [
            values(platform, "mhw_days_1y_1991_2020_oisst", "north_caspian"),
            values(platform, "mhw_area_share_1y_1991_2020_oisst", "caspian_sea"),
        ]
        explained = explain(
            platform, "sst_trend_30y_ols_ersst", Window.parse("1991-01-01/2021-01-01"), location="south_caspian"
        )
        assert verify(platform, explained).verified
    assert sorted(ols) == list(range(1981, 1997))
    assert ols[1991].ci_low < ols[1991].value < ols[1991].ci_high
    assert mean[1991].ci_low < ols[1991].value < mean[1991].ci_high
    assert mean[1991].std_uncertainty is None
    assert all(abs(row.value) < 10 for row in steric.values() if row.value is not None)
    for rows in refused:
        (row,) = rows.values()
        assert row.value is None
        assert row.reason.startswith("the base period 1991-2020 needs 80% of the days of every month")


@pytest.fixture
def balance(database_url: str, tmp_path: Path) -> Iterator[Platform]:
    """Synthetic granules of 2024, encoded as the stores do: reanalysis, rivers and levels."""
    mirror = tmp_path / "mirror"
    files = {dahiti.ADDRESS: dahiti.files(1)[dahiti.ADDRESS]()}
    window = Window.parse("2024-01-01/2025-01-01")
    with opened(tmp_path, database_url, mirror=str(mirror)) as platform:
        seed(platform)
        for name, make in (("cds_era5", reanalysis), ("glofas_discharge", rivers)):
            dataset = platform.seeds.datasets[name]
            for ref in source_of(dataset).list_granules(window, None):
                assert ref.window is not None
                made = make(ref.window, dataset.options)
                url = public_address(dataset.hosts[0] + ref.path, ref.form)
                files[str(mirror_name(url))] = bytes(made.to_netcdf(engine="h5netcdf"))
        for name, content in files.items():
            (mirror / name).parent.mkdir(parents=True, exist_ok=True)
            (mirror / name).write_bytes(content)
        for name in ("cds_era5", "glofas_discharge", "dahiti_water_level"):
            outcome = ingest(platform, platform.seeds.datasets[name], window=None if "dahiti" in name else window)
            assert outcome.problems == []
        build_cubes(platform, only=["cds_era5"])
        yield platform


def reanalysis(window: Window, options: Any) -> xr.Dataset:
    """Half a degree; the sea is where a surface temperature is, west of 53 E, and the land beside it evaporates nothing."""
    months = pd.date_range(f"{window.start:%Y-%m}-01", periods=12, freq="MS")
    lat, lon = np.arange(53, 31, -0.5), np.arange(41, 60.5, 0.5)
    shape = (12, lat.size, lon.size)
    sea = np.broadcast_to(lon < 53, shape)
    rate = np.where(sea, -0.0026, 0.0).astype("f4")
    data = {
        "t2m": np.full(shape, 287, "f4"), "sst": np.where(sea, 288, np.nan).astype("f4"),
        "tp": np.full(shape, 0.0005, "f4"), "e": rate,
    }  # fmt: skip
    ds = xr.Dataset(
        {name: (("valid_time", "latitude", "longitude"), values) for name, values in data.items()},
        {"valid_time": months.to_numpy().astype("datetime64[ns]"), "latitude": lat, "longitude": lon},
    )
    for name in data:
        ds[name].attrs["units"] = {"t2m": "K", "sst": "K"}.get(name, "m")
    return ds.assign_coords(number=0, expver=("valid_time", np.full(12, "0001")))


FLOW = {"volga_mouth": 7800.0, "ural_mouth": 250.0, "terek_mouth": 220.0, "kura_mouth": 420.0}


def rivers(window: Window, options: Any) -> xr.Dataset:
    """A month of days, each stamped at its end; the four channels hold water."""
    days = pd.date_range(window.start.replace(tzinfo=None), window.end.replace(tzinfo=None), inclusive="right")
    lat, lon = np.arange(48.025, 39, -0.05), np.arange(46.025, 52.5, 0.05)
    values = np.ones((days.size, lat.size, lon.size), "f4")
    for name, flow in FLOW.items():
        east, north = options["rivers"][name]
        values[:, np.abs(lat - north).argmin(), np.abs(lon - east).argmin()] = flow
    return xr.Dataset(
        {"dis24": (("valid_time", "latitude", "longitude"), values, {"units": "m**3 s**-1"})},
        {"valid_time": days.to_numpy().astype("datetime64[ns]"), "latitude": lat, "longitude": lon},
    )


def test_a_balance_from_three_sources(balance: Platform) -> None:
    names = (
        "wb_inflow_1y_glofas", "wb_inflow_total_1y_glofas", "wb_inflow_depth_1y_glofas", "wb_inflow_anomaly_1y_glofas",
        "wb_level_change_1y_dahiti", "wb_residual_1y_era5_glofas_dahiti", "evap_1y_era5", "evap_net_precipitation_1y_era5",
        "evap_residual_1y_era5_glofas_dahiti",
    )  # fmt: skip
    outcome = compute(balance, only=set(names))
    assert (outcome.problems, outcome.without_data) == ([], [])
    year = {name: values(balance, name, "caspian_sea").get(2024) for name in names}
    volga = values(balance, "wb_inflow_1y_glofas", "volga_mouth")[2024]
    assert volga.value == pytest.approx(7800 * 86400 * 366 / 1e9)
    total = sum(FLOW.values()) * 86400 * 366 / 1e9 + 19.6
    assert year["wb_inflow_total_1y_glofas"].value == pytest.approx(total)
    assert year["wb_inflow_depth_1y_glofas"].value == pytest.approx(1e6 * total / 378122.6)
    anomaly = values(balance, "wb_inflow_anomaly_1y_glofas", "volga_mouth")[2024]
    assert "needs 24 of 30 years, this record has none" in anomaly.reason
    assert year["evap_1y_era5"].value == pytest.approx(2.6 * 366, rel=1e-5), "land and its zeros are left out"
    assert year["evap_net_precipitation_1y_era5"].value == pytest.approx(-2.1 * 366, rel=1e-5)
    change = year["wb_level_change_1y_dahiti"].value
    gain = 1e6 * (total - 18.0) / 378122.6 + 0.5 * 366
    assert year["wb_residual_1y_era5_glofas_dahiti"].value == pytest.approx(change - gain + 2.6 * 366, rel=1e-5)
    closing = year["evap_residual_1y_era5_glofas_dahiti"]
    assert closing.value == pytest.approx(gain - change, rel=1e-5)
    assert closing.unit == "mm" and closing.datum_id == "none"
    explained = explain(
        balance, "wb_residual_1y_era5_glofas_dahiti", Window.parse("2024-01-01/2025-01-01"), location="caspian_sea"
    )
    assert {given.argument for given in explained.inputs} == {
        "level", "volga", "ural", "terek", "kura", "precipitation", "evaporation", "sea",
    }  # fmt: skip
    assert verify(balance, explained).verified
