"""Where bids go: the e-tendering portal that a notice names, and those that councils' pages name.

Which council's page names which portal was gathered once; each row of the table says where.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from crawler.bids import Mention, PageFact
from crawler.places import resolve_buyer

_HOST = re.compile(r"(?:https?://|\bwww\.|(?<![@\w.-]))((?:[a-z0-9-]+\.)+[a-z]{2,})(?![\w@])", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A portal by name, and the host by which a notice names it."""

    portal: str
    site: str


@cache
def _hosts() -> tuple[tuple[str, str], ...]:
    text = files(__package__).joinpath("bid_hosts.toml").read_text(encoding="utf-8")
    return tuple(
        (host, portal["name"])
        for portal in tomllib.loads(text)["portal"]
        for host in portal["hosts"]
    )


@cache
def page_facts() -> tuple[PageFact, ...]:
    """What the authorities' own pages say, as far as it ships with this version."""
    with files(__package__).joinpath("bid_portals.csv").open(encoding="utf-8") as handle:
        return tuple(PageFact(**row) for row in csv.DictReader(handle))


def named_in(text: str) -> Named | None:
    """The first portal whose address stands in `text` (a text or an address), or None."""
    if not _maybe_named(text):
        return None  # most texts: this takes a tenth of the time that looking for hosts takes
    for match in _HOST.finditer(text):
        host = match[1].lower()
        for known, name in _hosts():
            if host == known or host.endswith(f".{known}"):
                return Named(portal=name, site=host.removeprefix("www."))
    return None


def _maybe_named(text: str) -> bool:
    low = text.lower()
    return any(known in low for known, _ in _hosts())


def of_notice(urls: Iterable[str], description: str) -> Named | None:
    """The portal that one notice names, in its text first, since its links lead to many things."""
    return next((found for text in (description, *urls) if (found := named_in(text))), None)


def authority_of(buyer: str | None) -> str | None:
    """The authority that a buyer of that name is, by GSS code; None for any other body.

    A trust or a school in an authority's area buys by itself: its notices say nothing of where the
    authority's bids go.
    """
    resolved = resolve_buyer(buyer) if buyer else None
    return resolved.authority if resolved and resolved.kind == "authority" else None


def mention(buyer: str | None, urls: Iterable[str], description: str) -> Mention | None:
    """What a notice says of its buyer's portal, if it tells its buyer and names one."""
    found = of_notice(urls, description) if buyer else None
    if found is None:
        return None
    return Mention(authority=authority_of(buyer), portal=found.portal, site=found.site)
