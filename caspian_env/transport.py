"""The only module that touches the network: addresses in, bytes out, politely and without telling keys.

``https://`` addresses are asked at their provider, or read from the mirror of the settings; ``seed:NAME`` is a file of
the seeds folder. A folder (mirror or seeds) has no conditional requests: the archive sees by the sha256 whether its
bytes are new. A mirror over HTTP is asked with ``If-None-Match``, or where it has no ETags by HEAD for the date and
size of the file: its dates alone are those of the copy. Proxies and certificate bundles are those of the system
(``HTTPS_PROXY``, ``SSL_CERT_FILE``, read by httpx).
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.errors import NotPublished, RefusedAnswer, SettingsError, TransportError, Unreachable
from caspian_env.formats import mirror_folder
from caspian_env.formats.directory_index import OBJECT_STORE, bucket_listing, index_names
from caspian_env.formats.http_answers import OWN_VALIDATOR, content, date_and_size, incomplete, too_large
from caspian_env.formats.http_exchange import Exchange, Pace, time_left
from caspian_env.formats.http_requests import Request, hide, is_loopback, spellings, to_mirror, to_provider
from caspian_env.formats.mirror_addresses import SEED, host_of, join_address, mirror_name, password_of, public_address
from caspian_env.model import GranuleRef, Http, Listing
from caspian_env.settings import VERSION, Settings, data_folder

if TYPE_CHECKING:
    import httpx

LISTING_BYTES, LISTING_SECONDS = 16_000_000, 120.0
Keys = tuple[Mapping[str, str], Mapping[str, str]]  # for the form or query, and for the headers
TALKATIVE = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")


@dataclass(frozen=True, slots=True)
class Answer:
    """What an address gave: the address as it may be printed, the validators for next time, and the bytes, once."""

    url: str
    http_status: int
    etag: str | None
    last_modified: str | None
    media_type: str | None
    not_modified: bool
    body: Iterator[bytes]


def addresses(ref: GranuleRef, hosts: Sequence[str]) -> list[str]:
    """Addresses where a granule may be found, the host that named it first, each once."""
    bases = [ref.base, *hosts] if ref.base else list(hosts)
    return list(dict.fromkeys(join_address(base, ref.path) for base in bases or [""]))


class Transport:
    """The way to the providers, or to the mirror in their place; a context manager that closes its connections.

    Parameters
    ----------
    settings : Settings
        ``mirror`` and ``contact`` are used.
    seeds : Path, optional
        Folder of ``seed:`` addresses; the installed seeds if left out.
    timeout : float
        Longest silence of a server, seconds.
    clock, sleep : callables
        Seconds that never go back, and how to wait; tests give their own.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        seeds: Path | None = None,
        timeout: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        mirror = settings.mirror or ""
        if "://" in mirror and not mirror.startswith(("http://", "https://")):
            raise SettingsError("mirror", "is neither a folder nor an http(s) address", "name one of them")
        if not (settings.contact.isascii() and settings.contact.isprintable()):
            raise SettingsError("contact", "must be plain ASCII", "give an e-mail or web address")
        self._mirror_url = mirror if "://" in mirror else None
        self._mirror_folder = Path(mirror) if mirror and not self._mirror_url else None
        self._agent = f"caspian-env/{VERSION}" + (f" (+{settings.contact})" if settings.contact else "")
        self._seeds, self._timeout, self._clock = seeds, timeout, clock
        self._pace = Pace(clock, sleep)
        self._exchange = Exchange(self._send, self._raw, clock, sleep, self._mirror_url)
        self._lock, self._resources = threading.Lock(), ExitStack()
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
        form: Mapping[str, str] | None = None,
        secret: Mapping[str, str] | None = None,
        secret_headers: Mapping[str, str] | None = None,
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

        Raises
        ------
        NotPublished, Unreachable, RefusedAnswer
            Also while the body is read. What may pass by itself has been tried three times.
        """
        if place := self._folder_of(url, form):
            subject = public_address(url, form)
            with mirror_folder.opened(*place, subject, max_bytes) as body:
                yield Answer(subject, 200, None, None, None, False, body)
            return
        request = self._request(url, form, (secret or {}, secret_headers or {}), max_bytes, deadline_seconds)
        if etag and etag.startswith(OWN_VALIDATOR):
            if self._date_and_size(request) == etag:
                yield Answer(request.subject, 304, etag, None, None, True, iter(()))
                return
            etag = None
        validators = {"If-None-Match": etag} if etag else {}
        if last_modified and not self._mirror_url:
            validators["If-Modified-Since"] = last_modified
        with ExitStack() as stack:
            response, body = self._opened(replace(request, headers={**request.headers, **validators}), stack)
            told = response.headers
            yield Answer(
                url=request.subject,
                http_status=response.status_code,
                etag=told.get("etag") or (date_and_size(told) if self._mirror_url else None),
                last_modified=None if self._mirror_url else told.get("last-modified"),
                media_type=told.get("content-type", "").partition(";")[0].strip().lower() or None,
                not_modified=response.status_code == 304,
                body=body,
            )

    def listing(self, url: str) -> list[str]:
        """Names at a directory address, sorted and as they stand in addresses; folders end with ``/``.

        Raises
        ------
        NotPublished, Unreachable, RefusedAnswer
            As ``get``; a page that is no directory index counts as Unreachable.
        """
        url = url if url == SEED else url.rstrip("/") + "/"
        if place := self._folder_of(url, None):
            return mirror_folder.folder_names(*place, url)
        if OBJECT_STORE.search(host_of(url)) and not self._mirror_url:
            return bucket_listing(public_address(url), lambda address: self._page(address)[0])
        page, found_at = self._page(url)
        return index_names(page, found_at, literal=self._mirror_url is not None)

    def bound(self, hosts: Sequence[str]) -> Http:
        """What a source may ask of the network: listings below the first of ``hosts`` that answers."""
        return _Bound(self, tuple(hosts))

    def _folder_of(self, url: str, form: Mapping[str, str] | None) -> tuple[Path, str] | None:
        if url.startswith(SEED):
            return self._seeds or data_folder("seeds"), url.removeprefix(SEED)
        return (self._mirror_folder, mirror_name(url, form)) if self._mirror_folder else None

    def _request(self, url: str, form: Mapping[str, str] | None, keys: Keys, limit: int, seconds: float) -> Request:
        until = self._clock() + seconds
        if self._mirror_url:
            return to_mirror(self._mirror_url, url, form, limit=limit, until=until)
        request = to_provider(url, form, *keys, limit=limit, until=until)
        self._hidden |= request.hidden
        return request

    def _opened(self, request: Request, stack: ExitStack) -> tuple[httpx.Response, Iterator[bytes]]:
        response = self._exchange.answer(request)
        stack.callback(response.close)
        if response.status_code == 304:
            return response, iter(())
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and int(declared) > request.limit:
            raise too_large(request.subject, request.limit)
        raw = self._exchange.body(request, response, stack)
        return response, content(raw, response.headers, request.subject, request.limit)

    def _date_and_size(self, request: Request) -> str | None:
        with self._translated(request):
            patience = max(0.001, min(self._timeout, time_left(request, self._clock)))
            answer = self._client().head(request.url, headers=dict(request.headers), timeout=patience)
        return date_and_size(answer.headers) if answer.status_code == 200 else None

    def _page(self, url: str) -> tuple[str, str]:
        """Text of a listing, and where it was found after redirects."""
        request = self._request(url, None, ({}, {}), LISTING_BYTES, LISTING_SECONDS)
        with ExitStack() as stack:
            response, body = self._opened(request, stack)
            return b"".join(body).decode("utf-8", errors="replace"), public_address(str(response.url))

    def _send(self, request: Request, url: str, form: Mapping[str, str] | None) -> httpx.Response:
        client = self._client()
        if not (is_loopback(url) or host_of(url) == host_of(self._mirror_url or "")):
            self._pace.wait(host_of(url))
        with self._translated(request):
            patience = max(0.001, min(self._timeout, time_left(request, self._clock)))
            method = "GET" if form is None else "POST"
            built = client.build_request(method, url, data=form, headers=dict(request.headers), timeout=patience)
            return client.send(built, stream=True)

    def _raw(self, request: Request, response: httpx.Response) -> Iterator[bytes]:
        count = 0
        with self._translated(request):
            for chunk in response.iter_raw():
                time_left(request, self._clock)
                count += len(chunk)
                yield chunk
        declared = response.headers.get("content-length", "")
        if declared.isdecimal() and count != int(declared):
            raise incomplete(request.subject, f"sent {count} of {declared} bytes")

    def _client(self) -> httpx.Client:
        with self._lock:
            if self._connections is None:
                import httpx

                # Bytes are kept as the provider has them, so no content coding is asked for.
                headers = {"User-Agent": self._agent, "Accept-Encoding": "identity"}
                direct = {"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None}
                self._connections = self._resources.enter_context(httpx.Client(headers=headers, mounts=direct))
                for name in TALKATIVE:
                    logging.getLogger(name).addFilter(self._without_keys)
                    self._resources.callback(logging.getLogger(name).removeFilter, self._without_keys)
            return self._connections

    def _without_keys(self, record: logging.LogRecord) -> bool:
        """Take the keys out of what the HTTP libraries log."""
        message = record.getMessage()
        if (safe := hide(message, self._hidden)) != message:
            record.msg, record.args = safe, ()
        return True

    @contextmanager
    def _translated(self, request: Request) -> Iterator[None]:
        """Turn the errors of httpx into ours; ``from None`` because theirs may quote a key."""
        import httpx

        try:
            yield
        except httpx.TimeoutException:
            raise Unreachable(request.subject, "did not answer in time", "try again later") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError):
            remedy = "look for odd characters in the address and in the key"
            raise RefusedAnswer(request.subject, "no valid request can be made of it", remedy) from None
        except httpx.HTTPError as error:
            if _has_cause(error, ssl.SSLCertVerificationError):
                remedy = "check the clock and the certificates of this machine; verification is never switched off"
                raise RefusedAnswer(request.subject, "its TLS certificate is not valid", remedy) from None
            problem = f"the connection failed: {hide(str(error), request.hidden)}"
            raise Unreachable(request.subject, problem, "try again later") from None


@dataclass(frozen=True, slots=True)
class _Bound:
    """Listings below an ordered list of hosts."""

    transport: Transport
    hosts: tuple[str, ...]

    def listing(self, path: str) -> Listing:
        """Names at ``path`` below the first host that answers; NotPublished when every host says so."""
        failure: TransportError = NotPublished(path, "no host is known for it", "add a host to the dataset")
        for host in self.hosts:
            try:
                return Listing(host, self.transport.listing(join_address(host, path)))
            except (NotPublished, Unreachable) as error:
                if error.transient or not failure.transient:
                    failure = error
        raise failure


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
