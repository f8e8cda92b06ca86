"""Opens the database: creates a new one, refuses a newer or older one, sets SQLite up.

Whoever writes does so in `writing`, which holds the one write lock from the start: two crawls that
merge into the same opportunity come one after the other, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa

from crawler.errors import StoreError
from crawler.store import work_queue

MIGRATIONS = Path(__file__).with_name("migrations")
HEAD = "0023"
"""The newest schema revision: that of the last file in `MIGRATIONS`."""

_LOCK = 7_264_001
"""The PostgreSQL advisory lock under which merges happen; any number, used nowhere else."""

_IDLE = 0.2
"""Seconds after which a connection is asked first: no server restarts in less."""


def engine(url: str) -> sa.Engine:
    """A ready engine on `url`, its schema checked; an empty database is created first.

    Raises `StoreError` when the folder cannot be written, nothing answers, or the schema is not
    the one this version knows.
    """
    made = connect(url)
    revision = schema(made)
    if revision is None:
        upgrade(made)
    elif revision != HEAD:
        raise StoreError(differs(revision))
    return made


@cache
def connect(url: str) -> sa.Engine:
    """The process's one engine on `url`, whatever its schema. Raises `StoreError`."""
    place = parsed(url)
    options: dict[str, Any] = {
        "json_serializer": lambda value: msgspec.json.encode(value).decode(),
        "json_deserializer": msgspec.json.decode,
    }
    if place.get_backend_name() != "sqlite":
        try:
            return _checked(sa.create_engine(place, **options))
        except ImportError as error:
            raise StoreError(
                "PostgreSQL needs the extra `scale`: install psycopg as README says."
            ) from error
    if place.database and place.database != ":memory:":
        writable(Path(place.database))
    made = sa.create_engine(place, connect_args={"timeout": 60}, **options)
    sa.event.listen(made, "connect", _set_up_sqlite)
    sa.event.listen(made, "begin", _begin_sqlite)
    return made


def parsed(url: str) -> sa.URL:
    """`url` with the driver that is used. Raises `StoreError`."""
    try:
        made = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise StoreError(f"TENDERS_DATABASE_URL is no database address: {error}") from error
    if made.drivername == "postgresql":
        return made.set(drivername="postgresql+psycopg")
    if made.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            f"TENDERS_DATABASE_URL names {made.get_backend_name()!r}; only sqlite:///FILE and"
            " postgresql://… are known."
        )
    return made


def writable(path: Path) -> None:
    """Makes the folder of a database file. Raises `StoreError` where either cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(13, "not writable")
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "the database file is not writable")
    except OSError as error:
        raise StoreError(
            f"{path.parent} cannot be written ({error.strerror}). Give this user the right to write"
            " there, or set TENDERS_HOME to another folder."
        ) from error


def _checked(made: sa.Engine) -> sa.Engine:
    """Has connections that lay idle asked whether they still are one, before they are used.

    `pool_pre_ping` asks each time, which takes as long as a short statement.
    """

    def used(_: object, record: sa.pool.ConnectionPoolEntry, *__: object) -> None:
        record.info["used"] = time.monotonic()

    def ask(idle: Any, record: sa.pool.ConnectionPoolEntry, _: object) -> None:
        if time.monotonic() - record.info["used"] <= _IDLE:
            return
        try:
            made.dialect.do_ping(idle)
        except made.dialect.loaded_dbapi.Error as error:
            raise sa.exc.InvalidatePoolError from error

    sa.event.listen(made, "connect", used)
    sa.event.listen(made, "checkin", used)
    sa.event.listen(made, "checkout", ask)
    return made


def _set_up_sqlite(connection: sqlite3.Connection, _: object) -> None:
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "foreign_keys=ON",
        "synchronous=NORMAL",
        "cache_size=-65536",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    """Writers take the write lock at once: a reader that turns writer half-way would fail."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def reading(on: sa.Engine) -> sa.Connection:
    """A connection for statements that only read, one after the other; as `Engine.connect` is used.

    On PostgreSQL without a transaction around them, which would see each one's newest state all the
    same and costs two more trips to the server.
    """
    if on.dialect.name == "postgresql":
        return on.execution_options(isolation_level="AUTOCOMMIT").connect()
    return on.connect()


class Busy(Exception):  # noqa: N818
    """Somebody else writes at the moment, and `writing` was told not to wait for them."""


@contextmanager
def writing(on: sa.Engine, *, alone: bool = True, wait: bool = True) -> Iterator[sa.Connection]:
    """One transaction that writes, alone: all of it is kept, or nothing.

    Short transactions on rows of their own (leases, the outbox) need not be `alone`: on PostgreSQL
    they then do not wait for a crawl's. Without `wait` it raises `Busy` there, and has done
    nothing, where it would have to; on SQLite it waits all the same.
    """
    with on.execution_options(writes=True).connect() as connection, connection.begin():
        if alone and connection.dialect.name == "postgresql":
            if wait:
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            elif not connection.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))):
                raise Busy
        yield connection


def schema(on: sa.Engine) -> str | None:
    """The database's schema revision; None if it is empty. Raises `StoreError`."""
    try:
        try:
            return _revision(on)
        except sa.exc.DatabaseError as error:
            if not error.connection_invalidated:
                raise
            return _revision(on)  # a lost connection does not say why; the next one does
    except sa.exc.DatabaseError as error:
        words = " ".join(str(error.orig).split()).rstrip(".?")
        raise StoreError(
            f"the database {on.url.render_as_string()} does not open: {words}."
            " Check TENDERS_DATABASE_URL and that the server runs."
        ) from error


def _revision(on: sa.Engine) -> str | None:
    with on.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()


def clock(on: sa.Engine) -> datetime:
    """What time it is for the database. Raises `StoreError`."""
    try:
        with on.connect() as connection:
            now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    except sa.exc.DatabaseError as error:
        raise StoreError(f"the database does not tell its time: {error.orig}.") from error
    return now.astimezone(UTC)


def _newer(revision: str) -> bool:
    return not any(
        path.name.startswith(f"{revision}_") for path in MIGRATIONS.glob("versions/*.py")
    )


def differs(revision: str) -> str:
    """What to do about a schema that is not this version's."""
    if _newer(revision):
        return (
            f"the database has schema {revision}, which this version does not know: a newer"
            " arts-tenders wrote it. Install that version again, or restore a backup made before"
            " the upgrade."
        )
    return (
        f"the database has the older schema {revision}, this version needs {HEAD}."
        " Run `tenders db backup`, then `tenders db upgrade`."
    )


def upgrade(on: sa.Engine) -> str:
    """Brings the schema to this version's; the revision it now has. Raises `StoreError`."""
    from alembic import command  # 0.5 s to import, and every crawl starts several processes
    from alembic.config import Config

    revision = schema(on)
    if revision is not None and _newer(revision):
        raise StoreError(differs(revision))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with on.execution_options(writes=True).begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        work_queue.prepare(connection)
    return HEAD


def check(on: sa.Engine) -> list[str]:
    """What is wrong with the database, in words; nothing when all is well."""
    revision = schema(on)
    if revision != HEAD:
        return [
            differs(revision) if revision else "the database is empty. Run `tenders db upgrade`."
        ]
    problems: list[str] = []
    with on.connect() as connection:
        if connection.dialect.name == "sqlite":
            rows = connection.exec_driver_sql("PRAGMA integrity_check(5)").scalars().all()
            problems += [f"SQLite says: {row}" for row in rows if row != "ok"]
            broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
            problems += [
                f"{row[0]} row {row[1]} points to a missing {row[2]}" for row in broken[:5]
            ]
        lost = connection.execute(
            sa.text("SELECT count(*) FROM processes WHERE opportunity_id IS NULL")
        ).scalar_one()
    if lost:
        problems.append(f"{lost} processes have no opportunity. Run `tenders reprocess`.")
    return problems


def backup(on: sa.Engine, folder: Path, now: datetime) -> Path:
    """Writes a consistent copy while crawls go on, and gives its path. Raises `StoreError`.

    A file with its final name is whole; only this user may read it.
    """
    lite = on.dialect.name == "sqlite"
    target = folder / f"tenders-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}.{'sqlite' if lite else 'dump'}"
    partial = target.with_suffix(".partial")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        if lite:
            _backup_sqlite(on, partial)
        else:
            run_client("pg_dump", on.url, "--format=custom", f"--file={partial}")
        _settle(partial)
        return partial.rename(target)
    except (OSError, sqlite3.Error) as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise StoreError(
            f"the backup was not written to {folder}: {error}. Make room there, or name another"
            " folder: tenders db backup FOLDER"
        ) from error
    except StoreError:
        partial.unlink(missing_ok=True)
        raise


def _backup_sqlite(on: sa.Engine, partial: Path) -> None:
    with on.connect() as connection, closing(sqlite3.connect(partial)) as copy:
        source = connection.connection.driver_connection
        assert isinstance(source, sqlite3.Connection)
        source.backup(copy)
        # The copy carries the flag of its source; as one file it needs no write-ahead log.
        copy.execute("PRAGMA journal_mode=DELETE")


def _settle(path: Path) -> None:
    """Waits until a file lies on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def run_client(program: str, url: sa.URL, *options: str) -> str:
    """Runs a client program of PostgreSQL on `url`; what it prints. Raises `StoreError`.

    The password goes through the environment: everybody may read command lines.
    """
    import subprocess  # only here

    tool = shutil.which(program)
    if tool is None:
        raise StoreError(f"{program} is not installed. Install PostgreSQL's client programs.")
    plain = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = dict(os.environ)
    if url.password is not None:
        environment["PGPASSWORD"] = str(url.password)
    done = subprocess.run(
        [tool, f"--dbname={plain}", *options],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        env=environment,
    )
    if done.returncode:
        words = " ".join(done.stderr.split()).rstrip(".")
        raise StoreError(f"{program} failed: {words}.")
    return done.stdout
