"""Which opportunities to look at: those still of use, those of late, those that changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler.opportunity import Opportunity
from crawler.store import opportunities
from crawler.store.tables import opportunities as opportunities_table
from crawler.store.tables import reviews


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """From where on a notice may matter: `arts` and `commissionable` together from `wanted` on,
    or from `least` on if with `adjacent` they reach `near`.
    """

    wanted: float
    near: float
    least: float


def live(
    connection: sa.Connection,
    now: datetime,
    *,
    plan: timedelta,
    call: timedelta,
    award: timedelta,
) -> Iterator[tuple[int, Opportunity]]:
    """Opportunities that somebody could still do something about.

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
    return opportunities.iterate(connection, heard, table.status != "cancelled")


def since(
    connection: sa.Connection, moment: datetime, bar: Bar
) -> Iterator[tuple[int, Opportunity]]:
    """Opportunities published or materially changed at the source since `moment` that may matter.

    Those are the ones with a reviewer's decision, those over the `bar`, and whatever is `adjacent`.
    """
    table = opportunities_table.c
    wanted = table.scores["arts"].as_float() + table.scores["commissionable"].as_float()
    near = wanted + table.scores["adjacent"].as_float()
    over = sa.or_(wanted >= bar.wanted, sa.and_(near >= bar.near, wanted >= bar.least))
    # Two look-ups, each by its own index: an OR across both would read every row.
    recent = sa.union(
        sa.select(table.id).where(table.published >= moment),
        sa.select(table.id).where(table.changed_at >= moment),
    )
    return opportunities.iterate(
        connection,
        table.id.in_(recent),
        sa.or_(table.relevance == "adjacent", over, _ruled()),
    )


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


def _ruled(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Whether a reviewer has decided about the opportunity."""
    mine = (reviews.c.opportunity_id == opportunities_table.c.id, reviews.c.by == "reviewer")
    return sa.exists().where(*mine, *conditions)
