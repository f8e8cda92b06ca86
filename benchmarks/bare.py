"""The baseline of `ingest.py`: Scrapy fetches every page of the four portals and does nothing.

Run by it as ``scrapy runspider`` with ``-a base=URL -a days=N``; prints one JSON line at the end.
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec
from scrapy import Request, Spider
from scrapy.http import Response

from crawler.sources import find
from spiders.contracts_finder import ContractsFinder
from spiders.find_a_tender import FindATender
from spiders.proactis import Proactis


class _Links(msgspec.Struct):
    next: str | None = None


class _Page(msgspec.Struct):
    links: _Links | None = None


class Bare(Spider):
    """Asks for the same pages as the real spiders and follows their cursors."""

    name = "bare"
    custom_settings = {  # noqa: RUF012
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {},
        "DOWNLOADER_MIDDLEWARES": {},
        "ROBOTSTXT_OBEY": False,
        "LOG_LEVEL": "ERROR",
    }

    def __init__(self, base: str, days: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.base, self.days = base, int(days)
        self.largest = self.bytes = self.pages = 0

    async def start(self) -> AsyncIterator[Request]:
        """Every first page, one portal after the other."""
        now = datetime.now(UTC)
        for kind in (FindATender, ContractsFinder, Proactis):
            for source in find([]):
                if source.platform != kind.platform:
                    continue
                spider = kind(source=source.key, since=f"{self.days}d")
                spider.now = now
                for window in spider.windows(source):
                    for url in spider.addresses(source, window):
                        moved = url.replace(source.base_url, f"{self.base}/{source.key}")
                        yield Request(moved, dont_filter=True)

    def parse(self, response: Response, **_: Any) -> Iterator[Request]:
        """Nothing but the way to the next page."""
        self.pages += 1
        self.bytes += len(response.body)
        self.largest = max(self.largest, len(response.body))
        page = msgspec.json.decode(response.body, type=_Page)
        if page.links and page.links.next:
            yield Request(page.links.next, dont_filter=True)

    def closed(self, reason: str) -> None:
        """Reports."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        found = {"pages": self.pages, "bytes": self.bytes, "largest": self.largest, "peak": peak}
        sys.stdout.write(json.dumps({"reason": reason, **found}) + "\n")
