"""Base for portals that publish OCDS release packages by windows of time.

To add such a portal:

1. Write its row in ``crawler/sources/portals.toml`` (pace, window, overlap, expectations).
2. Subclass `OcdsSpider` in a file named for the platform; class, file and spider share the name.
3. Say in `addresses` which URLs together hold one window; pages after the first are followed
   through ``links.next`` by themselves.

    class FindATender(OcdsSpider):
        name = platform = "find_a_tender"

        def addresses(self, source: Source, window: Window) -> Iterator[str]:
            yield f"{source.base_url}/api/1.0/ocdsReleasePackages?" + urlencode({
                "updatedFrom": stamp(window.start), "updatedTo": stamp(window.end)})

One source is read one request at a time, oldest window first; sources of one platform run side by
side. A window ends with `WindowRead` or `WindowFailed`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeAlias
from urllib.parse import urlsplit

import msgspec
from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawler.dates import since as parse_since
from crawler.decoding import content_hash, split
from crawler.errors import SourceChanged, UsageError
from crawler.items import Batch, RawRelease, Window, WindowFailed, WindowRead
from crawler.sources import Pace, Source, find, is_loopback
from spiders.pacing import CrawlEnding, Turns, again

BATCH = 100
PAGES_IN_A_WINDOW = 5000
FAILURES_IN_A_ROW = 3

Read: TypeAlias = Iterator[Batch | WindowRead | WindowFailed | Request]


@dataclasses.dataclass(slots=True)
class Reading:
    """How far one source's windows have been read; travels with its requests."""

    source: Source
    windows: Iterator[Window]
    window: Window
    addresses: list[str]
    releases: int = 0
    read_before: int = 0
    pages: int = 0
    failures: int = 0


class OcdsSpider(Spider):
    """Reads a platform's portals window by window. Arguments (``-a``), all optional:

    ``source`` one key instead of all of the platform; ``since`` (``7d`` or a date) or ``start``
    (ISO moment, where a watermark says to begin); ``base_url`` a mirror; ``pace``
    ``REQUESTS/SECONDS[,PENALTY]``; ``limit`` releases of each source; ``quiet_for`` seconds still
    to be silent from an earlier refusal.
    """

    platform: ClassVar[str]

    def __init__(
        self,
        source: str = "",
        since: str = "",
        start: str = "",
        base_url: str = "",
        pace: str = "",
        limit: str = "",
        quiet_for: str = "0",
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise UsageError(f"unknown argument -a {', '.join(sorted(kwargs))}; see the docstring.")
        super().__init__()
        rows = [row for row in find([source] if source else []) if row.platform == self.platform]
        if not rows:
            raise UsageError(f"source {source!r} is not read by the spider {self.name!r}")
        if pace:
            local = is_loopback(base_url)
            rows = [row.at_pace(Pace.parse(pace), local=local) for row in rows]
        if base_url:
            rows = [dataclasses.replace(row, base_url=base_url.rstrip("/")) for row in rows]
        self.sources = rows
        self.now = datetime.now(UTC)
        self.limit = int(limit) if limit else None
        self.turns = {row.key: Turns(row.pace, float(quiet_for)) for row in rows}
        self._start = start
        self._since = parse_since(since, self.now) if since else None

    def addresses(self, source: Source, window: Window) -> Iterator[str]:
        """The URLs that together hold `window`, first pages only."""
        raise NotImplementedError

    def first_moment(self, source: Source) -> datetime:
        """Where reading begins: ``since``, else ``start``, else the source's first reach."""
        if self._since is not None:
            return self._since
        if self._start:
            return datetime.fromisoformat(self._start)
        return self.now - source.first

    def windows(self, source: Source) -> Iterator[Window]:
        """The windows from the first moment until now, oldest first."""
        start = self.first_moment(source)
        while start < self.now:
            end = _month_end(start) if source.window is None else start + source.window
            yield Window(start=start, end=min(end, self.now))
            start = end

    def window_count(self) -> int:
        """How many windows this crawl will ask for, over all sources."""
        return sum(1 for source in self.sources for _ in self.windows(source))

    async def start(self) -> AsyncIterator[Request]:
        """The first request of each source."""
        for source in self.sources:
            windows = self.windows(source)
            first = next(windows, None)
            if first is not None:
                reading = Reading(source, windows, first, list(self.addresses(source, first)))
                yield self._request(reading, reading.addresses.pop(0))

    def _request(self, reading: Reading, url: str) -> Request:
        return Request(
            url,
            callback=self.parse,
            errback=self.failed,
            dont_filter=True,
            meta={"source": reading.source.key, "reading": reading, "download_timeout": 120},
        )

    def parse(self, response: Response, **_: Any) -> Read:
        """Reads one page into batches, then asks for what comes next."""
        request = response.request
        assert request is not None
        reading: Reading = request.meta["reading"]
        try:
            releases, following = self._page(response, reading)
        except SourceChanged as error:
            retry = again(request, str(error))
            if retry is not None:
                yield retry
            else:
                yield from self._give_up(reading, str(error))
            return
        fetched_at = datetime.now(UTC)
        for at in range(0, len(releases), BATCH):
            raws = releases[at : at + BATCH]
            if self.limit is not None:
                raws = raws[: self.limit - reading.read_before - reading.releases]
            yield Batch(
                source=reading.source.key,
                url=response.url,
                fetched_at=fetched_at,
                window=reading.window,
                releases=tuple(RawRelease(raw=r, content_hash=content_hash(r)) for r in raws),
            )
            reading.releases += len(raws)
            if self.limit is not None and reading.read_before + reading.releases >= self.limit:
                self.logger.info("%s: stopped at --limit %d", reading.source.key, self.limit)
                return
        if following:
            yield self._request(reading, following)
        elif reading.addresses:
            yield self._request(reading, reading.addresses.pop(0))
        else:
            yield from self._next_window(reading)

    def _page(self, response: Response, reading: Reading) -> tuple[list[bytes], str | None]:
        """The page's releases and the next page's URL. Raises `SourceChanged`."""
        try:
            releases, following = split(response.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            kind = (response.headers.get(b"Content-Type") or b"unknown type").decode("latin-1")
            raise SourceChanged(f"answer is no OCDS release package ({kind}): {error}") from error
        if following:
            reading.pages += 1
            if urlsplit(following).netloc != urlsplit(response.url).netloc:
                raise SourceChanged(f"next page lies elsewhere: {following[:100]}")
            if following == response.url or reading.pages > PAGES_IN_A_WINDOW:
                raise SourceChanged(f"paging does not end: {following[:100]}")
        return releases, following

    def _next_window(self, reading: Reading) -> Read:
        yield WindowRead(
            source=reading.source.key, window=reading.window, releases=reading.releases
        )
        yield from self._go_on(reading, failures=0)

    def _go_on(self, reading: Reading, failures: int) -> Read:
        window = next(reading.windows, None)
        if window is None:
            return
        following = Reading(
            reading.source,
            reading.windows,
            window,
            list(self.addresses(reading.source, window)),
            read_before=reading.read_before + reading.releases,
            failures=failures,
        )
        yield self._request(following, following.addresses.pop(0))

    def failed(self, failure: Failure) -> Read:
        """Gives up the window of a request that failed for good."""
        request: Request = failure.request  # type: ignore[attr-defined]
        error = failure.value
        if isinstance(error, CrawlEnding):
            return
        if isinstance(error, HttpError):
            words = f"status {error.response.status}: {error.response.body[:120]!r}"
        else:
            words = f"{type(error).__name__}: {error}"
        yield from self._give_up(request.meta["reading"], f"{request.url}: {words}")

    def _give_up(self, reading: Reading, reason: str) -> Read:
        """Reports the window as failed; after three in a row, the rest unasked."""
        key = reading.source.key
        yield WindowFailed(source=key, window=reading.window, reason=reason)
        if reading.failures + 1 < FAILURES_IN_A_ROW:
            yield from self._go_on(reading, failures=reading.failures + 1)
            return
        for window in reading.windows:
            yield WindowFailed(source=key, window=window, reason="not asked: the source is down")


def stamp(moment: datetime) -> str:
    """`moment` as portals take it: ``2026-03-31T06:00:00Z``."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def _month_end(moment: datetime) -> datetime:
    """The first moment of the UTC month after `moment`'s."""
    first = moment.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1)
