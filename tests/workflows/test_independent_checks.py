"""Values of the catalog after a run, against the provider's files read here by other means."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.workflows.conftest import CO2, DAHITI, GISTEMP, OISST, Ran, values_of

ROOT = Path(__file__).resolve().parent.parent.parent
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def annual(real_run: Ran, indicator: str) -> dict[int, tuple[float, str]]:
    found = real_run.rows(
        "SELECT period_start, value, status FROM v_indicator WHERE indicator_id = :indicator", indicator=indicator
    )
    return {start.year: (value, status) for start, value, status in found}


def monthly(real_run: Ran, dataset: str, variable: str) -> dict[tuple[int, int], float]:
    found = values_of(real_run.catalog, dataset)
    return {(time.year, time.month): value for (name, _, _, time), value in found.items() if name == variable}


def gistemp_rows(mirror: Path) -> list[dict[str, str]]:
    lines = (mirror / GISTEMP).read_text(encoding="utf-8").splitlines()[1:]
    return list(csv.DictReader(lines))


def co2_frame(mirror: Path) -> pd.DataFrame:
    return pd.read_csv(mirror / CO2, comment="#").set_index(["year", "month"])


@pytest.mark.slow
def test_dahiti_annual_means_by_pandas(real_run: Ran) -> None:
    epochs = json.loads((real_run.mirror / DAHITI).read_text(encoding="utf-8"))["data"]
    time = pd.to_datetime([row.get("date", row.get("datetime")) for row in epochs])
    height = pd.Series([float(row.get("height", row.get("wse", row.get("water_level")))) for row in epochs], index=time)
    assert len(height) == 1112
    failed = real_run.rows("SELECT time FROM v_observation WHERE dataset_id = 'dahiti_water_level' AND qc_flag = 4")
    assert len(failed) <= 2
    height = height.drop([moment.replace(tzinfo=None) for (moment,) in failed])
    months = height.resample("MS").mean()[height.resample("MS").count() >= 2]
    years = months.groupby(months.index.year).agg(["mean", "count"])
    expected = years.loc[years["count"] == 12, "mean"]
    stored = annual(real_run, "sl_mean_1y_dahiti")
    complete = {year: value for year, (value, status) in stored.items() if status != "estimated"}
    assert complete == pytest.approx(expected.to_dict(), abs=1e-9)
    assert len(expected) >= 20
    filled = stored.keys() - complete.keys()
    assert all(years.loc[year, "count"] == 11 for year in filled)
    (rate,) = real_run.rows(
        "SELECT value FROM v_indicator WHERE indicator_id = 'sl_rate_10y_dahiti' AND period_end = :end",
        end=datetime(2023, 1, 1, tzinfo=UTC),
    )
    # The mean increment telescopes: ten annual means have nine increments, in cm a year.
    assert rate[0] == pytest.approx((stored[2022][0] - stored[2013][0]) / 9 * 100, abs=1e-9)


def test_gistemp_is_the_table(real_run: Ran) -> None:
    table = gistemp_rows(real_run.mirror)
    stored = monthly(real_run, "nasa_gistemp", "air_temperature_anomaly")
    expected = {
        (int(row["Year"]), number): float(row[name])
        for row in table
        for number, name in enumerate(MONTHS, 1)
        if row[name] != "***"
    }
    assert stored == pytest.approx(expected, abs=1e-12)
    for row in table:
        year = int(row["Year"])
        if row["J-D"] != "***":
            # Twelve months and their mean are printed with two decimals.
            assert np.mean([stored[year, month] for month in range(1, 13)]) == pytest.approx(
                float(row["J-D"]), abs=0.01
            )


def test_co2_is_the_file_and_so_are_its_years(real_run: Ran) -> None:
    frame = co2_frame(real_run.mirror)
    stored = monthly(real_run, "noaa_gml_co2", "mole_fraction_of_carbon_dioxide_in_air")
    assert stored == pytest.approx(frame["average"].to_dict(), abs=1e-9)
    counts = frame["average"].groupby("year").count()
    means = frame["average"].groupby("year").mean()[counts == 12]
    years = annual(real_run, "co2_mean_1y")
    assert {year: value for year, (value, _) in years.items()} == pytest.approx(means.to_dict(), abs=1e-9)
    trend = frame["deseasonalized"].to_dict()
    ends = {
        year: (trend[year, 12] + trend[year + 1, 1]) / 2
        for year in range(1958, 2026)
        if (year, 12) in trend and (year + 1, 1) in trend
    }
    growth = {year: ends[year] - ends[year - 1] for year in ends if year - 1 in ends}
    stored_growth = {year: value for year, (value, _) in annual(real_run, "co2_growth_1y").items()}
    assert stored_growth == pytest.approx(growth, abs=1e-9)


def scanline_weights(rings: list[Any], lat: np.ndarray, lon: np.ndarray, step: float, lines: int = 40) -> np.ndarray:
    """Area of each cell inside the rings: along a parallel exact between the crossings, across it by many parallels."""
    weights = np.zeros((lat.size, lon.size))
    edges = [(np.asarray(ring)[:-1], np.asarray(ring)[1:]) for ring in rings]
    for row, centre in enumerate(lat):
        for line in range(lines):
            y = centre - step / 2 + (line + 0.5) * step / lines
            crossings = []
            for (x0, y0), (x1, y1) in ((a.T, b.T) for a, b in edges):
                hit = (y0 <= y) != (y1 <= y)
                crossings.append(x0[hit] + (y - y0[hit]) / (y1[hit] - y0[hit]) * (x1[hit] - x0[hit]))
            ordered = np.sort(np.concatenate(crossings))
            for west, east in zip(ordered[::2], ordered[1::2], strict=True):
                inside = np.minimum(east, lon + step / 2) - np.maximum(west, lon - step / 2)
                weights[row] += np.clip(inside, 0, None) * np.cos(np.deg2rad(y))
    return weights


def test_oisst_whole_sea_mean_by_hand(real_run: Ran) -> None:
    from netCDF4 import Dataset

    path = real_run.mirror / OISST / "202110" / "oisst-avhrr-v02r01.20211025.nc"
    with Dataset(path) as file:
        lat, lon = np.asarray(file["lat"][:], float), np.asarray(file["lon"][:], float)
        rows_, columns = np.flatnonzero((lat > 35) & (lat < 49)), np.flatnonzero((lon > 45) & (lon < 57))
        sst = file["sst"][0, 0, rows_, columns].astype(float).filled(np.nan)
    collection = json.loads((ROOT / "seeds" / "regions" / "caspian_sea.geojson").read_text(encoding="utf-8"))
    geometry = collection.get("geometry") or collection["features"][0]["geometry"]
    polygons = geometry["coordinates"] if geometry["type"] == "MultiPolygon" else [geometry["coordinates"]]
    rings = [ring for polygon in polygons for ring in polygon]
    weights = scanline_weights(rings, lat[rows_], lon[columns], 0.25)
    seen = np.isfinite(sst) & (weights > 0)
    expected = np.sum(weights[seen] * sst[seen]) / np.sum(weights[seen])
    ((value, n_cells, share),) = real_run.rows(
        "SELECT value, n_cells, area_share FROM v_observation WHERE dataset_id = 'noaa_oisst_v2_1'"
        " AND location_id = 'caspian_sea' AND time = :day",
        day=datetime(2021, 10, 25, tzinfo=UTC),
    )
    assert value == pytest.approx(expected, abs=1e-4)
    assert abs(n_cells - int(seen.sum())) <= 2  # a sliver of a cell may lie between two parallels
    assert share == pytest.approx(weights[seen].sum() / weights.sum(), abs=1e-3)


def test_regions_add_up(real_run: Ran) -> None:
    """The three basins together are the whole sea: its mean lies between theirs, weighted by their areas."""
    areas = dict(real_run.rows("SELECT id, area_km2 FROM location WHERE kind = 'region'"))
    basins = ("north_caspian", "middle_caspian", "south_caspian")
    assert sum(areas[basin] for basin in basins) == pytest.approx(areas["caspian_sea"], rel=1e-3)
    stored = values_of(real_run.catalog, "noaa_ersst_v5")
    whole = {time: value for (_, place, _, time), value in stored.items() if place == "caspian_sea"}
    for time, value in whole.items():
        parts = [v for (_, place, _, t), v in stored.items() if t == time and place in basins]
        assert min(parts) <= value <= max(parts)
