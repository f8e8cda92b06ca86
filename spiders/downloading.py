"""Scrapy's HTTP handler, sending each request once.

Twisted's connection pool repeats a GET by itself when a kept connection breaks, behind the back of
the pacing that counts requests: portals then turn us away for requests that nobody here made.
"""

from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler


class OnceOnlyHandler(HTTP11DownloadHandler):
    """Leaves trying again to `spiders.pacing`, which waits its turn."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool.retryAutomatically = False
