"""The only module that touches the network: addresses in, bytes out, politely and without telling keys.

``https://`` addresses are asked at their provider, or read from the mirror of the settings; ``seed:NAME`` is a file of
the seeds folder, ``local:NAME`` one of the institute's own. A folder has no conditional requests: the archive sees by
the sha256 whether its bytes are new. A mirror over HTTP is asked with ``If-None-Match``, or where it has no ETags by
HEAD for the date and size of the file: its dates alone are those of the copy. Listings and small texts are kept in a
cache of the home, so that they too need not be sent again. Proxies and certificate bundles are those of the system
(``HTTPS_PROXY``, ``SSL_CERT_FILE``, read by httpx).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from caspian_env.errors import SettingsError
from caspian_env.formats.host_list import HostList
from caspian_env.formats.http_answers import (
    OWN_VALIDATOR,
    Validators,
    content,
    date_and_size,
    incomplete,
    states_end,
    too_large,
)
from caspian_env.formats.http_exchange import Exchange, time_left
from caspian_env.formats.http_library import Held, new_client, translated, without_keys
from caspian_env.formats.http_pace import Pace
from caspian_env.formats.http_requests import Request, is_loopback, spellings, to_mirror, to_provider
from caspian_env.formats.kept_pages import KeptPages, Page
from caspian_env.formats.mirror_addresses import (
    LOCAL,
    SEED,
    host_of,
    join_address,
    password_of,
    public_address,
)
from caspian_env.formats.stand_in import stand_in_of
from caspian_env.model import GranuleRef, Http
from caspian_env.settings import VERSION, Settings

if TYPE_CHECKING:
    import httpx

LISTING_BYTES, LISTING_SECONDS = 16_000_000, 120.0
T = TypeVar("T")
Keys = tuple[Mapping[str, str], Mapping[str, str]]  # for the form or query, and for the headers


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address gave: the address as it may be printed, the validators for next time, and the bytes, once.

    ``found_at`` is where the bytes lay after redirects. ``end_is_stated`` tells whether a body that broke off is seen as such:
    by its length, its last chunk or the checksum of its coding.
    """

    url: str
    http_status: int
    etag: str | None
    last_modified: str | None
    media_type: str | None
    not_modified: bool
    body: Iterator[bytes]
    found_at: str = ""
    end_is_stated: bool = True


def addresses(ref: GranuleRef, hosts: Sequence[str]) -> list[str]:
    """Addresses where a granule, or an edition of it, may be found, the host that named it first, each once."""
    bases = [ref.base, *hosts] if ref.base else list(hosts)
    paths = [ref.path, *(ref.editions or ())]
    return list(dict.fromkeys(join_address(base, path) for path in paths for base in bases or [""]))


class Transport:
    """The way to the providers, or to the mirror in their place; a context manager that closes its connections.

    Parameters
    ----------
    settings : Settings
        ``mirror``, ``contact`` and ``home`` are used; below the home lie listings and the locks of ``http_pace``.
    seeds : Path, optional
        Folder of ``seed:`` addresses; the installed seeds if left out.
    timeout : float
        Longest silence of a server, seconds.
    clock, sleep : callables
        Seconds that never go back, and how to wait; tests give their own.
    pace_loopback : bool
        Whether this machine's own servers, too, are asked with pauses; mirrors never are.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        seeds: Path | None = None,
        timeout: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        pace_loopback: bool = False,
    ) -> None:
        mirror = settings.mirror or ""
        if not (settings.contact.isascii() and settings.contact.isprintable()):
            raise SettingsError("contact", "must be plain ASCII", "give an e-mail or web address")
        self._mirror_url = mirror if mirror.startswith(("http://", "https://")) else None
        self._stand_in = stand_in_of(settings, seeds)
        self._agent = f"caspian-env/{VERSION}" + (f" (+{settings.contact})" if settings.contact else "")
        self._timeout, self._clock = timeout, clock
        self._pace, self._pace_loopback = Pace(settings.home / "cache" / "hosts", clock, sleep), pace_loopback
        self._pages = KeptPages(settings.home / "cache" / "pages")
        self._exchange = Exchange(self._send, self._raw, clock, sleep, self._mirror_url)
        self._lock, self._resources, self._going_on = threading.Lock(), ExitStack(), threading.local()
        self._connections: httpx.Client | None = None
        self._hidden = spellings([password_of(mirror)])

    def __enter__(self) -> Transport:
        """Nothing is opened before the first request."""
        return self

    def __exit__(self, *failure: object) -> None:
        """Close the connections."""
        self._connections = None
        self._resources.close()

    @contextmanager
    def get(
        self,
        url: str,
        *,
        max_bytes: int,
        deadline_seconds: float,
        etag: str | None = None,
        last_modified: str | None = None,
        form: Mapping[str, Any] | None = None,
        secret: Mapping[str, str] | None = None,
        secret_headers: Mapping[str, str] | None = None,
        json_body: bool = False,
    ) -> Iterator[Answer]:
        """The answer of an address, for as long as the block lasts; its body comes whole or raises.

        Parameters
        ----------
        url : str
            ``https://…`` or ``seed:NAME``; plain http only on this machine.
        max_bytes, deadline_seconds : int, float
            Limits of the body, and of everything together: waiting, trying again, reading.
        etag, last_modified : str, optional
            Validators of the last answer; ``not_modified`` tells that they still hold.
        form : mapping, optional
            Parameters of a POST; they are shown as the query of ``Answer.url``.
        secret, secret_headers : mapping, optional
            Keys, sent to the provider in the form (or else the query) and as headers; never to a mirror, and never
            part of ``Answer.url``, of an error or of a log record.
        json_body : bool
            Whether the form is sent as a JSON document.

        Raises
        ------
        NotPublished, Unreachable, RefusedAnswer
            Also while the body is read. What may pass by itself has been tried three times.
        """
        if self._stand_in.answers(url):
            with self._stand_in.opened(url, form, max_bytes) as body:
                yield Answer(public_address(url, form), 200, None, None, None, False, body)
            return
        request = self._request(url, form, (secret or {}, secret_headers or {}), max_bytes, deadline_seconds)
        if etag and etag.startswith(OWN_VALIDATOR):
            if self._date_and_size(request) == etag:
                yield Answer(request.subject, 304, etag, None, None, True, iter(()))
                return
            etag = None
        request = replace(request, as_json=json_body)
        known = Validators(etag, None if self._mirror_url else last_modified)
        with ExitStack() as stack:
            held, body = self._opened(replace(request, headers={**request.headers, **known.headers()}), stack)
            told = known.after(held.status_code, held.headers, mirror=self._mirror_url is not None)
            yield Answer(
                url=request.subject,
                http_status=held.status_code,
                etag=told.etag,
                last_modified=told.last_modified,
                media_type=held.headers.get("content-type", "").partition(";")[0].strip().lower() or None,
                not_modified=held.status_code == 304,
                body=body,
                end_is_stated=states_end(held.headers),
                found_at=request.subject if request.hidden else public_address(str(held.response.url)),
            )

    def listing(self, url: str) -> list[str]:
        """Names at a directory address, sorted and as they stand in addresses; folders end with ``/``.

        Raises
        ------
        NotPublished, Unreachable, RefusedAnswer
            As ``get``; a page that is no directory index counts as Unreachable.
        """
        from caspian_env.formats.directory_index import OBJECT_STORE, bucket_listing, index_names

        url = url if url in (SEED, LOCAL) else url.rstrip("/") + "/"
        if self._stand_in.answers(url):
            return self._stand_in.names(url)
        if OBJECT_STORE.search(host_of(url)) and not self._mirror_url:
            return bucket_listing(public_address(url), lambda address: self._page(address, lambda page: page.text))
        literal = self._mirror_url is not None
        return self._page(url, lambda page: index_names(page.text, page.found_at, literal=literal))

    def document(self, url: str, form: Mapping[str, Any] | None = None, keys: Keys = ({}, {})) -> str:
        """A small text at an address, UTF-8 with what is not replaced.

        Raises
        ------
        NotPublished, Unreachable, RefusedAnswer
            As ``get``.
        """
        return self._page(url, lambda page: page.text, form, keys)

    def bound(self, hosts: Sequence[str], keys: Keys = ({}, {})) -> Http:
        """What a source may ask of the network: listings and small texts below the first of ``hosts`` that answers."""
        return HostList(tuple(hosts), self.listing, lambda url, form: self.document(url, form, keys))

    def has_any_of(self, hosts: Sequence[str]) -> bool:
        """Whether a file of one of these base addresses can be there: False for a mirror that has none of them."""
        return self._stand_in.may_have_any_of(hosts)

    def _request(self, url: str, form: Mapping[str, Any] | None, keys: Keys, limit: int, seconds: float) -> Request:
        until = self._clock() + seconds
        if self._mirror_url:
            return to_mirror(self._mirror_url, url, form, limit=limit, until=until)
        request = to_provider(url, form, *keys, limit=limit, until=until)
        self._hidden |= request.hidden
        return request

    def _opened(self, request: Request, stack: ExitStack) -> tuple[Held, Iterator[bytes]]:
        held = self._exchange.answer(request)
        stack.callback(held.close)
        if held.status_code == 304:
            return held, iter(())
        declared = held.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > request.limit:
            raise too_large(request.subject, request.limit)
        raw = self._exchange.body(request, held, stack)
        return held, content(raw, held.headers, request.subject, request.limit)

    def _date_and_size(self, request: Request) -> str | None:
        with translated(request):
            patience = max(0.001, min(self._timeout, time_left(request, self._clock)))
            self._going_on.until = request.until
            answer = self._client().head(request.url, headers=dict(request.headers), timeout=patience)
        return date_and_size(answer.headers) if answer.status_code == 200 else None

    def _page(
        self, url: str, read: Callable[[Page], T], form: Mapping[str, Any] | None = None, keys: Keys = ({}, {})
    ) -> T:
        """What ``read`` makes of a text, which is only sent if it has changed since it was last read without error."""
        question = f"{self._mirror_url or ''} {public_address(url, form)}"
        known = self._pages.find(question) or Page("", "", None, None)
        with self.get(
            url, form=form, secret=keys[0], secret_headers=keys[1], etag=known.etag, last_modified=known.last_modified,
            max_bytes=LISTING_BYTES, deadline_seconds=LISTING_SECONDS,
        ) as answer:  # fmt: skip
            if answer.not_modified:
                return read(known)
            text = b"".join(answer.body).decode("utf-8", errors="replace")
        page = Page(text, answer.found_at, answer.etag, answer.last_modified)
        found = read(page)
        self._pages.keep(question, page)
        return found

    def _send(self, request: Request, url: str, form: Mapping[str, Any] | None) -> Held:
        client = self._client()
        own = is_loopback(url) and not self._pace_loopback
        exempt = own or host_of(url) == host_of(self._mirror_url or "")
        with ExitStack() if exempt else self._pace.enter(host_of(url), request) as place, translated(request):
            patience = max(0.001, min(self._timeout, time_left(request, self._clock)))
            self._going_on.until = request.until
            method = "GET" if form is None else "POST"
            told: dict[str, Any] = {"json" if request.as_json and form is not None else "data": form}
            built = client.build_request(method, url, **told, headers=dict(request.headers), timeout=patience)
            return Held(client.send(built, stream=True), place.pop_all())

    def _raw(self, request: Request, held: Held) -> Iterator[bytes]:
        count = 0
        with translated(request):
            self._going_on.until = request.until
            for chunk in held.response.iter_raw():
                time_left(request, self._clock)
                count += len(chunk)
                yield chunk
                self._going_on.until = request.until  # others may have been asked meanwhile
        declared = held.headers.get("content-length", "")
        if declared.isdecimal() and count != int(declared):
            raise incomplete(request.subject, f"sent {count} of {declared} bytes")

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._connections is None:
                self._connections = self._resources.enter_context(new_client(self._agent, self._seconds_left))
                self._resources.enter_context(without_keys(lambda: self._hidden))
            return self._connections

    def _seconds_left(self) -> float:
        until: float = self._going_on.until
        return until - self._clock()
