"""Opportunities with their changes and awards: written by `merging`, read by everyone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import msgspec
import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.items import Award, Buyer, Judgement, Lot, Place, Reason
from crawler.opportunity import Change, Opportunity
from crawler.store import bidding, listings
from crawler.store.early_tables import contracts_waiting, gatherings, relets
from crawler.store.impact_tables import asks
from crawler.store.statements import chunks, padded
from crawler.store.tables import (
    awards,
    changes,
    marks,
    matches,
    opportunities,
    processes,
    reviews,
)

_PLAIN = (
    "title", "description", "language", "category", "procedure", "notice_type", "stage", "status",
    "published", "updated", "deadline", "expected", "value_min", "value_max", "currency", "start",
    "end", "version",
)  # fmt: skip
_LISTS = ("ocids", "sources", "cpv", "urls")
_CHANGE = ("version", "at", "field", "old", "new", "material", "source")
_MARKED = ("saved_at", "reminded_for", "hidden_at", "hidden_why", "outcome", "outcome_at")
_ANSWERED = ("answered_at", "company", "with_whom", "why_not")
_AWARD = ("status", "date", "value", "currency", "start", "end", "extension")


@dataclass(frozen=True, slots=True)
class Entry:
    """An opportunity to be written: over the stored one with this id, or as a new one (None)."""

    id: int | None
    opportunity: Opportunity


@dataclass(frozen=True, slots=True)
class Stored:
    """An opportunity as it lies in the store: its internal id, and when it first came."""

    id: int
    opportunity: Opportunity
    first_seen: datetime


def save(connection: sa.Connection, entries: Sequence[Entry], now: datetime) -> list[int]:
    """Writes `entries` with their changes and awards; their ids in the same order."""
    old = [(one.id, one.opportunity) for one in entries if one.id is not None]
    if old:
        _update(connection, old)
    fresh = [one.opportunity for one in entries if one.id is None]
    made = iter(_insert(connection, fresh, now))
    ids = [one.id if one.id is not None else next(made) for one in entries]
    _replace_children(connection, [at for at, _ in old], zip(ids, entries, strict=True))
    rows = [_row(one.opportunity) for one in entries]
    new = set(ids) - {at for at, _ in old}
    listings.write(connection, dict(zip(ids, rows, strict=True)), new)
    return ids


def _insert(connection: sa.Connection, fresh: list[Opportunity], now: datetime) -> list[int]:
    if not fresh:
        return []
    rows = [_row(one) | {"first_seen": now} for one in fresh]
    connection.execute(sa.insert(opportunities), rows)
    # Asked for afterwards: an INSERT that returns them is one text with all columns of all rows.
    ids: dict[str, int] = {}
    for part in chunks(one.id for one in fresh):
        ids |= dict(connection.execute(_IDS, {"keys": padded(part)}).all())
    return [ids[one.id] for one in fresh]


_IDS = sa.select(opportunities.c.key, opportunities.c.id).where(
    opportunities.c.key.in_(sa.bindparam("keys", expanding=True))
)


def _update(connection: sa.Connection, old: list[tuple[int, Opportunity]]) -> None:
    # Keys may change hands within one batch; parked first, they never collide.
    at: sa.BindParameter[int] = sa.bindparam("at")
    connection.execute(
        sa.update(opportunities).where(opportunities.c.id == at).values(key=sa.bindparam("parked")),
        [{"at": pk, "parked": f"~{pk}"} for pk, _ in old],
    )
    for pk, one in old:
        connection.execute(
            sa.update(opportunities).where(opportunities.c.id == pk).values(_row(one))
        )


def _replace_children(connection: sa.Connection, emptied: list[int], written: Any) -> None:
    if emptied:
        for table in (changes, awards):
            connection.execute(sa.delete(table).where(table.c.opportunity_id.in_(emptied)))
    change_rows: list[dict[str, Any]] = []
    award_rows: list[dict[str, Any]] = []
    for pk, entry in written:
        for change in entry.opportunity.changes:
            row = {name: getattr(change, name) for name in _CHANGE}
            change_rows.append(row | {"opportunity_id": pk})
        for award in entry.opportunity.awards:
            row = {name: getattr(award, name) for name in _AWARD}
            lists = {"suppliers": list(award.suppliers), "supplier_ids": list(award.supplier_ids)}
            award_rows.append(row | lists | {"award_id": award.id, "opportunity_id": pk})
    if change_rows:
        connection.execute(sa.insert(changes), change_rows)
    if award_rows:
        connection.execute(sa.insert(awards), award_rows)


def _row(one: Opportunity) -> dict[str, Any]:
    judgement = one.judgement
    material = [change.at for change in one.changes if change.material]
    return {
        "key": one.id,
        **{name: getattr(one, name) for name in _PLAIN},
        **{name: list(getattr(one, name)) for name in _LISTS},
        "buyer_name": one.buyer.name if one.buyer else None,
        "buyer": msgspec.to_builtins(one.buyer) if one.buyer else None,
        "lots": msgspec.to_builtins(one.lots),
        "relevance": judgement.relevance if judgement else None,
        "scores": dict(judgement.scores) if judgement else None,
        "art_forms": list(judgement.art_forms) if judgement else [],
        "outcomes": list(judgement.outcomes) if judgement else [],
        "reasons": msgspec.to_builtins(judgement.reasons) if judgement else [],
        "model": judgement.model if judgement else None,
        "regions": list(one.place.regions),
        "authority": one.place.authority,
        "place_reason": one.place.reason,
        "changed_at": max(material, default=None),
    }


def retire(connection: sa.Connection, loser: int, heir: int) -> None:
    """Removes an opportunity that turned out to be part of `heir`.

    The heir takes over its matches, what people marked, and every decision about it.
    """
    at = (loser, heir)
    decided = connection.execute(
        sa.update(reviews).where(reviews.c.opportunity_id == loser).values(opportunity_id=heir)
    )
    if decided.rowcount:
        listings.renew(connection, [heir])
    _hand_on(connection, matches, "subscription_id", ("told_at", "told_version", "told"), at)
    _hand_on(connection, marks, "subscriber_id", _MARKED, at)
    _hand_on(connection, asks, "subscriber_id", _ANSWERED, at)
    _hand_on(connection, contracts_waiting, "subscriber_id", (), at)
    bidding.drop(connection, loser)
    for table in (matches, marks, asks, contracts_waiting, changes, awards, relets, gatherings):
        connection.execute(sa.delete(table).where(table.c.opportunity_id == loser))
    connection.execute(sa.delete(opportunities).where(opportunities.c.id == loser))


def _hand_on(
    connection: sa.Connection,
    table: sa.Table,
    owner: str,
    names: tuple[str, ...],
    at: tuple[int, int],
) -> None:
    """Hands rows of the loser on to the heir; where the heir has one, only what it lacks."""
    loser, heir = at
    mine, theirs = table.alias("mine"), table.alias("theirs")
    held = sa.select(theirs.c[owner]).where(theirs.c.opportunity_id == heir)
    connection.execute(
        sa.update(table)
        .where(table.c.opportunity_id == loser, table.c[owner].not_in(held))
        .values(opportunity_id=heir)
    )
    for name in names:
        known = (
            sa.select(mine.c[name])
            .where(mine.c.opportunity_id == loser, mine.c[owner] == table.c[owner])
            .scalar_subquery()
        )
        connection.execute(
            sa.update(table)
            .where(table.c.opportunity_id == heir, table.c[name].is_(None))
            .values({name: known})
        )


def get(connection: sa.Connection, pk: int) -> Opportunity:
    """The opportunity with this internal id. Raises `UsageError` if there is none."""
    for _, found in _read(connection, opportunities.c.id == pk):
        return found
    raise UsageError(f"there is no opportunity {pk}.")


def by_key(connection: sa.Connection, key: str) -> tuple[int, Opportunity] | None:
    """The opportunity that `key` names, now or before it was merged into another."""
    for found in _read(connection, _OWNED, {"key": key}):
        return found
    return None


_OWNED = opportunities.c.id.in_(
    sa.select(processes.c.opportunity_id).where(processes.c.key == sa.bindparam("key"))
)


def iterate(
    connection: sa.Connection, *conditions: sa.ColumnElement[bool]
) -> Iterator[tuple[int, Opportunity]]:
    """Every opportunity that fulfils the `conditions`, by id, a thousand in memory at a time."""
    last = 0
    while True:
        query = sa.select(opportunities.c.id).where(opportunities.c.id > last, *conditions)
        ids = connection.execute(query.order_by(opportunities.c.id).limit(1000)).scalars().all()
        if not ids:
            return
        yield from _read(connection, opportunities.c.id.in_(ids))
        last = ids[-1]


def internal(connection: sa.Connection, key: str) -> int | None:
    """The internal id of what `key` names, now or before it was merged; None for nothing."""
    owner = sa.select(processes.c.opportunity_id).where(processes.c.key == key)
    found: int | None = connection.execute(
        sa.select(opportunities.c.id).where(
            sa.or_(opportunities.c.key == key, opportunities.c.id.in_(owner))
        )
    ).scalar()
    return found


def several(connection: sa.Connection, ids: Collection[int]) -> dict[int, Stored]:
    """The opportunities with these internal ids, by id; those that are gone are left out."""
    found: dict[int, Stored] = {}
    for part in chunks(ids, 500):
        for one in _stored(connection, opportunities.c.id.in_(part)):
            found[one.id] = one
    return found


def _read(
    connection: sa.Connection,
    condition: sa.ColumnElement[bool],
    asked: dict[str, Any] | None = None,
) -> Iterator[tuple[int, Opportunity]]:
    for one in _stored(connection, condition, asked):
        yield one.id, one.opportunity


def _stored(
    connection: sa.Connection,
    condition: sa.ColumnElement[bool],
    asked: dict[str, Any] | None = None,
) -> Iterator[Stored]:
    query = sa.select(opportunities).where(condition).order_by(opportunities.c.id)
    rows = connection.execute(query, asked).all()
    ids = [row.id for row in rows]
    histories = _children(connection, changes, ids)
    won = _children(connection, awards, ids)
    for row in rows:
        made = _opportunity(row, histories[row.id], won[row.id])
        yield Stored(row.id, made, row.first_seen)


def _children(
    connection: sa.Connection, table: sa.Table, ids: Collection[int]
) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for part in chunks(ids):
        for row in connection.execute(_of_opportunities(table), {"ids": padded(part)}):
            found[row.opportunity_id].append(row)
    return found


@cache
def _of_opportunities(table: sa.Table) -> sa.Select[Any]:
    """The rows of `table` that belong to the opportunities ``ids``; built once."""
    among = table.c.opportunity_id.in_(sa.bindparam("ids", expanding=True))
    return sa.select(table).where(among).order_by(table.c.id)


def _opportunity(row: Any, history: list[Any], won: list[Any]) -> Opportunity:
    judgement = None
    if row.relevance:
        judgement = Judgement(
            relevance=row.relevance,
            scores=row.scores,
            art_forms=tuple(row.art_forms),
            outcomes=tuple(row.outcomes),
            reasons=tuple(msgspec.convert(row.reasons, list[Reason])),
            model=row.model or "",
        )
    fields: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    fields |= {name: tuple(getattr(row, name)) for name in _LISTS}
    return Opportunity(
        id=row.key,
        **fields,
        buyer=msgspec.convert(row.buyer, Buyer) if row.buyer else None,
        lots=tuple(msgspec.convert(row.lots, list[Lot])),
        awards=tuple(_award(one) for one in won),
        judgement=judgement,
        place=Place(regions=tuple(row.regions), authority=row.authority, reason=row.place_reason),
        changes=tuple(Change(**{name: getattr(one, name) for name in _CHANGE}) for one in history),
    )


def awards_of(connection: sa.Connection, ids: Collection[int]) -> dict[int, tuple[Award, ...]]:
    """The awards of the opportunities with these internal ids, where there are any."""
    found = _children(connection, awards, ids)
    return {pk: tuple(_award(one) for one in mine) for pk, mine in found.items()}


def _award(row: Any) -> Award:
    return Award(
        id=row.award_id,
        suppliers=tuple(row.suppliers),
        supplier_ids=tuple(row.supplier_ids),
        **{name: getattr(row, name) for name in _AWARD},
    )


def relevances(connection: sa.Connection) -> dict[str, tuple[str, str | None]]:
    """Title and relevance of every opportunity, by public id."""
    columns = (opportunities.c.key, opportunities.c.title, opportunities.c.relevance)
    return {key: (title, word) for key, title, word in connection.execute(sa.select(*columns))}
