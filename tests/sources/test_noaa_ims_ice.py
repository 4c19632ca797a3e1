"""IMS: a chart of digits on a polar map becomes shares of ice in cells, the right way up, on the right day."""

from __future__ import annotations

import gzip
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from PIL import Image
from shapely.geometry import shape

from caspian_env.errors import BadGranule, NotPublished
from caspian_env.formats.polar_stereographic import PolarStereographic
from caspian_env.model import Listing, Window
from caspian_env.seeds import load_datasets, load_locations
from caspian_env.sources import noaa_ims_ice as source
from tests.sources.conftest import Collect
from tests.sources.independent import mean_by_points

ID = "noaa_ims_ice"
BASE = load_datasets()[ID].hosts[0]
SIZE = 6144
IMS = PolarStereographic(6378137.0, 6356257.0, 60.0, -80.0)
HEADER = b"".join(b"Made-up text in place of line %d of the header\n" % n for n in range(30))
NAME = "ims2021304_00UTC_4km_v1.3.asc"


def made_up_chart() -> NDArray[np.uint8]:
    """Top row first: land, the Caspian of the seeds as sea, with ice north of 45.5 N; outside where the map ends."""
    made = np.full((SIZE, SIZE), 2, dtype=np.uint8)
    made[:, :400] = 0
    rows, columns = np.mgrid[1900:2600, 3900:4500]
    longitude, latitude = IMS.inverse((columns + 0.5) * 4000 - 12_288_000, 12_288_000 - (rows + 0.5) * 4000)
    geometry = load_locations()["caspian_sea"].geometry
    wet = shapely.contains_xy(shape(geometry), longitude, latitude)
    made[1900:2600, 3900:4500] = np.where(wet, np.where(latitude > 45.5, 3, 1), 4)
    return made


@pytest.fixture(scope="module")
def chart() -> NDArray[np.uint8]:
    return made_up_chart()


def packed(chart: NDArray[np.uint8], name: str = NAME, *, header: bytes = HEADER, upward: bool = True) -> bytes:
    """The file as the provider packs it; the first row of digits is the lowest of the map."""
    rows = chart[::-1] if upward else chart
    lines = np.column_stack([rows + ord("0"), np.full(len(rows), ord("\n"))]).astype(np.uint8)
    return zipped(header + lines.tobytes(), name)


def zipped(content: bytes, name: str) -> bytes:
    target = io.BytesIO()
    with gzip.GzipFile(name, "wb", compresslevel=1, fileobj=target, mtime=0) as file:
        file.write(content)
    return target.getvalue()


def as_tiff(chart: NDArray[np.uint8], compression: str | None) -> bytes:
    target = io.BytesIO()
    Image.fromarray(chart).save(target, format="TIFF", compression=compression)
    return zipped(target.getvalue(), "ims2021304_4km_GIS_v1.3.tif")


def stored(content: bytes, tmp_path: Path) -> Path:
    (tmp_path / "granule").write_bytes(content)
    return tmp_path / "granule"


def test_a_chart_becomes_shares_of_ice(chart: NDArray[np.uint8], tmp_path: Path) -> None:
    read = source.read_granule(stored(packed(chart), tmp_path))
    share, pixels = read["ice_share"][0], read["water_pixels"][0]
    assert str(read["time"].values[0])[:10] == "2021-10-31"
    assert share.shape == (50, 42)
    assert float(share.sel(lat=38.625, lon=51.125)) == 0.0  # open water is nothing missing
    assert float(share.sel(lat=46.125, lon=50.125)) == 1.0
    assert np.isnan(share.sel(lat=40.625, lon=47.125))  # land is
    assert 30 < float(pixels.sel(lat=42.125, lon=50.625)) < 60
    # Each pixel of water is counted once: their number times their true area is that of the polygon.
    lat = np.deg2rad(read["lat"])
    scale = (1 + np.sin(np.deg2rad(60))) / (
        1 + np.sin(lat)
    )  # of the sphere; the ellipsoid differs by parts of a thousand
    area = float((pixels * 16 / scale**2).sum())
    assert area == pytest.approx(load_locations()["caspian_sea"].area_km2, rel=0.01)


@pytest.mark.parametrize("upward", [True, False])
def test_land_tells_which_way_up_a_file_is(chart: NDArray[np.uint8], tmp_path: Path, upward: bool) -> None:
    read = source.read_granule(stored(packed(chart, upward=upward), tmp_path))
    assert float(read["ice_share"].sel(lat=46.125, lon=50.125)[0]) == 1.0
    assert float(read["ice_share"].sel(lat=38.625, lon=51.125)[0]) == 0.0


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "packbits", "tiff_adobe_deflate"])
def test_a_geotiff_says_the_same(chart: NDArray[np.uint8], tmp_path: Path, compression: str | None) -> None:
    tiff = source.read_granule(stored(as_tiff(chart, compression), tmp_path))
    text = source.read_granule(stored(packed(chart), tmp_path))
    assert tiff.equals(text)


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("ims2021304_4km_v1.3.asc", HEADER),
        ("NIC.IMS_v3_202130400_4km.asc", HEADER),
        ("NIC.IMS_v3_20211031_4km.tif", HEADER),
        ("granule", HEADER + b"NIC.IMS_v3_202130400_4km.asc\n"),
    ],
)
def test_the_day_is_found(chart: NDArray[np.uint8], tmp_path: Path, name: str, header: bytes) -> None:
    read = source.read_granule(stored(packed(chart, name, header=header), tmp_path))
    assert str(read["time"].values[0])[:10] == "2021-10-31"


@pytest.mark.parametrize("summer", [False, True])
def test_days_reach_the_catalog(chart: NDArray[np.uint8], window: Window, collect: Collect, summer: bool) -> None:
    shown = np.where(chart == 3, 1, chart).astype(np.uint8) if summer else chart
    got = collect(ID, {f"{BASE}4km/2021/{NAME}.gz": packed(shown)}, window=window)
    assert got.outcome.status == "ok", got.outcome.problems
    rows = {row.location: row for row in got.rows}
    assert {(row.variable, row.status, row.qc_flag, f"{row.time:%F}") for row in rows.values()} == {
        ("sea_ice_area_fraction", "final", 1, "2021-10-31")
    }
    if summer:
        assert [row.value for row in rows.values()] == [0.0] * 4
        return
    assert rows["south_caspian"].value == rows["middle_caspian"].value == 0.0
    lat, lon = np.arange(35.8, 48.2, 0.01), np.arange(45.8, 56.2, 0.01)
    frozen = np.repeat((lat > 45.5)[:, None], lon.size, axis=1).astype(float)
    geometry = load_locations()["north_caspian"].geometry
    assert geometry is not None
    expected, _ = mean_by_points(frozen, lat, lon, geometry, points=1)
    assert rows["north_caspian"].value == pytest.approx(expected, abs=0.01)


class Folders:
    """Directory pages of one host."""

    def __init__(self, pages: Mapping[str, Sequence[str]]) -> None:
        self.pages = pages

    def listing(self, path: str) -> Listing:
        if path not in self.pages:
            raise NotPublished(path, "no such page")
        return Listing(BASE, self.pages[path])


def test_text_is_listed_before_pictures(window: Window) -> None:
    pages = {
        "4km/2021/": ["ims2021303_00UTC_4km_v1.3.asc.gz", f"{NAME}.gz", "ims2021305_4km_v1.3.asc.gz", "readme.txt"],
        "GIS/4km/2021/": ["ims2021304_4km_GIS_v1.3.tif.gz"],
    }
    refs = list(source.list_granules(window, Folders(pages)))
    assert [(ref.path, ref.status, str(ref.window)) for ref in refs] == [
        (f"4km/2021/{NAME}.gz", "final", "2021-10-31/2021-11-01"),
        ("4km/2021/ims2021305_4km_v1.3.asc.gz", "final", "2021-11-01/2021-11-02"),
    ]
    del pages["4km/2021/"]
    (ref,) = source.list_granules(window, Folders(pages))
    assert (ref.path, ref.status) == ("GIS/4km/2021/ims2021304_4km_GIS_v1.3.tif.gz", "preliminary")


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda whole: b"", "empty"),
        (lambda whole: whole[: len(whole) // 2], "damaged"),
        (lambda whole: b"<html>502</html>", "an HTML page"),
        (lambda whole: zipped(b"<html>502</html>", NAME), "has 0 rows"),
        (lambda whole: zipped(gzip.decompress(whole)[:-7000], NAME), "has 6142 rows"),
        (lambda whole: zipped(gzip.decompress(whole), "granule"), "does not say which day"),
        (lambda whole: zipped(gzip.decompress(whole), "ims2021999_4km_v1.3.asc"), "does not exist"),
        (lambda whole: zipped(gzip.decompress(whole).replace(b"1", b"2"), NAME), "no Caspian where the map has it"),
        (lambda whole: zipped(gzip.decompress(whole).replace(b"4", b"7"), NAME), "holds the class 7"),
        (lambda whole: as_tiff(np.ones((100, 100), dtype=np.uint8), None), "has .100, 100. pixels"),
        (lambda whole: zipped(b"II*\0" + b"\0" * 100, NAME), "TIFF cannot be read"),
    ],
)
def test_what_is_no_such_chart_is_refused(chart: NDArray[np.uint8], tmp_path: Path, spoil, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(stored(spoil(packed(chart)), tmp_path))
