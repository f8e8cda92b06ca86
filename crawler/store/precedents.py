"""Earlier notices to compare a draft with: what was put out before, with its words."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler.store.listings import mask, seconds
from crawler.store.tables import listings, opportunities

_SHOWN = mask("relevance", ["arts", "commissionable", "adjacent", "review"])
_CALLED = mask("stages", ["tender", "award", "contract"])
_WON = mask("stages", ["award", "contract"])
_READ = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """One earlier notice: its internal id and the first few thousand characters of its words."""

    pk: int
    title: str
    description: str


def earlier(
    connection: sa.Connection,
    *,
    tags: int = 0,
    regions: Collection[str] = (),
    won: bool = False,
    now: datetime,
    limit: int,
) -> list[Earlier]:
    """The newest calls that people are shown, with one of `tags` (art forms, outcomes as bits).

    Without `tags` any. `regions` narrows to those, `won` to what was awarded. Plans are left out.
    """
    table = listings.c
    conditions = [
        table.card.bitwise_and(_SHOWN) != 0,
        table.card.bitwise_and(_WON if won else _CALLED) != 0,
        table.published <= seconds(now),
    ]
    if tags:
        conditions.append(table.card.bitwise_and(tags) != 0)
    if regions:
        conditions.append(table.card.bitwise_and(mask("regions", regions)) != 0)
    newest = (
        sa.select(table.opportunity_id)
        .where(*conditions)
        .order_by(table.published.desc(), table.opportunity_id)
        .limit(limit)
    )
    text = sa.func.substr(opportunities.c.description, 1, _READ).label("text")
    query = (
        sa.select(opportunities.c.id, opportunities.c.title, text)
        .where(opportunities.c.id.in_(newest))
        .order_by(opportunities.c.published.desc(), opportunities.c.id)
    )
    return [
        Earlier(pk=row.id, title=row.title, description=row.text)
        for row in connection.execute(query)
    ]
