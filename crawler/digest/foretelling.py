"""The words for what is coming: when a contract may be let again, when a buyer may be met. Pure.

What is not certain says so, and never more exactly than by the month.
"""

from __future__ import annotations

from datetime import date, timedelta

from crawler import dates, money
from crawler.coming import Gathering, Relet
from crawler.digest import wording

KINDS = {
    "meeting": "Meet the buyer",
    "plan": "Have your say",
    "decision": "Decisions",
    "contract": "Contracts that end",
}
ONE = KINDS | {"plan": "Plan", "decision": "Decision", "contract": "Contract that ends"}
"""The same of a single thing."""

_MEETINGS = {
    "webinar": "Webinar",
    "briefing": "Briefing",
    "meeting": "Meeting with the buyer",
    "open day": "Open day",
    "site visit": "Site visit",
}
_SOON = timedelta(days=60)
_CERTAINTY = {
    "stated": "As stated",
    "worked out": "Worked out",
    "estimated": "An estimate",
}
_MOST_HOLDERS = 3
_UNKNOWN = "These are the dates of the call for bids: nobody has published who won it"


def again(one: Relet, today: date) -> str:
    """``Expected again between March and September 2027``; what is left once it has begun."""
    if one.earliest >= today + _SOON:
        return f"Expected again {months(one.earliest, one.latest)}"
    if one.latest == one.earliest:
        return f"Ends {months(one.latest, one.latest)}: what follows may be out already"
    if one.earliest >= today:
        return (
            f"Ends {months(one.earliest, one.earliest)} or, extended,"
            f" by {_month(one.latest)}: what follows may be out already"
        )
    return f"If it was extended, it may run until {_month(one.latest)}"


def months(first: date, last: date) -> str:
    """``in March 2027``, ``between March and May 2027``, ``between May 2027 and May 2028``."""
    if (first.year, first.month) == (last.year, last.month):
        return f"in {_month(first)}"
    begin = f"{first:%B}" if first.year == last.year else _month(first)
    return f"between {begin} and {_month(last)}"


def _month(day: date) -> str:
    return f"{day:%B} {day.year}"


def because(one: Relet) -> str:
    """The reasoning in one sentence, without the notice's own words."""
    own = [wording.plain(reason, 200) for reason in one.reasons if not reason.startswith("‘")]
    return wording.sentence("; ".join(own))


def quoted(one: Relet) -> tuple[str, ...]:
    """The notice's own words that the reasoning rests on."""
    return tuple(wording.plain(reason, 200) for reason in one.reasons if reason.startswith("‘"))


def reasoning(one: Relet) -> str:
    """How sure that is, and why: ``Worked out: 3 years from 1 April 2024``."""
    return f"{_CERTAINTY[one.certainty]}: {_small(because(one))}"


def holder(one: Relet) -> str:
    """``Now with Anchor Theatre``; what is known where no award was published."""
    names = [wording.plain(name, 80) for name in one.incumbents if name.strip()]
    if not names:
        return "The winner is not named" if one.awarded else _UNKNOWN
    more = len(names) - _MOST_HOLDERS
    shown = names[:_MOST_HOLDERS] + ([f"{more} more"] if more > 0 else [])
    return f"Now with {wording.listing(shown)}"


def worth(one: Relet) -> str:
    """Its value in words; empty where none is known."""
    if one.value is None:
        return ""
    currency = wording.plain(one.currency, 8) if one.currency else None
    return money.spell(one.value, one.value, currency)


def watch(one: Relet, today: date) -> str:
    """From when the buyer may ask around; empty once the first end is near or past."""
    if one.earliest < today + _SOON:
        return ""
    if one.watch_from <= today:
        return "The buyer may be asking around already: now is the time to get in touch"
    return f"The buyer may begin to ask around from {_month(one.watch_from)}"


def returning(one: Relet, today: date) -> str:
    """When it is expected again, why, and with whom it is now, in one sentence."""
    return f"{again(one, today)}: {_small(because(one))}; {_small(holder(one))}"


def told(one: Relet, today: date) -> str:
    """The same, and for how much."""
    return "; ".join(part for part in (returning(one, today), worth(one)) if part)


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]


def meeting(one: Gathering) -> str:
    """``Webinar on Thursday 14 May 2026, 10am to 11am, online (Microsoft Teams)``."""
    parts = [
        f"{_MEETINGS[one.kind]} on {one.day:%A} {dates.spell(one.day)}",
        hours(one),
        where(one),
    ]
    return ", ".join(part for part in parts if part)


def hours(one: Gathering) -> str:
    """``10am to 11.30am``, London time; empty where no hour is named."""
    if one.starts is None:
        return ""
    begin, end = (
        dates.spell(moment).rpartition(", ")[2] if moment else ""
        for moment in (one.starts, one.ends)
    )
    return f"{begin} to {end}" if end else begin


def where(one: Gathering) -> str:
    """``at Hastings Town Hall``, ``online (Zoom)``; empty where no place is named."""
    place = wording.plain(one.place, 120)
    if one.online:
        return f"online ({place})" if place and place != "online" else "online"
    return place
