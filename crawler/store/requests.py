"""What staff asked for in the web app: a source to be read now, or left alone; the classifier.

The web app only writes rows: the scheduler takes a crawl up, does it and says how it went.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from crawler.store.statements import inserted
from crawler.store.tables import crawl_requests, job_requests, runs, source_pauses

ABANDONED = timedelta(hours=12)
"""What was taken up so long ago and never ended was left by a process that died."""

Job = Literal["train", "rollback"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A source to be read now. `taken_at` is when somebody began, `result` how it went."""

    id: int
    source: str
    requested_by: str
    at: datetime
    taken_at: datetime | None
    done_at: datetime | None
    result: str | None

    @property
    def waits(self) -> bool:
        """Whether it has not ended yet."""
        return self.done_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A source that is left alone when everything is read, who said so, and why."""

    source: str
    paused_by: str
    at: datetime
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """A job of the classifier that somebody asked for, and how it went."""

    id: int
    job: str
    requested_by: str
    at: datetime
    done_at: datetime | None
    result: str | None

    @property
    def waits(self) -> bool:
        """Whether it has not ended, as far as is known: its process may have died."""
        return self.done_at is None


def ask(connection: sa.Connection, source: str, by: str, now: datetime) -> bool:
    """Asks for a crawl of `source`; False if one waits already. Must be inside `writing`."""
    waits = sa.select(crawl_requests.c.id).where(
        crawl_requests.c.source == source,
        crawl_requests.c.done_at.is_(None),
        _alive(now),
    )
    if connection.execute(waits.limit(1)).first() is not None:
        return False
    connection.execute(crawl_requests.insert().values(source=source, requested_by=by, at=now))
    return True


def _alive(now: datetime) -> sa.ColumnElement[bool]:
    taken = crawl_requests.c.taken_at
    return sa.or_(taken.is_(None), taken > now - ABANDONED)


def newest(connection: sa.Connection) -> Mapping[str, Request]:
    """The last request for each source, by source."""
    last = sa.select(sa.func.max(crawl_requests.c.id)).group_by(crawl_requests.c.source)
    rows = connection.execute(sa.select(crawl_requests).where(crawl_requests.c.id.in_(last)))
    return {row["source"]: Request(**row) for row in rows.mappings()}


def pause(connection: sa.Connection, source: str, by: str, why: str, now: datetime) -> bool:
    """Leaves a source alone from now on; False if it is already."""
    row = {"source": source, "paused_by": by, "at": now, "why": why}
    return inserted(connection, source_pauses, row)


def resume(connection: sa.Connection, source: str) -> bool:
    """Reads a source again; False if it was not paused."""
    gone = source_pauses.delete().where(source_pauses.c.source == source)
    return connection.execute(gone).rowcount == 1


def paused(connection: sa.Connection) -> Mapping[str, Pause]:
    """The sources that are left alone, by key."""
    rows = connection.execute(sa.select(source_pauses)).mappings()
    return {row["source"]: Pause(**row) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRun:
    """One run as the log shows it; `verdict` is None while it is under way, or was killed."""

    id: int
    source: str
    started: datetime
    finished: datetime | None
    requests: int
    releases: int
    new: int
    changed: int
    same: int
    dropped: int
    errors: int
    verdict: str | None
    reason: str
    first_errors: tuple[str, ...]


def log(
    connection: sa.Connection, limit: int, *, before: int | None = None, source: str = ""
) -> list[LoggedRun]:
    """The newest `limit` runs, of those with ids below `before` and of one source."""
    names = [name for name in LoggedRun.__slots__ if name not in ("reason", "first_errors")]
    query = sa.select(*(runs.c[name] for name in names), runs.c.reason, runs.c.first_errors)
    query = query.order_by(runs.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(runs.c.id < before)
    if source:
        query = query.where(runs.c.source == source)
    return [
        LoggedRun(
            **{name: row[name] for name in names},
            reason=row["reason"] or "",
            first_errors=tuple(row["first_errors"] or ()),
        )
        for row in connection.execute(query).mappings()
    ]


def ask_job(
    connection: sa.Connection, job: Job, by: str, now: datetime, patience: timedelta
) -> int | None:
    """Notes that a job was asked for; its number, None while another is under way.

    One that has not ended after `patience` was left by a process that died.
    """
    busy = sa.select(job_requests.c.id).where(
        job_requests.c.done_at.is_(None), job_requests.c.at > now - patience
    )
    if connection.execute(busy.limit(1)).first() is not None:
        return None
    made = job_requests.insert().values(job=job, requested_by=by, at=now)
    (pk,) = connection.execute(made).inserted_primary_key or (0,)
    return int(pk)


def job_done(connection: sa.Connection, number: int, result: str, now: datetime) -> None:
    """Says how a job went."""
    mine = job_requests.c.id == number
    connection.execute(job_requests.update().where(mine).values(done_at=now, result=result[:2_000]))


def jobs(connection: sa.Connection, limit: int) -> list[JobRequest]:
    """The newest `limit` jobs that were asked for."""
    query = sa.select(job_requests).order_by(job_requests.c.id.desc()).limit(limit)
    return [JobRequest(**row) for row in connection.execute(query).mappings()]
