"""Which releases are new, and which revision of their id each is: portals edit some in place."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from crawler.items import Batch, RawRelease
from crawler.store.statements import chunks
from crawler.store.tables import releases


def fresh(
    connection: sa.Connection, source: str, batches: Sequence[Batch]
) -> list[tuple[Batch, RawRelease, int]]:
    """The releases not stored yet, each with its batch and the revision that it becomes."""
    wanted = {_identity(one) for batch in batches for one in batch.releases}
    stored = _revisions(connection, source, wanted)
    found: list[tuple[Batch, RawRelease, int]] = []
    beside: dict[str, bytes] = {}
    for batch in batches:
        for one in batch.releases:
            hashes = stored.setdefault(_identity(one), [])
            if one.content_hash in hashes or _reordered(connection, source, hashes, one, beside):
                continue
            hashes.append(one.content_hash)
            beside[one.content_hash] = one.raw
            found.append((batch, one, len(hashes)))
    return found


def _identity(one: RawRelease) -> tuple[str, str]:
    return (one.facts.ocid, one.facts.release_id) if one.facts else ("", one.content_hash)


def _revisions(
    connection: sa.Connection, source: str, wanted: set[tuple[str, str]]
) -> dict[tuple[str, str], list[str]]:
    """The content hashes stored under each identity, oldest revision first."""
    columns = (releases.c.ocid, releases.c.release_id, releases.c.content_hash)
    query = (
        sa.select(*columns)
        .where(
            releases.c.source == source,
            releases.c.ocid.in_(sa.bindparam("ocids", expanding=True)),
        )
        .order_by(releases.c.revision)
    )
    found: dict[tuple[str, str], list[str]] = {}
    for part in chunks({ocid for ocid, _ in wanted if ocid}):
        for ocid, release_id, stored in connection.execute(query, {"ocids": part}):
            if (ocid, release_id) in wanted:
                found.setdefault((ocid, release_id), []).append(stored)
    return found


def _reordered(
    connection: sa.Connection,
    source: str,
    hashes: list[str],
    one: RawRelease,
    beside: Mapping[str, bytes],
) -> bool:
    """Whether the release is stored with its fields in another order: that changed nothing.

    `beside` are those that are about to be stored, by content hash.
    """
    if not hashes:
        return False
    raw = beside.get(hashes[-1])
    if raw is None:
        query = sa.select(releases.c.raw).where(
            releases.c.source == source, releases.c.content_hash == hashes[-1]
        )
        packed = connection.execute(query).scalar()
        if packed is None:
            return False
        raw = zlib.decompress(packed)
    try:
        equal: bool = json.loads(raw) == json.loads(one.raw)
    except ValueError:
        return False
    return equal
