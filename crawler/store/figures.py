"""Figures of the whole installation, for whoever watches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from crawler.store.tables import opportunities, outbox, runs

OUTCOMES = ("new", "changed", "same")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """`runs` by source and verdict, `releases` by source and outcome, the rest by state.

    `jobs` are procrastinate's; None where this database has no queue.
    """

    runs: Mapping[tuple[str, str], int] = field(default_factory=dict)
    releases: Mapping[tuple[str, str], int] = field(default_factory=dict)
    mails: Mapping[str, int] = field(default_factory=dict)
    opportunities: Mapping[str, int] = field(default_factory=dict)
    jobs: Mapping[str, int] | None = None


def figures(connection: sa.Connection) -> Figures:
    """What stands in the store now."""
    counted = sa.select(runs.c.source, runs.c.verdict, sa.func.count()).group_by(
        runs.c.source, runs.c.verdict
    )
    summed = sa.select(
        runs.c.source, *(sa.func.sum(runs.c[name]).label(name) for name in OUTCOMES)
    ).group_by(runs.c.source)
    return Figures(
        runs={
            (source, verdict or "unfinished"): number
            for source, verdict, number in connection.execute(counted)
        },
        releases={
            (row.source, name): int(getattr(row, name))
            for row in connection.execute(summed)
            for name in OUTCOMES
        },
        mails=_by(connection, outbox.c.state),
        opportunities=_by(connection, opportunities.c.relevance),
        jobs=_jobs(connection),
    )


def _by(connection: sa.Connection, column: sa.ColumnElement[str]) -> dict[str, int]:
    query = sa.select(column, sa.func.count()).group_by(column)
    return {name or "unknown": number for name, number in connection.execute(query)}


def _jobs(connection: sa.Connection) -> dict[str, int] | None:
    if not sa.inspect(connection).has_table("procrastinate_jobs"):
        return None
    state = sa.cast(sa.column("status"), sa.Text)
    query = sa.select(state, sa.func.count()).select_from(sa.table("procrastinate_jobs"))
    return {row[0]: row[1] for row in connection.execute(query.group_by(state))}
