"""Where bids go: the e-tendering portal of a notice or an authority, with what says so.

Which council uses which portal: gathered from the councils' own pages, each named in the table.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

_HOST = re.compile(r"(?:https?://|\bwww\.|(?<![@\w.-]))((?:[a-z0-9-]+\.)+[a-z]{2,})(?![\w@])", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class BidPortal:
    """A portal by name. `evidence` is the address that names it: on a page or in a notice.

    `basis`: ``notice`` this notice says so · ``notices`` others of the authority do · ``page`` the
    authority's own page does. `note` is what that page adds.
    """

    name: str
    evidence: str
    basis: Literal["notice", "notices", "page"]
    note: str = ""


@cache
def _hosts() -> tuple[tuple[str, str], ...]:
    text = files(__package__).joinpath("bid_hosts.toml").read_text(encoding="utf-8")
    return tuple(
        (host, portal["name"])
        for portal in tomllib.loads(text)["portal"]
        for host in portal["hosts"]
    )


@cache
def _pages() -> dict[str, BidPortal]:
    with files(__package__).joinpath("bid_portals.csv").open(encoding="utf-8") as handle:
        return {
            row["authority"]: BidPortal(
                name=row["portal"], evidence=row["page"], basis="page", note=row["note"]
            )
            for row in csv.DictReader(handle)
        }


def named_in(text: str) -> BidPortal | None:
    """The first portal whose address stands in `text` (a text or an address), or None."""
    for match in _HOST.finditer(text):
        host = match[1].lower()
        for known, name in _hosts():
            if host == known or host.endswith(f".{known}"):
                site = host.removeprefix("www.")
                return BidPortal(name=name, evidence=site, basis="notice")
    return None


def of_notice(urls: Iterable[str], description: str) -> BidPortal | None:
    """The portal that one notice names, in its text first, since its links lead to many things."""
    return next((found for text in (description, *urls) if (found := named_in(text))), None)


def of_authority(
    authority: str | None, notices: Iterable[tuple[Iterable[str], str]]
) -> BidPortal | None:
    """The portal that an authority uses: the one most of its `notices` name, else its own page's.

    Each notice is its links and its description.
    """
    found = [portal for urls, said in notices if (portal := of_notice(urls, said))]
    if found:
        ((name, count),) = Counter(portal.name for portal in found).most_common(1)
        evidence = next(portal.evidence for portal in found if portal.name == name)
        return BidPortal(
            name=name, evidence=evidence, basis="notices", note=f"{count} of its notices"
        )
    return _pages().get(authority) if authority else None
