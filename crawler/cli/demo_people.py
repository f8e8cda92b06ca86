"""The people of ``tenders demo``: made up, and asking in as many ways as can be asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from crawler.config import Settings
from crawler.digest import wishes
from crawler.digest.wish_fields import Given
from crawler.jobs import consent, partnering, preferences
from crawler.relevance.bands import doubt
from crawler.store import database, reviews, subscribers, users
from crawler.store.reviews import Said
from crawler.store.subscribers import Subscriber

ORIGIN = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Person:
    """Somebody, with each subscription as it would be typed; the first also says when."""

    email: str
    organisation: str
    wishes: tuple[Given, ...] = field(default=({},))


_PEOPLE = (
    _Person(email="programme@tidewater-arts.example", organisation="Tidewater Arts"),
    _Person(
        email="hello@moorland-voices.example",
        organisation="Moorland Voices",
        wishes=(
            {"regions": "North West; Yorkshire", "outcomes": "health_wellbeing; older_people"},
        ),
    ),
    _Person(
        email="office@brass-and-bellows.example",
        organisation="Brass and Bellows",
        wishes=(
            {
                "label": "Near us",
                "near": "HX1",
                "near_km": "40",
                "art_forms": "music; festivals_events",
                "rhythm": "daily",
                "hour": "8",
                "only_new": "yes",
                "early_mail": "yes",
                "remind_days": "5",
            },
            {
                "label": "Schools anywhere",
                "outcomes": "children_young_people; learning_skills",
                "buyer_kinds": "council; education",
                "value_max": "£60k",
                "largest": "£25k",
            },
        ),
    ),
    _Person(
        email="bids@stonelight-studio.example",
        organisation="Stonelight Studio",
        wishes=(
            {
                "authorities": "Leeds; Bradford; Calderdale",
                "regions": "Scotland; Wales",
                "art_forms": "visual; museums_heritage",
                "bands": "arts; commissionable; adjacent",
                "stages": "early; open; awards",
                "value_min": "10,000",
                "exclude": "catering, cleaning",
                "maybes": "yes",
                "rhythm": "fortnightly",
                "weekday": "Thursday",
                "remind_days": "none",
            },
        ),
    ),
)
_WAITING = _Person(
    email="curious@paper-harbour.example",
    organisation="Paper Harbour",
    wishes=({"regions": "London", "require": "dance"},),
)
_AWAY = _Person(email="away@quiet-quarter.example", organisation="The Quiet Quarter")
_GONE = _Person(email="gone@former-friends.example", organisation="Former Friends")


DESK = (
    ("reviewer@demo.example", "Robin Reviewer", "reviewer"),
    ("rae@demo.example", "Rae Reviewer", "reviewer"),
    ("staff@demo.example", "Sam Staff", "staff"),
    ("admin@demo.example", "Alex Admin", "admin"),
)
"""Who may sign in to the demo: addresses, names and roles."""

_RAE = DESK[1][1]


def join(settings: Settings, engine: sa.Engine, now: datetime) -> int:
    """Makes everybody, as having agreed for the demo; how many are written to.

    One of them is open to partnering. One more has been asked and not confirmed, one has paused and
    one has stopped. Those of `DESK` may sign in.
    """
    for person in (*_PEOPLE, _AWAY, _GONE):
        _enrol(settings, engine, person, now)
    _open_up(engine, now)
    away, gone = _found(engine, _AWAY), _found(engine, _GONE)
    preferences.pause(engine, away, now + timedelta(days=21), origin=ORIGIN, now=now)
    preferences.stop(engine, gone, origin=ORIGIN, now=now)
    asked = wishes.read(_WAITING.wishes[0])
    consent.ask(
        settings,
        engine,
        email=_WAITING.email,
        organisation=_WAITING.organisation,
        subscription=asked.subscription,
        schedule=asked.schedule,
        origin=ORIGIN,
        network=None,
        now=now,
    )
    with database.writing(engine) as connection:
        for email, name, role in DESK:
            users.add(connection, email=email, name=name, role=role, now=now)
    return len(_PEOPLE)


def review(engine: sa.Engine, now: datetime) -> int:
    """Rae decides on two of the notices that wait; how many it came to.

    Robin can give a second opinion on them, and the rest is left to whoever tries the demo.
    """
    with database.writing(engine) as connection:
        waiting = reviews.to_review(connection, doubt, now, 2)
        for one, relevance in zip(waiting.first, ("adjacent", "none"), strict=False):
            said = Said(
                decision="label", reviewer=_RAE, relevance=relevance, art_forms=(), outcomes=()
            )
            reviews.decide(connection, one.id, said, now)
    return len(waiting.first)


def _open_up(engine: sa.Engine, now: datetime) -> None:
    """One organisation says that it would like to work with others."""
    person = _found(engine, _PEOPLE[1])
    words = "Singing and storytelling with people who have dementia; we look for makers to join us."
    offer = partnering.Offer(
        words=words,
        art_forms=("music", "literature_libraries"),
        outcomes=("health_wellbeing", "older_people"),
        authority="E08000010",
    )
    partnering.open_up(engine, person, offer, origin=ORIGIN, now=now)


def _enrol(settings: Settings, engine: sa.Engine, person: _Person, now: datetime) -> None:
    first, *others = (wishes.read(given) for given in person.wishes)
    consent.enrol(
        settings,
        engine,
        email=person.email,
        organisation=person.organisation,
        subscription=first.subscription,
        schedule=first.schedule,
        origin=ORIGIN,
        now=now,
    )
    for other in others:
        found = _found(engine, person)
        preferences.add_wish(engine, found, other.subscription, origin=ORIGIN, now=now)


def _found(engine: sa.Engine, person: _Person) -> Subscriber:
    with engine.connect() as connection:
        found = subscribers.find(connection, person.email)
    assert found is not None
    return found
