"""Makes one person's digest out of what fits: sections, headline, subject. Pure; no markup here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from crawler import dates
from crawler.digest import wording
from crawler.digest.accounts import Accounts, asked_for, checked
from crawler.digest.changes import changes
from crawler.digest.links import Link, links
from crawler.digest.local import Local
from crawler.digest.matching import Match
from crawler.opportunity import Opportunity
from crawler.store.matches import Told
from crawler.store.subscribers import Subscription

SOON = 14
MOST = 15
SHARE = 2
"""How many items each section may have before another takes the rest of the room."""

SECTIONS = {
    "closing": (f"Closing within {SOON} days", ""),
    "arts": ("New: arts and culture", ""),
    "outcomes": (
        "Outcomes you could deliver",
        "These do not ask for art by name. They ask for something that the arts do well.",
    ),
    "around": ("Around the arts", "Design, equipment, print and buildings: work next to the arts."),
    "early": ("Early signals", "Nothing to bid for yet, and the best time to talk to the buyer."),
    "changed": ("Changed since we told you", ""),
}
_KINDS = {"arts": "arts", "commissionable": "outcomes", "adjacent": "around"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An opportunity that fits somebody; `told` is what they know of it already, if anything."""

    opportunity: Opportunity
    match: Match
    told: Told | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One opportunity as the reader sees it, everything in words. `id` is the public one."""

    id: str
    title: str
    buyer: str
    place: str
    value: str
    closing: str
    soon: bool
    stage: str
    over: bool = False
    changes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()
    bidding: str = ""
    contacts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Items under one heading; `more` counts those that wait for the next digest."""

    key: str
    heading: str
    introduction: str
    items: tuple[Item, ...]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One digest, ready to be written. `carried` maps public ids to what it tells of each."""

    subject: str
    preheader: str
    headline: str
    date: str
    greeting: str
    welcome: str
    sections: tuple[Section, ...]
    accounts: tuple[str, ...]
    asked_for: str
    carried: Mapping[str, Told] = field(default_factory=dict)

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.sections


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    candidate: Candidate
    changes: tuple[str, ...] = ()


def compose(
    candidates: Sequence[Candidate],
    *,
    now: datetime,
    organisation: str | None = None,
    subscriptions: Sequence[Subscription] = (),
    accounts: Accounts | None = None,
    portals: Mapping[str, str] | None = None,
    local: Callable[[Opportunity], Local] = lambda _: Local(),
) -> Digest:
    """The digest that tells of `candidates` on the day `now`.

    What was told before comes only if it has changed since. `portals` names portals by host;
    `local` is asked whom to talk to about each opportunity that is told, and where bids go.
    """
    sorted_out = _sort_out(candidates, now)
    counts = {key: len(entries) for key, entries in sorted_out.items()}
    room = _share_out(counts)
    sections = tuple(
        _section(key, sorted_out[key], room[key], now, portals or {}, local) for key in sorted_out
    )
    shown = _lead_first([e for key in sorted_out for e in sorted_out[key][: room[key]]])
    headline = _headline(counts)
    return Digest(
        subject=_subject(headline, shown),
        preheader=_preheader(shown, now),
        headline=headline,
        date=wording.today(now),
        greeting=f"Hello {wording.plain(organisation, 80)}," if organisation else "Hello,",
        welcome=_welcome(counts, len(shown)),
        sections=sections,
        accounts=checked(accounts, now) if accounts else (),
        asked_for=asked_for(subscriptions),
        carried={
            entry.candidate.opportunity.id: Told.of(entry.candidate.opportunity) for entry in shown
        },
    )


def _sort_out(candidates: Sequence[Candidate], now: datetime) -> dict[str, list[_Entry]]:
    """Entries by section, in the order of the sections, the weightiest or most urgent first."""
    found: dict[str, list[_Entry]] = {key: [] for key in SECTIONS}
    for candidate in candidates:
        if candidate.told is None:
            found[_section_of(candidate, now)].append(_Entry(candidate=candidate))
        elif news := changes(candidate.told, candidate.opportunity):
            found["changed"].append(_Entry(candidate=candidate, changes=news))
    for key, entries in found.items():
        entries.sort(key=_urgency if key in ("closing", "changed") else _weight)
    return {key: entries for key, entries in found.items() if entries}


def _section_of(candidate: Candidate, now: datetime) -> str:
    opportunity = candidate.opportunity
    if opportunity.stage == "planning":
        return "early"
    if opportunity.deadline and dates.days_left(opportunity.deadline, now) <= SOON:
        return "closing"
    return _KINDS[candidate.match.kind]


def _urgency(entry: _Entry) -> tuple[bool, date, bool, str]:
    """The soonest day first, and art first in a day; last what is over or around the arts."""
    opportunity, kind = entry.candidate.opportunity, entry.candidate.match.kind
    less = opportunity.status in ("cancelled", "awarded") or kind == "adjacent"
    day = (opportunity.deadline or opportunity.updated).astimezone(dates.LONDON).date()
    return less, day, kind != "arts", opportunity.id


def _weight(entry: _Entry) -> tuple[float, float, str]:
    opportunity, kind = entry.candidate.opportunity, entry.candidate.match.kind
    score = opportunity.judgement.scores.get(kind, 0.0) if opportunity.judgement else 0.0
    return -round(score, 1), -opportunity.published.timestamp(), opportunity.id


def _share_out(wanted: Mapping[str, int]) -> dict[str, int]:
    """How many items each section shows: a few each, then the rest in order, `MOST` in all."""
    room = {key: min(number, SHARE) for key, number in wanted.items()}
    rest = MOST - sum(room.values())
    for key, number in wanted.items():
        extra = min(number - room[key], rest)
        room[key] += extra
        rest -= extra
    return room


def _section(
    key: str,
    entries: Sequence[_Entry],
    room: int,
    now: datetime,
    portals: Mapping[str, str],
    local: Callable[[Opportunity], Local],
) -> Section:
    heading, introduction = SECTIONS[key]
    return Section(
        key=key,
        heading=heading,
        introduction=introduction,
        items=tuple(_item(entry, now, portals, local) for entry in entries[:room]),
        more=len(entries) - room,
    )


def _item(
    entry: _Entry,
    now: datetime,
    portals: Mapping[str, str],
    local: Callable[[Opportunity], Local],
) -> Item:
    opportunity, match = entry.candidate.opportunity, entry.candidate.match
    over = opportunity.status in ("cancelled", "awarded")
    deadline = opportunity.deadline
    near = Local() if over else local(opportunity)
    return Item(
        id=opportunity.id,
        title=_title(opportunity, 160),
        buyer=wording.plain(opportunity.buyer.name if opportunity.buyer else "", 120)
        or "Buyer not named",
        place=wording.place(opportunity.place),
        value=wording.worth(opportunity),
        closing="" if over else wording.closing(opportunity, now),
        soon=bool(deadline and 0 <= dates.days_left(deadline, now) <= SOON),
        stage=wording.stage(opportunity, now),
        over=over,
        changes=entry.changes,
        reasons=tuple(wording.plain(reason, 300) for reason in match.reasons[:5]),
        caveats=tuple(wording.plain(caveat, 200) for caveat in match.caveats[:3]),
        links=links(opportunity.urls, portals),
        bidding=near.bidding,
        contacts=near.contacts,
    )


def _title(opportunity: Opportunity, width: int) -> str:
    return wording.plain(opportunity.title, width) or "Notice without a title"


def _headline(counts: Mapping[str, int]) -> str:
    """``6 new for you, 2 closing soon``; how much has changed if nothing is new."""
    closing, changed = counts.get("closing", 0), counts.get("changed", 0)
    new = sum(counts.values()) - changed
    if not counts:
        return "All quiet: nothing new for you"
    if not new:
        return f"{wording.count(changed, 'change')} to what we told you"
    if closing:
        return f"{new} new for you, {'closing' if closing == new else f'{closing} closing'} soon"
    return f"{new} new for you" + (f", {changed} changed" if changed else "")


def _welcome(counts: Mapping[str, int], shown: int) -> str:
    """What is in this digest, in a sentence or two."""
    closing, changed = counts.get("closing", 0), counts.get("changed", 0)
    new = sum(counts.values()) - changed
    sentences = []
    if new:
        verb = "fits" if new == 1 else "fit"
        found = wording.count(new, "new opportunity", "new opportunities")
        sentences.append(f"We found {found} that {verb} what you asked for.")
    if closing and closing < new:
        closes = "closes" if closing == 1 else "close"
        sentences.append(f"{wording.number(closing)} {closes} within {SOON} days.")
    if changed:
        has = "has" if changed == 1 else "have"
        sentences.append(f"{wording.number(changed)} that we told you about {has} changed.")
    if shown < sum(counts.values()):
        rest = "the rest wait for your next email"
        sentences.append(f"Here are the {shown} to look at first; {rest}.")
    return " ".join(sentences)


def _lead_first(shown: Sequence[_Entry]) -> list[_Entry]:
    """What is shown, the item that the subject names in front: art that is new, else the first."""
    new = (entry for entry in shown if not entry.changes)
    lead = next((entry for entry in new if entry.candidate.match.kind == "arts"), None)
    return list(shown) if lead is None else [lead, *(e for e in shown if e is not lead)]


def _subject(headline: str, shown: Sequence[_Entry]) -> str:
    if not shown:
        return headline
    opportunity = shown[0].candidate.opportunity
    title, town = _title(opportunity, 70), wording.town(opportunity.place)
    known = town.removeprefix("in ").removeprefix("the ").lower() in title.lower()
    return f"{headline}: {title}" + ("" if known or not town else f" {town}")


def _preheader(shown: Sequence[_Entry], now: datetime) -> str:
    """What the inbox shows after the subject: the first item's date or change, then the next."""
    if not shown:
        return "We looked, and found nothing that fits. You need not do anything."
    first, *others = shown
    closing = wording.closing(first.candidate.opportunity, now)
    opening = first.changes[0] if first.changes else closing
    also = "; ".join(_title(entry.candidate.opportunity, 60) for entry in others[:2])
    return f"{opening}. Also: {also}." if also else f"{opening}."
