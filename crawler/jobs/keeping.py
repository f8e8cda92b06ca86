"""Keeps the store in shape: backs it up, prunes what has served its time."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from crawler.config import Settings
from crawler.store import contacts, database, membership, outbox, releases

_BACKUP = re.compile(r"tenders-\d{8}T\d{6}Z\.(sqlite|dump)")
_ABANDONED = timedelta(days=1)
_MONTH = timedelta(days=30.44)
UNCONFIRMED = timedelta(days=30)
"""How long somebody who asked may take to confirm."""


def backup(settings: Settings, engine: sa.Engine, now: datetime) -> Path:
    """Writes a backup into ``var/backups`` and deletes the oldest beyond `keep_backups`; its path.

    Only once the new one is whole are others deleted, and only files named as backups are. Raises
    `StoreError`.
    """
    folder = settings.var / "backups"
    made = database.backup(engine, folder, now)
    for old in backups(folder)[: -settings.keep_backups]:
        old.unlink(missing_ok=True)
    for partial in folder.glob("tenders-*.partial"):  # of a backup that was killed
        if partial.stat().st_mtime < (now - _ABANDONED).timestamp():
            partial.unlink(missing_ok=True)
    return made


def backups(folder: Path) -> list[Path]:
    """The backups in a folder, the oldest first."""
    if not folder.is_dir():
        return []
    return sorted(
        (one for one in folder.iterdir() if _BACKUP.fullmatch(one.name)), key=lambda one: one.stem
    )


def prune(engine: sa.Engine, months: int, now: datetime) -> int:
    """Drops the raw text of releases older than `months`; how many were dropped."""
    with database.writing(engine) as connection:
        return releases.prune(connection, now - months * _MONTH)


def prune_contacts(engine: sa.Engine, months: int, now: datetime) -> int:
    """Deletes contacts that no page has published for `months`; how many pages' words went."""
    with database.writing(engine) as connection:
        return contacts.prune(connection, now - months * _MONTH)


def prune_pending(engine: sa.Engine, now: datetime) -> int:
    """Forgets who asked for mails and did not confirm within 30 days; how many."""
    with database.writing(engine) as connection:
        return membership.prune_pending(connection, now - UNCONFIRMED)


def prune_mails(engine: sa.Engine, days: int, now: datetime) -> int:
    """Drops the texts of mails that were done with `days` ago; how many. That they went stays."""
    with database.writing(engine, alone=False) as connection:
        return outbox.prune(connection, now - timedelta(days=days))
