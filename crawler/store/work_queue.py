"""The queue that workers share: procrastinate's tables, beside ours in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib import metadata, resources
from typing import Any

import sqlalchemy as sa

TABLE = "procrastinate_jobs"
PREFIX = "procrastinate_"
"""How the names of its tables begin: they are not of our migrations."""


def usable() -> bool:
    """Whether the extra `scale` is installed."""
    try:
        metadata.version("procrastinate")
    except metadata.PackageNotFoundError:
        return False
    return True


def ready(connection: sa.Connection) -> bool:
    """Whether the database holds the queue's tables."""
    return connection.dialect.name == "postgresql" and sa.inspect(connection).has_table(TABLE)


def prepare(connection: sa.Connection) -> None:
    """Makes the queue's tables or brings them to the installed version; nothing on SQLite.

    The version stands in the table's comment, since procrastinate keeps none itself.
    """
    if connection.dialect.name != "postgresql" or not usable():
        return
    here = _numbers(metadata.version("procrastinate"))
    folder = resources.files("procrastinate.sql")
    if not ready(connection):
        _run(connection, (folder / "schema.sql").read_text(encoding="utf-8"))
    else:
        asked = sa.text("SELECT obj_description(CAST(:name AS regclass))")
        there = _numbers(connection.execute(asked, {"name": TABLE}).scalar() or "0")
        steps = (one for one in (folder / "migrations").iterdir() if one.name.endswith(".sql"))
        for step in sorted(steps, key=lambda one: one.name):
            if there < _numbers(step.name.partition("_")[0]) <= here:
                _run(connection, step.read_text(encoding="utf-8"))
    _run(connection, f"COMMENT ON TABLE {TABLE} IS '{'.'.join(map(str, here))}'")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:3] if part.isdigit())


def _run(connection: sa.Connection, script: str) -> None:
    """Runs a script of many statements, with its percent signs as they are."""
    driver: Any = connection.connection.driver_connection
    driver.execute(script)


def workers(connection: sa.Connection, seconds: float) -> int:
    """How many workers have shown life in the last `seconds`."""
    query = sa.text(
        "SELECT count(*) FROM procrastinate_workers"
        " WHERE last_heartbeat > now() - make_interval(secs => :seconds)"
    )
    return int(connection.execute(query, {"seconds": seconds}).scalar_one())


def listed(connection: sa.Connection, limit: int) -> list[Mapping[str, Any]]:
    """The queue: what runs and waits, then what ended last; `limit` rows at most.

    Each has ``id``, ``job``, ``due``, ``status``, ``tries``, ``lock``, ``worker`` (None when it is
    with none), ``silent`` (seconds since that worker showed life), ``at`` (its last event) and
    ``not_before``.
    """
    query = sa.text(
        "SELECT j.id, j.args->>'job' AS job, j.args->>'due' AS due, j.status::text AS status,"
        " COALESCE((j.args->>'tries')::int, 0) + j.attempts AS tries, j.lock,"
        " j.worker_id AS worker,"
        " EXTRACT(EPOCH FROM now() - w.last_heartbeat)::float AS silent,"
        " (SELECT max(e.at) FROM procrastinate_events e WHERE e.job_id = j.id) AS at,"
        " j.scheduled_at AS not_before"
        " FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id"
        " ORDER BY j.status NOT IN ('doing', 'todo'), j.status != 'doing', j.id DESC LIMIT :limit"
    )
    return [dict(row) for row in connection.execute(query, {"limit": limit}).mappings()]


def waiting(connection: sa.Connection, name: str) -> datetime | None:
    """Since when a job of that queueing lock waits; None if none does."""
    query = sa.text(
        "SELECT min(e.at) FROM procrastinate_jobs j JOIN procrastinate_events e ON e.job_id = j.id"
        " WHERE j.status = 'todo' AND j.queueing_lock = :name"
    )
    found: datetime | None = connection.execute(query, {"name": name}).scalar()
    return found
