"""The water balance through the normal path: synthetic granules in the layouts of ERA5 and GloFAS, and a synthetic level."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from caspian_env.catalog.indicator_values import read_indicator
from caspian_env.formats.mirror_addresses import mirror_name, public_address
from caspian_env.model import Window
from caspian_env.seeds import load_alert_rules
from caspian_env.settings import Settings
from caspian_env.wiring import Platform, open_platform, source_of
from caspian_env.workflows.compute import compute
from caspian_env.workflows.conditions import judge
from caspian_env.workflows.cube import build_cubes
from caspian_env.workflows.explain import explain
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed
from caspian_env.workflows.verify import verify

DAHITI = "dahiti.dgfi.tum.de/api/v2/download-water-level/%3Fdahiti_id=39&format=json"
ERA5, GLOFAS = "cds_era5", "glofas_discharge"
YEAR = Window.parse("2006-01-01/2007-01-01")
AROUND = Window.parse("2005-11-01/2007-03-01")
RAIN, LOSS = 0.6e-3, -2.6e-3  # m a day, in the sign of ERA5
FLOW = {"volga_mouth": 7600.0, "ural_mouth": 270.0, "terek_mouth": 220.0, "kura_mouth": 520.0}
OWN = {"wb_volume_1y_residual_glofas_era5", "wb_closure_1y_residual_glofas_era5", "evap_1y_era5", "inflow_1y_volga_glofas",
       "evap_balance_1y_glofas", "precip_total_1y_era5", "inflow_total_1y_glofas",
       "net_precip_1y_era5"}  # fmt: skip


def era5(year: int) -> bytes:
    """Every cell and month alike; exactly encoded in the layout of the store (SYNTHETIC)."""
    time = pd.date_range(f"{year}-01-01", periods=12, freq="MS").to_numpy().astype("datetime64[ns]")
    lat, lon = np.arange(52.5, 30.9, -0.25), np.arange(41, 60.1, 0.25)
    shape = (12, lat.size, lon.size)
    given = {"tp": (RAIN, "m"), "e": (LOSS, "m"), "t2m": (287.0, "K")}
    made = xr.Dataset(
        {
            name: (("valid_time", "latitude", "longitude"), np.full(shape, value, "f4"), {"units": units})
            for name, (value, units) in given.items()
        },
        {"valid_time": time, "latitude": lat, "longitude": lon, "expver": ("valid_time", np.array(["0001"] * 12))},
    )
    return bytes(made.to_netcdf(engine="h5netcdf"))


def glofas(ref: Any, options: Any) -> bytes:
    """A month in which every river has its flow in its own cell, and a brook elsewhere (SYNTHETIC)."""
    days = pd.date_range(ref.window.start, ref.window.end, inclusive="left").tz_localize(None)
    stamps = (days + pd.Timedelta(days=1)).to_numpy().astype("datetime64[ns]")
    lat, lon = np.arange(48.0, 39.0, -0.05), np.arange(46.0, 53.0, 0.05)
    flow = np.full((days.size, lat.size, lon.size), 1.0, "f4")
    for river, (east, north) in options["rivers"].items():
        flow[:, np.abs(lat - north).argmin(), np.abs(lon - east).argmin()] = FLOW[river]
    made = xr.Dataset(
        {"dis24": (("valid_time", "latitude", "longitude"), flow, {"units": "m**3 s**-1"})},
        {"valid_time": stamps, "latitude": lat, "longitude": lon},
    )
    return bytes(made.to_netcdf(engine="h5netcdf", encoding={"dis24": {"zlib": True}}))


def level() -> bytes:
    """An epoch each ten days, falling by 0.1 m a year (SYNTHETIC)."""
    days = pd.date_range("2005-11-01", "2007-02-25", freq="10D")
    data = [
        {
            "date": f"{day:%Y-%m-%dT00:00:00}",
            "height": round(-26.5 - 0.1 * (day - days[0]).days / 365.25, 3),
            "error": 0.001,
        }
        for day in days
    ]
    target = {"id": "39", "target_name": "Caspian Sea (SYNTHETIC)", "points": len(data)}
    answer = {"code": 200, "message": "Request successful!", "target": target, "data": data}
    return json.dumps(answer).encode("ascii")


@pytest.fixture
def platform(database_url: str, tmp_path: Path) -> Any:
    mirror = tmp_path / "mirror"
    settings = Settings(home=tmp_path / "home", database_url=database_url, mirror=str(mirror))
    with open_platform(settings) as opened:
        seed(opened)
        yield opened


def publish(platform: Platform, mirror: Path) -> None:
    def put(name: str, content: bytes) -> None:
        path = mirror / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    datasets = platform.seeds.datasets
    for ref in source_of(datasets[ERA5]).list_granules(YEAR, None):
        put(mirror_name(public_address(datasets[ERA5].hosts[0] + ref.path, ref.form)), era5(ref.window.start.year))
    for ref in source_of(datasets[GLOFAS]).list_granules(YEAR, None):
        address = public_address(datasets[GLOFAS].hosts[0] + ref.path, ref.form)
        put(mirror_name(address), glofas(ref, datasets[GLOFAS].options))
    put(DAHITI, level())


@pytest.mark.slow
def test_from_granules_to_a_verified_residual(platform: Platform, tmp_path: Path) -> None:
    publish(platform, tmp_path / "mirror")
    for name, window in ((ERA5, YEAR), (GLOFAS, YEAR), ("dahiti_water_level", AROUND)):
        outcome = ingest(platform, platform.seeds.datasets[name], window=window)
        assert (outcome.problems, outcome.written > 0) == ([], True), name
    waiting = compute(platform, only={"wb_volume_1y_residual_glofas_era5"})
    assert waiting.without_data == ["wb_volume_1y_residual_glofas_era5 at caspian_sea"]
    build_cubes(platform, only=[ERA5])
    computed = compute(platform, only=OWN)
    assert (computed.problems, computed.without_data) == ([], [])
    with platform.catalog.read() as connection:
        rows = {name: {row.period_start.year: row for row in read_indicator(connection, name)} for name in OWN}
    rivers = sum(FLOW.values()) * 365 * 86400 / 1e9
    assert rows["inflow_1y_volga_glofas"][2006].value == pytest.approx(7600 * 365 * 86400 / 1e9, rel=1e-6)
    assert rows["inflow_total_1y_glofas"][2006].value == pytest.approx(rivers, rel=1e-6)
    assert rows["evap_1y_era5"][2006].value == pytest.approx(2.6 * 365, rel=1e-5)
    assert rows["precip_total_1y_era5"][2006].value == pytest.approx(0.6 * 365, rel=1e-5)
    net = rows["net_precip_1y_era5"][2006]
    assert net.value == pytest.approx((0.6 - 2.6) * 365, rel=1e-5)
    assert net.std_uncertainty == pytest.approx(np.hypot(0.06, 0.39) * 365, rel=1e-5)
    area = 392_300.0  # 2006 is the year of the printed area
    residual = rows["wb_volume_1y_residual_glofas_era5"][2006]
    expected = rivers + 15.6 + 4 - 18 + (0.6 - 2.6) * 365 * area / 1e6
    assert residual.value == pytest.approx(-0.1 * area / 1000 - expected, abs=1.0)  # the turn is told to a centimetre
    assert residual.ci_low < residual.value < residual.ci_high
    assert rows["wb_closure_1y_residual_glofas_era5"][2006].value == pytest.approx(
        residual.value / residual.std_uncertainty, rel=1e-9
    )
    rule = load_alert_rules()["balance_does_not_close"]
    closed = rows["wb_closure_1y_residual_glofas_era5"]
    newest = closed[max(year for year, row in closed.items() if row.value is not None)].value
    assert [c.rule for c in judge(platform, rule)] == ([rule.id] if abs(newest) > 2 else [])
    (alarm,) = judge(platform, replace(rule, above=newest - 1, below=newest - 2))
    assert "wb_closure_1y_residual_glofas_era5 at caspian_sea is" in alarm.message
    left = rows["evap_balance_1y_glofas"][2006]
    assert left.value == pytest.approx(2.6 * 365 - residual.value / area * 1e6, rel=1e-4)
    told = rows["wb_volume_1y_residual_glofas_era5"][2007]
    assert told.value is None and "volga (0 of 12 months)" in told.reason
    found = explain(platform, "wb_volume_1y_residual_glofas_era5", YEAR)
    assert {one.argument for one in found.inputs} == {
        "level", "volga", "ural", "terek", "kura", "precipitation", "evaporation",
    }  # fmt: skip
    verdict = verify(platform, found)
    assert verdict.verified, verdict.differences
