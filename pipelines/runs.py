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
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Self

from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import create_looping_call

from crawler import signals as own
from crawler.items import ItemMissed, WindowFailed, WindowRead
from crawler.pages import SiteFailed, SiteRead
from crawler.sources import load
from crawler.store import database, runs, sources
from crawler.store.runs import Tally, Verdict
from pipelines.counting import filled, newest, note, tally
from pipelines.verdicts import Outcome, verdict

logger = logging.getLogger(__name__)

_ORPHANED = 70


class RecordRun:
    """One row in `runs` for each source of the crawl."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self._crawler = crawler
        self._store = not settings.getbool("DRY_RUN")
        self._report = settings.getbool("REPORT")
        self._progress_every = settings.getfloat("PROGRESS_EVERY")
        self._engine = database.engine(settings["DATABASE_URL"])
        self._runs: dict[str, int] = {}
        self._outcomes: dict[str, Outcome] = {}
        self._validators: dict[str, str] = {}
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
            (own.window_lost, made.lost),
        ):
            crawler.signals.connect(handler, signal=signal)
        return made

    def spider_opened(self, spider: Spider) -> None:
        """Begins a run for each source."""
        now = datetime.now(UTC)
        for source in getattr(spider, "sources", ()):
            tally(self._crawler, source.key)
            if self._store:
                with database.writing(self._engine, alone=False) as connection:
                    self._runs[source.key] = runs.begin(connection, source.key, now)
        if self._report:
            self._windows = spider.window_count()  # type: ignore[attr-defined]
            if self._progress_every:
                create_looping_call(self._progress).start(self._progress_every)
            threading.Thread(target=_end_with_parent, daemon=True).start()

    def request_sent(self, request: Any) -> None:
        """Counts a request of a source."""
        source = request.meta.get("source")
        if source:
            tally(self._crawler, source).requests += 1

    def item_scraped(self, item: Any) -> None:
        """Counts windows."""
        if not isinstance(item, (WindowRead, WindowFailed, SiteRead, SiteFailed, ItemMissed)):
            return
        outcome = self._outcome(item.source)
        if isinstance(item, ItemMissed):
            logger.info("%s: %s", item.url, item.reason)
            note(outcome.tally, f"{item.url}: {item.reason}")
        elif isinstance(item, (WindowFailed, SiteFailed)):
            outcome.failed += 1
        else:
            outcome.windows += 1
        if isinstance(item, WindowRead):
            outcome.span += item.window.end - item.window.start
            outcome.unmodified = item.unmodified
            self._validators[item.source] = item.validators

    def lost(self, source: str) -> None:
        """Counts a window that was read, but not stored whole, as failed."""
        outcome = self._outcome(source)
        outcome.windows -= 1
        outcome.failed += 1

    def _outcome(self, source: str) -> Outcome:
        counted = tally(self._crawler, source)
        return self._outcomes.setdefault(source, Outcome(tally=counted))

    def refused(self, source: str, until: datetime) -> None:
        """Remembers a refusal, so that a restart respects it too."""
        if self._store:
            with database.writing(self._engine, alone=False) as connection:
                sources.hush(connection, source, until)

    def spider_closed(self, spider: Spider, reason: str) -> None:
        """Ends the runs with their verdicts."""
        limited = getattr(spider, "limit", None) is not None and reason == "finished"
        finish = "limit" if limited else reason
        for source in getattr(spider, "sources", ()):
            outcome = self._outcome(source.key)
            outcome.finish = finish
            outcome.stand = filled(self._crawler, source.key)
            outcome.newest = newest(self._crawler, source.key)
            word, why = self._judge(source.key, outcome)
            if self._report:
                event = self._windows_of(source.key, "summary") | {"verdict": word, "reason": why}
                _say(event, outcome.tally)

    def _judge(self, key: str, outcome: Outcome) -> tuple[Verdict, str]:
        """The verdict on a run, recorded together with what follows from it."""
        now = datetime.now(UTC)
        if key not in self._runs:
            return verdict(load()[key], outcome, runs.Past(), now)
        with database.writing(self._engine, alone=False) as connection:
            word, why = verdict(load()[key], outcome, runs.past(connection, key, now), now)
            runs.finish(
                connection,
                self._runs[key],
                outcome.tally,
                word,
                why,
                now,
                newest=outcome.newest,
                unmodified=outcome.unmodified,
            )
            # Only a good reading may be answered with "as it was": all else is read whole again.
            if word != "ok" or outcome.finish != "finished":
                sources.remember(connection, key, "")
            elif not outcome.unmodified:
                sources.remember(connection, key, self._validators.get(key, ""))
        return word, why

    def _progress(self) -> None:
        for key in {*self._runs, *self._outcomes}:
            _say(self._windows_of(key, "progress"), tally(self._crawler, key))

    def _windows_of(self, key: str, event: str) -> dict[str, Any]:
        """An event that says how many windows of the source were asked for, out of all."""
        outcome = self._outcome(key)
        asked = outcome.windows + outcome.failed
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
