"""The links of an item: to where the notice stands and to what somebody may do about it.

Many items of one mail have links with the same words. `Link.label` is what is read aloud in their
place: the words that are seen, and then which item they are about.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

MOST = 3
_LONGEST = 400
_UNFIT = frozenset(' <>"`\\{}|^')
"""Not allowed in a web address (RFC 3986), and of use only to those who mean harm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A web address, what people see in its place, and what is read aloud (as seen if empty)."""

    text: str
    url: str
    label: str = ""


def links(urls: Iterable[str], portals: Mapping[str, str]) -> tuple[Link, ...]:
    """One link to each site among `urls`, known portals first, `MOST` at most.

    `portals` gives the names of portals by host; ``www.`` and ``api.`` make no difference.
    """
    names, found = _sites(urls, portals)
    return tuple(
        Link(text=_text(site, names, first=number == 0), url=url)
        for number, (site, url) in enumerate(found[:MOST])
    )


def site_of(urls: Iterable[str], portals: Mapping[str, str]) -> str:
    """The name of the site that the first of `links` leads to; empty where there is none."""
    names, found = _sites(urls, portals)
    return names.get(found[0][0], found[0][0]) if found else ""


def _sites(
    urls: Iterable[str], portals: Mapping[str, str]
) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The names of known sites, and each site among `urls` with its address, known ones first."""
    names = {_site(host): name for host, name in portals.items()}
    found: dict[str, str] = {}
    for url in urls:
        host = _host(url)
        if host is not None:
            found.setdefault(_site(host), url)
    return names, sorted(found.items(), key=lambda one: one[0] not in names)


def about(link: Link, name: str) -> Link:
    """The same link, read aloud as one about the item called `name`."""
    return Link(text=link.text, url=link.url, label=spoken(link.text, name))


def spoken(text: str, name: str) -> str:
    """What is read aloud for a link with the words `text` that is about the item called `name`."""
    return f"{text}: {name}"


def _text(site: str, names: Mapping[str, str], *, first: bool) -> str:
    if site in names:
        return f"Read the notice on {names[site]}"
    return f"{'Read the notice' if first else 'See more'} at {site}"


def host_of(url: str) -> str:
    """The host of a base URL; empty if it has none."""
    return _host(url) or ""


@lru_cache(maxsize=4096)
def _host(url: str) -> str | None:
    """The host of a web address that is fit for a mail, or None."""
    if len(url) > _LONGEST or not url.isprintable() or _UNFIT.intersection(url):
        return None
    try:
        parts = urlsplit(url)
        return parts.hostname if parts.scheme in ("http", "https") else None
    except ValueError:
        return None


def _site(host: str) -> str:
    return host.removeprefix("www.").removeprefix("api.")
