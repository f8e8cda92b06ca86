"""Which opportunities fit which subscription, and what each person has been told of them.

A match is told once. With it is kept what the person was told, so that a later digest can say what
has changed since, however often and by whichever portal it changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec
import sqlalchemy as sa

from crawler.items import Stage, Status
from crawler.opportunity import Opportunity
from crawler.store.statements import chunks
from crawler.store.tables import matches, opportunities, subscriptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What somebody was last told of an opportunity: the fields whose change is news."""

    version: int
    title: str
    stage: Stage
    status: Status
    deadline: datetime | None = None
    value_min: Decimal | None = None
    value_max: Decimal | None = None
    currency: str | None = None

    @classmethod
    def of(cls, opportunity: Opportunity) -> Told:
        """What a digest tells of `opportunity` as it stands."""
        return cls(
            version=opportunity.version,
            title=opportunity.title,
            stage=opportunity.stage,
            status=opportunity.status,
            deadline=opportunity.deadline,
            value_min=opportunity.value_min,
            value_max=opportunity.value_max,
            currency=opportunity.currency,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why an opportunity fits, and what to check first; both in words."""

    reasons: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What keeping a round of matches did."""

    new: int = 0
    changed: int = 0
    same: int = 0
    withdrawn: int = 0

    def __add__(self, other: Kept) -> Kept:
        return Kept(
            new=self.new + other.new,
            changed=self.changed + other.changed,
            same=self.same + other.same,
            withdrawn=self.withdrawn + other.withdrawn,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An opportunity that somebody has not been told of, or that has a version they do not know.

    `opportunity_id` is the internal key.
    """

    opportunity_id: int
    why: Why
    told: Told | None = None


def keep(
    connection: sa.Connection,
    subscription_id: int,
    found: Mapping[int, Why],
    refused: Collection[int],
    now: datetime,
) -> Kept:
    """Stores `found` by internal opportunity key and withdraws `refused`.

    What somebody has been told of is never withdrawn. The same round again changes nothing.
    """
    ours = matches.c.subscription_id == subscription_id
    known = {
        row.opportunity_id: (row.reasons, row.caveats)
        for row in connection.execute(
            sa.select(matches.c.opportunity_id, matches.c.reasons, matches.c.caveats).where(ours)
        )
    }
    rows, changed = [], 0
    for key, why in found.items():
        said = (list(why.reasons), list(why.caveats))
        if key not in known:
            rows.append(
                {
                    "subscription_id": subscription_id,
                    "opportunity_id": key,
                    "reasons": said[0],
                    "caveats": said[1],
                    "matched_at": now,
                }
            )
        elif tuple(known[key]) != said:
            changed += 1
            connection.execute(
                matches.update()
                .where(ours, matches.c.opportunity_id == key)
                .values(reasons=said[0], caveats=said[1])
            )
    if rows:
        connection.execute(matches.insert(), rows)
    return Kept(
        new=len(rows),
        changed=changed,
        same=len(found) - len(rows) - changed,
        withdrawn=_withdraw(connection, ours, sorted(known.keys() & set(refused))),
    )


def _withdraw(
    connection: sa.Connection, ours: sa.ColumnElement[bool], refused: Collection[int]
) -> int:
    withdrawn = 0
    for part in chunks(refused):
        withdrawn += connection.execute(
            matches.delete().where(
                ours, matches.c.opportunity_id.in_(part), matches.c.told_at.is_(None)
            )
        ).rowcount
    return withdrawn


def pending(connection: sa.Connection, subscriber_id: int) -> list[Pending]:
    """What a digest may have to tell this person, each opportunity once, by internal key.

    Untold means told under none of the person's subscriptions.
    """
    other, theirs = matches.alias(), subscriptions.alias()
    told_elsewhere = sa.exists().where(
        theirs.c.subscriber_id == subscriber_id,
        other.c.subscription_id == theirs.c.id,
        other.c.opportunity_id == matches.c.opportunity_id,
        other.c.told_at.is_not(None),
    )
    rows = connection.execute(
        sa.select(matches)
        .join(subscriptions, subscriptions.c.id == matches.c.subscription_id)
        .join(opportunities, opportunities.c.id == matches.c.opportunity_id)
        .where(
            subscriptions.c.subscriber_id == subscriber_id,
            sa.or_(
                sa.and_(matches.c.told_at.is_(None), ~told_elsewhere),
                matches.c.told_version != opportunities.c.version,
            ),
        )
        .order_by(matches.c.opportunity_id, matches.c.subscription_id)
    )
    found: dict[int, Pending] = {}
    for row in rows:
        found.setdefault(
            row.opportunity_id,
            Pending(
                opportunity_id=row.opportunity_id,
                why=Why(reasons=tuple(row.reasons), caveats=tuple(row.caveats)),
                told=None if row.told is None else msgspec.convert(row.told, Told),
            ),
        )
    return list(found.values())


def told(
    connection: sa.Connection, subscriber_id: int, what: Mapping[int, Told], now: datetime
) -> None:
    """Records what a digest told this person, by internal opportunity key."""
    theirs = sa.select(subscriptions.c.id).where(subscriptions.c.subscriber_id == subscriber_id)
    for key, one in what.items():
        connection.execute(
            matches.update()
            .where(matches.c.opportunity_id == key, matches.c.subscription_id.in_(theirs))
            .values(told_at=now, told_version=one.version, told=msgspec.to_builtins(one))
        )


def newest_notice(connection: sa.Connection) -> datetime | None:
    """When the newest notice that could have matched was published, None if there is none."""
    found: datetime | None = connection.execute(
        sa.select(sa.func.max(opportunities.c.published))
    ).scalar_one()
    return found
