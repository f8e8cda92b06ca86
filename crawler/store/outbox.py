"""Mails on their way: queued once for each thing they are about, sent, tried again or given up.

``queued`` waits until `due`; ``sending`` is in a sender's hands; ``sent``, ``failed`` (the server's
words are kept) and ``held`` (must not be sent any more) are final. Only the holder of the lease
`LEASE` moves a mail out of ``queued``, so what is ``sending`` when a lease is taken was left by a
sender that died, and goes out again with the same bytes.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Literal, get_args

import sqlalchemy as sa

from crawler.store.statements import inserted
from crawler.store.tables import outbox, subscribers

State = Literal["queued", "sending", "sent", "failed", "held"]
STATES: tuple[State, ...] = get_args(State)
LEASE = "outbox"
CONFIRMATION = "confirm"
"""The kind of the one mail that somebody gets who has not opted in, or not anew."""

INTRODUCTION = "introduce"
"""The kind of mails by which two subscribers are made known to each other."""

PARTNERS = "partners"
"""The kind of the mail that leads somebody to their page of possible partners."""

SUBSCRIBED = ("digest", "early", "reminder", "asking", INTRODUCTION, PARTNERS)
"""The kinds that only active subscribers get."""

GIVE_UP_AFTER = timedelta(days=4)
"""RFC 5321 section 4.5.4.1: at least four to five days of trying."""

_STEPS = (
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
)
_LONGEST_REPLY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A queued mail as it will be handed over; `attempts` counts those before.

    `barred` says why its subscriber is not written to any more, None where nothing bars it.
    """

    id: int
    about: str
    message_id: str
    kind: str
    recipient: str
    raw: bytes
    attempts: int
    queued_at: datetime
    barred: str | None = None

    @property
    def domain(self) -> str:
        """The recipient's."""
        return _domain(self.recipient)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A mail that was not delivered, for staff: `words` are the server's, or ours."""

    id: int
    kind: str
    recipient: str
    state: str
    at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a bounce is about: the mail that went out, by its row."""

    id: int
    message_id: str
    recipient: str
    subscriber_id: int | None
    sent_at: datetime


def queue(
    connection: sa.Connection,
    *,
    about: str,
    kind: str,
    message: EmailMessage,
    subscriber_id: int | None,
    recipient: str,
    now: datetime,
) -> bool:
    """Queues `message` unless one about the same is there already; whether it is new.

    A recorded failure to compose it (`broken`) is replaced.
    """
    raw = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
    connection.execute(
        outbox.delete().where(
            outbox.c.about == about, outbox.c.state == "failed", outbox.c.attempts == 0
        )
    )
    row = {
        "about": about,
        "message_id": str(message["Message-ID"]).strip(),
        "subscriber_id": subscriber_id,
        "recipient": recipient,
        "domain": _domain(recipient),
        "kind": kind,
        "message": zlib.compress(raw, 3),
        "state": "queued",
        "queued_at": now,
        "due": now,
        "attempts": 0,
    }
    return inserted(connection, outbox, row)


def broken(
    connection: sa.Connection,
    *,
    about: str,
    kind: str,
    subscriber_id: int,
    recipient: str,
    words: str,
    now: datetime,
) -> bool:
    """Records that the mail `about` something could not be composed; whether that is news.

    The next `queue` about the same replaces the record.
    """
    row = {
        "about": about,
        "message_id": f"<none: {about}>",
        "subscriber_id": subscriber_id,
        "recipient": recipient,
        "domain": _domain(recipient),
        "kind": kind,
        "state": "failed",
        "queued_at": now,
        "due": now,
        "attempts": 0,
        "reply": words[:_LONGEST_REPLY],
    }
    return inserted(connection, outbox, row)


def due(
    connection: sa.Connection, now: datetime, *, per_domain: int = 20, limit: int = 500
) -> list[tuple[int, str]]:
    """The ids and domains of what waits to be sent, fairly: every domain's oldest come first."""
    place = sa.func.row_number().over(
        partition_by=outbox.c.domain, order_by=(outbox.c.due, outbox.c.id)
    )
    ready = (
        sa.select(outbox.c.id, outbox.c.domain, outbox.c.due, place.label("place"))
        .where(outbox.c.state == "queued", outbox.c.due <= now)
        .subquery()
    )
    rows = connection.execute(
        sa.select(ready.c.id, ready.c.domain)
        .where(ready.c.place <= per_domain)
        .order_by(ready.c.place, ready.c.due, ready.c.id)
        .limit(limit)
    )
    return [(row.id, row.domain) for row in rows]


def anything(connection: sa.Connection, now: datetime) -> bool:
    """Whether a sender would find something to do: mails that are due, or left by a dead one."""
    waits = sa.and_(outbox.c.state == "queued", outbox.c.due <= now)
    query = sa.select(outbox.c.id).where(sa.or_(waits, outbox.c.state == "sending")).limit(1)
    return connection.execute(query).first() is not None


def get(connection: sa.Connection, mail_id: int, now: datetime) -> Mail | None:
    """A queued mail, or None when it is not queued any more, or erased."""
    row = connection.execute(
        sa.select(outbox, subscribers.c.state.label("person"), subscribers.c.paused_until)
        .outerjoin(subscribers, subscribers.c.id == outbox.c.subscriber_id)
        .where(outbox.c.id == mail_id, outbox.c.state == "queued", outbox.c.message.is_not(None))
    ).one_or_none()
    if row is None:
        return None
    barred = None
    if row.person not in (None, "active") and row.kind in SUBSCRIBED:
        goes_on = row.person == "paused" and row.paused_until and row.paused_until <= now
        barred = None if goes_on else f"the subscriber is {row.person} by now"
    return Mail(
        id=row.id,
        about=row.about,
        message_id=row.message_id,
        kind=row.kind,
        recipient=row.recipient,
        raw=zlib.decompress(row.message),
        attempts=row.attempts,
        queued_at=row.queued_at,
        barred=barred,
    )


def sending(connection: sa.Connection, mail_id: int, raw: bytes | None = None) -> bool:
    """Marks a queued mail as being handed over, in just the bytes `raw` if those are new.

    False if it is not queued any more.
    """
    values: dict[str, object] = {"state": "sending", "attempts": outbox.c.attempts + 1}
    if raw is not None:
        values["message"] = zlib.compress(raw, 3)
    claimed = connection.execute(
        outbox.update().where(outbox.c.id == mail_id, outbox.c.state == "queued").values(values)
    )
    return claimed.rowcount > 0


def sent(connection: sa.Connection, mail_id: int, words: str, now: datetime) -> None:
    """Records that the server took a mail."""
    _settle(connection, mail_id, state="sent", sent_at=now, reply=words[:_LONGEST_REPLY])


def failed(connection: sa.Connection, mail_id: int, words: str, now: datetime) -> None:
    """Gives a mail up for good."""
    _settle(connection, mail_id, state="failed", due=now, reply=words[:_LONGEST_REPLY])


def held(connection: sa.Connection, mail_id: int, words: str, now: datetime) -> None:
    """Keeps a mail back for good."""
    _settle(connection, mail_id, state="held", due=now, reply=words[:_LONGEST_REPLY])


def later(connection: sa.Connection, mail_id: int, words: str, when: datetime) -> None:
    """Puts a mail back, not to be tried before `when`."""
    _settle(connection, mail_id, state="queued", due=when, reply=words[:_LONGEST_REPLY])


def _settle(connection: sa.Connection, mail_id: int, **values: object) -> None:
    connection.execute(outbox.update().where(outbox.c.id == mail_id).values(**values))


def next_try(attempts: int, queued_at: datetime, now: datetime) -> datetime | None:
    """When to try again what failed for the `attempts`-th time; None to give it up."""
    if now - queued_at >= GIVE_UP_AFTER and attempts > len(_STEPS):
        return None
    return now + _STEPS[min(attempts, len(_STEPS)) - 1]


def postpone(connection: sa.Connection, domain: str, until: datetime) -> int:
    """Leaves a whole recipient domain alone `until` then; how many mails wait for it."""
    waiting = connection.execute(
        outbox.update()
        .where(outbox.c.state == "queued", outbox.c.domain == domain, outbox.c.due < until)
        .values(due=until)
    )
    return waiting.rowcount


def take_back(connection: sa.Connection, now: datetime) -> int:
    """Queues again what a sender that died was handing over; how many that were.

    Only for the holder of the lease.
    """
    left = connection.execute(
        outbox.update().where(outbox.c.state == "sending").values(state="queued", due=now)
    )
    return left.rowcount


def last_sent(connection: sa.Connection, since: datetime) -> dict[str, datetime]:
    """When each domain was last written to, of those written to `since` then."""
    rows = connection.execute(
        sa.select(outbox.c.domain, sa.func.max(outbox.c.sent_at).label("at"))
        .where(outbox.c.state == "sent", outbox.c.sent_at >= since)
        .group_by(outbox.c.domain)
    )
    return {row.domain: row.at for row in rows}


def counts(connection: sa.Connection) -> dict[str, int]:
    """How many mails are in each state."""
    rows = connection.execute(
        sa.select(outbox.c.state, sa.func.count().label("mails")).group_by(outbox.c.state)
    )
    return {row.state: row.mails for row in rows}


def failures(connection: sa.Connection, limit: int = 50) -> list[Failure]:
    """What was given up, held or could not be composed, newest first."""
    rows = connection.execute(
        sa.select(outbox)
        .where(outbox.c.state.in_(("failed", "held")))
        .order_by(outbox.c.due.desc(), outbox.c.id.desc())
        .limit(limit)
    )
    return [
        Failure(
            id=row.id,
            kind=row.kind,
            recipient=row.recipient,
            state=row.state,
            at=row.due,
            words=row.reply or "",
        )
        for row in rows
    ]


def origin(
    connection: sa.Connection, *, mail_id: int | None = None, message_id: str | None = None
) -> Origin | None:
    """The mail with this id or Message-ID, or None."""
    which = outbox.c.id == mail_id if mail_id is not None else outbox.c.message_id == message_id
    row = connection.execute(sa.select(outbox).where(which)).one_or_none()
    if row is None:
        return None
    return Origin(
        id=row.id,
        message_id=row.message_id,
        recipient=row.recipient,
        subscriber_id=row.subscriber_id,
        sent_at=row.sent_at or row.queued_at,
    )


def prune(connection: sa.Connection, before: datetime) -> int:
    """Drops the texts of mails that were done with `before` then; how many."""
    done = sa.or_(
        sa.and_(outbox.c.state == "sent", outbox.c.sent_at < before),
        sa.and_(outbox.c.state.in_(("failed", "held")), outbox.c.due < before),
    )
    pruned = connection.execute(
        outbox.update().where(outbox.c.message.is_not(None), done).values(message=None)
    )
    return pruned.rowcount


def erase(connection: sa.Connection, email: str, subscriber_id: int | None = None) -> int:
    """Deletes every mail to a person; how many."""
    theirs = outbox.c.recipient == email.strip().lower()
    if subscriber_id is not None:
        theirs = sa.or_(theirs, outbox.c.subscriber_id == subscriber_id)
    return connection.execute(outbox.delete().where(theirs)).rowcount


def drop_about(connection: sa.Connection, about: str) -> int:
    """Deletes the mail about something, sent or not; how many. One on its way goes nevertheless."""
    return connection.execute(outbox.delete().where(outbox.c.about == about)).rowcount


def queued_since(connection: sa.Connection, recipient: str, kind: str, since: datetime) -> int:
    """How many mails of a kind were queued for somebody after `since`."""
    query = sa.select(sa.func.count()).select_from(outbox)
    return connection.execute(
        query.where(
            outbox.c.recipient == recipient, outbox.c.kind == kind, outbox.c.queued_at > since
        )
    ).scalar_one()


def _domain(recipient: str) -> str:
    return recipient.rpartition("@")[2].lower()
