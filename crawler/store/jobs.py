"""Runs of jobs: each is for a scheduled time, and is claimed before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler.store.statements import inserted
from crawler.store.tables import crawl_requests as requests
from crawler.store.tables import job_runs as runs

TRIES = 3
"""A run whose process was killed is begun again, but no more often than so."""

_WORDS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRun:
    """One run of a job. `finished` and `well` are None while it runs, and if it was killed."""

    job: str
    due: datetime
    holder: str
    attempts: int
    started: datetime
    finished: datetime | None
    well: bool | None
    words: str | None


def seen(connection: sa.Connection, job: str, now: datetime) -> None:
    """Notes that `job` is known from now on: what lay before counts as done."""
    row = {"job": job, "due": now, "holder": "", "attempts": 0, "started": now, "finished": now}
    inserted(connection, runs, row | {"well": True, "words": "first seen"})


def claim(
    connection: sa.Connection,
    job: str,
    due: datetime,
    holder: str,
    now: datetime,
    *,
    again: bool = False,
) -> bool:
    """Whether `holder` is to run `job` for the scheduled time `due`; recorded if so.

    Only the first who asks is, unless the run was broken off (whoever asks holds the job's lease,
    so nobody runs it now), or went wrong and is meant to be run `again`.
    """
    row = {"job": job, "due": due, "holder": holder, "attempts": 1, "started": now}
    if inserted(connection, runs, row):
        return True
    open_ = sa.and_(runs.c.finished.is_(None), runs.c.attempts < TRIES)
    if again:
        open_ = sa.or_(runs.c.finished.is_(None), runs.c.well.is_(False))
    taken = connection.execute(
        sa.update(runs)
        .where(runs.c.job == job, runs.c.due == due, open_)
        .values(
            holder=holder,
            attempts=runs.c.attempts + 1,
            started=now,
            finished=None,
            well=None,
            words=None,
        )
    )
    return taken.rowcount > 0


def finish(
    connection: sa.Connection, job: str, due: datetime, now: datetime, *, well: bool, words: str
) -> None:
    """Records how a run ended; one that has ended already stays as it is."""
    mine = (runs.c.job == job, runs.c.due == due, runs.c.finished.is_(None))
    values = {"finished": now, "well": well, "words": words[:_WORDS]}
    connection.execute(sa.update(runs).where(*mine).values(values))


def run_of(connection: sa.Connection, job: str, due: datetime) -> JobRun | None:
    """The run of `job` for the scheduled time `due`."""
    query = sa.select(runs).where(runs.c.job == job, runs.c.due == due)
    row = connection.execute(query).mappings().first()
    return JobRun(**row) if row else None


def latest(connection: sa.Connection) -> Mapping[str, JobRun]:
    """Each job's run with the latest scheduled time."""
    newest = sa.select(runs.c.job, sa.func.max(runs.c.due).label("due")).group_by(runs.c.job)
    last = newest.subquery()
    query = sa.select(runs).join(last, sa.and_(runs.c.job == last.c.job, runs.c.due == last.c.due))
    return {row["job"]: JobRun(**row) for row in connection.execute(query).mappings()}


def forget(connection: sa.Connection, job: str, due: datetime) -> None:
    """Forgets a run: its scheduled time is one that a wrong clock made up."""
    connection.execute(sa.delete(runs).where(runs.c.job == job, runs.c.due == due))


def prune(connection: sa.Connection, before: datetime) -> int:
    """Deletes runs that ended before, but never a job's latest; how many."""
    newest = sa.select(runs.c.job, sa.func.max(runs.c.due)).group_by(runs.c.job)
    old = sa.and_(runs.c.finished < before, sa.tuple_(runs.c.job, runs.c.due).not_in(newest))
    return connection.execute(sa.delete(runs).where(old)).rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A person's wish that a source be crawled now."""

    id: int
    source: str
    at: datetime


def take_requests(connection: sa.Connection, now: datetime, stale: datetime) -> list[Request]:
    """The wishes that nobody has taken up, or took up before `stale` and never ended."""
    mine = sa.or_(requests.c.taken_at.is_(None), requests.c.taken_at < stale)
    taken = (
        sa.update(requests)
        .where(requests.c.done_at.is_(None), mine)
        .values(taken_at=now)
        .returning(requests.c.id, requests.c.source, requests.c.at)
    )
    return [Request(**row) for row in connection.execute(taken).mappings()]


def leave_request(connection: sa.Connection, request: int) -> None:
    """Leaves a wish that was taken up for later."""
    connection.execute(sa.update(requests).where(requests.c.id == request).values(taken_at=None))


def answer(connection: sa.Connection, request: int, result: str, now: datetime) -> None:
    """Records what came of a person's wish."""
    values = {"done_at": now, "result": result[:_WORDS]}
    connection.execute(sa.update(requests).where(requests.c.id == request).values(values))
