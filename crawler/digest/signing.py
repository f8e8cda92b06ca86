"""DKIM (RFC 6376): a mail is signed here, or the relay must do it.

Receivers honour one-click unsubscribing only where a signature covers both of its headers
(RFC 8058 section 4).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parseaddr

import dkim

from crawler.config import Settings
from crawler.errors import ConfigError

HEADERS = (
    "from", "to", "reply-to", "subject", "date", "message-id", "auto-submitted", "list-id",
    "list-unsubscribe", "list-unsubscribe-post", "mime-version", "content-type",
)  # fmt: skip
_ONCE = ("from", "subject", "list-unsubscribe", "list-unsubscribe-post")
"""Named once more than they occur, so that nobody can add a second one on the way."""

_NAME = re.compile(rb"^([!-9;-~]+)[ \t]*:", re.MULTILINE)
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?", re.IGNORECASE)
_MINE = b"DKIM-Signature:"

Lookup = Callable[..., bytes | None]
"""``(name, timeout=seconds)`` to the TXT record of a domain name, as dkimpy asks for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Signs for `domain` with the key that ``selector._domainkey.domain`` publishes."""

    domain: str
    selector: str
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, settings: Settings) -> Signer | None:
        """The signer that the settings name, None without. Raises `ConfigError`."""
        if not settings.dkim_selector and settings.dkim_key_file is None:
            return None
        if not settings.dkim_selector or settings.dkim_key_file is None:
            raise ConfigError(
                "TENDERS_DKIM_SELECTOR and TENDERS_DKIM_KEY_FILE go together: set both, or neither"
                " if the mail relay signs."
            )
        if not _SELECTOR.fullmatch(settings.dkim_selector):
            raise ConfigError(
                f"setting TENDERS_DKIM_SELECTOR {settings.dkim_selector!r} is no part of a domain"
                " name; write one such as tenders2026."
            )
        path = settings.dkim_key_file
        path = path if path.is_absolute() else settings.home / path
        try:
            key = path.read_bytes().replace(b"\r\n", b"\n")
        except OSError as error:
            raise ConfigError(
                f"TENDERS_DKIM_KEY_FILE {path} cannot be read ({error.strerror}). Make a key with:"
                f" openssl genrsa -out {path} 2048"
            ) from error
        made = cls(
            domain=parseaddr(settings.sender)[1].rpartition("@")[2],
            selector=settings.dkim_selector,
            key=key,
        )
        made.signed(b"From: a@example.org\r\n\r\nA key that cannot sign is found now.\r\n")
        return made

    def signed(self, raw: bytes) -> bytes:
        """The message with a signature above it; one that has ours already stays as it is."""
        if raw.startswith(_MINE):
            return raw
        there = {one.lower().decode() for one in _NAME.findall(raw.split(b"\r\n\r\n", 1)[0])}
        covered = [one for one in HEADERS if one in there]
        covered += [one for one in _ONCE if one in there]
        try:
            signature: bytes = dkim.sign(
                raw,
                self.selector.encode(),
                self.domain.encode(),
                self.key,
                canonicalize=(b"relaxed", b"relaxed"),
                include_headers=[one.encode() for one in covered],
            )
        except (dkim.DKIMException, ValueError, LookupError) as error:
            raise ConfigError(
                f"TENDERS_DKIM_KEY_FILE does not sign: {' '.join(str(error).split())[:120]}."
                " It must be an RSA key in PEM, as made by: openssl genrsa 2048"
            ) from error
        return signature + raw


def verifies(raw: bytes, lookup: Lookup | None = None) -> bool:
    """Whether the signature on a message fits the key that DNS publishes for it."""
    try:
        return bool(dkim.verify(raw, **({"dnsfunc": lookup} if lookup else {})))
    except dkim.DKIMException:
        return False
