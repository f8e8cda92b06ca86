"""Where each kind of thing that is coming stands in the store, and by which day it is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa

from crawler import dates
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
class Source:
    """Where one kind stands: rows of `tables` that fulfil `conditions`, by the day `at`."""

    kind: Kind
    tables: sa.FromClause
    ref: sa.ColumnElement[int]
    at: sa.ColumnElement[Any]
    conditions: Sequence[sa.ColumnElement[bool]]
    expected: bool = False


def sources(now: datetime) -> Iterator[Source]:
    """Every kind's rows that are still to come at `now`; a kind may stand in several places."""
    today = now.astimezone(dates.LONDON).date()
    midnight = seconds(datetime.combine(today, time(), tzinfo=dates.LONDON))
    table = listings.c
    alive = table.card.bitwise_and(_DEAD) == 0
    decided = table.origin.in_(
        sa.select(origins.c.id).where(origins.c.sources.contains(f" {_DECISIONS} "))
    )
    planned = table.card.bitwise_and(_PLANNING) != 0
    ahead = table.closes >= midnight
    yield Source(
        kind="meeting",
        tables=gatherings.join(listings, table.opportunity_id == gatherings.c.opportunity_id),
        ref=gatherings.c.id,
        at=gatherings.c.day,
        conditions=(alive, gatherings.c.day >= today),
    )
    yield from _plans(now, (alive, planned, ~decided), ahead)
    yield Source(
        kind="decision",
        tables=listings,
        ref=table.opportunity_id,
        at=table.closes,
        conditions=(alive, planned, decided, ahead),
    )
    next_end = sa.case((relets.c.earliest >= today, relets.c.earliest), else_=relets.c.latest)
    yield Source(
        kind="contract",
        tables=relets.join(listings, table.opportunity_id == relets.c.opportunity_id),
        ref=relets.c.id,
        at=next_end,
        conditions=(
            alive,
            relets.c.latest >= today,
            next_end <= today + HORIZON,
            sa.or_(relets.c.awarded, table.closes.is_(None), table.closes < seconds(now)),
        ),
    )


def _plans(
    now: datetime, common: Sequence[sa.ColumnElement[bool]], ahead: sa.ColumnElement[bool]
) -> Iterator[Source]:
    """Plans by the day to be heard by, else by that of the tender, else without a day."""
    table = listings.c
    whole = listings.join(opportunities, opportunities.c.id == table.opportunity_id)
    later = opportunities.c.expected >= now
    unheard = sa.or_(table.closes.is_(None), ~ahead)
    yield Source(
        kind="plan",
        tables=listings,
        ref=table.opportunity_id,
        at=table.closes,
        conditions=(*common, ahead),
    )
    yield Source(
        kind="plan",
        tables=whole,
        ref=table.opportunity_id,
        at=opportunities.c.expected,
        conditions=(*common, unheard, later),
        expected=True,
    )
    yield Source(
        kind="plan",
        tables=whole,
        ref=table.opportunity_id,
        at=sa.null(),
        conditions=(
            *common,
            unheard,
            sa.or_(opportunities.c.expected.is_(None), ~later),
            table.published >= seconds(now - STALE),
        ),
    )
