"""Introductions: one subscriber asks, another agrees or not; addresses are told only then.

``asked`` becomes ``agreed``, ``declined``, ``withdrawn`` (by the asker, or because the other is not
open to partnering any more) or ``expired``; none of these ever changes again. A pair is asked once
for one opportunity, whoever of the two asks.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa

from crawler.store.partner_tables import introductions
from crawler.store.tables import opportunities, processes

State = Literal["asked", "agreed", "declined", "expired", "withdrawn"]
STATES: tuple[State, ...] = get_args(State)
RUNS_OUT = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Introduction:
    """One asking. `opportunity` is a public id, `message` the asker's own words."""

    id: int
    key: str
    opportunity: str
    asker_id: int
    asked_id: int
    state: State
    message: str
    asked_at: datetime
    ended_at: datetime | None = None

    @property
    def until(self) -> datetime:
        """Until when it may be answered."""
        return self.asked_at + RUNS_OUT

    def open_at(self, now: datetime) -> bool:
        """Whether it may be answered."""
        return self.state == "asked" and now < self.until


def ask(
    connection: sa.Connection,
    *,
    opportunity: str,
    asker_id: int,
    asked_id: int,
    message: str,
    now: datetime,
) -> Introduction:
    """Keeps that somebody asks; the caller has looked for an earlier asking (`between`)."""
    key = secrets.token_urlsafe(9)
    connection.execute(
        introductions.insert().values(
            key=key,
            opportunity=opportunity,
            asker_id=asker_id,
            asked_id=asked_id,
            state="asked",
            message=message,
            asked_at=now,
        )
    )
    found = by_key(connection, key)
    assert found is not None
    return found


def by_key(connection: sa.Connection, key: str) -> Introduction | None:
    """The introduction that links name by `key`, or None."""
    row = connection.execute(
        sa.select(introductions).where(introductions.c.key == key)
    ).one_or_none()
    return _read(row) if row else None


def between(
    connection: sa.Connection, opportunity: str, one_id: int, other_id: int
) -> Introduction | None:
    """What was asked between two people for one opportunity, whoever asked."""
    table = introductions.c
    pair = sa.or_(
        sa.and_(table.asker_id == one_id, table.asked_id == other_id),
        sa.and_(table.asker_id == other_id, table.asked_id == one_id),
    )
    query = sa.select(introductions).where(_about(opportunity), pair)
    row = connection.execute(query.order_by(table.id).limit(1)).one_or_none()
    return _read(row) if row else None


def _about(opportunity: str) -> sa.ColumnElement[bool]:
    """What was asked for an opportunity, under any name that it had before a merger."""
    names = (
        sa.select(processes.c.key)
        .join(opportunities, opportunities.c.id == processes.c.opportunity_id)
        .where(opportunities.c.key == opportunity)
    )
    asked = introductions.c.opportunity
    return sa.or_(asked == opportunity, asked.in_(names))


def of(
    connection: sa.Connection, subscriber_id: int, opportunity: str | None = None
) -> list[Introduction]:
    """Everything that somebody asked or was asked, the newest first; for one `opportunity` only."""
    table = introductions.c
    theirs = sa.or_(table.asker_id == subscriber_id, table.asked_id == subscriber_id)
    query = sa.select(introductions).where(theirs).order_by(table.id.desc())
    if opportunity is not None:
        query = query.where(_about(opportunity))
    return [_read(row) for row in connection.execute(query)]


def asked_since(connection: sa.Connection, since: datetime, *, asker_id: int) -> int:
    """How often somebody asked after `since`."""
    table = introductions.c
    return _count(connection, table.asker_id == asker_id, table.asked_at > since)


def waiting_for(connection: sa.Connection, asked_id: int, since: datetime) -> int:
    """How often somebody was asked after `since`, answered or not."""
    table = introductions.c
    return _count(connection, table.asked_id == asked_id, table.asked_at > since)


def _count(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> int:
    query = sa.select(sa.func.count()).select_from(introductions).where(*conditions)
    return connection.execute(query).scalar_one()


def settle(connection: sa.Connection, key: str, state: State, now: datetime) -> bool:
    """Ends an asking that is still open; whether it was."""
    ended = connection.execute(
        introductions.update()
        .where(
            introductions.c.key == key,
            introductions.c.state == "asked",
            introductions.c.asked_at > now - RUNS_OUT,
        )
        .values(state=state, ended_at=now)
    )
    return ended.rowcount > 0


def run_out(connection: sa.Connection, now: datetime) -> list[Introduction]:
    """Ends what was never answered; those that this ended."""
    late = sa.and_(introductions.c.state == "asked", introductions.c.asked_at <= now - RUNS_OUT)
    found = [_read(row) for row in connection.execute(sa.select(introductions).where(late))]
    connection.execute(introductions.update().where(late).values(state="expired", ended_at=now))
    return found


def close_for(connection: sa.Connection, asked_id: int, now: datetime) -> int:
    """Ends what somebody was asked and has not answered; how many."""
    closed = connection.execute(
        introductions.update()
        .where(introductions.c.asked_id == asked_id, introductions.c.state == "asked")
        .values(state="withdrawn", ended_at=now)
    )
    return closed.rowcount


def forget(connection: sa.Connection, before: datetime) -> int:
    """Forgets what was asked before `before`; how many."""
    gone = connection.execute(introductions.delete().where(introductions.c.asked_at < before))
    return gone.rowcount


def _read(row: Any) -> Introduction:
    return Introduction(**row._mapping)
