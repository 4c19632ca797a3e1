"""Mirrors and seeds: folders, and the same folders behind a plain HTTP server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from pytest_httpserver import HTTPServer

from caspian_env.errors import NotPublished, RefusedAnswer, SettingsError, TransportError, Unreachable
from caspian_env.model import GranuleRef
from caspian_env.settings import Settings
from caspian_env.transport import Transport, addresses

WORLD_BANK = "https://api.worldbank.org/v2/country/AZE;IRN;KAZ;RUS;TKM/indicator/SP.POP.TOTL?format=json&per_page=1000"
ODD = {
    WORLD_BANK: "api.worldbank.org/v2/country/AZE;IRN;KAZ;RUS;TKM/indicator/SP.POP.TOTL%3Fformat=json&per_page=1000",
    "https://a.org/Time%20Series%20(one)%2C.csv": "a.org/Time%20Series%20(one)%2C.csv",
    "https://A.org:443/GLB.Ts+dSST.csv#x": "a.org/GLB.Ts+dSST.csv",
    "https://a.org/x?path=b/c": "a.org/x%3Fpath=b%2Fc",
}


def transport(mirror: Path | str, **more: object) -> Transport:
    settings = Settings(home=Path("unused"), database_url="sqlite://", mirror=str(mirror), contact="me@example.org")
    return Transport(settings, sleep=lambda _: None, **more)


def fetch(mirror: Transport, url: str, *, max_bytes: int = 10_000_000, **more: object) -> bytes:
    with mirror.get(url, max_bytes=max_bytes, deadline_seconds=20, **more) as answer:
        assert answer.http_status == 200
        return b"".join(answer.body)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "mirror"
    for name in ODD.values():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name, encoding="utf-8")
    form = root / "d.org/level/%3Fid=39&kind=a+b"
    form.parent.mkdir(parents=True)
    form.write_text("level", encoding="utf-8")
    (tmp_path / "outside.txt").write_text("outside", encoding="utf-8")
    return root


@pytest.fixture
def served() -> Iterator[Callable[[Path], str]]:
    servers: list[ThreadingHTTPServer] = []

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None: ...

    def serve(root: Path) -> str:
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(root)))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture(params=["folder", "http"])
def mirror(request: pytest.FixtureRequest, folder: Path, served: Callable[[Path], str]) -> Iterator[Transport]:
    with transport(folder if request.param == "folder" else served(folder) + "/") as opened:
        yield opened


@pytest.mark.parametrize("url", ODD)
def test_odd_names_are_found(mirror: Transport, url: str) -> None:
    assert fetch(mirror, url).decode() == ODD[url]


def test_a_form_is_found_and_its_key_never_leaves(mirror: Transport) -> None:
    form, secret = {"kind": "a b", "id": "39"}, {"api_key": "hush"}
    with mirror.get("https://d.org/level/", form=form, secret=secret, max_bytes=99, deadline_seconds=20) as answer:
        assert b"".join(answer.body) == b"level"
        assert answer.url == "https://d.org/level/?id=39&kind=a+b"
        assert answer.last_modified is None
        assert not answer.not_modified


def test_what_a_mirror_lacks_is_not_published(mirror: Transport) -> None:
    for url in ("https://a.org/none.csv", "https://none.org/x", "https://a.org/" + "x" * 300):
        with pytest.raises(NotPublished) as caught:
            fetch(mirror, url)
        assert caught.value.subject == url


def test_a_mirror_keeps_to_the_size_limit(mirror: Transport) -> None:
    with pytest.raises(RefusedAnswer, match="larger than 5 bytes"):
        fetch(mirror, "https://a.org/GLB.Ts+dSST.csv", max_bytes=5)


def test_listings_agree_and_names_lead_back_to_files(mirror: Transport) -> None:
    names = mirror.listing("https://a.org")
    assert names == ["GLB.Ts+dSST.csv", "Time%20Series%20(one)%2C.csv", "x%3Fpath=b%2Fc"]
    assert [fetch(mirror, f"https://a.org/{name}").decode() for name in names] == [f"a.org/{name}" for name in names]
    assert mirror.listing("https://api.worldbank.org/v2/country/") == ["AZE;IRN;KAZ;RUS;TKM/"]
    assert mirror.listing("https://api.worldbank.org/v2/country/AZE;IRN;KAZ;RUS;TKM/") == ["indicator/"]
    with pytest.raises(NotPublished):
        mirror.listing("https://a.org/none/")


def test_a_bucket_of_a_mirror_is_a_plain_directory(mirror: Transport, folder: Path) -> None:
    (folder / "b.s3.amazonaws.com/data").mkdir(parents=True)
    (folder / "b.s3.amazonaws.com/data/a.nc").write_bytes(b"CDF")
    assert mirror.listing("https://b.s3.amazonaws.com/data/") == ["a.nc"]


def test_listing_falls_over_to_the_next_host(mirror: Transport) -> None:
    found = mirror.bound(["https://none.org", "https://api.worldbank.org/v2"]).listing("country/")
    assert (found.base, list(found.names)) == ("https://api.worldbank.org/v2", ["AZE;IRN;KAZ;RUS;TKM/"])
    with pytest.raises(NotPublished):
        mirror.bound(["https://none.org", "https://never.org"]).listing("country/")


def test_a_later_edition_with_the_same_file_date_is_seen(mirror: Transport, folder: Path) -> None:
    path, url = folder / "a.org/GLB.Ts+dSST.csv", "https://a.org/GLB.Ts+dSST.csv"
    before = path.stat()
    path.write_text("revised", encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    told = "Fri, 31 Dec 2100 00:00:00 GMT"
    assert fetch(mirror, url, last_modified=told) == b"revised"


def test_a_mirror_with_tags_is_asked_for_changes_only(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/m/a.org/x", headers={"If-None-Match": '"v1"'}).respond_with_data(status=304)
    dates = {"ETag": '"v1"', "Last-Modified": "Mon, 02 Feb 2026 00:00:00 GMT"}
    httpserver.expect_request("/m/a.org/x").respond_with_data("new", headers=dates)
    with transport(httpserver.url_for("/m")) as mirror:
        with mirror.get("https://a.org/x", etag='"v1"', max_bytes=9, deadline_seconds=5) as answer:
            assert (answer.not_modified, list(answer.body)) == (True, [])
        with mirror.get("https://a.org/x", etag='"v0"', max_bytes=9, deadline_seconds=5) as answer:
            assert (answer.etag, answer.last_modified, b"".join(answer.body)) == ('"v1"', None, b"new")


def test_links_inside_a_folder_are_followed_and_links_out_of_it_refused(folder: Path) -> None:
    (folder / "a.org/inside").symlink_to(folder / "a.org/GLB.Ts+dSST.csv")
    (folder / "a.org/out").symlink_to(folder.parent / "outside.txt")
    (folder / "up.org").symlink_to(folder.parent)
    (folder / "a.org/loop").symlink_to(folder / "a.org/loop")
    mirror = transport(folder)
    assert fetch(mirror, "https://a.org/inside") == b"a.org/GLB.Ts+dSST.csv"
    for url in ("https://a.org/out", "https://up.org/outside.txt", "https://a.org/../../outside.txt"):
        with pytest.raises(RefusedAnswer, match=r"leads out|climbs"):
            fetch(mirror, url)
    with pytest.raises(RefusedAnswer):
        mirror.listing("https://up.org/")
    with pytest.raises(NotPublished):
        fetch(mirror, "https://a.org/loop")


def test_a_folder_is_no_file_and_a_missing_mirror_is_no_missing_file(folder: Path) -> None:
    with pytest.raises(NotPublished, match="not a file"):
        fetch(transport(folder), "https://d.org/level/")
    with pytest.raises(Unreachable, match="is not there"):
        fetch(transport(folder / "unmounted"), "https://a.org/x")


def test_a_mirror_must_be_something_that_can_be_read() -> None:
    with pytest.raises(SettingsError, match="nothing here reads it"):
        transport("gopher://mirror.example.org/")


def test_seeds_are_read_with_and_without_a_mirror(folder: Path, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    (seeds / "levels.csv").write_bytes(b"year,level\n")
    for opened in (transport(folder, seeds=seeds), Transport(Settings(tmp_path, "sqlite://"), seeds=seeds)):
        with opened.get("seed:levels.csv", max_bytes=99, deadline_seconds=5) as answer:
            assert b"".join(answer.body) == b"year,level\n"
        assert (answer.url, answer.http_status, answer.etag) == ("seed:levels.csv", 200, None)
        assert opened.listing("seed:") == ["levels.csv"]
        for name in ("../outside.txt", "/etc/hostname", "x/../../outside.txt", "..\\outside.txt"):
            with pytest.raises(RefusedAnswer, match="leads out"):
                fetch(opened, f"seed:{name}")
        with pytest.raises(NotPublished):
            fetch(opened, "seed:none.csv")


def test_addresses_put_the_host_that_answered_first() -> None:
    hosts = ["https://a.org/d", "https://b.org"]
    assert addresses(GranuleRef("x.nc"), hosts) == ["https://a.org/d/x.nc", "https://b.org/x.nc"]
    assert addresses(GranuleRef("x.nc", base="https://b.org"), hosts) == ["https://b.org/x.nc", "https://a.org/d/x.nc"]
    assert addresses(GranuleRef("seed:levels.csv"), hosts) == ["seed:levels.csv"]
    assert addresses(GranuleRef("https://c.org/y"), []) == ["https://c.org/y"]


def test_a_composed_archive_is_a_mirror(
    shared: Callable[..., Path], tmp_path: Path, served: Callable[[Path], str]
) -> None:
    compose = shared("archive", "compose.py")
    root = tmp_path / "composed"
    subprocess.run([sys.executable, compose, "2024-12", root], check=True, capture_output=True)
    form = {"format": "json", "dahiti_id": "39"}
    found = []
    for place in (root, served(root)):
        with transport(place) as mirror:
            assert fetch(mirror, WORLD_BANK).startswith(b"[")
            assert b"Mean" in fetch(mirror, "https://data.giss.nasa.gov/gistemp/tabledata_v4/GLB.Ts+dSST.csv")[:99]
            assert fetch(mirror, "https://dahiti.dgfi.tum.de/api/v2/download-water-level/", form=form).startswith(b"{")
            indicators = mirror.listing("https://api.worldbank.org/v2/country/AZE;IRN;KAZ;RUS;TKM/indicator")
            assert "SP.POP.TOTL%3Fformat=json&per_page=1000" in indicators
            found.append(indicators)
    assert found[0] == found[1]


class Counting(SimpleHTTPRequestHandler):
    """Python's own file server: dates but no ETags; it notes what was asked."""

    asked: ClassVar[list[str]] = []

    def send_response(self, code: int, message: str | None = None) -> None:
        self.asked.append(f"{self.command} {code}")
        super().send_response(code, message)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing on the terminal."""


def test_a_mirror_without_etags_is_asked_for_date_and_size(tmp_path: Path) -> None:
    file = tmp_path / "provider.test" / "file.txt"
    file.parent.mkdir()
    file.write_bytes(b"first")
    handler = partial(Counting, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        settings = Settings(tmp_path, "sqlite://", mirror=f"http://127.0.0.1:{server.server_port}")
        limits = {"max_bytes": 100, "deadline_seconds": 10.0}
        with Transport(settings) as transport:
            with transport.get("https://provider.test/file.txt", **limits) as answer:
                assert (b"".join(answer.body), answer.not_modified) == (b"first", False)
                known = answer.etag
            Counting.asked.clear()
            with transport.get("https://provider.test/file.txt", etag=known, **limits) as answer:
                assert (list(answer.body), answer.not_modified) == ([], True)
            assert Counting.asked == ["HEAD 200"]
            file.write_bytes(b"second")  # of another size: also within the same second
            with transport.get("https://provider.test/file.txt", etag=known, **limits) as answer:
                assert (b"".join(answer.body), answer.not_modified) == (b"second", False)
        server.shutdown()


def test_a_mirror_folder_says_whether_it_can_have_a_dataset(tmp_path: Path) -> None:
    (tmp_path / "example.org").mkdir()
    with transport(tmp_path) as opened:
        assert opened.has_any_of(["https://elsewhere.org/", "https://EXAMPLE.org/data/"])
        assert opened.has_any_of(["seed:"]) and opened.has_any_of([])
        assert not opened.has_any_of(["https://elsewhere.org/"])
    with Transport(Settings(tmp_path, "sqlite://")) as live:
        assert live.has_any_of(["https://elsewhere.org/"])


def test_a_mirror_that_is_away_is_named_with_the_remedy_and_without_its_password(httpserver: HTTPServer) -> None:
    """One that nobody serves, one that fails, one that forbids, one that lacks the file: the provider is not at fault."""
    for number, path in ((503, "busy"), (403, "closed"), (418, "odd"), (404, "none")):
        httpserver.expect_request(re.compile(f"/a.org/{path}/?")).respond_with_data("", status=number)
    here = httpserver.url_for("").rstrip("/").removeprefix("http://")
    remedies = "start the mirror, or correct --mirror or CASPIAN_ENV_MIRROR"
    with transport("http://ana:s3cret@127.0.0.1:1/below") as gone, transport(f"http://ana:s3cret@{here}/") as there:
        for opened, name, said in (
            (gone, "x", f"the mirror 127.0.0.1:1: the connection failed: .* [(]{remedies}"),
            (there, "busy", f"the mirror {here} failed [(]HTTP 503[)]"),
            (there, "closed", f"the mirror {here} forbids the request .*check the user and the password"),
            (there, "odd", f"the mirror {here} answered HTTP 418.*{remedies}"),
            (there, "none", f"is not on the mirror {here} [(]HTTP 404[)]"),
        ):
            for ask in (fetch, lambda mirror, url: mirror.listing(url)):
                with pytest.raises(TransportError, match=said) as caught:
                    ask(opened, f"https://a.org/{name}")
                assert "s3cret" not in str(caught.value)
                assert str(caught.value).startswith("https://a.org/")
