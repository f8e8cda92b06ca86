"""What a draft leaves out that arts organisations look for, each with what to do. Pure.

Rules and no model: each names a fact that is missing from the notice as pasted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from crawler import dates
from crawler.jobs.checking import Checked
from crawler.jobs.unpublished import Draft
from crawler.partners.terms import read_terms

LEAST_DAYS = 21
"""Small organisations need three weeks to find partners and write; many calls give ten days."""

LARGE = Decimal(100_000)
"""Above it, lots let small organisations bid for a part."""

_ARTS = ("92", "79952", "79953", "79956", "80", "85")
"""CPV divisions under which such work is looked for: culture, events, education, social care."""

_CULTURE = ("92", "79952", "79953", "79956")
_CONTACT = re.compile(r"@[\w-]+\.\w|\b0\d{2,4}[ )\d-]{5,}\d\b|https?://|\bwww\.", re.IGNORECASE)
_LOTS = re.compile(r"\blots?\b", re.IGNORECASE)
_RATED = re.compile(r"£\s?\d", re.IGNORECASE)
_SHORT = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """One thing that is missing: a stable `code`, what it is, and what to do about it."""

    code: str
    what: str
    advice: str


def gaps(draft: Draft, found: Checked, now: datetime) -> tuple[Gap, ...]:
    """What `draft`, judged as `found`, leaves out, the gravest first; nothing if it is unlike."""
    if found.unlike:
        return ()
    return tuple(_gaps(draft, found, now.astimezone(dates.LONDON).date()))


def _gaps(draft: Draft, found: Checked, today: date) -> Iterator[Gap]:
    words = len(draft.description.split())
    if found.band == "hidden":
        yield Gap(
            code="words",
            what="Hardly a word in it says that the arts could deliver this",
            advice="Name the activity: a workshop, a choir, a performance, an artist, a museum.",
        )
    yield from _codes(draft, found)
    if not found.place.regions:
        yield Gap(
            code="place",
            what="It does not say where the work is",
            advice="Name the town or the region: most people ask for work near them.",
        )
    if draft.value is None and not _RATED.search(draft.description):
        yield Gap(
            code="value",
            what="It names no value",
            advice="Give a value or a range: without, small organisations think it too large.",
        )
    yield from _time(draft, today)
    if draft.value is not None and draft.value > LARGE and not _LOTS.search(draft.description):
        yield Gap(
            code="lots",
            what="It is large and has no lots",
            advice="Divide it into lots, or say that consortia and partners are welcome.",
        )
    if not read_terms(draft.description) and words:
        yield Gap(
            code="length",
            what="It does not say how long the contract runs",
            advice="Write it as “two years from 1 April, with an option of a third”.",
        )
    if not _CONTACT.search(draft.description):
        yield Gap(
            code="contact",
            what="It names nobody to ask",
            advice="Give a mailbox or a page: whoever is unsure asks first, or does not bid.",
        )
    if words < _SHORT:
        yield Gap(
            code="short",
            what=f"Its description is {words} words long",
            advice="Say whom it is for, what should change for them, and how you will choose.",
        )


def _codes(draft: Draft, found: Checked) -> Iterator[Gap]:
    if not draft.cpv:
        yield Gap(
            code="no_cpv",
            what="It has no CPV code",
            advice="Give one: most alert services look at nothing else.",
        )
    elif found.judgement.art_forms and not any(code.startswith(_CULTURE) for code in draft.cpv):
        yield Gap(
            code="cpv",
            what="None of its CPV codes is one of the arts",
            advice="Add one such as 92312000 (artistic services) beside its main code.",
        )
    elif not any(code.startswith(_ARTS) for code in draft.cpv):
        yield Gap(
            code="cpv",
            what="None of its CPV codes is one under which the arts look",
            advice="Add one of culture (92…), education (80…) or social care (85…), where true.",
        )


def _time(draft: Draft, today: date) -> Iterator[Gap]:
    if draft.closes is None:
        yield Gap(
            code="no_deadline",
            what="You did not say when it closes",
            advice=f"Give {LEAST_DAYS} days or more: small organisations bid beside their work.",
        )
    elif draft.closes < today + timedelta(days=LEAST_DAYS):
        days = (draft.closes - today).days
        left = "is in the past" if days < 0 else "is today" if days == 0 else f"is in {days} days"
        yield Gap(
            code="deadline",
            what=f"Its closing date {left}",
            advice=f"Give {LEAST_DAYS} days or more: small organisations bid beside their work.",
        )
