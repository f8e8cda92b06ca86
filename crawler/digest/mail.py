"""The mail message of a digest: its headers, and text and HTML as two ways of saying the same."""

from __future__ import annotations

import re
from base64 import encodebytes
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address, HeaderRegistry
from email.message import EmailMessage, Message
from email.policy import SMTP, EmailPolicy, Policy
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from crawler import dates
from crawler.addresses import Addresses
from crawler.digest import rendering, wording
from crawler.digest.composing import Digest
from crawler.errors import ConfigError
from crawler.store.subscribers import Subscriber

LONGEST_LINE = 990
"""RFC 5322 allows 998 characters in a line."""

LARGEST = 80_000
"""Bytes of a whole mail. Gmail cuts mails off beyond 102 kB, and with them the way to stop them."""

WIDTH = 78
"""RFC 5322 asks that no line be longer where people read it: of the subject."""

_COMMON = re.compile(r"[\w+-]+(?:\.[\w+-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)+", re.ASCII | re.IGNORECASE)

NAME = "Arts Tenders"
STOP = "Please stop"


class _Registry(HeaderRegistry):
    """Python's own, but it makes the class of each header once and not at each asking."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, type[Any]] = {}

    def __getitem__(self, name: str) -> type[Any]:
        found = self._made.get(name)
        if found is None:
            found = self._made[name] = super().__getitem__(name)
        return found


class _Policy(EmailPolicy):
    """Long headers on one line, but what people read folded as usual.

    Python's own folding turns a long List-Unsubscribe into encoded words, which mail readers then
    cannot find; a long subject on one line would break the 75 characters of an encoded word.
    """

    def fold(self, name: str, value: str) -> str:
        """One header as text."""
        folded: str = SMTP.fold(name, value) if name == "Subject" else super().fold(name, value)
        return folded

    def fold_binary(self, name: str, value: str) -> bytes:
        """One header as bytes."""
        wrapped = name == "Subject"
        return SMTP.fold_binary(name, value) if wrapped else super().fold_binary(name, value)


class _Line(str):
    """The value of a header that is written as it stands, in lines of at most `width` characters.

    Python takes a header apart and puts it together again. For the few that only one mail has, that
    took a tenth of its making.
    """

    name: str
    width: int

    @classmethod
    def of(cls, name: str, words: str, width: int = 998) -> _Line | None:
        """`words` as such a value; None for what must be encoded, quoted or cut."""
        word = f"[!-~]{{1,{width - len(name) - 2}}}"
        if "=?" in words or not re.fullmatch(f"{word}(?: {word})*", words):
            return None
        made = cls(words)
        made.name, made.width = name, width
        return made

    def fold(self, *, policy: Policy) -> str:
        """The header as it goes out."""
        line, *words = f"{self.name}: {self}".split(" ")
        lines = []
        for word in words:
            if len(line) + 1 + len(word) > self.width:
                lines.append(line)
                line = ""
            line += f" {word}"
        return policy.linesep.join([*lines, line, ""])


def _line(name: str, words: str, width: int = 998) -> str:
    """`words` as they stand where that can be, else for Python to encode and to fold."""
    return _Line.of(name, words, width) or words


class _Mail(EmailMessage):
    """A mail of parts that are on the wire as they are here: ASCII, in CRLF lines.

    `EmailMessage` would take each line apart once more, which takes as long as to render them.
    """

    def as_bytes(self, unixfrom: bool = False, policy: Policy | None = None) -> bytes:
        """The same bytes as those of `EmailMessage` (RFC 2046, section 5.1.1)."""
        if unixfrom or (policy is not None and policy.linesep != POLICY.linesep):
            return super().as_bytes(unixfrom, policy)
        border = f"--{self.get_boundary()}".encode("ascii")
        pieces = [*_headers(self), b""]
        for part in self.iter_parts():
            body = str(part.get_payload()).encode("ascii")
            pieces += [border, *_headers(part), b"", body]
        return b"\r\n".join([*pieces, border + b"--", b""])


def _headers(part: EmailMessage | Message) -> list[bytes]:
    return [_folded(name, value) for name, value in part.raw_items()]


@lru_cache(maxsize=256)
def _folded(name: str, value: str) -> bytes:
    return POLICY.fold_binary(name, value).removesuffix(b"\r\n")


POLICY = _Policy(linesep="\r\n", max_line_length=998, header_factory=_Registry())


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Who writes: the From address, and the address that people may write to."""

    sender: str
    contact: str

    @property
    def domain(self) -> str:
        """The domain that Message-ID and List-Id are named by."""
        return _address(self.sender, "sender").domain


def message(
    digest: Digest,
    subscriber: Subscriber,
    letterhead: Letterhead,
    now: datetime,
    *,
    about: str = "",
    addresses: Addresses | None = None,
) -> EmailMessage:
    """The digest as a mail to `subscriber`.

    Its Message-ID follows from `about`, which says what this mail is (that person's digest of one
    slot, say; of one London day if it is empty): sent twice, it is still one mail. With `addresses`
    of pages that can be reached, one click unsubscribes (RFC 8058). There is no Precedence header:
    it was never standardised, and Auto-Submitted (RFC 3834) says the same to those who answer by
    machine. Raises `ConfigError` when sender or contact are no addresses.
    """
    sender = _address(letterhead.sender, "sender")
    contact = _address(letterhead.contact, "contact").addr_spec
    identity = _identity(subscriber, about or f"{digest.kind} of {wording.today(now)}")
    made: EmailMessage = _Mail(policy=POLICY)
    made["From"] = _writer(letterhead.sender)
    made["To"] = _mailbox(subscriber.email)
    made["Reply-To"] = _header("Reply-To", contact)
    made["Subject"] = _line("Subject", _harmless(digest.subject), WIDTH)
    made["Date"] = _header("Date", format_datetime(now.astimezone(dates.LONDON)))
    made["Message-ID"] = _line("Message-ID", f"<{digest.kind}.{identity}@{sender.domain}>")
    made["List-Id"] = _header("List-Id", f"{NAME} digest <digest.{sender.domain}>")
    ways = [f"<{rendering.mailto(contact, STOP)}>"]
    if addresses and addresses.base.startswith(("https://", "http://")):
        ways.append(f"<{addresses.unsubscribe(subscriber.handle)}>")
    if addresses and addresses.base.startswith("https://"):
        # RFC 8058, section 3.1: one click is for an HTTPS address only.
        made["List-Unsubscribe-Post"] = _header(
            "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
        )
    made["List-Unsubscribe"] = _line("List-Unsubscribe", ", ".join(ways))
    made["Auto-Submitted"] = _header("Auto-Submitted", "auto-generated")
    made["MIME-Version"] = _header("MIME-Version", "1.0")
    parts = f'multipart/alternative; boundary="=_{identity}"'
    made["Content-Type"] = _line("Content-Type", parts)
    made.attach(_part(rendering.text(digest, contact), "plain"))
    made.attach(_part(rendering.html(digest, contact), "html"))
    return made


def _mailbox(email: str) -> _Line | Address:
    """The To header's value; an address with anything uncommon in it is quoted or refused."""
    plain = _Line.of("To", email) if _COMMON.fullmatch(email) else None
    return plain or Address(addr_spec=email)


def _harmless(words: str) -> str:
    """`words` without encoded words (RFC 2047): Python decodes them, line ends and all."""
    return words.replace("=?", "= ?")


def size(message: EmailMessage) -> int:
    """About how many bytes a mail made here will have on its way."""
    return 3_000 + sum(len(str(part.get_payload())) for part in message.iter_parts())


def _part(content: str, subtype: str) -> EmailMessage:
    """One way of saying it, in ASCII as every server passes it on.

    HTML names other characters by number and then needs no encoding. The rest is quoted-printable,
    or base64 where that is shorter by much; `EmailMessage.set_content` would take as long for it
    as all the rest of a mail.
    """
    content = content.replace("\n", "\r\n")
    raw = content.encode("ascii", "xmlcharrefreplace") if subtype == "html" else content.encode()
    encoding, body = _encoded(raw)
    part = EmailMessage(policy=POLICY)
    part["Content-Type"] = _header("Content-Type", f'text/{subtype}; charset="utf-8"')
    part["Content-Transfer-Encoding"] = _header("Content-Transfer-Encoding", encoding)
    part.set_payload(body.decode("ascii"))
    return part


def _encoded(raw: bytes) -> tuple[str, bytes]:
    if raw.isascii() and b"\0" not in raw and max(map(len, raw.split(b"\r\n"))) <= LONGEST_LINE:
        return "7bit", raw
    quoted = b2a_qp(raw, istext=True)
    if len(quoted) > len(raw) * 1.6:
        return "base64", encodebytes(raw)
    return "quoted-printable", quoted


@lru_cache(maxsize=64)
def _header(name: str, value: str) -> Any:
    """A header that many mails share: to parse one takes longer than to write it."""
    return POLICY.header_factory(name, value)


@lru_cache(maxsize=16)
def _writer(text: str) -> Any:
    """The From header's value."""
    sender = _address(text, "sender")
    written = Address(sender.display_name or NAME, addr_spec=sender.addr_spec)
    return POLICY.header_factory("From", str(written))


@lru_cache(maxsize=16)
def _address(text: str, setting: str) -> Address:
    name, spec = parseaddr(text)
    try:
        return Address(name, addr_spec=spec)
    except (ValueError, IndexError) as error:
        raise ConfigError(
            f"setting TENDERS_{setting.upper()} {text!r} is no mail address;"
            " write one such as digest@example.org."
        ) from error


def _identity(subscriber: Subscriber, about: str) -> str:
    """Names one mail to one subscriber, and says nothing about who that is."""
    who = f"{subscriber.id} {subscriber.created.astimezone(UTC).isoformat()} {about}"
    return blake2b(who.encode(), digest_size=16).hexdigest()
