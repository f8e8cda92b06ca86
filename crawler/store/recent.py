"""Which opportunities to look at: those still of use, those of late, those that changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler.bands import SHOWN_AS
from crawler.opportunity import Opportunity
from crawler.store import opportunities
from crawler.store.listings import mask, seconds
from crawler.store.tables import listings, reviews
from crawler.store.tables import opportunities as opportunities_table


def live(
    connection: sa.Connection,
    now: datetime,
    *,
    plan: timedelta,
    call: timedelta,
    award: timedelta,
) -> Iterator[tuple[int, Opportunity]]:
    """Opportunities that may matter and that somebody could still do something about.

    Calls that are open at `now`, and whatever was heard of since: within `plan` of an early
    signal, within `call` of a call without a deadline, within `award` of an award.
    """
    table = opportunities_table.c
    late = sa.or_(table.stage.in_(("award", "contract")), table.status == "awarded")
    heard = sa.case(
        (late, table.updated >= now - award),
        (table.stage == "planning", table.updated >= now - plan),
        (table.deadline.is_(None), table.updated >= now - call),
        else_=table.deadline >= now,
    )
    return opportunities.iterate(connection, heard, table.status != "cancelled", _may_matter())


def since(connection: sa.Connection, moment: datetime) -> Iterator[tuple[int, Opportunity]]:
    """Opportunities published or materially changed at the source since `moment` that may matter.

    Those are the ones that people are shown, that wait for a reviewer, or that one decided about.
    """
    table = opportunities_table.c
    # Two look-ups, each by its own index: an OR across both would read every row.
    lately = sa.union(
        sa.select(listings.c.opportunity_id).where(listings.c.published >= seconds(moment)),
        sa.select(table.id).where(table.changed_at >= moment),
    )
    return opportunities.iterate(connection, table.id.in_(lately), _may_matter())


def changed_since(connection: sa.Connection, moment: datetime) -> Iterator[tuple[int, Opportunity]]:
    """Opportunities first seen, materially changed at the source or reviewed since `moment`."""
    table = opportunities_table.c
    fresh = sa.or_(
        table.first_seen >= moment,
        table.changed_at >= moment,
        table.published >= moment,
        _ruled(reviews.c.decided_at >= moment),
    )
    return opportunities.iterate(connection, fresh)


def _may_matter() -> sa.ColumnElement[bool]:
    shown = mask("relevance", [word for word in SHOWN_AS if word != "none"])
    told = sa.select(listings.c.opportunity_id).where(
        listings.c.opportunity_id == opportunities_table.c.id,
        listings.c.card.bitwise_and(shown) != 0,
    )
    return sa.or_(told.exists(), _ruled())


def _ruled(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a reviewer has decided about the opportunity."""
    mine = (reviews.c.opportunity_id == opportunities_table.c.id, reviews.c.by == "reviewer")
    return sa.exists().where(*mine, *conditions)
