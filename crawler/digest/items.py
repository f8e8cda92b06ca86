"""One opportunity as the reader of a mail sees it: everything in words.

What does not depend on the reader is written once a round and kept: ten thousand digests of a week
tell of the same few hundred opportunities. All that is one reader's own are the links in `ways`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from crawler import dates
from crawler.addresses import Addresses
from crawler.coming import Relet
from crawler.digest import foretelling, wording, worth
from crawler.digest.links import Link, about, links, site_of, spoken
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
_COPIES = 2
_UNVALUED = "Value not stated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An opportunity that fits somebody; `told` is what they know of it already, if anything.

    `first_seen` is when it reached us. `relet` is set for a contract that is told because it runs
    out and may be let again. `copies` are the public ids of what may be the same.
    """

    opportunity: Opportunity
    match: Match
    told: Told | None = None
    first_seen: datetime | None = None
    relet: Relet | None = None
    copies: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One opportunity as readers see whom it fits for the same reasons.

    `id` is the public one, `name` a short title that no other item of the mail has. `page` is our
    own page about it, `links` lead to portals, `actions` to what anybody may do; `copies` name what
    may be the same, by a link if there is an address. `consortium` if it takes more than the reader
    can carry alone.
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
    copies: tuple[Link, ...] = ()
    near: Near = field(default_factory=Near)

    @property
    def title_url(self) -> str:
        """Where the title leads: our page, else the notice; empty if there is neither."""
        return self.page or (self.links[0].url if self.links else "")

    def __hash__(self) -> int:
        """Of what tells most items apart: pieces of mails are looked up by item, often."""
        return hash((self.id, self.name, self.reasons))


@dataclass(frozen=True, slots=True)
class Writer:
    """Puts opportunities into words on the day `now`, each once.

    `portals` names portals by host; `near` is asked whom to talk to and where bids go. `addresses`
    are those of our pages, None where none can be reached.
    """

    now: datetime
    portals: Mapping[str, str]
    near: Callable[[Opportunity], Near]
    addresses: Addresses | None = None
    _described: dict[object, Item] = field(default_factory=dict)
    _kept: dict[object, Item] = field(default_factory=dict)

    def item(
        self,
        candidate: Candidate,
        changes: tuple[str, ...] = (),
        copies: Sequence[Opportunity] = (),
    ) -> Item:
        """The opportunity in words, for whoever it fits for the same reasons."""
        match, own = candidate.match, candidate.opportunity.id
        others = tuple(one.id for one in copies)
        key = (own, match.reasons, match.caveats, changes, candidate.relet, others)
        found = self._kept.get(key)
        if found is None:
            made = replace(
                self._description(candidate.opportunity, candidate.relet),
                consortium=worth.beyond(match.caveats),
                changes=changes,
                reasons=_bounded(match.reasons[:5], 600),
                caveats=_bounded(match.caveats[:3], 300),
            )
            if copies:
                told = tuple(self._copy(one) for one in copies[:_COPIES])
                made = named(replace(made, copies=told), made.name)
            found = _keep(self._kept, key, made)
        return found

    def _description(self, opportunity: Opportunity, relet: Relet | None) -> Item:
        """What is the same for whomever it fits."""
        key = (opportunity.id, relet)
        found = self._described.get(key)
        if found is None:
            found = _keep(self._described, key, self._written(opportunity, relet))
        return found

    def _written(self, opportunity: Opportunity, relet: Relet | None) -> Item:
        now = self.now
        over = is_over(opportunity) and relet is None
        deadline = None if relet else opportunity.deadline
        closing = "" if over or relet else wording.closing(opportunity, now)
        plain = Item(
            id=opportunity.id,
            title=title(opportunity, 160),
            name="",
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
            page=self.addresses.opportunity(opportunity.id) if self.addresses else "",
            links=links(opportunity.urls, self.portals),
            actions=self._actions(opportunity, dated=bool(closing)),
            near=Near() if over else self.near(opportunity),
        )
        return named(plain, title(opportunity, _NAME))

    def _actions(self, opportunity: Opportunity, *, dated: bool) -> tuple[Link, ...]:
        """What anybody may do about it; a calendar takes what is `dated` and ahead."""
        if self.addresses is None:
            return ()
        found = [Link(text="More about it", url=self.addresses.opportunity(opportunity.id))]
        if dated and opportunity.deadline and opportunity.deadline > self.now:
            found.append(Link(text="Add to calendar", url=self.addresses.event(opportunity.id)))
        return tuple(found)

    def _copy(self, other: Opportunity) -> Link:
        """What says that it may be the same as `other`."""
        site = site_of(other.urls, self.portals)
        said = f"May be the same as ‘{title(other, 60)}’" + (f" on {site}" if site else "")
        page = self.addresses.opportunity(other.id) if self.addresses else ""
        notices = links(other.urls, self.portals)
        return Link(text=said, url=page or (notices[0].url if notices else ""))

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


def named(item: Item, name: str) -> Item:
    """`item` called `name`, by which its links are told from those of others when read aloud."""
    return replace(
        item,
        name=name,
        links=tuple(about(link, name) for link in item.links),
        actions=tuple(about(link, name) for link in item.actions),
        copies=tuple(about(link, name) for link in item.copies),
    )


def ways(item: Item, addresses: Addresses, handle: str) -> tuple[Link, ...]:
    """What one reader may do about `item`, by links that act for them and nobody else."""
    if item.over:
        return ()
    found = [
        ("Save", addresses.mark(handle, item.id, "save")),
        ("Not for us", addresses.mark(handle, item.id, "hide")),
    ]
    if item.consortium:
        found.insert(0, ("Find partners", addresses.partners(handle, item.id)))
    return tuple(Link(text=text, url=url, label=spoken(text, item.name)) for text, url in found)


def _keep(kept: dict[object, Item], key: object, made: Item) -> Item:
    if len(kept) >= _KEPT:
        kept.clear()
    kept[key] = made
    return made
