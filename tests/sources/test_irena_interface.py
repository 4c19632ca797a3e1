"""The interface of IRENA's tables: a folder as JSON, then a POST for a whole table, from a real local server.

Encoded: invented values in the layout of PxWeb version 1 and of JSON-stat 2.0.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from caspian_env.errors import BadGranule
from caspian_env.formats.directory_index import index_names
from caspian_env.settings import Settings
from caspian_env.sources import irena_renewables
from caspian_env.wiring import open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed
from tests.sources.conftest import rows_of

ID = "irena_renewables"
FOLDER = [
    {"id": "Country_ELECSTAT_2025_H2_PX.px", "type": "t", "text": "Electricity statistics"},
    {"id": "RE-SHARE_2025_H2_PX.px", "type": "t", "text": "Renewable energy share"},
    {"id": "RESHARE_2024_H1.px", "type": "t", "text": "Renewable energy share"},
]
AREAS = {"KAZ": "Kazakhstan", "TKM": "Turkmenistan", "FJI": "Fiji", "WLD": "World"}
WHAT = {"0": "RE share of electricity generation (%)", "1": "RE share of electricity capacity (%)"}
YEARS = {"0": "2022", "1": "2023", "2": "2024"}


def table(value: Any = None) -> dict[str, Any]:
    """Area varies slowest, year fastest; generation of 2024 is not published, so zero for everybody."""
    names = ["Region/country/area", "Indicator", "Year"]
    categories: list[dict[str, str]] = [AREAS, WHAT, YEARS]
    numbers = [
        11.0,
        12.5,
        0,
        18.9,
        20.7,
        21.0,
        0,
        0,
        0,
        0.04,
        0.04,
        0.04,
        60,
        61,
        0,
        50,
        51,
        52,
        29.4,
        30.1,
        0,
        40,
        43,
        46.0,
    ]
    return {
        "version": "2.0", "class": "dataset", "label": "Renewable energy share", "id": names,
        "size": [len(found) for found in categories],
        "dimension": {
            name: {"category": {"index": {code: n for n, code in enumerate(found)}, "label": found}}
            for name, found in zip(names, categories, strict=True)
        },
        "value": numbers if value is None else value,
    }  # fmt: skip


@dataclass
class Heard:
    port: int = 0
    posts: list[tuple[str, Any]] = field(default_factory=list)


@pytest.fixture
def irena() -> Iterator[Heard]:
    heard = Heard()

    class Handler(BaseHTTPRequestHandler):
        def answer(self, content: Any) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.answer(FOLDER if self.path == "/folder/" else {"title": "a description", "variables": []})

        def do_POST(self) -> None:
            heard.posts.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            self.answer(table())

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        heard.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield heard
        server.shutdown()


def test_the_newest_table_is_asked_for_whole(irena: Heard, database_url: str, tmp_path: Path) -> None:
    with open_platform(Settings(home=tmp_path / "home", database_url=database_url)) as platform:
        seed(platform)
        dataset = replace(platform.seeds.datasets[ID], hosts=(f"http://127.0.0.1:{irena.port}/folder/",))
        first = ingest(platform, dataset)
        assert not first.problems, first.problems
        query = {"query": [], "response": {"format": "json-stat2"}}
        assert irena.posts == [("/folder/RE-SHARE_2025_H2_PX.px", query)]
        second = ingest(platform, dataset)
        assert (second.written, second.new_granules) == (0, 0)
        found = {
            (r.variable.rpartition("_")[2], r.location, r.time.year): r.value for r in rows_of(platform.catalog, ID)
        }
    assert found[("generation", "KAZ", 2023)] == 12.5
    assert ("generation", "KAZ", 2024) not in found, "zeros of everybody are no values"
    assert found[("capacity", "TKM", 2024)] == 0.04
    assert found[("generation", "TKM", 2023)] == 0, "a zero of one country is a value"
    assert found[("capacity", "globe", 2024)] == 46.0
    assert {place for _, place, _ in found} == {"KAZ", "TKM", "globe"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps(table())[:-40], "JSON-stat 2.0"),
        (json.dumps({**table(), "size": [4, 2, 4]}), "categories, its size is"),
        (json.dumps(table([1.0] * 23)), "23 values for 24 cells"),
        (json.dumps(table(["a"] * 24)), "is not a number"),
        (json.dumps({**table(), "id": ["Region", "Indicator", "Year"]}), "of another kind"),
        (json.dumps({"error": "Too many values selected"}), "of another kind"),
        (json.dumps(table()).replace("RE share of electricity", "Share of heat"), "a row about"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "granule"
    path.write_text(content)
    with pytest.raises(BadGranule, match=said):
        irena_renewables.read_granule(path)


def test_values_may_be_given_by_their_places(tmp_path: Path) -> None:
    path = tmp_path / "granule"
    path.write_text(json.dumps(table({"3": 18.9, "4": None})))
    read = irena_renewables.read_granule(path)
    assert read["capacity_share"].sel(location="KAZ").to_numpy().tolist() == [18.9]


def test_names_of_a_folder_stand_as_in_addresses() -> None:
    page = json.dumps([{"id": "Region_ELECCAP_2026_H1_v-PX 1.px", "type": "t"}, {"id": "Finance", "type": "l"}])
    assert index_names(page, "https://example.org/folder/") == ["Finance/", "Region_ELECCAP_2026_H1_v-PX%201.px"]
