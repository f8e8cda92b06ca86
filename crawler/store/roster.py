"""Subscribers and their mail as staff see them: counts, and people without their addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crawler.store.tables import bounces, outbox, subscribers, subscriptions, suppressions

LATELY = timedelta(days=28)
_ADDRESS = re.compile(r"[^\s<>\"'()\[\],;:]+@[^\s<>\"'()\[\],;:]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A subscriber under a masked address; `bounces` are reports about mail to them."""

    id: int
    masked: str
    organisation: str
    state: str
    rhythm: str
    created: datetime
    digest_at: datetime | None
    wishes: int
    bounces: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A mail to somebody: `at` is when it was sent, else when its state was settled or is due.

    `words` are the server's, or ours, without addresses.
    """

    id: int
    kind: str
    state: str
    at: datetime
    attempts: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came back of a mail: ``hard``, ``soft`` or ``complaint``, with an RFC 3463 code."""

    kind: str
    at: datetime
    status: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Mail in figures: by state, of the last four weeks by kind, bounces and why not written to."""

    mails: Mapping[str, int]
    sent: Mapping[str, int]
    bounces: Mapping[str, int]
    suppressed: Mapping[str, int]
    last_sent: datetime | None
    waiting_since: datetime | None


def masked(email: str) -> str:
    """An address that tells one from another and cannot be written to: ``h•••@t•••.org``."""
    local, _, domain = email.partition("@")
    name, _, ending = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••.{ending}"


def hushed(words: str) -> str:
    """`words` of a mail server with every address in them masked."""
    return _ADDRESS.sub(lambda found: masked(found[0].rstrip(".")), words)


def states(connection: sa.Connection) -> Mapping[str, int]:
    """How many subscribers are in each state."""
    query = sa.select(subscribers.c.state, sa.func.count()).group_by(subscribers.c.state)
    return dict(connection.execute(query).all())


def people(
    connection: sa.Connection, limit: int, *, before: int | None = None, state: str = ""
) -> list[Person]:
    """The newest `limit` subscribers, of those with numbers below `before` and in one state."""
    query = _people().limit(limit)
    if before is not None:
        query = query.where(subscribers.c.id < before)
    if state:
        query = query.where(subscribers.c.state == state)
    return [_person(row) for row in connection.execute(query)]


def search(connection: sa.Connection, asked: str, limit: int) -> list[Person]:
    """Whoever has exactly the address `asked`; without an ``@``, organisations with its words."""
    query = _people().limit(limit)
    if "@" in asked:
        query = query.where(subscribers.c.email == asked.strip().lower())
    else:
        name = subscribers.c.organisation
        for word in asked.split():
            # SQLite knows small letters of ASCII only: as it is typed a word is found as well.
            folded = sa.func.lower(name).contains(word.lower(), autoescape=True)
            query = query.where(sa.or_(folded, name.contains(word, autoescape=True)))
    return [_person(row) for row in connection.execute(query)]


def letters(connection: sa.Connection, number: int, limit: int) -> list[Letter]:
    """The newest `limit` mails to the subscriber with that number."""
    c = outbox.c
    at = sa.case((c.sent_at.is_not(None), c.sent_at), else_=c.due).label("at")
    query = (
        sa.select(c.id, c.kind, c.state, c.attempts, c.reply, at)
        .where(c.subscriber_id == number)
        .order_by(c.id.desc())
        .limit(limit)
    )
    return [
        Letter(
            id=row.id,
            kind=row.kind,
            state=row.state,
            at=row.at,
            attempts=row.attempts,
            words=hushed(row.reply or ""),
        )
        for row in connection.execute(query)
    ]


def reports(connection: sa.Connection, number: int, limit: int) -> list[Report]:
    """The newest `limit` bounces and complaints of mail to the subscriber with that number."""
    query = (
        sa.select(bounces)
        .where(bounces.c.subscriber_id == number)
        .order_by(bounces.c.at.desc(), bounces.c.id.desc())
        .limit(limit)
    )
    return [
        Report(kind=row.kind, at=row.at, status=row.status or "", words=hushed(row.words))
        for row in connection.execute(query)
    ]


def _people() -> sa.Select[Any]:
    """Subscribers, the newest first, with how many subscriptions and bounces they have."""
    wishes = (
        sa.select(sa.func.count())
        .where(subscriptions.c.subscriber_id == subscribers.c.id)
        .scalar_subquery()
    )
    came_back = (
        sa.select(sa.func.count())
        .where(bounces.c.subscriber_id == subscribers.c.id)
        .scalar_subquery()
    )
    query = sa.select(subscribers, wishes.label("wishes"), came_back.label("bounces"))
    return query.order_by(subscribers.c.id.desc())


def _person(row: Any) -> Person:
    return Person(
        id=row.id,
        masked=masked(row.email),
        organisation=row.organisation or "",
        state=row.state,
        rhythm=row.rhythm,
        created=row.created,
        digest_at=row.digest_at,
        wishes=row.wishes,
        bounces=row.bounces,
    )


def post(connection: sa.Connection, now: datetime) -> Post:
    """The figures of what was sent and what came back."""
    since = now - LATELY
    last, waits = connection.execute(
        sa.select(
            sa.func.max(outbox.c.sent_at),
            sa.func.min(sa.case((outbox.c.state == "queued", outbox.c.queued_at))),
        )
    ).one()
    return Post(
        mails=_counted(connection, outbox.c.state),
        sent=_counted(connection, outbox.c.kind, outbox.c.sent_at > since),
        bounces=_counted(connection, bounces.c.kind, bounces.c.at > since),
        suppressed=_counted(connection, suppressions.c.reason),
        last_sent=last,
        waiting_since=waits,
    )


def _counted(
    connection: sa.Connection, column: sa.Column[str], *conditions: sa.ColumnElement[bool]
) -> Mapping[str, int]:
    query = sa.select(column, sa.func.count()).where(*conditions).group_by(column).order_by(column)
    return dict(connection.execute(query).all())
