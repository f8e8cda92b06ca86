"""What is coming as an Atom feed (RFC 4287), what was published last in front."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from feedgen.entry import FeedEntry

from crawler.addresses import Addresses
from crawler.digest import feeds, foretelling, wording
from crawler.items import Place
from crawler.store.coming import Coming

_SUBTITLE = "What public buyers plan: nothing to bid for yet, and the best time to talk to them"


def atom(
    name: str,
    found: Iterable[Coming],
    *,
    id: str,  # noqa: A002 - RFC 4287's word
    address: str,
    page: str,
    addresses: Addresses,
    now: datetime,
    today: date,
) -> bytes:
    """The `found` as a feed called `name`; ids and moments as for `crawler.digest.feeds.atom`."""
    chosen = sorted(found, key=lambda one: (_moment(one), _mark(one)))[-feeds.MOST :]
    feed = feeds.begun(
        name, id=id, address=address, page=page, addresses=addresses, subtitle=_SUBTITLE
    )
    feed.updated(_moment(chosen[-1]) if chosen else now)
    for one in chosen:
        feed.add_entry(_entry(one, addresses, today), order="prepend")
    return bytes(feed.atom_str(pretty=True))


def _moment(one: Coming) -> datetime:
    return one.hit.changed_at or one.hit.published


def _mark(one: Coming) -> str:
    """What tells one thing from the others of its opportunity."""
    if one.gathering is not None:
        return f"{one.hit.id}/meeting/{one.gathering.mark}"
    if one.relet is not None:
        return f"{one.hit.id}/ends/{one.relet.mark}"
    return f"{one.hit.id}/{one.kind}"


def _entry(one: Coming, addresses: Addresses, today: date) -> FeedEntry:
    hit = one.hit
    made = FeedEntry()
    made.id(feeds.tag(addresses, f"coming/{_mark(one)}"))
    title = wording.plain(hit.title, 160) or "Notice without a title"
    made.title(f"{foretelling.ONE[one.kind]}: {title}")
    made.published(hit.published)
    made.updated(_moment(one))
    made.link(href=addresses.opportunity(hit.id))
    parts = [
        wording.plain(hit.buyer or "", 120) or "Buyer not named",
        wording.place(Place(regions=hit.regions, authority=hit.authority)),
        said(one, today),
    ]
    made.summary(". ".join(part.rstrip(".") for part in parts if part) + ".")
    return made


def said(one: Coming, today: date) -> str:
    """What is coming and when, in one sentence."""
    if one.gathering is not None:
        return foretelling.meeting(one.gathering)
    if one.relet is not None:
        return foretelling.told(one.relet, today)
    if one.at is None:
        return "Planned: no day is named yet"
    day = f"{one.at:%A} {one.at.day} {one.at:%B %Y}"
    if one.kind == "decision":
        return f"To be decided on {day}"
    return f"The tender is expected on {day}" if one.expected else f"Have your say by {day}"
