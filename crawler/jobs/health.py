"""Tells staff once that a source is ill and once that it is well again, and what to do about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from hashlib import blake2b
from typing import Protocol

import sqlalchemy as sa

from crawler import dates
from crawler.config import Settings
from crawler.digest.mail import NAME, POLICY, Letterhead
from crawler.health import Health, spell
from crawler.sources import Source, load
from crawler.store import database, outbox
from crawler.store import health as store
from crawler.store.health import Told

KIND = "health"
SETTLE = timedelta(hours=24)
"""After a mail about a source, a new illness of it waits so long before the next one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What staff are to be told: keys of sources that turned ill, and that are well again."""

    ill: tuple[str, ...] = ()
    well: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ill or self.well)


class Queue(Protocol):
    """How a mail is queued: `crawler.store.outbox.queue`. Whether it was new."""

    def __call__(
        self,
        connection: sa.Connection,
        *,
        about: str,
        kind: str,
        message: EmailMessage,
        subscriber_id: int | None,
        recipient: str,
        now: datetime,
    ) -> bool:
        """Queues one mail."""
        ...


def decide(
    states: Mapping[str, Health],
    told: Mapping[str, Told],
    watched: Collection[str],
    now: datetime,
) -> Notice:
    """What staff do not know yet of the sources `watched`.

    A source that goes to and fro is told of at most once ill and once well in `SETTLE`.
    """
    ill, well = [], []
    for key in watched:
        state = states[key].state if key in states else "new"
        known = told.get(key)
        if state == "ill" and (known is None or known.state != "ill"):
            if known is None or now - known.at >= SETTLE:
                ill.append(key)
        elif state == "well" and known is not None and known.state == "ill":
            well.append(key)
    return Notice(ill=tuple(ill), well=tuple(well))


def letters(
    notice: Notice,
    states: Mapping[str, Health],
    sources: Mapping[str, Source],
    letterhead: Letterhead,
    staff: Sequence[str],
    now: datetime,
) -> list[tuple[str, EmailMessage]]:
    """The mail for each address of `staff`. Raises `ConfigError` when the sender is no address."""
    name, sender = parseaddr(letterhead.sender)
    made = []
    for to in staff:
        identity = blake2b(f"{now.isoformat()} {to}".encode(), digest_size=12).hexdigest()
        message = EmailMessage(policy=POLICY)
        message["From"] = Address(name or NAME, addr_spec=sender)
        message["To"] = Address(addr_spec=to)
        message["Subject"] = f"{NAME}: {_subject(notice, sources)}"
        message["Date"] = format_datetime(now.astimezone(dates.LONDON))
        message["Message-ID"] = f"<health.{identity}@{letterhead.domain}>"
        message["Auto-Submitted"] = "auto-generated"
        lines = _lines(notice, states, sources, now)
        message.set_content("\n".join(lines) + "\n", cte="quoted-printable")
        made.append((to, message))
    return made


def _subject(notice: Notice, sources: Mapping[str, Source]) -> str:
    parts = []
    for keys, one, many in (
        (notice.ill, "is ill", "sources are ill"),
        (notice.well, "is well again", "sources are well again"),
    ):
        if len(keys) == 1:
            parts.append(f"{sources[keys[0]].name} {one}")
        elif keys:
            parts.append(f"{len(keys)} {many}")
    return ", ".join(parts)


def _lines(
    notice: Notice, states: Mapping[str, Health], sources: Mapping[str, Source], now: datetime
) -> list[str]:
    lines: list[str] = []
    for key in notice.ill:
        one = states[key]
        good = dates.spell(one.last_good) if one.last_good else "never"
        lines += [spell(sources[key].name, one, now), f"  What is wrong: {one.reason}"]
        lines += [f"  {words}" for words in one.first_errors[:3] if words not in one.reason]
        lines += [f"  Last good run: {good}", f"  What to do: {advice(sources[key], one)}", ""]
    for key in notice.well:
        lines += [f"{sources[key].name} is read as it should be again.", ""]
    return [*lines, "How every source is: tenders sources"]


def tell(
    engine: sa.Engine,
    queue: Queue,
    letterhead: Letterhead,
    staff: Sequence[str],
    now: datetime,
) -> Notice:
    """Queues the mail to `staff`, if there is anything to tell, and remembers that they were told.

    Both in one transaction: a mail is queued once, and a killed process forgets nothing.
    """
    sources = load()
    watched = [key for key, one in sources.items() if one.enabled]
    with database.writing(engine) as connection:
        states = store.health(connection, now)
        notice = decide(states, store.told(connection), watched, now)
        if not notice or not staff:
            return Notice()
        for to, message in letters(notice, states, sources, letterhead, staff, now):
            queue(
                connection,
                about=f"health:{now.isoformat()}:{to}",
                kind=KIND,
                message=message,
                subscriber_id=None,
                recipient=to,
                now=now,
            )
        for key in notice.ill:
            store.tell(connection, key, "ill", now)
        for key in notice.well:
            store.tell(connection, key, "well", now)
    return notice


def inform(settings: Settings, engine: sa.Engine, now: datetime) -> str:
    """Tells the staff in `settings` what they do not know yet, in words for the log."""
    letterhead = Letterhead(sender=settings.sender, contact=settings.contact)
    notice = tell(engine, outbox.queue, letterhead, settings.staff, now)
    if not notice:
        return "nothing to tell" if settings.staff else "nobody to tell: TENDERS_STAFF is empty"
    return _subject(notice, load())


def advice(source: Source, one: Health) -> str:
    """What to do about a source's state, in words; empty where nothing is to be done."""
    key, address = source.key, source.base_url or "its site"
    if not source.enabled or one.verdict == "ok":
        return ""
    if not one.verdict:
        return f"`tenders crawl {key}` reads it for the first time."
    said = " ".join((one.reason, *one.first_errors))
    if "layout changed" in said:
        return (
            f"Open {address}, correct the selectors of its row (page), then"
            f" `tenders crawl {key} --dry-run`. What was read before is kept."
        )
    if "robots.txt" in said and one.verdict == "failed":
        return f"Its robots.txt bars us now: set enabled = false, and ask {source.publisher}."
    if one.verdict == "short":
        return (
            f"Compare with {address}. If it is right, expect less in its row (min_items, fresh);"
            f" if not, `tenders crawl {key} --since 30d`."
        )
    if one.verdict == "partial":
        return f"Nothing is lost: `tenders crawl {key}` asks for the rest, as the next crawl will."
    return f"Open {address}. If it is up, `tenders crawl {key} --verbose` says what it answers."
