"""Telling somebody: an e-mail or a webhook. Beside transport the only module that touches the network.

It sends and never collects, so that it needs none of transport's patience: one attempt, bounded in time, no redirect
followed, TLS verified. A password, and the address of a webhook (which often is a secret itself), are never in an error
or a log record.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from caspian_env.errors import RefusedAnswer, SettingsError, Unreachable
from caspian_env.formats.http_requests import LOOPBACK, hide, spellings
from caspian_env.settings import VERSION

TIMEOUT_SECONDS = 20.0
SMTP_SETTING, WEBHOOK_SETTING = "CASPIAN_ENV_SMTP_URL", "CASPIAN_ENV_WEBHOOK_URL"
SMTP, WEB = ("smtp", "smtps"), ("https", "http")


def send_mail(url: str, *, sender: str, recipients: Sequence[str], subject: str, text: str) -> tuple[str, ...]:
    """Hand one message to the mail server at ``smtp[s]://[user:password@]host[:port]``, and return who was refused.

    To another machine only over TLS: ``smtps`` from the start, ``smtp`` by STARTTLS.

    Raises
    ------
    SettingsError
        When the address is none.
    RefusedAnswer, Unreachable
        When the server does not take the message.
    """
    import smtplib
    import ssl
    from email.message import EmailMessage

    server = _address(url, SMTP_SETTING, SMTP)
    host, name = server.hostname or "", f"mail server {server.hostname}"
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, ", ".join(recipients), " ".join(subject.split())
    message.set_content(text)
    local, secrets = host in LOOPBACK, spellings([unquote(server.password or "")])
    try:
        verified = ssl.create_default_context()
        client: smtplib.SMTP = (
            smtplib.SMTP_SSL(host, server.port or 465, timeout=TIMEOUT_SECONDS, context=verified)
            if server.scheme == "smtps"
            else smtplib.SMTP(host, server.port or 25, timeout=TIMEOUT_SECONDS)
        )
        with client:
            if server.scheme == "smtp" and not local:
                client.starttls(context=verified)
            if server.username:
                client.login(unquote(server.username), unquote(server.password or ""))
            return tuple(client.send_message(message))
    except (smtplib.SMTPNotSupportedError, smtplib.SMTPResponseException, smtplib.SMTPRecipientsRefused) as error:
        problem = f"refused the message: {hide(_line(error), secrets)}"
        raise RefusedAnswer(name, problem, f"check {SMTP_SETTING} and the recipients") from None
    except UnicodeError:
        raise RefusedAnswer(
            name, "no valid request can be made", "look for odd characters in addresses and password"
        ) from None
    except ssl.SSLCertVerificationError:
        raise RefusedAnswer(name, "its TLS certificate is not valid", "mend it; it is always verified") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Unreachable(name, f"did not take the message: {hide(_line(error), secrets)}", "try again later") from None


def post_json(url: str, document: Mapping[str, Any]) -> None:
    """Send a document to a webhook: https, or plain http on this machine; its answer is not read.

    Raises
    ------
    SettingsError
        When the address is another one.
    RefusedAnswer, Unreachable
        When the answer is no success (a redirect is none), or does not come in time.
    """
    import httpx

    target = _address(url, WEBHOOK_SETTING, WEB)
    if target.scheme == "http" and target.hostname not in LOOPBACK:
        raise SettingsError(WEBHOOK_SETTING, "is plain http on another machine", "give an https address")
    name = f"webhook at {target.hostname}"
    mounts = {"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None}
    try:
        with _discreet(url), httpx.Client(timeout=TIMEOUT_SECONDS, mounts=mounts) as client:
            headers = {"User-Agent": f"caspian-env/{VERSION}"}
            with client.stream("POST", url, json=document, headers=headers, follow_redirects=False) as response:
                status = response.status_code
    except httpx.TimeoutException:
        raise Unreachable(name, "did not answer in time", "try again later") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        problem = f"the connection failed: {hide(str(error), spellings([url]))}"
        raise Unreachable(name, problem, "try again later") from None
    if status >= 500:
        raise Unreachable(name, f"answered with status {status}", "try again later")
    if not 200 <= status < 300:
        what = "a redirect, which is not followed" if 300 <= status < 400 else "a refusal"
        raise RefusedAnswer(name, f"answered with status {status}, {what}", f"check {WEBHOOK_SETTING}")


def wrong_channels(smtp_url: str, webhook_url: str) -> Iterator[SettingsError]:
    """What is wrong with the addresses that are set, before an alert is lost by it; nobody is called."""
    for url, setting, schemes in ((smtp_url, SMTP_SETTING, SMTP), (webhook_url, WEBHOOK_SETTING, WEB)):
        try:
            _ = _address(url, setting, schemes) if url else None
        except SettingsError as error:
            yield error


def _address(url: str, setting: str, schemes: tuple[str, ...]) -> SplitResult:
    """The parts of an address of the settings; SettingsError does not repeat it."""
    remedy = f"write {schemes[0]}://HOST…"
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise SettingsError(setting, "is no address", remedy) from None
    if not usable:
        raise SettingsError(setting, "is no address of this kind", remedy)
    return parts


@contextmanager
def _discreet(url: str) -> Iterator[None]:
    """Keep the address out of what the HTTP library logs."""
    secrets = spellings([url])

    def without(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (safe := hide(message, secrets)) != message:
            record.msg, record.args = safe, ()
        return True

    logger = logging.getLogger("httpx")
    logger.addFilter(without)
    try:
        yield
    finally:
        logger.removeFilter(without)


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
