"""A public bucket, asked without a name: a real S3 server (moto) in the place of the one that has the OISST files.

Synthetic: the days are those of the demonstration. Only the network's last step is replaced: what would go to
``BUCKET.s3.amazonaws.com`` goes to the local server, with the same request line, query and headers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from caspian_env import transport
from caspian_env.demo import oisst
from caspian_env.errors import NotPublished
from caspian_env.model import Window
from caspian_env.settings import Settings
from caspian_env.transport import Transport
from caspian_env.wiring import open_platform
from caspian_env.workflows.ingest import ingest
from caspian_env.workflows.seed import seed
from tests.sources.conftest import rows_of

BUCKET = "noaa-cdr-sea-surface-temp-optimum-interpolation-pds"
BASE = f"https://{BUCKET}.s3.amazonaws.com/data/v2.1/avhrr/"
DAYS = [date(2026, 1, day) for day in (1, 2, 3)]
MORE_THAN_A_PAGE = 1003


@dataclass
class Bucket:
    store: Any
    heard: list[Any] = field(default_factory=list)

    def put(self, key: str, content: bytes) -> None:
        self.store.put_object(Bucket=BUCKET, Key=f"data/v2.1/avhrr/{key}", Body=content, ACL="public-read")


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    boto3 = pytest.importorskip("boto3")
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    port = server.get_host_and_port()[1]
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "for-the-local-server")
    store = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", region_name="us-east-1")
    store.create_bucket(Bucket=BUCKET)
    found = Bucket(store)
    new_client = transport.new_client

    def led_here(*arguments: Any) -> Any:
        client = new_client(*arguments)

        def to_the_local_server(request: Any) -> None:
            found.heard.append((str(request.url), dict(request.headers)))
            request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=port)

        client.event_hooks = {**client.event_hooks, "request": [to_the_local_server]}
        return client

    monkeypatch.setattr(transport, "new_client", led_here)
    yield found
    server.stop()
    store.close()


@pytest.fixture
def http(tmp_path: Path) -> Iterator[Transport]:
    with Transport(Settings(home=tmp_path / "home", database_url="sqlite://"), sleep=lambda _: None) as opened:
        yield opened


@pytest.mark.slow
def test_a_folder_of_more_than_a_page_is_listed_whole(bucket: Bucket, http: Transport) -> None:
    for number in range(MORE_THAN_A_PAGE):
        bucket.put(f"202601/file {number:04d}.nc", b"x")
    bucket.put("202602/one.nc", b"x")
    names = http.listing(f"{BASE}202601/")
    assert names == [f"file%20{number:04d}.nc" for number in range(MORE_THAN_A_PAGE)]
    assert http.listing(BASE) == ["202601/", "202602/"]
    asked = [url for url, _ in bucket.heard]
    assert sum("continuation-token=" in url for url in asked) == 1
    assert all("authorization" not in headers for _, headers in bucket.heard), "nobody has to say who asks"
    with pytest.raises(NotPublished):
        http.listing(f"{BASE}209901/")


def test_days_are_collected_from_a_bucket_and_asked_for_by_their_etag(
    bucket: Bucket, http: Transport, database_url: str, tmp_path: Path
) -> None:
    for day in DAYS:
        bucket.put(f"202601/oisst-avhrr-v02r01.{day:%Y%m%d}.nc", _bytes_of(day))
    window = Window.parse("2026-01-01/2026-01-04")
    with open_platform(Settings(home=tmp_path / "home", database_url=database_url)) as opened:
        platform = replace(opened, transport=http)
        seed(platform)
        dataset = replace(platform.seeds.datasets["noaa_oisst_v2_1"], hosts=(BASE,))
        first = ingest(platform, dataset, window=window)
        assert (first.problems, first.new_granules) == ([], len(DAYS))
        bucket.heard.clear()
        second = ingest(platform, dataset, window=window)
        assert (second.unchanged, second.written) == (len(DAYS), 0)
        files = [headers for url, headers in bucket.heard if url.endswith(".nc")]
        assert len(files) == len(DAYS)
        assert all("if-none-match" in headers for headers in files)
        means = {row.time.date(): row.value for row in rows_of(platform.catalog, dataset.id)
                 if (row.variable, row.location) == ("sea_surface_temperature", "caspian_sea")}  # fmt: skip
    assert sorted(means) == DAYS


def _bytes_of(day: date) -> bytes:
    made = oisst.files(2)
    return made[oisst.address(day, oisst.is_final(day, 2))]()
