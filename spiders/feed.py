"""RSS and Atom feeds: what a site posts, with or without the full text."""

from __future__ import annotations

from scrapy.http import Response, TextResponse

from spiders.leads import Lead
from spiders.posted import PostedSpider
from spiders.syndication import entries


class Feed(PostedSpider):
    """
    Publisher
        Any site whose row names it
    Covers
        The items that its feed holds; where the row has a `page`, each item's own page as well
    API
        RSS 0.9x, 1.0, 2.0 or Atom at the row's address, asked for with If-None-Match and
        If-Modified-Since
    Caveats
        Feeds forget: what leaves between two readings is never seen. Summaries are cut. Dates are
        missing or lie in the future: such an item counts as published when it was first read.
    """

    name = platform = "feed"

    def found(self, response: Response) -> list[Lead]:
        """The feed's items that link to a page."""
        header = (response.headers.get(b"Content-Type") or b"").decode("latin-1").lower()
        charset = header.partition("charset=")[2].split(";")[0].strip("\"' ")
        base = response.url if isinstance(response, TextResponse) else self.url
        return [
            Lead(
                url=entry.link,
                title=entry.title,
                text=entry.text,
                published=entry.published,
                page=self.source.page is not None and self.own(entry.link),
            )
            for entry in entries(response.body, base, charset or None)
            if entry.link
        ]
