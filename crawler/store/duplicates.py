"""Pairs of processes that may be one opportunity, and what people decided of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from crawler.store.statements import chunks, insert_or_ignore
from crawler.store.tables import duplicate_pairs as pairs
from crawler.store.tables import opportunities, processes

Word = Literal["merge", "apart"]
_MERGED = pairs.c.decision == "merge"


def decisions(connection: sa.Connection, ids: Collection[int]) -> dict[tuple[int, int], str]:
    """People's word (``merge`` or ``apart``) on pairs of these processes, lower id first."""
    found: dict[tuple[int, int], str] = {}
    for part in chunks(ids):
        query = sa.select(pairs.c.first_id, pairs.c.second_id, pairs.c.decision).where(
            pairs.c.decision.is_not(None), pairs.c.first_id.in_(part)
        )
        found.update({(row[0], row[1]): row[2] for row in connection.execute(query)})
    return found


def merged_with(connection: sa.Connection, ids: Collection[int]) -> set[int]:
    """The processes that people merged with any of these."""
    found: set[int] = set()
    for part in chunks(ids):
        query = sa.union(
            sa.select(pairs.c.second_id).where(_MERGED, pairs.c.first_id.in_(part)),
            sa.select(pairs.c.first_id).where(_MERGED, pairs.c.second_id.in_(part)),
        )
        found.update(connection.execute(query).scalars())
    return found


def note(connection: sa.Connection, doubtful: Mapping[tuple[int, int], str], now: datetime) -> None:
    """Records doubtful pairs for review; those known already stay as they are."""
    rows = [
        {"first_id": first, "second_id": second, "reason": reason, "found_at": now}
        for (first, second), reason in sorted(doubtful.items())
    ]
    if rows:
        connection.execute(insert_or_ignore(connection, pairs), rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two processes (by internal key) that may be one opportunity, and what was decided of them.

    `first_key` and `second_key` are the public ids of their opportunities: equal once merged.
    """

    id: int
    first_id: int
    second_id: int
    first_key: str
    second_key: str
    first_source: str
    second_source: str
    reason: str
    decision: str | None
    decided_by: str | None


def waiting(connection: sa.Connection, after: int = 0) -> tuple[Pair | None, int]:
    """The next pair to decide with a number above `after`, and how many wait in all."""
    query = _doubtful().where(*_OPEN)
    count = connection.execute(sa.select(sa.func.count()).select_from(query.subquery()))
    row = connection.execute(query.where(pairs.c.id > after).order_by(pairs.c.id).limit(1))
    found = row.mappings().one_or_none()
    return Pair(**found) if found else None, count.scalar_one()


def possible(connection: sa.Connection) -> dict[int, set[int]]:
    """Which opportunities may be the same, by internal key; nobody has decided of them yet."""
    found: dict[int, set[int]] = {}
    query = _pairs(_one.c.id.label("first"), _other.c.id.label("second")).where(*_OPEN)
    for first, second in connection.execute(query):
        found.setdefault(first, set()).add(second)
        found.setdefault(second, set()).add(first)
    return found


def get(connection: sa.Connection, number: int) -> Pair | None:
    """The pair with this number."""
    row = connection.execute(_doubtful().where(pairs.c.id == number)).mappings().one_or_none()
    return Pair(**row) if row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """A pair that somebody decided: titles and public ids as they are now, equal once merged."""

    id: int
    first_key: str
    second_key: str
    first_title: str
    second_title: str
    decision: str
    decided_by: str
    decided_at: datetime


def settled(connection: sa.Connection, limit: int, *, by: str = "") -> list[Settled]:
    """The newest `limit` pairs that people merged or kept apart, of one person if named."""
    query = (
        _pairs(
            pairs.c.id,
            _one.c.key.label("first_key"),
            _other.c.key.label("second_key"),
            _one.c.title.label("first_title"),
            _other.c.title.label("second_title"),
            pairs.c.decision,
            pairs.c.decided_by,
            pairs.c.decided_at,
        )
        .where(pairs.c.decided_by.is_not(None), pairs.c.decided_at.is_not(None))
        .order_by(pairs.c.decided_at.desc(), pairs.c.id.desc())
        .limit(limit)
    )
    if by:
        query = query.where(pairs.c.decided_by == by)
    return [Settled(**row) for row in connection.execute(query).mappings()]


def decide(
    connection: sa.Connection, number: int, word: Word | None, by: str, now: datetime
) -> None:
    """Keeps somebody's word on a pair, or takes it back with None. Merges nothing by itself.

    `crawler.store.releases.merge_again` makes the opportunities anew.
    """
    taken = {"decision": word, "decided_by": by if word else None}
    connection.execute(
        pairs.update().where(pairs.c.id == number).values(**taken, decided_at=now if word else None)
    )


def _doubtful() -> sa.Select[Any]:
    """What a `Pair` holds."""
    return _pairs(
        pairs.c.id,
        pairs.c.first_id,
        pairs.c.second_id,
        _one.c.key.label("first_key"),
        _other.c.key.label("second_key"),
        _first.c.source.label("first_source"),
        _second.c.source.label("second_source"),
        pairs.c.reason,
        pairs.c.decision,
        pairs.c.decided_by,
    )


def _pairs(*columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """`columns` of pairs, their two processes and the opportunities that those belong to."""
    return (
        sa.select(*columns)
        .join(_first, _first.c.id == pairs.c.first_id)
        .join(_second, _second.c.id == pairs.c.second_id)
        .join(_one, _one.c.id == _first.c.opportunity_id)
        .join(_other, _other.c.id == _second.c.opportunity_id)
    )


_first, _second = processes.alias("first"), processes.alias("second")
_one, _other = opportunities.alias("one"), opportunities.alias("other")
_OPEN = (pairs.c.decision.is_(None), _first.c.opportunity_id != _second.c.opportunity_id)


def undecided(connection: sa.Connection) -> list[dict[str, Any]]:
    """The pairs that wait for review: OCIDs, sources and why; pairs merged since are left out."""
    first, second = processes.alias("first"), processes.alias("second")
    query = (
        sa.select(
            pairs.c.id,
            first.c.ocid.label("first_ocid"),
            second.c.ocid.label("second_ocid"),
            first.c.source.label("first_source"),
            second.c.source.label("second_source"),
            pairs.c.reason,
        )
        .join(first, first.c.id == pairs.c.first_id)
        .join(second, second.c.id == pairs.c.second_id)
        .where(pairs.c.decision.is_(None), first.c.opportunity_id != second.c.opportunity_id)
        .order_by(pairs.c.id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]
