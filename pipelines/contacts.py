"""Last step for what authorities’ sites bring: contacts, and which pages were read when."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured

from crawler import config, keys
from crawler.pages import PageRead, PageRefused, SiteFailed, SiteRead
from crawler.store import contacts, database, visits
from pipelines.counting import complain, note, tally

logger = logging.getLogger(__name__)


class KeepContacts:
    """Writes a page at a time; counts what the pages had wrong."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._engine = database.engine(crawler.settings["DATABASE_URL"])
        self._begun: set[tuple[str, str]] = set()

    @cached_property
    def _key(self) -> bytes:
        """The forget list's key; portals' crawls need none."""
        return keys.forget_key(config.load())

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor; not for dry runs."""
        if crawler.settings.getbool("DRY_RUN"):
            raise NotConfigured
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """Writes what the item says."""
        if isinstance(item, PageRead):
            self._page(item)
        elif isinstance(item, PageRefused):
            self._refused(item)
        elif isinstance(item, SiteRead):
            self._begin(item.source, item.authority)
            with database.writing(self._engine) as connection:
                visits.finish(
                    connection, item.source, item.authority, item.finished, pages=item.pages
                )
        elif isinstance(item, SiteFailed):
            self._failed(item)
        return item

    def _begin(self, source: str, authority: str) -> None:
        if (source, authority) not in self._begun:
            self._begun.add((source, authority))
            started = self._crawler.stats.get_value("start_time") if self._crawler.stats else None
            assert started is not None
            with database.writing(self._engine) as connection:
                visits.begin(connection, source, authority, started)

    def _page(self, read: PageRead) -> None:
        self._begin(read.source, read.authority)
        with database.writing(self._engine) as connection:
            counts = contacts.keep(
                connection,
                read.authority,
                read.url,
                read.extract.contacts,
                read.fetched_at,
                self._key,
            )
            visits.page(
                connection,
                read.source,
                read.authority,
                read.url,
                read.fetched_at,
                reason=None,
                links=read.links,
            )
        counted = tally(self._crawler, read.source)
        counted.releases += 1
        counted.new += counts.new
        counted.changed += counts.changed + counts.dropped
        counted.same += counts.same
        counted.dropped += sum(read.extract.refused.values())
        for reason, number in (*read.extract.refused.items(), *read.extract.repaired.items()):
            logger.info("%s: %s (%d)", read.url, reason, number)

    def _refused(self, page: PageRefused) -> None:
        self._begin(page.source, page.authority)
        with database.writing(self._engine) as connection:
            if page.gone:
                stale = contacts.drop_page(connection, page.authority, page.url, page.fetched_at)
                tally(self._crawler, page.source).changed += stale
            visits.page(
                connection, page.source, page.authority, page.url, page.fetched_at, page.reason
            )
        if not page.gone:
            note(tally(self._crawler, page.source), f"{page.url}: {page.reason}")

    def _failed(self, site: SiteFailed) -> None:
        logger.error("%s: %s", site.source, site.reason)
        complain(tally(self._crawler, site.source), site.reason)
        self._begin(site.source, site.authority)
        with database.writing(self._engine) as connection:
            started = self._crawler.stats.get_value("start_time") if self._crawler.stats else None
            assert started is not None
            visits.finish(connection, site.source, site.authority, started, failure=site.reason)
