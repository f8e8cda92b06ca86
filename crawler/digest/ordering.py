"""Which section of a digest an opportunity belongs in, in which order, and how many find room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from crawler import dates
from crawler.digest.changes import changes
from crawler.digest.items import SOON, Candidate
from crawler.opportunity import Opportunity
from crawler.store.subscribers import Subscriber

MOST = 15
SHARES = {"closing": 6, "arts": 4}
SHARE = 2
"""How many items a section may have before another takes the rest of the room: more for what
cannot wait for the next digest, and for art."""

MISSED = 5
LATE = timedelta(days=4)
"""What was published longer than this before the last digest, and came after it, came late."""


_SECTIONS = ("closing", "arts", "outcomes", "around", "early", "changed", "awards", "missed")
_KINDS = {"arts": "arts", "commissionable": "outcomes", "adjacent": "around"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A candidate on its way into a section; `fresh` if it came since the last digest.

    `copies` are others that may be the same: they are told with it, and not for themselves.
    """

    candidate: Candidate
    changes: tuple[str, ...] = ()
    fresh: bool = True
    copies: tuple[Opportunity, ...] = ()


def last_digest(person: Subscriber) -> datetime | None:
    """When this person's last digest was due, None before their first."""
    return person.slot or person.digest_at


def sort_out(
    candidates: Sequence[Candidate], person: Subscriber, now: datetime
) -> dict[str, list[Entry]]:
    """Entries by section, in the order of the sections, the weightiest or most urgent first."""
    last = last_digest(person)
    found: dict[str, list[Entry]] = {key: [] for key in _SECTIONS}
    for candidate in candidates:
        if candidate.told is None:
            seen = candidate.first_seen
            fresh = last is None or seen is None or seen > last or candidate.relet is not None
            key = "missed" if _late(candidate, person) else section_of(candidate, now)
            found[key].append(Entry(candidate=candidate, fresh=fresh))
        elif news := changes(candidate.told, candidate.opportunity):
            found["changed"].append(Entry(candidate=candidate, changes=news))
    for key, entries in found.items():
        entries.sort(key=_ORDERS.get(key, _weight))
    return {key: entries for key, entries in folded(found).items() if entries}


def folded(found: Mapping[str, Sequence[Entry]]) -> dict[str, list[Entry]]:
    """The entries with each that may be a copy of one before it told as part of that one.

    Unless something else has changed about it: that would be lost.
    """
    kept: dict[str, list[Entry]] = {key: [] for key in found}
    places: dict[str, tuple[str, int]] = {}
    for key, entries in found.items():
        for entry in entries:
            copies = sorted(entry.candidate.copies & places.keys())
            section, number = places[copies[0]] if copies else ("", 0)
            first = kept[section][number] if copies else None
            own = entry.candidate.opportunity
            if first is not None and first.changes == entry.changes:
                kept[section][number] = replace(first, copies=(*first.copies, own))
                places[own.id] = section, number
            else:
                places[own.id] = key, len(kept[key])
                kept[key].append(entry)
    return kept


def _late(candidate: Candidate, person: Subscriber) -> bool:
    """Whether it reached us so late that an earlier digest should have told of it."""
    last, seen = last_digest(person), candidate.first_seen
    joined = person.confirmed_at or person.created
    if last is None or seen is None or candidate.relet or seen <= joined:
        return False
    return candidate.opportunity.published < min(last, seen) - LATE


def section_of(candidate: Candidate, now: datetime) -> str:
    """The section in which an opportunity is told that is news to the reader."""
    opportunity = candidate.opportunity
    if candidate.relet or opportunity.stage == "planning":
        return "early"
    if opportunity.status == "awarded" or opportunity.stage in ("award", "contract"):
        return "awards"
    if opportunity.deadline and dates.days_left(opportunity.deadline, now) <= SOON:
        return "closing"
    return _KINDS[candidate.match.kind]


def _urgency(entry: Entry) -> tuple[bool, date, bool, str]:
    """The soonest day first, and art first in a day; last what is over or around the arts."""
    opportunity, kind = entry.candidate.opportunity, entry.candidate.match.kind
    less = opportunity.status in ("cancelled", "awarded") or kind == "adjacent"
    day = (opportunity.deadline or opportunity.updated).astimezone(dates.LONDON).date()
    return less, day, kind != "arts", opportunity.id


def _weight(entry: Entry) -> tuple[bool, bool, float, float, str]:
    """What came since the last digest first, contracts that end last; then by likelihood, age."""
    opportunity, kind = entry.candidate.opportunity, entry.candidate.match.kind
    score = opportunity.judgement.scores.get(kind, 0.0) if opportunity.judgement else 0.0
    order = (-round(score, 1), -opportunity.published.timestamp(), opportunity.id)
    return (not entry.fresh, entry.candidate.relet is not None, *order)


def _age(entry: Entry) -> tuple[float, str]:
    opportunity = entry.candidate.opportunity
    return opportunity.published.timestamp(), opportunity.id


_ORDERS = {"closing": _urgency, "changed": _urgency, "missed": _age}


def share_out(wanted: Mapping[str, int], most: int = MOST) -> dict[str, int]:
    """How many items each section shows: a few each, then the rest in order, `most` in all.

    What came late never takes the room of what is new.
    """
    wanted = {
        key: min(number, MISSED) if key == "missed" else number for key, number in wanted.items()
    }
    room = dict.fromkeys(wanted, 0)
    one_each = dict.fromkeys(wanted, 1)
    few = {key: SHARES.get(key, SHARE) for key in wanted}
    for at_most in (one_each, few, wanted):
        for key, number in wanted.items():
            rest = most - sum(room.values())
            room[key] += min(max(min(number, at_most[key]) - room[key], 0), rest)
    return room
