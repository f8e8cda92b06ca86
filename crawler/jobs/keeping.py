"""Keeps the store in shape: prunes what has served its time."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler.store import contacts, database, membership, outbox, releases

_MONTH = timedelta(days=30.44)
UNCONFIRMED = timedelta(days=30)
"""How long somebody who asked may take to confirm."""


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
