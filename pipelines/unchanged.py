"""First step: takes out the releases that are stored already, before any work is spent on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

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

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """A batch leaves with what is new; other items pass."""
        if not isinstance(item, Batch):
            return item
        counted = tally(self._crawler, item.source)
        counted.releases += len(item.releases)
        with self._engine.connect() as connection:
            known = releases.known(
                connection, item.source, [one.content_hash for one in item.releases]
            )
        left = without(item, known)
        counted.same += left.same
        return left
