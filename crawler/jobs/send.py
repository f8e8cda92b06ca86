"""Writes each person's digest and hands it over: behind ``tenders digest preview`` and ``send``.

A digest is handed over first and recorded then. If the machine stops in between, it goes out once
more on the same day with the same Message-ID: nobody misses one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler import dates, keys
from crawler.config import Settings
from crawler.digest import outbox
from crawler.digest.mail import Letterhead
from crawler.digest.outbox import Mailer
from crawler.digest.wording import count
from crawler.errors import DeliveryError, UsageError
from crawler.jobs import drafting
from crawler.jobs.drafting import Draft
from crawler.store import database, matches, subscribers
from crawler.store.subscribers import Subscriber


@dataclass(frozen=True, slots=True, kw_only=True)
class SendSummary:
    """What a round of sending did, each part by address.

    `quiet` digests had nothing to tell and are among `sent`. `already` had today's digest before;
    `unmatched` wait for ``tenders match``. `failed` holds the reasons too.
    """

    sent: tuple[str, ...] = ()
    quiet: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    failed: Mapping[str, str]

    def __str__(self) -> str:
        """Numbers only: addresses do not belong in logs."""
        words = f"{count(len(self.sent), 'digest')} sent"
        if self.quiet:
            words += f", {len(self.quiet)} of them with nothing new to tell"
        if self.already:
            words += f"; {len(self.already)} had theirs today already"
        if self.unmatched:
            words += f"; {len(self.unmatched)} not matched yet, run: tenders match"
        if self.failed:
            words += f"; {len(self.failed)} could not be delivered"
        return words


def preview(
    settings: Settings, engine: sa.Engine, now: datetime, only: str | None = None
) -> Iterator[Draft]:
    """The digests as they would go out now, for everybody or for `only` one address.

    Nothing is sent or recorded. Raises `UsageError` for an address that is not subscribed.
    """
    with engine.connect() as connection:
        people = _people(connection, only)
        accounts = drafting.accounts(connection)
    letterhead = Letterhead(sender=settings.sender, contact=settings.contact)
    key = keys.forget_key(settings)
    for person in people:
        yield drafting.draft(engine, person, accounts, letterhead, now, key)


def send(
    settings: Settings, engine: sa.Engine, now: datetime, only: str | None = None
) -> SendSummary:
    """Sends everybody, or `only` one address, today's digest unless they had it.

    It goes to the mail server in the settings, or into files. One that cannot be delivered is
    reported and holds up no other. Raises `UsageError` for an address that is not subscribed, and
    `DeliveryError` when the mail server cannot be used at all.
    """
    letterhead = Letterhead(sender=settings.sender, contact=settings.contact)
    with outbox.open_mailer(settings.smtp_url, settings.outbox) as mailer:
        return send_by(mailer, engine, letterhead, now, only, keys.forget_key(settings))


def send_by(
    mailer: Mailer,
    engine: sa.Engine,
    letterhead: Letterhead,
    now: datetime,
    only: str | None = None,
    key: bytes = b"",
) -> SendSummary:
    """The same by any mailer. `key` is that of the forget list."""
    with engine.connect() as connection:
        people = _people(connection, only)
        accounts = drafting.accounts(connection)
    sent: list[Draft] = []
    failed: dict[str, str] = {}
    already = [person for person in people if _had(person, now)]
    unmatched = [person for person in people if not _matched(person) and person not in already]
    for person in people:
        if person in already or person in unmatched:
            continue
        draft = drafting.draft(engine, person, accounts, letterhead, now, key)
        try:
            mailer.deliver(draft.message)
        except DeliveryError as error:
            failed[person.email] = str(error)
            continue
        _record(engine, draft, now)
        sent.append(draft)
    return SendSummary(
        sent=tuple(draft.subscriber.email for draft in sent),
        quiet=tuple(draft.subscriber.email for draft in sent if draft.digest.quiet),
        already=_addresses(already),
        unmatched=_addresses(unmatched),
        failed=failed,
    )


def _addresses(people: Sequence[Subscriber]) -> tuple[str, ...]:
    return tuple(person.email for person in people)


def _had(person: Subscriber, now: datetime) -> bool:
    return person.digest_at is not None and dates.days_left(person.digest_at, now) >= 0


def _matched(person: Subscriber) -> bool:
    """Whether every subscription has been matched: before that, nobody knows what fits."""
    return all(one.matched_until for one in person.subscriptions)


def _record(engine: sa.Engine, draft: Draft, now: datetime) -> None:
    with database.writing(engine) as connection:
        matches.told(connection, draft.subscriber.id, draft.told, now)
        subscribers.digested(connection, draft.subscriber.id, now)


def _people(connection: sa.Connection, only: str | None) -> list[Subscriber]:
    if only is None:
        return subscribers.listed(connection)
    found = subscribers.find(connection, only)
    if found is None:
        raise UsageError(
            f"--to {only!r} is not subscribed. See who is with: tenders subscribers list"
        )
    return [found]
