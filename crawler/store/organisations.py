"""Possible partners: bodies that lists name, that won relevant work, or that say they are open.

An entry with a `subscriber_id` is somebody's own: it is there only while they agree, goes with
them, and is shown only while they get our mail. Everything else is a public fact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from operator import attrgetter
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from crawler.items import ART_FORMS
from crawler.store import stamps
from crawler.store.listings import BITS, mask, words_in
from crawler.store.partner_tables import organisations
from crawler.store.statements import chunks
from crawler.store.tables import subscribers
from crawler.text import key as words_of

_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_KEY = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """One possible partner. `key` is its public name, `names` are its other names.

    `region` is an ITL1 code, `authority` a GSS code, `sources` the lists that name it, `rows` their
    lines, `wins` how many relevant contracts it won, `standing` how much those lists and its name
    speak for its substance (hundredths). For a subscriber's own entry `pitch` is what
    they say of themselves, and `opened` since when they are open to partnering.
    """

    key: str
    name: str
    name_key: str
    id: int = 0
    names: tuple[str, ...] = ()
    region: str | None = None
    authority: str | None = None
    postcode: str | None = None
    website: str | None = None
    charity: str | None = None
    art_forms: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    rows: tuple[tuple[Any, ...], ...] = ()
    wins: int = 0
    standing: int = 0
    subscriber_id: int | None = None
    pitch: str | None = None
    opened: datetime | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """Whence it is known: ``imported``, ``supplier``, ``subscriber``."""
        known = (
            ("imported", bool(self.sources)),
            ("supplier", self.wins > 0),
            ("subscriber", self.subscriber_id is not None),
        )
        return tuple(kind for kind, holds in known if holds)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a person's own entry is to be found and by what, and nothing that they wrote."""

    id: int
    authority: str | None
    region: str | None
    card: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What to look for: words that all occur in its names, a region, an art form."""

    words: str = ""
    region: str | None = None
    art_form: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A page of what was found, how much there is of it, and counts of the other choices.

    `by_region` counts without the region that was asked for, `by_art_form` without the art form.
    """

    items: tuple[Organisation, ...]
    total: int
    by_region: Mapping[str, int]
    by_art_form: Mapping[str, int]


def key_of(identity: str) -> str:
    """The public name of what `identity` tells apart from everything else."""
    digest = blake2b(identity.encode(), digest_size=_KEY).digest()
    return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest)


def shown() -> sa.ColumnElement[bool]:
    """Which entries anybody may see: public facts, and those of people who get our mail."""
    reached = sa.exists().where(
        subscribers.c.id == organisations.c.subscriber_id, subscribers.c.state == "active"
    )
    return sa.or_(organisations.c.subscriber_id.is_(None), reached)


def tags(art_forms: Collection[str], outcomes: Collection[str] = ()) -> int:
    """Art forms and outcomes as they stand in `organisations.card` and `listings.card`."""
    return mask("art_forms", art_forms) | mask("outcomes", outcomes)


def search(
    connection: sa.Connection, asked: Search, *, limit: int | None, offset: int = 0
) -> Found:
    """What fits `asked`, by name."""
    named = [shown(), *_named(asked.words)]
    region = organisations.c.region == asked.region if asked.region else sa.true()
    bit = mask("art_forms", [asked.art_form] if asked.art_form else [])
    form = organisations.c.card.bitwise_and(bit) != 0 if asked.art_form else sa.true()
    total = connection.execute(
        sa.select(sa.func.count()).select_from(organisations).where(*named, region, form)
    ).scalar_one()
    rows = connection.execute(
        sa.select(organisations)
        .where(*named, region, form)
        .order_by(organisations.c.name_key, organisations.c.id)
        .limit(limit)
        .offset(offset)
    )
    regions = connection.execute(
        sa.select(organisations.c.region, sa.func.count().label("bodies"))
        .where(*named, form, organisations.c.region.is_not(None))
        .group_by(organisations.c.region)
    )
    forms = connection.execute(
        sa.select(*(_having(form_bit) for form_bit in BITS["art_forms"].values())).where(
            *named, region
        )
    ).one()
    return Found(
        items=tuple(map(read, rows)),
        total=total,
        by_region=MappingProxyType({row.region: row.bodies for row in regions}),
        by_art_form=MappingProxyType(dict(zip(ART_FORMS, forms, strict=True))),
    )


def _named(words: str) -> list[sa.ColumnElement[bool]]:
    """Each word begins one of a name's."""
    return [
        organisations.c.words.contains(f" {word}", autoescape=True)
        for word in words_of(words).split()
    ]


def _having(bit: int) -> sa.ColumnElement[int]:
    return sa.func.count(sa.case((organisations.c.card.bitwise_and(bit) != 0, 1)))


def by_key(connection: sa.Connection, key: str) -> Organisation | None:
    """The organisation of that public name that anybody may see, or None."""
    found = connection.execute(sa.select(organisations).where(organisations.c.key == key, shown()))
    row = found.one_or_none()
    return read(row) if row else None


def by_ids(connection: sa.Connection, ids: Collection[int]) -> dict[int, Organisation]:
    """Those of the organisations with these internal ids that anybody may see, without `rows`."""
    found: dict[int, Organisation] = {}
    for part in chunks(ids):
        rows = connection.execute(_BY_IDS, {"ids": part})
        found |= {row.id: _narrow(row) for row in rows}
    return found


def ids_of(connection: sa.Connection, keys: Collection[str]) -> dict[str, int]:
    """The internal ids of entries by their public names."""
    found: dict[str, int] = {}
    for part in chunks(keys):
        query = sa.select(organisations.c.key, organisations.c.id)
        rows = connection.execute(query.where(organisations.c.key.in_(part)))
        found |= {row.key: row.id for row in rows}
    return found


def public_narrow(connection: sa.Connection) -> list[Organisation]:
    """Every entry that is nobody's own, without its other names and its `rows`."""
    return [_narrow(row) for row in connection.execute(_PUBLIC)]


def own_marks(connection: sa.Connection) -> list[Mark]:
    """Where people's own entries are to be found and by what; the newest first."""
    return [Mark(*row) for row in connection.execute(_OWN_MARKS)]


def listed(connection: sa.Connection) -> list[Organisation]:
    """All that anybody may see, by name."""
    query = sa.select(organisations).where(shown())
    rows = connection.execute(query.order_by(organisations.c.name_key, organisations.c.id))
    return [read(row) for row in rows]


def public(connection: sa.Connection) -> list[Organisation]:
    """Every entry that is nobody's own."""
    query = sa.select(organisations).where(organisations.c.subscriber_id.is_(None))
    return [read(row) for row in connection.execute(query.order_by(organisations.c.id))]


def own(connection: sa.Connection, subscriber_id: int) -> Organisation | None:
    """Somebody's own entry, whether or not others see it; None without their consent."""
    row = connection.execute(
        sa.select(organisations).where(organisations.c.subscriber_id == subscriber_id)
    ).one_or_none()
    return read(row) if row else None


def add(connection: sa.Connection, fresh: Iterable[Organisation]) -> None:
    """Adds entries; their keys must be new."""
    rows = [columns(one) for one in fresh]
    for part in chunks(rows, 500):
        connection.execute(organisations.insert(), part)
    if rows:
        stamps.renew(connection, "organisations")


def change(connection: sa.Connection, changed: Iterable[Organisation]) -> None:
    """Writes entries that are there, known by their ids."""
    written = 0
    for one in changed:
        statement = organisations.update().where(organisations.c.id == one.id)
        written += connection.execute(statement.values(**columns(one))).rowcount
    if written:
        stamps.renew(connection, "organisations")


def remove(connection: sa.Connection, ids: Collection[int]) -> int:
    """Removes entries; how many."""
    gone = 0
    for part in chunks(ids):
        done = connection.execute(organisations.delete().where(organisations.c.id.in_(part)))
        gone += done.rowcount
    if gone:
        stamps.renew(connection, "organisations")
    return gone


def withdraw(connection: sa.Connection, subscriber_id: int) -> bool:
    """Removes somebody's own entry; whether there was one."""
    gone = connection.execute(
        organisations.delete().where(organisations.c.subscriber_id == subscriber_id)
    )
    if gone.rowcount:
        stamps.renew(connection, "organisations")
    return gone.rowcount > 0


def columns(one: Organisation) -> dict[str, Any]:
    """An entry by column, without its id."""
    return {
        "key": one.key,
        "name": one.name,
        "name_key": one.name_key,
        "names": list(one.names),
        "words": _searched((one.name, *one.names)),
        "region": one.region,
        "authority": one.authority,
        "postcode": one.postcode,
        "website": one.website,
        "charity": one.charity,
        "card": tags(one.art_forms, one.outcomes),
        "sources": list(one.sources),
        "rows": [list(row) for row in one.rows],
        "wins": one.wins,
        "standing": one.standing,
        "subscriber_id": one.subscriber_id,
        "pitch": one.pitch,
        "opened": one.opened,
    }


def _searched(names: Sequence[str]) -> str:
    return "".join(f" {words}" for words in dict.fromkeys(map(words_of, names)))


_PLAIN = (
    "id", "key", "name", "name_key", "region", "authority", "postcode", "website", "charity",
    "wins", "standing", "subscriber_id", "pitch", "opened",
)  # fmt: skip
_plain = attrgetter(*_PLAIN)
_NARROW = tuple(organisations.c[name] for name in (*_PLAIN, "card", "sources"))
"""What telling good partners from others takes; there are many."""


_BY_IDS = sa.select(*_NARROW).where(
    organisations.c.id.in_(sa.bindparam("ids", expanding=True)), shown()
)


_PUBLIC = sa.select(*_NARROW).where(organisations.c.subscriber_id.is_(None))
_OWN_MARKS = (
    sa.select(*(organisations.c[one] for one in ("id", "authority", "region", "card")))
    .where(organisations.c.subscriber_id.is_not(None))
    .order_by(organisations.c.id.desc())
)


def _narrow(row: Any) -> Organisation:
    """An entry without its other names and its `rows`."""
    return Organisation(
        **dict(zip(_PLAIN, _plain(row), strict=True)),
        sources=tuple(row.sources),
        art_forms=words_in(row.card, "art_forms"),
        outcomes=words_in(row.card, "outcomes"),
    )


def read(row: Any) -> Organisation:
    """An entry out of a row of the table."""
    rows = tuple(tuple(map(_cell, line)) for line in row.rows)
    return replace(_narrow(row), names=tuple(row.names), rows=rows)


def _cell(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
