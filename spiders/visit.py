"""One visit to one authority's site: what was asked for, what is still to be read."""

from __future__ import annotations

import dataclasses
from collections import Counter
from urllib.parse import urlsplit

from crawler.contacts.emails import domain_of
from crawler.sources.councils import Body


@dataclasses.dataclass(slots=True)
class Visit:
    """How far one site has been read; travels with its requests.

    `home` is where it is read, `site` where it really lies (another place only for a mirror).
    `queue` holds what is still to be read, by score; `listed` what the sitemap names; `seen` the
    keys of what was asked for; `shapes` how many pages of a kind came along, `endless` those of
    kinds that do not end. `plain` is the http address that the register knows of a site that is
    asked by https first; empty once it is in use, and for every other site.
    """

    body: Body
    home: str
    site: str
    spent: int = 1
    queue: dict[str, float] = dataclasses.field(default_factory=dict)
    listed: dict[str, float] = dataclasses.field(default_factory=dict)
    seen: set[str] = dataclasses.field(default_factory=set)
    shapes: Counter[str] = dataclasses.field(default_factory=Counter)
    endless: set[str] = dataclasses.field(default_factory=set)
    pages: int = 0
    plain: str = ""

    def public(self, url: str) -> str:
        """`url` as the authority publishes it."""
        return self._moved(url, self.home, self.site)

    def actual(self, url: str) -> str:
        """A published address as it is read here."""
        return self._moved(url, self.site, self.home)

    def _moved(self, url: str, start: str, end: str) -> str:
        old, new = urlsplit(start), urlsplit(end)
        parts = urlsplit(url)
        if self.home == self.site or parts.netloc != old.netloc:
            return url
        return parts._replace(scheme=new.scheme, netloc=new.netloc).geturl()

    def moves_to(self, url: str) -> None:
        """Goes on where the site says that it lies: with https, or with another host of its own."""
        if self.home == self.site:
            parts = urlsplit(url)
            self.home = self.site = f"{parts.scheme}://{parts.netloc}/"

    def falls_back(self) -> None:
        """Goes on by plain http, as the register has it, with nothing asked yet."""
        self.home = self.site = self.plain
        self.plain = ""
        self.queue.clear()
        self.seen.clear()

    def within(self, url: str) -> bool:
        """Whether `url` lies on this site: the same host of a mirror, else the same domain."""
        here, there = urlsplit(self.home), urlsplit(url)
        if there.scheme not in ("http", "https"):
            return False
        if self.home != self.site or not domain_of(here.hostname or "").count("."):
            return here.netloc == there.netloc
        return domain_of(here.hostname or "") == domain_of(there.hostname or "")
