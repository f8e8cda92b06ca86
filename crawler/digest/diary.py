"""What is coming as calendar entries (RFC 5545): meetings, days to be heard by, decisions, ends.

An entry keeps its UID as long as the notice says the same day. Hours are UTC, days London's.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, timedelta
from urllib.parse import urlsplit

from icalendar import Event

from crawler.addresses import Addresses
from crawler.coming import Gathering
from crawler.digest import calendars, foretelling, wording
from crawler.store.coming import Coming
from crawler.store.hits import Hit

_USUAL = timedelta(hours=1)
"""How long a meeting is marked for whose end nobody says."""


def diary(name: str, found: Iterable[Coming], addresses: Addresses, today: date) -> bytes:
    """What is coming as a calendar called `name`; what has no day is left out."""
    made = (entry(one, addresses, today) for one in found if one.at is not None)
    return calendars.filled(name, made)


def entry(one: Coming, addresses: Addresses, today: date) -> Event:
    """The entry of one thing that is coming. Raises `ValueError` for one without a day."""
    if one.gathering is not None:
        return meeting(one.hit, one.gathering, addresses)
    if one.at is None:
        raise ValueError(f"{one.kind} of {one.hit.id} has no day to be entered for")
    made = _begun(one.hit, _mark(one), addresses)
    lead = "Tender expected" if one.expected else _LEADS[one.kind]
    made.add("summary", f"{lead}: {_title(one.hit)}")
    made.add("dtstart", one.at)
    made.add("dtend", one.at + timedelta(days=1))
    made.add("description", "\n".join((*_about(one, today), addresses.opportunity(one.hit.id))))
    return made


_LEADS = {"plan": "Have your say", "decision": "Decision", "contract": "Contract ends"}


def meeting(hit: Hit, one: Gathering, addresses: Addresses) -> Event:
    """The entry of a meeting with a buyer: an hour where no end is named, a day without an hour."""
    made = _begun(hit, f"{one.mark}.meeting", addresses)
    made.add("summary", f"{foretelling.meeting(one).partition(' on ')[0]}: {_title(hit)}")
    if one.starts:
        made.add("dtstart", one.starts.astimezone(UTC))
        made.add("dtend", (one.ends or one.starts + _USUAL).astimezone(UTC))
    else:
        made.add("dtstart", one.day)
        made.add("dtend", one.day + timedelta(days=1))
    if place := foretelling.where(one):
        made.add("location", place)
    said = f"In the notice’s words: {wording.plain(one.words, 300)}"
    lines = (_buyer(hit), foretelling.meeting(one), said, addresses.opportunity(hit.id))
    made.add("description", "\n".join(lines))
    return made


def _mark(one: Coming) -> str:
    if one.relet:
        return f"{one.relet.mark}.ends"
    return "expected" if one.expected else "deadline"


def _begun(hit: Hit, mark: str, addresses: Addresses) -> Event:
    host = urlsplit(addresses.base).hostname or "localhost"
    changed = (hit.changed_at or hit.published).astimezone(UTC)
    made = Event()
    made.add("uid", f"{hit.id}.{mark}@{host}")
    made.add("dtstamp", changed)
    made.add("last-modified", changed)
    made.add("url", addresses.opportunity(hit.id))
    made.add("transp", "TRANSPARENT")
    return made


def _about(one: Coming, today: date) -> tuple[str, ...]:
    if one.relet is None:
        return (_buyer(one.hit),)
    return (_buyer(one.hit), foretelling.told(one.relet, today))


def _title(hit: Hit) -> str:
    return wording.plain(hit.title, 120) or "Notice without a title"


def _buyer(hit: Hit) -> str:
    return wording.plain(hit.buyer or "", 120) or "Buyer not named"
