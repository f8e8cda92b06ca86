"""Stamps: whether what somebody keeps in memory is still what the database holds.

Whoever changes such a thing gives it a new stamp in the same transaction; whoever keeps a copy
compares the stamp with the one that it was read under. Stamps are drawn by lot, so that none comes
again after a restore.
"""

from __future__ import annotations

import secrets
from typing import Literal

import sqlalchemy as sa

from crawler.store.partner_tables import stamps
from crawler.store.statements import insert_or_ignore

Thing = Literal["organisations"]
"""Of what there are stamps: ``organisations`` with what they won."""


def of(connection: sa.Connection, thing: Thing) -> str:
    """The stamp of `thing`; empty before its first change."""
    return connection.execute(_STAMP, {"thing": thing}).scalar() or ""


def renew(connection: sa.Connection, thing: Thing) -> None:
    """Gives `thing` a new stamp, which counts from the end of the transaction."""
    fresh = {"stamp": secrets.token_hex(8)}
    done = connection.execute(sa.update(stamps).where(stamps.c.thing == thing).values(fresh))
    if not done.rowcount:
        connection.execute(insert_or_ignore(connection, stamps), {"thing": thing, **fresh})


_STAMP = sa.select(stamps.c.stamp).where(stamps.c.thing == sa.bindparam("thing"))
