"""Thirty more organisations of ``tenders demo``, who said what became of their bids: for `/impact`.

They were told of what fits them and bid for what was awarded in their regions. Two contracts of
three went to some of them together with the supplier that the award names. All of it is made up.
They have paused since, so that nobody writes to them when the demo is tried further.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import product

import sqlalchemy as sa

from crawler.config import Settings
from crawler.digest import wishes
from crawler.jobs import consent, preferences
from crawler.jobs import match as matching
from crawler.opportunity import Opportunity
from crawler.places.regions import CODES
from crawler.store import database, impact, matches, opportunities, subscribers
from crawler.store.impact import Answer
from crawler.store.matches import Told
from crawler.store.subscribers import Subscriber

ORIGIN = "demo"
_FIRST = ("Amber", "Copper", "Harbour", "Lantern", "Willow")
_SECOND = ("Players", "Voices", "Makers", "Film Works", "Dance", "Stories")
_AWAY = timedelta(days=90)
_ROUNDS = 3
"""Each works in so many regions."""

_BIDDERS, _WINNERS, _FEW = 8, 6, 2
"""Who bids for a contract, and who wins it together: once too few for the figures to be shown."""


def tell(settings: Settings, engine: sa.Engine, now: datetime) -> int:
    """Makes them, as having read their digests and answered; how many they are."""
    people = [
        _join(settings, engine, f"{first} {second}", number, now)
        for number, (first, second) in enumerate(product(_FIRST, _SECOND))
    ]
    matching.match(engine, now)
    with database.writing(engine) as connection:
        known = dict(opportunities.iterate(connection))
        for person in people:
            pending = matches.pending(connection, person.id)
            fresh = {one.opportunity_id: known[one.opportunity_id] for one in pending}
            what = {pk: Told.of(one) for pk, one in fresh.items()}
            matches.told(connection, person.id, what, now)
        _answer(connection, known, people, now)
    for person in people:
        preferences.pause(engine, person, now + _AWAY, origin=ORIGIN, now=now)
    return len(people)


def _join(
    settings: Settings, engine: sa.Engine, name: str, number: int, now: datetime
) -> Subscriber:
    asked = wishes.read({"regions": "; ".join(_regions(number)), "stages": "early; open; awards"})
    email = f"hello@{name.lower().replace(' ', '-')}.example"
    consent.enrol(
        settings,
        engine,
        email=email,
        organisation=name,
        subscription=asked.subscription,
        schedule=asked.schedule,
        origin=ORIGIN,
        now=now,
    )
    with engine.connect() as connection:
        found = subscribers.find(connection, email)
    assert found is not None
    return found


def _regions(number: int) -> tuple[str, ...]:
    return tuple(CODES[(number + at) % len(CODES)] for at in range(_ROUNDS))


def _answer(
    connection: sa.Connection,
    known: Mapping[int, Opportunity],
    people: Sequence[Subscriber],
    now: datetime,
) -> None:
    """Those of a region bid for what was awarded there, and won it or did not."""
    awarded = [one for one in known.values() if one.awards and _ours(one)]
    for at, one in enumerate(sorted(awarded, key=lambda one: one.id)):
        there = [
            person
            for number, person in enumerate(people)
            if set(_regions(number)) & set(one.place.regions)
        ]
        start = at % len(there) if there else 0
        bidders = [*there[start:], *there[:start]][:_BIDDERS]
        winners = _FEW if at == 0 else 0 if at % 3 == 2 else _WINNERS
        partner = next(iter(one.awards[0].suppliers), "")
        for place, person in enumerate(bidders):
            said = Answer(outcome="lost", company="alone")
            if place < winners:
                said = Answer(outcome="won", company="others", with_whom=partner)
            impact.answer(connection, person.id, one.id, said, now)


def _ours(one: Opportunity) -> bool:
    return one.judgement is not None and one.judgement.relevance in ("arts", "commissionable")
