"""Last step, the only one that writes: a batch is a transaction, a window moves the watermark."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any, Self

import sqlalchemy as sa
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from crawler import config, keys
from crawler.contacts import bidding
from crawler.decoding import decode
from crawler.items import Batch, Facts, Window, WindowFailed, WindowRead
from crawler.partners.signs import signs
from crawler.sources import load
from crawler.store import bidding as bids
from crawler.store import coming, database, forgotten, releases, sources
from pipelines.counting import complain, tally
from pipelines.forgetting import redacted

logger = logging.getLogger(__name__)


def read(source: str, raw: bytes) -> Facts:
    """The facts in a stored release of `source`."""
    return decode(raw, source, load()[source].repairs)[0]


class Keep:
    """Stores batches; advances a source's watermark when all of a window has been stored."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._engine = database.engine(crawler.settings["DATABASE_URL"])
        self._stored: Counter[tuple[str, Window]] = Counter()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; not for dry runs."""
        if crawler.settings.getbool("DRY_RUN"):
            raise NotConfigured
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """Writes what the item says."""
        if isinstance(item, Batch):
            self._batch(item)
        elif isinstance(item, WindowRead):
            self._window(item)
        elif isinstance(item, WindowFailed):
            logger.error(
                "%s: window from %s failed: %s", item.source, item.window.start, item.reason
            )
            complain(tally(self._crawler, item.source), item.reason)
            with database.writing(self._engine) as connection:
                sources.hold(connection, item.source, item.window)
        return item

    def _batch(self, batch: Batch) -> None:
        counted = tally(self._crawler, batch.source)
        if batch.releases:
            with database.writing(self._engine) as connection:
                counts = releases.keep(connection, self._allowed(connection, batch), read)
                bids.remember(connection, counts.written, bidding.mention)
                coming.remember(connection, counts.written, signs)
            counted.new += counts.new
            counted.changed += counts.changed
            counted.same += counts.same
        self._stored[batch.source, batch.window] += len(batch.releases) + batch.same

    def _allowed(self, connection: sa.Connection, batch: Batch) -> Batch:
        """The batch without those who asked to be forgotten; while nobody did, no key is needed."""
        if forgotten.empty(connection):
            return batch
        gone = forgotten.listed(connection, keys.forget_key(config.load()))
        return redacted(batch, gone, read) if gone else batch

    def _window(self, done: WindowRead) -> None:
        stored = self._stored.pop((done.source, done.window), 0)
        if stored != done.releases:
            words = f"window from {done.window.start}: {stored} of {done.releases} releases stored"
            logger.error("%s: %s", done.source, words)
            complain(tally(self._crawler, done.source), words)
            return
        # The source's own row, which nobody else writes while we hold its lease.
        with database.writing(self._engine, alone=False) as connection:
            sources.advance(connection, done.source, done.window)
