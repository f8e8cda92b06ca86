"""Closing dates as calendar entries (RFC 5545): one opportunity's, or a subscription's feed.

The entry of an opportunity keeps its UID for good, so that calendars move it when the deadline
moves and strike it out when the opportunity is cancelled. The same opportunity gives the same
bytes, whenever it is asked for. Times are UTC, which needs no time zone rules in the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from icalendar import Alarm, Calendar, Event, vDuration

from crawler import __version__, dates
from crawler.addresses import Addresses
from crawler.digest import wording
from crawler.digest.items import title
from crawler.opportunity import Opportunity

TYPE = "text/calendar; charset=utf-8"
REFRESH = timedelta(hours=12)
"""How often a calendar that subscribes to a feed should ask again."""

_LASTS = timedelta(minutes=30)
_ALARM = timedelta(days=3)
_MORNING = timedelta(hours=9)


def calendar(name: str, found: Iterable[Opportunity], addresses: Addresses) -> bytes:
    """The closing dates of `found` as a calendar called `name`; what has none is left out."""
    events = (event(one, addresses) for one in sorted(found, key=lambda one: one.id))
    return filled(name, (one for one in events if one is not None))


def filled(name: str, events: Iterable[Event]) -> bytes:
    """The `events` as a calendar called `name` that asks to be read again now and then."""
    made = Calendar()
    made.add("prodid", f"-//Arts Tenders//{__version__}//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    shown = wording.plain(name, 100)
    made.add("name", shown)
    made.add("x-wr-calname", shown)
    made.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    made.add("x-published-ttl", vDuration(REFRESH))
    for one in events:
        made.add_component(one)
    return bytes(made.to_ical())


def event(opportunity: Opportunity, addresses: Addresses) -> Event | None:
    """The entry of one closing date, None for an opportunity that never had one.

    A deadline without an hour (midnight, or the day's last minute) makes an entry for the whole of
    its London day; any other ends an entry of half an hour. A deadline that was taken back stays as
    a cancelled entry.
    """
    deadline, withdrawn = _deadline(opportunity)
    if deadline is None:
        return None
    off = withdrawn or opportunity.status == "cancelled"
    page = addresses.opportunity(opportunity.id)
    made = Event()
    made.add("uid", f"{opportunity.id}.deadline@{urlsplit(addresses.base).hostname or 'localhost'}")
    made.add("dtstamp", opportunity.updated.astimezone(UTC))
    made.add("last-modified", opportunity.updated.astimezone(UTC))
    made.add("sequence", opportunity.version)
    made.add("summary", _summary(opportunity, off=off))
    made.add("description", _description(opportunity, page))
    made.add("url", page)
    made.add("status", "CANCELLED" if off else "CONFIRMED")
    made.add("transp", "TRANSPARENT")
    local = deadline.astimezone(dates.LONDON)
    if (local.hour, local.minute) in ((0, 0), (23, 59)):
        made.add("dtstart", local.date())
        made.add("dtend", local.date() + timedelta(days=1))
        before = _ALARM - _MORNING
    else:
        made.add("dtstart", deadline.astimezone(UTC) - _LASTS)
        made.add("dtend", deadline.astimezone(UTC))
        before = _ALARM - _LASTS
    if not off:
        made.add_component(_alarm(opportunity, before))
    return made


def _alarm(opportunity: Opportunity, before: timedelta) -> Alarm:
    made = Alarm()
    made.add("action", "DISPLAY")
    made.add("trigger", -before)
    made.add("description", f"Three days left: {title(opportunity, 100)}")
    return made


def _deadline(opportunity: Opportunity) -> tuple[datetime | None, bool]:
    """The closing date; else the last one it had, and that this was taken back."""
    if opportunity.deadline:
        return opportunity.deadline, False
    for change in reversed(opportunity.changes):
        if change.field == "deadline" and change.old:
            known = dates.parse(change.old)
            return known, known is not None
    return None, False


def _summary(opportunity: Opportunity, *, off: bool) -> str:
    named = title(opportunity, 120)
    if off:
        return f"{'Cancelled' if opportunity.status == 'cancelled' else 'No date'}: {named}"
    return f"{'Have your say' if opportunity.stage == 'planning' else 'Closes'}: {named}"


def _description(opportunity: Opportunity, page: str) -> str:
    buyer = opportunity.buyer.name if opportunity.buyer else ""
    deadline = opportunity.deadline
    lines = [
        wording.plain(buyer, 120) or "Buyer not named",
        wording.place(opportunity.place),
        wording.worth(opportunity),
        f"Closes {wording.day(deadline)}, London time" if deadline else "No closing date any more",
        page,
    ]
    return "\n".join(lines)
