"""Subscribers and their mail as staff see them: counts, and people without their addresses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler.store.tables import bounces, outbox, subscribers, subscriptions, suppressions

LATELY = timedelta(days=28)


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


def states(connection: sa.Connection) -> Mapping[str, int]:
    """How many subscribers are in each state."""
    query = sa.select(subscribers.c.state, sa.func.count()).group_by(subscribers.c.state)
    return dict(connection.execute(query).all())


def people(
    connection: sa.Connection, limit: int, *, before: int | None = None, state: str = ""
) -> list[Person]:
    """The newest `limit` subscribers, of those with numbers below `before` and in one state."""
    wishes = (
        sa.select(sa.func.count())
        .where(subscriptions.c.subscriber_id == subscribers.c.id)
        .scalar_subquery()
    )
    reports = (
        sa.select(sa.func.count())
        .where(bounces.c.subscriber_id == subscribers.c.id)
        .scalar_subquery()
    )
    query = sa.select(subscribers, wishes.label("wishes"), reports.label("bounces"))
    query = query.order_by(subscribers.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(subscribers.c.id < before)
    if state:
        query = query.where(subscribers.c.state == state)
    return [
        Person(
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
        for row in connection.execute(query)
    ]


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
