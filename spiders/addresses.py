"""No request may reach a private address, whatever a page or a portal's link says.

Host names are checked where they are resolved, so a name that points inwards is caught as well;
addresses written as numbers are checked before the request leaves. Loopback is open only when
``--base-url`` names it (setting ``LOOPBACK_ALLOWED``), for mirrors and tests.
"""

from __future__ import annotations

from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred

from crawler.networks import forbidden


class AddressMiddleware:
    """Refuses requests to private addresses and to anything but http(s)."""

    def __init__(self, loopback_allowed: bool) -> None:
        self._loopback_allowed = loopback_allowed

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Scrapy's constructor."""
        return cls(crawler.settings.getbool("LOOPBACK_ALLOWED"))

    def process_request(self, request: Request) -> None:
        """Raises `IgnoreRequest` for an address that is none of our business."""
        parts = urlsplit(request.url)
        host = parts.hostname or ""
        local = host == "localhost" or host.endswith(".localhost")
        if parts.scheme not in ("http", "https"):
            raise IgnoreRequest(f"{request.url}: only http and https are read")
        if forbidden(host, self._loopback_allowed) or (local and not self._loopback_allowed):
            raise IgnoreRequest(f"{request.url}: requests to private addresses are not made")


class PublicResolver(CachingThreadedResolver):
    """Scrapy's resolver, refusing names that point to private addresses."""

    def __init__(
        self, reactor: ReactorBase, cache_size: int, timeout: float, loopback_allowed: bool = False
    ) -> None:
        super().__init__(reactor, cache_size, timeout)
        self._loopback_allowed = loopback_allowed

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        """Scrapy's constructor."""
        settings = crawler.settings
        cache_size = settings.getint("DNSCACHE_SIZE") if settings.getbool("DNSCACHE_ENABLED") else 0
        timeout = settings.getfloat("DNS_TIMEOUT")
        return cls(reactor, cache_size, timeout, settings.getbool("LOOPBACK_ALLOWED"))

    def getHostByName(self, name: str, timeout: Any = ()) -> Deferred[str]:
        """The address of `name`; fails with `IgnoreRequest` for a private one."""
        return super().getHostByName(name, timeout).addCallback(self._public, name)

    def _public(self, address: str, name: str) -> str:
        if forbidden(address, self._loopback_allowed):
            raise IgnoreRequest(f"{name} points to the private address {address}")
        return address
