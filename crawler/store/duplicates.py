"""Pairs of processes that may be one opportunity, and what people decided of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crawler.store.statements import chunks, insert_or_ignore
from crawler.store.tables import duplicate_pairs as pairs
from crawler.store.tables import processes


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
    for one, other in (
        (pairs.c.first_id, pairs.c.second_id),
        (pairs.c.second_id, pairs.c.first_id),
    ):
        for part in chunks(ids):
            query = sa.select(other).where(pairs.c.decision == "merge", one.in_(part))
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
