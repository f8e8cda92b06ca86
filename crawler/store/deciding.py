"""Reviewers at work: what stands when somebody decides, what they skip, who decided what.

`crawler.store.reviews` keeps decisions. A `mark` is what a form carries away and brings back: where
it differs by then, somebody else was quicker.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from crawler.store.statements import chunks
from crawler.store.tables import opportunities, processes, reviews, skips
from crawler.store.users import User

SKIPPED_FOR = timedelta(hours=20)
"""What somebody skips comes back to them on the next day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One reviewer's decision. `key` and `title` are the opportunity's; tags None if unsaid."""

    id: int
    key: str
    title: str
    reviewer: str
    decision: str
    relevance: str
    art_forms: tuple[str, ...] | None
    outcomes: tuple[str, ...] | None
    note: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """On how many opportunities one reviewer decided: in the last day, week, four weeks, and ever.

    Whoever changes their mind has still decided on one.
    """

    reviewer: str
    day: int
    week: int
    month: int
    total: int


def mark(connection: sa.Connection, opportunity_id: int) -> str:
    """What stands of an opportunity (by internal key): its version, judgement, last decision."""
    one = connection.execute(
        sa.select(opportunities.c.version, opportunities.c.model, opportunities.c.relevance).where(
            opportunities.c.id == opportunity_id
        )
    ).one_or_none()
    last = connection.execute(
        sa.select(reviews.c.id, reviews.c.reviewer, reviews.c.decided_at)
        .where(reviews.c.opportunity_id == opportunity_id, reviews.c.by == "reviewer")
        .order_by(reviews.c.decided_at.desc(), reviews.c.id.desc())
        .limit(1)
    ).one_or_none()
    # Numbers of undone decisions may be given out again: the moment tells them apart.
    said = repr((tuple(one) if one else None, tuple(last) if last else None))
    return blake2b(said.encode(), digest_size=8).hexdigest()


def decisions(
    connection: sa.Connection,
    limit: int,
    *,
    before: int | None = None,
    reviewer: str = "",
    opportunity_id: int | None = None,
) -> list[Decision]:
    """The newest `limit` decisions of reviewers, of those asked for."""
    query = _decisions().order_by(reviews.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(reviews.c.id < before)
    if reviewer:
        query = query.where(reviews.c.reviewer == reviewer)
    if opportunity_id is not None:
        query = query.where(reviews.c.opportunity_id == opportunity_id)
    return [_decision(row) for row in connection.execute(query)]


def _decisions() -> sa.Select[Any]:
    return (
        sa.select(reviews, opportunities.c.key, opportunities.c.title)
        .join(opportunities, opportunities.c.id == reviews.c.opportunity_id)
        .where(reviews.c.by == "reviewer")
    )


def _decision(row: Any) -> Decision:
    return Decision(
        id=row.id,
        key=row.key,
        title=row.title,
        reviewer=row.reviewer or "",
        decision=row.decision,
        relevance=row.relevance,
        art_forms=None if row.art_forms is None else tuple(row.art_forms),
        outcomes=None if row.outcomes is None else tuple(row.outcomes),
        note=row.note or "",
        at=row.decided_at,
    )


def skip(connection: sa.Connection, user: User, opportunity_id: int, now: datetime) -> None:
    """Leaves an opportunity out of somebody's queue until the next day."""
    mine = (skips.c.user_id == user.id, skips.c.opportunity_id == opportunity_id)
    connection.execute(skips.delete().where(*mine))
    connection.execute(
        skips.insert().values(user_id=user.id, opportunity_id=opportunity_id, at=now)
    )


def skipped(connection: sa.Connection, user: User, now: datetime) -> set[int]:
    """What somebody has skipped and shall not see yet, by internal key."""
    query = sa.select(skips.c.opportunity_id).where(
        skips.c.user_id == user.id, skips.c.at > now - SKIPPED_FOR
    )
    return set(connection.execute(query).scalars())


def second_opinions(connection: sa.Connection, user: User, now: datetime) -> list[int]:
    """What one other reviewer has decided and nobody else has looked at, newest first.

    By internal key. Agreement can be told only of what two have looked at.
    """
    people = sa.func.count(sa.distinct(reviews.c.reviewer))
    query = (
        sa.select(reviews.c.opportunity_id)
        .where(
            reviews.c.by == "reviewer",
            reviews.c.opportunity_id.not_in(
                sa.select(reviews.c.opportunity_id).where(
                    reviews.c.by == "reviewer", reviews.c.reviewer == user.name
                )
            ),
        )
        .group_by(reviews.c.opportunity_id)
        .having(people == 1)
        .order_by(sa.func.max(reviews.c.decided_at).desc(), reviews.c.opportunity_id)
    )
    passed = skipped(connection, user, now)
    return [pk for pk in connection.execute(query).scalars() if pk not in passed]


def labels(connection: sa.Connection) -> dict[int, dict[str, str]]:
    """The relevance that each reviewer said last of each opportunity, by internal key and name."""
    query = (
        sa.select(reviews.c.opportunity_id, reviews.c.reviewer, reviews.c.relevance)
        .where(reviews.c.by == "reviewer")
        .order_by(reviews.c.decided_at, reviews.c.id)
    )
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for opportunity_id, reviewer, relevance in connection.execute(query):
        found[opportunity_id][reviewer] = relevance
    return dict(found)


def paces(connection: sa.Connection, now: datetime) -> list[Pace]:
    """How much each reviewer has done, the busiest first."""
    spans: Mapping[str, timedelta] = {
        "day": timedelta(days=1),
        "week": timedelta(days=7),
        "month": timedelta(days=28),
    }
    which = reviews.c.opportunity_id
    sums = [
        sa.func.count(sa.distinct(sa.case((reviews.c.decided_at > now - span, which)))).label(name)
        for name, span in spans.items()
    ]
    total = sa.func.count(sa.distinct(which)).label("total")
    query = (
        sa.select(reviews.c.reviewer, *sums, total)
        .where(reviews.c.by == "reviewer")
        .group_by(reviews.c.reviewer)
        .order_by(total.desc(), reviews.c.reviewer)
    )
    return [Pace(**row) for row in connection.execute(query).mappings()]


def reviewed(connection: sa.Connection) -> tuple[int, int]:
    """On how many opportunities reviewers have decided, and with how many decisions."""
    counted = sa.select(sa.func.count(sa.distinct(reviews.c.opportunity_id)), sa.func.count())
    first, second = connection.execute(counted.where(reviews.c.by == "reviewer")).one()
    return int(first), int(second)


def titles(connection: sa.Connection, keys: Collection[str]) -> dict[str, str]:
    """The titles of the opportunities that `keys` name, now or before they were merged."""
    found: dict[str, str] = {}
    for part in chunks(keys):
        query = (
            sa.select(processes.c.key, opportunities.c.title)
            .join(opportunities, opportunities.c.id == processes.c.opportunity_id)
            .where(processes.c.key.in_(part))
        )
        found.update((key, title) for key, title in connection.execute(query))
    return found
