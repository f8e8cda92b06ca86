"""Which opportunities fit which subscription, and what each person has been told of them.

A match is told once. With it is kept what the person was told, so that a later digest can say what
has changed since, however often and by whichever portal it changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
import sqlalchemy as sa

from crawler.items import Stage, Status
from crawler.opportunity import Opportunity
from crawler.store import rulings
from crawler.store.rulings import Ruling
from crawler.store.statements import chunks
from crawler.store.tables import marks, matches, opportunities, subscriptions


def _untold() -> sa.Select[Any]:
    """The query behind `pending`, made once: to build it takes longer than the answer."""
    subscriber = sa.bindparam("of_subscriber", type_=sa.Integer)
    other, theirs = matches.alias(), subscriptions.alias()
    # Asked by the person's few subscriptions and not by join: databases then look a pair up by its
    # key, where they would read everybody's matches with the opportunity.
    told_elsewhere = sa.exists().where(
        other.c.subscription_id.in_(
            sa.select(theirs.c.id).where(theirs.c.subscriber_id == subscriber)
        ),
        other.c.opportunity_id == matches.c.opportunity_id,
        other.c.told_at.is_not(None),
    )
    hidden = sa.exists().where(
        marks.c.subscriber_id == subscriber,
        marks.c.opportunity_id == matches.c.opportunity_id,
        marks.c.hidden_at.is_not(None),
    )
    columns = ("opportunity_id", "reasons", "caveats", "kind", "told")
    return (
        sa.select(*(matches.c[name] for name in columns))
        .join(subscriptions, subscriptions.c.id == matches.c.subscription_id)
        .join(opportunities, opportunities.c.id == matches.c.opportunity_id)
        .where(
            subscriptions.c.subscriber_id == subscriber,
            ~hidden,
            sa.or_(
                sa.and_(matches.c.told_at.is_(None), ~told_elsewhere),
                matches.c.told_version != opportunities.c.version,
            ),
        )
        .order_by(matches.c.opportunity_id, matches.c.subscription_id)
    )


_PENDING = _untold()


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
    """Why an opportunity fits, what to check first (both in words), and as what it is told."""

    reasons: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    kind: str | None = None


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

    `opportunity_id` is the internal key; `ruling` is what a reviewer decided of it.
    """

    opportunity_id: int
    why: Why
    told: Told | None = None
    ruling: Ruling | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """For whom one opportunity is (by internal key): subscriptions, and each one's reasons.

    The reasons of ``subscriptions[i]`` are ``whys[groups[i]]``.
    """

    opportunity_id: int
    subscriptions: Sequence[int]
    groups: Sequence[int]
    whys: Sequence[Why]


def keep(
    connection: sa.Connection, found: Sequence[Found], asked: Collection[int], now: datetime
) -> Kept:
    """Stores what was `found` when the subscriptions `asked` met these opportunities.

    What no longer fits is withdrawn, unless somebody has been told of it. The same round again
    writes nothing.
    """
    known = _known(connection, [one.opportunity_id for one in found], asked)
    fresh: list[dict[str, Any]] = []
    changed: list[dict[str, Any]] = []
    same = 0
    for one in found:
        said = [_said(why) for why in one.whys]
        for subscription, group in zip(one.subscriptions, one.groups, strict=True):
            before = known.pop((one.opportunity_id, subscription), None)
            if before is None:
                key = {"subscription_id": subscription, "opportunity_id": one.opportunity_id}
                fresh.append(key | said[group] | {"matched_at": now})
            elif before.said != said[group]:
                at = {"of_subscription": subscription, "of_opportunity": one.opportunity_id}
                changed.append(at | {f"new_{name}": value for name, value in said[group].items()})
            else:
                same += 1
    gone = [at for at, before in known.items() if not before.told]
    fresh = _still_there(connection, fresh)
    if fresh:
        connection.execute(matches.insert(), fresh)
    if changed:
        connection.execute(_CHANGE, changed)
    _withdraw(connection, gone)
    return Kept(new=len(fresh), changed=len(changed), same=same, withdrawn=len(gone))


def _still_there(connection: sa.Connection, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those whose opportunity was not merged away, nor their subscriber erased, meanwhile."""
    there: dict[str, set[int]] = {}
    for name, table in (("opportunity_id", opportunities), ("subscription_id", subscriptions)):
        found = there.setdefault(name, set())
        for part in chunks({row[name] for row in rows}):
            query = sa.select(table.c.id).where(table.c.id.in_(part))
            locked = query.with_for_update(read=True, key_share=True)
            found.update(connection.execute(locked).scalars())
    return [row for row in rows if all(row[name] in found for name, found in there.items())]


@dataclass(frozen=True, slots=True)
class _Before:
    said: dict[str, Any]
    told: bool


_SAID = ("reasons", "caveats", "kind")
_FEW = 500
"""Up to so many subscriptions are asked for by name; of more, all rows are read."""

_ONE = sa.and_(
    matches.c.subscription_id == sa.bindparam("of_subscription"),
    matches.c.opportunity_id == sa.bindparam("of_opportunity"),
)
_CHANGE = matches.update().where(_ONE).values({name: sa.bindparam(f"new_{name}") for name in _SAID})


def _said(why: Why) -> dict[str, Any]:
    return {"reasons": list(why.reasons), "caveats": list(why.caveats), "kind": why.kind}


def _known(
    connection: sa.Connection, opportunity_ids: Sequence[int], asked: Collection[int]
) -> dict[tuple[int, int], _Before]:
    """What is stored of these opportunities for the subscriptions `asked`, by both keys."""
    known: dict[tuple[int, int], _Before] = {}
    columns = [matches.c[name] for name in ("opportunity_id", "subscription_id", *_SAID)]
    query = sa.select(*columns, matches.c.told_at.is_not(None).label("told"))
    if len(asked) <= _FEW:
        query = query.where(matches.c.subscription_id.in_(list(asked)))
    for part in chunks(opportunity_ids):
        for row in connection.execute(query.where(matches.c.opportunity_id.in_(part))):
            if row.subscription_id in asked:
                said = {"reasons": row.reasons, "caveats": row.caveats, "kind": row.kind}
                known[row.opportunity_id, row.subscription_id] = _Before(said, bool(row.told))
    return known


def _withdraw(connection: sa.Connection, gone: Sequence[tuple[int, int]]) -> None:
    if gone:
        rows = [{"of_subscription": mine, "of_opportunity": at} for at, mine in gone]
        connection.execute(matches.delete().where(_ONE), rows)


def withdraw_others(
    connection: sa.Connection, subscription_ids: Collection[int], looked: Collection[int]
) -> int:
    """Withdraws what these subscriptions were not told of and that is not among `looked`.

    How many matches went.
    """
    gone: list[tuple[int, int]] = []
    for part in chunks(subscription_ids):
        rows = connection.execute(
            sa.select(matches.c.opportunity_id, matches.c.subscription_id).where(
                matches.c.subscription_id.in_(part), matches.c.told_at.is_(None)
            )
        )
        gone += [(at, mine) for at, mine in rows if at not in looked]
    _withdraw(connection, gone)
    return len(gone)


def pending(
    connection: sa.Connection, subscriber_id: int, ruled: Mapping[int, Ruling] | None = None
) -> list[Pending]:
    """What a digest may have to tell this person, each opportunity once, by internal key.

    Untold means told under none of the person's subscriptions. What they hid is left out. `ruled`
    is what `rulings.rulings` says; who asks for many people asks for that once.
    """
    rows = connection.execute(_PENDING, {"of_subscriber": subscriber_id})
    found: dict[int, Pending] = {}
    for row in rows:
        found.setdefault(
            row.opportunity_id,
            Pending(
                opportunity_id=row.opportunity_id,
                why=Why(reasons=tuple(row.reasons), caveats=tuple(row.caveats), kind=row.kind),
                told=None if row.told is None else msgspec.convert(row.told, Told),
            ),
        )
    if ruled is None:
        ruled = rulings.rulings(connection, found)
    return [replace(one, ruling=ruled[key]) if key in ruled else one for key, one in found.items()]


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
