"""Everything kept about one person, as plain values: what they may ask to see."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crawler.store.early_tables import contracts_waiting
from crawler.store.impact_tables import asks
from crawler.store.listings import words_in
from crawler.store.partner_tables import introductions, organisations
from crawler.store.tables import (
    bounces,
    consents,
    marks,
    matches,
    opportunities,
    outbox,
    reviews,
    subscribers,
    subscriptions,
)


def of(connection: sa.Connection, subscriber_id: int) -> dict[str, Any]:
    """Rows by what they are, values fit for JSON: times in ISO 8601 (UTC), amounts in pounds.

    Internal keys of other tables are replaced by an opportunity's public id and title.
    """
    theirs = subscriptions.c.subscriber_id == subscriber_id
    of_opportunity = (
        opportunities.c.key.label("opportunity"),
        opportunities.c.title.label("opportunity_title"),
    )
    person = sa.select(subscribers).where(subscribers.c.id == subscriber_id)
    queries: dict[str, sa.Select[Any]] = {
        "subscriptions": sa.select(subscriptions).where(theirs).order_by(subscriptions.c.id),
        "consents": sa.select(consents)
        .where(consents.c.subscriber_id == subscriber_id)
        .order_by(consents.c.id),
        "matches": sa.select(matches, *of_opportunity)
        .join(subscriptions, subscriptions.c.id == matches.c.subscription_id)
        .join(opportunities, opportunities.c.id == matches.c.opportunity_id)
        .where(theirs)
        .order_by(matches.c.subscription_id, matches.c.opportunity_id),
        "marks": sa.select(marks, *of_opportunity)
        .join(opportunities, opportunities.c.id == marks.c.opportunity_id)
        .where(marks.c.subscriber_id == subscriber_id)
        .order_by(marks.c.opportunity_id),
        "asks": sa.select(asks, *of_opportunity)
        .join(opportunities, opportunities.c.id == asks.c.opportunity_id)
        .where(asks.c.subscriber_id == subscriber_id)
        .order_by(asks.c.opportunity_id),
        "contracts_waiting": sa.select(*of_opportunity)
        .select_from(contracts_waiting)
        .join(opportunities, opportunities.c.id == contracts_waiting.c.opportunity_id)
        .where(contracts_waiting.c.subscriber_id == subscriber_id)
        .order_by(contracts_waiting.c.opportunity_id),
        "reviews": sa.select(reviews, *of_opportunity)
        .join(opportunities, opportunities.c.id == reviews.c.opportunity_id)
        .where(reviews.c.subscriber_id == subscriber_id)
        .order_by(reviews.c.id),
        "deliveries": sa.select(*(one for one in outbox.c if one.name != "message"))
        .where(outbox.c.subscriber_id == subscriber_id)
        .order_by(outbox.c.id),
        "bounces": sa.select(bounces)
        .where(bounces.c.subscriber_id == subscriber_id)
        .order_by(bounces.c.id),
    }
    found: dict[str, Any] = {"subscriber": next(iter(_rows(connection.execute(person))), None)}
    for name, query in queries.items():
        found[name] = _rows(connection.execute(query))
    found["partnering"] = _partnering(connection, subscriber_id)
    found["introductions"] = _introductions(connection, subscriber_id)
    return found


def _partnering(connection: sa.Connection, subscriber_id: int) -> list[dict[str, Any]]:
    """Their entry among possible partners."""
    names = ("key", "name", "region", "authority", "pitch", "opened", "card")
    query = sa.select(*(organisations.c[name] for name in names))
    rows = _rows(connection.execute(query.where(organisations.c.subscriber_id == subscriber_id)))
    for row in rows:
        card = row.pop("card")
        row |= {facet: words_in(card, facet) for facet in ("art_forms", "outcomes")}
    return rows


def _introductions(connection: sa.Connection, subscriber_id: int) -> list[dict[str, Any]]:
    """Whom they asked, or who asked them, to be made known: without the other's name."""
    table = introductions.c
    theirs = sa.or_(table.asker_id == subscriber_id, table.asked_id == subscriber_id)
    side = sa.case((table.asker_id == subscriber_id, "you asked"), else_="you were asked")
    names = ("key", "opportunity", "state", "message", "asked_at", "ended_at")
    query = sa.select(*(table[name] for name in names), side.label("side"))
    return _rows(connection.execute(query.where(theirs).order_by(table.id)))


_INTERNAL = frozenset({"subscriber_id", "opportunity_id", "release_id", "outbox_id"})


def _rows(rows: Iterable[sa.Row[Any]]) -> list[dict[str, Any]]:
    return [
        {name: _plain(value) for name, value in row._mapping.items() if name not in _INTERNAL}
        for row in rows
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
