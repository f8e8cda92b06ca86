"""Restores a backup: behind ``tenders db restore``.

What the database knew since the backup was made about people's wishes holds on, and the forget list
is applied before the restored database goes into its place.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from crawler import keys
from crawler.config import Settings
from crawler.errors import StoreError
from crawler.jobs import forgetting, upgrading
from crawler.store import carrying, database, staging


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was done.

    `schema` is the one the backup had, `aside` where the database before is kept (None where there
    was none), `carried` what was taken over from it (None where it could not be read, and
    `unreadable` says why), `forgotten` what the forget list took out.
    """

    schema: str
    aside: str | None
    unreadable: str | None
    carried: carrying.Carried | None
    forgotten: forgetting.Outcome


def restore(settings: Settings, file: Path, now: datetime, *, replace: bool = False) -> Restored:
    """Puts the backup `file` in the place of the database, or leaves everything as it was.

    An older schema is brought to this version's. Raises `UsageError` and `StoreError`.
    """
    with staging.staged(settings.database, file, now, replace=replace) as staged:
        schema = database.schema(staged.engine)
        if schema is None:
            raise StoreError(f"{file} is no backup of arts-tenders. Nothing was changed.")
        upgrading.upgrade(staged.engine)
        _sound(staged.engine, file)
        carried = None
        if staged.old is not None:
            carried = _carried(staged.old, staged.engine, now)
        key = keys.forget_key(settings)
        done = forgetting.again(staged.engine, key, now, settings.forgotten)
        _sound(staged.engine, file)
        staged.accept()
        return Restored(
            schema=schema,
            aside=staged.aside,
            unreadable=staged.unreadable,
            carried=carried,
            forgotten=done,
        )


def told(done: Restored) -> Iterator[str]:
    """What was done, in lines for a person; addresses only where staff must decide."""
    yield "The backup is in its place and sound." + (
        "" if done.schema == database.HEAD else f" Its schema {done.schema} was brought up to date."
    )
    if done.aside:
        yield f"The database before is kept as {done.aside}. Delete it when nobody misses it."
    if done.unreadable:
        yield (
            f"The database before could not be read ({done.unreadable}): who stopped, was erased or"
            " bounced since the backup is not known here. Look into your mail server's log."
        )
    if carried := done.carried:
        yield (
            f"Newer than the backup and taken over: {carried.forgotten} to be forgotten,"
            f" {carried.suppressed} not to be written to, {carried.stopped} who stopped,"
            f" {carried.paused} who paused, {carried.sent} mails that are dealt with."
        )
        for email in carried.missing:
            yield (
                f"{email} was no longer in the database, and is paused now. If they were erased:"
                f" tenders subscribers erase {email}; if not: tenders subscribers resume {email}"
            )
    yield (
        f"The forget list was applied: {done.forgotten.contacts} contacts deleted,"
        f" {done.forgotten.releases} raw releases and {done.forgotten.rows} other entries redacted."
    )


def _carried(old: sa.Connection, restored: sa.Engine, now: datetime) -> carrying.Carried:
    with database.writing(restored) as connection:
        try:
            return carrying.carry(old, connection, now)
        except sa.exc.DBAPIError as error:
            words = " ".join(str(error.orig).split()).rstrip(".")
            raise StoreError(
                f"the database to be replaced cannot be read: {words}. Nothing was changed. What it"
                " knows of people who stopped or were erased would be lost: move it away yourself"
                " if that must be, and restore again."
            ) from error


def _sound(engine: sa.Engine, file: Path) -> None:
    problems = database.check(engine)
    if problems:
        raise StoreError(
            f"the backup {file} is not sound: {' '.join(problems)} Nothing was changed. Take"
            " another one."
        )
