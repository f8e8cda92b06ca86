"""Somebody open to partnering, somebody who looks for partners, and work for both.

`conftest.py` makes the fixtures known to every test.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import digest_samples as samples
import pytest
import sqlalchemy as sa
import web_app
from web_app import NOW

from crawler.config import Settings
from crawler.items import Place
from crawler.jobs import directory, introducing, partnering, suggesting
from crawler.jobs.partnering import Offer
from crawler.opportunity import Opportunity
from crawler.store import (
    consents,
    database,
    opportunities,
    organisations,
    tables,
)
from crawler.store.introductions import Introduction
from crawler.store.subscribers import Subscriber

HULL = "E06000010"
DAY = timedelta(days=1)
ADA, BEN = "ada.secret@lantern.example", "ben.secret@kites.example"
WORDS = "We bring shadow puppets & a van"
OFFER = Offer(words=WORDS, art_forms=("performing",), outcomes=("older_people",), authority=HULL)
WORK = samples.opportunity(
    11,
    title="Stories by the water",
    published=NOW - DAY,
    updated=NOW - DAY,
    deadline=NOW + 30 * DAY,
    judgement=samples.judged(art_forms=("performing", "music")),
    place=Place(regions=("TLE",), authority=HULL, reason="stated"),
)


@pytest.fixture
def work(engine: sa.Engine) -> Opportunity:
    """An opportunity in Hull, as a crawl would have stored it."""
    with database.writing(engine) as connection:
        (pk,) = opportunities.save(connection, [opportunities.Entry(None, WORK)], NOW)
        web_app._process(connection, pk, WORK, WORK.id)
    return WORK


@pytest.fixture
def ada(engine: sa.Engine) -> Subscriber:
    """Somebody who is open to partnering."""
    person = web_app.person(engine, email=ADA, organisation="Paper Lantern Theatre")
    partnering.open_up(engine, person, OFFER, origin="test", now=NOW)
    return person


@pytest.fixture
def ben(engine: sa.Engine) -> Subscriber:
    """Somebody who looks for a partner."""
    return web_app.person(engine, email=BEN, organisation="Kite Band")


def entry_of(engine: sa.Engine, person: Subscriber) -> organisations.Organisation | None:
    with engine.connect() as connection:
        return organisations.own(connection, person.id)


def key_of(engine: sa.Engine, person: Subscriber) -> str:
    entry = entry_of(engine, person)
    assert entry is not None
    return entry.key


def ask(
    settings: Settings, engine: sa.Engine, ben: Subscriber, ada: Subscriber, **more: Any
) -> Introduction:
    given: dict[str, Any] = {
        "opportunity": WORK.id, "message": "Shall we?", "now": NOW, **more,
    }  # fmt: skip
    partner = given.pop("partner", None) or key_of(engine, ada)
    return introducing.ask(settings, engine, ben, partner=partner, **given)


def seen_by(engine: sa.Engine, reader: Subscriber | None = None) -> set[str]:
    """Whose own words are shown beside the opportunity."""
    with engine.connect() as connection:
        found = suggesting.partners(connection, directory.read(connection), WORK, reader)
    return {one.organisation.name for one in found if one.organisation.subscriber_id}


def evidence(engine: sa.Engine, person: Subscriber) -> list[tuple[str, str | None]]:
    with engine.connect() as connection:
        return [(one.event, one.wording) for one in consents.of(connection, person.id)]


def mails(engine: sa.Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        rows = connection.execute(
            sa.select(tables.outbox.c.recipient, tables.outbox.c.about).order_by(tables.outbox.c.id)
        )
        return [(row.recipient, re.sub(r" \S+ ", " ", row.about, count=1)) for row in rows]
