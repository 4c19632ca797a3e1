"""Requests before they are sent: what may be printed of them, what never may, and where they may be led."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from socket import inet_aton
from typing import Any
from urllib.parse import quote, quote_plus, urljoin, urlsplit

from caspian_env.errors import RefusedAnswer
from caspian_env.formats.mirror_addresses import host_of, mirror_name, mirror_url, public_address, with_parameters

LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Request:
    """One request: ``subject`` is its printable address, ``hidden`` all spellings of its keys, ``until`` its deadline.

    ``as_json`` sends the form as a JSON document; ``mirror`` is the host (and port) that is asked in the provider's place.
    """

    subject: str
    url: str
    form: Mapping[str, Any] | None
    headers: Mapping[str, str]
    hidden: frozenset[str]
    limit: int
    until: float
    as_json: bool = False
    mirror: str = ""

    @property
    def whose(self) -> str:
        """Before a problem: whose it is, where that is not the provider's."""
        return f"the mirror {self.mirror}: " if self.mirror else ""


def to_mirror(base: str, url: str, form: Mapping[str, Any] | None, *, limit: int, until: float) -> Request:
    """The request for the file of a mirror that stands for an address; a POST becomes a GET, keys stay at home."""
    place = mirror_url(base, mirror_name(url, form))
    return Request(
        public_address(url, form), place, None, {}, frozenset(), limit, until, mirror=public_address(base).split("/")[2]
    )


def to_provider(
    url: str,
    form: Mapping[str, Any] | None,
    secret: Mapping[str, str],
    secret_headers: Mapping[str, str],
    *,
    limit: int,
    until: float,
) -> Request:
    """The request to a provider, with its keys in the form (or else the query) and the headers.

    Raises
    ------
    RefusedAnswer
        When the address is neither https nor on this machine, or a key does not fit a header.
    """
    subject, plain = public_address(url, form), public_address(url)
    if not (plain.startswith("https://") or (plain.startswith("http://") and is_loopback(plain))):
        raise RefusedAnswer(subject, "is not an https address", "correct the dataset's hosts")
    if not all(value.isascii() and value.isprintable() for value in secret_headers.values()):
        raise RefusedAnswer(subject, "no valid request can be made with this key", "look for odd characters in the key")
    hidden = spellings([*secret.values(), *secret_headers.values()])
    if form is None:
        plain = with_parameters(plain, secret)
    else:
        form = {**form, **secret}
    return Request(subject, plain, form, dict(secret_headers), hidden, limit, until)


def redirect_target(request: Request, source: str, location: str, mirror: str | None) -> str:
    """Where a redirect leads: from https to https, or from plain http to plain http of the mirror or this machine.

    Raises
    ------
    RefusedAnswer
        Also when a request that carries a key would leave its host, or a public host points at this machine.
    """
    remedy = "look where the provider moved it, and correct the dataset's hosts"
    try:
        target = urljoin(source, location)
        here, there = urlsplit(source), urlsplit(target)
        same = (here.scheme, here.hostname, here.port) == (there.scheme, there.hostname, there.port)
    except ValueError:
        raise RefusedAnswer(request.subject, "redirects to a malformed address", remedy) from None
    plain = here.scheme == there.scheme == "http" and (is_loopback(target) or host_of(target) == host_of(mirror or ""))
    if not there.hostname or not (here.scheme == there.scheme == "https" or plain):
        problem = f"redirects to {there.scheme}://{there.hostname or ''}, which is not safe"
    elif request.hidden and not same:
        problem = f"redirects a request with a key to {there.hostname}"
    elif (
        _inside(there.hostname)
        and there.hostname != here.hostname
        and not (is_loopback(source) and is_loopback(target))
    ):
        problem = "redirects to this machine or its network"
    else:
        return target
    raise RefusedAnswer(request.subject, hide(problem, request.hidden), remedy)


def _inside(host: str) -> bool:
    """Whether a host is written as an address that only this machine or its network has, in any of the spellings."""
    plain = host.strip("[]").rstrip(".")
    if plain in LOOPBACK or plain.endswith(".localhost"):
        return True
    try:
        address = ip_address(plain)
    except ValueError:
        try:
            address = ip_address(inet_aton(plain))  # 127.1, 0x7f000001 and 2130706433 are addresses too
        except (OSError, ValueError):
            return False
    return not (getattr(address, "ipv4_mapped", None) or address).is_global


def is_loopback(url: str) -> bool:
    """Whether the address is one of this machine."""
    return host_of(url) in LOOPBACK


def spellings(secrets: Iterable[str]) -> frozenset[str]:
    """The secrets as they may appear in an address, a header or a message."""
    return frozenset(
        text
        for secret in secrets
        if secret
        for text in (secret, repr(secret)[1:-1], quote(secret, safe=""), quote(secret), quote_plus(secret))
    )


def hide(text: str, hidden: Iterable[str]) -> str:
    """The text with every hidden spelling replaced, longest first."""
    for secret in sorted(hidden, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text
