"""robots.txt of authorities' sites, as RFC 9309 reads what is no file of rules.

Scrapy takes any answer's body for the rules and lets everything pass when there is no answer. Here
a status of 4xx means that there are no rules (2.3.1.3), and a server that fails, refuses for now or
does not answer closes the whole site (2.3.1.4). Portals are asked through interfaces that they
publish for it: they keep Scrapy's way, since a portal that is down fails by itself.
"""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser

from crawler.contacts.emails import domain_of

_HOPS = 5
_LARGEST = 512 * 1024
"""Bytes of rules that count; RFC 9309 asks for 500 KiB at least."""

_KEPT = ("source", "turn", "most_tries", "patience", "download_timeout")


def closes(status: int) -> bool:
    """Whether robots.txt answering with `status` closes its site."""
    return status >= 500 or status == 429


def _same_body(url: str, other: str) -> bool:
    """Whether two addresses lie at one host, or at one registered domain."""
    here, there = urlsplit(url), urlsplit(other)
    if here.port or there.port:
        return here.netloc == there.netloc
    return domain_of(here.hostname or "") == domain_of(there.hostname or "")


class RobotsMiddleware(RobotsTxtMiddleware):
    """Obeys robots.txt; of authorities' sites also when it cannot be had."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._sites: dict[str, RobotParser | None] = {}

    async def process_request(self, request: Request) -> None:  # type: ignore[override]
        """Raises `IgnoreRequest` for what robots.txt closes."""
        if "turn" not in request.meta:
            await super().process_request(request)
            return
        if request.meta.get("dont_obey_robotstxt"):
            return
        parts = urlsplit(request.url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._sites:
            self._sites[site] = await self._rules(f"{site}/robots.txt", request)
        rules = self._sites[site]
        if rules is None:
            raise IgnoreRequest(f"closed, since robots.txt of {parts.netloc} cannot be had")
        self.process_request_2(rules, request)

    async def _rules(self, url: str, request: Request) -> RobotParser | None:
        """The rules at `url`; None if the site is closed for want of them."""
        assert self.crawler.engine is not None
        meta = {name: request.meta[name] for name in _KEPT if name in request.meta}
        meta |= {
            "dont_obey_robotstxt": True,
            "dont_redirect": True,
            "handle_httpstatus_all": True,
            "download_maxsize": _LARGEST,
        }
        for _ in range(_HOPS):
            asked = Request(url, priority=self.DOWNLOAD_PRIORITY, meta=meta, callback=NO_CALLBACK)
            try:
                answer = await self.crawler.engine.download_async(asked)
            except Exception:  # whatever kept it away, there are no rules to go by
                return None
            target = urljoin(url, (answer.headers.get(b"Location") or b"").decode("latin-1"))
            # Another body's site is not asked on this one's word: then this one has no rules.
            if not 300 <= answer.status < 400 or not _same_body(url, target):
                return self._read(answer)
            url = target
        return self._parserimpl.from_crawler(self.crawler, b"")

    def _read(self, answer: Response) -> RobotParser | None:
        if closes(answer.status):
            return None
        body = answer.body if answer.status == 200 else b""
        return self._parserimpl.from_crawler(self.crawler, body)
