"""Copies one database into another, of the same kind or the other: SQLite to PostgreSQL and back.

What is read from the source and what is read back from the target are counted and hashed table by
table before anything is kept. Full text indexes follow by the target's own triggers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import msgspec
import sqlalchemy as sa

from crawler.errors import StoreError, UsageError
from crawler.store import database
from crawler.store.tables import metadata

_BATCH = 500
_HASH_BYTES = 16
_WORDS_TRIGGER = "opportunities_words_added"
_COUNT_WORDS = """INSERT INTO words SELECT term, count(*) FROM opportunities,
    unnest(words_of(title, buyer_name)) AS term GROUP BY term"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a table holds: its rows, and a hash that does not depend on their order (hex)."""

    rows: int
    digest: str


def copy(source: sa.Engine, target: sa.Engine) -> dict[str, Content]:
    """Copies every table; what each holds, by name. The target holds all of it, or no rows.

    The source may be written to meanwhile: what is copied is its state at the beginning. Raises
    `UsageError` when the target is not empty and `StoreError` when the copy is not exact.
    """
    _same_schema(source)
    _ready(target)
    with _snapshot(source) as reading, database.writing(target) as connection:
        first = _refused(connection)
        if first:
            raise UsageError(_not_empty(target, first))
        with _counting_words_at_once(connection):
            contents = {
                table.name: _table(reading, connection, table) for table in metadata.sorted_tables
            }
        _set_sequences(connection)
        for name, content in contents.items():
            _compare(name, content, content_of(connection, metadata.tables[name]))
    with target.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.exec_driver_sql("ANALYZE")
    return contents


def content_of(connection: sa.Connection, table: sa.Table) -> Content:
    """Counts and hashes what a table holds."""
    tally = _Tally(table)
    for rows in _batches(connection, table):
        tally.add(rows)
    return tally.content


def empty(on: sa.Engine) -> bool:
    """Whether a database holds nothing that could be lost. Raises `StoreError`."""
    revision = database.schema(on)
    with on.connect() as connection:
        if revision is None:
            return not sa.inspect(connection).get_table_names()
        known = set(sa.inspect(connection).get_table_names())
        return not any(
            _holds_rows(connection, table)
            for table in metadata.sorted_tables
            if table.name in known
        )


def _same_schema(source: sa.Engine) -> None:
    revision = database.schema(source)
    if revision is None:
        raise UsageError(
            f"the database {source.url.render_as_string()} is empty: there is nothing to copy."
            " Check TENDERS_DATABASE_URL, or say --from."
        )
    if revision != database.HEAD:
        raise StoreError(database.differs(revision))


def _ready(target: sa.Engine) -> None:
    """Makes the schema in a database without tables. Raises where there are others."""
    revision = database.schema(target)
    if revision is not None and revision != database.HEAD:
        raise UsageError(_not_empty(target, f"the older or newer schema {revision}"))
    if revision is None:
        with target.connect() as connection:
            found = sa.inspect(connection).get_table_names()
        if found:
            raise UsageError(_not_empty(target, f"a table {found[0]!r} that is not ours"))
        database.upgrade(target)


def _refused(connection: sa.Connection) -> str | None:
    for table in metadata.sorted_tables:
        if _holds_rows(connection, table):
            return f"rows in {table.name}"
    return None


def _not_empty(target: sa.Engine, found: str) -> str:
    return (
        f"the database {target.url.render_as_string()} is not empty: it has {found}. Nothing was"
        " copied. Name a new database, which `createdb` makes on PostgreSQL, or a new file."
    )


def _holds_rows(connection: sa.Connection, table: sa.Table) -> bool:
    return (
        connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None
    )


@contextmanager
def _snapshot(source: sa.Engine) -> Iterator[sa.Connection]:
    """One state of the source, whatever is written to it meanwhile."""
    if source.dialect.name == "postgresql":
        source = source.execution_options(isolation_level="REPEATABLE READ")
    with source.connect() as connection:
        yield connection


def _table(reading: sa.Connection, writing: sa.Connection, table: sa.Table) -> Content:
    tally = _Tally(table)
    for rows in _batches(reading, table):
        tally.add(rows)
        try:
            writing.execute(table.insert(), [dict(row) for row in rows])
        except (sa.exc.DBAPIError, sa.exc.StatementError) as error:
            words = " ".join(str(error.orig or error).split()).rstrip(".")
            raise StoreError(
                f"the table {table.name} cannot be copied: {words}. Nothing was kept in the target;"
                " mend the row, or make room, and copy again."
            ) from error
    return tally.content


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[Sequence[Mapping[str, Any]]]:
    query = sa.select(table).execution_options(yield_per=_BATCH)
    result = connection.execute(query)
    for part in result.mappings().partitions():
        yield [dict(row) for row in part]


class _Tally:
    """Adds rows up: their number, and the sum of their hashes, in which order does not matter."""

    def __init__(self, table: sa.Table) -> None:
        self.names = [column.name for column in table.columns]
        self.json = {column.name for column in table.columns if isinstance(column.type, sa.JSON)}
        self.rows = 0
        self.sum = 0

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for row in rows:
            values = [_plain(row[name]) if name in self.json else row[name] for name in self.names]
            encoded = msgspec.json.encode(values, order="deterministic")
            self.sum += int.from_bytes(blake2b(encoded, digest_size=_HASH_BYTES).digest(), "big")
        self.rows += len(rows)

    @property
    def content(self) -> Content:
        short = self.sum % (1 << 8 * _HASH_BYTES)
        return Content(rows=self.rows, digest=f"{short:0{2 * _HASH_BYTES}x}")


def _plain(value: Any) -> Any:
    """JSON as it means: PostgreSQL writes the number 1e22 with all its digits, and has no -0.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(Decimal(repr(value))))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value


@contextmanager
def _counting_words_at_once(connection: sa.Connection) -> Iterator[None]:
    """On PostgreSQL, counts the words of titles in the end instead of statement by statement."""
    if connection.dialect.name != "postgresql":
        yield
        return
    connection.exec_driver_sql(f"ALTER TABLE opportunities DISABLE TRIGGER {_WORDS_TRIGGER}")
    yield
    connection.exec_driver_sql(_COUNT_WORDS)
    connection.exec_driver_sql(f"ALTER TABLE opportunities ENABLE TRIGGER {_WORDS_TRIGGER}")


def _set_sequences(connection: sa.Connection) -> None:
    """The next row gets an id that none has; SQLite counts by itself."""
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.sorted_tables:
        column = table.autoincrement_column
        if column is None:
            continue
        sequence = connection.execute(
            sa.select(sa.func.pg_get_serial_sequence(table.name, column.name))
        ).scalar()
        highest = connection.execute(sa.select(sa.func.max(column))).scalar()
        if sequence and highest is not None:
            connection.execute(sa.select(sa.func.setval(sequence, highest)))


def _compare(name: str, read: Content, kept: Content) -> None:
    if read != kept:
        raise StoreError(
            f"the copy of {name} is not exact: {read.rows} rows with hash {read.digest} were read,"
            f" {kept.rows} with {kept.digest} arrived. Nothing was kept in the target. Run"
            " `tenders db check` on the source, and report it."
        )
