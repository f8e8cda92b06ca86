"""What fits a subscription as an Atom feed (RFC 4287), newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator

from crawler.addresses import Addresses
from crawler.digest import wording
from crawler.digest.items import title
from crawler.digest.links import links
from crawler.opportunity import Opportunity

TYPE = "application/atom+xml; charset=utf-8"
MOST = 100
_SINCE = 2026
"""The year in which these ids began (RFC 4151 asks for one in which the domain was ours)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An opportunity in a feed, why it is there and what to check first, if that is known."""

    opportunity: Opportunity
    reasons: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()


def atom(
    name: str,
    found: Iterable[Listed],
    *,
    id: str,  # noqa: A002 - RFC 4287's word
    address: str,
    page: str,
    addresses: Addresses,
    portals: Mapping[str, str],
    now: datetime,
) -> bytes:
    """The `MOST` newest of `found` as a feed called `name`, itself at `address`, shown at `page`.

    `id` names the feed among ours for good, whatever its address.
    `portals` names portals by host. Ids stay the same for good; what changed materially is newer.
    An empty feed counts as updated at `now`.
    """
    chosen = sorted(found, key=lambda one: (changed(one.opportunity), one.opportunity.id))[-MOST:]
    feed = begun(name, id=id, address=address, page=page, addresses=addresses)
    feed.updated(changed(chosen[-1].opportunity) if chosen else now)
    for one in chosen:
        feed.add_entry(_entry(one, addresses, portals, now), order="prepend")
    return bytes(feed.atom_str(pretty=True))


def begun(
    name: str,
    *,
    id: str,  # noqa: A002 - RFC 4287's word
    address: str,
    page: str,
    addresses: Addresses,
    subtitle: str = "Tenders that arts organisations could deliver, and why each is here",
) -> FeedGenerator:
    """A feed of ours without entries: who publishes it, where it lies and what it is called."""
    feed = FeedGenerator()
    feed.id(tag(addresses, id))
    feed.title(wording.plain(name, 120))
    feed.subtitle(subtitle)
    feed.author({"name": "Arts Tenders"})
    feed.language("en-GB")
    feed.link(href=address, rel="self", type="application/atom+xml")
    feed.link(href=page, rel="alternate", type="text/html")
    return feed


def tag(addresses: Addresses, id: str) -> str:  # noqa: A002 - RFC 4287's word
    """The name of one of our feeds or entries for good (RFC 4151)."""
    host = urlsplit(addresses.base).hostname or "localhost"
    return f"tag:{host},{_SINCE}:{id}"


def changed(opportunity: Opportunity) -> datetime:
    """When something material changed last; before any change, when it was published."""
    moments = [change.at for change in opportunity.changes if change.material]
    return max([*moments, opportunity.published])


def _entry(
    one: Listed, addresses: Addresses, portals: Mapping[str, str], now: datetime
) -> FeedEntry:
    opportunity = one.opportunity
    made = FeedEntry()
    made.id(tag(addresses, f"opportunity/{opportunity.id}"))
    made.title(title(opportunity, 160))
    made.published(opportunity.published)
    made.updated(changed(opportunity))
    page = addresses.opportunity(opportunity.id)
    made.link(href=page)  # feedgen writes no rel in entries: more links would be alternates too
    notices = [f"{link.text}: {link.url}" for link in links(opportunity.urls, portals)]
    made.summary("\n".join([_summary(one, now), *notices]))
    return made


def _summary(one: Listed, now: datetime) -> str:
    """The item of a digest, as a few sentences of plain text."""
    opportunity = one.opportunity
    buyer = opportunity.buyer.name if opportunity.buyer else ""
    parts = [
        wording.plain(buyer, 120) or "Buyer not named",
        wording.place(opportunity.place),
        wording.worth(opportunity),
        wording.stage(opportunity, now),
        _closing(opportunity),
    ]
    if one.reasons:
        parts.append(f"Why you: {'; '.join(wording.plain(text, 300) for text in one.reasons[:5])}")
    if one.caveats:
        doubts = "; ".join(wording.plain(text, 200) for text in one.caveats[:3])
        parts.append(f"Why it may not be for you: {doubts}")
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def _closing(opportunity: Opportunity) -> str:
    """When it closes, without counting days: a feed is kept and read later."""
    if opportunity.deadline is None or opportunity.status in ("cancelled", "awarded"):
        return ""
    early = opportunity.stage == "planning"
    return f"{'Have your say by' if early else 'Closes'} {wording.day(opportunity.deadline)}"
