"""Brings a database to this version's schema, with what a migration cannot work out by itself."""

from __future__ import annotations

import sqlalchemy as sa

from crawler.contacts import bidding
from crawler.store import bidding as bids
from crawler.store import database

_MENTIONS_OF_ANYBODY = "0021"


def upgrade(engine: sa.Engine) -> str:
    """The schema revision that the database now has. Raises `StoreError`."""
    before = database.schema(engine)
    revision = database.upgrade(engine)
    if before is not None and before < _MENTIONS_OF_ANYBODY:
        with database.writing(engine) as connection:
            bids.remember_all(connection, bidding.mention)
    return revision
