"""The addresses of people who asked to be forgotten: keyed hashes, nothing else.

A hash says whether an address that comes along again is one of them; the address itself is gone.
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from datetime import datetime
from functools import lru_cache
from hashlib import sha256

import sqlalchemy as sa

from crawler.redaction import Gone
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


def listed(connection: sa.Connection, key: bytes) -> Gone | None:
    """Says of any address whether it is on the list; None while the list is empty."""
    digests = frozenset(digests_of(connection))
    if not digests:
        return None

    @lru_cache(maxsize=100_000)
    def gone(address: str) -> bool:
        return digest(key, address) in digests

    return gone


def empty(connection: sa.Connection) -> bool:
    """Whether nobody asked to be forgotten."""
    return connection.execute(sa.select(forgotten.c.digest).limit(1)).first() is None


def digests_of(connection: sa.Connection) -> dict[str, datetime]:
    """The hashes on the list and when each came onto it."""
    query = sa.select(forgotten.c.digest, forgotten.c.at)
    return {row.digest: row.at for row in connection.execute(query)}


def take_over(connection: sa.Connection, digests: Mapping[str, datetime]) -> None:
    """Puts hashes on the list that were kept elsewhere, as after a restore."""
    rows = [{"digest": one, "at": at} for one, at in sorted(digests.items())]
    if rows:
        connection.execute(insert_or_ignore(connection, forgotten), rows)


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
