"""Who did what, when, and on what: every deed of people who sign in, and every look at an address.

Rows are added and never changed. They name opportunities, sources and people by their keys and hold
no address.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler.store.tables import audit

_LONGEST = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One line of the log. `about` is a key or public id, `detail` words for people."""

    id: int
    at: datetime
    who: str
    what: str
    about: str
    detail: str


def record(
    connection: sa.Connection, *, who: str, what: str, about: str, at: datetime, detail: str = ""
) -> None:
    """Adds a line, in the transaction of what it tells of."""
    connection.execute(
        audit.insert().values(
            at=at, who=who, what=what, about=about[:_LONGEST], detail=detail[:_LONGEST]
        )
    )


def latest(
    connection: sa.Connection,
    limit: int,
    *,
    before: int | None = None,
    who: str = "",
    what: str = "",
    about: str = "",
) -> list[Deed]:
    """The newest `limit` lines, of those with ids below `before`, by or of those named."""
    query = sa.select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(audit.c.id < before)
    for column, word in ((audit.c.who, who), (audit.c.what, what), (audit.c.about, about)):
        if word:
            query = query.where(column == word)
    return [Deed(**row) for row in connection.execute(query).mappings()]


def words(connection: sa.Connection) -> tuple[list[str], list[str]]:
    """The names and the deeds that occur, for a filter."""
    found = (
        connection.execute(sa.select(column).distinct().order_by(column)).scalars().all()
        for column in (audit.c.who, audit.c.what)
    )
    who, what = (list(one) for one in found)
    return who, what
