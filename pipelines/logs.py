"""Makes a crawl's log lines JSON where the installation asks for them: an extension."""

from __future__ import annotations

from typing import Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from crawler import logs


class JsonLogs:
    """Writes what Scrapy's own handler would, which is not installed then."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; only for installations that want JSON."""
        if crawler.settings["LOG_AS"] != "json":
            raise NotConfigured
        logs.set_up("json", crawler.settings["LOG_LEVEL"])
        return cls()
