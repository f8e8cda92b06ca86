"""List pages: a page that links to its items, and each item's own page."""

from __future__ import annotations

import re

from parsel import Selector
from scrapy.http import HtmlResponse, Response

from crawler.errors import SourceChanged
from spiders.leads import Lead
from spiders.posted import PostedSpider
from spiders.prose import prose

_SEEN_ONLY = re.compile(r"^(?:#|javascript:|mailto:|tel:|data:)", re.IGNORECASE)


class Listing(PostedSpider):
    """
    Publisher
        Any site whose row names it
    Covers
        The items that one list page links to; those on the same site are read from their own page
        by at most three selectors (links, title, body), others are kept as the list names them
    API
        None: the row's address
    Caveats
        Only the first page of a list. Deadlines and sums are what the text says behind a label. A
        layout that changed is noticed by selectors that find nothing and by counts that fall.
    """

    name = platform = "listing"

    def found(self, response: Response) -> list[Lead]:
        """The links that the row's selector finds. Raises `SourceChanged` for what is no page."""
        if not isinstance(response, HtmlResponse):
            kind = (response.headers.get(b"Content-Type") or b"unknown type").decode("latin-1")
            raise SourceChanged(f"the answer is no web page but {kind[:60]}")
        if response.css('input[type="password" i]'):
            raise SourceChanged("the answer is a login page")
        leads = []
        for node in response.css(self.page.links):
            anchor = node if node.root.tag == "a" else node.css("a[href]")[:1]
            href = (anchor.attrib.get("href") or "").strip()
            if not href or _SEEN_ONLY.match(href):
                continue
            try:
                url = response.urljoin(href)
            except ValueError:
                continue
            if url.startswith(("http://", "https://")):
                leads.append(self._lead(url, anchor, node))
        return leads

    def _lead(self, url: str, anchor: Selector | object, node: Selector) -> Lead:
        row = node.xpath("ancestor-or-self::*[self::li or self::tr or self::article][1]")
        title = " ".join(" ".join(anchor.css("::text").getall()).split())  # type: ignore[union-attr]
        # The words of a row that holds many items would be everybody's.
        alone = len(row.css("a[href]")) <= 3 if row else False
        return Lead(
            url=url,
            title=title,
            text=prose(row[0]) if alone else "",
            page=self.own(url),
        )
