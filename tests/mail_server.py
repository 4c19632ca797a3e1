"""A real mail server on a loopback socket that keeps what it is given."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


@dataclass
class Taken:
    """One message as it came."""

    sender: str
    recipients: list[str]
    content: bytes


@dataclass
class Mailbox:
    """What the server has, its port, and an address that it refuses."""

    port: int = 0
    messages: list[Taken] = field(default_factory=list)
    refused: str = ""

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if address == self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        self.messages.append(Taken(envelope.mail_from, list(envelope.rcpt_tos), envelope.content))
        return "250 OK"


@contextmanager
def mail_server(password: str = "") -> Iterator[Mailbox]:
    """The server, for as long as the block lasts; with a password it wants a login."""
    box = Mailbox()
    options: dict[str, Any] = {}
    if password:

        def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
            return AuthResult(success=given.password == password.encode(), handled=False)

        options = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    controller = _OnAnyPort(box, hostname="127.0.0.1", port=0, **options)
    controller.start()
    try:
        box.port = controller.server.sockets[0].getsockname()[1]
        yield box
    finally:
        controller.stop()


class _OnAnyPort(Controller):
    """The controller of aiosmtpd greets itself on the port that it was told; here the system chooses one."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()
