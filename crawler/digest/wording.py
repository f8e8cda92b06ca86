"""The words of the digest: names, places, dates and amounts as a person would say them.

Everything that a source wrote passes through `plain` before it reaches a mail.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from types import MappingProxyType

from crawler import dates, money
from crawler.items import Judgement, Place, Reason
from crawler.opportunity import Opportunity
from crawler.places.authorities import authority
from crawler.places.regions import NATIONWIDE, name
from crawler.text import one_line

ART_FORMS = MappingProxyType(
    {
        "performing": "theatre, dance and performance",
        "music": "music",
        "visual": "visual arts and craft",
        "film_digital": "film and digital arts",
        "literature_libraries": "literature and libraries",
        "museums_heritage": "museums and heritage",
        "festivals_events": "festivals and events",
        "combined": "work across several art forms",
    }
)
OUTCOMES = MappingProxyType(
    {
        "health_wellbeing": "health and wellbeing",
        "older_people": "older people",
        "children_young_people": "children and young people",
        "criminal_justice": "criminal justice",
        "learning_skills": "learning and skills",
        "community_cohesion": "communities",
        "place_economy": "places and local economies",
        "environment": "the environment",
    }
)
BANDS = MappingProxyType(
    {
        "arts": "arts and culture",
        "commissionable": "outcomes you could deliver",
        "adjacent": "work around the arts",
    }
)
_THE = frozenset({"TLC", "TLD", "TLF", "TLG", "TLH", "TLJ", "TLK"})
_SIGNALS = {
    "UK1": "On the buyer’s forward plan",
    "UK2": "The buyer is asking for views",
    "UK3": "Planned: bids are not open yet",
    "forward plan": "On the council’s forward plan: a decision is to be taken",
}
_FIELDS = {"title": "in the title", "description": "in the description", "lots": "in the lots"}
_NUMBERS = ("", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
FAR = 60
"""Days beyond which a closing date stands for itself."""

_WORD = re.compile(r"\w+")
_JOINERS = "\u200c\u200d"
"""Invisible, but Persian and family emoji need them."""


def plain(text: str, width: int = 160) -> str:
    """`text` on one line of at most `width` characters, without control or direction marks."""
    if text.isprintable():
        return one_line(text, width)  # most of what is ever asked
    kept = (
        char
        for char in text[: width * 20]
        if char in _JOINERS
        or char.isspace()
        or (unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co") and not _is_none(char))
    )
    return one_line("".join(kept), width)


def _is_none(char: str) -> bool:
    """Whether Unicode says that `char` is no character, ever: XML refuses some of them."""
    return ord(char) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(char) <= 0xFDEF


def listing(words: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; with one more comma if a word has its own *and*."""
    if len(words) < 2:
        return "".join(words)
    last = ", and " if any(" and " in word for word in words) else " and "
    return f"{', '.join(words[:-1])}{last}{words[-1]}"


def sentence(words: str) -> str:
    """`words` with a capital first letter."""
    return words[:1].upper() + words[1:]


def number(value: int) -> str:
    """A number to begin a sentence with: ``Two``, ``Nine``, ``14``."""
    return _NUMBERS[value] if 0 < value < len(_NUMBERS) else str(value)


def count(number: int, one: str, many: str | None = None) -> str:
    """``1 item``, ``2 items``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def region(code: str) -> str:
    """A region in running text: ``the North West``, ``Wales``."""
    return f"the {name(code)}" if code in _THE else name(code)


def place(where: Place) -> str:
    """Where the work is: ``Hull, Yorkshire and The Humber``, ``Across the UK``."""
    if where.regions == NATIONWIDE:
        return "Across the UK"
    names = [name(code) for code in where.regions]
    body = authority(where.authority) if where.authority else None
    if body and len(names) < 2:
        return ", ".join(dict.fromkeys((body.short_name, *names)))
    if len(names) > 4:
        return f"{len(names)} regions of the UK"
    return listing(names) or "Place not stated"


def town(where: Place) -> str:
    """Where the work is in two or three words for a subject line; empty when that is not known."""
    body = authority(where.authority) if where.authority else None
    if body:
        return f"in {body.short_name}"
    if len(where.regions) == 1 and where.regions != NATIONWIDE:
        return f"in {region(where.regions[0])}"
    return ""


def day(moment: datetime) -> str:
    """``Friday 17 July 2026``, or with its hour if it has one; London time."""
    return f"{moment.astimezone(dates.LONDON):%A} {dates.spell(moment)}"


def today(now: datetime) -> str:
    """``Friday 10 July 2026``."""
    local: date = now.astimezone(dates.LONDON).date()
    return f"{local:%A} {dates.spell(local)}"


def left(deadline: datetime, now: datetime) -> str:
    """``today``, ``tomorrow`` or ``9 days left``; empty for a day so far off that nobody counts."""
    days = dates.days_left(deadline, now)
    return "" if days > FAR else {0: "today", 1: "tomorrow"}.get(days, f"{days} days left")


def since(moment: datetime, now: datetime) -> str:
    """``today``, ``yesterday``, ``Tuesday`` within a week, else ``3 July 2026``; London days."""
    days = -dates.days_left(moment, now)
    local = moment.astimezone(dates.LONDON).date()
    named = {0: "today", 1: "yesterday"}.get(days)
    return named or (f"{local:%A}" if 0 < days < 7 else dates.spell(local))


def closing(opportunity: Opportunity, now: datetime) -> str:
    """When it closes, with the days left; for an early signal, until when the buyer listens."""
    deadline = opportunity.deadline
    early = opportunity.stage == "planning"
    if deadline is None:
        return "No closing date yet" if early else "Closing date not stated"
    if deadline < now:
        return f"{'Early talks ended' if early else 'Closed'} on {day(deadline)}"
    counted = f" ({days})" if (days := left(deadline, now)) else ""
    return f"{'Have your say by' if early else 'Closes'} {day(deadline)}{counted}"


def worth(opportunity: Opportunity) -> str:
    """The value in words: ``£40,000 to £1.2 million``, ``Value not stated``."""
    currency = plain(opportunity.currency, 8) if opportunity.currency else None
    return sentence(money.spell(opportunity.value_min, opportunity.value_max, currency))


def stage(opportunity: Opportunity, now: datetime) -> str:
    """How far it has come, and for an early signal when the work is expected to start."""
    if opportunity.status == "cancelled":
        return "Cancelled"
    if opportunity.status == "awarded" or opportunity.stage in ("award", "contract"):
        return "Awarded"
    if opportunity.stage == "planning":
        words = _SIGNALS.get(opportunity.notice_type or "", "Early signal: bids are not open yet")
        if opportunity.expected and opportunity.expected > now:
            expected = dates.spell(opportunity.expected.astimezone(dates.LONDON).date())
            words += f"; the tender is expected on {expected}"
        if opportunity.start and opportunity.start > now:
            starts = dates.spell(opportunity.start.astimezone(dates.LONDON).date())
            words += f"; work is expected to start on {starts}"
        return words
    return "Closed" if opportunity.status_at(now) == "closed" else "Open for bids"


def evidence(judgement: Judgement) -> str:
    """The strongest phrases behind a judgement and where they stand, three at most.

    ``‘lantern’ and ‘public art’ in the title; listed as ‘Music festivals’``. The buyer, whom people
    see anyway, is named only if nothing else speaks. Empty without any.
    """
    speaking = [reason for reason in judgement.reasons if reason.weight > 0]
    telling = [reason for reason in speaking if reason.field != "buyer"] or speaking
    strongest = _various(sorted(telling, key=lambda reason: -reason.weight))[:3]
    quoted: dict[str, list[str]] = {}
    others = []
    for reason in strongest:
        words = f"‘{plain(_bare(reason), 60)}’"
        if reason.field in _FIELDS:
            quoted.setdefault(_FIELDS[reason.field], []).append(words)
        elif reason.field == "cpv":
            others.append(f"listed as {words}")
        else:
            others.append(f"bought by {plain(reason.text, 60)}")
    parts = [f"{listing(words)} {where}" for where, words in quoted.items()]
    return "; ".join([*parts, *others])


def _various(reasons: Sequence[Reason]) -> list[Reason]:
    """`reasons` without those that say only what one before them says: ‘artist’, ‘artists’."""
    told: set[str] = set()
    kept = []
    for reason in reasons:
        own = {word.rstrip("s") for word in _WORD.findall(_bare(reason).lower())}
        if not own <= told:
            kept.append(reason)
            told |= own
    return kept


def _bare(reason: Reason) -> str:
    """The phrase to quote: a CPV code without its number, a bracket that was cut off closed."""
    if reason.field == "cpv" and ": " in reason.text:
        return reason.text.split(": ", 1)[1]
    return reason.text + ")" * (reason.text.count("(") > reason.text.count(")"))
