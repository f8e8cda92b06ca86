"""A mail server for tests: a real conversation, with the habits of difficult servers."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax


@dataclass(frozen=True)
class Taken:
    """A message that the server took for good."""

    sender: str
    recipient: str
    raw: bytes
    session: int


class Difficult:
    """Takes everything, unless it was told how to answer: `recipient` and `data` by address.

    An answer is used up. ``drop`` closes the connection, ``hang`` answers nothing for `hangs`
    seconds. `sender` answers every MAIL FROM; every message takes it `delay` seconds.
    """

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.recipient: dict[str, list[str]] = defaultdict(list)
        self.data: dict[str, list[str]] = defaultdict(list)
        self.sender = "250 OK"
        self.hangs = 3.0
        self.delay = 0.0
        self.attempts: list[str] = []
        self.encrypted: list[bool] = []

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.sender.startswith("250"):
            envelope.mail_from = address
        return self.sender

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.attempts.append(address)
        self.encrypted.append(session.ssl is not None)
        answer = self.recipient[address].pop(0) if self.recipient[address] else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        if answer.startswith("421"):
            await server.push(answer)
            server.transport.close()
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        (address,) = envelope.rcpt_tos
        answer = self.data[address].pop(0) if self.data[address] else "250 2.0.0 taken"
        if self.delay:
            await asyncio.sleep(self.delay)
        if answer == "hang":
            await asyncio.sleep(self.hangs)
        if answer.startswith("250"):
            self.taken.append(
                Taken(
                    sender=str(envelope.mail_from),
                    recipient=address,
                    raw=bytes(envelope.original_content or b""),
                    session=id(session),
                )
            )
        return answer


class _Server(SMTP):
    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:
        """Closes the connection after a piece of the message, if told so."""
        handler = self.event_handler
        (address,) = self.envelope.rcpt_tos or [""]
        if handler.data[address][:1] == ["drop"]:
            handler.data[address].pop(0)
            await self.push("354 go on")
            await self._reader.read(10)
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


@contextmanager
def serving(handler: Difficult, tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """The server's URL while it runs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"tls_context": tls, "require_starttls": True} if tls else {}
    controller = _Controller(handler, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()
