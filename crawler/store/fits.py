"""What fits one person, with why: for their page of matches and their feeds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler.store.tables import marks, matches, subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """An opportunity (by internal id) that fits somebody, why, and what to check first."""

    opportunity_id: int
    reasons: tuple[str, ...]
    caveats: tuple[str, ...]
    matched_at: datetime


def of(
    connection: sa.Connection,
    subscriber_id: int,
    subscription_id: int | None = None,
    *,
    limit: int,
    offset: int = 0,
) -> list[Fit]:
    """What fits a person, or one of their subscriptions, the last found first.

    What they hid is left out. What fits several of their subscriptions comes once, with the
    reasons of the oldest of these.
    """
    hidden = sa.select(marks.c.opportunity_id).where(
        marks.c.subscriber_id == subscriber_id, marks.c.hidden_at.is_not(None)
    )
    mine = [subscriptions.c.subscriber_id == subscriber_id, matches.c.opportunity_id.not_in(hidden)]
    if subscription_id is not None:
        mine.append(subscriptions.c.id == subscription_id)
    first = (
        sa.select(
            matches.c.opportunity_id,
            sa.func.min(matches.c.subscription_id).label("subscription_id"),
            sa.func.max(matches.c.matched_at).label("at"),
        )
        .join(subscriptions, subscriptions.c.id == matches.c.subscription_id)
        .where(*mine)
        .group_by(matches.c.opportunity_id)
        .order_by(sa.desc("at"), matches.c.opportunity_id.desc())
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    rows = connection.execute(
        sa.select(matches)
        .join(
            first,
            sa.and_(
                matches.c.opportunity_id == first.c.opportunity_id,
                matches.c.subscription_id == first.c.subscription_id,
            ),
        )
        .order_by(first.c["at"].desc(), matches.c.opportunity_id.desc())
    )
    return [
        Fit(
            opportunity_id=row.opportunity_id,
            reasons=tuple(row.reasons),
            caveats=tuple(row.caveats),
            matched_at=row.matched_at,
        )
        for row in rows
    ]
