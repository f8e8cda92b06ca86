"""What organisations won: the suppliers of relevant awards, and which entries they are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crawler.store.listings import mask, words_in
from crawler.store.partner_tables import organisation_wins
from crawler.store.statements import chunks
from crawler.store.tables import awards, listings, opportunities

_SHOWN = mask("relevance", ["arts", "commissionable"])
_VOID = ("cancelled", "unsuccessful", "withdrawn")
_TAGS = sa.bindparam("tags", type_=sa.BigInteger)

_WINS = 300
"""Wins among which those are sought who won such work last."""


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
        rows = [
            {"organisation_id": one, "opportunity_id": other, "card": 0, "published": 0}
            for one, other in part
        ]
        connection.execute(organisation_wins.insert(), rows)
    _renew(connection)
    return len(gone) + len(fresh)


def _renew(connection: sa.Connection) -> None:
    """Copies what wins are sought by out of the listings, where that is no longer the same."""
    wins, told = organisation_wins.c, listings.c
    here = told.opportunity_id == wins.opportunity_id
    other = sa.or_(told.card != wins.card, told.published != wins.published)
    connection.execute(
        sa.update(organisation_wins)
        .where(sa.exists().where(here, other))
        .values(
            card=sa.select(told.card).where(here).scalar_subquery(),
            published=sa.select(told.published).where(here).scalar_subquery(),
        )
    )


def of(
    connection: sa.Connection, ids: Collection[int], tags: int = -1
) -> dict[int, tuple[Win, ...]]:
    """What the organisations with these internal ids won, the newest first.

    Only work with one of `tags` (as in `listings.card`), if given, as it was when wins were last
    worked out.
    """
    found: dict[int, list[Win]] = {}
    for part in chunks(ids):
        for row in connection.execute(_WON, {"ids": part, "tags": tags}):
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


def _won_query() -> sa.Select[Any]:
    wins = organisation_wins.c
    return (
        sa.select(
            wins.organisation_id,
            opportunities.c.key,
            opportunities.c.title,
            listings.c.card,
            listings.c.buyer_key,
        )
        .join(listings, listings.c.opportunity_id == wins.opportunity_id)
        .join(opportunities, opportunities.c.id == wins.opportunity_id)
        .where(
            wins.organisation_id.in_(sa.bindparam("ids", expanding=True)),
            wins.card.bitwise_and(_TAGS) != 0,
        )
        .order_by(opportunities.c.published.desc(), opportunities.c.id)
    )


def winners(
    connection: sa.Connection, tags: int, regions: Collection[str], limit: int
) -> list[int]:
    """Internal ids of who won work with one of `tags` in one of `regions` (anywhere if none).

    Those whose last such win is the newest come first. Work is taken as it was when wins were last
    worked out, and of the newest `_WINS` wins only.
    """
    asked = {"tags": tags, "places": mask("regions", regions) or -1, "limit": limit}
    return list(connection.execute(_WINNERS, asked).scalars())


def _winners_query() -> sa.Select[int]:
    wins = organisation_wins.c
    places = sa.bindparam("places", type_=sa.BigInteger)
    newest = (
        sa.select(wins.organisation_id, wins.published)
        .where(wins.card.bitwise_and(_TAGS) != 0, wins.card.bitwise_and(places) != 0)
        .order_by(wins.published.desc(), wins.organisation_id)
        .limit(_WINS)
        .subquery()
    )
    return (
        sa.select(newest.c.organisation_id)
        .group_by(newest.c.organisation_id)
        .order_by(sa.func.max(newest.c.published).desc(), newest.c.organisation_id)
        .limit(sa.bindparam("limit", type_=sa.Integer))
    )


_WON = _won_query()
_WINNERS = _winners_query()
