"""The mail message of a digest: its headers, and text and HTML as two ways of saying the same."""

from __future__ import annotations

from base64 import encodebytes
from binascii import b2a_qp
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from hashlib import blake2b

from crawler import dates
from crawler.addresses import Addresses
from crawler.digest import rendering, wording
from crawler.digest.composing import Digest
from crawler.errors import ConfigError
from crawler.store.subscribers import Subscriber

NAME = "Arts Tenders"
STOP = "Please stop"


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


POLICY = _Policy(linesep="\r\n", max_line_length=998)


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
    made = EmailMessage(policy=POLICY)
    made["From"] = Address(sender.display_name or NAME, addr_spec=sender.addr_spec)
    made["To"] = Address(addr_spec=subscriber.email)
    made["Reply-To"] = Address(addr_spec=contact)
    made["Subject"] = digest.subject
    made["Date"] = format_datetime(now.astimezone(dates.LONDON))
    made["Message-ID"] = f"<{digest.kind}.{identity}@{sender.domain}>"
    made["List-Id"] = f"{NAME} digest <digest.{sender.domain}>"
    ways = [f"<{rendering.mailto(contact, STOP)}>"]
    if addresses and addresses.base.startswith(("https://", "http://")):
        ways.append(f"<{addresses.unsubscribe(subscriber.handle)}>")
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made["List-Unsubscribe"] = ", ".join(ways)
    made["Auto-Submitted"] = "auto-generated"
    made["MIME-Version"] = "1.0"
    made.make_alternative()
    made.set_boundary(f"=_{identity}")
    made.attach(_part(rendering.text(digest, contact), "plain"))
    made.attach(_part(rendering.html(digest, contact), "html"))
    return made


def _part(content: str, subtype: str) -> EmailMessage:
    """One way of saying it, in the shorter of the two encodings that every server passes on.

    `EmailMessage.set_content` encodes quoted-printable in Python, letter by letter.
    """
    raw = content.replace("\n", "\r\n").encode()
    quoted, sixes = b2a_qp(raw, istext=True), encodebytes(raw)
    shorter = len(quoted) <= len(sixes) * 1.1  # people who look at the source can read the first
    part = EmailMessage(policy=POLICY)
    part["Content-Type"] = f'text/{subtype}; charset="utf-8"'
    part["Content-Transfer-Encoding"] = "quoted-printable" if shorter else "base64"
    part.set_payload((quoted if shorter else sixes).decode("ascii"))
    return part


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
