"""The addresses of people who asked to be forgotten: keyed hashes, nothing else.

A hash says whether an address that comes along again is one of them; the address itself is gone.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection
from datetime import datetime
from hashlib import sha256

import sqlalchemy as sa

from crawler.store.statements import chunks, insert_or_ignore
from crawler.store.tables import forgotten


def digest(key: bytes, address: str) -> str:
    """The hash by which `address` is recognised, however it is written."""
    return hmac.new(key, address.strip().lower().encode(), sha256).hexdigest()


def add(connection: sa.Connection, key: bytes, address: str, now: datetime) -> bool:
    """Puts `address` on the list; whether it was not on it before."""
    row = {"digest": digest(key, address), "at": now}
    new = not among(connection, key, [address])
    connection.execute(insert_or_ignore(connection, forgotten), [row])
    return new


def among(connection: sa.Connection, key: bytes, addresses: Collection[str]) -> set[str]:
    """Which of `addresses` are on the list."""
    digests = {digest(key, address): address for address in addresses}
    query = sa.select(forgotten.c.digest).where(
        forgotten.c.digest.in_(sa.bindparam("digests", expanding=True))
    )
    found: set[str] = set()
    for part in chunks(digests):
        found.update(digests[one] for one in connection.execute(query, {"digests": part}).scalars())
    return found
