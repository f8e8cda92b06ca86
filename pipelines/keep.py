"""Last step, the only one that writes. What came whole is written together with its watermark.

What comes within some seconds goes through the steps together and is one transaction: a source that
answers with small windows would otherwise spend its time on round trips, and hold up everybody
else's writing. While somebody else writes, a crawl reads on and tries again a little later, up to a
limit of time and of what waits. A crawl that is killed meanwhile reads those windows again, since
their watermark was not moved.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from itertools import groupby
from operator import attrgetter
from typing import Any, Self

import sqlalchemy as sa
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import AsyncioLoopingCall, create_looping_call
from twisted.internet.task import LoopingCall

from crawler import config, keys, signals
from crawler.contacts import bidding
from crawler.decoding import decode
from crawler.items import Batch, Facts, Window, WindowFailed, WindowRead
from crawler.partners.signs import signs
from crawler.redaction import Gone
from crawler.sources import load
from crawler.store import bidding as bids
from crawler.store import coming, database, forgotten, releases, sources
from crawler.store.releases import Counts
from pipelines.counting import complain, tally
from pipelines.forgetting import redacted
from pipelines.steps import Steps

logger = logging.getLogger(__name__)

_PAUSE = 5.0
"""Seconds between one writing and the next, unless there is much to write."""

_MANY, _MUCH = 100, 4 * 1024 * 1024
"""Releases, and bytes of them, that wait for no pause, as they came or ready to be written."""

_AGAIN, _PATIENCE, _MOST = 1.0, 30.0, 4
"""While somebody else writes: seconds until the next try, how old the oldest may become until the
crawl waits for its turn, and how many times `_MANY` or `_MUCH` may wait until then."""

Item = Batch | WindowRead


def read(source: str, raw: bytes) -> Facts:
    """The facts in a stored release of `source`."""
    return decode(raw, source, load()[source].repairs)[0]


def _many(waiting: list[Item], times: int = 1) -> bool:
    """Whether these are too many or too large to wait for more: so many `times` the limit."""
    raws = [one.raw for each in waiting if isinstance(each, Batch) for one in each.releases]
    return len(raws) >= times * _MANY or sum(map(len, raws)) >= times * _MUCH


class Keep:
    """Stores batches; advances a source's watermark when all of a window has been stored.

    `_came` waits as the spider gave it, `_waiting` for nothing but being written.
    """

    def __init__(self, crawler: Crawler, steps: Steps) -> None:
        self._crawler, self._steps = crawler, steps
        self._engine = database.engine(crawler.settings["DATABASE_URL"])
        self._stored: Counter[tuple[str, Window]] = Counter()
        self._came: list[Item] = []
        self._waiting: list[Item] = []
        self._since = self._written = self._again = float("-inf")
        self._clock: AsyncioLoopingCall | LoopingCall | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; not for dry runs."""
        if crawler.settings.getbool("DRY_RUN"):
            raise NotConfigured
        return cls(crawler, Steps.from_crawler(crawler))

    def open_spider(self) -> None:
        """Begins to look whether something has waited long enough."""
        self._clock = create_looping_call(self._look)
        self._clock.start(_PAUSE, now=False)

    def close_spider(self) -> None:
        """Writes what waits."""
        if self._clock is not None:
            self._clock.stop()
        self._write()

    def process_item(self, item: Any) -> Any:
        """Writes what the item says, or has it wait for what comes next."""
        if isinstance(item, (Batch, WindowRead)):
            if not self._came and not self._waiting:
                self._since = time.monotonic()
            self._came.append(item)
            # A window's end is written with it at once, where the source answers now and then.
            if isinstance(item, WindowRead) and time.monotonic() - self._written >= _PAUSE:
                self._try()
            else:
                self._look()
            return item
        self._write()  # nothing may be written before what came before it
        if isinstance(item, WindowFailed):
            logger.error(
                "%s: window from %s failed: %s", item.source, item.window.start, item.reason
            )
            complain(tally(self._crawler, item.source), item.reason)
            with database.writing(self._engine, alone=False) as connection:
                sources.hold(connection, item.source, item.window)
        return item

    def _look(self) -> None:
        """Writes if there is much, or if the oldest has waited long enough."""
        if _many(self._came):
            self._prepare()
        old = time.monotonic() - self._since >= _PAUSE
        if (self._came or self._waiting) and (old or _many(self._waiting)):
            self._try()

    def _try(self) -> None:
        """Writes, unless somebody else does and there is time."""
        now = time.monotonic()
        if now - self._since >= _PATIENCE or _many(self._waiting, _MOST):
            self._write()
        elif now >= self._again:
            self._write(wait=False)

    def _prepare(self) -> None:
        """Takes what came through the steps. What is stored already leaves nothing to wait for."""
        came, self._came = self._came, []
        for _, items in groupby(came, attrgetter("source")):
            mine = list(items)
            self._waiting += self._steps.through([one for one in mine if isinstance(one, Batch)])
            self._waiting += [one for one in mine if isinstance(one, WindowRead)]

    def _write(self, *, wait: bool = True) -> None:
        """Writes what waits, in one transaction; if that fails, each by itself.

        Without `wait` all goes on waiting where somebody else writes.
        """
        self._prepare()
        while self._waiting:
            source, mine = next(
                (key, list(items)) for key, items in groupby(self._waiting, attrgetter("source"))
            )
            try:
                self._settle(source, mine, wait=wait)
            except database.Busy:
                self._again = time.monotonic() + _AGAIN
                return
            except Exception as error:
                if len(mine) > 1:
                    logger.warning("%s: written one by one, for together: %s", source, error)
                for one in mine:
                    self._alone(source, one)
            del self._waiting[: len(mine)]
            self._written = time.monotonic()

    def _alone(self, source: str, one: Item) -> None:
        try:
            self._settle(source, [one])
        except Exception as error:
            logger.exception("%s: not stored, and read again by the next crawl", source)
            complain(tally(self._crawler, source), f"not stored: {error}")
            if isinstance(one, WindowRead):
                self._crawler.signals.send_catch_log(signals.window_lost, source=source)

    def _settle(self, source: str, items: list[Item], *, wait: bool = True) -> None:
        """One transaction, and what is counted once it is through."""
        batches = [one for one in items if isinstance(one, Batch)]
        ends = [one for one in items if isinstance(one, WindowRead)]
        stored = self._stored.copy()
        for one in batches:
            stored[source, one.window] += len(one.releases) + one.same
        held = {end.window: stored.pop((source, end.window), 0) for end in ends}
        whole = [end.window for end in ends if held[end.window] == end.releases]
        filled = [one for one in batches if one.releases]
        counts = Counts()
        if filled or whole:
            # A watermark alone is the source's own row, which nobody else moves.
            writing = database.writing(self._engine, alone=bool(filled), wait=wait)
            with writing as connection:
                if filled:
                    counts = self._keep(connection, filled)
                if whole:
                    sources.advance(connection, source, *whole)
        self._stored = stored
        counted = tally(self._crawler, source)
        counted.new += counts.new
        counted.changed += counts.changed
        counted.same += counts.same
        for end in ends:
            if held[end.window] != end.releases:
                self._missing(end, held[end.window])

    def _keep(self, connection: sa.Connection, batches: list[Batch]) -> Counts:
        gone = self._gone(connection)
        allowed = [redacted(one, gone, read) for one in batches] if gone else batches
        counts = releases.keep_all(connection, allowed, read)
        bids.remember(connection, counts.written, bidding.mention)
        coming.remember(connection, counts.written, signs)
        return counts

    def _gone(self, connection: sa.Connection) -> Gone | None:
        """Who asked to be forgotten; while nobody did, no key is needed."""
        if forgotten.empty(connection):
            return None
        return forgotten.listed(connection, keys.forget_key(config.load()))

    def _missing(self, end: WindowRead, held: int) -> None:
        words = f"window from {end.window.start}: {held} of {end.releases} releases stored"
        logger.error("%s: %s", end.source, words)
        complain(tally(self._crawler, end.source), words)
        self._crawler.signals.send_catch_log(signals.window_lost, source=end.source)
