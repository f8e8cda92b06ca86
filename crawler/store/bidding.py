"""Which e-tendering portal a buyer uses: worked out of its notices as they are kept.

What one opportunity says is a row of `bid_mentions`; `bid_portals` adds up those of authorities,
beside what the authorities' own pages say. Both follow from the opportunities as they stand, so the
order in which notices came does not matter.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crawler.bids import Mention, PageFact, UsedPortal
from crawler.store.statements import chunks
from crawler.store.tables import bid_mentions, bid_portals, listings, opportunities
from crawler.text import key

_NEWEST = 20
_BATCH = 1000

Tell = Callable[[str | None, Sequence[str], str], Mention | None]
"""What a notice says of its buyer's portal: given the buyer's name, links and description."""


def named_by(connection: sa.Connection, buyer: str) -> list[tuple[str, str]]:
    """Portal and site that each of the newest opportunities of the buyer of that name names."""
    return [(row.portal, row.site) for row in connection.execute(_OF_BUYER, {"buyer": key(buyer)})]


def _of_buyer_query() -> sa.Select[Any]:
    newest = (
        sa.select(listings.c.opportunity_id)
        .where(listings.c.buyer_key == sa.bindparam("buyer"))
        .order_by(listings.c.published.desc(), listings.c.opportunity_id)
        .limit(_NEWEST)
        .subquery()
    )
    return sa.select(bid_mentions.c.portal, bid_mentions.c.site).join(
        newest, newest.c.opportunity_id == bid_mentions.c.opportunity_id
    )


_OF_BUYER = _of_buyer_query()


def remember(connection: sa.Connection, ids: Collection[int], tell: Tell) -> None:
    """Brings what the opportunities `ids` say of portals up to date. Twice is as good as once."""
    columns = (
        opportunities.c.id, opportunities.c.buyer_name, opportunities.c.urls,
        opportunities.c.description, opportunities.c.published,
        bid_mentions.c.authority, bid_mentions.c.portal,
    )  # fmt: skip
    both = opportunities.outerjoin(
        bid_mentions, bid_mentions.c.opportunity_id == opportunities.c.id
    )
    for part in chunks(sorted(ids), _BATCH):
        query = sa.select(*columns).select_from(both).where(opportunities.c.id.in_(part))
        stored = connection.execute(query).all()
        known = {row.id: row for row in stored if row.portal is not None}
        rows = [
            _row(row, told)
            for row in stored
            if (told := tell(row.buyer_name, row.urls, row.description))
        ]
        pairs = {(row.authority, row.portal) for row in known.values()}
        pairs |= {(row["authority"], row["portal"]) for row in rows}
        if known:
            gone = bid_mentions.c.opportunity_id.in_(list(known))
            connection.execute(sa.delete(bid_mentions).where(gone))
        if rows:
            connection.execute(sa.insert(bid_mentions), rows)
        _add_up(connection, pairs)


def remember_all(connection: sa.Connection, tell: Tell) -> None:
    """The same for every opportunity."""
    ids = connection.execute(sa.select(opportunities.c.id)).scalars().all()
    remember(connection, ids, tell)


def drop(connection: sa.Connection, opportunity: int) -> None:
    """Takes out what an opportunity said that is about to be removed."""
    pairs = {(row.authority, row.portal) for row in _mentions(connection, [opportunity])}
    gone = bid_mentions.c.opportunity_id == opportunity
    connection.execute(sa.delete(bid_mentions).where(gone))
    _add_up(connection, pairs)


def _mentions(connection: sa.Connection, ids: Collection[int]) -> Sequence[sa.Row[Any]]:
    query = sa.select(bid_mentions).where(bid_mentions.c.opportunity_id.in_(ids))
    return connection.execute(query).all()


def _row(opportunity: Any, told: Mention) -> dict[str, Any]:
    return {
        "opportunity_id": opportunity.id,
        "authority": told.authority,
        "portal": told.portal,
        "site": told.site,
        "published": opportunity.published,
    }


def _add_up(connection: sa.Connection, pairs: Iterable[tuple[str | None, str]]) -> None:
    """Counts the notices that name each portal for each authority anew."""
    for authority, portal in sorted((one, other) for one, other in pairs if one is not None):
        named = sa.and_(bid_mentions.c.authority == authority, bid_mentions.c.portal == portal)
        seen = bid_mentions.c.published
        total = sa.select(sa.func.count(), sa.func.min(seen), sa.func.max(seen)).where(named)
        count, first, last = connection.execute(total).one()
        connection.execute(
            sa.delete(bid_portals).where(
                bid_portals.c.authority == authority,
                bid_portals.c.portal == portal,
                bid_portals.c.basis == "notices",
            )
        )
        if not count:
            continue
        earliest = connection.execute(
            sa.select(bid_mentions.c.site, opportunities.c.urls)
            .join(opportunities, opportunities.c.id == bid_mentions.c.opportunity_id)
            .where(named, seen == first)
            .order_by(opportunities.c.key)
            .limit(1)
        ).one()
        used = UsedPortal(
            authority=authority,
            portal=portal,
            basis="notices",
            site=earliest.site,
            evidence=next(iter(earliest.urls), earliest.site),
            note="",
            notices=count,
            first_seen=first,
            last_seen=last,
        )
        _insert(connection, used)


def shipped(connection: sa.Connection, facts: Iterable[PageFact]) -> bool:
    """Whether the facts from authorities' pages are those that ship with this version."""
    stored = {
        (row.authority, row.portal, row.evidence, row.note)
        for row in connection.execute(_FROM_PAGES)
    }
    return stored == {(one.authority, one.portal, one.page, one.note) for one in facts}


def ship(connection: sa.Connection, facts: Iterable[PageFact], now: datetime) -> None:
    """Makes them those that ship with this version."""
    stored = {(row.authority, row.portal): row for row in connection.execute(_FROM_PAGES)}
    for fact in facts:
        row = stored.pop((fact.authority, fact.portal), None)
        if row is not None and (row.evidence, row.note) == (fact.page, fact.note):
            continue
        if row is not None:
            _delete(connection, row)
        used = UsedPortal(
            authority=fact.authority,
            portal=fact.portal,
            basis="page",
            site="",
            evidence=fact.page,
            note=fact.note,
            notices=0,
            first_seen=row.first_seen if row is not None else now,
            last_seen=now,
        )
        _insert(connection, used)
    for row in stored.values():
        _delete(connection, row)


_FROM_PAGES = sa.select(bid_portals).where(bid_portals.c.basis == "page")


def _delete(connection: sa.Connection, row: Any) -> None:
    connection.execute(
        sa.delete(bid_portals).where(
            bid_portals.c.authority == row.authority,
            bid_portals.c.portal == row.portal,
            bid_portals.c.basis == row.basis,
        )
    )


def _insert(connection: sa.Connection, used: UsedPortal) -> None:
    values = {column.name: getattr(used, column.name) for column in bid_portals.columns}
    connection.execute(sa.insert(bid_portals).values(values))


def used_by(connection: sa.Connection, authorities: Collection[str] = ()) -> list[UsedPortal]:
    """The portals that `authorities` (all if none) use: by authority, the most named first."""
    query = sa.select(bid_portals)
    if authorities:
        query = query.where(bid_portals.c.authority.in_(list(authorities)))
    found = [UsedPortal(**row._mapping) for row in connection.execute(query)]
    return sorted(
        found,
        key=lambda one: (
            one.authority, -one.notices, -one.last_seen.timestamp(), one.portal, one.basis,
        ),
    )  # fmt: skip
