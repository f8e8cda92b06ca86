"""One opportunity as its page shows it: facts, history and reasons in words. Pure.

`speaking.segments` and `speaking.paragraphs` mark what spoke for the judgement in the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from crawler import buyers, dates, money
from crawler.digest import wording
from crawler.items import Award, Facts, Judgement, Reason
from crawler.opportunity import Change, Opportunity
from crawler.relevance.cautions import Caution, cautions
from crawler.relevance.features import cpv_names
from crawler.store.browse import Event
from crawler.web.speaking import SOON_DAYS, moment, outward

_MOST_CODES = 12
_FIELDS = {
    "deadline": "Closing date",
    "expected": "Tender expected",
    "status": "Status",
    "stage": "Stage",
    "value": "Value",
    "title": "Title",
    "scope": "Description",
    "lots": "Lots",
    "cpv": "Classification",
    "buyer": "Buyer",
    "start": "Start",
    "end": "End",
}
_TAGS = {
    "planning": "plan published",
    "planningUpdate": "plan updated",
    "tender": "tender published",
    "tenderAmendment": "tender amended",
    "tenderUpdate": "tender updated",
    "tenderCancellation": "tender cancelled",
    "award": "award published",
    "awardUpdate": "award updated",
    "awardCancellation": "award cancelled",
    "contract": "contract published",
    "contractUpdate": "contract updated",
    "contractAmendment": "contract amended",
    "contractTermination": "contract ended",
}
_WHERE = {
    "title": "in the title",
    "description": "in the description",
    "lots": "in the lots",
    "cpv": "in the classification",
    "buyer": "in the buyer’s name",
}
_NOT_IN_TEXT = frozenset({"cpv", "buyer"})
_VALUE = re.compile(r"([\d.]+)(?:–([\d.]+))?(?: ([A-Z]{3}))?")
_LONG = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One line of the key facts."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What one field was before and is since; `long` texts are folded away."""

    field: str
    old: str
    new: str
    long: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One release in the history of an opportunity: when, by which source, what moved.

    `url` is empty where it is not known or not fit to be linked to.
    """

    at: datetime
    source: str
    what: str
    url: str
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """One phrase that moved the judgement, and where it stands; `quoted` if it is in the text."""

    text: str
    where: str
    quoted: bool = True


def key_facts(one: Opportunity, now: datetime) -> tuple[Fact, ...]:
    """What people look for first."""
    buyer = one.buyer
    return tuple(
        Fact(label=label, text=text)
        for label, text in (
            ("Buyer", wording.plain(buyer.name, 200) if buyer else ""),
            (
                "Kind of buyer",
                _kind(buyer.name) if buyer else "",
            ),
            ("Where", wording.place(one.place)),
            ("Value", wording.worth(one)),
            ("Stage", wording.stage(one, now)),
            ("Closing date", wording.day(one.deadline) if one.deadline else "Not stated"),
            ("Tender expected", _date(one.expected) if one.expected else ""),
            ("Contract runs", _span(one.start, one.end)),
            ("Procedure", wording.sentence(wording.plain(one.procedure or "", 120))),
            ("Classified as", _codes(one.cpv)),
            ("First published", wording.day(one.published)),
            ("Reference", ", ".join(wording.plain(ocid, 80) for ocid in one.ocids[:4])),
        )
        if text
    )


def _kind(name: str) -> str:
    return wording.sentence(buyers.NAMES[buyers.kind_of(name)])


def _span(start: datetime | None, end: datetime | None) -> str:
    first, last = (
        dates.spell(m.astimezone(dates.LONDON).date()) if m else "" for m in (start, end)
    )
    if first and last:
        return f"{first} to {last}"
    return f"from {first}" if first else f"until {last}" if last else ""


def _date(moment: datetime) -> str:
    return dates.spell(moment.astimezone(dates.LONDON).date())


def _codes(codes: tuple[str, ...]) -> str:
    names = cpv_names()
    told = [f"{names[code]} ({code})" if code in names else code for code in codes[:_MOST_CODES]]
    more = f" and {len(codes) - _MOST_CODES} more" if len(codes) > _MOST_CODES else ""
    return "; ".join(wording.plain(text, 120) for text in told) + more


def countdown(one: Opportunity, now: datetime) -> tuple[str, str, bool]:
    """How long is left, the date it is about, and whether that is soon."""
    status = one.status_at(now)
    if status == "cancelled":
        return ("Cancelled", "The buyer has withdrawn it.", False)
    if status == "awarded" or one.stage in ("award", "contract"):
        return ("Awarded", "It is no longer open.", False)
    if one.deadline is None:
        return ("No closing date stated", "See the notice itself for when to answer.", False)
    if one.deadline < now:
        return ("Closed", f"It closed on {wording.day(one.deadline)}.", False)
    days = dates.days_left(one.deadline, now)
    left = {0: "Closes today", 1: "Closes tomorrow"}.get(days, f"{days} days left")
    verb = "Have your say by" if one.stage == "planning" else "Closes on"
    return (left, f"{verb} {wording.day(one.deadline)}", days <= SOON_DAYS)


def spoken(judgement: Judgement | None) -> tuple[tuple[Spoken, ...], tuple[Spoken, ...]]:
    """The phrases that spoke for the judgement, and those against, strongest first."""
    return told(judgement.reasons if judgement else ())


def told(reasons: Iterable[Reason]) -> tuple[tuple[Spoken, ...], tuple[Spoken, ...]]:
    """Reasons for people to read: those for it, and those against it, strongest first."""
    ordered = sorted(reasons, key=lambda one: -abs(one.weight))
    said = [(one.weight > 0, _spoken(one)) for one in ordered]
    return tuple(s for good, s in said if good), tuple(s for good, s in said if not good)


def _spoken(reason: Reason) -> Spoken:
    text = reason.text.split(": ", 1)[-1] if reason.field == "cpv" else reason.text
    return Spoken(
        text=wording.plain(text, 120),
        where=_WHERE.get(reason.field, ""),
        quoted=reason.field not in _NOT_IN_TEXT,
    )


def phrases(judgement: Judgement | None) -> tuple[str, ...]:
    """The phrases to mark in the text."""
    return marked(judgement.reasons if judgement else ())


def marked(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """The phrases of these reasons that stand in the text."""
    return tuple(r.text for r in reasons if r.weight > 0 and r.field not in ("cpv", "buyer"))


def warnings(one: Opportunity, now: datetime) -> tuple[Caution, ...]:
    """Why it may not be for a small arts organisation."""
    facts = Facts(
        source=one.sources[0] if one.sources else "",
        ocid=one.ocids[0] if one.ocids else "",
        release_id="",
        date=one.updated,
        tags=(),
        stage=one.stage,
        status=one.status,
        title=one.title,
        description=one.description,
        procedure=one.procedure,
        deadline=one.deadline,
        value_min=one.value_min,
        value_max=one.value_max,
        currency=one.currency,
        lots=one.lots,
        awards=one.awards,
    )
    return cautions(facts, now, published=one.published)


def history(events: Sequence[Event]) -> tuple[Step, ...]:
    """What each release brought, the newest first."""
    return tuple(
        Step(
            at=event.at,
            source=event.source,
            what=_what(event),
            url=outward(event.url),
            moves=tuple(_moves(event.changes)),
        )
        for event in events
    )


def _what(event: Event) -> str:
    """What kind of release it was, by its OCDS tags."""
    known = [_TAGS[tag] for tag in event.tags if tag in _TAGS]
    return wording.sentence(wording.listing(list(dict.fromkeys(known)))) or "Published"


def _moves(changes: Sequence[Change]) -> Iterator[Move]:
    for change in changes:
        old, new = (_said(change.field, text) for text in (change.old, change.new))
        long = max(len(old), len(new)) > _LONG
        width = 4_000 if long else _LONG * 2
        yield Move(
            field=_FIELDS.get(change.field, wording.sentence(change.field.replace("_", " "))),
            old=wording.plain(old, width),
            new=wording.plain(new, width),
            long=long,
        )


def _said(field: str, text: str | None) -> str:
    if text is None:
        return "not stated"
    if field in ("deadline", "expected", "start", "end"):
        at = moment(text)
        return dates.spell(at) if at else text
    if field == "value":
        return _value(text)
    return text


def _value(text: str) -> str:
    """A value as the store keeps it in a change, ``40000.00–60000.00 GBP``, as people write it."""
    found = _VALUE.fullmatch(text)
    if not found:
        return text
    try:
        low = Decimal(found[1])
        high = Decimal(found[2]) if found[2] else low
    except InvalidOperation:
        return text
    return money.spell(low, high, found[3])


def won(award: Award) -> tuple[str, str]:
    """Who won, and for how much from when to when."""
    names = [wording.plain(name, 120) for name in award.suppliers if name]
    value = money.spell(award.value, award.value, wording.plain(award.currency or "GBP", 8))
    parts = [value if award.value is not None else "", _span(award.start, award.end)]
    return wording.listing(names) or "Supplier not named", ", ".join(p for p in parts if p)


def structured(one: Opportunity, page: str) -> dict[str, Any]:
    """The opportunity as schema.org data: a demand for a service, as search engines read it."""
    demand: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Demand",
        "@id": page,
        "url": page,
        "name": wording.plain(one.title, 200),
        "description": wording.plain(one.description, 500),
        "identifier": list(one.ocids[:10]),
        "availabilityStarts": one.published.isoformat(),
        "itemOffered": {"@type": "Service", "name": wording.plain(one.title, 200)},
    }
    if one.deadline:
        demand["availabilityEnds"] = one.deadline.isoformat()
    if one.place.regions:
        demand["areaServed"] = {"@type": "AdministrativeArea", "name": wording.place(one.place)}
    if one.buyer:
        named = {"@type": "GovernmentOrganization", "name": wording.plain(one.buyer.name, 200)}
        demand["subjectOf"] = {"@type": "WebPage", "url": page, "about": named}
    if one.value_max is not None:
        demand["priceSpecification"] = {
            "@type": "PriceSpecification",
            "maxPrice": str(one.value_max),
            "priceCurrency": one.currency or "GBP",
        }
    return demand
