"""Reviewers at work: what stands when somebody decides, what can be undone, who decided what.

`crawler.store.reviews` keeps decisions. A `mark` is what a form carries away and brings back: where
it differs by then, somebody else was quicker.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, Literal

import sqlalchemy as sa

from crawler.store import listings
from crawler.store.tables import duplicate_pairs, opportunities, processes, reviews, skips
from crawler.store.users import User

SKIPPED_FOR = timedelta(hours=20)
"""What somebody skips comes back to them on the next day."""

UNDOABLE = timedelta(days=1)


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
class Step:
    """The last thing somebody did that can be undone. `key` names an opportunity to go back to.

    `number` is that of a decision, of a pair, or the internal one of a skipped opportunity.
    """

    kind: Literal["decision", "pair", "skip"]
    number: int
    key: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many decisions one reviewer has made: in the last day, week, four weeks, and ever."""

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


def last_step(connection: sa.Connection, user: User, now: datetime) -> Step | None:
    """The last thing of the last day that somebody may undo."""
    since = now - UNDOABLE
    found = [
        step
        for step in (
            _last_decision(connection, user, since),
            _last_skip(connection, user, since),
            _last_pair(connection, user, since),
        )
        if step is not None
    ]
    return max(found, key=lambda step: step.at, default=None)


def _last_decision(connection: sa.Connection, user: User, since: datetime) -> Step | None:
    row = connection.execute(
        _decisions()
        .where(reviews.c.reviewer == user.name, reviews.c.decided_at > since)
        .order_by(reviews.c.decided_at.desc(), reviews.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Step(kind="decision", number=row.id, key=row.key, title=row.title, at=row.decided_at)


def _last_skip(connection: sa.Connection, user: User, since: datetime) -> Step | None:
    row = connection.execute(
        sa.select(skips, opportunities.c.key, opportunities.c.title)
        .join(opportunities, opportunities.c.id == skips.c.opportunity_id)
        .where(skips.c.user_id == user.id, skips.c.at > since)
        .order_by(skips.c.at.desc(), skips.c.opportunity_id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Step(kind="skip", number=row.opportunity_id, key=row.key, title=row.title, at=row.at)


def _last_pair(connection: sa.Connection, user: User, since: datetime) -> Step | None:
    pairs = duplicate_pairs
    row = connection.execute(
        sa.select(pairs.c.id, pairs.c.decided_at, opportunities.c.key, opportunities.c.title)
        .join(processes, processes.c.id == pairs.c.first_id)
        .join(opportunities, opportunities.c.id == processes.c.opportunity_id)
        .where(pairs.c.decided_by == user.name, pairs.c.decided_at > since)
        .order_by(pairs.c.decided_at.desc(), pairs.c.id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Step(kind="pair", number=row.id, key=row.key, title=row.title, at=row.decided_at)


def undo_decision(connection: sa.Connection, user: User, number: int) -> bool:
    """Takes back somebody's own decision; whether there was one."""
    mine = (reviews.c.id == number, reviews.c.reviewer == user.name)
    at = connection.execute(sa.select(reviews.c.opportunity_id).where(*mine)).scalar_one_or_none()
    if at is None:
        return False
    connection.execute(reviews.delete().where(*mine))
    listings.renew(connection, [at])
    return True


def undo_skip(connection: sa.Connection, user: User, opportunity_id: int) -> bool:
    """Puts back what somebody skipped; whether they had."""
    gone = skips.delete().where(
        skips.c.user_id == user.id, skips.c.opportunity_id == opportunity_id
    )
    return connection.execute(gone).rowcount == 1


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
    sums = [
        sa.func.sum(sa.case((reviews.c.decided_at > now - span, 1), else_=0)).label(name)
        for name, span in spans.items()
    ]
    total = sa.func.count().label("total")
    query = (
        sa.select(reviews.c.reviewer, *sums, total)
        .where(reviews.c.by == "reviewer")
        .group_by(reviews.c.reviewer)
        .order_by(total.desc(), reviews.c.reviewer)
    )
    return [Pace(**row) for row in connection.execute(query).mappings()]
