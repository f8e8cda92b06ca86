"""The few statements that SQLite and PostgreSQL spell differently."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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


def chunks(values: Iterable[T], size: int = _PARAMETERS) -> Iterator[list[T]]:
    """`values` in lists short enough for one statement's parameters."""
    rest = iter(values)
    while part := list(islice(rest, size)):
        yield part
