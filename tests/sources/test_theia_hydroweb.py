"""Hydroweb: a zip packed to order, two layouts, two lakes; bytes written in the encoding that published readers expect."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from caspian_env.catalog.query import ask
from caspian_env.errors import BadGranule
from caspian_env.settings import Settings
from caspian_env.sources import theia_hydroweb as source
from caspian_env.wiring import open_platform
from caspian_env.workflows import orders
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.outcome import Outcome
from caspian_env.workflows.seed import seed
from tests.scripted_server import Script, playing, reply

from .conftest import Collect

URL = "https://hydroweb.next.theia-land.fr/api/download/workflows?bbox=46%2C36%2C55%2C48&collection=HYDROWEB_LAKES_OPE"
TEXT = """\
lake={lake};country=Made-up;basin=Made-up;lat=42.0;lon=50.0;date=2001.1;first_date=2001.0;last_date=2001.1;type=o;id=1
#COLUMN 1: decimal year
#COLUMN 4: height, m
2001.00136986;2001/01/01;04:56;-27.11;0.08;371000.0;0.0;0
2001.02876712;2001/01/11;05:10;-27.13;9999.999;9999.999;9999.999;0
2001.05616438;2001/01/21;05:25;9999.999;9999.999;9999.999;9999.999;0
"""
OLD = "Decimal year,Date,Time,Height,Standard deviation,Area,Volume\n2001.001,2001/01/01,04:56,-27.11,0.08,1.0,0.0\n"


def text(lake: str = "caspian") -> bytes:
    return TEXT.format(lake=lake).encode()


def packed(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in members.items():
            archive.writestr(f"HYDROWEB_LAKES_OPE/{name.replace('__', '.')}", member)
    return content.getvalue()


BOTH = packed(
    hydroprd_L_caspian__txt=text(), hydroprd_L_kara_bogaz_gol__txt=text("kara_bogaz_gol"), hydroprd_L_urmia__txt=b"?"
)


@pytest.fixture
def read(tmp_path: Path) -> Callable[[bytes], object]:
    def now(content: bytes) -> object:
        (tmp_path / "granule").write_bytes(content)
        return source.read_granule(tmp_path / "granule")

    return now


def test_both_lakes_are_read_and_fills_are_missing(read: Callable) -> None:
    table = read(BOTH)
    assert table["location"].values.tolist() == ["caspian_sea", "kara_bogaz_gol"]
    sea = table.sel(location="caspian_sea")
    assert sea["height"].values[:2].tolist() == [-27.11, -27.13]
    assert np.isnan(sea["height"].values[2])
    assert sea["std"].values[0] == 0.08
    assert np.isnan(sea["std"].values[1:]).all()
    assert str(sea["time"].values[0]) == "2001-01-01T04:56:00.000000000"


def test_a_zip_in_the_zip(read: Callable) -> None:
    assert read(packed(inner__zip=packed(hydroprd_L_caspian__txt=text())))["height"].shape == (3, 1)


def test_the_older_export(read: Callable) -> None:
    assert read(packed(hydroprd_L_caspian__csv=OLD.encode()))["height"].values.tolist() == [[-27.11]]


def test_real_bytes_of_the_older_export_of_another_lake(read: Callable, shared: Callable[..., Path]) -> None:
    path = shared("samples", "hydroweb", "hydroprd_L_victoria.csv")
    table = read(packed(hydroprd_L_caspian__csv=path.read_bytes()))
    own = pd.read_csv(path)
    assert table.sizes["time"] == len(own)
    assert table["height"].values[:, 0].tolist() == own["Height"].tolist()
    assert table["std"].values[:, 0].tolist() == own["Standard deviation"].tolist()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (packed(hydroprd_L_urmia__txt=text("urmia")), "no series of the Caspian"),
        (packed(hydroprd_L_caspian__txt=text("urmia")), "the text of caspian begins with 'urmia'"),
        (packed(hydroprd_L_caspian__txt=text(), inner__zip=packed(hydroprd_L_caspian__txt=text())), "caspian twice"),
        (packed(hydroprd_L_caspian__txt=text()[:-1]), "truncated: line 6"),
        (packed(hydroprd_L_caspian__txt=b""), "truncated|begins with"),
        (packed(hydroprd_L_caspian__txt=text().replace(b";0\n", b"\n", 1)), "line 4: 7 fields and not 8"),
        (packed(hydroprd_L_caspian__txt=text().replace(b"2001/01/11;05:10", b"2001/01/01;04:56")), "stands twice"),
        (packed(hydroprd_L_caspian__txt=text().replace(b"2001/01/11", b"11-01-2001")), "no date and time"),
        (packed(hydroprd_L_caspian__txt=text().replace(b"-27.11", b"deep")), "'deep' is not a number"),
        (packed(hydroprd_L_caspian__txt=b"lake=caspian\n# nothing\n"), "has no row"),
        (packed(hydroprd_L_caspian__txt=b"lake=caspian\n\xff\n"), "not UTF-8"),
        (BOTH[:200], "damaged"),
        (b"<html>log in</html>", "an HTML page in place of a zip"),
        (b"", "the file is empty"),
    ],
)
def test_what_is_not_promised_is_refused(read: Callable, content: bytes, problem: str) -> None:
    with pytest.raises(BadGranule, match=problem):
        read(content)


def test_it_is_collected_on_both_databases(collect: Collect) -> None:
    collected = collect("theia_hydroweb", {URL: BOTH})
    assert (collected.outcome.problems, collected.outcome.first) == ([], 4)
    assert collected.values(location="caspian_sea") == {"2001-01-01 04:56": -27.11, "2001-01-11 05:10": -27.13}
    assert {(r.datum, r.resolution) for r in collected.rows} == {("theia_hydroweb", "instant")}
    assert [r.std_uncertainty for r in collected.rows if r.location == "caspian_sea"] == [0.08, None]


# ── the order ────────────────────────────────────────────────────────────────────────────────────────────────────────


def said(**answer: object) -> list[bytes | float]:
    return reply(json.dumps(answer).encode(), "Content-Type: application/json")


@pytest.fixture
def order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[Outcome, Script, list[object]]]:
    """Collect from a server that says these things in turn; the outcome, what it heard, and the addresses kept."""
    monkeypatch.setattr(orders, "POLL_SECONDS", 0.01)

    def now(*answers: list[bytes | float]) -> tuple[Outcome, Script, list[object]]:
        settings = Settings(
            home=tmp_path, database_url=f"sqlite:///{tmp_path / 'c.db'}", keys={"HYDROWEB_KEY": "s3cret"}
        )
        with playing(*answers) as server, open_platform(settings) as platform:
            seed(platform)
            dataset = replace(platform.seeds.datasets["theia_hydroweb"], hosts=(server.url,))
            outcome = ingest(platform, dataset)
            urls = [row[0].replace(server.url, "") for row in ask(platform.catalog, "SELECT url FROM retrieval").rows]
        return outcome, server, urls

    return now


def test_an_order_is_placed_waited_for_and_fetched(order: Callable) -> None:
    outcome, server, urls = order(
        reply(b'{"workflowId": "w-1"}', status="201 Created"), said(status="CREATED"), said(status="RUNNING", progress=40),
        said(status="COMPLETED", progress=100), reply(BOTH, "Content-Type: application/zip"),
    )  # fmt: skip
    assert (outcome.problems, outcome.first) == ([], 4)
    lines = [heard.splitlines()[0].removesuffix(" HTTP/1.1") for heard in server.heard]
    place = "/api/download/workflows"
    status = f"GET {place}/w-1/status"
    assert lines == [f"POST {place}", status, status, status, f"GET {place}/w-1/zip"]
    assert all("x-api-key: s3cret" in heard.lower() for heard in server.heard)
    basket = json.loads(server.heard[0].partition("\r\n\r\n")[2])
    (wanted,) = basket["collections"]
    assert (wanted["collectionId"], wanted["filters"]["bbox"]) == ("HYDROWEB_LAKES_OPE", [46.0, 36.0, 55.0, 48.0])
    assert urls == [URL.removeprefix("https://hydroweb.next.theia-land.fr")]


@pytest.mark.parametrize(
    ("answers", "problem"),
    [
        ([said(workflowId="w"), said(status="FAILED", message="no product")], "the order ended as FAILED (no product)"),
        ([said(workflowId="w"), said()], "the order ended as None"),
        ([said(workflowId="../x")], "without a workflowId"),
        ([said(error="x")], "without a workflowId"),
        ([reply(b"<html>")], "something else than a JSON object"),
        ([reply(b"[]")], "something else than a JSON object"),
        ([reply(status="403 Forbidden")], "forbids the request"),
    ],
)
def test_what_can_go_wrong_with_an_order_is_told(order: Callable, answers: list, problem: str) -> None:
    outcome, _, _ = order(*answers)
    assert problem in outcome.problems[0]
    assert "s3cret" not in str(outcome)


def test_an_order_that_is_not_packed_in_time_is_left(order: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caspian_env.workflows.ingest.DEADLINE_SECONDS", 0.3)
    outcome, _, _ = order(said(workflowId="w"), said(status="RUNNING"))
    assert "the order is not packed yet" in outcome.problems[0]


def test_without_a_key_it_is_skipped_and_says_how_to_get_one(tmp_path: Path) -> None:
    with open_platform(Settings(home=tmp_path, database_url=f"sqlite:///{tmp_path / 'c.db'}")) as platform:
        seed(platform)
        outcome = ingest(platform, platform.seeds.datasets["theia_hydroweb"])
    assert outcome.status == "skipped"
    assert "CASPIAN_ENV_HYDROWEB_KEY" in outcome.skipped
