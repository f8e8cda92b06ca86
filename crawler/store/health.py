"""How each source is, out of the runs kept; and what staff were told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler.health import DAYS, Health, Run, State, of
from crawler.store.statements import insert_or_ignore
from crawler.store.tables import runs, source_states

_KEPT_IN_VIEW = timedelta(days=DAYS + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What staff were told of a source last, and when."""

    state: State
    at: datetime


def health(connection: sa.Connection, now: datetime) -> Mapping[str, Health]:
    """The health of every source that was ever read, by key.

    Looks at the runs of four weeks and, of a source that was not read since, at the last few.
    Unfinished runs (under way, or killed) say nothing.
    """
    found: dict[str, list[Run]] = defaultdict(list)
    for row in connection.execute(_recent(now - _KEPT_IN_VIEW)):
        found[row.source].append(
            Run(
                started=row.started,
                finished=row.finished,
                verdict=row.verdict,
                reason=row.reason or "",
                fresh=row.new + row.changed,
                first_errors=tuple(row.first_errors or ()),
            )
        )
    return {source: of(of_one, now) for source, of_one in found.items()}


def _recent(since: datetime) -> sa.Select[tuple[object, ...]]:
    """The runs since then, and each source's last, last good and last but good one before."""
    done = runs.c.finished.is_not(None)
    last = sa.select(sa.func.max(runs.c.id)).where(done).group_by(runs.c.source)
    good = last.where(runs.c.verdict == "ok")
    bad = last.where(runs.c.verdict != "ok")
    columns = (
        runs.c.source, runs.c.started, runs.c.finished, runs.c.verdict, runs.c.reason,
        runs.c.new, runs.c.changed, runs.c.first_errors,
    )  # fmt: skip
    wanted = sa.or_(
        runs.c.started >= since, runs.c.id.in_(last), runs.c.id.in_(good), runs.c.id.in_(bad)
    )
    return sa.select(*columns).where(done, wanted).order_by(runs.c.started, runs.c.id)


def told(connection: sa.Connection) -> Mapping[str, Told]:
    """What staff were told last of each source, by key."""
    query = sa.select(source_states).where(source_states.c.told.is_not(None))
    return {row.source: Told(state=row.told, at=row.told_at) for row in connection.execute(query)}


def tell(connection: sa.Connection, source: str, state: State, now: datetime) -> None:
    """Remembers that staff were told."""
    connection.execute(insert_or_ignore(connection, source_states), [{"source": source}])
    where = source_states.c.source == source
    connection.execute(sa.update(source_states).where(where).values(told=state, told_at=now))
