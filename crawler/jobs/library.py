"""The library of resources: brings what ships into the store, and takes in staff's own lists."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from io import StringIO

import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.jobs.subscriber_file import decoded
from crawler.library import Resource
from crawler.partners import shelf
from crawler.store import audit, database, resources
from crawler.store.resources import Tally


@dataclass(slots=True, kw_only=True)
class Taken:
    """What a list of staff's brought: rows by how they went in; `refused` lines with the reason."""

    new: int = 0
    changed: int = 0
    same: int = 0
    refused: list[tuple[int, str]] = field(default_factory=list)


def refresh(engine: sa.Engine, now: datetime) -> Tally:
    """Makes the store's library what ships; staff's own stays. Twice changes nothing."""
    library = shelf.shipped()
    with database.writing(engine) as connection:
        return resources.refresh(connection, library, now)


def take(engine: sa.Engine, raw: bytes, name: str, who: str, now: datetime) -> Taken:
    """Takes in a list of staff's own: unknown keys are added, their own changed, others refused.

    A bad line is named and the rest goes in; twice changes nothing. Raises `UsageError` for a file
    that cannot be read, or whose heading lacks a column.
    """
    taken = Taken()
    rows = list(shelf.read(StringIO(decoded(raw, name), newline="")))
    with database.writing(engine, alone=False) as connection:
        for line, one in rows:
            reason = one if isinstance(one, str) else _taken(connection, one, who, now, taken)
            if reason:
                taken.refused.append((line, reason))
    return taken


def _taken(
    connection: sa.Connection, one: Resource, who: str, now: datetime, taken: Taken
) -> str | None:
    """Takes one row in; why not, where it is the library's."""
    before = resources.get(connection, one.key)
    if before is None:
        add(connection, one, who, now)
        taken.new += 1
    elif before.origin != "staff":
        return f"key {one.key} is that of the library that ships; choose another"
    elif change(connection, one, who, now):
        taken.changed += 1
    else:
        taken.same += 1
    return None


def add(connection: sa.Connection, one: Resource, who: str, now: datetime) -> None:
    """Adds a resource of staff's own and writes it down. Raises `UsageError` for a taken key."""
    resources.add(connection, one, who, now)
    audit.record(connection, who=who, what="added a resource", about=one.key, at=now)


def change(connection: sa.Connection, one: Resource, who: str, now: datetime) -> bool:
    """Changes a resource and writes down what; whether that changed anything."""
    before = resources.get(connection, one.key)
    if not resources.change(connection, one, who, now):
        return False
    was = shelf.cells(before.resource) if before else {}
    moved = [name for name, words in shelf.cells(one).items() if was.get(name) != words]
    detail = ", ".join(moved)
    audit.record(
        connection, who=who, what="changed a resource", about=one.key, at=now, detail=detail
    )
    return True


def retire(connection: sa.Connection, key: str, who: str, now: datetime, why: str) -> bool:
    """Takes a resource out of sight and writes it down; whether it was in sight."""
    done = resources.retire(connection, key, who, now)
    if done:
        what = "retired a resource"
        audit.record(connection, who=who, what=what, about=key, at=now, detail=why)
    return done


def bring_back(connection: sa.Connection, key: str, who: str, now: datetime) -> bool:
    """Shows a retired resource again and writes it down; whether it was retired."""
    done = resources.bring_back(connection, key, now)
    if done:
        audit.record(connection, who=who, what="brought a resource back", about=key, at=now)
    return done


def known(connection: sa.Connection, keys: tuple[str, ...]) -> None:
    """Raises `UsageError` for the first of `keys` that no resource has."""
    for key in keys:
        if resources.get(connection, key) is None:
            raise UsageError(
                f"there is no resource {key[:60]!r}. See what there is: tenders resources list"
            )
