"""The last thing a reviewer did, named so that they know what undoing it takes back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from crawler.store import deciding, duplicates, listings
from crawler.store.deciding import Decision
from crawler.store.tables import opportunities, reviews, skips
from crawler.store.users import User

UNDOABLE = timedelta(days=1)
Deed = Literal["accept", "reject", "label", "skip", "merge", "apart"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The last thing somebody did that can be undone. `key` names an opportunity to go back to.

    `number` is that of a decision, of a pair, or the internal one of a skipped opportunity; `other`
    is the second title of a pair, `decision` what was decided of an opportunity.
    """

    kind: Literal["decision", "pair", "skip"]
    deed: Deed
    number: int
    key: str
    title: str
    at: datetime
    other: str = ""
    decision: Decision | None = field(default=None, repr=False)

    @property
    def mark(self) -> str:
        """What tells it from every other step: numbers of undone ones may be given out again."""
        return f"{self.kind} {self.number} {self.at.isoformat()}"


def last(connection: sa.Connection, user: User, now: datetime) -> Step | None:
    """The last thing of the last day that somebody may undo."""
    since = now - UNDOABLE
    found = (
        _decision(connection, user, since),
        _skip(connection, user, since),
        _pair(connection, user, since),
    )
    return max((step for step in found if step), key=lambda step: step.at, default=None)


def _decision(connection: sa.Connection, user: User, since: datetime) -> Step | None:
    newest = (
        sa.select(reviews.c.id, reviews.c.opportunity_id)
        .where(
            reviews.c.by == "reviewer",
            reviews.c.reviewer == user.name,
            reviews.c.decided_at > since,
        )
        .order_by(reviews.c.decided_at.desc(), reviews.c.id.desc())
        .limit(1)
    )
    row = connection.execute(newest).one_or_none()
    if row is None:
        return None
    (said,) = deciding.decisions(
        connection, 1, before=row.id + 1, reviewer=user.name, opportunity_id=row.opportunity_id
    )
    deed: Deed = next(word for word in ("accept", "reject", "label") if word == said.decision)
    return Step(
        kind="decision",
        deed=deed,
        number=said.id,
        key=said.key,
        title=said.title,
        at=said.at,
        decision=said,
    )


def _skip(connection: sa.Connection, user: User, since: datetime) -> Step | None:
    row = connection.execute(
        sa.select(skips, opportunities.c.key, opportunities.c.title)
        .join(opportunities, opportunities.c.id == skips.c.opportunity_id)
        .where(skips.c.user_id == user.id, skips.c.at > since)
        .order_by(skips.c.at.desc(), skips.c.opportunity_id.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    return Step(
        kind="skip",
        deed="skip",
        number=row.opportunity_id,
        key=row.key,
        title=row.title,
        at=row.at,
    )


def _pair(connection: sa.Connection, user: User, since: datetime) -> Step | None:
    newest = duplicates.settled(connection, 1, by=user.name)
    if not newest or newest[0].decided_at <= since:
        return None
    pair = newest[0]
    return Step(
        kind="pair",
        deed="merge" if pair.decision == "merge" else "apart",
        number=pair.id,
        key=pair.first_key,
        title=pair.first_title,
        at=pair.decided_at,
        other=pair.second_title,
    )


def take_back_decision(connection: sa.Connection, user: User, number: int) -> bool:
    """Takes back somebody's own decision; whether there was one."""
    mine = (reviews.c.id == number, reviews.c.reviewer == user.name)
    at = connection.execute(sa.select(reviews.c.opportunity_id).where(*mine)).scalar_one_or_none()
    if at is None:
        return False
    connection.execute(reviews.delete().where(*mine))
    listings.renew(connection, [at])
    return True


def take_back_skip(connection: sa.Connection, user: User, opportunity_id: int) -> bool:
    """Puts back what somebody skipped; whether they had."""
    gone = skips.delete().where(
        skips.c.user_id == user.id, skips.c.opportunity_id == opportunity_id
    )
    return connection.execute(gone).rowcount == 1
