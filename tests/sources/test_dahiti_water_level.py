"""DAHITI: one JSON answer, several spellings, errors with status 200."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from caspian_env.catalog.query import ask
from caspian_env.errors import BadGranule
from caspian_env.model import FAIL, SUSPECT
from caspian_env.processing.qc import flag
from caspian_env.seeds import load_datasets
from caspian_env.settings import Settings
from caspian_env.sources import dahiti_water_level as source
from caspian_env.transport import addresses
from caspian_env.wiring import open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed
from tests.scripted_server import playing, reply

from .conftest import DATA, Altered, Collect

NAME = ("dahiti_water_level", "answer.json")


def test_heights_ascend_in_time(altered: Altered) -> None:
    read = source.read_granule(altered(*NAME))
    assert [str(t)[:10] for t in read["time"].values] == ["2001-01-01", "2001-01-11", "2001-01-21"]
    assert read["height"].values.tolist() == [-27.01, -27.11, -27.21]
    assert read["error"].values.tolist() == [0.002, 0.001, 0.0]
    assert (read["height"].attrs["units"], read.attrs["product_version"]) == ("m", "0.0")


@pytest.mark.parametrize("time", ["date", "datetime"])
@pytest.mark.parametrize(("height", "error"), [("height", "error"), ("wse", "wse_u"), ("water_level", "error")])
def test_every_known_spelling_is_read(tmp_path: Path, time: str, height: str, error: str) -> None:
    path = tmp_path / "granule"
    rows = [{time: "2001-01-01 12:30:00", height: "-27.5", error: None}]
    path.write_text(json.dumps({"target": {"dahiti_id": 39}, "data": rows}), encoding="utf-8")
    read = source.read_granule(path)
    assert (str(read["time"].values[0])[:16], float(read["height"][0])) == ("2001-01-01T12:30", -27.5)
    assert np.isnan(read["error"].values).all()


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"id": "39"', '"id": "314"', "for target 314 and not 39"),
        ('"target": {', '"target": "39", "was": {', "not JSON objects"),
        ('"data": [', '"data": [7, ', "not JSON objects"),
        ('"points": 3', '"points": 4', "3 epochs where the answer announces 4"),
        ('"code": 200', '"code": 470', "code 470"),
        ('"height": -27.01', '"depth": -27.01', "none of the fields height"),
        ("-27.01", '"NaN"', "not a finite number"),
        ("2001-01-01T", "2001-01-11T", "stands twice"),
        ('"2001-01-11T00:00:00"', '"soon"', "is not a date"),
        ("]}", "", "breaks off"),
    ],
)
def test_what_is_not_the_whole_record_of_the_sea_is_refused(altered: Altered, old: str, new: str, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(altered(*NAME, old, new))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ('{"code": 403, "message": "Permission denied"}', "without data: Permission denied"),
        ('[{"message": [{"id": "120"}]}]', "without data"),
        ("<html>", "HTML page"),
        ("", "empty"),
        ('{"target": {"id": "39"}, "data": []}', "no row"),
    ],
)
def test_an_error_body_is_refused(tmp_path: Path, body: str, problem: str) -> None:
    path = tmp_path / "granule"
    path.write_text(body, encoding="utf-8")
    with pytest.raises(BadGranule, match=problem):
        source.read_granule(path)


def test_a_spelling_of_the_request(window: object) -> None:
    (ref,) = source.list_granules(window, None)
    assert (ref.path, ref.form, ref.protocol) == (
        "download-water-level/", {"dahiti_id": "39", "format": "json"}, "json_post",
    )  # fmt: skip
    hosts = load_datasets()["dahiti_water_level"].hosts
    assert addresses(ref, hosts) == [
        "https://dahiti.dgfi.tum.de/api/v2/download-water-level/",
        "https://dahiti.dgfi.tum.de/api/v3/download-water-level/",
    ]


def test_the_real_record_and_its_outlier(shared: Callable[..., Path]) -> None:
    folder = shared("archive", "2023-08", "dahiti.dgfi.tum.de", "api", "v2", "download-water-level")
    read = source.read_granule(folder / "%3Fdahiti_id=39&format=json")
    assert read.sizes["time"] == 1112
    assert (str(read["time"].values[0])[:10], str(read["time"].values[-1])[:10]) == ("1992-09-28", "2023-07-22")
    (measured,) = load_datasets()["dahiti_water_level"].variables
    flags = flag(read["height"].values, read["time"].values, measured.qc)
    doubtful = [str(t)[:10] for t in read["time"].values[np.isin(flags, (SUSPECT, FAIL))]]
    assert doubtful == ["2000-01-27"]
    assert SUSPECT in flags
    assert FAIL not in flags


def test_damaged_answers_of_the_shared_material(shared: Callable[..., Path]) -> None:
    for name in ("worldbank__error_body_http200.json", "co2_mm_mlo__html_error_page.csv"):
        with pytest.raises(BadGranule):
            source.read_granule(shared("samples", "broken", name))


def test_it_is_collected_on_both_databases(collect: Collect) -> None:
    content = (DATA / "dahiti_water_level" / "answer.json").read_bytes()
    url = "https://dahiti.dgfi.tum.de/api/v2/download-water-level/?dahiti_id=39&format=json"
    collected = collect("dahiti_water_level", {url: content})
    assert (collected.outcome.status, collected.outcome.first) == ("ok", 3)
    assert collected.values() == {"2001-01-01": -27.01, "2001-01-11": -27.11, "2001-01-21": -27.21}
    row = collected.rows[0]
    assert (row.datum, row.std_uncertainty, row.unit, row.resolution) == ("dahiti_39", 0.002, "m", "instant")


def test_the_third_version_takes_over_where_the_second_is_gone(collect: Collect) -> None:
    content = (DATA / "dahiti_water_level" / "answer.json").read_bytes()
    url = "https://dahiti.dgfi.tum.de/api/{}/download-water-level/?dahiti_id=39&format=json"
    collected = collect("dahiti_water_level", {url.format("v3"): content})
    assert (collected.outcome.problems, len(collected.rows)) == ([], 3)
    again = collect("dahiti_water_level", {url.format("v2"): content})
    assert (again.outcome.written, len(again.rows)) == (0, 3)


def test_the_key_goes_into_the_json_and_nowhere_else(tmp_path: Path) -> None:
    content = (DATA / "dahiti_water_level" / "answer.json").read_bytes()
    settings = Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'c.db'}", keys={"DAHITI_KEY": "s3cret"})
    with playing(reply(status="404 Not Found"), reply(content)) as server, open_platform(settings) as platform:
        seed(platform)
        hosts = (f"{server.url}/api/v2/", f"{server.url}/api/v3/")
        outcome = ingest(platform, replace(platform.seeds.datasets["dahiti_water_level"], hosts=hosts))
        assert (outcome.problems, outcome.first) == ([], 3)
        for version, heard in zip(("v2", "v3"), server.heard, strict=True):
            head, _, body = heard.partition("\r\n\r\n")
            assert head.startswith(f"POST /api/{version}/download-water-level/ HTTP/1.1")
            assert "s3cret" not in head
            assert json.loads(body) == {"dahiti_id": "39", "format": "json", "api_key": "s3cret"}
        urls = ask(platform.catalog, "SELECT url FROM retrieval", limit=None).rows
        assert not any("s3cret" in url for (url,) in urls)
