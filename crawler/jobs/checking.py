"""A draft before it is published: how it would be judged, whom it would reach, what hides it.

Everything is worked out with the model in force and the subscriptions that stand. What would change
is found by trying: codes left out or added, phrases taken out, a sentence put in. Nothing is kept.
"""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import sqlalchemy as sa

from crawler import dates
from crawler.bands import Band, band
from crawler.digest.considering import consider
from crawler.digest.screening import Screen
from crawler.items import Buyer, Judgement, Notice, Place
from crawler.opportunity import Opportunity
from crawler.places import locate
from crawler.relevance.features import cpv_names
from crawler.relevance.model import Model
from crawler.store import subscribers
from crawler.store.subscribers import Subscription

OPEN_FOR = timedelta(days=28)
LEAST = 5
"""Fewer subscribers are not counted out: two drafts that differ in little would tell of one."""

MOVES = 0.03
"""What moves the chance of being shown by less is not worth saying."""

_CODES = (
    "92000000", "92310000", "92311000", "92312000", "92320000", "92340000", "92521000", "92522000",
    "79952100", "79953000",
)  # fmt: skip
_SENTENCES = (
    "Artists and arts organisations are welcome to bid.",
    "The work includes creative workshops led by artists.",
    "The work includes music, dance or drama sessions.",
    "The work supports people’s wellbeing through creative activity.",
    "The work includes a community arts programme.",
    "The work includes a public art commission.",
    "The work includes museum, heritage or exhibition work.",
)
_MOST = 6
# Model.judge keeps words that it has met in memory; one thread at a time may add to them.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody pasted. `cpv` holds 8-digit codes, `value` pounds; `closes` a London day."""

    title: str
    description: str
    cpv: tuple[str, ...] = ()
    buyer: str | None = None
    postcode: str | None = None
    value: Decimal | None = None
    closes: date | None = None

    def notice(self) -> Notice:
        """The part of it that a judge looks at."""
        return Notice(
            title=self.title,
            description=self.description,
            cpv=self.cpv,
            buyer=self.buyer,
            postcode=(self.postcode,) if self.postcode else (),
        )


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
    """What one change would do: `kind` is drop_code, drop_words, add_code or add_words.

    `chance` is what the probability of being shown would be then, `before` what it is.
    """

    kind: str
    what: str
    before: float
    chance: float
    band: Band
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A draft as it would be judged, placed and sent, and what would change that."""

    opportunity: Opportunity
    judgement: Judgement
    band: Band
    place: Place
    reach: Reach
    hides: tuple[Advice, ...]
    helps: tuple[Advice, ...]


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
    """How `draft` would fare if it were published at `now` and open for `OPEN_FOR`."""
    with _ONE_AT_A_TIME:
        first = _seen(draft, model, now)
        judgement = first.judgement
        assert judgement is not None
        tried = [
            (kind, what, _seen(changed, model, now))
            for kind, what, changed in _changes(draft, judgement)
        ]
    before = _chance(judgement)
    advice = [_advice(kind, what, before, then, people, now) for kind, what, then in tried]
    moving = sorted(
        (one for one in advice if one.chance - before >= MOVES), key=lambda one: -one.chance
    )
    return Checked(
        opportunity=first,
        judgement=judgement,
        band=band(judgement),
        place=first.place,
        reach=reach(first, people, now),
        hides=tuple(one for one in moving if one.kind.startswith("drop"))[:_MOST],
        helps=tuple(one for one in moving if one.kind.startswith("add"))[:_MOST],
    )


def _advice(
    kind: str, what: str, before: float, then: Opportunity, people: Audience, now: datetime
) -> Advice:
    assert then.judgement is not None
    return Advice(
        kind=kind,
        what=what,
        before=before,
        chance=_chance(then.judgement),
        band=band(then.judgement),
        people=reach(then, people, now).people,
    )


def _chance(judgement: Judgement) -> float:
    return judgement.scores["arts"] + judgement.scores["commissionable"]


def _changes(draft: Draft, judgement: Judgement) -> Iterator[tuple[str, str, Draft]]:
    """Each single change that is tried: its kind, what it is in words, and the draft then."""
    names = cpv_names()
    for code in draft.cpv:
        left = tuple(one for one in draft.cpv if one != code)
        yield "drop_code", _named(code, names), replace(draft, cpv=left)
    for reason in judgement.reasons:
        if reason.weight < 0 and reason.field in ("title", "description"):
            without = _without(draft, reason.text)
            if without.title.strip() and without != draft:
                yield "drop_words", reason.text, without
    for code in _CODES:
        if code not in draft.cpv:
            first = replace(draft, cpv=(code, *draft.cpv))
            yield "add_code", _named(code, names), first
    for sentence in _SENTENCES:
        longer = f"{draft.description}\n\n{sentence}".strip()
        yield "add_words", sentence, replace(draft, description=longer)


def _named(code: str, names: Mapping[str, str]) -> str:
    name = names.get(code)
    return f"{code} ({name})" if name else code


def _without(draft: Draft, phrase: str) -> Draft:
    spelt = r"\s+".join(re.escape(word) for word in phrase.split())
    pattern = re.compile(rf"(?<!\w){spelt}(?!\w)", re.IGNORECASE)
    return replace(
        draft,
        title=pattern.sub(" ", draft.title),
        description=pattern.sub(" ", draft.description),
    )


def _seen(draft: Draft, model: Model, now: datetime) -> Opportunity:
    """The draft as an opportunity that was published just now."""
    notice = draft.notice()
    (judgement,) = model.judge([notice])
    return Opportunity(
        id="draft",
        ocids=(),
        sources=("draft",),
        title=draft.title,
        description=draft.description,
        stage="tender",
        status="open",
        published=now,
        updated=now,
        version=1,
        buyer=Buyer(name=draft.buyer) if draft.buyer else None,
        cpv=draft.cpv,
        deadline=_deadline(draft, now),
        value_min=draft.value,
        value_max=draft.value,
        currency="GBP",
        judgement=judgement,
        place=locate(notice),
    )


def _deadline(draft: Draft, now: datetime) -> datetime:
    """When it closes, as it says or as is usual; a day that has passed would reach nobody."""
    if draft.closes is None:
        return now + OPEN_FOR
    said = dates.end_of_day(datetime.combine(draft.closes, time(), tzinfo=dates.LONDON))
    return said if said > now else now + OPEN_FOR


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
