"""The Python API on both databases; on PostgreSQL with the rights of a reader and no others."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
import xarray as xr

import caspian_env as ce
from caspian_env.api import CatalogReader
from caspian_env.catalog.engine import open_catalog
from caspian_env.catalog.roles import grant_reader
from caspian_env.errors import CatalogError, SettingsError

LEVEL = "water_surface_height_above_reference_datum"
MONTH = "2024-10-01/2024-11-01"


@pytest.fixture(scope="module")
def cat(documentation_url: str) -> Iterator[CatalogReader]:
    if documentation_url.startswith("sqlite"):
        with ce.connect(documentation_url) as opened:
            yield opened
        return
    owner, name = open_catalog(documentation_url), f"api_{uuid.uuid4().hex[:12]}"
    grant_reader(owner, name)
    url = sa.make_url(documentation_url).set(username=name)
    with ce.connect(url.render_as_string(hide_password=False)) as opened:
        yield opened
    with owner.write() as connection:
        connection.exec_driver_sql(f"DROP ROLE {name}")
    owner.dispose()


def test_a_series_says_what_it_is(cat: CatalogReader) -> None:
    level = cat.series("nasa_gwm_lake", datum="EGM2008")
    height = level[LEVEL]
    assert height.dims == ("time",)
    assert height.attrs | {"ancillary_variables": ""} == {
        "standard_name": LEVEL, "long_name": "Water level", "units": "m", "cell_methods": "time: point",
        "resolution": "instant", "water_surface_reference_datum": "EGM2008",
        "water_surface_reference_datum_title": "EGM2008 height", "ancillary_variables": "",
    }  # fmt: skip
    companions = height.attrs["ancillary_variables"].split()
    assert set(companions) == set(level.data_vars) - {LEVEL} == {"std_uncertainty", "qc_flag", "status", "known_from"}
    assert level["qc_flag"].attrs["flag_values"].tolist() == [1, 2, 3, 4, 9]
    assert level["std_uncertainty"].attrs["standard_name"] == f"{LEVEL} standard_error"
    assert set(np.unique(level["status"])) == {"final", "preliminary"}
    assert {"title", "source", "license", "references", "institution"} <= level.attrs.keys()
    assert level.attrs["title"].startswith("SYNTHETIC")
    assert (level.attrs["Conventions"], level.attrs["known_at"]) == ("CF-1.11", "2026-02-05T06:00:00Z")


def test_no_password_is_shown(documentation_url: str) -> None:
    url = sa.make_url(documentation_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(password="secret-word")
    with ce.connect(url.render_as_string(hide_password=False)) as opened:
        assert "CatalogReader" in repr(opened)
        assert "secret-word" not in repr(opened)


def test_regions_become_a_dimension_and_a_regional_mean_says_so(cat: CatalogReader) -> None:
    sst = cat.series("noaa_oisst_v2_1")
    assert dict(sst.sizes) == {"location": 4, "time": 62}
    assert sst["sea_surface_temperature"].attrs["cell_methods"] == "area: mean time: mean"
    assert {"n_cells", "area_share"} <= set(sst.data_vars)
    one = cat.series("noaa_oisst_v2_1", region="south_caspian")
    assert one["location"].item() == "south_caspian"
    xr.testing.assert_allclose(
        one["sea_surface_temperature"], sst["sea_surface_temperature"].sel(location="south_caspian")
    )
    assert isinstance(one.to_pandas(), pd.DataFrame)
    assert len(sst.to_dataframe()) == 4 * 62


@pytest.mark.parametrize(
    "as_of", ["2024-11-11", date(2024, 11, 11), datetime(2024, 11, 11), pd.Timestamp("2024-11-11T04:00+04:00")]
)
def test_the_past_is_read_as_it_was(cat: CatalogReader, as_of: object) -> None:
    then, now = (
        cat.series("dahiti_water_level", window=MONTH, as_of=as_of),
        cat.series("dahiti_water_level", window=MONTH),
    )
    assert (now[LEVEL] - then[LEVEL]).round(6).values.tolist() == [-0.03] * 3
    assert (then.attrs["as_of"], then.attrs["known_at"]) == ("2024-11-11T00:00:00Z", "2024-11-05T06:00:00Z")
    assert "as_of" not in now.attrs


def test_knowledge_begins_with_its_first_moment(cat: CatalogReader) -> None:
    first = datetime(2024, 11, 5, 6, tzinfo=UTC)
    assert cat.series("dahiti_water_level", as_of=first).sizes["time"] > 1000
    with pytest.raises(CatalogError, match="no value was known at 2024-11-05 05:59"):
        cat.series("dahiti_water_level", as_of="2024-11-05T05:59:59")


def test_history_holds_every_vintage_and_does_not_know_the_future(cat: CatalogReader) -> None:
    whole = cat.series("dahiti_water_level", window=MONTH, history=True)
    assert dict(whole.sizes) == {"vintage": 6}
    assert np.isnat(whole["known_to"]).sum() == 3
    then = cat.series("dahiti_water_level", window=MONTH, history=True, as_of="2025-01-01")
    assert dict(then.sizes) == {"vintage": 3}
    assert "known_to" not in then  # it was not over for any of them


def test_an_indicator_carries_its_interval(cat: CatalogReader) -> None:
    mean = cat.indicator("sl_mean_1y_dahiti")
    values = mean["sl_mean_1y_dahiti"]
    assert values.attrs["units"] == "m"
    assert values.attrs["water_surface_reference_datum"] == "dahiti_39"
    assert values.attrs["confidence_level"] == 0.9
    assert bool(((mean["ci_low"] <= values) & (values <= mean["ci_high"])).all())
    years = mean["period_end"].values - mean["time"].values
    assert set(years / np.timedelta64(1, "D")) == {365.0, 366.0}
    assert dict(cat.indicator("sst_mean_1y_ersst").sizes) == {"location": 4, "time": 45}
    assert cat.indicator("sl_mean_1y_dahiti", as_of="2024-11-11")["time"].values[-1] == np.datetime64("2023-01-01")
    assert cat.indicator("sl_mean_1y_dahiti", history=True).sizes["vintage"] > mean.sizes["time"]


@pytest.mark.parametrize("engine", ["netcdf4", "h5netcdf"])
def test_it_goes_through_a_file_unchanged(cat: CatalogReader, tmp_path: Path, engine: str) -> None:
    for number, given in enumerate(
        (
            cat.series("noaa_oisst_v2_1"),
            cat.series("dahiti_water_level", window=MONTH, history=True),
            cat.indicator("sl_mean_1y_dahiti"),
        )
    ):
        target = tmp_path / f"{number}.nc"
        given.to_netcdf(target, engine=engine)
        with xr.open_dataset(target, engine=engine) as read:
            xr.testing.assert_equal(read.load(), given)
            assert read.attrs == given.attrs


def test_what_is_not_there_is_said(cat: CatalogReader) -> None:
    with pytest.raises(CatalogError, match=r"2 kinds of series fit.*EGM2008.*gwm_jason2_pass"):
        cat.series("nasa_gwm_lake")
    with pytest.raises(CatalogError, match="nowhere: has no series here"):
        cat.series("nowhere")
    with pytest.raises(CatalogError, match=r"is not an indicator .*v_indicator_definition lists all"):
        cat.indicator("nothing")
    with pytest.raises(CatalogError, match="v_refusal"):
        cat.indicator("sst_mean_1y_oisst")
    with pytest.raises(SettingsError, match="as_of"):
        cat.series("dahiti_water_level", as_of="last week")


def test_tables(cat: CatalogReader) -> None:
    datasets = cat.datasets()
    assert datasets.loc["dahiti_water_level", "redistributable"] is np.False_
    assert datasets.loc["noaa_gml_co2", "n_granules"] == 2
    assert set(cat.indicators()["relative_to_datum"]) == {True, False}


def test_sql_gives_times_numbers_and_a_warning(cat: CatalogReader) -> None:
    frame = cat.sql("SELECT time, value FROM v_observation WHERE dataset_id = :d ORDER BY time", {"d": "noaa_gml_co2"})
    assert str(frame["time"].dtype).endswith("UTC]")
    assert frame["value"].dtype == float
    assert frame.attrs["truncated"] is False
    with pytest.warns(UserWarning, match="only the first 3 rows"):
        cut = cat.sql("SELECT value FROM v_observation", limit=3)
    assert (len(cut), cut.attrs["truncated"]) == (3, True)


def test_sql_knows_the_moment_of_the_catalog(documentation_url: str) -> None:
    question = "SELECT count(*) AS n FROM v_indicator_history WHERE known_from <= :as_of"
    with ce.connect(documentation_url, as_of="2024-11-11") as then, ce.connect(documentation_url) as now:
        assert 0 < then.sql(question)["n"].item() < now.sql(question)["n"].item()
        assert then.sql(question, {"as_of": "2024-11-01"})["n"].item() == 0


@pytest.mark.parametrize(
    "statement", ["DELETE FROM observation", "WITH gone AS (DELETE FROM run RETURNING 1) SELECT 1"]
)
def test_nothing_can_be_changed(cat: CatalogReader, statement: str) -> None:
    with pytest.raises(CatalogError):
        cat.sql(statement)


def test_history_views_at_present_are_the_views_of_the_present(cat: CatalogReader) -> None:
    columns = "dataset_id, variable_id, location_id, time, value, datum, known_from, granule_sha256, url, run_id"
    for view, shared in (
        ("v_observation", columns),
        ("v_indicator", "value_id, value, ci_low, datum, licence, run_id"),
    ):
        for there, elsewhere in ((view, f"{view}_history"), (f"{view}_history", view)):
            where = {name: "WHERE known_to IS NULL" if "history" in name else "" for name in (there, elsewhere)}
            left, right = (f"SELECT {shared} FROM {name} {where[name]}" for name in (there, elsewhere))
            assert cat.sql(f"SELECT count(*) AS n FROM ({left} EXCEPT {right}) AS more")["n"].item() == 0


def test_a_cube_is_not_for_a_catalog_without_one(documentation_url: str, tmp_path: Path) -> None:
    with ce.connect(documentation_url, home=tmp_path) as opened, pytest.raises(CatalogError, match="no cube"):
        opened.cube("noaa_oisst_v2_1")


def test_a_database_that_is_none_is_refused_and_not_made(tmp_path: Path, empty_database_url: str) -> None:
    with pytest.raises(CatalogError, match="no such database"):
        ce.connect(tmp_path / "nowhere.db")
    assert not (tmp_path / "nowhere.db").exists()
    empty = open_catalog(empty_database_url)
    with empty.write():
        pass
    empty.dispose()
    with pytest.raises(CatalogError, match="holds no catalog"):
        ce.connect(empty_database_url)


def test_the_home_is_enough(documentation_file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "caspian.db").write_bytes(documentation_file.read_bytes())
    with ce.connect(home="home") as opened:
        assert opened.series("noaa_gml_co2", variable="mole_fraction_of_carbon_dioxide_in_air").sizes["time"] > 800
    with pytest.raises(AttributeError, match="no attribute"):
        ce.nothing  # noqa: B018
