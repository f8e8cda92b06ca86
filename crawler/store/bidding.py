"""What an authority's notices say about where bids go."""

from __future__ import annotations

import sqlalchemy as sa

from crawler.store.tables import opportunities

_NEWEST = 200


def notices_of(connection: sa.Connection, buyer: str) -> list[tuple[list[str], str]]:
    """The links and description of each of the newest opportunities of the buyer of that name."""
    query = (
        sa.select(opportunities.c.urls, opportunities.c.description)
        .where(opportunities.c.buyer_name == buyer)
        .order_by(opportunities.c.published.desc())
        .limit(_NEWEST)
    )
    return [(list(row.urls), row.description) for row in connection.execute(query)]
