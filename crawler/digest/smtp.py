"""Hands messages to a mail server: over TLS that is verified, or not at all.

Only a server on this very machine may be spoken to without TLS.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from ipaddress import ip_address
from types import TracebackType
from urllib.parse import unquote, urlsplit

from crawler.errors import ConfigError, DeliveryError

TIMEOUT = 30.0
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
    """One conversation with a mail server; it is opened when entered, and again when it broke."""

    def __init__(self, server: Server, timeout: float = TIMEOUT) -> None:
        self.server = server
        self.timeout = timeout
        self._session: smtplib.SMTP | None = None

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
        """Hands `message` over. Raises `DeliveryError` with the server's own words."""
        to = message["To"]
        if self._session is None or not self._alive(self._session):
            self._drop()
            self._session = self._connected()
        try:
            self._session.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            said = _said(code, words)
            raise DeliveryError(f"{self.server.host} refused {to}: {said}.") from error
        except smtplib.SMTPResponseException as error:
            said = _said(error.smtp_code, error.smtp_error)
            raise DeliveryError(f"{self.server.host} refused the mail to {to}: {said}.") from error
        except _FAULTS as error:
            self._drop()
            raise DeliveryError(
                f"the connection to {self.server.host} broke during the mail to {to}: {error}."
                " It goes out with the next digest."
            ) from error

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
        except _FAULTS as error:
            if session is not None:
                session.close()
            raise DeliveryError(
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
