"""Base for websites that post what is open now: one page names the items, each may have its own.

To add such a site, no code is needed: ``tenders sources add``, or a row by hand. A new shape of
such a page is a subclass in a file named for the platform; class, file and spider share the name:

    class Feed(PostedSpider):
        name = platform = "feed"

        def found(self, response: Response) -> list[Lead]:
            return [Lead(url=…, title=…) for … in …]

A reading holds all that the page names, so it has one window: up to now. It ends with `WindowRead`,
or with `WindowFailed` where the page is not what it was; what was read before stays stored.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any, ClassVar, TypeAlias

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from crawler import postings, stated
from crawler.errors import SourceChanged, UsageError
from crawler.items import Batch, ItemMissed, RawRelease, Window, WindowFailed, WindowRead
from crawler.sources import Pace, Page, Source, find, is_loopback
from spiders import leads
from spiders.leads import Lead
from spiders.pacing import CrawlEnding, Turns, again

BATCH = 100
MOST = 300
"""Items of one page that are read, in its order: the newest stand first."""

LARGEST = 8 * 1024 * 1024
_TRIES = 3
_MADE_BY = 1
"""Changes when the same pages give other postings: a page unchanged since is then read again."""

Read: TypeAlias = Iterator[Batch | WindowRead | WindowFailed | ItemMissed | Request]


@dataclasses.dataclass(slots=True)
class Reading:
    """How far the items have been read; travels with the requests."""

    window: Window
    validators: str = ""
    leads: list[Lead] = dataclasses.field(default_factory=list)
    releases: list[RawRelease] = dataclasses.field(default_factory=list)
    asked: int = 0
    missed: list[str] = dataclasses.field(default_factory=list)


class PostedSpider(Spider):
    """Reads the source that its row names. Arguments (``-a``):

    ``source`` its key; optional: ``start`` (ISO moment of the last reading); ``since`` (anything:
    read again even what has not changed); ``base_url`` a mirror of the page; ``pace``
    ``REQUESTS/SECONDS[,PENALTY]``; ``limit`` items; ``quiet_for`` seconds still to be silent;
    ``validators`` what the last good reading was told to ask with (JSON).
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
        validators: str = "",
        **kwargs: Any,
    ) -> None:
        if kwargs:
            raise UsageError(f"unknown argument -a {', '.join(sorted(kwargs))}; see the docstring.")
        super().__init__()
        rows = [row for row in find([source] if source else []) if row.platform == self.platform]
        if len(rows) != 1:
            raise UsageError(f"spider {self.name!r} reads one source: say which, -a source=KEY.")
        row = rows[0]
        if pace:
            row = row.at_pace(Pace.parse(pace), local=is_loopback(base_url))
        self.source: Source = row
        self.sources = [row]
        self.page = row.page or Page()
        self.url = base_url or row.base_url
        self.now = datetime.now(UTC)
        self.limit = int(limit) if limit else None
        self.turns = {row.key: Turns(row.pace, float(quiet_for))}
        begin = datetime.fromisoformat(start) if start else self.now - row.first
        self._window = Window(start=min(begin, self.now), end=self.now)
        self._known = {} if since or not validators else json.loads(validators)

    def found(self, response: Response) -> list[Lead]:
        """The items that the page names, in its order. Raises `SourceChanged`."""
        raise NotImplementedError

    def window_count(self) -> int:
        """One reading."""
        return 1

    @property
    def shape(self) -> str:
        """What makes an unchanged page mean the same postings: the row and how it is read."""
        row = self.source
        said = repr((_MADE_BY, self.url, self.page, row.buyer, row.place))
        return blake2b(said.encode(), digest_size=8).hexdigest()

    async def start(self) -> AsyncIterator[Request]:
        """Asks for the page that names the items, unless it is as it was."""
        headers = {}
        if self._known.get("shape") == self.shape and self.limit is None:
            for name, header in (("etag", "If-None-Match"), ("modified", "If-Modified-Since")):
                if self._known.get(name):
                    headers[header] = self._known[name]
        yield self._request(self.url, Reading(self._window), self.parse, headers=headers)

    def _request(
        self, url: str, reading: Reading, callback: Any, headers: Any = None, **meta: Any
    ) -> Request:
        return Request(
            url,
            callback=callback,
            errback=self.failed,
            headers=headers,
            dont_filter=True,
            meta={
                "source": self.source.key,
                "reading": reading,
                "handle_httpstatus_list": [304],
                "download_maxsize": LARGEST,
                "download_timeout": 60,
                "most_tries": _TRIES,
                **meta,
            },
        )

    def parse(self, response: Response, **_: Any) -> Read:
        """Reads the page that names the items, then asks for the first that has its own."""
        request = response.request
        assert request is not None
        reading: Reading = request.meta["reading"]
        asked_with = "If-None-Match" in request.headers or "If-Modified-Since" in request.headers
        try:
            if response.status == 304:
                if not asked_with:
                    raise SourceChanged("answered 304 though nothing was asked for conditionally")
                yield WindowRead(
                    source=self.source.key, window=reading.window, releases=0, unmodified=True
                )
                return
            found = self._leads(response)
        except SourceChanged as error:
            retry = again(request, str(error))
            if retry is not None:
                yield retry
            else:
                yield self._fails(reading, f"{self.url}: {error}")
            return
        reading.validators = self._validators(response)
        reading.leads = found
        yield from self._go_on(reading)

    def _leads(self, response: Response) -> list[Lead]:
        """Each item once, none beyond the limit. Raises `SourceChanged` where there is none."""
        once: dict[str, Lead] = {}
        for lead in self.found(response):
            if len(lead.url) <= 2000:
                once.setdefault(postings.address(self.public(lead.url)), lead)
        if not once and self.source.min_items:
            where = f"by {self.page.links!r} " if self.page.links else ""
            raise SourceChanged(
                f"no item is found {where}though {self.source.min_items} or more are expected;"
                " has the layout changed?"
            )
        if len(once) > MOST:
            self.logger.warning("%s: the first %d of %d items read", self.url, MOST, len(once))
        return list(once.values())[: min(MOST, self.limit or MOST)]

    def _validators(self, response: Response) -> str:
        told = {
            name: (response.headers.get(header) or b"").decode("latin-1")[:300]
            for name, header in (("etag", b"ETag"), ("modified", b"Last-Modified"))
        }
        return json.dumps(told | {"shape": self.shape}) if any(told.values()) else ""

    def _go_on(self, reading: Reading) -> Read:
        """Takes items until one has its own page to be read, or all are taken."""
        while reading.leads:
            lead = reading.leads.pop(0)
            if lead.page:
                reading.asked += 1
                yield self._request(self.actual(lead.url), reading, self.item, lead=lead)
                return
            yield from self._take(reading, lead)
        yield from self._end(reading)

    def item(self, response: Response, **_: Any) -> Read:
        """Reads an item's own page."""
        assert response.request is not None
        reading: Reading = response.request.meta["reading"]
        lead: Lead = response.request.meta["lead"]
        try:
            lead = leads.with_page(lead, response, self.page)
        except SourceChanged as error:
            yield from self._miss(reading, lead, str(error))
        else:
            yield from self._take(reading, lead)
        yield from self._go_on(reading)

    def _take(self, reading: Reading, lead: Lead) -> Read:
        """Makes a release of an item."""
        words = f"{lead.title}\n{lead.text}"
        low, high = stated.budget_in(words)
        published = lead.published if lead.published and lead.published <= self.now else None
        made = postings.release_of(
            postings.Posting(
                source=self.source.key,
                url=self.public(lead.url),
                title=lead.title,
                text=lead.text,
                buyer=self.source.buyer,
                place=self.source.place,
                published=published,
                deadline=stated.deadline_in(words, published),
                value_min=low,
                value_max=high,
            ),
            self.now,
        )
        if made is None:
            yield from self._miss(reading, lead, "it has no title")
        else:
            reading.releases.append(made)

    def _miss(self, reading: Reading, lead: Lead, reason: str) -> Read:
        reading.missed.append(f"{self.public(lead.url)}: {reason}")
        yield ItemMissed(source=self.source.key, url=self.public(lead.url), reason=reason)

    def _end(self, reading: Reading) -> Read:
        """Hands over what was read, and says whether that was all."""
        for at in range(0, len(reading.releases), BATCH):
            yield Batch(
                source=self.source.key,
                url=self.public(self.url),
                fetched_at=self.now,
                window=reading.window,
                releases=tuple(reading.releases[at : at + BATCH]),
            )
        if len(reading.missed) > len(reading.releases):
            every = len(reading.missed) + len(reading.releases)
            yield self._fails(
                reading,
                f"{len(reading.missed)} of {every} items could not be read;"
                f" the first: {reading.missed[0]}",
            )
        elif self.limit is None:
            yield WindowRead(
                source=self.source.key,
                window=reading.window,
                releases=len(reading.releases),
                validators="" if reading.missed else reading.validators,
            )

    def failed(self, failure: Failure) -> Read:
        """A request that brought no answer: an item missed, or the reading failed."""
        request: Request = failure.request  # type: ignore[attr-defined]
        reading: Reading = request.meta["reading"]
        lead: Lead | None = request.meta.get("lead")
        error = failure.value
        if isinstance(error, CrawlEnding):
            return
        if isinstance(error, HttpError):
            words = f"status {error.response.status}"
        elif isinstance(error, IgnoreRequest):
            words = str(error)[:200] or "not asked"
        else:
            words = f"{type(error).__name__}: {error}"[:200]
        if lead is None:
            yield self._fails(reading, f"{self.url}: {words}")
            return
        yield from self._miss(reading, lead, words)
        yield from self._go_on(reading)

    def _fails(self, reading: Reading, reason: str) -> WindowFailed:
        return WindowFailed(source=self.source.key, window=reading.window, reason=reason)

    def own(self, url: str) -> bool:
        """Whether `url` lies on the source's own host (with or without www)."""
        hosts = {leads.host(self.url), leads.host(self.source.base_url)}
        return leads.host(url) in hosts

    def public(self, url: str) -> str:
        """`url` as the source publishes it, where a mirror is read."""
        return leads.moved(url, self.url, self.source.base_url)

    def actual(self, url: str) -> str:
        """A published address as it is read here."""
        return leads.moved(url, self.source.base_url, self.url)
