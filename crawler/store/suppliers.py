"""What organisations won: the suppliers of relevant awards, and which entries they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crawler.store import stamps
from crawler.store.listings import mask, words_in
from crawler.store.partner_tables import organisation_wins
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
    """A relevant contract that an organisation won.

    `id` is the opportunity's public one, `card` its listing's.
    """

    id: str
    title: str
    buyer_key: str
    card: int
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
    if gone or fresh:
        stamps.renew(connection, "organisations")
    return len(gone) + len(fresh)


def of(connection: sa.Connection, organisation_id: int) -> tuple[Win, ...]:
    """What the organisation with this internal id won, the newest first."""
    theirs = _WON.where(organisation_wins.c.organisation_id == organisation_id)
    return tuple(_win(row) for row in connection.execute(theirs))


def everything(connection: sa.Connection) -> Iterator[tuple[int, Win]]:
    """Internal ids of organisations with what each won, the newest first."""
    for row in connection.execute(_WON):
        yield row.organisation_id, _win(row)


_WON = (
    sa.select(
        organisation_wins.c.organisation_id,
        opportunities.c.key,
        opportunities.c.title,
        listings.c.card,
        listings.c.buyer_key,
    )
    .join(listings, listings.c.opportunity_id == organisation_wins.c.opportunity_id)
    .join(opportunities, opportunities.c.id == organisation_wins.c.opportunity_id)
    .order_by(
        listings.c.published.desc(),
        organisation_wins.c.organisation_id,
        organisation_wins.c.opportunity_id,
    )
)


def _win(row: Any) -> Win:
    return Win(
        id=row.key,
        title=row.title,
        buyer_key=row.buyer_key,
        card=row.card,
        regions=words_in(row.card, "regions"),
        art_forms=words_in(row.card, "art_forms"),
        outcomes=words_in(row.card, "outcomes"),
    )
