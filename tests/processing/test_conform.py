"""Every way a provider lays out a grid ends in one shape, and what cannot be laid out is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import cftime
import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule
from caspian_env.processing.conform import cell_bounds, conform, cut, grid_fingerprint, stamp


def grid(lat, lon, time=("2020-01-01",), names=("lat", "lon", "time")) -> xr.Dataset:
    """A field whose values tell the place: latitude + longitude (0..360) / 1000, + 1000 per time step."""
    lat, lon = np.asarray(lat, float), np.asarray(lon, float)
    place = lat[:, np.newaxis] + (lon % 360)[np.newaxis, :] / 1000
    values = place[np.newaxis] + 1000.0 * np.arange(len(time))[:, np.newaxis, np.newaxis]
    times = np.asarray(time, "datetime64[ns]") if isinstance(time[0], str) else np.asarray(time)
    y, x, t = names
    return xr.Dataset({"sst": ((t, y, x), values, {"units": "Celsius"})}, {t: times, y: lat, x: lon})


@pytest.mark.parametrize(
    "names",
    [("lat", "lon", "time"), ("latitude", "longitude", "valid_time"), ("y", "x", "time"), ("LAT", "LON", "TIME")],
)
def test_axes_get_their_names(names: tuple[str, str, str]) -> None:
    ds = conform(grid([40, 41], [50, 51, 52], names=names))
    assert ds["sst"].dims == ("time", "latitude", "longitude")
    assert ds["sst"].attrs["units"] == "Celsius"


def test_metres_are_no_longitude() -> None:
    ds = grid([40, 41], [50, 51], names=("y", "x", "time"))
    ds["x"].attrs["units"] = ds["y"].attrs["units"] = "m"
    assert conform(ds)["sst"].dims == ("time", "y", "x")


def test_two_latitudes_are_refused() -> None:
    ds = grid([40, 41], [50, 51]).assign_coords(latitude=("lat", [1.0, 2.0]))
    with pytest.raises(BadGranule, match="more than one latitude"):
        conform(ds)


def test_descending_latitude_and_0_360_keep_every_value_at_its_place() -> None:
    ds = conform(grid([42, 41, 40], [0, 90, 180, 270]))
    assert ds["latitude"].values.tolist() == [40, 41, 42]
    assert ds["longitude"].values.tolist() == [-180, -90, 0, 90]
    assert float(ds["sst"].sel(latitude=41, longitude=-90).item()) == pytest.approx(41.270)
    assert ds["sst"].sel(latitude=slice(40, 41), longitude=slice(0, 90)).size == 4


def test_levels_of_one_are_dropped_and_more_refused() -> None:
    one = grid([40, 41], [50, 51]).expand_dims(zlev=[0.0])
    assert "zlev" not in conform(one).variables
    with pytest.raises(BadGranule, match="2 levels along zlev"):
        conform(xr.concat([one, one.assign_coords(zlev=[10.0])], dim="zlev"))


def test_given_bounds_move_with_their_longitudes() -> None:
    ds = grid([41, 40], [10, 350])
    ds = ds.assign(
        lat_bnds=(("lat", "nv"), [[41.4, 40.5], [40.5, 39.5]]), lon_bnds=(("lon", "nv"), [[0, 20], [340, 360]])
    )
    ds["lat"].attrs["bounds"], ds["lon"].attrs["bounds"] = "lat_bnds", "lon_bnds"
    ds = conform(ds)
    assert list(ds.data_vars) == ["sst"]
    assert cell_bounds(ds, "latitude").tolist() == [[39.5, 40.5], [40.5, 41.4]]
    assert ds["longitude"].values.tolist() == [-10, 10]
    assert cell_bounds(ds, "longitude").tolist() == [[-20, 0], [0, 20]]


def test_bounds_are_derived_half_way_and_stop_at_the_poles() -> None:
    ds = conform(grid([-90, -88, -86], [0, 1, 3]))
    assert cell_bounds(ds, "latitude").tolist() == [[-90, -89], [-89, -87], [-87, -85]]
    assert cell_bounds(ds, "longitude").tolist() == [[-0.5, 0.5], [0.5, 2.0], [2.0, 4.0]]
    from_north = grid([40, 39, 37], [1, 0, -1])  # as it came, before `conform` sorts it
    assert cell_bounds(from_north.rename(lat="latitude"), "latitude").tolist() == [[39.5, 40.5], [38, 39.5], [36, 38]]
    with pytest.raises(BadGranule, match="single cell"):
        cell_bounds(ds.isel(latitude=[0]), "latitude")
    with pytest.raises(BadGranule, match="no latitude"):
        cell_bounds(xr.Dataset(), "latitude")


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_are_in_microseconds(unit: str) -> None:
    ds = conform(grid([40, 41], [50, 51], np.array(["2021-02-03T12:00"], f"datetime64[{unit}]")))
    assert ds["time"].dtype == np.dtype("datetime64[us]")
    assert ds["time"].values[0] == np.datetime64("2021-02-03T12:00")


def test_times_are_sorted_with_their_values() -> None:
    ds = conform(grid([40, 41], [50, 51], ("2020-01-02", "2020-01-01")))
    assert ds["sst"].isel(latitude=0, longitude=0).values.tolist() == pytest.approx([1040.05, 40.05])


def test_aware_times_become_utc() -> None:
    baku = datetime(2020, 1, 1, 2, tzinfo=timezone(timedelta(hours=4)))
    ds = conform(xr.Dataset({"v": ("time", [1.0])}, {"time": np.array([baku], dtype=object)}))
    assert ds["time"].values[0] == np.datetime64("2019-12-31T22:00")
    assert datetime(2019, 12, 31, 22, tzinfo=UTC) == baku


@pytest.mark.parametrize("calendar", ["standard", "proleptic_gregorian"])
def test_real_calendars_are_converted(calendar: str) -> None:
    moments = cftime.num2date([0.5, 59.0], "days since 2020-01-01", calendar=calendar, only_use_cftime_datetimes=True)
    times = conform(grid([40, 41], [50, 51], moments))["time"].values
    assert times.tolist() == [datetime(2020, 1, 1, 12), datetime(2020, 2, 29)]


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "julian", "all_leap"])
def test_calendars_without_real_dates_are_refused(calendar: str) -> None:
    moments = cftime.num2date([0, 1], "days since 2020-01-01", calendar=calendar)
    with pytest.raises(BadGranule, match="no real dates"):
        conform(grid([40, 41], [50, 51], moments))


def test_dates_before_the_gregorian_reform_are_ambiguous() -> None:
    moments = np.array([cftime.datetime(1, 1, 1, calendar="standard")])
    with pytest.raises(BadGranule, match="Gregorian reform"):
        conform(grid([40, 41], [50, 51], moments))


def test_undecoded_and_missing_times_are_refused() -> None:
    with pytest.raises(BadGranule, match="instead of dates"):
        conform(grid([40, 41], [50, 51], np.array([1.0, 2.0])))
    with pytest.raises(BadGranule, match="1 of its labels are missing"):
        conform(grid([40, 41], [50, 51], ("2020-01-01", "NaT")))


@pytest.mark.parametrize(
    ("lat", "lon", "time"),
    [
        ([40, 40], [50, 51], ("2020-01-01",)),
        ([40, 41], [0, 180, 360], ("2020-01-01",)),
        ([40, 41], [50, 51], ("2020-01-01", "2020-01-01")),
    ],
)
def test_repeated_labels_are_refused(lat: list[float], lon: list[float], time: tuple[str, ...]) -> None:
    with pytest.raises(BadGranule, match="occurs 2 times"):
        conform(grid(lat, lon, time))


def test_a_table_has_only_time() -> None:
    table = xr.Dataset({"level": ("time", [2.0, 1.0])}, {"time": np.array(["2020-02", "2020-01"], "datetime64[ns]")})
    assert conform(table)["level"].values.tolist() == [1.0, 2.0]


def test_a_single_time_without_dimension_is_kept() -> None:
    assert conform(grid([40, 41], [50, 51]).isel(time=0))["time"].dtype == np.dtype("datetime64[us]")


def test_cut_keeps_one_cell_of_margin() -> None:
    ds = conform(grid(np.arange(-89.5, 90), np.arange(0.5, 360)))
    area = cut(ds, 46.2, 54.8, 36.6, 47.1)
    assert area["longitude"].values[[0, -1]].tolist() == [45.5, 55.5]
    assert area["latitude"].values[[0, -1]].tolist() == [35.5, 48.5]
    assert cut(ds, -180, -179.5, 89.9, 90)["sst"].shape == (1, 2, 2), "the margin stops at the edge of the grid"


def test_an_empty_cut_is_an_error() -> None:
    ds = conform(grid([10, 11, 12], [20, 21, 22]))
    with pytest.raises(BadGranule, match="no cell between 36 and 47 degrees latitude"):
        cut(ds, 20, 21, 36, 47)
    with pytest.raises(BadGranule, match="degrees longitude"):
        cut(ds, 46, 55, 10, 11)


def test_stamps() -> None:
    time = np.array(["2021-10-25T12:30:01"], "datetime64[ns]")
    expected = {"instant": time[0], "P1D": "2021-10-25", "P1M": "2021-10-01", "P1Y": "2021-01-01"}
    for resolution, moment in expected.items():
        stamped = stamp(time, resolution)
        assert stamped.dtype == np.dtype("datetime64[us]")
        assert stamped[0] == np.datetime64(moment)
    assert stamp(np.array(["1969-12-31T23"], "datetime64[ns]"), "P1D")[0] == np.datetime64("1969-12-31")
    with pytest.raises(BadGranule, match="P3M"):
        stamp(time, "P3M")


def test_fingerprint_tells_grids_apart() -> None:
    ds = conform(grid([40, 41], [50, 51]))
    assert grid_fingerprint(ds) == grid_fingerprint(conform(grid([41, 40], [410, 411])))
    assert grid_fingerprint(ds) != grid_fingerprint(conform(grid([40, 41], [50, 51.001])))
    assert len(grid_fingerprint(ds)) == 64
