"""Recomputes what is derived, from the raw releases: facts, judgements, places, opportunities."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crawler.contacts import bidding
from crawler.decoding import decode
from crawler.errors import ReleaseError
from crawler.items import Facts, RawRelease
from crawler.partners.signs import signs
from crawler.places import locate
from crawler.relevance.model import Model
from crawler.sources import load
from crawler.store import bidding as bids
from crawler.store import coming, database, opportunities, releases
from crawler.store.releases import StoredRelease

_BATCH = 500


@dataclass(slots=True)
class Outcome:
    """`moved` holds the id, title, old and new word of each opportunity judged otherwise now."""

    releases: int = 0
    errors: int = 0
    pruned: int = 0
    moved: list[dict[str, Any]] = field(default_factory=list)


def read(source: str, raw: bytes) -> Facts:
    """The facts in a raw release of `source`. Raises `ReleaseError`."""
    return decode(raw, source, load()[source].repairs)[0]


def reprocess(engine: sa.Engine, model: Model, now: datetime) -> Outcome:
    """Reads, judges by `model`, places and merges every stored release anew.

    Pruned releases keep what was learnt from them. Each batch is one transaction: interrupted, it
    can simply be run again.
    """
    outcome = Outcome()
    with engine.connect() as connection:
        before = opportunities.relevances(connection)
        outcome.pruned = releases.pruned(connection)
    last = 0
    while True:
        with database.writing(engine) as connection:
            batch = releases.after(connection, last, _BATCH)
            if not batch:
                break
            last = batch[-1].id
            ids = _redo(connection, batch, model, outcome)
            releases.merge_again(connection, ids, now, read)
    with database.writing(engine) as connection:
        bids.ship(connection, bidding.page_facts(), now)
        bids.remember_all(connection, bidding.mention)
        coming.remember_all(connection, signs)
    with engine.connect() as connection:
        after = opportunities.relevances(connection)
        for key, (title, relevance) in after.items():
            old = before.get(key, (title, relevance))[1]
            if old != relevance:
                outcome.moved.append({"id": key, "title": title, "old": old, "new": relevance})
    return outcome


def _redo(
    connection: sa.Connection, batch: list[StoredRelease], model: Model, outcome: Outcome
) -> set[int]:
    """Derives everything about `batch` anew; the processes it concerns."""
    done: list[tuple[int, RawRelease]] = []
    for stored in batch:
        outcome.releases += 1
        try:
            facts = releases.facts_in(stored.source, stored.raw, stored.content_hash, read)
        except ReleaseError as error:
            outcome.errors += 1
            failed = RawRelease(raw=b"", content_hash=stored.content_hash, error=str(error))
            done.append((stored.id, failed))
            continue
        (judgement,) = model.judge([facts.notice()])
        read_well = RawRelease(
            raw=b"",
            content_hash=stored.content_hash,
            facts=facts,
            judgement=judgement,
            place=locate(facts.notice()),
        )
        done.append((stored.id, read_well))
    return releases.rewrite(connection, done)
