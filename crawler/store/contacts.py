"""Contacts of authorities: a row for each page that publishes one, read as one contact an address.

Nobody who asked to be forgotten comes in again: every page's contacts pass the list of `forgotten`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crawler.pages import BASES, Basis, Contact
from crawler.redaction import Gone, without
from crawler.store import forgotten
from crawler.store.statements import chunks
from crawler.store.tables import contacts

_DAY = timedelta(days=1)
_SAID = (
    "role", "basis", "name", "email", "phone", "phone_written", "form", "headings", "sentence",
    "outcomes", "personal",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of a page's contacts; `dropped` ones it no longer has and are stale now."""

    new: int = 0
    changed: int = 0
    same: int = 0
    dropped: int = 0
    forgotten: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One page's word for a contact."""

    page: str
    role: str
    basis: Basis
    headings: tuple[str, ...]
    sentence: str
    first_seen: datetime
    last_seen: datetime
    stale_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One contact of an authority, as its plainest evidence says; `evidence` begins with that.

    It is stale when every page that had it has dropped it.
    """

    authority: str
    role: str
    name: str | None
    email: str | None
    phone: str | None
    phone_written: str | None
    form: str | None
    outcomes: tuple[str, ...]
    personal: bool
    evidence: tuple[Evidence, ...]
    first_seen: datetime
    last_seen: datetime
    stale_since: datetime | None


def keep(
    connection: sa.Connection,
    authority: str,
    page: str,
    found: Sequence[Contact],
    now: datetime,
    key: bytes,
) -> Counts:
    """Brings a page's contacts up to date. Reading it unchanged on the same day writes nothing.

    What the page no longer publishes is marked stale. `key` is that of the forget list.
    """
    wanted = _allowed(connection, found, key)
    query = sa.select(contacts).where(contacts.c.authority == authority, contacts.c.page == page)
    stored = {row.key: row for row in connection.execute(query)}
    counts: Counter[str] = Counter(forgotten=len(found) - len(wanted))
    for one in wanted:
        row = stored.pop(one.key, None)
        values = _values(one)
        if row is None:
            first = {"authority": authority, "key": one.key, "first_seen": now, "last_seen": now}
            connection.execute(sa.insert(contacts).values({**values, **first, "page": page}))
            counts["new"] += 1
            continue
        moved = {name: value for name, value in values.items() if getattr(row, name) != value}
        if row.stale_since is not None:
            moved["stale_since"] = None
        counts["changed" if moved else "same"] += 1
        if moved or now - row.last_seen >= _DAY:
            _update(connection, row.id, {**moved, "last_seen": now})
    counts["dropped"] = _stale(connection, stored.values(), now)
    return Counts(**counts)


def drop_page(connection: sa.Connection, authority: str, page: str, now: datetime) -> int:
    """Marks what a page published as stale, since the page is gone; how many contacts that were."""
    query = sa.select(contacts).where(contacts.c.authority == authority, contacts.c.page == page)
    return _stale(connection, connection.execute(query).all(), now)


def _stale(connection: sa.Connection, rows: Iterable[Any], now: datetime) -> int:
    fresh = [row.id for row in rows if row.stale_since is None]
    for pk in fresh:
        _update(connection, pk, {"stale_since": now})
    return len(fresh)


def _update(connection: sa.Connection, pk: int, values: dict[str, Any]) -> None:
    connection.execute(sa.update(contacts).where(contacts.c.id == pk).values(values))


def _values(one: Contact) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in _SAID}
    return values | {"headings": list(one.headings), "outcomes": list(one.outcomes)}


def _allowed(connection: sa.Connection, found: Sequence[Contact], key: bytes) -> list[Contact]:
    """The contacts without those to be forgotten, and without their addresses in others' words."""
    gone = forgotten.listed(connection, key)
    if gone is None:
        return list(found)
    return [
        replace(
            one,
            role=without(one.role, gone),
            headings=tuple(without(text, gone) for text in one.headings),
            sentence=without(one.sentence, gone),
        )
        for one in found
        if not (one.email and gone(one.email.lower()))
    ]


def forget(connection: sa.Connection, key: bytes, address: str, now: datetime) -> int:
    """Deletes the contacts under `address`, which is never taken in again; how many there were.

    What else is kept of it is `crawler.store.forgetting`'s part.
    """
    forgotten.add(connection, key, address, now)
    gone = forgotten.listed(connection, key)
    assert gone is not None
    return drop_forgotten(connection, gone)


def drop_forgotten(connection: sa.Connection, gone: Gone) -> int:
    """Deletes the contacts of people to be forgotten; how many pages' words went."""
    query = sa.select(contacts.c.id, contacts.c.email, contacts.c.page, contacts.c.form)
    mine = [
        row.id
        for row in connection.execute(query)
        if (row.email and gone(row.email.lower()))
        or any(text and without(text, gone) != text for text in (row.page, row.form))
    ]
    for part in chunks(mine):
        connection.execute(sa.delete(contacts).where(contacts.c.id.in_(part)))
    return len(mine)


def prune(connection: sa.Connection, before: datetime) -> int:
    """Deletes contacts that no page has published since `before`; how many pages' words."""
    return connection.execute(sa.delete(contacts).where(contacts.c.last_seen < before)).rowcount


def count(connection: sa.Connection) -> int:
    """How many contacts are stored, each page's word counted."""
    return connection.execute(sa.select(sa.func.count()).select_from(contacts)).scalar_one()


def listed(connection: sa.Connection, authorities: Collection[str] = ()) -> list[Known]:
    """The contacts of `authorities` (all if none): roles' own first, then officers', by role."""
    query = sa.select(contacts).order_by(contacts.c.authority, contacts.c.id)
    if authorities:
        query = query.where(contacts.c.authority.in_(list(authorities)))
    groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in connection.execute(query):
        groups[row.authority, row.key].append(row)
    known = [_known(rows) for rows in groups.values()]
    return sorted(known, key=lambda one: (one.authority, one.personal, one.role.lower()))


def _known(rows: list[Any]) -> Known:
    """Several pages' rows of one address as one contact."""
    said = Counter(row.role for row in rows)
    ranked = sorted(
        rows,
        key=lambda row: (
            row.stale_since is not None, BASES.index(row.basis), -said[row.role], row.page,
        ),
    )  # fmt: skip
    best = ranked[0]
    phoned = next((row for row in ranked if row.phone), best)
    stale = [row.stale_since for row in rows if row.stale_since is not None]
    return Known(
        authority=best.authority,
        role=best.role,
        name=best.name,
        email=best.email,
        phone=phoned.phone,
        phone_written=phoned.phone_written,
        form=next((row.form for row in ranked if row.form), None),
        outcomes=tuple(best.outcomes),
        personal=best.personal,
        evidence=tuple(_evidence(row) for row in ranked),
        first_seen=min(row.first_seen for row in rows),
        last_seen=max(row.last_seen for row in rows),
        stale_since=max(stale) if len(stale) == len(rows) else None,
    )


def _evidence(row: Any) -> Evidence:
    return Evidence(
        page=row.page,
        role=row.role,
        basis=row.basis,
        headings=tuple(row.headings),
        sentence=row.sentence,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        stale_since=row.stale_since,
    )
