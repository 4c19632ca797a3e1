"""The HTTP library behind transport: its client, an answer that holds a place, and its errors in our words."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from caspian_env.errors import RefusedAnswer, Unreachable
from caspian_env.formats.http_answers import OF_THE_MIRROR
from caspian_env.formats.http_requests import Request, hide

if TYPE_CHECKING:
    import httpx

TALKATIVE = ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy", "httpcore.socks")


@dataclass(frozen=True, slots=True)
class Held:
    """An answer of the HTTP library, and its place among the requests to the host, given back when it is closed."""

    response: httpx.Response
    place: ExitStack

    @property
    def status_code(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def headers(self) -> Mapping[str, str]:
        """Header fields; names in any case."""
        return self.response.headers

    def close(self) -> None:
        """Let go of the connection and of the place."""
        with self.place:
            self.response.close()


@dataclass(frozen=True, slots=True)
class _HurriedStream:
    """A connection none of whose operations outlasts the deadline of the request that it serves."""

    stream: Any
    seconds_left: Callable[[], float]

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        import httpcore

        if (left := self.seconds_left()) <= 0:
            raise httpcore.ReadTimeout("the deadline of the request is over")
        received: bytes = self.stream.read(max_bytes, timeout=left if timeout is None else min(left, timeout))
        return received

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, timeout=timeout)

    def close(self) -> None:
        self.stream.close()

    def start_tls(self, *arguments: Any, **more: Any) -> _HurriedStream:
        return _HurriedStream(self.stream.start_tls(*arguments, **more), self.seconds_left)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


@dataclass(frozen=True, slots=True)
class _HurriedNetwork:
    """Makes such connections (httpcore.NetworkBackend)."""

    network: Any
    seconds_left: Callable[[], float]

    def connect_tcp(self, *arguments: Any, **more: Any) -> _HurriedStream:
        return _HurriedStream(self.network.connect_tcp(*arguments, **more), self.seconds_left)

    def sleep(self, seconds: float) -> None:
        self.network.sleep(seconds)


def new_client(agent: str, seconds_left: Callable[[], float]) -> httpx.Client:
    """A client that verifies certificates, follows no redirects by itself and asks this machine without a proxy.

    Bytes are kept as the provider has them, so no content coding is asked for. ``seconds_left`` tells the time until the
    deadline of the request going on in this thread: the library itself knows of the longest silence only, and a server
    that sends a byte of its header now and then would be listened to for weeks.
    """
    import httpx

    headers = {"User-Agent": agent, "Accept-Encoding": "identity"}
    direct = {"all://localhost": None, "all://127.0.0.1": None, "all://[::1]": None}
    client = httpx.Client(headers=headers, mounts=direct)
    for transport in (client._transport, *client._mounts.values()):
        if isinstance(transport, httpx.HTTPTransport):  # there is no public way to give one its network
            pool: Any = transport._pool
            pool._network_backend = _HurriedNetwork(pool._network_backend, seconds_left)
    return client


@contextmanager
def without_keys(hidden: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Take the keys out of what the HTTP libraries log, for as long as the block lasts."""

    def cleaned(record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if (safe := hide(message, hidden())) != message:
            record.msg, record.args = safe, ()
        return True

    for name in TALKATIVE:
        logging.getLogger(name).addFilter(cleaned)
    try:
        yield
    finally:
        for name in TALKATIVE:
            logging.getLogger(name).removeFilter(cleaned)


@contextmanager
def translated(request: Request) -> Iterator[None]:
    """Turn the errors of httpx into ours; ``from None`` because theirs may quote a key."""
    import httpx

    try:
        yield
    except httpx.TimeoutException:
        raise Unreachable(request.subject, f"{request.whose}did not answer in time", _later(request)) from None
    except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeError):
        remedy = "look for odd characters in the address and in the key"
        raise RefusedAnswer(request.subject, "no valid request can be made of it", remedy) from None
    except httpx.HTTPError as error:
        if _has_cause(error, ssl.SSLCertVerificationError):
            remedy = "check the clock and the certificates of this machine; verification is never switched off"
            raise RefusedAnswer(request.subject, f"{request.whose}its TLS certificate is not valid", remedy) from None
        problem = f"{request.whose}the connection failed: {hide(str(error), request.hidden)}"
        raise Unreachable(request.subject, problem, _later(request)) from None


def _later(request: Request) -> str:
    return OF_THE_MIRROR if request.mirror else "try again later"


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
