"""What staff are told after a round of sending: numbers, and what needs a person's eye.

No subscriber's address stands in it, only enough of one to find it in ``tenders digest outbox``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from hashlib import blake2b

from crawler import dates
from crawler.digest import wording
from crawler.digest.mail import NAME, POLICY, Letterhead
from crawler.digest.wording import count

_LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundReport:
    """One round: `failed`, `held` and `broken` are pairs of address and reason, unmasked.

    `queued` mails were written, `quiet` of them with nothing new to tell; `silent` people wanted no
    mail without news. `sent` mails left, `later` are tried again, `suppressed` addresses bounced
    for good. `waiting` mails are still in the outbox; `trouble` ended the round early.
    """

    at: datetime
    queued: int = 0
    quiet: int = 0
    silent: int = 0
    unmatched: int = 0
    sent: int = 0
    later: int = 0
    suppressed: int = 0
    waiting: int = 0
    failed: Sequence[tuple[str, str]] = ()
    held: Sequence[tuple[str, str]] = ()
    broken: Sequence[tuple[str, str]] = ()
    trouble: str | None = None

    @property
    def noteworthy(self) -> bool:
        """Whether it is worth a mail."""
        return bool(self.queued or self.failed or self.broken or self.suppressed)


def masked(address: str) -> str:
    """An address that only its owner recognises: ``h…@theatre.example``."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}…@{domain}"


def summary(report: RoundReport, letterhead: Letterhead, to: str) -> EmailMessage:
    """The mail about one round. Raises `ConfigError` when the sender is no address."""
    when = report.at.astimezone(dates.LONDON)
    identity = blake2b(f"{report.at.isoformat()} {to}".encode(), digest_size=12).hexdigest()
    made = EmailMessage(policy=POLICY)
    name, sender = parseaddr(letterhead.sender)
    made["From"] = Address(name or NAME, addr_spec=sender)
    made["To"] = Address(addr_spec=to)
    made["Subject"] = _subject(report)
    made["Date"] = format_datetime(when)
    made["Message-ID"] = f"<summary.{identity}@{letterhead.domain}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content("\n".join(_lines(report)) + "\n", cte="quoted-printable")
    return made


def _subject(report: RoundReport) -> str:
    words = f"{NAME}: {count(report.sent, 'mail')} sent"
    wrong = len(report.failed) + len(report.broken)
    if report.trouble:
        return f"{words}, then the round ended early"
    return f"{words}, {count(wrong, 'failure')}" if wrong else words


def _lines(report: RoundReport) -> list[str]:
    lines = [f"The round of {dates.spell(report.at)}:", ""]
    lines += [
        f"- {count(number, noun)} {words}"
        for number, noun, words in (
            (report.queued, "mail", "written"),
            (report.quiet, "mail", "with nothing new to tell"),
            (report.silent, "subscriber", "left in peace, since nothing was new"),
            (report.unmatched, "subscriber", "not matched yet: run tenders match"),
            (report.sent, "mail", "sent"),
            (report.later, "mail", "to be tried again later"),
            (report.waiting, "mail", "waiting in the outbox"),
            (report.suppressed, "recipient", "bounced for good: not written to any more"),
        )
        if number or words in ("written", "sent")
    ]
    if report.trouble:
        lines += ["", f"It ended early: {wording.plain(report.trouble, 400)}"]
    for heading, pairs in (
        ("Not delivered", report.failed),
        ("Held back", report.held),
        ("Could not be composed; this is a fault of ours", report.broken),
    ):
        if pairs:
            lines += ["", f"{heading}:"]
            lines += [f"- {masked(one)}: {_reason(one, why)}" for one, why in pairs[:_LISTED]]
        if len(pairs) > _LISTED:
            lines.append(f"- and {len(pairs) - _LISTED} more")
    return [*lines, "", "The whole list: tenders digest outbox"]


def _reason(address: str, words: str) -> str:
    """A server's words, in which it likes to repeat the address."""
    return wording.plain(words.replace(address, masked(address)), 300)
