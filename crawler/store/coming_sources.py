"""Where each kind of thing that is coming stands in the store, and by which day it is known.

Each kind is one pass over narrow rows; what is shown of it is read by `crawler.store.coming`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal, get_args

import sqlalchemy as sa

from crawler import dates
from crawler.coming import LEAD
from crawler.store.early_tables import gatherings, relets
from crawler.store.listings import mask, seconds
from crawler.store.tables import listings, opportunities, origins

Kind = Literal["meeting", "plan", "decision", "contract"]
KINDS: tuple[Kind, ...] = get_args(Kind)

HORIZON = timedelta(days=3 * 366)
"""Contracts that end later are nobody's business yet."""

STALE = timedelta(days=366)
"""A plan without a day ahead counts for so long after it was published."""

_PLANNING = mask("stages", ["planning"])
_DEAD = mask("status", ["cancelled"])
_DECISIONS = "moderngov"
"""The source whose plans are decisions of councils, each with its day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One thing that is coming: its London day, its row in its kind's table, its opportunity.

    `asks` is the day on which a contract's buyer may begin to ask around, today once that has
    passed. `published` are seconds since 1970. `expected` marks a plan whose day is that of its
    tender.
    """

    kind: Kind
    at: date | None
    published: int
    ref: int
    pk: int
    expected: bool = False
    asks: date | None = None

    @property
    def act(self) -> date | None:
        """The day to act on it."""
        return self.asks or self.at


Narrowed = Sequence[sa.ColumnElement[bool]]


def meetings(connection: sa.Connection, narrowed: Narrowed, now: datetime) -> Iterator[Found]:
    """Meetings from today on."""
    query = (
        sa.select(gatherings.c.id, gatherings.c.day, *_OWN)
        .join(listings, listings.c.opportunity_id == gatherings.c.opportunity_id)
        .where(_ALIVE, gatherings.c.day >= _today(now), *narrowed)
    )
    for row in connection.execute(query):
        yield Found(
            kind="meeting", at=row.day, published=row.published, ref=row.id, pk=row.opportunity_id
        )


def contracts(connection: sa.Connection, narrowed: Narrowed, now: datetime) -> Iterator[Found]:
    """Contracts that end within the horizon: by their first end or, once that has passed, the last.

    Those of a call whose award nobody published, only once it has closed.
    """
    today, table = _today(now), listings.c
    query = (
        sa.select(relets.c.id, relets.c.earliest, relets.c.latest, *_OWN)
        .join(listings, table.opportunity_id == relets.c.opportunity_id)
        .where(
            _ALIVE,
            relets.c.latest >= today,
            relets.c.earliest <= today + HORIZON,
            sa.or_(relets.c.awarded, table.closes.is_(None), table.closes < seconds(now)),
            *narrowed,
        )
    )
    for row in connection.execute(query):
        ends = row.earliest if row.earliest >= today else row.latest
        if ends <= today + HORIZON:
            yield Found(
                kind="contract",
                at=ends,
                asks=max(today, ends - LEAD),
                published=row.published,
                ref=row.id,
                pk=row.opportunity_id,
            )


def plans(connection: sa.Connection, narrowed: Narrowed, now: datetime) -> Iterator[Found]:
    """Plans by the day to be heard by, else by that of the tender, else without a day."""
    table = opportunities.c
    tenders = dict(
        connection.execute(sa.select(table.id, table.expected).where(table.expected >= now)).all()
    )
    for row in connection.execute(_planning(narrowed, decided=False)):
        said = tenders.get(row.opportunity_id)
        heard, tender = _day(row.closes), _day(seconds(said)) if said else None
        ahead = next((day for day in (heard, tender) if day and day >= _today(now)), None)
        if ahead or row.published >= seconds(now - STALE):
            yield Found(
                kind="plan",
                at=ahead,
                published=row.published,
                ref=row.opportunity_id,
                pk=row.opportunity_id,
                expected=ahead is not None and ahead != heard,
            )


def decisions(connection: sa.Connection, narrowed: Narrowed, now: datetime) -> Iterator[Found]:
    """Decisions that councils are still to take."""
    for row in connection.execute(_planning(narrowed, decided=True)):
        taken = _day(row.closes)
        if taken and taken >= _today(now):
            yield Found(
                kind="decision",
                at=taken,
                published=row.published,
                ref=row.opportunity_id,
                pk=row.opportunity_id,
            )


SOURCES: Mapping[Kind, Callable[[sa.Connection, Narrowed, datetime], Iterator[Found]]] = (
    MappingProxyType(
        {"meeting": meetings, "plan": plans, "decision": decisions, "contract": contracts}
    )
)

_ALIVE = listings.c.card.bitwise_and(_DEAD) == 0
_OWN = (listings.c.published, listings.c.opportunity_id)


def _planning(narrowed: Narrowed, *, decided: bool) -> sa.Select[Any]:
    table = listings.c
    from_councils = table.origin.in_(
        sa.select(origins.c.id).where(origins.c.sources.contains(f" {_DECISIONS} "))
    )
    return sa.select(table.closes, *_OWN).where(
        _ALIVE,
        table.card.bitwise_and(_PLANNING) != 0,
        from_councils if decided else ~from_councils,
        *narrowed,
    )


def _today(now: datetime) -> date:
    return now.astimezone(dates.LONDON).date()


def _day(at: int | None) -> date | None:
    """The London day of seconds since 1970."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).astimezone(dates.LONDON).date()
