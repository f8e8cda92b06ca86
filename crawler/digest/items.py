"""One opportunity as the reader of a mail sees it: everything in words.

What does not depend on the reader is written once a round and kept: ten thousand digests of a week
tell of the same few hundred opportunities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from crawler import dates
from crawler.addresses import Addresses
from crawler.coming import Relet
from crawler.digest import foretelling, wording, worth
from crawler.digest.links import Link, about, links
from crawler.digest.matching import Match
from crawler.digest.nearby import Near
from crawler.opportunity import Opportunity
from crawler.partners.meetings import gatherings
from crawler.store.matches import Told

SOON = 14
_NAME = 50
_OVER = ("cancelled", "awarded")
_KEPT = 50_000
_LEAST = 40
_MEETINGS = 2
_UNVALUED = "Value not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An opportunity that fits somebody; `told` is what they know of it already, if anything.

    `first_seen` is when it reached us. `relet` is set for a contract that is told because it runs
    out and may be let again.
    """

    opportunity: Opportunity
    match: Match
    told: Told | None = None
    first_seen: datetime | None = None
    relet: Relet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One opportunity as the reader sees it. `id` is the public one, `name` a short unique title.

    `page` is our own page about it, `links` lead to portals, `actions` to what the reader may do.
    `consortium` if it takes more than the reader can carry alone.
    """

    id: str
    title: str
    name: str
    buyer: str
    place: str
    value: str
    closing: str
    soon: bool
    stage: str
    over: bool = False
    consortium: bool = False
    changes: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    page: str = ""
    links: tuple[Link, ...] = ()
    actions: tuple[Link, ...] = ()
    near: Near = field(default_factory=Near)

    @property
    def title_url(self) -> str:
        """Where the title leads: our page, else the notice; empty if there is neither."""
        return self.page or (self.links[0].url if self.links else "")


@dataclass(frozen=True, slots=True)
class Writer:
    """Puts opportunities into words on the day `now`, each once.

    `portals` names portals by host; `near` is asked whom to talk to and where bids go.
    """

    now: datetime
    portals: Mapping[str, str]
    near: Callable[[Opportunity], Near]
    _kept: dict[object, Item] = field(default_factory=dict)

    def item(self, candidate: Candidate, changes: tuple[str, ...] = ()) -> Item:
        """The opportunity in words, for whoever it fits for the same reasons."""
        match = candidate.match
        key = (candidate.opportunity.id, match.reasons, match.caveats, changes, candidate.relet)
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            found = self._kept[key] = self._written(candidate, changes)
        return found

    def _written(self, candidate: Candidate, changes: tuple[str, ...]) -> Item:
        opportunity, match, now = candidate.opportunity, candidate.match, self.now
        relet = candidate.relet
        over = is_over(opportunity) and relet is None
        deadline = None if relet else opportunity.deadline
        closing = "" if over or relet else wording.closing(opportunity, now)
        return Item(
            id=opportunity.id,
            title=title(opportunity, 160),
            name=title(opportunity, _NAME),
            buyer=wording.plain(opportunity.buyer.name if opportunity.buyer else "", 120)
            or "Buyer not named",
            place=wording.place(opportunity.place),
            value=wording.sentence(foretelling.worth(relet)) or _UNVALUED
            if relet
            else wording.worth(opportunity),
            closing=closing,
            soon=bool(not over and deadline and 0 <= dates.days_left(deadline, now) <= SOON),
            stage=foretelling.returning(relet, self.today) if relet else self._stage(opportunity),
            over=over,
            consortium=worth.beyond(match.caveats),
            changes=changes,
            reasons=_bounded(match.reasons[:5], 600),
            caveats=_bounded(match.caveats[:3], 300),
            links=links(opportunity.urls, self.portals),
            near=Near() if over else self.near(opportunity),
        )

    @property
    def today(self) -> date:
        """The writer's day in London."""
        return self.now.astimezone(dates.LONDON).date()

    def _stage(self, opportunity: Opportunity) -> str:
        """How far it has come, and when its buyer may be met."""
        met = [one for one in gatherings(opportunity) if one.day >= self.today][:_MEETINGS]
        return ". ".join(
            [wording.stage(opportunity, self.now), *(foretelling.meeting(one) for one in met)]
        )


def _bounded(sentences: Iterable[str], room: int) -> tuple[str, ...]:
    """As many of the `sentences` as fit into `room` characters, the last one cut if need be."""
    kept = []
    for sentence in sentences:
        if room < _LEAST:
            break
        kept.append(wording.plain(sentence, min(room, 300)))
        room -= len(kept[-1])
    return tuple(kept)


def is_over(opportunity: Opportunity) -> bool:
    """Whether nobody can bid any more, whatever its dates say."""
    return opportunity.status in _OVER


def title(opportunity: Opportunity, width: int) -> str:
    """The title in at most `width` characters; words that say so where there is none."""
    return wording.plain(opportunity.title, width) or "Notice without a title"


def addressed(
    item: Item,
    opportunity: Opportunity,
    name: str,
    addresses: Addresses | None,
    handle: str,
    now: datetime,
) -> Item:
    """`item` with the links of one reader, each read aloud with `name` to tell it from others."""
    notices = tuple(about(link, name) for link in item.links)
    if addresses is None:
        return replace(item, name=name, links=notices)
    page = addresses.opportunity(item.id)
    actions = [Link(text="More about it", url=page)]
    if not item.over:
        if item.closing and opportunity.deadline and opportunity.deadline > now:
            actions.append(Link(text="Add to calendar", url=addresses.event(item.id)))
        if item.consortium:
            actions.append(Link(text="Find partners", url=addresses.partners(handle, item.id)))
        actions.append(Link(text="Save", url=addresses.mark(handle, item.id, "save")))
        actions.append(Link(text="Not for us", url=addresses.mark(handle, item.id, "hide")))
    return replace(
        item,
        name=name,
        page=page,
        links=notices,
        actions=tuple(about(link, name) for link in actions),
    )
