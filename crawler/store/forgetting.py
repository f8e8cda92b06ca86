"""Takes people who asked to be forgotten out of everything that is stored, a batch at a time.

`tables.metadata` is the map: each table is either swept or named here as one that holds no one's
words. What is found is recognised by the forget list's hashes, so this can be done again whenever
old data comes back.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crawler.redaction import MARKS, Gone, cleared, release
from crawler.store import contacts, listings, stamps
from crawler.store.statements import chunks
from crawler.store.tables import metadata, releases, site_pages

SWEPT = (
    "releases", "processes", "opportunities", "changes", "awards", "duplicate_pairs", "runs",
    "matches", "marks", "reviews", "contacts", "site_pages", "site_visits", "bid_portals",
    "audit", "crawl_requests", "job_requests", "source_pauses", "organisations", "introductions",
    "relets", "gatherings", "resources", "asks",
)  # fmt: skip
"""Tables with words of portals, pages or people in them."""

SPARED = (
    "process_keys", "source_states", "subscribers", "subscriptions", "bid_mentions", "forgotten",
    "consents", "outbox", "bounces", "suppressions", "leases", "listings", "origins",
    "users", "sign_ins", "sessions", "skips", "job_runs", "organisation_wins", "contracts_waiting",
    "stamps",
)  # fmt: skip
"""Tables without such words; listings, made anew with their opportunities; those of people's own
subscriptions, which ``subscribers erase`` erases; our own people, whom ``users remove`` removes;
and mails as they were composed: those are not rewritten, and are pruned in their time."""

_IDENTITY = frozenset({"ocid", "ocids", "release_id", "content_hash", "sources", "source"})
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """A batch of releases: its last id, how many were redacted, which processes those tell of."""

    last: int
    redacted: int
    processes: frozenset[int]


def sweep_releases(connection: sa.Connection, gone: Gone, after: int) -> Swept | None:
    """Redacts the raw text of the next releases with ids above `after`; None at the end.

    Their content hashes stay those of the originals: read again, they are known.
    """
    query = (
        sa.select(releases.c.id, releases.c.raw, releases.c.process_id)
        .where(releases.c.id > after, releases.c.raw.is_not(None))
        .order_by(releases.c.id)
        .limit(_BATCH)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    shorter: list[dict[str, Any]] = []
    concerned: set[int] = set()
    for row in rows:
        raw = zlib.decompress(row.raw)
        left = release(raw, gone)
        if left is not raw:
            shorter.append({"pk": row.id, "left": zlib.compress(left, 1)})
            concerned |= {row.process_id} - {None}
    if shorter:
        statement = sa.update(releases).where(releases.c.id == sa.bindparam("pk"))
        connection.execute(statement.values(raw=sa.bindparam("left")), shorter)
    return Swept(last=rows[-1].id, redacted=len(shorter), processes=frozenset(concerned))


def sweep_table(connection: sa.Connection, name: str, gone: Gone) -> int:
    """Redacts every text and JSON column of one table; how many rows that changed."""
    if name == "contacts":
        contacts.drop_forgotten(connection, gone)
    if name == "site_pages":
        _drop_pages(connection, gone)
    table = metadata.tables[name]
    columns = _worded(table)
    keys = list(table.primary_key.columns)
    done: list[Any] = []
    for row in _candidates(connection, table, columns):
        values = {
            column.name: clear
            for column in columns
            if (clear := cleared(row._mapping[column], gone)) != row._mapping[column]
        }
        if values:
            same = sa.and_(*(column == row._mapping[column] for column in keys))
            connection.execute(sa.update(table).where(same).values(values))
            done.append(row._mapping[keys[0]])
    if name == "opportunities":
        listings.renew(connection, done)
    if done and name in ("organisations", "opportunities"):
        stamps.renew(connection, "organisations")  # names, and titles of what they won
    return len(done)


def _worded(table: sa.Table) -> list[sa.Column[Any]]:
    """The columns that hold words: not those by which a row is known."""
    unique = {
        column.name
        for one in table.constraints
        if isinstance(one, (sa.UniqueConstraint, sa.PrimaryKeyConstraint))
        for column in one.columns
    }
    return [
        column
        for column in table.columns
        if isinstance(column.type, (sa.String, sa.JSON))
        and column.name not in unique | _IDENTITY
        and not column.unique
        and not column.foreign_keys
    ]


def _candidates(
    connection: sa.Connection, table: sa.Table, columns: Collection[sa.Column[Any]]
) -> Iterator[sa.Row[Any]]:
    """The rows that may hold an address, a batch in memory at a time where they have an id."""
    texts = [sa.cast(column, sa.Text) for column in columns]
    may = sa.or_(*(text.icontains(mark, autoescape=True) for text in texts for mark in MARKS))
    wanted = [*table.primary_key.columns, *columns]
    if "id" not in table.columns:
        yield from connection.execute(sa.select(*wanted).where(may)).all()
        return
    ids = connection.execute(sa.select(table.c.id).where(may)).scalars().all()
    for part in chunks(ids, _BATCH):
        yield from connection.execute(sa.select(*wanted).where(table.c.id.in_(part))).all()


def _drop_pages(connection: sa.Connection, gone: Gone) -> None:
    """Forgets that pages were read whose own address holds one to be forgotten."""
    for row in _candidates(connection, site_pages, [site_pages.c.url]):
        if cleared(row.url, gone) != row.url:
            connection.execute(sa.delete(site_pages).where(site_pages.c.url == row.url))
