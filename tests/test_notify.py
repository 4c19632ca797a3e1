"""Mail and webhook against real servers on this machine: what arrives, what is refused, and what is never told."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Response

from caspian_env import notify
from caspian_env.errors import RefusedAnswer, SettingsError, Unreachable
from caspian_env.notify import post_json, send_mail
from tests.mail_server import Mailbox, mail_server
from tests.scripted_server import playing, reply


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as box:
        yield box


def send(url: str, **changes: Any) -> tuple[str, ...]:
    given = {"sender": "sea@example.org", "recipients": ["ana@example.org", "bo@example.org"], "subject": "Level",
             "text": "Уровень −29.1 m\n"} | changes  # fmt: skip
    return send_mail(url, **given)


def test_a_message_arrives_as_it_was_written(mailbox: Mailbox) -> None:
    assert send(f"smtp://127.0.0.1:{mailbox.port}", subject="Level\nBcc: all@example.org") == ()
    (taken,) = mailbox.messages
    message = message_from_bytes(taken.content, policy=default)
    assert taken.recipients == ["ana@example.org", "bo@example.org"]
    assert message["Subject"] == "Level Bcc: all@example.org"
    assert message["Bcc"] is None
    assert message.get_content().splitlines() == ["Уровень −29.1 m"]


def test_a_recipient_who_is_refused_is_named(mailbox: Mailbox) -> None:
    mailbox.refused = "bo@example.org"
    assert send(f"smtp://127.0.0.1:{mailbox.port}") == ("bo@example.org",)
    with pytest.raises(RefusedAnswer, match="refused"):
        send(f"smtp://127.0.0.1:{mailbox.port}", recipients=["bo@example.org"])


@pytest.mark.parametrize("written", ["s3cr%2Fet%20pa$$", "s3cr%2Fet%20p%C3%A4$$"])
def test_a_wrong_password_is_refused_and_not_repeated(written: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the server warns that it takes passwords without TLS
        with mail_server(password="another") as box, pytest.raises(RefusedAnswer) as caught:
            send(f"smtp://ana:{written}@127.0.0.1:{box.port}")
    assert "s3cr" not in f"{caught.value}{caught.value.__cause__!r}"


def test_a_login_succeeds() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with mail_server(password="right") as box:
            assert send(f"smtp://ana:right@127.0.0.1:{box.port}") == ()
            assert len(box.messages) == 1


def test_nobody_at_home_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"mail server 127\.0\.0\.1"):
        send("smtp://127.0.0.1:1")


def test_a_server_that_says_nothing_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "TIMEOUT_SECONDS", 0.3)
    with playing([5.0]) as script, pytest.raises(Unreachable):
        send(f"smtp://127.0.0.1:{script.port}")


@pytest.mark.parametrize("url", ["http://host", "smtp:///", "mail.example.org:25", "smtp://host:port"])
def test_an_address_of_another_kind_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(SettingsError, match="CASPIAN_ENV_SMTP_URL") as caught:
        send(url)
    assert url not in str(caught.value)


def test_a_webhook_gets_the_document(httpserver: HTTPServer) -> None:
    httpserver.expect_oneshot_request("/hook", method="POST", json={"alerts": [1]}).respond_with_data("", status=204)
    post_json(httpserver.url_for("/hook"), {"alerts": [1]})
    httpserver.check()


def test_a_redirect_is_not_followed(httpserver: HTTPServer) -> None:
    moved = Response("", 307, {"Location": httpserver.url_for("/elsewhere")})
    httpserver.expect_request("/hook").respond_with_response(moved)
    httpserver.expect_request("/elsewhere").respond_with_data("")
    with pytest.raises(RefusedAnswer, match="redirect"):
        post_json(httpserver.url_for("/hook"), {})
    assert [request.path for request, _ in httpserver.log] == ["/hook"]


@pytest.mark.parametrize(("status", "error"), [(400, RefusedAnswer), (410, RefusedAnswer), (503, Unreachable)])
def test_a_refusal_is_an_error(httpserver: HTTPServer, status: int, error: type[Exception]) -> None:
    httpserver.expect_request("/hook").respond_with_data("no", status=status)
    with pytest.raises(error, match=str(status)):
        post_json(httpserver.url_for("/hook"), {})


def test_the_address_of_a_webhook_is_never_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with playing(reply(b"", status="404 Not Found")) as script, pytest.raises(RefusedAnswer) as caught:
        post_json(f"{script.url}/services/T0K3N?key=hidden", {})
    assert "T0K3N" in script.heard[0]
    assert caplog.text
    assert not any(word in f"{caught.value}{caplog.text}" for word in ("T0K3N", "hidden"))


def test_a_webhook_that_drips_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notify, "TIMEOUT_SECONDS", 0.3)
    with playing([b"HTTP/1.1 200 OK\r\n", 5.0]) as script, pytest.raises(Unreachable, match="in time"):
        post_json(f"{script.url}/hook", {})


@pytest.mark.parametrize("url", ["http://example.org/hook", "ftp://example.org/", "hook", "https://"])
def test_a_webhook_is_https_or_on_this_machine(url: str) -> None:
    with pytest.raises(SettingsError, match="CASPIAN_ENV_WEBHOOK_URL"):
        post_json(url, {})
