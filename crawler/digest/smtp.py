"""Hands messages to a mail server: over TLS that is verified, or not at all.

Only a server on this very machine may be spoken to without TLS.
"""

from __future__ import annotations

import re
import smtplib
import ssl
import time
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from types import TracebackType
from urllib.parse import unquote, urlsplit

from crawler.digest.outbox import Letter
from crawler.errors import ConfigError, MailLost, MailRefused, MailServerError

TIMEOUT = 30.0
_REST = 10.0
"""After so many seconds of silence a conversation is tested before it is used."""

_STATUS = re.compile(r"\d{3}[ -]([245]\.\d{1,3}\.\d{1,3})\b")
_FAULTS = (OSError, smtplib.SMTPException)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A mail server: `implicit` means TLS from the first byte, else STARTTLS."""

    host: str
    port: int
    implicit: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, url: str) -> Server:
        """The server that ``smtp[s]://user:password@host:port`` names. Raises `ConfigError`."""
        try:
            parts = urlsplit(url)
            implicit = parts.scheme == "smtps"
            if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
                raise ValueError("no smtp:// or smtps:// URL with a host")
            port = parts.port or (465 if implicit else 587)
        except ValueError as error:
            raise ConfigError(
                f"setting TENDERS_SMTP_URL is wrong: {error}."
                " Write smtp://user:password@mail.example.org:587, or leave it empty for files."
            ) from error
        return cls(
            host=parts.hostname,
            port=port,
            implicit=implicit,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
        )

    @property
    def here(self) -> bool:
        """Whether it is on this very machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"


class SmtpMailer:
    """One conversation with a mail server; it is opened when needed, and again when it broke."""

    def __init__(self, server: Server, timeout: float = TIMEOUT) -> None:
        self.server = server
        self.timeout = timeout
        self._session: smtplib.SMTP | None = None
        self._used = 0.0

    @classmethod
    def of(cls, url: str) -> SmtpMailer:
        """A mailer for the server that `url` names. Raises `ConfigError`."""
        return cls(Server.of(url))

    def __enter__(self) -> SmtpMailer:
        self._session = self._connected()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._drop()

    def deliver(self, message: EmailMessage) -> None:
        """Hands over one message that is not in the outbox."""
        self.hand_over(Letter.of(message))

    def hand_over(self, letter: Letter) -> str:
        """Hands `letter` over and gives the server's words. Raises as `Mailer` says."""
        try:
            return self._handed_over(letter)
        except ValueError:
            self._drop()  # what cannot be spelt left the conversation half-way
            raise

    def _handed_over(self, letter: Letter) -> str:
        session, fresh = self._ready()
        try:
            self._envelope(session, letter)
        except _FAULTS as error:
            self._drop()
            if fresh:
                raise self._lost(letter, error) from error
            # Servers close conversations that rest; nothing of this letter was handed over yet.
            session, _ = self._ready()
            self._envelope_at_last(session, letter)
        try:
            code, words = session.data(letter.raw)
        except smtplib.SMTPDataError as error:
            raise self._refused(letter, "data", error.smtp_code, error.smtp_error) from error
        except _FAULTS as error:
            self._drop()
            raise self._lost(letter, error) from error
        if code != 250:
            raise self._refused(letter, "data", code, words)
        self._used = time.monotonic()
        return _said(code, words)

    def _ready(self) -> tuple[smtplib.SMTP, bool]:
        """A conversation that goes on, and whether it was opened just now."""
        rested = time.monotonic() - self._used > _REST
        if self._session is not None and (not rested or self._alive(self._session)):
            return self._session, False
        self._drop()
        self._session = self._connected()
        return self._session, True

    def _envelope(self, session: smtplib.SMTP, letter: Letter) -> None:
        sized = [f"size={len(letter.raw)}"] if session.has_extn("size") else []
        code, words = session.mail(letter.sender, sized)
        if code != 250:
            raise self._refused(letter, "sender", code, words)
        code, words = session.rcpt(letter.recipient)
        if code not in (250, 251):
            raise self._refused(letter, "recipient", code, words)

    def _envelope_at_last(self, session: smtplib.SMTP, letter: Letter) -> None:
        try:
            self._envelope(session, letter)
        except _FAULTS as error:
            self._drop()
            raise self._lost(letter, error) from error

    def _refused(self, letter: Letter, at: str, code: int, words: bytes | str) -> MailRefused:
        """The refusal as an error; the conversation is made ready for the next letter."""
        try:
            if code in (421, -1) or self._session is None or self._session.rset()[0] != 250:
                self._drop()
        except _FAULTS:
            self._drop()
        said = _said(code, words)
        return MailRefused(
            f"{self.server.host} refused the mail to {letter.recipient}: {said}.",
            at=at,
            code=code,
            status=status(said),
            words=said,
        )

    def _lost(self, letter: Letter, error: Exception) -> MailLost:
        return MailLost(
            f"the connection to {self.server.host} broke during the mail to {letter.recipient}:"
            f" {error}. It is tried again."
        )

    @staticmethod
    def _alive(session: smtplib.SMTP) -> bool:
        try:
            return session.noop()[0] == 250
        except _FAULTS:
            return False

    def _connected(self) -> smtplib.SMTP:
        server, trust = self.server, ssl.create_default_context()
        session: smtplib.SMTP | None = None
        try:
            if server.implicit:
                session = smtplib.SMTP_SSL(
                    server.host, server.port, timeout=self.timeout, context=trust
                )
            else:
                session = smtplib.SMTP(server.host, server.port, timeout=self.timeout)
                session.ehlo()
                if session.has_extn("starttls") or not server.here:
                    session.starttls(context=trust)
            if server.user:
                session.login(server.user, server.password)
            session.ehlo_or_helo_if_needed()  # TLS begins the conversation anew
        except _FAULTS as error:
            if session is not None:
                session.close()
            raise MailServerError(
                f"the mail server {server.host}:{server.port} cannot be used: {error}."
                " Check TENDERS_SMTP_URL; nothing is lost, send again when it is right."
            ) from error
        return session

    def _drop(self) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        try:
            session.quit()
        except _FAULTS:
            session.close()


def _said(code: int, words: bytes | str) -> str:
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return " ".join(f"{code} {text}".split())[:300].rstrip(".")


def status(words: str) -> str | None:
    """The RFC 3463 code in a reply such as ``550 5.1.1 no such user``, where there is one."""
    found = _STATUS.match(words)
    return found[1] if found else None
