"""How far each source has been read: watermarks, and silences that portals asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crawler.items import Window
from crawler.store.statements import insert_or_ignore
from crawler.store.tables import source_states as states


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """`watermark`: everything published before is stored. `quiet_until`: no request before.

    `validators` is what the spider gave to ask with when nothing may have changed, or empty.
    """

    watermark: datetime | None = None
    quiet_until: datetime | None = None
    validators: str = ""


def states_of(connection: sa.Connection) -> Mapping[str, State]:
    """The state of every source that was ever read."""
    return {
        row.source: State(
            watermark=row.watermark, quiet_until=row.quiet_until, validators=row.validators or ""
        )
        for row in connection.execute(sa.select(states))
    }


def advance(connection: sa.Connection, source: str, *windows: Window) -> None:
    """Moves the watermark past windows that were stored whole, unless a gap lies before one."""
    row = connection.execute(sa.select(states).where(states.c.source == source)).first()
    before = reached = row.watermark if row is not None else None
    for window in windows:
        if reached is None or window.start <= reached < window.end:
            reached = window.end
    if reached != before:
        _set(connection, source, row is not None, watermark=reached)


def hold(connection: sa.Connection, source: str, window: Window) -> None:
    """Sets the first watermark before a window that failed, so that later ones cannot jump it."""
    row = connection.execute(sa.select(states).where(states.c.source == source)).first()
    if row is None or row.watermark is None:
        _set(connection, source, row is not None, watermark=window.start)


def hush(connection: sa.Connection, source: str, until: datetime) -> None:
    """Remembers that the portal wants silence until then, also after a restart."""
    row = connection.execute(sa.select(states).where(states.c.source == source)).first()
    _set(connection, source, row is not None, quiet_until=until)


def remember(connection: sa.Connection, source: str, validators: str) -> None:
    """Remembers what to ask with next time; an empty text forgets it."""
    row = connection.execute(sa.select(states).where(states.c.source == source)).first()
    _set(connection, source, row is not None, validators=validators or None)


def _set(connection: sa.Connection, source: str, known: bool, **values: Any) -> None:
    if not known:  # nor may somebody else who makes the row at this moment be in our way
        connection.execute(insert_or_ignore(connection, states), [{"source": source}])
    connection.execute(sa.update(states).where(states.c.source == source).values(values))
