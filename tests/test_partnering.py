"""Subscribers as partners: their consent, and that nothing is told beyond it."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
import web_app
from partner_samples import (
    DAY,
    HULL,
    OFFER,
    entry_of,
    evidence,
    seen_by,
)
from web_app import NOW

from crawler.config import Settings
from crawler.errors import UsageError
from crawler.jobs import partnering, preferences
from crawler.jobs.partnering import Offer
from crawler.opportunity import Opportunity
from crawler.store import (
    database,
    membership,
    organisations,
)
from crawler.store.organisations import Search
from crawler.store.subscribers import Subscriber


def test_an_entry_is_there_from_consent_until_it_is_withdrawn(
    engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    assert seen_by(engine) == seen_by(engine, ben) == {"Paper Lantern Theatre"}
    assert seen_by(engine, ada) == set()
    with engine.connect() as connection:
        found = organisations.search(connection, Search(words="lantern"), limit=9)
    assert (found.total, found.items[0].kinds) == (1, ("subscriber",))
    assert found.items[0].region == "TLE"
    assert partnering.withdraw(engine, ada, origin="test", network="192.0.2.7", now=NOW)
    assert not partnering.withdraw(engine, ada, origin="test", now=NOW)
    assert seen_by(engine) == set()
    with engine.connect() as connection:
        assert organisations.search(connection, Search(words="lantern"), limit=9).total == 0
    assert evidence(engine, ada) == [("partnering", "partners-2026-11"), ("withdrew", None)]


def test_saying_the_same_again_changes_nothing_and_other_words_are_evidence(
    engine: sa.Engine, ada: Subscriber
) -> None:
    before = entry_of(engine, ada)
    partnering.open_up(engine, ada, OFFER, origin="test", now=NOW + DAY)
    assert entry_of(engine, ada) == before
    other = Offer(words="Dance", art_forms=("performing",), authority=HULL)
    partnering.open_up(engine, ada, other, origin="test", now=NOW + DAY)
    after = entry_of(engine, ada)
    assert after is not None
    assert before is not None
    assert (after.key, after.opened, after.pitch) == (before.key, before.opened, "Dance")
    assert len(evidence(engine, ada)) == 2


@pytest.mark.parametrize("how", ["pause", "stop", "pending", "erase"])
def test_who_gets_no_mail_is_not_shown(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, how: str
) -> None:
    if how == "pause":
        preferences.pause(engine, ada, None, origin="test", now=NOW)
    elif how == "stop":
        preferences.stop(engine, ada, origin="test", now=NOW)
        assert entry_of(engine, ada) is None
    elif how == "erase":
        preferences.erase_person(settings, engine, ada)
        assert entry_of(engine, ada) is None
    else:
        with database.writing(engine) as connection:
            membership.ask_again(
                connection, ada.id, organisation=None, wish=ada.subscriptions[0],
                schedule=ada.schedule,
            )  # fmt: skip
    assert seen_by(engine) == set()
    with engine.connect() as connection:
        assert organisations.listed(connection) == []
        assert organisations.search(connection, Search(), limit=9).total == 0


def test_who_comes_back_after_stopping_is_no_partner_until_they_say_so(
    engine: sa.Engine, ada: Subscriber
) -> None:
    preferences.stop(engine, ada, origin="test", now=NOW)
    with database.writing(engine) as connection:
        membership.confirm(connection, ada.id, NOW)
    assert entry_of(engine, ada) is None


def test_an_entry_follows_its_organisations_name(engine: sa.Engine, ada: Subscriber) -> None:
    changes: dict[str, Any] = {"schedule": ada.schedule, "origin": "test", "now": NOW}
    preferences.change(engine, ada, organisation="Ink & Lantern", **changes)
    entry = entry_of(engine, ada)
    assert entry is not None
    assert entry.name == "Ink & Lantern"
    preferences.change(engine, ada, organisation=None, **changes)
    assert entry_of(engine, ada) is None


@pytest.mark.parametrize(
    ("offer", "reason"),
    [
        (Offer(words="", art_forms=("music",), authority=HULL), "in a sentence or two"),
        (Offer(words="x" * 301, art_forms=("music",), authority=HULL), "301 characters"),
        (Offer(words="mail a@b.example", art_forms=("music",), authority=HULL), "Leave addresses"),
        (Offer(words="see https://evil.example", art_forms=("music",), authority=HULL), "Leave"),
        (Offer(words="see evil.com now", art_forms=("music",), authority=HULL), "Leave"),
        (Offer(words="ring 01482 300 300", art_forms=("music",), authority=HULL), "Leave"),
        (Offer(words="Good", authority=HULL), "at least one"),
        (Offer(words="Good", art_forms=("juggling",), authority=HULL), "at least one"),
        (Offer(words="Good", art_forms=("music",)), "which council"),
        (Offer(words="Good", art_forms=("music",), authority="E99999999"), "no authority"),
    ],
)
def test_what_may_not_be_said_to_everybody_is_refused(
    engine: sa.Engine, ben: Subscriber, offer: Offer, reason: str
) -> None:
    with pytest.raises(UsageError, match=reason):
        partnering.open_up(engine, ben, offer, origin="test", now=NOW)
    assert entry_of(engine, ben) is None
    assert evidence(engine, ben) == []


def test_only_who_gets_mail_and_has_a_name_may_offer_themselves(engine: sa.Engine) -> None:
    nameless = web_app.person(engine, email="x@nameless.example", organisation=None)
    with pytest.raises(UsageError, match="what your organisation is called"):
        partnering.open_up(engine, nameless, OFFER, origin="test", now=NOW)
    waiting = web_app.person(engine, email="x@waiting.example", state="pending")
    with pytest.raises(UsageError, match="does not get our emails"):
        partnering.open_up(engine, waiting, OFFER, origin="test", now=NOW)
