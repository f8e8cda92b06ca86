"""A round of sending: behind ``tenders digest preview``, ``send`` and the scheduler.

What is due is written into the outbox (`crawler.jobs.queue`), the outbox is emptied
(`crawler.jobs.deliver`), staff are told.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler import keys
from crawler.config import Settings
from crawler.digest import outbox as mailers
from crawler.digest import staff
from crawler.digest.bouncing import ReturnAddress
from crawler.digest.mail import Letterhead
from crawler.digest.outbox import Letter
from crawler.digest.signing import Signer
from crawler.digest.staff import RoundReport
from crawler.digest.wording import count
from crawler.errors import DeliveryError, TendersError, UsageError
from crawler.jobs import drafting
from crawler.jobs.clock import ticking
from crawler.jobs.deliver import Delivered, Terms, deliver
from crawler.jobs.drafting import Draft
from crawler.jobs.queue import Queued, near_misses, queue
from crawler.jobs.stopping import until_told_to_stop
from crawler.store import database, outbox, subscribers, suppressions
from crawler.store.statements import chunks
from crawler.store.subscribers import Subscriber

_PAGE = 500

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundDone:
    """A whole round: what was written, what left the outbox, what still waits in it."""

    written: Queued
    delivered: Delivered
    waiting: int

    @property
    def well(self) -> bool:
        """Whether nothing went wrong that a person should look at."""
        done = self.delivered
        return not (self.written.broken or done.failed or done.trouble)

    def __str__(self) -> str:
        """Numbers only: addresses do not belong in logs."""
        done = self.delivered
        words = f"{self.written}. {count(done.sent, 'mail')} sent"
        for number, said in (
            (done.later, "to be tried again"),
            (len(done.failed), "could not be delivered"),
            (len(done.held), "held back"),
            (done.suppressed, "added to the suppression list"),
            (self.waiting, "waiting in the outbox"),
        ):
            if number:
                words += f"; {number} {said}"
        if done.busy:
            words += "; another sender is at work"
        return words + (f". {done.trouble}" if done.trouble else "")


def preview(
    settings: Settings, engine: sa.Engine, now: datetime, only: str | None = None
) -> Iterator[Draft]:
    """The digests as they would go out now, for everybody or for `only` one address.

    Nothing is sent or recorded. Who stopped gets none. Raises `UsageError` for an address that is
    not subscribed.
    """
    with engine.connect() as connection:
        if only is not None:
            people = iter([_person(connection, only)])
        else:
            people = subscribers.iterate(connection, states=("pending", "active", "paused"))
        round_ = drafting.round_of(settings, connection, now)
        for page in chunks(people, _PAGE):
            near = near_misses(engine, page, now)
            for person in page:
                yield round_.digest(person, near_misses=near.get(person.id))


def send(
    settings: Settings, engine: sa.Engine, now: datetime, *, everyone: bool = False
) -> RoundDone:
    """Writes what is due, or `everyone` a digest who had none today, and empties the outbox.

    Mails go to the mail server in the settings, or into files. What cannot be delivered stays in
    the outbox; nothing that happens to one mail holds up another.
    """
    letterhead = Letterhead(sender=settings.sender, contact=settings.contact)
    written = queue(settings, engine, now, everyone=everyone)
    clock = ticking(now)
    delivered = deliver_due(settings, engine, clock)
    done = RoundDone(written=written, delivered=delivered, waiting=_waiting(engine))
    _tell_staff(settings, engine, letterhead, done, clock)
    return done


def deliver_only(settings: Settings, engine: sa.Engine, now: datetime) -> RoundDone:
    """Empties the outbox of what is due there: second attempts, confirmations."""
    clock = ticking(now)
    delivered = deliver_due(settings, engine, clock)
    done = RoundDone(written=Queued(), delivered=delivered, waiting=_waiting(engine))
    letterhead = Letterhead(sender=settings.sender, contact=settings.contact)
    _tell_staff(settings, engine, letterhead, done, clock)
    return done


def deliver_due(settings: Settings, engine: sa.Engine, clock: Callable[[], datetime]) -> Delivered:
    """Hands over what is due in the outbox; connects to no server when that is nothing."""
    with engine.connect() as connection:
        if not outbox.anything(connection, clock()):
            return Delivered()
    terms = terms_of(settings, clock)
    try:
        with (
            mailers.open_mailer(settings.smtp_url, settings.outbox) as mailer,
            until_told_to_stop() as stop,
        ):
            return deliver(engine, mailer, terms, stop)
    except DeliveryError as error:
        return Delivered(trouble=str(error))


def terms_of(settings: Settings, clock: Callable[[], datetime]) -> Terms:
    """How this installation sends. Raises `ConfigError`."""
    return Terms(
        returns=ReturnAddress.of(settings.bounce_address, settings.sender, keys.verp_key(settings)),
        key=keys.suppression_key(settings),
        signer=Signer.of(settings),
        per_minute=settings.mails_per_minute if settings.smtp_url else None,
        lease=timedelta(seconds=settings.lease_seconds),
        clock=clock,
    )


def send_test(settings: Settings, engine: sa.Engine, email: str, now: datetime) -> Draft:
    """Sends one subscriber their digest as it would be now, marked as a test; records nothing.

    Raises `UsageError` for who must not be written to, `DeliveryError` when it does not leave.
    """
    letterhead = Letterhead(sender=settings.sender, contact=settings.contact)
    with engine.connect() as connection:
        person = _person(connection, email)
        key = keys.suppression_key(settings)
        barred = bool(suppressions.among(connection, key, [person.email]))
        near = near_misses(engine, [person], now)[person.id]
        draft = drafting.round_of(settings, connection, now).digest(person, near_misses=near)
    if barred or not person.may_be_written_to(now):
        raise UsageError(
            f"{person.email} must not be written to: "
            + ("it bounced or complained" if barred else f"the subscription is {person.state}")
            + ". To look at the digest without sending it: tenders digest preview --to"
            f" {person.email}"
        )
    message = draft.message
    subject = str(message["Subject"])
    for name, value in (
        ("Subject", f"[Test] {subject}"),
        ("Message-ID", f"<test.{secrets.token_hex(12)}@{letterhead.domain}>"),
    ):
        del message[name]
        message[name] = value
    terms = terms_of(settings, ticking(now))
    raw = message.as_bytes()
    letter = Letter(
        sender=terms.returns.plain(),
        recipient=person.email,
        raw=terms.signer.signed(raw) if terms.signer else raw,
    )
    with mailers.open_mailer(settings.smtp_url, settings.outbox) as mailer:
        mailer.hand_over(letter)
    return draft


def _tell_staff(
    settings: Settings,
    engine: sa.Engine,
    letterhead: Letterhead,
    done: RoundDone,
    clock: Callable[[], datetime],
) -> None:
    """Mails staff about a round in which something happened."""
    now, written, delivered = clock(), done.written, done.delivered
    report = RoundReport(
        at=now,
        queued=len(written.queued) + len(written.early) + len(written.reminded),
        quiet=len(written.quiet),
        silent=len(written.silent),
        unmatched=len(written.unmatched),
        sent=delivered.sent,
        later=delivered.later,
        suppressed=delivered.suppressed,
        waiting=done.waiting,
        failed=delivered.failed,
        held=delivered.held,
        broken=[(one, written.broken[one]) for one in written.news],
        trouble=delivered.trouble,
    )
    if not settings.staff or not report.noteworthy:
        return
    with database.writing(engine, alone=False) as connection:
        for address in settings.staff:
            outbox.queue(
                connection,
                about=f"summary:{now.isoformat()}:{address}",
                kind="summary",
                message=staff.summary(report, letterhead, address),
                subscriber_id=None,
                recipient=address.lower(),
                now=now,
            )
    try:
        deliver_due(settings, engine, clock)
    except TendersError as error:
        logger.error("staff were not told of the round: %s", error)


def _waiting(engine: sa.Engine) -> int:
    with engine.connect() as connection:
        counts = outbox.counts(connection)
    return counts.get("queued", 0) + counts.get("sending", 0)


def _person(connection: sa.Connection, email: str) -> Subscriber:
    found = subscribers.find(connection, email)
    if found is None:
        raise UsageError(
            f"--to {email!r} is not subscribed. See who is with: tenders subscribers list"
        )
    return found
