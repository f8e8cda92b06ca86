"""What people mark: saved to come back to, hidden as "not for us", and what became of their bid.

Opportunities are named by their public keys, now or before a merger; a merger hands marks on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.store import opportunities, reviews
from crawler.store.reviews import Said
from crawler.store.statements import insert_or_ignore
from crawler.store.tables import marks, subscribers
from crawler.store.tables import opportunities as opportunities_table

BidOutcome = Literal["bidding", "won", "lost", "no_bid"]
BID_OUTCOMES: tuple[BidOutcome, ...] = get_args(BidOutcome)

_OVER = ("won", "lost", "no_bid")
_LONGEST_WHY = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What one person marked about one opportunity; `opportunity_id` is internal, `key` public.

    `reminded_for` is the deadline that the last reminder named.
    """

    opportunity_id: int
    key: str
    saved_at: datetime | None = None
    reminded_for: datetime | None = None
    hidden_at: datetime | None = None
    hidden_why: str | None = None
    outcome: BidOutcome | None = None
    outcome_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A saved opportunity of which somebody should be reminded, and when it closes."""

    subscriber_id: int
    opportunity_id: int
    deadline: datetime


def save(connection: sa.Connection, subscriber_id: int, key: str, now: datetime) -> None:
    """Saves an opportunity for somebody; saved again it keeps its first date.

    Raises `UsageError` for an unknown opportunity, as all functions here do.
    """
    _set(connection, subscriber_id, _at(connection, key), {"saved_at": now}, unless="saved_at")


def unsave(connection: sa.Connection, subscriber_id: int, key: str) -> None:
    """Takes a saved opportunity off the list; nothing happens if it was not on it."""
    nothing = {"saved_at": None, "reminded_for": None}
    _set(connection, subscriber_id, _at(connection, key), nothing)


def hide(
    connection: sa.Connection, subscriber_id: int, key: str, now: datetime, why: str | None = None
) -> None:
    """Says that an opportunity is not for somebody: their digests name it no more.

    It is kept as a review too, once, which the classifier learns from.
    """
    at = _at(connection, key)
    why = (why or "").strip()[:_LONGEST_WHY] or None
    before = find(connection, subscriber_id, key)
    if before is None or before.hidden_at is None:
        public = opportunities.get(connection, at).id
        said = Said(decision="not_for_us", subscriber_id=subscriber_id, note=why)
        reviews.decide(connection, public, said, now)
    leave_out(connection, subscriber_id, key, now, why)


def leave_out(
    connection: sa.Connection, subscriber_id: int, key: str, now: datetime, why: str | None = None
) -> None:
    """The mark alone, for whoever kept the review already."""
    at = _at(connection, key)
    _set(connection, subscriber_id, at, {"hidden_at": now}, unless="hidden_at")
    if why:
        _set(connection, subscriber_id, at, {"hidden_why": why})


def unhide(connection: sa.Connection, subscriber_id: int, key: str) -> None:
    """Takes "not for us" back, as if it had never been said."""
    at = _at(connection, key)
    _set(connection, subscriber_id, at, {"hidden_at": None, "hidden_why": None})
    reviews.take_back(connection, at, subscriber_id)


def outcome(
    connection: sa.Connection, subscriber_id: int, key: str, word: str | None, now: datetime
) -> None:
    """Notes what became of somebody's bid, one of `BID_OUTCOMES`; None takes it back."""
    if word is not None and word not in BID_OUTCOMES:
        allowed = ", ".join(BID_OUTCOMES)
        raise UsageError(f"outcome {word[:40]!r} is not known. Write one of {allowed}.")
    values = {"outcome": word, "outcome_at": now if word else None}
    _set(connection, subscriber_id, _at(connection, key), values)


def find(connection: sa.Connection, subscriber_id: int, key: str) -> Mark | None:
    """What somebody marked about one opportunity, or None."""
    at = _at(connection, key)
    found = _read(connection, marks.c.subscriber_id == subscriber_id, marks.c.opportunity_id == at)
    return found[0] if found else None


def listed(connection: sa.Connection, subscriber_id: int) -> list[Mark]:
    """All that somebody marked, what was saved last first."""
    return _read(connection, marks.c.subscriber_id == subscriber_id)


def due(
    connection: sa.Connection,
    within: timedelta,
    now: datetime,
    subscriber_id: int | None = None,
) -> list[Due]:
    """Saved opportunities that close `within` that time and whose deadline nobody was reminded of.

    The soonest first; of one subscriber, if given, else of everybody (how many days before they
    wish to be reminded is theirs: see `Schedule.remind_days`). What is hidden, decided or bid for
    in vain is left out. A deadline that moved is reminded of again.
    """
    table = opportunities_table.c
    mine = marks.c.subscriber_id == subscriber_id if subscriber_id is not None else sa.true()
    rows = connection.execute(
        sa.select(marks.c.subscriber_id, marks.c.opportunity_id, table.deadline)
        .join(opportunities_table, table.id == marks.c.opportunity_id)
        .join(subscribers, subscribers.c.id == marks.c.subscriber_id)
        .where(
            mine,
            marks.c.saved_at.is_not(None),
            marks.c.hidden_at.is_(None),
            sa.or_(marks.c.outcome.is_(None), marks.c.outcome.not_in(_OVER)),
            table.status.in_(("open", "unknown")),
            table.stage.in_(("planning", "tender")),
            table.deadline > now,
            table.deadline <= now + within,
            sa.or_(marks.c.reminded_for.is_(None), marks.c.reminded_for != table.deadline),
        )
        .order_by(table.deadline, marks.c.subscriber_id, marks.c.opportunity_id)
    )
    return [Due(subscriber_id=who, opportunity_id=at, deadline=when) for who, at, when in rows]


def reminded(
    connection: sa.Connection, subscriber_id: int, deadlines: Mapping[int, datetime]
) -> None:
    """Records the deadlines that a reminder named, by internal opportunity key."""
    for at, deadline in deadlines.items():
        connection.execute(
            marks.update().where(*_mine(subscriber_id, at)).values(reminded_for=deadline)
        )


def _at(connection: sa.Connection, key: str) -> int:
    found = opportunities.internal(connection, key) if key.isascii() and key.isalnum() else None
    if found is None:
        raise UsageError(
            f"there is no opportunity {key[:40]!r}. It may have been a test or a mistyped link:"
            " open it from your digest or from the list of opportunities."
        )
    return found


def _mine(subscriber_id: int, at: int) -> tuple[sa.ColumnElement[bool], ...]:
    return marks.c.subscriber_id == subscriber_id, marks.c.opportunity_id == at


def _set(
    connection: sa.Connection,
    subscriber_id: int,
    at: int,
    values: Mapping[str, Any],
    unless: str | None = None,
) -> None:
    """Writes `values` into somebody's mark, `unless` that column is filled; drops an empty mark."""
    mine = _mine(subscriber_id, at)
    if any(value is not None for value in values.values()):
        key = {"subscriber_id": subscriber_id, "opportunity_id": at}
        connection.execute(insert_or_ignore(connection, marks), key)
    change = marks.update().where(*mine).values(**values)
    connection.execute(change.where(marks.c[unless].is_(None)) if unless else change)
    kept = (marks.c.saved_at, marks.c.hidden_at, marks.c.outcome)
    connection.execute(marks.delete().where(*mine, *(column.is_(None) for column in kept)))


def _read(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> list[Mark]:
    table = opportunities_table.c
    rows = connection.execute(
        sa.select(marks, table.key)
        .join(opportunities_table, table.id == marks.c.opportunity_id)
        .where(*conditions)
        .order_by(marks.c.saved_at.is_(None), marks.c.saved_at.desc(), marks.c.opportunity_id)
    )
    return [
        Mark(
            opportunity_id=row.opportunity_id,
            key=row.key,
            saved_at=row.saved_at,
            reminded_for=row.reminded_for,
            hidden_at=row.hidden_at,
            hidden_why=row.hidden_why,
            outcome=row.outcome,
            outcome_at=row.outcome_at,
        )
        for row in rows
    ]
