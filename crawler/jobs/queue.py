"""Writes the digests that are due, early mails and reminders into the outbox.

A digest, what it told and the digest time it was for are one transaction: whatever happens in
between, it is told once and nobody misses one.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from crawler import dates, keys
from crawler.config import Settings
from crawler.digest import due
from crawler.digest.wording import count
from crawler.jobs import drafting, hindsight
from crawler.jobs.drafting import Draft
from crawler.store import database, endings, marks, matches, outbox, subscribers, suppressions
from crawler.store.marks import Due
from crawler.store.statements import chunks
from crawler.store.subscribers import Subscriber, Subscription

logger = logging.getLogger(__name__)
_PAGE = 500
_LONGEST_AHEAD = timedelta(days=30)
"""Nobody can ask for reminders earlier than that."""


@dataclass(slots=True, kw_only=True)
class Queued:
    """What a round of writing did, each part by address.

    `early` mails tell of what closes before the next digest; who is `reminded` saved something that
    closes. `quiet` digests had nothing to tell and are among `queued`; who is `silent` wanted none
    then. `already` had a digest today; `unmatched` wait for ``tenders match``; `suppressed` must
    not be written to. `broken` holds the reasons too, and `news` those new to staff.
    """

    queued: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    reminded: list[str] = field(default_factory=list)
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
            (self.early, "early mails about what closes soon"),
            (self.reminded, "reminded of what they saved"),
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


def near_misses(engine: sa.Engine, people: Sequence[Subscriber], now: datetime) -> dict[int, int]:
    """How much each person, by id, nearly got in the time between two of their digests."""
    found: dict[int, int] = {}
    wanted: dict[str, dict[int, Sequence[Subscription]]] = {}
    for person in people:
        wanted.setdefault(person.schedule.rhythm, {})[person.id] = person.subscriptions
    for rhythm, wishes in wanted.items():
        since = now - timedelta(days=due.DAYS[rhythm])
        found |= hindsight.near_misses(engine, wishes, since, now)
    return found


class _Writing:
    """One round of writing: digests that are due, and early mails to those between two digests."""

    def __init__(
        self, settings: Settings, engine: sa.Engine, now: datetime, *, everyone: bool
    ) -> None:
        self.settings, self.engine, self.now, self.everyone = settings, engine, now, everyone
        self.zone = ZoneInfo(settings.timezone)
        self.suppression_key = keys.suppression_key(settings)
        self.done = Queued()

    def run(self) -> Queued:
        """Goes through everybody; no snapshot of the store is kept while mails are written."""
        with self.engine.connect() as reading, self.engine.connect() as composing:
            self.round = drafting.round_of(self.settings, composing, self.now)
            self.saved = _saved(reading, self.now)
            people = subscribers.iterate(reading, states=("active", "paused"))
            for page in chunks(people, _PAGE):
                barred = suppressions.among(
                    reading, self.suppression_key, [person.email for person in page]
                )
                reading.rollback()
                here = [person for person in page if person.may_be_written_to(self.now)]
                self.missed = self._near_misses(here)
                for person in here:
                    self._person(person, person.email in barred)
                    composing.rollback()
        return self.done

    def _near_misses(self, people: Sequence[Subscriber]) -> dict[int, int]:
        """How much each of those who are due nearly got in the time between two of their digests.

        It is counted for many at once; digests go out without the number rather than not at all.
        """
        try:
            return near_misses(
                self.engine,
                [
                    person
                    for person in people
                    if self._slot(person) and _matched(person) and not _had_today(person, self.now)
                ],
                self.now,
            )
        except Exception:  # the boundary: a number is missing, no digest is
            logger.exception("near misses cannot be counted")
            return {}

    def _person(self, person: Subscriber, barred: bool) -> None:
        slot = self._slot(person)
        if person.id in self.saved and not barred:
            self._remind(person)
        if slot is None:
            if person.schedule.early_mail and not barred and _matched(person):
                self._early(person)
        elif barred:
            self.done.suppressed.append(person.email)
            self._pass_over(person)
        elif _had_today(person, self.now):
            self.done.already.append(person.email)
            self._pass_over(person)
        elif not _matched(person):
            self.done.unmatched.append(person.email)
        else:
            self._digest(person, slot)

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

    def _digest(self, person: Subscriber, slot: datetime) -> None:
        try:
            draft = self.round.digest(person, slot=slot, near_misses=self.missed.get(person.id))
            if draft.digest.quiet and person.schedule.only_new:
                self.done.silent.append(person.email)
                self._pass_over(person)
                return
            queued = self._queue(draft)
        except Exception as error:  # the boundary: one person's digest is not another's
            self._broken(person, f"digest:{person.id}:{slot.isoformat()}", error)
            return
        if queued:
            self.done.queued.append(person.email)
            if draft.digest.quiet:
                self.done.quiet.append(person.email)

    def _early(self, person: Subscriber) -> None:
        """Writes at once of what fits and closes before the next digest."""
        try:
            draft = self.round.early(person, due.slot_after(person.schedule, self.now, self.zone))
            if draft is not None and self._queue(draft):
                self.done.early.append(person.email)
        except Exception as error:  # the same boundary
            self._broken(person, f"early:{person.id}:{self.now.date()}", error)

    def _remind(self, person: Subscriber) -> None:
        """Reminds of what closes as many days ahead as wished, not before the hour of digests."""
        days, local = person.schedule.remind_days, self.now.astimezone(self.zone)
        if days is None or local.hour < person.schedule.hour:
            return
        wanted = [
            one.opportunity_id
            for one in self.saved[person.id]
            if one.deadline <= self.now + timedelta(days=days)
        ]
        try:
            draft = self.round.reminder(person, wanted)
            if draft is not None and self._queue(draft):
                self.done.reminded.append(person.email)
        except Exception as error:  # the same boundary
            self._broken(person, f"reminder:{person.id}:{local.date()}", error)

    def _queue(self, draft: Draft) -> bool:
        """The mail, what it tells and its digest time: all of it or nothing."""
        person = draft.subscriber
        with database.writing(self.engine) as connection:
            today = subscribers.by_id(connection, person.id)
            if today is None or not today.may_be_written_to(self.now):
                return False  # they left while we wrote
            if today.slot != person.slot or today.email != person.email:
                return False  # another round was quicker, or they moved
            queued = outbox.queue(
                connection,
                about=draft.about,
                kind=draft.kind,
                message=draft.message,
                subscriber_id=person.id,
                recipient=person.email,
                now=self.now,
            )
            if draft.kind == "digest":
                subscribers.slot_done(connection, person.id, self._last_slot(person))
            if queued:
                matches.told(connection, person.id, draft.told, self.now)
                marks.reminded(connection, person.id, draft.reminded)
                if draft.kind == "digest":
                    endings.wait(connection, person.id, draft.waiting)
                    subscribers.digested(connection, person.id, self.now)
        return queued

    def _broken(self, person: Subscriber, about: str, error: Exception) -> None:
        words = f"{type(error).__name__}: {error}"
        logger.error("the mail %s cannot be composed", about, exc_info=error)
        self.done.broken[person.email] = words
        if isinstance(error, sa.exc.OperationalError):
            return  # it could not be recorded either
        with database.writing(self.engine, alone=False) as connection:
            if subscribers.by_id(connection, person.id) is None:
                return
            news = outbox.broken(
                connection,
                about=about,
                kind=about.partition(":")[0],
                subscriber_id=person.id,
                recipient=person.email,
                words=words,
                now=self.now,
            )
        if news:
            self.done.news.append(person.email)


def _saved(connection: sa.Connection, now: datetime) -> dict[int, list[Due]]:
    """What may have to be reminded of, by subscriber."""
    found: dict[int, list[Due]] = {}
    for one in marks.due(connection, _LONGEST_AHEAD, now):
        found.setdefault(one.subscriber_id, []).append(one)
    return found


def _had_today(person: Subscriber, now: datetime) -> bool:
    return person.digest_at is not None and dates.days_left(person.digest_at, now) >= 0


def _matched(person: Subscriber) -> bool:
    """Whether every subscription has been matched: before that, nobody knows what fits."""
    return all(one.matched_until for one in person.subscriptions)


def _start_of_day(now: datetime, zone: ZoneInfo) -> datetime:
    return datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone).astimezone(UTC)
