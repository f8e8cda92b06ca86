"""First step: takes out the releases that are stored already, before any work is spent on them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from scrapy.crawler import Crawler

from crawler.items import Batch
from crawler.store import database, releases
from pipelines.counting import tally


def without(batch: Batch, known: set[str]) -> Batch:
    """`batch` without the releases whose content hash is `known`; `same` counts them."""
    fresh = tuple(one for one in batch.releases if one.content_hash not in known)
    return replace(batch, releases=fresh, same=batch.same + len(batch.releases) - len(fresh))


class Unchanged:
    """Compares content hashes with the store."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._engine = database.engine(crawler.settings["DATABASE_URL"])

    def through(self, batches: Sequence[Batch]) -> list[Batch]:
        """The batches with what is new; the store is asked once for each source."""
        hashes: dict[str, list[str]] = defaultdict(list)
        for batch in batches:
            hashes[batch.source] += [one.content_hash for one in batch.releases]
        with self._engine.connect() as connection:
            known = {
                source: releases.known(connection, source, asked)
                for source, asked in hashes.items()
            }
        left = [without(batch, known[batch.source]) for batch in batches]
        for came, batch in zip(batches, left, strict=True):
            counted = tally(self._crawler, batch.source)
            counted.releases += len(came.releases)
            counted.same += batch.same
        return left
