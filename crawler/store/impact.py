"""What became of bids: whom to ask, what they said, and the facts that the dashboard counts.

The outcome of a bid stands in `marks`, whether it was said on the page of a mark or in answer to
our question; `asks` says who was asked, and keeps what they said beside it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal, get_args

import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.store import marks as marking
from crawler.store import opportunities as opportunity_rows
from crawler.store.impact_tables import asks
from crawler.store.listings import BITS, words_in
from crawler.store.marks import BidOutcome
from crawler.store.statements import insert_or_ignore
from crawler.store.tables import (
    awards,
    listings,
    marks,
    matches,
    opportunities,
    outbox,
    subscribers,
    subscriptions,
)
from crawler.text import key as name_key

Company = Literal["alone", "others"]
COMPANIES: tuple[Company, ...] = get_args(Company)
WhyNot = Literal["time", "size", "partners", "cost", "subject", "late", "other"]
WHY_NOTS: tuple[WhyNot, ...] = get_args(WhyNot)

LONGEST_WITH = 200
"""Characters of their words about whom they bid with."""

FACETS = ("regions", "art_forms", "outcomes")
"""What figures are broken down by: facets of `store.listings`."""

_WAIT, _PATIENCE = timedelta(days=2), timedelta(days=60)
_BID: tuple[BidOutcome, ...] = ("bidding", "won", "lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A saved opportunity whose deadline has passed, and nobody asked what became of it."""

    subscriber_id: int
    opportunity_id: int
    key: str
    title: str
    buyer: str
    deadline: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What somebody says of one opportunity; `outcome` None takes everything back."""

    outcome: BidOutcome | None
    company: Company | None = None
    with_whom: str = ""
    why_not: WhyNot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question that was asked, and what is known of its answer."""

    key: str
    title: str
    buyer: str
    deadline: datetime | None
    outcome: BidOutcome | None
    company: Company | None
    with_whom: str
    why_not: WhyNot | None
    answered_at: datetime | None


def due(
    connection: sa.Connection, now: datetime, subscriber_id: int | None = None
) -> list[Question]:
    """What to ask, of everybody or of one: by subscriber, the earliest deadline first.

    Saved or bid for, closed two days to two months ago; not what was cancelled, hidden, was no
    call for bids, or whose outcome they told already.
    """
    table = opportunities.c
    asked = sa.exists().where(
        asks.c.subscriber_id == marks.c.subscriber_id,
        asks.c.opportunity_id == marks.c.opportunity_id,
    )
    query = (
        sa.select(
            marks.c.subscriber_id,
            table.id.label("opportunity_id"),
            table.key,
            table.title,
            sa.func.coalesce(table.buyer_name, "").label("buyer"),
            table.deadline,
        )
        .join(opportunities, table.id == marks.c.opportunity_id)
        .where(
            sa.or_(marks.c.saved_at.is_not(None), marks.c.outcome == "bidding"),
            marks.c.hidden_at.is_(None),
            sa.or_(marks.c.outcome.is_(None), marks.c.outcome == "bidding"),
            table.stage != "planning",
            table.status != "cancelled",
            table.deadline <= now - _WAIT,
            table.deadline > now - _PATIENCE,
            ~asked,
        )
        .order_by(marks.c.subscriber_id, table.deadline, table.id)
    )
    if subscriber_id is not None:
        query = query.where(marks.c.subscriber_id == subscriber_id)
    return [Question(**row) for row in connection.execute(query).mappings()]


def asked(
    connection: sa.Connection, subscriber_id: int, keys: Collection[int], now: datetime
) -> None:
    """Notes that somebody was asked about these opportunities (internal keys)."""
    for at in keys:
        row = {"subscriber_id": subscriber_id, "opportunity_id": at, "asked_at": now}
        connection.execute(insert_or_ignore(connection, asks), row)


def of(connection: sa.Connection, subscriber_id: int, key: str | None = None) -> list[Asked]:
    """What somebody was asked, the latest deadline first; only about `key` if that is given."""
    table = opportunities.c
    mark = sa.and_(
        marks.c.subscriber_id == asks.c.subscriber_id,
        marks.c.opportunity_id == asks.c.opportunity_id,
    )
    query = (
        sa.select(
            table.key,
            table.title,
            sa.func.coalesce(table.buyer_name, "").label("buyer"),
            table.deadline,
            marks.c.outcome,
            asks.c.company,
            sa.func.coalesce(asks.c.with_whom, "").label("with_whom"),
            asks.c.why_not,
            asks.c.answered_at,
        )
        .select_from(asks)
        .join(opportunities, table.id == asks.c.opportunity_id)
        .outerjoin(marks, mark)
        .where(asks.c.subscriber_id == subscriber_id)
        .order_by(table.deadline.desc(), table.id)
    )
    if key is not None:
        at = opportunity_rows.internal(connection, key)
        query = query.where(asks.c.opportunity_id == at)
    return [Asked(**row) for row in connection.execute(query).mappings()]


def answer(
    connection: sa.Connection, subscriber_id: int, key: str, said: Answer, now: datetime
) -> None:
    """Keeps an answer in the place of an earlier one. Raises `UsageError` as `marks.outcome`."""
    if said.company not in (None, *COMPANIES) or said.why_not not in (None, *WHY_NOTS):
        raise UsageError("the answer is none of those that were offered. Choose one of them.")
    marking.outcome(connection, subscriber_id, key, said.outcome, now)
    at = opportunity_rows.internal(connection, key)
    assert at is not None  # `marks.outcome` has found it
    asked(connection, subscriber_id, [at], now)
    bid = said.outcome in _BID
    words = " ".join(said.with_whom.split())[:LONGEST_WITH] or None
    connection.execute(
        asks.update()
        .where(asks.c.subscriber_id == subscriber_id, asks.c.opportunity_id == at)
        .values(
            answered_at=now if said.outcome else None,
            company=said.company if bid else None,
            with_whom=words if bid and said.company == "others" else None,
            why_not=said.why_not if said.outcome == "no_bid" else None,
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """A bid: by which organisation, for which opportunity, with what end; `value` in pounds.

    `organisation` is opaque: equal for people of one organisation. `words` are the opportunity's
    by facet.
    """

    organisation: str
    opportunity_id: int
    won: bool
    value: Decimal | None
    words: dict[str, tuple[str, ...]]


def reached(connection: sa.Connection) -> Iterator[tuple[str, dict[str, tuple[str, ...]]]]:
    """Organisations and the words of what a digest told them, each combination once."""
    wanted = sum(sum(BITS[facet].values()) for facet in FACETS)
    card = listings.c.card.op("&")(wanted).label("card")
    query = (
        sa.select(subscriptions.c.subscriber_id, subscribers.c.organisation, card)
        .select_from(matches)
        .join(subscriptions, subscriptions.c.id == matches.c.subscription_id)
        .join(subscribers, subscribers.c.id == subscriptions.c.subscriber_id)
        .join(listings, listings.c.opportunity_id == matches.c.opportunity_id)
        .where(matches.c.told_at.is_not(None))
        .distinct()
    )
    for row in connection.execute(query):
        yield _organisation(row.subscriber_id, row.organisation), _words(row.card)


def bids(connection: sa.Connection, now: datetime) -> list[Bid]:
    """Everything that somebody said they bid for; what is still open is no bid yet."""
    single = (
        sa.select(awards.c.opportunity_id, sa.func.max(awards.c.value).label("value"))
        .where(sa.or_(awards.c.currency.is_(None), awards.c.currency == "GBP"))
        .group_by(awards.c.opportunity_id)
        .having(sa.func.count() == 1)
        .subquery()
    )
    table = opportunities.c
    pounds = sa.or_(table.currency.is_(None), table.currency == "GBP")
    query = (
        sa.select(
            marks.c.subscriber_id,
            subscribers.c.organisation,
            marks.c.opportunity_id,
            marks.c.outcome,
            listings.c.card,
            single.c.value.label("awarded"),
            sa.case((pounds, sa.func.coalesce(table.value_max, table.value_min))).label("value"),
        )
        .join(subscribers, subscribers.c.id == marks.c.subscriber_id)
        .join(opportunities, table.id == marks.c.opportunity_id)
        .join(listings, listings.c.opportunity_id == marks.c.opportunity_id)
        .outerjoin(single, single.c.opportunity_id == marks.c.opportunity_id)
        .where(
            marks.c.outcome.in_(_BID),
            sa.or_(marks.c.outcome != "bidding", table.deadline.is_(None), table.deadline <= now),
        )
    )
    return [
        Bid(
            organisation=_organisation(row.subscriber_id, row.organisation),
            opportunity_id=row.opportunity_id,
            won=row.outcome == "won",
            value=row.awarded if row.awarded is not None else row.value,
            words=_words(row.card),
        )
        for row in connection.execute(query)
    ]


def sent(connection: sa.Connection) -> tuple[int, int]:
    """How many digests went out, and how many items they told of, each to each person once."""
    digests = sa.select(sa.func.count()).where(outbox.c.kind == "digest", outbox.c.state == "sent")
    pairs = (
        sa.select(subscriptions.c.subscriber_id, matches.c.opportunity_id)
        .select_from(matches)
        .join(subscriptions, subscriptions.c.id == matches.c.subscription_id)
        .where(matches.c.told_at.is_not(None))
        .distinct()
        .subquery()
    )
    items = sa.select(sa.func.count()).select_from(pairs)
    return connection.execute(digests).scalar_one(), connection.execute(items).scalar_one()


def _words(card: int) -> dict[str, tuple[str, ...]]:
    return {facet: tuple(words_in(card, facet)) for facet in FACETS}


def _organisation(subscriber_id: int, organisation: str | None) -> str:
    """Two people who gave one name are one organisation; who gave none stands for themselves."""
    named = name_key(organisation or "")
    return f"name {named}" if named else f"person {subscriber_id}"
