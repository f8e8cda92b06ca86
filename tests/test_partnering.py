"""Subscribers as partners: their consent, introductions, and that nothing is told beyond them."""

from __future__ import annotations

import json
import pathlib
import re
import sys
import zlib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import digest_samples as samples
import pytest
import sqlalchemy as sa
import web_app
from crawling import environment, run
from flask.testing import FlaskClient
from web_app import NOW

from crawler import keys
from crawler.config import Settings
from crawler.digest.items import Candidate, addressed
from crawler.digest.matching import Match
from crawler.digest.matching import match as matched
from crawler.errors import UsageError
from crawler.items import Lot, Place
from crawler.jobs import introducing, partnering, preferences, suggesting
from crawler.jobs import match as matching
from crawler.jobs.partnering import Offer
from crawler.opportunity import Opportunity
from crawler.store import (
    consents,
    database,
    introductions,
    membership,
    opportunities,
    organisations,
    outbox,
    suppressions,
    tables,
)
from crawler.store.introductions import Introduction
from crawler.store.organisations import Search
from crawler.store.partner_tables import introductions as introductions_table
from crawler.store.subscribers import Subscriber, Subscription

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
def settings(tmp_path: pathlib.Path) -> Settings:
    return web_app.settings(tmp_path)


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
        found = suggesting.partners(connection, WORK, reader)
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


# Consent


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


# Introductions


def test_both_get_each_others_address_once_both_agree(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    (told,) = web_app.queued(engine, "introduce")
    assert "“Kite Band”" in told
    assert "Shall we?" in told
    assert BEN not in told
    assert BEN.split("@")[1] not in told
    done = introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW + DAY)
    assert (done.state, done.ended_at) == ("agreed", NOW + DAY)
    assert mails(engine) == [
        (ADA, "introduction asked"), (BEN, "introduction agreed asker"),
        (ADA, "introduction agreed asked"),
    ]  # fmt: skip
    to_ben, to_ada = web_app.queued(engine, "introduce")[1:]
    assert ADA in to_ben
    assert BEN not in to_ben
    assert BEN in to_ada
    assert ADA not in to_ada
    for agree in (True, False):
        with pytest.raises(UsageError, match="not open any more"):
            introducing.answer(settings, engine, ada, made.key, agree=agree, now=NOW + DAY)
    assert len(mails(engine)) == 3


def test_no_words_of_others_reach_headers_or_become_links(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber
) -> None:
    hostile = "=?utf-8?q?a=0d=0aBcc:_x@evil.example?= evil.example/now"
    eve = web_app.person(engine, email=BEN, organisation=hostile)
    made = ask(settings, engine, eve, ada, message="Come to us. Call it a day/night out")
    introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(tables.outbox.c.message)).scalars().all()
    assert len(rows) == 3
    for row in rows:
        head, _, body = zlib.decompress(row).partition(b"\r\n\r\n")
        assert b"evil" not in head
        assert b"Bcc" not in head
        assert b"evil.example/now" not in body


def test_declining_tells_no_address(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    introducing.answer(settings, engine, ada, made.key, agree=False, now=NOW)
    asked, ended = web_app.queued(engine, "introduce")
    assert ADA not in ended
    assert BEN not in asked
    assert "They cannot take it up" in " ".join(ended.split())


def test_nobody_answers_for_somebody_else(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    for person, key in ((ben, made.key), (ada, "x" * 12)):
        with pytest.raises(UsageError, match="no such request"):
            introducing.answer(settings, engine, person, key, agree=True, now=NOW)
    assert not introducing.withdraw(engine, ada, made.key, NOW)
    assert introducing.withdraw(engine, ben, made.key, NOW)
    assert mails(engine) == []
    with pytest.raises(UsageError, match="not open any more"):
        introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)


def test_a_pair_is_asked_once_whoever_asks(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    partnering.open_up(engine, ben, OFFER, origin="test", now=NOW)
    made = ask(settings, engine, ben, ada)
    with pytest.raises(UsageError, match="once is enough"):
        ask(settings, engine, ben, ada)
    introducing.withdraw(engine, ben, made.key, NOW)
    with pytest.raises(UsageError, match="once is enough"):
        ask(settings, engine, ada, ben)


def test_a_pair_is_asked_once_though_the_opportunity_was_merged(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    with database.writing(engine) as connection:
        pk = opportunities.internal(connection, WORK.id)
        assert pk is not None
        web_app._process(connection, pk, WORK, "theheirofit2", ocid="ocds-heir")
        connection.execute(
            sa.update(tables.opportunities)
            .where(tables.opportunities.c.key == WORK.id)
            .values(key="theheirofit2")
        )
    for name in (WORK.id, "theheirofit2"):
        with pytest.raises(UsageError, match="once is enough"):
            ask(settings, engine, ben, ada, opportunity=name)
    with engine.connect() as connection:
        assert introductions.of(connection, ben.id, "theheirofit2") == [made]
        assert introductions.of(connection, ben.id, "k" * 12) == []
    introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)
    assert "Stories by the water" in web_app.queued(engine, "introduce")[-1]


def test_five_a_week_each_way(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    others = [
        web_app.person(engine, email=f"p{n}@x.example", organisation=f"Players {n}")
        for n in range(6)
    ]
    for one in others:
        partnering.open_up(engine, one, OFFER, origin="test", now=NOW)
    for one in others[:5]:
        ask(settings, engine, ben, one)
    with pytest.raises(UsageError, match="5 times within a week"):
        ask(settings, engine, ben, others[5])
    ask(settings, engine, ben, others[5], now=NOW + 8 * DAY)
    for one in others[:5]:
        ask(settings, engine, one, ada)
    with pytest.raises(UsageError, match="many requests this week"):
        ask(settings, engine, others[5], ada)


def test_who_is_not_open_cannot_be_asked(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    key = key_of(engine, ada)
    with pytest.raises(UsageError, match="That is you"):
        ask(settings, engine, ada, ada)
    with pytest.raises(UsageError, match="not there any more"):
        ask(settings, engine, ben, ada, opportunity="k" * 12)
    with pytest.raises(UsageError, match="Leave addresses"):
        ask(settings, engine, ben, ada, message="write to me@x.example")
    with database.writing(engine) as connection:
        suppressions.suppress(connection, keys.suppression_key(settings), ADA, "complaint", "", NOW)
    with pytest.raises(UsageError, match="not open to introductions"):
        ask(settings, engine, ben, ada)
    partnering.withdraw(engine, ada, origin="test", now=NOW)
    with pytest.raises(UsageError, match="not open to introductions"):
        ask(settings, engine, ben, ada, partner=key)
    assert mails(engine) == []


def test_what_is_not_answered_runs_out_after_two_weeks(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    assert introducing.run_out(settings, engine, NOW + 13 * DAY) == 0
    late = NOW + 14 * DAY
    with pytest.raises(UsageError, match="not open any more"):
        introducing.answer(settings, engine, ada, made.key, agree=True, now=late)
    assert introducing.run_out(settings, engine, late) == 1
    assert introducing.run_out(settings, engine, late) == 0
    assert mails(engine)[-1] == (BEN, "introduction ended")
    assert "has run out" in " ".join(web_app.queued(engine, "introduce")[-1].split())
    introducing.run_out(settings, engine, NOW + 366 * DAY)
    with engine.connect() as connection:
        assert introductions.of(connection, ben.id) == []


def test_withdrawing_ends_what_was_asked(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    partnering.withdraw(engine, ada, origin="test", now=NOW)
    with pytest.raises(UsageError, match="not open any more"):
        introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)


def test_an_asker_who_left_is_not_introduced(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    preferences.stop(engine, ben, origin="test", now=NOW)
    with pytest.raises(UsageError, match="does not get our emails"):
        introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)
    assert len(mails(engine)) == 1


def test_erasing_takes_the_introductions_and_their_mails(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)
    told = json.dumps(preferences.export_person(settings, engine, ben, NOW))
    assert "you asked" in told
    assert "Shall we?" in told
    assert ADA not in told
    assert "Paper Lantern" not in told
    told = json.dumps(preferences.export_person(settings, engine, ada, NOW))
    assert "you were asked" in told
    assert WORDS in told
    assert BEN not in told
    preferences.erase_person(settings, engine, ben)
    with engine.connect() as connection:
        assert connection.execute(sa.select(introductions_table)).all() == []
    assert mails(engine) == []


# Pages


def browser(engine: sa.Engine, home: pathlib.Path) -> FlaskClient:
    return web_app.app(engine, home).test_client()


def everything_public(client: FlaskClient) -> str:
    """All that a stranger, or a program, can read of partners."""
    paths = (
        "/", "/opportunities", f"/opportunities/{WORK.id}", f"/opportunities/{WORK.id}.json",
        f"/opportunities/{WORK.id}/partners", f"/opportunities/{WORK.id}/partners/sent",
        f"/opportunities/{WORK.id}/ocds.json", "/api/v1/opportunities", "/partners",
        "/partners?q=lantern", "/partners?region=TLE&art_form=performing", "/opportunities.json",
        "/opportunities.atom", "/opportunities.csv", f"/authorities/{HULL}",
    )  # fmt: skip
    answers = [client.get(path) for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    return "\n".join(answer.get_data(as_text=True) for answer in answers)


def test_no_page_tells_an_address_and_a_withdrawn_entry_is_gone_from_all(
    settings: Settings,
    engine: sa.Engine,
    tmp_path: pathlib.Path,
    work: Opportunity,
    ada: Subscriber,
    ben: Subscriber,
) -> None:
    client = browser(engine, tmp_path)
    key = key_of(engine, ada)
    before = everything_public(client) + client.get(f"/partners/{key}").get_data(as_text=True)
    assert "Paper Lantern Theatre" in before
    assert "We bring shadow puppets &amp; a van" in before
    made = ask(settings, engine, ben, ada)
    links = web_app.addresses(tmp_path)
    pages = [
        links.partners(ben.handle, WORK.id), links.introduction(ada.handle, made.key),
        links.partnering(ada.handle), links.partnering(ben.handle),
    ]  # fmt: skip
    own = [client.get(web_app.path(link)) for link in pages]
    assert [answer.status_code for answer in own] == [200] * 4
    seen = before + everything_public(client) + "".join(a.get_data(as_text=True) for a in own)
    for secret in (ADA, BEN, "ada.secret", "ben.secret", "lantern.example", "kites.example"):
        assert secret not in seen
    # Nobody who is not open is shown anywhere.
    assert "Kite Band" not in before
    web_app.send(client, f"{web_app.path(links.partnering(ada.handle))}", do="withdraw")
    after = everything_public(client)
    after += client.get(web_app.path(pages[0])).get_data(as_text=True)
    assert "Paper Lantern" not in after
    assert "shadow puppets" not in after
    assert client.get(f"/partners/{key}").status_code == 404


def test_opening_links_changes_nothing(
    settings: Settings,
    engine: sa.Engine,
    tmp_path: pathlib.Path,
    work: Opportunity,
    ada: Subscriber,
    ben: Subscriber,
) -> None:
    client = browser(engine, tmp_path)
    made = ask(settings, engine, ben, ada)
    links = web_app.addresses(tmp_path)
    before = mails(engine)
    for link in (
        links.partners(ben.handle, WORK.id), links.introduction(ada.handle, made.key),
        links.partnering(ada.handle),
    ):  # fmt: skip
        for _ in range(2):
            assert client.get(web_app.path(link)).status_code == 200
            assert client.head(web_app.path(link)).status_code == 200
    assert mails(engine) == before
    with engine.connect() as connection:
        found = introductions.by_key(connection, made.key)
    assert found == made
    # The asker's own link is no link for answering.
    wrong = links.introduction(ben.handle, made.key)
    assert client.get(web_app.path(wrong)).status_code == 404


def test_who_asks_for_the_page_learns_nothing_of_an_address(
    engine: sa.Engine, tmp_path: pathlib.Path, work: Opportunity, ben: Subscriber
) -> None:
    client = browser(engine, tmp_path)
    form = f"/opportunities/{WORK.id}/partners"
    answers = [
        web_app.send(client, form, email=email)
        for email in (BEN, "stranger@x.example", BEN, BEN, BEN)
    ]
    assert {(one.status_code, one.location) for one in answers} == {(303, f"{form}/sent")}
    assert [recipient for recipient, _ in mails(engine)] == [BEN] * 3
    mail = web_app.queued(engine, "partners")[-1]
    link = re.search(r"http://localhost(/with-you/\S+)", mail)
    assert link
    assert client.get(link[1]).status_code == 200
    wrong = web_app.send(client, form, email="no address").get_data(as_text=True)
    assert "Write the address in full" in wrong


def test_hostile_words_stay_words(
    engine: sa.Engine, tmp_path: pathlib.Path, work: Opportunity
) -> None:
    hostile = "<script>alert(1)</script> {{7*7}} \u202egnp"
    person = web_app.person(engine, email=ADA, organisation=hostile)
    offer = Offer(words=hostile, art_forms=("performing",), authority=HULL)
    partnering.open_up(engine, person, offer, origin="test", now=NOW)
    client = browser(engine, tmp_path)
    pages = everything_public(client)
    pages += client.get(f"/partners/{key_of(engine, person)}").get_data(as_text=True)
    link = web_app.path(web_app.addresses(tmp_path).partnering(person.handle))
    pages += client.get(link).get_data(as_text=True)
    assert "<script>alert" not in pages
    assert "\u202e" not in pages
    assert "{{7*7}}" in pages


def test_the_form_says_what_is_wrong_and_keeps_what_was_typed(
    engine: sa.Engine, tmp_path: pathlib.Path, ben: Subscriber
) -> None:
    client = browser(engine, tmp_path)
    address = web_app.path(web_app.addresses(tmp_path).partnering(ben.handle))
    typed = {"do": "open", "words": "Brass & reeds", "art_forms": "music", "authority": "Nowhere"}
    page = web_app.send(client, address, **typed).get_data(as_text=True)
    assert "tick the box" in page
    assert "Brass &amp; reeds" in page
    assert "Nowhere" in page
    assert entry_of(engine, ben) is None
    right = typed | {"authority": "Hull City Council", "agree": "yes"}
    done = web_app.send(client, address, **right)
    assert done.status_code == 303, re.findall(r'fault"[^>]*>.*', done.get_data(as_text=True))
    entry = entry_of(engine, ben)
    assert entry is not None
    assert (entry.authority, entry.art_forms) == (HULL, ("music",))
    with engine.connect() as connection:
        (kept,) = consents.of(connection, ben.id)
    assert (kept.event, kept.origin, kept.network) == (
        "partnering", "partnering page", "127.0.0.0/24",
    )  # fmt: skip


def test_partner_pages_answer_for_whatever_is_asked(
    engine: sa.Engine, tmp_path: pathlib.Path
) -> None:
    client = browser(engine, tmp_path)
    for path, status in (
        ("/partners?q=%00%25&region=XX&art_form=juggling", 200), ("/partners?page=0", 404),
        ("/partners?page=99", 404), ("/partners?page=x", 404), ("/partners/" + "a" * 12, 404),
        ("/partners/" + "%ff" * 4, 404), ("/partners?q=" + "x" * 3000, 200),
        ("/with-you/forged", 404), ("/introductions/forged", 404),
        ("/preferences/forged/partnering", 404),
    ):  # fmt: skip
        assert client.get(path).status_code == status, path


def test_mails_wait_for_nobody_who_has_stopped(
    settings: Settings, engine: sa.Engine, work: Opportunity, ada: Subscriber, ben: Subscriber
) -> None:
    made = ask(settings, engine, ben, ada)
    introducing.answer(settings, engine, ada, made.key, agree=True, now=NOW)
    preferences.stop(engine, ben, origin="test", now=NOW)
    with engine.connect() as connection:
        assert outbox.get(connection, 2, NOW) is None  # dropped with their stopping
        waiting = [number for number, _ in outbox.due(connection, NOW)]
    assert len(waiting) == 2


# What it takes beyond one


def test_what_is_too_large_for_one_leads_to_partners_with_the_lots_in_reach(
    engine: sa.Engine, tmp_path: pathlib.Path, ada: Subscriber
) -> None:
    large = replace(
        WORK, id="k" * 11 + "z", ocids=("ocds-large",), value_min=Decimal(90_000),
        value_max=Decimal(90_000),
        lots=(Lot(id="1", title="North", value=Decimal(9_000)), Lot(id="2", value=Decimal(81_000))),
    )  # fmt: skip
    with database.writing(engine) as connection:
        (pk,) = opportunities.save(connection, [opportunities.Entry(None, large)], NOW)
        web_app._process(connection, pk, large, large.id)
    wish = Subscription(largest=Decimal(10_000))
    small = web_app.person(engine, email=BEN, organisation="Kite Band", subscription=wish)
    matching.match(engine, NOW)
    client = browser(engine, tmp_path)
    links = web_app.addresses(tmp_path)
    page = client.get(web_app.path(links.partners(small.handle, large.id))).get_data(as_text=True)
    assert "worth more than you said you could carry" in page
    assert "‘North’ (£9,000)" in page
    found = client.get(web_app.path(links.all_matches(small.handle))).get_data(as_text=True)
    assert "<strong>Find partners</strong>" in found
    # Whoever said nothing of what they can carry is told nothing of it.
    page = client.get(web_app.path(links.partners(ada.handle, large.id))).get_data(as_text=True)
    assert "could carry" not in page
    match = matched(large, wish, NOW)
    assert isinstance(match, Match)
    item = samples.writer(NOW).item(Candidate(opportunity=large, match=match))
    assert item.consortium
    told = addressed(item, large, "it", links, small.handle, NOW)
    (way,) = [one for one in told.actions if one.text.startswith("Find partners")]
    assert "/with-you/" in way.url
    easy = matched(large, Subscription(), NOW)
    assert isinstance(easy, Match)
    assert not samples.writer(NOW).item(Candidate(opportunity=large, match=easy)).consortium


# Commands


def test_staff_show_somebody_and_take_them_out(tmp_path: pathlib.Path) -> None:
    def tenders(*arguments: str) -> tuple[int, str]:
        done = run([sys.executable, "-m", "crawler.cli", *arguments], environment(tmp_path))
        return done.returncode, done.stdout + done.stderr

    tenders("subscribers", "add", ADA, "--organisation", "Paper Lantern", "--consent", "by phone")
    offer = ("--words", "Puppets", "--art-form", "performing", "--authority", "Leeds")
    who = ("subscribers", "partnering", ADA)
    assert tenders(*who) == (0, f"{ADA} is not open to partnering\n")
    status, said = tenders(*who, *offer)
    assert (status, "--consent HOW" in said) == (1, True)
    status, said = tenders(*who, *offer, "--art-form", "juggling", "--consent", "by phone")
    assert (status, "'juggling' is not known" in said) == (1, True)
    status, said = tenders(*who, *offer, "--consent", "by phone, 3 May")
    assert (status, "is shown to everybody" in said) == (0, True)
    assert "Paper Lantern" in tenders("organisations", "list")[1]
    assert "by phone, 3 May" in tenders("subscribers", "show", ADA)[1]
    assert tenders(*who, "--withdraw") == (0, f"{ADA} is not shown any more.\n")
    assert "Paper Lantern" not in tenders("organisations", "list", "--json")[1]
