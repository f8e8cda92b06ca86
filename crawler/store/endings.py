"""Contracts that run out: early signs that the work may be put out again, and who waits for one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from crawler import dates
from crawler.coming import Relet
from crawler.items import Relevance
from crawler.opportunity import Opportunity
from crawler.store import coming
from crawler.store import opportunities as shelf
from crawler.store.early_tables import contracts_waiting, relets
from crawler.store.statements import chunks
from crawler.store.tables import opportunities


@dataclass(frozen=True, slots=True)
class Ending:
    """An awarded opportunity, its contract that ends next and when, and when it came to us.

    `id` is the opportunity's internal key.
    """

    id: int
    opportunity: Opportunity
    relet: Relet
    ends: date
    first_seen: datetime


def ending(
    connection: sa.Connection, after: datetime, until: datetime, relevances: Collection[Relevance]
) -> list[Ending]:
    """Awarded opportunities judged as one of `relevances` whose contracts end then, by their end.

    A contract whose first end is not after `after` counts by its last, with every extension. Of an
    opportunity's contracts the one that ends first is told.
    """
    first, last = (moment.astimezone(dates.LONDON).date() for moment in (after, until))
    ends = sa.case((relets.c.earliest > first, relets.c.earliest), else_=relets.c.latest)
    query = (
        sa.select(relets, ends.label("ends"))
        .join(opportunities, opportunities.c.id == relets.c.opportunity_id)
        .where(
            relets.c.awarded,
            relets.c.latest > first,
            ends <= last,
            opportunities.c.status != "cancelled",
            opportunities.c.relevance.in_(list(relevances)),
        )
        .order_by(ends, relets.c.opportunity_id, relets.c.id)
    )
    rows: dict[int, Any] = {}
    for row in connection.execute(query):
        rows.setdefault(row.opportunity_id, row)
    found = shelf.several(connection, rows)
    return [
        Ending(
            pk, found[pk].opportunity, coming.relet_of(row), _day(row.ends), found[pk].first_seen
        )
        for pk, row in rows.items()
        if pk in found
    ]


_WAITING = sa.select(contracts_waiting.c.opportunity_id).where(
    contracts_waiting.c.subscriber_id == sa.bindparam("of_subscriber", type_=sa.Integer)
)


def waiting(connection: sa.Connection, subscriber_id: int) -> set[int]:
    """Contracts that this person's last digest had no room for, by internal opportunity key."""
    return set(connection.execute(_WAITING, {"of_subscriber": subscriber_id}).scalars())


def wait(connection: sa.Connection, subscriber_id: int, left: Collection[int]) -> None:
    """Notes which contracts a digest had no room for, in the place of what waited before it."""
    mine = contracts_waiting.c.subscriber_id == subscriber_id
    connection.execute(sa.delete(contracts_waiting).where(mine))
    # Some may have been merged away while the digest was composed.
    for part in chunks(left):
        there = sa.select(sa.literal(subscriber_id), opportunities.c.id)
        connection.execute(
            sa.insert(contracts_waiting).from_select(
                ["subscriber_id", "opportunity_id"], there.where(opportunities.c.id.in_(part))
            )
        )


def _day(value: date | str) -> date:
    """A day as the databases give one that was chosen between two columns."""
    return date.fromisoformat(value) if isinstance(value, str) else value
