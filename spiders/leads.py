"""An item as the page that names it says it, and with what its own page says."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from urllib.parse import urlsplit

from scrapy.http import HtmlResponse, Response

from crawler.errors import SourceChanged
from crawler.sources import Page
from spiders.prose import prose

_MOST_PARTS = 20


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """What the page that names the items says of one. `page`: its own page is to be read."""

    url: str
    title: str
    text: str = ""
    published: datetime | None = None
    page: bool = False


def with_page(lead: Lead, response: Response, page: Page) -> Lead:
    """The lead with what its own page says. Raises `SourceChanged` where it says nothing."""
    if response.status != 200 or not isinstance(response, HtmlResponse):
        raise SourceChanged(f"no web page (status {response.status})")
    if response.css('input[type="password" i]'):
        raise SourceChanged("a login page")
    heading, title = _words(response, page.title, ("h1", "title"))
    where, body = _words(response, page.body, ("main", "article", "body"))
    for selector, words in ((heading, title), (where, body)):
        if not words:
            raise SourceChanged(f"{selector!r} finds nothing; has the layout changed?")
    return dataclasses.replace(lead, title=" ".join(title.split()), text=body)


def _words(response: HtmlResponse, selector: str, usual: tuple[str, ...]) -> tuple[str, str]:
    """The selector that found something (else the first), and the words there."""
    for one in (selector,) if selector else usual:
        found = response.css(one)[:_MOST_PARTS]
        words = "\n\n".join(prose(node) for node in found).strip()
        if words:
            return one, words
    return selector or usual[0], ""


def host(url: str) -> str:
    """The host of `url`, with or without www."""
    return urlsplit(url).netloc.lower().removeprefix("www.")


def moved(url: str, start: str, end: str) -> str:
    """`url` on the host of `end` if it lies on that of `start`: a mirror's or the published one."""
    old, new, parts = urlsplit(start), urlsplit(end), urlsplit(url)
    if old.netloc == new.netloc or host(url) != host(start):
        return url
    return parts._replace(scheme=new.scheme, netloc=new.netloc).geturl()
