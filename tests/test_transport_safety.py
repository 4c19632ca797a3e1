"""What providers are owed and what must never be told: pace, certificates, redirects and keys, over real TLS."""

from __future__ import annotations

import logging
import shutil
import socket
import ssl
import subprocess
import traceback
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from urllib.parse import quote

import pytest

from caspian_env.errors import CaspianError, RefusedAnswer, Unreachable
from caspian_env.settings import Settings
from caspian_env.transport import Transport
from tests.scripted_server import playing, reply

KEY = "s3cr3t key/+&=%"
SPELLINGS = (KEY, quote(KEY, safe=""), "s3cr3t", "key%2F")
HOSTS = ("provider.example", "other.example", "bucket.s3.amazonaws.com")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of this run for the hosts above, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    names = ",".join(f"DNS:{host}" for host in HOSTS)
    command = [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", "-", "-out", "-", "-days", "2", "-subj", "/CN=test", "-addext", f"subjectAltName={names}"]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    return path


@pytest.fixture
def tls(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The server's side; the hosts resolve to this machine and the client trusts the certificate."""
    resolve = socket.getaddrinfo

    def here(host: str | bytes | None, *rest: object, **more: object) -> object:
        name = host.decode() if isinstance(host, bytes) else host
        return resolve("127.0.0.1" if name in HOSTS else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", here)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def transport(tls: ssl.SSLContext, clock: Clock, tmp_path: Path) -> Iterator[Transport]:
    settings = Settings(tmp_path, "sqlite://")
    with Transport(settings, timeout=5, clock=lambda: clock.now, sleep=clock.sleep) as opened:
        yield opened


def fetch(transport: Transport, url: str, **more: object) -> bytes:
    with transport.get(url, max_bytes=10_000, deadline_seconds=100, **more) as answer:
        return b"".join(answer.body)


def test_one_provider_is_asked_once_a_second(transport: Transport, tls: ssl.SSLContext, clock: Clock) -> None:
    with playing(reply(b"ok"), tls=tls) as server:
        for host in ("provider.example", "provider.example", "other.example", "provider.example"):
            assert fetch(transport, f"https://{host}:{server.port}/") == b"ok"
    assert clock.slept == [1.0, 1.0]


def test_this_machine_is_not_paced(transport: Transport, clock: Clock) -> None:
    with playing(reply(b"ok")) as server:
        assert fetch(transport, server.url) + fetch(transport, server.url) == b"okok"
    assert clock.slept == []


def test_a_certificate_nobody_vouches_for_is_refused(
    transport: Transport, tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with playing(reply(b"ok"), tls=tls) as server:
        with pytest.raises(RefusedAnswer, match="certificate is not valid"):
            fetch(transport, f"https://provider.example:{server.port}/")
        assert server.heard == []


def test_a_certificate_of_another_host_is_refused(transport: Transport, tls: ssl.SSLContext) -> None:
    with playing(reply(b"ok"), tls=tls) as server, pytest.raises(RefusedAnswer, match="certificate is not valid"):
        fetch(transport, f"https://localhost:{server.port}/")


def test_https_never_leads_to_http_or_to_this_machine(transport: Transport, tls: ssl.SSLContext) -> None:
    for target in ("http://provider.example/x", "http://127.0.0.1:9/x", "https://127.0.0.1:9/x"):
        moved = reply(b"", f"Location: {target}", status="301 Moved")
        with playing(moved, tls=tls) as server, pytest.raises(RefusedAnswer, match="redirects to"):
            fetch(transport, f"https://provider.example:{server.port}/")


def test_https_may_lead_to_another_host(transport: Transport, tls: ssl.SSLContext) -> None:
    with playing(reply(b"there"), tls=tls) as there:
        moved = reply(b"", f"Location: https://other.example:{there.port}/y", status="302 Found")
        with playing(moved, tls=tls) as server:
            assert fetch(transport, f"https://provider.example:{server.port}/x") == b"there"
    assert "host: other.example" in there.heard[0].lower()


def test_a_bucket_is_listed_over_all_its_pages(transport: Transport, tls: ssl.SSLContext) -> None:
    def page(name: str, more: str = "") -> list[bytes | float]:
        return reply(f"<ListBucketResult><Contents><Key>d/{name}</Key></Contents>{more}</ListBucketResult>".encode())

    with playing(page("b.nc", "<NextContinuationToken>t=</NextContinuationToken>"), page("a.nc"), tls=tls) as server:
        found = transport.bound([f"https://bucket.s3.amazonaws.com:{server.port}"]).listing("d")
    assert found.names == ["a.nc", "b.nc"]
    asked = [heard.split()[1] for heard in server.heard]
    assert asked[0] == "/?list-type=2&delimiter=/&prefix=d/"
    assert asked[1] == asked[0] + "&continuation-token=t%3D"


def told(error: CaspianError, caplog: pytest.LogCaptureFixture) -> str:
    return "\n".join([*traceback.format_exception(error), repr(error), caplog.text])


def test_keys_reach_the_provider_and_nobody_else(transport: Transport, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with playing(reply(b"ok", f"X-Echo: {quote(KEY)}")) as server:
        with transport.get(server.url + "/x?id=39", secret={"api_key": KEY}, max_bytes=9, deadline_seconds=5) as answer:
            assert list(answer.body) == [b"ok"]
        fetch(transport, server.url + "/y", form={"id": "39"}, secret={"api_key": KEY})
        fetch(transport, server.url + "/z", secret_headers={"Authorization": "Bearer s3cr3t"})
    assert answer.url == server.url + "/x?id=39"
    in_query, in_form, in_header = server.heard
    spelled = "api_key=s3cr3t+key%2F%2B%26%3D%25"
    assert in_query.startswith(f"GET /x?id=39&{spelled} ")
    assert in_form.startswith("POST /y ")
    assert in_form.endswith(f"\r\n\r\nid=39&{spelled}")
    assert "authorization: Bearer s3cr3t\r\n".lower() in in_header.lower()
    assert "HTTP Request" in caplog.text
    assert not [spelling for spelling in SPELLINGS if spelling in caplog.text]


@pytest.mark.parametrize("status", ["400 Bad", "403 Forbidden", "404 Gone", "500 Broken"])
def test_keys_are_in_no_error(transport: Transport, caplog: pytest.LogCaptureFixture, status: str) -> None:
    caplog.set_level(logging.DEBUG)
    with playing(reply(KEY.encode(), status=status)) as server, pytest.raises(CaspianError) as caught:
        fetch(transport, server.url + "/x", secret={"api_key": KEY})
    assert caught.value.subject == server.url + "/x"
    assert not [spelling for spelling in SPELLINGS if spelling in told(caught.value, caplog)]


def test_keys_are_in_no_error_of_the_library(transport: Transport, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echoed = f"HTTP/1.1 200 OK\r\n{quote(KEY, safe='')} {KEY}\r\n\r\n".encode()
    with playing([echoed]) as server:
        with pytest.raises(Unreachable) as caught:
            fetch(transport, server.url, secret={"api_key": KEY})
        assert not [spelling for spelling in SPELLINGS if spelling in told(caught.value, caplog)]
        for odd in ("s3cr3t\r\nX-Evil: 1", "s3cr3t-ключ"):
            with pytest.raises(RefusedAnswer, match="no valid request") as refused:
                fetch(transport, server.url, secret_headers={"X-Key": odd})
            assert "s3cr3t" not in told(refused.value, caplog)


@pytest.mark.parametrize("status", ["302 Found", "307 Temporary Redirect"])
def test_a_key_is_never_carried_to_another_host(
    transport: Transport, tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture, status: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with playing(reply(b"thief"), tls=tls) as there:
        moved = reply(b"", f"Location: https://other.example:{there.port}/?k={quote(KEY, safe='')}", status=status)
        with playing(moved, tls=tls) as server, pytest.raises(RefusedAnswer, match="with a key") as caught:
            fetch(transport, f"https://provider.example:{server.port}/", form={"id": "39"}, secret={"api_key": KEY})
    assert there.heard == []
    assert not [spelling for spelling in SPELLINGS if spelling in told(caught.value, caplog)]


def test_the_password_of_a_mirror_is_not_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with playing(reply(b"<h1>maintenance</h1>")) as server:
        mirror = server.url.replace("://", "://reader:s3cr3t@")
        with Transport(Settings(Path("unused"), "sqlite://", mirror=mirror)) as transport:
            assert fetch(transport, "https://a.org/x") == b"<h1>maintenance</h1>"
            with pytest.raises(Unreachable) as caught:
                transport.listing("https://a.org/")
    assert "authorization: basic" in server.heard[0].lower()
    assert "HTTP Request" in caplog.text
    assert "s3cr3t" not in told(caught.value, caplog)


def test_the_filters_on_the_libraries_logs_go_with_the_transport() -> None:
    before = list(logging.getLogger("httpx").filters)
    with playing(reply(b"ok")) as server, Transport(Settings(Path("unused"), "sqlite://")) as transport:
        fetch(transport, server.url)
        assert logging.getLogger("httpx").filters != before
    assert logging.getLogger("httpx").filters == before


def test_no_command_takes_a_key_on_its_line_where_every_process_list_shows_it() -> None:
    from typer.main import get_command

    from caspian_env import cli
    from caspian_env.cli.options import app
    from jobs.service import _parser

    for name in cli.COMMANDS:
        import_module(f"caspian_env.cli.{name}")
    waiting, names = [get_command(app)], set[str]()
    while waiting:
        command = waiting.pop()
        waiting += getattr(command, "commands", {}).values()
        names |= {option for parameter in command.params for option in (*parameter.opts, parameter.name or "")}
    names |= {option for action in _parser()._actions for option in action.option_strings}
    assert "--home" in names
    words = ("key", "secret", "password", "token")
    assert not [name for name in names if any(word in name for word in words) and not name.endswith("file")]
