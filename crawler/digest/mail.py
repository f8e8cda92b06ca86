"""The mail message of a digest: its headers, and text and HTML as two ways of saying the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, parseaddr
from hashlib import blake2b

from crawler import dates
from crawler.digest import rendering
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
    digest: Digest, subscriber: Subscriber, letterhead: Letterhead, now: datetime
) -> EmailMessage:
    """The digest as a mail to `subscriber`.

    Its Message-ID is that of the subscriber's digest of that day: sent twice, it is still one mail.
    Raises `ConfigError` when sender or contact are no addresses.
    """
    sender = _address(letterhead.sender, "sender")
    contact = _address(letterhead.contact, "contact").addr_spec
    identity = _identity(subscriber, now)
    made = EmailMessage(policy=POLICY)
    made["From"] = Address(sender.display_name or NAME, addr_spec=sender.addr_spec)
    made["To"] = Address(addr_spec=subscriber.email)
    made["Reply-To"] = Address(addr_spec=contact)
    made["Subject"] = digest.subject
    made["Date"] = format_datetime(now.astimezone(dates.LONDON))
    made["Message-ID"] = f"<digest.{identity}@{sender.domain}>"
    made["List-Id"] = f"{NAME} digest <digest.{sender.domain}>"
    made["List-Unsubscribe"] = f"<{rendering.mailto(contact, STOP)}>"
    made["Auto-Submitted"] = "auto-generated"
    made["MIME-Version"] = "1.0"
    made.make_alternative()
    made.set_boundary(f"=_{identity}")
    made.attach(_part(rendering.text(digest, contact), "plain"))
    made.attach(_part(rendering.html(digest, contact), "html"))
    return made


def _part(content: str, subtype: str) -> EmailMessage:
    part = EmailMessage(policy=SMTP)
    part.set_content(content, subtype=subtype, cte="quoted-printable")
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


def _identity(subscriber: Subscriber, now: datetime) -> str:
    """Names one subscriber's digest of one London day, and says nothing about who that is."""
    day = now.astimezone(dates.LONDON).date()
    who = f"{subscriber.id} {subscriber.created.astimezone(UTC).isoformat()} {day}"
    return f"{day:%Y%m%d}.{blake2b(who.encode(), digest_size=10).hexdigest()}"
