"""Makes one person's digest out of what fits: what goes where, and what there is room for.

Pure; no markup here. `items` puts one opportunity into words, `headlines` the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from crawler.addresses import Addresses
from crawler.digest import headlines, wording
from crawler.digest.accounts import Accounts, checked
from crawler.digest.footers import Footer, footer
from crawler.digest.headlines import Counts
from crawler.digest.items import SOON, Candidate, Item, Writer, named, ways
from crawler.digest.links import Link
from crawler.digest.nearby import Body, gathered
from crawler.digest.ordering import MOST, Entry, share_out, sort_out
from crawler.store.matches import Told
from crawler.store.subscribers import Subscriber

Kind = Literal["digest", "early", "reminder"]

SECTIONS = {
    "closing": (f"Closing within {SOON} days", ""),
    "arts": ("Arts and culture", ""),
    "outcomes": (
        "Outcomes you could deliver",
        "These do not ask for art by name. They ask for something that the arts do well.",
    ),
    "around": ("Around the arts", "Design, equipment, print and buildings: work next to the arts."),
    "early": ("Early signals", "Nothing to bid for yet, and the best time to talk to the buyer."),
    "changed": ("Changed since we told you", ""),
    "awards": ("Awards", "Nothing to bid for here: who won may want partners."),
    "missed": ("You may have missed", "These reached us late. The oldest comes first."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Items under one heading; `more` counts those that wait. A `brief` one is a plain list."""

    key: str
    heading: str
    introduction: str
    items: tuple[Item, ...]
    more: int = 0
    brief: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """One mail, ready to be written. `carried` maps public ids to what it tells of each.

    `kind` is ``digest``, or ``early`` or ``reminder`` for the short ones in between; `see_all`
    leads to whatever there was no room for. `foretold` are the public ids of contracts that end and
    that it tells of. `ways` are the links that act for the reader, by the
    item's public id.
    """

    kind: Kind = "digest"
    subject: str
    preheader: str
    headline: str
    date: str
    greeting: str
    welcome: str
    sections: tuple[Section, ...]
    people: tuple[Body, ...] = ()
    see_all: Link | None = None
    accounts: tuple[str, ...] = ()
    footer: Footer
    carried: Mapping[str, Told] = field(default_factory=dict)
    foretold: frozenset[str] = frozenset()
    ways: Mapping[str, tuple[Link, ...]] = field(default_factory=dict)

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to tell."""
        return not self.sections


def compose(
    candidates: Sequence[Candidate],
    *,
    person: Subscriber,
    writer: Writer,
    accounts: Accounts | None = None,
    near_misses: int | None = None,
    most: int = MOST,
) -> Digest:
    """The digest that tells `person` of `candidates` on the writer's day.

    It has at most `most` items. What was told before comes only if it has changed since.
    `near_misses` is how many opportunities failed just one thing that the person asked for, None if
    nobody counted.
    """
    now, addresses = writer.now, writer.addresses
    sorted_out = sort_out(candidates, person, now)
    room = share_out({key: len(entries) for key, entries in sorted_out.items()}, most)
    entries = {key: found[: room[key]] for key, found in sorted_out.items()}
    more = {key: len(found) - room[key] for key, found in sorted_out.items()}
    shown = [entry for found in entries.values() for entry in found]
    counts = _counts(sorted_out, len(shown))
    led = _lead_first(entries)
    headline = headlines.headline(counts)
    sections, people = laid_out(entries, more, writer)
    all_of_them = f"See all {counts.total} that fit what you asked for"
    return Digest(
        subject=headlines.subject(headline, [one.candidate for one in led]),
        preheader=headlines.preheader([(one.candidate, one.changes) for one in led], now),
        headline=headline,
        date=wording.today(now),
        greeting=greeting(person),
        welcome=headlines.welcome(counts),
        sections=sections,
        people=people,
        see_all=Link(text=all_of_them, url=addresses.all_matches(person.handle))
        if addresses and counts.shown < counts.total
        else None,
        accounts=checked(accounts, now, sent=len(shown), near_misses=near_misses)
        if accounts
        else (),
        footer=footer(person, addresses),
        carried=carried(shown),
        foretold=frozenset(
            entry.candidate.opportunity.id for entry in shown if entry.candidate.relet
        ),
        ways=ways_of(sections, person, addresses),
    )


def greeting(person: Subscriber) -> str:
    """How a mail begins."""
    name = wording.plain(person.organisation, 80) if person.organisation else ""
    return f"Hello {name}," if name else "Hello,"


def carried(shown: Sequence[Entry]) -> dict[str, Told]:
    """What a mail tells of each opportunity, by public id; contracts that end are no matches."""
    return {
        one.id: Told.of(one)
        for entry in shown
        if entry.candidate.relet is None
        for one in (entry.candidate.opportunity, *entry.copies)
    }


def _counts(sorted_out: Mapping[str, Sequence[Entry]], shown: int) -> Counts:
    apart = ("changed", "missed")
    news = [one for key, found in sorted_out.items() if key not in apart for one in found]
    return Counts(
        new=sum(one.fresh for one in news),
        waiting=sum(not one.fresh for one in news),
        closing=len(sorted_out.get("closing", ())),
        changed=len(sorted_out.get("changed", ())),
        missed=len(sorted_out.get("missed", ())),
        shown=shown,
    )


def _lead_first(entries: Mapping[str, Sequence[Entry]]) -> list[Entry]:
    """What is shown, the item that the subject names in front: art that is new, else the first."""
    shown = [entry for found in entries.values() for entry in found]
    new = [e for key, found in entries.items() if key != "missed" for e in found if not e.changes]
    arts = (e for e in new if e.candidate.match.kind == "arts" and e.fresh)
    lead = next(arts, None) or next((e for e in new if e.fresh), None)
    return shown if lead is None else [lead, *(e for e in shown if e is not lead)]


def laid_out(
    entries: Mapping[str, Sequence[Entry]], more: Mapping[str, int], writer: Writer
) -> tuple[tuple[Section, ...], tuple[Body, ...]]:
    """Sections of finished items, and whom to talk to about them."""
    taken: dict[str, int] = {}
    sections, around = [], []
    for key, found in entries.items():
        items = []
        for entry in found:
            item = writer.item(entry.candidate, entry.changes, entry.copies)
            name = _unique(item.name, taken)
            items.append(item if name == item.name else named(item, name))
            if key != "missed":
                around.append((name, item.near))
        heading, introduction = SECTIONS[key]
        new = key == "arts" and all(entry.fresh for entry in found)
        sections.append(
            Section(
                key=key,
                heading=f"New: {heading[0].lower()}{heading[1:]}" if new else heading,
                introduction=introduction,
                items=tuple(items),
                more=more.get(key, 0),
                brief=key == "missed",
            )
        )
    return tuple(sections), gathered(around)


def ways_of(
    sections: Sequence[Section], person: Subscriber, addresses: Addresses | None
) -> dict[str, tuple[Link, ...]]:
    """What `person` may do about each item that is told at length, by its public id."""
    if addresses is None:
        return {}
    told = (item for section in sections if not section.brief for item in section.items)
    return {item.id: ways(item, addresses, person.handle) for item in told}


def _unique(name: str, taken: dict[str, int]) -> str:
    """`name`, numbered if another item of the mail has it: links are told apart by it."""
    key = name.casefold()
    taken[key] = taken.get(key, 0) + 1
    if taken[key] == 1:
        return name
    return _unique(f"{name} ({taken[key]})", taken)
