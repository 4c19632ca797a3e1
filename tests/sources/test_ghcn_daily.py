"""GHCN-Daily: stations found in a box, long records in tenths, flags of the provider."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from caspian_env.catalog.query import ask
from caspian_env.errors import BadGranule
from caspian_env.seeds import load_datasets
from caspian_env.sources import ghcn_daily as source
from tests.sources.conftest import Collect
from tests.sources.pages import Pages

DATASET = load_datasets()["ghcn_daily"]
BASE = DATASET.hosts[0]
HEADER = "ID,DATE,ELEMENT,DATA_VALUE,M_FLAG,Q_FLAG,S_FLAG,OBS_TIME\n"
# Fixed width as the provider's: id, latitude, longitude, elevation, state, name, flags, WMO number. Places are made up.
STATIONS = """\
XX000000001  38.5000   48.9000  -22.0    SALTMARSH                      GSN     00001
XX000000002  42.9667   47.5500   28.0    HARBOUR                                00002
XX000000003  40.0000   53.0000 -999.9    NO HEIGHT
XX000000004  55.7500   37.6000  156.0    FAR AWAY                               00004
XX000000005 -38.5000   48.9000   10.0    OTHER HEMISPHERE
"""
ONE = (
    "XX000000001,20230928,TMAX,352,,,S,\n"
    "XX000000001,20230928,TMIN,-15,,,S,0700\n"
    "XX000000001,20230928,PRCP,0,T,,S,\n"
    "XX000000001,20230928,SNWD,50,,,S,\n"
    "XX000000001,20230929,TAVG,278,H,,S,\n"
    "XX000000001,20230929,PRCP,0,P,,S,\n"
    "XX000000001,20230930,TAVG,999,,X,S,\n"
    "XX000000001,20230930,TMAX,301,,,S,\n"
    "XX000000001,20231001,PRCP,-9999,,,S,\n"
    "XX000000001,20231001,TMIN,12,,I,S,\n"
)
TWO = "XX000000002,20240229,PRCP,123,,,S,\nXX000000002,20240301,PRCP,5,,,a,\n"


def address(number: int) -> str:
    return f"{BASE}csv/by_station/XX{number:09d}.csv"


def written(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_stations_of_the_box_are_places_with_their_own_elevation() -> None:
    refs = list(
        source.list_granules(None, Pages(BASE, texts={"ghcnd-stations.txt": STATIONS}), options=DATASET.options)
    )
    assert [ref.path for ref in refs] == [f"csv/by_station/XX{n:09d}.csv" for n in (1, 2, 3)]
    places = [ref.location for ref in refs if ref.location]
    assert [(p.id, p.latitude, p.longitude, p.elevation_m) for p in places] == [
        ("ghcn_XX000000001", 38.5, 48.9, -22.0), ("ghcn_XX000000002", 42.9667, 47.55, 28.0),
        ("ghcn_XX000000003", 40.0, 53.0, None),
    ]  # fmt: skip
    assert (places[0].title, places[0].kind) == ("Saltmarsh (XX000000001)", "station")


@pytest.mark.parametrize(
    "text", ["", "<html>down</html>\n", STATIONS.replace("38.5000 ", "n.a.    ", 1), "XX1  1 2 3\n"]
)
def test_another_list_is_an_error(text: str) -> None:
    with pytest.raises(BadGranule, match="no station"):
        list(source.list_granules(None, Pages(BASE, texts={"ghcnd-stations.txt": text}), options=DATASET.options))


def test_stations_reach_the_catalog_and_flagged_values_do_not(collect: Collect) -> None:
    files = {f"{BASE}ghcnd-stations.txt": STATIONS.encode(), address(1): (HEADER + ONE).encode()}
    got = collect(DATASET.id, {**files, address(2): (HEADER + TWO).encode()})
    assert [p for p in got.outcome.problems if "XX000000003" not in p] == [], "the third station has no file"
    values = {(r.variable, r.location[-1], str(r.time.date())): (r.value, r.unit) for r in got.rows}
    assert values == {
        ("air_temperature", "1", "2023-09-29"): (27.8, "degree_Celsius"),
        ("air_temperature_maximum", "1", "2023-09-28"): (35.2, "degree_Celsius"),
        ("air_temperature_maximum", "1", "2023-09-30"): (30.1, "degree_Celsius"),
        ("air_temperature_minimum", "1", "2023-09-28"): (-1.5, "degree_Celsius"),
        ("lwe_thickness_of_precipitation_amount", "1", "2023-09-28"): (0.0, "mm"),
        ("lwe_thickness_of_precipitation_amount", "2", "2024-02-29"): (12.3, "mm"),
        ("lwe_thickness_of_precipitation_amount", "2", "2024-03-01"): (0.5, "mm"),
    }
    known = ask(got.platform.catalog, "SELECT id, elevation_m FROM location WHERE id LIKE 'ghcn_XX%' ORDER BY id").rows
    assert [tuple(row) for row in known] == [("ghcn_XX000000001", -22.0), ("ghcn_XX000000002", 28.0)]


def test_a_value_that_is_flagged_later_is_withdrawn(collect: Collect) -> None:
    files = {f"{BASE}ghcnd-stations.txt": STATIONS.splitlines(keepends=True)[1].encode()}
    collect(DATASET.id, {**files, address(2): (HEADER + TWO).encode()})
    got = collect(DATASET.id, {address(2): (HEADER + TWO.replace("123,,,", "123,,O,")).encode()})
    assert (got.outcome.revised, got.outcome.withdrawn) == (0, 1)
    assert list(got.values()) == ["2024-03-01"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("<html>down</html>\n", "an HTML page"),
        ((HEADER + TWO)[:-3], "truncated"),
        (TWO, "the header is"),
        (HEADER.replace("S_FLAG,", "") + TWO, "the header is"),
        (HEADER, "has none of TMAX, TMIN, TAVG, PRCP"),
        (HEADER + "XX000000001,20230928,SNWD,50,,,S,\n", "has none of"),
        (HEADER + TWO.replace("20240229", "20230229"), "cannot be read"),
        (HEADER + TWO.replace("20240229", "2024-02"), r"""doesn't match format "%Y%m%d" \(fetch it again"""),
        (HEADER + TWO.replace(",123,", ",abc,"), "cannot be read"),
        (HEADER + TWO.replace(",,,S,\n", ",,,S,,,,,\n", 1), "line 2 has another number of fields"),
        (HEADER + TWO + TWO.replace("XX000000002", "XX000000001"), "about 2 stations"),
        (HEADER + TWO + TWO, "two values"),
        (HEADER + TWO.replace(",123,,,", ",123,,G,").replace(",5,,,", ",-9999,,,"), "no row with a value"),
    ],
)
def test_another_record_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(written(tmp_path / "granule", text), options=DATASET.options)


def test_elements_that_a_station_lacks_are_left_out(tmp_path: Path) -> None:
    read = source.read_granule(written(tmp_path / "granule", HEADER + TWO), options=DATASET.options)
    assert list(read.data_vars) == ["PRCP"]
    assert read["PRCP"].to_numpy() == pytest.approx([12.3, 0.5])


def test_the_real_list_has_the_stations_it_is_known_to_have(shared: Callable[..., Path]) -> None:
    content = shared("samples", "ghcn_stations", "ghcnd-stations.txt.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(archive.namelist()[0]).decode("utf-8")
    degrees = np.array([(float(line[12:20]), float(line[21:30])) for line in text.splitlines()])
    near = (np.abs(degrees - (42.0, 50.5)) <= (6.0, 5.5)).all(axis=1)
    pages = Pages(BASE, texts={"ghcnd-stations.txt": text})
    places = [ref.location for ref in source.list_granules(None, pages, options={"box": [45, 56, 36, 48]})]
    below = [place for place in places if place and place.elevation_m is not None and place.elevation_m < 0]
    assert (len(places), len(below)) == (int(near.sum()), 50) == (170, 50)
    known = {place.id: place.elevation_m for place in places if place}
    assert known["ghcn_IRM00040718"] == -26.0
    ours = list(source.list_granules(None, pages, options=DATASET.options))
    assert len(ours) == 128, "the number that the seed tells"
