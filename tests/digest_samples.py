"""Opportunities and people that the tests of the digest share."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from crawler.addresses import Addresses
from crawler.digest.accounts import Accounts, SourceCheck
from crawler.digest.composing import Digest, compose
from crawler.digest.items import Candidate, Writer
from crawler.digest.mail import Letterhead
from crawler.digest.matching import Match, match
from crawler.digest.nearby import Near
from crawler.items import Buyer, Judgement, Place, Reason
from crawler.opportunity import Change, Opportunity
from crawler.partners.signs import signs
from crawler.store import coming, database, opportunities
from crawler.store.matches import Told
from crawler.store.subscribers import Subscriber, Subscription
from crawler.tokens import Tokens

NOW = datetime(2026, 7, 10, 7, tzinfo=UTC)
LETTERHEAD = Letterhead(sender="digest@tenders.example", contact="hello@tenders.example")
PORTALS = {
    "www.find-tender.service.gov.uk": "Find a Tender",
    "api.sell2wales.gov.wales": "Sell2Wales",
}
CHECKED = Accounts(
    sources=(
        SourceCheck(name="Find a Tender", verdict="ok", checked_at=NOW),
        SourceCheck(name="Sell2Wales", verdict="ok", checked_at=NOW),
    ),
    newest=NOW - timedelta(hours=14),
)
ADDRESSES = Addresses(base="https://tenders.example", tokens=Tokens(b"k" * 32))
ANYTHING = Subscription(bands=("arts", "commissionable", "adjacent"))
HULL = Place(regions=("TLE",), authority="E06000010")


def judged(relevance: str = "arts", **more: Any) -> Judgement:
    """A confident judgement with one reason in the title."""
    scores = dict.fromkeys(("arts", "commissionable", "adjacent", "none"), 0.05)
    reasons = more.pop("reasons", (Reason(text="public art", field="title", weight=2.0),))
    return Judgement(
        relevance=relevance,  # type: ignore[arg-type]
        scores=scores | {relevance: 0.85},
        reasons=reasons,
        **more,
    )


def opportunity(number: int = 1, **changed: Any) -> Opportunity:
    """An open call for public art in Hull that closes in 30 days."""
    plain = Opportunity(
        id=f"k{number:011}",
        ocids=(f"ocds-{number}",),
        sources=("find-a-tender",),
        title="Riverside public art",
        description="Three permanent works by the water.",
        stage="tender",
        status="open",
        published=NOW - timedelta(days=3),
        updated=NOW - timedelta(days=3),
        version=1,
        buyer=Buyer(name="Hull City Council"),
        deadline=NOW + timedelta(days=30, hours=4),
        value_min=Decimal(40_000),
        value_max=Decimal(60_000),
        currency="GBP",
        urls=(f"https://www.find-tender.service.gov.uk/Notice/{number:06}-2026",),
        judgement=judged(),
        place=HULL,
    )
    return dataclasses.replace(plain, **changed)


def moved(of: Opportunity, deadline: datetime) -> Opportunity:
    """The same opportunity, a version later, with another deadline."""
    change = Change(
        version=of.version + 1,
        at=NOW,
        field="deadline",
        old=of.deadline.isoformat() if of.deadline else None,
        new=deadline.isoformat(),
        material=True,
        source=of.sources[0],
    )
    return dataclasses.replace(
        of, deadline=deadline, version=of.version + 1, changes=(*of.changes, change), updated=NOW
    )


def candidate(of: Opportunity, told: Opportunity | None = None, now: datetime = NOW) -> Candidate:
    """What a person who wants anything would be offered; `told` is the version they know."""
    found = match(told or of, ANYTHING, now)
    assert isinstance(found, Match), found
    return Candidate(opportunity=of, match=found, told=Told.of(told) if told else None)


def writer(
    now: datetime = NOW,
    portals: Any = PORTALS,
    near: Any = lambda _: Near(),
    addresses: Addresses | None = None,
) -> Writer:
    """Puts the samples into words on their day."""
    return Writer(now=now, portals=portals, near=near, addresses=addresses)


def digest(*found: Opportunity | Candidate, **more: Any) -> Digest:
    """A digest of opportunities that are new, or of whole candidates."""
    offered = [one if isinstance(one, Candidate) else candidate(one) for one in found]
    person = more.pop("person", None) or subscriber(
        organisation=more.pop("organisation", None),
        subscriptions=tuple(more.pop("subscriptions", ())),
    )
    pen = writer(
        more.pop("now", NOW),
        near=more.pop("near", lambda _: Near()),
        addresses=more.pop("addresses", None),
    )
    given: dict[str, Any] = {"person": person, "writer": pen, "accounts": CHECKED}
    return compose(offered, **(given | more))


def subscriber(**changed: Any) -> Subscriber:
    """Somebody at a theatre."""
    plain = Subscriber(
        id=7,
        email="hello@theatre.example",
        handle="hAndLe0123456789",
        created=NOW - timedelta(days=90),
        organisation="Paper Lantern Theatre",
        subscriptions=(Subscription(id=1, regions=("TLE",)),),
    )
    return dataclasses.replace(plain, **changed)


def store(engine: sa.Engine, *found: Opportunity, key: int | None = None) -> list[int]:
    """Stores opportunities and their signs, over the one with `key` if given; internal keys."""
    entries = [opportunities.Entry(key, one) for one in found]
    with database.writing(engine) as connection:
        ids = opportunities.save(connection, entries, NOW)
        coming.remember(connection, dict(zip(ids, found, strict=True)), signs)
        return ids
