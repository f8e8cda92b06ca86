"""Base for platforms that are many sites: one site for each authority, read page after page.

To add such a platform:

1. Write its row in ``crawler/sources/sites.toml``; `by_name`, with the pace for each site.
2. Subclass `AuthoritySpider` in a file named for the platform; class, file and spider share it.
3. Say in `address_of` where an authority's site lies, in `first` what to ask for, and in `read`
   what a page holds; `Visit.queue` takes what is to be read after it.

    class CouncilPages(AuthoritySpider):
        name = platform = "council_pages"

        def address_of(self, body: Body) -> str | None:
            return body.website

Each site is read one request at a time, at most `BUDGET` requests; sites are read side by side. A
visit ends with `SiteRead` or `SiteFailed`, a page with `PageRead` or `PageRefused`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, TypeAlias
from urllib.parse import urljoin, urlsplit

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http import HtmlResponse, Response
from twisted.python.failure import Failure

from crawler.contacts import choosing
from crawler.errors import UsageError
from crawler.items import Batch, WindowRead
from crawler.networks import forbidden
from crawler.pages import PageRead, PageRefused, SiteFailed, SiteRead
from crawler.sources import Pace, Source, find, is_loopback
from crawler.sources.councils import Body, chosen
from spiders.pacing import Turns
from spiders.visit import Visit

BUDGET = 60
"""Requests that one visit may make, robots.txt and redirects among them."""

LARGEST = 2 * 1024 * 1024
"""Bytes of a page; a sitemap may be ten times that."""

REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HOPS = 4
_SLOWEST = 30.0

Item: TypeAlias = PageRead | PageRefused | SiteRead | SiteFailed | Batch | WindowRead
Read: TypeAlias = Iterator[Item | Request]


class AuthoritySpider(Spider):
    """Reads the sites of authorities. Arguments (``-a``), all optional:

    ``source`` the key of the row; ``only`` GSS codes with commas; ``base_url`` a mirror of every
    chosen site, ``base_urls`` a JSON object of mirrors by GSS code; ``pace``
    ``REQUESTS/SECONDS``; ``limit`` pages of each site; ``resume`` the path of a JSON file that says
    what unfinished visits have read: ``{GSS: {"read": [URL], "links": [[URL, SCORE]]}}``.
    """

    platform: ClassVar[str]

    def __init__(
        self,
        source: str = "",
        only: str = "",
        base_url: str = "",
        base_urls: str = "{}",
        pace: str = "",
        limit: str = "",
        resume: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        rows = [row for row in find([source or self.platform]) if row.platform == self.platform]
        if not rows:
            raise UsageError(f"source {source!r} is not read by the spider {self.name!r}")
        row = rows[0]
        self.limit = int(limit) if limit else None
        self._mirror = base_url.rstrip("/")
        self._mirrors: dict[str, str] = json.loads(base_urls)
        if pace:
            mirrors = [*filter(None, [self._mirror]), *self._mirrors.values()]
            local = bool(mirrors) and all(map(is_loopback, mirrors))
            row = row.at_pace(Pace.parse(pace), local=local)
        self.sources: list[Source] = [row]
        self._done = json.loads(Path(resume).read_text("utf-8")) if resume else {}
        self.bodies = chosen(code for code in only.split(",") if code)
        self.turns = {body.gss: Turns(row.pace) for body in self.bodies}

    @property
    def key(self) -> str:
        """The source's key."""
        return self.sources[0].key

    def address_of(self, body: Body) -> str | None:
        """Where the authority's site lies; None if that is not known."""
        raise NotImplementedError

    def first(self, visit: Visit) -> Request:
        """The first request of a visit."""
        raise NotImplementedError

    def read(self, response: HtmlResponse, visit: Visit) -> Iterator[Item]:
        """What a page holds; puts what is to be read after it into the visit's queue."""
        raise NotImplementedError

    def window_count(self) -> int:
        """How many sites this crawl will visit."""
        return len(self.bodies)

    async def start(self) -> AsyncIterator[Any]:
        """The first request of each site."""
        for body in self.bodies:
            mirror = self._mirrors.get(body.gss, self._mirror)
            site = self.address_of(body) or mirror
            if not site:
                yield self.fails(body, f"the register knows no site of it for {self.platform}")
                continue
            plain = "" if mirror or not site.startswith("http://") else site.rstrip("/") + "/"
            site = _secure(site) if plain else site
            home = mirror or site
            visit = Visit(
                body=body,
                home=home.rstrip("/") + "/",
                site=site.rstrip("/") + "/",
                plain=plain,
            )
            self._resume(visit)
            yield self.first(visit)

    def _resume(self, visit: Visit) -> None:
        done = self._done.get(visit.body.gss, {})
        for url in done.get("read", ()):
            visit.seen.add(choosing.key(visit.actual(url)))
            visit.spent += 1
            visit.pages += 1
        for url, score in done.get("links", ()):
            visit.queue[visit.actual(url)] = score

    def ask(self, visit: Visit, url: str, callback: Any = None, **meta: Any) -> Request:
        """A request of this visit; what becomes of it is always heard of."""
        visit.spent += 1
        visit.seen.add(choosing.key(url))
        return Request(
            url,
            callback=callback or self.parse,
            errback=self.failed,
            dont_filter=True,
            meta={
                "source": self.key,
                "turn": visit.body.gss,
                "visit": visit,
                "asked": url,
                "dont_redirect": True,
                "handle_httpstatus_all": True,
                "download_maxsize": LARGEST,
                "download_timeout": _SLOWEST,
                "most_tries": 2,
                "patience": 60.0,
                **meta,
            },
        )

    def parse(self, response: Response, **_: Any) -> Read:
        """Reads a page, or says why not, then asks for the next."""
        request = response.request
        assert request is not None
        visit: Visit = request.meta["visit"]
        visit.spent += request.meta.get("tries", 0)
        if response.status in REDIRECTS:
            yield from self._redirected(response, request, visit)
            return
        reason = _unfit(response)
        if reason:
            yield self.refused(visit, response.url, reason, gone=response.status in (404, 410))
        else:
            visit.pages += 1
            assert isinstance(response, HtmlResponse)
            yield from self.read(response, visit)
        yield from self.go_on(visit)

    def _redirected(self, response: Response, request: Request, visit: Visit) -> Read:
        """Follows a redirect within the site; any other is refused."""
        location = response.headers.get(b"Location") or b""
        target = choosing.plain(urljoin(response.url, location.decode("utf-8", "replace")))
        host = urlsplit(target).hostname or ""
        hops = request.meta.get("hops", 0) + 1
        reason = ""
        if not visit.within(target):
            private = forbidden(host, loopback_allowed=False) or host == "localhost"
            reason = "redirect to a private address" if private else "redirect to another domain"
            reason = f"{reason} ({host[:80]})"
        elif hops > _HOPS:
            reason = "redirects without end"
        if reason:
            yield self.refused(visit, request.url, reason)
            if visit.pages == 0 and not visit.queue and request.meta.get("home"):
                yield self.fails(visit.body, f"its home page answers with a {reason}")
                return
        elif choosing.key(target) == choosing.key(request.url) or (
            choosing.key(target) not in visit.seen and visit.spent < BUDGET
        ):
            if choosing.key(target) != choosing.key(request.url):
                yield self.refused(visit, request.url, f"moved to {target[:200]}", gone=True)
            kept = {name: request.meta[name] for name in ("home",) if name in request.meta}
            yield self.ask(visit, target, request.callback, hops=hops, **kept)
            return
        yield from self.go_on(visit)

    def go_on(self, visit: Visit) -> Read:
        """The most promising page that is left, or the end of the visit."""
        full = self.limit is not None and visit.pages >= self.limit
        while visit.queue and visit.spent < BUDGET and not full:
            url = max(visit.queue, key=lambda one: (visit.queue[one], -len(one), one))
            del visit.queue[url]
            if choosing.key(url) not in visit.seen:
                yield self.ask(visit, url)
                return
        if not visit.pages and visit.plain:
            yield from self._plainly(visit, "no page could be read")
            return
        if not visit.pages:
            yield self.fails(visit.body, f"no page of {visit.site} could be read")
            return
        yield SiteRead(
            source=self.key,
            authority=visit.body.gss,
            finished=datetime.now(UTC),
            pages=visit.pages,
        )

    def failed(self, failure: Failure) -> Read:
        """A request that brought no answer: the page is refused, or the site is down."""
        request: Request = failure.request  # type: ignore[attr-defined]
        visit: Visit = request.meta["visit"]
        visit.spent += request.meta.get("tries", 0)
        reason = _words(failure.value)
        if request.meta.get("home") and visit.pages == 0 and visit.plain:
            yield from self._plainly(visit, reason)
            return
        yield self.refused(visit, request.url, reason)
        if request.meta.get("home") and visit.pages == 0:
            yield self.fails(visit.body, f"{visit.public(request.url)}: {reason}")
            return
        yield from self.go_on(visit)

    def _plainly(self, visit: Visit, reason: str) -> Read:
        """Reads a site by http that the register knows with http only and https does not answer."""
        secure = visit.home
        visit.falls_back()
        yield self.refused(visit, secure, f"read by http instead: by https {reason}")
        yield self.first(visit)

    def refused(self, visit: Visit, url: str, reason: str, *, gone: bool = False) -> PageRefused:
        """Says that a page was not read."""
        return PageRefused(
            source=self.key,
            authority=visit.body.gss,
            url=visit.public(url),
            fetched_at=datetime.now(UTC),
            reason=reason,
            gone=gone,
        )

    def fails(self, body: Body, reason: str) -> SiteFailed:
        """Says that a site could not be read."""
        return SiteFailed(source=self.key, authority=body.gss, reason=f"{body.name}: {reason}")


def _secure(site: str) -> str:
    """The address with https; a port of its own would be that of http."""
    parts = urlsplit(site)
    return parts._replace(scheme="https", netloc=parts.hostname or parts.netloc).geturl()


def _unfit(response: Response) -> str | None:
    """Why an answer is no page to read, or None."""
    if response.status != 200:
        return f"status {response.status}"
    if not isinstance(response, HtmlResponse):
        kind = (response.headers.get(b"Content-Type") or b"unknown type").decode("latin-1")
        return f"no web page but {kind.split(';')[0][:60]}"
    if response.css('input[type="password" i]'):
        return "a login page"
    return None


def _words(error: BaseException | None) -> str:
    """What kept an answer away, as people say it."""
    name = type(error).__name__
    if isinstance(error, IgnoreRequest):
        closed = str(error) == "Forbidden by robots.txt"
        return "closed by robots.txt" if closed else str(error)[:200]
    if "Cancelled" in name:
        return f"larger than {LARGEST // 1024 // 1024} MB"
    return f"no answer ({name}: {str(error)[:120]})"
