"""Records each run: an extension, since pipelines close before the finish reason is known.

Also reports progress on standard output for `crawler.jobs.crawl`, remembers refusals of portals,
and ends the crawl when the process that started it is gone.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import create_looping_call

from crawler import signals as own
from crawler.items import WindowFailed, WindowRead
from crawler.pages import SiteFailed, SiteRead
from crawler.sources import Source, load
from crawler.store import database, runs, sources
from crawler.store.runs import Tally, Verdict
from pipelines.counting import DECODED, filled, tally

logger = logging.getLogger(__name__)

_LONG = timedelta(days=7)
_ENOUGH = 20
_ORPHANED = 70


def verdict(
    source: Source,
    counted: Tally,
    stand: Mapping[str, int],
    *,
    windows: int,
    failed: int,
    span: timedelta,
    finish: str,
) -> tuple[Verdict, str]:
    """How a run went, and why in words.

    `stand` says in how many releases each expected field stands; `windows` were read whole and
    `failed` were not; `span` is the time that they cover; `finish` is Scrapy's finish reason.
    Windows of a source that is many sites are those sites.
    """
    unit = source.unit
    if failed and not windows:
        return "failed", f"no {unit} could be read: {'; '.join(counted.first_errors[:1])}"
    if finish not in ("finished", "limit"):
        if finish == "shutdown":
            return "partial", "interrupted; what was read is kept, run it again to go on"
        return "partial", f"stopped before the end ({finish})"
    if failed:
        return "partial", f"{failed} of {windows + failed} {unit}s could not be read"
    if finish == "finished" and span >= _LONG and counted.releases < source.min_items:
        return "short", f"{counted.releases} releases, at least {source.min_items} expected"
    decoded = stand.get(DECODED, 0)
    for name, share in source.filled.items():
        if decoded >= _ENOUGH and stand.get(name, 0) < share * decoded:
            return "short", f"{name} stands in {stand.get(name, 0)} of {decoded} releases only"
    return "ok", ""


class RecordRun:
    """One row in `runs` for each source of the crawl."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._store = not settings.getbool("DRY_RUN")
        self._report = settings.getbool("REPORT_PROGRESS")
        self._engine = database.engine(settings["DATABASE_URL"])
        self._runs: dict[str, int] = {}
        self._done: dict[str, int] = {}
        self._failed: dict[str, int] = {}
        self._span: dict[str, timedelta] = {}
        self._windows = 0

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        made = cls(crawler)
        for signal, handler in (
            (signals.spider_opened, made.spider_opened),
            (signals.spider_closed, made.spider_closed),
            (signals.item_scraped, made.item_scraped),
            (signals.request_reached_downloader, made.request_sent),
            (own.source_refused, made.refused),
        ):
            crawler.signals.connect(handler, signal=signal)
        return made

    def spider_opened(self, spider: Spider) -> None:
        """Begins a run for each source."""
        now = datetime.now(UTC)
        for source in getattr(spider, "sources", ()):
            tally(self._crawler, source.key)
            if self._store:
                with database.writing(self._engine) as connection:
                    self._runs[source.key] = runs.begin(connection, source.key, now)
        if self._report:
            self._windows = spider.window_count()  # type: ignore[attr-defined]
            create_looping_call(self._progress).start(0.5)
            threading.Thread(target=_end_with_parent, daemon=True).start()

    def request_sent(self, request: Any) -> None:
        """Counts a request of a source."""
        source = request.meta.get("source")
        if source:
            tally(self._crawler, source).requests += 1

    def item_scraped(self, item: Any) -> None:
        """Counts windows."""
        if isinstance(item, WindowRead):
            length = item.window.end - item.window.start
            self._done[item.source] = self._done.get(item.source, 0) + 1
            self._span[item.source] = self._span.get(item.source, timedelta()) + length
        elif isinstance(item, WindowFailed):
            self._failed[item.source] = self._failed.get(item.source, 0) + 1
        elif isinstance(item, SiteRead):
            self._done[item.source] = self._done.get(item.source, 0) + 1
        elif isinstance(item, SiteFailed):
            self._failed[item.source] = self._failed.get(item.source, 0) + 1

    def refused(self, source: str, until: datetime) -> None:
        """Remembers a refusal, so that a restart respects it too."""
        if self._store:
            with database.writing(self._engine) as connection:
                sources.hush(connection, source, until)

    def spider_closed(self, spider: Spider, reason: str) -> None:
        """Ends the runs with their verdicts."""
        limited = getattr(spider, "limit", None) is not None and reason == "finished"
        finish = "limit" if limited else reason
        for key in [source.key for source in getattr(spider, "sources", ())]:
            counted = tally(self._crawler, key)
            word, why = verdict(
                load()[key],
                counted,
                filled(self._crawler, key),
                windows=self._done.get(key, 0),
                failed=self._failed.get(key, 0),
                span=self._span.get(key, timedelta()),
                finish=finish,
            )
            if key in self._runs:
                with database.writing(self._engine) as connection:
                    runs.finish(connection, self._runs[key], counted, word, why, datetime.now(UTC))
            if self._report:
                _say(self._windows_of(key, "summary") | {"verdict": word, "reason": why}, counted)

    def _progress(self) -> None:
        for key in {*self._runs, *self._done}:
            _say(self._windows_of(key, "progress"), tally(self._crawler, key))

    def _windows_of(self, key: str, event: str) -> dict[str, Any]:
        """An event that says how many windows of the source were asked for, out of all."""
        asked = self._done.get(key, 0) + self._failed.get(key, 0)
        return {"event": event, "source": key, "windows": asked, "of": self._windows}


def _say(event: dict[str, Any], counted: Tally) -> None:
    # Whoever listened may be gone: then the crawl is ending anyway.
    with suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(event | asdict(counted)) + "\n")
        sys.stdout.flush()


def _end_with_parent() -> None:
    """Waits for standard input to close, which happens when the parent dies, however it dies.

    Nothing needs tidying: what is not committed is asked for again.
    """
    while os.read(0, 4096):
        pass
    os._exit(_ORPHANED)
