"""Keeps to what each portal allows: a downloader middleware that waits, and remembers refusals.

A portal's limit means: no more than N requests in any S seconds; after a 429 or 503 with
Retry-After, silence for that long; after a 403 of a portal with a penalty, silence for the penalty.
We wait as long as told and no longer. Server faults and broken connections are tried again with
back-off; what still fails goes to the spider, which gives its window up.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.misc import load_object

from crawler import signals
from crawler.sources import Pace

logger = logging.getLogger(__name__)

TRIES = 7
REFUSALS = 30
LONGEST_WAIT = 3600.0
_FOREVER = 30 * 86400.0
_MARGIN = 0.05
_SCRAPYS = frozenset({"download_latency", "download_slot", "depth"})
_FAULTS = frozenset({408, 500, 502, 503, 504, 520, 522, 524})


class CrawlEnding(IgnoreRequest):
    """Raised here for a request whose turn did not come before the crawl was stopped."""


class Turns:
    """When the next request of one source may leave, by a monotonic clock."""

    def __init__(self, pace: Pace, quiet_for: float = 0.0) -> None:
        self.pace = pace
        self._answers: deque[float] = deque(maxlen=pace.requests)
        self._quiet_until = time.monotonic() + quiet_for

    def wait(self, now: float) -> float:
        """Seconds to wait from `now` until a request may leave; zero or less when it may."""
        waits = [self._quiet_until - now]
        if len(self._answers) == self.pace.requests:
            waits.append(self._answers[0] + self.pace.seconds + _MARGIN - now)
        return max(waits)

    def answered(self, now: float) -> None:
        """Counts a request by the moment of its answer: the portal saw it no later than that."""
        self._answers.append(now)

    def slow_to(self, seconds: float) -> None:
        """No more than one request in `seconds`, if that is slower than the pace."""
        if seconds > self.pace.seconds / self.pace.requests:
            self.pace = Pace(requests=1, seconds=seconds, penalty=self.pace.penalty)
            self._answers = deque(self._answers, maxlen=1)

    def hush(self, seconds: float, now: float) -> None:
        """No request for `seconds`."""
        self._quiet_until = max(self._quiet_until, now + seconds + _MARGIN)


class PacingMiddleware:
    """Waits for a source's turn; turns refusals and faults into later tries of the same request.

    A request belongs to the source in ``meta["source"]``, or of many sites to the one in
    ``meta["turn"]``; others (robots.txt) pass. The spider offers `turns`, a `Turns` for each.
    ``meta["most_tries"]`` and ``meta["patience"]`` (seconds) lower how long a request is tried.
    """

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._connection_faults: tuple[type[BaseException], ...] = tuple(
            load_object(name) if isinstance(name, str) else name
            for name in crawler.settings.getlist("RETRY_EXCEPTIONS")
        )

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler)

    def _turns(self, request: Request) -> Turns | None:
        turns: dict[str, Turns] = getattr(self._crawler.spider, "turns", {})
        return turns.get(request.meta.get("turn") or request.meta.get("source", ""))

    async def process_request(self, request: Request) -> None:
        """Waits until the request may leave."""
        turns = self._turns(request)
        if turns is None:
            return
        not_before: float = request.meta.get("not_before", 0.0)
        while True:
            now = time.monotonic()
            wait = max(turns.wait(now), not_before - now)
            if wait <= 0:
                return
            if wait > LONGEST_WAIT:
                raise IgnoreRequest(f"the portal wants silence for another {wait / 3600:.1f} hours")
            if not self._crawler.engine or not self._crawler.engine.running:
                raise CrawlEnding("the crawl is ending")
            await asyncio.sleep(min(wait, 1.0))

    def process_response(self, request: Request, response: Response) -> Response | Request:
        """The response, or the same request for later if the portal refused or faltered."""
        turns = self._turns(request)
        if turns is None:
            return response
        now = time.monotonic()
        turns.answered(now)
        told = _retry_after(response)
        if response.status == 403 and turns.pace.penalty is not None:
            told = turns.pace.penalty
        if response.status in (403, 429, 503) and told is not None:
            return self._refused(request, response, turns, told, now)
        if response.status == 429:
            return self._refused(request, response, turns, turns.pace.seconds, now)
        if response.status in _FAULTS:
            return again(request, f"status {response.status}") or response
        return response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """The same request for later if the connection broke."""
        turns = self._turns(request)
        if turns is None or not isinstance(exception, self._connection_faults):
            return None
        turns.answered(time.monotonic())
        return again(request, f"{type(exception).__name__}: {exception}")

    def _refused(
        self, request: Request, response: Response, turns: Turns, told: float, now: float
    ) -> Response | Request:
        refusals = request.meta.get("refusals", 0) + 1
        source = request.meta["source"]
        self._stat("refused")
        told = min(told, _FOREVER)
        turns.hush(told, now)
        if "turn" not in request.meta:
            until = datetime.now(UTC) + timedelta(seconds=told)
            self._crawler.signals.send_catch_log(signals.source_refused, source=source, until=until)
        patience = request.meta.get("patience", LONGEST_WAIT)
        if told > patience or refusals > request.meta.get("most_tries", REFUSALS):
            logger.error("%s refuses (status %d) for %.0f s", source, response.status, told)
            return response
        logger.info("%s refuses (status %d): silent for %.0f s", source, response.status, told)
        return request.replace(dont_filter=True, meta={**request.meta, "refusals": refusals})

    def _stat(self, name: str) -> None:
        if self._crawler.stats:
            self._crawler.stats.inc_value(f"pacing/{name}")


def again(request: Request, reason: str) -> Request | None:
    """The same request for a later moment, or None when it has been tried often enough.

    Waits 0.5, 1, 2, 4 … seconds: long enough for a restart, short enough for a blip.
    """
    tries = request.meta.get("tries", 0) + 1
    if tries >= request.meta.get("most_tries", TRIES):
        logger.warning("%s given up after %d tries: %s", request.url, tries, reason)
        return None
    logger.info("%s tried %d times: %s", request.url, tries, reason)
    kept = {name: held for name, held in request.meta.items() if name not in _SCRAPYS}
    meta: dict[str, Any] = {
        **kept,
        "tries": tries,
        "not_before": time.monotonic() + 0.5 * 2 ** (tries - 1),
    }
    return request.replace(dont_filter=True, meta=meta)


def _retry_after(response: Response) -> float | None:
    """Seconds in the Retry-After header (RFC 9110: seconds or an HTTP date), or None."""
    raw = response.headers.get(b"Retry-After")
    if not raw:
        return None
    text = raw.decode("latin-1").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:  # "-0000": UTC, and nothing said of the place
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())
