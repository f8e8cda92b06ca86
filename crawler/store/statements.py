"""The few statements that SQLite and PostgreSQL spell differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

T = TypeVar("T")
_PARAMETERS = 5000


def insert_or_ignore(connection: sa.Connection, table: sa.Table) -> Any:
    """An INSERT that passes over rows whose key is there already."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()


def inserted(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> bool:
    """Inserts `row` unless its key is there already; whether it did.

    Asked by RETURNING, since drivers do not agree on what to count.
    """
    key = next(iter(table.primary_key))
    statement = insert_or_ignore(connection, table).values(row).returning(key)
    return connection.execute(statement).first() is not None


def chunks(values: Iterable[T], size: int = _PARAMETERS) -> Iterator[list[T]]:
    """`values` in lists short enough for one statement's parameters."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part


def padded(values: Iterable[T]) -> list[T]:
    """`values` and the last one again, up to a power of two: for lists that a statement reads by.

    A server plans a statement anew for each length of its lists; of these there are few.
    """
    some = list(values)
    missing = (1 << (len(some) - 1).bit_length()) - len(some) if some else 0
    return some + some[-1:] * missing
