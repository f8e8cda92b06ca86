"""Councils' own websites: the few pages that tell whom to talk to."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy import Request
from scrapy.http import HtmlResponse, Response
from scrapy.utils.gz import gunzip

from crawler.contacts import choosing, extract
from crawler.contacts.emails import domain_of
from crawler.pages import PageRead
from crawler.sources.councils import Body, bodies
from spiders.authorities import BUDGET, LARGEST, REDIRECTS, AuthoritySpider, Item, Read
from spiders.robots import closes
from spiders.visit import Visit

_SITEMAPS = 4
_PLACE = re.compile(rb"<loc>\s*(?:<!\[CDATA\[)?\s*([^<\]\s]+)", re.IGNORECASE)
_OF_A_SHAPE = 5
_LINKS_KEPT = 40
_LISTED = 1.0
"""What a page gains by standing in the sitemap: it exists."""
_FIRST = {"home": True, "dont_obey_robotstxt": True}


class CouncilPages(AuthoritySpider):
    """
    Publisher
        Each of the 382 principal councils of the UK
    Covers
        Arts, culture, events, museums, libraries, commissioning, procurement, public health, social
        care, youth, community safety, economic development, and whom to contact
    API
        None: robots.txt, sitemaps and navigation
    Caveats
        At most 60 requests a council. A small site is read whole. Pages that sell, log in, search
        or count days are passed over; what robots.txt closes is never asked for.
    """

    name = platform = "council_pages"

    def __init__(self, source: str = "councils", **kwargs: Any) -> None:
        super().__init__(source=source, **kwargs)
        self._domains = {
            domain_of(urlsplit(body.website).hostname or "")
            for body in bodies().values()
            if body.website
        }

    def address_of(self, body: Body) -> str | None:
        """The home page in the register."""
        return body.website

    def first(self, visit: Visit) -> Request:
        """robots.txt, for its sitemaps and its delay."""
        url = urljoin(visit.home, "/robots.txt")
        return self.ask(visit, url, self.robots, **_FIRST)

    def robots(self, response: Response, **_: Any) -> Read:
        """Asks for the sitemaps, then for the home page."""
        visit: Visit = response.meta["visit"]
        target = urljoin(response.url, (response.headers.get(b"Location") or b"").decode("latin-1"))
        hops = response.meta.get("hops", 0) + 1
        if response.status in REDIRECTS and visit.within(target) and hops < 3:
            visit.moves_to(target)
            yield self.ask(
                visit, urljoin(visit.home, "/robots.txt"), self.robots, hops=hops, **_FIRST
            )
            return
        if closes(response.status):
            reason = f"robots.txt answers with status {response.status}, which closes the site"
            yield self.refused(visit, response.url, reason)
            yield self.fails(visit.body, f"{reason}; it is asked again next time")
            return
        lines = response.text.splitlines() if response.status == 200 and _is_text(response) else []
        said = [line.split("#")[0].partition(":") for line in lines]
        sitemaps = [
            urljoin(visit.home, rest.strip())
            for name, _, rest in said
            if name.strip().lower() == "sitemap" and rest.strip()
        ]
        delays = [rest.strip() for name, _, rest in said if name.strip().lower() == "crawl-delay"]
        if delays and re.fullmatch(r"\d{1,3}(?:\.\d+)?", delays[0]):
            turns = self.turns[visit.body.gss]
            turns.slow_to(min(30.0, float(delays[0])))
        wanted = [visit.actual(url) for url in sitemaps] or [urljoin(visit.home, "/sitemap.xml")]
        waiting = [url for url in wanted if visit.within(url)][:_SITEMAPS]
        yield self._next_sitemap(visit, waiting)

    def _next_sitemap(self, visit: Visit, waiting: list[str]) -> Request:
        if waiting and visit.spent < BUDGET // 2:
            return self.ask(
                visit,
                waiting[0],
                self.sitemap,
                waiting=waiting[1:],
                download_maxsize=10 * LARGEST,
            )
        return self.ask(visit, visit.home, home=True)

    def sitemap(self, response: Response, **_: Any) -> Read:
        """Takes in the addresses of a sitemap, or the sitemaps of an index."""
        visit: Visit = response.meta["visit"]
        waiting: list[str] = response.meta["waiting"]
        body = _unpacked(response) if response.status == 200 else b""
        places = [visit.actual(place.decode("utf-8", "replace")) for place in _PLACE.findall(body)]
        places = [place.replace("&amp;", "&") for place in places]
        if b"<sitemapindex" in body[:2000]:
            ranked = sorted(places, key=lambda one: ("page" not in one.lower(), one))
            waiting = [*waiting, *(one for one in ranked if visit.within(one))][:_SITEMAPS]
        else:
            for place in places:
                self._take(visit, place, "", listed=True)
        yield self._next_sitemap(visit, waiting)

    def failed(self, failure: Any) -> Read:
        """A sitemap that cannot be had is done without."""
        request: Request = failure.request
        if request.callback == self.sitemap:
            visit: Visit = request.meta["visit"]
            yield self._next_sitemap(visit, request.meta["waiting"])
            return
        yield from super().failed(failure)

    def read(self, response: HtmlResponse, visit: Visit) -> Iterator[Item]:
        """The contacts on a page; queues the links that promise more."""
        links: dict[str, float] = {}
        for anchor in response.css("a[href]"):
            url = response.urljoin(anchor.attrib["href"].strip())
            words = " ".join(anchor.css("::text").getall())[:200]
            yield from self._document(visit, url, words)
            score = self._take(visit, url, words)
            if score:
                links[url] = score
        for url in visit.endless - {""}:
            yield self.refused(visit, url, "a calendar or list without end, read no further")
        visit.endless.clear()
        if response.meta.get("home"):
            self._read_whole(visit)
        own = domain_of(urlsplit(visit.site).hostname or "")
        public = visit.public(response.url)
        best = sorted(links.items(), key=lambda pair: -pair[1])[:_LINKS_KEPT]
        yield PageRead(
            source=self.key,
            authority=visit.body.gss,
            url=public,
            fetched_at=datetime.now(UTC),
            extract=extract(response.text, public, self._domains - {own}),
            links=tuple((visit.public(url), score) for url, score in best),
        )

    def _take(self, visit: Visit, url: str, words: str, *, listed: bool = False) -> float:
        """Puts a page into the queue if it promises something; its score."""
        if not visit.within(url):
            return 0.0
        url = choosing.plain(url)
        if listed and not choosing.DOCUMENT.search(urlsplit(url).path):
            visit.listed[url] = 0.5
        score = choosing.score(url, words) + (_LISTED if listed else 0.0)
        shape = choosing.shape(url)
        if (
            score < choosing.WORTH_READING + (_LISTED if listed else 0.0)
            or choosing.key(url) in visit.seen
        ):
            return 0.0
        if shape and url not in visit.queue:
            visit.shapes[shape] += 1
            if visit.shapes[shape] > _OF_A_SHAPE:
                visit.endless.add(url if visit.shapes[shape] == _OF_A_SHAPE + 1 else "")
                return 0.0
        visit.queue[url] = max(score, visit.queue.get(url, 0.0))
        return score

    def _read_whole(self, visit: Visit) -> None:
        """A site whose sitemap fits into one visit is read whole, before what it does not list."""
        if len(visit.listed) <= BUDGET - visit.spent:
            for url, score in visit.listed.items():
                if choosing.key(url) not in visit.seen:
                    visit.queue[url] = 20.0 + max(score, visit.queue.get(url, 0.0))

    def _document(self, visit: Visit, url: str, words: str) -> Iterator[Item]:
        """Counts a document in the place of a page that would matter, each once."""
        ending = choosing.DOCUMENT.search(urlsplit(url).path)
        if not ending or ending[0].lower() in (".jpg", ".jpeg", ".png", ".svg", ".gif"):
            return
        worth = choosing.score(re.sub(r"\.\w+$", "", url), words) >= choosing.WORTH_READING
        if worth and visit.within(url) and choosing.key(url) not in visit.seen:
            visit.seen.add(choosing.key(url))
            yield self.refused(visit, url, f"a document ({ending[0][1:].lower()}), no web page")


def _is_text(response: Response) -> bool:
    return hasattr(response, "text") and len(response.body) < 500_000


def _unpacked(response: Response) -> bytes:
    body = response.body
    if body[:2] == b"\x1f\x8b":
        try:
            return gunzip(body, max_size=10 * LARGEST)
        except (OSError, EOFError, gzip.BadGzipFile, ValueError):
            return b""
    return body
