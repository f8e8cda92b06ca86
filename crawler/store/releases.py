"""Raw releases: kept once, compressed; `keep` is the way by which everything enters the store."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from crawler.decoding import content_hash
from crawler.items import Batch, Facts, Judgement, Place, RawRelease
from crawler.opportunity import Opportunity
from crawler.store import merging, processes, revisions
from crawler.store.folding import Kept
from crawler.store.statements import chunks, insert_or_ignore
from crawler.store.tables import opportunities, releases
from crawler.store.tables import processes as processes_table

Reader = Callable[[str, bytes], Facts]
"""Decodes a raw release of a source, given the source's key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of a batch's releases; `written` are the opportunities that changed, by id."""

    new: int = 0
    changed: int = 0
    same: int = 0
    errors: int = 0
    written: Mapping[int, Opportunity] = field(default_factory=dict, compare=False)


def known(connection: sa.Connection, source: str, hashes: Collection[str]) -> set[str]:
    """Which of the content `hashes` of `source` are stored."""
    asked = {"source": source, "hashes": list(hashes)}
    return set(connection.execute(_KNOWN, asked).scalars())


_KNOWN = sa.select(releases.c.content_hash).where(
    releases.c.content_hash.in_(sa.bindparam("hashes", expanding=True)),
    releases.c.source == sa.bindparam("source"),
)


def keep(connection: sa.Connection, batch: Batch, read: Reader) -> Counts:
    """Stores a batch and brings the opportunities it concerns up to date.

    Reading the same release again writes nothing. Must run inside `database.writing`.
    """
    return keep_all(connection, [batch], read)


def keep_all(connection: sa.Connection, batches: Sequence[Batch], read: Reader) -> Counts:
    """The same for some batches of one source, oldest first, with no more statements than for one.

    Raises `ValueError` for batches of several sources or for none.
    """
    (source,) = {batch.source for batch in batches}
    fresh = revisions.fresh(connection, source, batches)
    same = sum(len(batch.releases) for batch in batches) - len(fresh)
    readable = [(one, one.facts, revision) for _, one, revision in fresh if one.facts is not None]
    seen = processes.known(connection, source, {facts.ocid for _, facts, _ in readable})
    ids = processes.register(connection, [facts for _, facts, _ in readable], seen)
    rows = [_row(batch, one, revision, ids) for batch, one, revision in fresh]
    if rows:
        connection.execute(insert_or_ignore(connection, releases), rows)
    kept: dict[int, list[Kept]] = defaultdict(list)
    for one, facts, revision in readable:
        kept[ids[facts.ocid]].append(
            Kept(facts=facts, judgement=one.judgement, place=one.place, revision=revision)
        )
    load = _stored(read)
    histories = _restated(connection, kept.keys() & set(seen.values()), load)
    written = merging.merge(connection, kept, histories, batches[-1].fetched_at, load)
    begun = len({facts.ocid for _, facts, _ in readable} - seen.keys())
    return Counts(
        new=begun,
        changed=len(readable) - begun,
        same=same,
        errors=len(fresh) - len(readable),
        written=written,
    )


def _row(batch: Batch, one: RawRelease, revision: int, ids: Mapping[str, int]) -> dict[str, Any]:
    facts = one.facts
    return {
        "source": batch.source,
        "ocid": facts.ocid if facts else "",
        "release_id": facts.release_id if facts else one.content_hash,
        "revision": revision,
        "date": facts.date if facts else None,
        "fetched_at": batch.fetched_at,
        "url": batch.url,
        "content_hash": one.content_hash,
        "raw": zlib.compress(one.raw, 1),
        "error": one.error,
        "judgement": msgspec.to_builtins(one.judgement) if one.judgement else None,
        "place": msgspec.to_builtins(one.place) if one.place else None,
        "process_id": ids[facts.ocid] if facts else None,
    }


def _stored(
    read: Reader,
) -> Callable[[sa.Connection, Collection[int]], dict[int, list[Kept] | None]]:
    """A function that reads the stored releases of processes; None for one that was pruned."""

    def load(connection: sa.Connection, wanted: Collection[int]) -> dict[int, list[Kept] | None]:
        query = sa.select(releases).where(
            releases.c.process_id.in_(sa.bindparam("ids", expanding=True))
        )
        found: dict[int, list[Kept] | None] = {at: [] for at in wanted}
        for part in chunks(wanted):
            for row in connection.execute(query, {"ids": part}):
                mine = found[row.process_id]
                if row.raw is None or mine is None:
                    found[row.process_id] = None
                else:
                    mine.append(_kept(row, read))
        return found

    return load


def facts_in(source: str, raw: bytes, known_as: str, read: Reader) -> Facts:
    """The facts in a stored release, whose content hash is `known_as`.

    Where a portal gives no release id, the hash of the original stands for it, also after an
    address was taken out of the text. Raises what `read` raises.
    """
    facts = read(source, raw)
    if facts.release_id != known_as and facts.release_id == content_hash(raw):
        return replace(facts, release_id=known_as)
    return facts


def _kept(row: Any, read: Reader) -> Kept:
    return Kept(
        facts=facts_in(row.source, zlib.decompress(row.raw), row.content_hash, read),
        judgement=msgspec.convert(row.judgement, Judgement) if row.judgement else None,
        place=msgspec.convert(row.place, Place) if row.place else None,
        revision=row.revision,
    )


def prune(connection: sa.Connection, before: datetime) -> int:
    """Drops the raw text of releases published before `before`; how many. Their hashes stay.

    The opportunity keeps what it learnt from them. A process is pruned whole or not at all.
    """
    young = sa.select(releases.c.process_id).where(
        releases.c.date >= before, releases.c.process_id.is_not(None)
    )
    old = sa.or_(releases.c.process_id.is_(None), releases.c.process_id.not_in(young))
    done = connection.execute(
        sa.update(releases)
        .where(
            sa.func.coalesce(releases.c.date, releases.c.fetched_at) < before,
            old,
            releases.c.raw.is_not(None),
        )
        .values(raw=None)
    )
    return done.rowcount


def raws(connection: sa.Connection, *conditions: sa.ColumnElement[bool]) -> Iterator[bytes]:
    """The raw releases of the opportunities that fulfil the `conditions`, oldest first."""
    query = (
        sa.select(releases.c.raw)
        .join(processes_table, processes_table.c.id == releases.c.process_id)
        .join(opportunities, opportunities.c.id == processes_table.c.opportunity_id)
        .where(releases.c.raw.is_not(None), *conditions)
        .order_by(opportunities.c.id, releases.c.date, releases.c.id)
        .execution_options(yield_per=500)
    )
    for raw in connection.execute(query).scalars():
        yield zlib.decompress(raw)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRelease:
    """A release as it lies in the store, its raw text unpacked."""

    id: int
    source: str
    content_hash: str
    raw: bytes
    process_id: int | None


def after(connection: sa.Connection, last: int, count: int) -> list[StoredRelease]:
    """Up to `count` stored releases with ids above `last`, by id; pruned ones are passed over."""
    columns = (releases.c.id, releases.c.source, releases.c.content_hash, releases.c.raw)
    query = (
        sa.select(*columns, releases.c.process_id)
        .where(releases.c.id > last, releases.c.raw.is_not(None))
        .order_by(releases.c.id)
        .limit(count)
    )
    return [
        StoredRelease(
            id=row.id,
            source=row.source,
            content_hash=row.content_hash,
            raw=zlib.decompress(row.raw),
            process_id=row.process_id,
        )
        for row in connection.execute(query)
    ]


def pruned(connection: sa.Connection) -> int:
    """How many releases have lost their raw text to pruning."""
    query = sa.select(sa.func.count()).select_from(releases).where(releases.c.raw.is_(None))
    return connection.execute(query).scalar_one()


def rewrite(connection: sa.Connection, done: Collection[tuple[int, RawRelease]]) -> set[int]:
    """Replaces what was derived from stored releases; the ids of the processes they belong to."""
    facts = [one.facts for _, one in done if one.facts is not None]
    by_source: dict[str, list[Facts]] = defaultdict(list)
    for one in facts:
        by_source[one.source].append(one)
    ids: dict[tuple[str, str], int] = {}
    for source, mine in by_source.items():
        seen = processes.known(connection, source, {one.ocid for one in mine})
        registered = processes.register(connection, mine, seen)
        ids.update({(source, ocid): pk for ocid, pk in registered.items()})
    statement = (
        sa.update(releases)
        .where(releases.c.id == sa.bindparam("pk"))
        .values({name: sa.bindparam(f"new_{name}") for name in _DERIVED})
    )
    rows = [_derived(pk, one, ids) for pk, one in done]
    if rows:
        connection.execute(statement, rows)
    return set(ids.values())


_DERIVED = ("error", "judgement", "place", "process_id", "date")


def _derived(pk: int, one: RawRelease, ids: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    facts = one.facts
    return {
        "pk": pk,
        "new_error": one.error,
        "new_judgement": msgspec.to_builtins(one.judgement) if one.judgement else None,
        "new_place": msgspec.to_builtins(one.place) if one.place else None,
        "new_process_id": ids[facts.source, facts.ocid] if facts else None,
        "new_date": facts.date if facts else None,
    }


def merge_again(
    connection: sa.Connection, ids: Collection[int], now: datetime, read: Reader
) -> dict[int, Opportunity]:
    """Groups and folds the processes `ids` anew from all their stored releases.

    Gives the opportunities that were written, by internal id.
    """
    load = _stored(read)
    histories = _restated(connection, ids, load)
    return merging.merge(connection, {at: [] for at in ids}, histories, now, load)


def _restated(
    connection: sa.Connection, ids: Collection[int], load: merging.Loader
) -> dict[int, list[Kept] | None]:
    """All stored releases of known processes, which are compared by all of them from now on."""
    histories = load(connection, ids) if ids else {}
    whole = {at: [one.facts for one in kept] for at, kept in histories.items() if kept}
    processes.restate(connection, whole)
    return histories
