"""CSR mascons: one file released anew, months by its axis, and the trap of the masks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from caspian_env.errors import BadGranule
from caspian_env.seeds import load_datasets
from caspian_env.sources import csr_grace_mascons as source
from tests.sources.conftest import Collect

DATASET = load_datasets()["csr_grace_mascons"]
URL = f"{DATASET.hosts[0]}CSR_GRACE_GRACE-FO_RL0603_Mascons_all-corrections.nc"
# Middles of solutions: October and November 2011 in October, December and January in January; a gap; two in April 2015.
STAMPS = ("2011-10-16T12", "2011-10-31T12", "2012-01-01", "2012-01-16T12", "2015-03-16T12", "2015-04-22", "2015-04-27")
MONTHS = ["2011-10-01", "2011-11-01", "2011-12-01", "2012-01-01", "2015-03-01", "2015-04-01", "2015-05-01"]


def made_up(stamps: tuple[str, ...] = STAMPS, *, units: str = "cm", epoch: str = "Units") -> xr.Dataset:
    """The thickness falls by 2 cm from one solution to the next, everywhere; longitudes 0..360."""
    lat, lon = np.arange(30.125, 56, 0.25, dtype="f4"), np.arange(40.125, 62, 0.25, dtype="f4")
    days = (np.array(stamps, dtype="datetime64[s]") - np.datetime64("2002-01-01")) / np.timedelta64(86400, "s")
    values = np.broadcast_to(
        (5 - 2 * np.arange(len(stamps), dtype="f4"))[:, None, None], (len(stamps), lat.size, lon.size)
    )
    return xr.Dataset(
        {"lwe_thickness": (("time", "lat", "lon"), values.copy(), {"Units": units})},
        {"time": ("time", days, {epoch: "days since 2002-01-01T00:00:00Z"}), "lat": lat, "lon": lon},
        {"months_missing": "2012-02;2012-03", "time_mean_removed": "2004.000 to 2009.999"},
    )


def written(made: xr.Dataset, path: Path) -> bytes:
    made.to_netcdf(path, engine="h5netcdf")
    return path.read_bytes()


def test_the_one_file_is_listed() -> None:
    (ref,) = source.list_granules(None, None)
    assert DATASET.hosts[0] + ref.path == URL
    assert DATASET.whole_record


def test_months_are_those_of_the_axis_and_gaps_stay_gaps(tmp_path: Path, collect: Collect) -> None:
    got = collect(DATASET.id, {URL: written(made_up(), tmp_path / "a")})
    assert got.outcome.status == "ok", got.outcome.problems
    values = got.values(location="caspian_sea")
    assert list(values) == MONTHS
    assert list(values.values()) == pytest.approx([0.05, 0.03, 0.01, -0.01, -0.03, -0.05, -0.07], abs=1e-6)
    assert {(row.unit, row.std_uncertainty) for row in got.rows} == {("m", None)}, "no error is stated, none is made up"


def test_a_new_release_rewrites_history(tmp_path: Path, collect: Collect) -> None:
    collect(DATASET.id, {URL: written(made_up(), tmp_path / "a")})
    made = made_up((*STAMPS, "2015-06-16"))
    made["lwe_thickness"] = made["lwe_thickness"] + 0.5
    got = collect(DATASET.id, {URL: written(made, tmp_path / "b")})
    assert (got.outcome.first, got.outcome.revised) == (2, 14)


def test_time_is_read_with_either_spelling_of_its_units(tmp_path: Path) -> None:
    for epoch in ("Units", "units"):
        written(made_up(epoch=epoch), tmp_path / epoch)
        read = source.read_granule(tmp_path / epoch)
        assert [str(month)[:10] for month in read["time"].to_numpy()] == MONTHS


def masked(value: float, where: str) -> xr.Dataset:
    made = made_up()
    sea = (made["lat"] > 37) & (made["lat"] < 47) & (made["lon"] > 49) & (made["lon"] < 53)
    keep = ~sea if where == "sea" else sea
    made["lwe_thickness"] = made["lwe_thickness"].where(keep, value).transpose("time", "lat", "lon")
    return made


@pytest.mark.parametrize("value", [0.0, np.nan], ids=["zero", "fill"])
@pytest.mark.parametrize(("where", "place"), [("sea", "the North Caspian"), ("land", "the Kura lowland")])
def test_a_masked_file_is_refused(tmp_path: Path, value: float, where: str, place: str) -> None:
    written(masked(value, where), tmp_path / "granule")
    with pytest.raises(BadGranule, match=f"no value at {place}.* in 2011-10"):
        source.read_granule(tmp_path / "granule")


@pytest.mark.parametrize(
    ("made", "problem"),
    [
        (made_up(units="m"), "is in m and not in cm"),
        (made_up(units=""), "is in no unit"),
        (made_up(epoch="note"), "its time has no units"),
        (made_up(("2011-10-12", "2011-10-18")), "do not follow one another"),
        (made_up(("2011-10-16", "2011-10-31", "2011-11-16")), "do not follow one another"),
        (made_up(("2011-10-16", "2011-09-16")), "do not follow one another"),
        (made_up().isel(lat=[*range(60), 59, *range(60, 104)]), "stands twice"),
        (made_up().rename(lwe_thickness="lwe"), "no variable lwe_thickness"),
    ],
)
def test_another_layout_is_refused(tmp_path: Path, made: xr.Dataset, problem: str) -> None:
    written(made, tmp_path / "granule")
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(tmp_path / "granule")


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"", "empty"), (b"<html>down</html>", "an HTML page"), (b"\x89HDF\r\n\x1a\n\0", "damaged or truncated")],
)
def test_bytes_that_are_no_grid_are_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "granule").write_bytes(content)
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(tmp_path / "granule")
