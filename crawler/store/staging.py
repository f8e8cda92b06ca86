"""A backup brought back beside the database, and put into its place when all is well with it.

Until then the database is as it was. What is replaced stays, under another name.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from crawler.errors import StoreError, UsageError
from crawler.store import copying, database

_BUSY_MILLISECONDS = 2000
_LONGEST_NAME = 63
"""Of a name in PostgreSQL, in bytes."""


@dataclass(slots=True, kw_only=True)
class Staged:
    """A restored database that is not in its place yet.

    `old` is the database that it would replace, open for reading; None where there is none, or
    where it holds nothing, or cannot be read any more (`unreadable` says why). `aside` is the name
    under which the old one is kept once the new one is in place.
    """

    engine: sa.Engine
    old: sa.Connection | None = None
    unreadable: str | None = None
    aside: str | None = None
    wanted: bool = field(default=False, repr=False)

    def accept(self) -> None:
        """All is well: it goes into its place when its context ends."""
        self.wanted = True


def kind_of(file: Path) -> Literal["sqlite", "postgresql"]:
    """What wrote a backup. Raises `UsageError` for what is none."""
    try:
        with file.open("rb") as opened:
            head = opened.read(16)
    except OSError as error:
        raise UsageError(f"the backup {file} cannot be read: {error.strerror}.") from error
    if head == b"SQLite format 3\0":
        return "sqlite"
    if head.startswith(b"PGDMP"):
        return "postgresql"
    raise UsageError(
        f"{file} is no backup: neither an SQLite file nor one that pg_dump --format=custom wrote."
        " Take one from var/backups."
    )


@contextmanager
def staged(url: str, file: Path, now: datetime, *, replace: bool) -> Iterator[Staged]:
    """The backup `file`, restored beside the database at `url`.

    Raises `UsageError` when that holds rows and may not be replaced, when something still uses it,
    or when the backup is of the other kind; `StoreError` for a damaged one.
    """
    kind = kind_of(file)
    place = database.parsed(url)
    if place.get_backend_name() != kind:
        raise UsageError(
            f"{file} is of a {kind} database, and TENDERS_DATABASE_URL names a"
            f" {place.get_backend_name()} one. Restore it into one of its kind, then copy that:"
            " tenders db copy --from URL --to URL"
        )
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    open_one = _sqlite if kind == "sqlite" else _postgresql
    with open_one(place, file, stamp, replace=replace) as ready:
        yield ready


def _may_replace(old: sa.Engine, *, replace: bool) -> bool:
    """Whether the old database holds anything. Raises `UsageError` if so and it must stay."""
    if copying.empty(old):
        return False
    if not replace:
        raise UsageError(
            f"the database {old.url.render_as_string()} is not empty. Nothing was changed."
            " To replace it, say --replace: it is kept under another name."
        )
    return True


@contextmanager
def _sqlite(place: sa.URL, file: Path, stamp: str, *, replace: bool) -> Iterator[Staged]:
    if not place.database or place.database == ":memory:":
        raise UsageError("TENDERS_DATABASE_URL names no file to restore into.")
    target = Path(place.database)
    beside = target.with_name(f"{target.name}.restoring")
    aside = target.with_name(f"{target.name}.before-{stamp}")
    if aside.exists():
        raise UsageError(f"{aside} is there already. Wait a second and try again.")
    database.writable(target)
    _remove(beside)
    try:
        with _held(target, replace=replace) as (old, unreadable):
            _bring_back(file, beside)
            made = database.connect(place.set(database=str(beside)).render_as_string(False))
            full = old is not None or unreadable is not None
            ready = Staged(
                engine=made, old=old, unreadable=unreadable, aside=str(aside) if full else None
            )
            try:
                yield ready
            finally:
                made.dispose()
            if ready.wanted:
                _swap_files(beside, target, aside if full else None)
    finally:
        _remove(beside)


@contextmanager
def _held(target: Path, *, replace: bool) -> Iterator[tuple[sa.Connection | None, str | None]]:
    """The file that is there, for us alone until the end; or why it cannot be read."""
    if not target.exists() or not target.stat().st_size:
        yield None, None
        return
    engine = sa.create_engine(f"sqlite:///{target}", poolclass=NullPool)
    sa.event.listen(engine, "connect", _alone)
    try:
        with engine.connect() as connection:
            held = connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar()
    except sa.exc.DBAPIError as error:
        if getattr(error.orig, "sqlite_errorcode", None) in (
            sqlite3.SQLITE_BUSY,
            sqlite3.SQLITE_LOCKED,
        ):
            raise UsageError(
                f"something still uses {target}. Nothing was changed. Stop the scheduler, crawls"
                " and the web app, and try again."
            ) from error
        if not replace:
            raise UsageError(
                f"{target} is there and cannot be read ({error.orig}). Nothing was changed. To"
                " replace it, say --replace: it is kept under another name."
            ) from error
        yield None, str(error.orig)
        return
    if not held or not _may_replace(engine, replace=replace):
        yield None, None
        return
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")
        yield connection, None


def _alone(connection: sqlite3.Connection, _: object) -> None:
    """Leaving write-ahead logging needs the file for oneself, and makes it whole without a log."""
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout={_BUSY_MILLISECONDS}")
    connection.execute("PRAGMA journal_mode=DELETE").fetchall()


def _bring_back(file: Path, beside: Path) -> None:
    """Copies a backup, with what its write-ahead log holds if it has one, and looks it through."""
    log = file.with_name(f"{file.name}-wal")
    how = "mode=ro" if log.exists() else "mode=ro&immutable=1"
    try:
        beside.touch(mode=0o600)
        with (
            closing(
                sqlite3.connect(f"file:{quote(str(file.resolve()))}?{how}", uri=True)
            ) as source,
            closing(sqlite3.connect(beside)) as copy,
        ):
            source.backup(copy)
            words = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except (OSError, sqlite3.Error) as error:
        words = str(error)
    if words != "ok":
        raise StoreError(
            f"the backup {file} cannot be restored: {words}. Nothing was changed. If it is damaged,"
            " take an older one from var/backups; if the disk is full, make room."
        )


def _swap_files(beside: Path, target: Path, aside: Path | None) -> None:
    """Puts the new file in the place of the old one, which is never absent in between."""
    with closing(sqlite3.connect(beside)) as copy:
        copy.execute("PRAGMA journal_mode=DELETE").fetchall()
    if target.exists():
        shutil.copymode(target, beside)
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    if aside is not None:
        try:
            os.link(target, aside)
        except OSError:  # a file system without hard links
            target.rename(aside)
    for suffix in ("-wal", "-shm"):  # left only by a file that could not be opened
        part = target.with_name(target.name + suffix)
        if aside is None:
            part.unlink(missing_ok=True)  # another file's log would be taken for the new one's
        elif part.exists():
            part.rename(aside.with_name(aside.name + suffix))
    beside.replace(target)


def _remove(beside: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        beside.with_name(beside.name + suffix).unlink(missing_ok=True)


@contextmanager
def _postgresql(place: sa.URL, file: Path, stamp: str, *, replace: bool) -> Iterator[Staged]:
    name = place.database or ""
    beside, aside = (
        f"{name[: _LONGEST_NAME - 27]}_{one}_{stamp.lower()}" for one in ("new", "before")
    )
    server = sa.create_engine(
        place.set(database="postgres"), poolclass=NullPool, isolation_level="AUTOCOMMIT"
    )
    there = _exists(server, name)
    old = sa.create_engine(place, poolclass=NullPool) if there else None
    full = old is not None and _may_replace(old, replace=replace)
    if there:
        _nobody_else(server, name)
    _run(server, "CREATE DATABASE {} TEMPLATE template0", beside)
    try:
        made_url = place.set(database=beside)
        database.run_client(
            "pg_restore", made_url, "--no-owner", "--no-privileges", "--exit-on-error",
            "--single-transaction", str(file),
        )  # fmt: skip
        made = database.connect(made_url.render_as_string(False))
        reading = old.connect() if old is not None and full else None
        ready = Staged(engine=made, old=reading, aside=aside if full else None)
        try:
            yield ready
        finally:
            made.dispose()
            if reading is not None:
                reading.close()
        if ready.wanted:
            _swap_names(server, name, beside, aside if there else None)
            if there and not full:
                _run(server, "DROP DATABASE {}", aside)
    finally:
        with suppress(StoreError):
            _run(server, "DROP DATABASE IF EXISTS {}", beside)
        server.dispose()


def _exists(server: sa.Engine, name: str) -> bool:
    try:
        with server.connect() as connection:
            query = sa.text("SELECT 1 FROM pg_database WHERE datname = :name")
            return connection.execute(query, {"name": name}).first() is not None
    except sa.exc.DBAPIError as error:
        raise StoreError(
            f"the server of {server.url.render_as_string()} does not answer: "
            f"{' '.join(str(error.orig).split()).rstrip('.')}. Check TENDERS_DATABASE_URL."
        ) from error


def _nobody_else(server: sa.Engine, name: str) -> None:
    with server.connect() as connection:
        query = sa.text("SELECT count(*) FROM pg_stat_activity WHERE datname = :name")
        others = connection.execute(query, {"name": name}).scalar_one()
    if others:
        raise UsageError(
            f"{others} connections still use the database {name}. Nothing was changed. Stop the"
            " scheduler, workers and the web app on every machine, and try again."
        )


def _quoted(server: sa.Engine, *names: str) -> list[str]:
    return [server.dialect.identifier_preparer.quote_identifier(name) for name in names]


def _run(server: sa.Engine, statement: str, *names: str) -> None:
    try:
        with server.connect() as connection:
            connection.exec_driver_sql(statement.format(*_quoted(server, *names)))
    except sa.exc.DBAPIError as error:
        raise _refused(error) from error


def _swap_names(server: sa.Engine, name: str, beside: str, aside: str | None) -> None:
    """Both names change at once, or neither."""
    renames = [(beside, name)] if aside is None else [(name, aside), (beside, name)]
    try:
        with server.execution_options(isolation_level="READ COMMITTED").begin() as connection:
            for before, after in renames:
                words = "ALTER DATABASE {} RENAME TO {}".format(*_quoted(server, before, after))
                connection.exec_driver_sql(words)
    except sa.exc.DBAPIError as error:
        raise _refused(error) from error


def _refused(error: sa.exc.DBAPIError) -> StoreError:
    words = " ".join(str(error.orig).split()).rstrip(".")
    return StoreError(
        f"PostgreSQL refused to make or rename a database: {words}. Nothing was changed. The role"
        " of TENDERS_DATABASE_URL needs the right to (ALTER ROLE … CREATEDB), and nobody else may"
        " use the database meanwhile."
    )
