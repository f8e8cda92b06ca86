"""What organisations won: the suppliers of relevant awards, and which entries they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from crawler.store.listings import mask, words_in
from crawler.store.partner_tables import organisation_wins, organisations
from crawler.store.statements import chunks
from crawler.store.tables import awards, listings, opportunities

_SHOWN = mask("relevance", ["arts", "commissionable"])
_VOID = ("cancelled", "unsuccessful", "withdrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class Awarded:
    """One award of a relevant contract: to whom, and what the work is."""

    opportunity_id: int
    suppliers: tuple[str, ...]
    identifiers: tuple[str, ...]
    regions: tuple[str, ...]
    art_forms: tuple[str, ...]
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Win:
    """A relevant contract that an organisation won. `id` is the opportunity's public one."""

    id: str
    title: str
    buyer_key: str
    regions: tuple[str, ...]
    art_forms: tuple[str, ...]
    outcomes: tuple[str, ...]


def awarded(connection: sa.Connection) -> Iterator[Awarded]:
    """Every award of a contract that everybody is shown."""
    query = (
        sa.select(
            awards.c.opportunity_id, awards.c.suppliers, awards.c.supplier_ids, listings.c.card
        )
        .join(listings, listings.c.opportunity_id == awards.c.opportunity_id)
        .where(
            listings.c.card.bitwise_and(_SHOWN) != 0,
            sa.or_(awards.c.status.is_(None), sa.func.lower(awards.c.status).not_in(_VOID)),
        )
        .order_by(awards.c.opportunity_id, awards.c.id)
    )
    for row in connection.execute(query):
        yield Awarded(
            opportunity_id=row.opportunity_id,
            suppliers=tuple(row.suppliers),
            identifiers=tuple(row.supplier_ids),
            regions=words_in(row.card, "regions"),
            art_forms=words_in(row.card, "art_forms"),
            outcomes=words_in(row.card, "outcomes"),
        )


def replace(connection: sa.Connection, wins: Collection[tuple[int, int]]) -> int:
    """Makes `wins` (ids of organisation and opportunity) all that is known; how many changed."""
    known = {
        (row.organisation_id, row.opportunity_id)
        for row in connection.execute(sa.select(organisation_wins))
    }
    gone, fresh = known - set(wins), set(wins) - known
    for organisation_id, opportunity_id in sorted(gone):
        connection.execute(
            organisation_wins.delete().where(
                organisation_wins.c.organisation_id == organisation_id,
                organisation_wins.c.opportunity_id == opportunity_id,
            )
        )
    for part in chunks(sorted(fresh), 1000):
        rows = [{"organisation_id": one, "opportunity_id": other} for one, other in part]
        connection.execute(organisation_wins.insert(), rows)
    return len(gone) + len(fresh)


def of(connection: sa.Connection, ids: Collection[int]) -> dict[int, tuple[Win, ...]]:
    """What the organisations with these internal ids won, the newest first."""
    found: dict[int, list[Win]] = {}
    for part in chunks(ids):
        query = (
            sa.select(
                organisation_wins.c.organisation_id,
                opportunities.c.key,
                opportunities.c.title,
                listings.c.card,
                listings.c.buyer_key,
            )
            .join(opportunities, opportunities.c.id == organisation_wins.c.opportunity_id)
            .join(listings, listings.c.opportunity_id == organisation_wins.c.opportunity_id)
            .where(organisation_wins.c.organisation_id.in_(part))
            .order_by(opportunities.c.published.desc(), opportunities.c.id)
        )
        for row in connection.execute(query):
            win = Win(
                id=row.key,
                title=row.title,
                buyer_key=row.buyer_key,
                regions=words_in(row.card, "regions"),
                art_forms=words_in(row.card, "art_forms"),
                outcomes=words_in(row.card, "outcomes"),
            )
            found.setdefault(row.organisation_id, []).append(win)
    return {one: tuple(wins) for one, wins in found.items()}


def winners(
    connection: sa.Connection, tags: int, regions: Collection[str], limit: int
) -> list[int]:
    """Internal ids of who won work with one of `tags` in one of `regions` (anywhere if none)."""
    where = mask("regions", regions)
    card = listings.c.card
    query = (
        sa.select(organisation_wins.c.organisation_id)
        .join(listings, listings.c.opportunity_id == organisation_wins.c.opportunity_id)
        .join(organisations, organisations.c.id == organisation_wins.c.organisation_id)
        .where(card.bitwise_and(tags) != 0)
        .group_by(organisation_wins.c.organisation_id)
        .order_by(sa.func.max(listings.c.published).desc(), organisation_wins.c.organisation_id)
        .limit(limit)
    )
    if where:
        query = query.where(card.bitwise_and(where) != 0)
    return list(connection.execute(query).scalars())
