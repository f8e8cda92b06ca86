"""Keeps the store in shape: prunes raw releases that have served their time."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler.store import database, releases

_MONTH = timedelta(days=30.44)


def prune(engine: sa.Engine, months: int, now: datetime) -> int:
    """Drops the raw text of releases older than `months`; how many were dropped."""
    with database.writing(engine) as connection:
        return releases.prune(connection, now - months * _MONTH)
