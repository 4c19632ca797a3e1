"""CLMS lake water level: an open catalogue, a download behind a token, JSON or zip; encoded as published readers expect."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from caspian_env.catalog.query import ask
from caspian_env.errors import BadGranule
from caspian_env.formats.mirror_addresses import mirror_name
from caspian_env.model import Document, Listing, Window
from caspian_env.seeds import load_datasets
from caspian_env.settings import Settings
from caspian_env.sources import clms_lake_water_level as source
from caspian_env.wiring import open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed
from tests.scripted_server import playing, reply

from .conftest import Collect

DATASET = load_datasets()["clms_lake_water_level"]
OPTIONS = DATASET.options
HEIGHT, NEWER = source._HEIGHT


def product(
    lake: str = "CASPIAN", issued: str = "202007081808", key: str = "11111111-2222", point: list[float] | None = None
) -> dict[str, Any]:
    footprint = {"type": "Point", "coordinates": point} if point else None
    name = f"c_gls_WL_{issued}_{lake}_ALTI_V2.1.0_geojson"
    return {"Id": key, "Name": name, "GeoFootprint": footprint}


def series(height: str = HEIGHT, **properties: object) -> dict[str, Any]:
    told = {
        "resource": "CASPIAN", "lake": "Caspian", "water_surface_reference_name": "EGM2008", "missing_value": 9999.999,
        "status": "made up", **properties,
    }  # fmt: skip
    epochs = [
        ("2020/01/01 03:04", -27.51, 0.03),
        ("2020/01/11 05:06", -27.53, None),
        ("2020/01/21 07:08", 9999.999, 0.1),
    ]
    data = [
        {"identifier": n, "datetime": time, height: level, "water_surface_height_uncertainty": spread}
        for n, (time, level, spread) in enumerate(epochs)
    ]
    geometry = {"type": "Point", "coordinates": [51.0, 42.0]}
    return {"type": "Feature", "geometry": geometry, "properties": told, "data": data}


def body(document: object) -> bytes:
    return json.dumps(document).encode()


def packed(*names: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in names:
            archive.writestr(name, body(series()))
    return content.getvalue()


@dataclass
class Catalogue:
    """The catalogue with these pages, one after another."""

    pages: list[str]
    asked: list[str] = field(default_factory=list)

    def listing(self, path: str) -> Listing:
        raise AssertionError(path)

    def document(self, path: str, *, form: Mapping[str, str] | None = None) -> Document:
        self.asked.append(path)
        return Document("https://catalogue.dataspace.copernicus.eu/odata/v1/", self.pages[len(self.asked) - 1])


def listed(*products: object, window: Window) -> list[str]:
    http = Catalogue([json.dumps({"value": list(products)})])
    return [ref.path for ref in source.list_granules(window, http, options=OPTIONS)]


def address(key: str) -> str:
    return f"https://download.dataspace.copernicus.eu/odata/v1/Products({key})/$value"


def test_the_newest_issue_of_the_caspian_is_named(window: Window) -> None:
    old, new = product(), product(issued="202101010101", key="33333333-4444")
    other = product(lake="0000000012345", issued="202512312359", point=[45.3, 37.7])
    assert listed(other, new, old, window=window) == [address("33333333-4444")]


def test_a_number_counts_where_its_point_lies_on_the_open_sea(window: Window) -> None:
    sea = product(lake="0000000012345", issued="202512312359", key="55555555-6666", point=[51.0, 42.0])
    assert listed(sea, product(), window=window) == [address("55555555-6666")]
    assert listed(product(lake="0000000012345", point=[53.5, 41.0]), {"Name": None}, window=window) == []


def test_a_name_that_could_change_the_address_is_left(window: Window) -> None:
    assert listed(product(key="../secret"), window=window) == []


def test_it_asks_page_after_page_for_the_collection_in_the_box(window: Window) -> None:
    http = Catalogue([json.dumps({"value": [product("1")] * 1000}), json.dumps({"value": [product()]})])
    assert len(list(source.list_granules(window, http, options=OPTIONS))) == 1
    first, second = http.asked
    assert second == f"{first}&$skip=1000"
    assert "contains(Name,'c_gls_WL_')" in first
    assert "POLYGON((46%2036,55%2036,55%2048,46%2048,46%2036))" in first
    assert "$orderby=Name%20desc" in first
    assert len(mirror_name(second).rsplit("/", 1)[1].encode()) <= 255


def test_a_catalogue_that_breaks_is_told(window: Window) -> None:
    with pytest.raises(BadGranule, match="something else than products"):
        list(source.list_granules(window, Catalogue(['{"error": 1}']), options=OPTIONS))


@pytest.fixture
def read(tmp_path: Path) -> Callable:
    def now(content: bytes) -> object:
        (tmp_path / "granule").write_bytes(content)
        return source.read_granule(tmp_path / "granule", options=OPTIONS)

    return now


@pytest.mark.parametrize(
    "content",
    [
        body(series()),
        body(series(NEWER)),
        body({"type": "FeatureCollection", "features": [series()]}),
        packed("readme.txt", "c_gls_WL.json"),
    ],
)
def test_every_known_form_of_the_series(read: Callable, content: bytes) -> None:
    table = read(content)
    assert table["height"].values[:2].tolist() == [-27.51, -27.53]
    assert table["uncertainty"].values[0] == 0.03
    assert [str(t)[:16] for t in table["time"].values[:2]] == ["2020-01-01T03:04", "2020-01-11T05:06"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (body(series(resource="12345", lake="Urmia")), "is '12345 Urmia' and not the Caspian"),
        (body(series(water_surface_reference_name="EGM96")), "stand on 'EGM96' and not on EGM2008"),
        (body(series(water_surface_reference_name="")), "stand on '' and not on EGM2008"),
        (body(series("depth")), "none of the fields water_surface_height_above_reference_datum"),
        (body(series()).replace(b"2020/01/01 03:04", b"1 January"), "not a time like"),
        (body(series()).replace(b"2020/01/11 05:06", b"2020/01/01 03:04"), "stands twice"),
        (body(series()).replace(b"-27.51", b'"low"'), "'low' is not a number"),
        (body({"detail": "Token expired"}), "without properties and data Token expired"),
        (body({**series(), "data": [1]}), "not JSON objects"),
        (body([]), "without properties and data"),
        (body(series())[:-20], "breaks off"),
        (packed("a.json", "b.json"), "holds 2 JSON documents"),
        (packed("a.txt"), "holds 0 JSON documents"),
        (b"<html>sign in</html>", "HTML page"),
        (b"", "empty"),
    ],
)
def test_what_is_not_promised_is_refused(read: Callable, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        read(content)


def asked_first() -> str:
    """The address of the catalogue's first page."""
    http = Catalogue([json.dumps({"value": []})])
    list(source.list_granules(Window.parse("2021-10-31/2021-11-02"), http, options=OPTIONS))
    return http.asked[0]


def test_it_is_collected_on_both_databases(collect: Collect) -> None:
    files = {asked_first(): body({"value": [product()]}), address("11111111-2222"): body(series())}
    collected = collect("clms_lake_water_level", files)
    assert (collected.outcome.problems, collected.outcome.first) == ([], 2)
    assert collected.values() == {"2020-01-01 03:04": -27.51, "2020-01-11 05:06": -27.53}
    assert [(r.datum, r.std_uncertainty) for r in collected.rows] == [("EGM2008", 0.03), ("EGM2008", None)]
    newer = body(series()).replace(b"-27.53", b"-27.54")
    files = {asked_first(): body({"value": [product(issued="202107081808", key="77777777-8888"), product()]}),
             address("77777777-8888"): newer}  # fmt: skip
    again = collect("clms_lake_water_level", files)
    assert (again.outcome.revised, again.values()["2020-01-11 05:06"]) == (1, -27.54)


def test_a_token_opens_the_download_and_no_secret_is_left_behind(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = Settings(
        home=tmp_path, database_url=f"sqlite:///{tmp_path / 'c.db'}", keys={"CDSE_KEY": "me@example.org:pass:word"}
    )
    answers = reply(body({"value": [product()]})), reply(body({"access_token": "t0ken"})), reply(body(series()))
    with playing(*answers) as server, open_platform(settings) as platform:
        seed(platform)
        options = {**OPTIONS, "token_url": f"{server.url}/token"}
        options |= dict.fromkeys(("catalogue", "download"), f"{server.url}/odata/v1/")
        outcome = ingest(platform, replace(DATASET, hosts=(server.url,), options=options))
        assert (outcome.problems, outcome.first) == ([], 2)
        catalogue, token, download = server.heard
        kept = str(ask(platform.catalog, "SELECT url, error FROM retrieval").rows)
    assert "authorization" not in catalogue.lower() and "word" not in catalogue
    head, _, form = token.partition("\r\n\r\n")
    assert head.startswith("POST /token ") and "word" not in head
    assert set(form.split("&")) == {
        "client_id=cdse-public", "grant_type=password", "username=me%40example.org", "password=pass%3Aword",
    }  # fmt: skip
    assert download.startswith("GET /odata/v1/Products(11111111-2222)/$value ")
    assert "authorization: bearer t0ken" in download.lower()
    for secret in ("pass:word", "pass%3Aword", "t0ken"):
        assert secret not in kept + caplog.text


@pytest.mark.parametrize(
    ("key", "answer", "problem"),
    [
        ("me", b"{}", "is not NAME:PASSWORD"),
        ("me:word", b'{"error": "invalid_grant"}', "gave no token"),
    ],
)
def test_a_key_that_does_not_open_is_told(tmp_path: Path, key: str, answer: bytes, problem: str) -> None:
    settings = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'c.db'}", keys={"CDSE_KEY": key})
    with playing(reply(body({"value": [product()]})), reply(answer)) as server, open_platform(settings) as platform:
        seed(platform)
        options = {**OPTIONS, "token_url": f"{server.url}/token", "catalogue": f"{server.url}/"}
        outcome = ingest(platform, replace(DATASET, hosts=(server.url,), options=options))
    assert problem in outcome.problems[0]
