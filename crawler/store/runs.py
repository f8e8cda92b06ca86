"""Runs: one crawl of one source, with its counts and verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import sqlalchemy as sa

from crawler.store.tables import runs

_WEEK = timedelta(days=7)
_WEEKS = 4

Verdict = Literal["ok", "short", "partial", "failed"]


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one run did so far.

    `new` releases began a process, `changed` ones continue a known one, `same` were stored already;
    `dropped` counts fields left out with a warning, `errors` bad releases and failed windows.
    """

    requests: int = 0
    releases: int = 0
    new: int = 0
    changed: int = 0
    same: int = 0
    dropped: int = 0
    errors: int = 0
    first_errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a source did before this run: what its expectations of itself are made of.

    `readings` are the releases that its good runs of the last four weeks read, those that read
    none left out; `weeks` the new and changed releases of the last four weeks, newest first, None
    for a week that is not watched whole. `watched` is since when it is read, `newest` the newest
    date of any release.
    """

    readings: tuple[int, ...] = ()
    weeks: tuple[int | None, ...] = (None, None, None, None)
    watched: datetime | None = None
    newest: datetime | None = None


def begin(connection: sa.Connection, source: str, started: datetime) -> int:
    """Records that a run began; its id."""
    made = sa.insert(runs).values(source=source, started=started, first_errors=[])
    (pk,) = connection.execute(made).inserted_primary_key or (0,)
    return int(pk)


def finish(
    connection: sa.Connection,
    pk: int,
    tally: Tally,
    verdict: Verdict,
    reason: str,
    finished: datetime,
    *,
    newest: datetime | None = None,
    unmodified: bool = False,
) -> None:
    """Records how a run ended."""
    values = asdict(tally) | {
        "verdict": verdict,
        "reason": reason,
        "finished": finished,
        "newest": newest,
        "unmodified": unmodified,
    }
    connection.execute(sa.update(runs).where(runs.c.id == pk).values(values))


def latest(connection: sa.Connection) -> Mapping[str, Mapping[str, Any]]:
    """The last run of each source, by source."""
    newest = sa.select(sa.func.max(runs.c.id)).group_by(runs.c.source)
    query = sa.select(runs).where(runs.c.id.in_(newest))
    return {row["source"]: dict(row) for row in connection.execute(query).mappings()}


def last_asked(connection: sa.Connection, source: str, now: datetime) -> datetime | None:
    """When `source` was asked last; None if never. Whoever asks here holds the source's lease.

    A run without an end was killed then, and nobody knows when: it counts as asking until `now`.
    """
    asked = sa.or_(runs.c.requests > 0, runs.c.finished.is_(None))
    query = sa.select(runs.c.finished).where(runs.c.source == source, asked)
    last = connection.execute(query.order_by(runs.c.id.desc()).limit(1)).first()
    return None if last is None else last.finished or now


def past(connection: sa.Connection, source: str, now: datetime) -> Past:
    """What `source` did in the runs that have ended before `now`."""
    mine = (runs.c.source == source, runs.c.finished.is_not(None))
    watched, newest = connection.execute(
        sa.select(sa.func.min(runs.c.started), sa.func.max(runs.c.newest)).where(*mine)
    ).one()
    if watched is None:
        return Past()
    recent = sa.select(
        runs.c.finished, runs.c.verdict, runs.c.releases, runs.c.new, runs.c.changed
    ).where(*mine, runs.c.started >= now - _WEEKS * _WEEK)
    rows = connection.execute(recent.order_by(runs.c.id)).all()
    sums = [0] * _WEEKS
    for row in rows:
        back = (now - row.finished) // _WEEK
        if 0 <= back < _WEEKS:
            sums[back] += row.new + row.changed
    return Past(
        readings=tuple(row.releases for row in rows if row.verdict == "ok" and row.releases),
        weeks=tuple(
            count if watched <= now - (back + 1) * _WEEK else None
            for back, count in enumerate(sums)
        ),
        watched=watched,
        newest=newest,
    )
