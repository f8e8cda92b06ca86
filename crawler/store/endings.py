"""Contracts that run out: early signs that the work may be put out again."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler.items import Relevance
from crawler.opportunity import Opportunity
from crawler.store import opportunities as shelf
from crawler.store.tables import awards, opportunities


@dataclass(frozen=True, slots=True)
class Ending:
    """An awarded opportunity, the end of its last contract, and when it first came to us."""

    opportunity: Opportunity
    ends: datetime
    first_seen: datetime


def ending(
    connection: sa.Connection, after: datetime, until: datetime, relevances: Collection[Relevance]
) -> list[Ending]:
    """Awarded opportunities judged as one of `relevances` whose contracts end then, by their end.

    The last of an opportunity's awards counts; the period of the whole where no award has one.
    """
    last = sa.func.coalesce(sa.func.max(awards.c.end), opportunities.c.end)
    query = (
        sa.select(opportunities.c.id, last.label("ends"))
        .outerjoin(awards, awards.c.opportunity_id == opportunities.c.id)
        .where(
            opportunities.c.stage.in_(("award", "contract")),
            opportunities.c.status != "cancelled",
            opportunities.c.relevance.in_(list(relevances)),
        )
        .group_by(opportunities.c.id, opportunities.c.end)
        .having(sa.and_(last > after, last <= until))
        .order_by(last, opportunities.c.id)
    )
    ends = {row.id: row.ends for row in connection.execute(query)}
    found = shelf.several(connection, ends)
    return [
        Ending(found[key].opportunity, moment, found[key].first_seen)
        for key, moment in ends.items()
        if key in found
    ]
