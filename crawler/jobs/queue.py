"""Writes the digests that are due into the outbox.

A digest, what it told and the digest time it was for are one transaction: whatever happens in
between, it is told once and nobody misses one.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crawler import dates, keys
from crawler.config import Settings
from crawler.digest import due
from crawler.digest.mail import Letterhead
from crawler.digest.wording import count
from crawler.jobs import drafting
from crawler.jobs.drafting import Draft
from crawler.store import database, matches, outbox, subscribers, suppressions
from crawler.store.subscribers import Subscriber

logger = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Queued:
    """What a round of writing did, each part by address.

    `quiet` digests had nothing to tell and are among `queued`; who is `silent` wanted none then.
    `already` had a digest today; `unmatched` wait for ``tenders match``; `suppressed` must not be
    written to. `broken` holds the reasons too, and `news` those that staff were not told before.
    """

    queued: list[str] = field(default_factory=list)
    quiet: list[str] = field(default_factory=list)
    silent: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    suppressed: list[str] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)
    news: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Numbers only: addresses do not belong in logs."""
        words = f"{count(len(self.queued), 'digest')} written"
        for people, said in (
            (self.quiet, "of them with nothing new to tell"),
            (self.silent, "left in peace, since nothing was new"),
            (self.already, "had theirs today already"),
            (self.unmatched, "not matched yet, run: tenders match"),
            (self.suppressed, "on the suppression list"),
            (self.broken, "could not be composed, see: tenders digest outbox"),
        ):
            if people:
                words += f"; {len(people)} {said}"
        return words


def queue(
    settings: Settings, engine: sa.Engine, now: datetime, *, everyone: bool = False
) -> Queued:
    """Writes the digests that are due into the outbox.

    A digest that cannot be composed is recorded for staff, tried again with the next round, and
    holds up no other.
    """
    return _Writing(settings, engine, now, everyone=everyone).run()


class _Writing:
    """One round of writing digests."""

    def __init__(
        self, settings: Settings, engine: sa.Engine, now: datetime, *, everyone: bool
    ) -> None:
        self.engine, self.now, self.everyone = engine, now, everyone
        self.zone = ZoneInfo(settings.timezone)
        self.letterhead = Letterhead(sender=settings.sender, contact=settings.contact)
        self.key = keys.forget_key(settings)
        self.suppression_key = keys.suppression_key(settings)
        self.done = Queued()

    def run(self) -> Queued:
        """Goes through everybody."""
        with self.engine.connect() as connection:
            people = [
                (person, slot)
                for person in subscribers.listed(connection)
                if person.may_be_written_to(self.now) and (slot := self._slot(person))
            ]
            barred = suppressions.among(
                connection, self.suppression_key, [person.email for person, _ in people]
            )
            self.accounts = drafting.accounts(connection)
        for person, slot in people:
            if person.email in barred:
                self.done.suppressed.append(person.email)
                self._pass_over(person)
            elif _had_today(person, self.now):
                self.done.already.append(person.email)
                self._pass_over(person)
            elif not _matched(person):
                self.done.unmatched.append(person.email)
            else:
                self._write(person, slot)
        return self.done

    def _slot(self, person: Subscriber) -> datetime | None:
        """The digest time to write for; who is not due has that of the day, if all are wanted."""
        slot = due.due_slot(person, self.now, self.zone)
        if slot is None and self.everyone:
            return _start_of_day(self.now, self.zone)
        return slot

    def _last_slot(self, person: Subscriber) -> datetime:
        return due.slot_before(person.schedule, self.now, self.zone)

    def _pass_over(self, person: Subscriber) -> None:
        with database.writing(self.engine, alone=False) as connection:
            subscribers.slot_done(connection, person.id, self._last_slot(person))

    def _write(self, person: Subscriber, slot: datetime) -> None:
        about = f"digest:{person.id}:{slot.isoformat()}"
        try:
            draft = drafting.draft(
                self.engine, person, self.accounts, self.letterhead, self.now, self.key
            )
            if draft.digest.quiet and person.schedule.only_new:
                self.done.silent.append(person.email)
                self._pass_over(person)
                return
            queued = self._queue(draft, about)
        except Exception as error:  # the boundary: one person's digest is not another's
            self._broken(person, about, error)
            return
        if queued:
            self.done.queued.append(person.email)
            if draft.digest.quiet:
                self.done.quiet.append(person.email)

    def _queue(self, draft: Draft, about: str) -> bool:
        """Mail, what it tells and its digest time: all of it or nothing."""
        person = draft.subscriber
        with database.writing(self.engine) as connection:
            today = subscribers.find(connection, person.email)
            if today is None or today.id != person.id or not today.may_be_written_to(self.now):
                return False  # they left while we wrote
            if today.slot != person.slot:
                return False  # another round was quicker
            queued = outbox.queue(
                connection,
                about=about,
                kind="digest",
                message=draft.message,
                subscriber_id=person.id,
                recipient=person.email,
                now=self.now,
            )
            subscribers.slot_done(connection, person.id, self._last_slot(person))
            if queued:
                matches.told(connection, person.id, draft.told, self.now)
                subscribers.digested(connection, person.id, self.now)
        return queued

    def _broken(self, person: Subscriber, about: str, error: Exception) -> None:
        words = f"{type(error).__name__}: {error}"
        logger.error("the digest of subscriber %s cannot be composed", person.id, exc_info=error)
        self.done.broken[person.email] = words
        if isinstance(error, sa.exc.OperationalError):
            return  # it could not be recorded either
        with database.writing(self.engine, alone=False) as connection:
            if subscribers.find(connection, person.email) is None:
                return
            news = outbox.broken(
                connection,
                about=about,
                kind="digest",
                subscriber_id=person.id,
                recipient=person.email,
                words=words,
                now=self.now,
            )
        if news:
            self.done.news.append(person.email)


def _had_today(person: Subscriber, now: datetime) -> bool:
    return person.digest_at is not None and dates.days_left(person.digest_at, now) >= 0


def _matched(person: Subscriber) -> bool:
    """Whether every subscription has been matched: before that, nobody knows what fits."""
    return all(one.matched_until for one in person.subscriptions)


def _start_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone).astimezone(UTC)
