"""The library as it is kept: what shipped, what staff added or changed, and how links answered.

A row of origin ``library`` follows the list that ships until staff change it; a row of origin
``staff`` is theirs alone. Nothing is deleted: what is retired is shown no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import sqlalchemy as sa

from crawler.errors import UsageError
from crawler.library import Link, Resource
from crawler.store.evidence_tables import resources

Origin = Literal["library", "staff"]
_LIBRARY: Origin = "library"
_LONGEST_WORDS = 200
_OWN = (
    "title", "publisher", "year", "url", "kind", "nation", "outcomes", "art_forms", "measures",
    "summary", "confirmed",
)  # fmt: skip
_UNASKED = dict.fromkeys(
    ("checked_at", "link_state", "link_status", "link_words", "moved_to", "failing_since")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A resource as it is kept; `link` is None until its address was asked."""

    resource: Resource
    origin: Origin
    changed_at: datetime
    edited_by: str | None
    retired_at: datetime | None
    retired_by: str | None
    link: Link | None


@dataclass(slots=True, kw_only=True)
class Tally:
    """What a list did: rows by how they went in.

    `kept` names rows that staff had made or changed and that were left as they are, `retired` those
    that the list names no more.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    kept: int = 0
    retired: int = 0


def everything(connection: sa.Connection, *, retired: bool = False) -> list[Kept]:
    """All resources by title; those that are `retired` too if asked for."""
    query = sa.select(resources).order_by(sa.func.lower(resources.c.title), resources.c.key)
    if not retired:
        query = query.where(resources.c.retired_at.is_(None))
    return [_kept(row) for row in connection.execute(query)]


def get(connection: sa.Connection, key: str) -> Kept | None:
    """One resource, retired or not."""
    row = connection.execute(sa.select(resources).where(resources.c.key == key)).first()
    return _kept(row) if row else None


def refresh(connection: sa.Connection, library: Sequence[Resource], now: datetime) -> Tally:
    """Makes the rows of origin ``library`` what the list that ships says; staff's stay."""
    tally = Tally()
    known = {one.resource.key: one for one in everything(connection, retired=True)}
    for one in library:
        before = known.get(one.key)
        if before is None:
            _insert(connection, one, _LIBRARY, None, now)
            tally.new += 1
        elif before.origin != _LIBRARY or before.edited_by is not None:
            tally.kept += 1
        elif before.resource == one and before.retired_by != _LIBRARY:
            tally.same += 1
        else:
            back = {"retired_at": None, "retired_by": None}
            _update(connection, before, one, now, back if before.retired_by == _LIBRARY else {})
            tally.changed += 1
    names = {one.key for one in library}
    for key, before in known.items():
        left = before.origin == _LIBRARY and before.edited_by is None and not before.retired_at
        if left and key not in names:
            _set(connection, key, {"retired_at": now, "retired_by": _LIBRARY})
            tally.retired += 1
    return tally


def add(connection: sa.Connection, one: Resource, who: str, now: datetime) -> None:
    """Adds a resource of staff's own. Raises `UsageError` where its key is taken."""
    before = get(connection, one.key)
    if before is not None:
        raise UsageError(
            f"there is a resource {one.key} already ({before.resource.title[:80]}). Change that"
            " one, or choose another key."
        )
    _insert(connection, one, "staff", who, now)


def change(connection: sa.Connection, one: Resource, who: str, now: datetime) -> bool:
    """Makes the resource of that key what `one` says; whether that changed anything.

    From then on the list that ships leaves it alone. Raises `UsageError` for an unknown key.
    """
    before = _known(connection, one.key)
    if before.resource == one:
        return False
    _update(connection, before, one, now, {"edited_by": who})
    return True


def retire(connection: sa.Connection, key: str, who: str, now: datetime) -> bool:
    """Takes a resource out of sight; whether it was in sight. Raises `UsageError` as `change`."""
    if _known(connection, key).retired_at:
        return False
    _set(connection, key, {"retired_at": now, "retired_by": who, "changed_at": now})
    return True


def bring_back(connection: sa.Connection, key: str, now: datetime) -> bool:
    """Shows a retired resource again; whether it was retired. Raises `UsageError` as `change`."""
    if not _known(connection, key).retired_at:
        return False
    _set(connection, key, {"retired_at": None, "retired_by": None, "changed_at": now})
    return True


def checked(connection: sa.Connection, key: str, url: str, link: Link) -> None:
    """Notes how the address `url` of a resource answered; nothing if it has another by now.

    `link.failing_since` is worked out here: it stays that of the first failure in a row.
    """
    row = connection.execute(
        sa.select(resources.c.failing_since).where(resources.c.key == key, resources.c.url == url)
    ).first()
    if row is None:
        return
    since = row.failing_since
    if link.state == "ok":
        since = None
    elif link.state == "dead":
        since = since or link.checked_at
    values = {
        "checked_at": link.checked_at,
        "link_state": link.state,
        "link_status": link.status,
        "link_words": link.words[:_LONGEST_WORDS],
        "moved_to": link.moved_to or None,
        "failing_since": since,
    }
    _set(connection, key, values)


def _known(connection: sa.Connection, key: str) -> Kept:
    found = get(connection, key)
    if found is None:
        raise UsageError(
            f"there is no resource {key[:60]!r}. See what there is: tenders resources list"
        )
    return found


def _values(one: Resource) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _OWN}


def _insert(
    connection: sa.Connection, one: Resource, origin: Origin, who: str | None, now: datetime
) -> None:
    connection.execute(
        resources.insert().values(
            key=one.key, origin=origin, edited_by=who, changed_at=now, **_values(one)
        )
    )


def _update(
    connection: sa.Connection, before: Kept, one: Resource, now: datetime, more: dict[str, Any]
) -> None:
    moved = _UNASKED if before.resource.url != one.url else {}
    _set(connection, one.key, {**_values(one), "changed_at": now, **moved, **more})


def _set(connection: sa.Connection, key: str, values: dict[str, Any]) -> None:
    connection.execute(resources.update().where(resources.c.key == key).values(**values))


def _kept(row: sa.Row[Any]) -> Kept:
    said = {name: getattr(row, name) for name in ("key", *_OWN)}
    for name in ("outcomes", "art_forms", "measures"):
        said[name] = tuple(said[name])
    link = None
    if row.checked_at is not None:
        link = Link(
            state=row.link_state,
            checked_at=row.checked_at,
            status=row.link_status,
            words=row.link_words or "",
            moved_to=row.moved_to or "",
            failing_since=row.failing_since,
        )
    return Kept(
        resource=Resource(**said),
        origin=row.origin,
        changed_at=row.changed_at,
        edited_by=row.edited_by,
        retired_at=row.retired_at,
        retired_by=row.retired_by,
        link=link,
    )
