"""A real S3 server (moto) on a loopback socket, found by the settings of AWS as any other would be."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

BUCKET = "institute"


@contextmanager
def store_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of the server for as long as the block lasts; the server has one empty bucket, ``BUCKET``."""
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("s3fs")
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        endpoint = f"http://127.0.0.1:{server.get_host_and_port()[1]}"
        for name, value in {"ACCESS_KEY_ID": "for-the-local-server", "SECRET_ACCESS_KEY": "for-the-local-server",
                            "DEFAULT_REGION": "us-east-1", "ENDPOINT_URL": endpoint}.items():  # fmt: skip
            monkeypatch.setenv(f"AWS_{name}", value)
        client = boto3.client("s3", endpoint_url=endpoint)
        httpx.post(f"{endpoint}/moto-api/reset", timeout=10)  # servers of one process share what they hold
        client.create_bucket(Bucket=BUCKET)
        yield client
        client.close()
    finally:
        server.stop()
