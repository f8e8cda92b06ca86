"""A draft before it is published: how it would be judged, whom it would reach, what hides it.

Everything is worked out with the model in force and the subscriptions that stand. Nothing is kept.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crawler.bands import SHOWN, Band, band
from crawler.digest.considering import consider
from crawler.digest.screening import Screen
from crawler.items import Judgement, Place
from crawler.jobs import trying
from crawler.jobs.trying import Tried
from crawler.jobs.unpublished import Draft, chance, seen
from crawler.opportunity import Opportunity
from crawler.relevance.leaning import Leaning, lean
from crawler.relevance.model import Model
from crawler.store import subscribers
from crawler.store.subscribers import Subscription

LEAST = 5
"""Fewer subscribers are not counted out: two drafts that differ in little would tell of one."""

_MOST, _FEW = 6, 3
"""How many changes are named where it is not shown, and where it is and they matter less."""

# Model.judge keeps words that it has met in memory; one thread at a time may add to them.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Subscribers that wait for mail, ready to be asked whom something fits.

    `owners` says by position whose each wish is.
    """

    screen: Screen
    owners: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How many subscribers would hear of it, in fives and rounded down; 0 for fewer than five.

    `regions` are those they asked for, by ITL1 code; ``""`` for those who take any.
    """

    people: int
    regions: Mapping[str, int]
    anybody: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What some changes would do, each as its `kind` (see `trying.Kind`) and what it is in words.

    `chance` is what the probability of being shown would be then, `before` what it is.
    """

    changes: tuple[tuple[str, str], ...]
    before: float
    chance: float
    band: Band
    people: int

    @property
    def kind(self) -> str:
        """That of the first change."""
        return self.changes[0][0]

    @property
    def what(self) -> str:
        """The first change in words."""
        return self.changes[0][1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A draft as it would be judged, placed and sent, and what would change that.

    `misfits` are codes that hide it, each with what leaving it out does; `codes` those that suit
    the words. `together` is there where no single change is enough. `unlike` says that it looks
    like nothing that arts organisations deliver; nothing is advised then.
    """

    opportunity: Opportunity
    judgement: Judgement
    leaning: Leaning
    band: Band
    place: Place
    reach: Reach
    unlike: bool
    misfits: tuple[Advice, ...]
    codes: tuple[Advice, ...]
    hides: tuple[Advice, ...]
    helps: tuple[Advice, ...]
    together: Advice | None
    unknown: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Whether it is shown as it is, or after one of the changes."""
        advised = (*self.misfits, *self.codes, *self.hides, *self.helps)
        return self.band == "shown" or any(one.band == "shown" for one in advised)


def audience(connection: sa.Connection, now: datetime) -> Audience:
    """Everybody who may be written to now."""
    wishes: list[Subscription] = []
    owners: list[int] = []
    for person in subscribers.iterate(connection, states=("active", "paused")):
        if person.may_be_written_to(now):
            wishes += person.subscriptions
            owners += [person.id] * len(person.subscriptions)
    return Audience(screen=Screen(wishes), owners=tuple(owners))


def check(draft: Draft, model: Model, people: Audience, now: datetime) -> Checked:
    """How `draft` would fare if it were published at `now` and open for `unpublished.OPEN_FOR`."""
    with _ONE_AT_A_TIME:
        first = seen(draft, model, now)
        leaning = lean(model, draft.notice())
        tried = trying.attempt(draft, first, leaning, model, now)
    judgement = first.judgement
    assert judgement is not None
    before = chance(judgement)

    def told(some: Sequence[Tried]) -> tuple[Advice, ...]:
        return tuple(_advice(one, before, people, now) for one in some)

    said = {one.changes for one in (*tried.misfits, *tried.codes)}
    others = [one for one in tried.singles if one.changes not in said]
    # What is shown is hidden by nothing: no honest word need go.
    drops = [one for one in others if one.changes[0].kind.startswith("drop") and before < SHOWN]
    adds = [one for one in others if one.changes[0].kind == "add_words"]
    return Checked(
        opportunity=first,
        judgement=judgement,
        leaning=leaning,
        band=band(judgement),
        place=first.place,
        reach=reach(first, people, now),
        unlike=tried.unlike,
        misfits=told(tried.misfits),
        codes=told(_worth_saying(tried, before)),
        hides=told(drops[:_MOST]),
        helps=told(adds[: _FEW if before >= SHOWN else _MOST]),
        together=told([tried.together])[0] if tried.together else None,
        unknown=draft.unknown(),
    )


def _worth_saying(tried: trying.Attempts, before: float) -> list[Tried]:
    """Codes in place of misfits always; beside codes that fit, only those that move something."""
    if tried.misfits:
        return list(tried.codes)
    return [one for one in tried.codes if one.chance - before >= trying.MOVES]


def _advice(one: Tried, before: float, people: Audience, now: datetime) -> Advice:
    assert one.then.judgement is not None
    return Advice(
        changes=tuple((change.kind, change.what) for change in one.changes),
        before=before,
        chance=one.chance,
        band=band(one.then.judgement),
        people=reach(one.then, people, now).people,
    )


def reach(one: Opportunity, people: Audience, now: datetime) -> Reach:
    """Whom `one` would reach if it were published at `now`."""
    by_region: dict[str, set[int]] = defaultdict(set)
    everybody: set[int] = set()
    for at in people.screen.fitting(consider(one, now)).tolist():
        everybody.add(people.owners[at])
        for region in people.screen.wishes[at].regions or ("",):
            by_region[region].add(people.owners[at])
    return Reach(
        people=_rounded(len(everybody)),
        regions={region: _rounded(len(theirs)) for region, theirs in sorted(by_region.items())},
        anybody=bool(everybody),
    )


def _rounded(number: int) -> int:
    return number - number % LEAST
