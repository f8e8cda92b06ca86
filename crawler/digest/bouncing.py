"""Where bounces return to, and what they say: RFC 3464 reports and RFC 5965 complaints.

Every mail has an envelope sender of its own, ``bounce+<row>.<mark>@…``; the mark is keyed, so that
nobody can have somebody else's address suppressed. Reports whose address was lost on the way are
known by the Message-ID in the headers that they return.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from hashlib import sha256
from typing import Literal

from crawler.errors import UsageError

LARGEST = 5 * 1024 * 1024
"""A report of more bytes is refused; servers return headers, or one mail of ours."""

Meaning = Literal["hard", "soft", "policy", "complaint", "delayed", "nothing"]

_TOKEN = re.compile(r"\+(\d{1,18})\.([0-9a-f]{20})@", re.IGNORECASE)
_IDENTITY = re.compile(r"<[^<>\s]{3,250}>")
_STATUS = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_POLICY = re.compile(
    r"spam|block|policy|reputation|blacklist|denied|denylist|spf|dkim|dmarc|relay", re.IGNORECASE
)
_NOT_THE_ADDRESS = ("7", "8", "9")
"""5.1.7 to 5.1.9 complain of the sender's address (RFC 3463 section 3.2)."""

_COMPLAINTS = frozenset({"abuse", "fraud", "opt-out", "opt-out-list", "other"})
_GRAVEST: tuple[Meaning, ...] = ("complaint", "hard", "policy", "soft", "delayed", "nothing")
_RETURN_FIELDS = (
    "To", "Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To",
)  # fmt: skip
_LONGEST = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnAddress:
    """The address that bounces return to; `key` is `crawler.keys.verp_key`."""

    local: str
    domain: str
    key: bytes = field(repr=False)

    @classmethod
    def of(cls, bounce_address: str, sender: str, key: bytes) -> ReturnAddress:
        """`bounce_address`, or ``bounce@`` the domain of `sender` where that is empty."""
        address = bounce_address or f"bounce@{parseaddr(sender)[1].rpartition('@')[2]}"
        local, _, domain = address.rpartition("@")
        return cls(local=local, domain=domain, key=key)

    def plain(self) -> str:
        """The address for mail that is in no outbox."""
        return f"{self.local}@{self.domain}"

    def for_mail(self, mail_id: int, message_id: str) -> str:
        """The envelope sender of one mail."""
        return f"{self.local}+{mail_id}.{mark(self.key, mail_id, message_id)}@{self.domain}"


def mark(key: bytes, mail_id: int, message_id: str) -> str:
    """What only we can write for a mail; a row's number alone might be given out again."""
    return hmac.new(key, f"{mail_id} {message_id}".encode(), sha256).hexdigest()[:20]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a report says.

    `tokens` are rows with their marks, not yet proven; `message_ids` those of the mail that it
    returns. `digest` names the report itself.
    """

    meaning: Meaning
    digest: str
    words: str
    status: str | None = None
    tokens: tuple[tuple[int, str], ...] = ()
    message_ids: tuple[str, ...] = ()


def read(raw: bytes) -> Report:
    """What a bounce or complaint says. Raises `UsageError` for what is neither."""
    if len(raw) > LARGEST:
        raise UsageError(
            f"this mail has more than {LARGEST // 2**20} MB: no bounce is so large."
            " Nothing was recorded; look at it yourself."
        )
    try:
        message = message_from_bytes(raw)
        parts = list(message.walk())
        kinds = [part.get_content_type() for part in parts]
    except (RecursionError, ValueError, LookupError) as error:
        raise UsageError("this mail is nested too deeply to be read. Nothing was recorded.") from (
            error
        )
    digest = sha256(raw).hexdigest()
    tokens = tuple(dict.fromkeys(_tokens(parts)))
    message_ids = tuple(dict.fromkeys(_message_ids(parts)))
    if "message/feedback-report" in kinds:
        meaning, status, words = _complaint(parts[kinds.index("message/feedback-report")])
    elif "message/delivery-status" in kinds:
        meaning, status, words = _status(parts[kinds.index("message/delivery-status")])
    else:
        raise UsageError(
            "this is no bounce and no complaint: it has no part message/delivery-status (RFC 3464)"
            " and none message/feedback-report (RFC 5965). Nothing was recorded."
        )
    return Report(
        meaning=meaning,
        digest=digest,
        words=words,
        status=status,
        tokens=tokens,
        message_ids=message_ids,
    )


def _status(part: Message) -> tuple[Meaning, str | None, str]:
    """The gravest of what is said of the recipients; we write to one at a time."""
    said = [_recipient(block) for block in _blocks(part) if block.get("Action")]
    if not said:
        raise UsageError(
            "this delivery report has no field Action (RFC 3464 section 2.3.3), so it says"
            " nothing of any mail. Nothing was recorded."
        )
    return min(said, key=lambda one: _GRAVEST.index(one[0]))


def _recipient(block: Message) -> tuple[Meaning, str | None, str]:
    action = _field(block, "Action").lower()
    found = _STATUS.search(_field(block, "Status"))
    status = found[0] if found else None
    words = _field(block, "Diagnostic-Code") or f"{action} {status or ''}".strip()
    if action == "failed":
        return severity(status, words), status, words
    return ("delayed" if action == "delayed" else "nothing"), status, words


def severity(status: str | None, words: str, code: int | None = None) -> Meaning:
    """What a final failure says of the address: ``hard``, ``soft`` or, of us, ``policy``.

    `status` is the RFC 3463 code; without one, `code` is the server's reply to the recipient.
    """
    found = _STATUS.search(status or "") or _STATUS.search(words if code is None else "")
    if found is None:
        refused = code in (550, 551, 553) and not _POLICY.search(words)
        return "hard" if refused else ("policy" if code else "soft")
    grade, subject, detail = found.groups()
    if grade != "5":
        return "soft"
    if subject == "1":
        return "policy" if detail in _NOT_THE_ADDRESS else "hard"
    if (subject, detail) == ("2", "1"):
        return "hard"  # the mailbox is closed for good
    return "soft" if subject in ("2", "4") else "policy"


def _complaint(part: Message) -> tuple[Meaning, str | None, str]:
    fields = next(_blocks(part), Message())
    kind = _field(fields, "Feedback-Type").lower()
    if not kind:
        raise UsageError(
            "this complaint has no field Feedback-Type (RFC 5965 section 3.1)."
            " Nothing was recorded."
        )
    return ("complaint" if kind in _COMPLAINTS else "nothing"), None, f"feedback: {kind}"


def _blocks(part: Message) -> Iterator[Message]:
    payload = part.get_payload()
    for block in payload if isinstance(payload, list) else ():
        if isinstance(block, Message):
            yield block


def _field(message: Message, name: str) -> str:
    """A field in one short line, without the type before a semicolon's text (``smtp; 550 …``)."""
    words = " ".join(str(message.get(name, "")).split())[: 2 * _LONGEST]
    kind, semicolon, rest = words.partition(";")
    return (rest if semicolon and kind.isalnum() else words).strip()[:_LONGEST]


def _tokens(parts: Iterable[Message]) -> Iterator[tuple[int, str]]:
    """Rows and marks in every place where the envelope sender may stand."""
    names = (*_RETURN_FIELDS, "Return-Path", "Original-Mail-From", "X-Failed-Recipients")
    for part in parts:
        for name in names:
            for value in part.get_all(name, [])[:20]:
                for found in _TOKEN.finditer(str(value)[:2000]):
                    yield int(found[1]), found[2].lower()


def _message_ids(parts: Iterable[Message]) -> Iterator[str]:
    """Message-IDs of the returned mail: in a part of its own, whole or headers only."""
    for part in parts:
        if part.get_content_type() == "text/rfc822-headers":
            text = part.get_payload(decode=True)
            returned = message_from_bytes(text[:100_000]) if isinstance(text, bytes) else Message()
        elif part.get_content_type() == "message/rfc822":
            returned = next(_blocks(part), Message())
        else:
            continue
        yield from _IDENTITY.findall(str(returned.get("Message-ID", ""))[:1000])[:1]
